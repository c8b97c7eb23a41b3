"""Long passages that recur over many texts are set apart; short texts that recur are what people wrote."""

from __future__ import annotations

from pathlib import Path

from gistill.schema import Failure, Record
from gistill.screen import customer_spans, screen
from gistill.tables import read_records
from gistill.tables.boilerplate import find_boilerplate

NOTICE = (
    "This note is meant for its reader alone. If it came to you by mistake, please tell us and throw it away. We keep "
    "no copy of what you write for longer than the law asks of us. Case 4711 was opened for you. Our desk is open on "
    "weekdays. Have a good day."
)
SAID = ["The kettle hums.", "Lid is loose!", "Lovely spout.", "It leaks.", "Too heavy.", "Arrived late."]


def left(text: str, texts: list[str]) -> str:
    words, at = "", 0
    for stretch in find_boilerplate(texts).find(text):
        words += text[at : stretch.start]
        at = stretch.end
    return (words + text[at:]).strip()


def test_a_notice_under_every_text_is_found_by_counting_wherever_it_stands() -> None:
    under = [f"{said} {NOTICE}".replace("4711", str(number)) for number, said in enumerate(SAID)]
    assert [left(text, under) for text in under] == SAID
    above = [f"{NOTICE}\n{said}" for said in SAID]
    assert [left(text, above) for text in above] == SAID


def test_short_texts_and_titles_that_recur_stay() -> None:
    texts = [f"Nice kettle. I would buy it again and so would my friends. {said}" for said in SAID]
    assert [left(text, texts) for text in texts] == texts
    assert left("Nice kettle", ["Nice kettle"] * 50) == "Nice kettle"


def test_a_long_text_that_was_copied_whole_is_no_boilerplate() -> None:
    assert left(NOTICE, [NOTICE] * 50) == NOTICE


def test_what_stands_in_four_texts_alone_stays() -> None:
    texts = [f"{said} {NOTICE}" for said in SAID[:4]]
    assert left(texts[0], texts) == texts[0]


def test_texts_with_one_notice_are_different_people_and_the_notice_is_said(tmp_path: Path) -> None:
    path = tmp_path / "mails.csv"
    path.write_text("n,body\n" + "\n".join(f'{n},"{said} {NOTICE}"' for n, said in enumerate(SAID)), encoding="utf-8")
    items = list(screen(read_records(path)))
    kept = [item for item in items if isinstance(item, Record)]
    assert [r.text[s.start : s.end].strip() for r in kept for s in customer_spans(r)] == SAID
    assert {one.reason for record in kept for one in record.apart} == {"boilerplate"}
    (said,) = [item for item in items if isinstance(item, Failure)]
    assert said.kind == "boilerplate"
    assert said.detail.startswith(
        "a passage was set apart in 6 records, first 'This note is meant for its reader alone."
    )


def test_texts_that_differ_in_numbers_alone_are_one_text_and_no_boilerplate() -> None:
    texts = [NOTICE.replace("4711", str(number)) for number in range(20)]
    assert [left(text, texts) for text in texts] == texts
