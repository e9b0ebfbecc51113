"""Data Designer: one column of text over the prompts, written to its Parquet files; health check and metrics off."""

import sys
from pathlib import Path

import pandas as pd
from data_designer import config
from data_designer.interface import DataDesigner
from marks import MAX_TOKENS, MODEL, measured, work


def main() -> None:
    asked = work()
    parameters = config.ChatCompletionInferenceParams(max_parallel_requests=asked.limit, max_tokens=MAX_TOKENS)
    model = config.ModelConfig(
        alias="model", model=MODEL, provider="local", skip_health_check=True, inference_parameters=parameters
    )
    provider = config.ModelProvider(name="local", endpoint=asked.base_url, provider_type="openai", api_key="none")
    builder = config.DataDesignerConfigBuilder(model_configs=[model])
    builder.with_seed_dataset(config.DataFrameSeedSource(df=pd.DataFrame({"prompt": asked.prompts()})))
    builder.add_column(config.LLMTextColumnConfig(name="answer", prompt="{{ prompt }}", model_alias="model"))
    designer = DataDesigner(artifact_path=Path(sys.argv[4]), model_providers=[provider])
    designer.set_run_config(config.RunConfig(otel_metrics_port=None))
    with measured() as held:
        made = designer.create(builder, num_records=asked.count, dataset_name="bench").load_dataset()
        held.answers = int(made["answer"].notna().sum())


if __name__ == "__main__":
    main()
