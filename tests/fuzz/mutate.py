"""Single edits of a pack, as a hurried person makes them, and what guide says of each.

    python tests/fuzz/mutate.py [--count 300] [--seed 1999] [--all 4] [--typeset 25] [--list]

Each edit must give a diagnostic that points at it, or build; none may raise. A diagnostic points at an
edit when it stands within two lines of it, when it names such a line ("the first is on line 7"), or when
it names a thing that stood there: a source that was deleted is missed where it is cited.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]
PACK = ROOT / "content/kosovo"
NEAR = 2  # lines

EDITS: dict[str, Callable[[random.Random, str, str], tuple[str | bytes, int, int] | None]] = {}


def edit(function: Callable[[random.Random, str, str], tuple[str | bytes, int, int] | None]) -> Callable:
    """Add a kind of edit: (chance, path, text) to the new text and its first and last line, or None."""
    EDITS[function.__name__.strip("_").replace("_", "-")] = function
    return function


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _sub(chance: random.Random, text: str, pattern: str, new: Callable[[re.Match[str]], str]):
    """Replace one match of a pattern, chosen by chance."""
    found = list(re.finditer(pattern, text, re.M))
    if not found:
        return None
    match = chance.choice(found)
    made = new(match)
    if made == match[0]:
        return None
    line = _line(text, match.start())
    return text[: match.start()] + made + text[match.end() :], line, line + match[0].count("\n")


def _lines(chance: random.Random, text: str, wanted: Callable[[str], object] = str.strip) -> tuple[list[str], int] | None:
    lines = text.split("\n")
    able = [n for n, line in enumerate(lines) if wanted(line)]
    return (lines, chance.choice(able)) if able else None


def _change(chance: random.Random, text: str, wanted: Callable[[str], object], new: Callable[[list[str], int], list[str]]):
    found = _lines(chance, text, wanted)
    if not found:
        return None
    lines, number = found
    made = new(lines, number)
    return ("\n".join(made), number + 1, number + 1) if made != lines else None


def _yaml(path: str) -> bool:
    return path.endswith((".yaml", ".md"))


def _front(path: str, text: str) -> str:
    """Return the part of a file that is YAML."""
    if path.endswith(".md"):
        return text[: text.find("\n---\n", 4) + 1] if text.startswith("---") else ""
    return text if path.endswith(".yaml") else ""


def _in_yaml(chance: random.Random, path: str, text: str, pattern: str, new: Callable[[re.Match[str]], str]):
    head = _front(path, text)
    made = _sub(chance, head, pattern, new) if head else None
    return (made[0] + text[len(head) :], *made[1:]) if made else None


@edit
def delete_line(chance, path, text):
    return _change(chance, text, str.strip, lambda lines, n: lines[:n] + lines[n + 1 :])


@edit
def duplicate_line(chance, path, text):
    return _change(chance, text, str.strip, lambda lines, n: lines[: n + 1] + lines[n:])


@edit
def swap_lines(chance, path, text):
    return _change(chance, "\n".join(text.split("\n")[:-1]), str.strip,
                   lambda lines, n: lines[:n] + [*lines[n + 1 : n + 2], lines[n]] + lines[n + 2 :])  # fmt: skip


@edit
def indent_more(chance, path, text):
    head = _front(path, text) or text
    space = chance.choice([" ", "  ", "    "])
    made = _change(chance, head, str.strip, lambda lines, n: [*lines[:n], space + lines[n], *lines[n + 1 :]])
    return made and (made[0] + text[len(head) :], *made[1:])


@edit
def indent_less(chance, path, text):
    head = _front(path, text) or text
    less = chance.choice([1, 2, 8])
    made = _change(chance, head, lambda line: line.startswith(" "),
                   lambda lines, n: [*lines[:n], re.sub(rf"^ {{1,{less}}}", "", lines[n]), *lines[n + 1 :]])  # fmt: skip
    return made and (made[0] + text[len(head) :], *made[1:])


@edit
def misspell_key(chance, path, text):
    def new(match):
        word = match[1]
        at = chance.randrange(len(word) - 1)
        typed = chance.choice([word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :], word[:at] + word[at] * 2 + word[at + 1 :]])
        return match[0].replace(word, typed, 1)

    return _in_yaml(chance, path, text, r"(?:^|[{,\s-])([A-Za-z_-]{2,}):(?= |$)", new)


@edit
def drop_quote(chance, path, text):
    if path.endswith(".md"):
        return _in_yaml(chance, path, text, r"[\"']", lambda m: "") or _sub(chance, text, "\"", lambda m: "")
    return _sub(chance, text, r"[\"']", lambda m: "")


@edit
def drop_bracket(chance, path, text):
    return _sub(chance, text, r"[\[\]{}()]", lambda m: "")


@edit
def drop_colon(chance, path, text):
    return _in_yaml(chance, path, text, r":(?= |$)", lambda m: "")


@edit
def drop_dash(chance, path, text):
    return _in_yaml(chance, path, text, r"^( *)- ", lambda m: chance.choice([m[1] + "  ", m[1]]))


@edit
def drop_comma(chance, path, text):
    return _sub(chance, text, r",", lambda m: "")


@edit
def string_to_list(chance, path, text):
    return _in_yaml(chance, path, text, r"(?<=: )[A-Za-z][^\n,{}\[\]]*", lambda m: f"[{m[0]}]")


@edit
def text_to_number(chance, path, text):
    return _in_yaml(chance, path, text, r"(?<=: )([A-Za-z\"][^\n,{}\[\]]*)", lambda m: chance.choice(["17", "true", "~", "1.5", '""']))


@edit
def list_to_string(chance, path, text):
    return _in_yaml(chance, path, text, r"(?<=: )\[[^\n\[\]]*\]", lambda m: chance.choice(["one", "1", "{a: b}", "[[x]]"]))


@edit
def mapping_to_list(chance, path, text):
    return _in_yaml(chance, path, text, r"^( *)(?=[a-z_-]+:)", lambda m: m[1] + "- ")


@edit
def citation_key(chance, path, text):
    if path.endswith(".md"):
        return _sub(chance, text, r"(?<=@)(?!fig-|tbl-|sec-)[a-z][a-z0-9-]+", lambda m: m[0][:-1] + "zz")
    if path == "sources.yaml":
        return _sub(chance, text, r"(?<=^- id: ).+$", lambda m: m[0] + "x")
    return _sub(chance, text, r"(?<=sources: \[)[a-z0-9-]+", lambda m: m[0] + "q")


@edit
def cross_reference(chance, path, text):
    return _sub(chance, text, r"[@#](?:fig|tbl|sec)-[a-z]+", lambda m: m[0][:-2] + m[0][-1] + m[0][-2])


@edit
def glossary_link(chance, path, text):
    if path == "glossary.yaml":
        return _sub(chance, text, r"(?<=term: )\w+", lambda m: m[0] + "s")
    return _sub(chance, text, r"(?<=\[\[)\w", lambda m: m[0] + "x")


@edit
def date_digit(chance, path, text):
    if path.endswith(".md") and path.startswith("figures"):
        return None
    return _sub(chance, text, r"\b(?:1[89]|20)\d\d-\d\d(?:-\d\d)?", lambda m: _digit(chance, m[0]))


def _digit(chance, date):
    at = chance.choice([n for n, sign in enumerate(date) if sign.isdigit()])
    return date[:at] + chance.choice("0123456789") + date[at + 1 :]


@edit
def insert_tab(chance, path, text):
    return _change(chance, text, str.strip,
                   lambda lines, n: [*lines[:n], chance.choice(["\t" + lines[n], "\t" + lines[n].lstrip(), lines[n].replace(" ", "\t", 1)]), *lines[n + 1 :]])  # fmt: skip


@edit
def insert_nul(chance, path, text):
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("\0\x07\x1b") + text[at:], _line(text, at), _line(text, at)


@edit
def bad_utf8(chance, path, text):
    at = chance.randrange(len(text))
    return text[:at].encode() + chance.choice([b"\xe9", b"\xff", b"\xc3"]) + text[at:].encode(), _line(text, at), _line(text, at)


@edit
def cut_short(chance, path, text):
    at = chance.randrange(1, len(text))
    return text[:at], _line(text, at), _line(text, at)


@edit
def empty_file(chance, path, text):
    return "", 1, 1


@edit
def remove_fence(chance, path, text):
    """The front matter loses a fence, a box its end, a block of code its end."""
    if not path.endswith(".md"):
        return None
    return _sub(chance, text, r"^(---|:::.*)\n", lambda m: "")


@edit
def open_code(chance, path, text):
    """A fence of code that nothing closes."""
    if not path.endswith(".md"):
        return None
    body = text.find("\n---\n", 4) + 5
    at = chance.choice([m.start() + 1 for m in re.finditer(r"\n", text[:-1]) if m.start() >= body - 1])
    return text[:at] + "```\n" + text[at:], _line(text, at), _line(text, at)


@edit
def drop_letter(chance, path, text):
    return _sub(chance, text, r"[A-Za-z]", lambda m: "")


@edit
def stray_sign(chance, path, text):
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("\"'[]{}:-#&*|>%@`$<\\") + text[at:], _line(text, at), _line(text, at)


@dataclass
class Mutant:
    """One edit, and what came of it."""

    number: int
    kind: str
    path: str
    first: int
    last: int
    data: bytes
    shown: str
    verdict: str = ""  # near, named, word, built, far, raised
    said: str = ""
    others: list[str] = field(default_factory=list)
    layout: str = ""


def files_of(pack: Path) -> list[str]:
    """Return the files that are edited."""
    return sorted(p.relative_to(pack).as_posix() for p in pack.rglob("*")
                  if p.is_file() and p.name != "README.md" and "build" not in p.relative_to(pack).parts)  # fmt: skip


def mutants(pack: Path, count: int, seed: int) -> Iterator[Mutant]:
    """Yield edits, the kinds of edit in turn, each of a file and a line by chance."""
    chance = random.Random(seed)
    texts = {name: (pack / name).read_text("utf-8") for name in files_of(pack)}
    names = sorted(texts)
    kinds = list(EDITS)
    number = 0
    while number < count:
        kind = kinds[number % len(kinds)]
        path = chance.choice(names)
        made = EDITS[kind](chance, path, texts[path])
        if made is None:
            continue
        new, first, last = made
        data = new if isinstance(new, bytes) else new.encode()
        if data == texts[path].encode():
            continue
        before, after = texts[path].split("\n"), data.decode("utf-8", "replace").split("\n")
        old, now = (lines[first - 1][:100] if first <= len(lines) else "" for lines in (before, after))
        yield Mutant(number, kind, path, first, last, data, f"{old!r} -> {now!r}")
        number += 1


def points_at(mutant: Mutant, diagnostic, old: str) -> str:
    """Return how a diagnostic points at an edit: near, named, word; '' when it does not."""
    last = min(mutant.last, mutant.data.count(b"\n") + 1)
    low, high = mutant.first - NEAR, max(last, mutant.first) + NEAR
    place = diagnostic.place
    if place.path == mutant.path and (not place.line or low <= place.line <= high):
        return "near"
    said = f"{diagnostic.message} {diagnostic.hint}"
    named = [(m[1] or place.path, int(m[2])) for m in re.finditer(r"(?:([\w./-]+):|\bline )(\d+)", said)]
    if any(path == mutant.path and low <= line <= high for path, line in named):
        return "named"
    lines = old.split("\n")
    here = "\n".join(lines[max(0, mutant.first - 1 - NEAR) : mutant.last + NEAR])
    if mutant.kind in {"cut-short", "empty-file"}:
        here = "\n".join(lines[max(0, mutant.first - 1 - NEAR) :])
    words = re.findall(r"`([^`]+)`", said)
    gone = {"unknown-source", "unknown-term", "bad-reference", "unknown-tag", "missing-image", "bad-value"}
    return "word" if diagnostic.code in gone and any(w.removeprefix("sec-") in here for w in words) else ""


def judge(mutant: Mutant, folder: Path, kinds: tuple[str, ...] | None = ()) -> None:
    """Load and render the pack with the edit (load it alone for None), and note what came of it."""
    from rendering import Rendered, rendered

    from guide.content.load import load_pack

    from guide.pipeline import Settings

    target = folder / mutant.path
    old = target.read_bytes()
    target.write_bytes(mutant.data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = rendered(folder, Settings(kinds=kinds)) if kinds is not None else Rendered(load_pack(folder)[1], [])
    except Exception as exc:
        mutant.verdict = "raised"
        mutant.said = "".join(traceback.format_exception(exc))[-1500:]
        return
    finally:
        target.write_bytes(old)
    errors = found.errors
    shown = [f"{d.place}: {d.severity}[{d.code}] {d.message} -> {d.hint}" for d in (*errors, *found.diagnostics)]
    mutant.said, mutant.others = (shown[0] if shown else ""), shown[1:6]
    text = old.decode()
    if not errors:
        mutant.verdict = "built"
    else:
        how = points_at(mutant, errors[0], text)
        others = [points_at(mutant, d, text) for d in found.diagnostics]
        mutant.verdict = how or ("later" if any(others) else "far")


def typeset(mutant: Mutant, folder: Path, out: Path) -> None:
    """Build the briefing of the short edition with the edit, and note what went wrong in layout."""
    from guide import pipeline
    from guide.diagnostics.diagnostic import GuideError

    target = folder / mutant.path
    old = target.read_bytes()
    target.write_bytes(mutant.data)
    try:
        built = pipeline.build(folder, out, pipeline.Settings(kinds=("briefing",), edition="executive", jobs=1))
        bad = [d for d in built.diagnostics if d.severity == "error"]
        mutant.layout = "; ".join(f"{d.place}: {d.code} {d.message}" for d in bad) or "good"
    except GuideError as exc:
        mutant.layout = f"refused: {exc}"
    except Exception as exc:
        mutant.layout = f"raised: {type(exc).__name__}: {exc}"
    finally:
        target.write_bytes(old)


def copied(pack: Path, parent: Path) -> Path:
    """Return a copy of a pack to be edited."""
    return Path(shutil.copytree(pack, parent / pack.name, ignore=shutil.ignore_patterns("build", ".*")))


VERDICTS = ("near", "named", "word", "built", "later", "far", "raised")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pack", type=Path, default=PACK)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1999)
    parser.add_argument("--typeset", type=int, default=0, metavar="N")
    parser.add_argument("--list", action="store_true", help="show every edit and what was said")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of edits")
    parser.add_argument("--all", type=int, default=1, metavar="N", help="all kinds for every Nth edit, else the briefing")
    parser.add_argument("--light", action="store_true", help="the briefing for every fourth edit, else load alone")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guide-mutate-") as made:
        folder = copied(given.pack, Path(made))
        done = []
        for mutant in mutants(given.pack, given.count, given.seed):
            if given.only and mutant.number not in given.only:
                continue
            kinds: tuple[str, ...] | None = ("briefing",) if mutant.number % given.all else ()
            if given.light:
                kinds = None if mutant.number % 4 else ("briefing",)
            judge(mutant, folder, kinds)
            done.append(mutant)
            if given.list or mutant.verdict in {"far", "raised", "later"}:
                print(f"{mutant.number} {mutant.kind} {mutant.path}:{mutant.first} {mutant.verdict}\n    {mutant.shown}\n    {mutant.said}",
                      *(f"      + {other[:160]}" for other in mutant.others[:3]), sep="\n", flush=True)  # fmt: skip
        built = [m for m in done if m.verdict == "built"]
        chosen = random.Random(given.seed).sample(built, min(given.typeset, len(built)))
        for mutant in chosen:
            typeset(mutant, folder, Path(made) / "out")
            print(f"typeset {mutant.number} {mutant.kind} {mutant.path}:{mutant.first}: {mutant.layout}", flush=True)
    table = Counter((m.kind, m.verdict) for m in done)
    print(f"{'edit':18}", *(f"{v:>7}" for v in VERDICTS), f"{'all':>7}")
    for kind in [*EDITS, ""]:
        counts = [sum(n for (k, w), n in table.items() if w == v and kind in {k, ""}) for v in VERDICTS]
        print(f"{kind or 'all':18}", *(f"{n or '':>7}" for n in counts), f"{sum(counts):7}")
    broken = [m for m in chosen if m.layout.startswith("raised") or "render-" in m.layout]
    print(f"{len(chosen)} typeset, {len(broken)} broke; {time.monotonic() - started:.0f} s")
    return int(bool(broken) or any(m.verdict in {"far", "raised"} for m in done))


if __name__ == "__main__":
    sys.exit(main())
