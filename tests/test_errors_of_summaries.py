"""What the rules find in a summary: one made error a code, and nothing where there is none."""

from __future__ import annotations

import pytest

from gistill.grounding.faults.reading import Reading
from gistill.grounding.faults.rules import check_summary
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.schema import Opinion, Quote, Span, Turn
from gistill.tables.transcripts import split_labels

TALK = (
    "customer: Hi, the kettle I bought 5 days ago does not switch off, and maybe the lid is cracked. "
    "I paid 40 dollars. "
    "agent: Sorry to hear that! Please send us a photo of the lid. "
    "customer: Done. It is slightly noisy too. "
    "agent: Thanks. We will refund the money next week. Your order KT-20931 is noted."
)
RIGHT = (
    "The customer bought a kettle 5 days ago for 40 dollars and complains that it does not switch off. "
    "The agent asks for a photo of the lid and will refund the money next week."
)


def talk(text: str = TALK) -> Reading:
    return Reading(text, tuple(Turn(start=a.start, end=a.end, role=a.role) for a in split_labels(text)))


def found(summary: str, source: Reading | None = None) -> set[str]:
    return {one.code for one in check_summary(summary, source or talk()).faults}


def test_a_right_summary_has_no_error() -> None:
    checked = check_summary(RIGHT, talk())
    assert checked.faults == ()
    assert checked.codes == {f"E{n}" for n in range(1, 15)} - {"E10"}


@pytest.mark.parametrize(
    ("code", "summary", "words"),
    [
        ("E1", "The agent asks for a photo of the lid and will refund the money next week.", ""),
        ("E2", "The customer bought a kettle 5 days ago and complains that it does not switch off.", ""),
        ("E3", f"{RIGHT} Neighbours wanted gardening gloves.", "Neighbours wanted gardening gloves"),
        ("E4", "The customer's kettle switches off. The agent will refund the money.", "kettle switches off"),
        ("E4", RIGHT.replace("agent asks for", "agent did not ask for"), "agent did not ask"),
        ("E5", RIGHT.replace("The agent asks for", "The customer asks for"), "customer asks for a photo"),
        ("E6", RIGHT.replace("5 days", "9 days"), "9"),
        ("E6", RIGHT.replace("40 dollars", "5 dollars"), "5"),
        ("E6", RIGHT.replace("kettle", "kettle from Brownfield"), "Brownfield"),
        ("E6", RIGHT.replace("the money", "the money for KT-77231"), "KT-77231"),
        ("E7", "The customer tells that the lid of the kettle is cracked. The agent will refund the money.", ""),
        ("E8", RIGHT.replace("will refund the money", "has refunded the money"), "has refunded"),
        ("E9", f"{RIGHT} The agent asks for a photo of the lid, and will refund the money next week.", ""),
        ("E9", f"Hi, {RIGHT}", "Hi,"),
        ("E11", RIGHT.removesuffix(" next week.") + " and the", ""),
        ("E11", f"**{RIGHT}**", ""),
        ("E12", RIGHT.replace("a photo", "a photo to help@example.com"), "help@example.com"),
        ("E13", RIGHT.replace("The customer bought", "Many customers bought"), "Many customers"),
        ("E14", RIGHT.replace("it does", "it is extremely noisy and does"), "extremely noisy"),
    ],
)  # fmt: skip
def test_each_made_error_is_found_where_it_stands(code: str, summary: str, words: str) -> None:
    faults = [one for one in check_summary(summary, talk()).faults if one.code == code]
    assert faults, check_summary(summary, talk()).faults
    span = faults[0].span
    if words:
        assert span is not None
        assert words in summary[span.start : span.end]
    for one in faults:
        assert one.tier == "rules"
        assert one.confidence is None  # nobody measured it
        assert one.span is None or 0 <= one.span.start < one.span.end <= len(summary)
        assert one.source is None or 0 <= one.source.start < one.source.end <= len(TALK)
        assert one.says.endswith((".", "”."))


def test_the_value_that_is_right_is_given_with_its_place() -> None:
    [one] = check_summary(RIGHT.replace("5 days", "9 days"), talk()).faults
    assert one.value == "5"
    assert one.source is not None
    assert TALK[one.source.start : one.source.end] == "5"


def test_numbers_in_words_and_digits_are_the_same_and_small_counts_are_not_looked_at() -> None:
    assert "E6" not in found(RIGHT.replace("5 days", "five days"))
    assert "E6" not in found(f"{RIGHT} The customer wants two things.")
    assert "E6" in found(RIGHT.replace("5 days", "seven days"))


def test_a_complaint_about_something_does_not_deny_that_it_fails() -> None:
    source = talk("customer: Hi, my app on the phone does not load the playlist. agent: Please restart the app.")
    assert found("Customer complains about loading the playlist in the app. Agent asks to restart.", source) == set()
    assert "E4" in found("The app loads the playlist. The agent asks to restart the app.", source)


