"""Where templates, bundled fonts and starter packs are, in a checkout or in an installed wheel."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files(__package__)))
_BUNDLED = _PACKAGE / "bundled"  # made by the wheel build; absent in a checkout
ROOT = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent

TEMPLATES = ROOT / "templates"
LOCALE = _PACKAGE / "locale"
DIAGNOSTICS = ROOT / "docs" / "diagnostics.md"


_SCRIPTS = (
    "Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi",
    "Hebrew", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil",
    "Telugu", "Thai",
)  # fmt: skip
SCRIPTS = {f"Noto Sans {name}": f"NotoSans{name}[wght].ttf" for name in _SCRIPTS}
"""Families of further scripts, each with its file."""


def font_folders() -> dict[str, Path]:
    """Return the folder of TrueType files of each bundled family, by the family's name."""
    shipped = Path(str(files("rendercv_fonts")))
    found = {folder.name: folder for folder in sorted(shipped.iterdir()) if folder.is_dir()}
    found["Source Code Pro"] = Path(str(files("fontpkg_source_code_pro"))) / "files"
    try:
        noto = Path(str(files("manimgx_fonts")))
    except ModuleNotFoundError:  # a checkout that was updated, and not set up again
        return found
    return found | dict.fromkeys(SCRIPTS, noto)


def font_file(family: str, name: str) -> Path:
    """Return a bundled font file; raises FileNotFoundError when there is none of that name."""
    folder = font_folders().get(family)
    if folder is None or "/" in name or "\\" in name or not (folder / name).is_file():
        raise FileNotFoundError(f"{family}/{name}")
    return folder / name
