"""The view of a card: its two sides, its layout, and what head and foot say of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from string import digits
from typing import Any

from markupsafe import Markup, escape

from guide.diagnostics.diagnostic import Diagnostic, error
from guide.fonts.widths import width
from guide.html.document import Document
from guide.html.margins import FACE_SIDE
from guide.html.parts import with_scripts
from guide.html.views import CardView
from guide.markup.blocks import plain
from guide.markup.codes import qr_svg
from guide.markup.context import Here
from guide.markup.labels import Labels
from guide.markup.to_html import flowing
from guide.model.alike import gives_away
from guide.model.content import Citation, Flashcard
from guide.model.kinds import Kind, Stock
from guide.model.markup import read_citation
from guide.model.origins import side_field
from guide.model.pack import Pack
from guide.model.parts import FIELDS, NAMED

_ANSWER = re.compile(r"\*\*(True|False)\*\*(?=\n|\Z)")  # as content/derive_cards.py writes it
_HIDDEN_TAGS = {"core", "student"}
_USUAL_LAYOUTS = {
    "basic", "image", "cloze", "term", "event", "actor", "fact", "question", "title", "contents",
}  # fmt: skip
_LONGEST = 48  # characters of a source in few words
# The largest type of a front in em of the stock's largest size, as flashcards/page.css has it, and the
# lines of it that leave room for the rest of the card; `When?` takes .7 of a line, a picture more.
_QUESTION = (1.18, 2.6)
_DISPLAY, _ASKED, _PICTURED, _VALUE = (1.6, 1.1), (1.18, 1.9), (1.18, 1.7), (1.9, 0.9)
_LARGE = {"term": _DISPLAY, "actor": _DISPLAY, "title": _DISPLAY, "event": _ASKED, "fact": _ASKED,
          "image": _PICTURED}  # fmt: skip
_ID = "{id}"
_MOST_BLEED = 10  # mm; 3 is usual
_LANG = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?")


def card_view(
    document: Document, card: Flashcard, options: Mapping[str, Any], stock: Stock | None = None
) -> CardView:
    """Return a card's two sides, for a layout on a stock; `options` are those of the deck."""
    here = Here(item=card.id, place=card.at(), gaps=card.cloze)
    front, back = (_side(document, card, getattr(card, s), here, s) for s in ("front", "back"))
    image, figure = document.assets.figure(card.image) if card.image else ("", None)
    colours = options.get("colours") or {}
    layout = layout_of(card, options)
    address = _address(card, str(options.get("qr") or ""))
    sources = short_sources(document.pack, card)
    return CardView(
        id=document.at(card),
        number=card.number,
        image_side=card.image_side,
        n_of_m=_open_number(document.labels, card),
        heads=_heads(document, card, front, back),
        layout=layout,
        front=front,
        back=back,
        hint=document.inline(card.hint, card, "hint"),
        choices=[
            escape(document.labels(text)) if card.truth else document.flowing(text, card)
            for text in card.choices
        ],
        image=image,
        image_alt=figure.alt if figure and figure.alt else plain(front),
        topic=topic(document.pack, card),
        colour=str(next((colours[tag] for tag in card.tags if tag in colours), "")),
        date_text=_date(document.labels, card),
        source="; ".join(sources),
        several_sources=len(sources) > 1,
        origin=card.origin,
        front_length=len(card.front),
        back_length=len(card.back),
        tags=card.tags,
        langs=_langs(card, options),
        longs=(
            _is_long(front, stock, *_LARGE.get(layout, _QUESTION)),
            _is_long(back, stock, *_VALUE),
        ),
        turned=card.turned,
        qr=document.assets.add(qr_svg(address), "svg") if address else "",
        qr_address=address,
    )


def _address(card: Flashcard, pattern: str) -> str:
    """Return the address of the note of a card: all cards of one item have one note."""
    name = card.of if card.origin == "cards" else card.id
    return pattern.replace(_ID, name) if card.origin != "deck" else ""


