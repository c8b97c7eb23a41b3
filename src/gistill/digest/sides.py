"""Answers to a question for praise or for blame, in which the reader found nothing: the question gives them their side.

"Parking" under "What could we do better?" says what was bad by being an answer there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gistill.fillers import is_filler
from gistill.schema import Opinion, Part, Record, Span
from gistill.text import count_words, why_not_text

LONGEST_ASPECT = 4  # words; a longer answer is a sentence about something, and names it somewhere
LONGEST = 40  # words; of a longer answer the reader would have found something, were it an opinion
# Answers that deny what they are asked for, or say that all is well: of neither side.
_DENIES = re.compile(
    r"^\W*(?:(?:there (?:is|was|were|are)|i (?:have|had|see|found)|have|had|honestly|really|absolutely)\W+)*"
    r"(?:nothing|none|nobody|no one|nowhere|never (?:any|a|had)|"
    r"not (?:really|much|a lot|a thing|that i|anything|sure|yet)|"
    r"no,? (?:not )?(?:really|complaints?|problems?|issues?|cons?|pros?|downsides?|negatives?|positives?|drawbacks?|"
    r"changes?|improvements?|suggestions?|ideas?|comments?|thoughts?|notes?|faults?|criticisms?|concerns?|i|it|they|all|"
    r"everything|nothing)|"
    r"(?:i )?(?:can(?:'?t|not| not)|could(?:n'?t| not)) (?:think|complain|name|say|fault|remember|recall)|"
    r"(?:i )?(?:don'?t|do not|didn'?t|did not|wouldn'?t|would not|haven'?t|couldn'?t) "
    r"(?:know|have|think|change|notice|find|see|recall|remember|complain)|hard to (?:say|think|fault)|"
    r"nichts|nix|keine? (?:beschwerden?|probleme?|kritik|ahnung|verbesserung\w*|anmerkung\w*|idee\w*|wünsche)|"
    r"weiß nicht|weiss nicht|"
    r"rien|aucun\w*|je ne sais|pas (?:de|d'|grand)|nada|ningun\w*|no (?:sé|se|tengo|hay|cambiar)|"
    r"niente|nulla|nessun\w*|non (?:so|ho|saprei)|nenhum\w*|não (?:sei|tenho|há)|"
    r"niets|geen (?:klachten|opmerking\w*|idee)|weet (?:ik )?niet)\b",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"^\W*(?:(?:it|that|this|they|we|you|everything|all|just|so far)\b\W*(?:is|was|are|were|'s|'re|went|has been)?\W*)*"
    r"(?:all |very |really |so |pretty |just |quite |perfectly )*"
    r"(?:good|fine|great|ok(?:ay)?|well|perfect|excellent|happy|satisfied|keep (?:it |doing )?(?:up|going|what)|stay|"
    r"the same|as (?:it )?is|unchanged|yes|yep|yeah|maybe|alles (?:gut|prima|super|ok|bestens)|"
    r"tout (?:va bien|est bien|etait bien|bon)|todo (?:bien|perfecto)|tutto (?:bene|ok)|tudo (?:bem|certo)|alles goed)"
    r"\W*(?:as (?:it )?is|so far|for me|to me|here|thanks|thank you|up|with (?:it|everything))?\W*$",
    re.IGNORECASE,
)
_ARTICLES = re.compile(
    r"\W*(?:(?:the|a|an|your|my|more|better|der|die|das|le|la|les|el|los|las|il|lo|o|os|de|het)\s+)*", re.IGNORECASE
)


def from_questions(record: Record, sentences: Sequence[Span], found: Sequence[Opinion]) -> list[tuple[Part, Span]]:
    """List the answers that take their side from their question, each with the stretch that it is.

    An answer does when its column or question asks for praise or for blame, it says something in words (no "Nothing",
    "No complaints", "All good", no question back, 40 words at most), and no opinion was found in it.

    Args:
        record: Of which all was read.
        sentences: What was read of it.
        found: The opinions that were found.
    """
    answers = []
    for part in record.parts:
        inside = [span for span in sentences if part.start <= span.start and span.end <= part.end]
        if part.side is None or not inside or any(part.start <= one.sentence.start < part.end for one in found):
            continue
        text = record.text[inside[0].start : inside[-1].end]
        if says_something(text, part.side):
            start = inside[0].start + len(text) - len(text.lstrip())
            answers.append((part, Span(start=start, end=start + len(text.strip()))))
    return answers


def says_something(text: str, side: str | None) -> bool:
    """Say whether an answer names something: "Parking" does, "Nothing that comes to mind" does not.

    >>> [says_something(text, "negative") for text in ("Parking", "No complaints", "All good!", "No parking")]
    [True, False, False, True]
    """
    if is_filler(text, side) or count_words(text) > LONGEST or text.rstrip().endswith(("?", "？")):
        return False
    return why_not_text(text) is None and not _DENIES.match(text) and not _WELL.match(text)


def short_name(text: str) -> tuple[int, int] | None:
    """Give the stretch of a short answer that names its aspect: all of it but signs around it and an article."""
    if count_words(text) > LONGEST_ASPECT:
        return None
    begin = _ARTICLES.match(text)
    start = begin.end() if begin else 0
    end = len(text.rstrip(" .,;:!…。！\t\n)\"'"))
    return (start, end) if start < end else None
