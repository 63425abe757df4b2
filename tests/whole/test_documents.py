"""Handouts, quizzes and plans on the whole road: from the files of a pack to what a reader sees."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image
from click.testing import CliRunner, Result
from pikepdf.form import Form, RadioButtonGroup, TextField

from guide.cli import guide

ROOT = Path(__file__).parents[2]
SECTION = """---
title: The cell
objectives: [Name the parts.]
key_points: [Cells are small., Cells divide.]
---
## Parts {#sec-parts}

The cell has a **nucleus**, and the Mitochondrion gives it energy, as has been known since about 1890. A Ribosome makes proteins
for it. Membranes keep it together, as Robert Hooke could not see in 1665 with what he had at that time.
"""
GLOSSARY = "".join(
    f"- {{term: {name}, definition: What a {name.lower()} is., tags: [core]}}\n" for name in ("Mitochondrion", "Ribosome", "Vacuole")
)
QUESTIONS = """
- {id: q-a, prompt: Which one?, options: [Alpha, Beta, Gamma, Delta], answer: Gamma, explanation: It is so., level: 1}
- {id: q-b, prompt: Which two?, options: [North, South, East, West], answer: [North, West], points: 2, level: 1}
- {id: q-c, prompt: Is it?, type: true-false, answer: false, level: 2}
- {id: q-d, prompt: Say why., type: short, answer: Because., lines: 3, level: 2}
- {id: q-e, prompt: Match them., type: match, pairs: {One: Uno, Two: Due, Three: Tre}, level: 3}
- {id: q-f, prompt: Order them., type: order, items: [First, Second, Third], level: 3}
"""


def write(folder: Path, files: dict[str, str], documents: str = "", more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    text = "format: 1\ntitle: Biology\ndate: 2026-11-02\n" + more
    if documents:
        text += "documents:\n" + "".join(f"  {line}\n" for line in documents.split("\n"))
    (folder / "pack.yaml").write_text(text, "utf-8")
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Result]:
    def made(folder: Path, *words: str) -> Result:
        given = ["build", str(folder), "-o", str(tmp_path / "out"), "--jobs", "1", *words]
        return CliRunner().invoke(guide, given, prog_name="guide")

    return made


def text(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    found = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return [each.replace("\r\n", "\n").replace("\ufffe", "") for each in found]


def lowest(path: Path) -> list[float]:
    """Return how far down each page is filled, from 0 to 1, without its foot."""
    found = []
    document = pypdfium2.PdfDocument(path)
    for page in document:
        height, words = page.get_height(), page.get_textpage()
        bottoms = [words.get_rect(n)[1] for n in range(words.count_rects())]
        found.append(1 - min(b for b in bottoms if b > height * 0.07) / height)
    document.close()
    return found


def test_a_quiz_in_two_versions_with_key_sheet_and_form(tmp_path: Path, build: Callable[..., Result]) -> None:
    """Both versions ask the same; following the key of each gives the author's answers."""
    pack = write(tmp_path / "p", {"questions.yaml": QUESTIONS}, "quiz: {versions: 2, answer-sheet: true, form: true}")
    result = build(pack)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out" / "p"
    assert {path.name for path in out.glob("*.pdf")} == {
        "quiz-a.pdf", "quiz-b.pdf", "quiz-answers.pdf", "quiz-answer-sheet.pdf"
    }  # fmt: skip
    key = "\n".join(text(out / "quiz-answers.pdf"))
    parts = re.split(r"Quiz ([AB])", key)[1:]
    for version, part in zip(parts[::2], parts[1::2], strict=True):
        asked = "\n".join(text(out / f"quiz-{version.lower()}.pdf"))
        number, right = re.search(r"(\d+)\s*Which one\?\s*([A-D]): Gamma", part).groups()
        question = re.search(rf"{number}\s*Which one\?.*?(?=\n\d+\s*\S|\Z)", asked, re.S)[0]
        assert re.search(rf"\b{right}\s*Gamma", question)
        assert "7 points" in asked and "/ 7" in asked
    with pikepdf.open(out / "quiz-a.pdf") as pdf:
        form = Form(pdf)
        kinds = [type(field) for _, field in form.items()]
        assert RadioButtonGroup in kinds and TextField in kinds
        name: Any = form["name"]
        name.value = "Ada"
    assert len(text(out / "quiz-answer-sheet.pdf")) == 2
    made = json.loads((out / "build.json").read_text("utf-8"))
    assert {each["kind"] for each in made["outputs"]} == {"quiz"}


