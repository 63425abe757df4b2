"""The pack on Kosovo as an editor and a teacher judge it: objectives, cards, questions, sources, dates, editions."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from guide.content.derive_cards import deck
from guide.content.library import load_kinds, resolve_options
from guide.content.load import load_pack
from guide.html.render import render
from guide.html.request import Request
from guide.model.content import ChoiceQuestion, Flashcard
from guide.model.pack import Pack

ROOT = Path(__file__).parents[2]
_OBJECTIVE = re.compile(r"[a-z]+/\d+")
_DATE = re.compile(
    r"\*\*(\d{1,2} [A-Z][a-z]+|[A-Z][a-z]+ \d{4}|\d{4}\b)|^(When|In which (year|month)|On which day|How (soon|long))\b"
)


@cache
def pack() -> Pack:
    """Return the pack, without a diagnostic."""
    made, found = load_pack(ROOT / "content/kosovo")
    assert made is not None and not found
    return made


@cache
def cards() -> tuple[Flashcard, ...]:
    """Return the deck as pack.yaml asks for it."""
    return deck(pack(), (pack().manifest.documents or {})["flashcards"]["derive"])


def objectives() -> set[str]:
    """Return the names of the objectives: `origins/2` is the second of the section `origins`."""
    return {
        f"{section.id}/{number}"
        for section in pack().sections
        for number in range(1, len(section.objectives) + 1)
    }


def served(tags: tuple[str, ...]) -> set[str]:
    """Return the objectives that an item names among its tags."""
    return {tag for tag in tags if _OBJECTIVE.fullmatch(tag)}


def prose() -> str:
    """Return what the pack says outside cards and questions, in one string without marks."""
    told = [f"{s.title} {s.summary} {s.body} {' '.join(s.key_points)}" for s in pack().sections]
    told += [f"{e.date} {e.title} {e.detail}" for e in pack().timeline]
    told += [f"{t.term} {t.abbreviation} {t.definition}" for t in pack().glossary]
    told += [f"{a.name} {a.role} {a.detail}" for a in pack().actors]
    told += [f"{f.label} {f.value}" for f in pack().facts]
    return re.sub(r"[*_]", "", " ".join(told))


def test_every_objective_has_a_question_a_card_and_a_place() -> None:
    """The matrix of objectives by question, card and section has no empty cell, and no tag names nothing."""
    asked = Counter(name for question in pack().questions for name in served(question.tags))
    trained = Counter(name for card in pack().cards for name in served(card.tags))
    wanted = objectives()
    assert len(wanted) > 25
    assert {name for name in wanted if not asked[name]} == set(), "no question"
    assert {name for name in wanted if not trained[name]} == set(), "no card"
    assert set(asked) | set(trained) <= wanted
    assert [
        item.id for item in (*pack().questions, *pack().cards) if len(served(item.tags)) != 1
    ] == []


def test_no_two_cards_have_the_same_front() -> None:
    """A front that two cards share has no single answer."""
    fronts = Counter(card.front.casefold().strip(" ?.") for card in cards())
    assert [front for front, times in fronts.items() if times > 1] == []


def test_a_card_asks_for_one_thing() -> None:
    """No list of three or more in bold, and no question that yes or no answers."""
    for card in pack().cards:
        assert len(re.findall(r"\*\*.+?\*\*", card.back)) <= 1, card.id
        assert not re.match(r"\*\*(Yes|No)\b", card.back), card.id
        assert not re.match(r"(Did|Was|Is|Has|Have|Do|Does|Were|Are) ", card.front), card.id


def test_at_most_a_fifth_of_the_cards_ask_a_date() -> None:
    """Dates are few, and each question for one gives something to hold on to."""
    dated = [card for card in cards() if _DATE.search(card.back) or _DATE.search(card.front)]
    assert 5 < len(dated) <= len(cards()) / 5
    for card in dated:
        if card.origin == "cards" and not card.cloze:
            assert len(card.front.split()) >= 8, card.id


def test_every_answer_is_in_the_text() -> None:
    """Numbers and names that a card asks for can be read in the pack."""
    told = prose()
    numbers = set(re.findall(r"\d[\d,.]*\d|\d", told))
    for card in pack().cards:
        answers = re.findall(r"\{\{(.+?)(?:::.*?)?\}\}", card.cloze) or re.findall(
            r"\*\*(.+?)\*\*", card.back
        )
        for answer in answers:
            assert set(re.findall(r"\d[\d,.]*\d|\d", answer)) <= numbers, (card.id, answer)
            names = re.findall(r"(?<![.?!] )(?<!^)\b[A-ZÖÇŠ][\wćčšžëçÖö-]+", answer)
            assert [name for name in names if name not in told] == [], (card.id, answer)


def test_questions_are_fair() -> None:
    """Every level is used, true is as frequent as false, and the right option is not the longest by far."""
    levels = Counter(question.level for question in pack().questions)
    assert set(levels) == {1, 2, 3} and min(levels.values()) >= 12
    truths = Counter(
        question.answer for question in pack().questions if question.type == "true-false"
    )
    assert abs(truths[True] - truths[False]) <= 2
    longest = 0
    choices = [question for question in pack().questions if isinstance(question, ChoiceQuestion)]
    for question in choices:
        others = [len(text) for text in question.options if text not in question.answer]
        longest += max(map(len, question.answer)) > 1.3 * max(others)
        assert question.explanation, question.id
    assert longest <= len(choices) / 6


def test_short_answers_are_of_level_three_and_lists_of_level_one() -> None:
    """The levels mean what the head of questions.yaml says."""
    for question in pack().questions:
        want = {"short": {3}, "match": {1}, "order": {1}, "true-false": {1}}.get(
            question.type, {1, 2}
        )
        assert question.level in want, question.id


def test_no_source_is_a_wiki_a_blog_or_the_press_at_large() -> None:
    """Each names who published it."""
    for source in pack().sources.values():
        where = " ".join(
            str(source.get(key, "")) for key in ("URL", "container-title", "publisher", "title")
        ).casefold()
        assert not re.search(
            r"wiki|blogspot|zanotowane|planken|student|\bpress$|\bcopy\b", where
        ), source["id"]


def test_every_source_is_in_the_list_of_sources() -> None:
    """docs/kosovo-sources.md has one line for each, and for no other."""
    listed = re.findall(
        r"^\| `([\w-]+)` \| \S", (ROOT / "docs/kosovo-sources.md").read_text("utf-8"), re.M
    )
    assert sorted(listed) == sorted(pack().sources)


def test_what_goes_stale_says_when_to_look_again() -> None:
    """A figure of the last ten years has a date; one that still changes has a date for its review."""
    for fact in pack().facts:
        assert fact.as_of is not None, fact.id
        if fact.as_of.first[0] >= 2023 and fact.id != "f-zvecan":
            assert fact.review_after, fact.id
    text = prose()
    assert "November 2026" not in text and "(today)" not in text


def test_the_statements_of_the_subject_have_their_places() -> None:
    """docs/kosovo-coverage.md names headings that exist, also for the seven statements added later."""
    text = (ROOT / "docs/kosovo-coverage.md").read_text("utf-8")
    added = text.partition("did not answer")[2]
    assert len(re.findall(r"^\| [A-Z].*#sec-", added, re.M)) == 7
    for file, anchor in re.findall(r"`(sections/[\w-]+\.md)#([\w-]+)`", text):
        assert f"{{#{anchor}}}" in (ROOT / "content/kosovo" / file).read_text("utf-8"), (
            file,
            anchor,
        )


@pytest.mark.parametrize(
    "word",
    [
        "reconciliation",
        "security provider|provides security",
        "pragmatic",
        "443,000",
        "Belgrade District Court",
    ],
)
def test_what_was_missing_is_there(word: str) -> None:
    """Statements of the subject and facts that the first edition lacked."""
    assert re.search(word, prose())


def gaps() -> dict[str, list[str]]:
    """Return what the worksheet asks for, by section."""
    kind = load_kinds(pack())["worksheet"]
    options, _ = resolve_options(kind, (pack().manifest.documents or {})["worksheet"], pack())
    found: dict[str, list[str]] = {}
    piece = next(piece for piece in kind.pieces if piece.template == "answers.html")
    html, _ = render(
        Request(pack(), kind, options, pack().manifest.paper, pack().manifest.theme, piece=piece)
    )
    assert html is not None
    for part in re.split(r"<h2", html.markup)[1:]:
        title = re.sub(r"<[^>]+>", "", part[part.index(">") + 1 : part.index("</h2>")])
        found[title] = [
            re.sub(r"<[^>]+>", "", each)
            for each in re.findall(r"data-label[^>]*>\d+</span>(.*?)</li>", part)
        ]
    return found


def test_the_worksheet_asks_for_terms() -> None:
    """Every section has gaps enough, and none is a number or the name of the subject."""
    for title, answers in gaps().items():
        assert len(answers) >= 6, title
        assert [answer for answer in answers if re.fullmatch(r"[\d.,]+|Kosovo", answer)] == [], (
            title
        )


def test_the_executive_edition_stands_alone() -> None:
    """It has something for every kind, eight events, and no abbreviation that it does not explain."""
    made = pack().edition("executive")
    assert len(made.sections) == 1 and len(made.timeline) == 8
    assert len(made.questions) >= 8 and len(made.cards) >= 15 and len(made.facts) >= 8
    body = made.sections[0].body
    explained = {term.abbreviation for term in made.glossary} | {
        actor.abbreviation for actor in made.actors
    }
    used = set(re.findall(r"\b(?:KFOR|UNMIK|EULEX|OSCE|KLA|KSF|UNHCR|ICJ|NALT|COMKFOR)\b", body))
    unexplained = {
        short
        for short in used
        if short not in explained and f"({short})" not in body and f"(**{short}**)" not in body
    }
    assert unexplained == set()


def test_the_student_edition_has_no_teaching_notes() -> None:
    """What only the instructor needs is in the instructor's edition."""
    student = pack().edition("student")
    instructor = pack().edition("instructor")
    assert "teaching" not in {section.id for section in student.sections}
    assert {section.id for section in instructor.sections} - {
        section.id for section in student.sections
    } == {"teaching"}
