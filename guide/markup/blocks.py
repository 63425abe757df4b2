"""Fields that may hold several blocks, put into one element of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

_BLOCK = re.compile(r"\s*<(?:p|ul|ol|dl|pre|figure|blockquote|section|hr|table|h[1-6]|div)\b")
_PARAGRAPH = re.compile(r"\s*<p\b[^>]*>")
_FORMULA = re.compile(r'<img class="math"[^>]* alt="([^"]*)"[^>]*>')


def has_blocks(html: object) -> bool:
    """Return True if a field holds paragraphs, lists or other blocks, and not words alone."""
    return _BLOCK.match(str(html)) is not None


def flow(attributes: str | Mapping[str, str], *parts: object) -> Markup:
    """Return parts of a text in one element: a paragraph, or a `div` where a part has blocks.

    `attributes` are a class or several attributes. Words before a paragraph go into it, and words
    after the last one too, so that a number or a citation stays with its text.
    """
    texts = [str(escape(part)).strip() for part in parts]
    made, words = "", ""
    for text in filter(None, texts):
        if not has_blocks(text):
            words = f"{words} {text}".strip()
            continue
        begins = _PARAGRAPH.match(text)
        if begins and words:
            text = f"{begins[0]}{words} {text[begins.end() :]}"  # noqa: PLW2901
        elif words:
            made = _append(made, words)
        made, words = made + text + "\n", ""
    if not made:
        return _element("p", attributes, words)
    return _element("div", attributes, _append(made, words))


def _append(made: str, words: str) -> str:
    """Put words at the end of the last paragraph, or into a new one."""
    if not words:
        return made
    ended = made.rstrip()
    if ended.endswith("</p>"):
        return f"{ended.removesuffix('</p>')} {words}</p>\n"
    return f"{made}<p>{words}</p>\n"


def _element(tag: str, attributes: str | Mapping[str, str], inside: str) -> Markup:
    given = {"class": attributes} if isinstance(attributes, str) else attributes
    shown = "".join(f' {name}="{escape(value)}"' for name, value in given.items() if value)
    return Markup(f"<{tag}{shown}>{inside}</{tag}>")  # noqa: S704  parts of what was safe


def bold(text: object) -> Markup:
    """Return words in bold; several blocks stay as they are."""
    html = str(escape(text))
    return Markup(html if has_blocks(html) else f"<strong>{html}</strong>")  # noqa: S704  it was safe


def plain(html: object) -> str:
    """Return the words of a line of HTML, with a formula as it is read aloud."""
    read = _FORMULA.sub(lambda match: match[1], str(escape(html)))
    return Markup(read).striptags()  # noqa: S704  only to strip its tags
