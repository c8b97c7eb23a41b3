"""Draw the texts of benchmarks/privacy_countries.jsonl: 150 with personal data of 15 countries, and 150 without.

    python benchmarks/privacy_countries.py [--seed 20261127] [-o FILE]        # needs Faker 40.63 and python-stdnum 2.2

The sentences are privacy_templates.txt, written by hand. Names, addresses, telephone numbers, e-mail addresses and user
names are faker's for the country; numbers with check digits are made here and must pass python-stdnum. Where faker has
nothing of a country (addresses of Turkey and the Emirates, driver's licences, passports), shapes as their issuers
publish them are drawn. Nobody's values are in it but by chance. Half of the texts of each country, those whose
ids have the lowest hashes, are set aside: see benchmarks/privacy.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import string
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from faker import Faker
from stdnum import iban, luhn
from stdnum.au import tfn
from stdnum.ch import ssn as ahv
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar, epic, pan
from stdnum.it import codicefiscale
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import ssn

T = TypeVar("T")
HERE = Path(__file__).parent
BBAN = {
    "GB": "????" + "#" * 14, "DE": "#" * 18, "FR": "#" * 23, "ES": "#" * 20, "IT": "?" + "#" * 22, "PL": "#" * 24,
    "TR": "0" + "#" * 21, "SE": "#" * 20, "FI": "#" * 14, "CZ": "#" * 20, "CH": "#" * 17, "AE": "#" * 19,
}  # fmt: skip
DATES = {"us": "%m/%d/%Y", "eu": "%d/%m/%Y", "dot": "%d.%m.%Y", "iso": "%Y-%m-%d", "fi": "%d.%m.%Y", "cz": "%d. %m. %Y"}
PRICES = {"us": "${}.99", "gb": "£{}.99", "eu": "{},99 €", "pl": "{} zł", "tr": "{} TL", "se": "{} kr", "cz": "{} Kč"}
TR_PLACES = ("34710 Kadıköy/İstanbul", "06690 Çankaya / Ankara", "35220 Konak/İzmir", "Nilüfer/BURSA")
AE_PLACES = (
    "Villa {a}, Street {b}b, Al Barsha 2, Dubai", "Flat {a}, Marina Heights Tower, Dubai Marina, Dubai",
    "P.O. Box {c}, Abu Dhabi", "Apartment {a}, Al Khan Street {b}, Sharjah",
    "Office {a}, Building {b}, Hamdan St, Abu Dhabi",
)  # fmt: skip


class Draw:
    """What one text's slots are filled with; the same seed and id give the same values."""

    def __init__(self, seed: int, key: str, country: str, locale: str) -> None:
        self.rng = random.Random(f"{seed}-{key}")
        self.country = country
        self.fake = Faker(locale)
        self.fake.seed_instance(f"{seed}-{key}")
        self.latin = Faker("en_GB" if locale in ("hi_IN", "ar_AA") else locale)
        self.latin.seed_instance(f"{seed}-{key}-latin")
        self.first = self.fake.first_name()  # one text is by one person
        self.last = self.fake.last_name()

    def shape(self, shape: str) -> str:
        """Draw a digit for each "#" and a capital letter for each "?"; the rest stays."""
        drawn = {"#": string.digits, "?": string.ascii_uppercase}
        return "".join(self.rng.choice(drawn[char]) if char in drawn else char for char in shape)

    def valid(self, shape: str, check: Callable[[str], bool]) -> str:
        """Draw until python-stdnum agrees."""
        while not check(value := self.shape(shape)):
            pass
        return value

    def one_of(self, *forms: T) -> T:
        return self.rng.choice(forms)

    def born(self) -> date:
        return self.fake.date_of_birth(minimum_age=18, maximum_age=90)


def names(draw: Draw, slot: str) -> str:
    full = f"{draw.first} {draw.last}"
    return {"first": draw.first, "NAME": upper(full, draw.country)}.get(slot, full)


