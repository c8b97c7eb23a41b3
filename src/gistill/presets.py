"""What a report of hotel guests has that one of app users has not: words, order of categories, what is asked. As data.

A preset changes what a report says first and how it names people; never what is read or counted. docs/presets.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from gistill.errors import SettingError


class Preset(NamedTuple):
    """How the reports of one kind of text are worded.

    Attributes:
        people: One who wrote, and several.
        records: One text, and several.
        asks: What the first page answers.
        first: Codes of the categories that are shown first, in this order.
        telling: Of these, the categories that hardly anybody else writes about; none where only columns tell.
        columns: Words in the names of columns by which such a file is known.
    """

    people: tuple[str, str]
    records: tuple[str, str]
    asks: str
    first: tuple[str, ...]
    telling: tuple[str, ...]
    columns: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GENERAL = Preset(("person", "people"), ("record", "records"), "What people wrote", (), (), ())
PRESETS: dict[str, Preset] = {
    "shop": Preset(
        ("customer", "customers"),
        ("review", "reviews"),
        "What do customers like, what makes them send things back, and what do they miss?",
        _words("quality function size comfort design suitability price delivery condition returns service"),
        _words("quality function size comfort design delivery condition returns compatibility sound battery"),
        _words("product sku asin item brand order variant"),
    ),
    "hotel": Preset(
        ("guest", "guests"),
        ("review", "reviews"),
        "What brings guests back, and what spoils their stay?",
        _words("rooms cleanliness service location facilities food ambience waiting price"),
        _words("rooms location facilities cleanliness"),
        _words("hotel room stay nights checkin checkout guest property booking"),
    ),
    "restaurant": Preset(
        ("guest", "guests"),
        ("review", "reviews"),
        "What do guests come back for, and what spoils their visit?",
        _words("food service waiting ambience price cleanliness location"),
        _words("food waiting ambience"),
        _words("restaurant dish menu table cuisine branch meal"),
    ),
    "app": Preset(
        ("user", "users"),
        ("review", "reviews"),
        "What breaks for users, since when, and what do they ask for?",
        _words("stability account usability function updates billing privacy compatibility service"),
        _words("stability account updates privacy billing"),
        _words("app version os device build platform release"),
    ),
    "support": Preset(
        ("customer", "customers"),
        ("conversation", "conversations"),
        "Why do customers write, and where were they let down?",
        _words("service communication waiting billing account returns delivery stability"),
        (),
        _words("ticket case agent queue conversation chat channel transcript resolution"),
    ),
    "survey": Preset(
        ("person who answered", "people who answered"),
        ("answer", "answers"),
        "What do people answer, what do they ask for, and who differs?",
        (),
        (),
        _words("survey respondent respondents nps csat questionnaire department cohort"),
    ),
    "news": Preset(
        ("reader", "readers"),
        ("comment", "comments"),
        "What do readers agree with, what do they doubt, and what do they miss?",
        _words("content communication privacy price"),
        (),
        _words("article headline newspaper outlet section editorial"),
    ),
    "social": Preset(
        ("person who posted", "people who posted"),
        ("post", "posts"),
        "What is being said, by how many, and what is new?",
        _words("communication service stability quality price"),
        (),
        _words("tweet retweets retweet hashtags hashtag handle post reposts followers likes"),
    ),
    "video": Preset(
        ("viewer", "viewers"),
        ("comment", "comments"),
        "What do viewers like, what puts them off, and what do they ask for?",
        _words("content sound display communication"),
        (),
        _words("video channel views subscribers episode timestamp"),
    ),
}
ENOUGH = 0.35  # of all opinions with a category of its own that a preset's telling categories hold
CLEARLY = 1.5  # times as many as those of the next preset


def preset_of(name: str | None) -> Preset:
    """Give a preset by its name; None is the general one.

    Raises:
        SettingError: There is none of that name.
    """
    if name is None:
        return GENERAL
    if name not in PRESETS:
        raise SettingError(f"there is no preset {name!r}", hint=f"Choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def find_preset(columns: Collection[str], opinions: Mapping[str, int], *, turns: bool) -> tuple[str, str] | None:
    """Find the preset that fits a file.

    Columns tell more than opinions: guests of a hotel write about the food too.

    Args:
        columns: Names of the file's columns.
        opinions: Category -> number of opinions.
        turns: Whether the records are conversations.

    Returns:
        Its name, and by what it was found, in words that follow "found by"; None where nothing tells.
    """
    if turns:
        return "support", "the turns of conversations"
    words = {word for column in columns for word in re.findall(r"[a-z]+", column.casefold())}
    known = {name: sorted(words & set(preset.columns)) for name, preset in PRESETS.items()}
    most = max(known, key=lambda name: len(known[name]))  # of equals the first
    if known[most] and all(len(known[most]) > len(some) for name, some in known.items() if name != most):
        return most, f"the columns ({', '.join(known[most])})"
    of_its_own = sum(count for code, count in opinions.items() if code not in ("overall", "other"))
    shares = {
        name: sum(opinions.get(code, 0) for code in preset.telling) / of_its_own
        for name, preset in PRESETS.items()
        if preset.telling and of_its_own and (not known[most] or len(known[name]) == len(known[most]))
    }
    best, *rest = sorted(shares, key=lambda name: -shares[name]) or [""]
    if best and shares[best] >= ENOUGH and all(shares[best] >= CLEARLY * shares[name] for name in rest):
        told = [code for code in PRESETS[best].telling if opinions.get(code)]
        return best, f"what is written about ({', '.join(sorted(told, key=lambda code: -opinions[code])[:3])})"
    return None
