"""The reader and the writer on the same sentences, and the writer in several engines: speed, memory, F1 side by side.

    GISTILL_DATA=DATA python benchmarks/writers.py [WRITER] [--sentences 100] [--repeats 3] [--out FILE]

WRITER is an adapter over a Llama-type model, or such a model: the name "opinions" or a folder. As in `speed.py`, each
engine lives in a process of its own and they take turns; every ratio is of two neighbouring turns. The folders that
some engines need are made first. The machine should do nothing else meanwhile.

reader          load_reader(--reader).read
openvino-f16    what `gistill extract --model writer` runs: OpenVINO GenAI over F16 weights
openvino-int8   the same over `gistill export --to openvino`
torch           transformers in fp32, batches of like length
ctranslate2     for comparison: its own engine with int8 weights; left out where the package is not installed

Greedy everywhere; an answer has at most --max-tokens tokens. F1 is strict. Opinions about nothing named are left out
for both where the set's guideline does not know them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measures import interval, percent, table, write_json
from speed import _megabytes, three

from gistill.bench.fsa.jobs import as_tuples
from gistill.bench.fsa.sets import BenchSet, load_set
from gistill.errors import GistillError
from gistill.evaluate.tuples import score
from gistill.lm import Completion, LanguageModel, Request
from gistill.schema import OpinionTuple, TupleAnswer
from gistill.skills.opinions import OpinionsInput, parse, render

ENGINES = ("reader", "openvino-f16", "openvino-int8", "torch", "ctranslate2")
SETS = ("aste/14res/dev", "dmaste/beauty/dev", "dmaste/electronics/dev", "dmaste/fashion/dev", "dmaste/home/dev")


@dataclass
class Said:
    """What an engine gave for its sentences: for each the tuples, and its words where it writes."""

    seconds: float
    peak_mb: float
    tokens: int
    answers: list[Any]


# Inside an engine's process

Run = Callable[[list[dict[str, Any]]], tuple[int, list[Any]]]


def reading(place: str | None, threads: int, max_tokens: int) -> Run:
    os.environ["GISTILL_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(threads)
    from gistill.reader import load_reader

    loaded = load_reader(place)

    def run(asked: list[dict[str, Any]]) -> tuple[int, list[Any]]:
        found = loaded.read([one["text"] for one in asked])
        return 0, [as_tuples(f, one["text"], one["task"]) for f, one in zip(found, asked, strict=True)]

    return run


def writing(model: LanguageModel, max_tokens: int) -> Run:
    def run(asked: list[dict[str, Any]]) -> tuple[int, list[Any]]:
        requests = [
            Request(messages=render(OpinionsInput(one["text"], one["task"])), max_tokens=max_tokens) for one in asked
        ]
        answers = model.complete(requests)
        return sum(a.completion_tokens for a in answers), [[a.text, a.stop == "end"] for a in answers]

    return run


class CTranslate2:
    """CTranslate2 behind the seam, greedy, with int8 weights."""

    name = hash = "ctranslate2"

    def __init__(self, folder: Path, threads: int) -> None:
        import ctranslate2
        from transformers import AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder / "whole", local_files_only=True)
        self._generator = ctranslate2.Generator(
            str(folder / "ct2"), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
        )

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        from gistill.lm.chat import prompt_text

        tokenizer = self._tokenizer
        prompts = [
            tokenizer(prompt_text(tokenizer, request.messages), add_special_tokens=False).input_ids
            for request in requests
        ]
        results = self._generator.generate_batch(
            [tokenizer.convert_ids_to_tokens(prompt) for prompt in prompts],
            max_length=max(request.max_tokens for request in requests),
            max_batch_size=32,
            include_prompt_in_result=False,
            sampling_topk=1,
            end_token=tokenizer.eos_token,
        )
        answers = []
        for prompt, result, request in zip(prompts, results, requests, strict=True):
            ids = result.sequences_ids[0]
            text = tokenizer.decode(ids, skip_special_tokens=True)
            stop = "length" if len(ids) >= request.max_tokens else "end"
            answers.append(Completion(text=text, prompt_tokens=len(prompt), completion_tokens=len(ids), stop=stop))
        return answers


def start(engine: str, place: str | None, threads: int, max_tokens: int) -> Run:
    if engine == "reader":
        return reading(place, threads, max_tokens)
    if engine == "torch":
        from gistill.lm.engines.torch_model import load_torch_model

        return writing(load_torch_model(str(place), device="cpu", threads=threads), max_tokens)
    if engine == "ctranslate2":
        return writing(CTranslate2(Path(str(place)), threads), max_tokens)
    from gistill.lm import load_writer

    return writing(load_writer(place, threads=threads, prefix_cache=False), max_tokens)


def work(engine: str, place: str | None, threads: int, max_tokens: int) -> None:
    """Be an engine's process: a line of JSON comes in for each turn, a line goes out."""
    run = start(engine, place, threads, max_tokens)
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        tokens, answers = run(asked)
        seconds = time.perf_counter() - began
        peak = _megabytes(resource.getrusage(resource.RUSAGE_SELF))
        print(json.dumps(asdict(Said(seconds, peak, tokens, answers))), flush=True)


