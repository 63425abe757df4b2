"""TeX formulas to SVG paths, on the baseline of the text around them."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any


class FormulaError(Exception):
    """The formula cannot be typeset; the message says why."""


@dataclass(frozen=True)
class Formula:
    """A formula as SVG; `width`, `height` and `depth` (below the baseline) are in em.

    `said` is the formula on one line, in signs that screen readers of any language know.
    """

    svg: bytes
    width: float
    height: float
    depth: float
    said: str = ""


_SIZE = 100.0  # px; the SVG is scaled, this only sets the precision of its numbers
MAX_LENGTH = 5_000
MAX_DEPTH = 40


@lru_cache(maxsize=2048)
def typeset_formula(tex: str, display: bool) -> Formula:
    """Return the formula; raises FormulaError.

    ziamath draws with STIX Two Math: a formula needs a font with a MATH table, and the text
    families have none. Glyphs become paths, so that nothing has to be embedded.
    """
    if len(tex) > MAX_LENGTH or _depth(tex) > MAX_DEPTH:
        raise FormulaError("the formula is too long or nested too deeply")

    unknown = _unknown_command(tex)
    if unknown:
        raise FormulaError(f"there is no command {unknown}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ziamath  # 0.2 s; most packs have no formulas

            ziamath.config.svg2 = False
            tex = _TEXT.sub(_escaped, tex)
            made = ziamath.Latex(tex, size=_SIZE, inline=not display)
            svg = made.svg()
            width, height = made.getsize()
            offset = made.getyofst()
            said = _on_a_line(tex)
    except Exception as exc:
        raise FormulaError(_reason(exc)) from exc
    return Formula(svg.encode(), width / _SIZE, height / _SIZE, -offset / _SIZE, said)


# Words in a formula: their converter takes them for markup as they are.
_TEXT = re.compile(r"\\(?:text|textrm|textbf|textit|textsf|texttt|mbox|hbox)\s*\{[^{}]*\}")
_ENTITY = re.compile(r"\\?&(?!(?:amp|lt|gt|quot|apos|#\w+);)")


def _escaped(match: re.Match[str]) -> str:
    words = _ENTITY.sub("&amp;", match[0])
    return words.replace("<", "&lt;").replace(">", "&gt;")


_RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_ACCENTS = {"→": "\u20d7", "¯": "\u0304", "^": "\u0302", "~": "\u0303", "˙": "\u0307"}
_BRACES = {"⏟", "⏞"}
_SPACED = set("=<>≤≥≠≈≡∈→⇒⇔+−±×·")


def _on_a_line(tex: str) -> str:
    """Return a formula as text: `a/b`, `x²`, `√(x+1)`; TeX itself where it cannot be read."""
    from latex2mathml.converter import convert_to_element

    found = " ".join(_linear(convert_to_element(tex)).split())
    return found or tex


def _linear(node: Any) -> str:
    """Return an element of MathML as text (MathML 3, chapter 3)."""
    name = node.tag.rpartition("}")[2]
    parts = [_linear(child) for child in node]
    if name in {"mi", "mn", "mo", "mtext", "ms"}:
        text = unescape(node.text or "")
        return f" {text} " if text in _SPACED else text
    if name in {"mspace", "mphantom"}:
        return " "
    if name == "mfrac":
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if name == "msqrt":
        return f"√{_grouped(''.join(parts), always=True)}"
    if name == "mroot":
        return f"{_raised(parts[1])}√{_grouped(parts[0], always=True)}"
    if name in {"msup", "msub", "msubsup", "munder", "mover", "munderover"}:
        return _scripted(name, parts)
    if name in {"mtr", "mtable"}:
        return (", " if name == "mtr" else "; ").join(parts)
    return "".join(parts)


def _scripted(name: str, parts: list[str]) -> str:
    base, *scripts = parts
    if name == "mover" and scripts[0].strip() in _ACCENTS:
        return base + _ACCENTS[scripts[0].strip()]
    if scripts[0].strip() in _BRACES:
        return base
    if name in {"msup", "mover"}:
        return base + _raised(scripts[0])
    below = f"{base}_{_grouped(scripts[0])}"
    return below + (_raised(scripts[1]) if len(scripts) > 1 else "") + " "


def _raised(text: str) -> str:
    raised = text.replace(" ", "").translate(_RAISED)
    known = raised and all(sign in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ" for sign in raised)
    return raised if known else f"^{_grouped(text)}"


def _grouped(text: str, always: bool = False) -> str:
    text = text.strip()
    return f"({text})" if always or (len(text) > 1 and not text.isalnum()) else text


def _unknown_command(tex: str) -> str:
    """Return a command that nothing defines, or '': ziamath would print its name."""
    from latex2mathml import commands
    from latex2mathml.symbols_parser import convert_symbol

    known = {v for v in vars(commands).values() if isinstance(v, str)}
    for group in vars(commands).values():
        if isinstance(group, dict | tuple | list | set | frozenset):
            known |= {item for item in group if isinstance(item, str)}
    for name in re.findall(r"\\(?:\\|[a-zA-Z]+)", tex):
        if name == r"\\":  # a new row, whatever follows it
            continue
        if name not in known and convert_symbol(name) is None:
            return str(name)
    return ""


def _depth(tex: str) -> int:
    depth = deepest = 0
    for sign in tex:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest


def _reason(exc: Exception) -> str:
    name = type(exc).__name__.removesuffix("Error")
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
    detail = " ".join(str(exc).split())
    return f"{words}: {detail}" if detail else words
