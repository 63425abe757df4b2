"""What a YAML parser complains about, in words that help a writer, at the line that caused it.

A parser notices a fault where it can no longer go on: a quote that is never closed is noticed at the
next quote, a key without a colon at the key after it. The writer wants to know where it began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_CLOSERS = {"[": "]", "{": "}"}
# What the scanner's problem and its context have in them, message and hint, and whether the place is
# where the context begins.
_SCANNING = (
    ("could not find expected ':'|simple key", "", "a key without a colon",
     "Write `key: value`. A text that goes on is indented further, a list item begins with `- `.", True),
    ("alias", "anchor|alias", "no text can start with * or &",
     "Put a text that starts with * or & in quotes.", True),
    ("escape", "", "a backslash that YAML does not understand",
     "Write \\\\ for a backslash, or put the text in single quotes.", False),
    ("tag", "tag", "a tag that cannot be read", "Put a text that starts with ! in quotes.", True),
    ("directive", "directive", "a line cannot start with %",
     "Put a text that starts with % in quotes.", True),
    ("", "block scalar", "no text can stand beside | or >",
     "After | or > the text begins in the next line, indented.", False),
)  # fmt: skip


_LONGEST = 100  # letters of a line that a hint writes out
_KEY = re.compile(r"\s*(?:- +)*([\w-]+):(?= |$)")
_NO_BLANK = re.compile(r"(\s*(?:- +)*)([\w-]+):([^\s/].*\S)\s*$")
_ODD_SPACE = re.compile(r"[ \t]*[\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]")


def in_quotes(text: str) -> str:
    """Return a text as YAML takes it in quotes, in those that need the fewest backslashes."""
    if '"' in text and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _indent_by(count: int) -> str:
    return (
        f"Put {count} space{'s' * (count != 1)} before it"
        if count
        else "Delete the blanks before it"
    )


def _rest_of(line: str, column: int) -> str:
    """Return the text from a column to the end of the line, '' for one too long to show."""
    value = line[column:].strip()
    return value if len(value) <= _LONGEST else ""


def _no_item(line: str, above: str, number: int, among: int) -> tuple[str, str]:
    """Return message and hint for a line without a dash in a list whose dashes are in column `among`.

    `above` is the line before it, and `number` that line's number in the file.
    """
    key, before, dash = _KEY.match(line), _KEY.match(above), re.match(r" *-(\w.*)", line)
    if dash:
        return "a space is missing after the dash", f"Write `- {dash[1].rstrip()}`."
    if key and before and among < key.start(1) < before.start(1):
        message = f"`{key[1]}` is indented less than `{before[1]}` on line {number}"
        return message, f"{_indent_by(before.start(1))}, so that both are in the same column."
    hint = (
        "Begin the line with `- ` like the others, or indent it below the item that it belongs to."
    )
    return "an item of a list must start with `- `", hint


@dataclass(frozen=True)
class Complaint:
    """A fault of a YAML text; `line` and `column` count from 0."""

    message: str
    line: int
    column: int
    hint: str
    code: str = "yaml-syntax"


@dataclass(frozen=True)
class _Scalar:
    """The last scalar before a fault: its quote or '', where it begins and ends, from 0."""

    quote: str
    start: tuple[int, int]
    end: tuple[int, int]


def explain(exc: yaml.MarkedYAMLError, text: str, loader: Any, first_line: int = 1) -> Complaint:
    """Return what is wrong with a text that the parser gave up; `loader` scans it once more.

    `first_line` is the number of the text's first line in its file, for lines that hints name.
    """
    return _Explaining(exc, text, loader, first_line).complaint()


class _Explaining:
    def __init__(self, exc: yaml.MarkedYAMLError, text: str, loader: Any, first_line: int) -> None:
        self.first_line = first_line
        self.exc, self.text, self.lines = exc, text, text.split("\n")
        self.problem, self.context = (exc.problem or "").strip(), (exc.context or "").strip()
        mark = exc.problem_mark or exc.context_mark
        self.line, self.column = (mark.line, mark.column) if mark else (0, 0)
        begun = exc.context_mark
        self.begun = (begun.line, begun.column) if begun else (self.line, self.column)
        rest = (line.lstrip() for line in self._rest())
        self.ended = all(not line or line.startswith("#") for line in rest)
        if self.line >= len(self.lines):  # a text without a line end ends in a line more
            self.line, self.column = len(self.lines) - 1, len(self.lines[-1])
        self.shown = self.lines[self.line]
        self.before = self._last_scalar(loader)

    def _rest(self) -> Iterator[str]:
        """Yield the text from the fault on, line by line."""
        if self.line < len(self.lines):
            yield self.lines[self.line][self.column :]
        yield from self.lines[self.line + 1 :]

    def _last_scalar(self, loader: Any) -> _Scalar | None:
        found = None
        scanner = loader(self.text)
        try:
            while scanner.check_token():
                token: Any = scanner.get_token()
                start = token.start_mark
                if (start.line, start.column) >= (self.line, self.column):
                    break
                if isinstance(token, yaml.ScalarToken):
                    quote = token.style if token.style in {"'", '"'} else ""
                    end = token.end_mark
                    found = _Scalar(quote, (start.line, start.column), (end.line, end.column))
        except yaml.YAMLError:
            pass  # it is known that the text has a fault
        finally:
            scanner.dispose()
        return found

    def _at(
        self, message: str, hint: str, place: tuple[int, int] | None = None, code: str = ""
    ) -> Complaint:
        line, column = place or self._written()
        return Complaint(message, line, column, hint, code or "yaml-syntax")

    def _written(self) -> tuple[int, int]:
        """Return the place of the fault; at the end of a text, the end of what is written."""
        return self._end_before(self.line + 1) if self.ended else (self.line, self.column)

    def _end_before(self, line: int) -> tuple[int, int]:
        """Return the end of the last line before `line` that has something on it."""
        for number in range(min(line, len(self.lines)) - 1, -1, -1):
            plain = re.sub(r"(?:^|\s)#.*$", "", self.lines[number]).rstrip()
            if plain:
                return number, len(plain)
        return 0, 0

    def complaint(self) -> Complaint:
        problem = self.problem
        for number in (self.begun[0], self.line):
            odd = _ODD_SPACE.match(self.lines[number]) if number < len(self.lines) else None
            if odd:
                hint = "Delete the blanks at the beginning of the line and type them again: no-break spaces come from word processors and web pages."
                message = "a no-break space where YAML needs a space"
                return self._at(message, hint, (number, odd.end() - 1), code="yaml-tab")
        tab = re.match(r"^ *\t", self.shown)
        token = "cannot start any token" in problem and (tab or "\\t" in problem)
        if token or "tab character" in problem:
            hint = "Indent with spaces, two for each level."
            return self._at("a tab where YAML wants spaces", hint, code="yaml-tab")
        if "end of stream" in problem and "quoted scalar" in self.context:
            hint = f"Close it with {self._sign(self.begun)} where the text ends."
            return self._at("a quoted text that begins here is never closed", hint, self.begun)
        found = self._quotes() or self._scanning() or self._flow() or self._block()
        message = problem or "the YAML cannot be read"
        return found or self._at(message, "Check quotes, brackets and indentation.")

    def _sign(self, place: tuple[int, int]) -> str:
        line, column = place
        return self.lines[line][column : column + 1] if line < len(self.lines) else ""

    def _quotes(self) -> Complaint | None:
        """Say which quote is missing, when a quoted text is right before the fault."""
        text = self.before
        known = "did not find expected" in self.problem or "could not find" in self.problem
        if not known or text is None or not text.quote or self.line - text.end[0] > 1:
            return None
        if text.start[0] < text.end[0]:
            hint = f"Close it in its line: it went on to the next {text.quote} on line {text.end[0] + self.first_line}."
            return self._at("a quoted text that begins here is not closed", hint, text.start)
        between = self.shown[text.end[1] : self.column]
        if text.end[0] != self.line or between.strip() or self._sign(text.end) in {"]", "}"}:
            return None
        if "flow" in self.context and re.match(r"[\w-]+:(?: |$)", self.shown[self.column :]):
            hint = "A comma parts what stands in brackets."
            return self._at("a comma is missing before this", hint, (self.line, self.column))
        value = _rest_of(self.shown, text.start[1])
        if "flow" not in self.context and value:
            inner = value[1:-1] if len(value) > 1 and value[-1] == text.quote == "'" else value
            hint = f"Write the whole text in quotes: `{in_quotes(inner)}`."
            message = "a quoted text is closed, and then more follows"
            return self._at(message, hint, (self.line, self.column))
        doubled = "''" if text.quote == "'" else '\\"'
        hint = f"A {text.quote} inside the text is written {doubled}"
        hint += ", and a comma parts what stands in brackets." if "flow" in self.context else "."
        message = "a quoted text is closed, and then more follows"
        return self._at(message, hint, (self.line, self.column))

    def _scanning(self) -> Complaint | None:
        problem = self.problem
        if "mapping values are not allowed" in problem:
            return self._colon()
        if "block sequence entries are not allowed" in problem:
            text = self.shown[self.column :].strip().replace('"', "'")[:30]
            hint = f'Put a text that starts with a hyphen in quotes: "{text}". Begin each item of a list on a separate line.'
            return self._at("a text cannot start with a hyphen and a space", hint)
        if "expected a single document" in str(self.exc):
            return self._at("only one YAML document is allowed in a file", "Delete the line `---`.")
        if "cannot start any token" in problem:
            sign = self._sign((self.line, self.column))
            value = _rest_of(self.shown, self.column) if "flow" not in self.context else ""
            hint = (
                f"Put the text in quotes: `{in_quotes(value)}`."
                if value
                else "Put the text in quotes."
            )
            return self._at(f"a text cannot start with {sign!r}", hint)
        missed = (
            _NO_BLANK.match(self.lines[self.begun[0]]) if self.begun[0] < len(self.lines) else None
        )
        if missed and "simple key" in self.context + problem:
            hint = f"Write `{missed[2]}: {missed[3]}`."
            return self._at(
                "a space is missing after the colon", hint, (self.begun[0], missed.end(2))
            )
        for in_problem, in_context, message, hint, begun in _SCANNING:
            known = in_context and re.search(in_context, self.context)
            if known or (in_problem and re.search(in_problem, problem)):
                value = _rest_of(self.shown, self.begun[1]) if "* or &" in message else ""
                plain = value and not value.endswith(('"', "'"))
                remedy = f"Put the text in quotes: `{in_quotes(value)}`." if plain else hint
                if value[-1:] == '"' and value.count('"') == 1:
                    remedy = f'A quote is missing where the text begins: `"{value}`.'
                code = "yaml-tag" if message.startswith("a tag") else ""
                return self._at(message, remedy, self.begun if begun else None, code)
        return None

    def _colon(self) -> Complaint:
        """Say why there is no key before this colon."""
        text, at = self.before, (self.line, self.column)
        if text is not None and text.start[0] < self.line and not text.quote:
            first, number = self.lines[text.start[0]], text.start[0] + self.first_line
            start = len(self.shown) - len(self.shown.lstrip())
            keys = _KEY.match(first), _KEY.match(self.shown)
            if keys[0] and keys[1] and keys[0].start(1) < start:
                wanted = keys[0].start(1)
                message = f"`{keys[1][1]}` is indented further than `{keys[0][1]}` on line {number}"
                hint = f"{_indent_by(wanted)}. If the line goes on with the text of line {number}, put that whole text in quotes."
                return self._at(message, hint, (self.line, start))
            if not re.match(r"[\s-]*$", first[: text.start[1]]):
                hint = f"Line {number} has its value already: indent this line like it, or write both in quotes."
                return self._at("a key below a text", hint, (self.line, start))
            hint = "Write `key: value`, or `- ` before an item of a list."
            return self._at("a key without a colon", hint, text.start)
        key = _KEY.match(self.shown)
        value = _rest_of(self.shown, key.end()) if key and key.end() <= self.column else ""
        if key and value and value[0] not in "\"'[{|>":
            hint = f"Put the text in quotes: `{key[1]}: {in_quotes(value)}`."
            return self._at("a text that has a colon and a space in it needs quotes", hint, at)
        hint = "Put a text that has a colon and a space in it in quotes; or a line above is indented wrongly."
        return self._at("a colon where no key can be", hint, at)

    def _flow(self) -> Complaint | None:
        """Say what is missing inside brackets."""
        if "flow" not in self.context:
            return None
        opened = self._sign(self.begun)
        closer = _CLOSERS.get(opened, "]" if "sequence" in self.context else "}")
        above = self._end_before(self.line)[0]
        comment = re.search(r"(?<=[\s:])#\S", self.lines[above])
        if comment and above < self.line:
            hint = "A # after a space begins a comment: a value such as a colour stands in quotes."
            return self._at("the rest of the line is a comment", hint, (above, comment.start()))
        if "node content" in self.problem:
            hint = "Write it, or delete the comma or bracket before it."
            return self._at("a value is missing", hint)
        if self.ended:
            hint = f"The text ends on line {self._written()[0] + self.first_line}: close it with {closer}."
            message = f"a bracket {opened} that begins here is never closed"
            return self._at(message, hint, self.begun)
        if self.line > self.begun[0] and not re.search(r"[,\[{]", self.shown[: self.column]):
            hint = f"The bracket {opened} of line {self.begun[0] + self.first_line} is still open."
            message = f"a comma or {closer} is missing at the end of the line"
            return self._at(message, hint, self._end_before(self.line))
        plain = self.before is not None and not self.before.quote and opened == "{"
        word = "a colon, a comma" if plain else "a comma"
        hint = f"The bracket {opened} of column {self.begun[1] + 1} is still open."
        return self._at(f"{word} or {closer} is missing before this", hint)

    def _block(self) -> Complaint | None:
        """Say what is wrong with a line that fits no block."""
        if "block" not in self.context and "document start" not in self.problem:
            return None
        sign = self._sign((self.line, self.column))
        indent = len(self.shown) - len(self.shown.lstrip(" "))
        if sign in {"]", "}"} or self.column > indent + 1:
            lost = re.match(r"[ -]*([\w-]+) [\[{]", self.shown)
            if sign in {"]", "}"} and lost:
                hint = f"Write `{lost[1]}:` before the bracket."
                return self._at("a key without a colon", hint, (self.line, lost.start(1)))
            if sign in {"]", "}", ","}:
                return self._at(f"`{sign}` closes nothing", "Delete it, or put the text in quotes.")
            return self._at("the line goes on after its value", "Put the whole value in quotes.")
        if self.exc.context_mark is None:
            return self._after_the_end(indent)
        item = re.match(r" *-(?: |$)", self.shown) is not None
        among = self.begun[1]
        above = [n for n in range(self.line - 1, -1, -1) if self._indent(n) is not None]
        parent = next((n for n in above if (self._indent(n) or 0) <= among), 0)
        if "'-' indicator" in self.problem and not item:
            above_it = self.lines[above[0]] if above else ""
            number = above[0] + self.first_line if above else 0
            return self._at(*_no_item(self.shown, above_it, number, among))
        if indent == among and item:
            hint = "Delete its dash, or indent it below the key of its list."
            return self._at("a list item among keys", hint)
        message = "the line does not fit the block it stands in"
        inner = next((n for n in range(parent + 1, self.line) if self._indent(n) is not None), None)
        if "'-' indicator" in self.problem:
            hint = f"Indent it like the other items: {among} spaces, as on line {self.begun[0] + self.first_line}."
        elif inner is None:
            hint = f"Line {parent + self.first_line} has its value already: check the indentation of both, and the quotes."
        else:
            hint = (
                f"Its indentation is {indent}, that of line {inner + self.first_line} is {self._indent(inner)}: "
                f"make them equal, or check the indentation of line {parent + self.first_line}."
            )
        return self._at(message, hint)

    def _after_the_end(self, indent: int) -> Complaint:
        """Say what is wrong with a line after the end of what the file holds."""
        first = next((n for n in range(self.line) if self._indent(n) is not None), 0)
        wanted = self._indent(first) or 0
        number = first + self.first_line
        hint = f"Line {number} begins a list or keys that it does not go on with: check dashes and colons."
        if indent != wanted:
            hint = (
                f"Its indentation is {indent}, that of line {number} is {wanted}: make them equal."
            )
        return self._at("the line does not fit the block it stands in", hint)

    def _indent(self, number: int) -> int | None:
        """Return the spaces before a line, None for one without content."""
        line = self.lines[number]
        plain = line.lstrip(" ")
        return None if not plain or plain.startswith("#") else len(line) - len(plain)
