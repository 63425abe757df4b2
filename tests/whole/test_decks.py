"""Decks on the whole road: what stands on the cards, how it fits, and what is set again after a change."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from collections import Counter
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from guide.diagnostics.diagnostic import Diagnostic
from guide.model.artifacts import Html
from guide.pipeline import Built, Settings, build, faces, printed_cards
from guide.units import POINTS_PER_MM

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import weasyprint  # noqa: F401  imports that warn, which the settings take for errors
    import ziamath  # noqa: F401

ROOT = Path(__file__).parents[2]


class Deck:
    """A pack with cards, its builds and what can be read from them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder / "deck", folder / "out"
        self.folder.mkdir()
        self.pack()

    def pack(self, options: str = "", head: str = "", lang: str = "en", title: str = "Deck") -> None:
        """Write pack.yaml; `options` are those of flashcards, as in braces."""
        documents = f"documents:\n  flashcards: {{{options}}}\n" if options else ""
        self.write("pack.yaml", f"format: 1\ntitle: {title}\nlang: {lang}\n{head}{documents}")

    def write(self, name: str, text: str | bytes) -> None:
        """Write a file of the pack."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def cards(self, *rows: str) -> None:
        """Write cards.yaml, an item a row."""
        self.write("cards.yaml", "".join(f"- {row}\n" for row in rows))

    def build(self, clean: bool = True, **settings: Any) -> Built:
        """Build the deck in this process."""
        built = build(self.folder, self.out, Settings(**{"kinds": ("flashcards",), "jobs": 1, **settings}))
        assert not clean or not built.failed, built.diagnostics
        return built

    def problem(self, code: str, **settings: Any) -> Diagnostic:
        """Build what is wrong, and return the one problem of this code."""
        built = self.build(False, **settings)
        (found,) = [d for d in built.diagnostics if d.code == code] 
        return found

    def path(self, name: str) -> Path:
        """Return a file of the build."""
        return self.out / "deck" / name

    def pages(self, name: str = "flashcards-screen.pdf") -> list[str]:
        """Return the text of each page in one line, without the dots of heads; hyphens of line ends as `\u2010 `."""
        document = pypdfium2.PdfDocument(self.path(name))
        found = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
        document.close()
        return [text.replace(" · ", " ").replace("\ufffe", "\u2010 ") for text in found]

    def order(self) -> list[str]:
        """Return the ids of the cards in the order of the deck, by the heads of their backs."""
        return [self.id_on(text) for text in self.pages()[1::2]]

    def id_on(self, back: str) -> str:
        """Return the id at the head of a back: after the word for an answer."""
        return back.split("Answer ")[1].split()[0]

    def files(self) -> dict[str, bytes]:
        """Return the PDFs of the build."""
        return {path.name: path.read_bytes() for path in sorted(self.path("").glob("*.pdf"))}


@pytest.fixture
def deck(tmp_path: Path) -> Deck:
    """Return an empty pack in a separate folder."""
    return Deck(tmp_path)


def png(width: int, height: int) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#2255aa").save(out, "PNG")
    return out.getvalue()


def pictures(path: Path) -> list[list[tuple[float, float]]]:
    """Return the size in mm of the pictures on each page."""
    document = pypdfium2.PdfDocument(path)
    found = []
    for page in document:
        boxes = [o.get_bounds() if hasattr(o, "get_bounds") else o.get_pos() for o in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])]
        found.append([((right - left) / POINTS_PER_MM, (top - foot) / POINTS_PER_MM) for left, foot, right, top in boxes])
    document.close()
    return found


# What stands on cards


def test_two_files_for_printers_without_duplex(deck: Deck) -> None:
    """`none`: fronts in order in one file, backs mirrored about the upright axis in the other, sheet by sheet."""
    deck.cards(*(f"{{id: c{n:02}, front: Front{n:02}, back: Back{n:02}}}" for n in range(10)))
    built = deck.build(duplex="none", stock="a7")
    assert [Path(o.path).name for o in built.outputs] == ["flashcards-screen.pdf", "flashcards-fronts.pdf", "flashcards-backs.pdf"]
    assert [o.pages for o in built.outputs] == [20, 2, 2]
    rows: dict[str, list[list[list[int]]]] = {}
    for name, word in (("fronts", "Front"), ("backs", "Back")):
        document = pypdfium2.PdfDocument(deck.path(f"flashcards-{name}.pdf"))
        for page in document:
            content = page.get_textpage()
            text = content.get_text_range()
            places = {}
            for n in range(10):
                if (at := text.find(f"{word}{n:02}")) >= 0:
                    left, bottom, _, _ = content.get_charbox(at)
                    places[n] = (round((page.get_height() - bottom) / POINTS_PER_MM / 74 - 0.5), left)
            lines = [[n for n in sorted(places, key=lambda n: places[n][1]) if places[n][0] == row] for row in range(4)]
            rows.setdefault(name, []).append([line for line in lines if line])
        document.close()
    assert rows["fronts"] == [[[0, 1], [2, 3], [4, 5], [6, 7]], [[8, 9]]]
    assert rows["backs"] == [[[1, 0], [3, 2], [5, 4], [7, 6]], [[9, 8]]]


def test_every_kind_of_card(deck: Deck) -> None:
    """Front and back of basic, reversed, cloze, term, event, actor, fact and question cards; the id on backs alone."""
    deck.pack("derive: [glossary, timeline, actors, facts, questions]")
    deck.cards(
        "{id: one, front: Frage, back: Antwort, hint: Clue, reverse: true}",
        '{id: gap, cloze: "It lasted {{78::number}} days in {{1999}}."}',
    )
    deck.write("glossary.yaml", "- {term: Enclave, abbreviation: E, definition: A territory.}\n")
    deck.write("timeline.yaml", "- {date: 1999-06-12, title: Entry, detail: They went in.}\n")
    deck.write("actors.yaml", "- {name: The Actor, kind: state, role: Acts., from: 1990}\n")
    deck.write("facts.yaml", "- {label: Days, value: 78, unit: days, as_of: 1999}\n")
    deck.write("questions.yaml", "- {prompt: Which?, options: [aa, bb, cc], answer: bb, explanation: Because.}\n")
    deck.build()
    found = deck.pages()
    shown = {(deck.id_on(found[n | 1]), n % 2): text for n, text in enumerate(found)}
    expected = {
        "one": (["Frage", "Clue"], ["Antwort"]), "one-r": (["Antwort"], ["Frage"]),
        "gap": (["It lasted number days in 1999."], ["It lasted 78 days in 1999."]),
        "gap-2": (["It lasted 78 days in"], ["It lasted 78 days in 1999."]),
        "card-enclave": (["Enclave (E)", "What does it mean?"], ["A territory."]),
        "card-1999-06-12-entry": (["Entry", "When?"], ["1999", "They went in."]),
        "card-the-actor": (["The Actor", "Who?"], ["Acts.", "1990"]),
        "card-days": (["Days", "How much?"], ["78 days", "As of 1999"]),
        "card-which": (["Which?", "A. aa B. bb C. cc"], ["B: bb", "Because."]),
    }  # fmt: skip
    assert len(found) == 2 * len(expected)
    for name, sides in expected.items():
        for side, texts in enumerate(sides):
            assert (name in shown[name, side]) == (side == 1)
            for text in texts:
                assert text in shown[name, side]
    assert "1999" not in shown["gap-2", 0]
    assert "bb" not in shown["card-which", 1].replace("B: bb", "")


RICH = """
- id: tab
  front: A table
  back: |
    | a | b |
    |---|---|
    | left cell | right cell |
