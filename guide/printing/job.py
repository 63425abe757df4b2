"""What a document needs of a printer: sides, media, sheets; arithmetic, without any printer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.apart import apart
from guide.foreign.forms import is_placeholder, placeholder
from guide.model.pageview import view_of
from guide.units import MM_PER_INCH, MM_PER_POINT, spans

# ISO 32000-2, table 147, against the keywords of `sides` in RFC 8011, 5.2.8.
_ASKED = {
    "/Simplex": "one-sided",
    "/DuplexFlipLongEdge": "two-sided-long-edge",
    "/DuplexFlipShortEdge": "two-sided-short-edge",
}
# PWG 5101.1, tables 2 and 5: the papers that people print on; others are `custom_...`.
_MEDIA = (
    "iso_a2_420x594mm iso_a3_297x420mm iso_a4_210x297mm iso_a5_148x210mm iso_a6_105x148mm "
    "iso_a7_74x105mm iso_a8_52x74mm iso_b4_250x353mm iso_b5_176x250mm iso_b6_125x176mm "
    "jis_b4_257x364mm jis_b5_182x257mm na_letter_8.5x11in na_legal_8.5x14in na_ledger_11x17in "
    "na_executive_7.25x10.5in na_invoice_5.5x8.5in na_foolscap_8.5x13in na_index-3x5_3x5in "
    "na_index-4x6_4x6in na_5x7_5x7in na_index-5x8_5x8in na_govt-letter_8x10in"
).split()
_SIZE = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")
SAME = 1.0  # mm; what producers of PDF round, and what no printer's feed can tell


@dataclass(frozen=True)
class Document:
    """A PDF as a printer sees it: `sizes` of its pages in mm, as they are read.

    `asks` is the keyword of `sides` that the file's viewer preferences name, '' when none.
    """

    path: Path
    data: bytes
    sizes: tuple[tuple[float, float], ...]
    asks: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True)
class Tray:
    """A source of paper: its PWG keyword and what the queue's own option calls it, '' if nothing."""

    name: str
    choice: str = ""


