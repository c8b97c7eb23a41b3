"""OATS: what a whole review says of each category. No licence stated: for measuring only.

Format, one review a line: `review####[['category', 'polarity'], ...]`. The polarity is the dominating one of the
review; "conflict" where none dominates, which gistill leaves out and counts.
Source: Chebolu et al., OATS: A Challenge Dataset for Opinion Aspect Target Sentiment Joint Detection (COLING 2024).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.asqp import label_lines
from gistill.corpora.labelled import Source, open_part
from gistill.corpora.tuples import Example, Quad, from_quads
from gistill.errors import InputError

SOURCE = Source(
    name="oats-absa",
    address="https://github.com/RiTUAL-UH/OATS-ABSA",
    licence="",
    ship=False,
    files={
        "data/amazon_ff/tuples/train.txt": "2e8f9edfd34aa50a519c7e2525355f0ab490cb06e3f42ab6c1b49a32579faaa3",
        "data/amazon_ff/tuples/dev.txt": "1cd773d6466d31d5f497636b39c81bf42b517c78e5522473325cde26ad9c7d83",
        "data/coursera/tuples/train.txt": "68b88809b97265b2a4681099d47976142de394fd89a07f44abf8c0ff45f8c6f4",
        "data/coursera/tuples/dev.txt": "c1fff4c29fcb36f9045ef989d8abf301b66d93b46e6662b3df847e38dff8f5fc",
        "data/hotels/tuples/train.txt": "7a7ec053011b8b96aa575a78caa4b85127f41f98552fa187f29a9440468c7346",
        "data/hotels/tuples/dev.txt": "25512290a34b108db28c2f6f18cb5b5d2f71826208782db626d22de423de3ae5",
    },
)


def load(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part as (category, polarity) pairs of whole reviews.

    Args:
        domain: "amazon_ff", "coursera" or "hotels".
        part: "train" or "dev".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    file = f"data/{domain}/tuples/{part}.txt"
    examples = []
    for number, text, labels in label_lines(open_part(SOURCE, file, folder=folder), file=file):
        try:
            pairs: list[Quad] = [(None, category, None, polarity) for category, polarity in labels]
            examples.append(from_quads(text, "asa", pairs, source=f"oats/{domain}/{part}"))
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(f"not a line of categories ({error})", file=file, row=number) from error
    return examples
