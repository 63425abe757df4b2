"""What on the front of a card gives its answer away: words that only the back should have."""

from __future__ import annotations

from guide.model.letters import tokens, unaccented

_STEM, _ENDING = 5, 3  # letters: `Glacier` is in `Glaciers`


def words(text: str) -> set[str]:
    """Return the words and numbers of a plain text, whatever their case."""
    return set(tokens(text))


def gives_away(text: str, question: str, answer: str) -> bool:
    """Return True if a text has a word of the answer, in another form maybe, that the question lacks."""
    secret = [unaccented(word) for word in words(answer) - words(question)]
    return any(_akin(unaccented(one), other) for one in words(text) for other in secret)


def _akin(one: str, other: str) -> bool:
    """Return True for one word, or for two that differ in their ending alone."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    return len(short) >= _STEM and len(long) - len(short) <= _ENDING and long.startswith(short)
