"""What cards print besides their texts: topic, number, pictures, notes; and no answer on a front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pictures import photo, saved

from guide.content.derive_cards import deck as deck_of
from guide.content.library import load_kinds, load_stock, resolve_options
from guide.content.load import load_pack
from guide.content.starter import new_pack
from guide.diagnostics.diagnostic import Place
from guide.html.faces import Faces
from guide.html.request import Request
from guide.model.alike import words
from whole.test_decks import Deck, deck, pictures, png  # noqa: F401  a fixture

ROOT = Path(__file__).parents[2]
_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r'<span class="face-number".*?</span>')


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pack that `guide new` writes."""
    folder = tmp_path_factory.mktemp("new") / "starter"
    for name, data in new_pack(folder, "").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def faces_of(folder: Path, paper: str = "a7") -> Iterator[tuple[Any, str, str]]:
    """Yield each card of a pack with the markup of its front and back, without the number."""
    pack, _ = load_pack(folder)
    assert pack is not None
    kind = load_kinds(pack)["flashcards"]
    options, _ = resolve_options(kind, (pack.manifest.documents or {}).get("flashcards", {}), pack)
    cards = [card for card in deck_of(pack, ["glossary", "timeline", "actors", "facts"]) if not card.image]
    stock = load_stock(paper, Place(""), pack)
    source = Faces(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme, tuple(cards), stock))
    made = source.html(cards).faces
    for card, front, back in zip(cards, made[::2], made[1::2], strict=True):
        yield card, _NUMBER.sub("", front.markup), _NUMBER.sub("", back.markup)


def shown(markup: str) -> set[str]:
    """Return the words that a face shows."""
    return words(_TAG.sub(" ", markup))


def test_a_front_is_set_smaller_where_it_takes_many_lines(tmp_path: Path) -> None:
    """Measured on the stock with the fonts that print it: fifty Chinese signs are as long as a hundred letters."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\nlang: en\n")
    fronts = ("Why? " * 5, "Who was in the valley when the dam broke? " * 3, "\u6c34" * 50)
    (tmp_path / "cards.yaml").write_text("".join(f"- {{front: '{front}', back: B{n}}}\n" for n, front in enumerate(fronts)))
    long = {size: ['class="question long"' in front for _, front, _ in faces_of(tmp_path, size)] for size in ("a7", "index-5x8")}
    assert long == {"a7": [False, True, True], "index-5x8": [False, False, False]}


@pytest.mark.parametrize("name", ["kosovo", "starter"])
def test_no_front_has_a_word_of_its_answer(name: str, starter: Path) -> None:
    """But for the question's own words and the marking; no id is on a front either."""
    folder = ROOT / "content/kosovo" if name == "kosovo" else starter
    count = 0
    for card, front, back in faces_of(folder):
        body = front[front.index('class="face-body"') :].partition('<p class="face-foot"')[0]
        head = front[: front.index('<div class="face-body"')]
        back_body = back[back.index('class="face-body"') :].partition('<p class="face-foot"')[0]
        answer = shown(back_body) - shown(body)
        assert not answer & shown(head), card.id
        assert card.id not in front or card.id in card.front.casefold()
        assert card.id in back
        count += 1
    assert count > 10
    _, found = load_pack(folder)
    assert [d for d in found if d.code == "spoiler"] == []


