"""Whether a wish asks those who make a thing or serve a place for something; by the words, in seven languages.

A reader takes for a wish also what advises other customers ("buy the larger one"), tells one's own plans ("would love
to come back"), regrets ("wish I had known"), hopes ("hope it lasts") and expects ("should be fine for a year"). None of
these is asked of anybody.
"""

from __future__ import annotations

import re

from gistill.grounding.select import clause_of
from gistill.schema import Opinion, Record
from gistill.text import is_in_one_of

KNOWN = ("en", "de", "fr", "es", "it", "pt", "nl")

_DO = (
    r"(?:make sure|be (?:sure|patient|careful|aware|prepared)|beware|buy|get|order|check(?![ -]?(?:out|in))|read"
    r"|measure|skip|avoid|stay away|keep in mind|look (?:for|elsewhere)|try|bring|book|reserve|request|remove|replace"
    r"|remember|shop|(?:do not|don't|never) (?:buy|bother|waste|take|let|need|forget|expect|order|get))"
)
# What speaks to other customers, and what one would do another time, where an opinion begins with it.
_ADVICE = re.compile(
    r"(?!(?:i|we)(?:'d| would) .*\bif\b)(?:(?:just|always|definitely|probably|also|so|still|i'd|i|you|we|will"
    r"|would|might|may|should|need|want|have"
    rf"|to|strongly|highly|suggest|recommend|good idea|best) )*{_DO}\b"
    r"|(?:just |please )?(?:do not|don't|never) (?!change|stop)\w+"
    r"|work with (?:it|them)\b|all (?:u|you) need|who needs\b"
    r"|(?:i )?(?:need (?:it|them)$|(?:much )?prefer (?:a|an|my|to)\b|am tempted|tempted to\b)"
    r"|(?:i )?hop(?:e|ing) (?:it|they|this|that|these|those)\b.*\b(?:lasts?|holds?|works?|stays?)\b"
    r"|.*\bshould(?:'ve| have) (?:just )?(?:bought|ordered|got|gotten|read|known|spent|stayed|listened|gone|returned"
    r"|listened|booked|asked|checked|looked|tried|tested|paid|chosen|kept|sent)\b",
    re.IGNORECASE,
)
# What customers wish of themselves, of their families and animals, and of fate.
_REGRET = re.compile(
    r"\bwish(?:ed|ing)? (?:that )?(?:i|we)(?:'d| had| would have)? (?:just |only |never |also "
    r"|really )*(?!had (?:a|an|more"
    r"|the option)\b)(?:had|known|knew|noticed|spent|bought|buy|ordered|got|gotten|purchased|read|seen|found"
    r"|discovered"
    r"|gone|booked|kept|listened|stayed|waited|tried|went|did|were|was|lived|looked|paid|chosen|returned)\b"
    r"|\bwish(?:ed)? (?:i|we) had (?:\w+ )?(?:more|extra) (?:time|days?|nights?|money)\b"
    r"|\bshould(?: have|'ve) (?:went|gone|stayed)\b"
    r"|\b(?:wish(?:ed)?|if only) (?:that )?(?:i|we)? ?(?:could|would) (?:have )?(?:still |just "
    r"|also )*(?:stay(?:ed)? (?:there "
    r"|here )?(?:longer|more|another)|give[n]?|gave|return|rate[d]?|say|said|afford|find|found|go back"
    r"|return(?:ed)?|send|sent"
    r"|recommend|justify|review|keep|kept|visit)\b"
    r"|\bwish(?:ed)? (?:that )?(?:my|our|he|she|his|her|all|everyone|everybody|the (?:dogs?|cats?|kids?"
    r"|bab(?:y|ies))) ?"
    r"(?:own |little |older |younger )?\w*"
    r"|\b(?:best|good|warm) wish(?:es)?\b|\bwish (?:you|them|him|her|me|us) (?:all |the )?(?:the |a |all |well"
    r"|luck|best)"
    r"|\b(?:as|than|like|what|how|where|way|everything) (?:it|they|this|that|these|those|one|you|the \w+) should\b"
    r"|\bwish list\b",
    re.IGNORECASE,
)
_THEY = (
    r"(?:they|you(?: guys)?|someone|somebody|amazon|(?:the|this|your|that) (?:company|companies|hotel|makers?"
    r"|manufacturers?|"
    r"sellers?|vendors?|management|owners?|managers?|staff|developers?|devs?|publishers?|restaurant|store|shop"
    r"|team|brand|author|"
    r"producers?|factory|kitchen|chef|airline|bank))"
)
_NICE = (
    r"(?:nice|nicer|great|good|better|best|helpful|useful|perfect|awesome|appreciated|cool|ideal|lovely"
    r"|convenient|wonderful"
    r"|beneficial|amazing|fantastic|handy|welcome|preferable|improved|a plus|a bonus"
    r"|a (?:\w+ ){0,2}(?:improvement|addition"
    r"|touch|help|idea|feature|option))"
)
_MORE = r"(?:\w+er|more|less|fewer|improved|better|included|added|provided|offered|fixed|changed|updated|upgraded)"
# Who is told what they should do, and needs, is no maker.
_READER = (
    r"(?:you|u|i|we|one|people|anyone|anybody|everyone|everybody|nobody|parents|kids?|buyers"
    r"|customers|guests|he|she|who)"
)
_EXPECTED = (
    r"(?:last|work|fit|do|tell|hold|keep|go|know|take|help|give|make|(?:just |only )?be (?:fine|ok|okay|good"
    r"|able|enough|great|noted|aware|careful"
    r"|prepared|warned|patient|sufficient|sure|arriving|perfect|easy|interesting|useful|safe|happy|fun|durable"
    r"|reliable|strong"
    r"|adequate|allowed|sold|used|on|in|an? (?:good|great|fun|nice)\b)|only|get|buy|check|try|still|consider"
    r"|expect|note|look|read|see|arrive|stand|prove|serve|stay|remain|satisfy|suffice"
    r"|please)"
)
_PLANS = (
    r"(?:go|come|return|stay|visit|try|buy|order|purchase|get|give|recommend|thank|say|own|keep|eat|live"
    r"|see (?:how|if|what)|add"
    r"|know|think|point|mention|note|do|spend|find|take|send|hear)"
)
_ASKS = re.compile(
    r"\bwish(?:es|ed|ing)?\b|\bif only\b|\b(?:bring|put) (?:it |them |this |the \w+ )?back\b"
    rf"|\bhop(?:e|ing|ed)(?: that)?(?: \w+ly)? (?!you (?!guys|will|can|could|would|add|fix|bring|make|consider"
    rf"|keep)){_THEY}\b"
    r"|\bhop(?:e|ing) (?:for (?!the best)|(?:that )?(?:these|this|it|the \w+) (?:will )?(?:comes?"
    r"|goes) (?:down|in|back))"
    rf"|\b(?:would|could|'d|might) (?:also |really |still |definitely |have |certainly |just )*(?:be"
    rf"|been) (?:\w+ ){{0,2}}?{_NICE}"
    r"(?: (?:if|to (?:have|be|see|get|know|include|add|offer|provide|make|find|give)|with|without|when|were|had|thing"
    r"|though|too|as well)\b|\s*(?:[.,;:!)]|$))"
    r"|\b(?:more|bigger|larger|longer|smaller|stronger|thicker|softer|brighter|lighter|heavier|cheaper|another"
    r"|additional|extra)"
    rf"(?: \w+){{0,4}} would (?:be|have been) {_NICE}"
    rf"|\b(?:would|'d) (?:have |also |really |just |still |certainly )*(?:liked?|loved?|prefer(?:red)?"
    rf"|appreciated?|welcomed?)\b"
    rf"(?! (?:to|it|this|them|that|these|the|my|our|a second|another)(?: (?:be able to )?(?:{_PLANS}|again|if"
    rf"|\w+ again)\b|\s*(?:[.,;!]|$)))"
    r"|\b(?:would|'d) (?:like|love) to see (?!how|if|what|my|our)"
    rf"|\b(?!you\b){_THEY} (?:really |at least |all |just )?(?:should|need to|must)\b"
    r"|\byou (?:really |guys )?(?:should|ought to) (?:add|offer|let|make|provide|include|give|sell|allow"
    r"|support|bring|have (?:an?|more))\b"
    rf"|(?<!\bas )(?<!\bthan )\bshould(?:n't| not)?(?: (?:really|definitely|also|at least|probably|all|just"
    rf"|always|have)){{0,2}}"
    rf" (?!(?:{_EXPECTED})\b)\w+"
    rf"|\bneeds?(?: \w+)? (?:to be (?:more|less|better|redone|rewritten|re\w+ed|\w+er|addressed|fixed|cleaned"
    rf"|improved|updated|upgraded"
    r"|painted|changed)|improv\w+|work\b|fix(?:ed|ing)|(?:re|up)(?:paint|decorat|furbish|novat|dat|plac|grad"
    r"|design|think)\w+|some|"
    r"attention|cleaning|more|better|less)\b|\bneeds (?:to (?!be\b)|an?\b)|\bin (?:\w+ )?need of\b"
    rf"|\b(?:they|these|those|really|desperately|badly|does|do) need (?:to (?!be (?!more|better|less))|more"
    rf"|better|some|an?\b|less)"
    r"|\bneed (?:more|better|less|a better|an improved)\b|\bneed improvement\b"
    r"|\bplease\b(?! (?:note|do not (?:buy|waste|order|get)|don't (?:buy|waste|order|get)|read|be (?:aware"
    r"|careful|warned)"
    r"|beware|keep in mind|remember|see|check|believe|trust|consider|avoid|help yourself))"
    rf"|\bcould (?:really |definitely |also |still |maybe |probably |all |have |just )*(?:use(?! (?:it|this"
    rf"|them|these|the|my)\b)|do with|stand"
    rf"|benefit|improve|offer|include|add|provide|make|give|have (?:a|more|some|better|an)"
    rf"|be (?:an? )?(?:\w+ ){{0,2}}?{_MORE}"
    rf"|been (?:an? )?(?:\w+ ){{0,2}}?{_MORE})\b"
    r"|\b(?:room|need|scope) for (?:some )?improvement|\b(?:can|must|ought to|has to|have to|would) (?:be"
    r"|get) (?:improved|better|fixed|longer|larger|bigger)\b"
    r"|\bought to\b|\bmy (?:\w+ )?(?:suggestions?|requests?|wish(?:es)?|advice to (?:the|this))\b"
    r"|\b(?:only|one|first|biggest) (?:thing|change|improvement|suggestion|request)s? (?:that )?(?:i|we|is"
    r"|would)(?:'d| would)?"
    r"(?: \w+)? (?:change|like|improve|add|wish|to)\b"
    rf"|\b(?:i|we)(?:'d| would) (?:suggest|recommend|ask|request|urge|encourage)(?: that)? {_THEY}\b"
    r"|\bpls\b|\b(?:could|can) (?:we|i) (?:please )?have\b|\b(?:would|is) it (?:be )?possible to\b"
    r"|\bany chance of\b|\bwhen will (?:you|they|there)\b"
    r"|\bwhat (?:i(?:'d| would) (?:like|want|change|ask)|i miss|i(?:'m| am) missing|is missing|(?:it"
    r"|the \w+) lacks?) (?:for )?(?:is\b|:)|\b(?:one|small|an) improvement"
    r"|\b(?:i|we)(?:'d| would) (?:gladly |happily |even )?pay (?:\w+ ){0,3}(?:for|more|extra)\b"
    r"|\bi want (?:more|an? (?:option|way|button|setting|version))\b|\bwould make (?!me|my|us|our|sure|you)"
    r"|\b(?:would not|wouldn't) (?:hurt|mind (?:if|more|a|an|having))\b|\bwhy (?:not|can't|can not|don't"
    r"|do n't|doesn't) (?:you|they|it|the|have"
    r"|add|make|offer|put)|\bhow about\b|\b(?:can|could|will|would) (?:you|they|someone) (?:\w+ )?(?:please"
    r"|add|fix|make|include|bring|offer)\b"
    r"|\b(?:if (?:it|they|this|these|those|there|the \w+)(?: only)? (?:had|were|was|came|could|would)\b.*\bwould\b"
    r"|(?:would|'d) (?!have)\b.*\bif (?:it|they|this|these|those|there|you|the \w+)(?: only| just)? (?:had"
    r"|were|was|came|could|would|made|added|offered"
    r"|included|used|put|let|gave|sold|didn't|weren't|wasn't)\b)",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"(?:(?:please|now|also|and|maybe|perhaps|next time|do|,) )*(?:add (?!milk|sugar|water|salt|butter|honey"
    r"|a (?:little|bit|dash"
    r"|splash|few)|some\b|your|it to|them to|these to|\w+ pods)|(?:make|give) (?:it|them|this|these|the \w+|us"
    r"|me|guests|people|customers) "
    r"(?!a (?:point|habit|try|shot|chance|go|rest)|yourself|sure|with)|let (?:us|me|guests|people|customers"
    r"|users)\b|allow|include|fix (?:the|this"
    r"|it|your)|offer|provide|bring (?:it|them|this|back)|stop (?!using|buying)|don't change|do not change"
    r"|improve|lower the|keep making"
    r"|get rid of|consider (?:adding|making|putting|offering))",
    re.IGNORECASE,
)
_READER_TOLD = re.compile(
    rf"\b{_READER} (?:all |just |still |really |also |definitely |probably |might |may )*(?:should|needs? to"
    rf"|ought to|could use|need)\b"
    r"(?! (?:add|offer|let|make|provide|include|give|sell|allow|support|bring|have (?:an?|more))\b)"
    rf"|\bshould {_READER}\b(?!.*\?)|\b(?:if|when|unless|once) (?:you|u)\b|\byou(?:'ll| will)? (?:need|want"
    rf"|might|may|can)\b"
    r"|\ball (?:it|you|u|that|i) needs?\b|\b(?:my|your|our|all|their|his|her|these|those|any|most|other|for"
    r"|the) needs\b|\bneeds no\b"
    r"|\b(?:i|we) (?:really |do |did |also |just |still |always |only |might |may |will |would )*need(?:ed)?\b",
    re.IGNORECASE,
)
# German, French, Spanish, Italian, Portuguese, Dutch: conditionals of wishing, of asking, of what somebody ought to do.
_OTHERS = re.compile(
    r"\b(?:wünsche?(?:n)? (?:ich |wir )?(?:mir|uns)|wünschte|gewünscht|wünschenswert|wünschen würde"
    r"|wäre(?:n)? (?:\w+ ){0,4}?(?:schön"
    r"|toll|gut|besser|super|nett|hilfreich|klasse|ideal|prima|perfekt|angebracht|praktisch|sinnvoll)|bitte"
    r"|hätte(?:n)? (?:\w+ ){0,3}?"
    r"(?:gern|gerne|lieber)|würde(?:n)? (?:ich |wir )?(?:\w+ ){0,2}?(?:gern|gerne|lieber|freuen)"
    r"|(?<!man )(?<!ihr )(?<!ich )(?:sollte|müsste|könnte)n?(?! (?:man|ihr|ich|jeder|du)\b))"
    r"|\b(?:j'aurais|j'aimerais|on aimerait|nous aimerions|je voudrais|je souhait\w+|il faudrait|aurai(?:s|t"
    r"|ent) (?:aimé|préféré|dû|pu"
    r"|mérité|été)|serai(?:t|ent) (?:\w+ )?(?:bien|mieux|bon|sympa|appréci\w+|utile|parfait|idéal|agréable"
    r"|souhaitable|top|génial)"
    r"|pourrai(?:t|ent)|devrai(?:t|ent)|s'il vous plaît|svp|merci de|dommage qu)"
    r"|\b(?:ojalá|deber[ií]an?|ser[ií]a (?:bueno|genial|mejor|ideal|perfecto|estupendo|útil|conveniente"
    r"|recomendable)|estar[ií]a bien"
    r"|(?:me|nos) gustar[ií]a(?! (?:volver|repetir))|podr[ií]an?|por favor|hace falta|hubiera|hubiese)"
    r"|\b(?:vorrei|vorremmo|(?:mi|ci) piacerebbe(?! tornare)|sarebbe (?:stato )?(?:bello|meglio|utile|ideale"
    r"|perfetto|opportuno|carino"
    r"|comodo|gradito)|dovrebbe(?:ro)?|potrebbe(?:ro)?|per favore|servirebbe(?:ro)?|magari)"
    r"|\b(?:gostaria(?:mos)?(?! de voltar)|seria (?:bom|ótimo|melhor|ideal|perfeito|legal|interessante|útil)"
    r"|deveriam?|poderiam?|tomara)"
    r"|\b(?:zou(?:den)? (?:\w+ ){0,4}?(?:fijn|mooi|leuk|beter|handig|prettig|willen|moeten|kunnen|graag"
    r"|wensen)|graag|alstublieft|had(?:den)?"
    r" (?:\w+ ){0,2}?liever)\b",
    re.IGNORECASE,
)