def _is_long(text: Markup, stock: Stock | None, em: float, most: float) -> bool:
    """Return True if a text takes more lines than `most` in the largest type on a stock.

    It is set in smaller type then: else the fitting would make all of the card smaller.
    """
    if stock is None:
        return False
    room = stock.card[0] - 2 * (stock.safe + FACE_SIDE)
    return width(plain(text), em * stock.sizes[0], bold=True) > most * room


def layout_of(card: Flashcard, options: Mapping[str, Any]) -> str:
    """Return the layout of a card: its own, that of its first tag with one, or the usual one."""
    if card.layout not in _USUAL_LAYOUTS:
        return card.layout
    by_tag = options.get("layouts") or {}
    return str(next((by_tag[tag] for tag in card.tags if tag in by_tag), card.layout))


def _langs(card: Flashcard, options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the languages of front and back; those of the deck count for authored cards."""
    usual = ("", "")
    if card.origin == "cards":
        usual = (str(options.get("front_lang") or ""), str(options.get("back_lang") or ""))
        if card.turned:
            usual = usual[::-1]
    return card.front_lang or usual[0], card.back_lang or usual[1]


def _side(document: Document, card: Flashcard, text: str, here: Here, side: str) -> Markup:
    """Return one side; what the deck says of itself is HTML already."""
    here.place = place = card.at(side_field(card, side))
    if card.origin == "deck":
        return Markup(text)  # noqa: S704  made of escaped parts
    if card.origin in NAMED and side == NAMED[card.origin].verbatim:
        return with_scripts(text) if card.origin == "facts" else escape(text)
    answer = _ANSWER.match(text) if card.truth and side == "back" else None
    if answer:  # guide's own word; the author's words stay
        text = f"**{document.labels(answer[1])}**{text[answer.end() :]}"
    made = flowing(text, document.context, here)
    document.account(text, made, lambda at: place.inside(text, at), card.of or card.id)
    return made


def _heads(document: Document, card: Flashcard, front: Markup, back: Markup) -> tuple[str, str]:
    """Return the heads of front and back: on the front none that gives the answer away."""
    head = topic(document.pack, card) or document.pack.manifest.title
    question = " ".join([plain(front), *card.choices])
    answer = f"{plain(back)} {_date(document.labels, card)}"
    return "" if gives_away(head, question, answer) else head, head


def n_of_m(labels: Labels, number: int | str, count: int | str) -> str:
    """Return the label of a card's number in its deck: `14 of 341`."""
    return labels("%(number)s of %(count)s") % {"number": number, "count": count}


def _open_number(labels: Labels, card: Flashcard) -> Markup:
    """Return the markup in place of a card's number until the deck is put together."""
    if not card.number:
        return Markup()
    signs = "".join(sorted({*n_of_m(labels, "", "").strip(), *digits, " "}))
    span = Markup('<span class="face-number" data-number="{}">{}</span>')
    return span.format(signs, n_of_m(labels, "0000", "0000"))


def topic(pack: Pack, card: Flashcard) -> str:
    """Return the topic of a card, '' when no tag names one.

    `air-campaign` reads Air campaign, `kfor` as the glossary has it.
    """
    tag = next((t for t in card.tags if t not in _HIDDEN_TAGS), "")
    words = tag.replace("-", " ")
    names = (n for t in pack.glossary for n in (t.abbreviation, t.term))
    known = next((name for name in names if name.casefold() == words.casefold()), "")
    return known or words[:1].upper() + words[1:]


def _date(labels: Labels, card: Flashcard) -> str:
    write = labels.span if "span" in FIELDS.get(card.origin, ()) else labels.date
    return write(card.start, card.end)


def short_sources(pack: Pack, card: Flashcard) -> list[str]:
    """Return the sources of a card in a few words each; two places in one work are one source."""
    found = (short_source(pack, read_citation(each)) for each in card.sources)
    return [*dict.fromkeys(filter(None, found))]


def short_source(pack: Pack, citation: Citation) -> str:
    """Return a source in a few words: its author or title, and its year; '' when it is not known."""
    item = pack.sources.get(citation.key)
    if item is None:
        return ""
    people = item.get("author") or item.get("editor") or []
    names = [p.get("literal") or p.get("family") or "" for p in people]
    who = " & ".join(names) if len(names) <= 2 else f"{names[0]} et al."
    issued = item.get("issued") or {}
    parts = issued.get("date-parts") or [[]]
    year = str(parts[0][0] if parts[0] else issued.get("literal", ""))
    text = who or str(item.get("title-short") or item.get("title") or "")
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 2].rsplit(" ", 1)[0] + " \u2026"
    return f"{text}, {year}" if year else text


