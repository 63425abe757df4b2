"""A quiz, its answer sheet and its key: what is marked with them is what the content says, in every language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weasyprint import HTML

from guide.cli import guide
from guide.content.library import load_kinds, resolve_options
from guide.content.questions import check_questions
from guide.markup.labels import CATALOGUES, Labels, catalogue
from guide.html.render import render
from guide.html.request import Request
from guide.model.alike import printed
from guide.model.content import (
    ChoiceQuestion,
    MatchQuestion,
    OrderQuestion,
    Question,
    ShortQuestion,
    TrueFalseQuestion,
)
from guide.model.pack import Manifest, Pack
from guide.pipeline import Settings, build

LANGUAGES = ("en", "de", "fr", "sq", "sr-Cyrl", "sr-Latn")
QUESTIONS: tuple[Question, ...] = (
    ChoiceQuestion(id="c", prompt="Which?", options=("Alpha", "Beta", "Gamma", "Delta"), answer=("Gamma",), explanation="It is so."),
    ChoiceQuestion(id="d", prompt="Which?", options=("North", "South", "East", "West"), answer=("North", "West")),
    TrueFalseQuestion(id="t", prompt="Is it?", type="true-false", answer=True, explanation="It was."),
    TrueFalseQuestion(id="f", prompt="Is it?", type="true-false", answer=False, explanation="Twelve months were set."),
    MatchQuestion(id="m", prompt="Match.", type="match", pairs={"One": "Uno", "Two": "Due", "Three": "Tre"}),
    OrderQuestion(id="o", prompt="Order.", type="order", items=tuple(f"Item {chr(109 + n)}" for n in range(11)), explanation="In time."),
    ShortQuestion(id="s", prompt="Why?", type="short", answer="Because", explanation="It has to."),
)  # fmt: skip


def made(pack: Pack, output: str, version: str = "", kind: str = "quiz", **options: Any) -> Any:
    """Return the tree of one file of a document."""
    found = load_kinds()[kind]
    complete, problems = resolve_options(found, options, pack)
    assert not problems
    piece = next((piece for piece in found.pieces if piece.output == output), None)
    html, _ = render(Request(pack, found, complete, pack.manifest.paper, pack.manifest.theme, piece=piece, version=version))
    assert html is not None
    assert not html.forgotten
    return HTML(string=html.markup).etree_element


def packed(questions: tuple[Question, ...], lang: str = "en") -> Pack:
    return Pack(name="p", manifest=Manifest(format=1, title="T", lang=lang), questions=questions)


def classed(root: Any, name: str) -> Iterator[Any]:
    return (each for each in root.iter() if name in (each.get("class") or "").split())


def words(element: Any, without: tuple[str, ...] = ()) -> str:
    """Return the text of an element, without that of some of its parts."""
    parts = [element.text or ""]
    for child in element:
        shut = set(without) & set((child.get("class") or "").split())
        parts += ["" if shut else words(child, without), child.tail or ""]
    return " ".join("".join(parts).split())


def paper(root: Any) -> dict[str, dict[str, str]]:
    """Return what each question offers by its sign: A, T; of a match 1, 2 and A, B."""
    found = {}
    for article in classed(root, "question"):
        offered = {}
        for part in article.iter("li"):
            sign = next(classed(part, "letter"), None)
            if sign is not None:
                offered[words(sign)] = words(part, ("letter", "slot"))
        for name, first in (("match-left", "1"), ("match-right", "A")):
            for column in classed(article, name):
                offered |= {chr(ord(first) + n): words(part, ("slot",)) for n, part in enumerate(column)}
        found[words(next(classed(article, "q-number")))] = offered
    return found


def keys(root: Any) -> list[dict[str, str]]:
    """Return the key of each version by the numbers of the questions, without words."""
    return [
        {words(next(classed(row, "grid-number"))): words(next(classed(row, "grid-key")), ("grid-word",)) for row in classed(part, "grid-row")}
        for part in classed(root, "key")
    ]  # fmt: skip


def sheets(root: Any) -> list[dict[str, dict[str, list[str]]]]:
    """Return the rows of each version's answer sheet: '' or their labels, and the signs to fill in."""
    every = []
    for part in classed(root, "answer-sheet"):
        found: dict[str, dict[str, list[str]]] = {}
        for row in classed(part, "bubble-row"):
            inner = list(classed(row, "part-row")) or [row]
            found[words(next(classed(row, "q-number")))] = {
                "".join(words(label) for label in classed(each, "part-label")): [words(sign) for sign in classed(each, "bubble")]
                for each in inner
            }
        every.append(found)
    return every