def prepare(engine: str, writer: str, folder: Path) -> None:
    """Make what an engine needs, in a process of its own, so that it does not count in the engine's memory."""
    from gistill.lm import find_writer, load_writer
    from gistill.train.writer.export import export_writer

    found = find_writer(writer)
    if found is None:
        load_writer(writer)  # says what is missing
        raise SystemExit(f"there is no writer {writer}")
    if engine == "openvino-f16":
        load_writer(writer)  # merges into the cache
    elif engine == "openvino-int8":
        export_writer(found.path, folder / engine, to="openvino", say=print)
    elif engine == "ctranslate2":
        from ctranslate2.converters import TransformersConverter

        export_writer(found.path, folder / engine / "whole", to="merged", say=print)
        TransformersConverter(str(folder / engine / "whole")).convert(str(folder / engine / "ct2"), quantization="int8")


# Outside


class Engine:
    """An engine's process, seen from outside."""

    def __init__(self, name: str, place: str | None, options: argparse.Namespace) -> None:
        self.name = name
        self._command = [sys.executable, __file__, "--worker", name, "--threads", str(options.threads)]
        self._command += ["--max-tokens", str(options.max_tokens), *([place] if place else [])]
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    def __call__(self, asked: list[dict[str, Any]]) -> Said:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"{self.name} ended; see why: {' '.join(self._command)} < /dev/null")
        return Said(**json.loads(line))

    def close(self) -> None:
        self._process.communicate()


