"""Quotes, comparison and plain checks of what is text. Pure: strings in, values out.

Nothing here changes a record's text except `clean`, which runs once, before the record exists.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any

from gistill.errors import AnchorError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a character class of the scripts written without spaces between words holds: Thai, Lao, Myanmar, Khmer, kana,
# Han. Everything that asks where a word ends asks here.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
# The same, and Hangul: Korean has spaces, but its particles are written onto the word they belong to, so that what
# somebody marks may end inside what stands between spaces.
GLUED = f"{UNSPACED}\uac00-\ud7a3"
_WORD = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+(?:['’][^\\W_{UNSPACED}]+)*")
_GLUED = re.compile(f"[{GLUED}]")
_UNSPACED_START = re.compile(f"[{UNSPACED}]")
# Scripts, by the first word of their letters' Unicode names, and the languages written in them (ISO 639-1).
_LANGUAGES = {
    "LATIN": "aa af ak an av ay az bm br bs ca ch co cs cy da de ee en eo es et eu ff fi fj fo fr fy ga gd gl gn gv "
    "ha "
    "ho hr ht hu hz ia id ie ig ik io is it jv kg ki kj kl kr ku kw la lb lg li ln lt lu lv mg mh mi ms mt na nb nd "
    "ng "
    "nl nn no nr nv ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq sr ss st su sv sw tk tl tn to tr ts tw "
    "ty "
    "uz ve vi vo wa wo xh yo za zu",
    "CYRILLIC": "ab av az ba be bg ce cu cv kk kv ky mk mn os ru sr tg tt uk uz",
    "ARABIC": "ar fa ks ku ps sd ug ur",
    "DEVANAGARI": "hi mr ne sa",
    "CJK": "ja ko zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "HEBREW": "he iw yi",
    "ETHIOPIC": "am ti",
    "BENGALI": "as bn",
    "TIBETAN": "bo dz",
    "GREEK": "el",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "THAI": "th",
    "LAO": "lo",
    "MYANMAR": "my",
    "KHMER": "km",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "ORIYA": "or",
    "SINHALA": "si",
    "THAANA": "dv",
}
# Told from each other by `find_language`: those that are read, and those that would be taken for one of them.
_TOLD = (
    "en de fr es it pt nl pl tr ru ar zh ja "
    "sv da no fi cs sk hu ro hr sl lt lv et ca bg uk sr el he ko vi id hi th fa ur bn ta"
)
_SURE = 0.8  # of 1,277 English texts none is taken for another language, of 724 in twelve others 3 are told wrong
_LINK = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)
_EMOTICON = re.compile(r"[:;=8xX][-'^o]?[()\[\]DPp/\\|3]|<3|\^[_.-]?\^")
_BLOB = re.compile(r"(?:data:[\w.+-]+/[\w.+-]+;base64,)?[A-Za-z0-9+/_-]{60,}={0,2}")
_CONTROL_SHARE = 0.1  # a page of binary read as Latin-1 has 25% and more; a review pasted from a terminal under 2%
_BLOB_SHARE = 0.8


def clean(text: str) -> str:
    """Replace NUL and lone surrogates, one for one, by U+FFFD, and leave everything else as it is.

    They can be neither written as UTF-8 (surrogates) nor passed through C strings (NUL). There is no normalisation
    of any other kind: what a customer typed is what offsets count in.
    """
    return _UNSTORABLE.sub("\ufffd", text)


def normalise(text: str) -> str:
    """Fold a text for comparing: NFKC, case folded, white space collapsed. Never shown and never stored."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def count_words(text: str) -> int:
    """Count words in any script; in unspaced ones (Han, kana, Thai, ...) two characters are a word, rounded up."""
    words: list[str] = _WORD.findall(text)
    if text.isascii():
        return len(words)
    return sum((len(word) + 1) // 2 if _UNSPACED_START.match(word) else 1 for word in words)


def is_blank(text: str) -> bool:
    """Say whether nothing visible is there: white space and invisible format characters only."""
    return all(
        char.isspace() or char in "\u115f\u1160\u2800\u3164\uffa0" or unicodedata.category(char) == "Cf"
        for char in text
    )


def why_not_text(text: str) -> str | None:
    """Say why a text holds nothing a person wrote in words, or None when it does.

    Letters of any script make a text. Without letters, emoji and emoticons do too ("👍👍", ":-)"): people answer
    with them. Numbers and punctuation alone ("10/10", "...") do not, because nothing can be quoted from them that
    the rating column does not say better.

    Args:
        text: Not blank; see `is_blank`.

    Returns:
        A clause for the report: "control or undecodable characters", "only links", "an encoded block of data" or
        "no letters"; None for text.
    """
    plain = text.isprintable() and "\ufffd" not in text  # nearly always so, and fast to see
    if not plain and sum(map(_is_unreadable, text)) > _CONTROL_SHARE * len(text):
        return "control or undecodable characters"
    rest = _LINK.sub(" ", text)
    if rest != text and not _has_words(rest):
        return "only links"
    blocks = [found[0] for word in text.split() if len(word) >= 60 and (found := _BLOB.search(word))]
    if sum(map(len, filter(_looks_encoded, blocks))) > _BLOB_SHARE * len(text.strip()):
        return "an encoded block of data"
    return None if _has_words(rest) else "no letters"


def _has_words(text: str) -> bool:
    if any(char.isalpha() for char in text) or _EMOTICON.search(text):
        return True
    # So is where Unicode keeps emoji, stars and most pictures.
    return any(unicodedata.category(char) == "So" and char != "\ufffd" for char in text)


def _looks_encoded(word: str) -> bool:
    """Tell base64 and hexadecimal from one long word, such as "aaaah..." or "-----": they mix digits with letters."""
    return any(char.isdigit() for char in word) and any(char.isalpha() for char in word) and len(set(word)) >= 10


def _is_unreadable(char: str) -> bool:
    return char == "\ufffd" or (unicodedata.category(char) in ("Cc", "Co", "Cn") and char not in "\t\n\r\x0b\x0c\x85")


def is_in_one_of(text: str, languages: Collection[str], *, declared: str | None = None) -> bool:
    """Say whether a text may be in one of some languages, as far as its script and what was declared can tell.

    Languages are told apart by their scripts, and by what is written, where it is long enough: see `find_language`.
    Latin letters are at home in every language, since names and brands are written in them.

    Args:
        text: Any text. Without letters it may be in any language.
        languages: ISO 639-1; with none, or one whose script is not known, any text may be in them.
        declared: The text's language, ISO 639-1. Believed where the text is written in that language's script: a
            column of languages can hold countries.

    >>> is_in_one_of("味道很好", ["en"]), is_in_one_of("iPhone很好用", ["zh"]), is_in_one_of("Trop cher", ["en"])
    (False, True, True)
    """
    ours = [_scripts(language) for language in languages]
    if not ours or not all(ours):
        return True
    theirs = _scripts(declared or "")
    if theirs and declared not in languages and _mostly(text, theirs):
        return False
    if declared is None and (found := find_language(text)) is not None and found not in languages:
        return False
    return _mostly(text, {"LATIN"}.union(*ours))


@lru_cache(maxsize=4096)  # asked for whether a text is read and for who reads it, in nearby places
def find_language(text: str) -> str | None:
    """Find the language of a text by its letters; None where it is too short, or too mixed, to tell.

    By py3langid (naive Bayes over byte sequences), of the 41 languages in `_TOLD`. A text that is not told is taken to
    be in a language that is read, so English is hardly ever lost.

    >>> find_language("Das Zimmer war schmutzig."), find_language("The room was dirty."), find_language("Trop cher")
    ('de', 'en', None)
    """
    language, sure = _identifier().classify(text[:1000])
    return str(language) if sure >= _SURE and any(char.isalpha() for char in text) else None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_TOLD.split())
    return identifier


