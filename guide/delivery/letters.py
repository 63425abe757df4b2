"""What is written to people who get their copies by mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from guide.delivery.channels import registry
from guide.delivery.channels.base import Letter
from guide.delivery.database import Ledger
from guide.delivery.earlier import NOTHING, Earlier
from guide.delivery.orders import Made
from guide.delivery.records import Due
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.copies import Recipient
from guide.resources import TEMPLATES

MAX_LETTER = 2_000_000  # characters of text and HTML: mail servers refuse much less


def prepared(task: Task) -> tuple[Letters | None, list[Diagnostic]]:
    """Return what writes the letters of a run, after writing all of them once: None where there are none.

    So a template's mistake is known before anything is sent.
    """
    mailing = registry.mailing()
    mailed = [row for row in task.rows if row.recipient.channel in mailing]
    if not mailed:
        return None, []
    files = {"body.txt": task.request.body, "body.html": task.request.html}
    given = {name: path for name, path in files.items() if path is not None}
    letters = None
    try:
        letters = Letters(task.about.templates, given, task.request.subject)
        counts = [(row.recipient, row.recipient.copies) for row in mailed]
        done, problems = letters.check([
            _context(task, who, range(1, count + 1), count, ["copy.pdf"] * count)
            for who, count in counts
        ])  # fmt: skip
    except GuideError as exc:
        done, problems = 0, exc.diagnostics
    # What goes wrong for the first goes wrong for all.
    return letters, [
        replace(d, message=f"{d.message} (in the letter for line {mailed[done].line})")
        if done else d
        for d in problems
    ]  # fmt: skip


def letters_for(
    task: Task, letters: Letters, dues: Sequence[Due], made: Sequence[Made], ledger: Ledger
) -> list[Letter]:
    """Return what some recipients are written; raises GuideError."""
    earlier = Earlier(task, ledger)
    contexts: list[dict[str, Any]] = []
    for due, each in zip(dues, made, strict=False):
        numbers = [entry.number for entry in due.entries]
        files = [file.name for file in each.parcel.files] if each.parcel else []
        context = _context(task, due.recipient, numbers, due.entries[0].total, files)
        contexts.append({**context, **earlier.told(due)})
    return letters.write(contexts)


def _context(
    task: Task, who: Recipient, numbers: Sequence[int], total: int, files: Sequence[str]
) -> dict[str, Any]:
    about = task.about
    names = ("title", "date", "marking", "supersedes", "valid_until")
    return {
        "name": who.name,
        "organisation": who.organisation,
        "email": who.email,
        "ref": who.ref,
        "numbers": ", ".join(map(str, numbers)),
        "total": total,
        "document": {n: getattr(about, n) for n in names} | {"version": about.shown_version},
        "files": list(files),
        "encrypted": task.request.encrypt,
        "lang": who.language or about.lang,
        **NOTHING,
    }


class Letters:
    """Subject and body of each message, by Jinja2 templates in a sandbox.

    `own` are the pack's templates (`mail/body.txt`); `files` replaces some of them, by name, with
    files of the user's. Where any template is not guide's own, letters are written in a child
    process, within the limits of a build: no template can take this process's memory or time.
    """

    def __init__(self, own: Mapping[str, str], files: Mapping[str, Path], subject: str) -> None:
        texts = {name: text for name, text in own.items() if name.startswith("mail/")}
        self._files = {f"mail/{name}": path for name, path in files.items()}
        texts |= {name: _template(path) for name, path in self._files.items()}
        texts |= {"mail/subject.txt": subject} if subject else {}
        # A body of the user's own is not joined with a letter of ours.
        plain = "mail/body.txt" in texts and "mail/body.html" not in texts
        self._names = ["mail/subject.txt", "mail/body.txt", *([] if plain else ["mail/body.html"])]
        self._texts = texts

    def check(self, contexts: Sequence[Context]) -> tuple[int, tuple[Diagnostic, ...]]:
        """Write letters and keep none; return how many went well, and why the next one did not."""
        _, count, problems = self._rendered(contexts, False)
        return count, tuple(map(self._placed, problems))

    def write(self, contexts: Sequence[Context]) -> list[Letter]:
        """Return a letter for each context; raises GuideError with the template's line."""
        made, _, problems = self._rendered(contexts, True)
        if problems:
            raise GuideError(*map(self._placed, problems))
        return [Letter(*texts) for texts in made]

    def _rendered(self, contexts: Sequence[Context], keep: bool) -> _Rendered:
        work = self._texts, self._names, contexts, keep
        if not self._texts:
            return _rendered(*work, _unheard)
        from guide.system.fence import Fence
        from guide.system.sandbox import Exceeded, confined, limits

        at = Place("templates/mail/body.txt")
        try:
            bounds = limits()
            found: _Rendered = confined(
                _rendered, *work, heard=_unheard, bounds=bounds,
                seconds=bounds.seconds + len(contexts) // 20, fence=Fence((str(TEMPLATES),)),
            )  # fmt: skip
        except Exceeded as exc:
            hint = "Look for a loop that never ends, or that is far too long, in the letter."
            message = f"writing the letters {exc.limit}"
            raise GuideError(error("render-limit", message, at, hint)) from exc
        return found

    def _placed(self, diagnostic: Diagnostic) -> Diagnostic:
        name = diagnostic.place.path.removeprefix("templates/")
        path = str(self._files.get(name, diagnostic.place.path))
        hint = diagnostic.hint
        if diagnostic.code == "template-error":
            hint = "docs/distribution.md lists what a letter is given."
        return replace(diagnostic, place=replace(diagnostic.place, path=path), hint=hint)


Context = Mapping[str, Any]
"""What the templates of one letter are given: texts, numbers and lists of them."""

_Rendered = tuple[list[tuple[str, str, str]], int, tuple[Diagnostic, ...]]


def _unheard(_what: str, _how_far: str) -> None:
    """Report to nobody."""


def _rendered(
    texts: Mapping[str, str],
    names: Sequence[str],
    contexts: Sequence[Context],
    keep: bool,
    _say: Callable[[str, str], None],
) -> _Rendered:
    """Return letters as subject, text and HTML, up to the first that cannot be written."""
    from guide.html.templates import TemplateFault, Templates

    templates = Templates(texts)
    made: list[tuple[str, str, str]] = []
    for count, context in enumerate(contexts):
        try:
            subject, text, *html = (str(templates.render(n, {}, **context)) for n in names)
        except TemplateFault as fault:
            return made, count, (fault.diagnostic,)
        subject = subject.strip()
        if not subject or len(subject.splitlines()) > 1:
            hint = "Write it in one line: a line break would begin another header."
            at = Place("templates/mail/subject.txt", 1, 1)
            return made, count, (error("bad-subject", "the subject must be one line", at, hint),)
        if len(text) + len("".join(html)) > MAX_LETTER:
            hint = "Shorten the template; put long texts into the document."
            message = f"the letter is longer than {MAX_LETTER // 1_000_000} million characters"
            at = Place("templates/mail/body.txt", 1, 1)
            return made, count, (error("render-limit", message, at, hint),)
        if keep:
            made.append((subject, text, "".join(html)))
    return made, len(contexts), ()


def _template(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as exc:
        message = f"the template cannot be read: {getattr(exc, 'strerror', None) or exc}"
        hint = "Check the name; the file must be text in UTF-8."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc
