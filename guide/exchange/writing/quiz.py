"""Questions as several formats need them: their texts, what is right, and what a format cannot carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from guide.exchange.writing.chosen import Export
from guide.exchange.writing.texts import Texts, plain_text
from guide.model.content import (
    ChoiceQuestion,
    MatchQuestion,
    OrderQuestion,
    Question,
    ShortQuestion,
    TrueFalseQuestion,
)

_LONGEST_TYPED = 60  # characters of an answer that a pupil can be expected to type


@dataclass(frozen=True)
class Asked:
    """A question with its texts as HTML.

    `kind` is choice, several, truth, typed, essay, match or order. `options` are the options, or the items in the
    right order; `right` says which of them are right; `pairs` are those to match. `answer` is that of a question
    with an open answer, as plain text for `typed`.
    """

    question: Question
    kind: str
    prompt: str
    explanation: str = ""
    options: tuple[str, ...] = ()
    right: tuple[bool, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    true: bool = False

    @property
    def name(self) -> str:
        """The prompt in plain text on one line, as a name."""
        return " ".join(plain_text(self.prompt).split())[:200] or self.question.id


@dataclass
class Asking:
    """Makes the texts of questions."""

    export: Export
    tex: bool = True
    texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        self.texts = Texts(self.export, self.tex)

    def all(self) -> list[Asked]:
        """Return all questions of an export."""
        made = [self._asked(question) for question in self.export.questions()]
        self.texts.finished()
        return made

    def _asked(self, question: Question) -> Asked:
        def html(text: str, name: str) -> str:
            return self.texts.html(text, question, name)

        prompt, why = html(question.prompt, "prompt"), ""
        if question.explanation:
            why = html(question.explanation, "explanation")
        if isinstance(question, ChoiceQuestion):
            options = tuple(html(text, f"options.{n}") for n, text in enumerate(question.options))
            right = tuple(option in question.answer for option in question.options)
            kind = "several" if sum(right) > 1 else "choice"
            return Asked(question, kind, prompt, why, options, right)
        if isinstance(question, TrueFalseQuestion):
            return Asked(question, "truth", prompt, why, true=question.answer)
        if isinstance(question, MatchQuestion):
            pairs = tuple((html(a, "pairs"), html(b, "pairs")) for a, b in question.pairs.items())
            return Asked(question, "match", prompt, why, pairs=pairs)
        if isinstance(question, OrderQuestion):
            items = tuple(html(text, f"items.{n}") for n, text in enumerate(question.items))
            return Asked(question, "order", prompt, why, items)
        assert isinstance(question, ShortQuestion)
        answer = html(question.answer, "answer")
        words = plain_text(answer)
        typed = len(words) <= _LONGEST_TYPED and "\n" not in words and "<img" not in answer
        return Asked(
            question, "typed" if typed else "essay", prompt, why, answer=words if typed else answer
        )

    def tags(self, question: Question) -> tuple[str, ...]:
        """Return the tags of a question, its level among them."""
        return (*question.tags, *([f"level-{question.level}"] if question.level != 1 else []))


def has_picture(*texts: str) -> bool:
    """Return True if one of the texts has a picture."""
    return any("<img" in text for text in texts)


def texts_of(asked: Asked) -> Sequence[str]:
    """Return all texts of a question."""
    pairs = [side for pair in asked.pairs for side in pair]
    return [asked.prompt, asked.explanation, asked.answer, *asked.options, *pairs]
