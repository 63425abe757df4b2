"""Inline rules of guide's Markdown: citations, references, gaps, formulas, scripts and tags."""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import reference as definition_of_markdown
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import image as image_of_markdown
from markdown_it.token import Token

from guide.model.cloze import gap_end
from guide.model.markup import (
    CLUSTER,
    NOTE,
    REFERENCE,
    TERM,
    are_attributes,
    read_attributes,
    read_cluster,
)
from guide.model.signs import BREAKS, DROPPED, REMEDIES, STYLES, TAG, formula_at, understood

_BRACES = re.compile(r"\{([^{}\n]*)\}")
_SCRIPTS = {"~": "sub", "^": "sup"}


def _written(state: StateInline, raw: str) -> dict[str, str]:
    """Return the text of a mark, and the text before it in its line, to find its place by."""
    begins = state.src.rfind("\n", 0, state.pos) + 1
    return {"raw": raw, "before": state.src[begins : state.pos]}


def cluster(state: StateInline, silent: bool) -> bool:
    """Read a glossary link `[[term]]` or a citation `[@key, p. 3]`."""
    if state.src[state.pos] != "[":
        return False
    term = TERM.match(state.src, state.pos)
    if term:
        if not silent:
            token = state.push("term", "", 0)
            token.content = (term[2] or term[1]).strip()
            token.meta = {"term": term[1].strip(), "other": bool(term[2])} | _written(
                state, term[0]
            )
        state.pos = term.end()
        return True
    match = CLUSTER.match(state.src, state.pos)
    found = read_cluster(match[1]) if match else None
    if not match or not found or silent:  # skipped, it is text: links may hold brackets, no links
        return False
    state.push("cite", "", 0).meta = {"cluster": found} | _written(state, match[0])
    state.pos = match.end()
    return True


def definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read `[name]: address`, but not a citation before a colon, which would be lost as a name."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    match = CLUSTER.match(line)
    if match and read_cluster(match[1]):
        return False
    return definition_of_markdown(state, start, end, silent)


def reference(state: StateInline, silent: bool) -> bool:
    """Read a cross-reference `@fig-x`."""
    match = REFERENCE.match(state.src, state.pos) if state.src[state.pos] == "@" else None
    if not match:
        return False
    target = match[1].rstrip("-_")
    if not silent:
        token = state.push("xref", "", 0)
        token.content, token.meta = target, _written(state, f"@{target}")
    state.pos += len(target) + 1
    return True


def lost_note(state: StateInline, silent: bool) -> bool:
    """Read the call of a note that is not there, `[^x]`, as text that names it."""
    match = NOTE.match(state.src, state.pos) if state.src.startswith("[^", state.pos) else None
    if not match or silent:
        return False
    token = state.push("literal", "", 0)
    token.content, token.meta = match[0], {"note": match[1]} | _written(state, match[0])
    state.pos = match.end()
    return True


def picture(state: StateInline, silent: bool) -> bool:
    """Read a picture as CommonMark does, and keep what is written of it."""
    start = state.pos
    if not image_of_markdown(state, silent):
        return False
    if not silent:
        end, state.pos = state.pos, start
        state.tokens[-1].meta |= _written(state, state.src[start:end])
        state.pos = end
    return True


def gap(state: StateInline, silent: bool) -> bool:
    """Read the gap of a cloze."""
    if "gaps" not in state.env or not state.src.startswith("{{", state.pos):
        return False
    end = gap_end(state.src, state.pos)
    if end < 0:
        return False
    if not silent:
        state.push("gap", "", 0).content = state.src[state.pos + 2 : end - 2]
    state.pos = end
    return True


def attributes(state: StateInline, silent: bool) -> bool:
    """Read `{#id width=80%}` right after an image, a link or code, before quotes become typographic."""
    if state.src[state.pos] != "{" or state.pending or not state.tokens:
        return False
    last = state.tokens[-1]
    match = _BRACES.match(state.src, state.pos)
    if not match or last.type not in {"image", "link_close", "code_inline"}:
        return False
    if not are_attributes(match[1]):
        return False
    if not silent:
        if last.type == "link_close":
            last = next(
                t for t in reversed(state.tokens) if t.type == "link_open" and t.level == last.level
            )
        given = read_attributes(match[1])
        last.meta["given"] = {*last.meta.get("given", ()), *given}
        for name, value in given.items():
            if last.type != "code_inline" or name in {"id", "class"}:
                last.attrSet(name, value)
    state.pos = match.end()
    return True


def formula(state: StateInline, silent: bool) -> bool:
    r"""Read `$x$`, `$$x$$`, `\(x\)` and `\[x = y\]`, by the rules of `guide.model.signs`."""
    if state.src[state.pos] not in "$\\":
        return False
    found = formula_at(state.src, state.pos)
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        token = state.push("math_inline_double" if found.display else "math_inline", "math", 0)
        token.content = found.content.strip()
        token.markup = "$$" if found.display else "$"
    state.pos = found.end
    return True


