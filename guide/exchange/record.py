"""imports.lock: what each imported item said when it was imported, so that a person's edits are recognised.

A line an item, sorted, separated by tabs: the file that it comes from, part and id, the name that the other program
gives it, and a digest of each field. It is text, and is kept with the pack.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, error

RECORD = "imports.lock"
_HEAD = "# imports.lock, format 1: what guide import has brought in. Keep it with the pack, and do not edit it."


@dataclass(frozen=True)
class Imported:
    """An item as it was imported: the file, the part, its id in the pack, its key there, and its fields' digests."""

    source: str
    part: str
    id: str
    key: str
    fields: Mapping[str, str]


def digest(value: Any) -> str:
    """Return a short digest of the value of a field."""
    plain = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def digests(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of each field of an entry that has something in it."""
    return {name: digest(value) for name, value in sorted(data.items()) if name != "id"}


def written(records: Iterable[Imported]) -> str:
    """Return the text of imports.lock."""
    lines = sorted(
        "\t".join((
            json.dumps(each.source, ensure_ascii=False), f"{each.part}/{each.id}",
            json.dumps(each.key, ensure_ascii=False),
            " ".join(f"{name}:{value}" for name, value in each.fields.items()),
        ))
        for each in records
    )  # fmt: skip
    return "\n".join([_HEAD, *lines]) + "\n"


def read(text: str) -> tuple[list[Imported], list[Diagnostic]]:
    """Return what imports.lock says, and which of its lines cannot be read."""
    found, problems = dict[tuple[str, str, str], Imported](), list[Diagnostic]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            source, item, key, fields = line.split("\t")
            part, _, name = item.partition("/")
            pairs = dict(each.split(":") for each in fields.split())
            each = Imported(str(json.loads(source)), part, name, str(json.loads(key)), pairs)
        except (ValueError, RecursionError):
            hint = "Take the line back from version control; delete a line of a conflict that git left."
            problems.append(
                error(
                    "import-record",
                    f"line {number} is not one that guide wrote",
                    Place(RECORD, number, 1),
                    hint,
                )
            )
            continue
        found[each.source, part, name] = each
    return list(found.values()), problems
