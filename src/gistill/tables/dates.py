"""What a cell says about a day, in every absolute form that exports have; relative forms only from a day that is given.

Pure; None where nothing can be read. Written by hand, since python-dateutil knows English months only and dateparser
takes today into account where a cell says less.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from gistill.tables.values import cell_text, fold

_LONGEST = 100  # characters; a longer cell is no date, and a hostile one would take for ever
_MONTH_NAMES = (
    "january jan januar janvier janv enero ene gennaio gen janeiro januari stycznia styczen ocak января январь янв "
    "january leden ledna januara tammikuu tammikuuta siječnja januarie ianuarie januar. มกราคม",
    "february feb februar fevrier fevr fev febrero febbraio fevereiro februari lutego luty subat февраля февраль фев "
    "unor unora februara helmikuu helmikuuta veljace februarie",
    "march mar mars marz maerz marzo marco maart mrz mrt marca marzec mart марта март "
    "brezen brezna maaliskuu maaliskuuta ozujka martie marts",
    "april apr avril avr abril abr aprile kwietnia kwiecien nisan апреля апрель апр duben dubna huhtikuu huhtikuuta "
    "travnja aprilie",
    "may mai mayo maggio mag maio mei maja maj mayis мая май kveten kvetna toukokuu toukokuuta svibnja",
    "june jun juni juin junio giugno giu junho czerwca czerwiec haziran июня июнь июн cerven cervna kesakuu kesakuuta "
    "lipnja iunie",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec temmuz июля июль июл cervenec cervence heinakuu "
    "heinakuuta srpnja iulie",
    "august aug aout agosto ago augustus augusti sierpnia sierpien agustos августа август авг srpen srpna elokuu "
    "elokuuta kolovoza",
    "september sep sept septembre septiembre settembre set setembro wrzesnia wrzesien eylul сентября сентябрь сен "
    "сент zari syyskuu syyskuuta rujna septembrie",
    "october oct oktober okt octobre octubre ottobre ott outubro out pazdziernika pazdziernik ekim октября октябрь окт "
    "rijen rijna lokakuu lokakuuta listopada octombrie",
    "november nov novembre noviembre novembro listopada listopad kasim ноября ноябрь нояб ноя listopadu marraskuu "
    "marraskuuta studenoga noiembrie",
    "december dec dezember dez decembre diciembre dic dicembre dezembro grudnia grudzien aralik декабря декабрь дек "
    "prosinec prosince joulukuu joulukuuta prosinca decembrie",
)
_MONTHS = {fold(name).strip("."): number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_YEAR_FIRST = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\.?(?=$|[T\s,])")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?=$|[T\s,])")
_CHINESE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_CHINESE_MONTH = re.compile(r"^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]$")
_NUMERIC = re.compile(r"^(\d{1,2})([-/. ])(\d{1,2})(?:\2|,\s*|\.\s*)(\d{4}|\d{2})\.?(?=$|[T\s,])")
_YEAR = r"(?:'?(\d{4})|'(\d{2}))(?!\d)"
_DAY_MONTH_NAME = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]*(?:of\s+|de\s+)?([^\W\d_]{3,})\.?,?[\s-]*(?:de\s+|del\s+)?" + _YEAR
)
_SHORT = re.compile(r"^(\d{1,2})[\s-]([^\W\d_]{3,})\.?[\s-](\d{2})(?=$|[T\s,])")  # 05-Mar-24
_MONTH_DAY_TIME = re.compile(r"([^\W\d_]{3,}) +(\d{1,2}) \d{1,2}:\d\d(?::\d\d)?(?: \+?[\w-]{1,6})? (\d{4})")
_MONTH_NAME_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+" + _YEAR)
_YEAR_MONTH_NAME_DAY = re.compile(r"^(\d{4})[\s-]([^\W\d_]{3,})[\s-](\d{1,2})(?=$|[T\s,])")
_MONTH_ONLY = re.compile(
    r"^([^\W\d_]{3,})\.?,?(?:\s+(?:de\s+|of\s+)?|-|/)(?:'?(\d{4})|'(\d{2}))$|^([^\W\d_]{3,})-(\d{2})$"
)
_MONTH_NUMBER = re.compile(r"^(?:(\d{4})-(\d{1,2})|(\d{1,2})/(\d{4}))$")
_EPOCH = re.compile(r"(?:/Date\()?(\d{9,10}(?:\.\d+)?|\d{12,13}(?:\.\d+)?)(?:[+-]\d{4})?(?:\)/)?")
_SERIAL = re.compile(
    r"[34]\d{4}(?:\.\d+)?"
)  # days since 1899-12-30, from 1982 to 2036: a spreadsheet's cell without format

Unit = Literal["day", "month", "year"]
_UNITS: tuple[tuple[str, str], ...] = (
    ("hours", r"seconds?|secs?|minutes?|mins?|hours?|hrs?|sekunden?|minuten?|stunden?|secondes?|heures?|segundos?|"
     r"minutos?|horas?|secondi|minuti|or[ae]|uur|uren|minuut|час\w*|минут\w*|秒|分钟|分鐘|小时|小時|時間|分"),
    ("days", r"days?|tag(?:en?)?|jours?|dias?|giorn[io]|dag(?:en)?|дн\w+|день|天|日"),
    ("weeks", r"weeks?|wk|wochen?|semaines?|semanas?|settiman[ae]|week|weken|недел\w+|周|週|个星期|週間"),
    ("months", r"months?|monat(?:en?)?|mois|mes(?:es)?|mes[ei]|maand(?:en)?|meses|месяц\w*|个月|個月|か月|ヶ月"),
    ("years", r"years?|yrs?|jahr(?:en?)?|an|ans|annees?|anos?|ann[oi]|jaar|jaren|год\w*|лет|年"),
)  # fmt: skip
_AMOUNT = r"(?P<amount>\d{1,3}|an?|one|eine[mnrs]?|ein|une?|una?|uno|um|uma|een|a few|einigen|quelques|algunos)"
_AGO = re.compile(
    r"^(?:edited\s+|about\s+|over\s+|almost\s+)?(?:(?:vor|il y a|hace|ha)\s+)?(?:etwa\s+|environ\s+)?"
    + _AMOUNT + r"?\s*(?:"
    + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS)
    + r")(?:\s*(?:ago|fa|atras|geleden|назад|前|전))?$"
)  # fmt: skip
_AGO_MARK = re.compile(r"\b(?:ago|vor|il y a|hace|ha|fa|atras|geleden|назад)\b|前$|전$")
_NAMED_DAYS = {
    0: "today|just now|heute|aujourd'hui|hoy|oggi|hoje|vandaag|сегодня|今天|今日|刚刚",
    1: "yesterday|gestern|hier|ayer|ieri|ontem|gisteren|вчера|昨天|昨日",
}
_NAMED = {fold(name): days for days, names in _NAMED_DAYS.items() for name in names.split("|")}


class Day(NamedTuple):
    """A day, or the first of the month or year where no more is said."""

    date: dt.date
    unit: Unit = "day"


def parse_date(value: object, *, day_first: bool = False) -> dt.date | None:
    """Read the day of a date, a timestamp or an epoch number, as written: time zones do not move it.

    Args:
        value: A date, a number of seconds or milliseconds since 1970 (read as UTC) or of days as spreadsheets count
            them, or text: ISO, "3/14/2024", "14.03.2024", "March 14, 2024", "14 mars 2024", "2024年3月14日"; inside a
            clause where the month is named.
        day_first: How "03/04/2024" is read. Dots are always day-first; a value that only one reading allows gets it.

    Returns:
        A date from 1900 to 2100; None for anything else, also for a month without a day.
    """
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return _date(value.year, value.month, value.day)
    text = cell_text(value).strip().removeprefix("'")
    if not text or len(text) > _LONGEST or not any(char.isdigit() for char in text):
        return None
    if number := _number_date(text):
        return number
    for pattern in (_YEAR_FIRST, _COMPACT, _CHINESE):
        if found := pattern.search(text):
            return _date(int(found[1]), int(found.groups()[-2]), int(found.groups()[-1]))
    if found := _NUMERIC.match(text):
        return _numeric_date(found, day_first=day_first)
    return _named_month(text)


def read_day(value: object, *, day_first: bool = False, as_of: dt.date | None = None) -> Day | None:
    """Read a date as `parse_date` does, and what says less than a day.

    Args:
        value: See `parse_date`; also a month ("March 2024", "Mar-24", "2024-03"), and with `as_of` what is said from
            today's point of view ("2 weeks ago", "il y a 2 mois").
        day_first: See `parse_date`.
        as_of: The day on which the source was made; None reads nothing relative, so that equal input stays equal.
    """
    if day := parse_date(value, day_first=day_first):
        return Day(day)
    text = cell_text(value).strip()
    if not text or len(text) > _LONGEST:
        return None
    return _month(fold(text)) or (_relative(fold(text), as_of) if as_of is not None else None)


def join_day(year: object, month: object, day: object = None) -> Day | None:
    """Read a date that stands in several cells; a month by number or by name.

    >>> join_day(2024, "March"), join_day("2024.0", "3", "14")
    (Day(date=datetime.date(2024, 3, 1), unit='month'), Day(date=datetime.date(2024, 3, 14), unit='day'))
    """
    name = fold(cell_text(month)).strip().strip(".")
    months, years = _MONTHS.get(name) or _whole(month), _whole(year)
    days = _whole(day) if cell_text(day).strip() else None
    if not months or not years:
        return None
    date = _date(years, months, days or 1)
    return Day(date, "day" if days else "month") if date else None


def _whole(value: object) -> int:
    """Read a whole number; 0 where it is none."""
    text = cell_text(value).strip().removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) <= 4 else 0


def is_relative(value: object) -> bool:
    """Say whether a cell gives a day from today's point of view: "2 weeks ago", "gestern"."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    return _relative(fold(value), dt.date(2000, 6, 15)) is not None


