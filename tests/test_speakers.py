"""Whose words a role, a label or a name announces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.speakers import are_speakers, is_automatic, of_customers, role_in_cell, side_of
from gistill.tables.transcripts import split_labels

PAIRS = [
    ("End User", "Admin"),
    ("end_user", "agent_1"),
    ("contact", "teammate"),
    ("requester", "assignee"),
    ("Lead", "Operator"),
    ("Visitor 31", "Chat Bot"),
    ("Guest", "Reception"),
    ("hotel guest", "Hotel"),
    ("Shopper", "Store owner"),
    ("caller", "CSR 12"),
    ("patient", "Nurse"),
    ("INBOUND", "OUTBOUND"),
    ("external", "internal"),
    ("buyer", "seller"),
    ("Customer 2", "Customer Care"),
    ("client", "Client Services"),
    ("passenger", "Support Team"),
    ("tenant", "Property Manager"),
    ("member", "AI Assistant"),
    ("Kundin", "Berater"),
    ("Kunde", "Kundenservice"),
    ("utilisateur", "Service client"),
    ("cliente", "Atención al cliente"),
    ("usuario", "operador"),
    ("utente", "Assistenza clienti"),
    ("klant", "medewerker"),
    ("müşteri", "temsilci"),
    ("клиент", "оператор"),
    ("顾客", "客服"),
    ("客户", "客户服务机器人"),
    ("お客様", "オペレーター"),
    ("고객", "상담원"),
]


@pytest.mark.parametrize(("customer", "company"), PAIRS)
def test_a_role_of_any_naming_tells_the_customer_from_the_company(customer: str, company: str) -> None:
    assert side_of(customer) == "customer"
    assert side_of(company) == "company"
    assert of_customers([(company, "Hello."), (customer, "It leaks."), (company, "Oh.")]) == [False, True, False]


@pytest.mark.parametrize("role", ["", "1", "Bella", "Mr. Ruiz", "unknown", "A", "speaker 2", "🙂", "ж"])
def test_a_role_that_says_nothing_has_no_side(role: str) -> None:
    assert side_of(role) is None


def test_a_name_beside_an_agent_is_the_customer() -> None:
    assert of_customers([("Mia Roth", "It leaks."), ("Agent", "Sorry."), ("Mia Roth", "Again.")]) == [True, False, True]


def test_a_name_beside_a_named_customer_is_the_company() -> None:
    assert of_customers([("Visitor", "It leaks."), ("Nora", "Great!")]) == [True, False]


def test_of_two_names_the_customer_is_who_opens() -> None:
    turns = [("Omar", "The lid is cracked."), ("Nora", "We replace it."), ("Omar", "Fine.")]
    assert of_customers(turns) == [True, False, True]


def test_who_asks_how_to_help_does_not_open_but_answers() -> None:
    turns = [("Nora", "Thanks for contacting Lidco, how can I help?"), ("Omar", "The lid is cracked.")]
    assert of_customers(turns) == [False, True]
    assert of_customers([("1", "Wie kann ich Ihnen helfen?"), ("2", "Der Deckel ist kaputt.")]) == [False, True]


def test_beside_a_bot_the_first_name_is_the_customer_and_the_second_took_over() -> None:
    turns = [("Bot", "Hi!"), ("Omar", "A person, please."), ("Nora", "Here I am."), ("Omar", "The lid is cracked.")]
    assert of_customers(turns) == [False, True, False, True]


def test_a_conversation_of_the_company_alone_has_no_words_of_a_customer() -> None:
    assert of_customers([("agent", "Hello?"), ("system", "Closed.")]) == [False, False]
    assert of_customers([]) == []


def test_a_program_is_told_from_a_person() -> None:
    assert [is_automatic(role) for role in ("AutoBot", "chatbot", "System", "AI agent", "Agent", "user", "")] == [
        False,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("header", "cell", "role"),
    [
        ("inbound", "True", "customer"),
        ("Inbound", "0", "agent"),
        ("is_customer", "yes", "customer"),
        ("from customer", "N", "agent"),
        ("is_agent", "1", "agent"),
        ("outbound", "false", "customer"),
        ("sender", " End-user ", "End-user"),
        ("helpful", "True", "True"),
    ],
)
def test_a_flag_is_a_role(header: str, cell: str, role: str) -> None:
    assert role_in_cell(header, cell) == role


@pytest.mark.parametrize(
    ("header", "cells", "is_speaker"),
    [
        ("role", ["customer", "agent", "customer"], True),
        ("kind", ["visitor", "operator"], True),
        ("inbound", ["True", "False", "", "True"], True),
        ("direction", ["incoming", "outgoing"], True),
        ("sender", ["Lidco Support", "Omar", "Nora Bell"], True),
        ("from", ["Lidco Support", "Omar", "Nora Bell"], False),  # one strange name among reviewers
        ("author", ["Omar", "Nora", "Shop Girl"], False),
        ("job title", ["Store manager", "Sales assistant", "Nurse"], False),  # employees who write reviews
        ("traveller type", ["guest", "member", "guest"], False),
        ("status", ["open", "closed"], False),
        ("inbound", ["12", "40"], False),
        ("role", ["", " "], False),
        (
            "review",
            ["The customer service was slow and the agent rude, so this customer will not be back there.", "x"],
            False,
        ),
    ],
)
def test_a_column_of_speakers_names_both_sides(header: str, cells: list[str], is_speaker: bool) -> None:
    assert are_speakers(header, cells) is is_speaker


def said(cell: str) -> list[tuple[str, str]]:
    return [(turn.role, cell[turn.start : turn.end]) for turn in split_labels(cell)]


def customers_words(cell: str) -> list[str]:
    turns = said(cell)
    return [words for (_, words), theirs in zip(turns, of_customers(turns), strict=True) if theirs]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Agent: Good day!\nCustomer: The kettle hums.\nAgent: Our kettles are superb.", ["The kettle hums."]),
        ("Rep: Good day! Customer: The kettle hums. Rep: Superb.", ["The kettle hums."]),
        ("agent: good day customer: the kettle hums agent: superb", ["the kettle hums"]),
        ("**Agent:** Good day!\n**Customer:** The kettle hums.", ["The kettle hums."]),
        ("**Support** : Good day!\n\n**Kim** : The kettle hums.\n\n**Support** : Superb.", ["The kettle hums."]),
        ("<b>Agent:</b> Good day!\n<b>Client:</b> The kettle hums.", ["The kettle hums."]),
        ("[10:01] Bot: Good day!\n[10:02] Guest: The kettle hums.", ["The kettle hums."]),
        ("(10:01:22) Visitor 77: The kettle hums.\n(10:02:03) Nora: Superb.", ["The kettle hums."]),
        ("Visitor (10:01 AM): The kettle hums.\nNora (10:02 AM): Superb.", ["The kettle hums."]),
        ("2024-05-01 10:01 - Customer: The kettle hums.\n2024-05-01 10:03 - Agent: Superb.", ["The kettle hums."]),
        ("10:01 AM | Omar: The kettle hums.\n10:02 AM | Nora: Superb.", ["The kettle hums."]),
        ("Nora (10:01)\nHow can I help?\n\nOmar (10:02)\nThe kettle hums.\nLoudly.", ["The kettle hums.\nLoudly."]),
        ("Speaker 1: Thank you for calling Lidco.\nSpeaker 2: The kettle hums.", ["The kettle hums."]),
        ("Chat started at 10:00\nAgent: Good day!\nOmar: The kettle hums.\nAgent: Superb.", ["The kettle hums."]),
        ("Customer: The kettle hums.", ["The kettle hums."]),
        ("Customer: Hums.\nCustomer Support: Superb.\nCustomer: Still hums.", ["Hums.", "Still hums."]),
        ("Kunde: Der Kessel summt.\nBerater: Wunderbar.", ["Der Kessel summt."]),
        ("客服：您好\n顾客：水壶太吵", ["水壶太吵"]),
        (
            "They were no help, see below.\nMe: The kettle hums.\nAgent: Superb.\nMe: No.",
            ["They were no help, see below.", "The kettle hums.", "No."],
        ),
        (
            "03/04/2024, 10:00 - Messages are end-to-end encrypted.\n03/04/2024, 10:01 - Omar: The kettle\nhums\n"
            "03/04/2024, 10:02 - Lidco Shop: Superb\n03/04/2024, 10:03 - Omar: <Media omitted>",
            ["The kettle\nhums"],
        ),
        ("[03.04.24, 10:01:59] Omar K.: Hums\n[03.04.24, 10:02:10] Nora: Superb", ["Hums"]),
        (
            "Agent: See https://lidco.example/a: it is great.\nCustomer: It is 10:30 and it hums.",
            ["It is 10:30 and it hums."],
        ),
        ("Customer: I told the agent: it hums.\nAgent: Superb.", ["I told the agent: it hums."]),
    ],
)
def test_labels_in_a_cell_say_who_speaks(cell: str, words: list[str]) -> None:
    assert customers_words(cell) == words


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "The kettle hums.",
        "Pros: quiet\nCons: heavy",
        "Service: 5/5\nStaff: rude\nRoom: clean",
        "Customer service: slow\nDelivery: late",
        "Support: great.\nPrice: fair.",
        "Staff: kind. Rooms: cold.",
        "The agent said: no.\nThe manager said: never.",
        "Agent: rude\nOffice: dirty",
        "Update: it broke.\nEdit: they replaced it.",
        "Breakfast 7:30\nFresh.\nDinner 18:00\nCold.",
        "12:00 - Lunch: cold\n14:00 - Tour: long",
        "10:30: still waiting\n11:30: still waiting",
        "https://lidco.example: a scam",
    ],
)
def test_a_review_with_headings_is_no_transcript(cell: str) -> None:
    assert split_labels(cell) == []


@given(st.text(alphabet="AgentCusomr: \n*[]()0123456789.|-", max_size=80))
def test_turns_are_in_order_disjoint_and_without_white_space_around(cell: str) -> None:
    at = 0
    for turn in split_labels(cell):
        words = cell[turn.start : turn.end]
        assert at <= turn.start < turn.end <= len(cell)
        assert words == words.strip()
        at = turn.end
