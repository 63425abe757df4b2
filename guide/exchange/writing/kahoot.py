"""Questions as the spreadsheet that Kahoot! imports: choice and true or false, short, without pictures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from guide.exchange.writing.ankifile import zipped
from guide.exchange.writing.chosen import Export
from guide.exchange.writing.quiz import Asked, Asking, has_picture, texts_of
from guide.exchange.writing.texts import plain_text

_LONGEST = {"question": 120, "answer": 75}  # characters that Kahoot! takes
_MOST = 4  # answers
_SECONDS = 30
_FIRST_ROW = 8  # of the template, with the names of the columns
_COLUMNS = (
    "", "Question - max 120 characters", "Answer 1 - max 75 characters", "Answer 2 - max 75 characters",
    "Answer 3 - max 75 characters", "Answer 4 - max 75 characters",
    "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs", "Correct answer(s) - choose at least one",
)  # fmt: skip
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def kahoot(export: Export) -> bytes:
    """Return the questions that Kahoot! can ask; the others are reported with the reason."""
    asking = Asking(export, tex=False)
    rows: list[Sequence[str | int]] = [_COLUMNS]
    for asked in asking.all():
        row = _row(asked, asking)
        if row:
            rows.append((len(rows), *row))
    title = export.pack.manifest.title
    return _sheet({2: ("", title), **{_FIRST_ROW + n: row for n, row in enumerate(rows)}})


def _row(asked: Asked, asking: Asking) -> Sequence[str | int] | None:
    export, question = asking.export, asked.question
    if asked.kind not in {"choice", "several", "truth"}:
        export.lost(
            question,
            "Kahoot! imports choice and true or false only; the question is omitted",
            "type",
        )
        return None
    options, right = [" ".join(plain_text(text).split()) for text in asked.options], asked.right
    if asked.kind == "truth":
        options, right = (
            [asking.texts.labels(word) for word in ("True", "False")],
            (asked.true, not asked.true),
        )
    prompt = " ".join(plain_text(asked.prompt).split())
    if len(options) > _MOST:
        export.lost(
            question,
            f"Kahoot! has {_MOST} answers at most, not {len(options)}; the question is omitted",
            "options",
        )
        return None
    for what, text in (("question", prompt), *(("answer", option) for option in options)):
        if len(text) > _LONGEST[what]:
            message = f"Kahoot! takes {_LONGEST[what]} characters, but this {what} has {len(text)}; the question is omitted"
            export.lost(question, message, "prompt", "Shorten it.")
            return None
    if has_picture(*(text.replace('<img class="math"', "") for text in texts_of(asked))):
        export.lost(question, "Kahoot! imports no pictures; they are omitted")
    if asked.explanation:
        export.lost(question, "Kahoot! has no explanations; it is omitted", "explanation")
    numbers = ",".join(str(n) for n, each in enumerate(right, 1) if each)
    blank = [""] * (_MOST - len(options))
    return prompt, *options, *blank, _SECONDS, numbers


def _sheet(rows: dict[int, Sequence[str | int]]) -> bytes:
    """Return a workbook with one sheet (ECMA-376), the same bytes for the same cells."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(_cell(number, n, value) for n, value in enumerate(row) if value != "")
        + "</row>"
        for number, row in sorted(rows.items())
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": _relation(f"{_OFFICE}/officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Questions" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relation(f"{_OFFICE}/worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>',
    }  # fmt: skip
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return zipped({name: head + text for name, text in files.items()})


def _relation(kind: str, target: str) -> str:
    inside = f'<Relationship Id="rId1" Type="{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _cell(row: int, column: int, value: str | int) -> str:
    at = f"{chr(65 + column)}{row}"
    if isinstance(value, int):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value, quote=False)}</t></is></c>'
