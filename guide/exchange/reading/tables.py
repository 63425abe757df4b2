"""Rows of a table as cards: from text files (CSV, TSV, Quizlet) and from spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from guide.diagnostics.diagnostic import Place
from guide.exchange.reading.columns import SKIP, has_a_name, is_own, named
from guide.exchange.reading.encoding import decoded
from guide.exchange.reading.found import EXTRA, Found, Options
from guide.exchange.reading.htmltext import Html, is_html
from guide.exchange.reading.plain import as_markdown
from guide.model.quiz import letter

FIELDS = ("front", "back", "hint", "tags", "cloze", "id", "image", SKIP)
_ORDER = "Say what they are, in their order: `--columns front,back,hint`; `-` leaves a column out."
_SEP = re.compile(r'"?sep=([^"\s\w]|\t)"?[;,\t]*', re.I)  # Excel's first line
_GAP = re.compile(r"\{\{c\d+(?:,\d+)*::")
_NEW_LINE = re.compile(r"(?<=[^\s|])[ \t]*\n(?=[ \t]*[^\s])(?![ \t]*(?:[-*+>|:#]|\d{1,9}[.)] ))")
_LISTS = {"tags": r"[;|,]", "sources": r"[;|]"}
_FLAGS = {"true", "yes", "1", "x", "ja", "oui"}
_SCHEMES = (("\t", "\n"), ("\t", "\n\n"), ("\t", ";\n"), ("\t", ";"), (" - ", "\n"), (" – ", "\n"), (";", "\n"), (",", "\n"), ("|", "\n"),
            (" = ", "\n"), (": ", "\n"), (",", ";"), (" - ", ";"))  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The cells of a row, and where it is: a line of a text, or a row of a sheet."""

    cells: Sequence[str]
    at: Place


@dataclass
class Cards:
    """Turns rows into cards of `found`; the first row may name the columns."""

    found: Found
    options: Options
    group: str = ""
    fields: list[str] = field(default_factory=list)
    languages: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    own: bool = False
    html: int = 0

    def read(self, rows: Iterable[Row]) -> None:
        """Add the cards of a table; raises GuideError if it is not known what its columns are."""
        waiting = iter(rows)
        first = next(waiting, None)
        if first is None:
            return
        headed = self._begin(first)
        for row in waiting if headed else (first, *waiting):
            self._add(row)
        if self.html and not self.options.text:
            cells = "1 cell holds" if self.html == 1 else f"{self.html} cells hold"
            message = f"{cells} HTML, which is read as what it shows"
            self.found.remark(
                message, first.at, "If its tags are meant as text, import with `--text plain`."
            )

    def _begin(self, first: Row) -> bool:
        """Find out what the columns are; return True if the first row has their names."""
        cells = [cell.strip() for cell in first.cells]
        if self.options.columns:
            self.fields = [name.strip() for name in self.options.columns]
            self.names = [letter(number) for number in range(len(self.fields))]
            self.own = is_own(cells) and self.fields == cells
            return self.own or named(cells) is not None or has_a_name(cells)
        known = named(cells)
        if known is not None:
            self.fields, self.languages = known
            self.names, self.own = cells, is_own(cells)
            return True
        used = [number for number, cell in enumerate(cells) if cell]
        if (len(cells) > 2 and len(used) > 2) or has_a_name(cells):
            shown = ", ".join(f"`{cell[:20]}`" for cell in cells[:5])
            self.found.refuse(
                "import-columns",
                f"it is not clear what the columns are: the first row has {shown}",
                _ORDER,
                first.at,
            )
        if len(cells) < 2:
            message = "the rows have one column; a card needs a front and a back"
            hint = 'If something else than a tab, comma or semicolon is between the two, name it: `--separator " - "`.'
            self.found.refuse("import-columns", message, hint, first.at)
        self.fields = ["front", "back", *[""] * (len(cells) - 2)]
        self.names = [letter(number) for number in range(len(cells))]
        self.found.remark("the columns have no names: the first is the front, the second the back", first.at,
                          "Otherwise say what they are: `--columns back,front`.")  # fmt: skip
        return False

    def _add(self, row: Row) -> None:
        texts: dict[str, list[str]] = {}
        for number, cell in enumerate(row.cells):
            if not cell.strip():
                continue
            name = self.fields[number] if number < len(self.fields) else ""
            if not name:
                shown = (
                    self.names[number]
                    if number < len(self.names) and self.names[number]
                    else letter(number)
                )
                message = (
                    f"the column `{shown[:30]}` has a text here, and it is not clear what it is for"
                )
                self.found.unreadable(message, row.at, f"{_ORDER} Or empty the column.")
                return
            if name != SKIP:
                texts.setdefault(name, []).append(cell)
        if not texts:
            return
        data = self._data(texts, row.at)
        if "cloze" not in data and (
            missing := next((s for s in ("front", "back") if not data.get(s)), "")
        ):
            column = self.fields.index(missing) if missing in self.fields else -1
            where = f"column {letter(column)} " if column >= 0 else "it "
            message = f"{where}is empty: the card has no {missing}"
            self.found.unreadable(
                message,
                row.at,
                f"Fill it in, or delete the row. The row begins with `{_start(texts)}`.",
            )
            return
        self.found.add("cards", data, row.at, group=self.group)

    def _data(self, texts: dict[str, list[str]], at: Place) -> dict[str, Any]:
        data: dict[str, Any] = dict(self.languages)
        for name, cells in texts.items():
            if name in _LISTS:
                parts = re.split(_LISTS[name], ";".join(cells))
                data[name] = [part.strip() for part in parts if part.strip()]
            elif name in {"reverse"}:
                data[name] = cells[0].strip().lower() in _FLAGS
            elif name in {"front", "back", "hint", "cloze"}:
                data[name] = "\n\n".join(filter(None, map(self._text, cells)))
            else:
                data[name] = cells[0].strip()
        if _GAP.search(texts.get("front", [""])[0]) and not self.own:
            data["cloze"] = data.pop("front")
            if data.pop("back", ""):
                self.found.omit(EXTRA, at)
        return data

    def _text(self, cell: str) -> str:
        how = self.options.text
        if self.own or how == "markdown":
            return _as_lines(cell)
        if how == "html" or (not how and is_html(cell)):
            self.html += 1
            return Html(omit=lambda what: self.found.omit(what, self.found.at())).markdown(
                cell.strip().replace("\n", "<br>")
            )
        if _GAP.search(cell):
            return Html().markdown(escape(cell.strip(), quote=False).replace("\n", "<br>"))
        return as_markdown(cell.strip())