def _number_date(text: str) -> dt.date | None:
    if found := _EPOCH.fullmatch(text):
        seconds = float(found[1]) / (1000 if len(found[1].split(".")[0]) > 10 else 1)
        day = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
        return _date(day.year, day.month, day.day)
    if _SERIAL.fullmatch(text):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
    return None


def _numeric_date(found: re.Match[str], *, day_first: bool) -> dt.date | None:
    first, second, year = int(found[1]), int(found[3]), _full_year(found[4])
    by_day, by_month = _date(year, second, first), _date(year, first, second)
    return by_day or by_month if day_first or found[2] == "." else by_month or by_day


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 69 else 1900)


def _named_month(text: str) -> dt.date | None:
    plain = fold(text)
    if (found := _YEAR_MONTH_NAME_DAY.search(plain)) and (month := _MONTHS.get(found[2])):
        return _date(int(found[1]), month, int(found[3]))
    if (found := _SHORT.search(plain)) and (month := _MONTHS.get(found[2])):
        return _date(_full_year(found[3]), month, int(found[1]))
    for found in _DAY_MONTH_NAME.finditer(plain):
        if month := _MONTHS.get(found[2]):
            return _date(_full_year(found[3] or found[4]), month, int(found[1]))
    for found in itertools.chain(_MONTH_NAME_DAY.finditer(plain), _MONTH_DAY_TIME.finditer(plain)):
        if month := _MONTHS.get(found[1]):
            return _date(_full_year(found[3] or found[4]), month, int(found[2]))
    return None


