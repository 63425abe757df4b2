"""Glossary terms that link by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from guide.html.parts import index

GLOSSARY = """\
- term: enclave
  aliases: [pocket of land]
  definition: d
- term: Kosovo Force
  abbreviation: KFOR
  definition: d
- term: boundary
  definition: d
- term: Kosovo
  definition: d
"""


def links(html: str) -> list[tuple[str, str]]:
    """Return the linked terms of a text: id and wording."""
    return re.findall(r'<a class="term" href="#term-([\w-]+)"[^>]*>([^<]*)</a>', html)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An enclave, an enclave.", [("enclave", "enclave")]),
        ("Enclaves first, enclave next.", [("enclave", "Enclaves")]),
        ("Two boundaries.", [("boundary", "boundaries")]),
        ("A pocket of land.", [("enclave", "pocket of land")]),
        pytest.param("A pocket of\nland.", [("enclave", "pocket of\nland")]),
        ("The Kosovo Force in Kosovo.", [("kosovo-force", "Kosovo Force"), ("kosovo", "Kosovo")]),
        ("KFOR and the Kosovo Force.", [("kosovo-force", "KFOR")]),
        ("kfor, Kfor.", []),
        ("enclaved, sub-enclave, enclave-like, enclave_x.", []),
        ("# An enclave\n\nText.", []),
        ("# An enclave\n\nAn enclave.", [("enclave", "enclave")]),
        ("[an enclave](https://example.org) and `enclave`\n\n```\nenclave\n```\n", []),
        ("[[enclave]] and enclave.", [("enclave", "enclave")]),
        ("enclave and [[enclave|it]].", [("enclave", "enclave"), ("enclave", "it")]),
        ("A note.[^1]\n\n[^1]: An enclave.", []),
        ("| enclave |\n|---|\n| enclave |\n", [("enclave", "enclave")]),
        ("**enclave** and *KFOR*", [("enclave", "enclave"), ("kosovo-force", "KFOR")]),
        ("An ENCLAVE.", []),
    ],
)  # fmt: skip
def test_what_is_linked(text: str, expected: list[tuple[str, str]], make: Callable[..., Any]) -> None:
    """The first whole-word use in running text links, in singular or plural, and nothing else."""
    assert links(make(text, glossary_yaml=GLOSSARY).html) == expected


def test_each_section_links_anew(make: Callable[..., Any]) -> None:
    """A term links once in each section, and the index leads to each."""
    made = make("An enclave. Enclave.", "An enclave.", glossary_yaml=GLOSSARY)
    assert links(made.html) == [("enclave", "enclave")] * 2
    assert [(e.term, e.refs) for e in index(made.document)] == [("enclave", ["ix-1--enclave", "ix-2--enclave"])]


@pytest.mark.parametrize("where", [{"manifest": "autolink: false\n"}, {"front": "autolink: false\n"}])
def test_no_autolink(where: dict[str, str], make: Callable[..., Any]) -> None:
    """With autolink off, only terms in double brackets link."""
    made = make("An enclave and [[KFOR]].", glossary_yaml=GLOSSARY, **where)
    assert links(made.html) == [("kosovo-force", "KFOR")]


@pytest.mark.parametrize(
    ("lang", "term", "text", "shown"),
    [
        ("de", "Enklave", "Zwei Enklaven.", "Enklaven"),
        ("fr", "bureau", "Deux bureaux.", "bureaux"),
        ("fr", "tribunal", "Des tribunaux.", "tribunaux"),
        ("sr-Cyrl", "енклава", "Једна енклава.", "енклава"),
        ("sq", "enklavë", "Një enklavë.", "enklavë"),
    ],
)
def test_plurals_by_language(lang: str, term: str, text: str, shown: str, make: Callable[..., Any]) -> None:
    """The regular plurals of the pack's language are found."""
    made = make(text, manifest=f"lang: {lang}\n", glossary_yaml=f"- id: x\n  term: {term}\n  definition: d\n")
    assert links(made.html) == [("x", shown)]
