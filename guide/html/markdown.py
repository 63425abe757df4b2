"""Markdown to safe HTML: CommonMark, tables, notes, formulas, and guide's own marks."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from guide.errors import Diagnostic, Place, error, warning
from guide.html.assets import Assets
from guide.html.codes import highlight
from guide.html.formulas import FormulaError, typeset_formula
from guide.html.glossary import Linker
from guide.html.labels import Labels
from guide.model.content import Citation
from guide.model.markup import BOX, BOXES, CLUSTER, GAP, REFERENCE, TERM, read_cluster

MAX_DEPTH = 48  # levels of tokens; markdown-it drops what is deeper than its own limit, silently
_TABLE_PARTS = {"thead_open", "tbody_open", "tr_open", "th_open", "td_open"}
_MAX_NOTES = 8  # footnotes inside one another
_LONG_TABLE = 12  # rows; a longer one may break over pages, with its head repeated
_WORD_AND_MARKS = re.compile(
    r"(?<=[\s>])([^\s<>&]{1,20}) "
    r'(<span class="cites"><a class="cite" data-cite="\d+" data-short=""(?: data-\w+="")?></a></span>[.,;:]?)'
)
_SCHEMES = re.compile(r"(?:https?://|mailto:|#)", re.I)
_BRACES = re.compile(r"\{([^{}\n]*)\}")
_TRAILING = re.compile(r"\s*\{([^{}]*)\}\s*$")
_CAPTION = re.compile(r"^\s*(?:Table)?:\s+(.*)$", re.S)
_QUOTES = {"de": "„“‚‘", "fr": ["«\u202f", "\u202f»", "“", "”"], "sq": "“”‘’", "sr": "„“‚‘"}

_BOX_OF_TASK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
    '<rect x=".5" y=".5" width="9" height="9" fill="none" stroke="#1a1f24" stroke-width="1"/>%s</svg>'
)
_UNTICKED = _BOX_OF_TASK % ""
_TICKED = _BOX_OF_TASK % (
    '<path d="M2.2 5.2 4.3 7.4 8 2.8" fill="none" stroke="#1a1f24" stroke-width="1.4"/>'
)


@dataclass
class Target:
    """What a cross-reference leads to: its kind (fig, tbl, sec), its number and its title."""

    kind: str
    number: str
    title: str = ""


@dataclass
class Context:
    """What rendering needs to know, for one document; a text's own facts are in `here`."""

    labels: Labels
    assets: Assets
    linker: Linker
    report: Callable[[Diagnostic], None]
    cite: Callable[[Sequence[Citation], str], Markup]
    targets: dict[str, Target] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
    index: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    terms_printed: bool = True
    sources_printed: bool = True
    links_printed: bool = True


@dataclass
class Here:
    """The text at hand: whose it is, where it stands in its file, what it may do by itself."""

    item: str = ""
    place: Place = Place("")
    first_line: int = 0
    autolink: bool = False
    gaps: bool = False
    heading_shift: int = 0
    blocks: int = 0
    breaks: int = 0
    in_heading: bool = False
    in_link: int = 0
    spot: Place | None = None
    notes: dict[int, list[Token]] = field(default_factory=dict)
    open_notes: list[int] = field(default_factory=list)


