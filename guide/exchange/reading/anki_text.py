"""Notes that Anki exports as text: columns under lines that begin with # and say what they are."""

from __future__ import annotations

import csv
import io
import re
from html import escape
from typing import Any

from guide.exchange.reading.encoding import decoded
from guide.exchange.reading.found import EXTRA, Found, Options
from guide.exchange.reading.htmltext import Html

_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":"}
_GAP = re.compile(r"\{\{c\d+(?:,\d+)*::")
_COLUMNS = ("guid", "notetype", "deck", "tags")


def read_anki_text(data: bytes, found: Found, options: Options) -> None:
    """Read the cards of a text export; raises GuideError."""
    found.format = "Anki text export"
    text = decoded(data, found, options.encoding)
    head: dict[str, str] = {}
    lines = text.split("\n")
    number = 0
    while number < len(lines) and (match := re.match(r"#([a-z ]+):(.*)$", lines[number])):
        head[match[1].strip()] = match[2].strip()
        number += 1
    delimiter = _SEPARATORS.get(head.get("separator", "tab").lower(), head.get("separator", "\t"))
    if len(delimiter) != 1:
        found.refuse(
            "import-unreadable",
            f"the separator `{delimiter}` is not known",
            "Export the notes from Anki again.",
            found.at(1),
        )
    body = "\n".join(lines[number:])
    source = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=False)
    start = number + 1
    reader = _Rows(found, head, options)
    try:
        for cells in source:
            if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
                reader.add(cells, start)
            start = number + source.line_num + 1
    except csv.Error as exc:
        found.refuse(
            "import-unreadable",
            f"the row cannot be read: {exc}",
            "Export the notes from Anki again.",
            found.at(start),
        )


class _Rows:
    """Makes cards of rows; the head says which columns are not fields of a note."""

    def __init__(self, found: Found, head: dict[str, str], options: Options) -> None:
        self.found, self.options = found, options
        self.html = options.text != "plain" and head.get("html", "true").lower() == "true"
        self.at = {
            name: int(head[f"{name} column"]) - 1
            for name in _COLUMNS
            if head.get(f"{name} column", "").isdigit()
        }
        self.tags = head.get("tags", "").split()
        self.deck = head.get("deck", "")
        self.writer = Html(omit=lambda what: found.omit(what, found.at()), picture=self._picture)

    def _picture(self, name: str, alt: str) -> str:
        del name, alt
        self.found.omit(
            "a picture, which a text export does not have|pictures, which a text export does not have",
            self.found.at(),
        )
        return ""

    def add(self, cells: list[str], line: int) -> None:
        """Add the card of a row."""
        place = self.found.at(line)
        special = {
            name: cells[number].strip() for name, number in self.at.items() if number < len(cells)
        }
        fields = [
            self._text(cell) for number, cell in enumerate(cells) if number not in self.at.values()
        ]
        deck = (special.get("deck", "") or self.deck).split("::")[-1]
        tags = [deck if deck != "Default" else "", *self.tags, *special.get("tags", "").split()]
        data: dict[str, Any] = {
            "tags": list(dict.fromkeys(filter(None, (tag.replace("_", " ") for tag in tags))))
        }
        rest = "\n\n".join(filter(None, fields[1:]))
        if fields and _GAP.search(fields[0]):
            data["cloze"] = fields[0]
            if rest:
                self.found.omit(EXTRA, place)
        elif fields and fields[0] and rest:
            data |= {"front": fields[0], "back": rest}
            kind = special.get("notetype", "").casefold()
            if "reversed" in kind and "optional" not in kind:
                data["reverse"] = True
        else:
            side = "back" if fields and fields[0] else "front"
            message = f"the note has nothing that can be printed on the {side}"
            self.found.unreadable(
                message,
                place,
                "Correct it in Anki and export again, or import the rest with --skip-unreadable.",
            )
            return
        self.found.add("cards", data, place, special.get("guid", ""), deck)

    def _text(self, cell: str) -> str:
        html = cell if self.html else escape(cell, quote=False)
        return self.writer.markdown(html.strip().replace("\n", "<br>" if not self.html else " "))
