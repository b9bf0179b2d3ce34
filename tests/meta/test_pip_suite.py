"""What can be held of the measure without a checkout of pip: the data, the page, the plugin, the verdicts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from integration.pip_suite.__main__ import lines, main
from integration.pip_suite.differences import (
    DATA,
    Difference,
    Differences,
    Found,
    Kind,
    Outside,
    Verdict,
    gathered,
    read,
    tally,
)
from integration.pip_suite.plugin import command, matcher, short_id
from integration.pip_suite.wheels import repair, repair_all
from integration.pip_suite.workshop import Workshop, scrubbed
from safepip.cli import commands
from safepip.core.finding import Level
from safepip.pipcompat.roles import ELSEWHERE, TREATMENTS, Role
from safepip.rules import registry
from safepip.verify.wheel import inspect
from tasks.check_docs import anchors
from tests.support.wheels import make_wheel

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "differences-from-pip.md"
PLUGIN = ROOT / "integration" / "pip_suite"
SECTION = re.compile(r"^### (.+?)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"\(rules/([a-z0-9-]+)\.md\)")


def sections() -> dict[str, set[str]]:
    """Each section of the page, as a link target, with the rules that it names."""
    text = PAGE.read_text(encoding="utf-8")
    found = {}
    for title, body in SECTION.findall(text):
        (anchor,) = anchors(f"# {title}")
        found[anchor] = set(RULE.findall(body))
    return found


# --- the data and the page -----------------------------------------------------------------------


def test_every_difference_has_its_section_and_every_section_its_entry() -> None:
    assert {difference.section for difference in read().by_design} == set(sections())


def test_a_section_names_the_rules_that_its_tests_meet() -> None:
    on_page = sections()
    for difference in read().by_design:
        assert set(difference.rules) <= on_page[difference.section], difference.section


def test_a_refusal_has_rules_and_another_answer_has_none() -> None:
    for difference in read().by_design:
        assert bool(difference.rules) is (difference.kind is Kind.REFUSED), difference.section


def test_every_rule_that_refuses_is_on_the_page() -> None:
    refusing = {rule.id for rule in registry().values() if rule.level is Level.DENY}
    assert refusing - set().union(*sections().values()) == set()


def test_every_rule_on_the_page_exists() -> None:
    assert set().union(*sections().values()) <= {rule.id for rule in registry().values()}


def test_options_that_do_nothing_or_are_refused_are_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    silent = {
        name
        for table in (TREATMENTS, ELSEWHERE)
        for name, treatment in table.items()
        if treatment.role in {Role.NEUTRAL, Role.REFUSE}
    }
    # Help is printed; what --output names is written by whoever has the command that takes it.
    assert {name for name in silent - {"help", "output"} if f"--{name}" not in text} == set()


def test_missing_commands_are_on_the_page() -> None:
    missing = {
        name for name, treatment in commands.TREATMENTS.items() if treatment is commands.Treatment.MISSING
    }
    (said,) = re.findall(r"^(`.*) (?:is|are) refused in this version", PAGE.read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", said)) == missing


def test_no_pattern_is_listed_twice() -> None:
    known = read()
    patterns = [p for each in (*known.by_design, *known.outside) for p in each.tests]
    assert [pattern for pattern, times in Counter(patterns).items() if times > 1] == []


def test_every_pattern_names_a_file_of_tests() -> None:
    known = read()
    for pattern in (p for each in (*known.by_design, *known.outside) for p in each.tests):
        assert re.match(r"test_[a-z0-9_]+(\.py(::\S.*)?|\*)$", pattern), pattern


def test_data_of_another_form_is_an_error(tmp_path: Path) -> None:
    wrong = tmp_path / "differences.toml"
    wrong.write_text(DATA.read_text(encoding="utf-8").replace('kind = "differs"', 'kind = "sulks"'))
    with pytest.raises(ValueError, match="sulks"):
        read(wrong)


def test_the_policy_lowers_every_refusal_that_can_be_lowered() -> None:
    policy = tomllib.loads((PLUGIN / "policy.toml").read_text(encoding="utf-8"))
    lowerable = {rule.id for rule in registry().values() if rule.exemptible and rule.level is Level.DENY}
    assert policy["rules"] == dict.fromkeys(lowerable, "off")


# --- names of tests ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern,test,matches",
    [
        ("test_a.py::test_b", "test_a.py::test_b", True),
        ("test_a.py::test_b", "test_a.py::test_b[x-y::z]", True),
        ("test_a.py::test_b", "test_a.py::test_bc", False),
        ("test_a.py::test_b", "test_a.py::Klass::test_b", False),
        ("test_a.py", "test_a.py::Klass::test_b[1]", True),
        ("test_a.py", "test_ab.py::test_b", False),
        ("test_a*", "test_ab.py::test_b", True),
        ("test_a.py::test_b[[x]]", "test_a.py::test_b[[x]]", True),
        ("test_a.py::test_b[x*]", "test_a.py::test_b[x\ny]", True),
        ("test_a.py::test_b[x]", "test_a.py::test_b[xy]", False),
    ],
)
def test_a_pattern_means_a_file_a_function_or_some_parameters(pattern: str, test: str, matches: bool) -> None:
    assert bool(matcher(pattern).fullmatch(test)) is matches


def test_ids_are_short() -> None:
    assert short_id("tests/functional/test_a.py::test_b") == "test_a.py::test_b"


@pytest.mark.parametrize(
    "args,expected",
    [
        (("python", "-m", "pip", "list", "-v"), ("/x/pip", "list", "-v")),
        (("pip", "list"), ("/x/pip", "list")),
        (("pip3",), ("/x/pip3",)),
        (("python", "-m", "pipx"), ("python", "-m", "pipx")),
        (("python", "setup.py", "pip"), ("python", "setup.py", "pip")),
        ((), ()),
    ],
)
def test_pip_and_nothing_else_is_replaced(args: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert command(args, "/x/pip") == expected


# --- verdicts ------------------------------------------------------------------------------------

KNOWN = Differences(
    by_design=(
        Difference(
            section="plain", kind=Kind.REFUSED, rules=("plaintext-index",), tests=("test_a.py::test_plain",)
        ),
        Difference(section="words", kind=Kind.DIFFERS, tests=("test_a.py::test_words*",)),
    ),
    outside=(Outside(why="internals", tests=("test_z.py",)),),
)


def outcome(outcome: str, *rules: str, started: int = 1) -> Found:
    return Found(outcome=outcome, rules=frozenset(rules), started=started)


@pytest.mark.parametrize(
    "test,found,verdict,stale",
    [
        ("test_a.py::test_good", outcome("passed"), Verdict.PASSED, False),
        ("test_a.py::test_bad", outcome("failed", "plaintext-index"), Verdict.FAILED, False),
        ("test_a.py::test_plain[1]", outcome("failed", "tls", "plaintext-index"), Verdict.BY_DESIGN, False),
        ("test_a.py::test_plain", outcome("failed", "hash-mismatch"), Verdict.FAILED, True),
        ("test_a.py::test_plain", outcome("passed"), Verdict.PASSED, True),
        ("test_a.py::test_words_differ", outcome("failed"), Verdict.BY_DESIGN, False),
        ("test_a.py::test_words", outcome("skipped"), Verdict.OUTSIDE, False),
        ("test_a.py::test_never_starts_pip", outcome("passed", started=0), Verdict.OUTSIDE, False),
        ("test_a.py::test_never_came_so_far", outcome("failed", started=0), Verdict.FAILED, False),
    ],
)
def test_a_verdict_is_what_came_out_seen_with_the_data(
    test: str, found: Found, verdict: Verdict, stale: bool
) -> None:
    result = tally({test: found}, [], KNOWN)
    assert (result.counts["test_a.py"], bool(result.stale)) == (Counter([verdict]), stale)
    assert bool(result.failed) is (verdict is Verdict.FAILED)


def test_the_table_counts_each_file_and_all() -> None:
    tests = {
        "test_a.py::test_good": outcome("passed"),
        "test_a.py::test_plain": outcome("failed", "plaintext-index"),
        "test_b.py::test_bad": outcome("failed"),
    }
    shown = list(lines(tally(tests, ["test_b.py::test_network"], KNOWN)))
    assert [line.split() for line in shown[1:4]] == [
        ["test_a.py", "1", "0", "1", "0"],
        ["test_b.py", "0", "1", "0", "1"],
        ["all", "1", "1", "1", "1"],
    ]
    assert "failed: test_b.py::test_bad" in shown


def test_without_a_checkout_it_says_what_it_wants() -> None:
    with pytest.raises(SystemExit, match="which checkout of pip"):
        main([])


# --- the plugin, on a suite of the same shape ----------------------------------------------------

SCRIPTTEST = """
class ProcResult:
    def __init__(self, stdout, stderr, returncode):
        self.stdout, self.stderr, self.returncode = stdout, stderr, returncode
