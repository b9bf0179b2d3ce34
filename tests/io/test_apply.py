"""An applied plan leaves what pip itself would have left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from safepip.core.errors import ApplyError
from safepip.io import apply as apply_module
from safepip.io import bytecode
from support.environments import (
    Wheelhouse,
    apply,
    comparable,
    interpreter,
    make_environment,
    pip_install,
    tree,
)
from support.wheels import make_wheel

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
RICH = {
    "files": {"tool/__init__.py": "x = 1\n", "tool/deep/mod.py": "y = 2\n", "tool/deep/data.txt": "text"},
    "data": {
        "scripts/run-tool": "#!python\nprint('run')\n",
        "data/share/tool/doc.txt": "doc",
        "headers/tool.h": "int x;\n",
        "purelib/extra_module.py": "z = 3\n",
    },
    "entry_points": {"console_scripts": {"tool": "tool:main"}, "gui_scripts": {"toolw": "tool:main"}},
}


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    return Wheelhouse(tmp_path / "wheelhouse")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two fresh environments: one for safepip, one for pip."""
    for name in ("ours", "pips"):
        make_environment(tmp_path / name / "env")  # the folder name stands in activation scripts
    return tmp_path / "ours/env", tmp_path / "pips/env"


def assert_same(ours: Path, pips: Path, inside: str = "") -> None:
    left, right = (
        comparable(Path(f"{ours}/{inside.format(ours)}"), ours),
        comparable(Path(f"{pips}/{inside.format(pips)}"), pips),
    )
    assert sorted(left) == sorted(right)
    assert {name: left[name] for name in left if left[name] != right[name]} == {}


