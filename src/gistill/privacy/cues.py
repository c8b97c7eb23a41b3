"""The words beside a number that say what it is, in a dozen languages."""

from __future__ import annotations

import re

_NEAR = 28  # code points before a number in which its words are looked for

# After these a number is a thing's, not a person's.
_OF_THINGS = re.compile(
    r"(?:\b(?:order|invoice|part|model|sku|item|article|art|ref(?:erence)?|serial|s/n|p/n|isbn|issn|ean|gtin|upc|asin|"
    r"version|firmware|build|tracking|shipment|parcel|lot|batch|case|ticket|barcode|product|catalog(?:ue)?|edition|"
    r"mpn|oem|fcc|patent|receipt|transaction|rma|po|"
    r"bestell(?:ung|nummer|nr)?|artikel(?:nummer|nr)?|seriennummer|sendungs(?:nummer|nr)?|rechnung(?:snummer|snr)?|"
    r"commande|colis|facture|s[ée]rie|pedido|factura|env[íi]o|serie|ordine|fattura|spedizione|"
    r"bestelling|bestelnummer|ordernummer|factuur(?:nummer)?|encomenda|nota fiscal|zam[óo]wieni[ae]|faktur[ay]|"
    r"przesy[łl]k[ia]|paczk[ai]|zg[łl]oszeni[ae]|numer seryjny|kod (?:kreskowy|produktu)|"
    r"dossier|code-barres|r[ée]f[ée]rence|seguimiento|incidencia|c[óo]digo de barras|referencia|tracking|pratica|"
    r"codice (?:articolo|prodotto|ean)|sipari[şs]|fatura|kargo(?: takip)?|barkod|[üu]r[üu]n kodu|seri|kay[ıi]t|"
    r"ordernr|fakturanr|serienr|serienummer|artikelnr|artikelnummer|kolli(?:-?id)?|[äa]rende|streckkod|"
    r"tilaus(?:numero)?|lasku|sarjanumero|tuotenumero|l[äa]hetystunnus|viivakoodi|tapaus|"
    r"objedn[áa]vka|v[ýy]robn[íi] [čc][íi]slo|z[áa]silka|reklamace|[čc][áa]rov[ýy] k[óo]d|k[óo]d zbo[žz][íi]|"
    r"sendung|fall|vorgang|ordre|pakke|sag|awb|sku|charge|chargennummer)"
    r"|الطلب|الفاتورة|الشحنة|ऑर्डर|订单|订单号|型号|条码|快递|注文|型番|品番|商品)"
    r"(?:[-\s]*(?:numbers?|numéro|número|numero|nummer|numer|no|nr|num|id|code|#|n[°ºo])\b)?"
    r"[^\w\n]{0,4}(?:番号|号码?|編號)?[^\w\n]{0,3}(?:(?:is|was|ist|war|lautet|est|es|è|é|to|of|de|from|は|是|"
    r"为)\b)?[^\w\n]{0,4}(?:[A-Z]{1,4}-?)?$",
    re.IGNORECASE,
)
_OF_PHONES = re.compile(
    r"\b(?:phone|tel|telephone|telephon|call(?:ed|ing|s)?|mobile|cell(?:phone)?|landline|text(?:ed|ing)?|txt|"
    r"whats\s?app|sms|fax|viber|"
    r"number|num|reach(?:ed|able)?|contact|ring|rang|dial(?:ed|ling)?|callback|hotline|"
    r"ruf\w*|anruf\w*|angerufen|handy\w*|telefon\w*|mobil\w*|r[üu]ckruf\w*|nummer|erreich\w*|"
    r"t[ée]l[ée]?phone\w*|t[ée]l|portable|appel\w*|joindre|joignable|num[ée]ro|fixe|"
    r"tel[ée]fon\w*|tel[ée]f|tlfn?o?|m[óo]vil|ll[áa]m\w*|celular|n[úu]mero|"
    r"cellulare|telefon\w*|chiam\w*|numero|cell|bel|bellen|gebeld|mobiel\w*|nummer|telem[óo]vel|lig(?:ar|ue|uei|uem)|"
    r"fone|zap|"
    r"kom[óo]rk\w*|dzwoni\w*|zadzwo\w*|numer\w*|nr|"
    r"telefoon\w*|soit\w+|puh(?:elin\w*)?|numero\w*|ring\w*|vol(?:ejte|at|ám)|zavolej\w*|č[íi]slo|"
    r"aray\w*|ara|cep|numara\w*|gsm|mob|ph|tlf)\b\D{0,30}$"
    r"|(?:手机|电话|電話|致电|联系|聯繫|携帯|微信|番号|号码|フォン|फ़?ोन|मोबाइल|नंबर|هاتف\w*|جوال\w*|واتساب|رقمي)\D{0,12}$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s{0,2}(?:€|\$|£|¥|₹|%|°|(?:eur(?:os?)?|usd|dollars?|pounds?|rupees|yen|yuan|z[łl]|km|kms|miles?|mi|m|cm|mm|ml|"
    r"l|kg|g|lbs?|oz|mah|wh|watts?|"
    r"gb|tb|mb|mp|hz|ghz|mhz|px|pixels?|rpm|hours?|hrs?|minutes?|mins?|seconds?|days?|weeks?|months?|years?|people|"
    r"users?|"
    r"views|reviews?|ratings?|followers|subscribers|times|steps|words|copies|units|pieces|pcs|st[üu]ck|seiten|"
    r"kilometer\w*|"
    r"stars?|points?|pages?|lines?|rows|records|downloads)\b)",
    re.IGNORECASE,
)


def before(text: str, start: int, near: int = _NEAR) -> str:
    """Return what stands on the same line before an offset."""
    return text[max(0, start - near) : start].rpartition("\n")[2]


def is_of_a_thing(text: str, start: int) -> bool:
    """Say whether the words before a number make it an order's, an article's, a version's."""
    return _OF_THINGS.search(before(text, start)) is not None


def is_of_a_phone(text: str, start: int) -> bool:
    """Say whether the words before a number make it a telephone's."""
    return _OF_PHONES.search(before(text, start, 46)) is not None


def has_unit(text: str, end: int) -> bool:
    """Say whether a number counts or measures something."""
    return _UNIT.match(text, end) is not None
