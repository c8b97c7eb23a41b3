"""What stands in a customer's cell and is not the customer's: replies, translations, quoted mail, signatures, marks.

Found by what such things look like, one cell at a time; what is found by counting over cells is in `boilerplate`.
Pure: a string in, stretches of it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from gistill.schema import ApartReason

_FLAGS = re.IGNORECASE | re.MULTILINE
_AGO = (
    r"(?:\s*[-–—|,(]?\s*(?:an?|one|\d+)\s+(?:year|month|week|day|hour|minute)s?\s+ago\)?|\s*\(?(?:vor|il y a|"
    r"hace)\s[^\n:]"
    r"{2,20}\)?|\s*[-–—|,(]?\s*(?:on\s|am\s|le\s|el\s)?\d{1,4}[-/. ][^\n:]{1,15}\d\)?|\s*\(?edited[^\n:]{0,30}\)?)?"
)
_OWNER = re.compile(
    r"(?:^|(?<=[.!?…)\]\"”*|])[ \t])[ \t>*_#-]*(?:"
    r"(?:response|reply|comment)s? (?:from|by) (?:the )?(?:business )?(?:owner|host|property|management|manager|"
    r"developer|"
    r"business|company|seller|merchant|hotel|restaurant|store|shop|team|publisher)|"
    r"(?:the )?(?:owner|developer|management|manager|business|company|seller|merchant|property|host|hotel|"
    r"official)(?:'s|’s)? "
    r"(?:response|reply|replied|responded)|"
    r"antwort (?:des|der|vom|von der) (?:inhabers?|inhaberin|eigentümers?|entwicklers?|unternehmens?|hotels?|"
    r"betreibers?|"
    r"gastgebers?|direktion)|r[ée]ponse d(?:u|e la|e l['’]) ?(?:propri[ée]taire|direction|[ée]tablissement|"
    r"d[ée]veloppeur|"
    r"entreprise|h[ôo]te|h[ôo]tel|vendeur)|respuesta d(?:el|e la) (?:propietario|propietaria|due[ñn]o|desarrollador|"
    r"empresa|"
    r"anfitri[óo]n|hotel|establecimiento)|risposta d(?:el|ella|ell['’]|i) ?(?:proprietario|gestore|sviluppatore|"
    r"azienda|host|"
    r"titolare|direzione)|resposta d(?:o|a) (?:propriet[áa]ri[oa]|empresa|desenvolvedor|anfitri[ãa]o|"
    r"estabelecimento)|"
    r"(?:reactie|antwoord) van (?:de )?(?:eigenaar|ontwikkelaar|verhuurder|bedrijf)|odpowied[źz] "
    r"(?:w[łl]a[śs]ciciela|"
    r"dewelopera|obiektu)|ответ (?:владельца|разработчика|компании|продавца|отеля)|オーナーからの返信|"
    r"デベロッパーの回答|"
    r"开发者回复|商家回复|商家回覆|掌柜回复|사장님 답글)" + _AGO + r"[ \t*_]*(?:[:：]|$)",
    _FLAGS,
)
# "Response from Hotel Lindenhof" is one only as a line of its own, between other lines.
_NAMED_OWNER = re.compile(r"(?<=\n)[ \t]*(?:response|reply) from [^\n.!?,:]{2,60}?" + _AGO + r"[ \t]*(?=\n)", _FLAGS)

_BY = (
    r"translated by|translated from|automatically translated|machine translated|[üu]bersetzt (?:von|durch|aus)|"
    r"traduit par|"
    r"traduit de|traducido (?:por|de)|traduzione (?:di|da)|tradotto da|traduzido (?:por|pelo|do)|vertaald door|"
    r"przet[łl]umaczone przez|översatt av|oversat af|oversatt av|перевод|переведено|翻訳|翻译|翻譯|번역"
)
_TRANSLATED = re.compile(rf"[(（\[][^()（）\[\]\n]{{0,12}}(?:{_BY})[^()（）\[\]\n]{{0,30}}[)）\]]\s*", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"[(（\[]\s*(?:original(?: text| review)?|originale?|originaltext|avis d['’]origine|texte d['’]origine|"
    r"origineel|oryginał|alkuperäinen|оригинал|原文|원문)\s*[)）\]]\s*",
    re.IGNORECASE,
)

_QUOTED_LINES = re.compile(r"^[ \t]*>(?![ \t]*[=<\d])(?:[ \t>]*)\S[^\n]*(?:\n[ \t]*>[^\n]*)*", re.MULTILINE)
# "On Tue, 5 Mar 2024 at 10:11, Lidco <help@lidco.example> wrote:", which may be wrapped: how it ends, how it begins.
_WROTE = re.compile(
    r"(?:(?<!\bi )(?<!\bwe )\bwrote|\bschrieb (?!ich\b|wir\b)[^\n]{1,80}|\ba [ée]crit|\bescribi[óo]|\bha scritto|"
    r"\bescreveu|"
    r"\bschreef(?! ik\b)[^\n]{0,80}|\bskrev[^\n]{0,80}|\bnapisa[łl]\(?a?\)?|\bnapsala?|\bнаписал\(?а?\)?|\bпишет|写道|"
    r"寫道)"
    r"[ \t]?[:：][ \t]*$",
    _FLAGS,
)
_WROTE_BEGIN = re.compile(
    r"[ \t>]*(?:(?:on|am|le|el|il(?: giorno)?|em|op|den|dnia|w dniu|dne|在|于|於)\b|\d|[^\W\d_]{2,3}[.,])",
    re.IGNORECASE,
)
_ORIGINAL_MESSAGE = re.compile(
    r"^[ \t>*]*(?:[-_=]{2,}[ \t]*(?:original(?:nachricht)?(?: (?:message|email|appointment))?|ursprüngliche "
    r"nachricht|"
    r"message d['’]origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|"
    r"oprindelig meddelelse|ursprungligt meddelande|wiadomość oryginalna|исходное сообщение|forwarded message|"
    r"weitergeleitete nachricht|message transf[ée]r[ée]|mensaje reenviado|原始邮件|元のメッセージ)[ \t]*[-_=]{2,}|"
    r"begin forwarded message:|_{20,}[ \t]*\n(?=[ \t]*\*?(?:from|von|de|da|van)\*?:))",
    _FLAGS,
)
_MAIL_HEAD = re.compile(
    r"^(?:[ \t>*]*(?:from|sent|to|cc|date|subject|von|gesendet|an|datum|betreff|de|envoyé|à|objet|enviado|para|"
    r"asunto|da|"
    r"inviato|a|oggetto|assunto|van|verzonden|aan|onderwerp)\*?[ \t]?:\*?[ \t]?[^\n]*\n){3,}",
    _FLAGS,
)

_DASHES = re.compile(r"^--[ \t]?$", re.MULTILINE)
_DEVICE = re.compile(
    r"^[ \t]*(?:(?:sent|envoyé|enviado|inviato|verzonden|skickat|sendt|gesendet|wysłane|отправлено) (?:from|via|"
    r"with|depuis|de|"
    r"desde|do|dal?|vanaf|met|från|fra|von|mit|z|с|из) (?:the |l['’])?(?:(?:my|mon|meine[mr]?|mi|meu|mijn|min|mio|"
    r"mojego|"
    r"моего) |(?:application |app )?(?:mail|e-?mail|outlook|yahoo|samsung|gmail|aol|proton|windows|iphone|ipad|"
    r"android|"
    r"blackberry|huawei|xiaomi|spark|airmail|gmx|web\.de)\b)[^\n]{0,50}(?<![.!?])|get outlook for \S+|von meinem "
    r"\S+[^\n]{0,30} "
    r"gesendet|\S+から送信|发自我的[^\n]{1,30})[ \t]*$",
    _FLAGS,
)
_REGARDS = (
    r"(?:(?:with )?(?:best|kind|warm|kindest|warmest|many)(?: (?:regards|wishes))|regards|(?:yours )?(?:sincerely|"
    r"faithfully|"
    r"truly)(?: yours)?|mit (?:freundlichen?|besten|herzlichen) gr(?:ü|ue)(?:ß|ss)en?|(?:viele|liebe|beste|"
    r"freundliche|"
    r"herzliche) gr(?:ü|ue)(?:ß|ss)e|mfg|cordialement|bien (?:à vous|cordialement)|sinc[èe]res salutations|(?:un |"
    r"cordiales |atentos )?saludos?(?: cordial(?:es)?)?|atentamente|(?:cordiali|distinti) saluti|atenciosamente|"
    r"(?:com os "
    r"melhores )?cumprimentos|met vriendelijke groet(?:en)?|(?:med )?v[äa]nlig(?:a)? h[äa]lsning(?:ar)?|med venlig "
    r"hilsen|"
    r"pozdrawiam|z poważaniem|с уважением|敬具|此致敬礼|此致)"
)
_CLOSING = re.compile(
    rf"^[ \t]*(?:{_REGARDS}[ \t]*[,.!:]?|(?:best|cheers|thanks|thank you|many thanks|love|danke|lg|merci|gracias|"
    r"grazie|obrigad[oa]|bedankt),)[ \t]*(?P<name>[^\n]{0,40})$",
    _FLAGS,
)
_CLOSING_INLINE = re.compile(
    rf"(?<=[.!?…])[ \t]+{_REGARDS}[ \t]*,?(?:[ \t]+[^\W\d_][\w.'’-]*){{0,4}}[ \t.]*\Z", re.IGNORECASE
)
_TAIL = 200  # characters at the end of a cell in which a closing without a line of its own is looked for
_MOST_TRIED = 20  # lines that may begin a signature
_MOST_LINES, _LONGEST_LINE = 10, 80  # of a signature; what is longer was written for the reader of this very mail

_BOT = re.compile(
    r"\bi(?:'m| am) a bot\b[^\n]{0,40}\b(?:action|comment|reply|message)|this (?:action|comment|message|post|reply) "
    r"was "
    r"(?:performed|posted|generated|sent) automatically",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"^\W{0,10}(?:(?:this is an auto(?:mated|matic|-generated|generated) (?:message|reply|response|e-?mail|"
    r"notification)|diese "
    r"nachricht wurde automatisch (?:erstellt|generiert|versendet)|ceci est un (?:message|mail) automatique|este es "
    r"un mensaje "
    r"autom[áa]tico)\b|(?:auto(?:matic)?[ -]?(?:reply|response)|out of office|abwesenheits\w*|automatische antwort|"
    r"r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica)\s*[:：]|[^\n.!?]{0,40}\b(?:do not|"
    r"don['’]t) reply to "
    r"this (?:e-?mail|message)\b)[^\n]*",
    _FLAGS,
)
_STATUS = re.compile(
    r"\A\W{0,6}(?:(?:not|un)[ -]?)?(?:(?:trip|purchase|buyer|review|stay|order|customer|user) )?(?:verified|"
    r"unverified|"
    r"verifiziert(?:e[rs]?)?|v[ée]rifi[ée]e?|verificad[oa]|verificat[oa]|geverifieerd)(?: (?:purchase|review|buyer|"
    r"trip|stay|"
    r"order|customer|user|owner|kauf|käufer|bewertung|achat|compra|acquisto))?[ \t]*(?:[|•·]|[-–—](?=\s)|\n)\s*",
    re.IGNORECASE,
)
# What a list of notes, or a page, writes in front: "05/03/2024: ", "4.0 out of 5 stars" as a line of its own.
_STAMP = re.compile(
    r"\A\s*(?:\[?(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})"
    r"(?:,?[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?\]?\s*(?:[:|–—]|-(?=\s))\s*|"
    r"\d(?:[.,]\d)?\s+(?:out of|of|von|sur|de|su|van)\s+\d{1,2}\s+(?:stars?|sternen?|étoiles?|estrellas|stelle|"
    r"sterren)[ \t]*\n\s*)",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\s*(?:(?:\.{3}|…)\s*(?:(?:read |see |show |view )?(?:more|less)|mehr(?: lesen| anzeigen)?|weiterlesen|plus|"
    r"lire la "
    r"suite|(?:leer |ver )?m[áa]s|altro|(?:ver |ler )?mais|meer(?: lezen)?)|(?:read|see|show|view) (?:more|less)|"
    r"[^\S\n]*\n\s*"
    r"mehr anzeigen)\s*\Z",
    re.IGNORECASE,
)


class Stretch(NamedTuple):
    """What is set apart of a cell, `[start, end)` in code points, and why."""

    start: int
    end: int
    reason: ApartReason


def find_apart(cell: str) -> list[Stretch]:
    """Find what is not the customer's words in a cell of a customer.

    Set apart are an owner's reply with all that follows, the translation where the original stands beside it, quoted
    lines and mails, signatures, posts of programs, a mark such as "Not Verified |" in
    front and "... More" at the end. Customers' own sentences about such things ("The response from the owner was
    rude.") stay.

    Returns:
        Stretches in order, disjoint, none empty; what is left of the cell may be nothing.
    """
    small = cell.lower()
    if ("bot" in small or "automatically" in small) and _BOT.search(cell) and not _QUOTED_LINES.search(cell):
        return [Stretch(0, len(cell), "automatic")]
    found: list[Stretch] = []
    for hints, find in _KINDS:
        if any(hint in small for hint in hints):
            found += find(cell)
    found += _marks(cell)
    return joined(found)


def joined(found: Iterable[Stretch]) -> list[Stretch]:
    """Cut overlaps out: what begins first, or is longer, has its reason."""
    joined: list[Stretch] = []
    for one in sorted(found, key=lambda stretch: (stretch.start, -stretch.end)):
        start = max(one.start, joined[-1].end) if joined else one.start
        if start < one.end:
            joined.append(Stretch(start, one.end, one.reason))
    return joined


def _owners(cell: str) -> Iterator[Stretch]:
    found = [match.start() for pattern in (_OWNER, _NAMED_OWNER) if (match := pattern.search(cell))]
    if found and cell[: min(found)].strip():  # a cell that is a reply alone is no customer's, and its column decides
        yield Stretch(min(found), len(cell), "owner_reply")


def _translations(cell: str) -> Iterator[Stretch]:
    mark = _TRANSLATED.search(cell)
    if mark is None:
        return
    original = _ORIGINAL.search(cell, mark.end())
    if original is not None and cell[original.end() :].strip():
        yield Stretch(mark.start(), original.end(), "translation")
    elif cell[: mark.start()].strip():
        yield Stretch(mark.start(), len(cell), "translation")
    else:  # the translation is all there is
        yield Stretch(mark.start(), mark.end(), "status")


def _quotations(cell: str) -> Iterator[Stretch]:
    for match in _QUOTED_LINES.finditer(cell):
        yield Stretch(*match.span(), "quoted")
    for start, end in _mail_heads(cell):
        alone = not cell[:start].strip() or cell[end:].lstrip().startswith(">")
        # a mail that begins with its head is this mail; under an answer it is the one that is answered
        yield Stretch(start, end if alone else len(cell), "quoted")


def _mail_heads(cell: str) -> Iterator[tuple[int, int]]:
    """Find the lines that announce another mail."""
    for match in _WROTE.finditer(cell):
        line = cell.rfind("\n", 0, match.start()) + 1
        for start in (line, cell.rfind("\n", 0, max(line - 1, 0)) + 1):
            head = cell[start : match.end()]
            dated = any(character.isdigit() for character in head) or cell[match.end() :].lstrip().startswith(">")
            if len(head) < 300 and _WROTE_BEGIN.match(head) and dated:
                yield start, match.end()
                break
    for pattern in (_ORIGINAL_MESSAGE, _MAIL_HEAD):
        for match in pattern.finditer(cell):
            yield match.span()


def _signatures(cell: str) -> Iterator[Stretch]:
    for match in _DEVICE.finditer(cell):
        if cell[: match.start()].strip():
            yield Stretch(*match.span(), "signature")
    for match in islice(_DASHES.finditer(cell), _MOST_TRIED):
        end = _end_of_signature(cell, match.end())
        if cell[: match.start()].strip() and _is_short(cell[match.end() : end]):
            yield Stretch(match.start(), end, "signature")
            break
    for match in islice(_CLOSING.finditer(cell), _MOST_TRIED):
        end = _end_of_signature(cell, match.end())
        if cell[: match.start()].strip() and _is_name(cell[match.start("name") : end]):
            yield Stretch(match.start(), end, "signature")
            break


def _end_of_signature(cell: str, start: int) -> int:
    """A signature ends with the cell, or where a mail that is answered begins."""
    quoted = _QUOTED_LINES.search(cell, start)
    begins = [match[0] for match in _mail_heads(cell) if match[0] >= start] + ([quoted.start()] if quoted else [])
    return min(begins, default=len(cell))


def _is_short(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) <= _MOST_LINES and all(len(line) <= _LONGEST_LINE for line in lines)


def _is_name(text: str) -> bool:
    """Say whether lines under a closing may be a name and an address: short, and neither sentences nor their ends."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0][0].islower():
        return False
    return _is_short(text) and not any(len(line.split()) > 4 and line[-1] in ".!?…" for line in lines)


