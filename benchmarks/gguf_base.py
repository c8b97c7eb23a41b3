"""Write the weights of a GGUF file as a folder that a recipe can name as its `model`.

    python benchmarks/gguf_base.py gemma-3-270m-q4_k_m.gguf OUT

transformers opens the file and gives each weight back in 16 bits: what the file's quantization lost stays lost. The
chat format is Gemma's; a base that was never taught one learns it with the first training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' }}"
    "{{ m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the weights of a GGUF file as a folder of Hugging Face's form.")
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    place = {"pretrained_model_name_or_path": str(given.file.parent), "gguf_file": given.file.name}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    model = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    given.out.mkdir(parents=True)
    tied = "lm_head.weight"  # the same numbers as the words' own; loading ties them again
    state = {name: one.to(torch.bfloat16).contiguous() for name, one in model.state_dict().items() if name != tied}
    save_file(state, given.out / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    del config.quantization_config
    end = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    ends = [tokenizer.eos_token_id, end]
    config.dtype, config.architectures, config.eos_token_id = torch.bfloat16, [type(model).__name__], ends
    config.save_pretrained(given.out)
    GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=ends, pad_token_id=tokenizer.pad_token_id
    ).save_pretrained(given.out)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(given.out)


if __name__ == "__main__":
    main()
