"""Numbers that tell who somebody is, and secrets.

`numbers` finds what a checksum or its own shape gives away: cards, bank accounts, national numbers. `ids` finds what is
personal because the words beside it say so: passports, licences, customer and account numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gistill.privacy import checksums
from gistill.privacy.checksums import IBAN_LENGTHS, digits
from gistill.privacy.cues import is_of_a_thing
from gistill.privacy.found import LOWER, SPACED, Found
from gistill.privacy.needs import look

_CARD = re.compile(rf"(?<![{SPACED}.,/-])\d(?:(?:[ -]{{0,2}}|[ -]?\n ?)\d){{11,18}}(?![{SPACED}]|[.,-]\d)")
_DOTTED_CARD = re.compile(
    rf"(?<![{SPACED}.,/-])(?:\d{{4}}\.\d{{4}}\.\d{{4}}\.\d{{4}}(?:\.\d{{3}})?|"
    rf"\d{{4}}\.\d{{6}}\.\d{{4,5}})(?![{SPACED}]|[.,-]\d)"
)
_CARD_WORDS = re.compile(
    r"\b(?:card|visa|mastercard|amex|credit|debit|karte|kreditkarte|carte|tarjeta|carta|kaart|cart[ãa]o|"
    r"kart[aynęeuı]{0,3}|kort(?:et)?|kort(?:ti|illa|ilta|in)|kartımdan|بطاقة|कार्ड)\b\D{0,24}$",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d{2}(?:[ -]{0,2}[A-Za-z0-9]){10,30}(?![A-Za-z0-9])")
_IBAN_WORD = re.compile(r"\bIBAN\b\W{0,6}(?:\w{1,8}\W{1,3}){0,3}$", re.IGNORECASE)

# Shape -> which of its texts (separators taken out, capitals) are real. What has no checksum has a shape of its own.
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(rf"(?<![{SPACED}.-]){shape}(?![{SPACED}-])", flags), check)
    for shape, flags, check in (
        # US social security number; nobody has 000, 666 or 9xx, a 00 or a 0000
        (r"(?!000|666|9)\d{3}([ -])(?!00)\d{2}\1(?!0000)\d{4}", 0, lambda text: True),
        # UK national insurance number
        (r"(?!BG|GB|NK|KN|TN|NT|"
        r"ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", re.I, lambda text: True),
        # Spain: DNI and NIE
        (r"(?:\d{8}|\d{2}\.\d{3}\.\d{3}|[XYZ][ -]?\d{7})[ -]?[A-HJ-NP-TV-Z]", re.I, checksums.dni),
        # Italy: codice fiscale
        (r"[A-Z]{6} ?\d{2}[A-EHLMPRST]\d{2} ?[A-Z]\d{3}[A-Z]", re.I, checksums.codice_fiscale),
        # France: social security
        (r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", re.I, checksums.nir),
        # Poland: PESEL
        (r"\d{11}", 0, checksums.pesel),
        # Brazil: CPF
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{9}-\d{2}", 0, checksums.cpf),
        # India: Aadhaar and PAN (P: of a person)
        (r"[2-9]\d{3}([ -])\d{4}\1\d{4}", 0, checksums.verhoeff),
        (r"[A-Z]{3}P[A-Z]\d{4}[A-Z]", re.I, lambda text: True),
        # China: resident identity number
        (r"[1-9]\d{5}(?:19|20)\d{9}[\dXx]", 0, checksums.china_id),
        # Sweden: personnummer
        (r"(?:19|20)?\d{6}[-+]\d{4}|(?:19|20)\d{10}", 0, checksums.swedish),
        # Finland: henkilötunnus
        (r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", re.I, checksums.finnish),
        # Czechia and Slovakia: rodné číslo, with its stroke
        (r"\d{6} ?/ ?\d{4}", 0, checksums.czech),
        # Norway, Turkey: eleven digits
        (r"\d{6} ?\d{5}", 0, checksums.norwegian),
        (r"[1-9]\d{10}", 0, checksums.turkish),
        # Switzerland: AHV, AVS
        (r"756([. ]?)\d{4}\1\d{4}\1\d{2}", 0, checksums.ean),
        # the Emirates: some have no right check digit, so the dashes do
        (r"784([ -])(?:19|20)\d{2}\1\d{7}\1\d", 0, lambda text: True),
        (r"784(?:19|20)\d{10}", 0, checksums.luhn),
        # Germany: pension insurance, with the day of birth
        (r"\d{2} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2} ?[A-Z] ?\d{3}", 0, lambda text: True),
        # Belgium: rijksregisternummer
        (r"\d{2}\.(?:0\d|1[0-2])\.[0-3]\d-\d{3}\.\d{2}", 0, lambda text: True),
        # UK: driving licence, five letters of the name and the day of birth
        (r"[A-Z]{2,5}9{0,3}\d[0156]\d[0-3]\d{2}[A-Z][A-Z9]\d[A-Z]{2}", re.I, lambda text: len(text) == 16),
        # US: Medicare beneficiary
        (r"[1-9][AC-HJ-NP-RT-Y][AC-HJ-NP-RT-Y\d]\d(-?)[AC-HJ-NP-RT-Y][AC-HJ-NP-RT-Y\d]\d\1[AC-HJ-NP-RT-Y]{2}\d{2}",
         0, lambda text: True),
        # a network card's hardware address
        (r"[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}", re.I, lambda text: True),
    )
)  # fmt: skip

_KEYS = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:(?:live|test|proj|ant|or)[-_])?[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|"
    r"\bglpat-[\w-]{16,}|"
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[baprs]-[\w-]{10,}|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]{4,})?|\bAIza[\w-]{30,}|"
    r"\bhf_[A-Za-z]{20,}|(?<=[Bb]earer )[\w.~+/=-]{16,}|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
)
_PASSWORD = re.compile(
    r"\b(?:pass ?word|passwd|pwd|passcode|pass ?phrase|passwort|kennwort|mot de passe|contrase[ñn]a|parola d'ordine|"
    r"wachtwoord|senha|has[łl]o)"
    r"\b(?: (?:for|of|to) [\w ]{2,24}?)?\s{0,2}(?:(?:is|was|ist|war|lautet|est|es|è|é|to)\s|"
    r"[:=])\s{0,2}([^\s,;\"]{4,64})"
    r"|(?:密码|密碼|パスワード)\s?(?:是|为|は|[:=])\s?([\x21-\x7e]{4,64})",
    re.IGNORECASE,
)
_PIN = re.compile(
    r"\b(?:pin(?: ?code)?|otp|one[- ]time (?:code|password)|verification code|security code|access code|door code|"
    r"gate code|cvv2?|cvc2?|tan|geheimzahl)"
    r"\b\s{0,2}(?:(?:is|was|ist|war|est|es|è|é|to)\s|[:=#]|code\s)?\s{0,2}(\d{3,8})\b(?!\s?%|[.,]\d)"
    r"|(?:验证码|暗証番号)\s?(?:是|为|は|[:=])?\s?(\d{3,8})\b",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"\b(?:default|factory|standard|voreingestellt\w*|par d[ée]faut|por defecto)\b", re.IGNORECASE)


def numbers(text: str) -> Iterator[Found]:
    """Find payment cards, IBANs, national numbers with a shape of their own, passwords and keys."""
    yield from _secrets(text)
    for match in look(_IBAN, text):
        yield from _iban(text, match)
    for pattern in (_CARD, _DOTTED_CARD):
        for match in look(pattern, text):
            yield from _card(text, match)
    for pattern, check in _SHAPES:
        for match in look(pattern, text):
            if check(re.sub(r"[ .:/-]", "", match[0]).upper()) and not _is_an_order(text, match):
                yield Found(*match.span(), "ID")


def _is_an_order(text: str, match: re.Match[str]) -> bool:
    """A word that says order or article outweighs a shape, but not a long one with a checksum."""
    return len(match[0]) < 16 and is_of_a_thing(text, match.start())


def _iban(text: str, match: re.Match[str]) -> Iterator[Found]:
    """The pattern takes the words behind an IBAN with it; the country's length says where it ends."""
    length = IBAN_LENGTHS.get(match[0][:2].upper())
    if length is None:
        return
    ends = [offset for offset in range(match.start(), match.end()) if text[offset].isalnum()]
    if len(ends) < length:
        return
    end = ends[length - 1] + 1
    value = "".join(text[offset] for offset in ends[:length]).upper()
    if not _is_written_like_an_iban(text[match.start() : end]):
        return
    if checksums.iban(value) or _IBAN_WORD.search(text[max(0, match.start() - 40) : match.start()]):
        yield Found(match.start(), end, "IBAN")


