"""Targets for fuzzing: what any bytes at all may come to in each reader of guide.

    python tests/fuzz/fuzz.py TARGET... --seconds N [--findings DIR]

runs atheris (which is not among the project's libraries: `pip install atheris`) on one target after the
other, and writes each finding into DIR, one file for each kind. `--replay FILE...` runs a target on files.
The same targets run in tests/fuzz/test_fuzz.py, on few examples and on tests/fuzz/cases.

A text with two U+001F in it stands for a long one: what lies between them is repeated up to 20 kB.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASES = HERE / "cases"
LONG = 20_000  # bytes
SECONDS = 2.0  # of computing, for LONG bytes
MARK = b"\x1f"

TARGETS: dict[str, Callable[[bytes], None]] = {}


def target(function: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Add a target under its function's name."""
    TARGETS[function.__name__] = function
    return function


def grown(data: bytes) -> bytes:
    """Return the long text that a marked one stands for."""
    parts = data.split(MARK)
    if len(parts) != 3 or not parts[1]:
        return data.replace(MARK, b"")
    head, unit, tail = parts
    return head + unit * max(1, (LONG - len(head) - len(tail)) // len(unit)) + tail


class TooLong(Exception):
    """It took more computing than it may."""


@contextmanager
def clocked(seconds: float = SECONDS) -> Iterator[None]:
    """Stop what takes longer; the clock counts this process's computing, so a busy machine is no fault."""

    def stop(*_: Any) -> None:
        raise TooLong(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run(name: str, data: bytes, seconds: float = SECONDS) -> None:
    """Run a target on bytes; raises what is wrong."""
    with clocked(seconds):
        TARGETS[name](grown(data))


# --- what must hold ---------------------------------------------------------------------------------

# Controls, and what else XML 1.0 forbids; other noncharacters lack a glyph, and that is told.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ALLOWED_HREF = re.compile(r"(https?:|mailto:|#)", re.I)
_URLS = {"href", "src", "action", "formaction", "poster", "data", "background", "cite", "srcset", "xlink:href"}
_NEVER = {"script", "iframe", "object", "embed", "form", "input", "base", "meta", "link", "style", "template", "svg"}


def _shown(data: bytes) -> str:
    """Return a file as an editor shows it."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def texts(data: bytes) -> str:
    """Return what the reader of files would hand on: UTF-8 with unix line ends and no control characters."""
    text = _shown(data)
    return _FORBIDDEN.sub("", text)


def check_places(problems: Iterable[Any], files: dict[str, str]) -> None:
    """Every diagnostic says something, and stands in its file."""
    for found in problems:
        assert found.code and found.message, found
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", found.code), found
        place = found.place
        if place.path not in files or not place.line:
            continue
        lines = files[place.path].split("\n")
        assert 1 <= place.line <= len(lines), f"line {place.line} of {len(lines)}: {found}"
        assert 0 <= place.column <= len(lines[place.line - 1]) + 1, f"column {place.column}: {found}"


def check_html(html: str, whole: bool = False) -> None:
    """Markup is well-formed as its parser sees it, and nothing in it runs or leads to where it may not."""
    from tinyhtml5 import parser

    wrong = _FORBIDDEN.search(html)
    assert not wrong, f"U+{ord(wrong[0]):04X} in the markup: {html[max(0, wrong.start() - 40) : wrong.end() + 40]!r}"
    made = parser.HTMLParser()
    tree = made.parse(html if whole else f"<!DOCTYPE html><html><head><title>t</title></head><body>{html}</body></html>")
    errors = [e for e in made.errors if e[1] not in {"non-void-element-with-trailing-solidus", "invalid-codepoint"}]
    assert not errors, f"{errors[0]}: {html[:3000]}"
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2].lower()
        checkbox = name == "input" and element.get("type") == "checkbox"
        assert whole or checkbox or name not in _NEVER, f"<{name}>: {html[:2000]}"
        assert name not in {"script", "iframe", "object", "embed", "base"}, f"<{name}>"
        for key, value in element.attrib.items():
            local = str(key).rpartition("}")[2].lower()
            assert not local.startswith("on"), f"{local}={value!r}"
            if local in _URLS:
                inside = local == "src" and re.fullmatch(r"asset/[0-9a-f]{20}\.\w+", value)
                assert inside or _ALLOWED_HREF.match(value), f"{local}={value!r}"
            if local == "style":
                assert "url(" not in value and "\\" not in value, value


# --- the targets ------------------------------------------------------------------------------------


@target
def yaml(data: bytes) -> None:
    """Any text is a document or has a problem; the same each time; places lie in the file."""
    from guide.content.yaml import read_yaml

    text = texts(data)
    document, problems = read_yaml(text, "a.yaml")
    assert document is not None or problems
    check_places(problems, {"a.yaml": text})
    again, more = read_yaml(text, "a.yaml")
    assert more == problems
    assert (document is None) == (again is None)
    if document is None:
        return
    assert repr(document.data) == repr(again.data)
    lines = text.split("\n")
    for place in (*document.places.values(), *document.keys.values()):
        assert 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1, place
    _check_texts(document.data)


def _check_texts(value: Any) -> None:
    """No text that a file cannot hold gets in by an escape."""
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            assert not _FORBIDDEN.search(value), repr(value)[:200]
        elif isinstance(value, dict):
            todo += [*value, *value.values()]
        elif isinstance(value, list):
            todo += value


@target
def sources(data: bytes) -> None:
    """BibTeX, CSL-JSON and YAML come to items that citeproc can print, or to problems in their lines."""
    from guide.content.sources import read_sources

    name = {b"@": "sources.bib", b"%": "sources.bib", b"[": "sources.json", b"{": "sources.json"}.get(
        data.lstrip()[:1], "sources.yaml"
    )
    text = texts(data)
    found, problems = read_sources(text, name)
    assert (found, problems) == read_sources(text, name)
    lines = text.split("\n")
    check_places(problems, {name: text})
    for key, (item, place) in found.items():
        assert item["id"] == key and item.get("title"), item
        assert not place.line or place.line <= len(lines)
        _check_texts(item)
    if found and len(text) < 3000:
        from guide.markup.citations import Citations
        from guide.model.content import Citation

        citations = Citations({key: item for key, (item, _) in found.items()}, "ieee", "en")
        citations.register([Citation(key=key) for key in found])
        for key in list(found)[:3]:
            check_html(str(citations.mark([Citation(key=key, locator="3")])))
        for source in citations.bibliography():
            check_html(f"<p>{source.html}</p>")


_PACK: Any = None
_PACK_FILES = {
    "pack.yaml": "format: 1\ntitle: T\n",
    "sections/b.md": "---\ntitle: B\n---\nText.\n",
    "glossary.yaml": "- {term: enclave, abbreviation: E, definition: d}\n- {term: Sun Force, definition: d}\n",
    "sources.yaml": "- {id: s, type: book, title: S, author: 'A, B', issued: 1999}\n- {id: t, title: T}\n",
    "cards.yaml": "- {front: '![](f.svg)', back: b}\n",
    "f.svg": "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 20'><title>M</title></svg>\n",
}


def _pack() -> Any:
    global _PACK
    if _PACK is None:
        from guide.content.load import load_pack

        with folder(_PACK_FILES) as path:
            _PACK, found = load_pack(path)
        assert _PACK is not None, found
    return _PACK


@contextmanager
def folder(files: Mapping[str, bytes | str]) -> Iterator[Path]:
    """Write files into a folder for a while; names that are not possible together are left out."""
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="guide-fuzz-", dir=root)) / "pack"
    try:
        path.mkdir()
        for name, text in files.items():
            try:
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(text.encode() if isinstance(text, str) else text)
            except OSError:
                continue
        yield path
    finally:
        shutil.rmtree(path.parent)


PARTS = ("sections", "timeline", "actors", "facts", "glossary", "questions")


@target
def markdown(data: bytes) -> None:
    """Any Markdown is well-formed HTML that leads nowhere; what is wrong with it has its line."""
    from dataclasses import replace

    from guide.content.rules import check_pack
    from guide.html.document import Document
    from guide.html.parts import bibliography, sections
    from guide.markup.context import Here
    from guide.markup.to_html import block

    pack, text = _pack(), texts(data)
    lang = "de" if data[:1] in {b"!", b"#"} else "en"
    made = pack.sections[0].placed(pack.sections[0].places, body=text)
    pack = replace(pack, sections=(made,), manifest=pack.manifest.model_copy(update={"lang": lang}))
    file = "\n" * (made.body_line - 1) + text
    check_places(check_pack(pack), {"sections/b.md": file})
    document = Document.of(pack, PARTS, "ieee", lambda _: "#1a1f24")
    if any(problem.code == "markdown-too-deep" for problem in document.problems):
        return
    for section in sections(document):
        check_html(str(section.html))
    check_places(document.problems, {"sections/b.md": file})
    if len(text) < 2000:
        check_html(str(block(text, document.context, Here(item="x", gaps=True, autolink=True))))
        check_html(f"<p>{document.inline(text)}</p>")
        for source in bibliography(document):
            check_html(f"<p>{source.html}</p>")
        assert str(sections(Document.of(pack, PARTS, "ieee", lambda _: "#1a1f24"))[0].html) == str(section.html)


@target
def csv(data: bytes) -> None:
    """Tables of cards and lists of recipients are rows, or problems with their places."""
    from guide.content.tables import read_table
    from guide.delivery import lists, recipients
    from guide.diagnostics.diagnostic import GuideError

    text = texts(data)
    for path in ("cards/a.csv", "cards/a.tsv"):
        rows, problems = read_table(text, path)
        check_places(problems, {path: text})
        lines = text.split("\n")
        for row in rows:
            for place in row.document.places.values():
                assert 1 <= place.line <= len(lines), place
                assert 1 <= place.column <= len(lines[place.line - 1]) + 1, place
    try:
        text = lists.decode(data, "r.csv")
    except GuideError as exc:
        check_places(exc.diagnostics, {"r.csv": _shown(data)})
        return
    entries, problems = lists.read_table(text, "r.csv")
    channels = {"folder": "folder", "mail": "mail"}
    checked, more = recipients.check(entries, recipients.Rules(channels, "folder", ("mail",), ("a",), ("en",)), "r.csv")
    check_places([*problems, *more], {"r.csv": text})
    for each in checked:
        assert not _FORBIDDEN.search(each.recipient.name), each


@target
def stock(data: bytes) -> None:
    """Names, sizes and files of stock, papers, lengths, dates, and kinds of document."""
    import tomllib
    from dataclasses import replace

    from guide.content.library import _own_kind, load_stock, read_stock, resolve_options
    from guide.diagnostics.diagnostic import GuideError, Place
    from guide.model.content import ReviewAfter  # noqa: F401
    from guide.model.dates import Date
    from guide.units import parse_length, parse_paper

    text = texts(data)
    for parse in (parse_length, parse_paper, Date.parse):
        value: Any
        try:
            value = parse(text)
        except ValueError as exc:
            assert str(exc)
            continue
        if parse is Date.parse:
            assert Date.parse(str(value)) == value
            assert value.first <= value.last
        elif parse is parse_paper:
            assert 20 <= value.width <= 2000 and parse_paper([value.width, value.height]).css == value.css
    try:
        made = load_stock(text, Place("pack.yaml", 1, 1))
        assert made.per_sheet >= 1 and min(made.margins) > -0.1
    except GuideError as exc:
        check_places(exc.diagnostics, {"pack.yaml": "x"})
    try:
        made, problems = read_stock(text, "templates/stock/a.yaml")
        check_places(problems, {"templates/stock/a.yaml": text})
        assert made is not None or problems
        if made is not None:
            pack = replace(_pack(), templates={"stock/a.yaml": text})
            assert load_stock(made.name, Place("pack.yaml", 1, 1), pack) == made
            try:
                made.folded()
            except ValueError as exc:
                assert str(exc)
    except GuideError as exc:
        assert exc.diagnostics
    try:
        kind = _own_kind("mine/kind.toml", text)
    except GuideError as exc:
        check_places(exc.diagnostics, {"templates/mine/kind.toml": text})
        return
    given = tomllib.loads(text).get("options", {})
    _, found = resolve_options(kind, {name: option.get("help") for name, option in given.items()}, _pack())
    check_places(found, {"pack.yaml": _PACK_FILES["pack.yaml"]})


@target
def svg(data: bytes) -> None:
    """An SVG that is let through has nothing that runs, loads or moves, and stays as it is when cleaned again."""
    from xml.etree import ElementTree as ET

    from guide.content.drawings import check_drawing
    from guide.content.files import Reader
    from guide.content.pictures import _svg
    from guide.markup.charts import ChartError, clean_svg

    _svg(Reader(Path("/nonexistent"), given={"a.svg": data}), "a.svg", data)
    check_places(check_drawing("a.svg", data), {"a.svg": data.decode("utf-8", "replace")})
    try:
        clean = clean_svg(data)
    except ChartError as exc:
        assert str(exc)
        return
    # U+007F to U+009F are allowed in XML, and refused by the reader of files before.
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", clean.decode("utf-8"))
    for element in ET.fromstring(clean).iter():
        local = element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else "?"
        assert local not in {"script", "foreignobject", "image", "feimage", "handler", "set", "?"}, local
        assert not local.startswith("animate"), local
        for key, value in element.attrib.items():
            name = key.rpartition("}")[2].lower()
            assert not name.startswith("on"), name
            assert name != "href" or value.strip().startswith("#"), value
            assert not re.search(r"url\(\s*['\"]?\s*[^#'\"\s]", value, re.I), value
        if local == "style":
            text = "".join(element.itertext())
            assert not re.search(r"@import|url\(\s*['\"]?\s*[^#'\"\s]", text, re.I), text
    assert clean_svg(clean) == clean


def pack_files(data: bytes) -> dict[str, bytes]:
    """Return the files of a pack that is written like the cases in tests/content/cases."""
    pieces = re.split(rb"^=== ?([^\n]*)\n", data, flags=re.M)
    files: dict[str, bytes] = {"pack.yaml": b"format: 1\ntitle: T\n"}
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        path = name.decode("ascii", "ignore").strip()
        if re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,3}", path) and ".." not in path and path != "expect":
            files[path] = text
    return files


@target
def load(data: bytes) -> None:
    """A folder of any files is a pack or has errors; the same each time; each problem stands in its file."""
    from guide.content.derive_cards import deck
    from guide.content.load import load_pack

    files = pack_files(data)
    with folder(files) as path:
        pack, found = load_pack(path)
        again, more = load_pack(path)
    assert more == found
    assert repr(pack) == repr(again)
    assert pack is not None or any(d.severity == "error" for d in found)
    shown = {name: _shown(text) for name, text in files.items()}
    check_places(found, shown)
    if pack is not None:
        deck(pack)


@target
def render(data: bytes) -> None:
    """A pack gives markup that is well-formed and stylesheets that say no more than is meant, for every kind."""
    import tinycss2
    from rendering import rendered

    from guide.pipeline import Settings

    files = pack_files(data)
    with folder(files) as path:
        made = rendered(path, Settings(kinds=("briefing", "handout", "quiz", "flashcards", "worksheet", "planner")))
    shown = {name: _shown(text) for name, text in files.items()}
    check_places(made.diagnostics, shown)
    if any(name.startswith("templates/") for name in files):
        return
    for html in made.markup:
        assert not _FORBIDDEN.search(html.markup), repr(html.markup)[:2000]
        check_html(html.markup, whole=True)
        for face in html.faces:
            check_html(face.markup)
        css = dict(html.stylesheets)["generated"]
        rules = tinycss2.parse_stylesheet(css, skip_whitespace=True, skip_comments=True)
        assert [getattr(r, "lower_at_keyword", "") for r in rules] == ["page", ""], css
        inside = tinycss2.parse_declaration_list(rules[1].content, skip_whitespace=True)
        assert all(d.type == "declaration" and d.name.startswith("--") for d in inside), css


# --- atheris ----------------------------------------------------------------------------------------


def where(exc: BaseException) -> str:
    """Return what a finding is known by: its type, and the last line of guide or the oracle it came through."""
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "/guide/" in f.filename or f.filename == __file__]
    inner = [f for f in frames if "/guide/" in f.filename] or frames
    last = inner[-1] if inner and not isinstance(exc, AssertionError) else frames[-1]
    message = re.sub(r"[^A-Za-z ]+", "", str(exc))[:24].strip().replace(" ", "-")
    return f"{type(exc).__name__}-{Path(last.filename).stem}-{last.name}-{last.lineno}-{message}".strip("-")


def seeds(name: str) -> Iterator[bytes]:
    """Yield what a target starts from: its cases, the project's own texts."""
    for path in sorted((CASES / name).glob("*")):
        yield path.read_bytes()
    content = ROOT / "content/kosovo"
    if name in {"load", "render"}:
        for path in sorted((ROOT / "tests/content/cases").glob("*.txt")):
            yield b"=== " + path.read_bytes().partition(b"\n=== ")[2]
        sys.path.insert(0, str(HERE.parent))
        from conftest import SMALL

        yield "".join(f"=== {path}\n{text}" for path, text in SMALL.items()).encode()
        return
    patterns = {
        "yaml": ["*.yaml", "figures/*.yaml"], "sources": ["sources.yaml"], "markdown": ["sections/*.md"],
        "csv": ["cards/*.csv", "figures/*.csv"], "svg": ["figures/*.svg"], "stock": [],
    }[name]  # fmt: skip
    for pattern in patterns:
        for path in sorted(content.glob(pattern)):
            data = path.read_bytes()
            yield from (data[n : n + 900] for n in range(0, min(len(data), 9000), 900))
    templates = ROOT / "templates"
    if name == "stock":
        for path in (*templates.glob("stock/*.yaml"), *templates.glob("*/kind.toml")):
            yield path.read_bytes()
        yield from (b"90x60mm", b"3.5 x 2in", b"a4-landscape", b"1999-06-12", b"~-0044-03", b"12.5mm", b"a7")
    if name == "sources":
        yield b"@book{t,\n title = {T {\\\"u}},\n author = {A, B and C},\n year = 1999,\n month = jun\n}\n"
        yield b'[{"id": "a", "type": "book", "title": "T", "issued": {"date-parts": [[1999, 6]]}}]'
    if name == "markdown":
        yield (b"# Head {#sec-h .x}\n\nText [@s, p. 3; @t] of an [[enclave|Enclaves]], $x^2$, $$\\frac{1}{2}$$.[^1]\n\n"
               b"[^1]: A note.\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n: Cap {#tbl-t}\n\n![Map](f.svg){#fig-m alt=\"x\" width=80%}\n\n"
               b"See @fig-m, @tbl-t.\n\n::: note Title\n- [ ] a\n- [x] b\n:::\n\nTerm\n: Def\n\n```python\nx = 1\n```\n\n~~no~~ {{gap}}")  # fmt: skip


TOKENS = ["---", ":::", "note", "tip", "```", "~~~", "$$", "$", "[@s", "[[", "]]", "{{", "}}", "@fig-", "@tbl-", "@sec-", "[^1]", "[^1]:", "![](", "](javascript:", "{#", "{.", "width=", "onclick=", "<script>", "<svg", "<b>", "&#0;", "&amp;", "&#x1;", "*a", "&a", "!!", "!tag", "|", ">", "-", "?", ":", '"', "'", "#", "%YAML", "<<", "~", "0x", "1e5", ".inf", "\\x00", "\\ud800", "\\u2028", "\\n", ",", ";", "@book{", "@string{", "=", "#", "))", "url(", "@import", "href=", "style=", "xlink:href", "<use", "<!ENTITY", "<!DOCTYPE", "<![CDATA[", "<?xml", "[options.", "type=", "[[", "]]", "'''", "===", "pack.yaml", "===", "sections/a.md", "===", "cards.yaml", "===", "cards/a.csv", "===", "questions.yaml", "front,", "back,", "cloze:", "term:", "date:", "1999-02-30", "-0000"]


def fuzz(name: str, seconds: float, findings: Path) -> None:
    """Fuzz a target in this process, which ends with it."""
    sys.path[:0] = [str(HERE), str(ROOT)]
    import atheris

    with atheris.instrument_imports(include=["guide", "markdown_it", "mdit_py_plugins", "pybtex", "csv", "tomllib"]):
        import guide.content.derive_cards
        import guide.content.library
        import guide.content.load
        import guide.content.sources
        import guide.delivery.recipients
        import guide.html.document
        import guide.html.faces
        import guide.html.handout
        import guide.html.render
        import guide.pipeline  # noqa: F401

    count = {"runs": 0}
    known: dict[str, int] = {}
    findings.mkdir(parents=True, exist_ok=True)

    def stop() -> None:
        time.sleep(seconds)
        used = time.process_time()
        print(f"{name}: {count['runs']} runs, {used:.0f} s of computing, {len(known)} kinds of finding",
              *known.items(), sep="\n  ", flush=True)  # fmt: skip
        os._exit(0)

    def keep(data: bytes, exc: BaseException) -> None:
        key = where(exc)
        known[key] = known.get(key, 0) + 1
        path = findings / f"{name}--{key}"
        if not path.exists() or len(data) < path.stat().st_size:
            path.write_bytes(data)
            path.with_suffix(".trace").write_text("".join(traceback.format_exception(exc))[-3000:])

    def one(data: bytes) -> None:
        count["runs"] += 1
        tries = [data]
        if len(data) <= 48 and zlib.crc32(data) % 16 == 0:
            tries.append(MARK + data.replace(MARK, b"") + MARK)
        for each in tries:
            try:
                run(name, each, 3 * SECONDS)  # instrumented code is slow
            except Exception as exc:
                keep(each, exc)

    with tempfile.TemporaryDirectory(prefix="guide-fuzz-corpus-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / f"{number}").write_bytes(seed)
        words = Path(corpus).with_suffix(".dict")
        words.write_text("\n".join('"' + "".join(f"\\x{b:02x}" for b in t.encode()) + '"' for t in [*TOKENS, "\x1f"]) + "\n")
        atheris.Setup(
            [sys.argv[0], corpus, f"-dict={words}", "-max_len=3000", "-timeout=60", "-rss_limit_mb=3000", "-verbosity=0",
             f"-artifact_prefix={findings}/"],
            one,
        )
        threading.Thread(target=stop, daemon=True).start()  # also when a run takes long
        atheris.Fuzz()


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("target", nargs="+", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--replay", type=Path, nargs="*")
    given = parser.parse_args()
    names = list(TARGETS) if given.target == ["all"] else given.target
    if given.replay is not None:
        sys.path[:0] = [str(HERE), str(ROOT)]
        for path in given.replay:
            start = time.process_time()
            try:
                run(names[0], path.read_bytes())
                print(f"{path}: good ({time.process_time() - start:.2f} s)")
            except Exception as exc:
                print(f"{path}: {type(exc).__name__}: {exc} ({time.process_time() - start:.2f} s)"[:1500])
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not here: pip install atheris, into an environment of its own", file=sys.stderr)
        return 2
    for name in names:
        child = os.fork()
        if not child:
            fuzz(name, given.seconds, given.findings)
        os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
