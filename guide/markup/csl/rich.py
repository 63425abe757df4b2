"""Rich text as a flat list of runs: joined at seams, formatted from inside out, written as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

NO_LOOK: dict[str, str] = {}


class Run(NamedTuple):
    """Some text of one look.

    `look` holds CSL's formatting properties and their values; `toggled` the tags that the field
    itself has, which turn back to normal inside the same formatting. `kind` is `oq` or `cq` for a
    quotation mark whose form depends on what is around it, `nocase` for text that keeps its
    capitals, `num` for a citation number. `link` is the key of the source that the run leads to.
    """

    text: str
    look: tuple[tuple[str, str], ...] = ()
    toggled: frozenset[str] = frozenset()
    kind: str = ""
    link: str = ""


Rich = list[Run]
Quotes = tuple[str, str, str, str]  # open, close, inner open, inner close

_PUNCTUATION = frozenset(".,;:!?")
# What two marks at a seam become: no style wants both of them.
_MEET = {
    "!": {".": "!", "?": "!?", ":": "!", ",": "!,", ";": "!;", "!": "!"},
    "?": {"!": "?!", ".": "?", ":": "?", ",": "?,", ";": "?;", "?": "?"},
    ".": {"!": ".!", "?": ".?", ":": ".:", ",": ".,", ";": ".;", ".": "."},
    ":": {"!": "!", "?": "?", ".": ":", ",": ":,", ";": ":;", ":": ":"},
    ",": {"!": ",!", "?": ",?", ":": ",:", ".": ",.", ";": ",;", ",": ","},
    ";": {"!": "!", "?": "?", ":": ";", ".": ";", ",": ";,", ";": ";"},
}


def text_run(text: str) -> Rich:
    """Return plain text as runs; no text, no run."""
    return [Run(text)] if text else []


def plain(rich: Iterable[Run]) -> str:
    """Return the characters of a rich text, with straight quotation marks."""
    return "".join('"' if run.kind in {"oq", "cq"} else run.text for run in rich)


def glue(left: Rich, right: Rich, inside: bool = False) -> Rich:
    """Join two texts, so that punctuation and spaces are not doubled at the seam.

    `inside` puts a comma or full stop before a closing quotation mark (CSL's punctuation-in-quote).
    """
    if not left or not right:
        return left or right
    first = right[0]
    mark = first.text[:1]
    if first.kind in {"oq", "cq"} or (mark != " " and mark not in _PUNCTUATION):
        return left + right
    at = len(left) - 1
    while at > 0 and left[at].kind == "cq":
        at -= 1
    quoted = at < len(left) - 1
    last = left[at].text[-1:] if left[at].kind not in {"oq", "cq"} else ""
    if mark != " " and not quoted and (first.text[1:2] in {"", " "}) and _ends_style(left):
        # A style's own comma after its own space: the space parted what is not there.
        return glue(_without_space(left, mark), right, inside)
    if mark == " ":
        return left + _without_first(right) if last == " " and not quoted else left + right
    if quoted and not (inside and mark in ".,"):
        same = mark == "." and last in ".!?" and mark != ","
        return left + (_without_first(right) if same and last == "." and inside else right)
    if last in _MEET:
        met = _MEET[last][mark]
        changed = left[at]._replace(text=left[at].text[:-1] + met)
    elif quoted:
        changed = left[at]._replace(text=left[at].text + mark)
    else:
        return left + right
    return [*left[:at], changed, *left[at + 1 :], *_without_first(right)]


def _ends_style(left: Rich) -> bool:
    """Return True if a text ends in punctuation and a space, which may be a separate run."""
    text = (
        left[-1].text if len(left[-1].text) > 1 or len(left) < 2 else left[-2].text + left[-1].text
    )
    return text[-1:] == " " and text[-2:-1] in _PUNCTUATION


def _without_space(left: Rich, mark: str) -> Rich:
    """Take off the space at the end; a style's own `. ` goes before a comma."""
    last = left[-1]
    text = "" if last.text == ". " and mark in ",;" else last.text[:-1]
    return [*left[:-1], *([last._replace(text=text)] if text else [])]


def _without_first(rich: Rich) -> Rich:
    rest = rich[0].text[1:]
    return ([rich[0]._replace(text=rest)] if rest else []) + rich[1:]


def join(parts: Sequence[Rich], delimiter: str, inside: bool = False) -> Rich:
    """Join texts with a delimiter between those that are not empty."""
    between = text_run(delimiter)
    result: Rich = []
    for part in parts:
        if not part:
            continue
        if result:
            result = glue(result, between, inside) if between else result
        result = glue(result, part, inside)
    return result


_PROPERTIES = {
    "font-style": ("i", "normal"), "font-weight": ("b", "normal"), "vertical-align": ("", ""),
    "font-variant": ("sc", "normal"), "text-decoration": ("", ""),
}  # fmt: skip


def formatted(rich: Rich, attributes: dict[str, str]) -> Rich:
    """Apply the formatting of a CSL element; what is inside it already has its own."""
    for name, (tag, normal) in _PROPERTIES.items():
        value = attributes.get(name)
        if value is None:
            continue
        result = []
        for run in rich:
            if any(known == name for known, _ in run.look):
                result.append(run)
            elif tag and tag in run.toggled and value != "normal":
                look = (*run.look, (name, normal))
                result.append(run._replace(look=look, toggled=run.toggled - {tag}))
            else:
                result.append(run._replace(look=(*run.look, (name, value))))
        rich = result
    return rich


_TAGS = {
    "i": "i", "b": "b", "sup": "sup", "sub": "sub", "sc": "sc", "em": "i", "strong": "b",
}  # fmt: skip
_TAG = re.compile(
    r"<(/?)(i|b|sup|sub|sc|em|strong|span)"
    r"((?:\s+(?:class|style)\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*)\s*>",
    re.I,
)


def parse(text: str) -> Rich:
    """Read a field: CSL's rich text (<i>, <b>, <sup>, <sub>, <sc>, nocase) and quotation marks.

    A tag without its counterpart is text.
    """
    if "<" not in text:
        return _quoted([Run(text)]) if text else []
    result: Rich = []
    stack: list[str] = []
    pairs = _pairs(text)
    last = 0
    for match in _TAG.finditer(text):
        if match.start() not in pairs:
            continue
        _add(result, text[last : match.start()], stack)
        last = match.end()
        if match[1]:
            stack.pop()
        else:
            stack.append(pairs[match.start()])
    _add(result, text[last:], stack)
    return _quoted(result)


def _pairs(text: str) -> dict[int, str]:
    """Return the places of the tags that have a counterpart, each with what it means."""
    found: dict[int, str] = {}
    stack: list[tuple[str, int, str]] = []
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if not match[1]:
            stack.append((name, match.start(), _meaning(name, match[3])))
            continue
        while stack and stack[-1][0] != name:
            stack.pop()
        if stack:
            _, start, meaning = stack.pop()
            found[start] = found[match.start()] = meaning
    return found


def _meaning(name: str, attributes: str) -> str:
    if name != "span":
        return _TAGS[name]
    folded = re.sub(r"\s", "", attributes.lower())
    if "nocase" in folded:
        return "nocase"
    if "small-caps" in folded:
        return "sc"
    return ""


def _add(result: Rich, text: str, stack: Sequence[str]) -> None:
    if not text:
        return
    toggled: set[str] = set()
    for tag in stack:
        if tag not in {"", "nocase"}:
            toggled ^= {tag}
    result.append(Run(text, toggled=frozenset(toggled), kind="nocase" if "nocase" in stack else ""))


_QUOTE = re.compile("[\"'“”‘’„«»]")


def _quoted(rich: Rich) -> Rich:
    """Turn quotation marks into marks whose form the surroundings decide, apostrophes into ’."""
    whole = "".join(run.text for run in rich)
    if not _QUOTE.search(whole):
        return rich
    roles = _roles(whole)
    result: Rich = []
    at = 0
    for run in rich:
        piece = ""
        for char in run.text:
            role = roles.get(at)
            at += 1
            if role in {"oq", "cq"}:
                if piece:
                    result.append(run._replace(text=piece))
                    piece = ""
                result.append(run._replace(text=char, kind=str(role)))
            else:
                piece += role or char
        if piece:
            result.append(run._replace(text=piece))
    return result


def _roles(text: str) -> dict[int, str]:
    """Return for each quotation mark whether it opens (oq) or closes (cq), or the text it is."""
    roles: dict[int, str] = {}
    stack: list[tuple[str, int]] = []
    for match in _QUOTE.finditer(text):
        at, char = match.start(), match[0]
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        opens = (not before or before in " \u00a0([{-–—/\"'“‘") and bool(after.strip())
        if char in "“‘":
            stack.append((char, at))
        elif char in "”’\"'":
            partner = {"”": "“", "’": "‘"}.get(char, char)
            word = before.isalnum() and after.isalnum()
            if (
                stack
                and stack[-1][0] == partner
                and not word
                and not (opens and char == '"' and not before)
            ):
                _, start = stack.pop()
                roles[start], roles[at] = "oq", "cq"
            elif char in "\"'" and opens:
                stack.append((char, at))
            elif char == "'":
                roles[at] = "’"
    for char, at in stack:
        if char == "'":
            roles[at] = "’"
    return roles


def capital(rich: Rich) -> Rich:
    """Return the text with its first letter as a capital."""
    return changed(
        rich, lambda text: text[:1].upper() + text[1:] if len(text[:1].upper()) == 1 else text
    )


def changed(rich: Rich, change: Callable[[str], str]) -> Rich:
    """Change letters of the whole text, whatever its runs; `change` keeps its length."""
    whole = "".join(run.text for run in rich)
    new = change(whole)
    if len(new) != len(whole):
        return rich
    result, at = [], 0
    for run in rich:
        end = at + len(run.text)
        keeps = run.kind in {"nocase", "oq", "cq"}
        result.append(run if keeps else run._replace(text=new[at:end]))
        at = end
    return result


_TAG_OF = {
    ("font-style", "italic"): ("<i>", "</i>"), ("font-style", "oblique"): ("<em>", "</em>"),
    ("font-style", "normal"): ('<span style="font-style:normal;">', "</span>"),
    ("font-weight", "bold"): ("<b>", "</b>"),
    ("font-weight", "normal"): ('<span style="font-weight:normal;">', "</span>"),
    ("font-variant", "small-caps"): ('<span style="font-variant:small-caps;">', "</span>"),
    ("font-variant", "normal"): ('<span style="font-variant:normal;">', "</span>"),
    ("text-decoration", "underline"): ('<span style="text-decoration:underline;">', "</span>"),
    ("vertical-align", "sup"): ("<sup>", "</sup>"), ("vertical-align", "sub"): ("<sub>", "</sub>"),
    ("toggle", "i"): ("<i>", "</i>"), ("toggle", "b"): ("<b>", "</b>"),
    ("toggle", "sup"): ("<sup>", "</sup>"), ("toggle", "sub"): ("<sub>", "</sub>"),
    ("toggle", "sc"): ('<span style="font-variant:small-caps;">', "</span>"),
}  # fmt: skip
# What is normal is said only where something around it is not.
_ESCAPES: Callable[[str], str] = lambda text: html.escape(text, quote=False)  # noqa: E731


def to_html(rich: Rich, quotes: Quotes, escape: Callable[[str], str] = _ESCAPES) -> str:
    """Return a rich text as HTML, with quotation marks by their depth."""
    depth, pieces = 0, []
    for run in rich:
        text = run.text
        if run.kind == "oq":
            text, depth = quotes[2 * (depth % 2)], depth + 1
        elif run.kind == "cq":
            depth = max(0, depth - 1)
            text = quotes[2 * (depth % 2) + 1]
        looks = [pair for pair in run.look if pair in _TAG_OF and not _is_plain(pair, run)]
        looks += [("toggle", tag) for tag in sorted(run.toggled)]
        if run.link:
            looks.append(("link", run.link))
        if text:
            pieces.append((text, tuple(looks)))
    return _nested(pieces, escape)


def _is_plain(pair: tuple[str, str], run: Run) -> bool:
    """Return True if a property is normal anyway; a look of two entries had another around it."""
    return pair[1] == "normal" and not run.look.index(pair) < len(run.look) - 1


def _nested(
    pieces: Sequence[tuple[str, tuple[tuple[str, str], ...]]], escape: Callable[[str], str]
) -> str:
    """Write runs with the look that goes on longest outside."""
    result, at = "", 0
    while at < len(pieces):
        text, looks = pieces[at]
        if not looks:
            result += escape(text)
            at += 1
            continue
        reach = {
            look: next((n for n in range(at, len(pieces)) if look not in pieces[n][1]), len(pieces))
            for look in looks
        }
        outer = max(looks, key=lambda look: (look[0] == "link", reach[look], looks.index(look)))
        end = reach[outer]
        inner = [(t, tuple(x for x in ls if x != outer)) for t, ls in pieces[at:end]]
        if outer[0] == "link":
            href = html.escape(outer[1])
            before, after = f'<a class="cite" href="#{href}">', "</a>"
        else:
            before, after = _TAG_OF[outer]
        result += before + _nested(inner, escape) + after
        at = end
    return result
