"""Hold the code to the layers written in pyproject.toml, ``[tool.safepip-dev]``.

Four questions of every import under src/safepip: may this layer see that one; may it see this
third-party package; may it reach the world (network, processes, clock); and is a heavy module
imported where only those who need it pay. Standard library only; exit 1 when anything is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from tasks.source_tree import Import, Module, imported_module, modules, settings

FREE_THIRD_PARTY = {"packaging"}


def row(name: str, table: dict[str, Any]) -> str | None:
    """The longest row of ``table`` that the module belongs to: ``cli.wiring`` before ``cli``."""
    while name:
        if name in table:
            return name
        name = name.rpartition(".")[0]
    return None


def covers(homes: list[str], name: str) -> bool:
    """Whether the module is one of ``homes`` or lies inside one."""
    return any(name == home or name.startswith(home + ".") for home in homes)


def check(known: dict[str, Module], table: dict[str, Any]) -> list[str]:
    """Every breach, as ``path:line: sentence``, in order of file and line."""
    return [
        f"{module.path.name if module.name == '' else module.name}:{item.line}: {problem}"
        for module in known.values()
        for item in module.imports
        for problem in _problems(module, item, known, table)
    ]


def _problems(module: Module, item: Import, known: dict[str, Module], table: dict[str, Any]) -> Iterator[str]:
    target = imported_module(item.target, known)
    if target is not None:
        yield from _layer_problem(module.name, target, table["layers"])
        return
    if not item.typing_only:
        yield from _foreign_problem(module.name, item, table)


def _layer_problem(name: str, target: str, layers: dict[str, list[str]]) -> Iterator[str]:
    if name in {"", "__main__"} or not target:
        return  # the package itself holds the version only; __main__ starts the cli
    here, there = row(name, layers), target.partition(".")[0]
    if here is None:
        yield f"module {name} belongs to no row of [tool.safepip-dev.layers]"
    elif there not in {"core", here.partition(".")[0], *layers[here]}:
        yield f"{here} may not import {there}"


def _foreign_problem(name: str, item: Import, table: dict[str, Any]) -> Iterator[str]:
    top = item.target.partition(".")[0]
    homes = table["third-party"].get(top)
    if homes is not None and not covers(homes, name):
        yield f"{top} may be imported only by {', '.join(homes) or 'nobody'}"
    elif homes is None and top not in sys.stdlib_module_names | FREE_THIRD_PARTY:
        yield f"{top} is not declared in [tool.safepip-dev.third-party]"
    world = table["world"]
    if covers(world["modules"], item.target) and covers(world["forbidden-in"], name):
        yield f"{item.target} reaches the world; {row(name, table['layers'])} must be given values"
    heavy = table["lazy"]
    if covers(heavy["modules"], item.target) and not item.lazy and not covers(heavy["homes"], name):
        yield f"{item.target} is heavy: import it inside the function that needs it"


def main() -> int:
    problems = check(modules(), settings())
    print("\n".join(problems) or f"layers: {len(modules())} modules, all in their place")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
