"""The files of a deck whose faces are set: for the screen, for the printer, and how each card fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

from guide.html.own_documents import fit_captions
from guide.model.artifacts import FaceSet, Fault, FontObjects, SetFace
from guide.pdf.assemble import About, assemble
from guide.pdf.uses import union
from guide.pipeline.deck import SetDeck
from guide.pipeline.faces import NO_GLYPH
from guide.pipeline.jobs import Marked, fonts_job, prove_deck_job, set_faces_job
from guide.pipeline.pages import Made
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
    looking = []
    for made, sides in _made(done, stem):
        where = [spots_of(done.deck.stock, side) for side in sides] if sides is not None else None
        marked, size = _marked(done, sides), len(made.data)
        job = pool.submit(prove_deck_job, wanted, where, made.data, marked, size=size)
        looking.append((made, job))
        if sides is None:
            early(made)
    files, losses = [], list[Fault]()
    # What is too large or has no glyph is told as that, and may be accepted.
    told = {f.at for f in done.faces if f.over or any(x.code == NO_GLYPH for x in f.faults)}
    for made, job in looking:  # while the next file was made
        proof, unmarked = job.result()
        losses += unmarked if not done.lacks_glyphs else []
        known = told | {fault.at for fault in losses}
        losses += [fault for fault in proof.faults if fault.at not in known]
        files.append(replace(made, items=proof.items, missing=proof.missing))
    return files, losses


def _marked(done: SetDeck, sides: Sequence[Side] | None) -> Marked:
    """Return how often the pages of a file must show the marking: on each face and margin."""
    deck, shell = done.deck, done.deck.source.shell
    if sides is None:
        return Marked(shell.marking, (1,) * len(done.faces), shell.own)
    margins = deck.furniture.markings() if done.margins else [0] * len(deck.sides)
    around = dict(zip(map(id, deck.sides), margins, strict=True))
    counts = tuple(len(side.placements) + around[id(side)] for side in sides)
    return Marked(shell.marking, counts, shell.own)


def _made(done: SetDeck, stem: str) -> Iterator[tuple[Made, Sequence[Side] | None]]:
    """Yield the files, those of sheets with their sides."""
    manifest = done.deck.request.pack.manifest
    about = About(manifest.title, manifest.lang, tuple(manifest.authors))
    own_fonts, all_fonts = done.fonts
    screen = assemble(done.faces, own_fonts(), about)
    yield Made(f"{stem}-screen.pdf", screen, len(done.faces)), None
    yield from _sheets(done, stem, about, all_fonts())


def _sheets(
    done: SetDeck, stem: str, about: About, fonts: FontObjects
) -> Iterator[tuple[Made, Sequence[Side]]]:
    """Yield the files of sheets with their sides; a worker would have to be sent all faces, and be later."""
    deck, options = done.deck, done.deck.request.options
    layout = Layout(
        str(options["duplex"]), str(options["marks"]), bool(options["corners"]),
        bool(options["ruler"]), deck.registration,
    )  # fmt: skip
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
        yield Made(f"{name}.pdf", made.data, made.pages), sides


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