def script(state: StateInline, silent: bool) -> bool:
    r"""Read `H~2~O` and `x^2^` as Pandoc does: no blank inside, unless it is written as `\ `.

    A subscript follows what it belongs to, so that `~1998` and `~10-~20` stay as they are.
    """
    src, start = state.src, state.pos
    mark = src[start]
    if mark not in _SCRIPTS or src.startswith(mark * 2, start) or src[start - 1 : start] == mark:
        return False
    if mark == "~" and not (start and (src[start - 1].isalnum() or src[start - 1] in ")]*_^>}")):
        return False
    end = _end_of_script(src, mark, start + 1, state.posMax)
    if end < 0 or src.startswith("[", start + 1):
        return False
    if not silent:
        tag, last = _SCRIPTS[mark], state.posMax
        state.push(f"{tag}_open", tag, 1)
        state.pos, state.posMax = start + 1, end
        first = len(state.tokens)
        state.md.inline.tokenize(state)
        for token in state.tokens[first:]:
            token.content = token.content.replace("\\ ", " ")
        state.pending = state.pending.replace("\\ ", " ")
        state.push(f"{tag}_close", tag, -1)
        state.posMax = last
    state.pos = end + 1
    return True


def _end_of_script(src: str, mark: str, start: int, last: int) -> int:
    """Return the offset of the mark that ends a script, -1 when there is none."""
    at = start
    while at < last:
        sign = src[at]
        if sign == mark:
            return at if at > start and not src.startswith(mark * 2, at) else -1
        if sign.isspace():
            return -1
        at += 2 if sign == "\\" else 1
    return -1


def times(state: StateInline, silent: bool) -> bool:
    """Read the sign between two figures as text: `2*3*4` is a product, not an emphasised 3."""
    src, at = state.src, state.pos
    if src[at] != "*" or not (src[at - 1 : at].isdigit() and src[at + 1 : at + 2].isdigit()):
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


def tag(state: StateInline, silent: bool) -> bool:
    """Read a tag of HTML: one that is understood without its attributes, another one as text."""
    match = TAG.match(state.src, state.pos) if state.src[state.pos] == "<" else None
    if not match or match.end() > state.posMax:
        return False
    if match[2].lower() in REMEDIES or not _paired(state.src, match):  # text: its quote marks stay
        if not silent:
            state.push("literal", "", 0).content = match[0]
        state.pos = match.end()
        return True
    if not understood(match[2].lower()):
        return False
    if not silent:
        token = state.push("tag", "", 0)
        token.meta = {"name": match[2].lower(), "closing": bool(match[1])}
    state.pos = match.end()
    return True


def _paired(text: str, match: re.Match[str]) -> bool:
    """Return True if a tag of style is markup: `List<i>` is text where no tag has its other half."""
    if match[2].lower() not in STYLES:
        return True
    tags = [(each[2].lower(), bool(each[1])) for each in TAG.finditer(text)]
    opened = {name for name, closing in tags if not closing}
    return any(closing and name in opened and name in STYLES for name, closing in tags)


def balanced(children: list[Token]) -> list[Token]:
    """Turn tags into tokens of Markdown, each opened one closed before what is around it ends."""
    if not any(child.type == "tag" for child in children):
        return children
    made: list[Token] = []
    opened: list[tuple[str, bool]] = []  # what is open: a tag's name or a token's type, and which
    items: list[int] = []  # the number of the next item of each list, 0 for one with bullets
    for child in children:
        if child.type != "tag":
            if child.nesting == 1:
                opened.append((child.type.removesuffix("_open"), False))
            elif child.nesting == -1:
                made += _closed(opened, child.type.removesuffix("_close"), False)
            made.append(child)
            continue
        name, closing = child.meta["name"], child.meta["closing"]
        if name in STYLES:
            if not closing:
                opened.append((name, True))
                made.append(Token(f"{STYLES[name]}_open", STYLES[name], 1))
            elif _innermost(opened, name):
                made += _closed(opened, name, True)
                made.append(Token(f"{STYLES[name]}_close", STYLES[name], -1))
        elif name in BREAKS:
            made += _broken(name, closing, items)
        elif name in DROPPED:
            continue
    return _trimmed(made + _closed(opened, "", False))


def _innermost(opened: list[tuple[str, bool]], name: str) -> bool:
    """Return True if a tag is open inside the innermost mark of Markdown."""
    for each, is_tag in reversed(opened):
        if not is_tag:
            return False
        if each == name:
            return True
    return False


def _closed(opened: list[tuple[str, bool]], name: str, is_tag: bool) -> list[Token]:
    """Close the tags that are open inside `name`, and take it off; all of them for ''."""
    made = []
    while opened:
        each, of_html = opened.pop()
        if each == name and of_html == is_tag:
            break
        if of_html:
            made.append(Token(f"{STYLES[each]}_close", STYLES[each], -1))
    return made


def _broken(name: str, closing: bool, items: list[int]) -> list[Token]:
    """Return the line break that a tag makes, and the mark of an item."""
    line = Token("linebreak", "br", 0, info=name)
    if name in {"ul", "ol"}:
        if closing and items:
            items.pop()
        elif not closing:
            items.append(1 if name == "ol" else 0)
    if name != "li" or closing:
        return [line]
    mark = "• "
    if items and items[-1]:
        mark, items[-1] = f"{items[-1]}. ", items[-1] + 1
    return [line, Token("text", "", 0, content=mark)]


def _trimmed(children: list[Token]) -> list[Token]:
    """Leave one break where several tags make one, and none at the beginning and the end."""
    made: list[Token] = []
    for child in children:
        blank = child.type == "softbreak" or (child.type == "text" and not child.content.strip())
        after_break = not made or made[-1].type == "linebreak"
        if blank and after_break:
            continue
        if child.type == "linebreak":
            while made and made[-1].type in {"softbreak", "hardbreak"}:
                made.pop()
            if not made or (made[-1].type == "linebreak" and child.info != "br"):
                continue
        elif child.type == "text" and after_break:
            child.content = child.content.lstrip()
        made.append(child)
    while made and made[-1].type in {"linebreak", "softbreak"}:
        made.pop()
    return made