def test_fresh_wheels_leave_the_tree_that_pip_leaves(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("tool", requires=["dep[extra]"], **RICH)
    house.add("dep", extras=["extra"], requires=["leaf; extra == 'extra'"])
    house.add("leaf")
    ours, pips = pair
    applied = apply(
        interpreter(ours),
        house,
        house.step("leaf", requested=False, needed_by=["dep"]),
        house.step("dep", requested=False, needed_by=["tool"]),
        house.step("tool"),
    )
    assert applied.exit_code == 0, applied.messages
    assert pip_install(interpreter(pips), house, "tool").returncode == 0
    assert_same(ours, pips)
    assert (ours / SITE / "tool-1.0.dist-info/REQUESTED").exists()
    assert not (ours / SITE / "leaf-1.0.dist-info/REQUESTED").exists()
    assert not (ours / SITE / ".safepip-journal").exists()


def test_flat_marks_only_what_was_asked_for(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("tool", requires=["dep"], **RICH)
    house.add("dep")
    ours, pips = pair
    steps = [house.step("dep", requested=False, needed_by=["tool"]), house.step("tool")]
    assert apply(interpreter(ours), house, *steps, flat=True).exit_code == 0
    assert pip_install(interpreter(pips), house, "tool").returncode == 0
    assert_same(ours, pips)


def test_upgrade_removes_the_old_version_as_pip_does(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("tool", "1.0", files={"tool/__init__.py": "", "tool/old.py": "", "tool/sub/gone.py": ""})
    ours, pips = pair
    for folder in pair:
        assert pip_install(interpreter(folder), house, "tool==1.0").returncode == 0
    house.add("tool", "2.0", **RICH)
    assert apply(interpreter(ours), house, house.step("tool")).exit_code == 0
    assert pip_install(interpreter(pips), house, "-U", "tool").returncode == 0
    assert_same(ours, pips)
    assert not (ours / SITE / "tool/sub").exists()


def test_same_version_is_installed_again_when_planned(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("tool", **RICH)
    ours, pips = pair
    for folder in pair:
        assert pip_install(interpreter(folder), house, "tool").returncode == 0
        (folder / SITE / "tool/__init__.py").write_text("damaged")
    assert apply(interpreter(ours), house, house.step("tool")).exit_code == 0
    assert pip_install(interpreter(pips), house, "--force-reinstall", "tool").returncode == 0
    assert_same(ours, pips)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        ("--target", "{}/out"),
        ("--target={}/out", "--upgrade"),
        ("--prefix", "{}/out"),
        ("--root", "{}/out"),
        ("--no-compile",),
    ],
    ids=lambda arguments: arguments[0].split("=")[0],
)
def test_destinations(
    house: Wheelhouse, pair: tuple[Path, Path], arguments: tuple[str, ...], flat: bool
) -> None:
    house.add("tool", requires=["dep"], **RICH)
    house.add("dep")
    ours, pips = pair
    for folder in pair:
        (folder / "out").mkdir()
    steps = [house.step("dep", requested=False, needed_by=["tool"]), house.step("tool")]
    mine = tuple(argument.format(ours) for argument in arguments)
    applied = apply(interpreter(ours), house, *steps, arguments=mine, flat=flat)
    assert applied.exit_code == 0, applied.messages
    theirs = [argument.format(pips) for argument in arguments]
    assert pip_install(interpreter(pips), house, "tool", *theirs).returncode == 0
    if arguments[0] == "--root":  # the root repeats each environment's own path
        assert_same(ours, pips, inside="out{}")
    else:
        assert_same(ours, pips)


def test_direct_wheel_records_its_url(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    wheel = house.add("tool", **RICH)
    ours, pips = pair
    assert apply(interpreter(ours), house, house.step("tool", url=wheel.as_uri())).exit_code == 0
    assert pip_install(interpreter(pips), house, str(wheel)).returncode == 0
    assert_same(ours, pips)
    written = json.loads((ours / SITE / "tool-1.0.dist-info/direct_url.json").read_text())
    assert written["url"] == wheel.as_uri()


def test_a_pip_that_the_targets_start_up_imports_does_not_apply_the_plan(
    house: Wheelhouse, pair: tuple[Path, Path]
) -> None:
    house.add("tool")
    site = pair[0] / SITE
    (site / "pip/_internal/cli").mkdir(parents=True)
    for folder in ("pip", "pip/_internal", "pip/_internal/cli"):
        (site / folder / "__init__.py").write_text("")
    (site / "pip/_internal/cli/main.py").write_text("raise_if_used = None\n")
    (site / "sitecustomize.py").write_text("import pip._internal.cli.main\n")

    applied = apply(interpreter(pair[0]), house, house.step("tool"))

    assert applied.exit_code == 0, applied.messages
    assert (site / "tool-1.0.dist-info/RECORD").exists()


def test_a_version_may_be_written_otherwise_inside_the_wheel(
    house: Wheelhouse, pair: tuple[Path, Path]
) -> None:
    content = make_wheel("tool", "1.0+local_1")
    house.add_bytes(content, "tool-1.0+local.1-py3-none-any.whl")
    ours, pips = pair
    applied = apply(interpreter(ours), house, house.step("tool"))
    assert applied.exit_code == 0, applied.messages
    assert pip_install(interpreter(pips), house, "tool").returncode == 0
    assert_same(ours, pips)


def test_a_wheel_named_by_its_place_puts_its_headers_where_pip_does(
    house: Wheelhouse, pair: tuple[Path, Path]
) -> None:
    wheel = house.add("Head.Er", data={"headers/head.h": "/* */\n"})
    ours, pips = pair
    step = house.step("Head.Er", url=wheel.as_uri())
    assert step.asked_name == "head-er"
    assert apply(interpreter(ours), house, step).exit_code == 0
    assert pip_install(interpreter(pips), house, str(wheel)).returncode == 0
    assert_same(ours, pips)


def test_direct_url_hides_the_password(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("tool")
    step = house.step("tool", url="https://me:secret@files.example/tool-1.0-py3-none-any.whl")
    assert apply(interpreter(pair[0]), house, step).exit_code == 0
    text = (pair[0] / SITE / "tool-1.0.dist-info/direct_url.json").read_text()
    assert "secret" not in text
    assert "https://files.example/tool-1.0" in text


def test_a_changed_file_is_not_installed(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    wheel = house.add("tool", **RICH)
    step = house.step("tool")
    before = tree(pair[0])
    wheel.write_bytes(wheel.read_bytes() + b"more")
    applied = apply(interpreter(pair[0]), house, step)
    assert applied.exit_code == 1
    assert any("HASH" in line.upper() for line in applied.messages)
    assert tree(pair[0]) == before


def test_pip_reads_no_variable_and_no_configuration(
    house: Wheelhouse, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    house.add("tool", **RICH)
    config = tmp_path / "pip.conf"
    config.write_text("[global]\ntarget = /nowhere\nindex-url = http://index.example/simple\n")
    (pair[0] / "pip.conf").write_text("[install]\nno-compile = true\nuser = true\n")
    environ = os.environ | {
        "PIP_CONFIG_FILE": str(config),
        "PIP_TARGET": str(tmp_path / "elsewhere"),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": "x",
    }
    applied = apply(interpreter(pair[0]), house, house.step("tool"), environ=environ)
    assert applied.exit_code == 0, applied.messages
    assert (pair[0] / SITE / "tool/__pycache__").is_dir()


def test_warnings_of_pip_come_back(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    house.add("needy", requires=["tool<2"])
    house.add("tool", "1.0")
    assert pip_install(interpreter(pair[0]), house, "needy").returncode == 0
    house.add("tool", "2.0")
    applied = apply(interpreter(pair[0]), house, house.step("tool"))
    assert applied.exit_code == 0
    assert any("needy 1.0 requires tool<2, but you have tool 2.0" in line for line in applied.messages)


def test_nothing_to_do_is_done(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    before = tree(pair[0])
    assert apply(interpreter(pair[0]), house).exit_code == 0
    assert tree(pair[0]) == before


# --- bytecode on all processors -----------------------------------------------------------------


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a small package is worth two workers."""
    monkeypatch.setattr(apply_module, "WORTHWHILE_FILES", 1)
    monkeypatch.setattr(apply_module, "processors", lambda: 2)
    monkeypatch.setattr(bytecode, "processors", lambda: 2)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("arguments", [(), ("--prefix", "{}/out"), ("--no-compile",)], ids=" ".join)
def test_workers_leave_what_pip_leaves(
    house: Wheelhouse, pair: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:
    spec: dict[str, dict[str, str]] = {name: dict(RICH[name]) for name in RICH}  # type: ignore[arg-type]
    spec["files"] |= {f"tool/m{n}.py": f"x = {n}\n" for n in range(70)}
    spec["files"] |= {"tool/broken.py": "def :\n", "tool/template.py.txt": "", "tool/a,b.py": ""}
    vendored = "tool/_vendor/other-1.0.dist-info/"
    record = f"{vendored}INSTALLER,,\nzz.py,,\ntool/m1.py,,\n"
    spec["files"] |= {vendored + "RECORD": record, vendored + "INSTALLER": "pip\n"}
    spec["data"] |= {"scripts/script.py": "#!python\n", "data/share/tool/sample.py": ""}
    house.add("tool", "1.0", files={"tool/__init__.py": "", "tool/old.py": ""})
    ours, pips = pair
    for folder in pair:
        assert pip_install(interpreter(folder), house, "tool==1.0").returncode == 0
    for version in ("2.0", "2.0"):  # upgraded, then installed again
        house.add("tool", version, **spec)
        mine = tuple(argument.format(ours) for argument in arguments)
        applied = apply(interpreter(ours), house, house.step("tool"), arguments=mine)
        assert applied.exit_code == 0, applied.messages
        theirs = [argument.format(pips) for argument in arguments]
        assert pip_install(interpreter(pips), house, "--force-reinstall", "tool", *theirs).returncode == 0
        assert_same(ours, pips)


@pytest.mark.usefixtures("workers")
def test_bytecode_of_workers_is_current(house: Wheelhouse, pair: tuple[Path, Path]) -> None:
    """Python finds nothing to compile again."""
    house.add("tool", files={f"tool/m{n}.py": f"x = {n}\n" for n in range(40)})
    assert apply(interpreter(pair[0]), house, house.step("tool")).exit_code == 0
    caches = pair[0] / SITE / "tool/__pycache__"
    before = {path: path.stat().st_mtime_ns for path in caches.iterdir()}
    assert len(before) == 40
    code = "import importlib\nfor n in range(40): assert importlib.import_module(f'tool.m{n}').x == n"
    subprocess.run([interpreter(pair[0]), "-c", code], check=True)
    assert {path: path.stat().st_mtime_ns for path in caches.iterdir()} == before


@pytest.mark.usefixtures("workers")
def test_worker_that_dies_undoes_the_installation(
    house: Wheelhouse, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add("tool", **RICH)
    before = tree(pair[0])
    monkeypatch.setattr(bytecode, "_WORKER", "raise SystemExit")
    with pytest.raises(ApplyError, match="compiling bytecode failed"):
        apply(interpreter(pair[0]), house, house.step("tool"))
    assert tree(pair[0]) == before
