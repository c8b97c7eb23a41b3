"""Write the most frequent words of languages in the forms in which they are written, a line each.

    python benchmarks/frequent_words.py WORDS.txt [--languages de,fr,...] [--count 50000]

Which word pieces a multilingual reader needs is chosen by them (`gistill.train.reader.vocabulary`). A word stands as it
is, with a capital letter, after a hyphen (the pieces inside words) and, where it is short, in capitals. Frequencies are
those of `wordfreq` (requirements.txt).
"""

from __future__ import annotations

import argparse
from pathlib import Path

LANGUAGES = "en,de,fr,es,it,pt,nl,pl,tr,ru,ar,zh,ja"
SHORT = 8  # letters


def forms(word: str) -> list[str]:
    """List the forms of a word."""
    capitals = [word.upper()] if len(word) < SHORT else []
    return sorted({word, word[:1].upper() + word[1:], f"-{word}", *capitals})


def main() -> None:
    """Write the words; see the module."""
    from wordfreq import top_n_list

    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path)
    ask.add_argument("--languages", default=LANGUAGES)
    ask.add_argument("--count", type=int, default=50_000, help="words of each language (50000)")
    given = ask.parse_args()
    with given.out.open("w", encoding="utf-8") as out:
        for language in given.languages.split(","):
            for word in top_n_list(language, given.count):
                out.writelines(form + "\n" for form in forms(word))


if __name__ == "__main__":
    main()
