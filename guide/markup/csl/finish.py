"""Finishes what an element of a style prints: periods, case, formatting, quotes, affixes."""

from __future__ import annotations

from collections.abc import Mapping

from guide.markup.csl.place import Place
from guide.markup.csl.rich import Rich, formatted, glue, parse
from guide.markup.csl.style import Style
from guide.markup.csl.textcase import cased


def finish(rich: Rich, attrs: Mapping[str, str], place: Place, style: Style) -> Rich:
    """Strip periods, set the case, format, quote, and put prefix and suffix on."""
    if not rich:
        return []
    if attrs.get("strip-periods") == "true":
        rich = [run._replace(text=run.text.replace(".", "")) for run in rich]
        rich = [run for run in rich if run.text]
    if "text-case" in attrs:
        rich = cased(rich, attrs["text-case"], _language(place, style))
    if attrs.get("quotes") == "true" and place.sorting is None:
        first, last = (
            rich[0]._replace(text='"', kind="oq"),
            rich[-1]._replace(text='"', kind="cq"),
        )
        rich = [first, *rich, last]
    return wrapped(formatted(rich, dict(attrs)), attrs, style)


def wrapped(rich: Rich, attrs: Mapping[str, str], style: Style) -> Rich:
    """Put the prefix and the suffix of an element on."""
    if not rich:
        return []
    inside = style.inside
    prefix, suffix = attrs.get("prefix", ""), attrs.get("suffix", "")
    if prefix:
        rich = glue(parse(prefix), rich, inside)
    return glue(rich, parse(suffix), inside) if suffix else rich


def _language(place: Place, style: Style) -> str:
    """Return the language whose title case counts: the source's, else the style's."""
    return str(
        place.item.get("language")
        or style.language
        or style.root.attrs.get("default-locale")
        or style.lang
    )
