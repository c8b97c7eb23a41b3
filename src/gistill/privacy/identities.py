"""Numbers that are personal because the words beside them say so: passports, licences, customer and account numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.found import LOWER, Found

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


def ids(text: str) -> Iterator[Found]:
    """Find identity, customer, account, membership and booking numbers, and licence plates.

    Not order, parcel, ticket, invoice and serial numbers: they are a thing's, and whoever holds the list can tell
    the person as well from the review itself.
    """
    for pattern in (_CUED, _RIGHT_BEHIND, _BARE_ACCOUNT, _LOWER):
        for match in pattern.finditer(text):
            value = match[match.lastindex or 0]
            if _is_number(value) and (pattern is not _RIGHT_BEHIND or sum(map(str.isalnum, value)) >= 6):
                yield Found(*match.span(match.lastindex or 0), "ID")
    for pattern in (_HAN_CUED, _UNCASED_CUED):
        for match in pattern.finditer(text):
            if _is_number(match[1]):
                yield Found(*match.span(1), "ID")
    for match in _PLATE.finditer(text):
        yield Found(*match.span(match.lastindex or 0), "ID")


def _is_number(value: str) -> bool:
    """Tell a number from a year or a word: at least four signs, three of them digits; or a code of capitals."""
    signs = [char for char in value if char.isalnum()]
    numerals = sum(char.isdigit() for char in signs)
    if len(signs) == 4 and value[:2] in ("19", "20"):
        return False
    return len(signs) >= 4 and (numerals >= 3 or (len(signs) >= 5 and numerals >= 1) or len(signs) == 6)
