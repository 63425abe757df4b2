"""The table of patches in ARCHITECTURE.md: `python tests/patch_table.py` writes it."""

from __future__ import annotations

import ast
from functools import cache

from guide.engine import patches
from guide.resources import ROOT

HEAD = "| what | in place of | why | upstream | lines | tests |\n|---|---|---|---|---:|---|\n"


@cache
def _top(module: str) -> dict[str, ast.stmt]:
    """Return what a module of guide.engine defines, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse((ROOT / f"guide/engine/{module}.py").read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def lines(patch: patches.Patch) -> int:
    """Return how many lines of guide.engine a patch is made of: what takes a place, and what that calls there."""
    waiting = [tuple(ours.split(".")) for _, ours in patch.places]
    seen: dict[tuple[str, int], int] = {}
    while waiting:
        module, name = waiting.pop()
        node = _top(module).get(name)
        if node is None or (module, node.lineno) in seen:
            continue
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        seen[module, node.lineno] = node.end_lineno - first + 1
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                waiting.append((module, each.id))
            elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and (
                ROOT / f"guide/engine/{each.value.id}.py"
            ).exists():  # fmt: skip
                waiting.append((each.value.id, each.attr))
    return sum(seen.values())


def table() -> str:
    """Return the table as Markdown."""
    rows = []
    for patch in patches.PATCHES:
        places = list(dict.fromkeys(name.removeprefix("weasyprint.") for name, _ in patch.places))
        alike = {name.rpartition(":")[2] for name in places}
        if len(alike) == 1 and len(places) > 1:
            places = [f"{next(iter(alike))} in {len(places)} modules"]
        cells = (patch.what + " (a shortcut)" * patch.shortcut, ", ".join(f"`{name}`" for name in places), patch.why,
                 patch.upstream, str(lines(patch)), ", ".join(f"`{name.removeprefix('test_')}`" for name in patch.tests))
        rows.append(f"| {' | '.join(cells)} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    page = ROOT / "ARCHITECTURE.md"
    before, _, rest = page.read_text("utf-8").partition("<!-- patches:begin -->\n")
    page.write_text(f"{before}<!-- patches:begin -->\n{table()}<!-- patches:end -->{rest.partition('<!-- patches:end -->')[2]}", "utf-8")
