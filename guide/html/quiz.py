"""The quiz of a document: its questions chosen by the options, and a version of it as a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.html.document import Document
from guide.html.views import LevelView, QuizView
from guide.model.content import Question
from guide.model.pack import Pack
from guide.model.quiz import arranged, select, topics

_LEVELS = {1: "Recall", 2: "Understanding", 3: "Judgement"}


def chosen(pack: Pack, kind: str, options: Mapping[str, Any]) -> tuple[Pack, list[Diagnostic]]:
    """Return the pack with the questions that the options ask for, and what is wrong with those.

    The options are `tags`, `levels`, `sections` and `questions`, as templates/quiz/kind.toml
    describes them.
    """
    problems: list[Diagnostic] = []

    def place(name: str) -> Place:
        return pack.at(f"documents.{kind}.{name}")

    whole = pack.whole or pack  # an edition may lack what the options name
    known = topics(whole.sections)
    for section in options["sections"]:
        if str(section) not in known:
            hint = did_you_mean(str(section), known)
            message = f"there is no section `{section}`"
            problems.append(error("bad-value", message, place("sections"), hint))
    every = {tag for question in whole.questions for tag in question.tags}
    for tag in options["tags"]:
        if str(tag) not in every:
            hint = did_you_mean(str(tag), sorted(every)) or "Tag some questions with it."
            message = f"no question has the tag `{tag}`"
            problems.append(warning("unknown-tag", message, place("tags"), hint))
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
        problems.append(error("nothing-to-print", message, place("questions"), hint))
    elif count > len(fitting):
        message = f"{count} questions are asked for, but there are only {len(fitting)}"
        hint = "Write more, or ask for fewer."
        severity = Severity.NOTE if pack.whole else Severity.WARNING
        few = Diagnostic("too-few-questions", message, place("questions"), hint, severity)
        problems.append(few)
    seed = str(options["seed"])
    return replace(pack, questions=select(fitting, count, seed, whole.sections)), problems


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
            group.questions.append(document.question(each, measure))
        points = sum(question.points for question in questions)
        views.append(QuizView(version.upper(), list(groups.values()), points))
    return views


def _named(document: Document, level: int, levels: int) -> str:
    if levels < 2:
        return ""
    text = document.labels("Level %(number)s") % {"number": level}
    return f"{text}: {document.labels(_LEVELS[level])}" if level in _LEVELS else text
