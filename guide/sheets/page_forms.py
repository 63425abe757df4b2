"""Pages of any PDF, opened with care, as form XObjects of another file."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.foreign.forms import is_placeholder, placeholder
from guide.model.pageview import Matrix, inherited, view_of
from guide.sheets.plan_pages import named
from guide.units import Paper


@dataclass(frozen=True)
class PageForm:
    """A page as it is drawn: its form, its size in mm, the form's matrix, its view box in pt."""

    form: Any
    size: Paper
    matrix: Matrix
    box: tuple[float, float, float, float]


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
        raise GuideError(bad_pdf(name, f"the PDF cannot be read ({short(exc)})")) from exc
    if not pdf.allow.print_lowres:
        pdf.close()
        hint = "Ask its author, or give the owner's password with --password-env."
        raise GuideError(error("print-forbidden", "the PDF may not be printed", place, hint))
    try:
        count = len(pdf.pages)
    except (pikepdf.PdfError, ValueError) as exc:
        raise GuideError(
            bad_pdf(name, f"the PDF has no pages that can be read ({short(exc)})")
        ) from exc
    if not count:
        raise GuideError(bad_pdf(name, "the PDF has no pages"))
    if is_placeholder(pdf):
        raise GuideError(placeholder(name))
    return pdf


def bad_pdf(name: str, message: str) -> Diagnostic:
    """Return what is wrong with a file that is no PDF, or a broken one."""
    return error("not-a-pdf", message, Place(name), "Export or download it again.")


def short(exc: Exception) -> str:
    """Return a library's words for an error, in one line."""
    return re.sub(r"^.*?: ", "", str(exc).splitlines()[0])[:120] if str(exc) else type(exc).__name__


def page_form(source: Pdf, out: Pdf, index: int, name: str) -> PageForm:
    """Return a page as a form in another file; raises GuideError, with `name` as its place."""
    page = source.pages[index]
    view = view_of(page.obj)
    try:
        form = _drawing(page, view.box, source, out)
    except (pikepdf.PdfError, ValueError, TypeError, ArithmeticError, RuntimeError) as exc:
        raise GuideError(bad_pdf(name, f"page {index + 1} cannot be read ({short(exc)})")) from exc
    if max(view.width, view.height) > 14400 * 10:
        raise GuideError(bad_pdf(name, f"page {index + 1} has no size"))
    width, height = view.millimetres
    paper = Paper(named(width, height).name, width, height)
    return PageForm(form, paper, view.outward, view.box)


def _drawing(page: pikepdf.Page, box: Sequence[float], source: Pdf, out: Pdf) -> Any:
    """Return a page's content as a form; one stream is taken as it is, still compressed."""
    contents = page.obj.get("/Contents")
    if not isinstance(contents, pikepdf.Stream):
        page.trimbox = Array(box)  # what the form is cut to
        return out.copy_foreign(page.as_form_xobject(handle_transformations=False))
    form = pikepdf.Stream(out, contents.read_raw_bytes())
    for key in ("/Filter", "/DecodeParms"):
        if key in contents:
            form[key] = _direct(contents[key], source, out)
    resources = inherited(page.obj, "/Resources")
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox = Array(list(box))
    form.Resources = _copied(resources, source, out) if resources is not None else Dictionary()
    if "/Group" in page.obj:
        form.Group = _copied(page.obj.Group, source, out)
    return out.make_indirect(form)


def _direct(value: Any, source: Pdf, out: Pdf) -> Any:
    """Return a copy that is written out in its dictionary, as PDF/A's checkers want filters."""
    written = value.unparse(resolved=True)
    if re.search(rb"\d R\b", written):
        return _copied(value, source, out)
    return pikepdf.Object.parse(written)


def _copied(value: Any, source: Pdf, out: Pdf) -> Any:
    return out.copy_foreign(source.make_indirect(value))
