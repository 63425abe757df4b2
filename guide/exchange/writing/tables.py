"""Cards as tables: guide's own columns as CSV, and terms and definitions for Quizlet."""

from __future__ import annotations

import csv as csv_module
import io
import re
from collections.abc import Sequence
from typing import Any

from guide.content.tables import COLUMNS
from guide.exchange.writing.chosen import Export
from guide.exchange.writing.texts import Texts, plain_text
from guide.model.content import Flashcard

_GAP = re.compile(r'<span class="gap">(.*?)</span>', re.S)

_ASKED = "_____"


def csv(export: Export) -> bytes:
    """Return the cards under guide's own column names, in Markdown: read again, they are the same cards.

    The text begins with a byte order mark, by which Excel knows UTF-8.
    """
    found = [data_of(group, export) for group in export.cards()]
    rows = [{name: _cell(value) for name, value in data.items()} for data in found]
    used = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    out = io.StringIO(newline="")
    writer = csv_module.DictWriter(out, used, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(value)
    return "true" if value is True else str(value)


def data_of(group: Sequence[Flashcard], export: Export) -> dict[str, Any]:
    """Return the fields of a card as a pack has them: as written, or made of another part of the pack."""
    first = group[0]
    if first.origin == "cards":
        card = export.by_id[first.of]
        said: dict[str, Any] = card.model_dump(mode="json", exclude_defaults=True)
        return {"id": card.id, **said}
    front, back = first.front, first.back
    if first.choices:
        front += "\n\n" + "\n".join(f"- {choice}" for choice in first.choices)
    if first.start or first.end:
        date = Texts(export).view(first).date_text
        back = f"{date}: {back}" if back else date
    found = {"id": first.id, "front": front, "back": back, "hint": first.hint, "tags": list(first.tags),
             "sources": list(first.sources)}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def quizlet(export: Export) -> bytes:
    """Return a line for each card: term, tab, definition, as Quizlet imports them.

    Quizlet asks in both directions: a reversed card is one line. Line breaks become spaces.
    """
    texts = Texts(export, tex=False)
    lines = []
    for group in export.cards():
        lines += [_line(card, texts, export) for card in group if not card.turned]
    texts.finished()
    return ("\n".join(lines) + "\n").encode()


def _line(card: Flashcard, texts: Texts, export: Export) -> str:
    view = texts.view(card)
    if texts.layout(card) in {"basic", "image", "cloze"}:
        sides: Sequence[str] = (f"{view.front} {view.hint and f'({view.hint})'}", str(view.back))
    else:
        sides = texts.bodies(card)
    if card.image or any('<img class="picture' in s or '<img class="inline' in s for s in sides):
        export.lost(card, "Quizlet imports no pictures; the picture is omitted")
    front, back = (" ".join(plain_text(_GAP.sub(_blank, side)).split()) for side in sides)
    if card.cloze and _ASKED not in front:  # the gap is in a formula
        front += f" ({_ASKED})"
    return f"{front}\t{back}"


def _blank(gap: re.Match[str]) -> str:
    hint = gap[1].replace("\xa0", "").strip()
    return f"{_ASKED} ({hint})" if hint else _ASKED
