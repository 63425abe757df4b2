"""What the margins of pages hold: the marking on separate lines, running heads and feet.

Everything is measured before the page is laid out, so that margins grow for a marking of two lines
or of large type, and nothing is printed over anything else. Numbered copies print their label in
a margin, too: the marking keeps clear of it (see `StampPlace`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from guide.html.marking import (
    Marking,
    line_height,
    measured,
    set_marking,
)
from guide.html.running_heads import running_foot, running_heads
from guide.html.templates import Templates
from guide.markup.labels import Labels
from guide.model.kinds import EDGE, Kind, Stock
from guide.model.pack import Manifest, Theme
from guide.units import Paper, parse_length

_CLEAR = EDGE + 2  # mm between the marking and the edge of the paper
_GAP = 0.8  # mm between the marking and a running head or foot
_LEAST_PAD = 3.0  # mm between the text and a running head or foot, before the margin grows
_MOST_PAGES = "888"  # a wide number of three digits


@dataclass(frozen=True)
class Tokens:
    """Design tokens as a kind and a theme set them: the last sheet that has one counts."""

    templates: Templates
    kind: str
    theme: Theme

    def text(self, name: str) -> str:
        """Return the value of a token, with a token that it names put in; '' for none."""
        if name == "--accent" and self.theme.accent:
            return self.theme.accent
        sheets = (f"{self.kind}/page.css", f"themes/{self.theme.name}.css", "tokens.css")
        pattern = re.compile(rf"(?<![\w-]){name}:\s*([^;}}]+)")
        texts = [self.templates.text(sheet) or "" for sheet in sheets]
        texts.append(Templates({}).text("tokens.css") or "")  # a pack's may lack what is new
        found = (pattern.findall(text) for text in texts)
        value = next((values[-1].strip() for values in found if values), "")
        inner = re.fullmatch(r"var\((--[\w-]+)\)", value)
        return self.text(inner[1]) if inner and inner[1] != name else value

    def number(self, name: str, default: float) -> float:
        """Return a token's number: mm for lengths in mm, pt for sizes in pt."""
        match = re.match(r"-?\d+(?:\.\d+)?", self.text(name))
        return float(match[0]) if match else default

    def mm(self, name: str, default: float) -> float:
        """Return a token's length in mm."""
        try:
            return parse_length(self.text(name))
        except ValueError:
            return default


@dataclass
class Margins:
    """The margins of one document of pages."""

    manifest: Manifest
    kind: Kind
    paper: Paper
    tokens: Tokens
    labels: Labels

    @cached_property
    def size(self) -> float:
        """The type size of running heads and feet in pt."""
        return self.tokens.number("--size-running", 8.4)

    @cached_property
    def room(self) -> float:
        """The width of a running head in mm."""
        left, right = (self.tokens.mm(f"--margin-{side}", 20) for side in ("left", "right"))
        return self.paper.width - left - right

    @cached_property
    def marking(self) -> Marking:
        """The marking as it is set at head and foot of every page."""
        size = self.tokens.number("--size-marking", 8.4)
        return set_marking(self.manifest.marking, self.paper.width - 2 * _CLEAR, size)

    def heads(self, part: str) -> tuple[str, str]:
        """Return what is printed left and right at the head of a part's pages."""
        return running_heads(part, self.manifest.title, self.room, self.size)

    def css(self, running: str) -> dict[str, str]:
        """Return custom properties; `running` is the CSS for the page's number."""
        manifest, labels = self.manifest, self.labels
        version = labels("Version %(version)s") % {"version": manifest.version}
        versions: tuple[str, ...] = (version,)
        if manifest.date:
            versions = (f"{version} \u00b7 {labels.date(manifest.date)}", version)
        page = labels("page %(page)s of %(pages)s") % {"page": _MOST_PAGES, "pages": _MOST_PAGES}
        foot = running_foot(versions, page, self.room, self.size)
        made = {
            "--marking": css_string("\n".join(self.marking.lines)),
            "--running-version": css_string(foot),
            "--running-page": running,
        }
        return made | (self._lifted() if self.marking.lines else {})

    def _lifted(self) -> dict[str, str]:
        """Return where the marking is printed, and margins that are high enough for it."""
        line = line_height(self.size) + _GAP
        rows = {"top": self.tokens.number("--head-rows", 1), "bottom": 1.0}
        most = self.tokens.mm("--running-pad", 5)
        made = {"--marking-width": f"{self.paper.width - 2 * _CLEAR:g}mm"}
        made["--marking-inset"] = f"{_CLEAR:g}mm"
        made["--size-cover-marking"] = f"{self._cover_size():.2f}pt"
        for edge, least in self._clear.items():
            wanted = self.tokens.mm(f"--margin-{edge}", 20)
            need = least + self.marking.height + rows[edge] * line
            pad = min(most, max(_LEAST_PAD, wanted - need))
            margin = max(need + pad, wanted)
            made[f"--running-pad-{edge}"] = f"{pad:.2f}mm"
            made[f"--marking-{edge}"] = f"{least:g}mm"
            made[f"--margin-{edge}"] = f"{margin:.2f}mm"
        return made

    @cached_property
    def _clear(self) -> dict[str, float]:
        """How far in mm the marking keeps from the upper and lower edge of the paper."""
        stamp = self.kind.stamp
        clear = {"top": _CLEAR, "bottom": _CLEAR}
        if stamp.edge in clear:
            clear[stamp.edge] = max(_CLEAR, stamp.inset + stamp.height)
        return clear

    @property
    def head(self) -> float:
        """How far down from the upper edge of the paper the marking reaches, in mm."""
        return self._clear["top"] + self.marking.height if self.marking.lines else 0.0

    @property
    def foot(self) -> float:
        """How far up from the lower edge a running foot above the marking begins, in mm."""
        return self._clear["bottom"] + (self.marking.height + _GAP if self.marking.lines else 2.0)

    @property
    def line(self) -> float:
        """The height of a running head or foot in mm."""
        return line_height(self.size)

    def _cover_size(self) -> float:
        """Return the size in pt at which each line of the marking is within a cover's margins."""
        most = max(self.tokens.number("--size-cover-marking", 11), self.marking.size)
        widest = max(measured(line, most) for line in self.marking.lines)
        return min(most, most * self.room / widest)


def css_string(text: str) -> str:
    """Return a CSS string; what could end it is written as an escape."""
    safe = "".join(c if c.isprintable() and c not in '"\\<' else f"\\{ord(c):x} " for c in text)
    return f'"{safe}"'


def face_marking(text: str, stock: Stock, tokens: Tokens) -> Marking:
    """Return the marking as it is set at the foot of each face of a card."""
    room = stock.card[0] - 2 * (stock.safe + FACE_SIDE)
    return set_marking(text, room, tokens.number("--size-face-marking", 6.0))


FACE_SIDE = 0.8  # mm that a face's text is farther inside than `safe`: flashcards/page.css
