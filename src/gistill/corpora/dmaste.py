"""DMASTE: triplets with implicit aspects on whole Amazon reviews of four domains. MIT.

Format, one review a line: `tokens####[([a..], [o..], 'POS'), ...]####Category`; `[-1]` is an implicit aspect.
Source: Xu et al., Measuring Your ASTE Models in The Wild (Findings of ACL 2023).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.aste import parse_line
from gistill.corpora.labelled import Labelled, Source, open_part

DOMAINS = ("beauty", "electronics", "fashion", "home")
SOURCE = Source(
    name="dmaste",
    address="https://github.com/NJUNLP/DMASTE",
    licence="MIT",
    ship=True,
    files={
        "dataset/beauty/train.txt": "84f21dad67479c4def3b9f0e558ebcf19065ba5efb7f082d3ffc48c1e71761e7",
        "dataset/beauty/dev.txt": "91716cd69a771bebba62c107c064e74240c0e79a39642a98dff34cead7f07834",
        "dataset/beauty/test.txt": "a9d2b1eca11af4703ecd5eb435852374e382f7173488c912fa50c40a4d2e461c",
        "dataset/electronics/train.txt": "3c5289fd4c02f6e38eabca3872f45988bc96e3ed786c8a4097b2759da0ddb64e",
        "dataset/electronics/dev.txt": "64afaaa9fffe14d16485aee487e12750a8fdc684ce217c9a8c9604e0daef994d",
        "dataset/electronics/test.txt": "9b73c580fb1fe7a682c803a15972bca5be4df456ee0eae56a3f415a81446ebbb",
        "dataset/fashion/train.txt": "e0dba42ba613efa015d4b3d25e67f8f4be7ef34cf7f7fea55166693991e8b27b",
        "dataset/fashion/dev.txt": "e796797deb1cffe55a5433189d6108de60c01280bba952e444390ce2fef8a866",
        "dataset/fashion/test.txt": "7120152b49abd27d262adc2d28dffa37f69885d056b74870a72f4ce0fdac19e1",
        "dataset/home/train.txt": "1b1feaf2bfe49d62ec84c77d99ea8e215ea642c17b0a9045149dc3ac3cc90ffa",
        "dataset/home/dev.txt": "003bdaaa2c0319aadeb710ab8966e6aa5b59904e6e2b256dea9d2a33977b0429",
        "dataset/home/test.txt": "55a2e4d8e94b06d5fc4c33b3b7711a906e4a9127f69a3bbf08d3142c3516dc63",
    },
)


def load(domain: str, part: str, *, folder: Path, raw: bool = False) -> list[Labelled]:
    """Load one part of one domain, a whole review each.

    Args:
        domain: One of `DOMAINS`.
        part: "train", "dev" or "test".
        folder: The data folder.
        raw: Undo the tokenisation, see `labelled.join_tokens`.
    """
    file = f"dataset/{domain}/{part}.txt"
    examples = []
    for number, line in enumerate(open_part(SOURCE, file, folder=folder).splitlines(), 1):
        if line.strip():
            text, triplets = parse_line(line, number=number, file=file, raw=raw)
            group = f"dmaste/{domain}/{part}/{number}"
            examples.append(Labelled(text, triplets, implicit_aspects=True, source=f"dmaste/{domain}", group=group))
    return examples
