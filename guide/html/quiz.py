"""The questions of a document: chosen by the options of a quiz, as views, and in its versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from guide.diagnostics.diagnostic import Diagnostic, Severity, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.html.document import Document
from guide.html.views import LevelView, QuestionView, QuizView
from guide.markup.blocks import has_blocks
from guide.model.alike import end_of
from guide.model.content import (
    ChoiceQuestion,
    MatchQuestion,
    OrderQuestion,
    Question,
    TrueFalseQuestion,
)
from guide.model.pack import Pack
from guide.model.quiz import Asked, arranged, in_right_order, letter, select, topics

_LABEL = 6  # characters that a letter and the space after an option take
_LEVELS = {1: "Recall", 2: "Understanding", 3: "Judgement"}


def chosen(pack: Pack, kind: str, options: Mapping[str, Any]) -> tuple[Pack, list[Diagnostic]]:
    """Return the pack with the questions that the options ask for, and what is wrong with those.

    The options are `tags`, `levels`, `sections` and `questions`, as templates/quiz/kind.toml
    describes them.
    """
    place = pack.at(f"documents.{kind}.questions")
    whole = pack.whole or pack  # an edition may lack what the options name
    known = topics(whole.sections)
    problems = list(_unknown(pack, kind, options, known))
    wanted = set(map(str, options["tags"]))
    topical = set().union(*(known.get(str(name), set()) for name in options["sections"]))
    levels = set(map(str, options["levels"]))

    def fits(question: Question) -> bool:
        tags = set(question.tags)
        return (
            (not wanted or bool(wanted & tags))
            and (not options["sections"] or bool(topical & tags))
            and (not levels or str(question.level) in levels)
        )

    fitting = [question for question in pack.questions if fits(question)]
    count = int(options["questions"])
    if not fitting and pack.questions and not problems:
        message = "no question has these tags, levels and sections"
        hint = "Ask for fewer of them, or tag the questions."
        problems.append(error("nothing-to-print", message, place, hint))
    elif count > len(fitting):
        message = f"{count} questions are asked for, but there are only {len(fitting)}"
        severity = Severity.NOTE if pack.whole else Severity.WARNING
        hint = "Write more, or ask for fewer."
        problems.append(Diagnostic("too-few-questions", message, place, hint, severity))
    seed = str(options["seed"])
    return pack.asking(select(fitting, count, seed, whole.sections)), problems


def _unknown(
    pack: Pack, kind: str, options: Mapping[str, Any], known: Mapping[str, set[str]]
) -> Iterator[Diagnostic]:
    """Yield problems for the sections and tags of the options that the pack does not have."""
    for section in map(str, options["sections"]):
        if section not in known:
            place, hint = pack.at(f"documents.{kind}.sections"), did_you_mean(section, known)
            yield error("bad-value", f"there is no section `{section}`", place, hint)
    every = {tag for question in (pack.whole or pack).questions for tag in question.tags}
    for tag in map(str, options["tags"]):
        if tag not in every:
            hint = did_you_mean(tag, sorted(every)) or "Tag some questions with it."
            place = pack.at(f"documents.{kind}.tags")
            yield warning("unknown-tag", f"no question has the tag `{tag}`", place, hint)


def quizzes(
    document: Document, options: Mapping[str, Any], versions: Sequence[str], measure: int
) -> list[QuizView]:
    """Return the versions of a quiz by their letters.

    `measure` is the number of characters that go on a line.
    """
    questions = document.pack.questions
    levels = {question.level for question in questions}
    made = arranged(questions, versions, str(options["seed"]), bool(options["shuffle"]))
    views = []
    for version, asked in made.items():
        groups: dict[int, LevelView] = {}
        for each in asked:
            level = each.question.level
            group = groups.setdefault(level, LevelView(_named(document, level, len(levels))))
            group.questions.append(question_view(document, each, measure))
        points = sum(question.points for question in questions)
        views.append(QuizView(version.upper(), list(groups.values()), points))
    return views


def _named(document: Document, level: int, levels: int) -> str:
    if levels < 2:
        return ""
    text = document.labels("Level %(number)s") % {"number": level}
    return f"{text}: {document.labels(_LEVELS[level])}" if level in _LEVELS else text


def question_view(document: Document, asked: Asked, measure: int = 0) -> QuestionView:
    """Return a question; its options are in columns where `measure` characters have room."""
    of = asked.question

    def texts(values: Iterable[str]) -> list[Markup]:
        return [document.flowing(value, of) for value in values]

    answer = _answer(document, asked)
    return QuestionView(
        number=asked.number,
        type=of.type,
        level=of.level,
        points=of.points,
        lines=getattr(of, "lines", 0),
        prompt=document.flowing(of.prompt, of, "prompt"),
        options=texts(asked.options),
        pairs_left=texts(asked.left),
        pairs_right=texts(asked.right),
        items=texts(asked.items),
        answer_text=answer,
        answer_end=end_of_words(answer),
        explanation=document.flowing(of.explanation, of, "explanation"),
        columns=_columns(asked.options, measure),
        key=asked.key,
        **document.common(of),
    )


def _answer(document: Document, asked: Asked) -> Markup:
    of = asked.question

    def lettered(texts: Sequence[str], numbers: Iterable[int], between: str) -> Markup:
        parts = (escape(f"{letter(n)}: ") + document.inline(texts[n], of) for n in numbers)
        return Markup(between).join(parts)  # noqa: S704  one of ours

    if isinstance(of, ChoiceQuestion):
        right = [n for n, _ in enumerate(asked.options) if letter(n) in asked.key]
        return lettered(asked.options, right, "; ")
    if isinstance(of, TrueFalseQuestion):
        return escape(document.labels("True" if of.answer else "False"))
    if isinstance(of, MatchQuestion):
        return escape(", ".join(f"{n}\u2013{key}" for n, key in enumerate(asked.key, 1)))
    if isinstance(of, OrderQuestion):
        return lettered(asked.items, in_right_order(asked), " \u2192 ")
    return document.flowing(of.answer, of, "answer")


def end_of_words(text: Markup) -> str:
    """Return the full stop that words need before what explains them; blocks end by themselves."""
    return "" if has_blocks(text) else end_of(text.striptags())


def _columns(options: Sequence[str], measure: int) -> int:
    """Return in how many columns options are set: as many as leave room for the longest."""
    longest = max(map(len, options), default=0) + _LABEL
    wanted = (count for count in (4, 3, 2) if count * longest <= measure)
    alone = 1  # an option in a row by itself
    return next((n for n in wanted if n <= len(options) and len(options) % n != alone), 1)