def test_what_cannot_be_asked_is_not_said_to_be_checked() -> None:
    document = check_summary("The lamp is bright.", Reading("The lamp is bright and costs little, says the shop."))
    assert not document.codes & {"E1", "E2", "E5", "E13"}  # nobody speaks in it
    other = "客户的水壶关不掉。客服请他寄一张照片，并且会退款。" * 3
    assert check_summary("客户的水壶关不掉。", Reading(other)).codes == {"E6", "E9", "E11", "E12"}
    assert check_summary("Fine.", Reading("  ")).codes == {"E11"}


def test_a_summary_that_is_empty_longer_or_in_another_language_is_a_finding() -> None:
    assert [one.rule for one in check_summary(" ", talk()).faults] == ["empty"]
    long = "The customer says that the small kettle is broken and that it cannot be used any more today at all."
    assert "longer" in [one.rule for one in check_summary(long, Reading("The kettle is broken.")).faults]
    german = "Der Kunde sagt, dass der Kessel nicht mehr ausgeht und dass er das Geld zurück haben will."
    assert "language" in [one.rule for one in check_summary(german, talk()).faults]


def test_five_hundred_turns_are_read_in_reasonable_time() -> None:
    turns = "".join(
        f"customer: The item {n} is late by {n} days. agent: We will look into item {n}. " for n in range(250)
    )
    checked = check_summary(
        "The customer says that item 77 is late by 78 days. The agent will look into it.", talk(turns)
    )
    assert "E1" in checked.codes


def test_everyone_and_most_are_held_against_people_who_feel_the_opposite() -> None:
    texts = ["The soup was great.", "The soup was cold.", "The soup was bland."]
    source = "\n\n".join(texts)
    spans = tuple(Span(start=source.index(text), end=source.index(text) + len(text)) for text in texts)

    def opinion(text: str, whole: str, words: str, polarity: str) -> Opinion:
        at, thing, said = whole.index(text), whole.index("soup", whole.index(text)), whole.index(words)
        return Opinion(
            id=words, record="r", sentence=Span(start=at, end=at + len(text)),
            aspect=Quote(start=thing, end=thing + 4, text="soup"),
            opinion=Quote(start=said, end=said + len(words), text=words), polarity=polarity, confidence=None,
        )  # type: ignore[arg-type]  # fmt: skip

    there = [
        opinion(texts[0], source, "great", "positive"), opinion(texts[1], source, "cold", "negative"),
        opinion(texts[2], source, "bland", "negative"),
    ]  # fmt: skip
    reading = Reading(source, texts=spans)
    for summary, wrong in (("Most people find the soup great.", True), ("Some people find the soup great.", False)):
        said = [opinion(summary, summary, "great", "positive")]
        codes = {one.code for one in check_summary(summary, reading, opinions=(said, there)).faults}
        assert ("E13" in codes) is wrong
    assert "E13" in {one.code for one in check_summary("7 people like soup.", reading, opinions=([], there)).faults}


@pytest.mark.parametrize(("people", "found"), [(3, True), (2, False)])
def test_blame_where_several_people_only_praise_is_a_contradiction(people: int, found: bool) -> None:
    texts = ["The soup was lovely.", "Fine soup for all.", "We liked the soup."][:people]
    source = "\n\n".join(texts)
    spans = tuple(Span(start=source.index(text), end=source.index(text) + len(text)) for text in texts)

    def opinion(text: str, whole: str, polarity: str) -> Opinion:
        at = whole.index(text)
        thing = whole.index("soup", at)
        return Opinion(
            id=text, record="r", sentence=Span(start=at, end=at + len(text)),
            aspect=Quote(start=thing, end=thing + 4, text="soup"),
            opinion=Quote(start=at, end=at + 3, text=whole[at : at + 3]), polarity=polarity, confidence=None,
        )  # type: ignore[arg-type]  # fmt: skip

    summary = "Bad soup is what people find."
    there = [opinion(text, source, "positive") for text in texts]
    checked = check_summary(
        summary, Reading(source, texts=spans), opinions=([opinion(summary, summary, "negative")], there)
    )
    assert ("polarity" in [one.rule for one in checked.faults]) is found
    assert "E4" in checked.codes


def test_the_taxonomy_in_the_package_has_all_codes_and_a_copy_can_be_changed(tmp_path) -> None:
    shipped = load_taxonomy()
    assert list(shipped) == [f"E{n}" for n in range(1, 15)]
    assert [code for code, one in shipped.items() if one.validated == "nothing"] == ["E10"]
    for one in shipped.values():
        assert one.example is not None
        assert one.example.summary != one.example.right
    mine = tmp_path / "mine.yaml"
    mine.write_text("- {code: X1, name: Tone, definition: It is rude.}\n", encoding="utf-8")
    assert load_taxonomy(mine)["X1"].validated == "nothing"
    from gistill.errors import InputError

    for wrong in ("- {code: X1}\n", "a: b\n", "- {code: X1, name: a, definition: b}\n" * 2, "- [\n"):
        mine.write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError):
            load_taxonomy(mine)
