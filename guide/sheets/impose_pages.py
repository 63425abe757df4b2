"""Impose any PDF: its pages as form XObjects on sheets, its links and bookmarks with them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, NameTree, OutlineItem, Pdf

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.foreign.fields import draw_fields
from guide.foreign.forms import is_placeholder, placeholder
from guide.foreign.streams import unread_filter, unread_filters
from guide.model.artifacts import Sheets
from guide.model.pageview import Matrix, apply, inherited, times, view_of
from guide.sheets.plan_pages import (
    Box,
    Cell,
    Flip,
    Stroke,
    Surface,
    booklet,
    booklet_sheet,
    grid_of,
    n_up,
    named,
    pocket,
    poster,
)
from guide.sheets.prefer import preferences
from guide.units import POINTS_PER_MM, Paper

_DASH = {"fold": b"[4 3] 0 d .5 G", "cut": b"[] 0 d 0 G", "mark": b"[] 0 d .2 G"}
_GREY = b".35 G .25 w"
_SCANNED = 4.0  # mm by which scans of pages of one size differ


@dataclass(frozen=True)
class Scheme:
    """What to make of a PDF, as `guide impose --help` describes it. Lengths in mm.

    `kind` is booklet, n-up, poster or pocket. `paper` is the sheet, chosen when None. `sheets` are
    those of a signature, 0 for all; `across` and `down` the sheets of a poster.
    """

    kind: str = "booklet"
    paper: Paper | None = None
    flip: Flip = "short-edge"
    sheets: int = 0
    creep: float = 0.0
    margin: float = 0.0
    count: int = 2
    order: str = "across"
    border: bool = False
    cut_stack: bool = False
    across: int = 2
    down: int = 2
    overlap: float = 10.0
    marks: bool = True
    right_to_left: bool = False


@dataclass(frozen=True)
class Pressed:
    """Imposed sheets: how many sides, sheets of paper and blank places there are.

    `smaller` is the smallest scale of a page; `problems` say what a reader should know of them.
    """

    sheets: Sheets
    paper: Paper
    leaves: int
    blanks: int
    smaller: float
    problems: tuple[Diagnostic, ...] = ()


def impose_pdf(
    data: bytes,
    scheme: Scheme,
    name: str = "",
    chosen: Sequence[int] | None = None,
    password: str = "",
) -> Pressed:
    """Return the PDF imposed; `chosen` are indices of pages, all when None.

    Structure tags do not survive: sheets are for the printer. Raises GuideError, with `name` as its
    place, for what is no PDF, is encrypted or may not be printed, and for a scheme that cannot be.
    """
    with opened(data, name, password) as source:
        return _Pressing(source, scheme, name).run(chosen)


def opened(data: bytes, name: str, password: str = "") -> Pdf:
    """Open a PDF that a user gave; raises GuideError with the remedy."""
    place = Place(name)
    try:
        pdf = pikepdf.open(io.BytesIO(data), password=password)
    except pikepdf.PasswordError as exc:
        hint = "Name the variable that holds its password: --password-env PDF_PASSWORD."
        message = "the PDF is encrypted, and its password is not the one given"
        raise GuideError(error("locked-pdf", message, place, hint)) from exc
    except (pikepdf.PdfError, ValueError, OverflowError, RecursionError) as exc:
        raise GuideError(_bad(name, f"the PDF cannot be read ({_short(exc)})")) from exc
    if not pdf.allow.print_lowres:
        pdf.close()
        hint = "Ask its author, or give the owner's password with --password-env."
        raise GuideError(error("print-forbidden", "the PDF may not be printed", place, hint))
    try:
        count = len(pdf.pages)
    except (pikepdf.PdfError, ValueError) as exc:
        raise GuideError(
            _bad(name, f"the PDF has no pages that can be read ({_short(exc)})")
        ) from exc
    if not count:
        raise GuideError(_bad(name, "the PDF has no pages"))
    if is_placeholder(pdf):
        raise GuideError(placeholder(name))
    return pdf


def _bad(name: str, message: str) -> Diagnostic:
    return error("not-a-pdf", message, Place(name), "Export or download it again.")


def _short(exc: Exception) -> str:
    return re.sub(r"^.*?: ", "", str(exc).splitlines()[0])[:120] if str(exc) else type(exc).__name__


@dataclass(frozen=True)
class _Source:
    """A page as it is drawn: its form in the new file, its size in mm, and its form's matrix."""

    form: Any
    size: Paper
    matrix: Matrix


@dataclass
class _Pressing:
    source: Pdf
    scheme: Scheme
    name: str
    out: Pdf = field(default_factory=Pdf.new)
    spots: dict[int, tuple[int, Matrix]] = field(default_factory=dict)
    boxes: dict[int, tuple[float, float, float, float]] = field(default_factory=dict)

    def run(self, chosen: Sequence[int] | None) -> Pressed:
        count = len(self.source.pages)
        indices = list(range(count)) if chosen is None else list(chosen)
        self.numbers = {tuple(page.obj.objgen): n for n, page in enumerate(self.source.pages)}
        self.links = {n: list(self._links(n)) for n in dict.fromkeys(indices)}
        problems = self._show_fields(dict.fromkeys(indices))
        problems += [each for index in dict.fromkeys(indices) for each in self._unread(index)]
        sources = [self._form(index) for index in indices]
        self.size, more = self._common_size(sources, indices)
        problems += more
        surfaces = self._surfaces(sources)
        for number, surface in enumerate(surfaces):
            self._side(number, surface, sources, indices)
        self.sides = [page.obj for page in self.out.pages]
        for index in dict.fromkeys(indices):
            self._relink(index)
        self._bookmarks()
        self._keep()
        scales = [
            _scale(cell, sources[cell.page].size)
            for surface in surfaces for cell in surface.cells if cell.page is not None
        ]  # fmt: skip
        blanks = sum(cell.page is None for surface in surfaces for cell in surface.cells)
        two_sided = self._flip() != "none"
        leaves = (len(surfaces) + 1) // 2 if two_sided else len(surfaces)
        stream = io.BytesIO()
        self.out.save(stream, deterministic_id=True, min_version="1.7")
        sheets = Sheets(stream.getvalue(), len(surfaces))
        smaller = min(scales, default=1.0)
        return Pressed(sheets, surfaces[0].paper, leaves, blanks, smaller, tuple(problems))

    def _flip(self) -> Flip:
        scheme = self.scheme
        two_sided = scheme.kind == "booklet" or (scheme.kind == "n-up" and scheme.flip != "none")
        return scheme.flip if two_sided else "none"

    def _surfaces(self, sources: Sequence[_Source]) -> list[Surface]:
        scheme, size, count = self.scheme, self.size, len(sources)
        paper = scheme.paper or size
        try:
            if scheme.kind == "booklet":
                sheet = booklet_sheet(size, scheme.paper)
                return booklet(count, sheet, scheme.sheets, scheme.creep, scheme.margin, scheme.flip,
                               scheme.right_to_left)  # fmt: skip
            if scheme.kind == "n-up":
                sheet, columns, rows = grid_of(scheme.count, size, paper, scheme.margin)
                return n_up(
                    count, sheet, columns, rows, scheme.order, scheme.margin, 0.0, scheme.cut_stack,
                    scheme.flip, scheme.right_to_left,
                )  # fmt: skip
            if scheme.kind == "poster":
                upright = (paper.width <= paper.height) == (
                    size.width / scheme.across <= size.height / scheme.down
                )
                sheet = paper if upright else paper.turned
                return [
                    side
                    for index in range(count)
                    for side in poster(index, sources[index].size, sheet, scheme.across, scheme.down,
                                       scheme.margin, scheme.overlap, scheme.marks)
                ]  # fmt: skip
            surface = pocket(count, paper, scheme.margin)
            return [surface if scheme.marks else Surface(surface.paper, surface.cells)]
        except ValueError as exc:
            hint = "Choose pages with --pages 1-8, another scheme, or a smaller margin."
            raise GuideError(error("cannot-impose", str(exc), Place(self.name), hint)) from exc

    def _common_size(
        self, sources: Sequence[_Source], indices: Sequence[int]
    ) -> tuple[Paper, list[Diagnostic]]:
        """Return the size that most pages have, the larger where two are as common; name the others."""
        groups: list[tuple[Paper, list[int]]] = []
        for source, index in zip(sources, indices, strict=True):
            for size, members in groups:
                if _alike(size, source.size):
                    members.append(index)
                    break
            else:
                groups.append((source.size, [index]))
        groups.sort(key=lambda group: (-len(group[1]), -group[0].width * group[0].height))
        common = groups[0][0]
        if len(groups) == 1:
            return common, []
        others = "; ".join(
            f"{_said(size)}: page{'s' * (len(members) > 1)} {_pages(members)}"
            for size, members in groups[1:5]
        )
        more = f"; and {len(groups) - 5} more sizes" if len(groups) > 5 else ""
        message = f"pages have {len(groups)} sizes: most are {_said(common)}; {others}{more}"
        fitted = (
            "The sheet follows the most common size; the other pages are made to fit their place."
        )
        if self.scheme.paper is not None:
            fitted = "Each page is made to fit its place on the sheet."
        hint = f"{fitted} For pages of one size, choose them: --pages {_ranges(groups[0][1])}."
        return common, [warning("mixed-sizes", message, Place(self.name), hint)]

    def _show_fields(self, indices: Iterable[int]) -> list[Diagnostic]:
        """Draw form fields and notes into their pages: a form XObject carries no annotations."""
        try:
            return draw_fields(self.source, indices, self.name)
        except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, AttributeError) as exc:
            message = f"fields and notes cannot be drawn ({_short(exc)})"
            hint = "Open the PDF in the program it was made with, and print it to a new PDF."
            return [warning("not-drawn", message, Place(self.name), hint)]

    def _unread(self, index: int) -> Iterator[Diagnostic]:
        """Leave out of a page the content that nothing can read, and yield a warning of it.

        Viewers leave it out as well. Pictures are never read: they stay as they are stored.
        """
        contents = self.source.pages[index].obj.get("/Contents")
        streams = list(contents) if isinstance(contents, Array) else [contents]
        parts = [each for each in streams if isinstance(each, pikepdf.Stream)]
        filters = unread_filters(parts)
        if filters:
            kept = [each for each in parts if not unread_filter(each)]
            self.source.pages[index].obj.Contents = Array(kept)
            message = f"page {index + 1} has content that cannot be read: it is stored as {filters}"
            hint = (
                "Compare the sheet with the page in a viewer. If something is missing, print the "
                "PDF to a new one there, and impose that."
            )
            yield warning("not-drawn", message, Place(self.name), hint)

    def _form(self, index: int) -> _Source:
        page = self.source.pages[index]
        view = view_of(page.obj)
        try:
            form = self._drawing(page, view.box)
        except (pikepdf.PdfError, ValueError, TypeError, ArithmeticError, RuntimeError) as exc:
            raise GuideError(
                _bad(self.name, f"page {index + 1} cannot be read ({_short(exc)})")
            ) from exc
        if max(view.width, view.height) > 14400 * 10:
            raise GuideError(_bad(self.name, f"page {index + 1} has no size"))
        width, height = view.millimetres
        self.boxes[index] = view.box
        return _Source(form, Paper(named(width, height).name, width, height), view.outward)

    def _drawing(self, page: pikepdf.Page, box: Sequence[float]) -> Any:
        """Return a page's content as a form; one stream is taken as it is, still compressed."""
        contents = page.obj.get("/Contents")
        if not isinstance(contents, pikepdf.Stream):
            page.trimbox = Array(box)  # what the form is cut to
            return self.out.copy_foreign(page.as_form_xobject(handle_transformations=False))
        form = pikepdf.Stream(self.out, contents.read_raw_bytes())
        for key in ("/Filter", "/DecodeParms"):
            if key in contents:
                form[key] = self._direct(contents[key])
        resources = inherited(page.obj, "/Resources")
        form.Type, form.Subtype = Name.XObject, Name.Form
        form.BBox = Array(list(box))
        form.Resources = self._copied(resources) if resources is not None else Dictionary()
        if "/Group" in page.obj:
            form.Group = self._copied(page.obj.Group)
        return self.out.make_indirect(form)

    def _direct(self, value: Any) -> Any:
        """Return a copy that stands in its dictionary itself, as PDF/A's checkers want filters."""
        written = value.unparse(resolved=True)
        if re.search(rb"\d R\b", written):
            return self._copied(value)
        return pikepdf.Object.parse(written)

    def _copied(self, value: Any) -> Any:
        return self.out.copy_foreign(self.source.make_indirect(value))

    def _side(
        self, number: int, surface: Surface, sources: Sequence[_Source], indices: Sequence[int]
    ) -> None:
        paper = surface.paper
        names: dict[str, Any] = {}
        drawn = []
        for place, cell in enumerate(surface.cells):
            if cell.page is None:
                continue
            source = sources[cell.page]
            matrix = times(source.matrix, _placed(cell, source.size, paper))
            names[f"/P{place}"] = source.form
            numbers = b"%.5f %.5f %.5f %.5f %.3f %.3f" % matrix
            window = b""
            if cell.window:
                window = b"%s W n " % _rectangle(cell.window, paper.height)
            drawn.append(b"q %s%s cm /P%d Do Q" % (window, numbers, place))
            self.spots.setdefault(indices[cell.page], (number, matrix))
        drawn += self._lines(surface)
        content = pikepdf.Stream(self.out, b"\n".join(drawn))
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(
                [0, 0, *(round(v * POINTS_PER_MM, 3) for v in (paper.width, paper.height))]
            ),
            Contents=self.out.make_indirect(content),
            Resources=Dictionary(XObject=Dictionary(names)),
        )
        self.out.pages.append(pikepdf.Page(self.out.make_indirect(page)))

    def _lines(self, surface: Surface) -> Iterator[bytes]:
        height = surface.paper.height
        if self.scheme.border:
            for cell in surface.cells:
                if cell.page is not None:
                    yield b"q %s %s S Q" % (_GREY, _rectangle(cell.box, height))
        for box in surface.filled:
            yield b"q .2 g %s f Q" % _rectangle(box, height)
        for stroke in surface.strokes:
            yield _stroke(stroke, height)

    def _links(self, index: int) -> Iterator[tuple[list[float], Any]]:
        """Yield the rectangle of each link of a page, and where it leads: an address or a place."""
        annotations = self.source.pages[index].obj.get("/Annots")
        for each in annotations if isinstance(annotations, Array) else ():
            try:
                if not isinstance(each, Dictionary) or each.get("/Subtype") != "/Link":
                    continue
                rectangle = [float(value) for value in each["/Rect"]]
                action = each.get("/A")
                if isinstance(action, Dictionary) and action.get("/S") == "/URI":
                    yield rectangle, bytes(action["/URI"])
                    continue
                target = each.get("/Dest")
                if (
                    target is None
                    and isinstance(action, Dictionary)
                    and action.get("/S") == "/GoTo"
                ):
                    target = action.get("/D")
                place = self._target(target)
                if place is not None:
                    yield rectangle, place
            except (pikepdf.PdfError, ValueError, TypeError, KeyError):
                continue  # a link that no viewer could follow either

    @property
    def _named(self) -> Mapping[str, Any]:
        if not hasattr(self, "_destinations"):
            found: dict[str, Any] = {}
            root = self.source.Root
            try:
                if "/Names" in root and "/Dests" in root.Names:
                    found |= {str(key): value for key, value in NameTree(root.Names.Dests).items()}
                if "/Dests" in root:
                    found |= {key.lstrip("/"): value for key, value in root.Dests.items()}
            except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
                pass  # links that name what is not there lead nowhere
            self._destinations = found
        return self._destinations

    def _target(self, target: Any) -> tuple[int, float | None, float | None] | None:
        """Return the page and point (pt) that a destination names, None when it names none."""
        if isinstance(target, pikepdf.String | Name | str):
            target = self._named.get(str(target).lstrip("/"))
        if isinstance(target, Dictionary):
            target = target.get("/D")
        if not isinstance(target, Array) or not len(target):
            return None
        page = target[0]
        index = (
            page if isinstance(page, int) else self.numbers.get(tuple(getattr(page, "objgen", ())))
        )
        if index is None or not 0 <= index < len(self.source.pages):
            return None
        numbers = [_number(value) for value in list(target)[2:]]
        fit = str(target[1]) if len(target) > 1 else "/Fit"
        if fit == "/XYZ":
            left, top = (*numbers, None, None)[:2]
            return index, left, top
        return (index, None, numbers[0]) if fit == "/FitH" and numbers else (index, None, None)

    def _relink(self, index: int) -> None:
        if index not in self.spots:
            return
        number, matrix = self.spots[index]
        made = []
        for rectangle, target in self.links[index]:
            points = [apply(matrix, x, y) for x in rectangle[::2] for y in rectangle[1::2]]
            box = [min(p[0] for p in points), min(p[1] for p in points),
                   max(p[0] for p in points), max(p[1] for p in points)]  # fmt: skip
            link = Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=Array([round(v, 3) for v in box]),
                Border=Array([0, 0, 0]), F=4,
            )  # fmt: skip
            if isinstance(target, bytes):
                link.A = Dictionary(S=Name.URI, URI=pikepdf.String(target))
            else:
                place = self._place(target)
                if place is None:
                    continue
                link.Dest = place
            made.append(self.out.make_indirect(link))
        if made:
            page = self.sides[number]
            page.Annots = Array([*page.get("/Annots", []), *made])

    def _place(self, target: tuple[int, float | None, float | None]) -> Array | None:
        index, left, top = target
        if index not in self.spots:
            return None
        number, matrix = self.spots[index]
        box = self.boxes[index]
        x, y = apply(matrix, box[0] if left is None else left, box[3] if top is None else top)
        return Array([self.sides[number], Name.XYZ, round(x, 3), round(y, 3), 0])

    def _bookmarks(self) -> None:
        try:
            with self.source.open_outline() as old:
                kept = list(self._outline(old.root))
        except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, RecursionError,
                AttributeError, KeyError):  # fmt: skip
            return  # bookmarks that cannot be read
        if kept:
            with self.out.open_outline() as new:
                new.root.extend(kept)

    def _outline(self, items: Sequence[OutlineItem]) -> Iterator[OutlineItem]:
        for item in items:
            target: Any = item.destination
            if target is None and isinstance(item.action, Dictionary):
                target = item.action.get("/D")
            found = self._target(target)
            place = self._place(found) if found else None
            children = list(self._outline(item.children))
            if place is None:
                yield from children
                continue
            made = OutlineItem(item.title, place)
            made.children.extend(children)
            made.is_closed = item.is_closed
            yield made

    def _keep(self) -> None:
        """Take over the title, layers and language; ask the viewer to print as it is."""
        source = self.source
        if isinstance(source.Root.get("/OCProperties"), Dictionary):
            layers = source.make_indirect(source.Root.OCProperties)
            self.out.Root.OCProperties = self.out.copy_foreign(layers)
        language = source.Root.get("/Lang")
        if isinstance(language, pikepdf.String):
            self.out.Root.Lang = pikepdf.String(str(language))
        info = source.trailer.get("/Info")
        title = info.get("/Title") if isinstance(info, Dictionary) else None
        if isinstance(title, pikepdf.String):
            self.out.docinfo["/Title"] = str(title)[:500]
        self.out.Root.ViewerPreferences = preferences(self._flip())


