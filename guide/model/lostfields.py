"""Fields of sources that are not printed, gathered into one note for each field of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from guide.diagnostics.diagnostic import Diagnostic, Place, note

_SHOWN = 40  # characters of a field that a note shows


@dataclass(frozen=True)
class LostField:
    """A field that is not printed: its name, the key of its source, its text and its place."""

    name: str
    key: str
    text: str
    place: Place


def lost_notes(lost: Iterable[LostField], style: str = "") -> list[Diagnostic]:
    """Return a note for each name of a field; `style` is the citation style that omits it, if any."""
    groups: dict[tuple[str, str], list[LostField]] = {}
    for field in lost:
        groups.setdefault((field.place.path, field.name), []).append(field)
    return [_note(fields, style) for fields in groups.values()]


def _note(fields: list[LostField], style: str) -> Diagnostic:
    first = fields[0]
    keys = dict.fromkeys(field.key for field in fields)
    text = " ".join(first.text.split())
    text = text if len(text) < _SHOWN else f"{text[: _SHOWN - 2]} …"
    whose = f"`{first.key}`" if len(keys) == 1 else f"{len(keys)} sources"
    where = "" if len(keys) == 1 else f"; the first is `{first.key}`"
    hint = "Move the text to `note` if readers need it"
    if style:
        message = (
            f"the citation style `{style}` does not print `{first.name}` of {whose}{where}: {text}"
        )
        hint += ", or choose another `citation_style`."
    else:
        message = f"the field `{first.name}` of {whose} is not printed{where}: {text}"
        hint += "; otherwise delete the field."
    made = note("source-field", message, first.place, hint, first.key)
    return replace(made, names=tuple(keys))


def once_each(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics with one note for each field: documents list different sources."""
    kept: dict[tuple[str, ...], Diagnostic] = {}
    for number, found in enumerate(diagnostics):
        key: tuple[str, ...] = (str(number),)
        if found.code == "source-field":
            key = (found.place.path, found.message.partition("` of ")[0])
        before = kept.get(key)
        if before is None or len(found.names) > len(before.names):
            kept[key] = found
    return list(kept.values())