- id: lst
  front: A list
  back: |
    - first thing
    - second thing
- id: cod
  front: Code
  back: |
    ```python
    print("a line that is much longer than a card is wide, so that it has to be broken somewhere " * 2)
    ```

    and `inline`
- {id: frm, front: "Formula $a^2$", back: "$$E=mc^2$$"}
- {id: wid, front: Wide, back: "$$a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z+a+b+c+d+e+f+g+h+i+j+k+l+m$$"}
- {id: pic, front: Picture, back: Of it, image: figures/a.png}
- {id: inl, front: Picture, back: "Text ![alt](figures/tall.png) more"}
"""


def test_tables_lists_code_formulas_and_images(deck: Deck) -> None:
    """All of it is on the cards, within the trim; a tall picture is scaled to its box."""
    deck.write("cards.yaml", RICH)
    deck.write("figures/a.png", png(1500, 1000))
    deck.write("figures/tall.png", png(300, 2400))
    built = deck.build()
    assert {d.code for d in built.diagnostics} <= {"missing-source"}
    found = deck.pages()
    assert "left cell right cell" in found[1]
    assert "• first thing • second thing" in found[3]
    assert "has to be broken somewhere" in found[5]
    assert "and inline" in found[5]
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    for page in (7, 9):
        picture = document[page].render(scale=2).to_pil().convert("L")
        width, height = picture.size
        middle = picture.crop((0, height // 4, width, height * 3 // 4))
        assert middle.getextrema()[0] < 100  # a formula has ink, though no text
        edge = picture.crop((width - 20, height // 4, width, height * 3 // 4))
        assert edge.getextrema()[0] > 200
    document.close()
    sizes = pictures(deck.path("flashcards-screen.pdf"))
    ((width, height),) = sizes[10]
    assert 20 < width < 95
    assert abs(width / height - 1.5) < 0.02
    ((width, height),) = sizes[13]
    assert height < 74 * 0.4
    assert abs(height / width - 8) < 0.1


def test_a_coarse_picture_is_a_warning_at_its_card(deck: Deck) -> None:
    """The resolution is that at which it is printed."""
    deck.cards("{id: a, front: A, back: B}", "{id: pic, front: Q, back: A, image: figures/a.png}")
    deck.write("figures/a.png", png(60, 60))
    found = deck.problem("low-resolution")
    assert (Path(found.place.path).name, found.place.line, found.item) == ("cards.yaml", 2, "pic")
    assert "96 dpi" in found.message


def test_a_coarse_picture_is_said_alike_after_an_edit(deck: Deck) -> None:
    """What is wrong does not depend on what else had to be set."""
    rows = [f"{{id: c{n}, front: A{n}, back: B}}" for n in range(30)]
    deck.write("figures/a.png", png(60, 60))
    deck.cards(*rows, "{id: pic, front: Q, back: A, image: figures/a.png}")
    deck.build()
    deck.cards(*rows, "{id: pic, front: Q2, back: A, image: figures/a.png}")
    after = deck.problem("low-resolution").message
    assert after == deck.problem("low-resolution", cache=False).message


def test_a_picture_on_many_cards(deck: Deck) -> None:
    """A flag on every card of a chapter is usual."""
    deck.write("figures/a.png", png(900, 600))
    deck.cards(*(f"{{id: c{n}, front: Q{n}, back: A, image: figures/a.png}}" for n in range(20)))
    assert deck.build(False).diagnostics[-1].code != "missing-image"


def test_a_picture_in_a_deck_of_one_size(deck: Deck) -> None:
    """`fit: uniform` sets cards twice."""
    deck.pack("fit: uniform")
    deck.write("figures/a.png", png(900, 600))
    deck.cards("{id: pic, front: Q, back: A, image: figures/a.png}", f"{{id: long, front: Q, back: {'many words ' * 60}}}")
    assert not deck.build(False).failed


def test_the_picture_of_a_reversed_card_is_on_its_back(deck: Deck) -> None:
    """Which flag is this? reversed asks for the flag; it must not show it."""
    deck.write("figures/a.png", png(900, 600))
    deck.cards("{id: flag, front: Which flag?, back: Utopia, image: figures/a.png, reverse: true}")
    deck.build()
    assert [len(each) for each in pictures(deck.path("flashcards-screen.pdf"))] == [1, 0, 0, 1]


def test_a_link_on_a_card(deck: Deck) -> None:
    """The text of a link is printed, without a mark that means nothing here."""
    deck.cards('{id: a, front: Q, back: "See [the text](https://example.org/a)."}')
    built = deck.build()
    assert deck.pages()[1].endswith("See the text.")
    assert "bad-reference" not in {d.code for d in built.diagnostics}


def test_an_answer_that_begins_with_false(deck: Deck) -> None:
    """Only true-false answers are put into the language of the pack."""
    deck.pack("derive: [questions]", lang="de")
    deck.cards("{id: a, front: F, back: B}")
    deck.write("questions.yaml", "- {type: short, prompt: Was?, answer: False Flag}\n")
    deck.build()
    assert "False Flag" in deck.pages()[3]


OWN = (
    '{% extends "flashcards/layouts/frame.html" %}{% block body %}'
    '<p>OWN {{ card.front if side == "front" else card.back }}</p>{% endblock %}'
)


def test_layouts_by_card_and_by_tag(deck: Deck) -> None:
    """A pack's own template, for one card and for all of a tag; a card's own choice comes first."""
    deck.pack("layouts: {words: own}")
    deck.write("templates/flashcards/layouts/own.html", OWN)
    deck.write("templates/flashcards/layouts/other.html", OWN.replace("OWN", "OTHER"))
    deck.cards(
        "{id: a, front: Aaa, back: B, layout: own}", "{id: b, front: Bbb, back: B, tags: [words]}",
        "{id: c, front: Ccc, back: B}", "{id: d, front: Ddd, back: B, tags: [words], layout: other}",
        '{id: e, cloze: "It is {{so}}", tags: [words]}',
    )  # fmt: skip
    deck.build()
    found = deck.pages()
    assert [word in text for text, word in zip(found[::2], ["OWN Aaa", "OWN Bbb", "Ccc", "OTHER Ddd", "OWN It is"], strict=True)] == [True] * 5
    assert "OWN It is so" in found[9]


def test_a_cloze_with_a_layout_of_its_own(deck: Deck) -> None:
    """The layout says how a card looks, not whether its gaps are gaps."""
    deck.write("templates/flashcards/layouts/own.html", OWN)
    deck.cards('{id: a, cloze: "It lasted {{78::number}} days.", layout: own}')
    deck.build()
    assert "{{" not in "".join(deck.pages())


@pytest.mark.parametrize(
    ("options", "card", "place"),
    [
        ("", "{id: a, front: A, back: B, layout: nope}", ("cards.yaml", 1)),
        ("layouts: {words: nope}", "{id: a, front: A, back: B, tags: [words]}", ("pack.yaml", 5)),
        ("", "{id: a, front: A, back: B, layout: ../page}", ("cards.yaml", 1)),
    ],
)
def test_an_unknown_layout_is_said_where_it_is_asked_for(deck: Deck, options: str, card: str, place: tuple[str, int]) -> None:
    """With the file to write."""
    deck.pack(options)
    deck.cards(card)
    found = deck.problem("unknown-layout")
    assert (Path(found.place.path).name, found.place.line) == place
    assert "templates/flashcards/layouts/" in found.hint


def test_colours_by_tag(deck: Deck) -> None:
    """A bar at the left edge of both sides, of the first tag that has a colour."""
    deck.pack("colours: {air: '#ff0000', sea: '#0000ff'}")
    deck.cards("{id: a, front: A, back: B, tags: [core, air, sea]}", "{id: b, front: A, back: B, tags: [sea]}", "{id: c, front: A, back: B}")
    deck.build()
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    seen = []
    for page in document:
        picture = page.render(scale=1).to_pil().convert("RGB")
        seen.append((picture.getpixel((2, 5)), picture.getpixel((2, picture.height - 5)), picture.getpixel((12, 100))))
    document.close()
    white = (255, 255, 255)
    expected = [((255, 0, 0),) * 2, ((0, 0, 255),) * 2, (white, white)]
    assert seen == [(*expected[n // 2], white) for n in range(6)]


@pytest.mark.parametrize("colour", ["nonsense", "'#12'", "3", "'#f00; } x {'"])
def test_a_colour_that_is_none_is_said(deck: Deck, colour: str) -> None:
    """With its place in pack.yaml."""
    deck.pack(f"colours: {{air: {colour}}}")
    deck.cards("{id: a, front: A, back: B, tags: [air]}")
    assert [d for d in deck.build(False).diagnostics if d.place.path.endswith("pack.yaml")]


def languages(path: Path) -> list[tuple[str, str]]:
    """Return (language, text) of the marked parts of each page's structure that have one of their own."""
    found = []
    with pikepdf.open(path) as pdf:
        todo = list(pdf.Root.StructTreeRoot.K)
        while todo:
            element = todo.pop(0)
            if not isinstance(element, pikepdf.Dictionary):
                continue
            if "/Lang" in element:
                found.append((str(element.Lang), str(element.get("/S"))))
            kids: Any = element.get("/K", [])
            todo += list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return found


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def test_both_languages_of_a_card(deck: Deck) -> None:
    """Each side is hyphenated and tagged in its own language; a reversed card changes them over."""
    deck.pack("back_lang: de", head="")
    deck.cards(f"{{id: a, front: What?, back: {LONG}, reverse: true}}", f"{{id: b, front: What?, back: {LONG}, back_lang: en-GB}}")
    deck.build(stock="a8")
    found = deck.pages()
    assert "\u2010 " in found[1]
    assert "\u2010 " in found[4]  # another card stands between the two directions
    assert found[1].replace("\u2010 ", "").endswith(LONG)
    tagged = {lang for lang, _ in languages(deck.path("flashcards-screen.pdf"))}
    assert tagged == {"de", "en-GB"}


