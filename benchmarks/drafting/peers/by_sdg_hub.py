"""sdg_hub: one block that asks, and one that takes the text out of the answer; rows stay in memory."""

import pandas as pd
from marks import MAX_TOKENS, MODEL, measured, work
from sdg_hub import Flow, FlowMetadata
from sdg_hub.core.blocks import LLMChatBlock, LLMResponseExtractorBlock


def main() -> None:
    asked = work()
    rows = pd.DataFrame({"messages": [[{"role": "user", "content": prompt}] for prompt in asked.prompts()]})
    ask = LLMChatBlock(
        block_name="ask", input_cols="messages", output_cols="said", async_mode=True, max_tokens=MAX_TOKENS
    )
    read = LLMResponseExtractorBlock(block_name="read", input_cols="said", extract_content=True)
    flow = Flow(blocks=[ask, read], metadata=FlowMetadata(name="bench"))
    flow.set_model_config(model=f"openai/{MODEL}", api_base=asked.base_url, api_key="none")
    with measured() as held:
        made = flow.generate(rows, max_concurrency=asked.limit)
        held.answers = int(made["read_content"].notna().sum())


if __name__ == "__main__":
    main()
