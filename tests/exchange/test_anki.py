"""A deck in Anki: every layout is there, and a second import updates what was edited and touches no schedule."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from guide.cli import guide
from guide.content.load import load_pack
from guide.exchange import ours
from guide.exchange.writing.anki import CARD, CLOZE


def run(*arguments: Any) -> str:
    """Run the command; return what it reported."""
    result = CliRunner().invoke(guide, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def notes_of(package: Path) -> dict[str, tuple[list[str], int]]:
    """Return the fields of the notes of a package by id, and when they changed."""
    with zipfile.ZipFile(package) as archive:
        database = sqlite3.connect(":memory:")
        database.deserialize(archive.read("collection.anki2"))
        rows = database.execute("SELECT flds, mod FROM notes").fetchall()
        models = json.loads(database.execute("SELECT models FROM col").fetchone()[0])
        database.close()
    found = {}
    for fields, changed in rows:
        cells = fields.split("\x1f")
        kind = next(m for m in models.values() if len(m["flds"]) == len(cells))
        found[cells[[f["name"] for f in kind["flds"]].index("Id")]] = (cells, changed)
    return found


def test_the_same_pack_gives_the_same_bytes(water: Path, tmp_path: Path) -> None:
    """Whatever the time, the folder that is written to, and the name of the folder once there is a lock."""
    run("check", water, "--fix", "--no-layout")
    run("export", "anki", water, "-o", tmp_path / "a.apkg")
    water.rename(tmp_path / "renamed")
    run("export", "anki", tmp_path / "renamed", "-o", tmp_path / "b.apkg")
    assert (tmp_path / "a.apkg").read_bytes() == (tmp_path / "b.apkg").read_bytes()


def test_a_later_change_is_a_later_time(water: Path, tmp_path: Path) -> None:
    """Anki takes what is newer: the time of a note is that of its last change, which the lock keeps."""
    run("check", water, "--fix", "--no-layout")
    run("export", "anki", water, "-o", tmp_path / "a.apkg")
    text = (water / "cards.yaml").read_text().replace("Which way?", "Which way now?")
    (water / "cards.yaml").write_text(text)
    told = run("export", "anki", water, "-o", tmp_path / "b.apkg")
    assert "warning[lock-behind]: guide.lock is older than the pack: 1 items" in told
    before, after = notes_of(tmp_path / "a.apkg"), notes_of(tmp_path / "b.apkg")
    later = {name for name in after if after[name][1] > before[name][1]}
    assert later == {"turn"}
    assert {name for name in after if after[name] != before[name]} == {"turn"}


def test_selection_and_decks(water: Path, tmp_path: Path) -> None:
    """An edition, tags and a part of the pack; topics as decks; and nothing is an error."""
    out = tmp_path / "a.apkg"
    for asked, names in (
        (["--edition", "short"], {"melt", "turn", "card-choice"}),
        (["--tags", "ice"], {"melt"}),
        (["--kind", "glossary"], {"card-dew"}),
    ):
        run("export", "anki", water, "-o", out, *asked)
        assert {*notes_of(out)} == names
    result = CliRunner().invoke(guide, ["export", "anki", str(water), "--tags", "none", "-o", str(out)])
    assert result.exit_code == 1 and "error[nothing-to-export]" in result.output


def test_real_anki_keeps_schedules(water: Path, tmp_path: Path, anki: Callable[..., list[Any]]) -> None:
    """Import, learn ten, edit two cards, delete one, add one, import again: 2 updated, 1 new, schedules kept."""
    package, collection = tmp_path / "water.apkg", tmp_path / "c.anki2"
    run("check", water, "--fix", "--no-layout")
    run("export", "anki", water, "--decks", "-o", package)
    run("export", "anki", water, "-o", package)
    first, learned, before = anki(collection, {"import": str(package)}, {"review": 10}, {"show": True})
    assert first == {"new": 15, "updated": 0, "duplicate": 0, "conflicting": 0} and learned >= 8
    assert before["media"] == before["missing"] == []
    _looks_like_the_printed_cards(before["notes"])
    text = (water / "cards.yaml").read_text().replace("0 °C & 273 K", "0 °C").replace("**this**", "**that**")
    text = re.sub(r"- \{id: turn.*\n", "", text) + "- {id: fog, front: What is fog?, back: A cloud}\n"
    (water / "cards.yaml").write_text(text)
    run("check", water, "--fix", "--no-layout")
    told = run("export", "anki", water, "-o", package)
    assert "note[export-removed]" in told and '"Id:turn"' in told
    second, after = anki(collection, {"import": str(package)}, {"show": True})
    assert (second["new"], second["updated"], second["conflicting"]) == (1, 2, 0)
    for guid, note in before["notes"].items():
        schedules = [[{k: c[k] for k in ("due", "ivl", "reps", "type")} for c in n["cards"]]
                     for n in (note, after["notes"][guid])]  # fmt: skip
        assert schedules[0] == schedules[1]
    backs = {n["fields"]["Id"]: n["fields"] for n in after["notes"].values()}
    assert "273" not in backs["melt"]["Back"] and "that" in backs["gaps"]["Text"]
    assert {"fog", "turn"} <= {*backs}
    third = anki(collection, {"import": str(package)})[0]
    assert (third["new"], third["updated"]) == (0, 0)


def _looks_like_the_printed_cards(notes: dict[str, Any]) -> None:
    """Every layout has its question and its answer, and no front has the answer."""
    by_id = {note["fields"]["Id"]: note for note in notes.values()}

    def words(html: str) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())

    def card(name: str, number: int = 0) -> tuple[str, str]:
        found = by_id[name]["cards"][number]
        return found["question"], found["answer"]

    melt, back = card("melt")
    assert "temperature</strong>" in melt and "Celsius" in words(melt) and "273" not in melt and "melt" not in words(melt).split()[:3]
    assert "0 °C & 273 K" in words(back) and "Source: Smith, 1999, p. 3" in words(back) and "FOR TRAINING" in words(back)
    assert "0 °C & 273 K" in words(card("melt", 1)[0]) and "temperature" in words(card("melt", 1)[1])
    assert r"\(r^2&lt;4\)" in card("drop")[0] and r"\[\frac{1}{2}\]" in card("drop")[1] and "<img src=" in card("drop")[0]
    one, two = (card("gaps", n) for n in (0, 1))
    assert "[formula]" in words(one[0]) and "this" not in words(one[0]) and "mc^{2}" in one[0]
    assert "[...]" in words(two[0]) and "mc" not in words(two[0]) and "mc^{2} " in two[1] and len(by_id["gaps"]["cards"]) == 2
    assert "Dew (D)" in words(card("card-dew")[0]) and "Water on grass" in words(card("card-dew")[1])
    assert "When?" in words(card("card-flood")[0]) and "1953" in words(card("card-flood")[1])
    assert "Who?" in words(card("card-office")[0]) and "Measures." in words(card("card-office")[1])
    assert "97 %" in words(card("card-sea")[1]) and "<ol" in card("card-choice")[0]
    assert 'lang="es"' in by_id["agua"]["fields"]["Front"]


def test_pictures_are_in_the_package(water: Path, tmp_path: Path) -> None:
    """Each under the digest of its content: another picture is another file, which Anki fetches."""
    run("export", "anki", water, "--kind", "cards", "-o", tmp_path / "a.apkg")
    archive = zipfile.ZipFile(io.BytesIO((tmp_path / "a.apkg").read_bytes()))
    names = json.loads(archive.read("media"))
    assert len(names) == 1 and archive.read("0") == (water / "figures/drop.png").read_bytes()
    assert names["0"] in "".join(cell for cells, _ in notes_of(tmp_path / "a.apkg").values() for cell in cells)




def test_a_deck_comes_back_as_it_was(water: Path, tmp_path: Path) -> None:
    """Exported and imported, the cards are the same: ids, Markdown, gaps, sources; one that was edited in Anki is read as edited."""
    package, back = tmp_path / "water.apkg", tmp_path / "back"
    run("export", "anki", water, "--kind", "cards", "-o", package)
    back.mkdir()
    (back / "pack.yaml").write_text("format: 1\ntitle: Back\n")
    (back / "sources.yaml").write_bytes((water / "sources.yaml").read_bytes())
    run("import", package, "--into", back, "--write")
    (before, _), (after, problems) = load_pack(water), load_pack(back)
    assert not [p for p in problems if p.severity == "error"]
    assert {c.id: c.model_dump() for c in after.cards} == {c.id: c.model_dump() for c in before.cards}
    assert (back / "figures/drop.png").read_bytes() == (water / "figures/drop.png").read_bytes()
    cells, _ = notes_of(package)["melt"]
    names = ("Front", "Back", "Hint", "Front picture", "Back picture", "Reverse", "Topic", "Source", "Number", "Id", "Marking", "Data", "Spare")
    assert ours.unpacked("guide card", names, cells).card["front"] == "At what **temperature** does ice melt?"
    assert ours.unpacked("guide card", names, ["Edited", *cells[1:]]) is None
    assert ours.unpacked("guide card", names, [*cells[:11], '{"card":{"id":"../x"},"pictures":{},"check":""}', ""]) is None


def test_the_note_types_never_change() -> None:
    """They are frozen: a field or card type added later is a conflict for everybody who has imported a deck."""
    found = [(kind.id, kind.name, kind.fields, [t.name for t in kind.templates]) for kind in (CARD, CLOZE)]
    assert found == [
        (1_700_000_000_001, "guide card", ("Front", "Back", "Hint", "Front picture", "Back picture", "Reverse", "Topic", "Source",
         "Number", "Id", "Marking", "Data", "Spare"), ["Card", "Reverse"]),
        (1_700_000_000_002, "guide cloze", ("Text", "Hint", "Front picture", "Back picture", "Topic", "Source", "Number", "Id",
         "Marking", "Data", "Spare"), ["Cloze"]),
    ]  # fmt: skip