def _alike(one: Paper, other: Paper) -> bool:
    """Return True if two pages have one size as a scanner measures it."""
    return abs(one.width - other.width) <= _SCANNED and abs(one.height - other.height) <= _SCANNED


def _said(size: Paper) -> str:
    return f"{size.width:.4g} x {size.height:.4g} mm"


def _pages(members: Sequence[int]) -> str:
    shown = ", ".join(str(index + 1) for index in members[:6])
    return shown + (f" and {len(members) - 6} more" if len(members) > 6 else "")


def _ranges(members: Iterable[int]) -> str:
    """Return ascending pages, counted from 0, as `--pages` takes them: `4-7,9`."""
    found: list[list[int]] = []
    for index in members:
        if found and found[-1][1] == index:
            found[-1][1] = index + 1
        else:
            found.append([index + 1, index + 1])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found)


def _scale(cell: Cell, size: Paper) -> float:
    return min(cell.box[2] / size.width, cell.box[3] / size.height)


def _placed(cell: Cell, size: Paper, sheet: Paper) -> Matrix:
    """Return what puts an upright page in the middle of its cell, in pt from the sheet's bottom left."""
    x, y, width, height = cell.box
    scale = _scale(cell, size)
    left = x + (width - scale * size.width) / 2
    bottom = sheet.height - y - height + (height - scale * size.height) / 2
    if not cell.turned:
        return (scale, 0, 0, scale, left * POINTS_PER_MM, bottom * POINTS_PER_MM)
    right, top = left + scale * size.width, bottom + scale * size.height
    return (-scale, 0, 0, -scale, right * POINTS_PER_MM, top * POINTS_PER_MM)


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None  # null: as it was


def _rectangle(box: Box, height: float) -> bytes:
    x, y, w, h = (value * POINTS_PER_MM for value in box)
    return b"%.3f %.3f %.3f %.3f re" % (x, height * POINTS_PER_MM - y - h, w, h)


def _stroke(stroke: Stroke, height: float) -> bytes:
    x1, y1, x2, y2 = (
        value * POINTS_PER_MM
        for value in (stroke.x1, height - stroke.y1, stroke.x2, height - stroke.y2)
    )
    return b"q .25 w %s %.3f %.3f m %.3f %.3f l S Q" % (_DASH[stroke.kind], x1, y1, x2, y2)