def upper(text: str, country: str) -> str:
    return (text.replace("i", "İ") if country == "TR" else text).upper()


def address(draw: Draw, slot: str) -> str:
    if draw.country == "TR":
        district, street = draw.fake.last_name(), draw.fake.last_name()
        number, flat = draw.rng.randint(1, 190), draw.rng.randint(1, 40)
        form = draw.one_of("{} Mah. {} Cad. No: {} D: {}, {}", "{} Mahallesi {} Sokak No:{} Daire:{} {}")
        return form.format(district, street, number, flat, draw.rng.choice(TR_PLACES))
    if draw.country == "AE":
        return draw.rng.choice(AE_PLACES).format(
            a=draw.rng.randint(1, 2400), b=draw.rng.randint(1, 60), c=draw.rng.randint(1000, 99999)
        )
    lines = [line.strip() for line in draw.fake.address().splitlines()]
    return "\n".join(lines) if slot == "address_lines" else ", ".join(lines)


def phone(draw: Draw, slot: str) -> str:
    if slot == "phone_ae":
        return draw.one_of(*map(draw.shape, ("+971 50 ### ####", "055 ### ####", "00971 52 #######", "056#######")))
    if draw.country == "TR":  # faker's have too few digits at times
        return draw.one_of(
            *map(draw.shape, ("+90 532 ### ## ##", "0 (533) ### ## ##", "0542#######", "0212 ### ## ##"))
        )
    return draw.fake.phone_number()


def plain(text: str) -> str:
    """Write a name as people do in a mailbox: small, without accents."""
    folded = unicodedata.normalize("NFKD", text.lower().replace("ł", "l").replace("ı", "i").replace("ß", "ss"))
    return re.sub("[^a-z]", "", folded)


def email(draw: Draw, slot: str) -> str:
    first, last = plain(draw.first) or plain(draw.latin.first_name()), plain(draw.last) or plain(draw.latin.last_name())
    local = draw.one_of(f"{first}.{last}", f"{first[0]}{last}", f"{last}{draw.rng.randint(1, 99)}", f"{first}_{last}")
    site = draw.one_of(
        "gmail.com", "yahoo.com", "hotmail.com", draw.latin.free_email_domain(), draw.latin.domain_name()
    )
    if slot == "email":
        return f"{local}@{site}"
    if slot == "email_plain":
        return f"{first}{draw.rng.randint(1, 99)}@{site}"
    at, dot = (" at ", " dot ") if slot == "email_at" else draw.one_of(
        "_at_|_dot_", " (at) |.", "[at]|[dot]", " [at] | [dot] ", "(at)|(dot)", " AT | DOT ", "_at_|."
    ).split("|")  # fmt: skip
    return f"{local}{at}{site.replace('.', dot)}"


def handle(draw: Draw, slot: str) -> str:
    user = draw.one_of(draw.latin.user_name(), f"{plain(draw.first)}_{draw.rng.randint(1, 99)}",
                       f"{plain(draw.first)}.{plain(draw.last)}")  # fmt: skip
    return f"{user}@{draw.one_of('okaxis', 'ybl', 'paytm')}" if slot == "upi" else f"@{user.lstrip('_.')}"


def card(draw: Draw, slot: str) -> str:
    number = draw.fake.credit_card_number(draw.rng.choice(["visa16", "mastercard", "amex"]))
    assert luhn.is_valid(number)
    cut = [number[:4], number[4:10], number[10:]] if len(number) == 15 else re.findall("....", number)
    return draw.one_of(" ", "-", ".", "").join(cut)


def account(draw: Draw, slot: str) -> str:
    body = draw.shape(BBAN[draw.country])
    number = draw.country + iban.calc_check_digits(draw.country + "00" + body) + body
    assert iban.is_valid(number, check_country=False)
    return draw.one_of(number, " ".join(re.findall(".{1,4}", number)), number.lower())


