"""Answers that say nothing ("N/A", "siehe oben", 没有) and what stands where a text was deleted. Pure."""

from __future__ import annotations

import re
import unicodedata

# Whole answers, folded as `_bare` does. What says more ("Nothing, all fine", "no complaints") is an answer.
_WORDS = """
n/a|na|n.a|nan|none|nothing|no|nope|nil|null|not applicable|no comment|no comments|no further comments
no other comments|no additional comments|none at this time|nothing at this time|none really|nothing really|no answer
no response|did not answer|didn't answer|not answered|skipped|nothing to add|nothing to say|nothing else
nothing more|nothing in particular|nothing specific|none whatsoever|nothing at all|none at all|no thanks
no thank you|same|same as above|same as before|same answer|as above|see above|see previous|see previous answer|ditto
no negative|no negatives|no positive|no positives|don't know|dont know|i don't know|i dont know|idk|not sure|unsure
no idea|no opinion|prefer not to say|test|testing|test test|asdf|xxx|xx|x|tbd|unknown|undefined|empty|blank
left blank|no feedback|no suggestions|no suggestion|nichts|nix|keine|keiner|kein|nein|keine angabe|keine angaben|k.a
k. a|ka|siehe oben|s.o|s. o|wie oben|dito|entfällt|kein kommentar|keine kommentare|keine anmerkungen|nichts weiter
gar nichts|weiß nicht|weiss nicht|keine ahnung|trifft nicht zu|rien|aucun|aucune|non|neant|r.a.s|ras|rien a signaler
rien a dire|rien a ajouter|sans objet|pas de commentaire|aucun commentaire|idem|voir ci-dessus|comme ci-dessus
je ne sais pas|non applicable|sans reponse|nada|ninguno|ninguna|ningun|no aplica|sin comentarios|sin comentario
ningun comentario|igual|lo mismo|ver arriba|no se|nada mas|niente|nulla|nessuno|nessuna|nessun commento|non so
vedi sopra|come sopra|non applicabile|nenhum|nenhuma|nao|nao se aplica|sem comentarios|sem comentario|nao sei
ver acima|nada a declarar|niets|geen|nee|n.v.t|nvt|niet van toepassing|geen commentaar|geen opmerkingen|zie boven
weet niet|inget|ingenting|nej|inga|inga kommentarer|ingen|intet|nei|ei mitaan|ei|vet ej|nic|nie|brak|nie dotyczy
nie wiem|brak uwag|jw|j.w|nevim|semmi|nincs|yok|hicbir sey|hayir|bilmiyorum|нет|ничего|нету|не знаю|без комментариев
см. выше|ні|немає|无|無|没有|沒有|没|暂无|暫無|同上|不知道|无意见|没有意见|不清楚
なし|無し|特になし|特にない|ない|ありません|特にありません|特に無し
わからない|わかりません|없음|없습니다
없다|없어요|특별히 없음|모름|위와 같음|동일|해당 없음|해당없음|لا شيء|لا يوجد|لا
"""
_ALL_OF_IT = "everything|all|all of it|alles|tout|todo|tutto|tudo|全部|すべて|всё"
_DELETED = re.compile(
    r"\s*\[?\s*(?:\[(?:deleted|removed)\]|(?:deleted|removed) by (?:user|reddit|moderators?)|"
    r"(?:this )?(?:comment|post|review|message) (?:was|has been) (?:deleted|removed)[^\w]*)\s*\]?\s*",
    re.IGNORECASE,
)
_ERROR = re.compile(r"\s*#(?:NAME\?|REF!|N/A|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!)\s*")
_LONGEST = 60


def is_filler(text: str, side: str | None = None) -> bool:
    """Say whether an answer says nothing about anything.

    Args:
        text: The whole answer.
        side: Where the question asks for praise or blame, "everything" says what it asks for, and is no filler.

    >>> is_filler("N/A."), is_filler("Nothing, all fine."), is_filler("Everything"), is_filler("Everything", "positive")
    (True, False, True, False)
    """
    if len(text) > _LONGEST:
        return False
    bare = _bare(text)
    if not bare:
        return set(text.strip()) <= set("-–—_./?\\")  # emoji and emoticons are answers
    return bare in _FILLERS or (side is None and bare in _WHOLE)


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", plain).split()).strip(" .,;:!?-–—_*\"'()[]<>/\\|…。！？、،")


_FILLERS = frozenset(_bare(filler) for filler in _WORDS.strip().replace("\n", "|").split("|"))
_WHOLE = frozenset(_bare(filler) for filler in _ALL_OF_IT.split("|"))


def is_deleted(text: str) -> bool:
    """Say whether a text only stands where another was deleted: "[removed]"."""
    return len(text) <= _LONGEST and bool(_DELETED.fullmatch(text))


def is_error_cell(text: str) -> bool:
    """Say whether a cell holds what a spreadsheet writes where it could not compute: "#NAME?"."""
    return len(text) < 10 and bool(_ERROR.fullmatch(text))
