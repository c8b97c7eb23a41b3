"""What stands in a customer's cell and is not the customer's."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.tables.apart import find_apart


def left(cell: str) -> str:
    """What is not set apart, with its white space collapsed."""
    words, at = "", 0
    for stretch in find_apart(cell):
        words += cell[at : stretch.start]
        at = stretch.end
    return " ".join((words + cell[at:]).split())


def reasons(cell: str) -> set[str]:
    return {stretch.reason for stretch in find_apart(cell)}


REPLIES = [
    "Response from the owner\nWe love your praise!",
    "Response from the owner 3 weeks ago\nWe love your praise!",
    "Owner's response: we love your praise!",
    "**Reply from the business**\nWe love your praise!",
    "Response from Harbour Inn\nWe love your praise!",
    "Developer response: we love your praise!",
    "Management response - 12 May 2024\nWe love your praise!",
    "Antwort des Inhabers vor 2 Monaten\nWir lieben Ihr Lob!",
    "Réponse du propriétaire : nous aimons vos éloges !",
    "Respuesta del propietario hace un mes\n¡Nos encanta!",
    "Risposta del proprietario\nGrazie, siamo i migliori!",
    "Resposta do proprietário\nObrigado, somos ótimos!",
    "Reactie van de eigenaar\nWij zijn geweldig!",
    "Odpowiedź właściciela\nJesteśmy wspaniali!",
    "Ответ владельца\nМы прекрасны!",
    "オーナーからの返信\nありがとうございます、最高です！",
    "商家回复：我们很棒！",
]


@pytest.mark.parametrize("reply", REPLIES)
def test_an_owners_reply_is_set_apart_with_all_that_follows(reply: str) -> None:
    cell = f"The soap smelt of fish.\n\n{reply}"
    assert left(cell) == "The soap smelt of fish."
    assert reasons(cell) == {"owner_reply"}


def test_a_reply_may_stand_in_the_same_line() -> None:
    assert left("The soap smelt. Response from the owner: we love it!") == "The soap smelt."


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("(Translated by Google) Soap bad.\n\n(Original)\nSeife schlecht.", "Seife schlecht."),
        ("Seife schlecht.\n\n(Translated by Google)\nSoap bad.", "Seife schlecht."),
        ("(Übersetzt von Google) Seife schlecht.\n(Original)\nBad soap.", "Bad soap."),
        ("(Traduit par Google) Savon nul. (Avis d'origine) Bad soap.", "Bad soap."),
        ("(Traducido por Google) Malo.\n\n(Original)\nBad soap.", "Bad soap."),
        ("(Traduzione di Google) Cattivo.\n\n(Originale)\nBad soap.", "Bad soap."),
        ("(Vertaald door Google) Slecht.\n\n(Origineel)\nBad soap.", "Bad soap."),
        ("(Google による翻訳) 悪い。\n\n(原文)\nBad soap.", "Bad soap."),
        ("[Translated from German by Lidco] Soap bad. [Original] Seife schlecht.", "Seife schlecht."),
        ("(Translated by Google) Soap bad.", "Soap bad."),  # nothing else is there
    ],
)
def test_the_original_is_read_and_not_its_translation(cell: str, words: str) -> None:
    assert left(cell) == words


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("> The lid is loose\n\nMine is tight.", "Mine is tight."),
        ("Mine is tight.\n> The lid is loose\n> and green\nGreen is fine.", "Mine is tight. Green is fine."),
        ("It hums.\n\nOn Mon, 3 Jun 2024 at 09:12, Lidco <a@lidco.example> wrote:\n> We are great", "It hums."),
        (
            "It hums.\n\nOn June 3, 2024, at 9:12 AM, Lidco Help Desk\n<a@lidco.example> wrote:\n\nWe are great",
            "It hums.",
        ),
        ("Es summt.\n\nAm 03.06.2024 um 09:12 schrieb Lidco <a@lidco.example>:\n> Toll", "Es summt."),
        ("Ça siffle.\n\nLe lun. 3 juin 2024 à 09:12, Lidco a écrit :\n> Bien\nEncore.", "Ça siffle. Encore."),
        ("Zumba.\n\nEl lun, 3 jun 2024 a las 9:12, Lidco escribió:\n> Bien", "Zumba."),
        ("Ronza.\n\nIl giorno lun 3 giu 2024 alle ore 09:12 Lidco ha scritto:\n> Bene", "Ronza."),
        ("It hums.\n\n-----Original Message-----\nFrom: Lidco\nSubject: joy\n\nWe are great.", "It hums."),
        ("Es summt.\n\n-----Ursprüngliche Nachricht-----\nVon: Lidco\n\nWir sind toll.", "Es summt."),
        ("It hums.\n\nFrom: Lidco\nSent: Monday\nTo: Kim\nSubject: joy\n\nWe are great.", "It hums."),
        ("From: Kim\nTo: Lidco\nSubject: kettle\n\nIt hums.", "It hums."),
        ("It hums.\n\nBegin forwarded message:\n\nWe are great.", "It hums."),
    ],
)
def test_quoted_mail_is_set_apart(cell: str, words: str) -> None:
    assert left(cell) == words
    assert reasons(cell) == {"quoted"}


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nKim Ode\nHappy Homes Ltd.",
        "--\nKim Ode",
        "Best regards,\nKim Ode\nHead of Joy\n+44 20 7946 0000",
        "Kind regards",
        "Thanks,\nKim",
        "Cheers, Kim",
        "Mit freundlichen Grüßen\nKim Ode",
        "Cordialement,\nKim",
        "Un saludo,\nKim",
        "Distinti saluti\nKim Ode",
        "Met vriendelijke groet,\nKim",
        "С уважением,\nКим",
        "Sent from my lovely phone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi teléfono",
        "发自我的iPhone",
    ],
)
def test_signatures_are_set_apart(signature: str) -> None:
    assert left(f"It hums.\n\n{signature}") == "It hums."
    assert reasons(f"It hums.\n\n{signature}") == {"signature"}


def test_a_signature_may_follow_in_the_same_line_and_end_before_a_quoted_mail() -> None:
    assert left("It hums. Kind regards, Kim Ode") == "It hums."
    assert left("It hums.\n\n--\nKim\n\nOn 3 Jun 2024 Lidco wrote:\n> Great\nAnd it leaks.") == "It hums. And it leaks."


@pytest.mark.parametrize(
    "cell",
    [
        "Nice kettle! ^I am a bot, and this action was performed automatically.",
        "This is an automated message.\nWe are great.",
        "Out of office: I am at the sea.",
        "Automatische Antwort: Ich bin am Meer.",
    ],
)
def test_what_a_program_wrote_is_set_apart_whole(cell: str) -> None:
    assert left(cell) == ""
    assert reasons(cell) == {"automatic"}


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Not Verified | The seat was broken.", "The seat was broken."),
        ("✅ Trip Verified |  The seat was broken.", "The seat was broken."),
        ("Verified Buyer - It hums.", "It hums."),
        ("Verified Purchase\nIt hums.", "It hums."),
        ("Verifizierter Kauf | Es summt.", "Es summt."),
        ("Good tea. ... More", "Good tea."),
        ("Good tea… Read more", "Good tea"),
        ("Guter Tee… Mehr anzeigen ", "Guter Tee"),
        ("It hums.\nPlease do not reply to this email.", "It hums."),
    ],
)
def test_marks_of_pages_are_set_apart(cell: str, words: str) -> None:
    assert left(cell) == words


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "The response from the owner was rude.",
        "Response from the owner was rude.",
        "Response from support: none.",
        "Their reply from the hotel? Nothing.",
        "Takes > 5 days.",
        "> 5 days of waiting",
        "On 3 June I wrote to them:\nnothing came.",
        "I wrote on 5 May:\nnothing came.",
        "Thanks, great shop.",
        "Thanks,\nbut never again",
        "Best,\nand I mean it, of all kettles I have had.",
        "Cheers to the crew",
        "Love, love, love this.",
        "Sent by courier within two days",
        "It hums.\nSent from abroad and took weeks",
        "All I ever get: This is an automated message.",
        "The robot is slow.",
        "They removed my review.",
        "Removed",
        "Verified reviews are fake.",
        "Not verified by anybody I know.",
        "I want more",
        "From: Kim\nIt hums.",
        "-- it hums",
        "Pros --\nCons --\nA long list of things that I did not like about this kettle follows here, all mine.",
        "The (original) lid broke.",
        "Regards the lid: it is loose.",
    ],
)
def test_a_customers_own_words_about_such_things_stay(cell: str) -> None:
    assert find_apart(cell) == []


ALPHABET = "aA>|:.-\n ()[]5wroteOn"


@given(st.text(alphabet=ALPHABET, max_size=60) | st.lists(st.sampled_from(REPLIES), max_size=3).map("\n".join))
def test_stretches_are_in_order_disjoint_and_inside_the_cell(cell: str) -> None:
    at = 0
    for stretch in find_apart(cell):
        assert at <= stretch.start < stretch.end <= len(cell)
        at = stretch.end


@pytest.mark.parametrize(
    "unit", [" ", "\n", "> a\nb\n", "wrote:\n", "From: a\n", ".", "--\n", "(", "Thanks,\n", "5 ", "*"]
)
def test_a_hostile_cell_takes_no_long_time(unit: str) -> None:
    """In seconds of processor time; 30,000 characters are six times the longest of 200,000 reviews."""
    before = time.process_time()
    find_apart(unit * (30_000 // len(unit)))
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("12/04/2025: The lid sticks.", "The lid sticks."),
        ("2025-04-12 09:30 - The lid sticks.", "The lid sticks."),
        ("[12.04.25, 21:07] The lid sticks.", "[12.04.25, 21:07] The lid sticks."),  # a chat's: read elsewhere
        ("3.0 out of 5 stars\nSticky lid", "Sticky lid"),
        ("4,0 von 5 Sternen\nGut", "Gut"),
        ("12/04/2025", "12/04/2025"),
        ("3.0 out of 5 stars is what I give", "3.0 out of 5 stars is what I give"),
        ("10-12 people: too many", "10-12 people: too many"),
    ],
)
def test_a_date_or_a_line_of_stars_in_front_is_not_the_customer_s(cell: str, left: str) -> None:
    apart = find_apart(cell)
    assert "".join(char for at, char in enumerate(cell) if not any(one.start <= at < one.end for one in apart)) == left
