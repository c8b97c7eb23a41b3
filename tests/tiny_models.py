"""A causal and an encoder-decoder model of a few thousand weights, saved as transformers folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
TEXT = (
    "the lid is nice broken lamp solid awful food was great but they were slow positive negative none | - system user"
)


def tokenizer(*, template: bool) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<pad>", "<|start|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [TEXT] * 4,
        trainers.BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    if not template:  # as T5's: line breaks are spaces, and an encoder's text ends with the end token
        made.normalizer = normalizers.Replace("\n", " ")
        made.post_processor = processors.TemplateProcessing(single="$A <|end|>", special_tokens=[("<|end|>", 2)])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<|end|>")
    if template:
        wrapped.chat_template = TEMPLATE
    return wrapped


def causal(folder: Path) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(1)
    words = tokenizer(template=True)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, eos_token_id=2, pad_token_id=0, bos_token_id=1,
        tie_word_embeddings=True,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def encoder_decoder(folder: Path) -> Path:
    from transformers import T5Config, T5ForConditionalGeneration, set_seed

    set_seed(1)
    words = tokenizer(template=False)
    config = T5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_decoder_layers=2, num_heads=4,
        dropout_rate=0.1, eos_token_id=2, pad_token_id=0, decoder_start_token_id=0,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def encoder(folder: Path, words: Sequence[str]) -> Path:
    """A BERT of two small layers that knows these words, saved as a model folder."""
    import torch
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "is", ".", "##s", *words]
    made = Tokenizer(WordPiece({word: i for i, word in enumerate(known)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(known), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def mpnet(folder: Path, words: Sequence[str]) -> Path:
    """An MPNet of two small layers with a tokenizer of its kind: <s> and </s> around a text, padding is number 1."""
    import torch
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import RobertaProcessing

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    known = [*special, "[UNK]", "the", "is", ".", "##s", *words]
    made = Tokenizer(WordPiece({word: i for i, word in enumerate(known)}, unk_token="[UNK]"))
    made.add_special_tokens([*special, "[UNK]"])
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.enable_truncation(128)
    made.enable_padding(pad_id=1, pad_token="<pad>", length=128)
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.MPNetConfig(
        vocab_size=len(known), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=258, initializer_range=0.2,
    )  # fmt: skip
    transformers.MPNetModel(config).save_pretrained(folder)
    return folder