def take_turns(engines: Sequence[Engine], asked: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    """Let each engine answer everything, in turns, and keep the first answers and every turn's time."""
    turns: dict[str, list[Said]] = {engine.name: [] for engine in engines}
    try:
        for engine in engines:
            engine(asked[:4])  # the first call also loads and compiles
        for _ in range(options.repeats):
            for engine in engines:
                turns[engine.name].append(engine(asked))
                time.sleep(options.pause)  # threads that wait for work spin a moment before they sleep
    finally:
        for engine in engines:
            engine.close()
    return turns


def answers_of(said: Said, sets: Sequence[BenchSet]) -> list[list[TupleAnswer]]:
    """Read an engine's answers, set by set."""
    found, at = [], 0
    for on in sets:
        part = []
        for example, answer in zip(on.examples, said.answers[at : at + len(on.examples)], strict=True):
            if answer and isinstance(answer[0], str):
                text, complete = answer
                read = parse(text, OpinionsInput(example.text, on.task), complete=complete)
            else:
                read = TupleAnswer(tuple(OpinionTuple(*t) for t in answer), ())
            kept = tuple(t for t in read.tuples if t.aspect or on.implicit_aspects)
            part.append(TupleAnswer(kept, read.failures))
        at += len(on.examples)
        found.append(part)
    return found


def rows(turns: dict[str, list[Said]], sets: Sequence[BenchSet]) -> list[dict[str, Any]]:
    """Sum up the engines, the scores of each set among them."""
    count = sum(len(on.examples) for on in sets)
    base = next(iter(turns.values()))
    compared = turns.get("torch")
    found = []
    for name, said in turns.items():
        scores = {
            on.name: score([e.tuples for e in on.examples], answers).model_dump()
            for on, answers in zip(sets, answers_of(said[0], sets), strict=True)
        }
        writes = name != "reader"
        found.append(
            {
                "engine": name,
                "sentences": count,
                "rates": [count / one.seconds for one in said],
                "tokens": [one.tokens / one.seconds for one in said] if writes else None,
                "first_times": [theirs.seconds / first.seconds for first, theirs in zip(base, said, strict=True)],
                "as_torch": _share(said[0].answers, compared[0].answers) if compared and writes else None,
                "peak_mb": said[-1].peak_mb,
                "scores": scores,
            }
        )
    return found


def _share(ours: Sequence[Any], theirs: Sequence[Any]) -> float:
    return sum(a[0] == b[0] for a, b in zip(ours, theirs, strict=True)) / max(1, len(ours))


def shown(found: Sequence[dict[str, Any]], sets: Sequence[BenchSet]) -> str:
    first = found[0]["engine"]
    header = ["engine", "sentences/s (min, median, max)", "tokens/s", f"{first} is ... times as fast"]
    header += ["peak MB", "as torch", *(f"F1 {on.name}" for on in sets)]
    cells = []
    for row in found:
        f1s = [row["scores"][on.name]["f1"] for on in sets]
        cells.append(
            [
                row["engine"],
                three(row["rates"]),
                three(row["tokens"]) if row["tokens"] else "-",
                "1" if row["engine"] == first else three(row["first_times"]),
                f"{row['peak_mb']:,.0f}",
                percent(row["as_torch"]),
                *(f"{percent(f1['value'])} ({interval(f1['low'], f1['high'])})" for f1 in f1s),
            ]
        )
    return table(header, cells)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writer", nargs="?", default="opinions", help="an adapter's or model's folder, or a name")
    parser.add_argument("--reader", help="a reader's folder; else the shipped one")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--sentences", type=int, default=100, help="of each set, drawn by lot")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of each engine")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two turns")
    parser.add_argument("--out", type=Path, help="also write everything as JSON")
    parser.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        given = None if options.worker == "reader" and options.writer == "opinions" else options.writer
        work(options.worker, given, options.threads, options.max_tokens)
        return 0
    if options.prepare:
        prepare(options.prepare, options.writer, options.folder)
        return 0
    data = os.environ.get("GISTILL_DATA")
    if not data:
        print("GISTILL_DATA names no folder of public data", file=sys.stderr)
        return 2
    try:
        sets = [load_set(name, folder=Path(data), limit=options.sentences) for name in options.sets]
        return compare(sets, options)
    except GistillError as error:
        print(f"{error}. {error.hint}", file=sys.stderr)
        return error.exit_code


def compare(sets: Sequence[BenchSet], options: argparse.Namespace) -> int:
    """Prepare the engines, let them take turns, and print the table."""
    missing = "ctranslate2" in options.engines and find_spec("ctranslate2") is None
    names = [name for name in options.engines if name != "ctranslate2" or not missing]
    asked = [{"text": e.text, "task": on.task} for on in sets for e in on.examples]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            command = [sys.executable, __file__, options.writer, "--prepare", name, "--folder", folder]
            if name in ("openvino-f16", "openvino-int8", "ctranslate2"):
                (Path(folder) / name).parent.mkdir(exist_ok=True)
                subprocess.run(command, check=True, stdout=sys.stderr)
        places = {"reader": options.reader, "openvino-f16": options.writer, "torch": _folder(options.writer)}
        engines = [Engine(name, places.get(name, str(Path(folder) / name)), options) for name in names]
        found = rows(take_turns(engines, asked, options), sets)
    print(
        f"{len(asked):,} sentences; {options.threads} threads each; {options.repeats} turns; writer {options.writer}."
    )
    if missing:
        print("ctranslate2 is not installed, so it is left out.")
    print(f"\n{shown(found, sets)}")
    if options.out:
        machine = f"{platform.machine()}, {os.cpu_count()} cores"
        write_json(options.out, {"machine": machine, "threads": options.threads, "engines": found})
    return 0


def _folder(writer: str) -> str:
    """Give a writer's folder, which torch loads from."""
    from gistill.lm import find_writer

    found = find_writer(writer)
    return str(found.path) if found and found.path.is_dir() else writer


if __name__ == "__main__":
    sys.exit(main())
