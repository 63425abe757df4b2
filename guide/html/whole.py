"""What a template must print: the fields that its kind says it prints whole, looked for in the markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.errors import Severity
from guide.html.views import (
    ActorGroup,
    ActorView,
    CardView,
    Era,
    EventView,
    FactView,
    Letter,
    LinkView,
    QuestionView,
    QuizView,
    SectionView,
    SourceView,
    TermView,
    WorksheetView,
)
from guide.model.artifacts import Fault
from guide.model.kinds import FIELDS
from guide.model.letters import letters, letters_of_markup

_AT = re.compile(r'data-at="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_SHOWN = 48

Field = tuple[str, str, Any]
"""The key of an item, the name of a field, and what is printed of it: a text or several."""


@dataclass
class Given:
    """What the templates of a document were given: the views of each part; of the pack, a mapping.

    `chosen` are the keys of what a document that is filled may print; None when it prints all.
    """

    parts: dict[str, Sequence[Any]] = field(default_factory=dict)
    chosen: set[str] | None = None

    def fields(self, part: str) -> Iterator[Field]:
        """Yield the fields of a part, as `whole` in kind.toml names them."""
        for view in self.parts.get(part, ()):
            for at, name, value in _fields(view):
                if self.chosen is None or at in self.chosen or part not in _CHOSEN:
                    yield at, name, value


_CHOSEN = {"timeline", "actors", "facts", "glossary"}


def _fields(view: Any) -> Iterator[Field]:
    """Yield the fields of a view; of one that holds others, theirs."""
    inside: Iterable[Any] = ()
    match view:
        case Era(events=inside) | ActorGroup(actors=inside) | Letter(entries=inside):
            pass
        case QuizView(questions=inside):
            pass
        case WorksheetView(section=section):
            yield section.at, "title", section.title
            yield section.at, "body", view.html
            yield section.at, "gaps", [gap.answer for gap in view.gaps]
        case dict():
            for name in FIELDS["pack"]:
                yield f"pack/{name}", name, view[name]
        case SectionView():
            for name in ("title", "summary", "objectives", "key_points"):
                yield view.at, name, getattr(view, name)
            yield view.at, "body", view.html
        case EventView():
            yield view.at, "date", view.date_text
            yield view.at, "title", view.title
            yield view.at, "detail", view.detail
        case ActorView():
            for name in ("name", "abbreviation", "role", "detail"):
                yield view.at, name, getattr(view, name)
            yield view.at, "span", view.span_text
        case FactView():
            for name in ("label", "value", "unit"):
                yield view.at, name, getattr(view, name)
            yield view.at, "as_of", view.as_of_text
        case TermView():
            for name in ("term", "abbreviation", "aliases", "definition"):
                yield view.at, name, getattr(view, name)
        case QuestionView():
            for name in ("prompt", "options", "items", "explanation"):
                yield view.at, name, getattr(view, name)
            yield view.at, "pairs", [*view.pairs_left, *view.pairs_right]
            yield view.at, "answer", view.answer_text
        case SourceView():
            yield view.at, "text", view.html
        case LinkView():
            yield f"link-{view.number}", "url", view.url
        case CardView():
            for name in ("front", "back", "hint", "choices"):
                yield view.id, name, getattr(view, name)
    for each in inside:
        yield from _fields(each)


def forgotten(
    whole: Mapping[Any, Sequence[str]],
    given: Given,
    options: Mapping[str, Any],
    markup: str,
    template: str,
    severity: Severity,
) -> tuple[Fault, ...]:
    """Return a fault for each item of which a template prints less than its kind says.

    `whole` names the fields of each part; `summary if glance` is printed when that option is true.
    An item is looked for in the elements with its key in `data-at`, or anywhere when it has none.
    """
    printed = _Markup(markup)
    by_item: dict[str, list[tuple[str, str]]] = {}
    for part, names in whole.items():
        wanted = set(_named(names, options))
        for at, name, value in given.fields(part):
            if name not in wanted:
                continue
            for text in value if isinstance(value, list | tuple) else [value]:
                if text and not printed.has(at, str(text)):
                    by_item.setdefault(at, []).append((name, str(text)))
    return tuple(_fault(at, texts, template, severity) for at, texts in by_item.items())


def forgotten_of_card(
    names: Sequence[str], card: CardView, front: str, back: str, template: str, severity: Severity
) -> tuple[Fault, ...]:
    """Return a fault when a layout does not print a field of a card on the side where it belongs."""
    sides = {"back": _Markup(back)}
    other = _Markup(front)
    texts = [
        (name, str(text))
        for _, name, value in _fields(card) if name in names
        for text in (value if isinstance(value, list) else [value])
        if text and not sides.get(name, other).has(card.id, str(text))
    ]  # fmt: skip
    return (_fault(card.id, texts, template, severity),) if texts else ()


def _fault(at: str, texts: list[tuple[str, str]], template: str, severity: Severity) -> Fault:
    name, text = texts[0]
    more = f", with {len(texts) - 1} more texts," if len(texts) > 1 else ""
    message = f"`{_start(text)}` ({name}){more} is not printed by {template}"
    hint = f"Print it in {template}, or take it out of `whole` in the kind's kind.toml."
    return Fault("lost-content", message, at, hint, severity, word=_start(text).rstrip("…"))


def _named(names: Iterable[str], options: Mapping[str, Any]) -> Iterator[str]:
    for each in names:
        name, _, condition = each.partition(" if ")
        if not condition or options.get(condition.strip()):
            yield name.strip()


def _start(text: str) -> str:
    plain = " ".join(_TAG.sub("", text).split())
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN].rsplit(" ", 1)[0] + "…"


class _Markup:
    """A document cut at the keys of its items."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        cut: dict[str, list[str]] = {}
        keys = list(_AT.finditer(markup))
        ends = [*(key.start() for key in keys[1:]), len(markup)][: len(keys)]
        for key, end in zip(keys, ends, strict=True):
            cut.setdefault(key[1].partition("/")[0], []).append(markup[key.end() : end])
            if "/" in key[1]:
                cut.setdefault(key[1], []).append(markup[key.end() : end])
        self.parts = {key: "".join(f"<p{part}" for part in texts) for key, texts in cut.items()}
        self._plain: dict[str, str] = {}
        self._letters: dict[str, str] = {}

    def has(self, at: str, text: str) -> bool:
        """Tell whether a text, as it is or in other markup, stands in the elements of an item."""
        part = self.parts.get(at, self.markup)
        if "<" in text and text in (self.markup if "data-at=" in text else part):
            return True
        key = at if at in self.parts else ""
        if key not in self._plain:  # attributes repeat what may not be printed
            self._plain[key] = _TAG.sub("", part)
        if text in self._plain[key]:
            return True
        if key not in self._letters:
            self._letters[key] = letters_of_markup(self._plain[key])
        wanted = letters_of_markup(text) if "<" in text or "&" in text else letters(text)
        return wanted in self._letters[key]
