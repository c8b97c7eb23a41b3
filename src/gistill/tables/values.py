"""What a cell means: ratings, languages and names, as people write them. Pure; None where it cannot be read."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import unicodedata

_LONGEST = 100  # characters; a longer cell is no date, rating or language, and a hostile one would take for ever
_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,3}|,\d{1,2})?"  # "1,234" is a thousand and more, and no rating
_STARS = re.compile(r"^([★⭐🌟✭✮]+|\*{1,5})(½?)[☆✩✰]*(?:\(\d(?:[.,]\d)?\))?$")
_COUNTED = (
    r"(?:%|-?stars?|sterne?n?|[ée]toiles?|estrellas?|stelle|stella|sterren|estrelas?|points?|punkte?|puntos?|pts?|"
    r"星|分|つ星|点|점|[★⭐🌟]+)"
)
_OF = rf"(?:/|\\|of|out of|von|sur|de|di|van|su|av|z|из)\s*{_NUMBER}"
# "4", "4,5", "4/5", "4 of 5", "4.0 out of 5 stars", "4 von 5 Sternen", "4 étoiles sur 5", "4 (out of 5)", "80%", "4星".
_RATING = re.compile(
    rf"^(?:rated\s+|rating:?\s*|note:?\s*|score:?\s*|stars?[_ ]|[(\[])?({_NUMBER})\s*(½?)\+?\s*{_COUNTED}?\s*"
    rf"(?:\(?{_OF}\)?)?\s*{_COUNTED}?[)\]]?[.!]*$",
    re.IGNORECASE,
)
# "10 - Extremely likely", "4: Good", "5 (Excellent)": a scale whose ends, or all of it, have names.
_NAMED = re.compile(r"^(\d{1,2})\s*(?:[-–—:=.)]\s*|\s\()[^\W\d_][^\d]{1,60}\)?$")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_IN_WORDS = re.compile(
    rf"^({'|'.join(_WORDS)})(?:[\s-]*(?:stars?|points?))?(?:\s+out of (?:five|ten))?[.!]*$", re.IGNORECASE
)

_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d{2}", re.IGNORECASE)
_ADDRESSED = re.compile(r"[^<>]*<([^<>\s@]{1,100}@[^<>\s@]{1,200})>")

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
    "[deleted]", "deleted user", "verified buyer", "verified customer", "verified purchaser", "private user", "user",
    "anonymous reviewer", "anonymous customer", "a customer", "no name", "not provided", "nobody", "google user",
    "former employee", "current employee", "a tripadvisor member", "trustpilot user", "ebay user", "unknown user",
    "匿名", "匿名用户", "匿名用戶", "匿名希望",
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
    """Read an author's name or number; None for what names nobody ("A Google user", a rounded number).

    Of a name with an address (`"Ost, Ina" <ina@example.org>`) the address stays, in small letters: names change.
    """
    name = cell_text(value).strip()  # "" is nobody too
    if addressed := _ADDRESSED.fullmatch(name):
        return addressed[1].lower()
    return None if fold(name) in _NOBODY or is_rounded(name) else name


def is_rounded(text: str) -> bool:
    """Say whether a text is what a spreadsheet leaves of a long number: "7.65612E+16" may be anybody's."""
    return _ROUNDED.fullmatch(text) is not None


def parse_rating(value: object) -> float | None:
    """Read a rating as people write it: 4, "4,5", "4/5", "4 von 5 Sternen", "★★★★☆", "80%", "FIVE", "4 - Good".

    Returns:
        The number before any "of": "4/5" is 4, "80%" is 80; scales are not converted, because a column has one scale.
        None for what is not a rating between -100 and 100.
    """
    if value is None or isinstance(value, bool) or value == "":
        return None
    text = cell_text(value).strip().removeprefix("'")  # which keeps a spreadsheet from reading a number
    if len(text) > _LONGEST:
        return None
    text = (
        unicodedata.normalize("NFKC", text.replace("½", "\0"))
        .replace("\0", "½")
        .replace("\ufe0f", "")
        .replace("\u20e3", "")
        .replace("⁄", "/")
    )
    stars = _STARS.match(re.sub(r"\s+", "", text))
    if stars:
        return len(stars[1]) + (0.5 if stars[2] else 0.0)
    if words := _IN_WORDS.match(text):
        return float(_WORDS.index(words[1].casefold()))
    found = _RATING.match(text) or _NAMED.match(text)
    if not found:
        return None
    half = 0.5 if len(found.groups()) > 1 and found[2] else 0.0
    number = float(found[1].replace(",", ".")) + half
    return number if -100 <= number <= 100 else None


def parse_language(value: object) -> str | None:
    """Read a language as its ISO 639-1 code: "en", "en-US", "deu", "Français"; None when it is not known."""
    text = fold(cell_text(value)[:_LONGEST])
    if not text:
        return None
    if re.fullmatch(r"[a-z]{2}([-_][a-z0-9]+)*", text):
        return text[:2]
    return _LANGUAGES.get(text) or _LANGUAGES.get(re.split(r"[\s(,;_-]", text)[0])
