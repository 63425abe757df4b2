"""Versions of a quiz: the same questions, a key that is right, an order that stays; and the choice of questions."""

from __future__ import annotations

from typing import Any
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guide.model.content import (
    ChoiceQuestion,
    MatchQuestion,
    OrderQuestion,
    Question,
    Section,
    ShortQuestion,
    TrueFalseQuestion,
)
from guide.model.quiz import Asked, arranged, asked, in_order, letter, mixed_options, select

WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd", "Po", "Zs")), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
SEEDS = st.text(max_size=12)
ORDERS = [["q0", "q2", "q3", "q1", "q4"], ["q1", "q4", "q3", "q2", "q0"]]
KEYS = ["C", "A", "A", "D", "A"]
PLAIN = ("Sarajevo", "Belgrade", "Pristina", "Skopje", "Tirana", "Podgorica")


def _choice(name: str, options: list[str], answer: list[str], **more: Any) -> ChoiceQuestion:
    return ChoiceQuestion(id=name, prompt="Which?", options=options, answer=answer, **more)


@st.composite
def _question(draw: st.DrawFn, name: str) -> Question:
    head = {
        "id": name,
        "prompt": "P",
        "level": draw(st.integers(1, 3)),
        "tags": tuple(draw(st.lists(st.sampled_from("uvw"), max_size=2, unique=True))),
    }
    match draw(st.sampled_from(["choice", "true-false", "short", "match", "order"])):
        case "choice":
            options = draw(st.lists(WORDS, min_size=2, max_size=7, unique=True))
            right = draw(st.lists(st.sampled_from(options), min_size=1, unique=True))
            return ChoiceQuestion(**head, options=options, answer=right, shuffle=draw(st.booleans()))
        case "true-false":
            return TrueFalseQuestion(**head, type="true-false", answer=draw(st.booleans()))
        case "short":
            return ShortQuestion(**head, type="short", answer="Because.")
        case "match":
            left = draw(st.lists(WORDS, min_size=2, max_size=7, unique=True))
            values = [draw(st.sampled_from(["x", "y", "z", "a thing"])) for _ in left]
            return MatchQuestion(**head, type="match", pairs=dict(zip(left, values, strict=True)))
        case _:
            return OrderQuestion(**head, type="order", items=draw(st.lists(WORDS, min_size=2, max_size=7)))


@st.composite
def _questions(draw: st.DrawFn, least: int = 1, most: int = 12) -> list[Question]:
    return [draw(_question(f"q{n}")) for n in range(draw(st.integers(least, most)))]


def _author_s_answer(each: Asked) -> bool:
    """Do as a marker does: look up what the key names on the printed page, and compare with the pack."""
    question = each.question
    if isinstance(question, ChoiceQuestion):
        marked = {each.options[ord(sign) - 65] for sign in each.key}
        return marked == set(question.answer) and sorted(each.options) == sorted(question.options)
    if isinstance(question, TrueFalseQuestion):
        return each.key == (("true",) if question.answer else ("false",))
    if isinstance(question, MatchQuestion):
        told = {left: each.right[ord(sign) - 65] for left, sign in zip(each.left, each.key, strict=True)}
        return told == dict(question.pairs)
    if isinstance(question, OrderQuestion):
        places = [int(place) for place in each.key]
        put = [item for _, item in sorted(zip(places, each.items, strict=True), key=lambda pair: pair[0])]
        return tuple(put) == question.items and sorted(places) == list(range(1, len(put) + 1))
    return each.key == ()


# Versions


@given(_questions(), SEEDS, st.integers(1, 5), st.booleans())
def test_each_version_has_the_same_questions_and_its_key_is_right(
    questions: list[Question], seed: str, count: int, shuffle: bool
) -> None:
    """Whatever is mixed, the key applied to what is printed gives the author's answer."""
    versions = [letter(n).lower() for n in range(count)]
    made = arranged(questions, versions, seed, shuffle)
    assert list(made) == versions
    for each in made.values():
        assert sorted(a.question.id for a in each) == sorted(q.id for q in questions)
        assert [a.number for a in each] == list(range(1, len(each) + 1))
        levels = [a.question.level for a in each]
        assert levels == sorted(levels)
        for one in each:
            assert _author_s_answer(one), one
    assert made == arranged(questions, versions, seed, shuffle)


