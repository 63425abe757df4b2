"""What is rendered and read back after an edit: what depends on it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import guide.pipeline.deckfiles as deckfiles
import guide.pipeline.faces as faces
import guide.pipeline.markups as markups
from guide.html.faces import Faces
from guide.html.render import render
from guide.model.artifacts import FontObjects, Group
from guide.pipeline import Settings
from guide.pipeline.jobs import SHARED_MODULES, WORKER_MODULES, Marked, prove_deck_job
from guide.pipeline.proofs import pages_of_deck, proofs
from guide.pipeline.record import Record
from guide.pipeline.settings import silent
from guide.pipeline.stages import make
from guide.system.cache import Store
from guide.system.pool import Pool

CARDS = [f"- {{id: c{n}, front: Question {n} of ten?, back: Answer {n}}}\n" for n in range(12)]
FILES = {
    "pack.yaml": (
        "format: 1\ntitle: Edited\nlang: en\nmarking: OPEN\n"
        "documents:\n  briefing: {}\n  flashcards: {stock: a7, derive: []}\n"
        "accept: [{code: missing-source, because: invented}]\n"
    ),
    "sections/text.md": "---\ntitle: One\n---\nA text about a term.\n",
    "glossary.yaml": "- {term: Term, definition: Word.}\n",
    "cards.yaml": "".join(CARDS),
}  # fmt: skip


class Seen:
    """Builds a pack in this process, and sees what is rendered and which pages are read back."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pack, self.store = root / "edited", Store(root / "store", world="here")
        self.rendered: list[str] = []
        self.read: list[set[int]] = []
        sides = Faces._sides  # noqa: SLF001

        def rendering(request: Any) -> Any:
            self.rendered.append(request.kind.name)
            return render(request)

        def card(self_: Any, one: Any) -> Any:
            self.rendered.append(one.id)
            return sides(self_, one)

        def proving(wanted: Any, spots: Any, data: Any, marked: Any, only: Any) -> Any:
            self.read.append(set(only))
            return prove_deck_job(wanted, spots, data, marked, only)

        monkeypatch.setattr(markups, "render", rendering)
        monkeypatch.setattr(Faces, "_sides", card)
        monkeypatch.setattr(deckfiles, "prove_deck_job", proving)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.pack / name).parent.mkdir(parents=True, exist_ok=True)
        (self.pack / name).write_text(text, "utf-8")

    def build(self, fresh: bool = False, **settings: Any) -> Record:
        """Build; a `fresh` process remembers nothing."""
        if fresh:
            markups._kept.clear()
            faces._held.clear()
        self.rendered, self.read = [], []
        with Pool(1, WORKER_MODULES, 1, SHARED_MODULES) as pool:
            run = Settings(kinds=("flashcards", "briefing"), **settings)
            return make(self.pack, run, self.store, pool, silent, 300)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(tmp_path, monkeypatch)


def test_an_edit_renders_and_reads_back_what_depends_on_it(seen: Seen) -> None:
    first = seen.build(fresh=True)
    assert not first.wrong and {*seen.rendered} == {"briefing", *(f"c{n}" for n in range(12))}
    assert seen.read == [{*range(24)}, {*range(4)}]  # the deck, and the sides of its sheets
    before = {file.path: file.sha256 for file in first.files}

    for fresh in (False, True):
        again = seen.build(fresh)
        assert {file.path: file.sha256 for file in again.files} == before
        assert (seen.rendered, seen.read) == ([], [{0, 23}, {0, 3}])

    edited = CARDS[5].replace("Answer 5", "Answer 5 5")  # no new glyph
    seen.write("cards.yaml", "".join([*CARDS[:5], edited, *CARDS[6:]]))
    changed = seen.build(fresh=True)
    assert seen.rendered == ["c5"]
    assert seen.read == [{0, 10, 11, 12, 23}, {0, 1, 2, 3}]
    # The same bytes as of a build that knows nothing.
    seen.store = Store(seen.pack.parent / "empty", world="here")
    whole = seen.build(fresh=True)
    assert seen.read[0] == {*range(24)}
    assert [file.sha256 for file in whole.files] == [file.sha256 for file in changed.files]
    seen.write("sections/text.md", FILES["sections/text.md"].replace("text about", "word about"))
    seen.build()
    assert seen.rendered == ["briefing"]
    # Other fonts or libraries: nothing that is known counts.
    seen.store = seen.store.on("another machine")
    seen.build()
    assert len(seen.rendered) == 13 and seen.read[0] == {*range(24)}


def test_a_face_that_the_store_has_otherwise_is_read_back(seen: Seen) -> None:
    assert not seen.build(fresh=True).wrong
    key = next(key for _, _, key in faces._held)  # noqa: SLF001
    for _, _, each in faces._held:  # noqa: SLF001
        kept = seen.store.value(each, faces._Kept)
        if any(len(both) == 2 for both in kept.faces.values()):
            key = each
    kept = seen.store.value(key, faces._Kept)
    names = [*kept.faces]
    front, back = kept.faces[names[6]]
    other, _ = kept.faces[names[7]]
    # It says that it is one card and draws another: sealed anew, so that the store believes it.
    kept.faces[names[6]] = replace(front, objects=other.objects, plain=other.plain, drawing=other.drawing), back
    seen.store.keep(key, kept)
    found = seen.build(fresh=True)
    assert {(d.code, d.item) for d in found.diagnostics if d.severity == "error"} == {("lost-content", "c6")}
    assert 12 in seen.read[0]
    # What was not whole is not kept as whole.
    assert 12 in (seen.build(fresh=True), seen.read[0])[1]


def test_another_font_another_text_or_another_marking_is_another_page(tmp_path: Path) -> None:
    fonts = FontObjects(Group(b"font %d", (0,), ((0, b"glyphs"),)), {"Serif": 0})
    marked = Marked("OPEN", (1, 1), False)
    usual = pages_of_deck(["front", "back"], fonts, marked)
    others = [
        pages_of_deck(["front", "back"], replace(fonts, objects=Group(b"font %d", (0,), ((0, b"other"),))), marked),
        pages_of_deck(["front", "back"], replace(fonts, names={"Sans": 0}), marked),
        pages_of_deck(["front", "back"], fonts, Marked("SECRET", (1, 1), False)),
        pages_of_deck(["front", "back"], fonts, Marked("OPEN", (2, 2), False)),
        pages_of_deck(["other", "cards"], fonts, marked),
    ]
    assert not any(page in usual for pages in others for page in pages)
    store = Store(tmp_path)
    many = [f"page {n}" for n in range(9)]
    proofs(store, "deck", many).keep()
    assert proofs(store, "deck", many).unread == {0, 8}
    assert proofs(store, "deck", [*many[:4], "new", *many[4:]]).unread == {0, 3, 4, 5, 9}
    assert proofs(store, "another", many).unread == {*range(9)}
    assert proofs(store.on("other fonts"), "deck", many).unread == {*range(9)}
