"""The torch engine: any causal or encoder-decoder model of transformers, asked in batches, on the CPU or a GPU.

It is the engine that measures a model while it is trained, and the one for models that OpenVINO GenAI cannot load.
torch and transformers (extra: train) are imported when a model is made, not before.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from gistill import install, offline
from gistill.errors import ExtraMissingError, ModelBrokenError
from gistill.files import hash_file, hash_text
from gistill.lm.chat import end_turns, line_break, marks_of, prompt_text, unmarked
from gistill.lm.formats.lora import adapter_settings
from gistill.lm.seam import Completion, Hear, Request, failed

offline.hugging_face()  # before anything in here imports one of those libraries

BATCH_ROWS = 32
BATCH_TOKENS = 4096  # prompt and answer with padding: what a batch may take of memory
_CONTEXT = 8192  # tokens, where the model does not say


class _Asked(NamedTuple):
    """A request with its prompt as token ids; `start` are those of the answer's beginning (encoder-decoder only)."""

    place: int
    request: Request
    prompt: list[int]
    start: list[int]
    hear: Hear | None


class TorchModel:
    """A loaded model of transformers behind the seam. `load_torch_model` makes one from a folder.

    Prompts of like length go together, padded on the left. A sampled answer is drawn with a generator of its own,
    so it depends on its seed and not on what else is asked; a greedy one only on the weights, up to the last bits of
    padded arithmetic.

    Args:
        model: Causal or encoder-decoder, with or without a PEFT adapter; while it answers, it is in eval mode.
        tokenizer: Its tokenizer; a chat template is used where it has one.
        name: What to call it.
        hash: Of the weights; "" for weights that are still being trained.
        batch_rows: Requests answered together, at most.
        batch_tokens: Tokens of a batch, with padding and room for the answers; one request may exceed it.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str = "torch",
        hash: str = "",  # noqa: A002 - the seam's word
        batch_rows: int = BATCH_ROWS,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        self.name, self.hash = name, hash
        self.model, self.tokenizer = model, tokenizer
        self._rows, self._tokens = batch_rows, batch_tokens
        self._seq2seq = bool(model.config.is_encoder_decoder)
        self._ends = _end_tokens(model, tokenizer)
        self._line_break = line_break(tokenizer)
        self._padding = next(token for token in (tokenizer.pad_token_id, *sorted(self._ends), 0) if token is not None)
        self._context = _context_length(model, tokenizer)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer all requests; see `LanguageModel.complete`. What does not fit context or memory fails by name."""
        return self.stream(requests, [None] * len(requests))

    def stream(self, requests: Sequence[Request], hear: Sequence[Hear | None]) -> list[Completion]:
        """Answer all requests, and tell what is made of each; see `StreamingModel.stream`."""
        import torch

        answers: list[Completion | None] = [None] * len(requests)
        asked = []
        for place, (request, hears) in enumerate(zip(requests, hear, strict=True)):
            one = self._ask(place, request, hears)
            room = len(one.prompt) if self._seq2seq else len(one.prompt) + request.max_tokens
            if room > self._context:
                detail = f"{len(one.prompt)} tokens asked and {request.max_tokens} to answer do not fit"
                detail += f" in {self._context}"
                answers[place] = failed("too_long", detail, prompt_tokens=len(one.prompt))
            else:
                asked.append(one)
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                for batch in self._batches(asked):
                    for one, answer in zip(batch, self._answer(batch), strict=True):
                        answers[one.place] = answer
        finally:
            self.model.train(training)
        return [answer for answer in answers if answer is not None]

    def _ask(self, place: int, request: Request, hear: Hear | None = None) -> _Asked:
        """Tokenise as in training: the question alone, with an encoder's special tokens but no others."""
        if not self._seq2seq:
            text = prompt_text(self.tokenizer, request.messages)
            return _Asked(place, request, list(self.tokenizer(text, add_special_tokens=False).input_ids), [], hear)
        beginning = unmarked(request.beginning, marks_of(self.tokenizer))
        text = prompt_text(self.tokenizer, request.messages[:-1] if beginning else request.messages)
        start = self.tokenizer(beginning, add_special_tokens=False).input_ids if beginning else []
        return _Asked(place, request, list(self.tokenizer(text).input_ids), list(start), hear)

    def _batches(self, asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
        """Longest first, so that what does not fit into memory shows at once."""
        batch: list[_Asked] = []
        for one in sorted(
            asked, key=lambda one: (len(one.start), len(one.prompt), one.request.max_tokens), reverse=True
        ):
            longest = max(len(other.prompt) + other.request.max_tokens for other in [*batch, one])
            full = len(batch) >= self._rows or (len(batch) + 1) * longest > self._tokens
            if batch and (full or len(one.start) != len(batch[0].start)):
                yield batch
                batch = []
            batch.append(one)
        if batch:
            yield batch

    def _answer(self, batch: list[_Asked]) -> list[Completion]:
        """Generate for a batch; where memory is short, for its halves."""
        import torch

        try:
            return self._generate(batch)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not (isinstance(error, torch.OutOfMemoryError) or "not enough memory" in str(error)):
                raise
        if len(batch) == 1:
            asked = len(batch[0].prompt)
            return [failed("out_of_memory", f"{asked} tokens do not fit into memory", prompt_tokens=asked)]
        middle = len(batch) // 2
        return self._answer(batch[:middle]) + self._answer(batch[middle:])

    def _generate(self, batch: list[_Asked]) -> list[Completion]:
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        device = next(self.model.parameters()).device
        width = max(len(one.prompt) for one in batch)
        ids = [[self._padding] * (width - len(one.prompt)) + one.prompt for one in batch]
        mask = [[0] * (width - len(one.prompt)) + [1] * len(one.prompt) for one in batch]
        inputs = {"input_ids": torch.tensor(ids, device=device), "attention_mask": torch.tensor(mask, device=device)}
        given = width
        if self._seq2seq:
            first = self.model.generation_config.decoder_start_token_id
            first = self.model.config.decoder_start_token_id if first is None else first
            start = [[self._padding if first is None else first, *one.start] for one in batch]
            inputs["decoder_input_ids"] = torch.tensor(start, device=device)
            given = len(start[0])
        config = GenerationConfig(  # type: ignore[no-untyped-call,unused-ignore]
            max_new_tokens=max(one.request.max_tokens for one in batch),
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,  # a model's own settings for chatting would make its answers other than greedy
            no_repeat_ngram_size=0,
            min_length=0,
            pad_token_id=self._padding,
            eos_token_id=sorted(self._ends) or None,
            decoder_start_token_id=self.model.config.to_dict().get("decoder_start_token_id"),
        )
        ready = _Ready(self.tokenizer, [one.request for one in batch], given)
        telling = _Telling(batch, given, self._written)
        out = self.model.generate(
            **inputs,
            generation_config=config,
            logits_processor=LogitsProcessorList([_Sampling([one.request for one in batch])]),
            stopping_criteria=StoppingCriteriaList([ready, telling]),
        )
        rows = out[:, given:].tolist()
        told = zip(batch, rows, ready.counts, telling.canceled, strict=True)
        return [
            failed("canceled", "nobody waits for the answer any longer", prompt_tokens=len(one.prompt))
            if canceled
            else self._completion(one, row[:count])
            for one, row, count, canceled in told
        ]

    def _written(self, tokens: list[int]) -> str:
        """Write tokens as text, without what ends an answer."""
        end = next((at for at, token in enumerate(tokens) if token in self._ends), None)
        written = self.tokenizer.decode(tokens[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(written if self._line_break == "\n" else written.replace(self._line_break, "\n"))

    def _completion(self, one: _Asked, tokens: list[int]) -> Completion:
        end = next((at for at, token in enumerate(tokens) if token in self._ends), None)
        text = one.request.beginning + self._written(tokens)
        places = (text.find(stop, len(one.request.beginning)) for stop in one.request.stop)
        cut = min((at for at in places if at >= 0), default=None)
        return Completion(
            text=text[:cut],
            prompt_tokens=len(one.prompt) + len(one.start),
            completion_tokens=len(tokens) if end is None else end + 1,
            stop="length" if end is None and cut is None else "end",
        )


class _Sampling:
    """Draw each row's next token with a generator of its own: the largest of scores plus Gumbel noise is a sample."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests
        self._generators: dict[int, Any] = {}

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        if all(request.temperature == 0 for request in self._requests):
            return scores
        drawn = scores.float().clone()
        for row, request in enumerate(self._requests):
            if request.temperature > 0:
                if row not in self._generators:
                    self._generators[row] = torch.Generator().manual_seed(request.seed % 2**63)
                uniform = torch.rand(scores.shape[1], generator=self._generators[row], dtype=torch.float64)
                noise = -torch.log(-torch.log(uniform.clamp_min(1e-300)))
                drawn[row] = _likeliest(drawn[row] / request.temperature, request.top_p) + noise.to(drawn)
        return drawn


def _likeliest(scores: Any, top_p: float) -> Any:
    """Leave the fewest likeliest tokens that have a probability together; the scores of all others are -inf."""
    import torch

    if top_p >= 1:
        return scores
    ordered, places = scores.sort(descending=True)
    before = torch.softmax(ordered, dim=-1).cumsum(dim=-1).roll(1)
    before[0] = 0  # the likeliest always stays
    return scores.index_fill(0, places[before >= top_p], -torch.inf)


class _Ready:
    """Say which rows have all the tokens they may have, or one of their stop strings.

    Attributes:
        counts: Tokens of each row until then; what follows is padding.
    """

    def __init__(self, tokenizer: Any, requests: Sequence[Request], given: int) -> None:
        self._tokenizer, self._requests, self._given = tokenizer, requests, given
        self.counts = [request.max_tokens for request in requests]

    def __call__(self, input_ids: Any, scores: Any, **settings: Any) -> Any:
        import torch

        count = input_ids.shape[1] - self._given
        ready = [self._is_ready(row, request, count) for row, request in zip(input_ids, self._requests, strict=True)]
        self.counts = [min(kept, count) if now else kept for kept, now in zip(self.counts, ready, strict=True)]
        return torch.tensor(ready, device=input_ids.device)

    def _is_ready(self, row: Any, request: Request, count: int) -> bool:
        if count >= request.max_tokens or not request.stop:
            return count >= request.max_tokens
        written = self._tokenizer.decode(row[self._given :].tolist(), skip_special_tokens=True)
        return any(stop in written for stop in request.stop)


class _Telling:
    """Tell each row whenever there is more of it, and say which rows nobody waits for any longer.

    Args:
        batch: The rows.
        given: Tokens before the answers.
        write: Makes a text of an answer's tokens.

    Attributes:
        canceled: Whether nobody waits for a row.
    """

    def __init__(self, batch: Sequence[_Asked], given: int, write: Callable[[list[int]], str]) -> None:
        self._batch, self._given, self._write = batch, given, write
        self._told = ["" for _ in batch]
        self.canceled = [False for _ in batch]

    def __call__(self, input_ids: Any, scores: Any, **settings: Any) -> Any:
        import torch

        for place, (row, one) in enumerate(zip(input_ids, self._batch, strict=True)):
            if one.hear is None or self.canceled[place]:
                continue
            written = self._write(row[self._given :][: one.request.max_tokens].tolist())
            if written != self._told[place]:
                self._told[place] = written
                self.canceled[place] = not one.hear(one.request.beginning + written)
        return torch.tensor(self.canceled, device=input_ids.device)


def load_torch_model(
    name: str | Path, *, device: str | None = None, dtype: str | None = None, threads: int | None = None
) -> TorchModel:
    """Load a model from a transformers folder, a PEFT folder or the default's wheel. Nothing is fetched.

    Args:
        name: A folder with config.json or adapter_config.json, or a name that `as_transformers_folder` knows.
        device: "cpu", "cuda", "cuda:1", ...; None is the first GPU, or the CPU where there is none.
        dtype: "float32", "bfloat16", "float16"; None is float32 on the CPU and bfloat16 elsewhere.
        threads: CPU threads, of the whole process; None leaves it to torch.

    Raises:
        ExtraMissingError: torch, transformers or peft is not installed.
        ModelMissingError: There is no such folder, or an adapter's base is not here.
        ModelBrokenError: The folder holds no model, or one that does not load.
    """
    from gistill.lm.formats.base_folder import as_transformers_folder

    torch, transformers, broken = _libraries()
    if threads is not None:
        torch.set_num_threads(threads)
    adapter = Path(name).expanduser()
    is_adapter = (adapter / "adapter_config.json").is_file()
    folder = as_transformers_folder(adapter_settings(adapter)["base_model_name_or_path"] if is_adapter else str(name))
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    kind = getattr(torch, dtype) if dtype else torch.float32 if device == "cpu" else torch.bfloat16
    try:
        with quietly():
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
            auto = (
                transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
            )
            model = auto.from_pretrained(folder, dtype=kind, local_files_only=True)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            end_turns(tokenizer)
            if is_adapter:
                model = _with_adapter(model, adapter)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, broken) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelBrokenError(f"{adapter if is_adapter else folder} does not load: {reason}") from error
    parts = [folder, adapter] if is_adapter else [folder]
    return TorchModel(
        model.to(device).eval(),
        tokenizer,
        name=adapter.name if is_adapter or adapter.is_dir() else str(name),
        hash=hash_text("".join(map(folder_hash, parts))),
    )


@contextmanager
def quietly() -> Iterator[None]:
    """Keep transformers from drawing progress bars and from warning about itself."""
    logging: Any = import_module("transformers.utils.logging")
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def folder_hash(folder: Path) -> str:
    """Hash the weights and settings of a model folder: sha256 over its safetensors and JSON files, by name."""
    named = ("config.json", "adapter_config.json", "tokenizer.json")
    parts = (file for file in sorted(folder.iterdir()) if file.suffix == ".safetensors" or file.name in named)
    return hash_text("".join(f"{file.name} {hash_file(file)}\n" for file in parts))


def _libraries() -> tuple[Any, Any, type[Exception]]:
    try:
        import torch
        import transformers
        from safetensors import SafetensorError
    except ImportError as error:
        raise ExtraMissingError("This model needs torch and transformers.", hint=install.hint("train")) from error
    return torch, transformers, SafetensorError


def _with_adapter(model: Any, adapter: Path) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise ExtraMissingError("An adapter needs peft.", hint=install.hint("train")) from error
    return PeftModel.from_pretrained(model, str(adapter), local_files_only=True)


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Collect what ends an answer: a chat model's turn often ends with another token than its text."""
    found = [tokenizer.eos_token_id, model.config.to_dict().get("eos_token_id")]
    found.append(model.generation_config.eos_token_id if model.generation_config else None)
    ends: set[int] = set()
    for end in found:
        ends.update(end if isinstance(end, list) else [] if end is None else [end])
    return frozenset(ends)


def end_where_taught(model: Any, tokenizer: Any) -> None:
    """Let whoever loads a model that is saved now end an answer with the tokenizer's end token, besides its own."""
    settings = model.generation_config
    known = settings.eos_token_id
    ends = known if isinstance(known, list) else [] if known is None else [known]
    if tokenizer.eos_token_id not in ends:
        settings.eos_token_id = [tokenizer.eos_token_id, *ends]


def _context_length(model: Any, tokenizer: Any) -> int:
    said = model.config.to_dict().get("max_position_embeddings")
    limit = tokenizer.model_max_length  # a number beyond all bounds where it is not known
    return min(said or _CONTEXT, limit if limit and limit < 10**9 else 10**9)
