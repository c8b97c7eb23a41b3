"""An answer has its side from its question where nothing else gives it one; an answer that says nothing has none."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from gistill.digest.extract import extract
from gistill.reader import Reading
from gistill.schema import Part, Record
from gistill.tables.asked import find_side

# (question or column, answer) -> what becomes of it where the reader finds nothing: side and aspect, or nothing.
ANSWERS: list[tuple[str, str, str | None, str | None]] = [
    ("What could we do better?", "Parking", "negative", "Parking"),
    ("What could we do better?", "The queue at the till", "negative", None),
    ("What could we do better?", "Opening hours on Sundays.", "negative", "Opening hours on Sundays"),
    ("What could we do better?", "Nothing", None, None),
    ("What could we do better?", "N/A", None, None),
    ("What could we do better?", "nothing comes to mind", None, None),
    ("What could we do better?", "All good!", None, None),
    ("What could we do better?", "Keep it up", None, None),
    ("What could we do better?", "No lockers", "negative", "No lockers"),
    ("What could we do better?", "no complaints", None, None),
    ("What could we do better?", "-", None, None),
    ("What could we do better?", "see above", None, None),
    ("What did you like least?", "Stairs", "negative", "Stairs"),
    ("What did you like least?", "The smell in the corridor on the third floor", "negative", None),
    ("What did you like least?", "I can't think of anything", None, None),
    ("What did you like most?", "Breakfast", "positive", "Breakfast"),
    ("What did you like most?", "Everything", "positive", "Everything"),
    ("What did you like most?", "none", None, None),
    ("What did you like?", "The garden", "positive", "garden"),
    ("What did you like?", "not much", None, None),
    ("Pros", "Remote work", "positive", "Remote work"),
    ("Pros", "Free fruit on Mondays and a gym around the corner", "positive", None),
    ("Pros", "None whatsoever", None, None),
    ("Pros", "no", None, None),
    ("Cons", "Commute", "negative", "Commute"),
    ("Cons", "Weekend shifts", "negative", "Weekend shifts"),
    ("Cons", "None that I know of", None, None),
    ("Cons", "Nothing really", None, None),
    ("Cons", "Everything", "negative", "Everything"),
    ("Negative_Review", "Lift", "negative", "Lift"),
    ("Negative_Review", "No Negative", None, None),
    ("Positive_Review", "Location", "positive", "Location"),
    ("Was könnten wir besser machen?", "Die Parkplätze", "negative", "Parkplätze"),
    ("Was könnten wir besser machen?", "nichts", None, None),
    ("Was hat Ihnen gefallen?", "Der Garten", "positive", "Garten"),
    ("Was hat Ihnen nicht gefallen?", "Lärm", "negative", "Lärm"),
    ("Que pouvons-nous améliorer ?", "Le stationnement", "negative", "stationnement"),
    ("Que pouvons-nous améliorer ?", "rien", None, None),
    ("¿Qué podemos mejorar?", "Los baños", "negative", "baños"),
    ("Any other comments?", "Parking", None, None),
    ("Review", "Parking", None, None),
    ("What frustrates you about the app?", "Is there a manual?", None, None),
    ("What problems is the app solving and how is that benefiting you?", "Time sheets", None, None),
    ("Was könnten wir besser machen?", "Nichts zu meckern", None, None),
    ("Was könnten wir besser machen?", "k.A.", None, None),
    ("Was könnten wir besser machen?", "keine", None, None),
    ("Was könnten wir besser machen?", "Alles super!", None, None),
    ("Was könnten wir besser machen?", "Weiter so", None, None),
    ("Was könnten wir besser machen?", "Passt alles", None, None),
    ("Was könnten wir besser machen?", "Es gibt nichts auszusetzen", None, None),
    ("Was könnten wir besser machen?", "Keine Umkleiden", "negative", "Keine Umkleiden"),
    ("Was hat Ihnen gefallen?", "n/a", None, None),
    ("Was hat Sie gestört?", "Nichts zu beanstanden.", None, None),
    ("Qu'avez-vous moins aimé ?", "rien", None, None),
    ("Qu'avez-vous moins aimé ?", "Rien à redire", None, None),
    ("Qu'avez-vous moins aimé ?", "Tout était parfait", None, None),
    ("Qu'avez-vous moins aimé ?", "Le parking", "negative", "parking"),
    ("¿Qué no le gustó?", "nada", None, None),
    ("¿Qué no le gustó?", "Nada que objetar", None, None),
    ("¿Qué no le gustó?", "Todo perfecto", None, None),
    ("¿Qué no le gustó?", "todo", "negative", "todo"),
    ("¿Qué le gustó?", "todo", "positive", "todo"),
    ("Cosa possiamo migliorare?", "nulla", None, None),
    ("Cosa possiamo migliorare?", "Niente da ridire", None, None),
    ("Cosa non le è piaciuto?", "Il parcheggio", "negative", "parcheggio"),
    ("Wat kan er beter?", "geen", None, None),
    ("Wat kan er beter?", "Niets op aan te merken", None, None),
    ("Wat kan er beter?", "De lift", "negative", "lift"),
    ("Do que não gostou?", "nada a reclamar", None, None),
    ("Do que não gostou?", "O elevador", "negative", "elevador"),
]


class Silent:
    """Finds nothing, but in sentences with "good" or "bad"."""

    name, hash = "silent", "0"

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        found = []
        for sentence in sentences:
            words = re.search("good|bad", sentence)
            found.append([Reading(None, words.span(), "positive", 0.9)] if words and "bad" in sentence else [])
        return found


def answered(question: str, answer: str) -> Record:
    part = Part(start=0, end=len(answer), column="c", question=question, side=find_side(question))
    return Record(id="1", text=answer, parts=(part,))


@pytest.mark.parametrize(("question", "answer", "side", "aspect"), ANSWERS)
def test_an_answer_has_the_side_that_its_question_asks_for(
    question: str, answer: str, side: str | None, aspect: str | None
) -> None:
    found = extract([answered(question, answer)], reader=Silent()).opinions
    if side is None:
        assert found == []
        return
    (opinion,) = found
    assert (opinion.polarity, opinion.kind, opinion.confidence) == (side, "fact", None)
    assert opinion.strength == (1 if side == "positive" else -1)
    assert (opinion.aspect.text if opinion.aspect else None) == aspect
    assert opinion.opinion is None


def test_what_the_reader_found_stands_and_is_not_turned() -> None:
    (opinion,) = extract([answered("Cons", "Not bad at all")], reader=Silent()).opinions
    assert (opinion.polarity, opinion.confidence) == ("positive", 0.9)


class Contrary:
    """Finds in every sentence the side that was not asked for, in all of its words."""

    name, hash = "contrary", "0"

    def __init__(self, polarity: str) -> None:
        self.polarity = polarity

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        return [[Reading(None, (0, len(sentence)), self.polarity, 0.9)] for sentence in sentences]


# (question or column, answer) -> whether the question has the last word against a reader that found the other side.
TURNED: list[tuple[str, str, bool]] = [
    ("What do you dislike?", "Everything", True),
    ("What do you dislike?", "All of it.", True),
    ("What do you dislike?", "Literally everything about this app", True),
    ("What do you dislike?", "The whole menu", True),
    ("What do you dislike?", "Everything is great, honestly", False),
    ("What do you dislike?", "Your so-called hotline", True),
    ("What could we do better?", "Friendlier drivers", True),
    ("What could we do better?", "Free lockers", True),
    ("What could we do better?", "You answer quickly", False),
    ("What could we do better?", "We love the lockers", False),
    ("What could we do better?", "The lockers are on the left side of the hall", False),
    ("Was könnten wir besser machen?", "Alles", True),
    ("Was könnten wir besser machen?", "Schnellere Kassen", True),
    ("Was könnten wir besser machen?", "Alles prima hier", False),
    ("Que pouvons-nous améliorer ?", "Absolument tout", True),
    ("¿Qué podemos mejorar?", "Todo", True),
    ("Cons", "Long hours", True),
    ("Pros", "No overtime", True),
    ("Pros", "Hardly any meetings", True),
    ("Pros", "Short way to the tram", True),
    ("Pros", "Rude bosses", False),
    ("Pros", "No help from anybody", False),
    ("Pros", "Not clean", False),
    ("Pros", "It keeps raining in", False),
    ("Pros", "Nothing works", False),
    ("Pros", "I like nothing, the lift is broken", False),
    ("Was hat Ihnen gefallen?", "Ruhige Zimmer", True),
    ("Was hat Ihnen gefallen?", "Nicht teuer", True),
    ("Was hat Ihnen gefallen?", "Das Zimmer war dunkel", False),
    ("Was hat Ihnen gefallen?", "Unfreundliche Leute", False),
    ("Qu'avez-vous aimé ?", "Pas cher", True),
    ("¿Qué le gustó?", "Personal maleducado y habitaciones sucias", False),
    ("Any other comments?", "Everything", False),
    ("What did you like?", "The price is low", True),
    ("What did you like?", "The fees are very small", True),
    ("What did you like?", "The way is short", True),
    ("What did you like?", "The price is too low", False),
    ("What did you like?", "The room was dark and small", False),
    ("What did you dislike?", "The breaks are long", True),
    ("Was hat Ihnen gefallen?", "Die Wartezeit war kurz", True),
    ("Was hat Ihnen gefallen?", "Der Preis ist sehr niedrig", True),
    ("Qu'est-ce qui vous a plu ?", "Le prix est bas", True),
    ("¿Qué le gustó?", "Los precios son bajos", True),
    ("Cosa le è piaciuto?", "I prezzi sono bassi", True),
    ("Wat vond u goed?", "De prijs is laag", True),
]


@pytest.mark.parametrize(("question", "answer", "turned"), TURNED)
def test_the_question_overrules_a_reading_of_an_answer_that_has_no_side_of_its_own(
    question: str, answer: str, turned: bool
) -> None:
    side = find_side(question)
    other = "positive" if side == "negative" else "negative"
    (opinion,) = extract([answered(question, answer)], reader=Contrary(other)).opinions
    assert (opinion.polarity, opinion.confidence) == ((side, None) if turned else (other, 0.9))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What could we do better?", "Nothing to complain about"),
        ("Was könnten wir besser machen?", "Nichts zu meckern"),
        ("Was hat Ihnen gefallen?", "Da kann man nicht meckern"),
        ("Was hat Ihnen nicht gefallen?", "Wirklich keine Beschwerden"),
        ("Que pouvons-nous améliorer ?", "Rien à redire"),
        ("Qu'avez-vous aimé ?", "Il n'y a rien à redire"),
        ("¿Qué podemos mejorar?", "Nada que objetar"),
        ("Cosa possiamo migliorare?", "Nulla da eccepire"),
        ("O que podemos melhorar?", "Nada a reclamar"),
        ("Wat kan er beter?", "Geen klachten"),
    ],
)
def test_an_answer_that_denies_all_blame_is_none_whatever_a_reader_takes_it_for(question: str, answer: str) -> None:
    assert find_side(question) is not None
    assert extract([answered(question, answer)], reader=Contrary("negative")).opinions == []


@pytest.mark.parametrize(
    "answer",
    ["Nichts funktioniert", "Rien ne marche", "Nada funciona", "Niente pulito", "Niets werkt", "No complaints desk"],
)
def test_blame_that_begins_with_nothing_stays(answer: str) -> None:
    (opinion,) = extract([answered("Pros", answer)], reader=Contrary("negative")).opinions
    assert (opinion.polarity, opinion.confidence) == ("negative", 0.9)


@pytest.mark.parametrize(
    ("question", "side"),
    [
        ("Was hat Sie gestört?", "negative"),
        ("Qu'avez-vous moins aimé ?", "negative"),
        ("Qu'est-ce qui ne vous a pas plu ?", "negative"),
        ("¿Qué no le gustó?", "negative"),
        ("¿Qué le gustó menos?", "negative"),
        ("Cosa non le è piaciuto?", "negative"),
        ("Do que não gostou?", "negative"),
        ("Wat vond u minder goed?", "negative"),
        ("Wat kan beter?", "negative"),
        ("Что вам не понравилось?", "negative"),
        ("您不喜欢什么？", "negative"),
        ("Qu'avez-vous aimé ?", "positive"),
        ("¿Qué fue lo que más le gustó?", "positive"),
        ("Cosa le è piaciuto di più?", "positive"),
        ("Wat vond je het leukst?", "positive"),
        ("Co się Panu podobało?", "positive"),
        ("Что вам понравилось?", "positive"),
    ],
)
def test_a_question_in_any_language_asks_for_its_side(question: str, side: str) -> None:
    assert find_side(question) == side


def test_a_reading_of_the_side_that_was_asked_for_stays_as_it_is() -> None:
    (opinion,) = extract([answered("Cons", "Everything")], reader=Contrary("negative")).opinions
    assert (opinion.polarity, opinion.confidence) == ("negative", 0.9)


def test_each_answer_of_a_row_is_judged_by_its_own_question() -> None:
    record = Record(
        id="1",
        text="Garden\n\nParking",
        parts=(
            Part(start=0, end=6, column="Liked", side="positive"),
            Part(start=8, end=15, column="Disliked", side="negative"),
        ),
    )
    found = extract([record], reader=Silent()).opinions
    assert [(one.polarity, one.aspect.text if one.aspect else None) for one in found] == [
        ("positive", "Garden"),
        ("negative", "Parking"),
    ]
    assert [one.cell.column if one.cell else None for one in found] == ["Liked", "Disliked"]
    assert len({one.id for one in found}) == 2
