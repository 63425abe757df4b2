"""A pack's own kinds of document: what kind.toml must say so that the program can make them."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from guide.diagnostics.diagnostic import ContentError, Diagnostic, Place, error, note, place_of
from guide.diagnostics.suggest import did_you_mean
from guide.model.kinds import VIEWS, Kind, Option, page_budget
from guide.units import parse_paper

CODE = "bad-template"
COMMON = ("paper", "theme", "title", "pages")
_DECK = "flashcards"
_WHOSE = {
    "quiz": "a quiz", "planner": "a study plan", "handout": "a handout", "worksheet": "a worksheet",
    _DECK: "a deck",
}  # fmt: skip


def read_kind(path: str, text: str, bundled: Mapping[str, Kind]) -> Kind:
    """Return the kind that a pack's `templates/NAME/kind.toml` describes.

    `path` is the file's below templates/, `bundled` are the program's own kinds, whose options say
    what Python reads. Raises ContentError with all that is wrong with it.
    """
    try:
        kind = Kind.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        at = re.search(r"at line (\d+), column (\d+)", str(exc))
        where = (int(at[1]), int(at[2])) if at else (1, 1)
        place = Place(f"templates/{path}", *where)
        raise ContentError(error(CODE, f"the TOML cannot be read: {exc}", place)) from exc
    except ValidationError as exc:
        raise ContentError(*_invalid(exc, path, text)) from exc
    except (RecursionError, ValueError) as exc:  # a number of too many digits
        deep = isinstance(exc, RecursionError)
        message = "the TOML is nested too deeply" if deep else f"the kind cannot be used: {exc}"
        raise ContentError(error(CODE, message, _place(path, text))) from exc
    found = [*_conditions(kind, path, text), *_lacking(kind, path, text, bundled)]
    if found:
        raise ContentError(*found)
    return kind


def views_of(kind: Kind, bundled: Mapping[str, Kind]) -> str:
    """Return whose views a kind is given; '' for none.

    A kind.toml older than the key `views` has all options of a quiz or a study plan instead: see
    `unnamed_views`.
    """
    if "views" in kind.model_fields_set:
        return kind.views
    for name in ("quiz", "planner"):
        wanted = bundled[name].options
        alike = (
            n in kind.options and not _difference(kind.options[n], wanted[n]) for n in VIEWS[name]
        )
        if all(alike) and set(bundled[name].prints) <= set(kind.prints):
            return name
    return ""


def unnamed_views(path: str, text: str, bundled: Mapping[str, Kind]) -> Iterator[Diagnostic]:
    """Yield a note for a kind.toml that has the options of a quiz or a plan and does not name it."""
    with contextlib.suppress(ContentError):  # reported where the kinds are read
        kind = read_kind(path, text, bundled)
        views = views_of(kind, bundled)
        if views != kind.views:
            message = f"`{kind.name}` does not name its `views`; it is made as {_WHOSE[views]}"
            hint = f'Write `views = "{views}"` below `name`, or `views = ""` if it is not one.'
            yield note("unnamed-views", message, _place(path, text, "name"), hint)


def clashes(kinds: Iterable[Kind], own: Mapping[str, tuple[str, str]]) -> Iterator[Diagnostic]:
    """Yield an error for each file that two documents would be written to.

    `own` maps the names of a pack's own kinds to path and text of their kind.toml.
    """
    taken: dict[str, str] = {}
    for kind in sorted(kinds, key=lambda kind: kind.name in own):
        for name in sorted({piece.output for piece in kind.files}):
            other = taken.setdefault(name.casefold(), kind.name)
            if other != kind.name and kind.name in own:
                path, text = own[kind.name]
                message = f"`{name}` is also a file of the kind `{other}`"
                hint = "Give `output` another name, or name the kind as the one that it replaces."
                yield error(CODE, message, _place(path, text, f'"{name}"', f"'{name}'"), hint)


def _conditions(kind: Kind, path: str, text: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the files of a kind: conditions that nothing sets, names that repeat."""
    seen: set[str] = set()
    for piece in kind.pieces:
        if piece.when and piece.when not in kind.options:
            message = f"`when` of `{piece.output}` names no option: there is no `{piece.when}`"
            hint = did_you_mean(piece.when, kind.options) or f"Describe it: [options.{piece.when}]"
            place = _place(path, text, f'when = "{piece.when}"', f'"{piece.when}"', "when")
            yield error(CODE, message, place, hint)
        if piece.output.casefold() in seen:
            message = f"two pieces are written to `{piece.output}`"
            yield error(CODE, message, _place(path, text, f'"{piece.output}"'), "Rename one.")
        seen.add(piece.output.casefold())
    for name in COMMON:
        option = kind.options.get(name)
        if option and option.default and (fault := common_fault(name, option.default)):
            place = _place(path, text, f"[options.{name}]")
            yield error(CODE, f"the default of the option `{name}`: {fault}", place)
    many = kind.options.get("versions")
    if many and many.type != "integer" and any(piece.versions for piece in kind.pieces):
        message = "the option `versions` must be an integer: it says how many files are made"
        yield error(CODE, message, _place(path, text, "[options.versions]"), 'type = "integer"')


