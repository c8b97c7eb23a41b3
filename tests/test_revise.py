"""analyze and revise from a table to data: what is mended stands, what is not better never replaces the original."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gistill.analysis.cases import Case, open_cases
from gistill.analysis.gate import judged, words_changed
from gistill.analysis.judging import ModelJudge
from gistill.analysis.mending import apply, edits
from gistill.analysis.page import lit
from gistill.analysis.revising import Revision, revise, summed_up
from gistill.analysis.rows import write_rows
from gistill.analysis.run import analyze, read_analysis
from gistill.analysis.tiers import Tiers, look
from gistill.cli import app
from gistill.errors import InputError
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.rules import Checked
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.lm.fake import ScriptedModel
from gistill.schema import Failure, Span
from gistill.skills.critique import CRITIQUE, CodeAsked, CritiqueInput
from gistill.skills.editing import EDITING, EditInput, Flagged

TALK = (
    "customer: Hi, the kettle I bought 5 days ago does not switch off, and maybe the lid is cracked. "
    "I paid 40 dollars.\n"
    "agent: Sorry to hear that! Please send us a photo of the lid.\n"
    "customer: Done. It is slightly noisy too.\n"
    "agent: Thanks. We will refund the money next week. Your order KT-20931 is noted."
)
RIGHT = (
    "The customer bought a kettle 5 days ago for 40 dollars and complains that it does not switch off. "
    "The agent asks for a photo of the lid and will refund the money next week."
)
TIERS = Tiers(load_taxonomy())


def case(summary: str, name: str = "1", source: str = TALK) -> Case:
    from gistill.analysis.cases import _read_source

    read = _read_source(source)
    return Case(id=name, source=read.text, summary=summary, turns=read.turns, texts=read.texts)


def mended(summary: str, editor: ScriptedModel | None = None, **settings: Any) -> Revision:
    one = case(summary)
    [seen] = look([one], TIERS)
    [revision], _ = revise([(one, seen.faults)], tiers=TIERS, editor=editor, **settings)
    return revision


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (RIGHT.replace("5 days", "9 days"), RIGHT),
        (RIGHT.replace("40 dollars", "60 dollars"), RIGHT),
        (RIGHT.replace("The agent asks for", "The customer asks for"), RIGHT),
        (RIGHT.replace("will refund", "has refunded"), RIGHT),
        (f"{RIGHT} The agent asks for a photo of the lid, and will refund the money next week.", RIGHT),
        (f"{RIGHT} Neighbours wanted gardening gloves.", RIGHT),
        (RIGHT.replace("a photo", "a photo to help@example.com"), RIGHT),
        (RIGHT.replace("The customer bought", "Many customers bought"), RIGHT),
        (f"{RIGHT} Also the customer and the", RIGHT),
        (f"**{RIGHT}**", RIGHT),
    ],
)
def test_rules_mend_what_they_can_and_give_the_right_summary_back(wrong: str, right: str) -> None:
    found = mended(wrong)
    assert (found.after, found.state) == (right, "mended"), found.steps
    assert found.before == wrong
    assert found.steps[-1].accepted
    assert found.changed == words_changed(wrong, right)


def test_what_is_missing_is_added_in_the_words_of_the_source() -> None:
    issue = mended("The agent asks for a photo of the lid and will refund the money next week.")
    assert issue.after.startswith("The customer says: “")
    assert "kettle" in issue.after
    outcome = mended("The customer bought a kettle 5 days ago and complains that it does not switch off.")
    assert "The agent says: “We will refund the money next week”." in outcome.after
    assert (issue.state, outcome.state) == ("mended", "mended")


def test_a_right_summary_is_left_alone() -> None:
    found = mended(RIGHT, ScriptedModel(["Something else."]))
    assert (found.state, found.after, found.steps) == ("clean", RIGHT, ())


TURNED = "The customer's kettle switches off. The agent will refund the money next week and asks for a photo."
BACK = TURNED.replace("switches off", "does not switch off")


def test_an_editor_mends_what_rules_cannot_and_sees_errors_evidence_and_instruction() -> None:
    editor = ScriptedModel([BACK])
    found = mended(TURNED, editor)
    assert (found.after, found.state) == (BACK, "mended"), found.steps
    asked = editor.calls[0][0].messages[-1].content
    for words in (TURNED, load_taxonomy()["E4"].instruction, "does not switch off"):
        assert words in asked


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "As an AI language model I cannot help.",
        "banana banana banana banana",
        "Der Kunde kaufte einen Kessel und das Geld wird nächste Woche zurück gezahlt, sagt der Agent.",
        "The customer bought a kettle.",
        BACK.replace("next week", "in 77 weeks"),
        BACK.replace("The agent will refund", "Somebody will send"),
        f"{BACK} The customer wants tickets to the opera in Verona.",
    ],
)
def test_nonsense_of_an_editor_changes_nothing(answer: str) -> None:
    found = mended(TURNED, ScriptedModel(lambda request: answer))
    assert (found.after, found.state) == (TURNED, "kept")
    assert found.left
    assert not any(step.accepted for step in found.steps)


def test_rounds_are_bounded() -> None:
    editor = ScriptedModel(lambda request: "No.")
    mended(TURNED, editor, rounds=3)
    assert len(editor.calls) == 3


def test_the_gate_says_why_it_refuses() -> None:
    wrong = RIGHT.replace("5 days", "9 days")
    one = case(wrong)
    [seen] = look([one], TIERS)

    def why(after: str) -> str:
        [now] = look([case(after)], TIERS)
        return judged(one, after, seen.faults, seen.faults, now.faults).reason

    assert why(RIGHT) == ""
    assert why(" ") == "nothing is left"
    assert why(wrong) == "nothing was changed"
    assert why(RIGHT.replace("40", "50")) == "new errors came: E6" or "still there" in why(RIGHT.replace("40", "50"))
    assert why(wrong.replace("9 days", "8 days")) == "the error is still there"
    assert why(RIGHT.replace(" of the lid", "")) == "it no longer says “lid”"
    assert why(RIGHT.replace("The agent asks", "The kind agent now asks")) == "it changes more than what is wrong"
    assert judged(one, RIGHT, seen.faults, (), ()).reason == "nobody who found the error can look again"


def test_edits_keep_everything_outside_of_their_places() -> None:
    wrong = RIGHT.replace("5 days", "9 days")
    one = case(wrong)
    [seen] = look([one], TIERS)
    [edit] = edits(one, seen.faults)
    assert wrong[edit.start : edit.end] == "9"
    assert apply(wrong, [edit]) == RIGHT
    assert apply("", []) == ""


def table(folder: Path) -> Path:
    rows = [
        {"id": "a", "conversation": TALK, "summary": RIGHT.replace("5 days", "9 days"), "channel": "chat"},
        {"id": "b", "conversation": TALK, "summary": RIGHT, "channel": "e-mail", "reference": RIGHT},
        {"id": "c", "conversation": TALK, "summary": "", "channel": "chat"},
        {"id": "d", "conversation": " ", "summary": "Nothing.", "channel": "chat"},
        {"id": "e", "conversation": "customer: Hi", "summary": "<script>alert(x)</script> Hi.", "channel": "chat"},
        {"id": "f", "conversation": "客户：水壶坏了。客服：我们会退款。", "summary": "水壶坏了。", "channel": "e-mail"},
    ]
    file = folder / "summaries.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return file


def test_a_table_becomes_findings_a_page_and_revisions_that_name_their_parent(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        app, ["analyze", str(table(tmp_path)), "-o", str(tmp_path / "errors"), "--no-opinions", "--json"]
    )
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["summaries"] == 5
    assert found["failures"] == {"empty": 1}  # the row without a source
    by_code = {one["code"]: one for one in found["codes"]}
    assert (by_code["E6"]["summaries"]["count"], by_code["E10"]["summaries"]["value"]) == (1, None)
    assert by_code["E6"]["channels"]["chat"]["count"] == 1
    assert by_code["E1"]["summaries"]["of"] == 3  # the one turn and the Chinese talk cannot be asked
    page = (tmp_path / "errors" / "analysis.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "9<sup>" in page
    again = CliRunner().invoke(app, ["revise", str(tmp_path / "errors"), "--no-opinions"])
    assert again.exit_code == 0, again.output
    folder = tmp_path / "errors-revised"
    revisions = [json.loads(line) for line in (folder / "revisions.jsonl").read_text().splitlines()]
    assert [one["state"] for one in revisions][:2] == ["mended", "clean"]
    assert [one["case"] for one in revisions] == ["a", "b", "c", "e", "f"]  # nothing is lost
    assert (revisions[2]["after"], revisions[2]["state"]) == ("", "kept")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["parent"]) == 64
    learned = [json.loads(line) for line in (folder / "sft.jsonl").read_text().splitlines()]
    assert {row["case"] for row in learned} >= {"a", "b"}
    assert all(row["messages"][-1]["role"] == "assistant" for row in learned)
    pairs = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    assert pairs[0]["chosen"] == RIGHT
    assert pairs[0]["rejected"] == RIGHT.replace("5 days", "9 days")
    marked = [json.loads(line) for line in (folder / "marked.jsonl").read_text().splitlines()]
    assert len(marked) == 5
    assert marked[0]["errors"][0]["code"] == "E6"
    assert "<script>alert" not in (folder / "revisions.html").read_text(encoding="utf-8")


def test_findings_that_a_person_deleted_are_not_mended(tmp_path: Path) -> None:
    cases = open_cases(table(tmp_path)).items
    analyze(cases, tmp_path / "errors", tiers=TIERS)
    file = tmp_path / "errors" / "findings.jsonl"
    kept = [line for line in file.read_text().splitlines() if '"E6"' not in line]
    file.write_text("\n".join(kept), encoding="utf-8")
    revisions, _ = revise(read_analysis(file), tiers=TIERS)
    assert revisions[0].state == "clean"
    file.write_text(file.read_text().replace('"case":"c"', '"case":"nobody"'), encoding="utf-8")
    with pytest.raises(InputError, match="unknown cases: nobody"):
        read_analysis(file)


def test_columns_are_found_by_cells_and_lists_are_texts_of_several_people(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "nr,was gesagt wurde,kurz\n"
        + "\n".join(
            f'{n},"The soup number {n} was great and the bread was fresh today.","The soup was great."'
            for n in range(5)
        ),
        encoding="utf-8",
    )
    found = open_cases(file)
    assert (found.columns["source"], found.columns["summary"]) == ("was gesagt wurde", "kurz")
    several = tmp_path / "t.jsonl"
    several.write_text(json.dumps({"reviews": ["Good soup.", "", "Cold soup."], "summary": ["Soup.", "Cold."]}))
    first, second = (one for one in open_cases(several).items if isinstance(one, Case))
    assert (first.id, second.id) == ("row-1#1", "row-1#2")
    assert [first.source[one.start : one.end] for one in first.texts] == ["Good soup.", "Cold soup."]
    with pytest.raises(InputError, match="nothing tells which column"):
        open_cases(_written(tmp_path / "x.csv", "a,b\n1,2\n"))


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_a_judge_is_read_strictly_and_what_cannot_be_read_is_a_failure() -> None:
    answer = "E6 | 9 days | 5 days ago | It was five days.\nE99 | x | y | no\nE4 | not in it | | no"
    judge = ModelJudge(ScriptedModel([answer, "NONE", "I am sorry, I cannot help.", ""]), load_taxonomy())
    wrong = case(RIGHT.replace("5 days", "9 days"))
    first, none, refused, empty = judge.check([wrong] * 4)
    assert not isinstance(first, Failure)
    [one] = first.faults
    assert (one.code, one.tier, one.span) == (
        "E6",
        "judge",
        Span(start=wrong.summary.index("9 days"), end=wrong.summary.index("9 days") + 6),
    )
    assert not isinstance(none, Failure)
    assert none.faults == ()
    assert isinstance(refused, Failure)
    assert isinstance(empty, Failure)


def test_tiers_are_counted_alone_and_together(tmp_path: Path) -> None:
    judge = ModelJudge(
        ScriptedModel(
            lambda request: (
                "E6 | 9 | 5 | wrong" if "9 days" in request.messages[-1].content.split("<summary>")[1] else "NONE"
            )
        ),
        load_taxonomy(),
    )
    found = analyze(open_cases(table(tmp_path)).items, tmp_path / "e", tiers=TIERS._replace(judge=judge))
    [agreed] = [one for one in found.agreement if one.code == "E6"]
    assert (agreed.both, agreed.only_first, agreed.only_second, agreed.kappa) == (1, 0, 0, 1.0)
    assert found.tiers == ("rules", "judge")


def test_skills_read_back_what_they_write() -> None:
    codes = (CodeAsked("E6", "a", "b"),)
    asked = CritiqueInput("Five days.", "Nine days.", codes)
    marks = CRITIQUE.parse("E6 | Nine days | Five days | It is five.", asked, True).result
    assert marks is not None
    assert CRITIQUE.parse(CRITIQUE.write(marks, asked), asked, True).result == marks
    assert CRITIQUE.parse(CRITIQUE.write((), asked), asked, True).result == ()
    assert CRITIQUE.score(marks, CRITIQUE.parse("NONE", asked, True), asked)["code_f1"] == (0, 1)
    edit = EditInput("Nine days.", ("Five days.",), (Flagged("Nine", "wrong", "right"),))
    assert EDITING.parse("Corrected summary: Five days.", edit, True).result == "Five days."
    assert [f.kind for f in EDITING.parse("Five", edit, False).failures] == ["truncated"]


def test_spans_light_pieces_and_long_sources_are_cut_around_them() -> None:
    text = "a" * 3000 + "WRONG" + "b" * 3000
    pieces = lit(text, [Span(start=3000, end=3005), None], whole=2500)
    assert [(piece.text[-1:], piece.marks, piece.cut) for piece in pieces] == [
        ("", (), True), ("a", (), False), ("G", (1,), False), ("b", (), False), ("", (), True),
    ]  # fmt: skip
    assert "".join(piece.text for piece in lit("abcdef", [Span(start=1, end=3), Span(start=2, end=5)])) == "abcdef"


def test_figures_of_a_revision_count_summaries_and_words(tmp_path: Path) -> None:
    cases = [case(RIGHT.replace("5 days", "9 days"), "1"), case(RIGHT, "2")]
    analysed = [(seen.case, seen.faults) for seen in look(cases, TIERS)]
    revisions, failures = revise(analysed, tiers=TIERS)
    revised = summed_up(revisions, failures, parent="p")
    assert (revised.states, revised.found, revised.mended) == ({"clean": 1, "mended": 1}, {"E6": 1}, {"E6": 1})
    assert (revised.words, revised.changed) == (len(RIGHT.split()), 1)
    counts = write_rows(tmp_path, analysed, revisions, revised)
    assert counts == {"sft.jsonl": 2, "pairs.jsonl": 1, "marked.jsonl": 2}


def answered(folder: Path, answer: str, *, to: str = "") -> Path:
    """Write what a provider gives back for the batch files of a folder."""
    asked = [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]
    asked = [one for one in asked if to in one["body"]["messages"][-1]["content"]]
    message = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop", "index": 0}
    body = {"choices": [message], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}
    rows = [{"custom_id": one["custom_id"], "response": {"status_code": 200, "body": body}} for one in asked]
    return _written(folder / "answers.out", "\n".join(map(json.dumps, rows)))


def test_judge_and_editor_are_asked_through_batch_files_with_personal_data_replaced(tmp_path: Path) -> None:
    pytest.importorskip("aiolimiter", reason="needs the extra: teacher")
    row = {"conversation": TALK + " Call me at 020 7946 0018.", "summary": TURNED}
    file = _written(tmp_path / "t.jsonl", json.dumps(row))

    def run(*args: object) -> str:
        done = CliRunner().invoke(app, [str(arg) for arg in args])
        assert done.exit_code == 0, done.output
        return done.output

    whom = ("--model", "m", "--no-opinions")
    errors, url = tmp_path / "e", "http://127.0.0.1:9/v1"
    run("analyze", file, "-o", errors, "--judge", url, *whom, "--write-batch", tmp_path / "asked")
    sent = "".join(one.read_text() for one in (tmp_path / "asked").glob("*.jsonl"))
    assert "7946" not in sent
    assert "[PHONE_1]" in sent
    back = answered(tmp_path / "asked", "E4 | switches off | does not switch off | It does not.")
    said = run("analyze", file, "-o", errors, "--judge", url, *whom, "--read-batch", back)
    assert "1 answered" in said
    assert '"tier":"judge"' in (errors / "findings.jsonl").read_text()
    mended = tmp_path / "r"
    run("revise", errors, "-o", mended, "--server", url, *whom, "--write-batch", tmp_path / "edits")
    assert json.loads((mended / "revisions.jsonl").read_text())["state"] == "kept"  # it waits
    back = answered(tmp_path / "edits", BACK)
    run("revise", errors, "-o", mended, "--server", url, *whom, "--read-batch", back)
    one = json.loads((mended / "revisions.jsonl").read_text())
    assert (one["after"], one["state"]) == (BACK, "mended")
    refused = CliRunner().invoke(app, ["revise", str(errors), "--write-batch", str(tmp_path / "x")])
    assert "batch files need --server" in refused.output


def test_what_a_judge_alone_found_is_mended_where_it_looks_again(tmp_path: Path) -> None:
    pytest.importorskip("aiolimiter", reason="needs the extra: teacher")
    wrong = "The customer's new lamp hums. The agent is sorry to hear that."
    right = wrong.replace("hums", "flickers")
    talk = "Customer: My new lamp flickers.\nAgent: I am sorry to hear that."
    file = _written(tmp_path / "t.jsonl", json.dumps({"conversation": talk, "summary": wrong}))

    def run(*args: object) -> dict[str, object]:
        done = CliRunner().invoke(app, [str(arg) for arg in args])
        assert done.exit_code == 0, done.output
        return json.loads((tmp_path / "r" / "revisions.jsonl").read_text()) if args[0] == "revise" else {}

    errors, url = tmp_path / "e", "http://127.0.0.1:9/v1"
    whom = ("--model", "m", "--no-opinions", "--journal", tmp_path / "journal.sqlite")
    run("analyze", file, "-o", errors, "--judge", url, *whom, "--write-batch", tmp_path / "asked")
    back = answered(tmp_path / "asked", "E3 | hums | flickers | It flickers.")
    run("analyze", file, "-o", errors, "--judge", url, *whom, "--read-batch", back)
    revise = ("revise", errors, "-o", tmp_path / "r", "--server", url, *whom)
    run(*revise, "--write-batch", tmp_path / "edits")
    edited = answered(tmp_path / "edits", right)
    alone = run(*revise, "--read-batch", edited)
    assert (alone["state"], alone["after"]) == ("kept", wrong), "nobody looked again"
    waits = run(*revise, "--look-again", "--write-batch", tmp_path / "again")
    assert waits["state"] == "kept", "the judge has not answered yet"
    back = answered(tmp_path / "again", "NONE", to=right)  # about what rules try, nobody answers
    mended = run(*revise, "--look-again", "--read-batch", back)
    assert (mended["state"], mended["after"]) == ("mended", right)
    refused = CliRunner().invoke(app, ["revise", str(errors), "--look-again"])
    assert "--look-again asks a large model, and none is named" in refused.output


class ReadAgain:
    """A judge that marks what its table says, summary -> (code, words)."""

    name = "judge"

    def __init__(self, marks: dict[str, list[tuple[str, str]]]) -> None:
        self.marks = marks

    def check(self, cases: Sequence[Case]) -> list[Checked | Failure]:
        return [
            Checked(
                tuple(
                    Fault(
                        code=code,
                        rule="judge",
                        tier="judge",
                        says="So it is.",
                        source=None,
                        span=at(words, one.summary),
                    )
                    for code, words in self.marks[one.summary]
                ),
                frozenset(TIERS.taxonomy),
            )
            for one in cases
        ]


def at(words: str, text: str) -> Span | None:
    start = text.find(words)
    return Span(start=start, end=start + len(words)) if words else None


BEFORE = "The customer paid 50 dollars for a lid that was late."
AFTER = "The customer paid 30 dollars for a lid that was late."


@pytest.mark.parametrize(
    ("marked", "after", "state"),
    [
        ([], AFTER, "mended"),
        ([("E14", "late")], AFTER, "partly"),  # stood there before; a second reading saw it
        ([("E2", "")], AFTER, "partly"),  # was missing before
        ([("E4", "30 dollars")], AFTER, "kept"),  # came with the edit
        ([("E6", "30")], AFTER, "kept"),
    ],
)
def test_an_error_in_words_that_were_there_before_did_not_come_with_the_edit(
    marked: list[tuple[str, str]], after: str, state: str
) -> None:
    judge = ReadAgain({BEFORE: [("E6", "50")], after: marked})
    tiers = Tiers(TIERS.taxonomy, judge=judge, rules=False)
    one = Case(id="1", source="I paid 30 dollars for this lid, and it came late.", summary=BEFORE)
    [seen] = look([one], tiers)
    [revision], _ = revise([(one, seen.faults)], tiers=tiers, editor={"1": after})
    assert revision.state == state
    assert revision.after == (BEFORE if state == "kept" else after)


def test_a_missing_fact_may_be_put_into_a_sentence_but_not_a_second_summary() -> None:
    long = AFTER.replace("lid", "lid that " + "was dented and bent and scratched " * 4)
    for after, state in ((AFTER.replace("a lid", "a dented lid"), "mended"), (long, "kept")):
        tiers = Tiers(TIERS.taxonomy, judge=ReadAgain({AFTER: [("E1", "")], after: []}), rules=False)
        one = Case(id="1", source="I paid 30 dollars, and the lid was dented and late.", summary=AFTER)
        [seen] = look([one], tiers)
        [revision], _ = revise([(one, seen.faults)], tiers=tiers, editor={"1": after})
        assert revision.state == state
