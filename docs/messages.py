"""Write docs/messages.md: every message and hint of guide, found in its code.

    python docs/messages.py          write the page
    python docs/messages.py --check  end with 1 if the page is not current

The code is read, not run: a placeholder in braces is what a message fills in. A message that several
branches make has a line for each.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "messages.md"
CODES = ROOT / "docs" / "diagnostics.md"
LEVELS = {name: name for name in ("error", "warning", "note")}
HEAD = """# Every message

Made by `python docs/messages.py` from the code; a test fails when it is not current. What a code means and
how to fix its fault is in [diagnostics.md](diagnostics.md). Words in braces are filled in.
"""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def text_of(node: ast.AST | None) -> list[str]:
    """Return the texts that an expression gives, with placeholders in braces; [] where it has no words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else "{" + _name_of(part) + "}"
            for part in node.values
        ]
        return ["".join(parts)]
    if isinstance(node, ast.IfExp):
        return text_of(node.body) + text_of(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [
            left + right
            for left in text_of(node.left) or ["{...}"]
            for right in text_of(node.right) or ["{...}"]
        ]
    if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name | ast.Attribute):
        return [text for argument in node.args for text in text_of(argument) if " " in text]
    return []


def _name_of(node: ast.AST) -> str:
    """Return a short name for what a message fills in."""
    value = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute):
        return value.attr
    return "..."


def _named(function: Function | ast.Module, name: str, call: ast.Call) -> list[str]:
    """Return the texts that a function gives a name for a call; what is added to it begins with `+`.

    These are the assignments since the diagnostic before it, or all where there is none of these.
    """
    texts = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            texts += [(node.lineno, text) for text in text_of(node.value)]
        elif isinstance(node, ast.AugAssign) and getattr(node.target, "id", "") == name:
            texts += [(node.lineno, "+ " + text) for text in text_of(node.value)]
    earlier = [c.lineno for c in ast.walk(function) if _level(c) and c.lineno < call.lineno]
    near = [(n, text) for n, text in texts if max(earlier, default=0) <= n <= call.lineno]
    return [text for _, text in sorted(near or texts)]


def _level(node: ast.AST) -> str:
    """Return the level of the diagnostic that a call makes, or ''."""
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1
    return LEVELS.get(node.func.id, "") if made else ""


Call = tuple[ast.Call, Function | ast.Module]


class Module:
    """The calls of one module: who calls what, and what a call is given."""

    def __init__(self, tree: ast.Module) -> None:
        """Note the function that each call is in; the innermost one comes last and stays."""
        self.tree = tree
        self.calls: list[Call] = []
        functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
        inside = {id(call): function for function in functions for call in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self.calls.append((node, inside.get(id(node), tree)))

    def callers(self, function: Function) -> Iterator[Call]:
        """Yield the calls of a function in its module."""
        for call, scope in self.calls:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name == function.name and scope is not function:
                yield call, scope

    def texts(self, node: ast.expr | None, call: ast.Call, scope: Function | ast.Module) -> list[str]:
        """Return what an argument of a call can be: its own text, what its name is given, or a caller's."""
        if not isinstance(node, ast.Name):
            return text_of(node)
        near = _named(scope, node.id, call)
        if near or isinstance(scope, ast.Module) or node.id.isupper():
            return near or _named(self.tree, node.id, call)
        names = [argument.arg for argument in scope.args.args if argument.arg != "self"]
        if node.id not in names:
            return []
        place = names.index(node.id)
        return [
            text
            for one, around in self.callers(scope)
            for text in self.texts(_argument(one, place, node.id), one, around)
        ]


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return call.args[place] if len(call.args) > place else given.get(name)


def diagnostics(tree: ast.Module, codes: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the code and the texts of each diagnostic that a module makes.

    That is a call which is given one of the `codes`, by itself, by a constant or by who calls.
    """
    module = Module(tree)
    for call, scope in module.calls:
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        for node in arguments:
            named = [node.value] if isinstance(node, ast.Constant) else []
            if isinstance(node, ast.Name) and (node.id.isupper() or node.id == "code"):
                named = module.texts(node, call, scope)
            for code in codes.intersection(text for text in named if isinstance(text, str)):
                others = [other for other in arguments if other is not node]
                if isinstance(node, ast.Name) and isinstance(scope, Function) and node.id == "code":
                    others = _of_caller(module, scope, code) + others
                yield code, [t for other in others for t in module.texts(other, call, scope) if " " in t]


def _of_caller(module: Module, function: Function, code: str) -> list[ast.expr]:
    """Return what else is given to a function by those who call it with a code."""
    return [
        argument
        for call, _ in module.callers(function)
        if any(isinstance(a, ast.Constant) and a.value == code for a in call.args)
        for argument in call.args
    ]


def page() -> str:
    """Return the page as Markdown."""
    known = frozenset(re.findall(r"^## ([a-z0-9-]+)$", CODES.read_text(), re.M))
    found: dict[str, set[str]] = {code: set() for code in sorted(known)}
    for file in sorted((ROOT / "guide").rglob("*.py")):
        for code, texts in diagnostics(ast.parse(file.read_text()), known):
            found[code].update(" ".join(text.split()) for text in texts)
    lines = [HEAD]
    for code, texts in found.items():
        lines.append(f"\n## {code}\n\n")
        hints = {text for text in texts if text.lstrip("+ ")[:1].isupper()}
        lines += [f"- {text}\n" for text in sorted(texts - hints) or ["Composed where the fault is found."]]
        lines += [f"- Hint: {text}\n" for text in sorted(hints)]
    return "".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text() != page())
    PAGE.write_text(page())