"""
LIB = """
import os, shutil, subprocess, sys, scripttest
from pathlib import Path

def make_wheel(name, record="default"):
    return record

def create_basic_wheel_for_package(name):
    return make_wheel(name, record="")

def create_basic_sdist_for_package(folder):
    shutil.make_archive(folder / "demo-1.0", "gztar", root_dir=folder / "files")
    return folder / "demo-1.0.tar.gz"

class PipTestEnvironment:
    def __init__(self, folder):
        self.venv_path = folder / "venv"
        self.environ = dict(os.environ)

    def run(self, *args, expect_error=False):
        done = subprocess.run(args, env=self.environ, capture_output=True, text=True)
        result = scripttest.ProcResult(done.stdout, done.stderr, done.returncode)
        assert expect_error or done.returncode == 0, "returned " + str(done.returncode)
        return result

    def pip(self, *args, **options):
        return self.run("python", "-m", "pip", *args, **options)
"""
TESTS = """
import os, pytest, tarfile, tests.lib
from tests.lib import PipTestEnvironment

@pytest.fixture
def script(tmp_path):
    return PipTestEnvironment(tmp_path)

def test_answers(script, tmp_path):
    result = script.pip("list", "-v")
    assert result.stdout == f"list -v in {tmp_path / 'venv'}\\n"
    assert result.stderr == ""

