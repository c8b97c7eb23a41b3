"""The report in a real browser: it fits a phone, asks the network for nothing, searches, and opens by keyboard.

Speaks the DevTools protocol over a pipe, so no driver and no websocket library are needed. Skipped by name where no
Chromium is installed.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gistill.digest.report.html import render_html
from gistill.digest.report.view import View
from sample_digest import bare_digest, sample_digest, wide_digest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--remote-debugging-pipe",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; the report is tested without a browser"),
]


class Browser:
    """One headless Chromium with one page, driven through file descriptors 3 and 4 of its process."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        # The shell puts the pipes where Chromium looks for them; Python offers no way to choose the numbers.
        plug = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        command = ["bash", "-c", plug, str(CHROMIUM), *QUIET, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self._session = ""
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; what else comes in between is kept as events."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | (
            {"sessionId": self._session} if self._session else {}
        )
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            got = os.read(self._in, 1 << 20)
            assert got, "the browser went away"
            self._buffer += got
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False, media: str = "") -> None:
        """Load a page at a width that the layout really has; phone widths are emulated, not window sizes."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def value(self, expression: str) -> Any:
        """Evaluate an expression from outside; the page's own policy forbids scripts only to the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def picture(self, path: Path, *, full: bool = True) -> None:
        data = self.call("Page.captureScreenshot", captureBeyondViewport=full)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        self._session = ""
        self.call("Browser.close")
        os.close(self._out)
        os.close(self._in)
        self._process.wait(10)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    digests = {"sample": sample_digest(), "wide": wide_digest(), "bare": bare_digest()}
    for name, digest in digests.items():
        (folder / f"{name}.html").write_bytes(render_html(View(digest)).encode())
    return {name: folder / f"{name}.html" for name in digests}


def requests(browser: Browser) -> list[str]:
    return [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]


def complaints(browser: Browser) -> list[Any]:
    methods = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")
    return [event for event in browser.events if event.get("method") in methods]


OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.mark.parametrize("name", ["sample", "wide", "bare"])
@pytest.mark.parametrize("width", [320, 360, 720, 1280])
def test_the_page_never_scrolls_sideways(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    browser.open(pages[name], width=width)
    browser.value(OPEN_ALL)
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    outside = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll'))"
    wide = f"{outside}.filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"
    assert browser.value(wide) == []
    drawn = "[...document.querySelectorAll('svg.bar rect')]"
    out = "e => e.getBoundingClientRect().right > e.ownerSVGElement.getBoundingClientRect().right + 1"
    assert browser.value(f"{drawn}.filter({out}).length") == 0


def test_the_page_asks_for_nothing_and_no_text_becomes_an_element(browser: Browser, pages: dict[str, Path]) -> None:
    """The sample holds scripts, image handlers and links; none of them becomes an element."""
    for dark in (False, True):
        browser.open(pages["sample"], dark=dark)
        browser.value(OPEN_ALL)
        browser.value("document.body.offsetHeight")
        assert requests(browser) == [pages["sample"].as_uri()]
        assert complaints(browser) == []
    assert browser.value("document.querySelectorAll('img, iframe, object, link, form').length") == 0
    assert browser.value("document.scripts.length") == 1
    names = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert browser.value(f"{names}.filter(name => name.startsWith('on') || name == 'style')") == []
    links = set(browser.value("[...document.links].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#'))"))
    assert links == {
        "digest.json", "report.md", "report.xlsx", "chart.svg", "points.csv", "aspects.csv",
    }  # fmt: skip
    assert "<img src=x onerror=alert(1)>" in browser.value("document.body.textContent")


def test_the_policy_stops_a_script_even_if_one_came_in(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    page = tmp_path / "broken.html"
    hole = "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'>"
    page.write_text(pages["sample"].read_text(encoding="utf-8").replace("<main", hole + "<main"), encoding="utf-8")
    browser.open(page)
    assert browser.value("window.hit") is None
    assert any("Content Security Policy" in str(event) for event in complaints(browser))


def test_everything_is_reached_and_opened_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["sample"])
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.className") == "skip"
    assert browser.value("document.activeElement.getBoundingClientRect().top") >= 0
    browser.press("Enter", 13, "\r")
    for _ in range(8):  # first come the fields of the search; the first stop in the findings is a link or a sentence
        browser.press("Tab", 9)
        if browser.value("document.activeElement.tagName") == "SUMMARY":
            break
    assert browser.value("document.activeElement.closest('main') !== null")
    assert browser.value("document.activeElement.tagName") == "SUMMARY"
    assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter", 13, "\r")
    assert browser.value("document.activeElement.parentElement.open") is True
    assert browser.value("document.activeElement.parentElement.querySelector('.quote').checkVisibility()") is True


def test_paper_gets_points_with_figures_one_quotation_for_each_headline_and_no_navigation(
    browser: Browser, pages: dict[str, Path]
) -> None:
    """All quotations of a thousand reviews would fill three hundred pages; they stay in the page and in the files."""
    browser.open(pages["sample"], dark=True, media="print")
    assert browser.value("document.querySelectorAll('details[open]').length") == 0
    shown = "[...document.querySelectorAll('{}')].filter(e => e.getBoundingClientRect().height).length"
    headlines = browser.value("document.querySelectorAll('#glance .sentence').length")
    assert browser.value(shown.format("#glance .quote")) == headlines > 3
    assert browser.value(shown.format(".point .quote")) == 0
    points = browser.value("document.querySelectorAll('.point > summary').length")
    assert browser.value(shown.format(".point > summary")) == points > 8
    assert browser.value("getComputedStyle(document.querySelector('.contents')).display") == "none"
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = base64.b64decode(browser.call("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF")


def test_light_and_dark_follow_the_reader(browser: Browser, pages: dict[str, Path]) -> None:
    shades = []
    for dark in (False, True):
        browser.open(pages["bare"], dark=dark)
        colour = browser.value("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(map(int, colour[4:-1].split(","))))
    assert shades[0] > 600 > 150 > shades[1]


def test_a_screen_reader_hears_names_for_everything(browser: Browser, pages: dict[str, Path]) -> None:
    """Every drawing, link, region and table has a name, and table roles survive the phone's stacked cards."""
    browser.open(pages["sample"], width=360)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    heard = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    roles = [role for role, _ in heard]
    assert [role for role, name in heard if role in ("image", "link", "region", "navigation") and not name] == []
    assert {"banner", "navigation", "main", "contentinfo", "table", "rowheader", "columnheader"} <= set(roles)
    assert any("battery life" in name for role, name in heard if role == "rowheader")


SHOWN_QUOTES = """[...new Set([...document.querySelectorAll('.quote:not([hidden])')]
    .filter(e => !e.parentElement.closest('[hidden]')).map(e => e.dataset.quote))]"""


def choose(browser: Browser, key: str, value: str) -> None:
    change = "e.dispatchEvent(new Event('change', {bubbles: true}))"
    browser.value(f"(e => {{ e.value = {value!r}; {change} }})(document.querySelector('#find [data-key={key}]'))")


def search(browser: Browser, words: str) -> str:
    """Type words as a person does, and hear what is announced."""
    browser.value("document.querySelector('#find input').focus()")
    browser.value("document.querySelector('#find input').select()")
    browser.call("Input.insertText", text=words)
    wait = "new Promise(done => setTimeout(() => done(document.querySelector('#find [role=status]').textContent), 250))"
    return browser.call("Runtime.evaluate", expression=wait, awaitPromise=True, returnByValue=True)["result"]["value"]


@pytest.mark.parametrize("width", [1280, 390])
def test_words_and_choices_leave_the_quotations_that_fit(browser: Browser, pages: dict[str, Path], width: int) -> None:
    browser.open(pages["sample"], width=width)
    every = browser.value(f"{SHOWN_QUOTES}.length")
    told = search(browser, "  BATTERY ")
    left = browser.value(f"{SHOWN_QUOTES}.length")
    assert 0 < left < every
    assert f"{left} quotation" in told
    assert browser.value("document.documentElement.scrollWidth") <= width
    words = "e => (e.textContent + e.closest('details').querySelector('summary').textContent).toLowerCase()"
    seen = "[...document.querySelectorAll('.quote:not([hidden])')].filter(e => !e.parentElement.closest('[hidden]'))"
    assert browser.value(f"{seen}.map({words}).every(text => text.includes('battery'))") is True
    choose(browser, "direction", "negative")
    fewer = browser.value(f"{SHOWN_QUOTES}.length")
    assert 0 < fewer < left
    assert browser.value(f"{seen}.every(e => e.dataset.direction === 'negative')") is True
    choose(browser, "entity", "Sonora Pro")
    assert browser.value(f"{seen}.every(e => e.dataset.entity === 'Sonora Pro')") is True
    assert "Nothing found" in search(browser, "zzzz")
    assert browser.value("document.querySelectorAll('main section:not([hidden])').length") == 0
    browser.value("document.querySelector('#find button').click()")
    assert browser.value(f"{SHOWN_QUOTES}.length") == every
    assert browser.value("document.querySelectorAll('main [hidden], main details[open]').length") == 0
    assert browser.value("document.querySelector('#find [role=status]').textContent") == ""
    assert complaints(browser) == []
    assert requests(browser) == [pages["sample"].as_uri()]


def test_the_search_is_used_by_keyboard_and_leaves_with_escape(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["sample"])
    browser.press("Tab", 9)
    browser.press("Enter", 13, "\r")
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.type") == "search"
    assert "found" in search(browser, "battery")
    browser.press("Escape", 27)
    assert browser.value("document.querySelector('#find input').value") == ""
    assert browser.value("document.body.classList.contains('filtering')") is False
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    heard = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    assert ("searchbox", "Search") in heard
    assert ("combobox", "Direction") in heard
    assert {"search", "status"} <= {role for role, _ in heard}


def test_without_scripts_the_page_is_whole_and_shows_no_search(browser: Browser, pages: dict[str, Path]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["sample"])
        assert browser.value("document.querySelector('#find').checkVisibility()") is False
        assert browser.value("document.querySelectorAll('main [hidden]:not(#find)').length") == 0
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_the_print_ends_with_an_index_of_quotations_that_can_be_left_out(
    browser: Browser, pages: dict[str, Path]
) -> None:
    def sheets() -> int:
        printed = base64.b64decode(browser.call("Page.printToPDF")["data"])
        return len(re.findall(rb"/Type\s*/Page[^s]", printed))

    browser.open(pages["sample"])
    seen = "document.querySelector('.index').checkVisibility()"
    assert browser.value(seen) is False  # on the page, quotations open where they belong
    told = browser.value("[...document.querySelectorAll('.index dt')].map(e => e.textContent)")
    assert told == browser.value(
        "[...document.querySelectorAll('#problems .point bdi, #loved .point bdi, #wishes .point bdi')]"
        ".filter(e => e.closest('.prose')).map(e => e.textContent)"
    )
    assert browser.value("document.querySelectorAll('.index dd').length") >= len(told)
    whole = sheets()
    browser.value("document.querySelector('#index input').click()")
    assert sheets() < whole
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.value(seen) is False
    browser.value("document.querySelector('#index input').click()")
    assert browser.value(seen) is True