def test_a_quiz_chooses_by_level_and_says_when_there_are_too_few(tmp_path: Path, build: Callable[..., Result]) -> None:
    pack = write(tmp_path / "p", {"questions.yaml": QUESTIONS}, "quiz: {levels: [2], questions: 9}")
    result = build(pack)
    assert "warning[too-few-questions]" in result.output and "pack.yaml:5" in result.output
    asked = "".join(text(tmp_path / "out/p/quiz.pdf"))
    assert "Is it?" in asked and "Which one?" not in asked


def test_many_options_long_ones_and_markup_are_asked(tmp_path: Path, build: Callable[..., Result]) -> None:
    """Thirty options go on after Z as AA; a 40-line answer in a form stays on its page; markup is no markup."""
    options = ", ".join(f"Choice {n}" for n in range(30))
    questions = (
        f"- {{prompt: Many, options: [{options}], answer: Choice 7}}\n"
        '- {prompt: "<script>x</script> and $x^2$", type: short, answer: So, lines: 40}\n'
    )
    pack = write(tmp_path / "p", {"questions.yaml": questions}, "quiz: {form: true, answer-sheet: true}")
    result = build(pack)
    assert result.exit_code == 0, result.output
    shown = "\n".join(text(tmp_path / "out/p/quiz.pdf"))
    assert re.search(r"\bAD\s*Choice", shown) and "<script>" in shown
    with pikepdf.open(tmp_path / "out/p/quiz.pdf") as pdf:
        boxes = [[float(v) for v in each.Rect] for page in pdf.pages for each in page.get("/Annots", [])]
        assert boxes and all(min(box[1], box[3]) > 30 for box in boxes)


@pytest.mark.parametrize(("options", "words"), [
    ("quiz: {versions: 0}", "at least 1"), ("quiz: {versions: 27}", "at most 26"), ("quiz: {versions: two}", "whole number"),
    ("quiz: {questions: -1}", "at least 0"), ("quiz: {pages: 0}", "number of pages"), ("quiz: {pages: {max: 2, foo: 1}}", "number of pages"),
    ("quiz: {verions: 2}", "versions"), ("quiz: {sections: [nope]}", "no section"), ("quiz: {levels: [5]}", "no question"),
    ("planner: {deadline: 2026-01-01}", "not after"), ("planner: {start: soon}", "cannot be"), ("planner: {rest: [someday]}", "cannot be"),
    ("planner: {start: 9999-12-31}", "year 9999"), ("planner: {deadline: 2029-01-01}", "400"), ("planner: {rest: [mon, tue, wed, thu, fri, sat, sun]}", "no day"),
])  # fmt: skip
def test_wrong_options_are_named_with_their_line(
    options: str, words: str, tmp_path: Path, build: Callable[..., Result]
) -> None:
    pack = write(tmp_path / "p", {"questions.yaml": QUESTIONS, "glossary.yaml": GLOSSARY}, options)
    result = build(pack)
    assert result.exit_code == 1, result.output
    assert re.search(r"pack\.yaml:5:\d+: error\[", result.output), result.output
    assert words in result.output and not list((tmp_path / "out").rglob("*.pdf"))


def test_a_budget_is_kept_or_the_longest_blocks_are_named(tmp_path: Path, build: Callable[..., Result]) -> None:
    long = SECTION + "\n\n".join(f"Paragraph {n}. " + "Words and more words. " * 60 for n in range(14))
    pack = write(tmp_path / "p", {"sections/10-a.md": long}, "worksheet: {pages: {max: 1}}")
    result = build(pack)
    assert result.exit_code == 1
    found = re.search(r"pack\.yaml:5:\d+: error\[over-budget\].*?(\d+) lines too many", result.output)
    assert found and 20 < int(found[1]) < 200, result.output
    assert "sections/10-a.md:" in result.output
    assert build(pack, "-D", "documents.worksheet.pages=9").exit_code == 0
    result = build(pack, "-D", "documents.worksheet.pages={multiple_of: 50}")
    assert "a multiple of 50" in result.output and result.exit_code == 1


