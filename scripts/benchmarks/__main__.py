"""Dispatch of `scripts/bench NAME`: every module beside this one that has `main(argv) -> int` is a measurement."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def measurements() -> dict[str, str]:
    """Names and the first lines of their docstrings, read without importing any of them."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        tree = ast.parse(path.read_bytes(), filename=str(path))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main(argv: list[str]) -> int:
    known = measurements()
    if argv and argv[0] in known:
        sys.path.insert(0, str(HERE.parent))
        return int(importlib.import_module(f"benchmarks.{argv[0]}").main(argv[1:]))
    listing = "\n".join(f"  {name:<10} {text}" for name, text in known.items())
    asked_for_help = not argv or argv[0] in ("-h", "--help")
    out = sys.stdout if asked_for_help else sys.stderr
    if not asked_for_help:
        print(f"bench: there is no measurement called {argv[0]!r}", file=out)
    print(f"usage: scripts/bench NAME [--json]\n{listing}", file=out)
    return 0 if asked_for_help else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
