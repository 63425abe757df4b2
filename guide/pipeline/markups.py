"""Markup that was made before, and what of the pack it was made of: while that is the same, it is not made again.

Rendering notes which fields of the pack are asked for. The result is kept, in this process and in the
store, with a digest of each of these fields: a card that is edited changes no document that prints none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from guide.content.digests import digest_of, digest_of_field
from guide.diagnostics.diagnostic import Diagnostic
from guide.html.faces import Faces
from guide.html.render import render
from guide.html.request import Request
from guide.model.artifacts import Html, Rendered
from guide.model.content import Question
from guide.model.pack import Pack
from guide.pipeline.inputs import digest_of_code
from guide.pipeline.task import Task

_FIELDS = frozenset(each.name for each in fields(Pack))
_MOST = 60  # results that a process keeps
_kept: OrderedDict[tuple[str, str], Any] = OrderedDict()


class _Noticing(Pack):
    """A pack that notes which of its fields are asked for."""

    noticed: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in _FIELDS:
            noticed = object.__getattribute__(self, "__dict__").get("noticed")
            if noticed is not None:
                noticed.add(name)
        return object.__getattribute__(self, name)

    def asking(self, questions: tuple[Question, ...]) -> Pack:
        """Return the pack with other questions, of which the same is noted."""
        return _noticing(self, self.noticed, questions=questions)


def _noticing(pack: Pack, noticed: set[str], **changes: Any) -> Pack:
    made = object.__new__(_Noticing)
    made.__dict__.update(vars(pack), **changes, noticed=noticed)
    return made


@dataclass(frozen=True)
class _Markup:
    """A document that was rendered, and the digests of the fields that it was made of."""

    of: Mapping[str, str]
    html: Html
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class _Cards:
    """The cards of a deck that were rendered, and the digests of the fields that they were made of."""

    of: Mapping[str, str]
    known: Mapping[str, Rendered]


def markup(task: Task, request: Request) -> tuple[Html | None, tuple[Diagnostic, ...]]:
    """Return what `render` gives, from an earlier run if it is the same."""
    # A plan takes no time; what changed since another version is no part of the pack.
    if request.cards or request.changes is not None:
        return render(request)
    key = _key("markup", task, request)
    kept: _Markup | None = _found(task, key, _Markup)
    if kept is not None and _same(request.pack, kept.of):
        return kept.html, kept.problems
    noticed = set[str]()
    html, problems = render(replace(request, pack=_noticing(request.pack, noticed)))
    if html is not None:
        _keep(task, key, _Markup(_digests(request.pack, noticed), html, problems))
    return html, problems


class KnownFaces:
    """The faces of a deck, of which some were rendered before."""

    def __init__(self, task: Task, request: Request) -> None:
        self._task, self._pack = task, request.pack
        self._noticed = set[str]()
        self._key = _key("cards", task, request)
        kept: _Cards | None = _found(task, self._key, _Cards)
        self._kept = kept if kept is not None and _same(self._pack, kept.of) else None
        self._noticed |= {*kept.of} if self._kept and kept else set()
        noticing = _noticing(request.pack, self._noticed)
        self.source = Faces(replace(request, pack=noticing), self._kept.known if self._kept else {})

    def keep(self) -> None:
        """Keep the cards, unless something was said of one: that must be said again."""
        known = self._kept.known if self._kept else {}
        if not self.source.problems and self.source.used.keys() != known.keys():
            _keep(
                self._task, self._key, _Cards(_digests(self._pack, self._noticed), self.source.used)
            )


def _key(what: str, task: Task, request: Request) -> str:
    """Return the key of a document for what it is made with, the pack and the cards aside."""
    apart = {
        "pack",
        "cards",
        "changes",
    }  # these are noticed, or looked at one by one, or never kept
    made_with = [getattr(request, each.name) for each in fields(Request) if each.name not in apart]
    return f"{what}:{digest_of(request.pack.name, *made_with, task.store.world, digest_of_code())}"


def _digests(pack: Pack, names: set[str]) -> dict[str, str]:
    return {name: digest_of_field(pack, name) for name in sorted(names)}


def _same(pack: Pack, digests: Mapping[str, str]) -> bool:
    return all(digest_of_field(pack, name) == before for name, before in digests.items())


def _found(task: Task, key: str, kind: type) -> Any:
    held = str(task.store.folder), key
    if held not in _kept and task.store.enabled:
        value = task.store.value(key, kind)
        if value is not None:
            _hold(held, value)
    return _kept.get(held) if task.store.enabled else None


def _keep(task: Task, key: str, value: Any) -> None:
    if task.store.enabled:
        _hold((str(task.store.folder), key), value)
        task.store.keep(key, value)


def _hold(held: tuple[str, str], value: Any) -> None:
    _kept[held] = value
    _kept.move_to_end(held)
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
