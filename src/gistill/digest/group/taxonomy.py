"""A file of aspects that somebody wants to see, and the terms that belong to them. No model is asked.

strict: false            # true: what fits nowhere becomes "Other" instead of an aspect of its own
aspects:
  - name: Battery
    description: How long it runs, and how fast it fills.
    examples: [battery life, charge, runtime]
    categories: [battery]  # opinions of these categories too (gistill.categories), where the words say nothing else
    never: [battery acid]  # terms that do not belong to it, however near they are
  - Price
rules:                   # what a model that writes is told besides
  - Say "rider", not "customer".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from gistill.categories import CATEGORIES
from gistill.digest.group.cluster import alike, clash, nearest, remainders
from gistill.digest.group.terms import clean, normal, plain
from gistill.errors import SettingError
from gistill.schema import Noun
from gistill.vectors import TermVectors

OTHER = "Other"
NEAR = 0.62  # cosine to an example from which a term belongs to it; lower than for free terms: a user said what to find
_MOST_BYTES = 1_000_000
_MOST_RULES, _LONGEST_RULE = 10, 200  # a small model follows few and short ones; characters


class TaxonomyAspect(Noun):
    """One aspect to sort terms into. The description is for people and prompts; terms are matched by name and
    examples."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Taxonomy(Noun):
    """Aspects to sort terms into, and rules for writers. With `strict`, a term that fits none counts under "Other"."""

    aspects: tuple[TaxonomyAspect, ...] = Field(min_length=1)
    strict: bool = False
    rules: tuple[str, ...] = ()


