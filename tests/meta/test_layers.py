"""The layers and budgets hold, and the checks that say so can fail."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

TABLE = {
    "layers": {
        "core": [],
        "policy": [],
        "flows": ["policy"],
        "cli": ["flows"],
        "cli.wiring": ["flows", "io"],
        "io": [],
    },
    "third-party": {"httpx": ["io"], "rich": ["report.console"]},
    "world": {"modules": ["socket", "http.client"], "forbidden-in": ["core"]},
    "lazy": {"modules": ["httpx"], "homes": ["io.http"]},
}
BUDGETS = {"module-lines": 10, "function-lines": 3, "import-depth": 2, "generated": ["generated"]}


@pytest.fixture
def task():
    def load(name: str) -> ModuleType:
        return importlib.import_module(f"tasks.{name}")

    yield load
    load("source_tree").modules.cache_clear()


@pytest.fixture
def tree(task, tmp_path: Path):
    """Modules from a mapping of name to text."""

    def write(**files: str):
        source = tmp_path / "safepip"
        for name, text in files.items():
            path = source.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return task("source_tree").modules(source)

    return write


def test_every_module_keeps_its_layer(task):
    assert task("check_layers").check(task("source_tree").modules(), task("source_tree").settings()) == []


def test_every_module_keeps_its_budget(task):
    budgets = task("source_tree").settings()["budgets"]
    assert task("check_budgets").check(task("source_tree").modules(), budgets) == []


@pytest.mark.parametrize(
    "name,text,problem",
    [
        ("core__url", "from safepip.policy import schema", "core.url:1: core may not import policy"),
        ("core__url", "from ..policy.schema import Policy", "core.url:1: core may not import policy"),
        ("core__url", "def f():\n    import safepip.policy.schema", "core.url:2: core may not import policy"),
        (
            "core__url",
            "if TYPE_CHECKING:\n    from safepip.policy import schema",
            "core.url:2: core may not import policy",
        ),
        ("cli__main", "from safepip.io import http", "cli.main:1: cli may not import io"),
        ("other", "from safepip.core import url", "other:1: module other belongs to no row"),
        ("policy__a", "def f():\n    import httpx", "policy.a:2: httpx may be imported only by io"),
        ("io__a", "import httpx", "io.a:1: httpx is heavy"),
        ("io__a", "import leftpad", "io.a:1: leftpad is not declared"),
        ("core__a", "import http.client", "core.a:1: http.client reaches the world"),
        ("core__a", "from http import client", "core.a:1: http.client reaches the world"),
    ],
)
def test_a_breach_of_layers_is_found(task, tree, name, text, problem):
    known = tree(**{"core__seed": "", "policy__schema": "", "io__http": "", name: text})
    problems = task("check_layers").check(known, TABLE)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    "name,text",
    [
        ("cli__wiring", "from safepip.io import http"),
        ("flows__a", "from safepip.policy.schema import Policy\nfrom safepip.core import seed"),
        ("io__http", "import httpx"),
        ("io__a", "def f():\n    import httpx"),
        ("io__a", "import socket\nfrom http import client"),
        ("core__a", "from packaging.version import Version\nfrom http import HTTPStatus"),
    ],
)
def test_an_allowed_import_is_no_breach(task, tree, name, text):
    known = tree(**{"core__seed": "", "policy__schema": "", "io__http": "", name: text})
    assert task("check_layers").check(known, TABLE) == []


def test_a_long_module_a_long_function_a_cycle_and_a_deep_chain_are_found(task, tree):
    check = task("check_budgets").check
    assert check(tree(core__a="\n" * 11), BUDGETS) == ["core.a: 11 lines, budget 10"]
    task("source_tree").modules.cache_clear()
    assert check(tree(core__a="def f():\n    1\n    2\n    3\n"), BUDGETS) == [
        "core.a:1: f has 4 lines, budget 3"
    ]
    task("source_tree").modules.cache_clear()
    known = tree(core__a="import safepip.core.b", core__b="from safepip.core import a")
    assert check(known, BUDGETS) == ["import cycle: core.a -> core.b -> core.a"]
    task("source_tree").modules.cache_clear()
    known = tree(core__a="import safepip.core.b", core__b="import safepip.core.c", core__c="")
    assert check(known, BUDGETS) == ["import depth 3, budget 2: core.a -> core.b -> core.c"]


def test_late_imports_make_no_cycle_and_generated_tables_have_no_budget(task, tree):
    late = "def f():\n    import safepip.core.a"
    known = tree(core__a="import safepip.core.b", core__b=late, generated="\n" * 99)
    assert task("check_budgets").check(known, BUDGETS) == []
