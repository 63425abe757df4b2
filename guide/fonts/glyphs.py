"""Which characters the bundled fonts can print, and where a document has others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from fontTools.ttLib import TTFont

from guide.fonts import scripts
from guide.model.artifacts import Fault
from guide.resources import SCRIPTS, font_file

# The families of templates/tokens.css, each of which every text can fall back to.
_CORE = (
    ("Gentium Book Plus", "GentiumBookPlus-Regular.ttf"),
    ("Source Sans 3", "SourceSans3-Regular.ttf"),
    ("Noto Sans", "NotoSans-Regular.ttf"),
    ("Source Code Pro", "SourceCodePro[wght].ttf"),
)
_EAST_ASIAN = tuple(("Noto Sans", f"NotoSans{code}-Regular.ttf") for code in ("JP", "SC", "KR"))
LISTED = {"Gentium Book Plus", "Source Sans 3", "Noto Sans", "Source Code Pro", "Noto Sans JP",
          "Noto Sans SC", "Noto Sans KR"}  # fmt: skip
BUNDLED = LISTED | set(SCRIPTS)
MOST = 200  # words of a document; the next tells nobody more
_ESCAPE = re.compile(r"\\[0-9a-f]{1,6} ")  # of a line end or a quote mark, as render.py writes them
_STRING = re.compile(r'"([^"]*)"')
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}
# Default-ignorable marks (Unicode, DerivedCoreProperties.txt): they leave no ink, with or without a font.
_IGNORABLE = {
    0x034F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x3164,
    0xFFA0,
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}


@lru_cache
def _covered(east_asian: bool) -> frozenset[int]:
    covered: set[int] = set()
    for family, name in (*_CORE, *(_EAST_ASIAN if east_asian else ())):
        with TTFont(font_file(family, name), lazy=True) as font:
            covered |= font.getBestCmap().keys()
    return frozenset(covered)


def is_east_asian(character: str) -> bool:
    """Return whether a character is set in one of the CJK families."""
    code = ord(character)
    return (
        0x1100 <= code <= 0x11FF
        or 0x2E80 <= code <= 0xD7FF
        or 0xF900 <= code <= 0xFAFF
        or (0xFE30 <= code <= 0xFE4F or 0xFF00 <= code <= 0xFFEF or 0x20000 <= code <= 0x2FA1F)
    )


def needs_east_asian(text: str) -> bool:
    """Return True if a text needs the CJK fonts: for its script, or for a sign such as ★ or ②."""
    wanted = {c for c in set(text) if ord(c) > 126 and is_visible(c)}
    if any(map(is_east_asian, wanted)):
        return True
    rest = {ord(c) for c in wanted} - _covered(east_asian=False)
    return bool(rest) and not rest.isdisjoint(_covered(east_asian=True))


def _beyond(text: str) -> set[str]:
    """Return the visible characters that neither the families of tokens.css nor CJK's have."""
    wanted = {c for c in set(text) if ord(c) > 126 and is_visible(c)}
    rest = {c for c in wanted if ord(c) not in _covered(east_asian=False)}
    return {c for c in rest if ord(c) not in _covered(east_asian=True)} if rest else rest


def uncovered(text: str) -> set[str]:
    """Return the visible characters of a text that no bundled font has."""
    return scripts.uncovered(_beyond(text))


def script_sheet(text: str, tokens: str) -> list[tuple[str, str]]:
    """Return the stylesheet that loads the fonts of scripts in a text, or none: see `guide.fonts.scripts`.

    It belongs behind tokens.css, whose text is `tokens`.
    """
    families = scripts.families(_beyond(text))
    return [("templates:scripts.css", scripts.sheet(families, tokens))] if families else []


def is_visible(character: str) -> bool:
    """Return True if a character leaves ink."""
    return unicodedata.category(character) not in _INVISIBLE and ord(character) not in _IGNORABLE


def joined(text: str) -> set[str]:
    """Return the letters of Arabic scripts, whose glyphs do not say in a PDF which letters they are.

    One form with other dots serves several letters. So a text of content cannot be looked for in the
    finished file, nor be copied from it; a name on a copy is looked for as ink.
    """
    return {
        c
        for c in set(text)
        if c > "\u05ff"
        and unicodedata.bidirectional(c) == "AL"
        and ord(c) not in _covered(east_asian=False)
    }


def missing_glyphs(root: Any, content: bool = True) -> Iterator[Fault]:
    """Yield a fault for each element with characters that no bundled font has, or that cannot be proved.

    What is no `content`, such as the name on a copy, may have joined letters.
    """
    text = "".join(root.itertext())
    missing = uncovered(text) | (joined(text) if content else set())
    found = words_with(root, missing) if missing else iter(())
    yield from (_lacking(*each) for each in islice(found, MOST))
    if next(found, None) is not None:
        message = f"more than {MOST} words have characters that no bundled font has"
        yield Fault("missing-glyph", message, hint="Is it a script that guide does not ship?")


def words_with(root: Any, signs: set[str]) -> Iterator[tuple[list[str], str, str]]:
    """Yield which of the signs a word has, the key of its block, and the word, each once a block."""
    return _where(root, signs, "", set())


def _where(
    element: Any, missing: set[str], at: str, told: set[tuple[str, str, str]]
) -> Iterator[tuple[list[str], str, str]]:
    if element.tag in {"style", "script", "title"}:
        return
    at = element.get("data-at") or at
    own = " ".join([element.text or "", *(child.tail or "" for child in element)])
    words: dict[str, list[str]] = {}
    for sign in sorted({*own} & missing):
        word = next((each for each in own.split() if sign in each), sign)
        if (at, sign, word) not in told:
            told.add((at, sign, word))
            words.setdefault(word, []).append(sign)
    for word, found in words.items():
        yield found, at, word
    for child in element:
        yield from _where(child, missing, at, told)


def named(found: list[str]) -> str:
    """Return up to five characters with their numbers and names."""
    names = ", ".join(f"{c} (U+{ord(c):04X} {unicodedata.name(c, '?').lower()})" for c in found[:5])
    return names + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _lacking(found: list[str], at: str, word: str) -> Fault:
    if joined("".join(found)):
        message = (
            f"guide sets Arabic scripts in names on copies only, and the text has {named(found)}"
        )
        return Fault("missing-glyph", message, at, "Add the text as a picture.", word=word)
    hint = "Write it in another way, or as a picture: the bundled fonts have no such sign."
    return Fault("missing-glyph", f"no bundled font has {named(found)}", at, hint, word=word)


def missing_in_strings(css: str) -> Iterator[Fault]:
    """Yield what the strings of a stylesheet lack, such as the pack's marking in running heads."""
    missing = uncovered(css) | joined(css)
    texts = [_ESCAPE.sub(" ", text) for text in _STRING.findall(css)]
    for word in dict.fromkeys(word for text in texts for word in text.split()):
        found = sorted({*word} & missing)
        if found:
            yield _lacking(found, "", word)
