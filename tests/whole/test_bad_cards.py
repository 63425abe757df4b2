"""Cards, stock and options that cannot be: a clear message at its place, never a traceback, never a wrong page."""

from __future__ import annotations

import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from whole.test_decks import WORDS, Deck, deck  # noqa: F401  a fixture

CARD = "{id: a, front: A, back: B}"
OWN = {
    "paper": "a4", "card": "[60, 40]", "columns": "2", "rows": "2", "origin": "[10, 10]", "pitch": "[70, 50]",
}  # fmt: skip


def clear(deck: Deck, **settings: Any) -> None:
    """Build what is wrong: every problem has a place or an option, a message, and no trace of a traceback."""
    built = deck.build(False, **settings)
    assert built.failed
    for found in built.diagnostics:
        assert found.code not in {"render-failed", "render-limit"}, found
        assert "Traceback" not in found.message
        assert "Error:" not in found.message
    assert not list(deck.path("").glob("flashcards*.pdf"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"origin": "[100, 10]"}, "but the paper is 210 x 297 mm"),
        ({"rows": "9"}, "but the paper is 210 x 297 mm"),
        ({"pitch": "[50, 50]"}, "overlap at a pitch of 50 mm"),
        ({"pitch": "[70, 39]"}, "a gutter cannot be negative"),
        ({"pitch": "[70, -50]"}, "a gutter cannot be negative"),
    ],
)
def test_own_stock_that_cannot_be(deck: Deck, changed: dict[str, str], expected: str) -> None:
    """The file, and the numbers."""
    lines = [f"{key}: {value}" for key, value in {"name": "own", "title": "Own", **OWN, **changed}.items()]
    deck.write("templates/stock/own.yaml", "\n".join(lines))
    deck.cards(CARD)
    clear(deck, stock="own")
    found = deck.problem("bad-value", stock="own")
    assert found.place.path.endswith("templates/stock/own.yaml")
    assert expected in found.message


@pytest.mark.parametrize("stock", ["900x60mm", "0x0", "0x60mm", "1.2.3x4", "19x19mm"])
def test_a_size_that_cannot_be(deck: Deck, stock: str) -> None:
    """--stock is named, with an example of a size that can be."""
    deck.cards(CARD)
    clear(deck, stock=stock)
    found = deck.problem("bad-stock", stock=stock)
    assert found.place.path == "--stock"
    assert "90x60mm" in found.hint


def test_a_fold_that_does_not_fit(deck: Deck) -> None:
    """Two cards side by side do not go on the paper of one."""
    deck.cards(CARD)
    clear(deck, stock="card-3x5", duplex="fold")
    assert "do not fit on 127 x 76.2 mm" in deck.problem("bad-stock", stock="card-3x5", duplex="fold").message


@pytest.mark.parametrize("text", ["", "[]\n", "# only a comment\n"])
def test_a_deck_of_no_cards(deck: Deck, text: str) -> None:
    """One message, and no empty PDF."""
    deck.write("cards.yaml", text)
    clear(deck)
    built = deck.build(False)
    assert {d.code for d in built.diagnostics} == {"nothing-to-print" if text == "[]\n" else "empty-file"}
    assert all(d.hint for d in built.diagnostics)
    assert built.outputs == ()


def test_a_tag_that_no_card_has(deck: Deck) -> None:
    """The tags that there are."""
    deck.cards("{id: a, front: A, back: B, tags: [steps]}")
    clear(deck, tags=("stepz",))
    found = deck.problem("nothing-to-print", tags=("stepz",))
    assert (found.place.path, found.hint) == ("--tags", "did you mean `steps`?")


@pytest.mark.parametrize("duplex", ["long-edge", "short-edge", "fold", "none"])
def test_a_deck_of_one_card(deck: Deck, duplex: str) -> None:
    """One sheet, with the one card on it."""
    deck.cards(CARD)
    built = deck.build(duplex=duplex)
    assert [o.pages for o in built.outputs] == {"fold": [2, 1], "none": [2, 1, 1]}.get(duplex, [2, 2])


