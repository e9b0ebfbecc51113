"""distilabel: one step of text generation, its batches as large as its limit, written to its distiset."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from marks import MAX_TOKENS, MODEL, measured, work


def main() -> None:
    asked = work()
    rows = [{"instruction": prompt} for prompt in asked.prompts()]
    with Pipeline("bench") as pipeline:
        given = LoadDataFromDicts(data=rows, batch_size=asked.limit)
        options = {"max_new_tokens": MAX_TOKENS}
        llm = OpenAILLM(model=MODEL, base_url=asked.base_url, api_key="none", generation_kwargs=options)
        given >> TextGeneration(llm=llm, input_batch_size=asked.limit)
    with measured() as held:
        made = pipeline.run(use_cache=False)["default"]["train"]
        held.answers = sum(text is not None for text in made["generation"])


if __name__ == "__main__":  # its steps are processes, which read this file again
    main()
