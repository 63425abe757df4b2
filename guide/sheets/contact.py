"""A contact sheet: the tightest cards of a deck, front and back, with what fitting did to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pydyf

from guide.model.artifacts import FontObjects, SetFace, Sheets
from guide.pdf.assemble import About, Common
from guide.sheets.forms import finish, form_of, page_of
from guide.units import POINTS_PER_MM, Paper

MARGIN = 15.0  # mm
HEAD = 20.0  # mm from the top to the first row
GAP = 5.0  # mm between front and back, and between rows
CAPTION = 5.0  # mm


@dataclass(frozen=True)
class Fit:
    """What fitting did to a card: `verdict` is fits, shrunk or rejected; sizes in pt, `over` in mm."""

    id: str
    verdict: str
    size: float
    largest: float
    over: float


@dataclass(frozen=True)
class Spot:
    """A card on a contact sheet: its fit, and its frames (left, top, width, height) in mm."""

    fit: Fit
    left: float
    top: float
    width: float
    height: float
    second: float


def judged(fronts: Sequence[SetFace], backs: Sequence[SetFace], largest: float) -> list[Fit]:
    """Return the fit of each card, the tightest first."""
    found = []
    for front, back in zip(fronts, backs, strict=True):
        over = max(front.over, back.over)
        verdict = "rejected" if over else "shrunk" if front.size < largest else "fits"
        found.append(Fit(front.at, verdict, front.size, largest, over))
    return sorted(found, key=lambda fit: (-fit.over, fit.size, fit.id))


def spots(fits: Sequence[Fit], card: tuple[float, float], paper: Paper) -> list[list[Spot]]:
    """Return the pages of a contact sheet: front beside back, as large as two fit, a row a card."""
    across = (paper.width - 2 * MARGIN - GAP) / 2
    down = paper.height - HEAD - MARGIN - CAPTION
    scale = min(1.0, across / card[0], down / card[1])
    width, height = card[0] * scale, card[1] * scale
    row = height + CAPTION + GAP
    per_page = max(1, int((paper.height - HEAD - MARGIN) // row))
    return [
        [
            Spot(fit, MARGIN, HEAD + n * row + CAPTION, width, height, MARGIN + width + GAP)
            for n, fit in enumerate(fits[start : start + per_page])
        ]
        for start in range(0, len(fits), per_page)
    ]


def contact_sheet(
    pages: Sequence[Sequence[Spot]], faces: dict[str, tuple[SetFace, SetFace]],
    captions: Sequence[SetFace], fonts: FontObjects, paper: Paper, about: About,
) -> Sheets:  # fmt: skip
    """Return the contact sheet as a PDF; `captions` has a page for each of `pages`."""
    pdf = pydyf.PDF()
    common = Common(pdf, fonts)
    numbers = []
    for spots_here, caption in zip(pages, captions, strict=True):
        names = {b"Captions": form_of(common, caption)}
        drawn = [b"/Captions Do"]
        for n, spot in enumerate(spots_here):
            pair = zip(faces[spot.fit.id], (spot.left, spot.second), strict=True)
            for side, (face, left) in enumerate(pair):
                name = b"Face%d" % (2 * n + side)
                names[name] = form_of(common, face)
                scale = spot.width * POINTS_PER_MM / face.width
                x = left * POINTS_PER_MM
                y = (paper.height - spot.top - spot.height) * POINTS_PER_MM
                drawn.append(b"q %.4f 0 0 %.4f %.3f %.3f cm /%s Do Q" % (scale, scale, x, y, name))
        numbers.append(page_of(pdf, b"\n".join(drawn), names, paper))
    return finish(pdf, numbers, about)
