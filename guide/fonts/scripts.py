"""Fonts of further scripts, such as Arabic and Thai: loaded by documents that need them, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fontTools.ttLib import TTFont

from guide.resources import SCRIPTS, font_file, font_folders

_LIST = re.compile(r"(--(?:serif|sans|mono)):\s*([^;]+);")


@lru_cache
def _covered(family: str) -> frozenset[int]:
    if family not in font_folders():
        return frozenset()
    with TTFont(font_file(family, SCRIPTS[family]), lazy=True) as font:
        return frozenset(font.getBestCmap())


def uncovered(characters: Iterable[str]) -> set[str]:
    """Return the characters that no font of a script has."""
    return {c for c in characters if not any(ord(c) in _covered(family) for family in SCRIPTS)}


def families(characters: Iterable[str]) -> list[str]:
    """Return the families that have at least one of the characters."""
    wanted = {ord(c) for c in characters}
    return [family for family in SCRIPTS if not wanted.isdisjoint(_covered(family))]


def sheet(wanted: Iterable[str], tokens: str) -> str:
    """Return a stylesheet that loads families, and puts them at the end of the lists in tokens.css.

    They come last, so that all else is set as in any other document.
    """
    names = ", ".join(f'"{family}"' for family in wanted)
    faces = [
        f'@font-face {{ font-family: "{family}"; font-weight: 400; font-style: normal; '
        f'src: url("fonts/{_address(family)}/{_address(SCRIPTS[family])}"); }}'
        for family in wanted
    ]
    lists = [f"{name}: {value.strip()}, {names};" for name, value in _LIST.findall(tokens)]
    return "\n".join((*faces, f":root {{ {' '.join(lists)} }}"))


def _address(name: str) -> str:
    return name.replace(" ", "%20").replace("[", "%5B").replace("]", "%5D")
