"""Hold the code to its budgets: module and function length, import depth, no import cycles.

The numbers stand in pyproject.toml, ``[tool.safepip-dev.budgets]``. Depth and cycles count imports
that run when a module is loaded; those inside functions and under TYPE_CHECKING do not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from tasks.source_tree import Module, imported_module, modules, settings

Graph = dict[str, tuple[str, ...]]


def check(known: dict[str, Module], budgets: dict[str, Any]) -> list[str]:
    """Every breach as one sentence."""
    read_by_people = [module for module in known.values() if module.name not in budgets["generated"]]
    graph = load_time_imports(known)
    return [
        *(
            f"{m.name}: {m.lines} lines, budget {budgets['module-lines']}"
            for m in _long(read_by_people, budgets)
        ),
        *(
            problem
            for module in read_by_people
            for problem in _long_functions(module, budgets["function-lines"])
        ),
        *(f"import cycle: {' -> '.join(cycle)}" for cycle in cycles(graph)),
        *_deep(graph, budgets["import-depth"]),
    ]


def _long(read_by_people: list[Module], budgets: dict[str, Any]) -> Iterator[Module]:
    yield from (module for module in read_by_people if module.lines > budgets["module-lines"])


def _long_functions(module: Module, budget: int) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > budget:
                yield f"{module.name}:{node.lineno}: {node.name} has {length} lines, budget {budget}"


def load_time_imports(known: dict[str, Module]) -> Graph:
    """Module to the modules that loading it loads; its own parent package left out."""
    graph: Graph = {}
    for module in known.values():
        targets = {
            imported_module(item.target, known)
            for item in module.imports
            if not item.lazy and not item.typing_only
        }
        parents = {"", module.name, module.name.rpartition(".")[0]}
        graph[module.name] = tuple(sorted(target for target in targets if target and target not in parents))
    return graph


def cycles(graph: Graph) -> list[tuple[str, ...]]:
    """Each cycle once, found by a walk that keeps its path."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append((*path[path.index(name) :], name))
            return
        if name in done:
            return
        for target in graph.get(name, ()):
            walk(target, (*path, name))
        done.add(name)

    for name in graph:
        walk(name, ())
    return found


def _deep(graph: Graph, budget: int) -> Iterator[str]:
    if cycles(graph):
        return
    chain = longest_chain(graph)
    if len(chain) > budget:
        yield f"import depth {len(chain)}, budget {budget}: {' -> '.join(chain)}"


def longest_chain(graph: Graph) -> tuple[str, ...]:
    """The longest chain of imports; the graph must have no cycle."""
    below: dict[str, tuple[str, ...]] = {}

    def chain(name: str) -> tuple[str, ...]:
        if name not in below:
            below[name] = (name, *max((chain(target) for target in graph.get(name, ())), key=len, default=()))
        return below[name]

    return max((chain(name) for name in graph), key=len, default=())


def main() -> int:
    known = modules()
    problems = check(known, settings()["budgets"])
    chain = longest_chain(load_time_imports(known)) if not problems else ()
    print("\n".join(problems) or f"budgets: {len(known)} modules kept, import depth {len(chain)}")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