def born(draw: Draw, slot: str) -> str:
    return draw.born().strftime(DATES[slot.removeprefix("dob_")])


def cut(number: str, form: str) -> str:
    """Write a number in groups: "3-2-4" is three digits, a dash, two, a dash, four."""
    written = ""
    for size, gap in re.findall(r"(\d+)(\D?)", form):
        written, number = written + number[: int(size)] + gap, number[int(size) :]
    return written


# Numbers with check digits: a shape to draw from, python-stdnum's opinion, and the groups in which people write them.
CHECKED: dict[str, tuple[str, Callable[[str], bool], tuple[str, ...]]] = {
    "ssn": ("#########", ssn.is_valid, ("3-2-4", "3 2 4", "9")),
    "nhs": ("##########", nhs.is_valid, ("3 3 4", "10", "3-3-4")),
    "idnr": ("###########", idnr.is_valid, ("11", "2 3 3 3")),
    "dni": ("########?", dni.is_valid, ("9", "8-1")),
    "nie": ("X#######?", nie.is_valid, ("9", "8-1", "1-7-1")),
    "tckn": ("###########", tckimlik.is_valid, ("11",)),
    "aadhaar": ("############", aadhaar.is_valid, ("4 4 4", "12", "4-4-4")),
    "pan": ("???P?####?", pan.is_valid, ("10",)),
    "epic": ("???#######", epic.is_valid, ("10",)),
    "tfn": ("#########", tfn.is_valid, ("3 3 3", "9")),
    "ahv": ("756##########", ahv.is_valid, ("3.4.4.2", "3 4 4 2", "13")),
}
# Numbers whose check digits nobody publishes, or that have none: shapes as they are printed on the card.
SHAPES: dict[str, tuple[str, ...]] = {
    "nino": ("AB ## ## ## C", "JG######A", "NR ###### B", "SE######D"),
    "mbi": ("1EG4-TE#-MK##", "2?N#RH#WD##"),
    "perso": ("L01X##T#", "T22##012##2", "LZ6311T4##"),
    "nss": ("28 ######## ##", "08/########/##", "41##########"),
    "cni_fr": ("####75P#####", "D2H6862M#", "1###333#####"),
    "ci_it": ("CA#####??", "AX #######", "CA ##### XK"),
    "dowod": ("???######", "??? ######"),
    "op": ("#########",),
    "id_ch": ("E#######", "C#######"),
    "dl_us": ("?#######", "### ### ###", "?###-###-##-###-#", "########", "?###-####-####"),
    "dl_de": ("B072??E#I##", "J##000?#U#1", "N0704??#D##"),
    "dl_fr": ("############", "##??#####"),
    "dl_it": ("U1#######?", "NA#######?", "U1 ?## ####X"),
    "dl_pl": ("#####/0#/12##", "#####/18/06##"),
    "dl_tr": ("######",),
    "dl_cz": ("EL ######", "EB ######", "EH######"),
    "dl_in": ("MH12 2011#######", "DL-042011#######", "KA05 2015#######"),
    "dl_au": ("########", "### ### ###", "#######"),
    "dl_ch": ("############", "### ### ### 003"),
    "dl_ae": ("#######", "######"),
    "passport_us": ("#########", "?########"),
    "passport_gb": ("#########",),
    "passport_fr": ("1#??#####", "23??#####"),
    "passport_es": ("???######", "PA#######"),
    "passport_pl": ("??#######", "?? #######"),
    "passport_tr": ("U########",),
    "passport_se": ("########", "??#######"),
    "passport_fi": ("XP#######", "PN#######"),
    "passport_cz": ("########",),
    "passport_au": ("PA#######", "N#######"),
    "passport_ae": ("?########", "??#######", "#########"),
}


def checked(draw: Draw, slot: str) -> str:
    shape, check, groups = CHECKED[slot]
    return cut(draw.valid(shape, check), draw.one_of(*groups))


