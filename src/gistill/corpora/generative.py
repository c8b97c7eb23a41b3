"""Generative-ABSA's UABSA: (aspect, polarity) pairs on SemEval 2014. No licence stated: for measuring only.

Format, one sentence a line: `tokens joined by spaces####[([aspect token indexes], 'POS'), ...]`.
Source: Zhang et al., Towards Generative Aspect-Based Sentiment Analysis (ACL 2021).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.asqp import label_lines
from gistill.corpora.aste import POLARITIES
from gistill.corpora.labelled import Source, join_tokens, open_part
from gistill.corpora.tuples import Example, Quad, from_quads
from gistill.errors import InputError

SOURCE = Source(
    name="generative-absa",
    address="https://github.com/IsakZhang/Generative-ABSA",
    licence="",
    ship=False,
    files={
        "data/uabsa/laptop14/train.txt": "cf54304c220a2a7f5702c73bbaa7dcba9139f39701022372498b6eeda9d66244",
        "data/uabsa/laptop14/dev.txt": "d11b5d0613e3b4084f3dff13fbf65c71acea484d288c138bd8225deb4147c149",
        "data/uabsa/laptop14/test.txt": "144f30941e12f7407cf8f52e7a739f0e5c3212f32a35649901783c7344df713a",
        "data/uabsa/rest14/train.txt": "706aafdabae2550101f3965ef4997d3279f69189878e8909273ff8269f599719",
        "data/uabsa/rest14/dev.txt": "846aa8fbd5988e03272aca7c9dcda6c4a3f7add455124449d62a269ba3e93fc6",
        "data/uabsa/rest14/test.txt": "850f7988e86b363f6a1cafa9f0e1ca8a6eaa560a026929c39a6d9308b9b835e9",
    },
)


def load(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part as (aspect, polarity) pairs; a sentence without one has no opinions about a named target.

    Args:
        domain: "laptop14" or "rest14".
        part: "train", "dev" or "test".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    file = f"data/uabsa/{domain}/{part}.txt"
    examples = []
    for number, sentence, labels in label_lines(open_part(SOURCE, file, folder=folder), file=file):
        text, places = join_tokens(sentence.split(" "), raw=False)
        pairs: list[Quad] = []
        try:
            for indexes, polarity in labels:
                if min(indexes) < 0:  # Python would count from the end
                    raise IndexError(f"index {min(indexes)} is before the sentence")
                aspect = text[places[min(indexes)][0] : places[max(indexes)][1]]
                pairs.append((aspect, None, None, POLARITIES[polarity]))
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise InputError(f"not a line of aspects ({error})", file=file, row=number) from error
        examples.append(from_quads(text, "tsa", pairs, source=f"gabsa/{domain}/{part}"))
    return examples