def load_taxonomy(path: str | Path) -> Taxonomy:
    """Read a taxonomy file.

    The YAML is looked at node by node and no object is built from it, so tags and nested aliases do nothing.

    Args:
        path: A YAML file of at most 1 MB, in UTF-8, as the head of this module shows. An aspect may be just its name.

    Raises:
        SettingError: The file cannot be read or is not such a file; names the line, and the nearest key for a misspelt
            one.
    """
    file = str(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise SettingError(f"the taxonomy cannot be read: {error.strerror or error}", file=file) from error
    if len(raw) > _MOST_BYTES:
        raise SettingError(f"the taxonomy is {len(raw):,} bytes, more than {_MOST_BYTES:,}", file=file)
    try:
        root = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise SettingError(f"the taxonomy is not UTF-8 (byte {error.start})", file=file) from error
    except RecursionError as error:
        raise SettingError("the taxonomy is nested too deeply", file=file) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it does not parse"
        raise SettingError(f"the taxonomy is not YAML: {reason}", file=file, row=row) from error
    if root is None:
        raise SettingError("the taxonomy is empty", file=file, hint="It needs a list called aspects.")
    return _Reading(file).taxonomy(root)


class _Reading:
    """Turns the nodes of one file into a taxonomy, and what is wrong with one into a sentence with its line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.categories: set[str] = set()

    def wrong(self, message: str, node: Any, *, hint: str = "") -> SettingError:
        return SettingError(message, file=self.file, row=node.start_mark.line + 1, hint=hint)

    def taxonomy(self, root: Any) -> Taxonomy:
        """Read the whole file."""
        fields = self.mapping(root, ("aspects", "strict", "rules"), "the taxonomy")
        if "aspects" not in fields:
            raise self.wrong("the taxonomy has no aspects", root, hint="It needs a list called aspects.")
        nodes = self.sequence(fields["aspects"], "aspects")
        if not nodes:
            raise self.wrong("the list of aspects is empty", fields["aspects"])
        aspects: list[TaxonomyAspect] = []
        claimed: dict[str, str] = {}
        for node in nodes:
            aspect = self.aspect(node)
            for text in (aspect.name, *aspect.examples):
                owner = claimed.setdefault(plain(text), aspect.name)
                if text == aspect.name and any(plain(aspect.name) == plain(one.name) for one in aspects):
                    raise self.wrong(f"the name {aspect.name!r} is used twice", node)
                if owner != aspect.name:
                    raise self.wrong(f"{text!r} belongs both to {owner!r} and to {aspect.name!r}", node)
            aspects.append(aspect)
        strict = self.flag(fields["strict"]) if "strict" in fields else False
        rules = self.rules(fields["rules"]) if "rules" in fields else ()
        return Taxonomy(aspects=tuple(aspects), strict=strict, rules=rules)

    def rules(self, node: Any) -> tuple[str, ...]:
        """Read the sentences that a writer is told."""
        found = tuple(" ".join(self.named(one, "a rule").split()) for one in self.sequence(node, "rules"))
        if len(found) > _MOST_RULES or any(len(one) > _LONGEST_RULE for one in found):
            raise self.wrong(f"there are at most {_MOST_RULES} rules of {_LONGEST_RULE} characters", node)
        return found

    def aspect(self, node: Any) -> TaxonomyAspect:
        """Read one entry of the list."""
        if isinstance(node, yaml.ScalarNode):
            return TaxonomyAspect(name=self.named(node, "an aspect's name"))
        fields = self.mapping(node, ("name", "description", "examples", "categories", "never"), "an aspect")
        if "name" not in fields:
            raise self.wrong("an aspect has no name", node)
        examples = self.sequence(fields["examples"], "examples") if "examples" in fields else []
        categories = self.sequence(fields["categories"], "categories") if "categories" in fields else []
        never = self.sequence(fields["never"], "never") if "never" in fields else []
        return TaxonomyAspect(
            name=self.named(fields["name"], "an aspect's name"),
            description=self.text(fields["description"], "a description") if "description" in fields else "",
            examples=tuple(self.named(example, "an example") for example in examples),
            categories=tuple(map(self.category, categories)),
            never=tuple(self.named(term, "a term of never") for term in never),
        )

    def mapping(self, node: Any, keys: Sequence[str], what: str) -> dict[str, Any]:
        """Read keys and their nodes, each known and only once."""
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(f"{what} must be a mapping with the keys {', '.join(keys)}", node)
        fields: dict[str, Any] = {}
        for key, value in node.value:
            name = self.text(key, "a key")
            if name not in keys:
                close = difflib.get_close_matches(name, keys, n=1, cutoff=0.5)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(keys)}."
                raise self.wrong(f"{what} has an unknown key {name[:80]!r}", key, hint=hint)
            if name in fields:
                raise self.wrong(f"{what} has the key {name!r} twice", key)
            fields[name] = value
        return fields

    def sequence(self, node: Any, what: str) -> list[Any]:
        """Read a list."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(f"{what} must be a list", node)
        return list(node.value)

    def text(self, node: Any, what: str) -> str:
        """Read a text as it is written: `no` is the word, not a truth value."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(f"{what} must be a text", node)
        return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value).strip()

    def named(self, node: Any, what: str) -> str:
        """Read a text with at least one word."""
        text = self.text(node, what)
        if not plain(text):
            raise self.wrong(
                f"{what} is empty" if not clean(text) else f"{what} has no word in it: {text[:80]!r}", node
            )
        return text

    def category(self, node: Any) -> str:
        """Read a category's code, which no other aspect has named."""
        code = self.text(node, "a category")
        if code not in CATEGORIES:
            close = difflib.get_close_matches(code, CATEGORIES, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known categories: {', '.join(CATEGORIES)}."
            raise self.wrong(f"there is no category {code[:80]!r}", node, hint=hint)
        if code in self.categories:
            raise self.wrong(f"the category {code!r} belongs to two aspects", node)
        self.categories.add(code)
        return code

    def flag(self, node: Any) -> bool:
        """Read true or false."""
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:bool":
            raise self.wrong("strict must be true or false", node)
        return node.value.lower() in ("true", "yes", "on")


def claims(taxonomy: Taxonomy) -> dict[str, str]:
    """Plain form of every name and example -> the aspect it belongs to."""
    return {
        plain(text): aspect.name for aspect in reversed(taxonomy.aspects) for text in (aspect.name, *aspect.examples)
    }


def barred(taxonomy: Taxonomy) -> dict[str, frozenset[str]]:
    """Plain and normal form of every term of `never` -> the aspects that it does not belong to."""
    found: dict[str, set[str]] = {}
    for aspect in taxonomy.aspects:
        for text in aspect.never:
            for form in {plain(text), normal(text)} - {""}:
                found.setdefault(form, set()).add(aspect.name)
    return {form: frozenset(names) for form, names in found.items()}


def assign(terms: Iterable[str], taxonomy: Taxonomy, vectors: TermVectors) -> dict[str, str]:
    """Find the aspect that each term belongs to.

    First by the words: a term that is a name or an example. Then by its normal form, where that means one aspect only.
    Then by the nearest example whose meaning is near enough and whose words do not contradict it.

    Args:
        terms: Plain form where that is claimed, else normal form, so that a user may part what gistill takes for one.
        taxonomy: The aspects.
        vectors: To compare meanings.

    Returns:
        Term -> name of its aspect, for the terms that have one.
    """
    exact, never = claims(taxonomy), barred(taxonomy)
    levelled: dict[str, set[str]] = {}
    for text, name in exact.items():
        levelled.setdefault(normal(text), set()).add(name)
    meant = {form: next(iter(names)) for form, names in levelled.items() if form and len(names) == 1}
    found: dict[str, str] = {}
    rest: list[str] = []
    for term in terms:
        known = exact.get(term) or meant.get(term)
        if known and known not in never.get(term, ()):
            found[term] = known
        else:
            rest.append(term)
    examples = sorted(meant)
    similar = vectors.embed(rest) @ vectors.embed(examples).T
    remainder = remainders(vectors)
    for term, row in zip(rest, similar, strict=True):
        words = term.split()
        for place in nearest(row, NEAR):
            other = examples[place].split()
            if meant[examples[place]] in never.get(term, ()):
                continue
            if not clash(words, set(other)) and alike(words, other, float(row[place]), NEAR, NEAR, remainder):
                found[term] = meant[examples[place]]
                break
    return found
