"""Files of a pack that look like content and are not read: wrong ending, capitals, or folder."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.diagnostics.suggest import nearest
from guide.model.letters import same_name
from guide.model.parts import FILES, PARTS

CODE = "unread-file"
LISTS = tuple(part.name for part in PARTS if part.file)
_ROOT = {"pack.yaml", *FILES}
_SOURCES = ("sources.yaml", "sources.yml", "sources.json", "sources.bib")
_FOLDERS = {
    "sections": (".md", ".markdown"),
    "cards": (".yaml", ".yml", ".csv", ".tsv"),
    "templates": (".html", ".css", ".toml", ".yaml", ".txt"),
}
_TABLES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_TEXTS = tuple(".docx .doc .odt .rtf .pages .html .htm .tex .pptx .ppt .odp .epub".split())
_PLAIN = (".txt", ".text")
_MARKDOWN = (".md", ".markdown", ".mdx", ".mkd", ".qmd", ".rmd")
_ROWS = (".csv", ".tsv", ".tab")
_DATA = (".yaml", ".yml", ".json", ".bib", ".ris")
_ANKI = (".apkg", ".colpkg")
_ASSETS = (".ttf", ".otf", ".woff", ".woff2", ".png", ".jpg", ".jpeg", ".svg")
_OF_TEMPLATES = (".yml", ".scss", ".sass", ".less", ".js", ".j2", ".jinja", ".jinja2", *_ASSETS)
_LOOKS_LIKE_CONTENT = (*_TABLES, *_TEXTS, *_PLAIN, *_MARKDOWN, *_ROWS, *_DATA, *_ANKI)
_ABOUT = re.compile(r"(?:readme|licen[cs]e|copying|changelog|changes|contributing|authors|todo|makefile|"
                    r"package(?:-lock)?|requirements|mkdocs|codemeta|citation|recipients.*|guide\.lock)\b", re.IGNORECASE)  # fmt: skip
_NAMES = frozenset(
    "name full-name first-name last-name nachname vorname familienname nom prénom nombre apellido apellidos ime"
    " prezime ime-i-prezime име презиме emri mbiemri email e-mail e-mail-address mail".split()
)
_OF_PEOPLE = _NAMES | frozenset(
    "organisation organization organisme organización company class klasse classe clase razred разред klasa group"
    " gruppe groupe grupo ref copies channel edition language password address".split()
)
_IGNORED_FOLDERS = {"build", "node_modules", "__pycache__", "figures"}
_DEEPEST = 3  # folders below the pack's own that are looked into
_MOST = 2000  # names
_SHOWN = 100  # diagnostics
_SUFFIX = re.compile(r"(?:\.(?:yaml|yml|json|bib|md|csv|tsv))?(?:\.[A-Za-z0-9]{1,8})?$")


def candidates(root: Path) -> list[str]:
    """Return the files that look like content in a pack's folder and in folders of content, sorted.

    Hidden files, lists of recipients and what describes a folder (README) are omitted, and so are
    folders whose name is not like that of a folder of content.
    """
    found: list[str] = []
    waiting = [("", 0)]
    while waiting and len(found) < _MOST:
        base, depth = waiting.pop()
        for name, is_folder in _entries(root / base):
            path = f"{base}/{name}".lstrip("/")
            if name.startswith((".", "~", "_MACOSX")) or ".ledger.db" in name:
                continue
            if is_folder:
                if depth < _DEEPEST and (depth or _home(name)):
                    waiting.append((path, depth + 1))
            elif _is_like_content(path) and not _is_read_as(root, path):
                of_people = not base and path.lower().endswith(_ROWS) and _is_of_people(root / path)
                found += [] if of_people else [path]
    return sorted(found)[:_MOST]


def unread_files(names: list[str], read: Container[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each of the files that was not read, with what to do about it."""
    unread = [name for name in names if name not in read]
    for name in unread[:_SHOWN]:
        message = f"`{name}` is not read"
        yield warning(CODE, message, Place(name), _remedy(PurePosixPath(name)), name)
    if rest := unread[_SHOWN:]:
        message = f"{len(rest)} more files are not read, `{rest[0]}` among them"
        yield warning(CODE, message, Place(rest[0]), "docs/pack-format says which files are read.")


