"""The packs below content/ are clean, sourced and consistent: what a reader of the cards would stumble over."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic

CONTENT = Path(__file__).parents[2] / "content"
CELLS, SPANISH = CONTENT / "cells", CONTENT / "spanish"
_GERMAN = re.compile(r"\[\*\*(.+)\*\*\]\{lang=de\}$")
_NOTE = re.compile(r" \*?\(.*?\)\*?")


@cache
def read(name: str) -> tuple[Any, tuple[Diagnostic, ...]]:
    """Return a shipped pack and what is wrong with it."""
    return load_pack(CONTENT / name)


@cache
def words() -> tuple[dict[str, str], ...]:
    """Return the rows of the Spanish word lists."""
    files = sorted((SPANISH / "cards").glob("*.csv"))
    return tuple(row for file in files for row in csv.DictReader(file.open(encoding="utf-8")))


def plain(text: str) -> str:
    """Return a text in lower case without accents."""
    return unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()


@pytest.mark.parametrize("name", ["cells", "spanish"])
def test_the_content_of_a_shipped_pack_has_no_problem(name: str) -> None:
    """Reading a pack finds neither an error nor a warning, and every card has a source."""
    pack, found = read(name)
    assert [d for d in found if d.severity != "note"] == []
    assert pack.manifest.require_sources and all(card.sources for card in pack.cards)


def test_the_cells_have_sixty_cards_and_pictures_that_keep_their_secret() -> None:
    """There are sixty cards, two in five with a picture; no file name or description of one says the answer."""
    cards = read("cells")[0].cards
    assert len(cards) == 60
    pictured = [card for card in cards if card.image]
    assert len(pictured) >= 24
    for card in pictured:
        asked = re.findall(r"\*\*(.+?)\*\*", str(card.back))
        name = plain(Path(card.image).stem)
        assert not [word for answer in asked for word in plain(answer).split() if len(word) > 5 and word in name], card.id


def test_pictures_that_look_like_photographs_are_small_and_called_drawn() -> None:
    """A JPEG is large enough for print and no larger, and its caption says that no specimen was photographed."""
    text = "\n".join(file.read_text("utf-8") for file in (CELLS / "sections").glob("*.md"))
    for file in (CELLS / "figures").glob("*.jpg"):
        with Image.open(file) as picture:
            assert 640 <= picture.width <= 1280, file.name
        assert file.stat().st_size < 150_000, file.name
        for caption in re.findall(rf"!\[(.*?)\]\(figures/{file.name}\)", text):
            assert "Drawn by computer" in caption


def test_facts_about_cells_name_the_section_of_the_book() -> None:
    """A textbook is never cited as a whole: each citation has its section."""
    files = [*CELLS.glob("*.yaml"), *(CELLS / "sections").glob("*.md")]
    text = "\n".join(file.read_text("utf-8") for file in files if file.name != "sources.yaml")
    cited = re.findall(r"(?:@|\")(?:concepts|anatomy|microbiology)\b(, sec\. \d+\.\d)?", text)
    assert len(cited) > 150 and all(cited)


def test_there_are_three_hundred_spanish_words_in_fifteen_groups() -> None:
    """Each group has twenty words, asked in both directions, and no word or translation stands for two."""
    rows = words()
    assert len(rows) == 300 and all(row["reverse"] == "true" for row in rows)
    assert set(Counter(row["tags"].split(";")[0] for row in rows).values()) == {20}
    assert len({row["id"] for row in rows}) == 300
    sides = [(row["front"].split(r"\n")[0], *row["back"].split(r"\n")) for row in rows]
    for texts in zip(*sides, strict=True):
        assert [text for text, n in Counter(texts).items() if n > 1] == []


def check_word(row: dict[str, str]) -> None:
    """Check one row: a sentence with the word or a form of it, and a German noun with its article."""
    assert all(unicodedata.is_normalized("NFC", value) for value in row.values())
    word, sentence = row["front"].split(r"\n")
    bare = _NOTE.sub("", word).strip("*")
    assert re.match(r"[¿¡]?[A-ZÁÉÍÓÚ].*[.?!]$", sentence), sentence
    assert sentence.count("¿") == sentence.count("?") and sentence.count("¡") == sentence.count("!"), sentence
    english, german = row["back"].split(r"\n")
    meant = _GERMAN.match(german)
    assert meant and english.startswith("**"), row["id"]
    if re.match(r"(el|la|los|las) ", bare):
        for part in re.split(r"[;,] ", _NOTE.sub("", meant[1])):
            assert re.match(r"(der|die|das) [A-ZÄÖÜ]", part), part
    if row["tags"].split(";")[0] in ("verbs", "more-verbs"):
        assert plain(bare).endswith(("ar", "er", "ir")), bare
    else:
        stems = [plain(re.sub(r"^(el|la|los|las) ", "", form)) for form in bare.split(", ")]
        assert any(stem[: max(3, len(stem) - 2)] in plain(sentence) for stem in stems), sentence


@pytest.mark.parametrize("group", sorted({row["tags"].split(";")[0] for row in words()}))
def test_a_spanish_word_is_used_in_its_sentence_and_translated(group: str) -> None:
    """Each word has a sentence that uses it, and its English and German equivalents."""
    for row in words():
        if row["tags"].startswith(f"{group};"):
            check_word(row)


def test_an_article_agrees_with_the_ending_but_for_known_nouns() -> None:
    """-o is masculine and -a feminine; the exceptions are those that a dictionary marks."""
    odd = set()
    for row in words():
        for article, noun in re.findall(r"\b(el|la) (\w+)", _NOTE.sub("", row["front"].split(r"\n")[0])):
            if (noun[-1] == "o" and article == "la") or (noun[-1] == "a" and article == "el"):
                odd.add(noun)
    assert odd == {"mano", "agua", "día", "mapa"}
