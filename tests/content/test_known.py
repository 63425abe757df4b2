"""A pack that is read again: what was not edited is not parsed again, and the result is that of a first reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guide.content import items, known
from guide.content.load import load_pack
from guide.pipeline.remembered import Remembered, _known
from guide.system.cache import Store

PACK = "format: 1\ntitle: Known\nlang: en\ndocuments: {flashcards: {stock: a7, derive: []}}\n"
ENTRIES = (
    "- {id: one, front: First, back: Back}\n", "- front: No id\n  back: '100'\n",
    "- id: two\n  front: |\n    Several\n\n    lines, [@nobody]\n  back: Other\n  # a remark\n",
    "- {id: two, front: Twice, back: Same id}\n", "- front: 'In quotes\n- that goes on'\n  back: x\n",
    "- frond: Misspelt\n  back: B\n", "-\n", "- [1, 2]\n", "- &a {front: Anchor, back: B}\n- *a\n",
    "- front: \"unclosed\n  back: B\n", "- front: Tab\n\tback: B\n", "# a remark between\n", "\n", "- text\n",
    "- {id: gap, cloze: 'It lasted {78} days'}\n", "front: at the margin\n", "---\n", "- a: &x b\n",
    "- front: one two # three\n  back: \u201ccurly\u201d\n", "- front: <b>bold</b>\n  back: a | b\n",
)  # fmt: skip


class Shelf:
    """Remembers in memory; counts what it was given."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.puts = 0

    def get(self, name: str, kind: type) -> Any:
        found = self.kept.get(name)
        return found if isinstance(found, kind) else None

    def put(self, name: str, value: Any) -> None:
        self.kept[name] = value
        self.puts += 1


def write(folder: Path, cards: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "cards.yaml").write_text(cards, "utf-8")
    return folder


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(ENTRIES), max_size=6), min_size=1, max_size=3))
def test_what_is_remembered_is_what_a_first_reading_gives(tmp_path: Path, versions: list[list[str]]) -> None:
    shelf = Shelf()
    for version in versions:
        folder = write(tmp_path / "p", "".join(version))
        assert load_pack(folder, shelf=shelf) == load_pack(folder)
    puts = shelf.puts
    assert load_pack(folder, shelf=shelf) == load_pack(folder)
    assert shelf.puts == puts


def test_only_the_entry_that_was_edited_is_read(tmp_path: Path, monkeypatch: Any) -> None:
    cards = [f"- {{id: c{n}, front: Front {n}, back: Back {n}}}\n" for n in range(9)]
    shelf, folder = Shelf(), write(tmp_path / "p", "".join(cards))
    load_pack(folder, shelf=shelf)
    read: list[str] = []
    one_entry = known.one_entry
    monkeypatch.setattr(items, "one_entry", lambda text, *more: (read.append(text), one_entry(text, *more))[1])
    cards[4] = cards[4].replace("Front 4", "Another")
    pack, _ = load_pack(write(folder, "".join(cards)), shelf=shelf)
    assert read == [cards[4]]
    assert pack is not None and [card.front for card in pack.cards][3:5] == ["Front 3", "Another"]


def test_another_language_or_a_new_name_makes_what_is_known_of_an_item_anew(tmp_path: Path) -> None:
    shelf, folder = Shelf(), write(tmp_path / "p", ENTRIES[1] + ENTRIES[14] + ENTRIES[17])
    for lang in ("en", "de", "sr-Latn"):
        (folder / "pack.yaml").write_text(PACK.replace("lang: en", f"lang: {lang}"), "utf-8")
        assert load_pack(folder, shelf=shelf) == load_pack(folder)
    (folder / "cards.yaml").write_text(ENTRIES[0] + ENTRIES[1] + ENTRIES[1], "utf-8")
    assert load_pack(folder, shelf=shelf) == load_pack(folder)


def test_a_copy_of_an_item_knows_nothing_of_the_item(tmp_path: Path) -> None:
    pack, _ = load_pack(write(tmp_path / "p", ENTRIES[14]))
    assert pack is not None
    card = pack.cards[0]
    assert card.once("asked", lambda: card.cloze, lasting=True) == card.cloze
    other = card.model_copy(update={"cloze": "Another {{text}}"})
    assert other.once("asked", lambda: other.cloze, lasting=True) == "Another {{text}}"


def test_the_store_keeps_what_was_read_and_a_damaged_entry_costs_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, folder = Store(tmp_path / "store"), write(tmp_path / "p", "".join(ENTRIES[:4]))
    first = load_pack(folder, shelf=Remembered(folder, store))
    _known.clear()
    monkeypatch.setattr(items, "one_entry", lambda *_: pytest.fail("it was read again"))
    assert load_pack(folder, shelf=Remembered(folder, store)) == first
    monkeypatch.undo()
    for _, _, path in store.entries():
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    _known.clear()
    assert load_pack(folder, shelf=Remembered(folder, store)) == first
    store.keep(Remembered(folder, store)._key("cards:cards.yaml"), ["another class"])  # noqa: SLF001
    _known.clear()
    assert load_pack(folder, shelf=Remembered(folder, store)) == first