def test_a_side_has_its_own_language_before_that_of_the_deck(deck: Deck) -> None:
    """A front and a back each; both ways round they keep it."""
    deck.pack("front_lang: de, back_lang: fr")
    deck.cards("{id: a, front: Eins, back: Un}", "{id: b, front: Nje, back: Uno, front_lang: sq, back_lang: it}", "{id: c, front: Zwei, back: Deux, reverse: true}")
    deck.build()
    tagged = Counter(lang for lang, _ in languages(deck.path("flashcards-screen.pdf")))
    assert tagged == {"de": 3, "fr": 3, "sq": 1, "it": 1}


def test_right_to_left(deck: Deck) -> None:
    """A back in Hebrew begins at the right, the head of the card at the left."""
    deck.cards("{id: a, front: Hello there, back: Shalom, back_lang: he}")
    deck.build()
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    content, width = document[1].get_textpage(), document[1].get_width()
    text = content.get_text_range()
    last = text.index("Shalom") + len("Shalom") - 1
    assert content.get_charbox(text.index("Deck"))[0] < 20
    assert width - content.get_charbox(last)[2] < 20
    document.close()


def test_the_bidirectional_order_is_that_of_the_language(deck: Deck) -> None:
    """In a Hebrew line the full stop stands at the left of Latin words; the side is tagged as Hebrew."""
    deck.cards("{id: a, front: Hello, back: Shalom., back_lang: he}", "{id: b, front: Hello, back: Shalom.}")
    deck.build()
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    where = []
    for page in (1, 3):
        content = document[page].get_textpage()
        text = content.get_text_range()
        letter, stop = text.index("S", text.index("Answer")), text.rindex(".")
        where.append(content.get_charbox(stop)[0] < content.get_charbox(letter)[0])
    document.close()
    assert where == [True, False]
    assert {lang for lang, _ in languages(deck.path("flashcards-screen.pdf"))} == {"he"}


