"""The marking on every page and side: there, on separate lines, within what printers print."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
from sheets.test_fold import strokes

from guide.html.own_documents import distribution_list
from guide.html.marking import MOST_LINES, measured, set_marking
from guide.html.running_heads import GAP, running_heads, shortened
from guide.model.kinds import EDGE
from guide.model.letters import letters
from guide.pdf.typeset import typeset
from guide.fonts.widths import width
from guide.pipeline import Built, Settings, build
from guide.units import PAPERS, POINTS_PER_MM

WORDS = "OFFICIAL SENSITIVE TRAINING MATERIAL NOT FOR RELEASE OUTSIDE THE SCHOOL AND ITS STAFF NOR FOR COPYING IN ANY FORM AT ALL"
CYRILLIC = "ДЛЯ СЛУЖЕБНОГО ПОЛЬЗОВАНИЯ СЛУШАТЕЛЕЙ УЧЕБНОГО ЦЕНТРА"
TITLE = "Organic Chemistry, Functional Groups and Mechanisms 1"
PACK = {
    "sections/10-one.md": (
        "---\ntitle: How it began and what it meant for the people\nid: one\nsummary: So.\nobjectives: [Know it.]\n"
        "key_points: [It is so.]\n---\n## Head\n\nThe Sun Force is here [@k1].\n\n| a | b |\n|---|---|\n| c | d |\n"
    ),
    "timeline.yaml": "- {date: 1999-03-24, title: The event, sources: [k1]}\n",
    "glossary.yaml": "- {term: Sun Force, definition: A force., sources: [k1]}\n",
    "facts.yaml": "- {label: Days, value: 78, unit: days, sources: [k1], tags: [core]}\n",
    "cards.yaml": "- {front: Front, back: Back, sources: [k1]}\n- {front: Other, back: Side, sources: [k1]}\n",
    "questions.yaml": "- {prompt: Which?, options: [aa, bb], answer: bb, sources: [k1]}\n",
    "sources.yaml": "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n",
}
EVERY = (
    "{briefing: {}, flashcards: {title-card: true, contents-card: true}, handout: {}, handout-notes: {}, worksheet: {},"
    " quiz: {answer-sheet: true}, planner: {deadline: 2026-11-12}}"
)
SOME = "{briefing: {questions: false}, flashcards: {derive: []}, handout: {}, handout-notes: {}, planner: {deadline: 2026-11-12}}"
FLASHCARDS = "{flashcards: {derive: [glossary]}}"


def built(
    folder: Path, marking: str, title: str = TITLE, documents: str = EVERY, **options: Any
) -> Built:
    """Write the pack and build it into folder/out/pack."""
    pack = folder / "pack"
    for name, text in PACK.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text, encoding="utf-8")
    (pack / "pack.yaml").write_text(
        f"format: 1\ntitle: {title}\nlang: en\ndate: 2026-11-01\nmarking: {marking}\ndocuments: {documents}\n",
        encoding="utf-8",
    )
    return build(pack, folder / "out", Settings(jobs=1, **options))


Area = tuple[float, float, float, float]


class Page:
    """The characters of a page with their boxes in mm, from its lower left corner."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.width, self.height = (side / POINTS_PER_MM for side in page.get_size())
        text = page.get_textpage()
        self.characters: list[tuple[str, Area]] = []
        whole = text.get_text_range()
        for n in range(text.count_chars()):
            sign = letters(whole[n]) if n < len(whole) else ""
            box = tuple(side / POINTS_PER_MM for side in text.get_charbox(n))
            self.characters += [(each, box) for each in sign]
        text.close()

    def markings(self, marking: str) -> Iterator[range]:
        """Yield where the marking is among the characters."""
        plain, wanted = "".join(sign for sign, _ in self.characters), letters(marking)
        yield from (
            range(m.start(), m.start() + len(wanted)) for m in re.finditer(re.escape(wanted), plain)
        )

    def lines(self, where: range) -> list[Area]:
        """Return the rectangles of the lines of some characters."""
        found: list[Area] = []
        for _, box in self.characters[where.start : where.stop]:
            if found and box[1] < found[-1][3] and box[3] > found[-1][1]:
                last = found[-1]
                found[-1] = (min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
            else:
                found.append(box)
        return found


def pages(path: Path) -> list[Page]:
    """Return the pages of a PDF."""
    document = pypdfium2.PdfDocument(path)
    found = [Page(page) for page in document]
    document.close()
    return found


def meet(one: Area, other: Area) -> bool:
    """Return True if two rectangles overlap."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    return across > 0.05 and min(one[3], other[3]) - max(one[1], other[1]) > 0.05


def check_page(page: Page, marking: str, printable: float = EDGE) -> int:
    """Assert that nothing is printed over the marking or beside its lines; return how often it is there."""
    places = list(page.markings(marking))
    for place in places:
        for line in page.lines(place):
            if printable and EDGE + 25 < line[1] < page.height - EDGE - 25:
                continue  # the table of document control has it, too
            assert min(line[0], line[1]) > printable, line
            assert max(line[2] - page.width, line[3] - page.height) < -printable, line
            row = (0.0, line[1], page.width, line[3])
            over = [
                sign
                for n, (sign, box) in enumerate(page.characters)
                if n not in place and meet(line, box)
            ]
            assert not over, "".join(over)
            if printable:  # a page, on which the whole row is the marking's
                beside = [
                    s
                    for n, (s, box) in enumerate(page.characters)
                    if n not in place and meet(row, box)
                ]
                assert not beside, "".join(beside)
    return len(places)


CASES = [
    pytest.param("TRAINING USE", EVERY, {}, id="short-default-a4"),
    pytest.param(
        WORDS[:120], SOME, {"theme": "ink-saver", "paper": "letter"}, id="120-ink-saver-letter"
    ),
    pytest.param(
        CYRILLIC, SOME, {"theme": "large-print", "paper": "a5"}, id="cyrillic-large-print-a5"
    ),
]


@pytest.mark.parametrize(("marking", "documents", "options"), CASES)
def test_every_page_and_face_carries_the_marking_by_itself(
    marking: str, documents: str, options: dict[str, str], tmp_path: Path
) -> None:
    made = built(tmp_path, marking, documents=documents, **options)
    assert not [d for d in made.diagnostics if d.severity == "error"], made.diagnostics
    out = tmp_path / "out" / "pack"
    names = {path.stem for path in out.glob("*.pdf")}
    assert {
        "briefing",
        "handout",
        "handout-notes",
        "planner",
        "flashcards",
        "flashcards-screen",
    } <= names
    assert (
        documents == SOME
        or {"worksheet", "worksheet-answers", "quiz", "quiz-answers", "quiz-answer-sheet"} <= names
    )
    for path in sorted(out.glob("*.pdf")):
        for number, page in enumerate(pages(path), 1):
            where = f"{path.name}, page {number}"
            cards = path.stem.startswith("flashcards")
            count = check_page(page, marking, 0 if cards else EDGE)
            if cards:
                assert count >= 1, where
                continue
            middles = [page.lines(place)[0][1] / page.height for place in page.markings(marking)]
            assert max(middles) > 0.8, where
            assert min(middles) < 0.2, where


STOCK = ["avery-c32011", "poker", "index-4x6", "a7", "your-design-vm5112"]


@pytest.mark.parametrize("stock", STOCK)
@pytest.mark.parametrize("duplex", ["long-edge", "short-edge"])
def test_margins_of_sheets_keep_clear_of_marks_and_edges(
    stock: str, duplex: str, tmp_path: Path
) -> None:
    """A long title and a long marking: no mark cuts through a line, no line leaves the paper."""
    marking = WORDS[:55].strip()
    made = built(tmp_path, marking, documents=FLASHCARDS, stock=stock, duplex=duplex)
    assert not [d for d in made.diagnostics if d.severity == "error"], made.diagnostics
    path = tmp_path / "out" / "pack" / "flashcards.pdf"
    for page, marks in zip(pages(path), strokes(path), strict=True):
        assert check_page(page, marking, 0) >= (1 if stock == "a7" else 2)
        for sign, box in page.characters:
            assert min(box[0], box[1]) > 0, sign
            assert max(box[2] - page.width, box[3] - page.height) < 0, sign
            for mark in marks:
                left, top, right, bottom = mark.box
                drawn = (
                    left - 0.1,
                    page.height - bottom - 0.1,
                    right + 0.1,
                    page.height - top + 0.1,
                )
                assert not meet(box, drawn), (sign, mark)
        plain = "".join(sign for sign, _ in page.characters)
        assert stock == "a7" or letters("Print at 100 %") in plain


def test_a_marking_that_is_too_long_is_one_error_where_it_is_written(tmp_path: Path) -> None:
    """Of all documents, the narrowest is named, with the letters that it has room for: so many do fit."""
    documents = "{briefing: {}, handout: {}, flashcards: {stock: bridge}}"
    made = built(tmp_path, WORDS[:85], documents=documents)
    told = [d for d in made.diagnostics if d.severity == "error"]
    assert [d.code for d in told] == ["marking-too-long"]
    assert (Path(told[0].place.path).name, told[0].place.line, told[0].place.column) == (
        "pack.yaml",
        5,
        10,
    )
    assert "bridge" in told[0].message
    assert "85 letters" in told[0].message
    room = int(re.findall(r"about (\d+)", told[0].message)[0])
    again = built(tmp_path, WORDS[:room].strip(), documents="{flashcards: {stock: bridge}}")
    assert not [d for d in again.diagnostics if d.severity == "error"], again.diagnostics


@pytest.mark.parametrize(("field", "line"), [("title", 2), ("marking", 5)])
def test_a_sign_that_no_font_has_is_found_in_margins(field: str, line: int, tmp_path: Path) -> None:
    values = {"title": "A Deck", "marking": "TRAINING", field: "FOR USE \U0001f9ea HERE"}
    made = built(tmp_path, values["marking"], values["title"], FLASHCARDS, stock="poker")
    told = {
        (d.code, Path(d.place.path).name, d.place.line)
        for d in made.diagnostics
        if d.severity == "error"
    }
    assert told == {("missing-glyph", "pack.yaml", line)}


def test_a_template_that_hides_the_marking_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "pack" / "templates" / "handout"
    folder.mkdir(parents=True)
    (folder / "page.css").write_text("@page { @bottom-left-corner { content: none } }\n")
    made = built(tmp_path, "TRAINING USE", documents="{handout: {}}")
    told = [d for d in made.diagnostics if d.code == "lost-content"]
    assert len(told) == 1, made.diagnostics
    assert told[0].place.line == 5
    assert "marking" in told[0].message


def test_what_is_printed_over_the_marking_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "pack" / "templates" / "handout"
    folder.mkdir(parents=True)
    rule = "@page { @bottom-center { content: 'in the way of it'; vertical-align: bottom; padding-bottom: 7mm } }\n"
    (folder / "page.css").write_text(rule)
    made = built(tmp_path, "TRAINING USE", documents="{handout: {}}")
    told = [d for d in made.diagnostics if d.code == "text-overflow"]
    assert [d.place.line for d in told] == [5], made.diagnostics


def test_running_heads_name_the_part_at_the_top_whole(tmp_path: Path) -> None:
    """A long title of a part is not cut while the other corner is free; a part that begins below is not named."""
    built(
        tmp_path,
        "A MARKING OF MORE THAN TEN WORDS in lower case as well as in capitals",
        documents="{briefing: {}}",
    )
    heads = []
    for page in pages(tmp_path / "out" / "pack" / "briefing.pdf"):
        top = [
            (sign, box)
            for sign, box in page.characters
            if page.height - 25 < box[1] < page.height - 14
        ]
        heads.append("".join(sign for sign, _ in top))
    assert letters("How it began and what it meant for the people") in heads[3]
    assert all(letters("Timeline") not in head for head in heads[:4])


MARKINGS = st.text(st.sampled_from("ABCMW xyзд本-"), min_size=1, max_size=120)


@settings(max_examples=40)
@given(MARKINGS, st.floats(20, 200), st.sampled_from([6.0, 8.4, 16.0]))
def test_a_marking_is_set_whole_within_its_room(text: str, room: float, size: float) -> None:
    made = set_marking(text, room, size)
    assert letters("".join(made.lines)) == letters(text)
    assert len(made.lines) <= MOST_LINES
    fits = all(measured(line, size) <= room for line in made.lines)
    assert fits == (made.room == 0)
    if made.room > 1:
        kept = " ".join(text.split())[: made.room].strip()
        assert not set_marking(kept, room, size).room


@given(
    st.text(st.sampled_from("Abc Mмs本 ,"), max_size=90),
    st.text("Tit le", max_size=60),
    st.floats(15, 180),
)
def test_running_heads_fit_and_the_part_goes_first(part: str, title: str, room: float) -> None:
    left, right = running_heads(part, title, room, 8.4)
    together = width(left, 8.4) + width(right, 8.4) + (GAP if left and right else 0)
    assert together <= room
    if part and width(part, 8.4) <= room:
        assert left == part
    if part and right:
        assert right == title
    assert shortened(part, room, 8.4) == part or width(part, 8.4) > room


def test_lines_of_a_marking_are_about_equal() -> None:
    made = set_marking(WORDS, 110, 8.4)
    first, second = (measured(line, 8.4) for line in made.lines)
    assert abs(first - second) < 20
    assert list(itertools.chain(*(line.split() for line in made.lines))) == WORDS.split()


def test_a_distribution_list_carries_the_marking_of_its_document(tmp_path: Path) -> None:
    copy = {"name": "A. Reader", "organisation": "School", "version": "1", "channel": "paper", "state": "sent",
            "changed": "2026-11-01"}  # fmt: skip
    html = distribution_list(
        "A Pack", ["1"], [{**copy, "number": n} for n in range(60)], PAPERS["a4"], WORDS[:120]
    )
    made = typeset(html)
    assert {fault.code for fault in made.faults} <= {"unsupported-css"}
    path = tmp_path / "list.pdf"
    path.write_bytes(made.data)
    assert [check_page(page, WORDS[:120]) for page in pages(path)] == [2] * made.pages