def wrong_options(pack: Pack, kind: Kind, options: Mapping[str, Any]) -> list[Diagnostic]:
    """Return errors for colours, languages and lengths among a deck's options that cannot be."""
    from tinycss2.color4 import parse_color

    found = []

    def wrong(name: str, message: str, hint: str) -> None:
        place = pack.at(f"documents.{kind.name}.{name}")
        found.append(error("bad-value", message, place, hint))

    for tag, colour in (options.get("colours") or {}).items():
        if not isinstance(colour, str) or parse_color(colour) is None:
            hint = "Write '#a34a17', in quotes, or a CSS name."
            wrong(f"colours.{tag}", f"`{colour}` is not a colour", hint)
    for side in ("front_lang", "back_lang"):
        lang = str(options.get(side) or "")
        if not _LANG.fullmatch(lang):
            wrong(side, f"`{lang}` is not a language tag", "Write de, sr-Cyrl or pt-BR.")
    qr = str(options.get("qr") or "")
    if qr and not (_ID in qr and qr.startswith(("https://", "http://"))):
        hint = "Write qr: https://school.example/{id}, with {id} where the id of the card belongs."
        wrong("qr", f"`{qr}` is not an address with {_ID} in it", hint)
    bleed = float(options.get("bleed") or 0)
    if not 0 <= bleed <= _MOST_BLEED:
        hint = f"bleed: 0 to {_MOST_BLEED} mm; 3 is usual."
        wrong("bleed", f"a bleed of {bleed:g} mm cannot be", hint)
    return found


def prelude(
    pack: Pack, cards: Sequence[Flashcard], title: bool, contents: bool
) -> tuple[Flashcard, ...]:
    """Return the cards that begin a deck: its name, and how many cards there are on which topic."""
    manifest, labels = pack.manifest, Labels(pack.manifest.lang)
    number = labels("1 card")
    if len(cards) != 1:
        number = labels("%(count)s cards") % {"count": labels.number(len(cards))}
    made = []
    if title:
        lines = [
            labels("Version %(version)s") % {"version": manifest.version},
            *([labels.date(manifest.date)] if manifest.date else []),
            number,
            *manifest.authors,
        ]
        back = Markup("<ul>{}</ul>").format(_joined("<li>{}</li>", ((line,) for line in lines)))
        made.append(_own(pack, "title", cards, escape(manifest.title), back))
    if contents:
        counts = Counter(topic(pack, card) for card in cards)
        row = (
            '<tr><th scope="row" style="font-weight: 400">{}</th>'
            '<td style="text-align: right">{}</td></tr>'
        )
        rows = _joined(row, ((n or manifest.title, labels.number(c)) for n, c in counts.items()))
        back = Markup("<table><tbody>{}</tbody></table>").format(rows)
        made.append(_own(pack, "contents", cards, escape(labels("Contents")), back))
    return tuple(made)


def _joined(row: str, values: Iterable[tuple[str, ...]]) -> Markup:
    return Markup("").join(Markup(row).format(*each) for each in values)  # noqa: S704  ours


def _own(
    pack: Pack, name: str, cards: Sequence[Flashcard], front: Markup, back: Markup
) -> Flashcard:
    """Return a card of the deck's own, under an id that no other card has."""
    ids = {card.id for card in cards}
    names = (f"deck-{name}-{n}" if n > 1 else f"deck-{name}" for n in count(1))
    free = next(each for each in names if each not in ids)
    card = Flashcard(id=free, number=0, layout=name, front=front, back=back, origin="deck")
    return card.placed({"": pack.at(f"documents.flashcards.{name}-card")})
