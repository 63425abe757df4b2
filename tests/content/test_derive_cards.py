"""Decks: what becomes of cards, in which order, with which number and id; tables of cards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from guide.content.derive_cards import deck
from guide.content.load import load_pack
from guide.content.slugs import slug
from guide.content.tables import read_table
from guide.diagnostics.diagnostic import Place
from guide.model import cloze
from guide.model.content import Flashcard
from guide.model.pack import Pack


def loaded(folder: Path, **files: str | bytes) -> Pack:
    """Write files (`cards_yaml` is cards.yaml, `cards__a_csv` is cards/a.csv) and load the pack."""
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n")
    for name, text in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    pack, found = load_pack(folder)
    assert pack is not None
    assert not [d for d in found if d.severity == "error"], found
    return pack


def sides(cards: tuple[Flashcard, ...]) -> list[tuple[int, str, str, str, str]]:
    """Return number, id, layout, front and back of cards."""
    return [(c.number, c.id, c.layout, c.front, c.back) for c in cards]


def cloze_sides(text: str) -> list[tuple[str, str]]:
    """Return front and back for each gap."""
    return [(side.front, side.back) for side in cloze.sides(text)]


def test_cloze_asks_for_each_gap_in_turn() -> None:
    """Each gap gives one card; the other gaps are printed as text, hints only when asked."""
    assert cloze_sides("{{A}} met {{B::who?}}.") == [
        ("{{:}} met B.", "{{A}} met B."),
        ("A met {{:who?}}.", "A met {{B}}."),
    ]
    assert cloze_sides("no gap") == []
    assert cloze_sides("{{a {b} c}}!") == [("{{:}}!", "{{a {b} c}}!")]


def test_numbers_and_ids_of_authored_cards(tmp_path: Path) -> None:
    """Cards are numbered through; a second gap and a reversal add to the id of their card."""
    text = (
        "- id: one\n  front: F\n  back: B\n  hint: h\n  reverse: true\n"
        "- cloze: '{{A}} and {{B}}'\n"
        "- front: F\n  back: B\n"
        "- front: F\n  back: C\n"
        "- front: only\n  back: x\n  image: figures/a.svg\n"
    )
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><title>t</title></svg>")
    cards = deck(loaded(tmp_path, cards_yaml=text))
    assert sides(cards) == [
        (1, "one", "basic", "F", "B"),
        (2, "one-r", "basic", "B", "F"),
        (3, "a-and-b", "cloze", "{{:}} and B", "{{A}} and B"),
        (4, "a-and-b-2", "cloze", "A and {{:}}", "A and {{B}}"),
        (5, "f", "basic", "F", "B"),
        (6, "f-2", "basic", "F", "C"),
        (7, "only", "image", "only", "x"),
    ]
    assert [card.hint for card in cards[:2]] == ["h", ""]
    assert cards[1].at("back") == Place("cards.yaml", 3, 9)


def test_derived_cards_follow_in_a_fixed_order(tmp_path: Path) -> None:
    """Glossary, timeline, actors and facts add cards after those that were written."""
    pack = loaded(
        tmp_path,
        facts_yaml="- label: Area\n  value: '10,887'\n  unit: km²\n  as_of: 2011\n",
        actors_yaml="- name: Kosovo Force\n  abbreviation: KFOR\n  kind: k\n  role: r\n  from: 1999\n",
        timeline_yaml="- date: 1999-06-12\n  end: 1999-06-20\n  title: Entry\n  detail: d\n",
        glossary_yaml="- term: enclave\n  abbreviation: E\n  definition: d\n",
        cards_yaml="- front: a\n  back: b\n",
    )
    cards = deck(pack)
    assert sides(cards) == [
        (1, "a", "basic", "a", "b"),
        (2, "card-enclave", "term", "enclave (E)", "d"),
        (3, "card-1999-06-12-entry", "event", "Entry", "d"),
        (4, "card-kosovo-force", "actor", "Kosovo Force (KFOR)", "r"),
        (5, "card-area", "fact", "Area", "10,887 km²"),
    ]
    assert [str(card.start or "") for card in cards] == ["", "", "1999-06-12", "1999", "2011"]
    assert [card.origin for card in deck(pack, ["facts", "glossary"])] == ["cards", "facts", "glossary"]
    assert [card.id for card in deck(pack, [])] == ["a"]


def test_ids_in_a_deck_are_unique(tmp_path: Path) -> None:
    """No two cards of a deck have one id, whatever ids the items have."""
    pack = loaded(
        tmp_path,
        cards_yaml="- id: a\n  front: x\n  back: y\n  reverse: true\n- id: a-r\n  front: z\n  back: w\n"
        "- cloze: '{{b}} {{c}}'\n  id: q\n- id: q-2\n  front: v\n  back: u\n",
    )
    ids = [card.id for card in deck(pack)]
    assert len(ids) == len(set(ids))


TABLE = "front,back,hint,tags,sources,reverse\nA,B,,x;y,\"s, p. 3\",yes\n"
CARD = ("A", "B", "", ("x", "y"), ("s, p. 3",), True)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cards__a_csv", TABLE.encode()),
        ("cards__a_csv", b"\xef\xbb\xbf" + TABLE.encode()),
        ("cards__a_csv", TABLE.replace("\n", "\r\n").encode()),
        ("cards__a_csv", b"front;back;hint;tags;sources;reverse\nA;B;;x|y;s, p. 3;x\n"),
        ("cards__a_tsv", b"front\tback\thint\ttags\tsources\treverse\nA\tB\t\tx;y\ts, p. 3\t1\n"),
        ("cards__a_csv", b"front\tback\thint\ttags\tsources\treverse\nA\tB\t\tx|y\ts, p. 3\tTRUE\n"),
    ],
    ids=["comma", "bom", "crlf", "semicolon", "tsv", "tab-in-csv"],
)
def test_every_kind_of_table_gives_the_same_card(name: str, data: bytes, tmp_path: Path) -> None:
    """Delimiter, byte order mark and line ends make no difference to a card."""
    pack = loaded(tmp_path, **{name: data, "sources_yaml": b"- id: s\n  title: S\n"})
    cards = [(c.front, c.back, c.hint, c.tags, c.sources, c.reverse) for c in pack.cards]
    assert cards == [CARD]


def test_positions_after_a_cell_of_several_lines() -> None:
    """A row's line is where it begins in the file, also after cells with line breaks and blank lines."""
    text = 'front,back\n"A\n\nB",C\n\nD,E\n'
    rows, problems = read_table(text, "a.csv")
    assert not problems
    assert [row.data for row in rows] == [{"front": "A\n\nB", "back": "C"}, {"front": "D", "back": "E"}]
    assert [row.document.places[""] for row in rows] == [Place("a.csv", 2, 1), Place("a.csv", 6, 1)]
    assert rows[1].document.places["back"] == Place("a.csv", 6, 3)


