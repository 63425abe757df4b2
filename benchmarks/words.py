"""Words and formulas from which the benchmark's cards are put together."""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split(","))


TOPICS = ("rivers", "cells", "energy", "trade", "language", "music", "maps", "numbers")

ADJECTIVES = tuple(
    """early late steady sudden northern southern inner outer public private narrow broad deep
    shallow bright quiet heavy light common rare ancient modern formal simple double single visible
    hidden regular careful neutral primary secondary seasonal electrical chemical commercial
    constitutional international agricultural""".split()
)
NOUNS = tuple(
    """river valley market treaty engine signal membrane orbit harbour parliament current metal
    crystal journey border season theory method province surface pressure language melody rhythm
    settlement machine network reaction molecule colony manuscript railway glacier harvest
    experiment measurement temperature temperature-scale government population distribution
    responsibility infrastructure""".split()
)
VERBS = tuple(
    """follows crosses carries protects measures replaces explains limits connects describes
    supports changes reaches divides weakens strengthens precedes absorbs releases transforms
    represents characterises""".split()
)
PREPOSITIONS = (
    "above",
    "behind",
    "along",
    "without",
    "before",
    "after",
    "near",
    "across",
    "beyond",
)
OPENERS = ("As a rule", "In most cases", "By contrast", "In the long run", "At first", "Since 1950")
QUESTIONS = ("Which", "What", "Why", "How", "When", "Where")
FOREIGN = _listed(
    """der Fluss, die Grenze, das Gemälde, die Übung, der Schlüssel, die Verantwortung, la forêt,
    le château, l’élève, la fenêtre, le cœur, la connaissance, el niño, la montaña, el corazón,
    la lección, el árbol, la investigación, o coração, a manhã, a televisão, l’università, la città,
    il perché, smørrebrød, älv, žena, řeka, mówić, książka"""
)
CODE = (
    "sorted(items, key=len)",
    "git rebase --onto main",
    "x = y or None",
    "SELECT name FROM towns",
    "for line in file:",
    "chmod u+x run.sh",
)

FORMULAS = (
    ("E = mc^2", "E = m c^2"),
    (r"\frac{a}{b} + \sqrt{x}", "a/b + sqrt(x)"),
    (r"x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", "x = (-b plus.minus sqrt(b^2 - 4 a c))/(2 a)"),
    (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "sum_(i=1)^n i = (n(n+1))/2"),
    (r"\rho = \frac{m}{V}", "rho = m/V"),
    (r"\int_0^1 x^2 dx = \frac{1}{3}", "integral_0^1 x^2 dif x = 1/3"),
)
"""Each formula in TeX, for guide and the script, and in Typst's own writing."""
