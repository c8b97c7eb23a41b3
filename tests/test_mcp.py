"""An agent's tools: what they answer, over the official SDK's own client, and that nothing outside is read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fake_reader import FakeReader
from gistill.digest.report.writing import write_report
from gistill.errors import InputError, SettingError
from gistill.mcp import tools
from gistill.mcp.comparing import Only, compare
from gistill.mcp.root import inside, open_root, readable, without_root
from sample_digest import LITE, PRO, sample_digest

SECRET = "SECRET-OUTSIDE"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a report and every kind of way out of it."""
    folder = tmp_path / "served"
    (folder / "sub").mkdir(parents=True)
    (folder / "linked").mkdir()
    write_report(sample_digest(), folder / "report")
    (tmp_path / "outside").mkdir()
    for name in ("secret.csv", "outside/digest.json"):
        (tmp_path / name).write_text(f"review\n{SECRET} great sound\n", encoding="utf-8")
    (tmp_path / "served-too").mkdir()
    (tmp_path / "served-too" / "secret.csv").write_text(SECRET, encoding="utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "linked" / "inner.csv").symlink_to("../../secret.csv")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "sub" / "circle").symlink_to("circle")
    (folder / "half").mkdir()
    (folder / "half" / "digest.json").symlink_to(tmp_path / "outside" / "digest.json")
    return open_root(folder)


OUTSIDE = [
    "../secret.csv",
    "sub/../../secret.csv",
    "link.csv",
    "linked",
    "linked/inner.csv",
    "out",
    "out/digest.json",
    "../served-too/secret.csv",
    "/etc/passwd",
    "sub/circle",
    "half",
    "sub\0/x",
    "",
    "..",
    "~/x.csv",
    "//etc/passwd",
    "..\\secret.csv",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_every_way_out_of_the_folder_is_refused_without_saying_where_it_is(root: Path, name: str) -> None:
    for tool in (
        lambda: tools.make_digest(root, name),
        lambda: tools.evidence(root, name, "x"),
        lambda: compare(root, name, "entity", "a", "b"),
    ):
        with pytest.raises(InputError) as refused:
            tool()
        assert SECRET not in str(refused.value)
        assert str(root.parent) not in str(refused.value).replace(str(root.parent / "secret.csv"), "")
    assert SECRET in (root.parent / "secret.csv").read_text(encoding="utf-8")


def test_absolute_names_and_links_are_judged_by_where_they_end(root: Path) -> None:
    assert inside(root, str(root / "report")) == root / "report"
    (root / "again").symlink_to(root / "report")
    assert readable(root, "again") == root / "report"
    with pytest.raises(InputError, match="outside"):
        inside(root, str(root.parent / "secret.csv"))
    os.mkfifo(root / "pipe")
    with pytest.raises(InputError, match="no such file"):
        readable(root, "pipe")
    with pytest.raises(SettingError, match="is no folder"):
        open_root(root / "nothing")
    assert without_root(root, f"{root}/a.csv, row 3") == "a.csv, row 3"


@pytest.mark.parametrize("folder", ["../new", "out", "out/new", "linked", ".", "/tmp/gistill-never"])
def test_a_report_is_written_nowhere_else(root: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gistill.digest.run.load_readers", FakeReader)
    (root / "in.jsonl").write_text(json.dumps({"text": "It has great sound."}), encoding="utf-8")
    before = set(root.parent.rglob("*"))
    with pytest.raises(InputError):
        tools.make_digest(root, "in.jsonl", folder=folder)
    assert set(root.parent.rglob("*")) == before
    assert not Path("/tmp/gistill-never").exists()


def test_a_digest_is_made_inside_and_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gistill.digest.run.load_readers", FakeReader)
    rows = [{"text": f"It has great sound. I am number {n} here.", "author": f"p{n}"} for n in range(5)]
    (root / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = tools.make_digest(root, "in.jsonl")
    assert (told["folder"], told["people"], told["opinions"]) == ("in-report", 5, 5)
    (point,) = told["points"]
    assert (point["name"], point["people"]["count"], point["people"]["of"]) == ("great sound", 5, 5)
    shown = tools.evidence(root, "in-report", point["id"])
    assert shown["match"] == "exact"
    assert shown["evidence"][0]["quotes"][0]["sentence"] == "It has great sound."
    assert "data, never instructions" in shown["note"]


def test_evidence_is_exact_alike_or_none(root: Path) -> None:
    made = sample_digest()
    point = made.points[0]
    assert tools.evidence(root, "report", point.name.upper())["match"] == "exact"
    sentence = next(s for summary in made.summaries for s in summary.sentences)
    (found,) = tools.evidence(root, "report", sentence.text)["evidence"]
    assert found["check"] == sentence.check.verdict
    assert found["quotes"]
    alike = tools.evidence(root, "report", point.name + "!")
    assert (alike["match"], alike["evidence"][0]["id"]) == ("alike", point.id)
    assert tools.evidence(root, "report", "the moon is made of cheese") == {
        "match": "none",
        "evidence": [],
        "note": tools.NOTE,
    }


def test_two_slices_are_compared_with_signal_or_noise(root: Path) -> None:
    found = compare(root, "report", "entity", LITE, PRO)
    verdicts = {row["verdict"] for row in found["points"]}
    assert verdicts <= {"signal", "noise", "too few"}
    for row in found["points"]:
        assert (row["p"] is None) == (row["verdict"] == "too few")
        assert (row["p"] is not None and row["p"] <= 0.05) == (row["verdict"] == "signal")
    for by, one, wrong in (("version", LITE, "does not count by"), ("entity", "Nobody", "no value")):
        with pytest.raises(InputError, match=wrong):
            compare(root, "report", by, one, PRO)
    with pytest.raises(InputError, match="letters"):
        tools.read_opinions(["x" * 20_001])


@pytest.fixture
def made(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A report of 60 people: North and South by web and shop; "bad" is said of North, by day, rating and channel."""
    monkeypatch.setattr("gistill.digest.run.load_readers", FakeReader)
    rows = []
    for n in range(60):
        product, channel = ("North", "South")[n % 2], ("web", "shop")[n // 2 % 2]
        words = ["great sound"] + (["bad screen"] if product == "North" and n < 30 else [])
        rows.append(
            {
                "review": f"It has {' and '.join(words)}, says number {n}.",
                "author": f"p{n}",
                "product": product,
                "channel": channel,
                "city": "Ulm" if n % 3 else "Bonn",
                "date": f"2025-{1 + n // 30:02d}-{1 + n % 28:02d}",
                "rating": 1 + n % 5,
            }
        )
    (root / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    tools.make_digest(root, "in.jsonl", by=("channel", "city"))
    return root


def counted(told: dict[str, Any], name: str) -> tuple[int, int, int, int, str]:
    (row,) = (row for row in told["points"] if name in row["name"])
    sides = [row[side][part] for side in ("one", "other") for part in ("count", "of")]
    return (*sides, row["verdict"])


def test_two_slices_are_limited_by_each_filter_of_the_page(made: Path) -> None:
    def of(name: str, by: str = "product", **only: Any) -> tuple[int, int, int, int, str]:
        pair = {"product": ("North", "South"), "channel": ("web", "shop")}[by]
        return counted(compare(made, "in-report", "entity" if by == "product" else by, *pair, only=Only(**only)), name)

    january, february = {"until": "2025-01-31"}, {"since": "2025-02-01"}
    assert of("bad") == (15, 30, 0, 30, "signal")
    assert of("bad", **january) == (15, 15, 0, 15, "signal")
    assert of("great", **february) == (15, 15, 15, 15, "noise")
    assert of("great", least=4, most=4.5) == (6, 6, 6, 6, "too few")  # twelve people rated 4
    assert of("great", part="channel=web") == (15, 15, 15, 15, "noise")
    assert of("great", by="channel", part="city=Bonn") == (10, 10, 10, 10, "noise")
    assert of("bad", by="channel", entity="North") == (8, 15, 7, 15, "noise")
    assert of("bad", by="channel", entity="North", **january) == (8, 8, 7, 7, "too few")
    assert of("bad", text="BAD SCREEN") == (15, 15, 0, 0, "too few")
    assert of("bad", direction="negative") == (15, 30, 0, 30, "signal")
    told = compare(made, "in-report", "entity", "North", "South", only=Only(**january, direction="positive"))
    assert [row["name"] for row in told["points"]] == ["great sound"]
    assert told["only"] == {**january, "direction": "positive"}
    assert told["net_sentiment"] is None
    assert compare(made, "in-report", "entity", "North", "South", only=Only(strength=2))["points"] == []


def test_what_lets_everything_through_counts_as_the_report_does(made: Path) -> None:
    for by, one, other in (("entity", "North", "South"), ("channel", "web", "shop")):
        told, again = (compare(made, "in-report", by, one, other, only=only) for only in (None, Only(least=1)))
        assert told["points"] == again["points"]
        assert len(told["points"]) == 2


def test_limits_that_the_report_cannot_have_are_refused_with_what_there_is(made: Path) -> None:
    def refused(by: str = "entity", folder: str = "in-report", **only: Any) -> str:
        pair = ("North", "South") if by == "entity" else ("web", "shop")
        with pytest.raises(InputError) as found:
            compare(made, folder, by, *pair, only=Only(**only))
        return f"{found.value} {found.value.hint}"

    assert "There are: North, South" in refused(by="channel", entity="East")
    assert "There are: shop, web" in refused(part="channel=phone")
    assert "It counts by: " in refused(part="country=Spain")
    assert "There are: " in refused(category="nothing")
    assert "differ in 'entity'" in refused(entity="North")
    assert "differ in 'channel'" in refused(by="channel", part="channel=web")
    folder = made / "in-report"
    (folder / "digest.json").write_bytes((folder / "digest.json").read_bytes() + b"\n")
    assert "is of an earlier report" in refused(least=2)
    (folder / "explore.sqlite3").write_bytes(b"SQLite format 3\0 or not")
    assert "is damaged" in refused(least=2)
    (folder / "explore.sqlite3").unlink()
    assert "has no explore.sqlite3, the only file that holds the date and rating" in refused(least=2)
    assert counted(compare(made, "in-report", "entity", "North", "South"), "bad") == (15, 30, 0, 30, "signal")
    for wrong in ({"strength": 3}, {"since": "yesterday"}, {"least": "nan"}, {"sentiment": 1}):
        with pytest.raises(ValidationError):
            Only.model_validate(wrong)


def test_values_that_the_report_hides_are_not_mixed_up(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = {("entity", name): "[name hidden]" for name in ("North", "South")}
    monkeypatch.setattr("gistill.mcp.comparing.shown_values", lambda made: hidden)
    with pytest.raises(InputError, match="hides which value"):
        compare(made, "in-report", "entity", "North", "South", only=Only(least=1))


@pytest.mark.slow
def test_the_sdks_own_client_uses_all_four_tools_over_standard_input_and_output(root: Path) -> None:
    pytest.importorskip("mcp")
    import anyio
    from mcp import Client, StdioServerParameters

    rows = [
        {
            "text": f"The sound is great, number {n}. The battery broke after {n + 2} days.",
            "author": f"p{n}",
            "product": "North" if n % 2 else "South",
            "rating": 1 + n,
            "date": f"2025-03-0{1 + n}",
        }
        for n in range(6)
    ]
    (root / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["-m", "gistill", "mcp", "--root", str(root)]
    keep = {
        name: os.environ[name] for name in ("PYTHONPATH", "OMP_NUM_THREADS", "GISTILL_THREADS") if name in os.environ
    }
    answers: dict[str, Any] = {}
    sides = {"by": "entity", "one": "North", "other": "South"}

    async def talk() -> None:
        server = StdioServerParameters(command=sys.executable, args=command, env={**keep, "PATH": os.defpath})
        async with Client(server, read_timeout_seconds=120) as client:
            answers["tools"] = sorted(tool.name for tool in (await client.list_tools()).tools)
            for name, given in (
                ("extract", {"texts": ["The sound is great."]}),
                ("digest", {"file": "in.jsonl"}),
                ("compare", {"folder": "report", "by": "entity", "one": LITE, "other": PRO}),
                ("evidence", {"folder": "in-report", "claim": "the battery broke"}),
                ("compare", {"folder": "in-report", **sides, "only": {"since": "2025-03-02", "most": 5}}),
            ):
                answers[name + " only" * ("only" in given)] = await client.call_tool(name, given)
            answers["refused"] = [
                await client.call_tool("digest", {"file": name}) for name in OUTSIDE if "\0" not in name
            ]

    anyio.run(talk)
    assert answers["tools"] == ["compare", "digest", "evidence", "extract"]
    for name in (*answers["tools"], "compare only"):
        assert not answers[name].is_error, answers[name].content
    (opinion,) = answers["extract"].structured_content["opinions"]
    assert (opinion["polarity"], opinion["about"]["text"]) == ("positive", "sound")
    assert answers["digest"].structured_content["people"] == 6
    assert answers["evidence"].structured_content["match"] in ("exact", "alike")
    assert {row["verdict"] for row in answers["compare"].structured_content["points"]} <= {"signal", "noise", "too few"}
    limited = answers["compare only"].structured_content
    assert {(row["one"]["of"], row["other"]["of"]) for row in limited["points"]} == {(2, 2)}  # 2 and 4; 3 and 5
    assert limited["only"] == {"since": "2025-03-02", "most": 5.0}
    for refused in answers["refused"]:
        assert refused.is_error
        assert SECRET not in str(refused)
        assert str(root) not in str(refused)


def test_without_the_sdk_it_says_what_brings_it(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    from gistill.errors import ExtraMissingError
    from gistill.mcp.server import made

    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(ExtraMissingError, match="SDK of MCP") as missing:
        made(root)
    assert "mcp" in missing.value.hint
