"""An editor explains every key: each property of the schemas has a description and an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from plain import PATTERN
from pydantic import create_model

from guide.content.keys import MODELS
from guide.content.library import load_kinds, resolve_options
from guide.content.schema import schemas
from guide.content.sources import read_sources
from guide.model import content, copies, kinds, pack
from guide.model.base import Frozen

ROOT = Path(__file__).parents[2]
SCHEMAS = schemas()
CLASSES = {
    name: found
    for module in (content, copies, kinds, pack)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, Frozen)
} | {"Question": content._Question}


def properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each property of a schema, with those below it, and its path."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key in ("examples", "default"):
            continue
        if key == "properties":
            yield from ((f"{path}.{name}", found) for name, found in inner.items())
        yield from properties(inner, f"{path}.{key}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_explained(name: str) -> None:
    """With a description in plain English, and an example that its own schema accepts."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    found = list(properties(schema))
    assert found
    for path, node in found:
        assert node.get("description", "").endswith("."), path
        assert not PATTERN.search(node["description"]), path
        for example in node["examples"]:
            Draft202012Validator({**node, "$defs": schema.get("$defs", {})}).validate(example)


@pytest.mark.parametrize("model", MODELS)
def test_an_example_is_a_value_of_its_model(model: str) -> None:
    """What the editor shows can be typed."""
    fields = {field.alias or name: field for name, field in CLASSES[model].model_fields.items()}
    for key, (_, example) in MODELS[model].items():
        assert key in fields, f"{model} has no key {key}"
        field: Any = fields[key]
        create_model("One", one=(field.annotation, field)).model_validate({field.alias or "one": example})


def test_an_example_of_an_option_can_be_given() -> None:
    """The kinds of document take the examples of their options."""
    documents = SCHEMAS["pack"]["properties"]["documents"]["anyOf"][0]["properties"]
    empty = pack.Pack("x", pack.Manifest(format=1, title="X"))
    for name, kind in load_kinds().items():
        given = {key: node["examples"][0] for key, node in documents[name]["properties"].items()}
        assert set(given) >= set(kind.options)
        _, problems = resolve_options(kind, given, empty)
        assert problems == []


def test_an_example_of_a_source_can_be_read() -> None:
    """Each field of a source, one by one and without a warning."""
    item = SCHEMAS["sources"]["anyOf"][0]["items"]["properties"]
    for name, node in item.items():
        fields = {"id": "a", "title": "T", name: node["examples"][0]}
        text = "- " + "\n  ".join(f"{key}: {value!r}" for key, value in fields.items())
        found, problems = read_sources(text, "sources.yaml")
        assert found, name
        assert [p.message for p in problems] == [], name


def test_the_short_form_of_a_theme_is_no_fault() -> None:
    """`theme: large-print` is allowed, and so are the options of a document left empty."""
    check = Draft202012Validator(SCHEMAS["pack"])
    good = {"format": 1, "title": "X", "theme": "large-print", "documents": {"briefing": None, "mine": {"a": 1}}}
    assert check.is_valid(good)
    assert not check.is_valid({**good, "theme": 1.5}) and not check.is_valid({**good, "documents": {"quiz": {"versions": 99}}})


PAGES = {
    "pack": "pack-yaml", "section": "sections", "timeline": "timeline", "glossary": "glossary",
    "actors": "actors", "facts": "facts", "cards": "cards", "questions": "questions", "kind": "kinds",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_the_documentation_has_the_same_keys(name: str) -> None:
    """A table of a page names no key that a schema lacks, and the page names every key."""
    page = (ROOT / f"docs/pack-format/{PAGES[name]}.md").read_text("utf-8")
    shared = (ROOT / "docs/pack-format/README.md").read_text("utf-8")
    keys = {path.rpartition(".")[2] for path, _ in properties(_without_documents(SCHEMAS[name]))}
    for table in re.findall(r"^\| (?:key|key of kind.toml|more fields) \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.M):
        for row in table.splitlines():
            for key in re.findall(r"`([\w-]+)`", row.split("|")[1]):
                assert key in keys, f"{PAGES[name]}.md has the key {key}, its schema has not"
    for key in keys:
        assert re.search(rf"\b{key}\b", page + shared), f"{PAGES[name]}.md does not name {key}"


def _without_documents(schema: dict[str, Any]) -> dict[str, Any]:
    own = {key: {**node, "anyOf": []} if key == "documents" else node for key, node in schema.get("properties", {}).items()}
    return {**schema, "properties": own}
