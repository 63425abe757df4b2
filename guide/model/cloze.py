"""The gaps of a cloze text: guide's `{{answer::hint}}` and Anki's `{{c1::answer::hint}}`.

A gap may hold braces at any depth, as TeX needs them, and may be part of a formula. Code stays code.
Gaps with Anki's numbers may be nested, and all gaps of one number belong to one card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from guide.model.signs import formula_at, spans

_BLANK = r"\vphantom{X}\qquad"
ASK = ":"  # after `{{` on the front of a card: the gap that is asked for, then its hint
_QUOTED = 24  # characters of a gap that a message shows
MOST_NESTED = 8  # as in Anki
_NUMBERS = re.compile(r"\s*c(\d{1,6}(?:,\d{1,6})*)::", re.I)
_MATH = {"$", "\\"}
_SIGN = re.compile(r"[\\`$]|\{\{")
_BRACE = re.compile(r"[\\`{}]|\n[ \t]*\n")
_HINT = re.compile(r"[\\`${}]|::")


@dataclass(frozen=True)
class Gap:
    """A gap: `start` and `end` in the text, braces included; its answer from `first` to `last`.

    `numbers` are the cards that ask for it, `inner` the numbered gaps inside its answer. A gap in a
    formula has `formula` set: its answer is TeX.
    """

    start: int
    end: int
    first: int
    last: int
    hint: str
    numbers: tuple[int, ...]
    formula: bool
    inner: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class GapFault:
    """Something wrong with the gap that begins at `offset`; `fatal` if no card can be made of it."""

    offset: int
    message: str
    hint: str
    fatal: bool = True


@dataclass(frozen=True)
class Side:
    """A card of a cloze text: the number of its gaps, and its two sides in Markdown.

    `{{:hint}}` on the front asks for a gap, `{{answer}}` on the back answers it.
    """

    number: int
    front: str
    back: str


@lru_cache(maxsize=4096)
def read(text: str) -> tuple[tuple[Gap, ...], tuple[GapFault, ...]]:
    """Return the gaps of a cloze text, in their order, and the faults found in it."""
    if "{{" not in text:
        return (), ()
    reader = _Reader(text)
    return reader.gaps(), tuple(reader.faults)


def unnumbered(text: str) -> str:
    """Return a cloze text without Anki's numbers, for a name made of it."""
    return re.sub(r"\{\{" + _NUMBERS.pattern, "{{", text, flags=re.I) if "::" in text else text


def gap_end(text: str, start: int) -> int:
    """Return the end of the gap that begins with the `{{` at `start`, or -1 if it has none."""
    return _closing(text, start + 2, _code(text)) + 2 if text.startswith("{{", start) else -1


def sides(text: str) -> list[Side]:
    """Return the cards of a cloze text, one for each number, in the order of the numbers.

    A gap without a number is a separate card. Gaps that a card does not ask for are plain text.
    """
    gaps, _ = read(text)
    numbers = sorted({number for gap in _all(gaps) for number in gap.numbers})
    whole = _Span(text, 0, len(text), gaps)
    return [Side(n, whole.written(n, front=True), whole.written(n, front=False)) for n in numbers]


def answers(text: str, number: int) -> list[str]:
    """Return the answers of the gaps that a card of a cloze text asks for."""
    gaps, _ = read(text)
    return [text[gap.first : gap.last].strip() for gap in _all(gaps) if number in gap.numbers]


def hints(front: str) -> list[str]:
    """Return the hints on the front of a card of a cloze text."""
    return [front[first:last].strip() for first, last in _asks(front) if front[first:last].strip()]


def without_hints(front: str) -> str:
    """Return the front of a card of a cloze text with nothing in its gaps."""
    parts, end = [], 0
    for first, last in _asks(front):
        parts.append(front[end:first])
        end = last
    return "".join([*parts, front[end:]])


def _asks(front: str) -> Iterator[tuple[int, int]]:
    """Yield where the hints in the gaps of a front begin and end."""
    at = 0
    while (at := front.find("{{" + ASK, at)) >= 0:
        end = gap_end(front, at)
        if end < 0:
            return
        yield at + 2 + len(ASK), end - 2
        at = end


