"""The normal form of an aspect term: what people wrote in, one spelling of it out. Pure, and the same on every run.

"The Batteries", "battery's" and "battery life" all become "battery". Everything here looks at one term alone, so that
adding records never changes it; what needs other terms to decide is in `cluster`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gistill.files import hash_text


def word_set(text: str) -> frozenset[str]:
    """Write a set of words as one text."""
    return frozenset(text.split())


DETERMINERS = word_set(
    "a an the this that these those my your his her its our their some any all each every no such another"
)
AROUND = ".,;:!?\"'`()[]{}<>*-_~|/\\ "
_IN_FRONT = DETERMINERS | word_set("of for from to with and")
# Words that point at something named elsewhere: no aspect.
_PRONOUNS = word_set(
    "i me mine we us ours you yours he him she hers it they them theirs one ones something anything nothing someone "
    "anyone everyone which who what there here both none other others same rest lot bit kind s t"
)
# The whole of what is reviewed, whatever it is.
PRODUCT = "product"
_WHOLE = word_set("product item purchase buy thing stuff article merchandise gadget everything overall")
# "This phone" is what is reviewed; "the phone" may be what the case is for.
_REVIEWED = word_set(
    "phone smartphone camera laptop computer tablet tv television watch book novel movie film game toy app software "
    "car hotel restaurant place device machine unit tool model set kit album cd dvd printer vacuum pair brand"
)
# "Sound quality" is what people say about the sound: these heads add nothing to the word before them.
_LIGHT_HEADS = word_set("quality performance level levels experience aspect factor wise")
_LIGHT_PAIRS = {
    ("battery", "life"): "battery",
    ("battery", "lifetime"): "battery",
    ("battery", "duration"): "battery",
    ("price", "point"): "price",
    ("price", "tag"): "price",
    ("price", "range"): "price",
    ("color", "scheme"): "color",
    ("wait", "staff"): "staff",
    ("staff", "member"): "staff",
    ("touch", "pad"): "touchpad",
    ("web", "site"): "website",
}
# In front of a noun these judge or stress; they do not name another thing.
_LIGHT_MODIFIERS = word_set(
    "overall general actual whole entire very own great good excellent nice bad poor terrible awful amazing best "
    "better worst high low top perfect decent wonderful fantastic superb horrible"
)
_QUANTITIES = word_set("lot kind type sort bit piece pair amount number couple bunch")
# The same thing in words whose vectors lie too far apart to be joined by them.
_SYNONYMS = {
    "cost": "price",
    "pricing": "price",
    "display": "screen",
    "audio": "sound",
    "employee": "staff",
    "waitstaff": "staff",
    "personnel": "staff",
    "waitress": "waiter",
    "waitperson": "waiter",
    "server": "waiter",
    "ambience": "atmosphere",
    "ambiance": "atmosphere",
    "vendor": "seller",
    "shipment": "shipping",
    "delivery": "shipping",
    "deliver": "shipping",
    "delivered": "shipping",
    "arrived": "shipping",
    "made": "build",
    "shipped": "shipping",
    "instruction": "instructions",
    "manual": "instructions",
    "appearance": "look",
    "setup": "installation",
    "install": "installation",
    "installed": "installation",
    "installing": "installation",
    "smell": "scent",
    "odor": "scent",
    "odour": "scent",
    "aroma": "scent",
    "flavour": "flavor",
    "colour": "color",
    "built": "build",
    "construction": "build",
    "constructed": "build",
    "sizing": "size",
    "ui": "interface",
    "durable": "durability",
    "looking": "look",
    "looked": "look",
    "working": "work",
    "worked": "work",
    "feeling": "feel",
    "fitting": "fit",
    "fitted": "fit",
    "packaged": "packaging",
    "package": "packaging",
    "packing": "packaging",
    "packed": "packaging",
    "priced": "price",
    "tech": "technical",
    "ringtone": "ring tone",
    "mic": "microphone",
    "tv": "television",
}

_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "halves": "half",
    "loaves": "loaf",
    "scarves": "scarf",
    "wives": "wife",
    "movies": "movie",
    "cookies": "cookie",
    "calories": "calorie",
    "brownies": "brownie",
    "smoothies": "smoothie",
    "hoodies": "hoodie",
    "selfies": "selfie",
    "zombies": "zombie",
    "veggies": "veggie",
    "ties": "tie",
    "pies": "pie",
    "headaches": "headache",
    "caches": "cache",
    "quiches": "quiche",
    "shoes": "shoe",
    "toes": "toe",
    "canoes": "canoe",
    "skis": "ski",
    "bikinis": "bikini",
    "taxis": "taxi",
    "menus": "menu",
    "tvs": "tv",
    "dvds": "dvd",
    "cds": "cd",
    "pcs": "pc",
    "lcds": "lcd",
    "hdtvs": "hdtv",
    "fabrics": "fabric",
    "topics": "topic",
    "mics": "mic",
    "pics": "pic",
    "clinics": "clinic",
    "comics": "comic",
    "buses": "bus",
    "gases": "gas",
    "lenses": "lens",
    "canvases": "canvas",
    "viruses": "virus",
}
# Words that end in s and are not the plural of the rest, or mean something else without it.
_KEEP = word_set(
    "series species news lens gas bus yes canvas atlas christmas bias pajamas jeans pants shorts glasses sunglasses "
    "scissors tweezers pliers tights always chaos cosmos thermos ethos ios os gps sms usps ups fps mbps this its was "
    "has does is as us us plus minus basis oasis clothes goods savings graphics electronics less unless stairs "
    "binoculars headquarters texas instructions looks"
) - {"looks"}


def singular(word: str) -> str:
    """Take the plural ending off an English word, or leave the word alone when in doubt.

    >>> [singular(word) for word in ("batteries", "boxes", "glass", "series", "less", "shoes", "sleeves")]
    ['battery', 'box', 'glass', 'series', 'less', 'shoe', 'sleeve']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word in _KEEP or not word.isascii():
        return word
    if word.endswith(("ss", "us", "is", "ics")) or not set(word) & set("aeiouy"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return word[:-2]
    return word[:-1]


def clean(text: str) -> str:
    """Lower the case, drop what cannot be seen, and make white space single: a term as it may be shown to people."""
    shown = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        kind = unicodedata.category(character)
        if kind != "Cf":
            shown.append(" " if kind[0] in "ZC" else character)
    return " ".join("".join(shown).replace("’", "'").split())


def words_of(text: str) -> list[str]:
    """Cut a cleaned text into words; marks stay with their letters, so that every script keeps its words."""
    joined = text.replace(" 's", " ").replace("'s ", " ").removesuffix("'s").replace("'", "")
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" or c in "+#" else " " for c in joined).split()


@lru_cache(maxsize=65536)
def surface(text: str) -> str:
    """The form of a term that is shown: clean, without determiners in front or punctuation around; may be empty."""
    words = clean(text).strip(AROUND).split()
    while words and words[0] in DETERMINERS:
        del words[0]
    return " ".join(words).strip(AROUND)


def _without_determiners(words: list[str]) -> list[str]:
    start = 0
    while start < len(words) and words[start] in _IN_FRONT:
        start += 1
    return words[start:]


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Level case, determiners, possessives, number and "x of y", and nothing else.

    >>> [plain(term) for term in ("The Batteries", "quality of the sound", "the phone's case", "USB 3")]
    ['battery', 'sound quality', 'phone case', 'usb 3']
    """
    words = _without_determiners(words_of(clean(text)))
    if words.count("of") == 1 and words[0] != "of" and words[-1] != "of":
        cut = words.index("of")
        right = _without_determiners(words[cut + 1 :])
        words = right if singular(words[cut - 1]) in _QUANTITIES else right + words[:cut]
    return " ".join(singular(word) for word in words if word not in DETERMINERS)


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """Find the normal form of an aspect term.

    Beyond `plain`, words that add nothing ("sound quality", "overall look") go and the best known synonyms are
    levelled. Digits are kept: "usb 2" is not "usb 3".

    Args:
        text: The words of `Opinion.aspect`.

    Returns:
        Words with single spaces; "product" for the whole of what is reviewed; "" for a pronoun or no word at all, which
        is no aspect.

    >>> [normal(term) for term in ("battery life", "cost", "overall look", "this phone", "them", "USB 3")]
    ['battery', 'price', 'look', 'product', '', 'usb 3']
    """
    words = plain(text).split()
    if len(words) == 1 and words[0] in _REVIEWED and clean(text).startswith(("this ", "these ")):
        return PRODUCT
    while len(words) > 1 and words[0] in _LIGHT_MODIFIERS:
        del words[0]
    if len(words) > 1 and words[-1] in _LIGHT_HEADS:
        del words[-1]
    words = [_SYNONYMS.get(word, word) for word in words]
    if len(words) == 2:
        words = _LIGHT_PAIRS.get((words[0], words[1]), " ".join(words)).split()
    if all(word in _PRONOUNS for word in words):
        return ""
    return PRODUCT if len(words) == 1 and words[0] in _WHOLE else " ".join(words)


def slug(name: str) -> str:
    """Make an id out of a normal form: the same name gives the same id, and two names never give one.

    >>> slug("battery"), slug("wall mount")
    ('battery', 'wall-mount')
    """
    plain = "-".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
    if plain.replace("-", " ") == name and len(plain) <= 60:
        return plain
    mark = hash_text(name)[:8]
    return f"{plain[:50] or 'aspect'}-{mark}"