def _start(texts: dict[str, list[str]]) -> str:
    return " ".join(next(iter(texts.values()))[0].split())[:30]


def _as_lines(cell: str) -> str:
    """Return a cell of Markdown as guide's own tables print it: each line break of a paragraph is one."""
    text = cell.strip()
    return text if "```" in text or "~~~" in text else _NEW_LINE.sub("\\\n", text)


def read_text_table(data: bytes, found: Found, options: Options) -> None:
    """Read cards from CSV, TSV, or the text that Quizlet exports."""
    text = decoded(data, found, options.encoding)
    if not text.strip():
        found.refuse("import-nothing", "the file is empty", "Export it again.")
    found.format = found.format or "table"
    if options.between or (options.separator and len(options.separator) > 1):
        rows = _split(text, options.separator or "\t", options.between or "\n", found)
    else:
        rows = _sniffed(text, found, options.separator)
    Cards(found, options).read(rows)


def _sniffed(text: str, found: Found, separator: str) -> Iterator[Row]:
    lines = text.split("\n")
    given = _SEP.fullmatch(lines[0])
    quoted = re.search(r'(?m)(?:^|[,;\t|])"', text) is not None
    wanted = separator or (given[1] if given else "")
    if found.path.lower().endswith((".csv", ".tsv", ".tab")) or quoted or given:
        delimiter = wanted or _delimiter(text, found.path)
        yield from _of_csv(text, found, delimiter, skip=1 if given else 0)
        return
    between = "\n"
    if not wanted:
        wanted, between = _scheme(text)
    yield from _split(text, wanted or "\t", between, found)


def _delimiter(text: str, path: str) -> str:
    """Return what separates the cells: that which gives the most rows the same number of cells."""
    if path.lower().endswith((".tsv", ".tab")):
        return "\t"
    best, highest = ",", 0.0
    for delimiter in "\t", ";", ",", "|":
        widths: list[int] = []
        try:
            for cells in csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter):
                if any(cell.strip() for cell in cells):
                    widths.append(len(cells))
                if len(widths) >= 200:
                    break
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=0)
        score = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if score > highest:
            best, highest = delimiter, score
    return best


def _of_csv(text: str, found: Found, delimiter: str, skip: int = 0) -> Iterator[Row]:
    source = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in source:
            if start > skip and any(cell.strip() for cell in cells):
                yield Row(cells, found.at(start))
            start = source.line_num + 1
    except csv.Error as exc:
        hint = 'A cell with quotes inside must double them: "". Export the file again, or correct this row.'
        found.refuse("import-unreadable", f"the row cannot be read: {exc}", hint, found.at(start))


def _scheme(text: str) -> tuple[str, str]:
    """Return what is between the sides of a card, and what is between cards, '' and a line end if unknown."""
    best, highest = ("", "\n"), 0.0
    for separator, between in _SCHEMES:
        rows = [row for row in text.split(between) if row.strip()]
        once = sum(row.count(separator) == 1 for row in rows)
        some = sum(separator in row for row in rows)
        score = (some + once) / (2 * len(rows)) * (1.0 if len(rows) > 1 else 0.9)
        if separator == "\t" and between == "\n" and some and once > 0.8 * some:
            score = max(score, 0.9)  # a text may have line breaks in it
        if score > highest + 0.05:
            best, highest = (separator, between), score
    return best if highest >= 0.6 else ("", "\n")


def _split(text: str, separator: str, between: str, found: Found) -> Iterator[Row]:
    """Yield rows without quotes; a row without a separator goes on with the one before it."""
    separator, between = _typed(separator), _typed(between)
    row: list[str] = []
    start = line = 1
    for part in text.split(between):
        whole = part.strip("\n")
        if separator in part:
            if row:
                yield Row(row, found.at(start))
            row = whole.split(separator)
            if separator not in "\t;,|" and len(row) > 2:
                row = [row[0], separator.join(row[1:])]
            start = line + len(part) - len(part.lstrip("\n"))
        elif row:
            row[-1] += between + whole if whole else ""
        elif whole.strip():
            shown, sign = whole.strip()[:30], repr(separator)
            hint = 'Name what is between the two sides, such as `--separator " - "`, and between cards: `--between ";"`.'
            found.refuse(
                "import-columns",
                f"`{shown}` has nothing that separates a front from a back ({sign})",
                hint,
                found.at(line),
            )
        line += part.count("\n") + between.count("\n")
    if row:
        yield Row(row, found.at(start))


def _typed(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")
