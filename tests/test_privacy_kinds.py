"""Each kind of personal data of the countries that the gate had missed, on values made for these tests."""

from __future__ import annotations

import pytest

from gistill.privacy import Memory, checksums, find, redact

FOUND = [
    *(
        ("NAME", text, value)
        for text, value in (
            ("MY NAME IS ADA QUILL AND I WAIT", "ADA QUILL"),
            ("My name is ADA O'QUILL.", "ADA O'QUILL"),
            ("JAG HETER ÅSA ÖBERG OCH VÄNTAR", "ÅSA ÖBERG"),
            ("MI CHIAMO ADA QUILLI E ASPETTO", "ADA QUILLI"),
            ("Je m'appelle Ada QUILLET et j'attends", "Ada QUILLET"),
            ("jag heter Åsa Öberg och väntar", "Åsa Öberg"),
            ("Jmenuji se Žofie Řeháková a čekám", "Žofie Řeháková"),
            ("Benim adım Şule Çınar, bekliyorum", "Şule Çınar"),
            ("Minun nimeni on Aino Järvi ja odotan", "Aino Järvi"),
            ("اسمي ليلى حداد وأنا أنتظر", "ليلى حداد"),
            ("मेरा नाम आशा वर्मा है", "आशा वर्मा"),
            ("Imię i nazwisko: Żaneta Łuczak", "Żaneta Łuczak"),
            ("Namn: Åsa Öberg", "Åsa Öberg"),
            ("Name - Ada Quill", "Ada Quill"),
            ("aufs Konto bitte, Kontoinhaberin Ada Quill.", "Ada Quill"),
            ("tilin omistaja Aino Järvi.", "Aino Järvi"),
            ("I, Ada Quill, want to cancel.", "Ada Quill"),
            ("Hello, Ada Quill here. It broke.", "Ada Quill"),
            ("it broke, thanks and regards Ada", "Ada"),
            ("Den gick sönder. Mvh Åsa Öberg", "Åsa Öberg"),
            ("det löser vi /Åsa", "Åsa"),
            ("Ask my daughter Adele about it", "Adele"),
            ("Hallo, hier ist Ada Quill und ich warte", "Ada Quill"),
            ("Moi, täällä Aino Järvi, odotan", "Aino Järvi"),
            ("Ada Quill, ada@example.com", "Ada Quill"),
            ("to DE89370400440532013000 please - Ada Quill", "Ada Quill"),
            ("My mail is x@example.com. It broke. Ada Quill", "Ada Quill"),
        )
    ),
    *(
        ("ID", text, value)
        for text, value in (
            ("it is 811218-9876 they say", "811218-9876"),
            ("or 19811218-9876 then", "19811218-9876"),
            ("tunnus 131052-308T on", "131052-308T"),
            ("číslo 780123/3540 mám", "780123/3540"),
            ("AVS 756.9217.0769.85 oui", "756.9217.0769.85"),
            ("Emirates ID 784-1990-1234567-1 is", "784-1990-1234567-1"),
            ("my pan abcpe1234f was", "abcpe1234f"),
            ("Medicare 2123 45670 1 was", "2123 45670 1"),
            ("kimlik 10000000146 ile", "10000000146"),
            ("number 15108695088 i Norge", "15108695088"),
            ("nummer 65 170839 J 008 ist", "65 170839 J 008"),
            ("licence QUILL805124AB9CD is", "QUILL805124AB9CD"),
            ("my driver's license (A1234567) was", "A1234567"),
            ("körkort 12345678 gick inte", "12345678"),
            ("Řidičský průkaz EH 123456 prý", "EH 123456"),
            ("Führerausweis 123 456 789 003 ist", "123 456 789 003"),
            ("ehliyet numaram 123456, dedim", "123456"),
            ("Driving licence MH12 20110012345 not", "MH12 20110012345"),
            ("carta d'identità CA 12345 XK non", "CA 12345 XK"),
            ("رقم الهوية 784199012345671 وما", "784199012345671"),
        )
    ),
    *(
        ("ADDRESS", text, value)
        for text, value in (
            ("bor på Storgatan 5, 111 22 Malmö nu", "Storgatan 5, 111 22 Malmö"),
            ("asun Rantatie 12, 00100 Helsinki nyt", "Rantatie 12, 00100 Helsinki"),
            ("Kirkeveien 7B, 0266 Oslo her", "Kirkeveien 7B, 0266 Oslo"),
            ("na Habrová 986, 734 49 Karviná prosím", "Habrová 986, 734 49 Karviná"),
            ("to 12 Quill Ridge, Port Ada, VA 76989 please", "12 Quill Ridge, Port Ada, VA 76989"),
            ("from 8 Quill Estate, Ada Green, SA5 5ZY in May", "8 Quill Estate, Ada Green, SA5 5ZY"),
            ("Gül Mah. Lale Sok. No: 4 D: 2, 34710 Konak/İzmir", "Gül Mah. Lale Sok. No: 4 D: 2, 34710 Konak/İzmir"),
            ("in Villa 12, Street 4b, Al Barsha 1, Dubai please", "Villa 12, Street 4b, Al Barsha 1, Dubai"),
            ("to H.No. 4, Lotus Path, Morena 476001. Thanks", "H.No. 4, Lotus Path, Morena 476001"),
            ("à la rue Quill, 3972 Adaville oui", "rue Quill, 3972 Adaville"),
            ("my address is Lot Quill 7 Little Ada now", "Lot Quill 7 Little Ada"),
        )
    ),
    ("CARD", "Karte 4111.1111.1111.1111 wurde", "4111.1111.1111.1111"),
    ("CARD", "karta 3782.822463.10005 byla", "3782.822463.10005"),
    ("EMAIL", "mail ada_at_example_dot_com now", "ada_at_example_dot_com"),
    ("EMAIL", "mail ada.quill_at_example.com now", "ada.quill_at_example.com"),
    ("USER", "viestiä instassa @ada_quill kiitos", "@ada_quill"),
    ("USER", "some say @ada.quill knows", "@ada.quill"),
    ("PHONE", "Beni arayın 0 (533) 022 70 79 lütfen", "0 (533) 022 70 79"),
    ("PHONE", "My name is Ada. I wait. 349816787", "349816787"),
    ("DATE_OF_BIRTH", "Geb. 15.02.1939, sagte ich", "15.02.1939"),
    ("DATE_OF_BIRTH", "doğum tarihim 16.08.1975, dedim", "16.08.1975"),
    ("DATE_OF_BIRTH", "Narozena 4. 5. 1980 prý", "4. 5. 1980"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_the_value_is_found_whole_and_by_its_kind(kind: str, text: str, value: str) -> None:
    assert (kind, value) in [(one.kind, text[one.start : one.end]) for one in find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "MY NAME IS NOT ON THE LIST AND NOBODY CARES",
        "My name is nowhere on the list.",
        "This is VERY BAD and I am SO ANGRY",
        "Benim adım gibi eminim",
        "Me llamo la atención que tarde tanto",
        "I LOVE IT.\nLOVE IT!",
        "Works great, best purchase. Highly Recommended",
        "Ticket TK-514482 is open",
        "Objednávka WN-707695, 1055 Kč",
        "Versión 17.7.1.0, se cierra sola",
        "Numer seryjny 5625-8351-8440, faktura 2156068054",
        "it took me 19 calls and nobody ever came to help",
        "IBAN? I gave it 49 891 234 5678 times to you people",
        "Call AT 43 151 2345 678 any day of the week",
        "Kapitel 3, 12345 Seiten",
        "the Katie 5 dress and the Sweetie 8 bar",
        "Thanks Obama!",
        "Kiitos Verkkokauppa. Dziękuję Allegro.",
        "Hier Deutsche Bahn zu loben fällt schwer",
        "Delivered to Locker 12, Gate 4, Terminal 2.",
        "2700 Kelvin, 50000 Shots, Platz 12, Weg 3",
        "My son loves the Dyson V15, 60 minutes runtime",
        "Customer: Hello, my order 5567788 is late.",
        "تحياتي للفريق الرائع",
        "@home or @work it works",
        "je ne suis pas content de la commande 7440115",
        "Send it to 2 Friends",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in find(text) if one.kind != "PHONE"] == []


def test_a_telephone_number_and_words_are_not_taken_for_an_account() -> None:
    """Letters that begin like a country and words behind: one such text in 97 has right check digits."""
    for text in ("they kept me 98 minutes waiting at the front desk", "my IBAN is at 43 660 123 4567 dear people"):
        assert [one for one in find(text) if one.kind == "IBAN"] == []
    assert redact("IBAN gb82 west 1234 5698 7654 32 please", Memory()) == "IBAN [IBAN_1] please"


def test_check_digits_of_more_countries_refuse_every_other_digit() -> None:
    """The right ones are issuers' published examples."""
    for check, good in (
        (checksums.swedish, "8112189876"), (checksums.czech, "7801233540"), (checksums.norwegian, "15108695088"),
        (checksums.turkish, "10000000146"), (checksums.ean, "7569217076985"),
    ):  # fmt: skip
        passing = [digit for digit in "0123456789" if check(good[:-1] + digit)]
        assert passing == [good[-1]], check.__name__
    letters = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    assert [letter for letter in letters if checksums.finnish(f"131052308{letter}")] == ["T"]