@given(_questions(), SEEDS, st.permutations(range(12)))
def test_where_a_question_stands_in_the_pack_does_not_matter(
    questions: list[Question], seed: str, order: list[int]
) -> None:
    """A quiz is made of ids: moving questions about in the file changes nothing."""
    moved = [questions[n] for n in order if n < len(questions)]
    assert arranged(moved, ["a", "b"], seed) == arranged(questions, ["a", "b"], seed)


@given(_questions(2), SEEDS, st.data())
def test_a_new_question_keeps_the_others_in_their_order(
    questions: list[Question], seed: str, data: st.DataObject
) -> None:
    """The others come in the same order, with the same options and the same key."""
    new = data.draw(_question("new"))
    (before,), (after,) = (arranged(each, [""], seed).values() for each in (questions, [*questions, new]))
    kept = [(a.question.id, a.options, a.right, a.items, a.key) for a in after if a.question.id != "new"]
    assert kept == [(a.question.id, a.options, a.right, a.items, a.key) for a in before]


@given(SEEDS, st.integers(4, 9), st.integers(2, 6))
def test_versions_differ(seed: str, count: int, versions: int) -> None:
    """While there are orders left, no two versions ask in the same one, and a version more changes none."""
    questions = [_choice(f"q{n}", list(PLAIN[:4]), [PLAIN[0]]) for n in range(count)]
    names = [letter(n).lower() for n in range(versions)]
    made = arranged(questions, names, seed)
    orders = {tuple(a.question.id for a in each) for each in made.values()}
    assert len(orders) == versions
    fewer = arranged(questions, names[:-1], seed)
    assert all(made[name] == fewer[name] for name in fewer)


def test_two_versions_of_one_question_differ_by_its_options() -> None:
    """Where the order of questions cannot differ, that of options does in most seeds."""
    question = _choice("q", list(PLAIN), [PLAIN[0]])
    differ = 0
    for seed in range(20):
        made = arranged([question], ["a", "b"], str(seed))
        differ += made["a"][0].options != made["b"][0].options
    assert differ >= 17


@given(SEEDS, SEEDS)
def test_another_seed_is_another_quiz(one: str, other: str) -> None:
    """Twelve questions of six options: the chance that two seeds agree is nil."""
    assume(one != other)
    questions = [_choice(f"q{n}", list(PLAIN), [PLAIN[0]]) for n in range(12)]
    assert arranged(questions, [""], one) != arranged(questions, [""], other)


def test_the_order_is_for_ever() -> None:
    """These orders were printed in November 2026; a quiz that was handed out must come again."""
    questions = [_choice(f"q{n}", list(PLAIN[:4]), [PLAIN[1]]) for n in range(5)]
    made = arranged(questions, ["a", "b"], "spring")
    assert [[a.question.id for a in each] for each in made.values()] == ORDERS
    assert ["".join(a.key) for a in made["a"]] == KEYS


def test_nothing_is_mixed_when_it_shall_not_be() -> None:
    """`shuffle: false` for the quiz keeps questions and options; for a question, its options."""
    questions = [_choice(f"q{n}", list(PLAIN), [PLAIN[0]]) for n in range(6)]
    for each in arranged(questions, ["a", "b"], "7", shuffle=False).values():
        assert [a.question.id for a in each] == [q.id for q in questions]
        assert all(a.options == PLAIN for a in each)
    still = _choice("q", list(PLAIN), [PLAIN[0]], shuffle=False)
    assert all(asked(still, 1, str(seed)).options == PLAIN for seed in range(20))


@given(st.lists(WORDS, min_size=2, max_size=20, unique=True), SEEDS)
def test_what_is_to_be_ordered_is_never_in_order(items: list[str], seed: str) -> None:
    """Nor do the two columns of a match stand side by side."""
    order = OrderQuestion(id="o", prompt="P", type="order", items=items)
    assert asked(order, 1, seed).items != order.items
    match = MatchQuestion(id="m", prompt="P", type="match", pairs={item: f"={item}" for item in items})
    assert asked(match, 1, seed).right != tuple(match.pairs.values())


def test_letters_go_on_after_z() -> None:
    """A to Z, AA, AB."""
    assert [letter(n) for n in (0, 25, 26, 27, 51, 52)] == ["A", "Z", "AA", "AB", "AZ", "BA"]