@pytest.mark.parametrize("lang", ["xx yy", "klingon!", "de_"])
def test_a_language_of_the_deck_that_is_none_is_said(deck: Deck, lang: str) -> None:
    """As one on a card is."""
    deck.pack(f"back_lang: '{lang}'")
    deck.cards("{id: a, front: A, back: B}")
    assert deck.build(False).failed


# Fit


def test_long_words_and_urls_break(deck: Deck) -> None:
    """A long word is hyphenated; an address of 200 signs breaks at its slashes; nothing is lost."""
    url = "https://example.org/" + "a_very/long_path/" * 11 + "?q=1&x=2"
    deck.cards(f"{{id: a, front: Was?, back: {LONG}, back_lang: de}}", f'{{id: b, front: Where?, back: "{url}"}}')
    deck.build(stock="a8")
    found = deck.pages()
    assert found[1].replace("\u2010 ", "").endswith(LONG)
    assert found[1].count("\u2010 ") >= 1
    assert found[3].replace(" ", "").endswith(url)


def report(deck: Deck, **settings: Any) -> dict[str, Any]:
    """Build with a report of the fit, and return it."""
    deck.build(False, fit_report=True, **settings)
    return json.loads(deck.path("flashcards-fit.json").read_text())


WORDS = "many words "