def asked(opinion: Opinion, record: Record) -> bool:
    """Tell whether an opinion that was read as a wish asks for something, by its words and their clause."""
    said = clause_of(opinion, record)
    return asks(opinion.opinion.text if opinion.opinion else said, said, language=record.language)


def asks(words: str, said: str, *, language: str | None = None) -> bool:
    """Tell whether a wish asks for something of those who could give it.

    Args:
        words: Of the opinion.
        said: Of its sentence, the clause with these words from its beginning; where one says "I wish" before them.
        language: That was declared for the text, ISO 639-1; None where unknown.

    Returns:
        True also for a text in a language whose words of asking are not known: it is believed to the reader.

    >>> [asks(words, words) for words in ("please add a dark mode", "should be heated", "wish it had pockets")]
    [True, True, True]
    >>> [asks(words, words) for words in ("buy the right size", "hope it lasts", "wish I had known")]
    [False, False, False]
    """
    words, said = _plain(words), _plain(said)
    if _ADVICE.match(words) or _REGRET.search(said):
        return False
    if _OTHERS.search(said) or not is_in_one_of(said, KNOWN, declared=language):
        return True
    told = _READER_TOLD.sub(" ", said)
    return bool(_ASKS.search(told) or _TELLS.match(said))


def _plain(text: str) -> str:
    """Write a text with straight apostrophes, single spaces and the contractions that a tokenizer has cut.

    >>> _plain("I’d like  it , do n't you")
    "I'd like it, don't you"
    """
    text = re.sub(r"\s+(?=n't\b|'(?:d|s|ll|ve|re|m)\b|[,.;:!?])", "", " ".join(text.replace("’", "'").split()))
    return re.sub(r"\bca(?=n't)", "ca", text)
