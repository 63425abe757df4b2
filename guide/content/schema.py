"""JSON Schemas of the pack's files, so that editors complete and check."""

from __future__ import annotations

import types
from typing import Any

from pydantic import TypeAdapter

from guide.content.keys import COMMON, EXAMPLES, SOURCE, Keys, keys_of
from guide.content.library import load_kinds
from guide.content.sources import DATE_FIELDS, NAME_FIELDS, TEXT_FIELDS, TYPES
from guide.model.content import Section
from guide.model.kinds import Kind, Option, Stock
from guide.model.pack import Manifest
from guide.model.parts import PARTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema for each kind of file, by name (`pack`, `cards`, ...)."""
    models: dict[str, Any] = {"pack": Manifest, "section": Section, "stock": Stock, "kind": Kind}
    models |= {p.name: types.GenericAlias(list, (p.model,)) for p in PARTS if p.file}
    found = {name: _schema(name, model) for name, model in models.items()}
    found["sources"] = _sources()
    return dict(sorted(found.items()))


def _schema(name: str, model: Any) -> dict[str, Any]:
    schema = TypeAdapter(model).json_schema(mode="validation")
    _soften(schema)
    if name == "section":
        for hidden in ("body", "body_line"):
            schema["properties"].pop(hidden)
    for owner, node in ({model.__name__: schema} | schema.get("$defs", {})).items():
        node.pop("description", None)  # of the class, for people who program
        _describe(node.get("properties", {}), keys_of(owner))
    if name == "pack":
        schema["properties"]["documents"]["anyOf"][0]["properties"] = _documents()
        theme = schema["properties"]["theme"]
        theme["anyOf"] = [{"type": "string"}, {"$ref": theme.pop("$ref")}]
    schema.pop("title", None)
    return {"$schema": _DIALECT, "title": f"guide: {name}", **schema}


def _describe(properties: dict[str, Any], keys: Keys) -> None:
    """Give each property its description and example."""
    for name, (description, example) in keys.items():
        if name in properties:
            properties[name] |= {"description": description, "examples": [example]}


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
        if node.get("type") == "array" and "minLength" in node:
            node["minItems"] = node.pop("minLength")  # a constraint behind a validator is a text's
        if node.get("type") == "array" and isinstance(inner, list):
            node["type"] = ["array", "string", "number"]


def _documents() -> dict[str, Any]:
    """Return the bundled kinds of document with their options."""
    found: dict[str, Any] = {}
    for kind in load_kinds().values():
        options = {name: _option(name, option) for name, option in kind.options.items()}
        common: dict[str, Any] = {
            "paper": {},
            "theme": {},
            "pages": {"type": ["integer", "object"]},
        }
        _describe(common, {name: text for name, text in COMMON.items() if name not in options})
        merged = {name: options.get(name, {}) | common.get(name, {}) for name in options | common}
        first, node = next(iter(merged.items()))
        found[kind.name] = {
            "description": f"{kind.title}: {', '.join(piece.output for piece in kind.files)}.",
            "examples": [{first: node["examples"][0]}],
            "type": ["object", "null"],
            "properties": merged,
        }
    return found


_TYPES: dict[str, Any] = {
    "string": ["string", "number"], "list": ["array", "string", "integer"], "map": "object",
}  # fmt: skip


def _option(name: str, option: Option) -> dict[str, Any]:
    """Return the schema of an option; its example differs from a default that shows nothing."""
    usual = option.default
    example = not usual if option.type == "boolean" else usual or EXAMPLES.get(name)
    schema = {
        "description": option.help,
        "examples": [example],
        "type": _TYPES.get(option.type, option.type),
    }
    if option.choices and option.type == "string":
        schema["enum"] = list(option.choices)
    limits = {"minimum": option.least, "maximum": option.most}
    return schema | {key: limit for key, limit in limits.items() if limit is not None}


def _sources() -> dict[str, Any]:
    name = {"type": ["string", "array", "object"]}
    date = {"type": ["string", "integer", "object"]}
    text = {"type": ["string", "number"]}
    properties: dict[str, Any] = {"id": {"type": "string"}, "type": {"enum": sorted(TYPES)}}
    for fields, kind in ((NAME_FIELDS, name), (DATE_FIELDS, date), (TEXT_FIELDS, text)):
        properties |= {field: {**kind} for field in fields}
    _describe(properties, SOURCE)
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