def _cluster(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[":
        return False
    term = TERM.match(state.src, state.pos)
    if term:
        if not silent:
            token = state.push("term", "", 0)
            token.content, token.meta = (term[2] or term[1]).strip(), {"term": term[1].strip()}
        state.pos = term.end()
        return True
    match = CLUSTER.match(state.src, state.pos)
    cluster = read_cluster(match[1]) if match else None
    if not match or not cluster:
        return False
    if not silent:
        state.push("cite", "", 0).meta = {"cluster": cluster}
    state.pos = match.end()
    return True


def _reference(state: StateInline, silent: bool) -> bool:
    match = REFERENCE.match(state.src, state.pos) if state.src[state.pos] == "@" else None
    if not match:
        return False
    target = match[1].rstrip("-_")
    if not silent:
        state.push("xref", "", 0).content = target
    state.pos += len(target) + 1
    return True


def _gap(state: StateInline, silent: bool) -> bool:
    match = GAP.match(state.src, state.pos) if state.src[state.pos] == "{" else None
    if not match or "gaps" not in state.env:
        return False
    if not silent:
        state.push("gap", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _attributes(state: StateInline, silent: bool) -> bool:
    """Read `{#id width=80%}` right after an image, a link or code, before quotes become typographic."""
    if state.src[state.pos] != "{" or state.pending or not state.tokens:
        return False
    last = state.tokens[-1]
    match = _BRACES.match(state.src, state.pos)
    if not match or last.type not in {"image", "link_close", "code_inline"}:
        return False
    if not silent:
        if last.type == "link_close":
            last = next(
                t for t in reversed(state.tokens) if t.type == "link_open" and t.level == last.level
            )
        for name, value in read_attributes(match[1]).items():
            if last.type != "code_inline" or name in {"id", "class"}:
                last.attrSet(name, value)
    state.pos = match.end()
    return True


def _box_name(params: str, *_: Any) -> bool:
    match = BOX.match(params)
    return match is not None and match[1] in BOXES


@lru_cache(maxsize=8)
def _parser(language: str) -> MarkdownIt:
    options = {
        "maxNesting": 2 * MAX_DEPTH,
        "html": False,
        "typographer": True,
        "quotes": _QUOTES.get(language, "“”‘’"),
    }
    md = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    md.enable(["table", "strikethrough", "replacements", "smartquotes"])
    md.use(footnote_plugin).use(deflist_plugin).use(tasklists_plugin)
    md.use(dollarmath_plugin, allow_space=False, double_inline=True)
    md.use(container_plugin, name="box", validate=_box_name)
    md.inline.ruler.before("link", "cluster", _cluster)
    md.inline.ruler.before("link", "reference", _reference)
    md.inline.ruler.before("link", "gap", _gap)
    md.inline.ruler.before("link", "attributes", _attributes)
    md.use(attrs_plugin, after=(), spans=True)
    renderer: Any = md.renderer
    for name in ("footnote_ref", "math_inline", "math_inline_double", "math_block",
                 "container_box_open", "container_box_close"):  # fmt: skip
        renderer.rules[name] = getattr(renderer, name)  # plug-ins put their own first
    setattr(md, "normalizeLink", lambda url: url)  # noqa: B010  paths of the pack stay as written
    setattr(md, "validateLink", lambda _url: True)  # noqa: B010  checked, and reported, below
    return md


def parse(text: str, language: str = "en", gaps: bool = False) -> list[Token]:
    """Return the tokens of a Markdown text, with captions, boxes and heading ids understood."""
    env: dict[str, Any] = {"gaps": True} if gaps else {}
    tokens = _parser(language).parse(text, env)
    tokens, notes = _take_notes(tokens)
    _heading_ids(tokens)
    _join_lines(tokens)
    tokens = _table_captions(tokens)
    if notes:
        tokens.insert(0, Token("notes", "", 0, meta={"notes": notes}))
    return _figures(tokens)


def _take_notes(tokens: list[Token]) -> tuple[list[Token], dict[int, list[Token]]]:
    """Take the footnotes out of the block at the end: they are printed at their call."""
    kept: list[Token] = []
    notes: dict[int, list[Token]] = {}
    inside: int | None = None
    for token in tokens:
        if token.type == "footnote_open":
            inside = int(token.meta["id"])
            notes[inside] = []
        elif token.type == "footnote_close":
            inside = None
        elif inside is not None:
            if token.map and not notes[inside]:
                notes[inside].append(Token("note_line", "", 0, map=list(token.map)))
            if token.type in {"fence", "code_block", "math_block"}:
                kind = "math_inline" if token.type == "math_block" else "code_inline"
                notes[inside].append(Token(kind, "", 0, content=f" {token.content.strip()}"))
            elif token.type == "inline":
                children = [c for c in token.children or () if c.type != "footnote_anchor"]
                gap = [Token("text", "", 0, content=" ")] if notes[inside][1:] else []
                notes[inside] += gap + children
        elif token.type not in {"footnote_block_open", "footnote_block_close"}:
            kept.append(token)
    return kept, notes


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


def read_attributes(text: str) -> dict[str, str]:
    """Read `#id .class key=value key="a value"`."""
    found: dict[str, str] = {}
    for match in re.finditer(
        r"#([\w:-]+)|\.([\w-]+)|([\w-]+)=(?:\"([^\"]*)\"|'([^']*)'|(\S+))|([\w-]+)", text
    ):
        if match[1]:
            found["id"] = match[1]
        elif match[2]:
            found["class"] = f"{found.get('class', '')} {match[2]}".strip()
        elif match[3]:
            found[match[3]] = match[4] or match[5] or match[6] or ""
        else:
            found[match[7]] = "true"
    return found


def _trailing_attributes(inline: Token) -> dict[str, str]:
    last = inline.children[-1] if inline.children else None
    match = _TRAILING.search(last.content) if last and last.type == "text" else None
    if not last or not match or not re.search(r"[#.=]", match[1]):
        return {}
    last.content = last.content[: match.start()]
    return read_attributes(match[1])


def _heading_ids(tokens: list[Token]) -> None:
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            for name, value in _trailing_attributes(tokens[number + 1]).items():
                token.attrSet(name, value)


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
    table.meta["attributes"] = _trailing_attributes(inline)
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
    """Turn a paragraph that holds one image alone into a figure."""
    result: list[Token] = []
    number = 0
    while number < len(tokens):
        trio = tokens[number : number + 3]
        children = trio[1].children if len(trio) == 3 and trio[1].type == "inline" else None
        real = [
            c
            for c in children or ()
            if c.type != "softbreak" and (c.type != "text" or c.content.strip())
        ]
        if trio[0].type == "paragraph_open" and len(real) == 1 and real[0].type == "image":
            figure = Token(
                "figure", "figure", 0, block=True, map=trio[0].map, attrs=dict(real[0].attrs)
            )
            figure.children, figure.content = real[0].children, real[0].content
            result.append(figure)
            number += 3
        else:
            result.append(tokens[number])
            number += 1
    return result


class _Renderer(RendererHTML):
    """Tokens to HTML; `env` holds a Context and a Here."""

    def block(self, tokens: Sequence[Token], context: Context, here: Here) -> str:
        if tokens and tokens[0].type == "notes":
            here.notes = tokens[0].meta["notes"]
            tokens = tokens[1:]
        return str(self.render(tokens, _parser("en").options, {"context": context, "here": here}))

    def renderToken(self, tokens: Any, idx: int, options: Any, env: Any) -> str:  # noqa: N802
        token = tokens[idx]
        if token.block and token.nesting == 1 and token.map and token.type not in _TABLE_PARTS:
            token.attrSet("data-at", self._at(token, env["here"], env["context"]))
        for name in [
            n
            for n in token.attrs
            if n.lower().startswith("on") or (n == "style" and not token.type.startswith("t"))
        ]:
            del token.attrs[name]
        return str(super().renderToken(tokens, idx, options, env))

    def _at(self, token: Token, here: Here, context: Context, name: str = "") -> str:
        """Note where a block stands, and return its key; one with an id of its own keeps that."""
        here.blocks += 1
        here.breaks = 0
        key = f"{here.item}/{here.blocks}"
        line = (token.map or [0])[0] + here.first_line
        place = Place(here.place.path, line, 1) if here.first_line else here.place
        context.places[key] = place
        if name and not name.isdecimal():
            key = f"{here.item}/{name}"
            context.places[key] = place
        return key

    def _spot(self, env: Any) -> Place:
        """Return the line that is being rendered: its block's, and the breaks since."""
        here: Here = env["here"]
        places: dict[str, Place] = env["context"].places
        at = here.spot or places.get(f"{here.item}/{here.blocks}", here.place)
        return replace(at, line=at.line + here.breaks) if here.first_line else at

    def heading_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        level = min(6, max(3, int(token.tag[1]) + env["here"].heading_shift))
        token.tag = f"h{level}"
        env["here"].in_heading = True
        return self.renderToken(tokens, idx, options, env)

    def heading_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        level = min(6, max(3, int(tokens[idx].tag[1]) + env["here"].heading_shift))
        env["here"].in_heading = False
        return f"</h{level}>\n"

    def text(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, context = env["here"], env["context"]
        content = tokens[idx].content
        here.breaks += content.count("\n")
        inside = here.in_heading or here.in_link
        if not here.autolink or inside:
            return escape(content, quote=False)
        return "".join(
            self._term(piece, term, env) if term else escape(piece, quote=False)
            for piece, term in context.linker.split(content)
        )

    def _term(self, shown: str, term: str, env: Any) -> str:
        here, context = env["here"], env["context"]
        if not context.terms_printed:
            return escape(shown, quote=False)
        anchor = f"ix-{here.item}--{term}"
        refs = context.index.setdefault(term, [])
        mark = ""
        if anchor not in refs:
            refs.append(anchor)
            mark = f' id="{anchor}"'
        return f'<a class="term" href="#term-{term}"{mark}>{escape(shown, quote=False)}</a>'

    def term(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        linker = env["context"].linker
        found = linker.find(token.meta["term"])
        if not found:
            return escape(token.content, quote=False)  # unknown, or left out by the edition
        linker.used.add(found)
        if env["here"].in_heading:
            return escape(token.content, quote=False)
        return self._term(token.content, found, env)

    def cite(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here: Here = env["here"]
        inside = here.in_heading or here.open_notes or not here.first_line
        kind = "plain" if here.in_link else "" if inside else "note"
        return (
            f'<span class="cites">{env["context"].cite(tokens[idx].meta["cluster"], kind)}</span>'
        )

    def xref(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        context, name = env["context"], tokens[idx].content
        target = context.targets.get(name)
        if target is None:
            hint = "Refer to a heading, a captioned table or a figure in a paragraph of its own; in an edition, give the target its tags."
            message = f"`{name}` is not in this document"
            env["context"].report(
                warning("dropped-reference", message, self._spot(env), hint, env["here"].item)
            )
            return f"({escape(context.labels('not in this document'))})"
        words = {"fig": "Figure", "tbl": "Table", "sec": "Section"}
        shown = (
            f"{context.labels(words[target.kind])}\u00a0{target.number}"
            if target.number
            else target.title
        )
        return f'<a class="xref" href="#{escape(name)}">{escape(shown, quote=False)}</a>'

    def gap(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        content = tokens[idx].content
        if content.startswith(":"):
            hint = escape(content[1:].strip(":"), quote=False)
            return f'<span class="gap">{hint or chr(0xA0)}</span>'
        inner = inline(content, env["context"], env["here"])
        return f'<strong class="answer">{inner}</strong>'

    def link_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here = tokens[idx], env["here"]
        href = str(token.attrs.get("href", ""))
        here.in_link += 1
        token.meta["ok"] = bool(_SCHEMES.match(href))
        if not token.meta["ok"]:
            hint = "Links lead to https://, http://, mailto: or #an-id in the same document."
            message = f"the link to `{href[:80]}` is not printed"
            env["context"].report(warning("bad-link", message, self._spot(env), hint, here.item))
            return ""
        wants_qr = "qr" in str(token.attrs.get("class", "")).split()
        token.attrs = {"class": "xref" if href.startswith("#") else "link", "href": href}
        if not href.startswith("#"):
            self._note_link(tokens, idx, href, wants_qr, env)
        return str(super().renderToken(tokens, idx, options, env))

    def link_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, context = env["here"], env["context"]
        here.in_link -= 1
        opened, depth = idx - 1, 1
        while opened >= 0 and depth:
            depth -= tokens[opened].type == "link_open"
            depth += tokens[opened].type == "link_close"
            opened -= 1
        token = tokens[opened + 1]
        if not token.meta.get("ok"):
            return ""
        link = context.links.get(str(token.attrs["href"]))
        if not link or not context.links_printed:
            return "</a>"
        number = link["number"]
        return f'</a><sup class="linkno"><a href="#link-{number}">L{number}</a></sup>'

    def _note_link(self, tokens: Any, idx: int, href: str, wants_qr: bool, env: Any) -> None:
        links = env["context"].links
        text = ""
        for child in tokens[idx + 1 :]:
            if child.type == "link_close":
                break
            text += child.content
        link = links.setdefault(
            href, {"number": len(links) + 1, "url": href, "text": text, "qr": False}
        )
        link["qr"] = link["qr"] or wants_qr

    def image(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        alt = str(token.attrs.get("alt") or token.attrs.get("fig-alt") or token.content)
        return self._img(token, alt, "inline-image", env)

    def _img(self, token: Token, alt: str, css: str, env: Any) -> str:
        src, figure = env["context"].assets.figure(str(token.attrs.get("src", "")))
        if not src:
            return f'<span class="missing">{escape(token.content or str(token.attrs.get("src")))}</span>'
        decorative = (
            str(token.attrs.get("decorative", "")) in {"true", ""} and "decorative" in token.attrs
        )
        given = token.attrs.get("alt") or token.attrs.get("fig-alt")
        said = "" if decorative else str(given or (figure and figure.alt) or alt)
        role = ' role="presentation"' if decorative else ""
        return f'<img class="{css}" src="{src}" alt="{escape(said)}"{role}{_size(token)}>'

    def figure(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here, context = tokens[idx], env["here"], env["context"]
        name = str(token.attrs.get("id", ""))
        at = self._at(token, here, context, name)
        before, here.autolink = here.autolink, False
        caption = self.renderInline(token.children or [], options, env)
        here.autolink = before
        picture = self._img(token, token.content, "picture", env)
        target = context.targets.get(name)
        label = ""
        if target:
            label = f'<span class="label">{context.labels("Figure")}\u00a0{target.number}</span> '
        shown = f"<figcaption>{label}{caption}</figcaption>" if caption or label else ""
        ident = f' id="{escape(name)}"' if name else ""
        return f'<figure class="figure"{ident} data-at="{escape(at)}">{picture}{shown}</figure>\n'

    def table_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here, context = tokens[idx], env["here"], env["context"]
        name = str(token.meta.get("attributes", {}).get("id", ""))
        at = self._at(token, here, context, name)
        caption = token.meta.get("caption")
        target = context.targets.get(name)
        before, here.autolink = here.autolink, False
        text = self.renderInline(caption.children or [], options, env) if caption else ""
        here.autolink = before
        label = (
            f'<span class="label">{context.labels("Table")}\u00a0{target.number}</span> '
            if target
            else ""
        )
        shown = f"<figcaption>{label}{text}</figcaption>" if text or label else ""
        ident = f' id="{escape(name)}"' if name else ""
        rows = 0
        for after in tokens[idx:]:
            rows += after.type == "tr_open"
            if after.type == "table_close":
                break
        css = "figure table long" if rows > _LONG_TABLE else "figure table"
        return f'<figure class="{css}"{ident} data-at="{escape(at)}">{shown}<table>\n'

    def table_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return "</table></figure>\n"

    def tr_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, token = env["here"], tokens[idx]
        table = next((t for t in reversed(tokens[:idx]) if t.type == "table_open"), None)
        if table is None or not table.map or not token.map:
            return "<tr>\n"
        here.breaks = token.map[0] - table.map[0]
        key = f"{here.item}/{here.blocks}-{here.breaks + 1}"
        env["context"].places[key] = self._spot(env)
        return f'<tr data-at="{key}">\n'

    def hardbreak(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        env["here"].breaks += 1
        return "<br>\n"

    def th_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        style = tokens[idx].attrs.get("style")
        return f'<th scope="col" style="{style}">' if style else '<th scope="col">'

    def container_box_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        at = self._at(token, env["here"], env["context"])
        match = BOX.match(token.info)
        kind, title = (match[1], match[2]) if match else ("note", "")
        label = env["context"].labels(kind.capitalize())
        plain = title.strip().strip('"').removeprefix("{").removesuffix("}").strip()
        quoted = re.search(r'title="([^"]*)"', plain)
        plain = quoted[1] if quoted else plain
        before, env["here"].autolink = env["here"].autolink, False
        text = inline(plain, env["context"], env["here"]) if plain else ""
        env["here"].autolink = before
        head = f'<span class="box-kind">{label}</span>' + (f" · {text}" if text else "")
        return f'<section class="box box-{kind}" data-at="{at}"><p class="box-title">{head}</p>\n'

    def container_box_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return "</section>\n"

    def html_inline(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        """Draw the box of a task, which is all that this can be: raw HTML is text."""
        context, done = env["context"], "checked" in tokens[idx].content
        src = context.assets.add((_TICKED if done else _UNTICKED).encode(), "svg")
        said = escape(context.labels("done" if done else "to do"))
        return f'<span class="task" data-label><img src="{src}" alt="{said}"></span>'

    def fence(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        at = self._at(token, env["here"], env["context"])
        language = (token.info or "").strip().split(" ")[0].strip("{}.")
        code = highlight(token.content.rstrip("\n"), language)
        return f'<pre class="code" data-at="{at}"><code>{code}</code></pre>\n'

    def code_block(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self.fence(tokens, idx, options, env)

    def math_inline(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self._formula(tokens[idx].content, False, env)

    def math_inline_double(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self._formula(tokens[idx].content, True, env)

    def math_block(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        at = self._at(tokens[idx], env["here"], env["context"])
        inner = self._formula(tokens[idx].content.strip(), True, env)
        return f'<p class="math-block" data-at="{at}">{inner}</p>\n'

    def _formula(self, tex: str, display: bool, env: Any) -> str:
        try:
            made = typeset_formula(tex, display)
        except FormulaError as exc:
            hint = "Check braces and command names."
            message = f"the formula `{tex[:60]}` cannot be typeset ({exc})"
            env["context"].report(
                error("bad-math", message, self._spot(env), hint, env["here"].item)
            )
            return f'<code class="missing">{escape(tex)}</code>'
        src = env["context"].assets.add(made.svg, "svg")
        style = f"height:{made.height:.3f}em;vertical-align:{-made.depth:.3f}em"
        return (
            f'<img class="math" role="math" src="{src}" alt="{escape(made.said)}" style="{style}">'
        )

    def footnote_ref(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, number = env["here"], int(tokens[idx].meta["id"])
        if number in here.open_notes or len(here.open_notes) >= _MAX_NOTES:
            message = "a footnote calls itself, or is called inside too many others"
            hint = "Take the call out of the footnote's own text."
            env["context"].report(error("bad-reference", message, self._spot(env), hint, here.item))
            return ""
        note = here.notes.get(number, [])
        before = here.autolink, here.spot, here.breaks
        here.autolink, mark = False, ""
        if note and note[0].type == "note_line" and here.first_line:  # it stands elsewhere
            line = (note[0].map or [0])[0] + here.first_line
            key, here.spot = f"{here.item}/note-{number + 1}", Place(here.place.path, line, 1)
            env["context"].places[key], here.breaks = here.spot, 0
            mark = f' data-at="{key}"'
        here.open_notes.append(number)
        inner = self.renderInline(note, options, env)
        here.open_notes.pop()
        here.autolink, here.spot, here.breaks = before
        return f'<span class="footnote"{mark}>{inner}</span>'

    def note_line(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return ""


def _size(token: Token) -> str:
    parts = []
    for name in ("width", "height"):
        value = str(token.attrs.get(name, ""))
        if re.fullmatch(r"\d+(\.\d+)?(%|mm|cm|in|pt|px|em)", value):
            parts.append(f"{name}:{value}")
        elif re.fullmatch(r"\d+(\.\d+)?", value):
            parts.append(f"{name}:{value}px")
    return f' style="{";".join(parts)}"' if parts else ""


def _language(context: Context) -> str:
    return context.labels.lang.partition("-")[0]


def block(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as blocks."""
    return render_tokens(parse(text, _language(context), here.gaps), context, here)


def render_tokens(tokens: list[Token], context: Context, here: Here) -> Markup:
    """Return parsed blocks as HTML."""
    renderer = _parser(_language(context)).renderer
    assert isinstance(renderer, _Renderer)
    return Markup(_marks_stay(renderer.block(tokens, context, here)))  # noqa: S704  it escapes


def _marks_stay(html: str) -> str:
    """Keep numeric marks on the line of the word before them.

    A no-break space would do, but WeasyPrint 70 then breaks the text before it at a random place.
    """
    return _WORD_AND_MARKS.sub(r'<span class="nobr">\1 \2</span>', html)


def inline(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as one line, without a paragraph around it."""
    md = _parser(_language(context))
    env: MutableMapping[str, Any] = {"context": context, "here": here}
    if here.gaps:
        env["gaps"] = True
    tokens = md.parseInline(" ".join(text.split("\n")), env)
    children = tokens[0].children or []
    renderer: Any = md.renderer
    return Markup(renderer.renderInline(children, md.options, env))  # noqa: S704


__all__ = ["Context", "Here", "Target", "block", "inline", "parse", "render_tokens"]
