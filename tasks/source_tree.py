"""The modules of safepip as syntax trees, and who imports whom. Used by the checks beside it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "safepip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported name.

    Attributes:
        target: dotted name of the imported module, or of the name inside it.
        line: 1-based.
        lazy: stands inside a function, so it runs only when that function does.
        typing_only: stands under ``if TYPE_CHECKING``.
    """

    target: str
    line: int
    lazy: bool = False
    typing_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file. ``name`` is dotted and without the leading package: ``core.url``, or empty for the root."""

    name: str
    path: Path
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def lines(self) -> int:
        return len(self.path.read_text(encoding="utf-8").splitlines())


def settings() -> dict[str, Any]:
    """The tables under ``[tool.safepip-dev]``."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)["tool"]["safepip-dev"]
    return table


@cache
def modules(source: Path = ROOT / "src" / PACKAGE) -> dict[str, Module]:
    """Every module below ``source`` by name, sorted."""
    return {module.name: module for path in sorted(source.rglob("*.py")) for module in [_read(path, source)]}


def _read(path: Path, source: Path) -> Module:
    parts = path.relative_to(source).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    package = [PACKAGE, *(parts[:-1])]
    return Module(name=name, path=path, tree=tree, imports=tuple(_imports(tree, package)))


def _imports(
    node: ast.AST, package: list[str], *, lazy: bool = False, typing_only: bool = False
) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            for target in _targets(child, package):
                yield Import(target=target, line=child.lineno, lazy=lazy, typing_only=typing_only)
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for part in child.body:
                yield from _imports(ast.Module([part], []), package, lazy=lazy, typing_only=True)
            for part in child.orelse:
                yield from _imports(ast.Module([part], []), package, lazy=lazy, typing_only=typing_only)
        else:
            inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, package, lazy=inside, typing_only=typing_only)


def _targets(node: ast.Import | ast.ImportFrom, package: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = package[: len(package) - node.level + 1] if node.level else []
    prefix = ".".join([*base, *([node.module] if node.module else [])])
    yield from (f"{prefix}.{alias.name}" for alias in node.names)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def imported_module(target: str, known: dict[str, Module]) -> str | None:
    """Name (without the package) of safepip's module behind an import target, None for a foreign one.

    ``from safepip.core import url`` imports a module, ``from safepip.core.url import Url`` a name in one:
    the longest prefix that is a module answers. Empty for names of the package itself (``__version__``).
    """
    first, _, rest = target.partition(".")
    if first != PACKAGE:
        return None
    name = rest
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or (rest if any(module.startswith(f"{rest.partition('.')[0]}.") for module in known) else "")