def large(tmp_path: Path, documents: str, more: str = "") -> Path:
    events = "".join(
        f"- {{date: {1800 + n}, title: Event {n} of many that could be told, detail: More of it., tags: [{'core' if n % 20 == 0 else 'x'}]}}\n"
        for n in range(200)
    )
    terms = "".join(f"- {{term: Term{n}x, definition: What it means to be number {n} of these.}}\n" for n in range(100))
    actors = "".join(f"- {{name: Person {n}, kind: people, role: Did thing {n}.}}\n" for n in range(60))
    facts = "".join(f"- {{label: Figure {n}, value: '{n}', unit: m}}\n" for n in range(40))
    files = {"timeline.yaml": events, "glossary.yaml": terms, "actors.yaml": actors, "facts.yaml": facts, "sections/1.md": SECTION}
    return write(tmp_path / "p", files, documents, "summary: All of it in short.\nurl: https://example.org/pack\n" + more)


@pytest.mark.parametrize(("pages", "words"), [(1, ()), (2, ()), (4, ()), (2, ("--paper", "letter", "--theme", "large-print")), (1, ("--paper", "a5"))])  # fmt: skip
def test_a_handout_fills_its_pages_and_says_what_it_left_out(
    pages: int, words: tuple[str, ...], tmp_path: Path, build: Callable[..., Result]
) -> None:
    """As many pages as asked for, filled; what is printed and what is left out is everything."""
    result = build(large(tmp_path, f"handout: {{pages: {pages}}}"), *words)
    assert result.exit_code == 0, result.output
    path = tmp_path / "out/p/handout.pdf"
    shown = text(path)
    assert len(shown) == pages
    told = re.findall(r"left-out\].*?no room for (\d+) of these: (.*)", result.output)
    assert sum(int(count) for count, _ in told) == sum(len(names.split(", ")) for _, names in told)
    assert min(lowest(path)) > (0.8 if told else 0.3)
    left = {name for _, names in told for name in names.split(", ")}
    printed = {int(n) for n in re.findall(r"Event (\d+)\b", " ".join(" ".join(shown).split()))}
    assert printed and {f"event-{n}-of-many-that-could-be-told" for n in printed}.isdisjoint(left)
    assert len(printed) + sum("of-many-that" in name for name in left) == 200
    core = {n for n in range(200) if n % 20 == 0}
    assert printed <= core or core <= printed


def test_a_handout_without_room_for_its_summary_is_an_error(tmp_path: Path, build: Callable[..., Result]) -> None:
    pack = write(tmp_path / "p", {"facts.yaml": "- {label: A, value: '1'}\n"}, "handout: {pages: 1}", f"summary: {'word ' * 3000}\n")
    result = build(pack)
    assert result.exit_code == 1 and "error[over-budget]" in result.output


def test_a_worksheet_asks_for_what_its_key_holds(tmp_path: Path, build: Callable[..., Result]) -> None:
    """The words of the key stand nowhere in the text, and every gap has its number."""
    pack = write(tmp_path / "p", {"sections/1.md": SECTION, "glossary.yaml": GLOSSARY}, "worksheet: {word-bank: false}")
    result = build(pack)
    assert result.exit_code == 0, result.output
    sheet, key = ("\n".join(text(tmp_path / f"out/p/{name}.pdf")) for name in ("worksheet", "worksheet-answers"))
    for answer in ("Mitochondrion", "Ribosome", "1665"):
        assert answer in key and answer not in sheet
    assert "proteins" in sheet


def test_a_plan_counts_its_days(tmp_path: Path, build: Callable[..., Result]) -> None:
    pack = write(tmp_path / "p", {"glossary.yaml": GLOSSARY}, "planner: {start: 2026-11-23, deadline: 2026-12-06, rest: [sat, sun]}")
    result = build(pack)
    assert result.exit_code == 0, result.output
    shown = " ".join("\n".join(text(tmp_path / "out/p/planner.pdf")).split())
    days = [dt.date(2026, 11, 23) + dt.timedelta(n) for n in range(14)]
    assert all(f"{day:%a}, {day:%b} {day.day}" in shown for day in days)
    assert shown.count("rest") == 4


