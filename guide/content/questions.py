"""Rules over questions: an answer among the options, and nothing that is right twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guide.diagnostics.diagnostic import Diagnostic, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.model.alike import repeated
from guide.model.content import ChoiceQuestion, MatchQuestion, OrderQuestion, Question
from guide.model.pack import Pack


def check_questions(pack: Pack) -> Iterator[Diagnostic]:
    """Yield what makes a right answer of a question wrong, or of two equal ones only one right."""
    for question in pack.questions:
        if isinstance(question, ChoiceQuestion):
            yield from _answers(question)
            hint = "Delete or rewrite one of the two: readers cannot tell which is right."
            yield from _twice(question, "option", question.options, "options", hint)
        elif isinstance(question, MatchQuestion):
            hint = "Write a left side once, with one right side."
            yield from _twice(question, "left side", tuple(question.pairs), "pairs", hint)
            hint = "Give each left side its own right side, or ask with `type: choice`."
            yield from _twice(question, "right side", tuple(question.pairs.values()), "pairs", hint)
        elif isinstance(question, OrderQuestion):
            hint = "Write the items so that they differ: only one order of the two is marked right."
            yield from _twice(question, "item", question.items, "items", hint)


def _answers(question: ChoiceQuestion) -> Iterator[Diagnostic]:
    for number, answer in enumerate(question.answer):
        if answer not in question.options:
            hint = did_you_mean(answer, question.options)
            message = f"the answer `{answer}` is not among the options"
            place = question.at(f"answer.{number}")
            yield error("answer-not-an-option", message, place, hint, question.id)


def _twice(
    question: Question, what: str, texts: Sequence[str], field: str, hint: str
) -> Iterator[Diagnostic]:
    """Yield the texts that print like an earlier one; differences of capitals are only doubtful."""
    keys = list(question.pairs) if isinstance(question, MatchQuestion) else range(len(texts))
    for number, first, exact in repeated(texts):
        place = question.at(f"{field}.{keys[number]}")
        line = question.at(f"{field}.{keys[first]}").line
        if exact:
            message = f"the {what} `{texts[number]}` appears twice; the first is on line {line}"
            yield error("duplicate-option", message, place, hint, question.id)
        else:
            message = (
                f"the {what} `{texts[number]}` differs from `{texts[first]}` "
                f"on line {line} by its capitals alone"
            )
            hint_for_case = "If the capitals are the question, accept this warning in pack.yaml."
            yield warning("duplicate-option", message, place, hint_for_case, question.id)
