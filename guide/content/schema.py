"""JSON Schemas of the pack's files, so that editors complete and check."""

from __future__ import annotations

import types
from typing import Any

from pydantic import TypeAdapter

from guide.content.sources import DATE_FIELDS, NAME_FIELDS, TEXT_FIELDS, TYPES
from guide.model.content import Section
from guide.model.kinds import Kind, Stock
from guide.model.pack import Manifest
from guide.model.parts import PARTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema for each kind of file, by name (`pack`, `cards`, ...)."""
    models: dict[str, Any] = {"pack": Manifest, "section": Section, "stock": Stock, "kind": Kind}
    models |= {p.name: types.GenericAlias(list, (p.model,)) for p in PARTS if p.file}
    found = {name: _schema(name, TypeAdapter(model)) for name, model in models.items()}
    found["sources"] = _sources()
    return dict(sorted(found.items()))


def _schema(name: str, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    schema = adapter.json_schema(mode="validation")
    _soften(schema)
    if name == "section":
        for hidden in ("body", "body_line"):
            schema["properties"].pop(hidden)
    schema.pop("title", None)
    return {"$schema": _DIALECT, "title": f"guide: {name}", **schema}


def _soften(node: Any) -> None:
    """Allow what the reader allows: numbers for text, one entry without brackets for a list."""
    if isinstance(node, list):
        for child in node:
            _soften(child)
    elif isinstance(node, dict):
        for child in node.values():
            _soften(child)
        node.pop("title", None) if isinstance(node.get("title"), str) else None
        if node.get("type") == "string" and "pattern" not in node and "const" not in node:
            node["type"] = ["string", "number", "boolean"]
        items = node.get("items")
        inner = items.get("type") if isinstance(items, dict) else None
        if node.get("type") == "array" and isinstance(inner, list):
            node["type"] = ["array", "string", "number"]


def _sources() -> dict[str, Any]:
    name = {"type": ["string", "array", "object"]}
    date = {"type": ["string", "integer", "object"]}
    text = {"type": ["string", "number"]}
    properties: dict[str, Any] = {"id": {"type": "string"}, "type": {"enum": sorted(TYPES)}}
    properties |= dict.fromkeys(NAME_FIELDS, name)
    properties |= dict.fromkeys(DATE_FIELDS, date)
    properties |= dict.fromkeys(TEXT_FIELDS, text)
    item: dict[str, Any] = {"type": "object", "properties": properties, "required": ["title"]}
    item["additionalProperties"] = False
    return {
        "$schema": _DIALECT,
        "title": "guide: sources",
        "anyOf": [
            {"type": "array", "items": {**item, "required": ["id", "title"]}},
            {"type": "object", "additionalProperties": item},
        ],
    }
