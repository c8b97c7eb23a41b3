"""The local engine: OpenVINO GenAI on the CPU, continuous batching and prefix caching on. Nothing leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError, ModelBrokenError
from gistill.files import hash_file
from gistill.lm.chat import unmarked
from gistill.lm.formats.gguf_f16 import as_f16, context_length, wordless
from gistill.lm.seam import Completion, Hear, Request, failed
from gistill.offline import openvino_genai

_CACHE_GB = 1  # keys and values kept for prefixes: about 85,000 tokens of SmolLM2-135M
_SCHEMAS = 512  # of which it is known whether the engine can enforce them; more than `serve` remembers
_MARK = re.compile(r"[<\[◁].+[>\]▷]", re.DOTALL)  # how the special tokens of all formats are written
_CONTEXT = 8192  # tokens, where the model does not say


@dataclass
class _Made:
    """What the engine has made of an answer so far."""

    tokens: list[int] = field(default_factory=list)
    reason: Any = None  # why it ended; None before anything was made
    canceled: bool = False

    def read(self, handle: Any) -> bool:
        """Take what is new from the engine, and say whether anything is."""
        before = len(self.tokens)
        while handle.can_read():
            for output in handle.read().values():
                self.tokens += output.generated_ids
                self.reason = output.finish_reason
        return len(self.tokens) > before


class LocalModel:
    """A GGUF file or an OpenVINO IR folder, loaded once and asked in batches.

    Args:
        path: A `.gguf` file of any quantisation, or a folder with `openvino_model.xml` and the tokenizer beside it.
        name: What to call it in the report; the file's or folder's name where None.
        hash: Of what the weights were made from, where `path` is a plain copy in the cache; it is then loaded as it is.
        threads: CPU threads; None leaves it to the engine.
        prefix_cache: See `load_writer`.

    Raises:
        ExtraMissingError: OpenVINO GenAI or gguf is not installed.
        ModelBrokenError: The path holds no model, or one that does not load.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        hash: str | None = None,  # noqa: A002 - the seam's word
        threads: int | None = None,
        prefix_cache: bool = True,
    ) -> None:
        genai = engine()
        self.name = name or path.stem
        if path.is_dir():
            weights = path / "openvino_model.bin"
            if not weights.is_file() or not (path / "openvino_model.xml").is_file():
                raise ModelBrokenError(f"{path} holds no openvino_model.xml with its openvino_model.bin")
            self.hash, loaded = hash_file(weights), path
        else:
            self.hash = hash or hash_file(path)
            loaded = path if hash else as_f16(path, digest=self.hash)
        scheduler = genai.SchedulerConfig()
        scheduler.enable_prefix_caching = prefix_cache
        scheduler.cache_size = _CACHE_GB
        # On processors that compute in bfloat16 the engine would, and would answer otherwise than on all others.
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": "NO"}
        if threads is not None:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            self._pipeline = genai.ContinuousBatchingPipeline(str(loaded), scheduler, "CPU", settings)
        except RuntimeError as error:
            raise ModelBrokenError(f"{path} does not load: {str(error).strip().splitlines()[-1]}") from error
        self._genai = genai
        self._tokenizer = self._pipeline.get_tokenizer()
        self._marks = _marks_of(self._tokenizer)
        self.context = _context_length(path)  # tokens of prompt and answer
        self.enforces_schema = True
        self.trial = partial(schema_trial, loaded, self.hash)
        self._schemas: dict[str, str] = {}  # schema -> what the engine has against it
        self._asked = 0

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer all requests together; see `LanguageModel.complete`.

        Sampling is seeded per request, so an answer does not depend on what else is in the batch. Interrupted, it
        cancels what is running and can be asked again.
        """
        return self.stream(requests, [None] * len(requests))

    def stream(self, requests: Sequence[Request], hear: Sequence[Hear | None]) -> list[Completion]:
        """Answer all requests together, and tell what is made of each; see `StreamingModel.stream`."""
        prompts = [self._prompt(request) for request in requests]
        for request in requests:
            self.schema_problem(_enforced(request))  # tried alone, before anything else is queued
        handles: list[Any] = []
        made = [_Made() for _ in requests]
        try:
            for request, prompt in zip(requests, prompts, strict=True):
                handles.append(self._start(request, prompt))
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()
                for request, handle, one, hears in zip(requests, handles, made, hear, strict=True):
                    if hears is not None:
                        self._tell(request, handle, one, hears)
        except BaseException:
            for handle in handles:
                if not isinstance(handle, Completion):
                    handle.cancel()
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()
            raise
        return [
            self._completion(request, prompt.shape[1], handle, one)
            for request, prompt, handle, one in zip(requests, prompts, handles, made, strict=True)
        ]

    def _tell(self, request: Request, handle: Any, made: _Made, hear: Hear) -> None:
        """Tell an answer as far as it is made; one that nobody waits for is given up."""
        if isinstance(handle, Completion) or made.canceled or not made.read(handle):
            return
        if not hear(request.beginning + self._tokenizer.decode(made.tokens)):
            made.canceled = True
            handle.cancel()

    def _prompt(self, request: Request) -> Any:
        """Turn messages into token ids, in the model's own chat template.

        Text can hold what looks like the template's marks ("<|im_end|>"), which the tokenizer would take for real
        ones; a space breaks them, so nobody's review can end its own message. See `chat.unmarked`.
        """
        beginning = request.beginning
        turns = request.messages[:-1] if beginning else request.messages
        chat = [{"role": turn.role, "content": unmarked(turn.content, self._marks)} for turn in turns]
        text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True) + unmarked(beginning, self._marks)
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids

    def _start(self, request: Request, prompt: Any) -> Any:
        """Queue one request, or say why it cannot be answered."""
        asked = prompt.shape[1]
        if asked + request.max_tokens > self.context:
            room = f"{asked} tokens asked and {request.max_tokens} to answer do not fit in {self.context}"
            return failed("too_long", room, prompt_tokens=asked)
        problem = self.schema_problem(_enforced(request))
        if problem:
            return failed("bad_schema", f"the engine cannot enforce the schema: {problem}", prompt_tokens=asked)
        config = self._genai.GenerationConfig()
        config.max_new_tokens = request.max_tokens
        config.apply_chat_template = False
        config.stop_token_ids = {self._tokenizer.get_eos_token_id()}
        config.do_sample = request.temperature > 0
        if request.temperature > 0:
            config.temperature = request.temperature
            config.rng_seed = request.seed
            config.top_p = request.top_p
        if request.stop:
            config.stop_strings = set(request.stop)
        if schema := _enforced(request):
            config.structured_output_config = self._genai.StructuredOutputConfig(json_schema=schema)
        self._asked += 1
        return self._pipeline.add_request(self._asked, prompt, config)

    def schema_problem(self, schema: str) -> str:
        """Say what the engine has against a schema. It complains late, and a whole batch would end with it."""
        if not schema:
            return ""
        if schema in self._schemas:
            self._schemas[schema] = self._schemas.pop(schema)  # the last that is forgotten
        else:
            if len(self._schemas) >= _SCHEMAS:
                del self._schemas[next(iter(self._schemas))]
            config = self._genai.GenerationConfig()
            config.max_new_tokens = 1
            config.structured_output_config = self._genai.StructuredOutputConfig(json_schema=schema)
            self._asked += 1
            prompt = self._tokenizer.encode("{", add_special_tokens=False).input_ids
            problem = ""
            try:
                handle = self._pipeline.add_request(self._asked, prompt, config)
                while handle.get_status() == self._genai.GenerationStatus.RUNNING:
                    self._pipeline.step()
            except RuntimeError as error:
                said = re.sub(r".*\.cc:\d+: (Check failed: .* is false: )?", "", str(error).strip(), flags=re.DOTALL)
                problem = said[:200] or "it gives no reason"
                handle.cancel()
                for _ in range(3):  # it complains once more before it lets go
                    with suppress(RuntimeError):
                        self._pipeline.step()
            self._schemas[schema] = problem
        return self._schemas[schema]

    def _completion(self, request: Request, prompt_tokens: int, handle: Any, made: _Made) -> Completion:
        if isinstance(handle, Completion):
            return handle
        if made.canceled:
            return failed("canceled", "nobody waits for the answer any longer", prompt_tokens=prompt_tokens)
        made.read(handle)
        if made.reason is None or handle.get_status() != self._genai.GenerationStatus.FINISHED:
            return failed("out_of_memory", "the engine gave up the request", prompt_tokens=prompt_tokens)
        tokens, beginning = made.tokens, request.beginning
        text = beginning + self._tokenizer.decode(tokens)
        cut = min((at for at in (text.find(stop, len(beginning)) for stop in request.stop) if at >= 0), default=None)
        full = made.reason == self._genai.GenerationFinishReason.LENGTH and cut is None
        return Completion(
            text=text[:cut],
            prompt_tokens=prompt_tokens,
            completion_tokens=len(tokens),
            stop="length" if full else "end",
        )


def schema_trial(path: Path, digest: str) -> Callable[[str], str]:
    """Load what tells whether a model can enforce a schema, where nobody waits for its answers.

    Args:
        path: The model; of a GGUF file only the tokenizer is loaded.
        digest: Of its weights.
    """
    loaded = path if path.is_dir() else wordless(path, digest=digest)
    return LocalModel(loaded, hash=digest, threads=1, prefix_cache=False).schema_problem


def _enforced(request: Request) -> str:
    """Give the schema that the engine keeps an answer to: a grammar begins where the answer does."""
    return "" if request.beginning else request.answer_schema


def engine() -> Any:
    """Import OpenVINO GenAI.

    Raises:
        ExtraMissingError: It is not installed.
    """
    try:
        return openvino_genai()
    except ImportError as error:
        raise ExtraMissingError("The local writer needs OpenVINO GenAI.", hint=install.hint("writer")) from error


def _marks_of(tokenizer: Any) -> frozenset[str]:
    """List the tokenizer's special tokens: of what is written like one, what is no text when it is read back."""
    written = [(token, number) for token, number in tokenizer.get_vocab().items() if _MARK.fullmatch(_text(token))]
    return frozenset(_text(token) for token, number in written if not tokenizer.decode([number]))


def _text(token: str | bytes) -> str:
    return token.decode("utf-8", "replace") if isinstance(token, bytes) else token


def _context_length(path: Path) -> int:
    """Read how many tokens the model was made for; a folder says it in config.json, a GGUF file in its header."""
    if path.is_dir():
        config = path / "config.json"
        if not config.is_file():
            return _CONTEXT
        return int(json.loads(config.read_text("utf-8")).get("max_position_embeddings", _CONTEXT))
    return context_length(path) or _CONTEXT
