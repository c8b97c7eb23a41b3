"""Encodings: found from few words, in every alphabet, and Windows-1252 where nothing speaks against it."""

import pytest

from gistill.tables.shapes.charsets import find_encoding

TEXTS = {
    "pl": [
        "Czajnik cieknie, obsługa była nieuprzejma",
        "Świetny zapach, ale łyżka się wygięła",
        "Paczka przyszła późno",
    ],
    "cs": ["Příliš hlučný, ale vaří rychle", "Zboží přišlo poškozené", "Víčko nedoléhá, žádná podpora"],
    "hu": ["Túl hangos, de gyorsan főz", "A szállítás késett, a doboz törött", "Kedves ügyfélszolgálat, jó minőségű"],
    "tr": ["Su ısıtıcısı çok gürültülü", "Kargo geç geldi, kutu açılmıştı", "Müşteri hizmetleri çok iyiydi"],
    "fr": [
        "La bouilloire fuit déjà, très déçu",
        "Livraison rapide, service à l’écoute",
        "Trop bruyante, mais ça chauffe",
    ],
    "de": ["Der Deckel schließt nicht", "Sehr leise, kocht schön schnell", "Lieferung verspätet, Karton beschädigt"],
    "es": ["La tetera pierde agua, qué pena", "Muy rápida y silenciosa, ¡gracias!", "El envío llegó dañado, señores"],
    "sv": ["Locket läcker och går inte att stänga", "Snabb leverans, mycket nöjd över köpet"],
    "is": ["Ketillinn lekur og lokið er laust", "Þjónustan var fljót, allt í lagi", "Brotið við komu, ekki góð kaup"],
    "tr2": ["Kapağı kırıldı şimdiye kadar", "Bu ısıtıcı çalışmıyor"],
    "ru": ["Чайник протекает, крышка не держит", "Греет быстро и тихо, рекомендую", "Доставка опоздала на неделю"],
    "uk": ["Чайник протікає, кришка не тримає", "Гріє швидко й тихо, рекомендую", "Доставка запізнилася на тиждень"],
    "bg": ["Чайникът тече, капакът не държи", "Загрява бързо и тихо, препоръчвам"],
}


@pytest.mark.parametrize(
    ("language", "codec"),
    [
        ("pl", "cp1250"), ("cs", "cp1250"), ("hu", "cp1250"), ("tr", "cp1254"), ("fr", "cp1252"), ("de", "cp1252"),
        ("es", "cp1252"), ("sv", "cp1252"), ("is", "cp1252"),
        ("tr2", "cp1254"), ("fr", "mac_roman"), ("de", "mac_roman"), ("es", "mac_roman"),
        ("de", "cp850"), ("es", "cp850"), ("pl", "cp852"), ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "cp866"),
        ("ru", "iso8859_5"), ("uk", "cp1251"), ("bg", "cp1251"), ("bg", "koi8_r"),
    ],
)  # fmt: skip
def test_the_letters_come_out_right(language: str, codec: str) -> None:
    """Not the name, which several share, but what is read."""
    texts = TEXTS[language]
    if codec not in ("cp1252", "mac_roman"):
        texts = [text.replace("’", "'") for text in texts]
    data = ("id,comment\n" + "".join(f"{n},{text}\n" for n, text in enumerate(texts))).encode(codec)
    assert data.decode(find_encoding(data)).splitlines()[1:] == [f"{n},{text}" for n, text in enumerate(texts)]


def test_several_western_languages_in_one_file_stay_western() -> None:
    lines = [text for language in ("fr", "de", "es", "sv") for text in TEXTS[language]]
    assert find_encoding("\n".join(lines).encode("cp1252")) == "cp1252"


def test_a_price_in_euros_is_no_sign_of_money_in_general() -> None:
    data = "id,comment\n1,Für 12 € sehr schön\n2,Kocht schnell, aber zu laut für die Küche\n".encode("iso8859_15")
    assert data.decode(find_encoding(data)).count("€") == 1
    assert find_encoding("Für 12 € sehr schön, früher 9 €\n".encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("codec", ["mac_roman", "cp437"])
def test_one_accent_is_enough(codec: str) -> None:
    data = "comment,stars\nthe café was cold,2\nnice staff,5\n".encode(codec)
    assert "café" in data.decode(find_encoding(data))


def test_one_strange_byte_changes_nothing() -> None:
    lines = [*TEXTS["de"] * 5, "naïve", "CAFÉS", "Größe 4³ passt", "3½ Sterne", "„gut“, sagt er"]
    assert find_encoding("\n".join(lines).encode("cp1252")) == "cp1252"
