"""Names that a sure sign gives away ("my name is", "Mrs", a signature), and dates of birth, in two dozen languages.

Free-standing names need a detector; see `privacy.names`. In capitals a name is read only behind the surest signs, and
ends before a word that no name has ("MY NAME IS ADA QUILL AND ..."), since there nothing else tells names from words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.found import LOWER, UPPER, Found
from gistill.privacy.needs import look

_UP = f"[{UPPER}]"
_LOW = f"[{LOWER}]"
_NAME = rf"{_UP}(?:{_LOW}+(?:{_UP}{_LOW}+)?|['’]{_UP}{_LOW}+|\.)(?:['’-]{_UP}?{_LOW}+|-{_UP}\.)*"
_PARTICLES = "van|von|zu|de|der|den|del|della|di|da|do|dos|la|le|ter|bin|al|el|af|av"
_FULL = rf"{_NAME}(?: (?:{_NAME}|{_UP}\.?|{_PARTICLES})(?![\w])){{0,3}}"
_TWO = rf"{_NAME}(?: (?:{_NAME}|{_UP}\.?|{_PARTICLES})(?![\w])){{0,2}} {_NAME}(?![\w])"
# Words in capitals that end a name, or are none.
_NO_NAMES = (
    "AND|BUT|OR|FROM|FOR|WITH|WHO|THE|THIS|IS|NOT|NO|ON|IN|AT|TO|OF|MY|WE|YOU|YOUR|ALSO|STILL|HAVE|HAS|WANT|WAS|CALL|"
    "PLEASE|WRONG|SPELLED|SPELT|MISSING|NOWHERE|NEVER|ALREADY|WAITING|LIVING|ORDER|UND|ICH|AUS|ABER|ODER|SEIT|WARTE|"
    "NICHT|HABE|BIN|WILL|MEINE|ET|JE|MAIS|DEPUIS|PAS|NE|J|PERO|QUE|NO|YO|EXIJO|QUIERO|LLEVO|CON|MA|VOGLIO|IO|NON|ALE|"
    "ŻĄDAM|CZEKAM|NIE|ORAZ|CHCĘ|JA|MUTTA|HALUAN|EN|VE|AMA|FAKAT|OCH|MEN|JAG|VILL|OG|JEG|CHCI|ALE|NENÍ|EU|MAS|NÃO|IK|"
    "MAAR|NIET|WIL"
)
_CAPS = rf"(?!(?:{_NO_NAMES})\b)(?:{_UP}['’])?{_UP}{{2,}}(?:['’-]{_UP}{{2,}})*(?!\w)"
_EITHER = rf"(?:{_NAME}|{_CAPS})(?: (?:{_NAME}|{_CAPS}|{_UP}\.|{_PARTICLES})(?![\w])){{0,3}}"
_NAMED = rf"{_NAME}(?: (?:{_NAME}|{_CAPS}|{_UP}\.|{_PARTICLES})(?![\w])){{1,3}}"

# "My name is", in the languages whose names have capitals.
_MY_NAME_IS = (
    r"my (?:full |first |last |real )?name(?: is|['’]s|:)|call me|ich hei(?:ß|ss)e|mein name(?: ist|:)|"
    r"je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|mijn naam is|ik heet|meu nome é|"
    r"me chamo|chamo-me|nazywam si[ęe]|mam na imi[ęe]|jag heter|mitt namn är|jeg heter|mit navn er|mitt navn er|"
    r"(?:minun )?nimeni on|jmenuji se|jmenuju se|moje jméno je|volám sa|"
    r"ad[ıiIİ]m(?:[ıi]z)?(?: soyad[ıiIİ]m)?|[iİ]sm[iİ]m|mă numesc|numele meu este|a nevem|zovem se|меня зовут|με λένε"
)
# Whose account, booking or parcel it is.
_HOLDER = (
    r"account ?holder|card ?holder|beneficiary|payee|kontoinhaber(?:in)?|lautend auf|titular|titulaire|intestat[oa] a|"
    r"intestatari[oa]|beneficiari[oa]|odbiorca|właściciel(?:ka)?|hesap sahibi|kontoinnehavare|kontohaver(?:en)?|"
    r"tilin ?omistaja|majitel(?:ka)?(?: účtu)?|rekeninghouder|t\.?n\.?v\.|a nombre de|a nome(?: di)?|op naam van|"
    r"em nome de|na nazwisko|na jméno|auf den namen|au nom de|i namnet|(?:in|under) the name(?: of)?|"
    r"(?:account|booking|reservation|order)(?: is)? under|on behalf of(?: my \w+)?"
)
_LABEL = (
    r"name(?:d)?|(?:full|first|last|sur|customer|contact|account holder|cardholder|passenger|patient|guest)[ -]?names?|"
    r"(?:vor-? ?(?:und|&) ?nach|nach|vor|familien)name|nom(?: et prénoms?)?|prénom|nombres?(?: y apellidos?)?|"
    r"apellidos?|nome(?: e cognome)?|cognome|naam|(?:for|efter|etter|fulde |fullt )?navne?|(?:för|efter)?namn|"
    r"(?:etu|suku|koko )?nimi|jméno(?: a příjmení)?|příjmení|meno a priezvisko|imi[ęe](?: i nazwisko)?|nazwisko|"
    r"ad(?:[ıi])?(?: ve)?[ /-]*soyad(?:[ıi])?|isim|nume(?: și prenume)?|név|signed(?: by)?|contact(?: person)?|"
    r"ansprechpartner(?:in)?|inhaber(?:in)?|al[ıi]c[ıi](?: ad[ıi])?|mottagare|saaja|"
    r"p[řr][íi]jemce|destinataire|recipient|имя|фио|όνομα"
)
_INTRODUCED = re.compile(
    rf"(?<!\w)(?i:(?:{_MY_NAME_IS})[ :-]{{1,3}}|(?:{_LABEL}) {{0,2}}[:=] {{0,2}}|yours, {{0,2}})"
    rf"(?:(?i:mr|mrs|ms|miss|dr|herrn?|frau)\.? )?({_EITHER})"
)
_HOLDS = re.compile(
    rf"(?<!\w)(?i:{_HOLDER})(?: is| ist| est| es| è| ?:)? {{0,2}}(?:(?i:mr|mrs|ms|miss|dr|herrn?|frau)\.? )?({_EITHER})"
)
_INTRODUCED_LINE = re.compile(rf"(?m:^) {{0,3}}(?i:{_LABEL}) {{0,2}}- {{0,2}}({_EITHER})")
# "I am" is as often followed by what somebody is: two words with capitals, the first with small letters behind it.
_IAM = re.compile(
    r"(?<!\w)(?:[Ii] am|[Ii]['’]m|[Tt]his is|[Ii]ch bin|[Jj]e suis|[Ss]oy|[Ss]ono|[Jj]estem|[Jj]ag är|[Jj]eg er|"
    r"[Oo]len|"
    rf"[Jj]sem|ben|[Ii]k ben|[Ss]ou|[Ss]om) (?:(?i:mr|mrs|ms|miss|dr|herr|frau|pan|pani)\.? )?({_NAMED})"
)
_HERE_IS = re.compile(
    r"(?:^|(?<=[,.!\n:])|(?<=[,.!:] ))(?:(?i:hier ist|hier spricht|tässä on|här är|her er) "
    rf"({_TWO})|(?i:hier|ici|tu|tady|täällä|aquí|qui) ({_TWO})(?=[,.;!\n]))"
)
_COMMA = re.compile(rf"(?<!\w)(?:I|Ich|Yo|Io|Ja|Jag|Jeg|Minä|Já|Ik|Eu|[Jj]e soussignée?),? ({_TWO}),")
_HERE = re.compile(
    rf"(?:^|(?<=[\n.,!?:])|(?<=[.,!?:] ))({_TWO})(?=,? (?i:(?:from [^\W\d]+ )?here|this side|speaking|hier|ici|aquí|"
    rf"qui|tässä|här|her|"
    rf"zde)\b ?(?:[.,!:;-]|$))"
)
_RELATIVE = re.compile(
    r"\b(?i:my|our|ma|mon|mi|mia|mio|meine?|minha|meu|mijn|min|moja|mój) (?i:wife|husband|partner|daughter|son|mother|"
    r"father|mum|mom|dad|sister|brother|girlfriend|boyfriend|fiancée?|neighbou?r|grandson|granddaughter|femme|mari|"
    r"fille|"
    r"fils|mère|père|sœur|frère|mujer|esposa|marido|hij[ao]|herman[ao]|moglie|marito|figli[ao]|sorella|fratello|vrouw|"
    r"man|"
    rf"dochter|zoon|fru|dotter|żona|mąż|córka|syn)(?:['’]s name is)?,? ({_FULL})"
)
_ASK_FOR = re.compile(
    rf"\b(?i:(?:call|ring|phone|dial|reach|contact)\b.{{0,50}}?\b(?:ask|asking) for|attn|fao|z\. ?hd)[.:]? ({_FULL})"
)
_LOWER_ENDS = "and|und|et|y|e|en|och|og|ja|ve|a|i|but|from|aus|de"
_INTRODUCED_LOWER = re.compile(
    rf"(?i:\b(?:my name is|my name['’]s|ich heiße|mein name ist|je m['’]appelle|me llamo|mi chiamo|mijn naam is|"
    rf"me chamo|"
    rf"jag heter|jeg heter|nimeni on|jmenuji se|nazywam się|mam na imię)) (?!(?:not|no|nicht|pas|spel|wrong|mud|on|in|"
    rf"missing|still|never|ikke|inte|väärin)\b)([{LOWER}]{{3,15}}(?: (?!(?:{_LOWER_ENDS})\b)[{LOWER}]{{3,15}})?)"
    rf"(?=\s*(?:$|[.,;!\n]| (?:{_LOWER_ENDS}) ))"
)
# Scripts without capitals: the word or two behind the sign.
_UNCASED = re.compile(
    r"(?<!\w)(?:(?:و)?[اأ]سمي(?: هو)?|السيدة?|صاحب الحساب)[: ]{1,2}([\u0621-\u0652]{2,15}"
    r"(?: (?!و|من|في|على|أنا|لم|لا)[\u0621-\u0652]{2,15}){0,2}(?: (?:بن|بنو|ابن|بنت|أبو|عبد|آل|"
    r"ذي) [\u0621-\u0652]{2,15}){0,2})"
    r"|(?:تحياتي|مع التحية)[،,: ]{1,2}(?!لل)([\u0621-\u0652]{2,15}(?: [\u0621-\u0652]{2,15}){0,2})\s*[.!]?\s*$"
    r"|(?:मेरा नाम|नाम[:：]) ?([\u0900-\u0963]{2,15}(?: (?!है|हैं|और|मैं)[\u0900-\u0963]{2,15}){0,2})"
    r"|सादर[,: ]{1,2}([\u0900-\u0963]{2,15}(?: [\u0900-\u0963]{2,15}){0,2})\s*[।.]?\s*$"
    r"|(?:שמי|קוראים לי) ([\u05d0-\u05ea]{2,12}(?: [\u05d0-\u05ea]{2,12})?)"
    r"|제 이름은 ?([\uac00-\ud7a3]{2,5}?)(?=입니다|이고|이에요|예요)"
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
    r"(?:(?:thanks|thank you|kind|kindest|best|warm|warmest|many)?(?: and| &| n)?\s?regards|rgds|"
    r"(?:yours|very)?\s?(?:sincerely|truly|faithfully)|best wishes|best|all the best|cheers|ta|"
    r"(?:many )?thanks(?: again| so much| in advance)?|thx|thank you(?: very much)?|"
    r"mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:viele|liebe|beste|freundliche|schöne|herzliche) gr(?:ü|ue)(?:ß|ss)e|"
    r"gru(?:ß|ss)|gr(?:ü|ue)(?:ß|ss)e|danke|mfg|lg|vg|"
    r"cordialement|bien cordialement|bien à vous|(?:sincères |meilleures )?salutations|merci|bisous|bises|"
    r"(?:un )?saludos?(?: cordiales)?|atentamente|un abrazo|gracias|cordiali saluti|distinti saluti|(?:un )?saluto|"
    r"saluti|grazie|met vriendelijke groete?n?|vriendelijke groete?n?|groetjes|groeten|mvg|bedankt|"
    r"atenciosamente|cumprimentos|com os melhores cumprimentos|abra[çc]os?|obrigad[oa]|"
    r"pozdrawiam|pozdro|z poważaniem|dziękuję|dzięki|"
    r"m(?:ed )?v(?:änliga )?h(?:älsningar)?|vänliga hälsningar|hälsningar|med venlig hilsen|(?:med )?vennlig hilsen|"
    r"hilsen|mvh|vh|tack|terveisin|ystävällisin terveisin|terv|t\.|kiitos|"
    r"s pozdravem|s úctou|zdraví|pozdrav|díky|děkuji|saygılarımla|saygılar|sevgiler|teşekkürler|selamlar|"
    r"cu stimă|üdvözlettel|с уважением|спасибо|με εκτίμηση|love|xoxo|signed|sent by)"
)
# In these languages a comma or a new line tells who thanks from who is thanked.
_THANKS = "danke|merci|gracias|grazie|dziękuję|dzięki|tack|kiitos|díky|děkuji|teşekkürler|bedankt|obrigad[oa]|спасибо"
_CLOSES = re.compile(rf"(?i:{_CLOSING})(?!\w)")
_SIGNATURE = re.compile(
    rf"(?im:(?:^|(?<=[.!?)] )|(?<=[,;] )(?!(?:best|love|danke|merci|thanks?|signed) (?!and|&|"
    rf"n )[^,.!:-]))(?!(?:{_THANKS}) [^,.!:-])(?:{_CLOSING})(?!\w)[^\S\n]*[,.!:-]*)\s{{1,4}}"
    rf"[~–—-]{{0,2}} ?({_NAMED}|{_FULL}|{_CAPS}(?: {_CAPS}){{1,2}})"
    r"(?=\s*(?:$|\n|[,.]\s*(?:$|\n)|[(]))"
)
_SIGNED = re.compile(rf"(?:\n|(?<=[.!?]) ) {{0,4}}[-–—~]{{1,2}} ?({_FULL})\.?\s*$|(?<=\s)/ ?({_FULL})\.?\s*$")
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
    r"Excellent|Amazing|Awesome|Fantastic|Terrible|Horrible|Awful|Bad|Nice|Lovely|Poor|Worst|Perfect|Beautiful|"
    r"Delicious|Happy|Sad|New|Super|Absolutely|Extremely|Totally|Completely|So|Quality|Fast|Quick|Easy|Waste|Buy|Avoid|"
    r"Never|Always|Money|Value|Prime|Premium|Kunde|Kundin|Mitglied|Sauce|Milk|Latte|Shake|Protein|Wax|Candles?|Bean|"
    r"Free|Sehr|Tr[èé]s|Muy|Molto|"
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
    r"sty|lut|kwi|maj|cze|lip|sie|wrz|pa[źz]|lis|gru|tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|"
    r"joulu|led|únor|břez|dub|květ|červ|srp|září|říj|pros|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara)"
    rf"[{LOWER}]*\.?"
)
_DAY = (
    rf"(?:\d{{1,4}} ?[./-] ?\d{{1,2}} ?[./-] ?\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?(?: of|"
    rf" de)? {_MONTH}(?:,? (?:de |del )?\d{{2,4}})?|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{4}}年 ?\d{{1,2}}月 ?\d{{1,2}}日|\d{{8}}|(?:昭和|平成|"
    rf"令和)\d{{1,2}}年\d{{1,2}}月\d{{1,2}}日)"
)
_BORN = re.compile(
    r"(?:\b(?:d\.?o\.?b|date of birth|birth ?date|birth ?day|born|b|geboren|geb|geburtsdatum|"
    r"geburtstag|n[ée]e? le|date de naissance|anniversaire|"
    r"nac[íi](?:do|da)?|fecha de nacimiento|cumplea[ñn]os|nat[oa]|data di nascita|compleanno|geboortedatum|verjaardag|"
    r"nascid[oa]|nasci|data de nascimento|anivers[áa]rio|"
    r"urodzon[ya]|urodzi[łl][ae]?m? si[ęe]|data urodzenia|urodziny|födelsedat(?:um|a)|född|fødselsdato|født|"
    r"syntynyt|syntymäaika\w*|synt|narozen[ay]?|nar|datum narození|doğum tarih(?:i|im|imiz)?|doğumlu\w*|"
    r"născut[ăa]?|data nașterii|született|születési idő|дата рождения|родил(?:ся|ась))\b\.?"
    r"|出生日期|出生于|生日|生年月日|誕生日|生まれ|تاريخ الميلاد|مواليد|जन्म ?तिथि|जन्म)"
    rf"[^\w\n]{{0,3}}(?:(?:is|was|on|am|ist|im|le|el|es|il|è|op|em|é|to|the|die|den|est|del|dia|día|dnia|just|my|bin|"
    rf"ich|"
    rf"är|er|on|je|dne|w|olan)\b[^\w\n]{{0,3}}|は|是|在){{0,4}}({_DAY})(?![\w-])",
    re.IGNORECASE,
)
_BORN_BEHIND = re.compile(r"(\d{4}年 ?\d{1,2}月 ?\d{1,2}日)(?:生まれ|出生|生)")


# A name or a telephone number alone at the end, and a name right beside what reaches its owner: sure only
# where a text gives other personal data.
_LONE_NAME = re.compile(rf"(?:^|(?<=[.!?\n])|(?<=[.!?] ))({_NAME}(?: {_NAME}){{1,2}})\.?\s*$")
_LONE_NUMBER = re.compile(r"(?:^|(?<=[.!?\n])|(?<=[.!?] ))(\+?\d[\d ./-]{6,16}\d)\.?\s*$")
_REACHES = ("EMAIL", "IBAN", "PHONE", "ADDRESS", "DATE_OF_BIRTH")
_BEFORE_IT = re.compile(
    rf"(?:^|[\n,.:;!?(–-] ?)({_TWO}) ?[,:;(/\n–-]{{1,2}} ?(?:(?!\d)\w{{1,12}}[.:]{{0,2}} ?){{0,2}}\(?$"
)
_BEHIND_IT = re.compile(
    rf"(?: please| bitte| merci)? ?(?:[,/:;\n–-]|,? (?i:name|names|nom|nombre|nome|namn|nimi|jméno|inhaber(?:in)?|"
    rf"mottagare|saaja|"
    rf"p[řr][íi]jemce|intestatario|titular|al[ıi]c[ıi](?: ad[ıi])?)) ?({_TWO})(?=\s*(?:[.,;\n]|$))"
)


def people(text: str) -> Iterator[Found]:
    """Find names beside a sure sign, and dates of birth."""
    for pattern in (_INTRODUCED, _INTRODUCED_LINE, _INTRODUCED_LOWER, _HAN_NAME, _UNCASED):
        for match in look(pattern, text):
            yield _name(match)
    for match in look(_TITLE, text):
        if not _BRANDS.match(match[1]) and not match[1].startswith("'"):
            yield _name(match)
    for pattern in (_HOLDS, _SIGNATURE, _SIGNED, _GREETING, _IAM, _HERE_IS, _COMMA, _HERE, _RELATIVE, _ASK_FOR):
        for match in look(pattern, text):
            if not _NOBODY.match(match[match.lastindex or 0]):
                yield _name(match)
    for pattern in (_BORN, _BORN_BEHIND):
        for match in look(pattern, text):
            yield Found(*match.span(1), "DATE_OF_BIRTH")


def signed(text: str, finds: list[Found]) -> Iterator[Found]:
    """Find the name or the number that a text ends with, and names right beside others of its personal data."""
    names = [_LONE_NAME.search(text)]
    for one in finds:
        if one.kind in _REACHES:
            start = max(0, one.start - 60)
            names += [_BEFORE_IT.search(text[: one.start], start), _BEHIND_IT.match(text, one.end)]
    for match in names:
        if match and not _NOBODY.match(match[1]) and not _CLOSES.match(match[1]):
            yield _name(match)
    if (match := _LONE_NUMBER.search(text)) and 8 <= sum(map(str.isdigit, match[1])) <= 13:
        yield Found(*match.span(1), "PHONE")


def _name(match: re.Match[str]) -> Found:
    """A name ends before a full stop that ends its sentence."""
    group = match.lastindex or 0
    value = match[group]
    ended = len(value) > 2 and value.endswith(".") and not re.search(r"(?:^|\s)\w\.$", value)
    return Found(match.start(group), match.end(group) - ended, "NAME")
