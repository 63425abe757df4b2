"""A realistic pack of flashcards, the same for the same seed on every machine.

The mixture is that of decks which people share: mostly words and short questions, some gaps, a few
lists and small tables, now and then a formula or a picture, and about three in a hundred cards that
are too long for the largest type.
"""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from words import (
    ADJECTIVES,
    CODE,
    FOREIGN,
    FORMULAS,
    NOUNS,
    OPENERS,
    PREPOSITIONS,
    QUESTIONS,
    TOPICS,
    VERBS,
)

FORMULA_EVERY = 50
IMAGE_EVERY = 40
LONG_SHARE = 0.03
CARDS_A_FILE = 500  # people split long lists; guide refuses a text of more than 5 MB

PACK = """\
format: 1
title: Benchmark deck
lang: en
date: 2026-11-01
documents:
  flashcards: {stock: a7, duplex: long-edge, derive: []}
accept:
  - {code: missing-source, because: "invented text has no sources"}
"""


@dataclass(frozen=True)
class Card:
    """A card as its author writes it: front and back, or a text with one gap, `before` to `after`.

    `reverse` makes a second card with the sides exchanged.
    """

    id: str
    topic: str
    front: str = ""
    back: str = ""
    hint: str = ""
    image: str = ""
    reverse: bool = False
    gap: tuple[str, str, str, str] | None = None

    @property
    def printed(self) -> int:
        """Return how many cards come off the printer."""
        return 2 if self.reverse else 1

    def as_yaml(self) -> str:
        """Return the card as a line of cards.yaml; strings in JSON's notation are YAML as well."""
        parts = [f"id: {self.id}"]
        if self.gap:
            before, answer, hint, after = self.gap
            parts.append(f"cloze: {_quoted(f'{before}{{{{{answer}::{hint}}}}}{after}')}")
        else:
            parts += [f"front: {_quoted(self.front)}", f"back: {_quoted(self.back)}"]
        if self.hint:
            parts.append(f"hint: {_quoted(self.hint)}")
        if self.image:
            parts.append(f"image: {self.image}")
        if self.reverse:
            parts.append("reverse: true")
        return f"- {{{', '.join(parts)}, tags: [{self.topic}]}}\n"

    def sides(self) -> list[dict[str, str]]:
        """Return what is printed, in Markdown, as the peers read it."""
        base = {"topic": self.topic, "hint": self.hint, "image": self.image}
        if self.gap:
            before, answer, hint, after = self.gap
            front, back = f"{before}**[{hint}]**{after}", f"{before}**{answer}**{after}"
            return [{**base, "id": self.id, "front": front, "back": back}]
        cards = [{**base, "id": self.id, "front": self.front, "back": self.back}]
        if self.reverse:
            turned = {"id": f"{self.id}-r", "front": self.back, "back": self.front, "hint": ""}
            cards.append({**base, **turned})
        return cards


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass
class Deck:
    """Cards, and the pictures that they show, by their path in the pack.

    An edit changes one file and no other, as it does when a person makes it.
    """

    cards: list[Card] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    first: tuple[Card, ...] = ()  # cards put in front of all others, in the first file

    @property
    def printed(self) -> int:
        """Return how many cards come off the printer."""
        return sum(card.printed for card in (*self.first, *self.cards))

    def write(self, folder: Path) -> None:
        """Write the deck as a pack of guide."""
        (folder / "cards").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
        for start in range(0, len(self.cards), CARDS_A_FILE):
            cards = self.cards[start : start + CARDS_A_FILE]
            lines = [card.as_yaml() for card in (*(() if start else self.first), *cards)]
            path = folder / "cards" / f"{start // CARDS_A_FILE:03}.yaml"
            path.write_text("".join(lines), encoding="utf-8")
        self._write_pictures(folder)

    def write_for_peers(self, folder: Path, fonts: dict[str, str]) -> Path:
        """Write the same cards as one JSON file, which is the cheapest to read, and the pictures."""
        folder.mkdir(parents=True, exist_ok=True)
        self._write_pictures(folder)
        cards = [side for card in self.cards for side in card.sides()]
        job = {"title": "Benchmark deck", "fonts": fonts, "cards": cards, "typst": dict(FORMULAS)}
        path = folder / "job.json"
        path.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        return path

    def _write_pictures(self, folder: Path) -> None:
        for name, data in self.pictures.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def edited(self, round_: int) -> Deck:
        """Return the deck with one card in the middle reworded."""
        cards, middle = list(self.cards), len(self.cards) // 2
        old = cards[middle]
        cards[middle] = Card(old.id, old.topic, f"Edited question {round_}?", "Its new answer.")
        return Deck(cards, self.pictures)

    def with_first(self, round_: int) -> Deck:
        """Return the deck with a new card in front of all: every number after it changes."""
        first = Card(f"c-new-{round_}", TOPICS[0], f"New question {round_}?", "A new answer.")
        return Deck(self.cards, self.pictures, (first,))


def make_deck(count: int, seed: int = 1) -> Deck:
    """Return a deck from which `count` cards are printed."""
    writer = _Writer(random.Random(seed))
    deck, printed = Deck(), 0
    while printed < count:
        card = writer.card(printed, deck, single=count - printed == 1)
        deck.cards.append(card)
        printed += card.printed
    return deck


