"""Excel's workbooks: each visible sheet is a table of cards, or a quiz in Kahoot's form."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import BadZipFile

from guide.exchange.reading.archive import Archive
from guide.exchange.reading.found import Found, Options
from guide.exchange.reading.plain import as_markdown
from guide.exchange.reading.quizzes import Answer, Asked, add_question
from guide.exchange.reading.tables import Cards, Row
from guide.model.quiz import letter

_MOST_EMPTY = 5000  # rows in a row
_MOST_COLUMNS = 60
_SAVE = "Open it in Excel, LibreOffice or Google Sheets, and save it as .xlsx again."
_QUESTION, _ANSWER = re.compile(r"question\b", re.I), re.compile(r"answer\s*(\d)\b", re.I)
_RIGHT = re.compile(r"correct answer", re.I)


def read_workbook(data: bytes, found: Found, options: Options) -> None:
    """Read the cards of all sheets; raises GuideError."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    found.format = "Excel workbook"
    _look_around(Archive(data, found), found)
    broken = (
        InvalidFileException,
        BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        OSError,
        SyntaxError,
        AttributeError,
        IndexError,
    )
    try:
        shown = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        typed = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        pairs = [
            (sheet, typed[sheet.title])
            for sheet in shown.worksheets
            if sheet.sheet_state == "visible"
        ]
        if hidden := len(shown.worksheets) - len(pairs):
            found.warn(
                f"{hidden} hidden sheets are omitted",
                found.at(),
                "Show them in Excel (right-click a sheet's tab), and import again.",
            )
        for sheet, formulas in pairs:
            _sheet(
                list_rows(sheet, formulas, found),
                sheet.title,
                found,
                options,
                several=len(pairs) > 1,
            )
    except broken as exc:
        reason = " ".join(str(exc).split())[:80]
        found.refuse("import-unreadable", f"the workbook is damaged: {reason}", _SAVE)


def _look_around(archive: Archive, found: Found) -> None:
    """Refuse a workbook with macros, and count what its sheets have besides cells."""
    if any(name.endswith("vbaProject.bin") for name in archive.names):
        found.refuse(
            "import-macros",
            "the workbook has macros",
            "In Excel, save it as `Excel Workbook (.xlsx)`, which has none.",
        )
    for name, what in (("xl/media/", "a picture of a sheet|pictures of sheets"), ("xl/comments", "the comments of a sheet|comments of sheets"),
                       ("xl/charts/chart", "a chart|charts")):  # fmt: skip
        for _ in [each for each in archive.names if each.startswith(name)]:
            found.omit(what, found.at())


def _sheet(
    rows: Iterator[Row], title: str, found: Found, options: Options, *, several: bool
) -> None:
    first: list[Row] = []
    for row in rows:
        first.append(row)
        if _is_kahoot(row.cells):
            found.format = "Kahoot's workbook"
            _quiz(row, rows, found)
            return
        if len(first) >= 15:
            break
    group = title if several else ""
    Cards(found, options, group).read(_chained(first, rows))


def _chained(first: Sequence[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from first
    yield from rest


def list_rows(sheet: Any, formulas: Any, found: Found) -> Iterator[Row]:
    """Yield the rows of a sheet that are not empty; raises GuideError after thousands of empty ones."""
    empty = start = 0
    for number, (cells, written) in enumerate(
        zip(sheet.iter_rows(), formulas.iter_rows(), strict=False), 1
    ):
        if not any(cell.value is not None for cell in written):
            start = start or number
            empty += 1
            if empty > _MOST_EMPTY:
                message = f"sheet `{sheet.title}`: more than {_MOST_EMPTY:,} empty rows from row {start} on"
                found.refuse(
                    "import-too-large",
                    message,
                    "Delete the empty rows in Excel (select them, right-click, Delete), and save.",
                    found.at(start),
                )
            continue
        empty = start = 0
        texts = []
        wrong = len(found.problems)
        for column, cell in enumerate(cells[:_MOST_COLUMNS]):
            formula = written[column] if column < len(written) else None
            texts.append(_text(cell, formula, sheet.title, number, column, found))
        while texts and not texts[-1]:
            texts.pop()
        if texts and len(found.problems) == wrong:
            yield Row(texts, found.at(number))


def _text(cell: Any, written: Any, sheet: str, row: int, column: int, found: Found) -> str:
    """Return a cell as it is shown; note an error, and a formula without its result."""
    value, where = cell.value, f"{letter(column)}{row}"
    is_formula = written is not None and written.data_type == "f"
    if is_formula and value is None:
        message = f"cell {where} of `{sheet}` has a formula without its result"
        found.unreadable(
            message,
            found.at(row, column + 1),
            "Open the workbook in Excel and save it, or type the result instead of the formula.",
        )
        return "?"
    if isinstance(value, str) and cell.data_type == "e":
        message = f"cell {where} of `{sheet}` shows the error {value}"
        found.unreadable(
            message,
            found.at(row, column + 1),
            "Correct the formula, or type what the cell should say.",
        )
        return "?"
    if is_formula:
        found.omit(
            "a formula, whose result is taken,|formulas, whose results are taken,",
            found.at(row, column + 1),
        )
    return shown_value(value, str(getattr(cell, "number_format", "") or ""))


def shown_value(value: Any, form: str = "") -> str:
    """Return the value of a cell as text: numbers as Excel shows them, dates as year, month and day."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        whole = value.time() == dt.time()
        return value.date().isoformat() if whole else value.isoformat(" ", "minutes")
    if isinstance(value, int | float):
        if form.endswith("%"):
            return f"{value * 100:.10g}%"
        fixed = re.fullmatch(r"0\.(0+)", form)
        return f"{value:.{len(fixed[1])}f}" if fixed else f"{value:.15g}"
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").strip()


def _is_kahoot(cells: Sequence[str]) -> bool:
    return (
        any(map(_QUESTION.match, cells))
        and sum(1 for cell in cells if _ANSWER.match(cell)) > 1
        and any(map(_RIGHT.match, cells))
    )


def _quiz(head: Row, rows: Iterator[Row], found: Found) -> None:
    """Read the questions of Kahoot's template under the row that names its columns."""
    prompt = next(n for n, cell in enumerate(head.cells) if _QUESTION.match(cell))
    options = [n for n, cell in enumerate(head.cells) if _ANSWER.match(cell)]
    right = next(n for n, cell in enumerate(head.cells) if _RIGHT.match(cell))
    for row in rows:
        cells = [*row.cells, *[""] * (len(head.cells) - len(row.cells))]
        if not cells[prompt] and not any(cells[n] for n in options):
            continue
        numbers = {int(each) for each in re.findall(r"\d+", cells[right])}
        answers = [
            Answer(as_markdown(cells[n]), 100.0 if at in numbers else 0.0)
            for at, n in enumerate(options, 1)
            if cells[n]
        ]
        if not numbers:
            found.unreadable(
                f"row {row.at.line} has no correct answer",
                row.at,
                f"Write the number of the right answer into column {letter(right)}.",
            )
            continue
        add_question(found, Asked("choice", as_markdown(cells[prompt]), row.at, answers))