def _is_written_like_an_iban(text: str) -> bool:
    """Words are no part of an account number: only a bank's four letters stand alone, right behind the check digits."""
    groups = re.split("[ -]+", re.sub(r"^([A-Za-z]{2})[ -]", r"\1", text))
    words = [number for number, group in enumerate(groups) if group.isalpha()]
    return words in ([], [1]) and all(len(groups[number]) == 4 for number in words)


def _card(text: str, match: re.Match[str]) -> Iterator[Found]:
    number = digits(match[0])
    said = _CARD_WORDS.search(text[max(0, match.start() - 40) : match.start()]) is not None
    if checksums.is_card(number) or (said and len(number) >= 13):  # a mistyped card is still somebody's
        yield Found(*match.span(), "CARD")
    elif len(number) > 16 and re.match(r"[\d -]+?(?=[ \n]\d{1,4}$)", match[0]):
        shorter = match[0].rpartition(" ")[0]  # an expiry or a security code behind it
        if checksums.is_card(digits(shorter) or "0"):
            yield Found(match.start(), match.end(), "CARD")


def _secrets(text: str) -> Iterator[Found]:
    for match in look(_KEYS, text):
        yield Found(*match.span(), "SECRET")
    for match in look(_PASSWORD, text):
        group = match.lastindex or 0
        value = match[group].rstrip(".!?)")
        if len(value) >= 4 and re.search(r"[\d!@#$%^&*_+=~]", value) and not _NO_SECRET.search(_line(text, match)):
            yield Found(match.start(group), match.start(group) + len(value), "SECRET")
    for match in look(_PIN, text):
        group = match.lastindex or 0
        if not _NO_SECRET.search(_line(text, match)):
            yield Found(*match.span(group), "SECRET")


