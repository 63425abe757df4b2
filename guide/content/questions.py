"""Rules over questions and cards: an answer among the options, nothing right twice, nothing asked twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.model.alike import printed, repeated
from guide.model.content import Card, ChoiceQuestion, MatchQuestion, OrderQuestion, Question
from guide.model.pack import Pack

_GAP = re.compile(r"\{\{.{1,200}?\}\}(?!\})", re.S)
_Side = tuple[str, ...]


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
            hint = _the_option(answer, question.options) or did_you_mean(answer, question.options)
            message = f"the answer `{answer}` is not among the options"
            place = question.at(f"answer.{number}")
            yield error("answer-not-an-option", message, place, hint, question.id)


def _the_option(answer: str, options: Sequence[str]) -> str:
    """Return what to write for an answer that is the letter or the number of an option."""
    number = (
        int(answer) - 1
        if re.fullmatch(r"[1-9]\d?", answer)
        else ord(answer.upper()) - 65
        if len(answer) == 1
        else -1
    )
    if not 0 <= number < len(options):
        return ""
    return f"Write the text of the option: `answer: {options[number]}`."


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


def check_duplicates(pack: Pack) -> Iterator[Diagnostic]:
    """Yield the authored cards that say what an earlier one says, or ask what it asks.

    A side is the text as a reader sees it, with the picture and the hint on it: "What is this?"
    under two pictures is two questions.
    """
    whole: dict[tuple[_Side, str], Card] = {}
    asked: dict[_Side, Card] = {}
    for card in pack.cards:
        told: set[str] = set()
        for front, back in _sides(card):
            same, first = whole.get((front, back)), asked.get(front)
            if same is not None and same is not card and same.id not in told:
                told.add(same.id)
                message = f"the card says the same as the one at {same.at()}"
                yield warning(
                    "duplicate-card", message, card.at(), "Delete one of the two.", card.id
                )
            elif first is not None and first is not card and first.id not in told and same is None:
                told.add(first.id)
                yield _two_answers(card, first.at(), front[0])
            whole.setdefault((front, back), card)
            asked.setdefault(front, card)


def _sides(card: Card) -> Iterator[tuple[_Side, str]]:
    """Yield each front of a card with its back."""
    if card.cloze:
        asked = _GAP.sub("\0", card.cloze)
        yield (printed(asked), card.image, printed(card.hint)), printed(card.cloze)
    elif card.front and card.back:
        front, back = printed(card.front), printed(card.back)
        yield (front, card.image, printed(card.hint)), back
        if card.reverse:
            yield (back, card.image, ""), front


def _two_answers(card: Card, first: Place, front: str) -> Diagnostic:
    shown = " ".join(front.replace("\0", "…").split())[:50]
    message = f"the card asks `{shown}`, as the one at {first} does, and has another answer"
    hint = "Make the two questions differ, add a `hint` to each, or put both answers on one card."
    return warning("duplicate-card", message, card.at(), hint, card.id)
