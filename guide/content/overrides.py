"""A value of pack.yaml for one run: `-D documents.flashcards.stock=a6` changes that value alone."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from guide.content.yaml import Document, read_yaml
from guide.content.yaml_slips import CUT
from guide.diagnostics.diagnostic import Diagnostic, Place, error, note
from guide.model.pack import LONG_FORMS, Pack

OVERRIDE = "-D"  # the path of a value given on the command line


def override(document: Document, key: str, text: str) -> list[Diagnostic]:
    """Set the value at the dotted `key` of pack.yaml to `text`, read as YAML; return what is wrong.

    Every other value keeps its meaning and its place: a short form such as `theme: large-print` is
    written out before a value inside it is set, and a number counts the entries of a list from 0.
    """
    value, problems = _value(key, text)
    if any(problem.code != CUT for problem in problems):
        return problems
    target, path, rest = document.data, "", key.split(".")
    while len(rest) > 1:
        part = _known_part(target, rest)
        rest = rest[part.count(".") + 1 :]
        inside = f"{path}.{part}".lstrip(".")
        inner, problem = _inner(document, target, part, inside, rest[0])
        if problem:
            return [problem]
        target, path = inner, inside
    if not isinstance(target, list):
        target[rest[0]] = value
    elif (number := _index(target, rest[0])) is None:
        return [_no_entry(f"{path}.{rest[0]}", rest[0], len(target))]
    else:
        target[number : number + 1] = [value]
    document.places[key] = document.keys[key] = Place(OVERRIDE)
    return problems


def _value(key: str, text: str) -> tuple[Any, list[Diagnostic]]:
    """Return the value that a text of the command line means, and what is wrong with it."""
    plain = text.strip()
    if not plain:
        return ({} if key.startswith("documents.") and key.count(".") == 1 else ""), []
    if plain.startswith("#"):  # to YAML a comment, to everybody else a colour
        return plain, []
    document, problems = read_yaml(text, OVERRIDE)
    if document is None:
        return None, problems
    nested = isinstance(document.data, dict | list)
    if nested and "\n" not in plain and not plain.startswith(("{", "[")):
        return plain, []  # `title=Kosovo: a history` is one text, not a key and its value
    return document.data, problems


def _known_part(target: Any, rest: Sequence[str]) -> str:
    """Return the next key of a path: the longest one that is there, as a name may hold dots."""
    names = (".".join(rest[:count]) for count in range(len(rest) - 1, 1, -1))
    known = target if isinstance(target, dict) else {}
    return next((name for name in names if name in known), rest[0])


def _inner(
    document: Document, target: Any, part: str, path: str, below: str
) -> tuple[Any, Diagnostic | None]:
    """Return the mapping or list at `part`, made or written out if it has to be."""
    key: Any = part
    if isinstance(target, list):
        key = _index(target, part)
        if key is None or key == len(target):
            return None, _no_entry(path, part, len(target))
    inner = target[key] if isinstance(target, list) else target.get(part)
    if isinstance(inner, dict | list):
        return inner, None
    made: dict[str, Any] = {}
    if inner is not None:
        name = LONG_FORMS.get(_form_of(path))
        if name is None:
            message = f"`{path}` has one value and no `{below}` in it"
            hint = f"Set the whole value: -D {path}=..."
            return None, error("wrong-type", message, Place(OVERRIDE), hint)
        made[name] = inner
        if place := document.places.get(path):
            document.places[f"{path}.{name}"] = place
    elif path not in document.places:
        document.places[path] = Place(OVERRIDE)
    target[key] = made
    return made, None


def _form_of(path: str) -> str:
    """Return the key under which LONG_FORMS has a path: kinds of document share theirs."""
    parts = path.split(".")
    return f"documents.*.{parts[2]}" if parts[0] == "documents" and len(parts) == 3 else path


def _index(target: Sequence[Any], part: str) -> int | None:
    """Return the number of an entry; the one after the last is free."""
    number = int(part) if part.isascii() and part.isdecimal() and len(part) < 7 else -1
    return number if 0 <= number <= len(target) else None


def _no_entry(path: str, part: str, count: int) -> Diagnostic:
    whole = path.rpartition(".")[0]
    message = f"`{whole}` is a list of {count} and has no entry `{part}`"
    hint = f"Count its entries from 0, or set the whole list: -D {whole}=[a, b]"
    return error("bad-value", message, Place(OVERRIDE), hint)


def unlisted(pack: Pack, kinds: Container[str]) -> list[Diagnostic]:
    """Return a note for each of `kinds` that only an option of `-D` names: it is not made."""
    found = []
    for name in pack.manifest.documents or {}:
        if pack.listed is not None and name in kinds and name not in pack.listed:
            message = f"`{name}` is not made: pack.yaml does not list it under `documents`"
            hint = f"Make it with --only {name}, or add it for this run: -D documents.{name}="
            found.append(note("unlisted-document", message, Place(OVERRIDE), hint))
    return found
