"""The check digits by which a number gives itself away: cards, bank accounts, national numbers.

Source: ISO/IEC 7812-1 (Luhn), ISO 7064 and ISO 13616 (IBAN), Verhoeff (1969); each national number's rule as its issuer
publishes it.
"""

from __future__ import annotations

import re
from datetime import date

# Length of an IBAN by country (SWIFT's registry).
_IBANS = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18
    FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
    LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24
    SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
IBAN_LENGTHS = {country[:2]: int(country[2:]) for country in _IBANS.split()}
_VERHOEFF_D = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432",
               "7659821043", "8765932104", "9876543210")  # fmt: skip
_VERHOEFF_P = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
               "7046913258")  # fmt: skip
_CHINA_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODICE_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
    22, 25, 24, 23), strict=True))  # fmt: skip


def digits(text: str) -> str:
    """Keep the digits 0 to 9 of a text."""
    return "".join(re.findall("[0-9]", text))


def luhn(number: str) -> bool:
    """Say whether digits pass the check of payment cards."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_card(number: str) -> bool:
    """Say whether digits are a payment card's: an issuer's beginning, that issuer's length, and the check digit."""
    issued = (
        (number[0] == "4" and len(number) in (16, 19))
        or (len(number) == 16 and (51 <= int(number[:2]) <= 55 or 2221 <= int(number[:4]) <= 2720))
        or (len(number) == 15 and number[:2] in ("34", "37"))
        or (len(number) in (14, 16) and number[:2] in ("30", "36", "38", "39"))
        or (16 <= len(number) <= 19 and (number[:4] == "6011" or number[:2] in ("62", "65", "35", "81")))
        or (12 <= len(number) <= 19 and number[:4] in ("5018", "5020", "5038", "5893", "6304", "6759", "6761", "6763"))
    )
    return issued and len(set(number)) > 1 and luhn(number)


def iban(text: str) -> bool:
    """Say whether letters and digits without spaces are an IBAN: its country's length and the check digits."""
    if IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def verhoeff(number: str) -> bool:
    """Say whether digits pass the check of an Aadhaar number."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[place % 8][int(digit)])])
    return check == 0


def china_id(text: str) -> bool:
    """Say whether 17 digits and a check character are a resident's number, date of birth included."""
    rest = sum(weight * int(digit) for weight, digit in zip(_CHINA_WEIGHTS, text[:17], strict=True)) % 11
    return "10X98765432"[rest] == text[17].upper() and _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def pesel(number: str) -> bool:
    """Say whether eleven digits are a Polish PESEL, date of birth included."""
    weighed = sum(weight * int(digit) for weight, digit in zip((1, 3, 7, 9) * 2 + (1, 3), number[:10], strict=True))
    century, month = divmod(int(number[2:4]), 20)
    year = {4: 1800, 0: 1900, 1: 2000, 2: 2100, 3: 2200}[century] + int(number[:2])
    return (10 - weighed % 10) % 10 == int(number[10]) and _is_date(year, month, int(number[4:6]))


def cpf(number: str) -> bool:
    """Say whether eleven digits are a Brazilian CPF."""

    def check(part: str) -> int:
        rest = sum(weight * int(digit) for weight, digit in zip(range(len(part) + 1, 1, -1), part, strict=True)) % 11
        return 0 if rest < 2 else 11 - rest

    return len(set(number)) > 1 and [check(number[:9]), check(number[:10])] == [int(number[9]), int(number[10])]


def dni(text: str) -> bool:
    """Say whether a Spanish DNI or NIE ends with the letter it should."""
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def codice_fiscale(text: str) -> bool:
    """Say whether sixteen characters are an Italian codice fiscale."""
    total = sum(_CODICE_ODD[char] for char in text[0:15:2])
    total += sum(int(char) if char.isdigit() else ord(char) - ord("A") for char in text[1:15:2])
    return chr(ord("A") + total % 26) == text[15]


def nir(text: str) -> bool:
    """Say whether fifteen characters are a French social security number, Corsica included."""
    number = text[:13].upper().replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(text[13:])


def swedish(number: str) -> bool:
    """Say whether ten digits, or twelve with the century, are a Swedish personnummer; 60 more in the day is allowed."""
    short = digits(number)[-10:]
    day = int(short[4:6])
    return luhn(short) and _is_day(int(short[2:4]), day - 60 if day > 60 else day)


def finnish(text: str) -> bool:
    """Say whether ten characters, or eleven with the sign of the century, are a Finnish henkilötunnus."""
    number = text[:6] + text[-4:-1]
    right = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(number) % 31] == text[-1]
    return right and _is_day(int(number[2:4]), int(number[:2]))


def czech(number: str) -> bool:
    """Say whether ten digits are a Czech or Slovak rodné číslo; women have 50 more in the month."""
    rest = int(number[:9]) % 11 % 10
    return rest == int(number[9]) and _is_day(int(number[2:4]) % 50 % 20, int(number[4:6]))


def norwegian(number: str) -> bool:
    """Say whether eleven digits are a Norwegian fødselsnummer; 40 more in the day is a D number."""
    for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)):
        if sum(weight * int(digit) for weight, digit in zip(weights, number, strict=False)) % 11:
            return False
    return _is_day(int(number[2:4]), int(number[:2]) % 40)


def turkish(number: str) -> bool:
    """Say whether eleven digits are a Turkish T.C. kimlik number."""
    places = [int(digit) for digit in number]
    tenth = (7 * sum(places[0:9:2]) - sum(places[1:8:2])) % 10
    return number[0] != "0" and tenth == places[9] and sum(places[:10]) % 10 == places[10]


def ean(number: str) -> bool:
    """Say whether digits pass the check of a bar code, which a Swiss AHV number has too."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(number))) % 10 == 0


def _is_day(month: int, day: int) -> bool:
    return _is_date(2000, month, day)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).year > 1850
    except ValueError:
        return False