def body_height(deck: Deck, page: int, word: str) -> float:
    """Return the height in pt of a word on a page: how large it is printed."""
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    content = document[page].get_textpage()
    at = content.get_text_range().index(word)
    boxes = [content.get_charbox(at + n, loose=True) for n in range(len(word))]
    document.close()
    return round(max(b[3] for b in boxes) - min(b[1] for b in boxes), 2)


def test_only_long_cards_shrink(deck: Deck) -> None:
    """A full card is set smaller on both sides; a short one keeps the largest size."""
    deck.cards("{id: short, front: Frage, back: Wort}", f"{{id: long, front: Frage, back: Wort {WORDS * 70}}}")
    told = report(deck)
    assert body_height(deck, 1, "Wort") > body_height(deck, 3, "Wort")
    assert body_height(deck, 0, "Frage") > body_height(deck, 2, "Frage")
    assert {fit["id"]: fit["verdict"] for fit in told["fits"]} == {"short": "fits", "long": "shrunk"}
    assert told["fits"][0]["id"] == "long"
    assert told["fits"][0]["size"] < told["fits"][0]["largest"] == told["fits"][1]["size"]


def test_one_size_for_all_cards(deck: Deck) -> None:
    """`fit: uniform`: what the longest card needs is the size of all, on fronts and backs."""
    deck.pack("fit: uniform")
    deck.cards("{id: short, front: Frage, back: Wort}", f"{{id: long, front: Frage, back: Wort {WORDS * 70}}}", "{id: third, front: Frage, back: Wort}")
    told = report(deck)
    assert len({body_height(deck, page, "Wort") for page in (1, 3, 5)}) == 1
    assert len({body_height(deck, page, "Frage") for page in (0, 2, 4)}) == 1
    assert len({fit["size"] for fit in told["fits"]}) == 1
    alone = told["fits"][0]["size"]
    deck.pack()
    assert min(fit["size"] for fit in report(deck)["fits"]) == alone