def is_right(question: Question, offered: Mapping[str, str], key: str, labels: Labels) -> bool:
    """Mark as a teacher does: look each sign of the key up on the paper, and compare with the pack."""
    signs = key.split()
    match question:
        case ChoiceQuestion():
            assert set(offered.values()) == {printed(option) for option in question.options}
            return sorted(offered[sign] for sign in signs) == sorted(printed(each) for each in question.answer)
        case TrueFalseQuestion():
            return [offered[sign] for sign in signs] == [labels(str(question.answer))]
        case MatchQuestion():
            told = {offered[sign[0]]: offered[sign[1:]] for sign in signs}
            return told == {printed(left): printed(right) for left, right in question.pairs.items()}
        case OrderQuestion():
            put = sorted(signs, key=lambda sign: int(re.sub(r"\D", "", sign)))
            return [offered[re.sub(r"\d", "", sign)] for sign in put] == [printed(item) for item in question.items]
    return signs == labels("in words").split()


def check(questions: tuple[Question, ...], lang: str, versions: int, **options: Any) -> None:
    """Read paper, sheet and key of all versions, and mark each question by its prompt's number."""
    pack, labels = packed(questions, lang), Labels(lang)
    given = {"versions": versions, "answer-sheet": True, **options}
    told, rows = keys(made(pack, "quiz-answers.pdf", **given)), sheets(made(pack, "quiz-answer-sheet.pdf", **given))
    assert len(told) == len(rows) == versions
    for number, (key, sheet) in enumerate(zip(told, rows, strict=True)):
        root = made(pack, "quiz.pdf", chr(97 + number) if versions > 1 else "", **given)
        offered = paper(root)
        asked = [each.get("data-at") for each in classed(root, "question")]
        by_id = {question.id: question for question in questions}
        assert list(offered) == list(key) == list(sheet)
        for name, at in zip(offered, asked, strict=True):
            question = by_id[at]
            assert is_right(question, offered[name], key[name], labels), (question, offered[name], key[name])
            signs = list(offered[name])
            match question:
                case ChoiceQuestion() | TrueFalseQuestion():
                    wanted = {"": signs}
                case OrderQuestion():
                    wanted = {sign: [str(n + 1) for n in range(len(signs))] for sign in signs}
                case MatchQuestion():
                    left, right = [[s for s in signs if s.isdigit() == side] for side in (True, False)]
                    wanted = {sign: right for sign in left}
                case _:
                    wanted = {"": []}
            assert sheet[name] == wanted


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("shuffle", [True, False])
def test_paper_sheet_and_key_name_things_alike(lang: str, shuffle: bool) -> None:
    """Every sign of the key is on the paper and on the sheet, in each version and language."""
    check(QUESTIONS, lang, 2, shuffle=shuffle)


@pytest.mark.parametrize("name", CATALOGUES)
def test_true_and_false_have_two_short_labels(name: str) -> None:
    """They differ, are one letter each, and that letter is in the word that the paper prints."""
    said = catalogue(name)
    short = [said[f"{word}, in one letter"] for word in ("True", "False")]
    assert short[0] != short[1]
    assert all(len(sign) == 1 and sign.isupper() for sign in short)
    assert all(sign.casefold() in said[word].casefold() for word, sign in zip(("True", "False"), short, strict=True))


WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=8)


@st.composite
def _question(draw: st.DrawFn, name: str) -> Question:
    head = {"id": name, "prompt": "P", "level": draw(st.integers(1, 2))}
    texts = draw(st.lists(WORDS, min_size=2, max_size=7, unique_by=lambda text: printed(text).casefold()))
    match draw(st.sampled_from(["choice", "true-false", "short", "match", "order"])):
        case "choice":
            right = draw(st.lists(st.sampled_from(texts), min_size=1, unique=True))
            spelled = [unicodedata.normalize("NFD", each) for each in right]
            return ChoiceQuestion(**head, options=texts, answer=spelled)
        case "true-false":
            return TrueFalseQuestion(**head, type="true-false", answer=draw(st.booleans()))
        case "short":
            return ShortQuestion(**head, type="short", answer="Because.")
        case "match":
            return MatchQuestion(**head, type="match", pairs={f"l{n}": text for n, text in enumerate(texts)})
        case _:
            return OrderQuestion(**head, type="order", items=texts)


@st.composite
def _quiz(draw: st.DrawFn) -> tuple[Question, ...]:
    return tuple(draw(_question(f"q{n}")) for n in range(draw(st.integers(1, 6))))


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_quiz(), st.integers(1, 3), st.sampled_from(LANGUAGES), st.text("ab1", max_size=3))
def test_any_quiz_is_marked_as_its_author_meant(questions: tuple[Question, ...], versions: int, lang: str, seed: str) -> None:
    """Whatever is asked and mixed, the key applied to the paper gives the author's answer and only that."""
    assert list(check_questions(packed(questions))) == []
    check(questions, lang, versions, seed=seed or "x")


