"""A newcomer's path through the page, timed, with a screenshot of each step: `python benchmarks/walk_page.py OUT`.

It starts `gistill serve`, opens the page in the system's Chromium, drops samples/reviews.csv, waits for the report,
opens a point's quotes and a record, says that nobody said an opinion, and counts again. The seconds are those of the
machine; a person reads longer.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from serving import serving

SAMPLE = Path(__file__).parent.parent / "samples" / "reviews.csv"
WAIT = 300_000  # milliseconds


def walk(page: Page, url: str, out: Path) -> dict[str, float]:
    """Go the path; gives the seconds of each step."""
    steps: dict[str, float] = {}
    began = time.monotonic()

    def done(name: str) -> None:
        nonlocal began
        steps[name] = round(time.monotonic() - began, 1)
        page.screenshot(path=out / f"page-{len(steps)}.png")
        began = time.monotonic()

    page.set_default_timeout(WAIT)
    page.goto(url)
    page.set_input_files("#file", SAMPLE)
    page.wait_for_selector("#columns:not([hidden])")
    done("a file is dropped, and its columns are shown")
    page.click("#start")
    page.click("#jobs li:first-child >> text=Explore and correct")
    page.wait_for_selector("main")
    done("the report is made and opened")
    page.get_by_role("row").filter(has_text=re.compile(r"\d+ of \d+")).first.get_by_role("link").click()
    page.wait_for_selector(".quotes li")
    done("a number leads to its quotes")
    page.click("text=Open the record >> nth=0")
    page.wait_for_selector(".record mark")
    page.fill("#author", "A reader")
    page.locator("form.opinion").first.get_by_text("Nobody said this").click()
    page.wait_for_selector("[role=status]")
    done("a record is opened, and an opinion corrected")
    page.click("text=Count again")
    page.wait_for_selector("#state", state="detached")
    page.click("nav >> text=Overview")
    page.wait_for_selector("main")
    done("the report is counted again")
    return steps


def main() -> None:
    """Walk, and print the seconds."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path, help="folder of the screenshots")
    out = ask.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "jobs", "--writer", "none") as (url, _):
        ready = round(time.monotonic() - began, 1)
        with sync_playwright() as playwright:
            chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            steps = {"the service is ready": ready, **walk(page, url, out)}
            browser.close()
    print(json.dumps({**steps, "in all": round(sum(steps.values()), 1)}, indent=1))


if __name__ == "__main__":
    main()
