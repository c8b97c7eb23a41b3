"""Words shared with references: ROUGE by rouge-score, BLEU by sacrebleu, METEOR by nltk; all offline."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill import install
from gistill.errors import ExtraMissingError
from gistill.evaluate.summaries.words import Stems, sentences, stemmer, words
from gistill.text import UNSPACED

ROUGE = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL", "ROUGE-Lsum": "rougeLsum"}
BLEU_COUNTS = 10  # four clipped matches, four totals, the length of the text and of the nearest reference
_UNSPACED = re.compile(f"[{UNSPACED}]")
_WORDNET = Path("/usr/share/wordnet")  # where Debian's wordnet-base puts it; WORDNET_FOLDER names another


def rouge(text: str, references: Sequence[str]) -> dict[str, float]:
    """Give ROUGE-1, -2, -L and -Lsum: F1 with Porter's stems, the mean over references.

    The mean, not the nearest reference: then a task with five references is not easier than one with a single one.

    Args:
        text: The summary.
        references: At least one.

    Raises:
        ExtraMissingError: rouge-score is not installed.

    Source:
        Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004).
    """
    lines = _lines(text)
    scored = [_scorer().score(_lines(reference), lines) for reference in references]
    return {name: sum(one[key].fmeasure for one in scored) / len(scored) for name, key in ROUGE.items()}


def _lines(text: str) -> str:
    """Put each sentence on a line, as ROUGE-Lsum reads them."""
    return "\n".join(" ".join(one.split()) for one in sentences(text))


@cache
def _scorer() -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError as error:
        raise ExtraMissingError("ROUGE needs rouge-score.", hint=install.hint("eval")) from error
    return RougeScorer(list(ROUGE.values()), tokenizer=Stems())


def bleu_counts(text: str, references: Sequence[str]) -> tuple[float, ...]:
    """Count what BLEU sums over a corpus: four clipped matches, four totals, and two lengths.

    Raises:
        ExtraMissingError: sacrebleu is not installed.
    """
    kind = "char" if len(_UNSPACED.findall(text + references[0])) * 2 > len(text + references[0]) else "intl"
    found = _bleu(kind).sentence_score(text, list(references))
    return (*map(float, found.counts), *map(float, found.totals), float(found.sys_len), float(found.ref_len))


def bleu(counts: Sequence[float] | NDArray[np.float64]) -> float:
    """Give the BLEU of summed counts, in [0, 1], exponentially smoothed; 0 where there is no text.

    Source:
        Papineni et al., BLEU (ACL 2002); Post, A Call for Clarity in Reporting BLEU Scores (WMT 2018).
    """
    from sacrebleu.metrics.bleu import BLEU

    right, total = [int(n) for n in counts[:4]], [int(n) for n in counts[4:8]]
    if not counts[8]:
        return 0.0
    scored = BLEU.compute_bleu(right, total, sys_len=int(counts[8]), ref_len=int(counts[9]), smooth_method="exp")
    return float(scored.score) / 100


@cache
def _bleu(tokenizer: str) -> Any:
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise ExtraMissingError("BLEU needs sacrebleu.", hint=install.hint("eval")) from error
    return BLEU(lowercase=True, tokenize=tokenizer, force=True, effective_order=True)


def meteor(text: str, references: Sequence[str]) -> float:
    """Give METEOR, the mean over references: exact words, then stems, then WordNet's synonyms where it is installed.

    Raises:
        ExtraMissingError: nltk is not installed.

    Source:
        Banerjee and Lavie, METEOR (2005), with the parameters of nltk (alpha 0.9, beta 3, gamma 0.5).
    """
    stem = stemmer()
    from nltk.translate.meteor_score import single_meteor_score

    said, synonyms = words(text), _synonyms()
    scores = [
        single_meteor_score(words(reference), said, stemmer=stem, wordnet=synonyms) if said and words(reference) else 0
        for reference in references
    ]
    return float(sum(scores) / len(scores))


def meteor_stages() -> str:
    """Say which stages METEOR has here."""
    return "exact, stem" if isinstance(_synonyms(), _NoSynonyms) else "exact, stem, WordNet"


class _NoSynonyms:
    """Stands where WordNet would: no word has another."""

    def synsets(self, _word: str) -> list[Any]:
        return []


@cache
def _synonyms() -> Any:
    """Load WordNet from a folder of this machine; nothing is ever fetched."""
    folder = Path(os.environ.get("WORDNET_FOLDER") or _WORDNET)
    if not (folder / "data.noun").is_file() or not (folder / "lexnames").is_file():
        return _NoSynonyms()
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    return WordNetCorpusReader(str(folder), None)
