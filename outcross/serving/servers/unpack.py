"""A GGUF file turned into the folder of weights that vLLM loads. Run by vLLM's own Python, which has no Outcross.

    python unpack.py model.gguf folder

The tensors are those of the file after dequantisation, in bfloat16; the tokenizer and its chat template lie beside
them. The folder must not exist, and is complete once this ends with status 0.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

HEAD = "lm_head.weight"


def main(source: Path, folder: Path) -> None:
    """Read the file, and write the folder."""
    # Libraries of another environment: only their own Python can import them.
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    save: Any = importlib.import_module("safetensors.torch").save_file
    where, name = str(source.parent), source.name

    tokenizer = transformers.AutoTokenizer.from_pretrained(where, gguf_file=name)
    tokenizer.save_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.bfloat16)
    # The head is the embedding, which a GGUF file says by leaving it out.
    model.config.tie_word_embeddings = True
    del model.config.quantization_config  # it would have vLLM look for a GGUF file again
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    tensors = {key: tensor.contiguous() for key, tensor in model.state_dict().items() if key != HEAD}
    save(tensors, folder / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
