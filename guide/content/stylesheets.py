"""A pack's own stylesheets: what would keep the typesetter busy for hours, or out of its depth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guide.diagnostics.diagnostic import Diagnostic, Place, error, place_of
from guide.model.pack import Pack

LONGEST = 2000  # letters of one text in a stylesheet; a heading or a mark has fewer
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_IN_ADDRESS = re.compile(r"url\(\s*\Z", re.IGNORECASE)


def check_stylesheets(pack: Pack) -> Iterator[Diagnostic]:
    """Yield the texts in a pack's own stylesheets that are too long to be set again and again.

    Such as a `hyphenate-character` of half a million letters: each line would be tried with it.
    Addresses (`url("data:...")`) may be as long as the file.
    """
    for name, text in pack.templates.items():
        if not name.endswith(".css") or len(text) <= LONGEST:
            continue
        bare = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        for match in _STRING.finditer(bare):
            inside = match[1] if match[1] is not None else match[2]
            before = bare[max(0, match.start() - 20) : match.start()]
            address = inside.startswith("data:") or _IN_ADDRESS.search(before)
            if len(inside) > LONGEST and not address:
                message = (
                    f"a text in the stylesheet has {len(inside)} letters; {LONGEST} is the most"
                )
                hint = "Shorten it, or close its quotation mark where it should end."
                place = place_of(match.start(), text, Place(f"templates/{name}", 1))
                yield error("bad-template", message, place, hint)
