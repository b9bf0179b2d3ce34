"""Pytest plugin for a checkout of pip: wherever a test starts pip, it starts safepip.

Loaded with ``-p``; nothing in the checkout is changed. It runs in the environment of pip's tests, so it
imports nothing of this project. What it is told comes in three variables:

- ``MEASURE_PIP``: the program that stands in pip's place, ``pip3`` beside it; without it pip itself is measured.
- ``MEASURE_RESULTS``: file for what came out, a line of JSON for each phase of a test.
- ``MEASURE_OUTSIDE``: file with the patterns of tests that are outside the measure, one a line.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

SAID_LENGTH = 6000
"""Characters of a failure that are kept, from its end."""

_SAID = re.compile(r"^(?:error|warning)\[([a-z0-9-]+)\]", re.MULTILINE)
_TARGET_LINE = re.compile(r"^safepip: working on .*\n", re.MULTILINE)
_RULES = "rules that safepip named"
_STARTED = "times safepip was started"

_said_in_this_test: set[str] = set()
_started_in_this_test: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    # What the tests start is not to find this plugin.
    os.environ.pop("PYTHONPATH", None)
    if program := os.environ.get("MEASURE_PIP"):
        replace_pip(program)
    results = os.environ.get("MEASURE_RESULTS")
    if results and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Results(Path(results)), "measure-results")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is outside the measure."""
    listed = Path(os.environ.get("MEASURE_OUTSIDE", os.devnull)).read_text(encoding="utf-8")
    patterns = [matcher(line) for line in listed.splitlines()]
    outside = [item for item in items if _is_outside(item, patterns)]
    if not outside:
        return
    items[:] = [item for item in items if item not in set(outside)]
    config.hook.pytest_deselected(items=outside)
    if hasattr(config, "workeroutput"):
        config.workeroutput["outside"] = [short_id(item.nodeid) for item in outside]


def _is_outside(item: pytest.Item, patterns: list[re.Pattern[str]]) -> bool:
    if item.get_closest_marker("network") is not None:
        return True
    return any(pattern.fullmatch(short_id(item.nodeid)) for pattern in patterns)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Write down with each report what safepip has done so far in the test."""
    report = yield
    report.user_properties = [(_RULES, sorted(_said_in_this_test)), (_STARTED, len(_started_in_this_test))]
    if call.when == "teardown":
        _said_in_this_test.clear()
        _started_in_this_test.clear()
    return report


def replace_pip(program: str) -> None:
    """Make every ``script.pip`` and ``script.run("pip", …)`` start the program, in the test's environment."""
    from tests.lib import PipTestEnvironment

    plain_init, plain_run = PipTestEnvironment.__init__, PipTestEnvironment.run

    def init(self: Any, *args: Any, **options: Any) -> None:
        plain_init(self, *args, **options)
        self.environ["VIRTUAL_ENV"] = os.fspath(self.venv_path)

    def run(self: Any, *args: str, **options: Any) -> Any:
        __tracebackhide__ = True
        args = command(args, program)
        if args[0] in {program, f"{program}3"}:
            _started_in_this_test.append(args[1] if args[1:] else "")
        return plain_run(self, *args, **options)

    PipTestEnvironment.__init__, PipTestEnvironment.run = init, run
    _listen()
    _make_well_formed()


def _make_well_formed() -> None:
    """Let pip's test library make wheels with a true RECORD and source archives with a top folder.

    It writes an empty RECORD and no folder where a test does not care; safepip refuses both, and so
    would never come to what the test is about. ``wheels.py`` does the same for wheels that are files. Tests
    that are about RECORD make their wheels with ``make_wheel`` themselves.
    """
    import tests.lib

    make_wheel, make_sdist = tests.lib.make_wheel, tests.lib.create_basic_sdist_for_package

    def true_wheel(*args: Any, **options: Any) -> Any:
        if options.get("record") == "":
            del options["record"]
        return make_wheel(*args, **options)

    def foldered_sdist(*args: Any, **options: Any) -> Path:
        return put_in_folder(make_sdist(*args, **options))

    tests.lib.make_wheel = true_wheel
    tests.lib.create_basic_sdist_for_package = foldered_sdist


def put_in_folder(archive: Path) -> Path:
    """Write an archive anew, with everything in the folder that its own name promises."""
    ending = ".zip" if archive.suffix == ".zip" else ".tar.gz"
    name = archive.name.removesuffix(ending)
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, Path(folder, name))
        kind = "zip" if ending == ".zip" else "gztar"
        shutil.make_archive(str(archive).removesuffix(ending), kind, root_dir=folder, base_dir=name)
    return archive


def _listen() -> None:
    """Note which rules are named on stderr, before anything is asserted; take out the line about the target.

    pip has no such line: safepip says which environment it works on where that is not its own, which
    in this measure is always. Tests that want an empty stderr should see what else is there.
    """
    import scripttest

    class Heard(scripttest.ProcResult):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            _said_in_this_test.update(_SAID.findall(self.stderr))
            self.stderr = _TARGET_LINE.sub("", self.stderr)

    scripttest.ProcResult = Heard


def command(args: tuple[str, ...], program: str) -> tuple[str, ...]:
    """The command line with the program where pip stood; any other as it is.

    >>> command(("python", "-m", "pip", "list"), "/x/pip")
    ('/x/pip', 'list')
    """
    if args[:3] == ("python", "-m", "pip"):
        return (program, *args[3:])
    if args[:1] in {("pip",), ("pip3",)}:
        # The shim of the same name: pip says it where it says how it is called.
        return (str(Path(program).with_name(args[0])), *args[1:])
    return args


def short_id(nodeid: str) -> str:
    """A test's id without the folders that all have in common."""
    return nodeid.removeprefix("tests/").removeprefix("functional/")


def matcher(pattern: str) -> re.Pattern[str]:
    """``*`` stands for anything; a test's name means all its parameters, a file's all its tests.

    >>> bool(matcher("test_a.py::test_b*").fullmatch("test_a.py::test_bc[x-1]"))
    True
    >>> bool(matcher("test_a.py::test_b").fullmatch("test_a.py::test_bc"))
    False
    """
    return re.compile(".*".join(map(re.escape, pattern.split("*"))) + r"(?:::.*)?(?:\[.*)?", re.DOTALL)


class Results:
    """Writes down each report as it comes, from xdist's workers too: a line of JSON, so that nothing is lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text("", encoding="utf-8")

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._write({"outside": [short_id(item.nodeid) for item in items]})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._write({"outside": getattr(node, "workeroutput", {}).get("outside", [])})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        failed = report.outcome != "passed"
        done = dict(report.user_properties)
        self._write(
            {
                "test": short_id(report.nodeid),
                "outcome": "xfailed" if failed and hasattr(report, "wasxfail") else report.outcome,
                "rules": done.get(_RULES, []),
                "started": done.get(_STARTED, 0),
                "seconds": round(report.duration, 2),
                "said": f"{report.longreprtext}\n{report.capstdout}"[-SAID_LENGTH:] if failed else "",
            }
        )

    def _write(self, entry: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
