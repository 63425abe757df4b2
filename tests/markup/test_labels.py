"""Labels, dates and numbers in six languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guide.content.library import load_kinds
from guide.markup.labels import CATALOGUES, Labels, catalogue
from guide.model.dates import Date
from guide.model.markup import BOXES
from guide.resources import TEMPLATES

CODE = Path(__file__).parents[2] / "guide"
CHOSEN = {"True", "False", "front", "back", "Figure", "Table", "Section",
          "Print at 100 %, flip on the long edge", "Print at 100 %, flip on the short edge"}  # fmt: skip


def wanted() -> set[str]:
    """Return every label that templates and code ask for."""
    found = {box.capitalize() for box in BOXES} | CHOSEN | {kind.title for kind in load_kinds().values()}
    for path in TEMPLATES.rglob("*.html"):
        found |= set(re.findall(r"""\bt\(\s*["']([^"']+)["']""", path.read_text("utf-8")))
    for path in CODE.rglob("*.py"):
        found |= set(re.findall(r"""\b(?:labels|self)\(\s*["']([^"']+)["']\s*\)""", path.read_text("utf-8")))
    return found


def test_the_search_finds_labels() -> None:
    """The search for labels finds those of templates and those of code."""
    assert {"Contents", "Document control", "since", "BCE", "Version %(version)s"} <= wanted()


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_label_is_translated(name: str) -> None:
    """Every label that a document can print is in the catalogue, with the same placeholders."""
    known = catalogue(name)
    assert sorted(wanted() - set(known)) == []
    for text, said in known.items():
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", said)), text


def test_catalogues_have_the_same_labels() -> None:
    """No catalogue has a label that another one has not."""
    assert len({frozenset(catalogue(name)) for name in CATALOGUES}) == 1


DATES = ("1999-06-12", "1999-06", "1999", "~1998", "-0044-03-15")
SAID = {
    "en": ["June 12, 1999", "June 1999", "1999", "c. 1998", "March 15, 44 BCE"],
    "de": ["12. Juni 1999", "Juni 1999", "1999", "um 1998", "15. März 44 v. Chr."],
    "fr": ["12 juin 1999", "juin 1999", "1999", "vers 1998", "15 mars 44 av. J.-C."],
    "sq": ["12 qershor 1999", "qershor 1999", "1999", "rreth 1998", "15 mars 44 p.e.s."],
    "sr-Cyrl": ["12. јун 1999.", "јун 1999.", "1999", "око 1998", "15. март 44. п. н. е."],
    "sr-Latn": ["12. jun 1999.", "jun 1999.", "1999", "oko 1998", "15. mart 44. p. n. e."],
}
SPANS = {
    "en": ("June 10, 1999 – June 12, 1999", "1990s", "14th century", "since 1999"),
    "de": ("10.–12. Juni 1999", "1990er-Jahre", "14. Jahrhundert", "seit 1999"),
    "fr": ("10–12 juin 1999", "Années 1990", "14e siècle", "depuis 1999"),
    "sq": ("10–12 qershor 1999", "Vitet 1990", "Shekulli 14.", "që nga 1999"),
    "sr-Cyrl": ("10.–12. јун 1999.", "1990-е", "14. век", "од 1999"),
    "sr-Latn": ("10.–12. jun 1999.", "1990-e", "14. vek", "od 1999"),
}


@pytest.mark.parametrize("lang", SAID)
def test_dates(lang: str) -> None:
    """A date is printed as exactly as it is known, in each language."""
    labels = Labels(lang)
    assert [labels.date(Date.parse(text)) for text in DATES] == SAID[lang]


@pytest.mark.parametrize("lang", SPANS)
def test_spans_and_eras(lang: str) -> None:
    """Days of one month share it where the day comes first; decades and centuries have names."""
    labels, date = Labels(lang), Date.parse
    found = (
        labels.date(date("1999-06-10"), date("1999-06-12")),
        labels.era(date("1999")),
        labels.era(date("1389")),
        labels.span(date("1999"), None),
    )
    assert found == SPANS[lang]


def test_open_and_equal_spans() -> None:
    """A span of one date is that date; one without dates is nothing."""
    labels, date = Labels("en"), Date.parse
    assert labels.date(date("1999"), date("1999")) == "1999"
    assert labels.date(date("1999"), date("2001")) == "1999–2001"
    assert labels.span(None, date("2001-02")) == "until February 2001"
    assert labels.span(None, None) == labels.date(None) == ""


@pytest.mark.parametrize(
    ("lang", "name", "direction"),
    [
        ("en-US", "en", "ltr"), ("de-AT", "de", "ltr"), ("sr", "sr_Cyrl", "ltr"), ("sr-Latn", "sr_Latn", "ltr"),
        ("sr-Latn-RS", "sr_Latn", "ltr"), ("ar", "en", "rtl"), ("xx", "en", "ltr"),
    ],
)  # fmt: skip
def test_languages_without_a_catalogue_of_their_own(lang: str, name: str, direction: str) -> None:
    """A language takes the catalogue of its parent, else English, and keeps its direction."""
    labels = Labels(lang)
    assert (labels.catalogue_name, labels.direction) == (name, direction)
