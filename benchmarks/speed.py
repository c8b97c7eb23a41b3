"""How fast a reader reads, beside the models it stands in for, and where the time of a whole digest goes.

    [GISTILL_DATA=DATA] python benchmarks/speed.py [READER] [--repeats 5] [--out FILE] [--digest 1000]

Each engine lives in a process of its own, so that its peak memory is its own; they take turns, so that what else the
machine does falls on all of them; every ratio is of two neighbouring turns. The others have random weights: those
cost the same time as trained ones. The machine should do nothing else meanwhile.

reader        load_reader(READER).read: tokenising, network, decoding
bert-base     a token classifier of BERT-base's size in torch fp32, two heads of three labels; the reader's word pieces
              and batches
t5-base       a generator of T5-base's size in torch fp32, greedy, --new-tokens for an answer; the first --t5-sentences
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ENGINES = ("reader", "bert-base", "t5-base")
Run = Callable[[Sequence[str]], None]


def sentences(count: int) -> tuple[list[str], str]:
    """Take different sentences of real reviews where `GISTILL_DATA` is set, else those of the sample.

    Returns:
        At most `count` sentences, and where they are from.
    """
    from gistill.sentences import split

    found: dict[str, None] = {}
    reviews, origin = _reviews()
    for text in reviews:
        found.update((text[span.start : span.end], None) for span in split(text, "en"))
        if len(found) >= count:
            break
    return list(found)[:count], origin


def _reviews() -> tuple[Iterator[str], str]:
    data = os.environ.get("GISTILL_DATA")
    if data:
        files = sorted((Path(data) / "pool" / "amazon-reviews").glob("*.txt"))
        rows = zip(*map(_lines, files), strict=False)  # one review of each product group in turn
        return (line.partition("####")[2].strip() for row in rows for line in row), "the pool, product groups in turn"
    from gistill.schema import Record
    from gistill.tables import read_records

    records = read_records(ROOT / "samples" / "reviews.csv")
    return (record.text for record in records if isinstance(record, Record)), "samples/reviews.csv"


def _lines(path: Path) -> Iterator[str]:
    """Line by line, because a process's peak memory is never below that of the process that started it."""
    with path.open(encoding="utf-8") as lines:
        yield from lines


# The engines: each gives a function that reads sentences


def reader(folder: str | None, threads: int, options: dict[str, Any]) -> Run:
    from gistill.reader import load_reader

    os.environ["GISTILL_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(threads)
    loaded = load_reader(folder)
    return lambda texts: print(sum(map(len, loaded.read(texts))), file=sys.stderr)


def bert_base(folder: str | None, threads: int, options: dict[str, Any]) -> Run:
    import torch
    from transformers import BertConfig, BertModel

    torch.set_num_threads(threads)
    encoder = BertModel(BertConfig(**options.get("bert", {})), add_pooling_layer=False).eval()
    heads = torch.nn.Linear(encoder.config.hidden_size, 6)
    batches = _batcher(folder)

    def run(texts: Sequence[str]) -> None:
        with torch.inference_mode():
            for ids, mask in batches(texts):
                states = encoder(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))[0]
                heads(states).unflatten(-1, (2, 3)).argmax(-1).numpy()

    return run


def t5_base(folder: str | None, threads: int, options: dict[str, Any]) -> Run:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.set_num_threads(threads)
    shape = {"d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12} | options.get("t5", {})
    model = T5ForConditionalGeneration(T5Config(**shape, decoder_start_token_id=0)).eval()
    batches, new = _batcher(folder), options["new_tokens"]

    def run(texts: Sequence[str]) -> None:
        with torch.inference_mode():
            for ids, mask in batches(texts):
                inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
                model.generate(**inputs, do_sample=False, num_beams=1, min_new_tokens=new, max_new_tokens=new)

    return run


def _batcher(folder: str | None) -> Callable[[Sequence[str]], Iterator[tuple[Any, Any]]]:
    """Cut and batch as the reader does: same word pieces, sorted by length, as many pieces a batch."""
    from gistill.reader import find_reader
    from gistill.reader.model import _batches, _tokenizer
    from gistill.reader.units import cut, pad

    place = find_reader(folder)
    tokenizer = _tokenizer(place, json.loads((place / "reader.json").read_text(encoding="utf-8"))["max_pieces"])

    def batches(texts: Sequence[str]) -> Iterator[tuple[Any, Any]]:
        cuts = cut(tokenizer, texts)
        for rows in _batches(cuts):
            arrays = pad([cuts[i] for i in rows])
            yield arrays["input_ids"], arrays["attention_mask"]

    return batches


def work(engine: str, folder: str | None, threads: int, options: dict[str, Any]) -> None:
    """Be an engine's process: a line with JSON sentences comes in, a line with seconds and peak memory goes out."""
    make = {"reader": reader, "bert-base": bert_base, "t5-base": t5_base}[engine]
    run = make(folder, threads, options)
    for line in sys.stdin:
        texts = json.loads(line)
        began = time.perf_counter()
        run(texts)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "peak_mb": _megabytes(resource.getrusage(resource.RUSAGE_SELF))}))
        sys.stdout.flush()


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