def printed(draw: Draw, slot: str) -> str:
    return draw.shape(draw.one_of(*SHAPES[slot]))


def of_birth(draw: Draw, slot: str) -> str:
    """Numbers that begin with the holder's date of birth."""
    day = draw.born()
    if slot in ("pnr", "dl_se"):
        begin = draw.one_of(day.strftime("%y%m%d-"), day.strftime("%Y%m%d-"), day.strftime("%Y%m%d"))
        return draw.valid(begin + "####", personnummer.is_valid)
    if slot in ("hetu", "dl_fi"):
        return draw.valid(day.strftime("%d%m%y") + ("A" if day.year >= 2000 else "-") + "###?", hetu.is_valid)
    if slot == "rc":
        month = day.month + draw.one_of(0, 50)  # 50 more for women
        number = draw.valid(f"{day.year % 100:02}{month:02}{day.day:02}####", rc.is_valid)
        return draw.one_of("{}/{}", "{}{}", "{} / {}").format(number[:6], number[6:])
    if slot == "pesel":
        return draw.valid(
            f"{day.year % 100:02}{day.month + 20 * (day.year >= 2000):02}{day.day:02}#####", pesel.is_valid
        )
    if slot == "nir":
        number = f"{draw.one_of(1, 2)}{day.year % 100:02}{day.month:02}" + draw.shape("75######")
        return cut(draw.valid(number + "##", nir.is_valid), draw.one_of("15", "1 2 2 2 3 3 2"))
    if slot == "svnr":
        number = draw.shape(f"{draw.one_of(12, 53, 65)}{day:%d%m%y}?###")
        return draw.one_of(number, cut(number, "2 6 1 3"))
    if slot == "dl_gb":
        last = (plain(draw.last).upper() + "99999")[:5]
        return f"{last}{day.year % 100 // 10}{day:%m%d}{day.year % 10}{draw.first[0].upper()}" + draw.shape("##??")
    number = draw.valid(f"784{day.year}########", luhn.is_valid)
    return cut(number, draw.one_of("3-4-7-1", "3 4 7 1") if slot == "eid" else "15")


def italian(draw: Draw, slot: str) -> str:
    day = draw.born()
    shape = f"??????{day.year % 100:02}{'ABCDEHLMPRST'[day.month - 1]}{day.day + draw.one_of(0, 40):02}H501?"
    number = draw.valid(shape, codicefiscale.is_valid)
    return number.lower() if slot == "cf_low" else number


def medicare(draw: Draw, slot: str) -> str:
    number = draw.shape(draw.one_of(*"23456") + "#######")
    check = sum(weight * int(digit) for weight, digit in zip((1, 3, 7, 9, 1, 3, 7, 9), number, strict=True)) % 10
    return cut(f"{number}{check}{draw.one_of(1, 2, 3)}", draw.one_of("4 5 1", "10"))


def thing(draw: Draw, slot: str) -> str:
    """What is no personal data: orders, prices, days, models, parcels, articles."""
    forms = {
        "order": ("#######", "###-#######-#######", "??-######", "1000######", "W#########"),
        "amount": ("1###", "8##", "24###", "34#"),
        "model": ("KX-###0", "??###B", "Pro #", "SM-A###F", "DCD###"),
        "version": ("#.#.#", "#.##", "1#.#.1.#", "v#.#.##"),
        "tracking": ("0034043#############", "1Z?##??###########", "??#########DE", "94001#################",
            "JJD0003##########"),
        "ticket": ("TK-######", "INC0######", "CS-#####", "########"),
        "serial": ("SN####?#####", "???#?##??###", "####-####-####", "C02?###?????"),
        "part": ("###-####", "?####-##", "########", "###.###.##"),
        "invoice": ("2024-#####", "RE-######", "INV-2023-####", "##########"),
        "ean": ("4005#0#######", "501234#######"),
    }  # fmt: skip
    if slot.startswith("date_"):
        return draw.fake.date_between(date(2023, 1, 1), date(2026, 10, 1)).strftime(DATES[slot.removeprefix("date_")])
    if slot.startswith("price_"):
        return PRICES[slot.removeprefix("price_")].format(draw.rng.randint(5, 3000))
    return draw.shape(draw.one_of(*forms[slot]))