@pytest.mark.parametrize(
    ("card", "field"),
    [
        ("{front: Which step?, back: Condensation, hint: It is condensation.}", "hint"),
        ("{front: What drives it?, back: The **heat of the Sun**., hint: Heat of the sun!}", "hint"),
        ("{cloze: 'It lasted {{78::78 days}} days.'}", "cloze"),
        ("{front: Which state?, back: Albania, image: figures/map.svg}", "image"),
        ("{front: Which state?, back: '**Albania**, by land.', image: figures/map.svg, reverse: true}", "image"),
        ("{front: Which state?, back: Albania, image: figures/map.svg, image_side: back}", ""),
        ("{front: Which step?, back: Condensation, hint: It begins with C.}", ""),
        ("{front: Is Albania a state?, back: 'Albania is.', image: figures/map.svg}", ""),
        ("{cloze: 'It lasted {{78::number}} days.'}", ""),
        ("{front: Which state?, back: A state., image: figures/map.svg}", ""),
        ("{front: Which point?, back: A, image: figures/map.svg}", "image"),
        ("{front: How long?, back: 78 days, hint: seventy-eight or 78}", "hint"),
        ("{front: How long?, back: 78 days, hint: 7 weeks and more days}", ""),
        ("{front: Which town?, back: Priština, hint: It is not Prizren but Pris\u030ctina.}", "hint"),
        ("{front: Which state?, back: Serbia, image: figures/cut.svg}", "image"),
        ("{cloze: '{{Tirana}} is the capital. In Tirana are the ministries.'}", "cloze"),
        ("{cloze: '{{c1::Tirana}} is the capital. In {{c2::Tirana}} are the ministries.'}", "cloze"),
        ("{cloze: '{{c1::Tirana}} is the capital. In {{c1::Tirana}} are the ministries.'}", ""),
        ("{cloze: '{{2}} + 2 = 4, solve $a = {{b}}$ for b, and {{the}} rest of the sums'}", ""),
        ("{cloze: '{{**b**}}, and {{a < b}}: b and a < b'}", ""),
    ],
)
def test_what_the_author_gives_away_is_said(deck: Deck, card: str, field: str) -> None:  # noqa: F811
    """The line of the hint or the picture is named; nothing else is."""
    deck.write("figures/map.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>A map</title><text>ALBANIA</text></svg>')
    deck.write("figures/cut.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>A map</title><text>Ser<tspan>bia</tspan></text></svg>')
    deck.cards("{front: A, back: B}", card)
    pack, found = load_pack(deck.folder)
    assert pack is not None
    said = [(d.place.line, d.place) for d in found if d.code == "spoiler"]
    assert said == ([(2, pack.cards[1].at(field))] if field else [])


def test_topic_and_number_on_both_sides(deck: Deck) -> None:  # noqa: F811
    """In the language of the pack; the topic is left out where it says the answer."""
    deck.pack(lang="de", title="Wetter")
    deck.cards("{id: a, front: Regen?, back: Niederschlag, tags: [niederschläge]}", "{id: b, front: F, back: B, tags: [luft]}", "{id: c, front: F2, back: Das Wetter.}")
    deck.build()
    heads = [re.sub(r" (Regen\?|Niederschlag|F2?|B|Das Wetter\.)$", "", page) for page in deck.pages()]
    assert [" ".join(head.split()) for head in heads] == [
        "1 von 3", "Niederschläge Antwort a 1 von 3", "Luft 2 von 3", "Luft Antwort b 2 von 3",
        "3 von 3", "Wetter Antwort c 3 von 3",
    ]  # fmt: skip
    with pikepdf.open(deck.path("flashcards-screen.pdf")) as pdf, pdf.open_outline() as outline:
        assert [" ".join(entry.title.split()) for entry in outline.root] == ["1 von 3", "Luft 2 von 3", "3 von 3"]


def numbers(deck: Deck, name: str) -> dict[str, str]:  # noqa: F811
    """Return the number on the back of each card by its id."""
    backs = [page.split("Answer ")[1].split() for page in deck.pages(name)[1::2]]
    return {back[0]: " ".join(back[1:4]) for back in backs}


def test_numbers_stay_in_selections_and_in_the_planner(deck: Deck) -> None:  # noqa: F811
    """By tags, changed cards alone, with a title card: a card has one number; the planner names those."""
    rows = [f"{{id: c{n}, front: F{n}, back: B{n}, tags: [{'odd' if n % 2 else 'even'}]}}" for n in range(1, 8)]
    deck.cards(*rows)
    deck.pack("title-card: true, sort: id")
    deck.build(kinds=("flashcards", "planner"))
    whole = {f"c{n}": f"{n} of 7" for n in range(1, 8)}
    assert {k: v for k, v in numbers(deck, "flashcards-screen.pdf").items() if k in whole} == whole
    assert "7 cards" in " ".join(deck.pages("planner.pdf"))
    before = tuple(deck_record(deck))
    deck.build(tags=("odd",), kinds=("flashcards", "planner"))
    made = numbers(deck, "flashcards-screen.pdf")
    assert {k: v for k, v in made.items() if k in whole} == {k: whole[k] for k in ("c1", "c3", "c5", "c7")}
    plan = " ".join(deck.pages("planner.pdf"))
    assert "4 cards" in plan
    assert [int(number) for number in re.findall(r"Day \d+ (\d+)", plan)][:4] == [1, 3, 5, 7]
    deck.cards(*rows[:4], rows[4].replace("B5", "Other"), *rows[5:])
    deck.build(printed=before)
    assert numbers(deck, "flashcards-changed-screen.pdf") == {"c5": "5 of 7"}


def deck_record(deck: Deck) -> Iterator[tuple[str, str]]:  # noqa: F811
    """Yield the cards of the last build with their fingerprints."""
    from guide.pipeline import printed_cards

    yield from printed_cards(deck.path("build.json"))


@pytest.mark.parametrize("duplex", ["long-edge", "short-edge", "fold"])
def test_numbers_on_sheets(deck: Deck, duplex: str) -> None:  # noqa: F811
    """Each number is on the front and on the back of its card, at the right end of the head."""
    deck.cards(*(f"{{id: c{n}, front: F{n}, back: B{n}}}" for n in range(1, 12)))
    deck.pack(f"duplex: {duplex}")
    deck.build()
    whole = " ".join(deck.pages("flashcards.pdf"))
    assert all(whole.count(f"{n} of 11") - whole.count(f"1{n} of 11") == 2 for n in (2, 3, 9))
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    ends = set()
    for number in (1, 19, 21):
        content = document[number].get_textpage()
        text = content.get_text_range()
        ends.add(round(content.get_charbox(text.index(" of 11") + len(" of 11") - 1)[2], 1))
    document.close()
    assert len(ends) == 1


def test_every_layout_prints_the_picture(deck: Deck) -> None:  # noqa: F811
    """Basic, cloze, image, and a layout of the pack's own; a turned card has it on the other side."""
    deck.write("figures/a.png", png(900, 600))
    deck.write("templates/flashcards/layouts/own.html", '{% extends "flashcards/layouts/frame.html" %}{% block body %}<p>{{ card.front if side == "front" else card.back }}</p>{% endblock %}')
    deck.cards(
        "{id: a, front: F, back: B, image: figures/a.png, layout: basic}", '{id: b, cloze: "It is {{so}}.", image: figures/a.png}',
        "{id: c, front: F, back: B, image: figures/a.png, layout: own}", "{id: d, front: F, back: B, image: figures/a.png, image_side: back}",
        "{id: e, front: F, back: B, image: figures/a.png, reverse: true}",
    )  # fmt: skip
    deck.build()
    shown = [bool(each) for each in pictures(deck.path("flashcards-screen.pdf"))]
    by_id = dict(zip(deck.order(), zip(shown[::2], shown[1::2], strict=True), strict=True))
    assert by_id == {"a": (True, False), "b": (True, False), "c": (True, False), "d": (False, True), "e": (True, False), "e-r": (False, True)}


def test_a_footnote_is_printed_on_its_side(deck: Deck) -> None:  # noqa: F811
    """Front and back, on any stock."""
    deck.write("cards.yaml", '- {id: a, front: "A fact[^1].\\n\\n[^1]: Front note.", back: "One[^x].\\n\\n[^x]: Back note."}\n')
    deck.build(stock="a8")
    front, back = deck.pages()
    assert "A fact" in front
    assert "Front note." in front
    assert "Back note." in back


def test_words_that_begin_like_guides_own(deck: Deck) -> None:  # noqa: F811
    """A statement about True Crime keeps its words; the answer is in the language of the pack."""
    deck.pack("derive: [questions]", lang="de")
    deck.cards("{id: a, front: F, back: B}")
    deck.write("questions.yaml", "- {type: true-false, prompt: True Crime ist neu., answer: false, explanation: False Flag auch.}\n- {prompt: Was?, options: ['True', 'False'], answer: 'True'}\n")
    deck.build()
    pages = deck.pages()
    assert "True Crime ist neu. A. Richtig B. Falsch" in pages[2]
    assert pages[3].endswith("Falsch False Flag auch.")
    assert pages[4].endswith("A. True B. False")


LARGE = {"short": "Short.", "long": "A sentence of some length that says what happened and when. " * 4}


def test_large_print_cards(deck: Deck) -> None:  # noqa: F811
    """18 pt and more on A6; less, but never less than 12, is said once with the cards' names."""
    deck.cards(f"{{id: a, front: What?, back: {LARGE['short']}, hint: Think.}}", f"{{id: b, front: Responsibilities and interoperability?, back: {LARGE['long']}}}")
    built = deck.build(theme="large-print")
    document = pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf"))
    assert [round(x) for x in document[0].get_size()] == [298, 420]
    document.close()
    sizes = {entry["id"]: entry["size"] for entry in fits(deck, theme="large-print")}
    assert sizes["a"] >= 18
    assert [d.code for d in built.diagnostics if d.code == "small-print"] == []
    assert sizes["b"] >= 18
    built = deck.build(theme="large-print", stock="a7")
    (said,) = [d for d in built.diagnostics if d.code == "small-print"]
    assert '"b"' in said.message
    assert "18 pt on a7" in said.message
    assert 12 <= next(e["size"] for e in fits(deck, theme="large-print", stock="a7") if e["id"] == "b") < 18
    assert not any("\u2010" in page for page in deck.pages())


def fits(deck: Deck, **settings: Any) -> list[dict[str, Any]]:  # noqa: F811
    """Return how each card fits."""
    import json

    deck.build(fit_report=True, **settings)
    found: list[dict[str, Any]] = json.loads(deck.path("flashcards-fit.json").read_text())["fits"]
    return found


def test_a_side_may_be_a_picture_alone(deck: Deck) -> None:  # noqa: F811
    """A tall picture of the text is made smaller, and keeps its shape whatever limits it."""
    deck.write("figures/tall.png", saved(photo(300, 600), "PNG"))
    deck.cards(
        '{front: Which?, back: "![A tower](figures/tall.png)"}',
        '{front: "![A tower](figures/tall.png){width=90%}", back: B}',
        '{front: "Here: ![](figures/tall.png){width=90%}", back: B2}',
    )
    deck.build()
    boxes = []
    with pypdfium2.PdfDocument(deck.path("flashcards-screen.pdf")) as pdf:
        for page in pdf:
            boxes += [each.get_bounds() for each in page.get_objects() if each.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    assert len(boxes) == 3
    for left, bottom, right, top in boxes:
        assert (top - bottom) / (right - left) == pytest.approx(2, rel=0.02)