def test_a_card_of_20000_words(deck: Deck) -> None:
    """Refused in seconds, at its line."""
    deck.cards(CARD, f"{{id: big, front: Q, back: {'word ' * 20_000}}}")
    began = time.monotonic()
    clear(deck)
    assert time.monotonic() - began < 20
    found = deck.problem("card-overflow")
    assert (Path(found.place.path).name, found.place.line) == ("cards.yaml", 2)


def test_the_amount_is_right_for_long_texts(deck: Deck) -> None:
    """Ten times the words are about ten times the height, and that less what fits."""
    over = []
    for count in (600, 6000):
        deck.cards(f"{{id: big, front: Q, back: {'word ' * count}}}")
        message = deck.problem("card-overflow").message
        over.append(int(message.split(" mm too tall")[0].split()[-1]))
    assert 8 < over[1] / over[0] < 20  # what fits the card is not over


def test_the_amount_is_never_nothing(deck: Deck) -> None:
    """Who reads 0 mm does not know what to do."""
    deck.cards("{id: a1, front: Front, back: Back}")
    assert " 0 mm too tall" not in "".join(d.message for d in deck.build(False, stock="20x20mm").diagnostics)


def test_100000_letters_without_a_space(deck: Deck) -> None:
    """The breaker of lines does not hang."""
    deck.cards(f"{{id: big, front: Q, back: {'x' * 100_000}}}")
    began = time.monotonic()
    clear(deck)
    assert time.monotonic() - began < 20


def declaring(width: int, height: int) -> bytes:
    """Return a PNG of some bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("row", ["{id: a, front: A, back: B, image: figures/a.png}", '{id: a, front: A, back: "![x](figures/a.png)"}'])
def test_a_picture_of_200_megapixels(deck: Deck, row: str) -> None:
    """Refused by what its head says, before anybody unpacks it."""
    deck.write("figures/a.png", declaring(20_000, 10_000))
    deck.cards(row)
    began = time.monotonic()
    clear(deck)
    assert time.monotonic() - began < 5
    found = deck.problem("image-too-large")
    assert (Path(found.place.path).name, found.place.line) == ("cards.yaml", 1)
    assert "200 million pixels" in found.message


def test_a_picture_that_is_broken(deck: Deck) -> None:
    """A download that broke off: 60 bytes of a picture of 200 x 100."""
    deck.write("figures/a.png", declaring(200, 100)[:60])
    deck.cards("{id: a, front: A, back: B, image: figures/a.png}")
    clear(deck)


RIGHT = {
    "combining marks": "Cafe\u0301 x\u0323\u0302 q\u0308",
    "japanese": "\u65e5\u672c\u8a9e \u3053\u3093\u306b\u3061\u306f",
    "greek and cyrillic": "\u03a9\u03bc\u03ad\u03b3\u03b1 \u041f\u0440\u0438\u0448\u0442\u0438\u043d\u0430",
}


@pytest.mark.parametrize("name", RIGHT)
def test_letters_of_other_scripts(deck: Deck, name: str) -> None:
    """Printed, in fonts that are embedded, and read back as they were written."""
    import unicodedata

    deck.cards(f'{{id: a, front: "{RIGHT[name]}", back: B}}')
    deck.build()
    read = unicodedata.normalize("NFC", deck.pages()[0])
    assert read == f"Deck 1 of 1 {unicodedata.normalize('NFC', RIGHT[name])}"


@pytest.mark.parametrize(("lang", "text"), [("ko", "\uc548\ub155"), ("zh", "\u6c49\u8bed\u5b66\u4e60")])
def test_korean_and_chinese(deck: Deck, lang: str, text: str) -> None:
    """Noto Sans KR and SC are among the fonts of guide; a card in Korean is printed as one in Japanese is."""
    deck.cards(f"{{id: a, front: {text}, back: B, front_lang: {lang}}}")
    assert not deck.build(False).failed


def test_signs_without_width_leave_no_ink(deck: Deck) -> None:
    """Zero-width space, joiners, byte-order mark, soft hyphen and word joiner: the word stays whole."""
    deck.cards('{id: a, front: "zero\u200bwidth\u200djoin\ufeffbom\u2060wj\u00adshy", back: B}', "{id: b, front: zerowidthjoinbomwjshy, back: B}")
    built = deck.build()
    assert {d.code for d in built.diagnostics} <= {"missing-source", "duplicate-card"}  # they look alike
    found = deck.pages()
    assert "".join(c for c in found[0] if c.isascii()).split()[-1] == found[2].split()[-1]
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    edges = []
    for page in (0, 2):
        picture = document[page].render(scale=2).to_pil().convert("L")
        part = picture.crop((0, 60, picture.width, picture.height)).point(lambda v: 255 if v < 128 else 0)
        edges.append(part.getbbox())
    document.close()
    assert all(abs(one - other) <= 2 for one, other in zip(*edges, strict=True))


MISSING = {
    "emoji": ("\U0001f600", "U+1F600 grinning face"),
    "arabic": ("\u0645\u0631\u062d\u0628\u0627", "U+0645 arabic letter meem"),
    "cuneiform": ("\U00012000", "U+12000 cuneiform sign a"),
    "nko": ("\u07d2\u07de\u07cf", "U+07D2 nko letter n"),
    "lanna": ("\u1a20\u1a21", "U+1A20 tai tham letter high ka"),
    "flag": ("\U0001f1fd\U0001f1f0", "U+1F1FD regional indicator symbol letter x"),
    "keycap": ("1\ufe0f\u20e3", "U+20E3 combining enclosing keycap"),
    "private": ("\ue000", "U+E000"),
}


@pytest.mark.parametrize("name", MISSING)
def test_signs_that_no_font_has_are_named(deck: Deck, name: str) -> None:
    """At the card's line, with code point and name; no page with boxes is written."""
    sign, told = MISSING[name]
    deck.cards(CARD, f'{{id: b, front: "x {sign}", back: B}}')
    clear(deck)
    found = deck.problem("missing-glyph")
    assert (Path(found.place.path).name, found.place.line, found.item) == ("cards.yaml", 2, "b")
    assert told in found.message