@dataclass(frozen=True)
class Printer:
    """A queue and what it says it can do; an empty tuple is what it does not say.

    `sides` are keywords, `media` names by PWG 5101.1.
    """

    queue: str
    about: str = ""
    sides: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    trays: tuple[Tray, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; '' and None are left to document and printer.

    `duplex` overrules what the printer says of itself, as its profile may.
    """

    copies: int = 1
    pages: str = ""
    sides: str = ""
    media: str = ""
    fit: bool = False
    tray: str = ""
    duplex: bool | None = None
    manual: bool = False


@dataclass(frozen=True)
class Job:
    """What is sent in one go: `pages` of a document from 0, None for an empty side.

    `title` names the job in the queue. `turn` is the edge over which a person turns the fronts
    that these pages go behind, '' for pages on separate paper. An empty side has the size of
    the page `front`, which it is the back of.
    """

    document: Document
    pages: tuple[int | None, ...]
    copies: int
    sides: str
    media: str
    fit: bool
    tray: Tray | None = None
    title: str = ""
    turn: str = ""
    note: str = ""
    front: int = 0

    @property
    def printed(self) -> int:
        """Number of printed sides of one copy."""
        return sum(page is not None for page in self.pages)

    @property
    def sheets(self) -> int:
        """Number of sheets that one copy takes from the tray."""
        if self.turn:
            return 0
        return -(-len(self.pages) // 2) if self.sides != "one-sided" else len(self.pages)

    @property
    def ranges(self) -> str | None:
        """The pages as `page-ranges` writes them, None when they are not in order."""
        pages = [page for page in self.pages if page is not None]
        return runs(pages) if list(self.pages) == sorted(pages) else None

    def composed(self) -> bytes:
        """Return a PDF of just these pages, in this order; layers stay as visible as they were."""
        size = len(self.document.data)
        made: bytes = apart(self._composed, name=str(self.document.path), size=size)
        return made

    def _composed(self) -> bytes:
        with pikepdf.open(io.BytesIO(self.document.data)) as pdf:
            known = list(pdf.pages)
            del pdf.pages[:]
            width, height = self.document.sizes[self.front]
            for page in self.pages:
                if page is None:
                    pdf.add_blank_page(page_size=(width / MM_PER_POINT, height / MM_PER_POINT))
                else:
                    pdf.pages.append(known[page])
            out = io.BytesIO()
            pdf.save(out, deterministic_id=True)
            return out.getvalue()


def runs(pages: Iterable[int]) -> str:
    """Return pages, counted from 0, as `--pages` has them: `3-8,10`."""
    return spans((page + 1 for page in pages), ",")


def read(path: Path) -> Document:
    """Return a PDF as a printer sees it.

    Raises GuideError when it cannot be read, is none, needs a password or may not be printed.
    """
    place = Place(str(path))
    try:
        data = path.read_bytes()
    except OSError as exc:
        hint = "Give a PDF, or the folder of a pack."
        message = f"cannot be read: {exc.strerror or exc}"
        raise GuideError(error("unreadable-file", message, place, hint)) from exc
    sizes, asks = apart(_look, data, str(path), name=str(path), size=len(data))
    return Document(path, data, sizes, asks)


def _look(data: bytes, path: str) -> tuple[tuple[tuple[float, float], ...], str]:
    """Return the sizes of pages in mm, and the keyword of `sides` that the file asks for."""
    place = Place(path)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            printable = pdf.allow.print_lowres or pdf.allow.print_highres
            views, waits = [view_of(page.obj) for page in pdf.pages], is_placeholder(pdf)
            if not all(view.stated for view in views):
                raise ValueError("a page without a size")  # noqa: TRY301
            preferences: Any = pdf.Root.get("/ViewerPreferences")
            known = isinstance(preferences, pikepdf.Dictionary)
            asks = _ASKED.get(str(preferences.get("/Duplex", "")) if known else "", "")
    except pikepdf.PasswordError as exc:
        message = "the file is locked with a password"
        hint = "Save a copy without password with the program that opens it, and print that."
        raise GuideError(error("locked-pdf", message, place, hint)) from exc
    except Exception as exc:  # pikepdf's errors have no common parent, and the file is a stranger's
        message = "this is not a PDF that can be read"
        hint = "Give a PDF, or the folder of a pack; the file may have been cut short on its way."
        raise GuideError(error("not-a-pdf", message, place, hint)) from exc
    if not views:
        raise GuideError(error("not-a-pdf", "the file has no pages", place, "Make it again."))
    if not printable:
        message = "the author of this file does not allow printing"
        hint = "Ask for a copy that may be printed."
        raise GuideError(error("print-forbidden", message, place, hint))
    if waits:
        raise GuideError(placeholder(path))
    return tuple(view.millimetres for view in views), asks


@lru_cache(maxsize=1000)
def media_name(width: float, height: float) -> str:
    """Return the name by PWG 5101.1 of a sheet in mm, upright: landscape pages use the same paper."""
    short, long = sorted((width, height))
    size = f"{round(short, 2):g}x{round(long, 2):g}mm"
    fitting = (name for name in _MEDIA if fits((short, long), media_size(name)))
    return next(fitting, f"custom_{size}_{size}")


@lru_cache(maxsize=1000)
def media_size(name: str) -> tuple[float, float] | None:
    """Return short and long side in mm of a name by PWG 5101.1, None when it names no size."""
    match = _SIZE.search(name)
    if match is None:
        return None
    unit = MM_PER_INCH if match[3] == "in" else 1.0
    short, long = sorted((float(match[1]) * unit, float(match[2]) * unit))
    return short, long


def fits(one: tuple[float, float], other: tuple[float, float] | None) -> bool:
    """Return True if two sizes in mm, short side first, are one size of paper."""
    return other is not None and all(abs(a - b) <= SAME for a, b in zip(one, other, strict=True))


def said(media: str) -> str:
    """Return a name of media in words: `A4, 210 x 297 mm`."""
    size = media_size(media)
    if size is None:
        return media
    parts = media.split("_")
    word = parts[1].upper() if parts[0] in {"iso", "jis"} else parts[1].capitalize()
    measures = f"{size[0]:.4g} x {size[1]:.4g} mm"
    return measures if parts[0] == "custom" or len(parts) != 3 else f"{word}, {measures}"


def selected(text: str, count: int) -> tuple[int, ...]:
    """Return the pages that `3-8,10` names, from 0 and in order; all for ''.

    Raises ValueError with a message for the user.
    """
    if not text.strip():
        return tuple(range(count))
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,7})?\s*(-)?\s*(\d{1,7})?\s*", part, re.ASCII)
        if match is None or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
            raise ValueError(f"{part.strip()!r} is not a range of pages such as 3-8")
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else count if match[2] else first
        if not 1 <= first <= last <= count:
            pages = f"{count} page{'s' if count != 1 else ''}"
            raise ValueError(f"{part.strip()!r} is not within the document's {pages}")
        found.update(range(first - 1, last))
    return tuple(sorted(found))
