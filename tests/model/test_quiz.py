"""A quiz: every version has the same questions, its key is right, and it never changes by itself."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
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
from guide.model.quiz import Asked, arranged, asked, letter, mixed_options, select

word = st.text("abcdefghij klmnop", min_size=1, max_size=12).map(str.strip).filter(bool)
words = st.lists(word, min_size=2, max_size=8, unique=True)
LETTERS = ["", *"abcdefg"]


@st.composite
def question(draw: st.DrawFn, number: int = 0) -> Question:
    common = {"id": f"q-{number}", "prompt": "What?", "level": draw(st.integers(1, 5)),
              "points": draw(st.integers(0, 9)), "shuffle": draw(st.booleans()),
              "tags": tuple(draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)))}  # fmt: skip
    kind = draw(st.integers(0, 4))
    if kind == 0:
        options = draw(words)
        answer = draw(st.lists(st.sampled_from(options), min_size=1, unique=True))
        return ChoiceQuestion(**common, options=tuple(options), answer=tuple(answer))
    if kind == 1:
        return TrueFalseQuestion(**common, type="true-false", answer=draw(st.booleans()))
    if kind == 2:
        return ShortQuestion(**common, type="short", answer="So.")
    if kind == 3:
        left = draw(words)
        return MatchQuestion(**common, type="match", pairs={key: draw(word) for key in left})
    return OrderQuestion(**common, type="order", items=tuple(draw(words)))


@st.composite
def questions(draw: st.DrawFn) -> list[Question]:
    return [draw(question(n)) for n in range(draw(st.integers(1, 14)))]


def marked(each: Asked) -> object:
    """Return the answer that somebody gives who follows the key, in the author's terms."""
    q = each.question
    if isinstance(q, ChoiceQuestion):
        return {option for n, option in enumerate(each.options) if letter(n) in each.key}
    if isinstance(q, TrueFalseQuestion):
        return each.key == ("true",)
    if isinstance(q, MatchQuestion):
        right = {letter(n): value for n, value in enumerate(each.right)}
        return {left: right[key] for left, key in zip(each.left, each.key, strict=True)}
    if isinstance(q, OrderQuestion):
        return tuple(item for _, item in sorted(zip(map(int, each.key), each.items, strict=True)))
    return None


def right(q: Question) -> object:
    """Return what the author says is right."""
    if isinstance(q, ChoiceQuestion):
        return set(q.answer)
    if isinstance(q, TrueFalseQuestion):
        return q.answer
    if isinstance(q, MatchQuestion):
        return dict(q.pairs)
    return q.items if isinstance(q, OrderQuestion) else None


@given(pack=questions(), count=st.integers(1, 7), seed=st.text(max_size=6), shuffle=st.booleans())
def test_versions_have_the_same_questions_and_right_keys(
    pack: list[Question], count: int, seed: str, shuffle: bool
) -> None:
    """In each version each question is asked once, by level, and its key gives the author's answer."""
    versions = arranged(pack, LETTERS[1 : count + 1], seed, shuffle)
    assert len(versions) == count
    for made in versions.values():
        assert Counter(each.question.id for each in made) == Counter(q.id for q in pack)
        assert [each.number for each in made] == list(range(1, len(pack) + 1))
        assert [each.question.level for each in made] == sorted(q.level for q in pack)
        for each in made:
            assert marked(each) == right(each.question)
            if isinstance(each.question, ChoiceQuestion):
                assert sorted(each.options) == sorted(each.question.options)
                if not (shuffle and each.question.shuffle):
                    assert each.options == each.question.options
    assert versions == arranged(pack, LETTERS[1 : count + 1], seed, shuffle)


def many(count: int, level: int = 1) -> list[Question]:
    return [TrueFalseQuestion(id=f"q-{n}", prompt="So?", type="true-false", answer=True, level=level) for n in range(count)]


def test_versions_differ_and_so_do_seeds() -> None:
    """Five questions have 120 orders: five versions have five of them, and another seed has others."""
    pack = many(5)

    def orders(seed: str) -> list[list[str]]:
        return [[a.question.id for a in made] for made in arranged(pack, "abcde", seed).values()]

    assert len({tuple(order) for order in orders("1")}) == 5
    assert orders("1") != orders("2")


def test_a_new_question_leaves_the_others_in_their_order() -> None:
    """What was asked before is asked in the same order, with the same options."""
    options = ("alpha", "beta", "gamma", "delta")
    pack: list[Question] = [ChoiceQuestion(id=f"q-{n}", prompt="?", options=options, answer=("beta",)) for n in range(9)]
    before = arranged(pack, ["a"], "s")["a"]
    after = arranged([many(1)[0].model_copy(update={"id": "new"}), *pack], ["a"], "s")["a"]
    kept = [(a.question.id, a.options) for a in after if a.question.id != "new"]
    assert kept == [(a.question.id, a.options) for a in before]


@given(count=st.integers(1, 40), seed=st.text(max_size=4))
def test_a_choice_of_questions_is_exact_and_balanced(count: int, seed: str) -> None:
    """Of 40 questions at two levels on two sections each group gives its share, give or take one."""
    sections = [Section(id="one", title="1", tags=("core", "war")), Section(id="two", title="2", tags=("core", "peace"))]
    pack = [
        q.model_copy(update={"id": f"{q.id}-{level}-{tag}", "tags": ("core", tag)})
        for level in (1, 2) for tag in ("war", "peace") for q in many(10, level)
    ]  # fmt: skip
    chosen = select(pack, count, seed, sections)
    assert len(chosen) == count and len({q.id for q in chosen}) == count
    groups = Counter((q.level, q.tags[1]) for q in chosen)
    assert max(groups.values()) - min(groups.get((level, tag), 0) for level in (1, 2) for tag in ("war", "peace")) <= 1


@pytest.mark.parametrize("options", [
    ("60", "72", "78", "90"), ("2008", "2013", "2018"), ("about 500", "about 5,000"), ("5 %", "10 %"), ("1.5 km", "3 km"),
    ("12 June 1999", "20 June 1999", "1 July 1999"), ("1999-06", "2001-02"), ("A and B", "Only C", "x"), ("€ 5", "€ 7"),
])  # fmt: skip
def test_options_with_an_order_of_their_own_keep_it(options: tuple[str, ...]) -> None:
    assert all(mixed_options(options, str(seed)) == options for seed in range(20))


@pytest.mark.parametrize("last", [
    "All of the above", "None of the above", "none of these", "Both of them", "Alle genannten", "Keine der genannten",
    "Toutes ces réponses", "Aucune de ces réponses", "Të gjitha më sipër", "Sve navedeno", "Ništa od navedenog", "Све наведено",
])  # fmt: skip
def test_what_speaks_of_the_others_stays_last(last: str) -> None:
    """The others are mixed, in some seed differently, and it stays where it stands."""
    options = ("alpha", "beta", "gamma", last)
    made = {mixed_options(options, str(seed)) for seed in range(30)}
    assert all(each[-1] == last for each in made)
    assert len(made) > 3


@given(values=words, seed=st.text(max_size=3))
def test_a_match_and_an_order_never_give_themselves_away(values: list[str], seed: str) -> None:
    order = asked(OrderQuestion(id="o", prompt="?", type="order", items=tuple(values)), 1, seed)
    assert order.items != tuple(values)
    match = asked(MatchQuestion(id="m", prompt="?", type="match", pairs=dict(zip(values, values, strict=True))), 1, seed)
    assert match.right != match.left


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]
