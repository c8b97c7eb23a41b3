"""The attack set through every way out: API, pages, commands, tables, Markdown, and the page printed as PDF."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fake_reader import FakeReader
from gistill.cli import main
from gistill.digest.report.words import visible
from gistill.digest.report.writing import write_report
from test_attack_texts import (
    ACTING,
    ATTACKS,
    Elements,
    Run,
    markdown_is_inert,
    page_is_inert,
    quoting_all,
    table_is_inert,
    workbook_is_inert,
)

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2

from serve_process import serving, until

KINDS = sorted({one["kind"] for one in ATTACKS})
FAIR = 24  # people who attack nobody
COLUMNS = {"text": "text", "entity": "product", "author": "author"}

pytestmark = pytest.mark.slow


class Row(NamedTuple):
    """A record of the attacked file; an attack is its text, its title, its product and its writer's name."""

    author: str
    product: str
    kind: str
    title: str
    text: str


def fair() -> list[Row]:
    return [
        Row(f"p{n}", "North" if n % 2 else "South", "fair", f"Day {n}", f"I love sound, day {n}. The {n}th one broke.")
        for n in range(FAIR)
    ]


def attacks(kind: str = "") -> list[Row]:
    return [
        Row(f"x{n} {one['text']}", one["text"], one["kind"], one["text"], f"{one['text']}\nIt is bad, number {n}.")
        for n, one in enumerate(ATTACKS)
        if kind in ("", one["kind"])
    ]


def table(rows: list[Row]) -> bytes:
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(Row._fields)
    writer.writerows(rows)
    return held.getvalue().encode()


EVERYBODY = table([*fair()[:9], *attacks(), *fair()[9:]])


class Digested(NamedTuple):
    """The folders of what `gistill digest` made of the fair people alone and of everybody, and what it said."""

    alone: Path
    among: Path
    said: str


@pytest.fixture(scope="module")
def digested(tmp_path_factory: pytest.TempPathFactory) -> Digested:
    place, said = tmp_path_factory.mktemp("digested"), io.StringIO()
    made = Digested(place / "alone", place / "among", "")
    options = [part for role, column in COLUMNS.items() for part in (f"--{role}-column", column)]
    options += ["--by", "kind", "--title", ATTACKS[0]["text"], "--writer", "none"]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr("gistill.reader.load_readers", lambda path=None: FakeReader())
        for folder, content in ((made.alone, table(fair())), (made.among, EVERYBODY)):
            source = folder.with_suffix(".csv")
            source.write_bytes(content)
            patch.setattr(sys, "argv", ["gistill", "digest", str(source), *options, "-o", str(folder)])
            with suppress(SystemExit):
                main()
    return made._replace(said=said.getvalue())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with (
        serving(tmp_path_factory.mktemp("attacked"), digests=True) as server,
        httpx2.Client(base_url=server.url, timeout=60) as found,
    ):
        until(lambda: found.get("/readyz").status_code == 200)
        yield found


