"""Briefs of conversations: turns and channels, how a conversation ended, and sentences that stand on turns."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fake_reader import FakeReader
from gistill.cli import app
from gistill.digest.briefs.in_digest import with_briefs
from gistill.digest.briefs.outcome import FILE, ending, features, rules_hash
from gistill.digest.briefs.talk import Said, channel_by_shape, talk_of
from gistill.digest.briefs.writing import make_briefs
from gistill.digest.extract import extract
from gistill.digest.report.briefs import COLUMNS, brief_markdown, brief_row
from gistill.digest.report.writing import write_report
from gistill.digest.run import digest as make_digest
from gistill.grounding.spoken import SpokenTurn, check_spoken
from gistill.lm.fake import ScriptedModel
from gistill.lm.weights import SUMMARY_WRITER
from gistill.schema import Apart, Brief, Digest, Failure, Point, Record, Turn
from gistill.tables import csv_lines
from gistill.tables.conversations import render_messages


def talk(*turns: tuple[str, str], **about: object) -> Record:
    """Make a record of turns, written one under another."""
    text, made = "", []
    for role, words in turns:
        start = len(text) + len(role) + 2
        text += f"{role}: {words}\n"
        if words:
            made.append(Turn(start=start, end=start + len(words), role=role))
    return Record.model_validate({"id": "c1", "text": text, "turns": made, **about})


def said(*turns: tuple[str, str]) -> tuple[Said, ...]:
    return talk_of(talk(*turns)).said


def test_turns_have_speakers_and_signatures_are_not_words() -> None:
    record = talk(("user", "It broke."), ("bot", "Hi!"), ("Ann", "Sorry. Kind regards, Ann"), ("internal note", "vip"))
    at = record.text.index("Kind regards")
    found = talk_of(record.model_copy(update={"apart": (Apart(start=at, end=at + 17, reason="signature"),)}))
    assert [(turn.number, turn.speaker, turn.text) for turn in found.said] == [
        (1, "customer", "It broke."),
        (2, "bot", "Hi!"),
        (3, "agent", "Sorry."),
        (4, "note", "vip"),
    ]


def test_a_bot_in_a_file_of_messages_is_a_bot() -> None:
    cell = render_messages([{"role": "bot", "content": "Hi, I am Dot."}, {"role": "customer", "content": "Hello."}])
    found = talk_of(Record(id="a", text=cell.text, turns=cell.turns))
    assert [turn.speaker for turn in found.said] == ["bot", "customer"]
    assert found.channel == "bot chat"


def test_a_text_without_turns_is_the_customers_and_nothing_is_nothing() -> None:
    assert [turn.speaker for turn in talk_of(Record(id="a", text="My kettle leaks.")).said] == ["customer"]
    assert talk_of(Record(id="a", text="")).said == ()
    assert talk_of(Record(id="a", text="My kettle leaks.")).channel is None


@pytest.mark.parametrize(
    ("column", "cell", "channel"),
    [
        ("Channel", "Live chat", "teammate chat"),
        ("channel", "CHATBOT", "bot chat"),
        ("Source", "E-mail", "e-mail"),
        ("via", "web_form", "web form"),
        ("Medium", "carrier pigeon", "teammate chat"),  # not known, so the shape decides
        ("Mood", "e-mail", "teammate chat"),  # no such column
    ],
)
def test_a_column_says_the_channel_else_the_shape_does(column: str, cell: str, channel: str) -> None:
    assert talk_of(talk(("user", "Hi"), ("agent", "Hello"), meta={column: cell})).channel == channel


def test_the_channel_by_shape() -> None:
    letter = "Dear team, " + "the parcel that I ordered in May has not come. " * 5
    assert channel_by_shape(said(("user", letter), ("agent", letter))) == "e-mail"
    assert channel_by_shape(said(("bot", "Hi, I am Dot."), ("user", "agent"), ("agent", "Hello"))) == "bot chat"
    form = "Name: Ann\nOrder: 12\nIt broke."
    assert channel_by_shape(said(("user", form), ("agent", "We send a new one."))) == "web form"
    assert (
        channel_by_shape(
            said(
                ("user", "hello?"),
            )
        )
        is None
    )


SOLVED = (("user", "My bill is wrong."), ("agent", "I have corrected it."), ("user", "Thanks, works now."))
MOVED = (("user", "I was charged twice."), ("agent", "I've forwarded this, our billing team will call you."))
OPEN = (("user", "Where is it?"), ("agent", "I can't say. I will ask the driver."), ("user", "And my refund?"))


@pytest.mark.parametrize(("turns", "outcome", "turn"), [(SOLVED, "solved", 3), (MOVED, "moved", 2), (OPEN, "open", 3)])
def test_the_last_turns_say_how_it_ended(turns: tuple[tuple[str, str], ...], outcome: str, turn: int) -> None:
    assert ending(said(*turns)) == (outcome, turn)


def test_thanks_at_the_beginning_solve_nothing_and_one_side_alone_is_not_judged() -> None:
    assert ending(said(("user", "Thanks for nothing."), *OPEN)) == ("open", 4)
    assert ending(said(("user", "It works, thank you!"))) is None
    assert ending(()) is None


@pytest.mark.parametrize(
    ("issue", "answer", "outcome"),
    [
        ("Where is my order?", "Which order is it?", "open"),
        ("Charged twice!", "Please send us a direct message with your account number.", "moved"),
        ("My bill is wrong.", "I have corrected it.", "solved"),
        ("My bill is wrong.", "I will look into it.", "open"),
        ("Your trains are a disgrace.", "Sorry to hear that.", "open"),
        ("Four weeks without my refund!", "Thanks for your patience, you will be contacted shortly.", "open"),
    ],
)
def test_politeness_and_promises_solve_nothing(issue: str, answer: str, outcome: str) -> None:
    end = ending(said(("user", issue), ("agent", answer), ("internal note", "forwarded")))
    assert end is not None
    assert end.outcome == outcome


def test_where_no_sign_says_the_outcome_the_last_turn_is_named() -> None:
    end = ending(said(("user", "abc"), ("agent", "def"), ("internal note", "forwarded")))
    assert end is not None
    assert end.turn == 2


def test_the_head_was_taught_with_the_signs_that_it_sees() -> None:
    assert json.loads(FILE.read_text("utf-8"))["rules"] == rules_hash()
    with_turn = features(said(("user", "It works."), ("agent", "Great.")))
    assert with_turn.shape == (len(json.loads(FILE.read_text("utf-8"))["weights"]),)
    gone = features(said(("user", "abc"), ("agent", "def")))
    size = (len(gone) - 26) // 4
    assert not gone[size : 2 * size].any()
    assert not gone[3 * size : 4 * size].any()
    assert gone[:size].any()


LAMP = [
    SpokenTurn(1, True, "My lamp came broken on 4 May, order 7712, and the box was not damaged."),
    SpokenTurn(2, False, "Sorry! A new lamp comes by courier on Friday."),
]


@pytest.mark.parametrize(
    ("sentence", "turns"),
    [
        ("The customer says that the lamp of order 7712 came broken.", (1,)),
        ("The agent sends a new lamp by courier on Friday.", (2,)),
        ("A broken lamp is replaced by a new lamp from the courier on Friday.", (1, 2)),
    ],
)
def test_a_sentence_stands_on_the_turns_of_its_speaker(sentence: str, turns: tuple[int, ...]) -> None:
    grounded = check_spoken(sentence, LAMP)
    assert grounded.check.verdict == "supported", grounded.check.reasons
    assert grounded.turns == turns


@pytest.mark.parametrize(
    ("sentence", "code", "words"),
    [
        ("The customer says that order 7721 came with a broken lamp.", "support", "7721"),
        ("The customer sends a new lamp by courier on Friday.", "support", "new"),  # it was the agent
        ("The agent sends the lamp by courier to Lisbon on Friday.", "support", "Lisbon"),
        ("The customer says that the box was damaged.", "contradiction", "damaged"),
        ("The agent is happy to help the customer.", "support", None),
        ("We send a new lamp on Friday.", "person", "We"),
        ("Der Kunde hat eine kaputte Lampe.", "support", "Der"),
        ("The agent provided help.", "support", None),
    ],
)
def test_a_sentence_falls_with_code_and_place(sentence: str, code: str, words: str | None) -> None:
    check = check_spoken(sentence, LAMP).check
    assert check.verdict == "not_supported"
    found = next(finding for finding in check.findings if finding.code == code)
    assert (found.span and sentence[found.span.start : found.span.end]) == words


FRIDGE = [
    SpokenTurn(1, True, "My fridge leaks."),
    SpokenTurn(2, False, "Which floor do you live on?"),
    SpokenTurn(3, False, "We refund repairs within the warranty."),
    SpokenTurn(4, False, "A mechanic calls you tomorrow and looks at the fridge."),
]


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("The agent says that a mechanic calls tomorrow and looks at the fridge.", True),
        ("The agent says that a mechanic calls tomorrow.", True),
        ("The agent refunds the repairs of the fridge tomorrow.", False),  # 4 words, of which one turn says 2
        ("The agent refunds repairs of the fridge.", False),  # 2 of 3
        ("The agent refunds repairs within the warranty.", True),
        ("The agent asks for the floor and looks at the fridge.", False),  # two turns, joined
    ],
)
def test_what_is_put_together_from_several_turns_falls(sentence: str, stands: bool) -> None:
    check = check_spoken(sentence, FRIDGE).check
    assert (check.verdict == "supported") is stands, check.reasons
    assert stands or any("put together from several" in reason for reason in check.reasons)


def test_one_word_of_five_may_be_the_writers_own() -> None:
    own = "The agent says that a replacement lamp comes by courier on Friday, which is new."
    assert check_spoken(own, LAMP).check.verdict == "supported"
    assert check_spoken("The agent mentions a replacement lamp.", LAMP).check.failed == ("support",)


BROKEN = (
    ("user", "Hello there. My lamp came broken on 4 May, order 7712. I want my money back."),
    ("bot", "Hi, I am Dot! How can I help?"),
    ("agent", "Sorry to hear that. I have ordered a new lamp for order 7712. It will come on Friday."),
    ("user", "Perfect, thanks!"),
)


def briefs(*records: Record, writer: object = None, **about: object) -> list[Brief]:
    return list(make_briefs(records, writer=writer, **about))  # type: ignore[arg-type]


def slots(brief: Brief) -> dict[str, str]:
    return {one.slot: one.text for one in brief.sentences}


def test_without_a_model_a_brief_is_in_the_words_of_the_conversation() -> None:
    record = talk(*BROKEN)
    [brief] = briefs(record)
    assert slots(brief) == {
        "issue": "My lamp came broken on 4 May, order 7712.",
        "done": "I have ordered a new lamp for order 7712.",
        "outcome": "Perfect, thanks!",
        "next": "It will come on Friday.",
    }
    assert [(one.turns, one.speaker) for one in brief.sentences] == [
        ((1,), "customer"), ((3,), "agent"), ((4,), "customer"), ((3,), "agent")
    ]  # fmt: skip
    assert all(one.text in record.text for one in brief.sentences)
    assert (brief.outcome, brief.outcome_turn, brief.turns, brief.channel) == ("solved", 4, 4, "bot chat")


def test_what_the_model_writes_stands_where_the_turns_carry_it_and_is_replaced_where_not() -> None:
    model = ScriptedModel(
        ["The customer says that the lamp of order 7712 came broken. The agent has refunded 40 euros for the lamp."]
    )
    [brief] = briefs(talk(*BROKEN), writer=model)
    issue, done = brief.sentences[:2]
    assert (issue.origin, issue.turns, issue.speaker) == ("writer", (1,), None)
    assert (done.origin, done.text) == ("words", "I have ordered a new lamp for order 7712.")
    assert [failure.kind for failure in brief.refused] == ["not_supported"]
    assert "refunded" in brief.refused[0].detail


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot help with that.", "Der Kunde hat eine Lampe.", Failure(kind="timeout"), "The customer is"],
)
def test_an_answer_that_is_none_costs_nothing_and_is_counted(answer: str | Failure) -> None:
    [brief] = briefs(talk(*BROKEN), writer=ScriptedModel([answer]))
    assert slots(brief) == slots(briefs(talk(*BROKEN))[0])
    assert brief.refused
    assert brief.refused[0].record == "c1"


def test_five_hundred_turns_are_summed_up_in_pieces_and_those_left_out_are_counted() -> None:
    """Each turn has 99 characters, so a piece has 16, and twelve pieces of 32 are shown: 192 of 500 turns."""
    middle = [("user" if n % 2 else "agent", f"This is about part {n:03d} ".ljust(99, "x")) for n in range(498)]
    record = talk(("user", BROKEN[0][1].ljust(99)[:99]), *middle, BROKEN[2])
    model = ScriptedModel(lambda request: "The agent has ordered a new lamp for order 7712.")
    [brief] = briefs(record, writer=model)
    [asked] = model.calls
    assert len(asked) == 12
    assert all(len(request.messages[-1].content) < 2_000 for request in asked)
    assert BROKEN[0][1][:40] in asked[0].messages[-1].content
    assert BROKEN[2][1][:40] in asked[-1].messages[-1].content
    assert (brief.turns, brief.left_out) == (500, 500 - 12 * 16 + (16 - 500 % 16) % 16)
    assert slots(brief)["done"] == "The agent has ordered a new lamp for order 7712."
    assert slots(briefs(record)[0])["issue"].startswith("My lamp came broken")


def test_a_turn_that_is_too_long_for_the_model_is_counted_and_still_quoted() -> None:
    long = " ".join(f"Then part {n} fell off." for n in range(200))
    model = ScriptedModel(lambda request: "Nothing.")
    [brief] = briefs(talk(("user", f"My lamp came broken. {long}"), ("agent", "I have replaced it.")), writer=model)
    assert brief.left_out == 1
    assert len(model.calls[0][0].messages[-1].content) < 2_000
    assert slots(brief)["issue"] in ("My lamp came broken.", "Then part 0 fell off.")


def test_empty_and_one_turn_conversations_are_said_to_be_so() -> None:
    model = ScriptedModel([])
    nobody, empty, one = briefs(
        Record(id="n", text=""),
        Record(id="e", text=" \n"),
        Record(id="o", text="My kettle leaks since Monday."),
        writer=model,
    )
    assert nobody.sentences == empty.sentences == ()
    assert nobody.note == empty.note == "Nobody says anything"
    assert one.note == "Only one side speaks, so how it ended is not judged"
    assert slots(one) == {"issue": "My kettle leaks since Monday."}
    assert (one.outcome, one.turns) == (None, 1)


def test_a_conversation_in_another_language_keeps_its_own_words_and_is_not_judged() -> None:
    german = talk(
        ("Kunde", "Hallo. Meine Lampe ist kaputt und ich möchte das Geld zurück."),
        ("Berater", "Das tut mir leid. Wir haben das Geld heute an Sie überwiesen."),
    )
    model = ScriptedModel([])
    [brief] = briefs(german, writer=model)
    assert model.calls == []
    assert brief.outcome is None
    assert "not in English" in brief.note
    assert slots(brief) == {
        "issue": "Meine Lampe ist kaputt und ich möchte das Geld zurück.",
        "done": "Wir haben das Geld heute an Sie überwiesen.",
    }


def test_an_aspect_restricts_the_brief_to_its_turns_and_their_answers() -> None:
    record = talk(
        ("user", "The delivery was late."), ("agent", "I have refunded the delivery fee."),
        ("user", "Also the lamps flicker badly."), ("agent", "I have ordered new bulbs."), ("user", "Fine."),
    )  # fmt: skip
    [brief] = briefs(record, aspects=["lamp"])
    assert slots(brief)["issue"] == "Also the lamps flicker badly."
    assert slots(brief)["done"] == "I have ordered new bulbs."
    [none] = briefs(record, aspects=["invoice"])
    assert (none.sentences, none.note) == ((), "Nobody speaks of invoice")
    model = ScriptedModel([""])
    briefs(record, aspects=["lamp", "bulb"], writer=model)
    question = model.calls[0][0].messages[-1].content
    assert "delivery" not in question
    assert question.endswith("Speak only about this: lamp or bulb.")


@given(st.lists(st.tuples(st.sampled_from(["user", "agent", "bot", "Zoë", "note"]), st.text(max_size=60)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_whatever_is_said_every_record_has_a_brief_of_its_own_words(turns: list[tuple[str, str]]) -> None:
    record = talk(*turns)
    [brief] = briefs(record)
    words = " ".join(record.text.split())
    assert brief.record == "c1"
    for one in brief.sentences:
        assert one.text.removesuffix("…").rstrip() in words
        assert all(1 <= number <= brief.turns for number in one.turns)
    assert len(brief_row(brief)) == len(COLUMNS)


def test_markdown_is_escaped_and_a_table_has_no_formula() -> None:
    record = talk(("user", "=cmd() <b>not</b> *my* lamp came broken"), ("agent", "I have replaced it."), id="a|b")
    formula = talk(("user", "My lamp came broken."), ("agent", "I have replaced it."), id="=cmd()")
    [brief] = briefs(record)
    shown = brief_markdown(brief)
    assert "<b>" not in shown
    assert "\\*my\\*" in shown
    assert "## a&#124;b" in shown
    assert "“=cmd()" in next(line for line in csv_lines(COLUMNS, [brief_row(brief)]) if "cmd" in line)
    assert "'=cmd()" in next(line for line in csv_lines(COLUMNS, map(brief_row, briefs(formula))) if "cmd" in line)


def run(*args: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["summarize", *args], input=given)


def export(path: Path) -> Path:
    """Write three conversations as a help desk would: solved, moved, and one without words; and a row that is none."""
    rows = [
        {"id": name, "channel": "Live chat", "messages": [{"role": role, "content": said} for role, said in turns]}
        for name, turns in (("a", SOLVED), ("b", MOVED), ("c", (("user", " "),)))
    ]
    lines = [*map(json.dumps, rows), json.dumps({"id": "d", "channel": "Live chat", "messages": "broken"})]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_command_writes_markdown_csv_and_json_and_says_that_no_model_writes(tmp_path: Path) -> None:
    file = export(tmp_path / "chats.jsonl")
    shown = run(str(file), "--writer", "none")
    assert shown.exit_code == 0
    assert "## a\n\nteammate chat, 3 turns: **solved (turn 3)**" in shown.stdout
    assert "solved: 1 of 2 judged" in shown.stdout
    assert "not judged: 1" in shown.stdout
    assert "1 bad_row" in shown.stderr
    assert run(str(file), "--writer", "none", "-o", str(tmp_path / "briefs.csv")).exit_code == 0
    with (tmp_path / "briefs.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["conversation"], row["outcome"], row["done_by"]) for row in rows] == [
        ("a", "solved", "agent"), ("b", "moved", "agent"), ("c", "", "")
    ]  # fmt: skip
    found = json.loads(run(str(file), "--writer", "none", "--to", "json").stdout)
    assert [brief["outcome"] for brief in found["briefs"]] == ["solved", "moved", None]
    assert found["failures"] == {"bad_row": 1}
    assert found["writer"] is None


def test_the_command_reads_standard_input_and_a_transcript() -> None:
    done = run(
        "-", "--writer", "none", "--to", "csv", given="Customer: My lamp came broken.\nAgent: I have replaced it.\n"
    )
    assert done.exit_code == 0, done.stderr
    assert "My lamp came broken." in done.stdout
    assert "I have replaced it." in done.stdout


def test_a_model_of_the_package_is_used_and_its_absence_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = export(tmp_path / "chats.jsonl")
    monkeypatch.setattr("gistill.lm.weights.SHIPPED", tmp_path)
    assert "There is no model that sums up conversations" in run(str(file)).stderr
    (tmp_path / SUMMARY_WRITER).mkdir()
    model = ScriptedModel(lambda request: "The agent has corrected the bill.")
    monkeypatch.setattr(
        "gistill.digest.briefs.in_digest.load_writer", lambda name: model if name == SUMMARY_WRITER else None
    )
    found = json.loads(run(str(file), "--to", "json").stdout)
    assert found["writer"] == "scripted scripted:scripted"
    assert len(model.calls[0]) == 2  # one question about each conversation with words


@pytest.mark.parametrize(
    ("name", "said"),
    [("none/x.csv", "its folder does not exist"), ("x.txt", "is not known"), (".", "is a folder")],
)
def test_a_result_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, name: str, said: str
) -> None:
    done = run(str(export(tmp_path / "chats.jsonl")), "-o", str(tmp_path / name))
    assert done.exit_code == 2
    assert said in done.stderr


KETTLE = ["My kettle broke and the lid fell off.", "It is a bad kettle, it leaks.", "The kettle broke again."]


def support(answers: list[str]) -> list[Record]:
    return [
        talk(("user", words), ("agent", answer), id=f"k{n}", author=f"u{n}")
        for n, (words, answer) in enumerate(zip(KETTLE, answers, strict=True))
    ]


ANSWERS = [
    "I have replaced it.",
    "I have forwarded it, our repair team will call you. It is great.",
    "I can't say. I will ask.",
]


def with_point(records: list[Record]) -> Digest:
    """Make a digest of records in which all customers make one point, as the walk would."""
    made = make_digest(records, reader=FakeReader(), writer=None)
    opinions = extract(records, reader=FakeReader()).opinions
    point = Point(
        id="p",
        name="leaks",
        category=None,
        direction="negative",
        strength=None,
        opinions=tuple(one.id for one in opinions),
        quotes=tuple(one.id for one in opinions[:3]),
        tally=made.tally,
    )
    whole = {"points": (point,), "cited": tuple(opinions), "contexts": {record.id: record for record in records}}
    return with_briefs(made.model_copy(update=whole), records, opinions, with_model=False, progress=print, say=print)


def test_a_digest_has_a_brief_of_each_conversation_and_says_how_they_ended() -> None:
    made = make_digest(support(ANSWERS), reader=FakeReader(), writer=None)
    assert [(brief.record, brief.outcome) for brief in made.briefs] == [
        ("k0", "solved"), ("k1", "moved"), ("k2", "open")
    ]  # fmt: skip
    assert made.outcomes is not None
    assert (made.outcomes.solved.count, made.outcomes.moved.count, made.outcomes.open.of) == (1, 1, 3)
    assert made.made_with["briefs"] == "none (own words alone)"


def test_reviews_have_no_briefs_and_their_files_do_not_speak_of_them(tmp_path: Path) -> None:
    reviews = [Record(id=f"r{n}", text=words, author=f"u{n}") for n, words in enumerate(KETTLE)]
    made = make_digest(reviews, reader=FakeReader(), writer=None, folder=tmp_path)
    assert (made.briefs, made.outcomes) == ((), None)
    assert "briefs" not in made.made_with
    assert not (tmp_path / "briefs.csv").exists()
    assert "outcomes" not in (tmp_path / "digest.json").read_text(encoding="utf-8")
    assert "Conversations" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_point_says_how_its_conversations_ended_and_the_report_shows_it(tmp_path: Path) -> None:
    made = with_point(support(ANSWERS))
    [point] = made.points
    assert point.outcomes is not None
    assert (point.outcomes.solved.count, point.outcomes.moved.count, point.outcomes.open.count) == (1, 1, 1)
    write_report(made, tmp_path)
    words = "of 3 conversations 1 solved (33%), 1 moved elsewhere (33%), 1 open (33%)"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert words in page
    assert "The conversation (teammate chat, 2 turns): moved elsewhere" in page
    assert "What was done, agent in turn 2: <bdi>“I have replaced it.”</bdi>" in page
    assert f"How it ended, {words}" in (tmp_path / "report.md").read_text(encoding="utf-8")
    with (tmp_path / "points.csv").open(encoding="utf-8-sig", newline="") as opened:
        row = next(csv.DictReader(opened))
    assert (row["conversations_judged"], row["solved"], row["moved"], row["open"]) == ("3", "1", "1", "1")
    with (tmp_path / "briefs.csv").open(encoding="utf-8-sig", newline="") as opened:
        assert [row["outcome"] for row in csv.DictReader(opened)] == ["solved", "moved", "open"]
    points = openpyxl.load_workbook(tmp_path / "report.xlsx")["Points"].iter_rows(values_only=True)
    cells = dict(zip(*points, strict=True))
    assert [cells[name] for name in ("conversations judged", "solved", "moved", "open")] == [3, 1, 1, 1]
    assert Digest.model_validate_json((tmp_path / "digest.json").read_bytes()) == made


def test_the_report_says_in_short_how_conversations_ended_and_how_sure_that_is(tmp_path: Path) -> None:
    write_report(with_point(support(ANSWERS)), tmp_path)
    words = (
        "of 3 conversations 1 solved (33%), 1 moved elsewhere (33%), 1 open (33%); a hint: told from the last turns,"
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    short = page.split('id="glance"')[1].split("</section>")[0]
    assert f'How the <a href="#conversations">conversations</a> ended, {words} right in about two of three.' in short
    assert page.count(words) >= 2  # beside the point too
    shown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"- How the conversations ended, {words}" in shown.split("## In short")[1].split("## ")[0]
    for promised in (page, shown):
        assert "at least" not in promised
        assert "can hold some who say something near: open the quotations before you act" in promised
    assert "a model wrote what stands without them. It passed a check of its words and can still be false" in page


def test_a_quoted_conversation_is_one_turn_a_line(tmp_path: Path) -> None:
    """The window of the opinion begins inside the agent's second turn, which is still called the agent's."""
    far = "Our workshop is in the old mill by the river, and it is open from nine to five. " * 3
    record = talk(
        ("user", "Hello."), ("agent", f"Hello! {far.strip()}"), ("user", "My kettle broke."), ("agent", "Got it!"),
        id="k0",
    )  # fmt: skip
    others = [talk(("user", words), ("agent", "Sorry!"), id=f"k{n}", author=f"u{n}") for n, words in enumerate(KETTLE)]
    write_report(with_point([record, *others[1:]]), tmp_path)
    shown = (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()
    at = shown.index("  > user: My kettle broke.")
    assert shown[at - 2].startswith("  > agent: … ")
    assert shown[at - 2].endswith("open from nine to five.")
    assert shown[at + 2] == "  > agent: Got it!"
    assert shown[at - 1] == shown[at + 1] == "  >"


def test_quotes_stand_in_quotation_marks_in_tables_and_a_model_s_sentences_do_not(tmp_path: Path) -> None:
    records = support(["I have replaced the kettle.", "=1+1 is what I have forwarded.", "I can't say. I will ask."])
    written, quoted, formula = (
        briefs(records[0], writer=ScriptedModel(lambda request: "The agent has replaced the kettle."))[0],
        briefs(records[2])[0],
        briefs(records[1])[0].model_copy(update={"record": "=1+1", "note": "@SUM(A1)"}),
    )
    made = make_digest(records, reader=FakeReader(), writer=None)
    write_report(made.model_copy(update={"briefs": (written, quoted, formula), "shows_names": True}), tmp_path)
    with (tmp_path / "briefs.csv").open(encoding="utf-8-sig", newline="") as opened:
        first, second, _ = csv.DictReader(opened)
    assert (first["issue"], first["done"]) == (f"“{KETTLE[0]}”", "The agent has replaced the kettle.")
    assert (second["done"], second["written_by"]) == ("“I can't say.”", "the conversation's own words")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    header, *rows = book["Briefs"].iter_rows(values_only=True)
    shown = [dict(zip(header, row, strict=True)) for row in rows]
    slots = ("issue", "done", "outcome words")
    names = ("conversation", "outcome", *(cell for slot in slots for cell in (slot, f"{slot} source")))
    assert header[:10] == (*names, "next step", "next step source")
    assert [shown[0][name] for name in names[:6]] == [
        "k0", "solved", f"“{KETTLE[0]}”", "quote", "The agent has replaced the kettle.", "model"
    ]  # fmt: skip
    assert [shown[1][name] for name in names[4:]] == ["“I can't say.”", "quote", "“I will ask.”", "quote"]
    assert [cell.data_type for cell in book["Briefs"][4] if cell.value in ("=1+1", "@SUM(A1)")] == ["s", "s"]
    assert any("right in about two of three" in str(row[0]) for row in book["About"].iter_rows(values_only=True))


def test_a_digest_says_how_far_the_briefs_are_and_how_long_they_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty conversations are given to the model in eights; before it begins, it is said that this takes long."""
    model = ScriptedModel(lambda request: "The agent has replaced the kettle.")
    monkeypatch.setattr("gistill.digest.briefs.in_digest.load_summary_writer", lambda say: model)
    records = [
        talk(("user", KETTLE[0]), ("agent", "I have replaced it."), id=f"k{n}", author=f"u{n}") for n in range(20)
    ]
    told: list[object] = []

    def progress(step: str, done: int, total: int | None) -> None:
        if step == "write briefs":
            told.append((done, total))

    quotes = ScriptedModel(lambda request: "Two people complain.")
    make_digest(records, reader=FakeReader(), writer=quotes, folder=tmp_path, progress=progress, say=told.append)
    before = told.index((0, 20))
    assert told[before:] == [
        (0, 20),
        "scripted writes a brief of 20 conversations; each takes some seconds. --writer none takes their own words.",
        (8, 20),
        (16, 20),
        (20, 20),
    ]
    assert [len(call) for call in model.calls] == [8, 8, 4]
    times = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["steps"]
    assert (times[-2]["step"], times[-2]["items"]) == ("write briefs", 20)


def test_opinions_are_still_those_of_customers_alone() -> None:
    """The agent's "It is great." is no opinion, with briefs as without."""
    found = extract(support(ANSWERS), reader=FakeReader()).opinions
    made = make_digest(support(ANSWERS), reader=FakeReader(), writer=None)
    assert made.opinions == len(found) > 0
    records = {record.id: record for record in support(ANSWERS)}
    roles = [
        next(turn.role for turn in records[one.record].turns if turn.start <= one.sentence.start < turn.end)
        for one in found
    ]
    assert set(roles) == {"user"}


def test_names_of_customers_are_hidden_in_briefs_too(tmp_path: Path) -> None:
    records = [
        talk(("user", f"{words} Write to pia.lindner@example.com."), ("agent", "I have replaced it."), id=f"k{n}")
        for n, words in enumerate(KETTLE)
    ]
    make_digest(records, reader=FakeReader(), writer=None, folder=tmp_path)
    for name in ("report.html", "report.md", "briefs.csv"):
        assert "pia.lindner" not in (tmp_path / name).read_text(encoding="utf-8")