def _scripts(language: str) -> set[str]:
    """List the scripts a language is written in; none for a code that is not known."""
    return {script for script, languages in _LANGUAGES.items() if language and language in languages.split()}


def _mostly(text: str, scripts: set[str]) -> bool:
    """Say whether at least half of the letters are of some scripts."""
    if text.isascii() and "LATIN" in scripts:
        return True
    letters = Counter(char for char in text if char.isalpha())
    inside = sum(count for char, count in letters.items() if _script(char) in scripts)
    return 2 * inside >= letters.total()


def _script(letter: str) -> str:
    """Name a letter's script; variants ("FULLWIDTH LATIN", "HALFWIDTH KATAKANA", "ª") count to what they look "
    "like."""
    words = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "").split()
    return words[0].split("-")[0] if words else ""


def anchor(quote: str, text: str, *, occurrence: int = 0) -> tuple[int, int]:
    """Find where a quotation stands in the text it was taken from.

    Models return words, not positions. The match is exact, because a model that rewrote the words has not quoted.

    Args:
        quote: The words said to be quoted.
        text: The record's text, unchanged since it was loaded.
        occurrence: Which match to take when the words recur, counted from 0 from the left; overlapping matches count.

    Returns:
        `(start, end)` in Unicode code points, half-open, so `text[start:end] == quote`. Not bytes and not tokens.

    Raises:
        AnchorError: The quotation is empty or does not stand there that many times; a nearby span is never guessed.

    >>> anchor("slow", "Slow kitchen, slow till.")
    (14, 18)
    """
    if not quote:
        raise AnchorError("an empty quotation stands nowhere")
    start = text.find(quote)
    for _ in range(occurrence):
        if start < 0:
            break
        start = text.find(quote, start + 1)
    if start < 0:
        times = f" {occurrence + 1} times" if occurrence else ""
        raise AnchorError(f"the quotation {quote[:60]!r} does not stand in the text{times}")
    return start, start + len(quote)


def places(words: str, text: str) -> list[tuple[int, int]]:
    """Find where words stand in a text, as spans; whole words only, where the script has such a thing.

    >>> places("art", "art is no part of it")
    [(0, 3)]
    """
    found, at = [], text.find(words) if words else -1
    while at >= 0:
        end = at + len(words)
        if not (_joined(text[at - 1 : at], words[0]) or _joined(words[-1], text[end : end + 1])):
            found.append((at, end))
        at = text.find(words, at + 1)
    return found


def _joined(left: str, right: str) -> bool:
    """Say whether two characters belong to one word; scripts written without spaces, and Korean, join nothing."""
    return _letter(left) and _letter(right)


def _letter(char: str) -> bool:
    return bool(char) and char.isalnum() and not _GLUED.match(char)
