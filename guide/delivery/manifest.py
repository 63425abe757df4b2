"""What is beside the copies: manifest.json, SHA256SUMS and an index; numbers, and nobody's name."""

from __future__ import annotations

import json
import os

from guide import __version__
from guide.delivery.channels import registry
from guide.delivery.database import Ledger
from guide.delivery.names import safe
from guide.delivery.planning import owner_of
from guide.delivery.queries import entries as entries_of
from guide.delivery.records import Known, LedgerEntry, State
from guide.delivery.request import Task, quiz_of
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.system import output

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"


def write_records(task: Task, ledger: Ledger) -> None:
    """Write what says which copies there are; raises GuideError."""
    entries = entries_of(ledger)
    current = [e for e in entries if e.version == task.about.version]
    classes = registry.classes()
    # Who reads the place of a link has the copy.
    private = {name: channel.private for name, channel in classes.items() if channel.private}
    hidden = tuple(private.values())
    secret = any(e.channel in private or e.file.startswith(hidden) for e in entries)
    mode = 0o600 if secret else 0o666
    output.write(task.out / MANIFEST, _manifest(task, ledger, current), mode)
    sums: dict[str, str] = {}
    for entry in entries:
        if entry.file and (task.out / entry.file).is_file():
            sums[entry.file] = entry.file_digest
            signature = f"{entry.file}.p7s"
            if found := output.sha256_of(task.out / signature):
                sums[signature] = found
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items()))
    output.write(task.out / SUMS, lines.encode(), mode)
    base = task.request.link_base or ledger.facts().get("link_base", "")
    for name, channel in classes.items():
        sent = [(e.number, e.file) for e in current if (e.channel, e.state) == (name, State.SENT)]
        for file, (data, most) in channel.index(sent, base).items() if sent else ():
            output.write(task.out / file, data, most)


def _manifest(task: Task, ledger: Ledger, copies: list[LedgerEntry]) -> bytes:
    about = task.about
    manifest = {
        "guide": __version__,
        "ledger": ledger.facts().get("id", ""),
        "document": {"title": about.title, "version": about.version, "series": about.series},
        "copies": [
            {
                "number": e.number, "total": e.total, "copy_id": e.copy_id,
                "channel": e.channel, "edition": e.edition, "state": str(e.state),
                "sha256": e.digest, "file": e.file, "supersedes": e.supersedes,
            } | quiz_of(e)
            for e in copies
        ],
    }  # fmt: skip
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def check_folder(task: Task, known: Known) -> None:
    """Raise GuideError when the folder holds copies of another ledger: they have the same names."""
    path = task.out / MANIFEST
    owner = ""
    try:
        if not os.path.lexists(path):
            return
        manifest = json.loads(path.read_text("utf-8"))
        there = {str(copy["copy_id"]) for copy in manifest["copies"]}
        owner = str(manifest.get("ledger", ""))
        message = "the folder holds the copies of another list, which would be written over"
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        there = {""}
        message = "the folder has a manifest.json of another program"
    if (owner and owner == known.facts.get("id")) or (not owner and there <= known.ids):
        return
    name = task.request.recipients.stem
    hint = f"Choose another folder: -o {task.out}-{safe(name)}"
    if found := owner_of(owner, there, task.request.recipients, task.ledger):
        hint = f"If {name} is that list under another name: --ledger {found}. If it is another "
        hint += f"list, choose another folder: -o {task.out}-{safe(name)}"
    raise GuideError(error("folder-of-another", message, Place(str(path)), hint))