def test_is_refused(script):
    script.pip("install")

def test_is_warned(script):
    assert "warning[yanked-release]" in script.pip("warn").stderr

def test_never_starts_pip():
    assert "PYTHONPATH" not in os.environ
    assert tests.lib.create_basic_wheel_for_package("x") == "default"

def test_makes_archives_with_a_folder(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "setup.py").write_text("")
    with tarfile.open(tests.lib.create_basic_sdist_for_package(tmp_path)) as archive:
        assert sorted(archive.getnames()) == ["demo-1.0", "demo-1.0/setup.py"]

def test_is_left_out(script):
    assert False

@pytest.mark.network
def test_needs_a_network(script):
    assert False

def test_starts_something_else(script):
    assert script.run("true").stdout == ""
"""
PROGRAM = """#!{python}
import os, sys
print(*sys.argv[1:], "in", os.environ["VIRTUAL_ENV"])
print("safepip: working on /x (VIRTUAL_ENV)", file=sys.stderr)
if sys.argv[1] == "install":
    print("error[plaintext-index]: no\\nwarning[yanked-release]: hm\\n  error[not-at-the-start]:", file=sys.stderr)
    sys.exit(10)
if sys.argv[1] == "warn":
    print("warning[yanked-release]: hm", file=sys.stderr)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name, text in {
        "scripttest.py": SCRIPTTEST,
        "tests/__init__.py": "",
        "tests/lib/__init__.py": LIB,
        "tests/functional/__init__.py": "",
        "tests/functional/test_it.py": TESTS,
        "pytest.ini": "[pytest]\nmarkers = network\n",
        "outside.txt": "test_it.py::test_is_left_out\n",
        "pip": PROGRAM.format(python=sys.executable),
    }.items():
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "checkout" / "pip").chmod(0o755)
    return tmp_path / "checkout"


