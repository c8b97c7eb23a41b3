"""What a cell means: ratings, dates, languages and names, as people write them. Pure; None where it cannot be read."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Iterable

_LONGEST = 100  # characters; a longer cell is no date, rating or language, and a hostile one would take for ever
_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,3}|,\d{1,2})?"  # "1,234" is a thousand and more, and no rating
_STARS = re.compile(r"^([★⭐🌟✭✮]+)(½?)[☆✩✰]*$")
# "4", "4,5", "4/5", "4 of 5", "4.0 out of 5 stars", "4 von 5 Sternen", "4 sur 5", "4 stars", "80%", "4星".
_RATING = re.compile(
    rf"^(?:rated\s+|rating:?\s*|note:?\s*)?({_NUMBER})\s*(½?)\s*"
    rf"(?:(?:/|\\|of|out of|von|sur|de|di|van|su)\s*{_NUMBER})?\s*"
    r"(?:%|stars?|sterne?n?|[ée]toiles?|estrellas?|stelle|stella|sterren|estrelas?|points?|punkte?|puntos?|pts?|"
    r"星|分|つ星|점|[★⭐🌟]+)?\.?$",
    re.IGNORECASE,
)

_MONTH_NAMES = (
    "january jan januar janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar fevrier fevr febrero febbraio fevereiro fev februari",
    "march mar mars marz maerz marzo marco maart mrz mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout agosto ago augustus",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre decembre diciembre dic dicembre dezembro",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_YEAR_FIRST = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?=$|[T\s,])")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?=$|[T\s,])")
_CHINESE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_NUMERIC = re.compile(r"^(\d{1,2})([-/. ])(\d{1,2})(?:\2|,\s*|\.\s*)(\d{4}|\d{2})(?=$|[T\s,])")
_DAY_MONTH_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]+(?:de\s+)?([^\W\d_]{3,})\.?,?[\s-]+(?:de\s+|del\s+)?(\d{4})"
)
_MONTH_DAY_TIME = re.compile(r"([^\W\d_]{3,}) +(\d{1,2}) \d{1,2}:\d\d(?::\d\d)?(?: \+?[\w-]{1,6})? (\d{4})")
_MONTH_NAME_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")

_LANGUAGES = {
    "english": "en", "eng": "en", "englisch": "en", "anglais": "en", "ingles": "en", "inglese": "en",
    "german": "de", "deu": "de", "ger": "de", "deutsch": "de", "allemand": "de", "aleman": "de", "tedesco": "de",
    "french": "fr", "fra": "fr", "fre": "fr", "francais": "fr", "franzosisch": "fr", "frances": "fr", "francese": "fr",
    "spanish": "es", "spa": "es", "espanol": "es", "spanisch": "es", "espagnol": "es", "castellano": "es",
    "italian": "it", "ita": "it", "italiano": "it", "italienisch": "it", "italien": "it",
    "portuguese": "pt", "por": "pt", "portugues": "pt", "portugiesisch": "pt",
    "dutch": "nl", "nld": "nl", "dut": "nl", "nederlands": "nl", "niederlandisch": "nl",
    "chinese": "zh", "zho": "zh", "chi": "zh", "中文": "zh", "汉语": "zh", "简体中文": "zh", "繁體中文": "zh",
    "japanese": "ja", "jpn": "ja", "日本語": "ja", "korean": "ko", "kor": "ko", "한국어": "ko",
    "russian": "ru", "rus": "ru", "русскии": "ru", "arabic": "ar", "ara": "ar", "hindi": "hi", "hin": "hi",
    "turkish": "tr", "tur": "tr", "turkce": "tr", "polish": "pl", "pol": "pl", "polski": "pl",
}  # fmt: skip
# Words that shops and forums print where no name is known: counted as one person they would make many people one.
_NOBODY = {
    "", "-", "n/a", "na", "nan", "none", "null", "nil", "unknown", "undefined", "anonymous", "anonymous user", "anon",
    "anonym", "unbekannt", "anonyme", "anonimo", "guest", "gast", "a google user", "amazon customer", "amazon kunde",
    "amazon-kunde", "kindle customer", "client d'amazon", "cliente amazon", "cliente de amazon", "customer", "deleted",
    "[deleted]", "deleted user", "匿名", "匿名用户", "匿名用戶", "匿名希望",
}  # fmt: skip


def fold(text: str) -> str:
    """Fold a short label for look-up: case folded, accents dropped, white space collapsed."""
    plain = unicodedata.normalize("NFKD", text.strip()).casefold()
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def cell_text(value: object) -> str:
    """Write a typed cell as text: 5.0 as "5", midnight as its date, nothing as ""; nested values as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            if math.isnan(value):
                return ""
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case bytes():
            return value.decode("utf-8", errors="replace")
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def parse_name(value: object) -> str | None:
    """Read an author's name or number; None for what shops print when nobody is named ("A Google user")."""
    name = cell_text(value).strip()  # "" is nobody too
    return None if fold(name) in _NOBODY else name


