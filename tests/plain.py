"""Words that read like a translation, with plain ones for them."""

from __future__ import annotations

import re

PLAIN = {
    r"stands?\b(?! (?:for|still|out|up|in the way)\b)": "is, appears",
    r"lies": "is",
    r"as it stands|as they stand": "unchanged",
    r"in line (?=[0-9{])": "on line",
    r"whoever|whichever": "name the person or thing",
    r"of (?:its|your|their) own": "its own, your own",
    r"left out": "omitted",
    r"belongs? into": "put ... into",
    r"mend(?:s|ed)?": "fix",
    r"befalls?": "name what happens",
    r"tells? whether": "return whether",
    r"knows no\b": "does not know",
    r"called so": "has this name",
}
PATTERN = re.compile(r"\b(" + "|".join(f"(?:{words})" for words in PLAIN) + r")", re.I)
