"""Plain data to model items: pydantic's complaints in a teacher's words, at the right place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from guide.content.yaml import Document
from guide.content.yaml_errors import in_quotes
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.diagnostics.suggest import did_you_mean as did_you_mean  # noqa: PLC0414  known by this name
from guide.diagnostics.suggest import nearest as nearest  # noqa: PLC0414
from guide.model.base import Item
from guide.model.content import Question
from guide.model.dates import Date

M = TypeVar("M", bound=BaseModel)

QUESTION_TYPES: dict[str, type[Any]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(Question)
}

_FOUND: dict[type, str] = {
    type(None): "nothing", dict: "keys and values", list: "a list", str: "text",
    bool: "true or false", int: "a number",
}  # fmt: skip


@dataclass
class Places:
    """Where the values and keys of one YAML document are, below one item's path."""

    path: str
    document: Document
    prefix: str = ""

    def _full(self, field_path: str) -> str:
        return ".".join(part for part in (self.prefix, field_path) if part)

    def value(self, field_path: str) -> Place:
        """Return the place of a value, else of its nearest parent."""
        return self.document.nearest(self._full(field_path), self.path)

    def key(self, field_path: str) -> Place:
        """Return the place of a key, else of its value."""
        return self.document.keys.get(self._full(field_path)) or self.value(field_path)

    def fields(self) -> dict[str, Place]:
        """Return the places of everything inside the item, by path within it."""
        return {"": self.value(""), **self.document.inside(self.prefix)}


@dataclass
class Validator:
    """Turns data into items and collects what is wrong with them."""

    problems: list[Diagnostic] = field(default_factory=list)

    def item(self, model: type[M], data: Any, places: Places, what: str) -> M | None:
        """Return the item, with its places, or None after noting all that is wrong with it."""
        if not isinstance(data, dict):
            message = f"{what} must be keys and values, not {_found(data)}"
            hint = "Write it as `key: value` lines."
            self.problems.append(error("wrong-type", message, places.value(""), hint))
            return None
        if not all(isinstance(key, str) for key in data):
            data = {str(key): value for key, value in data.items()}
        try:
            made = model.model_validate(data)
        except ValidationError as exc:
            self._explain(exc, model, data, places, what)
            return None
        return cast(M, made.placed(places.fields())) if isinstance(made, Item) else made

    def question(self, data: Any, places: Places) -> Question | None:
        """Return the question of the type that it names (choice when it names none)."""
        kind = data.get("type", "choice") if isinstance(data, dict) else "choice"
        model = QUESTION_TYPES.get(str(kind))
        if model is None:
            message = f"`{kind}` is not a type of question"
            hint = did_you_mean(str(kind), QUESTION_TYPES)
            self.problems.append(error("bad-value", message, places.value("type"), hint))
            return None
        return self.item(model, data, places, "a question")

    def _explain(
        self, exc: ValidationError, model: type[BaseModel], data: Any, places: Places, what: str
    ) -> None:
        errors = exc.errors(include_url=False)
        every = [(details, _in_file(details["loc"], data)) for details in errors]
        unknown = [loc for details, loc in every if details["type"] == "extra_forbidden"]
        # The key that a misspelt one means is not missing.
        meant = {(*loc[:-1], nearest(loc[-1], _known(model, loc[:-1]))) for loc in unknown}
        for details, loc in every:
            if details["type"] != "missing" or tuple(loc) not in meant:
                self.problems.append(_diagnostic(details, loc, model, places, what))


def _in_file(loc: tuple[Any, ...], data: Any) -> list[str]:
    """Drop the parts of pydantic's location that are not in the file (union tags, brackets)."""
    kept: list[str] = []
    for part in loc:
        if (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            data = data[part]
        elif part != loc[-1] or isinstance(data, list) or part == "[key]":
            continue
        kept.append(str(part))
    return kept


def _found(value: Any) -> str:
    return next(
        (name for kind, name in _FOUND.items() if isinstance(value, kind)), "something else"
    )


def _known(model: type[BaseModel], loc: list[str]) -> list[str]:
    """Return the keys that the model takes at `loc`, for a suggestion."""
    for part in loc:
        info = model.model_fields.get(part)
        inner = getattr(info, "annotation", None)
        for kind in (inner, *getattr(inner, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return [info.alias or name for name, info in model.model_fields.items() if not info.exclude]


def _diagnostic(
    details: ErrorDetails, loc: list[str], model: type[BaseModel], places: Places, what: str
) -> Diagnostic:
    kind, context = details["type"], details.get("ctx") or {}
    name, where = (loc[-1] if loc else what), ".".join(loc)
    if name.isdecimal() and len(loc) > 1:
        name = f"{loc[-2]}, entry {int(name) + 1}"
    if kind == "extra_forbidden":
        known = _known(model, loc[:-1])
        first, _, rest = name.partition(" ")
        hint = did_you_mean(name, known)
        if rest and details["input"] is None:
            hint = "Is it a part of a text? Put a text with a comma or a colon in quotes."
        if rest and first in known:
            hint = f"A colon is missing: `{first}: {rest[:40]}`."
        hint = (
            hint
            or "Delete the line. In pack.yaml, a text of your own can be the `subtitle` or the `summary`."
        )
        return error("unknown-key", f"unknown key `{name}`", places.key(where), hint)
    if kind == "missing":
        inside = ".".join(loc[:-1])
        message = f"{what} has no `{name}`"
        hint = _MISSING.get((name, what), f"Add `{name}: ...`.")
        return error("missing-key", message, places.value(inside), hint)
    message, hint = _plain(kind, context, details, name)
    code = "bad-value" if kind not in _TYPES else "wrong-type"
    if kind == "bad_date":
        code, hint = "bad-date", _date_hint(details["input"])
    return error(code, message, places.value(where), hint)


_MISSING = {
    ("format", "pack.yaml"): "Add `format: 1`.",
    (
        "options",
        "a question",
    ): "Add `options: [..., ...]`; or `type: short`, if pupils write the answer themselves.",
}


def _date_hint(value: Any) -> str:
    """Return how to write a date; one with the day first is turned."""
    found = _DAY_FIRST.fullmatch(str(getattr(value, "text", value)).strip())
    if found and 1 <= int(found[2]) <= 12:
        written = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
        try:
            Date.parse(written)
        except ValueError as exc:
            fault = str(exc).partition(": ")[2]
            return f"Write the year first, then the month and the day; but {fault}."
        return f"Write the year first, then the month and the day: {written}."
    return "Write 1999, 1999-06, 1999-06-12, ~1998 (about) or -0044 (BCE)."


_DAY_FIRST = re.compile(r"(\d{1,2})[./-] ?(\d{1,2})[./-] ?(\d{4})")


_WANTED = {
    ("text", "Write text; put it in quotes if it looks like something else."): "string_type",
    (
        "a list",
        "Write each entry on its own line after `- `, or as [a, b].",
    ): "tuple_type list_type",
    (
        "keys and values",
        "Write it as `key: value` lines.",
    ): "dict_type model_type model_attributes_type",
    ("true or false", "Write true or false without quotes."): "bool_type bool_parsing",
    ("a whole number", "Write digits only."): "int_type int_parsing int_from_float",
    ("a number", "Write digits, with a point for decimals."): "float_type float_parsing",
}
_TYPES = {kind: words for words, kinds in _WANTED.items() for kind in kinds.split()}


def _plain(
    kind: str, context: Mapping[str, Any], details: ErrorDetails, name: str
) -> tuple[str, str]:
    if kind in _TYPES:
        expected, hint = _TYPES[kind]
        given = details["input"]
        if given is None:
            return f"`{name}` is empty", "Write its value behind the colon, or delete the line."
        if expected == "text" and isinstance(given, dict) and len(given) == 1:
            ((key, value),) = given.items()
            if isinstance(value, str):
                hint = f"Put a text with a colon in quotes: `{in_quotes(f'{key}: {value}')}`."
        return f"`{name}` must be {expected}, not {_found(details['input'])}", hint
    if kind in {"string_too_short", "too_short"} and isinstance(details["input"], str):
        return f"`{name}` is empty", "Write something, or delete the line."
    if kind == "too_short":
        least = context.get("min_length", 1)
        return f"`{name}` needs at least {least} entries", "Add more."
    if kind == "literal_error":
        return f"`{name}` must be {context.get('expected', 'another value')}", ""
    if kind == "string_pattern_mismatch":
        return f"`{name}` cannot be {str(details['input'])!r}", _PATTERNS.get(name, "")
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = context.get("ge", context.get("le"))
        side = "at least" if "ge" in context else "at most"
        return f"`{name}` must be {side} {bound}", ""
    message = str(details["msg"]).removeprefix("Value error, ")
    return f"`{name}`: {message}", ""


_PATTERNS = {
    "id": "Use lower-case letters, digits and hyphens, such as `kfor-mandate`.",
    "lang": "Use a language tag such as en, de-AT or sr-Latn.",
    "accent": 'Use a colour such as "#1f4e79".',
    "review_after": "Use a date such as 2026-06-01, or an age such as `18 months`.",
}