def measured(suite: Path, *options: str, **environ: str) -> tuple[dict[str, Found], set[str]]:
    """What the plugin writes about a run of the suite."""
    results = suite / "results.jsonl"
    told = {"MEASURE_RESULTS": str(results), "MEASURE_OUTSIDE": str(suite / "outside.txt"), **environ}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "plugin", "-q", *options, "tests/functional"],
        cwd=suite,
        env=scrubbed(dict(os.environ)) | {"PYTHONPATH": str(PLUGIN)} | told,
        capture_output=True,
        check=False,
    )
    return gathered(results.read_text(encoding="utf-8"))


@pytest.mark.parametrize("options", [(), ("-n", "2")])
@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a first line for the shell")
def test_a_suite_is_run_with_the_program_in_pips_place(suite: Path, options: tuple[str, ...]) -> None:
    tests, outside = measured(suite, *options, MEASURE_PIP=str(suite / "pip"))

    assert tests == {
        "test_it.py::test_answers": outcome("passed"),
        "test_it.py::test_is_refused": outcome("failed", "plaintext-index", "yanked-release"),
        "test_it.py::test_is_warned": outcome("passed", "yanked-release"),
        "test_it.py::test_makes_archives_with_a_folder": outcome("passed", started=0),
        "test_it.py::test_never_starts_pip": outcome("passed", started=0),
        "test_it.py::test_starts_something_else": outcome("passed", started=0),
    }
    assert outside == {"test_it.py::test_is_left_out", "test_it.py::test_needs_a_network"}


def test_without_a_program_the_suite_is_as_it_was(suite: Path) -> None:
    tests, _ = measured(suite)
    # Nothing is replaced: the interpreter on PATH is asked for pip, and answers in other words or not at all.
    assert tests["test_it.py::test_answers"] == outcome("failed", started=0)


# --- the copy ------------------------------------------------------------------------------------


def findings(path: Path) -> list[str]:
    return [finding.rule for finding in inspect(BytesIO(path.read_bytes()), path.name).findings]


@pytest.mark.parametrize(
    "broken,rule",
    [
        ({"record": b""}, "record-mismatch"),
        ({"unlisted": {"demo/more.py": "x = 1\n"}}, "record-mismatch"),
        ({"wheel_file": b"Wheel-Version: 0.1\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}, "wheel-contents"),
        (
            {"wheel_file": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: cp27-none-any\n"},
            "wheel-contents",
        ),
    ],
)
def test_a_malformed_wheel_is_repaired_and_keeps_its_files(
    tmp_path: Path, broken: dict[str, object], rule: str
) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    files = {"demo/__init__.py": "x = 1\n", "demo/a,b.txt": "c"}
    wheel.write_bytes(make_wheel("demo", files=files, modes={"demo/__init__.py": 0o755}, **broken))
    assert rule in findings(wheel)

    assert repair(wheel)

    assert findings(wheel) == []
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("demo/a,b.txt") == b"c"
        assert archive.getinfo("demo/__init__.py").external_attr >> 16 & 0o777 == 0o755
    assert not repair(wheel)


def test_what_is_broken_on_purpose_or_no_wheel_stays(tmp_path: Path) -> None:
    for name in ("corruptwheel-1.0-py3-none-any.whl", "invalid.whl"):
        (tmp_path / name).write_bytes(b"no archive")
    (tmp_path / "brokenwheel-1.0-py3-none-any.whl").write_bytes(make_wheel("brokenwheel", record=b""))
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.whl")}
    assert repair_all(tmp_path) == []
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.whl")} == before


def test_the_checkout_itself_is_not_changed(tmp_path: Path) -> None:
    checkout = tmp_path / "pip"
    data = checkout / "tests" / "data" / "packages"
    data.mkdir(parents=True)
    wheel = data / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(make_wheel("demo", record=b""))
    (checkout / "pyproject.toml").write_text("[tool.pytest]\n")
    before = wheel.read_bytes()
    workshop = Workshop(folder=tmp_path / "workshop")
    workshop.wheels.mkdir(parents=True)

    workshop.copy(checkout)

    assert wheel.read_bytes() == before
    assert findings(workshop.checkout / "tests/data/packages" / wheel.name) == []
    assert (workshop.checkout / "pyproject.toml").exists()
    assert sorted(p.name for p in checkout.iterdir()) == ["pyproject.toml", "tests"]
