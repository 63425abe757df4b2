"""The document that is given out: what it is, and its bytes in each edition."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from guide import pipeline
from guide.delivery.dealing import document_key, versions_among
from guide.delivery.names import readable, safe
from guide.delivery.records import Known, Version
from guide.delivery.request import About, Request, Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error
from guide.foreign.apart import RealTime, apart
from guide.model.copies import StampPlace
from guide.model.pack import Manifest
from guide.pipeline.record import PDF
from guide.system import tempfiles
from guide.units import Paper, parse_paper


def look_at(request: Request, reading: RealTime) -> tuple[About, bytes]:
    """Return what a document is, and the bytes of a PDF (b'' for a pack); raises GuideError.

    `reading` is the time that all steps of reading the PDF share.
    """
    source = request.source
    if source.is_file() and source.name != "pack.yaml":
        return _about_pdf(request, reading)
    return _about_pack(request), b""


def _folder(request: Request) -> Path:
    return request.source.parent if request.source.name == "pack.yaml" else request.source


def _about_pack(request: Request) -> About:
    from guide.content.load import load_manifest

    folder = _folder(request)
    manifest, templates, problems = load_manifest(folder, dict(request.settings.overrides))
    problems = tuple(d.within(str(folder)) for d in problems)
    if manifest is None or any(d.severity == Severity.ERROR for d in problems):
        raise GuideError(*problems)
    name = readable(folder.resolve().name)
    named = [request.kind] if request.kind != "briefing" else []
    stem = "-".join([safe(name, ascii_only=True) or "pack", *named])
    kind, place = _kind(request.kind, templates)
    return About(
        series=f"{name}/{request.kind}",
        title=manifest.title,
        version=manifest.version,
        lang=manifest.lang,
        stem=f"{stem}-{safe(manifest.version, ascii_only=True)}".rstrip("-"),
        name=name,
        date=str(manifest.date or ""),
        marking=manifest.marking,
        supersedes=manifest.supersedes,
        valid_until=str(manifest.valid_until or ""),
        editions=tuple(manifest.editions),
        templates=templates,
        place=place,
        paper=_paper(manifest, kind),
        kind=kind,
    )


def _paper(manifest: Manifest, kind: str) -> Paper | None:
    options = (manifest.documents or {}).get(kind)
    chosen = options.get("paper") if isinstance(options, Mapping) else None
    with contextlib.suppress(ValueError):
        return parse_paper(str(chosen or "a4"))
    return None


def _kind(asked: str, templates: Mapping[str, str]) -> tuple[str, StampPlace]:
    """Return the kind that makes a document, and where its copies carry their label.

    A kind may make several documents: `flashcards-screen` is one of the kind `flashcards`. Raises
    GuideError when there is none.
    """
    from guide.content.library import load_kinds
    from guide.content.validate import did_you_mean

    kinds, name = load_kinds(own=templates), asked
    while name not in kinds and "-" in name:
        name = name.rpartition("-")[0]
    if name not in kinds:
        message = f"there is no kind of document `{asked}`"
        hint = did_you_mean(asked, kinds) or f"There are: {', '.join(kinds)}."
        raise GuideError(error("unknown-kind", message, Place("--kind"), hint))
    return name, kinds[name].stamp


def _about_pdf(request: Request, reading: RealTime) -> tuple[About, bytes]:
    from guide.copies.original import look_at as look_at_pdf

    path, version = request.source, request.version
    try:
        source = path.read_bytes()
    except OSError as exc:
        message = f"the PDF cannot be read: {exc.strerror or exc}"
        raise GuideError(
            error("unreadable-file", message, Place(str(path)), "Check the permissions.")
        ) from exc
    found = apart(look_at_pdf, source, str(path), name=str(path), size=len(source), shared=reading)
    name = readable(path.stem)
    stem = safe(name, ascii_only=True) or "document"
    about = About(
        series=found.title or name,
        title=found.title or name,
        version=version or hashlib.sha256(source).hexdigest()[:8],
        lang=found.lang or "en",
        stem=f"{stem}-{safe(version, ascii_only=True)}".rstrip("-"),
        name=safe(name) or "document",
        named=bool(version),
        file=name,
        kind=request.kind,
    )
    return about, source


def editions(task: Task, known: Known) -> list[str]:
    """Return the editions that are made.

    Where one is new under a version, those that were given out under it are made as well: one
    that has changed shows that the version has two contents.
    """
    wanted = {row.recipient.edition for row in task.rows}
    about = task.about
    had = next((v for v in known.versions if v.version == about.version), Version(0, "", {}))
    given = {key.partition("/")[0] for key in had.documents}
    if about.editions is not None and given and not wanted <= given:
        wanted |= given & {"", *about.editions}
    return sorted(wanted)


def documents(task: Task, wanted: Iterable[str], problems: list[Diagnostic]) -> dict[str, bytes]:
    """Return the documents of each edition by key; warnings of building them join the problems.

    Raises GuideError when one cannot be built.
    """
    from guide.content.editions import OF_EDITIONS

    if task.about.editions is None:
        return dict.fromkeys(wanted, task.source)
    made: dict[str, bytes] = {}
    with tempfiles.folder() as out:
        for edition in wanted:
            kinds = (task.about.kind,)
            settings = dataclasses.replace(task.request.settings, kinds=kinds, edition=edition)
            built = pipeline.build(_folder(task.request), Path(out), settings, task.building)
            paths = [Path(made.path) for made in built.outputs if made.media == PDF]
            if built.failed or not paths:
                raise GuideError(*[d for d in built.diagnostics if d.severity == Severity.ERROR])
            warnings = [d for d in built.diagnostics if d.severity == Severity.WARNING]
            leaks = [d for d in warnings if edition and d.code in OF_EDITIONS]
            if leaks:  # it names what it leaves out
                raise GuideError(*(dataclasses.replace(d, severity=Severity.ERROR) for d in leaks))
            problems += [d for d in warnings if d not in problems]
            made |= _read(task, edition, paths)
    return made


def _read(task: Task, edition: str, paths: Sequence[Path]) -> dict[str, bytes]:
    """Return the document of an edition, or its versions, which are dealt to the recipients."""
    name = task.request.kind
    whole = name == task.about.kind
    letters = versions_among((path.stem for path in paths), name) if whole else ()
    if not letters:
        return {document_key(edition, ""): _chosen(name, whole, paths).read_bytes()}
    stems = {path.stem: path for path in paths}
    return {document_key(edition, each): stems[f"{name}-{each}"].read_bytes() for each in letters}


def _chosen(name: str, whole: bool, paths: Sequence[Path]) -> Path:
    """Return the document that was asked for of those that its kind made; raises GuideError.

    `whole` is True if the kind has been asked for, not one of its documents.
    """
    for path in paths:
        if path.stem == name or (len(paths) == 1 and whole):
            return path
    message = f"the pack makes no document `{name}`"
    if whole:
        message = f"the pack makes several documents of the kind `{name}`"
    hint = "Choose one: " + ", ".join(f"--kind {path.stem}" for path in paths)
    raise GuideError(error("unknown-kind", message, Place("--kind"), hint))
