"""Cards as tables: guide's own columns as CSV, and terms and definitions for Quizlet."""

from __future__ import annotations

import csv as csv_module
import io
import re
from collections.abc import Sequence

from guide.content.tables import COLUMNS
from guide.exchange.writing.chosen import Export
from guide.exchange.writing.texts import Texts, plain_text
from guide.model.content import Card, Flashcard

_GAP = re.compile(r'<span class="gap">(.*?)</span>', re.S)

_ASKED = "_____"


def csv(export: Export) -> bytes:
    """Return the cards under guide's own column names, in Markdown: read again, they are the same cards.

    The text begins with a byte order mark, by which Excel knows UTF-8.
    """
    groups = export.cards()
    authored = {card.id: card for card in export.pack.cards}
    rows = [
        _of_card(authored[group[0].of])
        if group[0].origin == "cards"
        else _of_derived(group[0], export)
        for group in groups
    ]
    used = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    out = io.StringIO(newline="")
    writer = csv_module.DictWriter(out, used, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _of_card(card: Card) -> dict[str, str]:
    row: dict[str, str] = {}
    usual = type(card)()
    for name in COLUMNS:
        value = getattr(card, name)
        if isinstance(value, tuple):
            row[name] = ";".join(value)
        elif value != getattr(usual, name):
            row[name] = "true" if value is True else str(value)
    return row | {"id": card.id}


def _of_derived(card: Flashcard, export: Export) -> dict[str, str]:
    """Return the row of a card that is made of another part of the pack."""
    front, back = card.front, card.back
    if card.choices:
        front += "\n\n" + "\n".join(f"- {choice}" for choice in card.choices)
    if card.start or card.end:
        texts = Texts(export)
        back = f"{texts.view(card).date_text}: {back}" if back else texts.view(card).date_text
    return {
        "id": card.id, "front": front, "back": back, "hint": card.hint,
        "tags": ";".join(card.tags), "sources": ";".join(card.sources),
    }  # fmt: skip


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