def test_what_never_fits_is_an_error_with_file_line_and_amount(deck: Deck) -> None:
    """No deck is written; the report says rejected."""
    deck.cards("{id: short, front: F, back: B}", f"{{id: long, front: F, back: {WORDS * 150}}}")
    built = deck.build(False, fit_report=True)
    (found,) = [d for d in built.diagnostics if d.code == "card-overflow"]
    assert (Path(found.place.path).name, found.place.line, found.item) == ("cards.yaml", 2, "long")
    assert 'back of "long"' in found.message
    assert not deck.path("flashcards.pdf").exists()
    told = json.loads(deck.path("flashcards-fit.json").read_text())
    assert told["counts"] == {"fits": 1, "shrunk": 0, "rejected": 1}
    worst = told["fits"][0]
    assert (worst["id"], worst["verdict"]) == ("long", "rejected")
    assert f"{worst['over']:.0f} mm" in found.message
    assert 5 < worst["over"] < 60


def test_the_fit_report_shows_the_tightest_cards(deck: Deck) -> None:
    """A contact sheet: front beside back of each card, with its id, its verdict and its size."""
    deck.cards("{id: short, front: Frage, back: Wort}", f"{{id: long, front: Frage, back: Wort {WORDS * 70}}}")
    told = report(deck)
    assert (told["stock"], told["cards"]) == ("a7", 2)
    text = " ".join(deck.pages("flashcards-fit.pdf"))
    assert text.index("long") < text.index("short")
    assert text.count("Wort") == 2
    assert f"{told['fits'][0]['size']:g} pt" in text


