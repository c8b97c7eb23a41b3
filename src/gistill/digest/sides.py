"""Answers to a question for praise or for blame that have no side of their own: the question gives them theirs.

"Parking" under "What could we do better?" says what was bad by being an answer there, and so does "Everything", in
which a reader that does not see the question finds praise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gistill.fillers import is_filler
from gistill.schema import Opinion, Part, Record, Span
from gistill.text import count_words, why_not_text

# All is well, in other languages than English; and that nobody has anything to complain about, which is no blame
# although it is said with the words of one.
_WELL_ABROAD = re.compile(
    r"^\W*(?:alles|es (?:ist|war)|ist|war|c'est|c'etait|c'était|tout(?: (?:est|etait|était))?|todo(?: (?:es|esta|"
    r"está|estuvo|fue))?|"
    r"tutto(?: (?:e|è|era))?|va|tudo(?: (?:e|é|esta|está|foi))?|het was|is|was)?\W*(?:sehr |ganz |so |très |tres |"
    r"muy |molto |muito |"
    r"heel |echt |wirklich |einfach )*"
    r"(?:gut|super|top|prima|perfekt|bestens|toll|klasse|passt(?: (?:alles|so|schon))?|in ordnung|ok(?:ay)?|weiter so|"
    r"(?:so )?(?:bleiben|lassen|weitermachen)|nix|bien|bon|parfait|genial|génial|nickel|rien|"
    r"continuez(?: comme (?:ca|ça))?|"
    r"perfecto|excelente|genial|seguid asi|sigan asi|sigan así|bene(?: così| cosi)?|perfetto|ottimo|bem|perfeito|"
    r"ótimo|otimo|"
    r"goed|perfect|uitstekend|(?:ga )?zo door(?:gaan)?|ga zo door|bra|dobrze|super|хорошо|отлично|все хорошо|"
    r"всё хорошо)"
    r"(?: so| weiter| wie es ist)?\W*$",
    re.IGNORECASE,
)
_NO_BLAME = re.compile(
    r"^\W*(?:(?:there (?:is|was)|i have|es gibt|es gab|gibt(?: es)?|gab es|da gibt es|ich habe|habe|wir haben|"
    r"hier gibt es|"
    r"il n'?y a|je n'ai|no hay|no tengo|no tenemos|non (?:c'è|ho|abbiamo)|não (?:há|tenho)|er is|ik heb|heb|"
    r"absolut|wirklich|eigentlich|gar|überhaupt|vraiment|absolument|realmente|absolutamente|davvero|proprio|"
    r"echt)\W+)*(?:"
    r"(?:nothing|not (?:a thing|much)) to (?:complain|criticis|criticiz|fault|improve|moan|grumble)\w*(?: about)?|"
    r"no (?:complaints?|criticisms?)|(?:i |we )?(?:can't|cannot|can not|couldn't) (?:complain|fault (?:it|them))|"
    r"(?:nichts?|nix|wenig|kaum etwas) (?:zu|zum) (?:meckern|mäkeln|beanstanden|bemängeln|kritisieren|verbessern|"
    r"beklagen|klagen|"
    r"beschweren|nörgeln|aussetzen)|(?:nichts|nix) (?:auszusetzen|einzuwenden|zu verbessern)|"
    r"(?:da )?(?:kann|konnte) (?:man |ich )?(?:wirklich )?(?:nicht|nix|nichts) (?:meckern|klagen|beanstanden|beklagen)|"
    r"keine(?:rlei)? (?:beschwerden?|klagen?|kritik(?:punkte)?|beanstandung(?:en)?|mängel|probleme?|einwände|"
    r"verbesserung\w*)|"
    r"(?:rien|pas grand.chose) (?:à|a) (?:redire|reprocher|améliorer|ameliorer|signaler|dire)|"
    r"aucun(?:e)? (?:problème|probleme|reproche|plainte|critique|remarque)s?|"
    r"nada que (?:objetar|reprochar|mejorar|criticar|decir|añadir|cambiar|reclamar)|(?:ninguna|sin) (?:quejas?|"
    r"críticas?)|"
    r"ningún problema|(?:niente|nulla) (?:da|di cui) (?:ridire|eccepire|migliorare|dire|lamentar\w*|criticare|"
    r"segnalare)|"
    r"nessun(?:a)? (?:problema|lamentela|critica|reclamo)|nada a (?:reclamar|apontar|melhorar|criticar|dizer|"
    r"acrescentar)|"
    r"(?:sem|nenhuma) (?:queixas?|reclama\w+|críticas?)|nenhum problema|"
    r"(?:niets|niks) (?:op aan te merken|aan te merken|te klagen|te verbeteren|op te merken)|"
    r"geen (?:klachten|kritiek|opmerkingen|problemen|verbeterpunten)|"
    r"inget att (?:klaga på|anmärka)|nic do (?:zarzucenia|dodania|poprawy)|не на что жаловаться|"
    r"没什么(?:可)?(?:抱怨|不满)的?|没有(?:什么)?不满"
    r")\W*$",
    re.IGNORECASE,
)
# "The price is low": what is low, long or small is good or bad by what it is, and by what was asked.
_MEASURED = re.compile(
    r"^\W*(?:[^\W\d_]+\W+){1,4}(?:is|are|was|were|ist|sind|war|waren|est|sont|était|étaient|es|son|era|eran|fue|"
    r"è|sono|erano|é|são|eram|foi|zijn)\s+(?:very |really |so |quite |rather |pretty |sehr |recht |wirklich |ziemlich |"
    r"très |vraiment |assez |muy |bastante |molto |abbastanza |muito |heel |erg |vrij )*"
    r"(?:low|lower|small|short|shorter|little|few|long|high|large|big|light|heavy|cheap|inexpensive|minimal|narrow|"
    r"wide|"
    r"niedrig|gering|klein|kurz|lang|hoch|groß|gross|leicht|schwer|billig|günstig|schmal|breit|"
    r"bas(?:se)?s?|petite?s?|courte?s?|longue?s?|long|élevée?s?|grande?s?|légère?s?|léger|lourde?s?|faibles?|"
    r"baj[oa]s?|pequeñ[oa]s?|cort[oa]s?|larg[oa]s?|alt[oa]s?|ligeras?|ligeros?|barat[oa]s?|reducid[oa]s?|"
    r"bass[oaie]|piccol[oaie]|cort[oaie]|brev[ei]|lung(?:o|a|hi|he)|leggere?|econom\w+|"
    r"baix[oa]s?|pequen[oa]s?|curt[oa]s?|long[oa]s?|lev[ei]s?|laag|lage|kort|groot|hoog|licht|goedkoop)\W*$",
    re.IGNORECASE,
)
LONGEST_ASPECT = 4  # words; a longer answer is a sentence about something, and names it somewhere
LONGEST = 40  # words; of a longer answer the reader would have found something, were it an opinion
# Answers that deny what they are asked for, or say that all is well: of neither side.
_DENIES = re.compile(
    r"^\W*(?:(?:there (?:is|was|were|are)|i (?:have|had|see|found)|have|had|honestly|really|absolutely)\W+)*"
    r"(?:nothing|none|nobody|no one|nowhere|never (?:any|a|had)|"
    r"not (?:really|much|a lot|a thing|that i|anything|sure|yet)|"
    r"no,? (?:not )?(?:really|complaints?|problems?|issues?|cons?|pros?|downsides?|negatives?|positives?|drawbacks?|"
    r"changes?|improvements?|suggestions?|ideas?|comments?|thoughts?|notes?|faults?|criticisms?|concerns?|i|it|"
    r"they|all|"
    r"everything|nothing)|"
    r"(?:i )?(?:can(?:'?t|not| not)|could(?:n'?t| not)) (?:think|complain|name|say|fault|remember|recall)|"
    r"(?:i )?(?:don'?t|do not|didn'?t|did not|wouldn'?t|would not|haven'?t|couldn'?t) "
    r"(?:know|have|think|change|notice|find|see|recall|remember|complain)|hard to (?:say|think|fault)|"
    r"nichts|nix|keine? (?:beschwerden?|probleme?|kritik|ahnung|verbesserung\w*|anmerkung\w*|idee\w*|wünsche)|"
    r"weiß nicht|weiss nicht|"
    r"rien|aucun\w*|je ne sais|pas (?:de|d'|grand)|nada|ningun\w*|no (?:sé|se|tengo|hay|cambiar)|"
    r"niente|nulla|nessun\w*|non (?:so|ho|saprei)|nenhum\w*|não (?:sei|tenho|há)|"
    r"niets|geen (?:klachten|opmerking\w*|idee)|weet (?:ik )?niet)\b",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"^\W*(?:(?:it|that|this|they|we|you|everything|all|just|so far)\b\W*(?:is|was|are|were|'s|'re|went|has been)?\W*)*"
    r"(?:all |very |really |so |pretty |just |quite |perfectly )*"
    r"(?:good|fine|great|ok(?:ay)?|well|perfect|excellent|happy|satisfied|keep (?:it |doing )?(?:up|going|what)|stay|"
    r"the same|as (?:it )?is|unchanged|yes|yep|yeah|maybe|alles (?:gut|prima|super|ok|bestens)|"
    r"tout (?:va bien|est bien|etait bien|bon)|todo (?:bien|perfecto)|tutto (?:bene|ok)|tudo (?:bem|certo)|alles goed)"
    r"\W*(?:as (?:it )?is|so far|for me|to me|here|thanks|thank you|up|with (?:it|everything))?\W*$",
    re.IGNORECASE,
)
# Words that praise or blame wherever they stand; what they stand in keeps the side that the reader found.
_PRAISES = re.compile(
    r"\b(?:good|great|excellent|amazing|awesome|wonderful|fantastic|brilliant|superb|lovely|perfect\w*|nice|fine|best|"
    r"beautiful|gorgeous|delicious|friendly|helpful|happy|satisfied|pleased|love[ds]?|like[ds]?|enjoy\w*|recommend\w*|"
    r"impress\w*|thank\w*|well|work\w*|"
    r"gut\w{0,2}|toll\w{0,2}|super|prima|klasse|hervorragend\w*|ausgezeichnet\w*|perfekt\w*|wunderbar\w*|schön\w{0,2}|"
    r"freundlich\w{0,2}|zufrieden\w*|liebe[nt]?|mag|empfehl\w*|danke|läuft|"
    r"bon(?:ne|s|nes)?|bien|parfait\w*|génial\w*|excellent\w*|magnifique\w*|formidable\w*|adore\w*|aime\w*|merci|"
    r"buen[oa]?s?|bien|excelente\w*|perfect[oa]s?|maravillos\w*|encant\w*|genial\w*|gracias|"
    r"buon[oaie]?|ottim[oaie]|perfett[oaie]|eccellent[ei]|bell[oaie]|grazie|"
    r"bom|boa|bons|boas|ótim[oa]s?|perfeit[oa]s?|adorei|gostei|obrigad[oa]|"
    r"goed\w?|mooi\w?|prima|geweldig\w?|uitstekend\w?|fijn\w?|tevreden|bedankt)\b",
    re.IGNORECASE,
)
_BLAMES = re.compile(
    r"\b(?:bad|badly|awful\w*|terribl[ey]|horribl[ey]|poor\w*|worst|worse|hate[ds]?|dislike[ds]?|rude\w*|slow\w*|dirty|"
    r"broken|broke|breaks?|useless\w*|disappoint\w*|annoy\w*|unfriendly|unhelpful|horrendous|appalling|disgust\w*|scam|"
    r"rip-?off|fraud\w*|fail\w*|crash(?:es|ed|ing)|bugs|buggy|unusable|expensive|overpriced|ugly|boring|wrong|"
    r"problems?|"
    r"issues?|complain\w*|unreliable|confusing|never|not|isn'?t|doesn'?t|don'?t|didn'?t|won'?t|can'?t|cannot|nothing|"
    r"nobody|waste\w*|joke|garbage|rubbish|trash|crap\w*|pathetic|nightmare|lie[sd]?|liars?|lost|stolen|late|delay\w*|"
    r"missing|damaged|stuck|refuse[sd]?|cancell?ed|rotten|stale|mould\w*|pain\w*|unsafe|incompetent|"
    r"schlecht\w*|furchtbar\w*|schrecklich\w*|mies\w*|langsam\w*|schmutzig\w*|dreckig\w*|kaputt\w*|enttäusch\w*|"
    r"unfreundlich\w*|unverschämt\w*|teuer|teure\w?|laut\w{0,2}|defekt\w*|betrug|abzocke|nervig\w*|fehler\w*|nie|nicht|"
    r"nichts|niemand|katastroph\w*|frech\w*|schrott|müll|verspätet\w*|"
    r"mauvais\w*|horribles?|nul(?:le)?s?|lente?s?|sales?|cassée?s?|déçue?s?|chère?s?|cher|bruyante?s?|pire|jamais|"
    r"pas|rien|personne|"
    r"mal[oa]?s?|horrible|pésim[oa]s?|lent[oa]s?|suci[oa]s?|rot[oa]s?|car[oa]s?|peor|nunca|nada|nadie|"
    r"cattiv\w+|pessim\w+|terribil\w+|lent[oaie]|sporc\w+|rott\w+|car[oaie]|peggior\w*|mai|non|niente|nessuno|"
    r"mau|má|maus|péssim\w+|ruim|ruins|suj[oa]s?|pior|não|"
    r"slecht\w*|vreselijk\w*|traag|trage|vies|vieze|kapot\w*|duur|dure|nooit|niet|niets|niemand)\b",
    re.IGNORECASE,
)
# What is spared to somebody: no blame, though a reader takes "no" and "not" for it ("No ads", "Nicht teuer").
_SPARED = re.compile(
    r"^\W*(?:(?P<not>not|nicht|pas|non|não|niet|no es|no son|no)(?: too| that| very| zu| so| trop| si| troppo| te)?|"
    r"zero|without|hardly any|barely any|few|fewer|less|kein\w*|kaum|wenig\w*|ohne|pas de|peu de|sans|sin|poc[oa]s?|"
    r"ningun\w*|senza|pochi|poche|sem|poucos?|poucas?|geen|weinig|zonder)\s+",
    re.IGNORECASE,
)
_MISSED = re.compile(  # what nobody likes to be without
    r"\b(?:help|support|answers?|response|reply|refund|service|staff|information|communication|respect|value|"
    r"parking|wifi|"
    r"hilfe|antwort\w*|auskunft|aide|réponse|ayuda|respuesta|aiuto|risposta|ajuda|resposta|hulp|antwoord)\b",
    re.IGNORECASE,
)
_ALL_OF_IT = re.compile(
    r"^\W*(?:(?:absolutely|literally|honestly|simply|just|pretty|much|nearly|almost|basically|einfach|wirklich|fast|"
    r"vraiment|absolument|presque|simplemente|absolutamente|praticamente)\W+)*"
    r"(?:everything|all of (?:it|them|this|that)|all|it all|"
    r"the (?:whole|entire)|alles|ausnahmslos|tout(?:e|es)?|tous|todos?|todas?|tutt[oaie]|tudo|"
    r"全部|すべて|всё|все)(?![^\W\d_])",
    re.IGNORECASE,
)
# A clause says by itself what is so ("You answer quickly", "It keeps logging me out").
_CLAUSE = re.compile(
    r"\b(?:i|you|they|we|he|she|it|is|are|was|were|has|have|had|ich|du|wir|sie|er|ist|sind|war|waren|hat|haben|wurden?|"
    r"je|tu|nous|vous|ils?|elles?|est|sont|était|étaient|yo|son|está|están|fue|eran?|è|sono|era|erano|é|são|ik|jij|"
    r"jullie|"
    r"zijn|waren)\b",
    re.IGNORECASE,
)
LONGEST_TURNED = 5  # words; in a longer answer the reader has seen enough to know better than the question
LONGEST_OF_ALL = 10  # words, where it begins with "everything"
_ARTICLES = re.compile(
    r"\W*(?:(?:the|a|an|your|my|more|better|der|die|das|le|la|les|el|los|las|il|lo|o|os|de|het)\s+)*", re.IGNORECASE
)


def from_questions(record: Record, sentences: Sequence[Span], found: Sequence[Opinion]) -> list[tuple[Part, Span]]:
    """List the answers that take their side from their question, each with the stretch that it is.

    An answer does when its column or question asks for praise or for blame, it says something in words (no "Nothing",
    "No complaints", "All good", no question back, 40 words at most), and no opinion was found in it, or nothing but
    the other side in a few words that have none of their own (`has_no_side`). The opinions found in it do not count.

    Args:
        record: Of which all was read.
        sentences: What was read of it.
        found: The opinions that were found.
    """
    answers = []
    for part in record.parts:
        inside = [span for span in sentences if part.start <= span.start and span.end <= part.end]
        if part.side is None or not inside:
            continue
        text = record.text[inside[0].start : inside[-1].end]
        sides = {one.polarity for one in found if part.start <= one.sentence.start < part.end}
        turned = part.side not in sides and has_no_side(text, part.side)
        if (turned or not sides) and says_something(text, part.side):
            start = inside[0].start + len(text) - len(text.lstrip())
            answers.append((part, Span(start=start, end=start + len(text.strip()))))
    return answers


def standing(record: Record, found: Sequence[Opinion], turned: Sequence[Part]) -> list[Opinion]:
    """Leave out what was found in answers that take their side from their question, and blame in those that deny any.

    Args:
        record: Of which all was read.
        found: The opinions that were found.
        turned: The parts that take their side from their question.
    """
    denied = [
        part for part in record.parts if part.side is not None and is_no_blame(record.text[part.start : part.end])
    ]
    return [
        one
        for one in found
        if not any(part.start <= one.sentence.start < part.end for part in turned)
        and not (one.polarity == "negative" and any(part.start <= one.sentence.start < part.end for part in denied))
    ]


def is_no_blame(text: str) -> bool:
    """Say whether an answer says, with the words of blame, that there is none: a reader must not take it for some.

    >>> [is_no_blame(text) for text in ("Nichts zu meckern", "Nada que objetar", "Nothing works")]
    [True, True, False]
    """
    return _NO_BLAME.match(text) is not None


def says_something(text: str, side: str | None) -> bool:
    """Say whether an answer names something: "Parking" does, "Nothing that comes to mind" does not.

    >>> [says_something(text, "negative") for text in ("Parking", "No complaints", "All good!", "No parking")]
    [True, False, False, True]
    """
    if is_filler(text, side) or count_words(text) > LONGEST or text.rstrip().endswith(("?", "？")):
        return False
    if any(well.match(text) for well in (_DENIES, _WELL, _WELL_ABROAD, _NO_BLAME)):
        return False
    return why_not_text(text) is None


def has_no_side(text: str, asked: str) -> bool:
    """Say whether an answer is so short, and so plain, that it has its side from the question alone.

    Args:
        text: The whole answer.
        asked: The side that was asked for: only words of the other one speak against it.

    >>> [has_no_side(text, "negative") for text in ("Everything", "Clean toilets", "Everything is great")]
    [True, True, False]
    >>> [has_no_side(text, "positive") for text in ("No ads", "The price is low", "Rude staff", "No help at all")]
    [True, True, False, False]
    """
    all_of_it, words = _ALL_OF_IT.match(text), count_words(text)
    if words > (LONGEST_OF_ALL if all_of_it else LONGEST_TURNED):
        return False
    if not all_of_it and _CLAUSE.search(text) and not _MEASURED.match(text):
        return False
    spared = _SPARED.match(text)
    rest = text[spared.end() :] if spared else text
    if asked == "negative":
        return not (_PRAISES.search(text) or (spared and _BLAMES.match(rest)))  # "Not bad at all"
    if spared is None:
        return not _BLAMES.search(text)
    if _BLAMES.search(rest):
        return bool(_BLAMES.match(rest))  # "Not expensive", but not "No, it is slow"
    if spared["not"] and spared["not"].casefold() != "no":  # "Not clean"
        return False
    return not (_PRAISES.search(rest) or _MISSED.search(rest))


def short_name(text: str) -> tuple[int, int] | None:
    """Give the stretch of a short answer that names its aspect: all of it but signs around it and an article."""
    if count_words(text) > LONGEST_ASPECT:
        return None
    begin = _ARTICLES.match(text)
    start = begin.end() if begin else 0
    end = len(text.rstrip(" .,;:!…。！\t\n)\"'"))
    return (start, end) if start < end else None
