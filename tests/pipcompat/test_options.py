"""The generated table is what the installed pip says, and cheap to load."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from safepip.pipcompat import callbacks, table
from safepip.pipcompat.options import COMMANDS, OPTIONS, PIP_VERSION

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.differential
def test_table_is_what_the_installed_pip_says():
    done = subprocess.run(
        [sys.executable, "-m", "tasks.generate_options", "--check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert version("pip") == PIP_VERSION


def test_every_callback_of_the_table_is_read():
    assert {option.callback for option in OPTIONS if option.callback} == set(callbacks._READERS)


def test_aliases_have_one_canonical_name():
    assert table.canonical_name("pypi-url") == "index-url"
    assert table.canonical_name("default-timeout") == "timeout"
    assert table.canonical_name("nonsense") == "nonsense"
    assert table.by_name("install")["--pypi-url"].name == "index-url"


def test_usage_is_pips():
    assert table.usage("hash") == "\nUsage:   \n  pip hash [options] <file> ..."
    assert table.usage() == "\nUsage:   \n  pip <command> [options]"


def test_table_names_no_address():
    assert not any("://" in str(option.default) for option in OPTIONS)
    assert {option.dest for option in OPTIONS if option.default_elsewhere} == {
        "cache_dir",
        "src_dir",
        "index_url",
        "index",
    }


def test_general_options_are_part_of_every_command():
    general = {option.name for option in table.main_options()} - {"version"}
    for command in COMMANDS:
        assert general <= {option.name for option in table.options_of(command)}


@pytest.mark.parametrize("module", ["packaging", "pip", "httpx", "hashlib", "urllib.request"])
def test_reading_a_command_line_loads_nothing_heavy(module: str):
    code = (
        "import sys\nfrom safepip.pipcompat.argv import parse, split_own\n"
        "parse(split_own(['--log', 'x', 'list', '--format=json'])[1])\n"
        f"sys.exit({module!r} in sys.modules)"
    )
    source = Path(table.__file__).resolve().parents[2]
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(source)}, check=False).returncode
        == 0
    )
