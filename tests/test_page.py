"""The pages of the service in a real browser: a file in, a number clicked, its quotes, a correction, a better count.

Chromium is that of the system; without one these tests fail, because nobody would have opened the page.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")
pytest.importorskip("playwright")

import httpx2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from gistill.corrections.form import load
from gistill.digest import correcting
from gistill.mcp.comparing import compare
from serve_process import Server, serving, until

pytestmark = pytest.mark.slow
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
WAIT = 240_000  # milliseconds; nothing waits so long where it works, but jobs yield to whatever else a machine does
HOSTILE = "bad screen''><i onmouseover=alert(1)\u202e &lt;i&gt;"
FILE = {"Content-Type": "application/octet-stream"}


def table() -> str:
    """Thirty people about each of two shops: ten and two of them find the screen bad, and all love the sound."""
    rows = ["author,shop,city,rating,date,text"]
    for number in range(60):
        shop, bad = ("North", number < 20) if number < 30 else ("South", number < 32)
        text = f"I love sound. {'A bad screen.' if bad else 'It came.'}" if number else HOSTILE
        rows.append(
            f'p{number},{shop},{"Ulm" if number % 2 else "Bonn"},{1 + 4 * (not bad)},2025-0{1 + number % 6}-03,"{text}"'
        )
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("page"), digests=True) as found:
        until(lambda: httpx2.get(f"{found.url}/readyz").status_code == 200)
        yield found


@pytest.fixture(scope="module")
def report(server: Server) -> dict[str, Any]:
    """A report that no test of this module changes."""
    sent = {"name": "kept.csv", "by": "city", "entity_column": "shop", "author_column": "author"}
    job = httpx2.post(f"{server.url}/v1/digests", params=sent, content=table().encode(), headers=FILE).json()
    return until(lambda: (found := see(server, job["id"]))["state"] == "done" and found, 300)


def see(server: Server, job: str) -> Any:
    return httpx2.get(f"{server.url}/v1/digests/{job}").json()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium was found; install one, or the page is never opened"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def figure(page: Page, name: str) -> int:
    """Read how many people make a point."""
    told = page.get_by_role("row", name=re.compile(name)).first.inner_text()
    found = re.search(r"(\d+) of (\d+)", told)
    assert found, told
    return int(found[1])


def test_from_a_file_to_a_better_count(server: Server, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(table(), "utf-8")
    page.goto(server.url)
    page.set_input_files("#file", path)
    page.wait_for_selector("#columns:not([hidden])")
    assert page.locator("#rows tbody tr").count() == 5
    page.select_option("select[name=entity]", "shop")
    page.check("#by >> text=city")
    page.click("#start")
    page.click("#jobs li:first-child >> text=Explore and correct")
    assert "60 people in the report" in page.inner_text("main")
    before = figure(page, "bad")
    assert before == 22
    page.get_by_role("row", name=re.compile("bad")).first.get_by_role("link").click()
    assert page.locator(".quotes li").count() == 22
    page.click("text=Open the record >> nth=3")
    assert page.locator(".record mark").count() >= 2
    page.fill("#author", "Ada")
    page.locator("form.opinion", has_text="bad").get_by_text("Nobody said this").click()
    assert page.inner_text("[role=status]") == "The correction is kept."
    assert "1 correction is kept and not counted yet." in page.inner_text("main")
    page.click("text=Count again")
    page.wait_for_selector("#state", state="detached")
    page.click("nav >> text=Overview")
    assert figure(page, "bad") == 21
    assert page.locator("text=not counted yet").count() == 0
    kept = load(next(path for path in server.folder.glob("*/out/corrections.jsonl")))
    assert [(one.kind, one.author, one.mark) for one in kept] == [("nobody said this", "Ada", None)]


def test_what_a_filter_lets_through_is_counted_and_exported(server: Server, page: Page, report: Any) -> None:
    page.goto(server.url + report["explore"])
    page.click("summary")
    page.select_option("select[name=entity]", "South")
    page.select_option("select[name=part]", "city=Bonn")
    page.fill("[name=since]", "2025-01-01")
    page.fill("[name=least]", "1")
    page.click("main form button")
    page.wait_for_url("**entity=South*")
    assert "15 people in this selection" in page.inner_text("main")
    assert figure(page, "bad") == 1
    with page.expect_download() as saved:
        page.click("text=Save these opinions as CSV")
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 16
    page.fill("[name=text]", "nobody wrote this")
    page.click("main form button")
    page.wait_for_url("**text=nobody*")
    assert "Nobody says anything like this" in page.inner_text(".empty")


def test_two_slices_differ_by_signal_as_for_an_agent(server: Server, page: Page, report: Any) -> None:
    page.goto(server.url + report["explore"])
    page.click("nav >> text=Compare")
    page.select_option("select[name=one]", "entity=North")
    page.select_option("select[name=other]", "entity=South")
    page.click("main form button")
    page.wait_for_url("**one=entity*")
    rows = [row.inner_text() for row in page.locator("tbody tr").all()]
    told = compare(server.folder, f"{report['id']}/out", "entity", "North", "South")["points"]
    assert len(rows) == len(told)
    for one, row in zip(told, rows, strict=True):
        assert one["verdict"] in row
        assert row.count(f"{one['one']['count']} of 30 people") >= 1
        assert f"{one['other']['count']} of 30 people" in row
    assert {one["verdict"] for one in told} >= {"signal", "noise"}


def test_what_customers_wrote_becomes_no_element_and_no_other_page_may_correct(
    server: Server, page: Page, report: Any
) -> None:
    page.goto(server.url + report["explore"] + "?text=onmouseover")
    assert "onmouseover=alert(1)" in page.inner_text(".quotes")
    assert "\u202e" not in page.inner_text("body")
    assert page.locator("main i, [onmouseover]").count() == 0
    base = server.url + report["explore"].removesuffix("/explore")
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        assert httpx2.post(f"{base}/count", headers=headers, content=b"").status_code == 403
        assert httpx2.post(f"{base}/correct", headers=headers, content=b"record=0&do=nobody").status_code == 403
    other = httpx2.get(f"{server.url}{report['report']}/explore")  # a report's own ticket
    assert other.status_code == 404
    assert "This page cannot be shown" in other.text
    assert httpx2.get(f"{base}/record/999999").status_code == 404


def test_it_is_read_by_keyboard_and_screen_reader_and_fits_a_phone(
    browser: Browser, server: Server, report: Any
) -> None:
    base = server.url + report["explore"].removesuffix("/explore")
    for width, dark in ((390, True), (1280, False)):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", bypass_csp=True
        )
        page = context.new_page()
        page.set_default_timeout(WAIT)
        for path in (
            "explore",
            "explore?direction=negative",
            "record/0",
            "compare?one=entity=North&other=entity=South",
        ):
            page.goto(f"{base}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page)
            assert [one["id"] for one in found.response["violations"]] == [], (path, width)
        page.goto(server.url)
        page.wait_for_selector("#jobs li")
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []
        page.goto(f"{base}/explore")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('td') !== null"):
                break
        page.keyboard.press("Enter")
        page.wait_for_selector(".quotes")
        context.close()


def test_the_offline_page_saves_what_was_judged(browser: Browser, server: Server, report: Any, tmp_path: Path) -> None:
    opened = correcting.open_correcting(server.folder / report["id"] / "out")
    tasks = correcting.tasks_of(opened, n=5, again=False, show_names=False)
    correcting.write_page(opened, tasks, tmp_path / "correct.html", show_names=False)
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "correct.html").as_uri())
    page.click("text=Nobody said this >> nth=0")
    page.fill("#author", "Ada")
    with page.expect_download() as saved:
        page.click("#save")
    given = tmp_path / "corrections.jsonl"
    saved.value.save_as(given)
    context.close()
    assert complaints == []
    assert [json.loads(line)["author"] for line in given.read_text("utf-8").splitlines()] == ["Ada"]
    assert [(one.kind, one.author) for one in load(given)] == [("nobody said this", "Ada")]
