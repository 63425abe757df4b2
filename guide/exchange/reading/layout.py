"""Breaks, blocks and emphasis of a text that was read from HTML, as Markdown has them.

While a text is put together, characters for private use mark what can only be decided when it is whole.
"""

from __future__ import annotations

import re

from guide.exchange.reading.plain import line_start

HELD, LINE, PARA, EDGE = "\ue000", "\ue001", "\ue002", "\ue003"
_RUN = re.compile(f"[{LINE}{EDGE} ]*[{LINE}{EDGE}][{LINE}{EDGE} ]*")
OPEN, CLOSE = {"strong": "\ue010", "em": "\ue011"}, {"strong": "\ue012", "em": "\ue013"}
_STAR = {"strong": ("**", "b"), "em": ("*", "i")}
PRIVATE = re.compile("[\ue000-\ue02f]")
_MARK = re.compile("[\ue010-\ue013]")


def around(text: str) -> tuple[str, str, str]:
    """Return the blanks and breaks before a text, the text, and those after it."""
    blanks = f" \xa0{LINE}{EDGE}"
    inner = text.strip(blanks)
    start = text.index(inner)
    return text[:start], inner, text[start + len(inner) :]


def as_block(text: str) -> str:
    """Return a block whose lines are finished: its line breaks are kept as they are."""
    return text.replace("\n", "\ue020") + ("\ue021" if text else "")


def _break(match: re.Match[str]) -> str:
    """Return what a run of breaks is: `<br><br>` and a separate empty line are a gap, others a new line."""
    run = match[0].replace(" ", "")
    hard = run.count(LINE)
    own = run.startswith(EDGE) and run.endswith(EDGE) and hard
    return PARA if hard > 1 or own else LINE


def laid_out(text: str) -> str:
    """Return text with its breaks as Markdown: lines, paragraphs and finished blocks."""
    paragraphs: list[str | list[str]] = []
    for part in re.split(f"{PARA}+", _RUN.sub(_break, text)):
        if part.rstrip(f" {LINE}").endswith("\ue021"):
            paragraphs.append(part.strip(f" {LINE}").rstrip("\ue021").replace("\ue020", "\n"))
            continue
        lines = [" ".join(line.split(" ")).strip(" ") for line in part.split(LINE)]
        lines = [re.sub(" {2,}", " ", line) for line in lines if line.strip(" \xa0")]
        if lines:
            paragraphs.append(lines)
    several = len(paragraphs) > 1 or any(
        isinstance(each, str) or len(each) > 1 for each in paragraphs
    )
    made = []
    for each in paragraphs:
        if isinstance(each, str):
            made.append(each)
        else:
            starts = [line_start(line) for line in each] if several else each
            made.append("\\\n".join(starts))
    return _emphasised("\n\n".join(filter(None, made)))


def _emphasised(text: str) -> str:
    """Put stars where Markdown reads them as emphasis, and tags where it would not."""
    if not _MARK.search(text):
        return text
    pieces = re.split(f"({_MARK.pattern})", text)
    made: list[str] = []
    opened: list[tuple[int, str]] = []
    for number, piece in enumerate(pieces):
        if piece in OPEN.values():
            kind = next(name for name, sign in OPEN.items() if sign == piece)
            opened.append((number, kind))
            made.append(piece)
        elif piece in CLOSE.values():
            begin, kind = opened.pop() if opened else (-1, "em")
            if begin < 0:
                made.append("")
                continue
            star, tag = _STAR[kind]
            plain = _flanked(pieces, begin, number)
            made[begin] = star if plain else f"<{tag}>"
            made.append(star if plain else f"</{tag}>")
        else:
            made.append(piece)
    return "".join(made)


def _flanked(pieces: list[str], begin: int, end: int) -> bool:
    """Return True if stars around a piece are read as emphasis: words inside, and no letter beside them."""
    if end - begin != 2:
        return False
    inside = pieces[begin + 1]
    nested = (begin > 1 and not pieces[begin - 1]) or (
        end + 2 < len(pieces) and not pieces[end + 1]
    )
    before = pieces[begin - 1][-1:]
    after = pieces[end + 1][:1]
    apart = not any(side.isalnum() or side in ("*", "\\", HELD) for side in (before, after))
    return apart and not nested and inside[:1].isalnum() and inside[-1:].isalnum()