def test_positions_after_a_quoted_cell() -> None:
    """A cell's column is where it begins in the file, also after cells with quotes or line breaks."""
    rows, _ = read_table('front,back\n"a,b",C\n"A\nB",C\n', "a.csv")
    assert rows[0].document.places["back"] == Place("a.csv", 2, 7)
    assert rows[1].document.places["back"] == Place("a.csv", 4, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kosovo Force (KFOR)", "kosovo-force-kfor"),
        ("Приштина", "prishtina"),
        ("Ćuprija đak", "cuprija-dak"),
        ("Straße", "strasse"),
        ("O'Brien", "obrien"),
        ("a" * 70, "a" * 60),
        ("حزب الله", "hzb-llh"),
        ("北京是中国", "bei-jing-shi-zhong-guo"),
        ("กรุงเทพ", "krungethph"),
        ("ἈΘΗ͂ΝΑΙ", "athenai"),
        ("הסכם", "hskhm"),
        ("北京 1999", "1999"),
    ],
)
def test_ids_from_titles(text: str, expected: str) -> None:
    """A title in any script gives a kebab id."""
    assert slug(text) == expected


def test_titles_without_letters_still_have_stable_ids() -> None:
    """A title of which no letter is known gets an id that depends on it alone."""
    assert slug("★") == slug("★") != slug("✚")
    assert slug("★").startswith("x")


def test_ids_of_latin_and_cyrillic_stay_as_they_were() -> None:
    """Each letter of both, alone and in a word: cards are known by their ids when a deck is printed again."""
    blocks = [(0x20, 0x370), (0x3B1, 0x3CA), (0x400, 0x530), (0x1E00, 0x1F00), (0x2C60, 0x2C80),
              (0x2DE0, 0x2E00), (0xA640, 0xA6A0), (0xA720, 0xA800)]  # fmt: skip
    signs = [chr(code) for block in blocks for code in range(*block)]
    ids = "\n".join(slug(f"{around}{sign}{around}") for sign in signs for around in ("", "a"))
    assert hashlib.sha256(ids.encode()).hexdigest()[:16] == "863cfa94ab39d49e"