def _line(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - 24) : match.start()]


# Whose number it is, in words that need "number" or "id" behind them ...
_HOLDERS = (
    r"customer|client|cust|account|acct|a/c|member(?:ship)?|subscriber|patient|policy|insurance|employee|staff|"
    r"student|user|loyalty|"
    r"rewards?|frequent flyer|passport|driv(?:er'?s?|ing) licen[cs]e|licen[cs]e|national insurance|social security|"
    r"tax(?:payer)?|"
    r"medicare|medicaid|health(?: ?care)?|nhs|claim|identity|identification|national|resident|bank|routing|contract|"
    r"booking|reservation|"
    r"medical record|mrn|visa|alien|green card|voter|pension|payroll|badge|library card|gift ?card|sim|meter"
)
_NUMBER = (
    r"(?: ?(?:card|account|a/c|id|identification))?(?: ?(?:number|no\.?|nr\.?|num\.?|id|code|ref(?:erence)?|"
    r"pin)\b| ?\#)"
)
# ... and words that say it alone.
_ALONE = (
    r"passport|ssn|s\.s\.n\.|nino|tfn|tax file number|utr|sort code|imei|meid|imsi|iccid|vin|pnr|driv(?:er'?s?|"
    r"ing) licen[cs]e|aadhaar|aadhar|ni number|"
    r"kundennummer|kunden-?nr\.?|kd\.?-?nr\.?|kontonummer|konto(?:-?nr\.?)?|mitgliedsnummer|vertragsnummer|"
    r"versicherungsnummer|versichertennummer|"
    r"steuer-?id(?:entifikationsnummer|-?nr\.?)?|steuernummer|sozialversicherungsnummer|rentenversicherungsnummer|"
    r"personalausweis(?:nummer)?|ausweisnummer|"
    r"reisepass(?:nummer)?|passnummer|führerschein(?:nummer)?|patientennummer|blz|bankleitzahl|buchungsnummer|"
    r"buchungscode|matrikelnummer|personalnummer|"
    r"(?:num[ée]ro|n[°ºo]\.?) (?:de |du |d')?(?:client|compte|s[ée]curit[ée] sociale|s[ée]cu|adh[ée]rent|passeport|"
    r"contrat|r[ée]servation|fiscal|permis|allocataire|abonn[ée])|"
    r"passeport(?: n[°ºo])?|carte d'identit[ée](?: n[°ºo])?|permis de conduire(?: n[°ºo])?|"
    r"(?:n[úu]mero|n[.ºo°]{1,2}|c[óo]digo) (?:de la |de |del |do |da )?(?:cliente|cuenta|socio|abonado|reserva|"
    r"p[óo]liza|"
    r"seguridad social|afiliaci[óo]n|conta|s[óo]cio|contrato|matr[íi]cula|contribuinte|utente|benefici[áa]rio)|"
    r"dni|nie|nif|curp|rfc|cif|pasaporte|carn[ée]t? de conducir|c[ée]dula|rut|cuit|"
    r"codice (?:cliente|fiscale|prenotazione|utente)|numero (?:di |del )?(?:cliente|conto|tessera|passaporto|patente|"
    r"polizza|contratto|carta d'identit[àa])|"
    r"carta d'identit[àa](?: n\.?)?|passaporto(?: n\.?)?|patente(?: n\.?)?|tessera sanitaria|"
    r"klantnummer|klantnr\.?|rekeningnummer|bsn|burgerservicenummer|paspoort(?:nummer)?|rijbewijs(?:nummer)?|"
    r"lidnummer|polisnummer|reserveringsnummer|"
    r"cpf|rg|cnh|passaporte|conta corrente|conta poupança|título de eleitor|cart[ãa]o de cidad[ãa]o|pis|nis|nus|"
    r"(?:numer|nr) (?:klienta|konta|dowodu(?: osobistego)?|paszportu|prawa jazdy|pesel|rezerwacji|umowy|karty)|pesel|"
    r"paszport|dow[óo]d osobisty|nip|prawo jazdy|"
    r"driving permit|dl no|medicare card|pan card|voter id|epic no|emirates id|"
    r"führerausweis(?:nummer)?|identitätskarte|id-karte|ahv-?(?:nummer|nr\.?)|(?:n(?:umér|umer)o )avs|"
    r"permiso de conducir|licencia de conducir|carn[ée]t? de manejar|brevete|nss|"
    r"num[ée]ro fiscal|carta di identità|patente di guida|"
    r"tc kimlik(?: no)?|kimlik(?: no|numar\w*)|ehliyet\w*|sürücü belge\w*|pasaport\w*|müşteri (?:no|numara)\w*|"
    r"personnummer|samordningsnummer|körkort\w*|pass(?:nummer|nr)|kundnummer|medlemsnummer|"
    r"fødselsnummer|personnr|cpr-?(?:nummer|nr)|førerkort\w*|kørekort\w*|pasnummer|kundenummer|"
    r"henkilötunnu\w+|hetu(?:ni)?|ajokort\w+|henkilökort\w+|asiakasnumero\w*|passinumero\w*|"
    r"rodné číslo|občanský průkaz|občianský preukaz|číslo op|řidičský průkaz|řidičák|vodičský preukaz|"
    r"cestovní pas|zákaznické číslo|číslo účtu|"
    r"útlevél\w*|permis auto|pașaport\w*|διαβατήριο|паспорт|водительское удостоверение"
)
# Words that are too short or too common: the number stands right behind them.
_SHORT = (
    r"medicare|dl|ausweis|permis|carta identità|řp|passi[a-z]{1,3}|pan|tc|t\.c\.|eid|uan|crn|pass|pas|passi|sotu|"
    r"legitimation|op|rč|r\. ?č\.|avs|ahv|seguridad social|"
    r"s[ée]curit[ée] sociale|c\. ?f\.|n\. ?s\. ?s\.|cpr|cnp|buletin|taj|инн|снилс|αφμ|αμκα|licen[cs]e|licence number"
)
_UNCASED_WORDS = (
    r"رقم الهوية|الهوية(?: الإماراتية)?|جواز(?: السفر)?|رخصة القيادة|आधार(?: नंबर| कार्ड)?|पैन(?: कार्ड)?|वोटर आईडी|"
    r"ड्राइविंग लाइसेंस|पासपोर्ट|תעודת זהות|ת\.ז\.?|דרכון|주민등록번호|여권번호"
)
_HAN = (
    r"(?:身份证|身份證|护照|護照|客户|客戶|会员卡?|會員|银行卡|社保卡?|驾照|驾驶证|学号|工号)(?:号码|號碼|编号|号|號)?|账号|帐号|帳號|银行账户|"
    r"マイナンバー|個人番号|(?:会員|お客様|顧客|口座|旅券|パスポート|免許証|保険証|予約|社員|学籍)番号|口座|パスポート"
)
# A run of signs is taken whole (++): where it may be cut anywhere, a long one takes for ever.
_VALUE = (
    r"((?:[A-Z]{1,4}[ /-]?)?\d[0-9A-Z]*+(?:[ ./-]{1,2}(?=[A-Z]*\d)[0-9A-Z]++){0,8}(?:-[A-Z]{1,3}| [A-Z]{2}(?![\w]))?|"
    r"(?=[A-Z0-9]*\d)[A-Z0-9]{5,18}(?: \d[0-9A-Z]{2,8}){0,2}|[A-Z]{6}(?=\W|$))"
)
# Between the words and the number: "is", a colon, a few words; never the end of a sentence.
_BETWEEN = rf"(?:[^\w\n.!?]|[.](?=\s?[\dA-Z])|\b(?!no\b|not\b)[{LOWER}'’]{{1,12}}\b){{0,9}}?"
_CUED = re.compile(
    rf"(?<![^\W_])(?i:(?:(?:{_HOLDERS}){_NUMBER}|(?:{_ALONE})(?:{_NUMBER})?(?![{LOWER}])))"
    rf"(?P<gap>{_BETWEEN})(?<![A-Za-z0-9.,-])(?:(?i:nr|no|n[°º])\.? ?)?{_VALUE}(?![\w]|[.,]\d| ?%)"
)
_RIGHT_BEHIND = re.compile(
    rf"(?<![^\W_])(?i:{_SHORT})[ :#.=-]{{1,3}}(?:(?i:card|number|nummer|numero|numéro|número|numara\w*|no|nr|num|id|č|"
    rf"číslo|is|ist|är|on|je|est|es|"
    rf"è)\b[ :#.=-]{{1,3}})"
    rf"{{0,2}}(?<![A-Za-z0-9.,-]){_VALUE}(?![\w]|[.,]\d| ?%)"
)
_BARE_ACCOUNT = re.compile(
    r"\b(?i:account|acct|a/c|konto|membership|policy|licen[cs]e|customer|"
    r"client)\b[ :#]{1,3}((?:[A-Z]{1,3}-?)?\d[\d -]{4,18}\d)(?![\w]|[.,]\d)"
)
_LOWER = re.compile(
    rf"(?<![^\W_])(?i:(?:(?:{_HOLDERS}){_NUMBER}|(?:{_ALONE})))(?: (?:is|was|ist|est|es|è|"
    rf"é))?[ :=#]{{1,3}}((?=[a-z]*\d)[a-z0-9]{{6,14}})(?!\w)"
)
_HAN_CUED = re.compile(rf"(?:{_HAN})\s?(?:是|为|為|は|が|[:=#])?\s?([A-Za-z]{{0,3}}\d[\dA-Za-z -]{{3,24}}[\dA-Za-z])")
_UNCASED_CUED = re.compile(
    rf"(?:{_UNCASED_WORDS})[^\d\nA-Za-z.!?]{{0,16}}([A-Za-z]{{0,4}}[ /-]?\d[\dA-Za-z]*(?:[ ./-]\d[\dA-Za-z]*){{0,5}})"
)
_PLATE = re.compile(
    r"\b(?i:licen[cs]e plate|number ?plate|registration(?: plate| number)?|reg(?:istration)?|plate(?: number)?|"
    r"kennzeichen|nummernschild|(?:plaque d')?immatriculation|plaque|"
    r"matr[íi]cula|targa|kenteken|placa|(?:nr|numer) rejestracyjny|tablica)\b(?:\W{1,3}(?:is|was|number|no|ist|war|"
    r"lautet|est|es|è|é|to|del coche|do carro|de mi coche))?"
    r"\W{1,3}((?=(?:[ -]?[A-ZÄÖÜ]){1})(?=[A-ZÄÖÜ0-9 -]*\d\d?)[A-ZÄÖÜ]{1,3}[A-Z0-9]{0,3}(?:[ -]?[A-Z0-9]{1,4}){1,3}|"
    r"\d{1,4}[ -]?[A-Z]{1,3}(?:[ -]?\d{1,3})?)(?!\w)"
    r"|([京沪津渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• ]?[A-Z0-9]{5,6})(?![A-Z0-9])"
)