def in_formula(tex: str) -> str:
    """Return a formula of one side of a card with a box where it asks for a gap or answers it."""
    parts, last, code = [], 0, dict[int, int]()
    while (start := tex.find("{{", last)) >= 0:
        start = _after_brace(tex, start, code, len(tex))
        end = gap_end(tex, start)
        if end < 2:
            break
        content = tex[start + 2 : end - 2]
        if content.startswith(ASK):
            hint = content[len(ASK) :].strip()
            content = rf"\;\text{{{hint}}}\;" if hint else _BLANK
        parts += [tex[last:start], rf"{{\boxed{{{content.strip()}}}}}"]
        last = end
    return "".join([*parts, tex[last:]])


def _all(gaps: tuple[Gap, ...]) -> Iterator[Gap]:
    for gap in gaps:
        yield gap
        yield from _all(gap.inner)


@dataclass(frozen=True)
class _Span:
    """A part of a text, with the gaps in it."""

    text: str
    start: int
    end: int
    gaps: tuple[Gap, ...]
    formula: bool = False

    def written(self, asked: int, *, front: bool) -> str:
        """Return the part as a side of the card of a number."""
        parts, last = [], self.start
        for gap in self.gaps:
            parts.append(self._plain(last, gap.start))
            inside = _Span(self.text, gap.first, gap.last, gap.inner, gap.formula)
            if asked not in gap.numbers:
                said = inside.written(asked, front=front)
                parts.append(_in_braces(said, parts[-1]) if gap.formula else said)
            elif front:
                parts.append(f"{{{{{ASK}{gap.hint}}}}}")
            else:
                said = (
                    inside.written(0, front=False) if gap.inner else self.text[gap.first : gap.last]
                )
                space = " " if said.startswith(ASK) else ""  # a smiley is not a question
                parts.append(f"{{{{{space}{said}}}}}")
            last = gap.end
        return "".join([*parts, self._plain(last, self.end)])

    def _plain(self, start: int, end: int) -> str:
        """Return text without gaps so that it is not read as one: an answer may have `{{` in it."""
        text = self.text[start:end]
        if "{{" not in text or self.formula:
            return text
        kept, last = [], 0
        for span in spans(text):
            kept += [text[last : span.start].replace("{{", "{\\{"), text[span.start : span.end]]
            last = span.end
        return "".join([*kept, text[last:].replace("{{", "{\\{")])


def _in_braces(tex: str, before: str) -> str:
    """Return TeX as a group; two braces in a row would be read as a gap."""
    outer = " " if before.endswith("{") else ""
    inner = " " if tex.startswith("{") else ""
    return f"{outer}{{{inner}{tex}}}"


def _code(text: str) -> dict[int, int]:
    """Return where each code of a text begins and ends, as the parser reads it."""
    return {span.start: span.end for span in spans(text) if span.kind == "code"}


def _formula(text: str, start: int, stop: int) -> int:
    """Return the end of a formula that begins at a dollar sign, or 0."""
    found = formula_at(text, start)
    return found.end if found is not None and found.end <= stop else 0


def _closing(
    text: str, at: int, code: Mapping[int, int], stop: int | None = None, *, balanced: bool = False
) -> int:
    """Return where the `}}` of a gap is whose content begins at `at`, or -3 if there is none.

    With `balanced`, a brace that closes nothing is a reason to give up.
    """
    depth, stop = 0, len(text) if stop is None else stop
    while (sign := _BRACE.search(text, at, stop)) is not None:
        at = sign.end()
        if sign[0] == "\\":
            at += 1
        elif sign[0] == "`":
            at = code.get(sign.start(), at)
        elif sign[0] == "{":
            depth += 1
        elif sign[0] != "}":
            break  # a blank line ends the paragraph
        elif depth:
            depth -= 1
        elif text.startswith("}", at) and at < stop:
            return sign.start()
        elif balanced:
            break
    return -3


def _after_brace(tex: str, start: int, code: Mapping[int, int], stop: int) -> int:
    r"""Return where a gap of a formula begins: in `\frac{{{a}}}{b}` the first brace is TeX's own."""
    if not tex.startswith("{{{", start):
        return start
    inner = _closing(tex, start + 3, code, stop, balanced=True)
    return start + 1 if inner >= 0 and tex.startswith("}", inner + 2) else start


