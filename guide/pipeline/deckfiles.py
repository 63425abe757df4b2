"""The files of a deck whose faces are set: for the screen, for the printer, and how each card fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from guide.html.own_documents import fit_captions
from guide.model.artifacts import FaceSet, Fault, FontObjects, SetFace
from guide.pdf.assemble import About, assemble
from guide.pdf.uses import union
from guide.pipeline.deck import SetDeck
from guide.pipeline.faces import NO_GLYPH
from guide.pipeline.jobs import Marked, fonts_job, prove_deck_job, set_faces_job
from guide.pipeline.pages import Made
from guide.pipeline.proofs import Proofs, drawn, pages_of_deck, pages_of_sheets, proofs
from guide.pipeline.record import JSON
from guide.proof.prove import expected_of
from guide.sheets.contact import contact_sheet, judged, spots
from guide.sheets.impose_cards import Layout, impose
from guide.sheets.impose_cards import spots as spots_of
from guide.sheets.plan_cards import Side

TIGHTEST = 40  # cards on a contact sheet
VERDICTS = ("fits", "shrunk", "rejected")


def deck_files(
    done: SetDeck, stem: str, early: Callable[[Made], None]
) -> tuple[list[Made], list[Fault]]:
    """Return the deck for the screen and the sheets for the printer, and what is not in them.

    `early` gets the deck as soon as it is made: nothing was looked for in it yet.
    """
    wanted, pool = tuple(map(expected_of, done.faces)), done.deck.pool
    digests = [drawn(face) for face in done.faces]
    looking = []
    for part in _made(done, stem):
        where = [spots_of(done.deck.stock, side) for side in part.sides] if part.sides else None
        marked = _marked(done, part)
        known = _proofs(done, part, marked, digests)
        job = pool.submit(
            prove_deck_job, wanted, where, part.made.data, marked, known.unread,
            size=len(part.made.data),
        )  # fmt: skip
        looking.append((part.made, known, job))
        if not part.sides:
            early(part.made)
    files, losses = [], list[Fault]()
    # What is too large or has no glyph is told as that, and may be accepted.
    told = {f.at for f in done.faces if f.over or any(x.code == NO_GLYPH for x in f.faults)}
    for made, known, job in looking:  # while the next file was made
        proof, unmarked = job.result()
        if not proof.missing and not unmarked:
            known.keep(done.deck.selection)
        losses += unmarked if not done.lacks_glyphs else []
        told_now = told | {fault.at for fault in losses}
        losses += [fault for fault in proof.faults if fault.at not in told_now]
        files.append(replace(made, items=proof.items, missing=proof.missing))
    return files, losses


@dataclass(frozen=True)
class _Part:
    """A file of a deck and its fonts; of sheets, their sides and what is in the margins of each."""

    made: Made
    fonts: FontObjects
    sides: Sequence[Side] = ()
    under: Sequence[SetFace] = ()


def _marked(done: SetDeck, part: _Part) -> Marked:
    """Return how often the pages of a file must show the marking: on each face and margin."""
    deck, shell = done.deck, done.deck.source.shell
    if not part.sides:
        return Marked(shell.marking, (1,) * len(done.faces), shell.own)
    margins = deck.furniture.markings() if done.margins else [0] * len(deck.sides)
    around = dict(zip(map(id, deck.sides), margins, strict=True))
    counts = tuple(len(side.placements) + around[id(side)] for side in part.sides)
    return Marked(shell.marking, counts, shell.own)


def _proofs(done: SetDeck, part: _Part, marked: Marked, digests: Sequence[str]) -> Proofs:
    """Return which pages of a file were proven before; `digests` are those of the faces."""
    deck = done.deck
    if part.sides:
        of_sheets = part.sides, part.under, part.fonts, marked, deck.stock, _layout(done)
        pages = pages_of_sheets(digests, *of_sheets)
    else:
        pages = pages_of_deck(digests, part.fonts, marked)
    return proofs(deck.store, f"{deck.source.environment}/{part.made.name}", pages)


def _made(done: SetDeck, stem: str) -> Iterator[_Part]:
    """Yield the files."""
    manifest = done.deck.request.pack.manifest
    about = About(manifest.title, manifest.lang, tuple(manifest.authors))
    own_fonts, all_fonts = done.fonts
    fonts = own_fonts()
    screen = assemble(done.faces, fonts, about)
    yield _Part(Made(f"{stem}-screen.pdf", screen, len(done.faces)), fonts)
    yield from _sheets(done, stem, about, all_fonts())


def _layout(done: SetDeck) -> Layout:
    options = done.deck.request.options
    return Layout(
        str(options["duplex"]), str(options["marks"]), bool(options["corners"]),
        bool(options["ruler"]), done.deck.registration,
    )  # fmt: skip


def _sheets(done: SetDeck, stem: str, about: About, fonts: FontObjects) -> Iterator[_Part]:
    """Yield the files of sheets; a worker would have to be sent all faces, and be later."""
    deck, layout = done.deck, _layout(done)
    parts = {stem: (list(deck.sides), list(done.margins))}
    if layout.duplex == "none":
        pairs = list(zip(deck.sides, done.margins, strict=True)) if done.margins else []
        parts = {
            f"{stem}-{name}": (
                [side for side in deck.sides if side.back == back],
                [face for side, face in pairs if side.back == back],
            )
            for name, back in (("fronts", False), ("backs", True))
        }
    for name, (sides, under) in parts.items():
        made = impose(done.faces, sides, deck.stock, layout, fonts, about, under)
        yield _Part(Made(f"{name}.pdf", made.data, made.pages), fonts, sides, under)


def fit_report(done: SetDeck, stem: str) -> list[Made]:
    """Return how each card fits, as JSON, and a contact sheet of the tightest."""
    request, stock = done.deck.request, done.deck.stock
    fits = judged(done.faces[::2], done.faces[1::2], stock.sizes[0])
    counts = {name: sum(f.verdict == name for f in fits) for name in VERDICTS}
    table = {"stock": stock.name, "cards": len(fits), "counts": counts,
             "fits": [asdict(fit) for fit in fits]}  # fmt: skip
    text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
    pages = spots(fits[:TIGHTEST], stock.card, request.paper)
    manifest, pool = request.pack.manifest, done.deck.pool
    about_fit = f"{manifest.title}: {len(fits)}"
    html = fit_captions(pages, request.paper, manifest.lang, about_fit, manifest.marking)
    captions: FaceSet = pool.submit(set_faces_job, html).result()
    pairs = zip(done.faces[::2], done.faces[1::2], strict=True)
    by_id: dict[str, tuple[SetFace, SetFace]] = {front.at: (front, back) for front, back in pairs}
    shown = [face for page in pages for spot in page for face in by_id[spot.fit.id]]
    known = {font.name: font for font in captions.fonts} | {**done.known_fonts}
    uses = union([*shown, *captions.faces])
    fonts = pool.submit(fonts_job, tuple(known[u.name] for u in uses), uses).result()
    about = About(f"{manifest.title}: fit", manifest.lang)
    sheet = contact_sheet(pages, by_id, captions.faces, fonts, request.paper, about)
    return [
        Made(f"{stem}-fit.json", text.encode(), 0, media=JSON),
        Made(f"{stem}-fit.pdf", sheet.data, sheet.pages),
    ]
