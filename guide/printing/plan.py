"""What is sent to a printer for a document: jobs that document, wishes and printer agree on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.printing.job import (
    SAME,
    Document,
    Job,
    Printer,
    Tray,
    Wishes,
    fits,
    media_name,
    media_size,
    runs,
    said,
    selected,
)
from guide.units import PAPERS

SIDES = {
    "one": "one-sided",
    "long-edge": "two-sided-long-edge",
    "short-edge": "two-sided-short-edge",
}
_ROLL = 5.0  # mm; printers name a sheet's largest custom size to less than this


def plan(document: Document, wishes: Wishes, printer: Printer) -> tuple[Job, ...]:
    """Return what is to be sent: one job, or fronts and then backs for a turn by hand.

    Raises GuideError with all that document, wishes and printer do not agree on.
    """
    try:
        pages = selected(wishes.pages, len(document.sizes))
    except ValueError as exc:
        hint = "Write --pages 3-8 or --pages 1,4-6; pages count from 1."
        raise GuideError(error("bad-pages", str(exc), Place("--pages"), hint)) from exc
    found, note = _sides(document, pages, wishes, printer)
    torn = [] if isinstance(found, Diagnostic) else _torn(document, pages, wishes, found)
    media = _chosen_media(document, pages, wishes)
    if isinstance(media, str):
        media = _supported(media, printer) or _no_media(media, printer, Place(str(document.path)))
    tray = _tray(wishes.tray, printer)
    problems = [each for each in (found, *torn, media, tray) if isinstance(each, Diagnostic)]
    if isinstance(found, Diagnostic) or isinstance(media, Diagnostic) or problems:
        raise GuideError(*problems)
    assert not isinstance(tray, Diagnostic)
    job = Job(
        document, pages, wishes.copies, found, media, wishes.fit, tray, document.name, note=note
    )
    return by_hand(job) if wishes.manual and found != "one-sided" else (job,)


def by_hand(job: Job) -> tuple[Job, Job]:
    """Return a two-sided job as its fronts and its backs, for a printer that cannot turn sheets.

    The backs of an odd number of pages end with an empty side, so that every sheet goes through
    and copies stay in step.
    """
    fronts, backs = job.pages[0::2], job.pages[1::2]
    empty = (None,) * (len(fronts) - len(backs))
    first = replace(job, pages=fronts, sides="one-sided", title=f"{job.title} (fronts)")
    return first, behind(
        replace(first, pages=(*backs, *empty), title=f"{job.title} (backs)", front=fronts[-1] or 0),
        job.sides.removeprefix("two-sided-"),
    )


def behind(backs: Job, edge: str = "long-edge") -> Job:
    """Return a job that is printed on the backs of fronts that are turned over an edge."""
    return replace(backs, turn=edge, note="")


def turned(backs: Job) -> Job:
    """Return backs for a stack whose last sheet is drawn first."""
    return replace(backs, pages=backs.pages[::-1])


def _sides(
    document: Document, pages: Sequence[int], wishes: Wishes, printer: Printer
) -> tuple[str, str] | tuple[Diagnostic, str]:
    """Return the keyword of `sides`, and a note when a printer cannot do what would be usual."""
    if wishes.sides:
        wanted = SIDES[wishes.sides]
    elif len(pages) == 1:
        return "one-sided", ""
    else:
        # A page that is wider than high is bound on its short side, as slides are.
        width, height = document.sizes[pages[0]]
        usual = SIDES["long-edge" if width <= height else "short-edge"]
        wanted = document.asks or usual
    if len(pages) == 1 or wanted == "one-sided":
        return "one-sided", ""
    if wishes.manual or can_turn(printer, wishes.duplex, wanted):
        return wanted, ""
    if not (wishes.sides or document.asks):
        note = "one-sided, for the printer has no duplexer; --manual-duplex prints both"
        return "one-sided", note
    who = "the document has fronts and backs" if not wishes.sides else f"--sides {wishes.sides}"
    hint = (
        "--manual-duplex prints the fronts, waits until you have turned the stack, and prints the "
        "backs. If the printer has a duplexer: guide printers set NAME --queue "
        f"{printer.queue} --duplex yes. One side only: --sides one."
    )
    message = f"{who}, and `{printer.queue}` prints one side only"
    return error("no-duplexer", message, Place(str(document.path)), hint), ""


def can_turn(printer: Printer, profile: bool | None, wanted: str = "two-sided-long-edge") -> bool:
    """Return whether a printer prints both sides: as its profile says, else as it says itself."""
    if profile is not None:
        return profile
    return not printer.sides or wanted in printer.sides


def _torn(document: Document, pages: Sequence[int], wishes: Wishes, sides: str) -> list[Diagnostic]:
    """Return what is wrong with pages that part fronts from the backs that belong behind them."""
    if sides == "one-sided" or wishes.sides or not document.asks.startswith("two-sided"):
        return []
    chosen, count = {*pages}, len(document.sizes)
    whole = {
        page for each in chosen for page in (each - each % 2, each - each % 2 + 1) if page < count
    }
    if whole == chosen:
        return []
    message = f"--pages {runs(pages)} separates fronts from their backs"
    hint = f"Whole sheets are --pages {runs(sorted(whole))}; single sides: add --sides one."
    return [error("torn-sheets", message, Place("--pages"), hint)]


def _chosen_media(document: Document, pages: Sequence[int], wishes: Wishes) -> str | Diagnostic:
    """Return the media that the pages need, or that the user asked for and that holds them."""
    named = [(page, media_name(*document.sizes[page])) for page in pages]
    needed = list(dict.fromkeys(name for _, name in named))
    place = Place(str(document.path))
    if wishes.media:
        media = _asked_media(wishes.media)
        if isinstance(media, Diagnostic) or wishes.fit:
            return media
        room = media_size(media)
        for name in needed:
            size = media_size(name)
            if room and size and not all(a <= b + SAME for a, b in zip(size, room, strict=True)):
                message = f"pages of {said(name)} are larger than {said(media)}"
                hint = "Add --fit to make them smaller, or choose larger paper."
                return error("page-too-large", message, place, hint)
        return media
    if len(needed) == 1:
        return needed[0]
    groups = [
        (said(name), runs(page for page, each in named if each == name)) for name in needed[:6]
    ]
    message = "pages have different sizes: " + "; ".join(f"{name}: {at}" for name, at in groups)
    hint = (
        f"Print them apart, from --pages {groups[0][1]} on, or all on one paper with --media a4 "
        "(as large as they are) and --fit (made to fit)."
    )
    return error("mixed-sizes", message, place, hint)


def _asked_media(text: str) -> str | Diagnostic:
    if text.lower() in PAPERS:
        return media_name(PAPERS[text.lower()].width, PAPERS[text.lower()].height)
    if re.fullmatch(r"[a-z0-9._-]{1,80}", text) and media_size(text):
        return text
    message = f"`{text}` is not a paper"
    hint = f"Use {', '.join(PAPERS)}, or a name such as na_index-3x5_3x5in."
    return error("bad-media", message, Place("--media"), hint)


def _supported(media: str, printer: Printer) -> str:
    """Return what the printer calls this media, '' when it does not have it."""
    if not printer.media or media in printer.media:
        return media
    size = media_size(media)
    if size is None:
        return ""
    least, most = (
        next(filter(None, (media_size(n) for n in printer.media if n.startswith(each))), None)
        for each in ("custom_min", "custom_max")
    )
    listed = [name for name in printer.media if not name.startswith(("custom_min", "custom_max"))]
    same = [name for name in listed if fits(size, media_size(name))]
    if same:
        return min(same, key=lambda name: ("borderless" in name or "transverse" in name, name))
    if not least or not most:
        return ""
    sides = zip(least, size, most, strict=True)
    return media if all(low - SAME <= each <= high + _ROLL for low, each, high in sides) else ""


def _no_media(media: str, printer: Printer, place: Place) -> Diagnostic:
    names = [name for name in printer.media if not name.startswith("custom_m")]
    has = "; ".join(dict.fromkeys(said(name) for name in names[:16]))
    more = f", and {len(names) - 16} more" if len(names) > 16 else ""
    message = f"the document needs {said(media)}, and `{printer.queue}` does not have it"
    hint = f"It has {has}{more}. Another paper: --media a4, with --fit to make pages smaller."
    return error("media-not-supported", message, place, hint)


def _tray(wanted: str, printer: Printer) -> Tray | Diagnostic | None:
    """Return the tray of that name in either spelling."""
    if not wanted:
        return None
    for tray in printer.trays:
        if _plain(wanted) in {_plain(tray.name), _plain(tray.choice)}:
            return tray
    names = ", ".join(f"`{tray.name}`" for tray in printer.trays)
    message = f"`{printer.queue}` has no tray `{wanted}`"
    if names:
        return error("unknown-tray", message, Place("--tray"), f"It has {names}.")
    if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", wanted):
        return Tray(wanted)
    hint = "A tray's name has letters, digits and hyphens: tray-1, by-pass-tray."
    return error("unknown-tray", message, Place("--tray"), hint)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