def _entries(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((each.name, each.is_dir(follow_symlinks=False)) for each in entries)
    except (OSError, ValueError):
        return []


def _home(folder: str) -> str:
    """Return the folder or file of content that the name of a folder means, or ''."""
    name = same_name(folder)
    if name in _IGNORED_FOLDERS:
        return ""
    known = (*_FOLDERS, *LISTS, "sources")
    return name if name in known else nearest(name, known, cutoff=80)


def _is_like_content(path: str) -> bool:
    pure = PurePosixPath(path)
    ending = pure.suffix.lower()
    top, many = pure.parts[0], len(pure.parts)
    alike = ending in _LOOKS_LIKE_CONTENT
    if many > 1 and top == "templates":
        alike = alike or ending in _OF_TEMPLATES
        return alike and not path.lower().endswith(_FOLDERS[top])
    if many == 2 and top in _FOLDERS:
        return alike and not path.lower().endswith(_FOLDERS[top])
    return alike and not (many == 1 and (path in _ROOT or path in _SOURCES or _ABOUT.match(path)))


def _is_of_people(path: Path) -> bool:
    """Return True for a list that copies are sent to: all columns of its first row are about people."""
    try:
        with path.open("rb") as stream:
            first = stream.readline(1000).decode("utf-8-sig", "replace")
    except OSError:
        return False
    cells = {
        re.sub(r"\s+", "-", cell.strip("\"' \r\n")) for cell in re.split("[,;\t]", same_name(first))
    }
    return bool(cells & _NAMES) and cells - {""} <= _OF_PEOPLE


def _is_read_as(root: Path, path: str) -> bool:
    """Return True if the disk finds a file by its name in small letters too, as on macOS and Windows."""
    small = path.lower()
    try:
        return small != path and os.path.samefile(root / small, root / path)
    except OSError:
        return False


def _remedy(path: PurePosixPath) -> str:
    """Return what to do with a file, in words for somebody who has made it in another program."""
    ending = path.suffix.lower()
    if path.parts[0] == "templates" and len(path.parts) > 1:
        return _of_templates(ending)
    if len(path.parts) > 1:
        home = _home(path.parts[0])
        fits = home in _FOLDERS and path.name.lower().endswith(_FOLDERS[home])
        if fits and len(path.parts) == 2:
            return f"Rename the folder: `{home}`, in small letters."
        if fits:
            return f"Move it up, right into `{home}`: folders inside it are not read."
        if home in LISTS and ending in {".yaml", ".yml"}:
            return f"Move its entries into `{home}.yaml`, beside pack.yaml."
    elif known := _known_name(path.name):
        return known
    return _by_ending(path, ending)


def _known_name(name: str) -> str:
    """Return what to do with a file beside pack.yaml whose name is almost one that is read."""
    stem = same_name(_SUFFIX.sub("", name))
    ending = same_name(name)[len(stem) :]
    if stem == "pack":
        return "Rename it: `pack.yaml`."
    known = (*LISTS, "sources")
    home = stem if stem in known else nearest(stem, known, cutoff=85)
    if not home:
        return ""
    if home == "sources":
        last = PurePosixPath(same_name(name)).suffix
        same = last if last in {".bib", ".json"} else ".yaml"
        renamed = ending in {".yml", ".yaml", ".bib", ".json"}
        return f"Rename it: `sources{same}`." if renamed else ""
    if ending.startswith((".yaml", ".yml")) or not ending:
        return f"Rename it: `{home}.yaml`, in small letters and with that ending."
    if home == "cards" and ending in {".csv", ".tsv"}:
        return f"Move it into the folder `cards`: `cards/{same_name(name)}`."
    if ending in {".json", *_ROWS}:
        return f"Write its entries as YAML into `{home}.yaml`; a table is read as cards only."
    return ""


def _by_ending(path: PurePosixPath, ending: str) -> str:
    stem = path.stem
    if ending in _TABLES:
        return f"Import its cards: `guide import {path.name} --write` in the pack's folder; or save the sheet as CSV UTF-8: `cards/{stem}.csv`, with `front` and `back` in its first row."
    if ending in _ROWS:
        suffix = ".tsv" if ending == ".tab" else ending
        return (
            f"For cards, move it to `cards/{stem}{suffix}`, with `front` and `back` in its first row. "
            "Name a list of people `recipients.csv`, or keep it outside the pack."
        )
    if ending in _ANKI:
        return f"Import the cards of Anki: `guide import {path.name} --write` in the pack's folder. Then keep the file outside the pack."
    if ending in {".bib", ".ris", ".json"}:
        return "For sources, save it as `sources.bib` (BibTeX) or `sources.json` (CSL-JSON) beside pack.yaml."
    if ending in {".yaml", ".yml"}:
        names = ", ".join(FILES)
        return f"Files of entries beside pack.yaml are {names} and sources.yaml; more cards go into `cards/`."
    if ending in _PLAIN:
        return (
            f"Import cards, as Quizlet exports them: `guide import {path.name} --write` in the pack's folder. Save a "
            f"text as `sections/{stem}.md`."
        )
    if ending in _MARKDOWN:
        return (
            f"Move it to `sections/{stem}.md`, and begin it with three lines: ---, title: ..., ---."
        )
    return f"Copy its text into `sections/{stem}.md`, which begins with three lines: ---, title: ..., ---."


def _of_templates(ending: str) -> str:
    if ending == ".yml":
        return "Rename it to the ending `.yaml`."
    if ending in _ASSETS:
        return "Put it into the stylesheet as `url(data:...)`: see docs/pack-format/templates.md."
    return "Templates are files with the endings .html, .css, .toml, .yaml and .txt."
