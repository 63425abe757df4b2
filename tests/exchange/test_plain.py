"""Text from elsewhere is printed as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guide.exchange.reading.plain import as_markdown

_SIGNS = st.sampled_from(list("*_`~^$[]{}<>()\\|#+-=:@&!.\"'1aB é語\n") + ["{{", "}}", "\\(", "\\)", "\\[", "](", "[^1]",
    "<b>", "</b>", "&amp;", "$$", "---", "|---|", "1. ", "- ", "> ", "::: note", "@fig-a", "[@k1]", "<!--", "-->",
    "```", "[[x]]", "**", "~~", "{#a}", "\n\n", ": ", "[x]: y", "2*3", "c1::"])  # fmt: skip
TEXTS = st.lists(_SIGNS, min_size=1, max_size=14).map("".join)


def words(html: str) -> str:
    """Return what a reader sees of HTML, with quotes and dots as they are typed, and single blanks."""
    text = re.sub(r"<br>|</(?:p|li|h\d|td|th|div)>", " ", html)
    text = unescape(re.sub(r"<[^>]*>", "", text))
    return " ".join(re.sub("[“”„]", '"', re.sub("[‘’‚]", "'", text.replace("…", "..."))).split())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(TEXTS)
@example("a\n- b\n1. c\n# d\n> e\n| f |\n|---|\n: g\n=====\n--- --")
@example("C:\\new\\table and \\(x\\) and \\[y\\]")
def test_a_plain_text_is_printed_as_it_was_written(make: Callable[..., Any], text: str) -> None:
    """No sign of a plain text is read as markup, in one line or in several."""
    document = _document(make)
    shown = words(str(document.flowing(as_markdown(text))))
    assert shown == " ".join(text.split())


_MADE: list[Any] = []


def _document(make: Callable[..., Any]) -> Any:
    if not _MADE:
        _MADE.append(make("x").document)
    return _MADE[0]
