"""Sentences that attack people: found, counted, marked, and hidden in pages only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gistill.digest.report.masking import shown
from gistill.toxic import FEATURES, FILE, features, is_toxic

TEXTS = [json.loads(line) for line in (Path(__file__).parent / "toxic_texts.jsonl").read_text("utf-8").splitlines()]
Run = Callable[..., tuple[int, str, str]]


def test_the_written_set_has_two_halves_and_angry_customers() -> None:
    assert len(TEXTS) >= 300
    assert len({one["text"] for one in TEXTS}) == len(TEXTS)
    for part in ("learn", "held"):
        for toxic in (True, False):
            assert sum(one["part"] == part and one["toxic"] == toxic for one in TEXTS) >= 75


def test_the_held_half_is_told_as_it_was_when_it_was_scored_once() -> None:
    """66 of 78 attacks are found, and 1 of 82 angry or harmless texts is taken for one; docs/privacy.md says so."""
    held = [one for one in TEXTS if one["part"] == "held"]
    found = [one for one in held if is_toxic(one["text"])]
    assert sum(one["toxic"] for one in found) == 66
    assert sum(not one["toxic"] for one in found) == 1


@pytest.mark.parametrize(
    "clean",
    [
        "This damn phone is shit.",
        "The staff were rude and I want my money back!",
        "Worst hotel ever.",
        "The battery is a bitch to replace.",
        "",
    ],
)
def test_angry_customers_are_not_toxic(clean: str) -> None:
    assert not is_toxic(clean)


@pytest.mark.parametrize(
    "toxic",
    [
        "The manager is a moron.",
        "The m0r0n at the desk is an idi\u200bot.",
        "FUUUCK YOU",
        "ＹＯＵ ＡＲＥ ＡＮ ＩＤＩＯＴ",
    ],
)
def test_an_attack_in_disguise_is_one(toxic: str) -> None:
    assert is_toxic(toxic)


def test_the_weights_are_numbers_in_json_one_for_each_feature() -> None:
    head = json.loads(FILE.read_text(encoding="utf-8"))
    assert head["features"] == list(FEATURES)
    assert len(head["weights"]) == len(FEATURES) == len(features("You are an idiot."))
    assert all(isinstance(weight, float) for weight in head["weights"])
    assert [path.suffix for path in FILE.parent.iterdir() if path.suffix not in (".json", ".md")] == []


ATTACK = "The bad manager is a moron and a fat pig."


@pytest.mark.parametrize("names", [(), ("--show-names",)])
def test_attacks_are_counted_and_marked_and_hidden_only_where_that_is_wished(
    run: Run, tmp_path: Path, names: tuple[str, ...]
) -> None:
    rows = [
        {"id": f"{n}", "author": f"p{n}", "text": f"It has great sound, day {n}. {ATTACK if n < 3 else 'It broke.'}"}
        for n in range(6)
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    assert run("digest", "in.jsonl", "-o", "plain", "--writer", "none", *names)[0] == 0
    assert run("digest", "in.jsonl", "-o", "masked", "--writer", "none", "--mask-toxic", *names)[0] == 0
    plain, masked = (json.loads((tmp_path / name / "digest.json").read_bytes()) for name in ("plain", "masked"))
    assert (plain["attacks"]["opinions"], plain["attacks"]["of"]) == (3, 12)
    assert plain["attacks"]["quoted"]
    assert plain["tally"] == masked["tally"]
    assert [one["tally"] for one in plain["points"]] == [one["tally"] for one in masked["points"]]
    page = (tmp_path / "plain/report.html").read_text("utf-8")
    assert "attacks a person" in page
    assert "3 of 12 opinions stand in sentences that attack people" in page
    for name in ("report.html", "report.md", "points.csv", "aspects.csv"):
        assert "moron" not in (tmp_path / "masked" / name).read_text("utf-8")
    assert "[attack on a person hidden]" in (tmp_path / "masked/report.html").read_text("utf-8")
    assert "hidden in this report" in (tmp_path / "masked/report.md").read_text("utf-8")
    assert "moron" in (tmp_path / "masked/digest.json").read_text("utf-8")
    assert (tmp_path / "masked/opinions.jsonl").read_bytes() == (tmp_path / "plain/opinions.jsonl").read_bytes()


def test_what_is_hidden_keeps_every_quotation_exact() -> None:
    from gistill.schema import Attacks, Span
    from sample_digest import sample_digest

    base = sample_digest()
    spans = {o.record: (Span(start=o.sentence.start, end=o.sentence.end),) for o in base.cited[:4]}
    made = shown(base.model_copy(update={"attacks": Attacks(opinions=4, of=9, spans=spans, hidden=True)}))
    for opinion in made.cited:
        text = made.contexts[opinion.record].text
        for quote in (opinion.aspect, opinion.opinion):
            assert quote is None or text[quote.start : quote.end] == quote.text
