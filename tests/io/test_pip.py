"""Commands that pip applies as they are: same output, same exit code, nothing from the folder."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from safepip.core.errors import SafepipError
from safepip.io.pip import PassThroughPip, called_as, environment_for_pip
from support.environments import Wheelhouse, interpreter, make_environment, pip_install

RUN = (
    "import os, sys; from safepip.io.pip import PassThroughPip; "
    "sys.exit(PassThroughPip(os.environ, replaces_process=REPLACES).run(sys.argv[2:], python=sys.argv[1] or None))"
)
SOURCE = Path(__file__).parents[2] / "src"


def ours(
    python: Path | str, *arguments: str, replaces: bool = True, **keywords: object
) -> subprocess.CompletedProcess[str]:
    """As safepip's console script: the working directory is not on its path."""
    code = f"import sys; sys.path[0] = {str(SOURCE)!r}; " + RUN.replace("REPLACES", str(replaces))
    command = [sys.executable, "-c", code, str(python), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, **keywords)  # type: ignore[call-overload]


@pytest.fixture
def env(tmp_path: Path) -> Path:
    folder = tmp_path / "env"
    make_environment(folder)
    house = Wheelhouse(tmp_path / "wheelhouse")
    house.add("tool", requires=["missing"])
    assert pip_install(interpreter(folder), house, "--no-deps", "tool").returncode == 0
    return folder


@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [("list",), ("freeze",), ("show", "tool"), ("show", "absent"), ("check",), ("nonsense",), ("help",), ()],
    ids=" ".join,
)
def test_same_output_and_exit_code_as_pip(env: Path, arguments: tuple[str, ...], replaces: bool) -> None:
    pip = Path(sys.executable).with_name("pip")
    # With --python pip's usage texts name the interpreter; they do not depend on the environment.
    target = [] if arguments in {("help",), ()} else ["--python", str(interpreter(env))]
    theirs = subprocess.run([pip, *target, *arguments], check=False, capture_output=True, text=True)
    mine = ours(interpreter(env), *arguments, replaces=replaces)
    assert (mine.returncode, mine.stdout, mine.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


@pytest.mark.parametrize(
    "program,name",
    [
        ("/x/pip3", "pip3"),
        ("pip3.11", "pip3.11"),
        ("/x/pip3.exe", "pip3"),
        ("/x/pip", "pip"),
        ("/x/safepip", "pip"),
        ("pipx", "pip"),
        ("-c", "pip"),
        ("", "pip"),
    ],
)
def test_pip_says_its_name_as_it_was_called(program: str, name: str) -> None:
    assert called_as(program) == name


@pytest.mark.parametrize("replaces", [True, False])
def test_a_pip_that_the_targets_start_up_imports_is_not_the_one_that_runs(env: Path, replaces: bool) -> None:
    (site,) = (env / "lib").glob("python*/site-packages")
    (site / "pip" / "_internal" / "cli").mkdir(parents=True)
    for folder in ("pip", "pip/_internal", "pip/_internal/cli"):
        (site / folder / "__init__.py").write_text("")
    (site / "pip/_internal/cli/main.py").write_text("def cli(): print('somebody else')\n")
    (site / "sitecustomize.py").write_text("import pip._internal.cli.main\n")

    ended = ours(interpreter(env), "--version", replaces=replaces)

    assert (ended.returncode, ended.stdout.split()[:1]) == (0, ["pip"]), ended
    assert str(site) not in ended.stdout


def test_nothing_is_imported_from_the_working_directory(env: Path, tmp_path: Path) -> None:
    for name in ("pip", "json", "logging", "sitecustomize", "optparse", "importlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')\n")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(["", ".", str(SOURCE)])}
    environ["PYTHONSAFEPATH"] = ""
    command = [sys.executable, "-m", "pip", "--version"]
    naive = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert "imported from the working directory" in naive.stderr
    # safepip itself is started as a console script would be; what counts is the pip it starts.
    start = f"import os, sys; sys.path[0:] = [p for p in sys.path if p != '' and p != {str(tmp_path)!r}]; "
    code = start + f"sys.path.insert(0, {str(SOURCE)!r}); " + RUN.replace("REPLACES", "True")
    seen = subprocess.run(
        [sys.executable, "-I", "-c", f"import os; os.environ['PYTHONPATH'] = {environ['PYTHONPATH']!r}; " + code,
         str(interpreter(env)), "list"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert seen.returncode == 0, seen.stderr
    assert "tool" in seen.stdout


def test_absolute_pythonpath_still_counts_for_list(env: Path, tmp_path: Path) -> None:
    house = Wheelhouse(tmp_path / "more")
    house.add("elsewhere")
    assert (
        pip_install(interpreter(env), house, "--target", str(tmp_path / "lib"), "elsewhere").returncode == 0
    )
    seen = ours(
        interpreter(env), "list", "--format=json", env=os.environ | {"PYTHONPATH": str(tmp_path / "lib")}
    )
    assert {found["name"] for found in json.loads(seen.stdout)} == {"elsewhere", "tool"}


def test_user_site_is_seen_as_pip_sees_it(tmp_path: Path) -> None:
    base = Path(sys.base_prefix) / "bin/python3"
    environ = os.environ | {"PYTHONUSERBASE": str(tmp_path / "user")}
    where = "import site; print(site.getusersitepackages())"
    site = subprocess.run([base, "-c", where], check=True, capture_output=True, text=True, env=environ).stdout
    folder = Path(site.strip()) / "usertool-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: usertool\nVersion: 1.0\n")
    seen = ours(base, "list", "--format=json", env=environ)
    assert "usertool" in seen.stdout


def test_variables_that_would_choose_for_pip_are_left_out() -> None:
    passed = environment_for_pip(
        {"PIP_PYTHON": "/x", "_PIP_STANDALONE_CERT": "/y", "PIP_USER": "1", "A": "b"}
    )
    assert passed == {
        "PIP_USER": "1",
        "A": "b",
        "_PIP_RUNNING_IN_SUBPROCESS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def test_interpreter_that_is_none_is_an_error(tmp_path: Path) -> None:
    for replaces in (True, False):
        pip = PassThroughPip(os.environ, replaces_process=replaces)
        with pytest.raises(SafepipError, match="cannot be started"):
            pip.run(["list"], python=str(tmp_path / "none"))


def test_costs_little_more_than_pip(env: Path) -> None:
    """The budget is 60 ms of CPU; best of several runs, so that load does not count."""

    def cpu(command: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    python = str(interpreter(env))
    code = f"import sys; sys.path[0] = {str(SOURCE)!r}; " + RUN.replace("REPLACES", "True")
    runner = Path(sys.executable).parent.parent / "lib"
    (pip_runner,) = runner.glob("python*/site-packages/pip/__pip-runner__.py")
    mine = min(cpu([sys.executable, "-c", code, python, "list"]) for _ in range(5))
    theirs = min(cpu([python, str(pip_runner), "list"]) for _ in range(5))
    assert mine - theirs < 0.06
