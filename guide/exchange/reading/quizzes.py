"""Questions of learning platforms as entries of questions.yaml: answers with their weights and feedback."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Place
from guide.exchange.reading.found import Found
from guide.model.base import KEBAB

_CORRECT = "Correct it in the file and export again, or import the rest with --skip-unreadable."


@dataclass(frozen=True)
class Answer:
    """An answer in Markdown: its share of the points in per cent, what is said of it, and what it is paired with."""

    text: str
    share: float = 0.0
    feedback: str = ""
    partner: str = ""


@dataclass
class Asked:
    """A question as it was read: `kind` is choice, true-false, short, match, order or essay."""

    kind: str
    prompt: str
    at: Place
    answers: Sequence[Answer] = ()
    explanation: str = ""
    key: str = ""
    group: str = ""
    points: float = 1.0
    tags: Sequence[str] = field(default_factory=tuple)
    shuffle: bool = True


_LEVEL = re.compile("level-[1-5]")


def add_question(found: Found, asked: Asked) -> None:
    """Add a question, or say why it cannot be one of guide's."""
    data = _data(asked)
    shown = " ".join(asked.prompt.split())[:40]
    if not asked.prompt:
        found.unreadable("the question has no text", asked.at, _CORRECT)
    elif isinstance(data, str):
        found.unreadable(f"the question `{shown}` {data}", asked.at, _CORRECT)
    elif not data:
        found.omit(
            "a question with an open answer and no model answer|questions with an open answer and no model answer",
            asked.at,
        )
    else:
        points = round(asked.points)
        if points != 1 and 0 <= points <= 100:
            data["points"] = points
        levels = [tag for tag in asked.tags if _LEVEL.fullmatch(tag)]  # as guide exports them
        if levels:
            data["level"] = int(levels[0][-1])
        tags = [tag for tag in asked.tags if tag not in levels]
        data["tags"] = list(dict.fromkeys(filter(None, (asked.group, *tags))))
        if KEBAB.fullmatch(asked.key) and not asked.key.isdecimal():
            data = {"id": asked.key, **data}
        found.add("questions", data, asked.at, asked.key, asked.group)


def _data(asked: Asked) -> dict[str, Any] | str:
    """Return the fields of a question, why it is none, or nothing if there is nothing to answer with."""
    data: dict[str, Any] = {"prompt": asked.prompt}
    answers = [each for each in asked.answers if each.text]
    highest = max((each.share for each in answers), default=0)
    # Where one answer has all points, those with a part of them are wrong on paper.
    right = [each for each in answers if each.share > 0 and (each.share >= 100 or highest < 100)]
    notes = [asked.explanation, *_feedback(asked)]
    data["explanation"] = "\n\n".join(filter(None, dict.fromkeys(notes)))
    if asked.kind == "essay":
        answer = answers[0].text if answers else asked.explanation
        told = {**data, "type": "short", "answer": answer, "lines": 6, "explanation": ""}
        return told if answer else {}
    if asked.kind == "true-false":
        return {**data, "type": "true-false", "answer": bool(right) and right[0].text == "true"}
    if asked.kind == "short":
        answer = " / ".join(dict.fromkeys(each.text for each in right))
        return {**data, "type": "short", "answer": answer} if right else "has no right answer"
    if asked.kind == "match":
        pairs = {each.text: each.partner for each in answers if each.partner}
        few = len(pairs) < 2
        return "has fewer than two pairs" if few else {**data, "type": "match", "pairs": pairs}
    if asked.kind == "order":
        items = [each.text for each in answers]
        few = len(items) < 2
        return "has fewer than two items" if few else {**data, "type": "order", "items": items}
    if len(answers) < 2 or not right:
        return "has no right answer" if len(answers) > 1 else "has fewer than two options"
    data |= {} if asked.shuffle else {"shuffle": False}
    return {**data, "options": [a.text for a in answers], "answer": [a.text for a in right]}


def _feedback(asked: Asked) -> list[str]:
    """Return what is said of single answers, each after its answer."""
    told = [each for each in asked.answers if each.feedback]
    if asked.kind in {"true-false", "short", "essay"} or len(asked.answers) == 1:
        return [each.feedback for each in told]
    return [f"{each.text}: {each.feedback}" for each in told if "\n" not in each.text]
