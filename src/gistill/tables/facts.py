"""What the sampled cells of a column hold: by this, and not by its name alone, a column is given a role."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import unescape

from gistill.fillers import is_deleted, is_error_cell, is_filler
from gistill.tables.conversations import looks_like_messages
from gistill.tables.dates import is_relative, read_day
from gistill.tables.markup import find_tags, has_markup
from gistill.tables.values import cell_text, is_rounded, parse_language, parse_name, parse_rating
from gistill.text import count_words, normalise

_DAMAGED = re.compile(r"[1-9]\d{12,}000")  # what a spreadsheet leaves of 17 digits, where it writes them out
_ITEMS = re.compile(r"\s*[,;|]\s*")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}")
_TRUTH = {"0", "1", "true", "false", "yes", "no", "y", "n", "t", "f", "ja", "nein", "oui", "non", "si", "sí"}
_LIST = re.compile(r"\s*[\[{(].*[\]})]\s*", re.DOTALL)


class Facts:
    """What the cells of one column hold, as shares of those that are filled; answers that say nothing are not."""

    def __init__(self, cells: Sequence[object]) -> None:
        texts = [cell_text(cell).strip() for cell in cells]
        kept = [
            (cell, text)
            for cell, text in zip(cells, texts, strict=True)
            if text and not is_error_cell(text) and not is_deleted(text)
        ]
        self.empty = not kept
        answers = [(cell, text) for cell, text in kept if not is_filler(text)] or kept
        self.count = count = max(len(answers), 1)
        self.filled = len(answers) / max(len(cells), 1)
        plain = [text for _, text in answers]
        self.distinct = len(set(plain)) / count
        self.constant = len(set(plain)) == 1
        self._read_values(answers, count)
        words = [count_words(text) for text in plain]
        self.words = sum(words) / count
        self.letters = sum(any(char.isalpha() for char in text) for text in plain) / count
        self.sentences = sum(text.endswith((".", "!", "…", "。", "！")) for text in plain) / count
        self.links = sum(text.startswith(("http://", "https://", "www.")) for text in plain) / count
        self.paths = sum(text.count("/") > 1 and len(text.split()) == 1 for text in plain) / count
        self.emails = sum(bool(_EMAIL.fullmatch(text)) for text in plain) / count
        self.questions = sum(text.endswith(("?", "？")) for text in plain) / count
        self.truth = sum(text.casefold() in _TRUTH for text in plain) / count
        self.named = sum(parse_name(text) is not None for text in plain) / count
        self.rounded = sum(is_rounded(text) for text in plain) / count
        self.damaged = self.rounded + sum(bool(_DAMAGED.fullmatch(text)) for text in plain) / count
        self.numbers_rows = _numbers_rows(texts)
        self.markup = sum(has_markup(text) for text in plain) / count
        self.lists = sum(isinstance(cell, list | dict) or bool(_LIST.fullmatch(text)) for cell, text in answers) / count
        self.items = _are_items(plain)
        self.choices = self.items or (self.count >= 5 and self.words <= 8 and self.distinct <= 0.6)
        self.codes = sum(_is_code(text) for text in plain) / count
        others = (self.rating, self.date_or_relative, self.links, self.paths, self.emails, self.codes)
        texty = max(others) < 0.8 and not self.messages
        self.prose = self.words * self.filled * self.distinct * self.letters if texty else 0.0
        self.rows = texts

    def _read_values(self, answers: Sequence[tuple[object, str]], count: int) -> None:
        ratings = [rating for rating in (parse_rating(cell) for cell, _ in answers) if rating is not None]
        self.rating = len(ratings) / count
        self.few_ratings = len(set(ratings)) <= 11 and all(0 <= rating <= 10 for rating in ratings)
        self.on_scale = all(0 <= rating <= 10 for rating in ratings) or (
            all(0 <= rating <= 100 for rating in ratings) and (len(ratings) < 20 or len(set(ratings)) > 5)
        )
        self.classes = set(ratings) == {0, 1}
        dates = [read_day(cell) is not None for cell, _ in answers]
        self.date = sum(dates) / count
        relative = [is_relative(cell) for cell, _ in answers]
        self.date_or_relative = sum(one or other for one, other in zip(dates, relative, strict=True)) / count
        written = (
            is_date and not text.replace(".", "").isdigit() for is_date, (_, text) in zip(dates, answers, strict=True)
        )
        self.written_date = sum(one or other for one, other in zip(written, relative, strict=True)) / count
        self.language = sum(parse_language(cell) is not None for cell, _ in answers) / count
        self.messages = sum(looks_like_messages(cell) for cell, _ in answers) / count

    def plain_rows(self) -> list[str]:
        """Give the cells, in the order of the rows, as they compare: without tags and entities, folded."""
        return [_plain(text) for text in self.rows]

    @property
    def is_text(self) -> bool:
        """Say whether somebody may have written the cells in words."""
        return not self.empty and self.prose > 0 and self.lists < 0.5 and self.truth < 0.8 and self.letters >= 0.5


def _plain(text: str) -> str:
    for start, end, new in reversed(find_tags(text)):
        text = text[:start] + (new or " ") + text[end:]
    return normalise(unescape(text))


def _is_code(text: str) -> bool:
    """Say whether a text is made of codes ("0,3 LAPTOP#GENERAL 2"): many of its words mix signs or digits in."""
    words = text.split()
    mixed = sum(not word.strip(".,;:!?'\"()…-").replace("'", "").isalpha() for word in words)
    return len(words) >= 3 and mixed >= 0.6 * len(words)


def _numbers_rows(texts: Sequence[str]) -> bool:
    """Say whether the cells count the rows, from 0, 1 or 2."""
    if len(texts) < 3 or not texts[0].isdecimal() or len(texts[0]) > 1:
        return False
    first = int(texts[0])
    return first <= 2 and all(text == str(first + place) for place, text in enumerate(texts))


def _are_items(texts: Sequence[str]) -> bool:
    """Say whether the answers are lists of a few short items that come again: "Boards, Reports", "Boards, API"."""
    if len(texts) < 5:
        return False
    picked = [[item.casefold() for item in _ITEMS.split(text) if item] for text in texts]
    items = Counter(item for answer in picked for item in answer)
    recurring = sum(all(items[item] > 1 and count_words(item) <= 4 for item in answer) for answer in picked)
    return items.total() > 1.3 * len(texts) and len(items) <= 0.6 * items.total() and recurring >= 0.8 * len(texts)
