"""Aids for the person at the printer: the calibration sheet, drawings of stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from guide.html.margins import Tokens, css_string
from guide.html.marking import Marking, set_marking
from guide.html.stylesheets import css_tokens, with_fonts
from guide.html.templates import Templates
from guide.markup.labels import Labels
from guide.model.artifacts import Face, Html
from guide.model.kinds import Stock
from guide.model.pack import Theme
from guide.units import Paper

_LANG = "en-GB"
_INSET = 7.0  # mm left and right of a marking: --marking-inset
_MARKING_SIZE = 8.4  # pt: --size-marking


def calibration_sheet(
    paper: Paper, duplex: str, crosses: Mapping[str, tuple[float, float]]
) -> Html:
    """Return two pages, front and back, from which the offset of the back can be read.

    `crosses` are names and places in mm from the middle of the sheet. About the horizontal axis the
    back comes out upside down, so that its page is drawn turned.
    """
    small = paper.width < 150 or paper.height < 130
    if small:  # no room for scales in the corners
        crosses = {"C": crosses["C"]}
    vertical = (paper.width <= paper.height) == (duplex == "long-edge")
    points = {name: (paper.width / 2 + x, paper.height / 2 + y) for name, (x, y) in crosses.items()}
    return _html("calibrate", "Calibration sheet", paper, crosses=points, turned=not vertical,
                 edge=duplex.replace("-", " "), paper=paper, small=small)  # fmt: skip


def stock_drawings(stocks: Sequence[Stock], paper: Paper) -> Html:
    """Return drawings of stock to scale, with the numbers that one measures."""
    return _html("stock-sheet", "Card stock", paper, stocks=list(stocks), paper=paper)


def distribution_list(
    document: str, versions: Sequence[str], copies: Sequence[Mapping[str, Any]], paper: Paper,
    marking: str = "",
) -> Html:  # fmt: skip
    """Return who has which copy of a document, as a table with room to sign for it."""
    return _html("distribution-list", f"Distribution list: {document}", paper, marking=marking,
                 document=document, versions=list(versions), copies=list(copies),
                 dealt=any(copy.get("quiz") for copy in copies))  # fmt: skip


def class_list(
    title: str, people: Sequence[tuple[int, str, str]], paper: Paper, lang: str, marking: str = ""
) -> Html:
    """Return who of a class has which copy, by number, name and version, with room for the score."""
    versions = any(version for _, _, version in people)
    return _html("class-list", title, paper, lang, marking, people=list(people), versions=versions)


def fit_captions(
    pages: Sequence[Sequence[Any]], paper: Paper, lang: str, title: str, marking: str = ""
) -> Html:
    """Return the pages under a contact sheet, each a face: a caption and frames for each card.

    `pages` hold what `guide.sheets.contact.spots` gives.
    """
    html = _html("fit-report", title, paper, lang)
    templates = Templates({})
    lines = _marking(marking, paper).lines
    markups = (
        templates.render("fit-report/captions.html", {}, spots=page, title=title, marking=lines)
        for page in pages
    )
    faces = tuple(Face("", str(markup), str(n)) for n, markup in enumerate(markups))
    return replace(html, faces=faces, sizes=(8.0,))


def _marking(text: str, paper: Paper) -> Marking:
    return set_marking(text, paper.width - 2 * _INSET, _MARKING_SIZE)


def _html(
    name: str, title: str, size: Paper, lang: str = _LANG, marking: str = "", **context: Any
) -> Html:
    templates = Templates({})
    labels = Labels(lang)
    markup = templates.render(
        f"{name}/page.html", {}, title=title, lang=lang, dir=labels.direction, t=labels,
        token=Tokens(templates, name, Theme()).text, **context,
    )  # fmt: skip
    made = _marking(marking, size)
    names = [*(["marking.css"] if made.lines else []), f"{name}/page.css"]
    sheets = with_fonts(templates, names, str(markup))
    tokens = {
        "--marking": css_string("\n".join(made.lines)),
        "--marking-width": f"{size.width - 2 * _INSET:g}mm",
    }
    page = f"@page {{ size: {size.css}; margin: 0 }}\n{css_tokens(tokens)}"
    return Html(
        title, lang, str(markup), (*sheets, ("generated", page)), marking=marking, unproved=True
    )
