"""Names that a sure sign gives away ("my name is", "Mrs", a signature), dates of birth, and postal addresses.

Free-standing names need a detector; see `privacy.names`. An address is a street with its number, or a postcode with its
place, in the forms of a dozen countries; a street alone ("Oxford Street was packed") or a place alone is nobody's
address and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.found import Found

_UP = r"[A-ZÀ-ÖØ-ÞĄĆĘŁŃÓŚŹŻŠČĐÇ]"
_LOW = r"[a-zß-öø-ÿąćęłńóśźżšč]"
_NAME = rf"{_UP}(?:{_LOW}+|['’]{_UP}{_LOW}+|\.)(?:['’-]{_UP}?{_LOW}+)*"
_FULL = rf"{_NAME}(?: (?:{_NAME}|{_UP}\.?|van|von|de|der|den|del|della|di|da|dos|la|le|ter|bin|al)(?![\w])){{0,3}}"

_INTRODUCED = re.compile(
    r"\b(?i:my (?:full |first |last |real )?name(?: is|['’]s|:)|name(?:d)?:|(?:full|first|last|sur|customer|contact|"
    r"account holder|cardholder|passenger|patient|guest)[ -]?name(?:s)?(?: is|:)|"
    r"(?:account|booking|reservation|order)(?: is)? (?:in|under) the name(?: of)?|under the name(?: of)?|"
    r"in the name of|signed(?: by)?:|yours,|call me|"
    r"(?:i am|i['’]m|this is) (?=[A-Z][a-z]+ [A-Z][a-z]+\b)(?:mr |mrs |ms )?|ich hei(?:ß|ss)e|mein name ist|"
    r"mein name:|je m['’]appelle|mon nom est|"
    r"me llamo|mi nombre es|a nombre de|mi chiamo|il mio nome è|a nome(?: di)?|mijn naam is|ik heet|op naam van|"
    r"meu nome é|me chamo|chamo-me|em nome de|"
    rf"nazywam si[ęe]|mam na imi[ęe]|na nazwisko|auf den namen|au nom de) {{0,2}}(?:(?i:mr|mrs|ms|miss|dr|herr|"
    rf"frau)\.? )?({_FULL})"
)
_INTRODUCED_LOWER = re.compile(
    r"\b(?:my name is|my name['’]s|ich heiße|mein name ist|je m['’]appelle|me llamo|mi chiamo|mijn naam is|"
    r"me chamo) ([a-zà-ÿ]{3,15}(?: [a-zà-ÿ]{3,15})?)(?=\s*(?:$|[.,;!\n]| and | und | et | y | e | en ))"
)
_TITLE = re.compile(
    r"(?<![\w&])(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Sir|Herrn?|Frau|Fräulein|Monsieur|Madame|Mme|Mlle|Señora?|Sra?|Srta|Don|"
    r"Doña|Signora?|Sig|Sig\.ra|Dott|Dott\.ssa|Dra|"
    rf"Meneer|meneer|Mevrouw|mevrouw|mevr|dhr|Dhr|Senhora?|senhora?|señora?|signora?|Pani|Pan|pani|pan|panem|panią|"
    rf"panią)\.? ((?:{_UP}\. ?){{0,2}}{_FULL})"
)
_BRANDS = re.compile(
    r"^(?:Pepper|Coffee|Meyer|Clean|Martens|Doc|Oetker|Bean|Beast|Bronner|Marvel|Who|Robot|Potato|Jart|Scholl|Dre|"
    r"Seuss|Strange|Watson|Holmes|Bubble|Muscle|Kipling|Fields|Butterworth|"
    r"T|Pibb|Heater|Buddy|Men|Right|Wrong|Big|Universe|World|Teddy|Squeegee|Sandman|Darcy|Dalloway|Doubtfire|Cooper|"
    r"Good|Best|Perricone|Jekyll|Evil|Drive|Browns?|Rice|Elsa|Jaw|Bag|Sheet|"
    r"The|This|My|Your|Und|Oder|Is|Are|Was|Has|It|And|But|Or|In|On|For|With|Not|Very|So|We|They|You|All|Das|Die|Der|"
    r"Ist|Hat|Juan|Quixote|Tiegelman|Kind|Mann|Sie|Ich|Marke|America|Customer)\b"
)
_CLOSING = (
    r"(?:(?:kind|kindest|best|warm|warmest|many)?\s?regards|(?:yours|very)?\s?(?:sincerely|truly|faithfully)|"
    r"best wishes|best|all the best|cheers|(?:many )?thanks(?: again| so much| in advance)?|thank you(?: very much)?|"
    r"mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:viele|liebe|beste|freundliche|schöne) gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|"
    r"mfg|lg|vg|cordialement|bien cordialement|bien à vous|(?:sincères )?salutations|"
    r"(?:un )?saludos?(?: cordiales)?|atentamente|un abrazo|cordiali saluti|distinti saluti|(?:un )?saluto|saluti|"
    r"met vriendelijke groete?n?|vriendelijke groete?n?|groetjes|groeten|mvg|"
    r"atenciosamente|cumprimentos|com os melhores cumprimentos|abra[çc]os?|pozdrawiam|z poważaniem|love|xoxo|signed|"
    r"sent by)"
)
_SIGNATURE = re.compile(
    rf"(?im:(?:^|(?<=[.!?,] ))(?:{_CLOSING})\b[^\S\n]*[,.!:-]*)\s{{1,4}}[~–—-]{{0,2}} ?({_FULL})(?=\s*(?:$|\n|"
    rf"[,.]\s*(?:$|\n)|[(]))"
)
_SIGNED = re.compile(rf"(?:\n|(?<=[.!?]) ) {{0,4}}[-–—~]{{1,2}} ?({_FULL})\.?\s*$")
_GREETING = re.compile(
    rf"(?m:^|(?<=[:.!?] ))(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening)|Liebe[rs]?|Hallo|Cher|Chère|Bonjour|"
    rf"Hola|Estimad[oa]|Querid[oa]|Ciao|Gentile|Caro|Cara|Beste|Hoi|Olá|Caro|Prezad[oa]|Drogi|Droga|"
    rf"Cześć) ({_FULL})(?=\s*[,!:\n])"
)
_NOBODY = re.compile(
    r"^(?:All|Team|There|Everyone|Everybody|Folks|Guys|Sir|Madam|Support|Customer|Customers|Seller|Sellers|Amazon|"
    r"Service|Friends?|Ladies|Reader|Readers|Santa|God|World|Again|Both|Sirs|"
    r"Zusammen|Leute|Team|Damen|Kunden?|Community|Tous|Toutes|Monsieur|Madame|Client|Todos|Todas|Amigos?|Clientes?|"
    r"Tutti|Cliente|Allemaal|Mensen|Klant|Pessoal|Google|Apple|Siri|Alexa|Cortana|"
    r"Mr|Mrs|Ms|Dr|Herr|Frau|Diary|Lord|Company|Manager|Staff|Hiring|Valued|Future|Fellow|Shoppers?|Buyers?|The|This|"
    r"It|I|We|My|They|You|Not|Very|Great|Good|Would|Will|Highly|Best|Love|Pros|Cons|"
    r"Update|Edit|Verified|Recommended|Five|Four|Three|Two|One|Overall|Only|Just|Really|Please|Thanks|For|To|From|And|"
    r"But|If|When|Kitty|Google)\b"
)
_HAN_NAME = re.compile(
    r"(?:我叫|我的名字是|我是(?=[\u4e00-\u9fff]{2,3}[,，。])|姓名[:：]\s?)([\u4e00-\u9fff]{2,4})(?=[,，。!！;\s]|$)|"
    r"(?:私の名前は|名前は|氏名[:：]\s?)([\u4e00-\u9fff\u3040-\u30ff]{2,8}?(?:[ 　][\u4e00-\u9fff\u3040-\u30ff]{1,4})?)"
    r"(?=です|と|。|、|\s|$)|"
    r"([\u4e00-\u9fff]{2,5})と申します"
)

_MONTH = (
    r"(?:jan|feb|m[äa]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|janv|f[ée]vr|avr|juin|juil|ao[ûu]t|d[ée]c|ene|"
    r"abr|ago|dic|gen|mag|giu|lug|set|ott|mrt|mei|fev|out|"
    r"sty|lut|kwi|maj|cze|lip|sie|wrz|pa[źz]|lis|gru)[a-zà-ÿ]*\.?"
)
_DAY = (
    rf"(?:\d{{1,4}} ?[./-] ?\d{{1,2}} ?[./-] ?\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?(?: of|"
    rf" de)? {_MONTH}(?:,? (?:de |del )?\d{{2,4}})?|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{4}}年 ?\d{{1,2}}月 ?\d{{1,2}}日|\d{{8}}|(?:昭和|平成|"
    rf"令和)\d{{1,2}}年\d{{1,2}}月\d{{1,2}}日)"
)
_BORN = re.compile(
    r"(?:\b(?:d\.?o\.?b\.?|date of birth|birth ?date|birth ?day|born|b\.|geboren(?: am)?|geb\.|geburtsdatum|"
    r"geburtstag|n[ée]e? le|date de naissance|anniversaire|"
    r"nac[íi](?:do|da)?|fecha de nacimiento|cumplea[ñn]os|nat[oa]|data di nascita|compleanno|geboortedatum|verjaardag|"
    r"nascid[oa]|nasci|data de nascimento|anivers[áa]rio|"
    r"urodzon[ya]|urodzi[łl][ae]?m? si[ęe]|data urodzenia|urodziny)\b|出生日期|出生于|生日|生年月日|誕生日|生まれ)"
    rf"[^\w\n]{{0,3}}(?:(?:is|was|on|am|ist|im|le|el|es|il|è|op|em|é|to|the|die|den|est|del|dia|día|dnia|just|"
    rf"my)\b[^\w\n]{{0,3}}|は|是|在){{0,3}}({_DAY})(?![\w-])",
    re.IGNORECASE,
)
_BORN_BEHIND = re.compile(r"(\d{4}年 ?\d{1,2}月 ?\d{1,2}日)(?:生まれ|出生|生)")


def people(text: str) -> Iterator[Found]:
    """Find names beside a sure sign, and dates of birth."""
    for pattern in (_INTRODUCED, _INTRODUCED_LOWER, _HAN_NAME):
        for match in pattern.finditer(text):
            yield Found(*match.span(match.lastindex or 0), "NAME")
    for match in _TITLE.finditer(text):
        if not _BRANDS.match(match[1]) and not match[1].startswith("'"):
            yield _name(match)
    for pattern in (_SIGNATURE, _SIGNED, _GREETING):
        for match in pattern.finditer(text):
            if not _NOBODY.match(match[1]):
                yield _name(match)
    for pattern in (_BORN, _BORN_BEHIND):
        for match in pattern.finditer(text):
            yield Found(*match.span(1), "DATE_OF_BIRTH")


def _name(match: re.Match[str]) -> Found:
    """A name ends before a full stop that ends its sentence."""
    value = match[1]
    ended = len(value) > 2 and value.endswith(".") and not re.search(r"(?:^|\s)\w\.$", value)
    return Found(match.start(1), match.end(1) - ended, "NAME")


# Postal addresses

_CAP = r"[A-ZÀ-ÖØ-ÞĄĆĘŁŃÓŚŹŻ]"
_SMALL = r"[a-zß-öø-ÿąćęłńóśźż]"
_CAPITAL = rf"{_CAP}(?:{_SMALL}|['’.-](?=\w))*{_CAP}?{_SMALL}*"
_PLACE = (
    rf"{_CAPITAL}(?:[ -](?:{_CAPITAL}|de|del|la|am|an der|upon|on|sur|a\.d\.|im|do|da|dos|di)(?=[\s,.;)!?-]|$)){{0,3}}"
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
    r"NSW|VIC|QLD|WA|SA|TAS|ACT|NT|ON|QC|BC|AB|MB|SK|NS|NB|NL|PE)"
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
    rf"\b{_PLACE}[ -]{{1,3}}[1-9]\d{{2}} ?\d{{3}}(?=[\s,.]|$)(?<=\d{{6}})"
    r"|\b(?i:post ?code|zip(?: ?code)?|pin ?code|plz|postleitzahl|code postal|c[óo]digo postal|cap|postcode|cep|"
    r"kod pocztowy)\b\W{0,3}(?:(?:is|ist|est|es|è|é)\W)?"
    rf"({_UK}|{_CANADA}|\d{{5}}-\d{{3,4}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|\d{{4}} ?[A-Z]{{2}}|\d{{3}} ?\d{{3}}|"
    rf"\d{{4,5}})(?![\w-])"
)
_BOX = re.compile(
    r"\b(?:P\.? ?O\.? ?Box|Post Office Box|Postfach|Bo[îi]te postale|BP|Casella postale|C\.P\.|"
    r"Apartado(?: de correos)?|Apdo\.?|Postbus|Caixa postal|Skrytka pocztowa) (?:n[°º.] ?)?\d[\d ]{1,7}",
    re.IGNORECASE,
)

# Street first, number behind: German, Dutch, Italian, Spanish, Portuguese, Polish
_HOUSE = r"(?:(?:[nN](?:[°ºr.]|o\.?|um\.?)+|num[ée]ro|número)\s?)?\d{1,4} ?(?:[a-zA-Z]\b)?(?:[-/]\d{1,4}[a-zA-Z]?)?"
_STREET_NUMBER = re.compile(
    r"(?<!\w)(?:"
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
# A postcode and its place, where the words or a line before make it one.
_CODE_PLACE = re.compile(
    rf"(?:(?<=[,;(\n])|(?<=[,;(] )|(?<=\b[Ii]n )|(?<=\b[Aa]us )|(?<=\b[Nn]ach )|(?<=\bà )|(?<=\ben )|(?<=\ba )|"
    rf"(?<=\bte )|(?<=\bem )|(?<=\bw )|(?<=- )|^)"
    rf"(?:[A-Z]{{1,2}}-)?(?:\d{{5}}|\d{{4}}|\d{{4}} ?[A-Z]{{2}}|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|"
    rf"\d{{5}}-\d{{3}}) (?!Euro|Kilometer|Seiten|Stück|Uhr|Watt|Menschen|Jahre|Meter|Stunden|"
    rf"Tage)({_PLACE})(?: ?\([A-Z]{{2}}\)|[,/ -]{{1,3}}[A-Z]{{2}}\b)?",
    re.MULTILINE,
)
_CERTAIN_CODE_PLACE = re.compile(
    rf"(?<![\w-])(?:\d{{4}} ?(?!AM\b|PM\b)[A-Z]{{2}} {_PLACE}|\d{{2}}-\d{{3}} {_PLACE}|"
    rf"\d{{5}}-\d{{3}}(?:[ ,]{{1,2}}{_PLACE})?|\d{{4}}-\d{{3}} {_PLACE}|[A-Z]{{1,3}}-\d{{4,5}} {_PLACE}|{_UK},? (?:UK|"
    rf"England|Scotland|Wales)\b)"
)
# What follows a street: "10969 Berlin", "London NW1 6XE", "Springfield, IL 62704"; on the next line, too.
_CODE = (
    r"(?:[A-Z]{1,2}-)?(?:\d{4} ?[A-Z]{2}|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|"
    rf"\d{{3}} ?\d{{3}}|\d{{4,5}}|{_UK}|{_CANADA})(?![\w-])"
)
_TAIL = re.compile(
    rf"(?:[ ,.-]{{1,3}}|[ ,]{{0,2}}\n ?)(?:{_CODE} {_PLACE}(?: ?\([A-Z]{{2}}\))?|"
    rf"{_PLACE}(?:,? {_PLACE})?(?:,? {_STATE}\b\.?)?[ ,-]{{1,3}}{_CODE}|{_CODE}|{_PLACE},? {_STATE}\b)"
)
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
        for pattern in (_ENGLISH, _ENGLISH_LOWER, _BROADWAY, _BOX, _STREET_NUMBER, _FRENCH, _HAN):
            for match in pattern.finditer(text):
                tail = _TAIL.match(text, match.end())
                yield Found(match.start(), tail.end() if tail else match.end(), "ADDRESS")
        for match in _PLACE_CODE.finditer(text):
            yield Found(*match.span(match.lastindex or 0), "ADDRESS")
        for match in _CODE_PLACE.finditer(text):
            if not _COMMON.match(match[1]) and not _is_year(match[0]):
                yield _place(match)
        for match in _CERTAIN_CODE_PLACE.finditer(text):
            if not _NOT_DUTCH.match(match[0]):
                yield _place(match)


def _is_year(text: str) -> bool:
    """ "2019 Paris" after a comma is a date and a place; four digits are only a postcode elsewhere."""
    return re.match(r"(?:19|20)\d\d (?!\d)", text) is not None


def _place(match: re.Match[str]) -> Found:
    return Found(*match.span(), "ADDRESS")
