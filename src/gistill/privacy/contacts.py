"""E-mail addresses, telephone numbers, links that are about one person, user names, and public IP addresses.

A form of a telephone number that nothing else has ("+49 ...", "(555) 555-0123", "06 12 34 56 78") stands for itself;
bare digits need a word beside them that says so, and no form stands against a word that says order, article or version.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from gistill.privacy.checksums import digits
from gistill.privacy.cues import has_unit, is_of_a_phone, is_of_a_thing
from gistill.privacy.found import SPACED, Found
from gistill.privacy.needs import look

_L = SPACED
_TLD = (
    "com|org|net|edu|gov|info|biz|io|co|me|app|dev|ai|eu|de|fr|es|it|nl|pl|br|in|au|cn|jp|uk|us|ca|ch|at|be|pt|se|no|dk|"
    "fi|ie|cz|ru|ro|gr|hu|mx|ar|test|example|invalid"
)
_AT = re.compile(r"\s{0,2}(?:@|%40|&#0?64;|&#x40;|&commat;|\\u0040)\s{0,2}", re.IGNORECASE)
_LOCAL = re.compile(rf"(?:[{_L}_+%'~-]|\.(?=\S))*[{_L}_+-]$")
_DOMAIN = re.compile(
    rf"(?:[{_L}-]{{1,63}}\.){{1,6}}(?!png\b|jpe?g\b|gif\b|svg\b|webp\b)[A-Za-z\u00c0-\u024f\u0400-\u04ff-]{{2,}}"
)
_LOOSE_DOMAIN = re.compile(rf"(?:[{_L}-]{{1,63}} ?\. ?){{1,4}}(?:{_TLD})(?![\w])")
_KNOWN_DOMAIN = re.compile(
    r"(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|gmx|web|aol|live|qq|163|proton(?:mail)?|ok(?:axis|icici|sbi|"
    r"hdfcbank)|ybl|paytm|upi)\b"
)
_SPELLED_TLD = (
    rf"{_TLD}|tr|ae|sk|si|hr|ee|lv|lt|lu|bg|rs|ua|is|za|nz|kr|tw|hk|sg|my|th|id|vn|ph|pk|sa|eg|ng|ke|cl|pe|il|xyz|"
    "online|shop|store|tv|name|pro|mobi"
)
_DOT_WORD = "dot|punkt|punto|point|ponto|kropka|piste|tečka|nokta|prick|nukta"
_AT_WORD = "at|ät|arroba|arobase|chiocciola|apenstaartje|ma[łl]pa|snabel-?a|zavináč|miukumauku|kukac"
_DOT = rf"(?:\s*[\(\[{{<_*]\s*(?:{_DOT_WORD}|\.)\s*[\)\]}}>_*]\s*|\s+(?:{_DOT_WORD})\s+)"
_BRACKETED_AT = rf"\s*[\(\[{{<_*]\s*(?:{_AT_WORD}|@)\s*[\)\]}}>_*]\s*"
_SPELLED_AT = rf"\s+(?:{_AT_WORD})\s+"
_WORD = rf"[{_L}_+-]{{1,40}}"
_SPELLED = re.compile(
    rf"(?<![{_L}_+.-])(?:{_WORD}(?:{_DOT}|\.|\s(?:underscore|dash|minus)\s)){{0,4}}{_WORD}"
    rf"(?:{_BRACKETED_AT}{_WORD}(?:(?:{_DOT}|\.){_WORD}){{0,3}}(?:{_DOT}|\.)(?:{_SPELLED_TLD})"
    rf"|{_SPELLED_AT}{_WORD}(?:{_DOT}{_WORD}){{0,2}}{_DOT}(?:{_SPELLED_TLD}))(?![{_L}])",
    re.IGNORECASE,
)

_LINK = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>\"'`|\\^{}\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,10}/[^\s<>\"'`|\\^{}\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+",
    re.IGNORECASE,
)
_PERSONAL_KEY = re.compile(
    r"[?&;#](?:(?:access|auth|api|id|refresh|session|reset|login|user|magic)?[_-]?(?:token|key)|session(?:[_-]?id)?|"
    r"s?sid|jsessionid|phpsessid|auth|"
    r"secret|sig(?:nature)?|pass(?:word|wd|code)?|pwd|otp|e-?mail(?:[_-]?addr(?:ess)?)?|phone|tel|mobile|"
    r"user(?:[_-]?(?:id|name))?|uid|"
    r"(?:customer|cust|client|account|acct|member|patient|profile)(?:[_-]?(?:id|no|number|name))?|(?:first|last|full|"
    r"sur)[_-]?name|login|"
    r"ssn|dob|invite|recipient|fbclid|gclid)=[^&\s]",
    re.IGNORECASE,
)
_PERSONAL_PATH = re.compile(
    r"//[^/\s?#]+@"
    r"|/(?:users?|u|profiles?|members?|people|accounts?|customers?|author|reviewer|shop/people)/[^/\s?#]{2,}"
    r"|/@[\w.-]{2,}|/~[\w.-]{2,}"
    r"|linkedin\.com/(?:in|pub)/\w"
    r"|(?:facebook|fb|instagram|twitter|tiktok|snapchat|venmo)\.com/(?!(?:p|reel|groups|events|marketplace|watch|"
    r"hashtag|search|help|policies|"
    r"explore|home|pages|ads|business|about|sharer|share|intent|i|login|settings)\b)[\w.@-]{2,}"
    r"|(?<![\w.-])(?:x\.com|t\.me|wa\.me|paypal\.me|linktr\.ee|calendly\.com|keybase\.io)/(?!(?:search|hashtag|home|i|"
    r"intent|share|explore)\b)[\w.@+-]{2,}"
    r"|zoom\.us/(?:j|my)/\w|meet\.google\.com/\w|(?:docs|drive)\.google\.com/.*/d/\w|dropbox\.com/(?:s|scl)/\w|"
    r"1drv\.ms/\w"
    r"|/(?=[\w-]*\d)(?=[\w-]*[a-zA-Z])[A-Za-z0-9_-]{32,}",
    re.IGNORECASE,
)

_IPV4 = re.compile(rf"(?<![{_L}.+-])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?:/\d{{1,2}})?(?::\d{{2,5}})?(?![{_L}]|\.\d)")
_IPV6 = re.compile(rf"(?<![{_L}:.])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}[0-9A-Fa-f]{{0,4}}(?![{_L}:])")
_VERSION = re.compile(
    r"(?:\bv|versions?|versi[óo]n|versione|vers[ãa]o|versio|verze|verzia|wersj[ai]|s[üu]r[üu]m|الإصدار|الاصدار|संस्करण|"
    r"версия|firmware|build|release|update|driver|software|app|ios|android|os|section|chapter|kapitel)\W{0,3}(?:is|to|"
    r"from)?\W{0,2}$",
    re.IGNORECASE,
)
_OWN_NETWORKS = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
]

_PLATFORM = (
    r"(?:instagram|insta|ig|twitter|tiktok|snapchat|snap|telegram|skype|discord|wechat|weixin|line|kik|reddit|psn|"
    r"xbox|steam|gamertag|"
    r"venmo|cash ?app|paypal|signal|threads|mastodon|github|ebay|微信号?|微博|qq)"
)
_USER = re.compile(
    rf"\b{_PLATFORM}\w{{0,4}}(?: (?:name|id|handle|account|username|user))?\s{{0,2}}(?:(?:is|ist|est|es|è|é)\s|"
    rf"[:=])?\s{{0,2}}(@?[\w.-]{{3,32}}(?:\#\d{{4}})?)"
    r"|\b(?:log(?:ged)? ?in as|sign(?:ed)? in as|user ?name|user ?id|login(?: name)?|screen ?name|handle|"
    r"nick(?:name)?|benutzername|nutzername|pseudo|identifiant|"
    r"nombre de usuario|usuario|nome utente|gebruikersnaam|nome de usu[áa]rio|usu[áa]rio|nazwa u[żz]ytkownika|login)"
    r"(?:\s{0,2}(?:(?:is|was|ist|war|est|es|è|é|to)\s|[:=])|(?<=\bas)\s)\s{0,2}(@?[\w.-]{3,32})"
    r"|(?:用户名|微信号?|微博|ユーザー名|ユーザーID|アカウント名)\s?(?:是|为|は|[:=])\s?(@?[A-Za-z0-9_.-]{3,32})"
    r"|\b(?:follow|dm|message|add|tag|find|contact|ping|hit) (?:me|us)?(?: up)?(?: (?:on|at|via|over) \w+)?(?: (?:at|"
    r"as))?[: ]{0,2}(@[\w.]{3,30})"
    rf"|\b{_PLATFORM}\w{{0,4}}[^\w\n]{{1,3}}(?:\w{{1,8}} ){{0,2}}(@[\w.]{{3,30}})"
    r"|(?<![\w/.])/?(u/[\w-]{3,20})\b"
    r"|(?<![\w@.+/-])(@(?![vV]?\d)(?=[\w.]*(?:[\d_]|\w\.\w))[A-Za-z_][\w.]{3,29})",  # brands have no digits in theirs
    re.IGNORECASE,
)
_NAMED = re.compile(r"^@|[\d_]|\w\.\w")
_NAMED_SOMEWHERE = re.compile(r"[@\d_]|\w\.\w")


def contacts(text: str) -> Iterator[Found]:
    """Find e-mail addresses, personal links, user names and public IP addresses."""
    yield from _emails(text)
    if "/" in text or "www." in text:
        yield from _links(text)
    yield from _ips(text)
    yield from _users(text)


def _emails(text: str) -> Iterator[Found]:
    for at in look(_AT, text):
        local = _LOCAL.search(text[max(0, at.start() - 64) : at.start()])
        if local is None:
            continue
        tight = len(at[0].strip()) == len(at[0])
        domain = (_DOMAIN if tight else _LOOSE_DOMAIN).match(text, at.end()) or (
            (_LOOSE_DOMAIN.match(text, at.end()) or _KNOWN_DOMAIN.match(text, at.end())) if tight else None
        )
        if domain:
            yield Found(at.start() - len(local[0]), domain.end(), "EMAIL")
    for match in look(_SPELLED, text):
        yield Found(*match.span(), "EMAIL")


def _links(text: str) -> Iterator[Found]:
    """A link is personal when it names an account, carries a key, or opens what is shared with those who have it."""
    for match in look(_LINK, text):
        link = match[0].rstrip(".,;:!?)]'*_")
        if _PERSONAL_KEY.search(link) or _PERSONAL_PATH.search(link):
            yield Found(match.start(), match.start() + len(link), "URL")


def _ips(text: str) -> Iterator[Found]:
    """Public addresses only: 192.168.1.1 is in every router's manual and tells nobody apart."""
    for pattern in (_IPV4, _IPV6):
        for match in look(pattern, text):
            try:
                address = ipaddress.ip_address(
                    re.split(r"/|(?<=\.\d):|(?<=\d):(?=\d+$)", match[0])[0] if pattern is _IPV4 else match[0]
                )
            except ValueError:
                continue
            if address.version == 4:
                own = any(address in network for network in _OWN_NETWORKS if network.version == 4)
                own = own or _VERSION.search(text[max(0, match.start() - 20) : match.start()]) is not None
            else:
                own = address.is_loopback or address.is_link_local or address.is_unspecified or len(match[0]) < 7
            if not own:
                yield Found(*match.span(), "IP")