def parse_rating(value: object) -> float | None:
    """Read a rating as people write it: 4, "4,5", "4/5", "4 von 5 Sternen", "★★★★☆", "80%".

    Returns:
        The number before any "of": "4/5" is 4, "80%" is 80; scales are not converted, because a column has one scale.
        None for what is not a rating between -100 and 100.
    """
    if value is None or isinstance(value, bool) or value == "":
        return None
    text = cell_text(value).strip()
    if len(text) > _LONGEST:
        return None
    text = unicodedata.normalize("NFC", text).replace("\ufe0f", "")
    stars = _STARS.match(re.sub(r"\s+", "", text))
    if stars:
        return len(stars[1]) + (0.5 if stars[2] else 0.0)
    found = _RATING.match(text)
    if not found:
        return None
    number = float(found[1].replace(",", ".")) + (0.5 if found[2] else 0.0)
    return number if -100 <= number <= 100 else None


def parse_date(value: object, *, day_first: bool = False) -> dt.date | None:
    """Read the day of a date, a timestamp or an epoch number, as written: time zones do not move it.

    Args:
        value: A date, a number of seconds or milliseconds since 1970 (read as UTC), or text: ISO, "3/14/2024",
            "14.03.2024", "March 14, 2024", "14 mars 2024", "2024年3月14日"; inside a clause where the month is named.
        day_first: How "03/04/2024" is read. Dots are always day-first; a value that only one reading allows gets it.

    Returns:
        A date from 1900 to 2100; None for anything else.
    """
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return _date(value.year, value.month, value.day)
    text = cell_text(value).strip()
    if not text or len(text) > _LONGEST:
        return None
    if re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}(\.\d+)?", text):
        seconds = float(text) / (1000 if len(text.split(".")[0]) > 10 else 1)
        day = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
        return _date(day.year, day.month, day.day)
    for pattern in (_YEAR_FIRST, _COMPACT, _CHINESE):
        if found := pattern.search(text):
            return _date(int(found[1]), int(found.groups()[-2]), int(found.groups()[-1]))
    if found := _NUMERIC.match(text):
        return _numeric_date(found, day_first=day_first)
    return _named_month(text)


def _numeric_date(found: re.Match[str], *, day_first: bool) -> dt.date | None:
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if year < 100:
        year += 2000 if year < 69 else 1900
    by_day, by_month = _date(year, second, first), _date(year, first, second)
    return by_day or by_month if day_first or found[2] == "." else by_month or by_day


def _named_month(text: str) -> dt.date | None:
    plain = fold(text)
    for found in _DAY_MONTH_NAME.finditer(plain):
        if month := _MONTHS.get(found[2]):
            return _date(int(found[3]), month, int(found[1]))
    for found in itertools.chain(_MONTH_NAME_DAY.finditer(plain), _MONTH_DAY_TIME.finditer(plain)):
        if month := _MONTHS.get(found[1]):
            return _date(int(found[3]), month, int(found[2]))
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1900 <= year <= 2100 else None
    except ValueError:
        return None


def find_day_order(values: Iterable[object]) -> tuple[bool | None, bool]:
    """Find out from a column whether "03/04/2024" means the third of April.

    Returns:
        `(day_first, contradicted)`. `day_first` is None when no value decides: every day and month is 12 or less.
        `contradicted` says that values of both kinds were seen; the more frequent kind won, a tie going to month-first.
    """
    day = month = 0
    for value in values:
        found = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
        if found and found[2] != ".":
            day += int(found[1]) > 12
            month += int(found[3]) > 12
    return (day > month if day or month else None), bool(day and month)


def parse_language(value: object) -> str | None:
    """Read a language as its ISO 639-1 code: "en", "en-US", "deu", "Français"; None when it is not known."""
    text = fold(cell_text(value)[:_LONGEST])
    if not text:
        return None
    if re.fullmatch(r"[a-z]{2}([-_][a-z0-9]+)*", text):
        return text[:2]
    return _LANGUAGES.get(text) or _LANGUAGES.get(re.split(r"[\s(,;_-]", text)[0])