# Options that have a place of their own


@pytest.mark.parametrize(
    "last",
    [
        "All of the above", "None of the above", "None of these", "All of these.", "Both of them", "Neither of the two",
        "All the above", "None of those", "All are correct", "None is right", "**None of the above**",
        "Alle oben genannten", "Keine der genannten", "Keine davon", "Alle Antworten sind richtig", "Keines der genannten",
        "Keine dieser Antworten", "Beide oben genannten", "Nichts davon", "Alle genannten", "Alle Aussagen sind richtig",
        "Toutes les réponses ci-dessus", "Aucune de ces réponses", "Aucun des deux", "Aucune de ces propositions",
        "Tout ce qui précède", "Aucune des réponses ci-dessus", "Toutes ces réponses",
        "Të gjitha më sipër", "Asnjëra nga këto", "Asnjë nga të mësipërmet", "Të gjitha të mësipërmet",
        "Sve navedeno", "Ništa od navedenog", "Nijedan od navedenih", "Svi odgovori su tačni", "Sve gore navedeno",
        "Nijedan odgovor nije tačan", "Nijedno od ponuđenog",
        "Све наведено", "Ништа од наведеног", "Ниједан од наведених", "Сви одговори су тачни", "Ниједан одговор није тачан",
    ],
)  # fmt: skip
def test_what_speaks_of_the_others_stays_where_it_stands(last: str) -> None:
    """In the six languages of the catalogues; the others are mixed all the same."""
    options = [*PLAIN[:4], last]
    found = {mixed_options(options, str(seed)) for seed in range(30)}
    assert {each[-1] for each in found} == {last}
    assert len(found) > 5
    first = [last, *PLAIN[:4]]
    assert {mixed_options(first, str(seed))[0] for seed in range(30)} == {last}


@pytest.mark.parametrize(
    "options",
    [
        ["A political pact", "Both A and B", "A military pact", "A trade pact"],
        ["Red", "Blue", "Green", "A and C"],
        ["Red", "Blue", "Green", "Neither A nor B"],
        ["Red", "Blue", "Green", "A, B and C"],
        ["Red", "Blue", "Green", "Both (a) and (b)"],
        ["Rot", "Blau", "Weder A noch B"],
        ["Rouge", "Bleu", "Ni A ni B", "A et B"],
        ["Kuq", "Kaltër", "A dhe B"],
        ["Crveno", "Plavo", "A i B"],
        ["Црвено", "Плаво", "А и Б"],
    ],
)  # fmt: skip
def test_options_that_are_named_by_their_letters_keep_them(options: list[str]) -> None:
    """`Both A and B` would be wrong in any other order."""
    assert {mixed_options(options, str(seed)) for seed in range(30)} == {tuple(options)}


@pytest.mark.parametrize(
    "options",
    [
        ["60", "72", "78", "90"], ["1.5 %", "2 %", "3,5 %"], ["about 10,000", "about 20,000", "over 50,000"],
        ["1974", "1989", "1998"], ["3 km", "5 km", "12 km"], ["€3 million", "€5 million", "€12 million"],
        ["1998–1999", "1999–2001", "2001–2004"], ["1 to 3", "4 to 6", "more than 6"], ["44 BC", "27 BC", "14 BC"],
        ["1990s", "1980s", "1970s"], ["13 October 1998", "24 March 1999", "12 June 1999"],
        ["12 June 1999", "24 March 1999", "13 October 1998"], ["1998-10-13", "1999-03-24"], ["March 1998", "1999"],
        ["13. Oktober 1998", "24. März 1999", "12. Mai 2000"], ["3 février 1998", "24 mars 1999", "1er août 2000"],
        ["13 tetor 1998", "24 mars 1999", "5 gusht 2000"], ["13. oktobar 1998.", "24. mart 1999.", "10. avgust 1999."],
        ["13. октобар 1998.", "24. март 1999.", "10. август 1999."],
        ["-40 °C", "0 °C", "100 °C"], ["1/4", "1/2", "3/4"], ["10", "20", "30", "None of the above"],
        ["All of the above", "1974", "1989", "1998"], ["13 October 1998", "24 March 1999", "Neither of these"],
        ["24 March", "25 March", "26 March"], ["1st", "2nd", "3rd"],
    ],
)  # fmt: skip
def test_numbers_years_and_dates_in_order_stay_in_order(options: list[str]) -> None:
    """Also where one of them is no number but speaks of the others."""
    assert {mixed_options(options, str(seed)) for seed in range(30)} == {tuple(options)}