class Engine:
    """An engine's process, seen from outside."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name = name
        command = [sys.executable, __file__, "--worker", name, "--threads", str(options.threads)]
        command += ["--options", json.dumps({"new_tokens": options.new_tokens, **json.loads(options.options)})]
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
        self._process = subprocess.Popen(
            [*command, *([str(options.reader)] if options.reader else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    def __call__(self, texts: Sequence[str]) -> dict[str, float]:
        """Let it read, and return its seconds and its peak memory so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(texts) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"{self.name} ended; see why: {' '.join(map(str, self._process.args))} < /dev/null")
        answer: dict[str, float] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def compare(texts: Sequence[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Let the engines take turns and put their rates side by side."""
    read = {name: texts[: options.t5_sentences] if name == "t5-base" else texts for name in options.engines}
    rates: dict[str, list[float]] = {name: [] for name in options.engines}
    peaks: dict[str, float] = {}
    engines = [Engine(name, options) for name in options.engines]
    try:
        for engine in engines:
            engine(read[engine.name][:16])  # the first call also loads and compiles
        for _ in range(options.repeats):
            for engine in engines:
                answer = engine(read[engine.name])
                rates[engine.name].append(len(read[engine.name]) / answer["seconds"])
                peaks[engine.name] = answer["peak_mb"]
                time.sleep(options.pause)  # threads that wait for work spin a moment before they sleep
    finally:
        for engine in engines:
            engine.close()
    return [
        {
            "engine": name,
            "sentences": len(read[name]),
            "rates": rates[name],
            "reader_times": [ours / theirs for ours, theirs in zip(rates["reader"], rates[name], strict=True)],
            "peak_mb": peaks[name],
        }
        for name in options.engines
    ]


def time_digest(options: argparse.Namespace, writer: str) -> dict[str, Any]:
    """Run `gistill digest` as a user does and take the steps from its manifest."""
    data = os.environ.get("GISTILL_DATA")
    pool = Path(data) / "pool" / "amazon-reviews" / "electronics.txt" if data else None
    file = options.digest_file or pool or ROOT / "samples" / "reviews.csv"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gistill", "digest", str(file), "--out", folder, "--writer", writer]
        command += ["--limit", str(options.digest), *(["--reader", str(options.reader)] if options.reader else [])]
        environment = {**os.environ, "GISTILL_THREADS": str(options.threads)}
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"exit code {process.returncode} of {' '.join(command)}")
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
    return {
        "writer": writer,
        "writer_used": manifest["made_with"]["writer"],
        "file": Path(file).name,
        "records": manifest["counts"]["records"],
        "seconds": seconds,
        "peak_mb": _megabytes(usage),
        "steps": {step["step"]: step["seconds"] for step in manifest["steps"]},
    }


def shown_engines(rows: Sequence[dict[str, Any]]) -> str:
    from measures import table

    header = ["engine", "sentences", "sentences/s (min, median, max)", "reader is ... times as fast", "peak MB"]
    cells = [
        [
            row["engine"],
            f"{row['sentences']:,}",
            three(row["rates"]),
            three(row["reader_times"]) if row["engine"] != "reader" else "1",
            f"{row['peak_mb']:,.0f}",
        ]
        for row in rows
    ]
    return table(header, cells)


def three(values: Sequence[float]) -> str:
    """Minimum, median and maximum."""
    return ", ".join(f"{value:,.1f}" for value in (min(values), statistics.median(values), max(values)))


def shown_digests(rows: Sequence[dict[str, Any]]) -> str:
    """Seconds of each step and of the whole."""
    from measures import table

    steps = list(dict.fromkeys(step for row in rows for step in row["steps"]))
    header = ["writer", "reviews", *steps, "whole command", "peak MB"]
    cells = []
    for row in rows:
        times = [f"{row['steps'][step]:.1f}" if step in row["steps"] else "-" for step in steps]
        name = row["writer"] if row["writer"] != "auto" else f"auto: {row['writer_used'].split()[0]}"
        whole = [f"{row['seconds']:.1f}", f"{row['peak_mb']:,.0f}"]
        cells.append([name, f"{row['records']:,}", *times, *whole])
    return "Seconds of a whole digest:\n\n" + table(header, cells)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", nargs="?", type=Path, help="a reader's folder; else the shipped one")
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--t5-sentences", type=int, default=96)
    parser.add_argument("--new-tokens", type=int, default=12, help="of an answer: one triplet is about 12")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of each engine")
    parser.add_argument("--engines", nargs="*", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two turns")
    parser.add_argument("--digest", type=int, default=0, metavar="N", help="also time whole digests of N reviews")
    parser.add_argument("--digest-file", type=Path, help="instead of the pool's electronics.txt or the sample")
    parser.add_argument("--writers", nargs="+", default=["auto", "none"])
    parser.add_argument("--out", type=Path, help="also write everything as JSON")
    parser.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--options", default="{}", help=argparse.SUPPRESS)  # smaller shapes, for the tests
    options = parser.parse_args(arguments)
    if options.worker:
        work(options.worker, options.reader and str(options.reader), options.threads, json.loads(options.options))
        return 0
    if options.engines and "reader" not in options.engines:
        parser.error("the ratios are to the reader, so it must be among the engines")
    result: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "threads": options.threads}
    if options.engines:
        texts, origin = sentences(options.sentences)
        result |= {"sentences_from": origin, "new_tokens": options.new_tokens, "engines": compare(texts, options)}
        mean = sum(map(len, texts)) / len(texts)
        print(f"{len(texts):,} sentences of {mean:.0f} characters on average from {origin}; {options.threads} threads")
        print(f"each; {options.repeats} turns; t5-base writes {options.new_tokens} tokens for a sentence.\n")
        print(shown_engines(result["engines"]))
    if options.digest:
        result["digests"] = [time_digest(options, writer) for writer in options.writers]
        print("\n" + shown_digests(result["digests"]))
    if options.out:
        from measures import write_json

        write_json(options.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