def _marks(cell: str) -> Iterator[Stretch]:
    """Find what stands at either end of a cell, for which its ends alone are looked at."""
    if match := _CLOSING_INLINE.search(cell, max(0, len(cell) - _TAIL)):
        yield Stretch(*match.span(), "signature")
    for pattern in (_STATUS, _STAMP):
        if (match := pattern.match(cell)) and match.end() < len(cell):
            yield Stretch(0, match.end(), "status")
    end = len(cell.rstrip())
    if (match := _MORE.search(cell, max(0, end - 40), end)) and cell[: match.start()].strip():
        yield Stretch(match.start(), match.end(), "markup")


def _automatic(cell: str) -> Iterator[Stretch]:
    for match in _AUTOMATIC.finditer(cell):
        whole = not cell[: match.start()].strip()
        yield Stretch(match.start(), len(cell) if whole else match.end(), "automatic")


_REPLY_HINTS = (
    "response reply replied antwort réponse reponse respuesta risposta resposta reactie odpowied ответ "
    "返信 回答 回复 回覆 답글"
)
# What a kind has at least one of, in small letters: to look for it spares nearly every cell the patterns.
_KINDS: tuple[tuple[tuple[str, ...], Callable[[str], Iterator[Stretch]]], ...] = (
    ((*_REPLY_HINTS.split(), "responded", "comment from", "comment by"), _owners),
    (("(", "[", "（"), _translations),
    (("\n", ">"), _quotations),
    (("\n",), _signatures),
    (("auto", "out of office", "abwesenheit", "to this"), _automatic),
)