def test_the_fit_report_shows_tall_cards_whole(deck: Deck) -> None:
    """Cards of 60 x 280 mm have to be made smaller to stand below a head."""
    deck.cards(f"{{id: a, front: Frage, back: {WORDS * 330} Ende}}")
    deck.build(False, stock="60x280mm", fit_report=True)
    document = pypdfium2.PdfDocument(deck.path("flashcards-fit.pdf"))
    content = document[0].get_textpage()
    assert min(content.get_charbox(n)[1] for n in range(content.count_chars())) > 0
    document.close()


# What is set again


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return a list of the cards that are set, with a cache of the test's own."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cache"))
    seen: list[str] = []
    set_faces = faces.set_faces_job  # type: ignore[attr-defined]  # it is imported there

    def recording(html: Html) -> Any:
        seen.extend(face.at for face in html.faces if face.at)
        return set_faces(html)

    monkeypatch.setattr(faces, "set_faces_job", recording)
    return seen


def rows(**changed: str) -> list[str]:
    """Return 30 cards, some of them changed."""
    return [f"{{id: c{n:02}, front: {changed.get(f'c{n:02}', f'Front{n:02}')}, back: Back{n:02}}}" for n in range(30)]


def fresh(deck: Deck, **settings: Any) -> dict[str, bytes]:
    """Return what a build without any cache gives."""
    return deck_files(deck, lambda: deck.build(cache=False, **settings))


def deck_files(deck: Deck, work: Callable[[], Any]) -> dict[str, bytes]:
    """Return the PDFs after some work, and the folder empty again."""
    for path in deck.path("").glob("*.pdf"):
        path.unlink()
    work()
    return deck.files()


