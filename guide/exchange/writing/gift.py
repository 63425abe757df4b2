"""Questions as GIFT, Moodle's plain text: no ordering, no pictures, no points."""

from __future__ import annotations

import re

from guide.exchange.writing.chosen import Export
from guide.exchange.writing.quiz import Asked, Asking, has_picture, texts_of
from guide.exchange.writing.texts import plain_text

_SIGNS = re.compile(r"([~=#{}:\\])")
_PICTURE = re.compile(r"<img[^>]*>")
_FEWEST_PAIRS = 3  # that Moodle takes


def gift(export: Export) -> bytes:
    """Return the questions of a pack as GIFT; what it cannot carry is reported by question."""
    asking = Asking(export)
    title = export.pack.manifest.title.replace("/", "//")
    made = [f"$CATEGORY: $course$/top/{title}"]
    for asked in asking.all():
        written = _written(asked, export)
        if written:
            tags = "".join(f" [tag:{tag}]" for tag in asking.tags(asked.question))
            made.append(f"// [id:{asked.question.id}]{tags}\n{written}")
    return ("\n\n".join(made) + "\n").encode()


def _written(asked: Asked, export: Export) -> str:
    question = asked.question
    if asked.kind == "order":
        export.lost(
            question,
            "GIFT has no ordering questions; the question is omitted",
            hint="Export it to Moodle XML.",
        )
        return ""
    if asked.kind == "match" and len(asked.pairs) < _FEWEST_PAIRS:
        export.lost(
            question,
            "a matching question in GIFT has three pairs or more; the question is omitted",
            "pairs",
        )
        return ""
    if has_picture(*texts_of(asked)):
        export.lost(
            question, "GIFT has no pictures; they are omitted", hint="Export it to Moodle XML."
        )
    if question.points != 1:
        export.lost(
            question, f"GIFT has no points; its {question.points} points are omitted", "points"
        )
    if asked.kind == "essay":
        export.lost(
            question, "GIFT has no model answer for a text question; it is omitted", "answer"
        )
    why = f"\n####{_safe(asked.explanation)}" if asked.explanation else ""
    return f"::{question.id}::[html]{_safe(asked.prompt)}{{{_answers(asked)}{why}\n}}"


def _answers(asked: Asked) -> str:
    if asked.kind == "truth":
        return "TRUE" if asked.true else "FALSE"
    if asked.kind == "essay":
        return ""
    if asked.kind == "typed":
        return f"\n={_escaped(asked.answer)}"
    if asked.kind == "match":
        return "".join(
            f"\n={_safe(left)} -> {_escaped(plain_text(right))}" for left, right in asked.pairs
        )
    share = f"{100 / sum(asked.right):.5f}".rstrip("0").rstrip(".")
    lines = []
    for option, right in zip(asked.options, asked.right, strict=True):
        mark = f"~%{share}%" if right else f"~%-{share}%"
        if asked.kind == "choice":
            mark = "=" if right else "~"
        lines.append(f"\n{mark}{_safe(option)}")
    return "".join(lines)


def _safe(html: str) -> str:
    return _escaped(" ".join(_PICTURE.sub("", html).split()))


def _escaped(text: str) -> str:
    """Return a text without signs that mean something in GIFT; an arrow would part a pair."""
    return _SIGNS.sub(r"\\\1", text.replace("->", "→")).replace("\n", " ")
