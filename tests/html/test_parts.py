"""What the row of a part says agrees with its model, file, schema, views, cards and documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from guide.content.derive_cards import deck
from guide.content.library import load_kinds
from guide.content.schema import schemas
from guide.html.completeness import Given
from guide.html.document import Document
from guide.html.parts import RENDER
from guide.model.origins import side_field
from guide.model.pack import Pack
from guide.model.parts import DERIVED, FIELDS, PARTS, RENDERED, Part, part_of

ROOT = Path(__file__).parents[2]
FILES = {
    "sections/10-a.md": "---\ntitle: A section\nsummary: S\nobjectives: [O]\nkey_points: [K]\n---\nText.\n",
    "timeline.yaml": "- {date: 1999, title: An event, detail: D}\n",
    "glossary.yaml": "- {term: A term, abbreviation: AT, aliases: [Term of A], definition: D}\n",
    "actors.yaml": "- {name: An actor, abbreviation: AA, kind: state, role: R, detail: D, from: 1990}\n",
    "facts.yaml": "- {label: A fact, value: '1', unit: km, as_of: 1999}\n",
    "cards.yaml": "- {front: A card, back: B, hint: H}\n",
    "questions.yaml": "- {prompt: A question, options: [X, Y], answer: X, explanation: E}\n",
}


@pytest.fixture
def pack(load: Callable[..., Pack]) -> Pack:
    return load(**{name.replace("/", "__").replace(".", "_"): text for name, text in FILES.items()})


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_row_agrees_with_what_is_made_of_it(part: Part, pack: Pack) -> None:
    """The file is read into a field of the pack; schema, views, fields, cards and a page exist for it."""
    assert part.name in {field.name for field in dataclasses.fields(Pack)}
    (item,) = getattr(pack, part.name)
    assert item.at().path == (part.file or "sections/10-a.md")
    assert part_of(item) is part and part.title(item).endswith(("section", "event", "term", "actor", "fact", "card", "question"))
    assert part.name.removesuffix("s" if not part.file else "") in schemas()
    assert (ROOT / f"docs/pack-format/{part.name}.md").is_file()
    if part.turn:
        document = Document.of(pack, RENDERED, "ieee", lambda _: "#1a1f24")
        given = Given({part.name: RENDER[part.name](document)})
        printed = list(given.fields(part.name))
        assert {at for at, _, _ in printed} == {item.id}
        assert [name for _, name, _ in printed] == [*part.fields]
    if part.file:
        (card,) = deck(dataclasses.replace(pack, cards=()), [part.name]) if part.name != "cards" else deck(pack, [])
        assert card.origin == part.name and card.of == item.id
        fields = {info.alias or name for name, info in type(item).model_fields.items()}
        assert {side_field(card, "front"), side_field(card, "back")} == {*part.sides} <= fields
        assert part.verbatim in {"", "front", "back"}


def test_parts_have_an_order_of_their_own() -> None:
    """No two share a place; cards are made of what the bundled deck makes them of, and `whole` knows all fields."""
    turns, derived = ([n for n in each if n] for each in zip(*((p.turn, p.derived) for p in PARTS), strict=True))
    assert sorted(turns) == [*range(1, len(turns) + 1)] and sorted(derived) == [*range(1, len(derived) + 1)]
    assert [*DERIVED] == load_kinds()["flashcards"].options["derive"].default
    assert {part.name: part.fields for part in PARTS}.items() <= FIELDS.items()