def _lacking(kind: Kind, path: str, text: str, bundled: Mapping[str, Kind]) -> Iterator[Diagnostic]:
    """Yield which options Python reads for this kind and kind.toml lacks or describes otherwise."""
    sort = _DECK if kind.shape == "faces" else views_of(kind, bundled)
    needed = {name: bundled[sort].options[name] for name in VIEWS.get(sort, ())}
    if missing := [name for name in needed if name not in kind.options]:
        names = ", ".join(f"`{name}`" for name in missing)
        what = f"the option {names} is" if len(missing) == 1 else f"the options {names} are"
        hint = f'Write [options.{missing[0]}] with type = "{needed[missing[0]].type}", a default and help.'
        place = _place(path, text, "views", "shape")
        yield error(CODE, f"{what} missing: {_WHOSE[sort]} needs it", place, hint)
    for name, wanted in needed.items():
        given = kind.options.get(name)
        if given is not None and (difference := _difference(given, wanted)):
            message = f"the option `{name}` {difference}"
            place = _place(path, text, f"[options.{name}]", f'[options."{name}"]')
            hint = f"{_WHOSE[sort].capitalize()} reads it: {wanted.help}"
            yield error(CODE, message, place, hint)


def common_fault(name: str, value: object) -> str:
    """Return what is wrong with a value of an option that every kind of document has, or ''."""
    try:
        if name == "paper":
            parse_paper(value)
        elif name == "pages":
            page_budget(value)
        elif name == "theme" and not isinstance(value, str):
            return "write the name of a theme"
    except ValueError as exc:
        return str(exc)
    return ""


def _difference(given: Option, wanted: Option) -> str:
    """Return in words what an option may be that the program does not know, '' for nothing."""
    if given.type != wanted.type:
        return f"must be of the type `{wanted.type}`"
    if wanted.choices and not given.choices:
        return f"must have choices of {', '.join(wanted.choices)}"
    unknown = [each for each in given.choices if wanted.choices and each not in wanted.choices]
    if unknown:
        return f"cannot be `{unknown[0]}`"
    if wanted.least is not None and (given.least is None or given.least < wanted.least):
        return f"must have `least` of {wanted.least:g} or more"
    if wanted.most is not None and (given.most is None or given.most > wanted.most):
        return f"must have `most` of {wanted.most:g} or less"
    return ""


def _invalid(exc: ValidationError, path: str, text: str) -> list[Diagnostic]:
    """Return what pydantic says of a kind, each at its line if that can be found."""
    found = []
    for each in exc.errors(include_url=False):
        where = [str(part) for part in each["loc"] if not isinstance(part, int)]
        name = ".".join(map(str, each["loc"]))
        message = str(each["msg"]).removeprefix("Value error, ")
        choices = str(each.get("ctx", {}).get("expected", "")).replace("'", "`")
        if each["type"] == "literal_error":
            message = f"`{each['input']}` cannot be; it may be {choices}"
        marks = [f"[{'.'.join(where[:-1])}]", f"[{'.'.join(where)}]", *reversed(where)]
        place = _place(path, text, *(mark for mark in marks if mark.strip("[]")))
        shown = f"`{name}`: " if name else ""
        found.append(error(CODE, f"the kind cannot be used: {shown}{message}", place))
    return found[:_SHOWN]


_SHOWN = 20  # of what is wrong with a file


def _place(path: str, text: str, *marks: str) -> Place:
    """Return the place of the first of some marks that is in the text, else of the file."""
    for mark in marks:
        at = text.find(mark) if mark else -1
        if at >= 0:
            return place_of(at, text, Place(f"templates/{path}", 1))
    return Place(f"templates/{path}", 1, 1)