@dataclass
class _Reader:
    text: str
    faults: list[GapFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.code = _code(self.text)
        self._unclosed = False

    def gaps(self) -> tuple[Gap, ...]:
        found = self._read(0, len(self.text), False, 0)
        return self._numbered(found)

    def _read(self, at: int, stop: int, formula: bool, depth: int) -> tuple[Gap, ...]:
        """Return the gaps of a part; inside a gap (`depth`) only those with a number are gaps."""
        text, found = self.text, list[Gap]()
        while not self._unclosed and (sign := _SIGN.search(text, at, stop)) is not None:
            start = sign.start()
            at = sign.end()
            if start in self.code and not formula:
                at = self.code[start]
            elif sign[0] in _MATH and not formula and (end := _formula(text, start, stop)):
                found += self._read(start + 1, end - 1, True, depth)
                at = end
            elif sign[0] == "\\":
                at += 1
            elif sign[0] == "{{":
                if depth and not _NUMBERS.match(text, at, stop):
                    self._nested(start, formula)
                    continue
                gap = self._gap(start, stop, formula, depth)
                if gap is not None:
                    found.append(gap)
                    at = gap.end
        return tuple(found)

    def _gap(self, start: int, stop: int, formula: bool, depth: int) -> Gap | None:
        text = self.text
        start = _after_brace(text, start, self.code, stop) if formula else start
        first = start + 2
        close = _closing(text, first, self.code, stop)
        if close < 0:
            self._unclosed = True
            hint = "Close it with }} in the same paragraph; write \\{ for a single brace."
            self._fault(start, f"the gap `{text[start : start + _QUOTED]}` is not closed", hint)
            return None
        numbers = tuple[int, ...]()
        if match := _NUMBERS.match(text, first, close):
            numbers = tuple(sorted({int(each) for each in match[1].split(",")}))
            first = match.end()
        last = self._hint(first, close)
        hint = text[last + 2 : close].strip().strip(":") if last < close else ""
        if 0 in numbers:
            self._fault(start, "a gap cannot have the number 0", "Begin with {{c1::answer}}.")
            return None
        if not text[first:last].strip():
            self._fault(start, "the gap has no answer", "Write {{answer}} or {{answer::hint}}.")
            return None
        if depth >= MOST_NESTED:
            hint = "Use two cards instead."
            self._fault(start, f"gaps are nested more than {MOST_NESTED} deep", hint)
            return None
        inner = self._read(first, last, formula, depth + 1)
        return Gap(start, close + 2, first, last, hint, numbers, formula, inner)

    def _hint(self, at: int, close: int) -> int:
        """Return where the `::` before the hint is, or the end of a gap without one."""
        text, depth = self.text, 0
        while (sign := _HINT.search(text, at, close)) is not None:
            start, at = sign.start(), sign.end()
            if sign[0] == "\\":
                at += 1
            elif sign[0] == "`":
                at = self.code.get(start, at)
            elif sign[0] == "$":
                at = _formula(text, start, close) or at
            elif sign[0] != "::":
                depth += 1 if sign[0] == "{" else -1
            elif not depth:
                return start
        return close

    def _nested(self, start: int, formula: bool) -> None:
        """Warn about a gap without a number inside another, unless the braces are TeX's."""
        if formula or not (start and self.text[start - 1].isspace()):
            return
        hint = (
            "Number both: {{c1::the {{c2::inner}} gap}}. In TeX, put the formula between $ signs."
        )
        message = "a gap inside a gap has no number: its braces are printed as text"
        self._fault(start, message, hint, fatal=False)

    def _fault(self, offset: int, message: str, hint: str, *, fatal: bool = True) -> None:
        self.faults.append(GapFault(offset, message, hint, fatal))

    def _numbered(self, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
        """Give each gap without a number its own, after those that the author gave."""
        highest = max((n for gap in _all(gaps) for n in gap.numbers), default=0)
        done = []
        for gap in gaps:
            if not gap.numbers:
                highest += 1
            done.append(gap if gap.numbers else replace(gap, numbers=(highest,)))
        return tuple(done)