@pytest.fixture(scope="module")
def base(client: httpx2.Client) -> str:
    """Where the pages of a report of everybody begin."""
    asked = {
        "name": "reviews.csv",
        "by": "kind",
        "title": ATTACKS[0]["text"],
        **{f"{role}_column": column for role, column in COLUMNS.items()},
    }
    headers = {"Content-Type": "application/octet-stream"}
    job = client.post("/v1/digests", params=asked, content=EVERYBODY, headers=headers).json()["id"]

    def ended() -> Any:
        time.sleep(0.5)
        found = client.get(f"/v1/digests/{job}").json()
        return None if found["state"] in ("queued", "running") else found

    done = until(ended, 240)
    assert done["state"] == "done", done
    return str(done["explore"]).removesuffix("/explore")


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_reads_everybody_else_as_without_the_attacks(client: httpx2.Client, kind: str) -> None:
    asked = [{"id": row.author, "text": row.text} for row in fair()]
    mine = [{"id": f"x{n}", "text": row.text, "entity": row.product} for n, row in enumerate(attacks(kind))]
    assert len(mine) >= 10
    alone, among = (
        client.post("/v1/opinions", json={"records": rows}) for rows in (asked, [*asked[:9], *mine, *asked[9:]])
    )
    for answer in (alone, among):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
    found = [
        [{**one, "confidence": None} for one in answer.json()["opinions"] if one["record"].startswith("p")]
        for answer in (alone, among)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 2 * FAIR
    texts = {one["id"]: one["text"] for one in mine}
    theirs = [one for one in among.json()["opinions"] if one["record"] in texts]
    assert Counter(one["record"] for one in theirs).most_common(1)[0][1] <= 2
    for one in theirs:
        place = (one["cell"] or one)["opinion"]  # where the text was cleaned, `cell` has the place in what was sent
        assert texts[one["record"]][place["start"] : place["end"]] == one["opinion"]["text"]
        assert one["opinion"]["text"].casefold() == "bad"


def test_in_a_digest_no_count_of_the_others_changes(digested: Digested) -> None:
    before, after = (json.loads((folder / "digest.json").read_bytes()) for folder in digested[:2])

    def tallies(result: Any, column: str) -> dict[str, Any]:
        values = result["entities"] if column == "product" else result["by"][0]["values"]
        return {one["entity"]: one["tally"] for one in values}

    for column, values in (("product", ("North", "South")), ("kind", ("fair",))):
        assert [tallies(before, column)[one] for one in values] == [tallies(after, column)[one] for one in values]
    (sound, *_), (also, *_) = ([p for p in told["points"] if "sound" in p["name"]] for told in (before, after))
    assert sound["tally"]["people"] == also["tally"]["people"] == before["people"] == FAIR
    assert FAIR < after["people"] <= FAIR + len(ATTACKS)
    assert sum(one["people"] for name, one in tallies(after, "kind").items() if name != "fair") <= len(ATTACKS)


def test_nothing_of_an_attack_acts_in_what_a_digest_says_and_writes(digested: Digested) -> None:
    assert "report.html" in digested.said
    assert not ACTING.search(digested.said), ascii(digested.said)
    for name in ("points.csv", "aspects.csv"):
        assert len(table_is_inert((digested.among / name).read_bytes())) > 1
    cells = " ".join(workbook_is_inert(digested.among / "report.xlsx"))
    lost = [text for text in (one["text"] for one in ATTACKS) if visible(text).strip() not in cells]
    assert len(lost) < len(ATTACKS) / 10, lost
    markdown_is_inert((digested.among / "report.md").read_text("utf-8"))
    page_is_inert((digested.among / "report.html").read_text("utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_page_no_attack_makes_an_element_an_address_or_a_letter_that_acts(
    client: httpx2.Client, base: str, kind: str
) -> None:
    places = [9 + n for n, one in enumerate(ATTACKS) if one["kind"] == kind]
    texts = [one["text"] for one in ATTACKS if one["kind"] == kind]
    asked: list[tuple[str, dict[str, str]]] = [(f"record/{n}", {}) for n in places]
    asked += [("compare", {"one": "entity=North", "other": f"entity={text}", "text": text}) for text in texts]
    asked += [("explore", {"text": texts[0]}), ("explore", {"direction": "negative", "part": f"kind={kind}"})]
    asked += [("compare", {"one": "kind=fair", "other": f"kind={kind}"})]
    asked += [(f"record/{places[0]}", {"problem": texts[0], "kept": texts[-1]})]
    for path, given in asked:
        answer = client.get(f"{base}/{path}", params=given)
        page, where = Elements(answer.text), (path, given)
        assert answer.status_code == 200, where
        tags = ("script", "meta", "link", "title", "h1")
        assert [page.tags[name] for name in tags] == [1, 2, 2, 1, 1], where
        assert not {"img", "iframe", "object", "embed", "base", "svg", "style", "i", "b"} & set(page.tags), where
        assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"], where
        addresses = {value for name, value in page.attributes if name in ("href", "src", "action", "data-state")}
        inside = (f"{base.rpartition('/')[0]}/", "#", "/explore.js", "/page.css")
        assert not [one for one in addresses if one not in ("/", "data:,") and not one.startswith(inside)], where
        assert not ACTING.search(answer.text), where


def test_in_what_the_page_saves_no_attack_is_a_formula(client: httpx2.Client, base: str) -> None:
    answer = client.get(f"{base}/opinions.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = table_is_inert(answer.content)
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > FAIR + len(ATTACKS)


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_lets_an_attack_reach_the_terminal(run: Run, kind: str, tmp_path: Path) -> None:
    mine = attacks(kind)
    (tmp_path / "in.csv").write_bytes(table([*fair(), *mine]))
    said = [run("extract", "in.csv", "--text-column", "text")]
    found = [json.loads(line) for line in said[0][1].splitlines()]  # one line for each opinion, however it is written
    assert len({one["id"] for one in found}) == len(found) >= 2 * FAIR
    said += [run("explain", "--", row.text) for row in mine]
    said += [run("extract", row.text.replace("\0", "")) for row in mine[:4]]  # no such file: the error names it
    for code, out, err in said:
        assert code in (0, 1, 2, 3), err
        assert not ACTING.search(out + err), ascii(out + err)


def test_printed_as_pdf_nothing_of_them_is_active(tmp_path: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api")
    from test_page import CHROMIUM

    assert CHROMIUM, "no Chromium was found; install one, or the report is never printed"
    write_report(quoting_all(), tmp_path / "out")
    report = (tmp_path / "out" / "report.html").as_uri()
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report)
        printed = page.pdf()
        browser.close()
    assert asked == [report]
    assert printed.startswith(b"%PDF-")
    whole = printed + b"".join(inflated(printed))
    assert not re.search(rb"/(JavaScript|JS|Launch|OpenAction|AA|EmbeddedFile|SubmitForm|RichMedia|AcroForm)\b", whole)
    links = {found.decode("latin-1") for found in re.findall(rb"/URI\s*\(([^)]*)\)", whole)}
    assert links <= {
        (tmp_path / "out" / name).as_uri()
        for name in ("digest.json", "report.md", "report.xlsx", "chart.svg", "points.csv", "aspects.csv")
    }


def inflated(content: bytes) -> Iterator[bytes]:
    """Give the streams of a PDF that hold its objects, without those that are compressed in another way."""
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            yield zlib.decompressobj().decompress(packed)
        except zlib.error:
            continue
