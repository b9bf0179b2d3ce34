"""The metadata block of a script: what pip reads there, and where each requirement stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pip._internal.req.pep723 import PEP723Exception, pep723_metadata

from safepip.core.errors import CommandError, Refused, RequirementFileError, SafepipError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.pipcompat.script import Script, read_script

TYPED = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3)
BLOCK = """\
#!/usr/bin/env python
# /// script
# requires-python = ">=3.9"
# dependencies = [
#   "demo>=1",
#   "url @ https://files.example/url-1-py3-none-any.whl",
# ]
#
# [[tool.uv.index]]
# url = "https://index.example/simple"
# ///
import demo
"""


class Disk:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def read_bytes(self, path: str) -> bytes:
        if path != "tool.py":
            raise FileNotFoundError(2, "No such file or directory", path)
        return self.data


def read(text: str | bytes, path: str = "tool.py") -> Script:
    data = text.encode() if isinstance(text, str) else text
    return read_script(Sourced(value=path, origin=TYPED), Disk(data))


def test_each_requirement_has_the_place_of_its_string() -> None:
    script = read(BLOCK)
    assert [(line.text, str(line.origin), line.from_file) for line in script.dependencies] == [
        ("demo>=1", "tool.py:5:5", False),
        ("url @ https://files.example/url-1-py3-none-any.whl", "tool.py:6:5", False),
    ]
    assert script.requires_python is not None
    assert (script.requires_python.value, str(script.requires_python.origin)) == (">=3.9", "tool.py:3:21")


def test_indexes_of_other_tools_are_told_and_not_used() -> None:
    assert [(str(one), one.key) for one in read(BLOCK).set_aside] == [("tool.py:9:3", "tool.uv.index")]


def test_a_script_may_need_nothing() -> None:
    assert read("# /// script\n#\n# ///\n").dependencies == ()


@pytest.mark.parametrize(
    "text, kind, message, line",
    [
        ("import x\n", CommandError, "File does not contain 'script' metadata: 'tool.py'", 3),
        (BLOCK + BLOCK, CommandError, "Multiple 'script' blocks found in 'tool.py'", 3),
        ("# /// script\n# a = \n# ///\n", CommandError, "Failed to parse TOML in 'tool.py'", 2),
        ("# /// script\n# dependencies = ['./x']\n# ///", RequirementFileError, "Invalid requirement: './x': Expected package name at the start of dependency specifier\n    ./x\n    ^", 2),
        # pip reads the characters of the string, each as a requirement.
        ("# /// script\n# dependencies = 'demo'\n# ///", RequirementFileError, "dependencies of 'tool.py' must be a list of strings", 2),
        ("# /// script\n# dependencies = [1]\n# ///", RequirementFileError, "dependencies of 'tool.py' must be a list of strings", 2),
        # pip ends in a traceback.
        ("# /// script\n# requires-python = 'x'\n# ///", RequirementFileError, "requires-python of 'tool.py': Invalid specifier: 'x'", 2),
        ("# /// script\n# requires-python = 3\n# ///", RequirementFileError, "requires-python of 'tool.py' must be a string", 2),
        (b"\xff# /// script\n# ///", RequirementFileError, "'tool.py' is not UTF-8: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", 3),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(
    text: str | bytes, kind: type[SafepipError], message: str, line: int
) -> None:
    with pytest.raises(kind) as error:
        read(text)
    assert error.value.message == message
    assert error.value.origin is not None
    assert error.value.origin.line == line


def test_a_missing_script_is_said_in_pips_words() -> None:
    wanted = "Could not install packages due to an OSError: [Errno 2] No such file or directory: 'no.py'"
    with pytest.raises(CommandError, match=re.escape(wanted)):
        read("", "no.py")


@pytest.mark.parametrize("character", "\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_a_hidden_line_break_in_the_block_is_refused(character: str) -> None:
    text = f'# /// script\n# dependencies = ["demo"] #{character}# x = 1\n# ///\n'
    with pytest.raises(Refused) as refused:
        read(text)
    (finding,) = refused.value.findings
    assert (finding.rule, str(finding.origin)) == ("misleading-file", "tool.py:2:28")


def test_the_same_character_outside_of_the_block_is_nobodys_business() -> None:
    assert read(f"x = '\u2028'\n{BLOCK}").dependencies


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_that_python_reads_is_one(ending: str) -> None:
    script = read(BLOCK.replace("\n", ending))
    assert [str(line.origin) for line in script.dependencies] == ["tool.py:5:5", "tool.py:6:5"]


PIECES = st.sampled_from([
    "# /// script", "# /// other", "# ///", "#", "# ", '# dependencies = ["demo"]', "#dependencies = []",
    "# dependencies = [", '#   "x",', "# ]", "import x", "", " # ///", "# /// script ", "# # comment",
])  # fmt: skip


@pytest.mark.property
@given(st.lists(PIECES, max_size=10), st.booleans())
def test_blocks_are_those_that_pip_reads(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], ends: bool
) -> None:
    text = "\n".join(pieces) + "\n" * ends
    path = tmp_path_factory.getbasetemp() / "tool.py"
    path.write_text(text, encoding="utf-8")
    try:
        expected: list[str] | None = pep723_metadata(str(path)).get("dependencies", [])
    except PEP723Exception:
        expected = None
    try:
        found: list[str] | None = [line.text for line in read(text).dependencies]
    except CommandError:
        found = None
    assert found == expected
