"""Fonts of the machine that a document was set in: for which signs, and where those were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import unescape
from itertools import islice
from typing import Any

from guide.diagnostics.diagnostic import Severity
from guide.fonts.glyphs import BUNDLED, is_visible, named, words_with
from guide.model.artifacts import Fault

MOST = 20  # places of one font that are named
_FAMILY = re.compile(r"""font-family\s*[:=]\s*["']?([^;"'>}]+)""")
_SHORT = re.compile(r"""[\s;"']font\s*:\s*[^;"'>}]*?\d\w*(?:/\S+)?\s+([^;"'>}]+)""")
_NUMBER = re.compile(r"U\+([0-9A-F]{4,6})")
_TAG = re.compile(r"<[^>]*>")
_GENERIC = {"serif", "sans-serif", "monospace", "inherit", "cursive", "fantasy", "system-ui"}


def fallbacks(
    fonts: Mapping[str, set[str]], assets: Mapping[str, bytes], root: Any, asked: Fault | None
) -> Iterator[Fault]:
    """Yield a warning for each place that was set in a font of this machine.

    `fonts` are the families that were used and are not bundled, with the signs that they drew;
    `asked` is the warning of a family that a stylesheet asks for, if one does. A sign that the
    bundled fonts lack is looked for in the text, then in the pictures.
    """
    for family, signs in sorted(fonts.items()):
        message = f"the font `{family}` of this machine was used"
        if asked is not None:
            yield Fault(
                "font-fallback", message, "", asked.hint, Severity.WARNING, word=asked.word,
                cause=asked.cause,
            )  # fmt: skip
            continue
        in_text = iter(()) if _letters(signs) else _in_text(root, _rare(signs), message)
        found = list(islice(in_text, MOST))
        found += islice(_in_pictures(root, assets, signs, message), MOST)
        hint = "Use a family of templates/fonts.css, or add the character's font there."
        yield from found or [Fault("font-fallback", message, "", hint, Severity.WARNING)]


def placed(fault: Fault, assets: Mapping[str, bytes], root: Any) -> Fault:
    """Return a fault of a sign without a glyph, in a picture, with the place of the picture."""
    signs = {chr(int(code, 16)) for code in _NUMBER.findall(fault.message)}
    if fault.code != "missing-glyph" or fault.at or not signs:
        return fault
    for svg, at in _pictures(root, assets):
        lacking = sorted(signs & _signs(svg))
        if lacking:
            message = f"no bundled font has {named(lacking)} in a picture"
            hint = "Write it in another way, or draw it as a path."
            return replace(fault, message=message, at=at, hint=hint)
    return fault


def _letters(signs: Iterable[str]) -> bool:
    """Return True if a font drew plain letters: it was asked for by name, as in a picture."""
    return any(sign.isascii() and sign.isalpha() for sign in signs)


def _rare(signs: Iterable[str]) -> set[str]:
    """Return the signs that a font may have been taken for."""
    return {sign for sign in signs if is_visible(sign) and not sign.isascii()}


def _in_text(root: Any, signs: set[str], message: str) -> Iterator[Fault]:
    hint = "Write it in another way, or as a picture; or bring a font that has it (templates/fonts.css)."
    for found, at, word in words_with(root, signs):
        told = f"{message} for {named(found)}"
        yield Fault("font-fallback", told, at, hint, Severity.WARNING, word=word)


def _in_pictures(
    root: Any, assets: Mapping[str, bytes], signs: set[str], message: str
) -> Iterator[Fault]:
    for svg, at in _pictures(root, assets):
        lacking = sorted(_rare(signs) & _signs(svg))
        families = sorted(_foreign(svg)) if _letters(signs) else []
        if families:
            wanted = ", ".join(f"`{family}`" for family in families[:3])
            told = f"{message} for a picture that asks for {wanted}"
            hint = "Set the picture's text in `Source Sans 3` or `Noto Sans`, or as paths."
            yield Fault("font-fallback", told, at, hint, Severity.WARNING)
        elif lacking:
            told = f"{message} for {named(lacking)} in a picture"
            hint = "Write it in another way, or draw it as a path."
            yield Fault("font-fallback", told, at, hint, Severity.WARNING)


def _foreign(svg: str) -> set[str]:
    """Return the first families that an SVG asks for and guide does not ship."""
    lists = [*_FAMILY.findall(svg), *_SHORT.findall(svg)]
    first = {unescape(names).split(",")[0].strip(" \"'") for names in lists}
    return {name for name in first if name and name not in BUNDLED | _GENERIC}


def _signs(svg: str) -> set[str]:
    """Return the characters of an SVG's texts."""
    return set(unescape(_TAG.sub(" ", svg)))


def _pictures(root: Any, assets: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the SVGs of a document, each with the key of what it belongs to."""
    for image, at in _images(root, ""):
        source = image.get("src") or ""
        if source.endswith(".svg") and source in assets:
            yield assets[source].decode("utf-8", "replace"), at


def _images(element: Any, at: str) -> Iterator[tuple[Any, str]]:
    """Yield the pictures of a tree, each with the key of what it belongs to."""
    at = element.get("data-at") or at
    if element.tag == "img":
        yield element, at
    for child in element:
        yield from _images(child, at)
