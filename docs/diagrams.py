"""Draws the diagrams of docs/flashcards.md: `python docs/diagrams.py`.

Every number in them comes from guide's own planning of sheets, so that they cannot say anything else
than what is printed. tests/docs/test_diagrams.py compares the committed files with what this makes.
"""

from __future__ import annotations

from pathlib import Path

from guide.content.library import all_stock
from guide.model.kinds import Stock
from guide.sheets.plan_cards import Side, plan

IMAGES = Path(__file__).parent / "images"
BLUE, WARM, GREY, TINT = "#1f4e79", "#a34a17", "#8a939b", "#eef2f6"
_TEXT = "font-family=\"'Source Sans 3', sans-serif\""


def _svg(width: float, height: float, title: str, parts: list[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}" role="img">\n<title>{title}</title>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _text(x: float, y: float, text: str, size: float = 4, fill: str = "#1a1f24", extra: str = "") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="middle" fill="{fill}" '
        f"{_TEXT} {extra}>{text}</text>"
    )


def sheet(stock: Stock, side: Side, left: float, top: float, scale: float, caption: str) -> list[str]:
    """Draw one side of a sheet; the number of each card stands as it is printed."""
    width, height = stock.paper.width * scale, stock.paper.height * scale
    parts = [
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#ffffff" '
        f'stroke="#1a1f24" stroke-width=".4"/>',
        _text(left + width / 2, top - 2.5, caption),
    ]
    for face in side.placements:
        x, y = left + face.left * scale, top + face.top * scale
        w, h = stock.card[0] * scale, stock.card[1] * scale
        back = face.page % 2 == 1
        colour = WARM if back else BLUE
        name = f"{face.page // 2 + 1}{'b' if back else 'a'}"
        turn = f'transform="rotate(180 {x + w / 2:g} {y + h / 2:g})"' if face.turned else ""
        parts += [
            f'<rect x="{x + 0.4:g}" y="{y + 0.4:g}" width="{w - 0.8:g}" height="{h - 0.8:g}" '
            f'fill="{TINT}" stroke="{colour}" stroke-width=".3"/>',
            _text(x + w / 2, y + h / 2 + 2, name, 6, colour, turn),
        ]
    return parts


def duplex() -> str:
    """Draw fronts and backs for both edges: `a` are fronts, `b` backs."""
    stock, scale = all_stock()["a7"], 0.2
    step = stock.paper.width * scale + 12
    parts: list[str] = []
    for n, edge in enumerate(("long-edge", "short-edge")):
        front, back = plan(stock.per_sheet, stock, edge)
        words = edge.replace("-", " ")
        left = 8 + n * (2 * step + 8)
        parts += sheet(stock, front, left, 14, scale, "front")
        parts += sheet(stock, back, left + step, 14, scale, f"back, flip on the {words}")
    height = 14 + stock.paper.height * scale + 6
    return _svg(8 + 4 * step + 8, height, "Fronts and backs on A7 sheets", parts)


def cut_stack() -> str:
    """Draw three sheets whose cut piles, laid on one another, are in order."""
    stock, scale = all_stock()["a6"], 0.2
    sides = plan(12, stock, "long-edge", "cut-stack")[::2]
    step = stock.paper.width * scale + 8
    parts: list[str] = []
    for n, side in enumerate(sides):
        parts += sheet(stock, side, 8 + n * step, 14, scale, f"sheet {n + 1}")
    left = 12 + len(sides) * step
    parts.append(_text(left + 22, 11.5, "cut, pile on pile"))
    for place in range(stock.per_sheet):
        cards = [side.placements[place].page // 2 + 1 for side in sides]
        y = 16 + place * 15
        parts.append(
            f'<rect x="{left:g}" y="{y:g}" width="44" height="11" fill="{TINT}" stroke="{BLUE}" stroke-width=".3"/>'
        )
        parts.append(_text(left + 22, y + 7.2, ", ".join(map(str, cards)), 5, BLUE))
    return _svg(left + 52, 14 + stock.paper.height * scale + 6, "Cut and stack", parts)


def fold() -> str:
    """Draw a sheet to fold: front beside back, with the line between them."""
    stock, scale = all_stock()["business-eu"].folded(), 0.3
    (side,) = plan(3, stock, "fold")
    parts = sheet(stock, side, 8, 14, scale, "one side; fold backwards along the dashed lines")
    for face in side.placements:
        if face.page % 2 == 0:
            x = 8 + (face.left + stock.card[0]) * scale
            y = 14 + face.top * scale
            parts.append(
                f'<path d="M{x:g} {y:g}v{stock.card[1] * scale:g}" stroke="{GREY}" '
                f'stroke-width=".5" stroke-dasharray="2 1.4"/>'
            )
    width = stock.paper.width * scale + 16
    return _svg(width, 14 + stock.paper.height * scale + 6, "Folded cards", parts)


def anatomy() -> str:
    """Draw a card with what is around it: trim, safe zone, bleed, crop marks."""
    stock = all_stock()["business-eu"]
    (w, h), x, y, bleed = stock.card, 28.0, 20.0, 3.0
    box = '<rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" fill="{}" stroke="{}" stroke-width=".35" {}/>'
    parts = [
        box.format(x - bleed, y - bleed, w + 2 * bleed, h + 2 * bleed, "none", WARM, 'stroke-dasharray="1.4 1"'),
        box.format(x - bleed, y - bleed, 2.4 + bleed, h + 2 * bleed, WARM, "none", 'opacity=".35"'),
        box.format(x, y, w, h, "none", BLUE, ""),
        box.format(x + stock.safe, y + stock.safe, w - 2 * stock.safe, h - 2 * stock.safe, "none", GREY, 'stroke-dasharray=".8 .8"'),
        _text(x + w / 2, y + 8.5, "Topic · stable-id", 4, BLUE),
        _text(x + w / 2, y + h / 2 + 2, "question", 6),
    ]
    for cx in (x, x + w):
        for cy in (y - 8, y + h + 3):
            parts.append(f'<path d="M{cx:g} {cy:g}v5" stroke="#1a1f24" stroke-width=".25"/>')
    for cy in (y, y + h):
        for cx in (x - 8, x + w + 3):
            parts.append(f'<path d="M{cx:g} {cy:g}h5" stroke="#1a1f24" stroke-width=".25"/>')
    notes = [
        (y - 1, f"bleed: {bleed:g} mm", WARM), (y + 8, f"trim: {w:g} × {h:g} mm", BLUE),
        (y + 17, f"safe zone: {stock.safe:g} mm", GREY), (y + 26, "crop marks: 3 mm off", "#1a1f24"),
        (y + 35, "colour bar of a topic", WARM),
    ]  # fmt: skip
    for cy, words, colour in notes:
        parts.append(_text(x + w + 34, cy, words, 4, colour))
    return _svg(x + w + 62, y + h + 14, "A card", parts)


DIAGRAMS = {
    "flashcards-duplex.svg": duplex,
    "flashcards-cut-stack.svg": cut_stack,
    "flashcards-fold.svg": fold,
    "flashcards-card.svg": anatomy,
}


def main() -> None:
    """Write all diagrams into docs/images."""
    for name, draw in DIAGRAMS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