def _users(text: str) -> Iterator[Found]:
    if ":" not in text and not _NAMED_SOMEWHERE.search(text):
        return
    for match in look(_USER, text):
        group = match.lastindex or 0
        name = match[group].rstrip(".-")
        explicit = group in (2, 3)
        if name and (_NAMED.search(name) or (explicit and ":" in match[0])):
            yield Found(match.start(group), match.start(group) + len(name), "USER")


# Telephone numbers as people write them, in the forms of a dozen countries

_EXTENSION = r"(?:[ ,]{0,2}(?:ext(?:ension|n)?\.?|x|durchwahl|dw|poste|#)[ :]{0,2}\d{1,5}\b)?"
_START, _END = rf"(?<![{SPACED}+])(?<!\d[.,/:-])", rf"(?![{SPACED}]|[.,:-]\d|[-/][{SPACED}])"

_INTERNATIONAL = re.compile(
    rf"(?<![{SPACED}+])\(?(?:\+|00(?=[1-9 (])|011[ -](?=[1-9])) ?\(?[1-9]\d{{0,3}}\)?(?:(?:[ .()/-]{{0,3}}|"
    rf"[ .-]?\n ?)\d){{6,13}}(?!\d){_EXTENSION}",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    _START
    + "(?:"
    + "|".join(
        (
            r"(?:1[ .-]?)?\((?:[2-9]\d{2}|123)\) ?\d{3}[ .-]?\d{4}",  # US, Canada
            r"(?:1[ .-])?(?:[2-9]\d{2}|123)([.-])\d{3}\1\d{4}",
            r"(?:1[ .-])?(?:[2-9]\d{2}|123)[ -][2-9]\d{2}[ -]\d{4}",
            r"(?:[2-9]\d{2}|123)[.-]\d{3}[.-]? ?\n ?\d{4}",
            r"\(?[1-9]\d\)? ?9\d{4}[ -]\d{4}",  # Brazil
            r"\([1-9]\d\) ?\d{4}-\d{4}",
            r"[6-9]\d{4}[ -]\d{5}",  # India
            r"[4-9]\d{2}[ -]\d{3}[ -]\d{3}",  # Spain, Poland, Portugal
            r"[6-9]\d{2}([ .-])\d{2}\2\d{2}\2\d{2}",
            r"9\d[ -]\d{3}[ -]\d{2}[ -]\d{2}",
            r"3[2-9]\d[ ./-]\d{6,7}",  # Italy
            r"1[3-9]\d[ -]\d{4}[ -]\d{4}",  # China
            r"1[38]00[ -]\d{3}[ -]\d{3}",  # Australia
        )
    )
    + f"){_EXTENSION}{_END}",
    re.IGNORECASE,
)
_LEADING_ZERO = re.compile(
    rf"{_START}(?:\(0[1-9]\d{{0,3}}\)|0 ?\([1-9]\d{{1,3}}\)|0[1-9]\d{{0,4}})(?:(?:[ ./-]{{1,3}}|(?<=\))|"
    rf"[ .-]?\n)\d{{2,8}}){{1,5}}{_EXTENSION}{_END}",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{_START}(?:0[1-9]\d{{8,10}}|1[3-9]\d{{9}}){_END}")
_CUED_PHONE = re.compile(rf"{_START}\(?\d(?:[ .()/-]{{0,2}}\d){{6,12}}{_END}")
_DATE = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1\d{2,4}(?!\d)|\d{4}-\d{2}-\d{2}(?!\d)|\d{1,2}[.:]\d{2} ?- ?\d{1,2}[.:]\d{2}"
)
_PAIRS = re.compile(r"\d\d(?:\D\d\d)+")
_HAN = re.compile("[\u3400-\u9fff]")