# The kind of a slot in gistill.privacy, and what fills it; the rest of the slots are of things.
KINDS: dict[str, tuple[str, Callable[[Draw, str], str]]] = {
    **dict.fromkeys(["name", "NAME", "first", "name_ar"], ("NAME", names)),
    **dict.fromkeys(["address", "address_lines", "address_tr", "address_ae"], ("ADDRESS", address)),
    **dict.fromkeys(["phone", "phone_ae"], ("PHONE", phone)),
    **dict.fromkeys(["email", "email_at", "email_spelled", "email_plain"], ("EMAIL", email)),
    **dict.fromkeys(["handle", "upi"], ("USER", handle)),
    **dict.fromkeys(["iban", "iban_ae"], ("IBAN", account)),
    "card": ("CARD", card),
    **dict.fromkeys([f"dob_{form}" for form in ("us", "eu", "dot", "iso", "fi", "cz")], ("DATE_OF_BIRTH", born)),
    **dict.fromkeys(CHECKED, ("ID", checked)),
    "pan_low": ("ID", lambda draw, slot: checked(draw, "pan").lower()),
    **dict.fromkeys(SHAPES, ("ID", printed)),
    **dict.fromkeys(
        ["pnr", "dl_se", "hetu", "dl_fi", "rc", "pesel", "nir", "svnr", "dl_gb", "eid", "eid_plain"], ("ID", of_birth)
    ),
    **dict.fromkeys(["cf", "cf_low"], ("ID", italian)),
    "medicare": ("ID", medicare),
}


def filled(template: str, draw: Draw) -> tuple[str, list[dict[str, object]]]:
    """Fill a template's slots; a slot that stands twice keeps its value."""
    values: dict[str, str] = {}
    text, marks, end = "", [], 0
    for match in re.finditer(r"\{(\w+)\}", template):
        slot = match[1]
        kind, draws = KINDS.get(slot, (None, thing))
        value = values[slot] = values.get(slot) or draws(draw, slot)
        text += template[end : match.start()].replace("\\n", "\n")
        if kind is not None:
            marks.append({"start": len(text), "end": len(text) + len(value), "kind": kind, "what": slot})
        text, end = text + value, match.end()
    return text + template[end:].replace("\\n", "\n"), marks


def drawn(seed: int) -> list[dict[str, object]]:
    """Draw all texts, and set the half of each country's aside whose ids have the lowest hashes."""
    rows: list[dict[str, object]] = []
    country = locale = ""
    for line in (HERE / "privacy_templates.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            _, country, locale = line.split()
        elif line[:1] in ("+", "-"):
            other, template = line[1:].split(" ", 1)
            group = f"{country}-{'personal' if line[0] == '+' else 'clean'}"
            key = f"{group}-{sum(row['group'] == group for row in rows)}"
            text, marks = filled(template, Draw(seed, key, country, other or locale))
            rows.append({"id": key, "group": group, "country": country, "text": text, "finds": marks})
    for group in dict.fromkeys(row["group"] for row in rows):
        keys = sorted((str(row["id"]) for row in rows if row["group"] == group), key=hashed)
        for row in rows:
            if row["group"] == group:
                row["half"] = "aside" if row["id"] in keys[: len(keys) // 2] else "development"
    return [{key: value for key, value in row.items() if key != "group"} for row in rows]


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "privacy_countries.jsonl")
    asked = parser.parse_args()
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in drawn(asked.seed)]
    asked.output.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} texts: {asked.output}")


if __name__ == "__main__":
    main()