def test_a_missing_sign_is_told_for_each_card(deck: Deck) -> None:
    """Else the author mends one card after the other, a build for each."""
    deck.cards("{id: a, front: 'A \U0001f600', back: B}", "{id: b, front: 'C \U0001f600', back: D}")
    assert {d.item for d in deck.build(False).diagnostics if d.code == "missing-glyph"} == {"a", "b"}


@pytest.mark.parametrize("sign", ["\u1a60", "\u0378", "\ufdd0"])
def test_marks_that_no_font_has_are_told_at_their_card(deck: Deck, sign: str) -> None:
    """A sakot of Tai Tham, a code point that is no letter: the card's line, not pack.yaml:1:1."""
    deck.cards(CARD, f'{{id: b, front: "x{sign}", back: B}}')
    found = deck.problem("missing-glyph")
    assert (Path(found.place.path).name, found.place.line) == ("cards.yaml", 2)


def test_a_card_with_the_id_of_the_title_card(deck: Deck) -> None:
    """IndexError: list index out of range, as `this is a bug`."""
    deck.pack("title-card: true")
    deck.cards("{id: deck-title, front: A, back: B}")
    assert "render-failed" not in {d.code for d in deck.build(False).diagnostics}


def test_contents_that_do_not_fit_are_told_at_a_file(deck: Deck) -> None:
    """60 topics do not go on an A8 card: pack.yaml asks for the contents card."""
    deck.pack("contents-card: true")
    deck.cards(*(f"{{id: a{n}, front: F, back: B, tags: [topic-number-{n}]}}" for n in range(60)))
    found = deck.problem("card-overflow", stock="a8")
    assert Path(found.place.path).name == "pack.yaml"


def test_what_fits_after_all_is_written(deck: Deck) -> None:
    """After an error is mended, the deck is there, and no old error is said."""
    deck.cards(CARD, f"{{id: long, front: F, back: {WORDS * 300}}}")
    clear(deck)
    deck.cards(CARD, "{id: long, front: F, back: B}")
    built = deck.build()
    assert not [d for d in built.diagnostics if d.severity == "error"]
    assert [o.pages for o in built.outputs] == [4, 2]
