"""Finished pages as pictures, words and digests: made in a confined process, since PDFium reads a stranger's file."""

from __future__ import annotations

import hashlib
import io
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from guide.preview import written
from guide.preview.resident import Say, requests
from guide.system.sandbox import Limits

_OPEN = 40  # documents that are kept open
_MOST_PIXELS = 24_000_000  # of one picture
_GLANCE = 0.5  # pixels to a point in which pages are compared
_MOST_HITS = 500
_NUMBERS = re.compile(r"\d+")
_TURNED = 0.5  # of its height: where a letter begins so much higher or lower, another line does


@dataclass(frozen=True)
class Line:
    """Words that are in one line: left, top, width and height as shares of the page."""

    text: str
    box: tuple[float, float, float, float]


@dataclass
class Shelf:
    """The documents that are open, by the digests of their bytes, and the texts of their pages."""

    documents: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def open(self, sha: str, data: bytes) -> list[tuple[float, float]]:
        """Open a document, and return the sizes of its pages in pt; raises PdfiumError."""
        if sha not in self.documents:
            self.documents[sha] = pdfium.PdfDocument(data)
        self.documents.move_to_end(sha)
        while len(self.documents) > _OPEN:
            old, document = self.documents.popitem(last=False)
            self.texts.pop(old, None)
            document.close()
        document = self.documents[sha]
        return [document.get_page_size(n) for n in range(len(document))]

    def has(self, sha: str) -> bool:
        """Return True if a document is open."""
        return sha in self.documents

    def picture(self, sha: str, number: int, width: int) -> bytes:
        """Return a page as PNG, so many pixels wide."""
        with closing(self.documents[sha][number]) as page:
            wide, high = page.get_size()
            scale = min(width / wide, (_MOST_PIXELS / (wide * high)) ** 0.5)
            image = page.render(scale=scale, rev_byteorder=True).to_pil()
        out = io.BytesIO()
        image.convert("RGB").save(out, "PNG", compress_level=1)
        return out.getvalue()

    def digests(self, sha: str, start: int, stop: int) -> list[tuple[str, str]]:
        """Return for each page a digest of its looks and one of its words; numbers do not count in this."""
        found = []
        for number in range(start, min(stop, len(self.documents[sha]))):
            with closing(self.documents[sha][number]) as page:
                bitmap = page.render(scale=_GLANCE, grayscale=True)
                looks = hashlib.sha256(bytes(bitmap.buffer))
                text = self._text(page)
            looks.update(text.encode("utf-8", "replace"))
            words = hashlib.sha256(_NUMBERS.sub("", text).encode("utf-8", "replace"))
            found.append((looks.hexdigest()[:16], words.hexdigest()[:16]))
        return found

    @staticmethod
    def _text(page: Any) -> str:
        with closing(page.get_textpage()) as words:
            return str(words.get_text_range(errors="replace"))

    def lines(self, sha: str, number: int) -> list[Line]:
        """Return the lines of a page in the order in which they are read."""
        page = self.documents[sha][number]
        with closing(page), closing(page.get_textpage()) as words:
            return _lines(words, page.get_size())

    def find(self, sha: str, wanted: str) -> list[tuple[int, int]]:
        """Return the pages on which a text is found, from 0, and how often."""
        document = self.documents[sha]
        if sha not in self.texts:
            texts = []
            for number in range(len(document)):
                with closing(document[number]) as page:
                    texts.append(_folded(self._text(page)))
            self.texts[sha] = texts
        needle = _folded(wanted)
        counts = [(n, text.count(needle)) for n, text in enumerate(self.texts[sha])]
        return [pair for pair in counts if needle and pair[1]][:_MOST_HITS]

    def where(self, sha: str, folder: Path, number: int, line: int) -> tuple[str, int, int] | None:
        """Return path, line and column in the pack of what is printed in a line of a page."""
        return written.find(folder, [each.text for each in self.lines(sha, number)], line)


def _folded(text: str) -> str:
    return " ".join(text.replace("\u00ad", "").replace("\ufffe", "").casefold().split())


def _lines(words: Any, size: tuple[float, float]) -> list[Line]:
    """Return the runs of letters that follow one another in a line."""
    lines: list[Line] = []
    letters, box = "", (0.0, 0.0, 0.0, 0.0)
    count = words.count_chars()

    def end() -> None:
        if letters.strip():
            left, bottom, right, top = box
            wide, high = size
            where = left / wide, 1 - top / high, (right - left) / wide, (top - bottom) / high
            lines.append(Line(letters.strip(), tuple(round(n, 5) for n in where)))  # type: ignore[arg-type]

    for index in range(count):
        code = raw.FPDFText_GetUnicode(words, index)
        letter = chr(code) if 32 <= code < 0xD800 or 0xDFFF < code < 0x110000 else "\n"
        if letter in "\n\ufffe\u00ad":
            if letter == "\n":
                end()
                letters = ""
            continue
        if raw.FPDFText_IsGenerated(words, index) == 1:
            letters += letter if letters else ""
            continue
        left, bottom, right, top = words.get_charbox(index, loose=True)
        if letters and abs(bottom - box[1]) > _TURNED * max(top - bottom, box[3] - box[1]):
            end()
            letters = ""
        new = left, bottom, right, top
        box = (
            (min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top))
            if letters
            else new
        )
        letters += letter
    end()
    return lines


def serve(link: Connection, bounds: Limits, say: Say) -> None:
    """Answer requests for pages, in the confined process: the name of what `Shelf` does, and its arguments."""
    shelf = Shelf()
    known: dict[str, Callable[..., Any]] = {
        "open": shelf.open, "has": shelf.has, "picture": shelf.picture, "digests": shelf.digests,
        "lines": shelf.lines, "find": shelf.find, "where": shelf.where,
    }  # fmt: skip
    for name, *arguments in requests(link, bounds, say):
        say("", name)
        try:
            link.send(("done", known[name](*arguments)))
        except (KeyError, IndexError, ValueError, pdfium.PdfiumError) as exc:
            link.send(("raised", LookupError(f"{type(exc).__name__}: {exc}")))