class _Writer:
    """Invents cards; `rng` is the only source of chance."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.formulas = self.images = 0
        self.kinds: dict[str, int] = {
            "vocabulary": 46,
            "question": 22,
            "gap": 20,
            "listing": 5,
            "table": 3,
            "code": 4,
        }

    def card(self, printed: int, deck: Deck, single: bool) -> Card:
        """Return the next card; `single` forbids one that is printed twice."""
        name, topic = f"c-{len(deck.cards) + 1:05}", self.rng.choice(TOPICS)
        if printed // FORMULA_EVERY > self.formulas:
            return self._formula(name, topic)
        if printed // IMAGE_EVERY > self.images:
            return self._picture(name, topic, deck)
        if self.rng.random() < LONG_SHARE:
            return self._long(name, topic)
        kinds = list(self.kinds)
        kind = self.rng.choices(kinds, [self.kinds[kind] for kind in kinds])[0]
        make: Callable[[str, str], Card] = getattr(self, f"_{kind}")
        made = make(name, topic)
        return Card(name, topic, made.front, made.back) if single and made.reverse else made

    def _phrase(self) -> str:
        return f"{self.rng.choice(ADJECTIVES)} {self.rng.choice(NOUNS)}"

    def _clause(self) -> str:
        words = f"the {self._phrase()} {self.rng.choice(VERBS)} the {self.rng.choice(NOUNS)}"
        if self.rng.random() < 0.6:
            words += f" {self.rng.choice(PREPOSITIONS)} the {self._phrase()}"
        return words

    def _text(self, words: int) -> str:
        """Return sentences of about that many words, now and then with a number or bold type."""
        sentences: list[str] = []
        while sum(len(sentence.split()) for sentence in sentences) < words:
            clause = self._clause()
            if self.rng.random() < 0.3:
                clause = f"{self.rng.choice(OPENERS)}, {clause}"
            if self.rng.random() < 0.2:
                clause += f" by {self.rng.randint(2, 9800):,} per cent"
            sentences.append(clause[0].upper() + clause[1:] + ".")
        if self.rng.random() < 0.5:
            first = sentences[0].removesuffix(".")
            sentences[0] = f"**{first}.**"
        return " ".join(sentences)

    def _ask(self) -> str:
        ending = self._clause() if self.rng.random() < 0.5 else f"the {self._phrase()}"
        return f"{self.rng.choice(QUESTIONS)} is it that {ending}?"

    def _vocabulary(self, name: str, topic: str) -> Card:
        front = f"{self.rng.choice(FOREIGN)} ({self.rng.choice(NOUNS)})"
        hint = f"As in {self._phrase()}" if self.rng.random() < 0.15 else ""
        reverse = self.rng.random() < 0.15
        return Card(name, topic, front, f"The {self._phrase()}", hint, reverse=reverse)

    def _question(self, name: str, topic: str) -> Card:
        words = min(60, 5 + int(self.rng.expovariate(1 / 16)))
        return Card(name, topic, self._ask(), self._text(words))

    def _gap(self, name: str, topic: str) -> Card:
        before = self._clause()
        before = before[0].upper() + before[1:] + " in "
        gap = (before, str(self.rng.randint(1500, 2020)), "year", f", and {self._clause()}.")
        return Card(name, topic, gap=gap)

    def _listing(self, name: str, topic: str) -> Card:
        items = [f"- the {self._phrase()}" for _ in range(self.rng.randint(3, 6))]
        return Card(name, topic, self._ask(), "\n".join(["They are:", "", *items]))

    def _table(self, name: str, topic: str) -> Card:
        rows = [
            f"| {self._phrase()} | {self.rng.randint(1, 999)} |"
            for _ in range(self.rng.randint(2, 5))
        ]
        return Card(name, topic, self._ask(), "\n".join(["| What | Value |", "|---|---|", *rows]))

    def _code(self, name: str, topic: str) -> Card:
        back = f"`{self.rng.choice(CODE)}`, because {self._clause()}."
        return Card(name, topic, f"What does `{self.rng.choice(CODE)}` stand for?", back)

    def _formula(self, name: str, topic: str) -> Card:
        self.formulas += 1
        formula = self.rng.choice(FORMULAS)[0]
        return Card(name, topic, f"Which formula tells that {self._clause()}?", f"${formula}$")

    def _long(self, name: str, topic: str) -> Card:
        return Card(name, topic, self._ask(), self._text(self.rng.randint(105, 150)))

    def _picture(self, name: str, topic: str, deck: Deck) -> Card:
        self.images += 1
        heights = [self.rng.randint(20, 150) for _ in range(6)]
        suffix, draw = ("png", _png) if self.images % 2 else ("svg", _svg)
        path = f"figures/bars-{self.images:04}.{suffix}"
        deck.pictures[path] = draw(heights)
        return Card(name, topic, "Which bar is the highest?", self._text(6), image=path)


def _svg(heights: list[int]) -> bytes:
    bars = "".join(
        f'<rect x="{12 + 50 * i}" y="{170 - h}" width="36" height="{h}" fill="#1f4e79"/>'
        f'<text x="{30 + 50 * i}" y="{164 - h}" font-size="11" text-anchor="middle">{h}</text>'
        for i, h in enumerate(heights)
    )
    title = f"<title>Six bars, {', '.join(map(str, heights))} high</title>"
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="320" height="180"'
    return f'{head} font-family="Source Sans 3">{title}{bars}</svg>'.encode()


def _png(heights: list[int]) -> bytes:
    """Return 640 x 360 pixels of bars on white."""
    scale, width, height = 2, 640, 360
    rows = []
    for y in range(height):
        row = bytearray(b"\xff" * (3 * width))
        for i, bar in enumerate(heights):
            if height - scale * (bar + 10) <= y < height - scale * 10:
                start, end = scale * (12 + 50 * i), scale * (48 + 50 * i)
                row[3 * start : 3 * end] = b"\x1f\x4e\x79" * (end - start)
        rows.append(b"\0" + bytes(row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
