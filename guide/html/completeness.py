"""What a template must print: the fields that its kind says it prints whole, looked for in the markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from guide.diagnostics.diagnostic import Severity
from guide.html.views import (
    ActorGroup,
    CardView,
    Era,
    Letter,
    LinkView,
    QuizView,
    WorksheetView,
)
from guide.markup.visible import Run, runs
from guide.model.artifacts import Fault
from guide.model.letters import letters
from guide.model.parts import DERIVED, FIELDS

_SHOWN = 48
_CUT = "\x01"  # around a picture; no letter of a text

Field = tuple[str, str, Any]
"""The key of an item, the name of a field, and what is printed of it: a text or several.

A `Markup` is HTML; any other text is printed as it is, whatever signs it has.
"""


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
            for at, name, value in _fields(part, view):
                if self.chosen is None or at in self.chosen or part not in DERIVED:
                    yield at, name, value


_PRINTED_AS = {
    "answer": "answer_text", "as_of": "as_of_text", "body": "html", "date": "date_text",
    "span": "span_text", "text": "html",
}  # fmt: skip
"""The attributes of views that have another name than the field."""


def _fields(part: str, view: Any) -> Iterator[Field]:
    """Yield the fields of a view; of one that holds others, theirs."""
    match view:
        case (
            Era(_, inside) | ActorGroup(_, inside) | Letter(_, inside) | QuizView(questions=inside)
        ):
            for each in inside:
                yield from _fields(part, each)
        case WorksheetView(section=section):
            yield section.at, "title", section.title
            yield section.at, "body", view.html
            yield section.at, "gaps", [gap.answer for gap in view.gaps]
        case dict():
            for name in FIELDS["pack"]:
                yield f"pack/{name}", name, view[name]
        case LinkView():
            yield f"link-{view.number}", "url", view.url
        case CardView():
            for name in ("front", "back", "hint", "choices"):
                yield view.id, name, getattr(view, name)
            yield view.id, "image", view.image and Markup('<img src="{}">').format(view.image)
        case _:
            for name in FIELDS[part]:
                yield view.at, name, getattr(view, _PRINTED_AS.get(name, name))


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
    page = _Page(runs(markup))
    by_item: dict[str, list[tuple[str, str]]] = {}
    for part, names in whole.items():
        wanted = set(_named(names, options))
        for at, name, value in given.fields(part):
            if name in wanted:
                by_item.setdefault(at, []).extend((name, text) for text in _texts(value))
    faults = (_fault(at, texts, page, template, severity) for at, texts in by_item.items())
    return tuple(fault for fault in faults if fault)


def forgotten_of_card(
    names: Sequence[str], card: CardView, front: str, back: str, template: str, severity: Severity
) -> tuple[Fault, ...]:
    """Return a fault when a layout does not print a field of a card on the side where it belongs.

    The picture of a card may be on either side.
    """
    front_runs = [run._replace(at=card.id) for run in runs(front)]
    back_runs = [run._replace(at=card.id) for run in runs(back)]
    sides = {"back": _Page(back_runs), "image": _Page([*front_runs, *back_runs])}
    other = _Page(front_runs)
    by_side: dict[str, list[tuple[str, str]]] = {}
    for _, name, value in _fields("cards", card):
        if name in names:
            side = name if name in sides else ""
            by_side.setdefault(side, []).extend((name, text) for text in _texts(value))
    faults = (
        _fault(card.id, texts, sides.get(side, other), template, severity)
        for side, texts in by_side.items()
    )
    return tuple(fault for fault in faults if fault)


def _texts(value: Any) -> list[str]:
    """Return the texts of a field that has one or several; empty ones are none."""
    values = value if isinstance(value, list | tuple) else [value]
    return [text if isinstance(text, str) else str(text) for text in values if text]


def _fault(
    at: str, texts: list[tuple[str, str]], page: _Page, template: str, severity: Severity
) -> Fault | None:
    """Return a fault that names the first text of an item that is not printed, or None."""
    lost = page.lost(at, [text for _, text in texts])
    if not lost:
        return None
    name, text = texts[lost[0]]
    shown = _start(text)
    more = f" and {len(lost) - 1} more of this item" if len(lost) > 1 else ""
    verb = "are" if more else "is"
    reason = page.hidden_by(at, text)
    if reason:
        message = f"`{shown}` ({name}){more} {verb} hidden in {template} by `{reason}`"
        hint = f"Take `{reason}` off the element in {template} that prints it"
    else:
        message = f"`{shown}` ({name}){more} {verb} not printed by {template}"
        hint = f"Print it in {template}"
    own = "if it is left out on purpose, remove `{}` from `whole` in the kind's kind.toml"
    hint = f"{hint}; {own.format(name)}, or accept `lost-content` in pack.yaml."
    return Fault("lost-content", message, at, hint, severity, word=shown.rstrip("…"))


def _named(names: Iterable[str], options: Mapping[str, Any]) -> Iterator[str]:
    for each in names:
        name, _, condition = each.partition(" if ")
        if not condition or options.get(condition.strip()):
            yield name.strip()


def _start(text: str) -> str:
    found = runs(text) if isinstance(text, Markup) else [Run("", text)]
    plain = " ".join("".join(run.text for run in found).split())
    if not plain and isinstance(text, Markup):
        return "a picture"
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN].rsplit(" ", 1)[0] + "…"


def _folded(found: Iterable[Run]) -> str:
    """Return the letters of what is printed, with its pictures in their places."""
    pieces: list[str] = []
    plain: list[str] = []
    for run in found:
        if run.picture:
            pieces += [letters("".join(plain)), _CUT, run.picture, _CUT]
            plain = []
        else:
            plain.append(run.text)
    pieces.append(letters("".join(plain)))
    return "".join(pieces)


class _Page:
    """A document cut at the keys of its items; what is hidden is kept apart."""

    def __init__(self, found: Iterable[Run]) -> None:
        self.all: list[Run] = []
        self.hidden: dict[str, list[Run]] = {}
        self.of: dict[str, list[Run]] = {}
        for run in found:
            if run.hidden:
                self.hidden.setdefault(run.at.partition("/")[0], []).append(run)
                continue
            self.all.append(run)
            for key in _keys(run.at):
                self.of.setdefault(key, []).append(run)
        self._letters: dict[str, str] = {}
        self._signs: dict[str, str] = {}

    def lost(self, at: str, texts: Sequence[str]) -> list[int]:
        """Return which texts of an item are not printed in its elements, by their numbers.

        A text must be there as often as all texts of the item have it, so that a title is missed
        although the detail has its words. An item without elements may be printed anywhere.
        """
        counted = at in self.of
        wanted = [_letters_of(text) for text in texts]
        here = self._at(at, self._letters, _folded)
        lost: list[int] = []
        for number in sorted(range(len(texts)), key=lambda n: -len(wanted[n])):
            plain = wanted[number]
            if not plain:
                there = _signs(_runs_of(texts[number])) in self._at(at, self._signs, _signs)
            elif counted:
                others = (each for n, each in enumerate(wanted) if n not in lost)
                there = _count(plain, here) >= sum(_count(plain, each) for each in others)
            else:
                there = plain in here
            if not there:
                lost.append(number)
        return sorted(lost)

    def hidden_by(self, at: str, text: str) -> str:
        """Return what hides a text of an item; '' when it is not in the document at all."""
        plain = _letters_of(text)
        found = self.hidden.get(at.partition("/")[0], []) if at in self.of else None
        if found is None:
            found = [run for each in self.hidden.values() for run in each]
        if not plain or plain not in _folded(found):
            return ""
        own = (run.hidden for run in found if run.text.strip() and letters(run.text) in plain)
        return next(own, found[0].hidden)

    def _at(self, at: str, known: dict[str, str], fold: Callable[[list[Run]], str]) -> str:
        """Return what is printed of an item, folded once; of one without elements, all of it."""
        key = at if at in self.of else ""
        if key not in known:
            known[key] = fold(self.of.get(key, self.all))
        return known[key]


def _keys(at: str) -> set[str]:
    """Return the keys of all that a run belongs to: its block, the block's field and its item."""
    item = at.partition("/")[0]
    return {at, item, f"{item}{at[len(item) :].rpartition('-')[0]}"} - {""}


def _runs_of(text: str) -> Iterable[Run]:
    """Return the runs of a field: by its type, never by its signs, it is markup or a plain text."""
    return [r for r in runs(text) if not r.hidden] if isinstance(text, Markup) else [Run("", text)]


def _letters_of(text: str) -> str:
    return letters(text) if not isinstance(text, Markup) else _folded(_runs_of(text))


def _signs(found: Iterable[Run]) -> str:
    return "".join("".join(run.text for run in found).split())


def _count(text: str, inside: str) -> int:
    """Return how often a text is in another, counted at each letter."""
    found = 0
    at = inside.find(text)
    while at >= 0:
        found += 1
        at = inside.find(text, at + 1)
    return found