CHANGES: dict[str, tuple[list[str], set[str]]] = {
    "edited": (rows(c07="Other"), {"c07"}),
    "inserted": (["{id: new, front: N, back: M}", *rows()], {"new"}),
    "moved": ([rows()[20], *rows()[:20], *rows()[21:]], set()),
    "removed": (rows()[1:], set()),
    "tagged": ([*rows()[:29], rows()[29].replace("}", ", tags: [x]}")], {"c29"}),
    "shrunk": (rows(c07=f"Frage {'word ' * 120}"), {"c07"}),
    "other letters": (rows(c07="ŽĐŁ ѣ Ω"), {"c07"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_changed_is_set_again(deck: Deck, given: list[str], change: str) -> None:
    """Of 30 cards those that say something new are set, front and back once; the files are those of a fresh build."""
    deck.cards(*rows())
    deck.build()
    assert sorted({*given}) == [f"c{n:02}" for n in range(30)]
    given.clear()
    after, expected = CHANGES[change]
    deck.cards(*after)
    quick = deck_files(deck, deck.build)
    assert sorted(given) == sorted([*expected, *expected])
    assert quick == fresh(deck)
    assert list(quick) == ["flashcards-screen.pdf", "flashcards.pdf"]


def test_a_picture_and_a_source_count(deck: Deck, given: list[str]) -> None:
    """What a card shows besides its text is part of it: other pixels or another author set it again."""
    deck.write("figures/a.png", png(900, 600))
    deck.write("sources.yaml", "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n")
    all_rows = [*rows(), "{id: pic, front: Q, back: A, image: figures/a.png}", "{id: src, front: Q, back: A, sources: [k1]}"]
    deck.cards(*all_rows)
    deck.build()
    given.clear()
    deck.write("figures/a.png", png(900, 500))
    quick = deck_files(deck, deck.build)
    assert {*given} == {"pic"}
    assert quick == fresh(deck)
    given.clear()
    deck.write("sources.yaml", "- {id: k1, type: book, title: A Book, author: 'Jones, Jane', issued: 1999}\n")
    quick = deck_files(deck, deck.build)
    assert {*given} == {"src"}
    assert "Jones" in deck.pages()[-1]
    assert quick == fresh(deck)


def test_one_size_is_kept_too(deck: Deck, given: list[str]) -> None:
    """In a deck of one size an edited card is set and no other, unless it changes the size."""
    deck.pack("fit: uniform")
    deck.cards(*rows(c03=f"Frage {'word ' * 110}"))
    deck.build()
    given.clear()
    deck.cards(*rows(c03=f"Frage {'word ' * 110}", c09="Other"))
    quick = deck_files(deck, deck.build)
    assert {*given} == {"c09"}
    assert quick == fresh(deck)


@pytest.mark.parametrize("selected", ["tags", "changed"])
def test_a_selection_does_not_cost_the_rest(deck: Deck, given: list[str], selected: str) -> None:
    """Edit a card, print just that one, then the deck: nothing is left to set."""
    deck.cards(*rows())
    deck.build()
    before = printed_cards(deck.path("build.json"))
    deck.cards(*rows(c07="Other, tags: [new]"))
    deck.build(**({"tags": ("new",)} if selected == "tags" else {"printed": before}))
    given.clear()
    deck.build()
    assert given == []


def test_a_new_term_sets_one_card(deck: Deck, given: list[str]) -> None:
    """A term is a card, too."""
    deck.cards(*rows())
    deck.write("glossary.yaml", "- {term: Alpha, definition: A letter.}\n")
    deck.build()
    given.clear()
    deck.write("glossary.yaml", "- {term: Alpha, definition: A letter.}\n- {term: Zebra, definition: An animal.}\n")
    deck.build()
    assert {*given} == {"card-zebra"}


def test_cards_that_cite_are_kept(deck: Deck, given: list[str]) -> None:
    """A citation on a card does not cost a second of every build."""
    deck.write("sources.yaml", "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n")
    cited = {f"c{n:02}": f'"Text {n} [@k1, p. {n + 1}]"' for n in range(30)}
    deck.cards(*rows(**cited))
    deck.build()
    given.clear()
    deck.cards(*rows(**{**cited, "c07": "Other"}))
    deck.build()
    assert {*given} == {"c07"}


def test_a_missing_sign_is_told_until_it_is_gone(deck: Deck, given: list[str]) -> None:
    """Two cards have a sign that no font has; the author mends the first: the second is still wrong."""
    deck.cards("{id: a, front: 'A \U0001f600', back: B}", "{id: b, front: 'C \U0001f600', back: D}")
    assert deck.build(False).failed
    deck.cards("{id: a, front: A, back: B}", "{id: b, front: 'C \U0001f600', back: D}")
    assert deck.build(False).failed


def test_faults_are_told_again(deck: Deck, given: list[str]) -> None:
    """A card that does not fit is an error each time, also when nothing is set, at the line where it is now."""
    long = f"{{id: long, front: F, back: {WORDS * 150}}}"
    deck.cards(*rows(), long)
    first = deck.problem("card-overflow")
    given.clear()
    deck.cards("{id: new, front: N, back: M}", *rows(), long)
    again = deck.problem("card-overflow")
    assert {*given} == {"new"}
    assert (first.place.line, again.place.line) == (31, 32)
    assert first.message == again.message


# The same bytes


def test_the_same_bytes_in_any_number_of_processes(deck: Deck, tmp_path: Path) -> None:
    """One process or two, this hash seed or that: the same files."""
    deck.pack("fit: uniform, title-card: true, colours: {t: '#ff0000'}")
    deck.cards(*(row.replace("}", f", tags: [t{n % 3}, t]}}") for n, row in enumerate(rows(c03=f"Frage {'word ' * 110}"))))
    deck.write("figures/a.png", png(900, 600))
    once = fresh(deck)
    started = []
    for seed, jobs in (("1", "1"), ("99", "2")):
        command = [sys.executable, "-m", "guide", "build", str(deck.folder), "-o", str(tmp_path / seed), "--no-cache", "--jobs", jobs]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    for process in started:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    for seed in ("1", "99"):
        assert {p.name: p.read_bytes() for p in sorted((tmp_path / seed / "deck").glob("flashcards*.pdf"))} == once
    for data in once.values():
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert pdf.check_pdf_syntax() == []
