"""The taxonomy file: what it may say, what is wrong with one, and which terms it claims."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.digest.group.grouping import group
from gistill.digest.group.taxonomy import Taxonomy, TaxonomyAspect, assign, load_taxonomy
from gistill.digest.group.terms import normal
from gistill.digest.summary.summarizing import summarize
from gistill.errors import SettingError
from gistill.lm.fake import ScriptedModel
from gistill.vectors import TermVectors, load_vectors
from opinions import BATTERY, world


@pytest.fixture(scope="module")
def vectors() -> TermVectors:
    return load_vectors()


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "aspects.yaml"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path


def test_a_full_file_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """# what we look at
strict: true
aspects:
  - name: Battery
    description: How long it runs.
    examples: [battery life, runtime]
  - Price
  - name: Yes    # YAML would say true
""",
    )
    expected = Taxonomy(
        strict=True,
        aspects=(
            TaxonomyAspect(name="Battery", description="How long it runs.", examples=("battery life", "runtime")),
            TaxonomyAspect(name="Price"),
            TaxonomyAspect(name="Yes"),
        ),
    )
    assert load_taxonomy(path) == expected


def test_a_byte_order_mark_and_accents_are_fine(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + "aspects: [Akku, Qualität, 电池]".encode())
    assert [aspect.name for aspect in load_taxonomy(path).aspects] == ["Akku", "Qualität", "电池"]


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", None, "is empty", "aspects"),
        ("# nothing\n", None, "is empty", "aspects"),
        ("- Battery\n", 1, "must be a mapping", ""),
        ("strict: true\n", 1, "has no aspects", "aspects"),
        ("aspects: []\n", 1, "list of aspects is empty", ""),
        ("aspects: Battery\n", 1, "aspects must be a list", ""),
        ("aspcts: [Battery]\n", 1, "unknown key 'aspcts'", "Did you mean 'aspects'?"),
        ("aspects:\n  - name: A\n    exampels: [b]\n", 3, "unknown key 'exampels'", "Did you mean 'examples'?"),
        ("aspects:\n  - name: A\n    zzz: [b]\n", 3, "unknown key 'zzz'", "examples, categories, never."),
        ("aspects:\n  - description: A\n", 2, "has no name", ""),
        ("aspects:\n  - name: ''\n", 2, "name is empty", ""),
        ("aspects:\n  - name:\n", 2, "name is empty", ""),
        ("aspects:\n  - name: '!!'\n", 2, "no word in it", ""),
        ("aspects:\n  - name: [a]\n", 2, "must be a text", ""),
        ("aspects:\n  - name: A\n    name: B\n", 3, "has the key 'name' twice", ""),
        ("aspects:\n  - Battery\n  - Screen\n  - batteries\n", 4, "'batteries' is used twice", ""),
        ("aspects:\n  - Battery\n  - name: Power\n    examples: [battery]\n", 3, "belongs both to 'Battery'", ""),
        ("aspects:\n  - name: A\n    examples: runtime\n", 3, "examples must be a list", ""),
        ("aspects: [Battery]\nstrict: maybe\n", 2, "strict must be true or false", ""),
        ("aspects: [Battery\nstrict: yes\n", 2, "not YAML", ""),
        ("aspects:\n\t- Battery\n", 2, "not YAML", ""),
        ("aspects: [*nowhere]\n", 1, "not YAML", ""),
        ("<<: {aspects: [A]}\n", 1, "unknown key '<<'", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, text: str, line: int | None, message: str, hint: str
) -> None:
    with pytest.raises(SettingError) as caught:
        load_taxonomy(write(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.file, caught.value.row) == (str(tmp_path / "aspects.yaml"), line)
    assert hint in caught.value.hint


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        load_taxonomy(tmp_path / "none.yaml")


def test_hostile_yaml_does_nothing(tmp_path: Path) -> None:
    """No object is built, no alias is unrolled, and what is too big or too deep is refused."""
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    for text in (
        bomb,
        "aspects: [!!python/object/apply:os.system ['true']]\n",
        "aspects: " + "[" * 3_000,
        b"\xff\xfeaspects",
        b"aspects: [\x00]",
        "aspects: &a [*a]\n",
        "x" * 1_000_001,
    ):
        with pytest.raises(SettingError):
            load_taxonomy(write(tmp_path, text))


@given(st.text(max_size=200))
def test_any_text_is_a_taxonomy_or_a_setting_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read = load_taxonomy(path)
    except SettingError as error:
        said = str(error)
    else:
        said = str(path) if read.aspects else ""
    assert said.startswith(str(path))


def claimed(taxonomy: Taxonomy, vectors: TermVectors, *terms: str) -> dict[str, str | None]:
    found = assign([normal(term) for term in terms], taxonomy, vectors)
    return {term: found.get(normal(term)) for term in terms}


TAXONOMY = Taxonomy(
    aspects=(
        TaxonomyAspect(name="Battery", examples=("battery life", "charge", "runtime")),
        TaxonomyAspect(name="Delivery", examples=("courier",)),
        TaxonomyAspect(name="Shipping cost", examples=("postage",)),
        TaxonomyAspect(name="Sound", examples=("bass", "volume", "USB 3 audio")),
        TaxonomyAspect(name="Rear camera"),
    )
)


def test_terms_go_by_words_then_by_meaning(vectors: TermVectors) -> None:
    assert claimed(TAXONOMY, vectors, "The batteries", "charge", "sound quality", "delivery", "speed") == {
        "The batteries": "Battery",
        "charge": "Battery",
        "sound quality": "Sound",
        "delivery": "Delivery",
        "speed": None,
    }
    assert claimed(TAXONOMY, vectors, "audio", "charging", "zipper") == {
        "audio": "Sound",
        "charging": "Battery",
        "zipper": None,
    }


def test_contradicting_words_keep_a_term_out(vectors: TermVectors) -> None:
    found = claimed(TAXONOMY, vectors, "front camera", "usb 2 audio", "battery charger", "rear cameras")
    assert found == {"front camera": None, "usb 2 audio": None, "battery charger": None, "rear cameras": "Rear camera"}


def test_an_aspect_may_claim_categories_and_each_belongs_to_one_aspect(tmp_path: Path) -> None:
    one = "aspects:\n  - name: Money\n    categories: [billing, price]\n"
    (aspect,) = load_taxonomy(write(tmp_path, one)).aspects
    assert aspect.categories == ("billing", "price")
    with pytest.raises(SettingError, match="row 3: there is no category 'biling'") as refused:
        load_taxonomy(write(tmp_path, one.replace("billing", "biling")))
    assert refused.value.hint == "Did you mean 'billing'?"
    with pytest.raises(SettingError, match="row 5: the category 'price' belongs to two aspects"):
        load_taxonomy(write(tmp_path, one + "  - name: Cost\n    categories: [price]\n"))


def test_a_term_that_never_belongs_to_an_aspect_goes_elsewhere(vectors: TermVectors) -> None:
    """The near term goes to the next aspect that is near enough, or to none."""
    near = Taxonomy(aspects=(TaxonomyAspect(name="Battery", examples=("charger",)),))
    assert assign(["battery", "charging cable"], near, vectors)["battery"] == "Battery"
    apart = Taxonomy(aspects=(TaxonomyAspect(name="Battery", examples=("charger",), never=("chargers", "battery")),))
    assert assign(["battery", "charger"], apart, vectors) == {}


def test_never_holds_against_a_category_too() -> None:
    """An opinion about an invoice has the category price; the taxonomy says that invoices are no matter of money."""
    here = world([("The invoice was clear.", "invoice", "clear", "positive")] * 2)
    opinions = [one.model_copy(update={"category": "price"}) for one in here.opinions]
    kinds = TaxonomyAspect(name="Money", categories=("price",))
    inside = group(opinions, here.records.values(), taxonomy=Taxonomy(aspects=(kinds,)))
    assert set(inside.topics.values()) == {"Money"}
    told = Taxonomy(aspects=(kinds.model_copy(update={"never": ("invoice",)}),))
    assert not group(opinions, here.records.values(), taxonomy=told).topics


def test_rules_are_read_and_told_to_the_writer(tmp_path: Path) -> None:
    file = write(tmp_path, 'aspects: [Battery]\nrules:\n  - Say "rider", not "customer".\n')
    rules = load_taxonomy(file).rules
    assert rules == ('Say "rider", not "customer".',)
    here = world(BATTERY)
    for asked in (rules, ()):
        model = ScriptedModel(lambda request: "It explodes.")
        summarize([here.aspect()], here.opinions, here.records.values(), writer=model, rules=asked)
        assert len(model.calls) == 2  # a draft, and a better one
        told = [request.messages[0].content for call in model.calls for request in call]
        assert all(one.endswith(rules[0]) == bool(asked) for one in told)
    with pytest.raises(SettingError, match="row 2: there are at most 10 rules"):
        load_taxonomy(write(tmp_path, "aspects: [Battery]\nrules: [" + ", ".join(["Be brief."] * 11) + "]\n"))
