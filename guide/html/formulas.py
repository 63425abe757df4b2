"""TeX formulas to SVG paths, on the baseline of the text around them."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


class FormulaError(Exception):
    """The formula cannot be typeset; the message says why."""


@dataclass(frozen=True)
class Formula:
    """A formula as SVG; `width`, `height` and `depth` (below the baseline) are in em."""

    svg: bytes
    width: float
    height: float
    depth: float


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
            ziamath: Any = importlib.import_module("ziamath")  # 0.2 s; most packs have no formulas
            ziamath.config.svg2 = False
            made = ziamath.Latex(tex, size=_SIZE, inline=not display)
            svg = made.svg()
            width, height = made.getsize()
            offset = made.getyofst()
    except Exception as exc:
        raise FormulaError(_reason(exc)) from exc
    return Formula(svg.encode(), width / _SIZE, height / _SIZE, -offset / _SIZE)


def _unknown_command(tex: str) -> str:
    """Return a command that nothing defines, or '': ziamath would print its name."""
    from latex2mathml import commands
    from latex2mathml.symbols_parser import convert_symbol

    known = {v for v in vars(commands).values() if isinstance(v, str)}
    for group in vars(commands).values():
        if isinstance(group, dict | tuple | list | set | frozenset):
            known |= {item for item in group if isinstance(item, str)}
    for name in re.findall(r"\\[a-zA-Z]+", tex):
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