def _month(plain: str) -> Day | None:
    if found := _MONTH_ONLY.match(plain):
        month = _MONTHS.get(found[1] or found[4])
        first = month and _date(_full_year(found[2] or found[3] or found[5]), month, 1)
        return Day(first, "month") if first else None
    if found := _MONTH_NUMBER.match(plain) or _CHINESE_MONTH.match(plain):
        years, months = (found[1], found[2]) if found[1] else (found[4], found[3])
        first = _date(int(years), int(months), 1)
        return Day(first, "month") if first else None
    return None


def _relative(plain: str, as_of: dt.date) -> Day | None:
    if plain in _NAMED:
        return Day(as_of - dt.timedelta(days=_NAMED[plain]))
    found = _AGO.match(plain)
    if not found or not _AGO_MARK.search(plain):
        return None
    unit = next(unit for unit, _ in _UNITS if found[unit])
    said = found["amount"] or "1"
    amount = int(said) if said.isdigit() else 3 if said in ("a few", "einigen", "quelques", "algunos") else 1
    if unit in ("hours", "days", "weeks"):
        return Day(as_of - dt.timedelta(days=amount * {"hours": 0, "days": 1, "weeks": 7}[unit]))
    if unit == "years":
        first = _date(as_of.year - amount, 1, 1)
        return Day(first, "year") if first else None
    months = as_of.year * 12 + as_of.month - 1 - amount
    first = _date(months // 12, months % 12 + 1, 1)
    return Day(first, "month") if first else None


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
        A clock with AM and PM beside the dates is month-first where no value decides.
    """
    day = month = clocks = 0
    for value in values:
        found = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
        if found and found[2] != ".":
            day += int(found[1]) > 12
            month += int(found[3]) > 12
            clocks += bool(re.search(r"\d ?[AP]M\b", str(value)))
    if not day and not month:
        return (False if clocks else None), False
    return day > month, bool(day and month)
