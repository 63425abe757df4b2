"""Which documents a run makes of a pack, each with its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guide.content.editions import empty, nothing_for, spared
from guide.content.library import check_theme, load_kinds, resolve_options, theme_of_cards
from guide.content.overrides import unlisted
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.kinds import Kind
from guide.model.pack import Pack
from guide.pipeline.task import Order, Task
from guide.units import parse_paper

MOST_DOCUMENTS = 200  # files of one build


def wanted(task: Task) -> Iterator[Kind]:
    """Yield the kinds to make; raises GuideError when a kind of the pack's own is wrong."""
    pack, problems, edition = task.pack, task.problems, task.settings.edition
    kinds, given, named = load_kinds(pack), pack.manifest.documents or {}, task.settings.kinds
    for name in [*given, *named]:
        if name not in kinds:
            place = pack.at(f"documents.{name}") if name in given else Place("--only")
            message = f"there is no kind of document `{name}`"
            problems.add(error("unknown-kind", message, place, did_you_mean(name, kinds)))
    problems.add(*(() if named else unlisted(pack, kinds)))
    for kind in kinds.values():
        listed = pack.listed is None or kind.name in pack.listed
        asked = kind.name in named if named else listed
        derived = given.get(kind.name, {}).get("derive", ())
        sources = {*kind.needs, *({"questions"} if "questions" in derived else ())}
        has = any(getattr(pack, name) for name in sources)
        if asked and has:
            yield kind
        elif asked and (pack.listed is not None or named):
            problems.add(nothing_for(kind, pack, edition, bool(named)))
    if not any(getattr(pack, name) for kind in kinds.values() for name in kind.needs):
        problems.add(empty(pack, edition))


def order_of(task: Task, kind: Kind) -> Order | None:
    """Return how a kind is made; None, and why, when it cannot be."""
    options, found = resolve_options(kind, given_options(task, kind), task.pack)
    task.problems.add(*found)
    paper = task.pack.manifest.paper
    try:
        paper = parse_paper(task.settings.paper or options.get("paper") or paper)
    except ValueError as exc:
        task.problems.add(error("bad-value", str(exc), Place("--paper")))
    own = task.pack.manifest.theme
    name = task.settings.theme or options.get("theme") or own.name
    key = f"documents.{kind.name}.theme" if options.get("theme") else "theme.name"
    place = Place("--theme") if task.settings.theme else task.pack.at(key)
    problem = check_theme(name, place, task.pack)
    task.problems.add(*([problem] if problem else ()))
    if task.settings.archive and options.get("form") and kind.shape != "faces":
        not_archivable(task, kind.name, f"{kind.name}: an archive cannot have a form to fill in")
        return None
    theme = own.model_copy(update={"name": str(name)})
    return None if task.problems.stop(found) else Order(kind, options, paper, theme)


def given_options(task: Task, kind: Kind) -> dict[str, Any]:
    """Return the options of a kind that the pack gives, its theme, and this run."""
    given = (task.pack.manifest.documents or {}).get(kind.name, {})
    run = {"stock": task.settings.stock, "duplex": task.settings.duplex}
    stock = cards_of_theme(task, given)[0] if kind.name == "flashcards" else ""
    own = {name: value for name, value in run.items() if value and name in kind.options}
    return {**({"stock": stock} if stock else {}), **given, **own}


def cards_of_theme(task: Task, options: Mapping[str, Any]) -> tuple[str, float]:
    """Return the stock that the theme of a deck prints on, and its least type in pt."""
    own = task.pack.manifest.theme.name
    return theme_of_cards(str(task.settings.theme or options.get("theme") or own), task.pack)


def too_many(task: Task, order: Order, count: int) -> bool:
    """Return whether a kind comes to more documents than a build has; `count` is that of its last."""
    if count <= MOST_DOCUMENTS:
        return False
    name = order.kind.name
    message = f"`{name}` is document {count} of the pack; {MOST_DOCUMENTS} is the most"
    hint = "Ask for fewer versions, or build some kinds at a time with --only."
    task.problems.add(error("too-many-documents", message, task.pack.at(order.key), hint))
    return True


def spare(task: Task, kind: Kind, problems: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Return the problems of a document; one that nobody asked for may have no content."""
    edition = task.settings.edition
    asked = task.pack.listed is not None and not edition
    if asked or kind.name in task.settings.kinds:
        return problems
    return spared(problems, kind.name, edition)


def not_archivable(task: Task, kind: str, reason: str) -> None:
    """Leave out what cannot be an archive."""
    hint = "Leave it out with --only, or build it without --archive. See docs/archive.md."
    place = task.pack.at(f"documents.{kind}")
    task.problems.add(error("not-archivable", reason, place, hint), layout=True)


def stems(pack: Pack) -> dict[str, str]:
    """Return the beginnings of the names of files, each with its kind."""
    try:
        kinds = load_kinds(pack)
    except GuideError:  # said already
        return {}
    return {p.output.removesuffix(".pdf"): k.name for k in kinds.values() for p in k.files}