@pytest.mark.parametrize(
    "options",
    [
        list(PLAIN), ["13 October 1998", "23 April 1999", "12 June 1999", "24 March 1999"],
        ["May Day", "Marshall Plan", "August coup", "December talks"], ["1 Rue X", "Elm Road 2", "Oak 7", "None"],
        ["Decree of 1974", "Declaration of 1990", "Marble Hall 1991", "Mayor's ball 1992"],
        ["A political pact", "A military pact", "A trade pact", "An alliance"],
    ],
)  # fmt: skip
def test_other_options_are_mixed(options: list[str]) -> None:
    """Also dates that stand in no order: that is what the question asks."""
    assert len({mixed_options(options, str(seed)) for seed in range(30)}) > 5


@given(st.lists(st.integers(-9999, 99999), min_size=2, max_size=8, unique=True), SEEDS)
def test_numbers_of_any_kind_are_in_order(numbers: list[int], seed: str) -> None:
    """Numbers that go up or down are options in order."""
    rising = [str(n) for n in sorted(numbers)]
    assert in_order(rising)
    assert in_order(rising[::-1])
    assert mixed_options(rising, seed) == tuple(rising)


# Which questions


@st.composite
def _pool(draw: st.DrawFn) -> list[Question]:
    count = draw(st.integers(2, 60))
    return [
        _choice(
            f"q{n}", ["x", "y"], ["x"],
            level=draw(st.integers(1, 3)), tags=(draw(st.sampled_from(["one", "two", "three", "core"])),),
        )
        for n in range(count)
    ]  # fmt: skip


SECTIONS = tuple(Section(id=name, title=name) for name in ("one", "two", "three"))


@given(_pool(), SEEDS, st.data())
def test_the_choice_is_exact_and_balanced(pool: list[Question], seed: str, data: st.DataObject) -> None:
    """As many as are asked for, in the pack's order, and of each level its share, rounded up or down."""
    count = data.draw(st.integers(1, len(pool)))
    found = select(pool, count, seed, SECTIONS)
    assert len(found) == count
    assert [q.id for q in found] == [q.id for q in pool if q in found]
    levels, got = Counter(q.level for q in pool), Counter(q.level for q in found)
    for level, number in levels.items():
        assert abs(Fraction(count * number, len(pool)) - got[level]) < 1
    assert select(pool, count, seed, SECTIONS) == found
    moved = select(pool[::-1], count, seed, SECTIONS)
    assert {q.id for q in moved} == {q.id for q in found}


@pytest.mark.parametrize("count", [6, 10, 12, 20])
def test_many_small_topics_are_balanced_too(count: int) -> None:
    """A question in each of thirty cells: no level and no topic goes without, or takes more than its part."""
    pool = [
        _choice(f"q-{level}-{topic}", ["x", "y"], ["x"], level=level, tags=(f"t{topic}",))
        for topic in range(10)
        for level in (1, 2, 3)
    ]
    for seed in range(20):
        found = select(pool, count, str(seed))
        assert len(found) == count
        levels = Counter(q.level for q in found)
        topics = Counter(q.tags[0] for q in found)
        assert max(levels.values()) - min(levels[level] for level in (1, 2, 3)) <= 1
        assert max(topics.values()) - min(topics[f"t{n}"] for n in range(10)) <= (0 if count % 10 == 0 else 1)


def test_all_or_more_than_there_are() -> None:
    """0 is all, and so is what is more than all."""
    pool = [_choice(f"q{n}", ["x", "y"], ["x"]) for n in range(5)]
    assert select(pool, 0, "s") == select(pool, 5, "s") == select(pool, 99, "s") == tuple(pool)
    assert select([], 3, "s") == ()


def test_another_seed_is_another_choice() -> None:
    """Ten of forty."""
    pool = [_choice(f"q{n:02}", ["x", "y"], ["x"]) for n in range(40)]
    assert len({tuple(q.id for q in select(pool, 10, str(seed))) for seed in range(20)}) == 20
