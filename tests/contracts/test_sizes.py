"""Files and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.settings import CHECKOUT

FILE_LINES, FUNCTION_LINES = 300, 40
SOURCES = [
    path
    for package in ("triage", "training")
    for path in sorted((CHECKOUT / package).rglob("*.py"))
    if "migrations/versions" not in path.as_posix()
]


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each function with its lines, decorators and docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            saved = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - saved


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """No file is longer than 300 lines, no function longer than 40."""
    text = path.read_text(encoding="utf-8")

    long = {name: lines for name, lines in functions(ast.parse(text)) if lines > FUNCTION_LINES}

    assert len(text.splitlines()) <= FILE_LINES
    assert not long


def test_long_functions_are_found() -> None:
    """The measure counts code and leaves the docstring out."""
    body = "\n".join("    x = 1" for _ in range(3))
    text = f'def f():\n    """One.\n\n    Two.\n    """\n{body}\n'

    assert list(functions(ast.parse(text))) == [("f", 4)]
