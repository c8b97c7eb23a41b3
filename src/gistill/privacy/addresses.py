"""Postal addresses in the forms of two dozen countries.

An address is a street with its number, or a postcode with its place; a street alone ("Oxford Street was packed") or a
place alone is nobody's address and stays. Where words say that an address follows, any row of names and numbers is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.cues import is_of_a_thing
from gistill.privacy.found import LOWER, UPPER, Found
from gistill.privacy.needs import look

_CAP = f"[{UPPER}]"
_SMALL = f"[{LOWER}]"
_CAPITAL = rf"{_CAP}(?:{_SMALL}|['’.-](?=\w))*{_CAP}?{_SMALL}*"
_PLACE = (
    rf"{_CAPITAL}(?:[ -](?:{_CAPITAL}|de|del|la|am|an der|upon|on|sur|a\.d\.|im|do|da|dos|di|"
    rf"(?:nad|pod|ve|v|u|les|lès|sous|en|bei|ob der|in der|in|of|el|y|e)(?= {_CAP}))(?=[\s,.;)!?-]|$)){{0,3}}"
)

# English
_SUFFIX = (
    r"Street|Str|St|Road|Rd|Avenue|Ave|Av|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Terrace|Ter|Close|"
    r"Crescent|Cres|Square|Sq|"
    r"Parkway|Pkwy|Highway|Hwy|Circle|Cir|Gardens|Grove|Mews|Row|Hill|Parade|Pde|Quay|Walk|Trail|Loop|Alley|Wharf|"
    r"Esplanade|Marg|Nagar|Broadway"
)
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Lot|Block|\#)\.? ?\#?\d*[A-Za-z]?\b-?\d{0,4}"
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|"
    r"W[AVIY]|PR|"
    r"AS|A[AEP]|GU|VI|MP|FM|MH|PW|NSW|VIC|QLD|WA|SA|TAS|ACT|NT|ON|QC|BC|AB|MB|SK|NS|NB|NL|PE)"
)
_UK = r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d(?!GB|TB|MB|ND|TH)[ABD-HJLNP-UW-Z]{2}|GIR ?0AA)"
_CANADA = r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d"
_BEFORE = r"(?<![\w.,$€£#-])"
_ENGLISH = re.compile(
    rf"{_BEFORE}(?:{_UNIT},? (?:of )?){{0,2}}(?:\d{{1,5}}(?:[-/]\d{{1,4}})?[A-Za-z]?,? )(?:(?:N|S|E|W|NE|NW|SE|SW|"
    rf"North|South|East|West)\.? )?"
    rf"(?:(?:{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th)|of|the|MLK) ){{1,4}}(?:{_SUFFIX})\b\.?(?: (?:N|S|E|W|NE|NW|SE|SW|"
    rf"North|South|East|West)\b)?(?:,? {_UNIT})?"
)
_ENGLISH_LOWER = re.compile(
    rf"{_BEFORE}\d{{1,5}}[a-z]? (?!(?:of|on|off|the|a|in|to|from|at|x|min|mins|minutes?|hours?|blocks?|miles?|km|m|"
    rf"metres?|meters?|yards?|feet|ft|"
    r"star|way|lane|wheel|and|or|for|day|night|main)\b)(?:north |south |east |"
    r"west )?[a-z]{3,14}(?: [a-z]{3,14})? (?:street|road|avenue|lane|boulevard|rd|ave|blvd)\b"
    rf"(?:,? (?:apt|apartment|unit|flat|suite|\#) ?\d*[a-z]?\b)?|{_BEFORE}\d{{1,5}} main (?:street|st|road|rd)\b",
    re.IGNORECASE,
)
_BROADWAY = re.compile(rf"{_BEFORE}\d{{1,5}} Broadway\b")
_PLACE_CODE = re.compile(
    rf"\b{_PLACE},? {_STATE}\.?,? (?:\d{{5}}(?:-\d{{4}})?|\d{{4}}|{_CANADA})(?![\w-])|\b{_PLACE},? {_UK}(?![\w-])|"
    rf"\b(?:{_CAPITAL} ){{0,2}}{_CAP}{_SMALL}{{2,}}[ -]{{1,3}}[1-9]\d{{2}} ?\d{{3}}(?=[\s,.]|$)(?<=\d{{6}})"
    r"|\b(?i:post ?code|zip(?: ?code)?|pin ?code|plz|postleitzahl|code postal|c[óo]digo postal|cap|postcode|cep|"
    r"kod pocztowy)\b\W{0,3}(?:(?:is|ist|est|es|è|é)\W)?"
    rf"({_UK}|{_CANADA}|\d{{5}}-\d{{3,4}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|\d{{4}} ?[A-Z]{{2}}|\d{{3}} ?\d{{3}}|"
    rf"\d{{4,5}})(?![\w-])"
)
_BOX = re.compile(
    r"\b(?:P\.? ?O\.? ?Box|Post Office Box|Postfach|Bo[îi]te postale|BP|Casella postale|C\.P\.|"
    r"Apartado(?: de correos)?|Apdo\.?|Postbus|Caixa postal|Skrytka pocztowa) (?:n[°º.] ?)?\d[\d ]{0,6}\d"
    rf"(?-i:, (?!(?:Please|Thanks|But|And|The|It|I|We)\b){_CAPITAL}(?: {_CAPITAL})?)?",
    re.IGNORECASE,
)

# Street first, number behind: German, Dutch, Italian, Spanish, Portuguese, Polish
_HOUSE = r"(?:(?:[nN](?:[°ºr.]|o\.?|um\.?)+|num[ée]ro|número)\s?)?\d{1,4} ?(?:[a-zA-Z]\b)?(?:[-/]\d{1,4}[a-zA-Z]?)?"
_STREET_NUMBER = re.compile(
    r"(?<!\w)(?!(?:Platz|Weg|Hof|Ring) \d)(?:"
    rf"(?:{_CAPITAL}[ -]){{0,3}}{_CAP}?(?:{_SMALL}|-)*(?:straße|strasse|Straße|Strasse|str\.|Str\.|weg|Weg|platz|Platz|"
    rf"allee|Allee|gasse|Gasse|ring|Ring|damm|Damm|ufer|Ufer|"
    rf"chaussee|steig|stieg|straat|Straat|laan|Laan|plein|Plein|gracht|kade|singel|dijk|pad|hof|steeg|dreef|"
    rf"plantsoen) {_HOUSE}"
    rf"|(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Zum|Zur|Unter den|"
    rf"Hinter der) {_CAPITAL}(?:[ -]{_CAPITAL})? {_HOUSE}"
    rf"|(?:[Vv]ia|[Vv]iale|[Pp]iazza|[Pp]iazzale|[Pp]\.za|[Cc]orso|[Ll]argo|[Vv]icolo|[Ss]trada|"
    rf"[Cc]ontrada) (?:(?:{_CAPITAL}|[IVX]+|dei|delle|della|del|degli|di|da|de|san|d['’])['’ ]?){{1,5}},? ?{_HOUSE}"
    rf"|(?:[Cc]alle|[Cc]/|[Aa]vda\.?|[Aa]venida|[Aa]v\.|[Pp]laza|[Pp]za\.?|[Pp]aseo|[Cc]amino|[Cc]arrer|[Rr]onda|"
    rf"[Tt]raves[íi]a|[Rr]ua|R\.|[Tt]ravessa|[Pp]raça|[Aa]lameda|[Ee]strada|[Rr]odovia|[Ll]adeira) ?"
    rf"(?:(?:{_CAPITAL}|\d{{1,2}}|de|del|la|las|los|el|da|do|das|dos|e|y|d['’])['’ ]?){{1,6}}(?:,|"
    rf" -)? ?{_HOUSE}(?:,? ?\d{{1,2}}[ºª°]?(?: ?[A-D]\b| ?(?:izq|dcha|esq|dto)\w*\.?)?)?"
    rf"|(?:[Uu]l\.|[Uu]lic[aey]|[Uu]licy|[Aa]l\.|[Aa]lej[ae]|[Pp]l\.|[Pp]lac|[Oo]s\.|[Oo]siedle) ?(?:(?:{_CAPITAL}|"
    rf"\d{{1,2}}) ){{1,4}}{_HOUSE}(?: ?m\. ?\d+)?"
    r")(?![\w]|[.,]\d| ?%)"
)
_FRENCH = re.compile(
    rf"{_BEFORE}\d{{1,4}}(?: ?(?:bis|ter|quater|[A-D])\b)?,? (?i:rue|avenue|av\.?|boulevard|bd\.?|blvd|place|pl\.|"
    rf"chemin|allée|allee|impasse|quai|route|cours|square|passage|villa|faubourg|esplanade|sentier) "
    rf"(?:(?:de la|de l['’]|des|du|de|d['’]|la|le|les|l['’]|à|aux|sur|saint|sainte)['’ ]? ?){{0,3}}(?:{_CAPITAL}|"
    rf"\d{{1,2}})(?:[ -](?:{_CAPITAL}|de|du|des|la|le|et|sur|\d{{4}})(?=[\s,.;-]|$)){{0,4}}"
)
_NO_PLACE = (
    "Euro|Kilometer|Seiten|Stück|Uhr|Watt|Menschen|Jahre|Meter|Stunden|Tage|Users?|Reviews?|Mah|Rpm|Kelvin|Lumen|Shots|"
    "Pages|Kč|Ft|Lei|Kr"
)
# A postcode and its place, where the words or a line before make it one.
_CODE_PLACE = re.compile(
    rf"(?:(?<=[,;(\n])|(?<=[,;(] )|(?<=\b[Ii]n )|(?<=\b[Aa]us )|(?<=\b[Nn]ach )|(?<=\bà )|(?<=\ben )|(?<=\ba )|"
    rf"(?<=\bte )|(?<=\bem )|(?<=\bw )|(?<=- )|^)"
    rf"(?:[A-Z]{{1,2}}-)?(?:\d{{5}}|\d{{4}}|\d{{4}} ?[A-Z]{{2}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|"
    rf"\d{{5}}-\d{{3}}) (?!{_NO_PLACE}|[A-Z]{{1,3}}\b)({_PLACE})(?: ?\([A-Z]{{2}}\)|[,/ -]{{1,3}}[A-Z]{{2}}\b)?",
    re.MULTILINE,
)
_CERTAIN_CODE_PLACE = re.compile(
    rf"(?<![\w-])(?:\d{{4}} ?(?!AM\b|PM\b)[A-Z]{{2}} {_PLACE}|\d{{2}}-\d{{3}} {_PLACE}|"
    rf"\d{{5}}-\d{{3}}(?:[ ,]{{1,2}}{_PLACE})?|\d{{4}}-\d{{3}} {_PLACE}|[A-Z]{{1,3}}-\d{{4,5}} {_PLACE}|{_UK},? (?:UK|"
    rf"England|Scotland|Wales)\b)"
)
# What follows a street: "10969 Berlin", "London NW1 6XE", "Springfield, IL 62704"; on the next line, too.
_CODE = (
    r"(?:[A-Z]{1,2}-)?(?:\d{4} ?[A-Z]{2}|\d{3} \d{2}(?! ?\d)|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|"
    rf"\d{{3}} ?\d{{3}}|\d{{4,5}}|{_UK}|{_CANADA})(?![\w-])"
)
_TAIL = re.compile(
    rf"(?:[ ,.-]{{1,3}}|[ ,]{{0,2}}\n ?)(?:{_CODE} {_PLACE}(?: ?\([A-Z]{{2}}\))?|"
    rf"{_PLACE}(?:,? {_PLACE})?(?:,? {_STATE}\b\.?)?[ ,-]{{1,3}}{_CODE}|{_CODE}|{_PLACE},? {_STATE}\b)"
)
# Any street with a number before a postcode with its place, whatever streets are called in that country.
_GAP = r"(?:, ?\n?|,? ?\n ?| - | )"
_OF = "de|del|della|delle|dei|di|da|do|dos|das|la|le|les|du|des|of|the|an|am|der|den|dem|zum|zur|y|e|bis|el|al"
_NUMBER = r"\d{1,5}(?: ?[A-Za-z](?!\w))?(?:[-/]\d{1,4}[A-Za-z]?)?(?!\w)"
_INSIDE = (
    r"(?:[Aa]pt|[Aa]partment|[Ss]uite|Ste|[Uu]nit|[Ff]lat|[Ff]loor|[Rr]oom|[Ll]ot|[Bb]lock|[Ss]tudio|[Pp]iso|[Pp]uerta|"
    r"[Pp]lanta|[Pp]ortal|[Ee]sc(?:alera)?|[Aa]ppartamento|[Ii]nterno|[Ii]nt|[Pp]iano|[Ss]cala|[Bb]ât(?:iment)?|"
    r"[Éé]tage|"
    r"[Ww]ohnung|Whg|OG|Top|Stiege|[Dd]aire|[Kk]at|[Bb]lok|D|K|m|lok|lgh|as|[Bb]yt|[Bb]ox|[Nn]o|[Nn]r)"
    r"[.:]? ?#?\d{1,4}[A-Za-z]?(?!\w)"
)
_ROAD = rf"(?:{_CAPITAL}|{_CAP}\.)(?:[ '’-]{{1,2}}(?:{_CAPITAL}|{_OF}|{_CAP}\.|\d{{1,2}}\.?)(?!\w)){{0,4}}"
_LINE = rf"(?:{_NUMBER}{_GAP}{_ROAD}|{_ROAD},? {_NUMBER})(?:,? {_INSIDE}){{0,3}}"
_LONG_CODE = rf"(?:\d{{5}}(?:-\d{{4}})?|\d{{6}}|\d{{3}} \d{{2,3}}|\d{{2}}-\d{{3}}|{_UK}|{_CANADA})(?![\w-])"
_TOWN = (
    rf"(?:{_LONG_CODE},? (?!{_NO_PLACE}){_PLACE}(?:['’]? ?\((?:[A-Z]{{2}}|okr(?:es|\.) {_CAPITAL})\))?"
    rf"|{_PLACE}(?:,? {_PLACE})?(?:(?:,? {_STATE}\b\.?,? ?| ?- ?|, ?| ){_LONG_CODE}|,? {_STATE},? \d{{4}}(?!\w)))"
)
_BREAK = r"(?:, ?\n?|,? ?\n ?| - )"
_WHOLE = re.compile(rf"{_BEFORE}(?:{_INSIDE}{_GAP})?{_LINE}{_BREAK}(?:{_PLACE}{_BREAK})?{_TOWN}")
_UK_LINES = re.compile(rf"{_BEFORE}(?:{_INSIDE}|{_NUMBER}){_GAP}(?:{_ROAD}{_GAP}){{1,3}}{_UK}(?![\w-])")
_ANY_CODE = re.compile(rf"(?<![\w.,$€£#]){_LONG_CODE}|\b{_STATE},? \d{{4}}(?!\w)")
_STREET_PLACE = re.compile(
    rf"(?<!\w)(?:(?i:rue|ruelle|avenue|av\.|chemin|ch\.|route|place|quai|impasse|passage|allée|boulevard) "
    rf"(?:(?:de la|de l['’]|des|du|de|d['’]|la|le)['’ ]? ?)?{_ROAD}|{_CAP}{_SMALL}+(?:strasse|straße|weg|gasse|platz))"
    rf"(?:,? {_NUMBER})?{_GAP}\d{{4,5}} (?:de |d['’])?{_PLACE}"
)
_MILITARY = re.compile(rf"\b(?:(?:PSC|CMR|Unit) \d+,? Box \d+|USN?S {_CAPITAL}){_GAP}[ADF]PO,? A[AEP] \d{{5}}(?!\w)")
# Sweden, Norway, Denmark, Finland
_NORDIC = re.compile(
    rf"(?<!\w)(?:{_CAPITAL}[ -]){{0,3}}(?:{_CAP}?{_SMALL}{{2,}})?(?:gatan|vägen|gränd|torget|stigen|backen|allén|katu|"
    rf"kuja|polku|"
    rf"raitti|kaari|penger|ranta|gata|gaten|veien|vegen|vej|vejen|gade|gaden|stræde|plass|plads|(?<={_SMALL}{{4}})tie|"
    rf"(?<={_SMALL}{{3}})vei|(?<={_SMALL} )(?:kuja|tie|katu|polku|gata|väg|vei|"
    rf"vej))(?<!weetie)(?<!martie) \d{{1,4}}(?: ?[A-Z](?!\w))?(?:[ ,]{{1,2}}(?:{_INSIDE}|[A-Z] ?\d{{1,3}}))?(?![\w%])"
)
_TURKISH = re.compile(
    rf"(?<!\w)(?:(?:{_CAPITAL}|\d{{1,4}}\.?) ){{1,3}}(?i:mah(?:allesi|\.)?|cad(?:desi|\.)?|sok(?:ak|ağı|a[gğ][ıi]|"
    rf"\.)?|sk\.|"
    rf"bulvar[ıi]|blv\.)(?:,? (?:(?:{_CAPITAL}|\d{{1,4}}\.?) ){{1,3}}(?i:cad(?:desi|\.)?|sok(?:ak|ağı|\.)?|sk\.|"
    rf"bulvar[ıi]|"
    rf"blv\.|apt\.?|sitesi)){{0,3}}(?:,? ?(?i:no|d|daire|kat|k|blok|apt|"
    rf"[iİ]ç kapı) ?[:.]{{0,2}} ?\d{{1,4}}[A-Za-z]?(?:/\d+)?){{1,3}}"
    rf"(?:,? (?:\d{{5}},? )?[{UPPER}][{UPPER}{LOWER}]+(?: [{UPPER}][{UPPER}{LOWER}]+)?"
    rf"(?: ?[/,-] ?[{UPPER}][{UPPER}{LOWER}]+)?)?"
)
_GULF = re.compile(
    r"(?<!\w)(?:Villa|Flat|Apartment|Apt|Office|Building|Bldg|Unit|Shop|Warehouse|House|"
    r"Plot)\.? ?(?:[Nn]o\.? ?)?\d{1,5}[A-Za-z]?"
    r"(?:,? (?:[A-Z][\w'.-]*|\d{1,4}[A-Za-z]{0,2})){1,10},? (?:Dubai|Abu Dhabi|Sharjah|Ajman|Fujairah|"
    r"Ras Al[ -]Khaimah|RAK|"
    r"Umm Al[ -]Quwain|Al Ain|Doha|Riyadh|Jeddah|Dammam|Kuwait City|Manama|Muscat)(?:,? (?:UAE|"
    r"United Arab Emirates))?(?!\w)"
)
_INDIAN = re.compile(
    rf"(?<![\w.])(?i:h\.? ?no|house no|flat no|plot no|door no|d\.? ?no|shop no|quarter no|room no)[.:]? ?\d[\w/-]*"
    rf"(?:,? ?\n?(?:{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th))(?!\w)){{1,12}}(?:[ -]{{1,3}}\d{{3}} ?\d{{3}}(?!\d))?"
)
# Words that say that an address follows: then any row of capitals and numbers is one.
_CUE = re.compile(
    r"(?<!\w)(?i:(?:(?:home|postal|shipping|delivery|billing|street|mailing|current|new|old) )?address(?: is)?|"
    r"resid(?:ing|e) (?:at|in)|liv(?:e|ing) (?:at|on)|i['’]?m at|located at|moved (?:from|to)|"
    r"(?:ship|deliver|send|post|mail)(?:ed|ing)?(?: \w+){0,3}? to|adresse|anschrift|wohn(?:e|haft)(?: in(?: der)?|"
    r" an?)?|"
    r"j['’]habite(?: au| à)?|domicili[ée]e?(?: au)?|demeurant(?: au)?|direcci[óo]n(?: es)?|"
    r"domicilio(?: es)?|"
    r"vivo en(?: la)?|indirizzo(?: è)?|abito in|residente in|adres(?:em|im)?(?: to)?|mieszkam (?:przy|na|w)|"
    r"adress(?:en är)?|"
    r"bor på|osoit(?:e|teeseen|teeni on)|asun(?: osoitteessa)?|adres[auy](?: je)?|bydlím(?: na)?|adrese|oturuyorum|"
    r"adresse er|"
    r"woon (?:op|aan)|endereço(?: é)?|morada(?: é)?|moro na|lakcím(?:em)?|adresa(?: este)?)(?: ?[:=-] ?\n?| )"
)
_PART = (
    rf"(?:{_INSIDE}|{_CAPITAL}|{_CAP}{{2,}}|{_CAP}\.|(?:St|Av|Avda|Ul|ul|al|pl|os|nám|Nám|tř|Str|Rd|Dr)\.|"
    rf"\d{{1,6}}[A-Za-z]{{0,2}}(?:[-/]\d{{1,4}}[A-Za-z]?)?|\d{{2}}-\d{{3}}|\([A-Z]{{2}}\)|(?:{_OF}|rue|avenue|chemin|"
    rf"ulice))"
    r"(?![\w:])"
)
_ROW = re.compile(rf"{_PART}(?:(?: |,? ?\n ?|, ?| ?[-/] ?){_PART}){{1,15}}")
_COMMON = re.compile(r"^(?:\d{4} )?(?:The|This|It|I|We|My|And|But|Then|Model|Edition|GB|MB)\b")
_NOT_DUTCH = re.compile(
    r"^\d{4} ?(?:IS|IN|AT|TO|ON|OR|IF|IT|SO|GB|MB|KG|CM|MM|KM|ML|HD|PM|AM|US|UK|EU|TV|PC|AD|BC|OK|XL|MP|HZ|SA|SD|SS)\b"
)

# Chinese and Japanese
_NUMERAL = r"[0-9一二三四五六七八九十百]"
_HAN = re.compile(
    rf"(?:[\u4e00-\u9fff]{{2,4}}(?:省|"
    rf"自治区))?(?:[\u4e00-\u9fff]{{2,5}}市)?(?:[\u4e00-\u9fff]{{1,5}}[区县])?[\u4e00-\u9fff]{{1,8}}(?:路|街|道|巷|弄|胡同|"
    rf"大道){_NUMERAL}+[号號](?:院)?(?:[\u4e00-\u9fffA-Za-z]{{0,10}}[0-9A-Za-z]+(?:号楼|栋|幢|座|单元|层|楼|室|号))*"
    rf"|(?:〒 ?\d{{3}}-\d{{4}}\s?)?(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{{2,3}}県)"
    rf"[^\s、。,!?「」]{{1,20}}?[0-9]+(?:丁目|番地?|"
    rf"号|[-ー−])(?:[0-9]+(?:番地?|号|[-ー−の])?){{0,3}}(?:[ ]?[^\s、。,!?]{{0,12}}?[0-9]{{2,4}}号室?)?"
    rf"|〒 ?\d{{3}}-?\d{{4}}|[\u4e00-\u9fff]{{1,6}}[市区町村][\u4e00-\u9fff]{{1,8}}[0-9]+(?:丁目[0-9]*|"
    rf"-[0-9]+)(?:番地?)?(?:-?[0-9]+号?)?"
)


def places(text: str) -> Iterator[Found]:
    """Find postal addresses and the parts of them that stand on lines of their own."""
    if any(char.isdigit() for char in text) or max(text, default="") >= "一":
        for pattern in (_ENGLISH, _ENGLISH_LOWER, _BROADWAY, _BOX, _STREET_NUMBER, _FRENCH, _HAN, _NORDIC):
            for match in look(pattern, text):
                tail = _TAIL.match(text, match.end())
                yield Found(match.start(), tail.end() if tail else match.end(), "ADDRESS")
        for pattern in (_STREET_PLACE, _MILITARY, _TURKISH, _GULF, _INDIAN):
            for match in look(pattern, text):
                yield _place(match)
        yield from _beside_codes(text)
        yield from _announced(text)
        for match in look(_PLACE_CODE, text):
            if match.lastindex or not _has_a_things_number(text, match.start(), match.end()):
                yield Found(*match.span(match.lastindex or 0), "ADDRESS")
        for match in look(_CODE_PLACE, text):
            if not _COMMON.match(match[1]) and not _is_year(match[0]):
                yield _place(match)
        for match in look(_CERTAIN_CODE_PLACE, text):
            if not _NOT_DUTCH.match(match[0]):
                yield _place(match)


def _beside_codes(text: str) -> Iterator[Found]:
    """From each postcode look back for its street: the patterns are slow, and most texts have no postcode."""
    windows: list[list[int]] = []
    for code in look(_ANY_CODE, text):
        start, end = max(0, code.start() - 120), code.end() + 60
        if windows and start <= windows[-1][1]:
            windows[-1][1] = end
        else:
            windows.append([start, end])
    for start, end in windows:
        for match in (*_WHOLE.finditer(text, start, end), *_UK_LINES.finditer(text, start, end)):
            if not _COMMON.match(match[0]) and not _has_a_things_number(text, match.start(), match.end()):
                yield _place(match)


def _announced(text: str) -> Iterator[Found]:
    """Behind a word such as "address": the row of names and numbers, with the lines below that are wholly such."""
    for cue in look(_CUE, text):
        row = _ROW.match(text, cue.end())
        if row is None:
            continue
        ends = [row.start() + one.start() for one in re.finditer("\n", row[0])] + [row.end()]
        end = next((end for end in reversed(ends[1:]) if _is_a_line_of_it(text, end)), ends[0])
        value = re.sub(rf"(?:[ ,-]+(?:{_OF}))+$", "", text[row.start() : end]).rstrip(" ,-\n")
        capitals = re.findall(rf"[{UPPER}][{LOWER}]{{2,}}", value)
        if re.match("(?:Locker|Gate|Terminal|Room|Level|Store|Platform|Zone|Section|Kindle)\\b", value):
            continue
        said = len(capitals) > 1 or "," in value or "dress" in cue[0].lower()
        of_thing = _has_a_things_number(text, row.start(), row.start() + len(value))
        if any(map(str.isdigit, value)) and capitals and said and not of_thing:
            yield Found(row.start(), row.start() + len(value), "ADDRESS")


def _is_a_line_of_it(text: str, end: int) -> bool:
    """Say whether a line goes no further than this, and holds a digit."""
    line = text[text.rfind("\n", 0, end) + 1 : end]
    return text[end : end + 1] in ("", "\n", ".", ",") and any(map(str.isdigit, line))


def _has_a_things_number(text: str, start: int, end: int) -> bool:
    return any(is_of_a_thing(text, start + number.start()) for number in re.finditer(r"\d+", text[start:end]))


def _is_year(text: str) -> bool:
    """ "2019 Paris" after a comma is a date and a place; four digits are only a postcode elsewhere."""
    return re.match(r"(?:19|20)\d\d (?!\d)", text) is not None


def _place(match: re.Match[str]) -> Found:
    return Found(*match.span(), "ADDRESS")