POOR = {
    "sections": {"sections/1.md": SECTION},
    "glossary": {"glossary.yaml": GLOSSARY},
    "questions": {"questions.yaml": QUESTIONS},
    "cards": {"cards.yaml": "- {front: A, back: B}\n"},
    "timeline": {"timeline.yaml": "- {date: 1999, title: One}\n"},
    "actors": {"actors.yaml": "- {name: Ada, kind: people, role: Wrote.}\n"},
    "facts": {"facts.yaml": "- {label: A, value: '1'}\n"},
}


@pytest.mark.parametrize("name", POOR)
@pytest.mark.parametrize("theme", ["default", "large-print"])
def test_every_kind_works_for_a_poor_pack(name: str, theme: str, tmp_path: Path, build: Callable[..., Result]) -> None:
    """A pack with one kind of content gets all documents there are for it, and each is accessible."""
    result = build(write(tmp_path / "p", POOR[name]), "--theme", theme, "--paper", "letter")
    assert result.exit_code == 0, result.output
    made = {path.name for path in (tmp_path / "out/p").glob("*.pdf")}
    assert ("quiz.pdf" in made) == (name == "questions")
    assert ("worksheet.pdf" in made) == (name == "sections")
    assert ("planner.pdf" in made) == (name not in {"sections", "questions"})
    assert ("handout.pdf" in made) == (name not in {"questions", "cards"})


def test_a_picture_leaves_room_for_its_question_and_an_address_is_a_word(tmp_path: Path, build: Callable[..., Result]) -> None:
    """A photo without a size is no wider than half a page; `Available:` and what follows are two words."""
    files = {
        "questions.yaml": "- {prompt: 'Which tree? ![A tree](tree.png)', options: [Oak, Ash], answer: Oak}\n",
        "sections/1.md": "---\ntitle: T\n---\n## H\n\nThe **oak** was seen [@s] in 1999.\n",
        "sources.yaml": "- {id: s, type: webpage, title: Trees, issued: 1999, URL: 'https://example.org/trees'}\n",
    }
    pack = write(tmp_path / "p", files, "quiz: {}\nworksheet: {}")
    Image.new("RGB", (1600, 1200), "#806040").save(pack / "tree.png")
    result = build(pack)
    assert result.exit_code == 0, result.output
    sizes = {}
    for name in ("quiz", "quiz-answers"):
        document = pypdfium2.PdfDocument(tmp_path / f"out/p/{name}.pdf")
        left, bottom, right, top = next(document[0].get_objects(filter=[3])).get_bounds()
        sizes[name] = (right - left, top - bottom)
        document.close()
    assert sizes["quiz"] == pytest.approx((80 / 25.4 * 72, 60 / 25.4 * 72), abs=1)
    assert sizes["quiz-answers"][1] == pytest.approx(22 / 25.4 * 72, abs=1)
    assert re.search(r"Available:\s+https://example.org/trees", "\n".join(text(tmp_path / "out/p/worksheet.pdf")))


@pytest.mark.parametrize("how", [("--theme", "large-print"), ("--paper", "a5")])
def test_a_long_title_keeps_its_page_number_in_the_contents(how: tuple[str, str], tmp_path: Path, build: Callable[..., Result]) -> None:
    """The numbers of all rows end at one edge, however many lines a title takes, and its longest word has room."""
    title = "Internationalization of the forest, and what the agreement on its management lays down"
    pack = write(tmp_path / "p", {"sections/1.md": f"---\ntitle: {title} for everybody else\n---\n## A part\n\nText.\n"}, "briefing: {}")
    result = build(pack, *how)
    assert result.exit_code == 0, result.output
    document = pypdfium2.PdfDocument(tmp_path / "out/p/briefing.pdf")
    page = document[1]
    words = page.get_textpage()
    signs = [(words.get_text_range(n, 1), words.get_charbox(n)) for n in range(words.count_chars())]
    right, foot = page.get_width() * 0.8, page.get_height() * 0.12
    document.close()
    ends = [box[2] for sign, box in signs if sign.isdecimal() and box[0] > right and box[1] > foot]
    assert len(ends) == 2
    assert ends[0] == pytest.approx(ends[1], abs=1.5)