@pytest.mark.parametrize("lang", ["en", "sq", "sr-Cyrl", "de"])
def test_review_questions_have_the_letters_of_their_answers(lang: str) -> None:
    """In the briefing, too, items have letters in the order of a list, and the answer names them."""
    root = made(packed(QUESTIONS, lang), "briefing.pdf", kind="briefing")
    order = next(each for each in classed(root, "question-order"))
    items = [words(part) for part in order.iter("li")]
    assert "ordering" in next(order.iter("ol")).get("class")
    answers = [words(each) for each in classed(root, "answer")]
    said = next(each for each in answers if "In time." in each)
    told = re.findall(r"([A-Z]+): (Item \w)", said)
    assert [text for _, text in told] == list(QUESTIONS[5].items)  # type: ignore[union-attr]
    assert all(items[ord(sign) - 65] == text for sign, text in told)
    assert f"{Labels(lang)('False')}. Twelve months were set." in " ".join(answers)
    assert "Because. It has to." in " ".join(answers)


def _lines(path: Path) -> list[str]:
    """Return the lines of a PDF as they stand on its pages, each from left to right."""
    found = []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text = page.get_textpage()
            rects = [text.get_rect(n) for n in range(text.count_rects())]
            before = -1.0
            rows: list[list[tuple[float, str]]] = []
            for middle, left, rect in sorted((-(r[1] + r[3]) / 2, r[0], r) for r in rects):
                if not rows or middle - before > 4:  # points: on a separate line
                    rows.append([])
                before = middle
                rows[-1].append((left, text.get_text_bounded(*rect).strip()))
            found += [" ".join(part for _, part in sorted(row)) for row in rows]
    return found


def test_the_printed_sheets_of_an_albanian_quiz(tmp_path: Path) -> None:
    """On the pages themselves: V and G by their words, items by their letters, rows by the same."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p/pack.yaml").write_text("format: 1\ntitle: Kuiz\nlang: sq\ndocuments: {quiz: {answer-sheet: true}}\n", "utf-8")
    (tmp_path / "p/questions.yaml").write_text(
        "- {prompt: Po?, type: true-false, answer: false, explanation: Kaq.}\n"
        "- {prompt: Radhit., type: order, items: [Para, Dyta, Treta]}\n", "utf-8")  # fmt: skip
    result = CliRunner().invoke(guide, ["build", str(tmp_path / "p"), "-o", str(tmp_path / "out"), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    asked, key, sheet = (_lines(tmp_path / f"out/p/{name}.pdf") for name in ("quiz", "quiz-answers", "quiz-answer-sheet"))
    assert any(re.search(r"V\s+E vërtetë\s+G\s+E gabuar", line) for line in asked)
    items = {match[1]: match[2] for line in asked if (match := re.search(r"\b([ABC])\s+(Para|Dyta|Treta)$", line.strip()))}
    assert sorted(items) == ["A", "B", "C"]
    grid = next(line for line in key if re.search(r"A\d B\d C\d", line))
    places = dict(re.findall(r"([ABC])(\d)", grid))
    assert [items[sign] for sign in sorted(places, key=places.__getitem__)] == ["Para", "Dyta", "Treta"]
    assert any("G E gabuar" in line for line in key)
    assert any(re.search(r"\bV\s+G\b", line) for line in sheet)
    for sign in "ABC":
        assert any(re.search(rf"\b{sign}\s+1\s+2\s+3", line) for line in sheet), sheet


def test_a_tall_picture_leaves_room_for_its_question(tmp_path: Path) -> None:
    """The question stands on the first page, not below a page that is empty."""
    (tmp_path / "p" / "figures").mkdir(parents=True)
    (tmp_path / "p" / "pack.yaml").write_text("format: 1\ntitle: T\n")
    (tmp_path / "p" / "figures" / "tall.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="1200"><rect width="800" height="1200" fill="#777"/></svg>'
    )
    (tmp_path / "p" / "questions.yaml").write_text(
        '- {prompt: "What is it?\\n\\n![](figures/tall.svg){alt=a}", options: [Cat, Dog], answer: Cat}\n'
    )
    build(tmp_path / "p", tmp_path / "out", Settings(kinds=("quiz",), jobs=1))
    assert len(pypdfium2.PdfDocument(next((tmp_path / "out").rglob("quiz.pdf")))) == 1