# What each value of these has that `_is_number` takes: three digits, digits with letters or other digits beside them.
_MAY_BE_NUMBER = re.compile(r"\d{3}|\d[A-Za-z]|[A-Za-z]\d|\d[ ./-]{1,2}[A-Z]*\d|[A-Z][ /-]\d|\d[ -][A-Z]|[A-Z]{6}")


def ids(text: str) -> Iterator[Found]:
    """Find identity, customer, account, membership and booking numbers, and licence plates.

    Not order, parcel, ticket, invoice and serial numbers: they are a thing's, and whoever holds the list can tell
    the person as well from the review itself.
    """
    patterns = (_CUED, _RIGHT_BEHIND, _BARE_ACCOUNT, _LOWER) if _MAY_BE_NUMBER.search(text) else ()
    for pattern in patterns:
        for match in look(pattern, text):
            value = match[match.lastindex or 0]
            if _is_number(value) and (pattern is not _RIGHT_BEHIND or sum(map(str.isalnum, value)) >= 6):
                yield Found(*match.span(match.lastindex or 0), "ID")
    for pattern in (_HAN_CUED, _UNCASED_CUED):
        for match in look(pattern, text):
            if _is_number(match[1]):
                yield Found(*match.span(1), "ID")
    for match in look(_PLATE, text):
        yield Found(*match.span(match.lastindex or 0), "ID")


def _is_number(value: str) -> bool:
    """Tell a number from a year or a word: at least four signs, three of them digits; or a code of capitals."""
    signs = [char for char in value if char.isalnum()]
    numerals = sum(char.isdigit() for char in signs)
    if len(signs) == 4 and value[:2] in ("19", "20"):
        return False
    return len(signs) >= 4 and (numerals >= 3 or (len(signs) >= 5 and numerals >= 1) or len(signs) == 6)