def phones(text: str) -> Iterator[Found]:
    """Find telephone and fax numbers."""
    for match in look(_INTERNATIONAL, text):
        local = match[0].startswith("00") and is_of_a_thing(text, match.start())
        if 8 <= len(digits(re.split("[A-Za-z#]", match[0])[0])) <= 16 and not local:
            yield _phone(match)
    for match in look(_CERTAIN, text):
        if not is_of_a_thing(text, match.start()) and not has_unit(text, match.end()):
            yield _phone(match)
    for match in look(_LEADING_ZERO, text):
        if _is_grouped_phone(match[0]) and not is_of_a_thing(text, match.start()):
            yield _phone(match)
    for match in look(_BARE, text):
        known = match[0][0] == "0" or _HAN.search(text) or is_of_a_phone(text, match.start())
        if known and not is_of_a_thing(text, match.start()) and not has_unit(text, match.end()):
            yield _phone(match)
    for match in look(_CUED_PHONE, text):
        start = match.start()
        if (
            not _DATE.match(match[0])
            and is_of_a_phone(text, start)
            and not is_of_a_thing(text, start)
            and not has_unit(text, match.end())
        ):
            yield _phone(match)


def _is_grouped_phone(number: str) -> bool:
    if _DATE.match(number):
        return False
    if _PAIRS.fullmatch(number):
        return len(digits(number)) == 10  # as in France; other rows of pairs are dates, times, lottery numbers
    return 9 <= len(digits(number)) <= 13


def _phone(match: re.Match[str]) -> Found:
    # An opening bracket belongs to the number only with its closing one.
    skip = match[0].startswith("(") and ")" not in match[0]
    return Found(match.start() + skip, match.end(), "PHONE")
