"""Markdown to tokens: CommonMark, tables, notes, formulas, and guide's own marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from guide.markup import inlines, shapes
from guide.model.markup import BOX, BOXES, are_attributes, read_attributes, trailing_attributes
from guide.model.signs import without_comments

MAX_DEPTH = 48  # levels of tokens; markdown-it drops what is deeper than its own limit, silently
_CAPTION = re.compile(r"^\s*(?:Table)?:\s+(.*)$", re.S)
_QUOTES = {"de": "„“‚‘", "fr": ["«\u202f", "\u202f»", "“", "”"], "sq": "“”‘’", "sr": "„“‚‘"}
_ELLIPSIS = re.compile(r"(?<!\.)\.{3}(?!\.)")
_EM_DASH = re.compile(r"(^|[^-])---(?=[^-]|$)", re.M)
_EN_DASH = re.compile(r"(^|\s)--(?=\s|$)|(^|[^-\s])--(?=[^-\s]|$)", re.M)


def _box_name(params: str, *_: Any) -> bool:
    match = BOX.match(params)
    return match is not None and match[1] in BOXES


def _dashes(state: StateCore) -> None:
    """Set `--`, `---` and `...` as dashes and an ellipsis; nothing else is replaced.

    The replacements of markdown-it would turn paragraph 9(c) into 9©.
    """
    for token in state.tokens:
        automatic = 0
        for child in token.children or ():
            automatic += (child.info == "auto") * child.nesting
            if (
                child.type == "text"
                and not automatic
                and ("--" in child.content or "..." in child.content)
            ):
                text = _ELLIPSIS.sub("…", child.content)
                text = _EM_DASH.sub("\\1—", text)
                child.content = _EN_DASH.sub(lambda m: f"{m[1] or m[2] or ''}–", text)


def _lines(state: StateCore) -> None:
    """Read tags of HTML, and keep the lines of lists that CommonMark does not know."""
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = shapes.keep_lines(inlines.balanced(token.children))
            for child in token.children:
                if child.children:
                    child.children = inlines.balanced(child.children)


@lru_cache(maxsize=16)
def _parser(language: str, one_line: bool) -> MarkdownIt:
    """Return the parser for texts of a language; `one_line` is for those without blocks."""
    options = {
        "maxNesting": 2 * MAX_DEPTH,
        "html": False,
        "typographer": True,
        "quotes": _QUOTES.get(language, "“”‘’"),
    }
    md = MarkdownIt("commonmark", options)
    md.enable(["table", "strikethrough", "smartquotes"])
    md.use(footnote_plugin).use(deflist_plugin).use(tasklists_plugin)
    md.use(dollarmath_plugin, allow_space=False, allow_labels=False, allow_blank_lines=False)
    md.use(container_plugin, name="box", validate=_box_name)
    md.inline.ruler.at("math_inline", inlines.formula)
    md.inline.ruler.at("image", inlines.picture)
    md.block.ruler.at("reference", inlines.definition, {"alt": []})
    md.inline.ruler.before("link", "cluster", inlines.cluster)
    md.inline.ruler.before("link", "reference", inlines.reference)
    md.inline.ruler.before("link", "gap", inlines.gap)
    md.inline.ruler.after("footnote_ref", "lost_note", inlines.lost_note)
    md.inline.ruler.before("link", "attributes", inlines.attributes)
    md.inline.ruler.before("link", "script", inlines.script)
    md.inline.ruler.before("emphasis", "times", inlines.times)
    md.inline.ruler.before("autolink", "tag", inlines.tag)
    md.use(attrs_plugin, after=(), spans=True)
    rules: list[Any] = md.block.ruler.getRules("")
    deflist = next(rule for rule in rules if rule.__name__ == "deflist")
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}
    md.block.ruler.at("deflist", shapes.definitions(deflist), ends)
    md.block.ruler.at("list", shapes.numbered_list, ends)
    md.block.ruler.at(
        "math_block",
        shapes.formula_block,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )
    md.block.ruler.at("table", shapes.whole_table, {"alt": ["paragraph", "reference"]})
    md.core.ruler.after("block", "shapes", shapes.shape)
    md.core.ruler.after("inline", "lines", _lines)
    md.core.ruler.before("smartquotes", "dashes", _dashes)
    if one_line:
        md.block.ruler.enableOnly(["paragraph"])
    setattr(md, "normalizeLink", lambda url: url)  # noqa: B010  paths of the pack stay as written
    setattr(md, "validateLink", lambda _url: True)  # noqa: B010  checked, and reported, when rendered
    return md


@dataclass(frozen=True)
class Parsed:
    """A text that was parsed: its tokens, and the lines that define the names of links and pictures.

    `uncalled` are the names of notes that nothing calls. Of a text of `one_line` the blanks around it
    were not parsed. Nobody changes the tokens: other
    documents have them too.
    """

    tokens: Sequence[Token]
    definitions: Mapping[str, list[int]]
    one_line: bool
    uncalled: Sequence[str] = ()


def parse(text: str, language: str = "en", gaps: bool = False, field: bool = False) -> list[Token]:
    """Return the tokens of a Markdown text, with captions, boxes and heading ids understood.

    A `field` of one line has no blocks: `> 4500`, `# 12` or `24. March` at its start are text. The
    tokens are the caller's own.
    """
    return copied(read(text, language, gaps, field).tokens)


def copied(tokens: Iterable[Token]) -> list[Token]:
    """Return copies of tokens that may be changed, with all that is inside them."""
    return [
        token.copy(
            attrs=dict(token.attrs),
            meta={name: _copied(value) for name, value in token.meta.items()},
            children=None if token.children is None else copied(token.children),
        )
        for token in tokens
    ]


def _copied(value: Any) -> Any:
    if isinstance(value, Token):
        return copied([value])[0]
    if isinstance(value, list):
        return copied(value)
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return value


@lru_cache(maxsize=4096)
def read(text: str, language: str, gaps: bool = False, field: bool = False) -> Parsed:
    """Parse a text, once in a process; see `parse`."""
    env: dict[str, Any] = {"gaps": True} if gaps else {}
    env |= {"field": True} if field else {}
    one_line = field and "\n" not in text.strip()
    md = _parser(language, one_line)
    tokens = md.parse(without_comments(text.strip() if one_line else text), env)
    tokens, notes = _take_notes(tokens)
    _join_lines(tokens)
    tokens = _table_captions(tokens)
    if notes:
        tokens.insert(0, Token("notes", "", 0, meta={"notes": notes}))
    names = {name: each["map"] for name, each in env.get("references", {}).items()}
    refs = env.get("footnotes", {}).get("refs", {})
    uncalled = [name.removeprefix(":") for name, call in refs.items() if call < 0]
    return Parsed(_figures(tokens), names, one_line, uncalled)


@lru_cache(maxsize=4096)
def read_line(
    text: str, language: str, gaps: bool = False
) -> tuple[Sequence[Token], dict[int, list[Token]]]:
    """Parse a text of one line, once in a process; see `parse_line`."""
    env: dict[str, Any] = {"gaps": True} if gaps else {}
    kept = re.sub(r" {2,}\n", "<br>", without_comments(text).strip())
    line = " ".join(kept.split("\n"))
    tokens, notes = _take_notes(_parser(language, False).parseInline(line, env))
    return tokens[0].children or [], notes


def read_box(info: str) -> tuple[str, str]:
    """Return the kind and the title of a box: `note A title`, `{.note title="A title"}`."""
    match = BOX.match(info)
    if not match:
        return "note", ""
    kind, title = match[1], match[2].strip()
    if "{" not in title and title.endswith("}") and info.lstrip().startswith("{"):
        title = "{" + title  # the brace was taken with the kind
    found = trailing_attributes(title) if title.endswith("}") else None
    given = ""
    if found and are_attributes(found[1]):
        given, title = read_attributes(found[1]).get("title", ""), title[: found[0]]
    return kind, (given or title).strip().strip('"').strip()


def _take_notes(tokens: list[Token]) -> tuple[list[Token], dict[int, list[Token]]]:
    """Take the footnotes out of the block at the end: they are printed at their call."""
    kept: list[Token] = []
    notes: dict[int, list[Token]] = {}
    inside: int | None = None
    marks: list[int] = []
    mark = ""
    for token in tokens:
        if token.type == "footnote_open":
            inside = int(token.meta["id"])
            notes[inside], mark = [], ""
        elif token.type == "footnote_close":
            inside = None
        elif inside is not None:
            if token.map and not notes[inside]:
                notes[inside].append(Token("note_line", "", 0, map=list(token.map)))
            if token.type in {"bullet_list_open", "ordered_list_open"}:
                first = int(token.attrs.get("start", 1)) if token.tag == "ol" else 0
                marks.append(first)
            elif token.type in {"bullet_list_close", "ordered_list_close"}:
                marks.pop()
            elif token.type == "list_item_open":
                mark = "\u2003" * (len(marks) - 1) + (f"{marks[-1]}. " if marks[-1] else "• ")
                marks[-1] += bool(marks[-1])
            else:
                found = _of_note(token, mark)
                if found:
                    broken = [Token("linebreak", "br", 0)] if notes[inside][1:] else []
                    notes[inside] += broken + found
                    mark = ""
        elif token.type not in {"footnote_block_open", "footnote_block_close"}:
            kept.append(token)
    return kept, notes


def _of_note(token: Token, mark: str) -> list[Token]:
    """Return what a block of a footnote prints, in one line or several."""
    before = [Token("text", "", 0, content=mark)] if mark else []
    if token.type == "math_block":
        return [*before, Token("math_inline", "", 0, content=token.content.strip())]
    if token.type in {"fence", "code_block"}:
        lines = token.content.strip().split("\n")
        code = [Token("code_inline", "code", 0, content=line) for line in lines]
        broken = [[Token("linebreak", "br", 0), each] for each in code]
        return [*before, *(each for pair in broken for each in pair)][0 if mark else 1 :]
    if token.type != "inline":
        return []
    children = [c for c in token.children or () if c.type != "footnote_anchor"]
    return [*before, *children] if children else []


def _join_lines(tokens: list[Token]) -> None:
    """Join texts over soft breaks, so that a term may be broken over two lines."""
    for token in tokens:
        joined: list[Token] = []
        for child in token.children or ():
            if child.type == "softbreak":
                child = Token("text", "", 0, content="\n", level=child.level)  # noqa: PLW2901
            if child.type == "text" and joined and joined[-1].type == "text":
                joined[-1].content += child.content
            else:
                joined.append(child)
        if token.children is not None:
            token.children = joined


def _last_attributes(inline: Token) -> dict[str, str]:
    """Take the attributes off the end of a caption, and return them."""
    last = inline.children[-1] if inline.children else None
    found = trailing_attributes(last.content) if last and last.type == "text" else None
    if not last or not found:
        return {}
    last.content = last.content[: found[0]].rstrip()
    return read_attributes(found[1])


def _table_captions(tokens: list[Token]) -> list[Token]:
    """Join `: Caption {#tbl-x}` under a table to it; the line may touch the table or not."""
    result: list[Token] = []
    opened: Token | None = None
    number = 0
    while number < len(tokens):
        token = tokens[number]
        if token.type == "table_open":
            opened = token
        if opened is not None and token.type == "table_close":
            _caption_row(opened, result)
            result.append(token)
            after = tokens[number + 1 : number + 4]
            inline = after[1] if len(after) == 3 and after[0].type == "paragraph_open" else None
            if inline is not None and _set_caption(opened, inline):
                number += 3
            opened = None
        else:
            result.append(token)
        number += 1
    return result


def _set_caption(table: Token, inline: Token) -> bool:
    match = _CAPTION.match(inline.content)
    first = inline.children[0] if inline.children else None
    if not match or first is None or first.type != "text" or "caption" in table.meta:
        return False
    first.content = re.sub(r"^\s*(?:Table)?:\s+", "", first.content)
    table.meta["attributes"] = _last_attributes(inline)
    table.meta["caption"] = inline
    return True


def _caption_row(table: Token, tokens: list[Token]) -> None:
    """Take a caption out of the last row, where GFM puts a line that touches the table."""
    start = next((n for n in range(len(tokens) - 1, -1, -1) if tokens[n].type == "tr_open"), None)
    if start is None or tokens[start - 1].type == "thead_open":
        return
    cells = [t for t in tokens[start:] if t.type == "inline"]
    end = next(n for n in range(start, len(tokens)) if tokens[n].type == "tr_close")
    if cells and not any(c.content.strip() for c in cells[1:]) and _set_caption(table, cells[0]):
        del tokens[start : end + 1]
        if tokens[-2:] and tokens[-1].type == "tbody_close" and tokens[-2].type == "tbody_open":
            del tokens[-2:]


def _figures(tokens: list[Token]) -> list[Token]:
    """Turn a paragraph that holds one image or one formula alone into its own block."""
    result: list[Token] = []
    number = 0
    while number < len(tokens):
        trio = tokens[number : number + 3]
        alone = _alone(trio)
        if alone is None:
            result.append(tokens[number])
            number += 1
            continue
        if alone:
            result.append(alone)
        number += 3
    return result


def _alone(trio: list[Token]) -> Token | Literal[False] | None:
    """Return the block that a paragraph becomes, False for one with nothing in it, None for others."""
    if len(trio) < 3 or trio[0].type != "paragraph_open" or trio[1].type != "inline":
        return None
    children = trio[1].children or []
    real = [
        c for c in children if c.type != "softbreak" and (c.type != "text" or c.content.strip())
    ]
    if not real:
        return False
    if len(real) > 1 or real[0].type not in {"image", "math_inline_double"}:
        return None
    made = real[0]
    if made.type == "image":
        figure = Token("figure", "figure", 0, block=True, map=trio[0].map, attrs=dict(made.attrs))
        figure.children, figure.content, figure.meta = made.children, made.content, made.meta
        figure.attrs |= {"id": trio[0].attrs["id"]} if "id" in trio[0].attrs else {}
        return figure
    attrs = {"id": trio[0].attrs["id"]} if "id" in trio[0].attrs else {}
    return Token(
        "math_block", "math", 0, block=True, map=trio[0].map, content=made.content, attrs=attrs
    )
