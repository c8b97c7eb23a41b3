"""Names that a sure sign gives away ("my name is", "Mrs", a signature), and dates of birth.

Free-standing names need a detector; see `privacy.names`.
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
