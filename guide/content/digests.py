"""Digests of what a pack says, field by field: what was made of it is the same while they are."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from guide.diagnostics.diagnostic import Place
from guide.model.base import Item
from guide.model.content import Figure
from guide.model.pack import Pack
from guide.system.digest import digest


def digest_of_item(item: Item) -> str:
    """Return the digest of an item, and of where it was written."""

    def found() -> str:
        places = [(k, p.path, p.line, p.column, p.starts) for k, p in item.places.items()]
        said = repr((type(item).__name__, vars(item), places))  # numbers, texts and lists of these
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    return item.once("digest", found, lasting=True)


def digest_of_field(pack: Pack, name: str) -> str:
    """Return the digest of a field of a pack, made once; raises TypeError for a value that has none."""
    known: dict[str, str] = vars(pack).setdefault("_digests", {})
    if name not in known:
        known[name] = digest(_plain(getattr(pack, name)))
    return known[name]


def digest_of(*values: Any) -> str:
    """Return the digest of values, models among them; raises TypeError for one that has none."""
    return digest(_plain(values))


def _plain(value: Any) -> Any:
    """Return a value that `digest` can read, with all that makes a difference when it is printed."""
    if isinstance(value, Item):
        return digest_of_item(value)
    if isinstance(value, BaseModel):
        return type(value).__name__, _plain(vars(value))
    if isinstance(value, Figure):  # a chart may have thousands of numbers
        rest = replace(value, spec={}, places={})
        spec = json.dumps(value.spec, ensure_ascii=False, default=repr)
        return spec, _plain(value.places), _plain(vars(rest))
    if isinstance(value, Place):
        return f"{value.path}:{value.line}:{value.column}:{value.starts}"
    if isinstance(value, Mapping):
        return [(str(key), _plain(inner)) for key, inner in value.items()]  # in their order
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(_plain, value)]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, int | float) and hasattr(value, "text"):
        return repr(value), value.text  # as it was written
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)
        }
        return type(value).__name__, fields
    return value
