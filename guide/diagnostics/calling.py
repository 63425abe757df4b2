"""Commands and documents named as this user reaches them."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

CALLED = "GUIDE_CALLED"
"""The variable in which `guide.sh` hands on how it was called."""
_COMMAND = re.compile(r"`guide(?= [a-z<-])")
_DOCUMENT = re.compile(r"(?<![\w/.-])docs/[\w/-]+(?:\.md)?")


def command(*arguments: object) -> str:
    """Return a command line of guide, to be typed in the shell from which it was called."""
    return f"{_name()} {shlex.join(map(str, arguments))}"


def as_called(text: str) -> str:
    """Return text in which `guide ...` in backticks is as it was called, and docs/ can be opened."""
    return _DOCUMENT.sub(_where, _COMMAND.sub(f"`{_name()}", text))


def install(extra: str) -> str:
    """Return the command that adds an extra to the environment in which guide runs."""
    return f"{shlex.quote(sys.executable)} -m pip install 'guide-press[{extra}]'"


def _name() -> str:
    return shlex.quote(os.environ.get(CALLED) or "guide")


def _where(match: re.Match[str]) -> str:
    from guide.resources import ROOT  # slower to import than the rest of `guide --help`

    path = ROOT / match[0]
    if not path.exists():
        return match[0]
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
