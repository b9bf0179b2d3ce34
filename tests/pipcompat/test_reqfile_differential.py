"""Requirement files beside pip's own parser: the same lines, or a refusal that says where.

Whatever safepip reads, pip reads the same. Whatever pip cannot read, safepip refuses. Where safepip
refuses and pip would go on, the reason is one of :data:`STRICTER`.
"""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from safepip.core.errors import Refused, RequirementFileError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import Setting
from safepip.pipcompat import table
from safepip.pipcompat.fold import add_names
from safepip.pipcompat.reqfile import RequirementFile, read
from tests.pipcompat.conftest import answering
from tests.support.disk import Disk

HERE = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3)
SHA, OTHER = "a" * 64, "b" * 64
VARIABLES = {
    "NAME": "demo",
    "EMPTY": "",
    "OPTION": "--index-url https://v.example",
    "QUOTE": "'",
    "lower": "x",
}
STRICTER = {
    "misleading-file": "the file would not do what it shows",
    "ambiguous-url": "the URL says two things, of which pip takes one",
}
"""What is refused though pip goes on, by rule, and why."""

Pip = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def pip() -> Iterator[Pip]:
    """The real pip's reader of requirement files, in one child process."""
    with answering("reqfile_oracle.py") as answer:
        yield answer


Outcome = RequirementFile | RequirementFileError | Refused


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one tree of files: ``same``, ``both fail``, or the rule that only we have."""

    word: str
    ours: Outcome


def compare(folder: Path, files: Mapping[str, bytes], pip: Pip, *, constraint: bool = False) -> Verdict:
    """Have both read ``r.txt``. Fails where they differ without a reason of :data:`STRICTER`."""
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    path = str(folder / "r.txt")
    theirs = pip(path=path, environ=VARIABLES, cwd=str(folder), constraint=constraint)
    with contextlib.chdir(folder):
        ours = outcome(path, constraint=constraint)
    if isinstance(ours, RequirementFile):
        assert "lines" in theirs, theirs
        assert_same_requirements(ours, theirs["lines"])
        assert_same_options(ours, theirs["lines"])
        return Verdict("same", ours)
    if isinstance(ours, Refused):
        assert {finding.rule for finding in ours.findings} <= set(STRICTER)
        assert all(finding.origin.line and finding.origin.column for finding in ours.findings)
        return Verdict(ours.findings[0].rule, ours)
    assert "lines" not in theirs, (ours.message, theirs)
    assert ours.origin == HERE or (ours.origin and ours.origin.line and ours.origin.column), ours.message
    return Verdict("both fail", ours)


def outcome(path: str, *, constraint: bool) -> Outcome:
    try:
        return read(Sourced(value=path, origin=HERE), constraint=constraint, files=Disk(), environ=VARIABLES)
    except (RequirementFileError, Refused) as error:
        return error


def assert_same_requirements(ours: RequirementFile, theirs: list[dict[str, Any]]) -> None:
    expected = [line for line in theirs if "requirement" in line]
    assert [(line.text, line.editable, line.constraint, line.origin.place) for line in ours.lines] == [
        (line["requirement"].strip(), line["editable"], line["constraint"], line["file"]) for line in expected
    ]
    for mine, their in zip(ours.lines, expected, strict=True):
        assert_place(mine.origin, their)
        said: dict[str, list[str]] = {}
        for digest in mine.hash_options:
            said.setdefault(digest.algorithm.value, []).append(digest.hex)
        assert {name: sorted(digests) for name, digests in said.items()} == {
            name: sorted(digest.lower() for digest in digests) for name, digests in their["hashes"].items()
        }
        configured = their["config_settings"]
        assert len(mine.config_settings) == sum(
            len(value) if isinstance(value, list) else 1 for value in configured.values()
        )
        assert mine.requirement is None or mine.requirement.name == their["name"]


def assert_place(mine: Origin, their: dict[str, Any]) -> None:
    """pip names the first of joined lines; we name the one that the value stands in."""
    assert mine.place == their["file"]
    assert mine.line is not None
    if "\\" in Path(their["file"]).read_text(encoding="utf-8", errors="replace"):
        assert mine.line >= their["line"]
    else:
        assert mine.line == their["line"]


def assert_same_options(ours: RequirementFile, theirs: list[dict[str, Any]]) -> None:
    """File by file and line by line: everything that pip would act on, and nothing else."""
    said = {(line["file"], line["line"]): line["options"] for line in theirs if "requirement" not in line}
    expected = [_flat(options) for options in said.values() if options]
    assert _by_line(ours.settings, said) == expected


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    names = {option.dest: option.name for option in table.line_options()}
    controls = {"format_control", "release_control"}
    found = {names.get(dest, dest): value for dest, value in options.items() if dest not in controls}
    for control in controls & set(options):
        found |= {name.replace("_", "-"): held for name, held in options[control].items() if held}
    return found


def _by_line(settings: tuple[Setting, ...], said: Mapping[tuple[str, int], Any]) -> list[dict[str, Any]]:
    """Our settings in the shape of pip's, one dictionary for each line that has any."""
    starts = sorted(said)
    lines: dict[tuple[str, int], list[Setting]] = {}
    for each in settings:
        assert each.origin.line is not None
        place = max(s for s in starts if s[0] == each.origin.place and s[1] <= each.origin.line)
        lines.setdefault(place, []).append(each)
    return [shape for shape in (_shape(each) for each in lines.values()) if shape]


_LISTS = {"extra-index-url", "find-links", "trusted-host", "use-feature"}
_CONTROLS = {"no-binary": "only-binary", "only-binary": "no-binary", "all-releases": "only-final", "only-final": "all-releases"}  # fmt: skip


def _shape(settings: list[Setting]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in settings:
        if each.option in _LISTS:
            found.setdefault(each.option, []).append(each.value)
        elif each.option in _CONTROLS:
            other = _CONTROLS[each.option]
            mine, theirs = add_names(
                each.value, frozenset(found.get(each.option, ())), frozenset(found.get(other, ()))
            )
            found[each.option], found[other] = sorted(mine), sorted(theirs)
        elif each.value == "true":
            found[each.option] = True
        else:
            found[each.option] = each.value
    return {name: value for name, value in found.items() if value}


# --- Generated ------------------------------------------------------------------------------------

REQUIREMENTS = [
    "demo", "demo==1.0", "demo>=1,<2", "Demo.Pkg[x,Y]==1", "demo; python_version > '3'", 'demo ; extra == "x"', "demo==1 # note",
    "demo==1#no-comment", "demo\t>=1", "  demo2  ", "==1.0", "demo=1", "\\demo", "de mo", "démo", "demo\u3000==1", "demo\x1f==1",
    f"demo==1 --hash=sha256:{SHA}", f"demo==1 --hash sha256:{SHA} --hash=sha512:{'c' * 128}", f"demo --ha=sha256:{SHA}",
    f"demo --hash=sha256:{SHA.upper()}", "demo --hash=sha256:12", "demo --hash=md5:" + "d" * 32, "demo --hash", "demo --hash=sha256",
    "demo -C a=b", "demo --config-settings a=b -C a=c", "demo -C a", "demo --conf=a=b", f"demo\t--hash=sha256:{SHA}",
    f"demo --hash=sha256:{SHA} # why", f"demo @ https://h.example/demo.zip --hash=sha256:{SHA}", "demo @ https://h.example/demo.zip",
    f"https://h.example/demo-1.0-py3-none-any.whl#sha256={SHA}", "https://h.example/demo.zip#egg=demo", "demo @ file:///x/demo.zip",
    f"https://h.example/demo.zip?a=1&md5={'d' * 32}#sha256={SHA}", "./nowhere", "-e git+https://h.example/d@a#egg=d",
    "-e git+https://h.example/d@a", "-e nowhere", "--editable=git+https://h.example/d@a#egg=d -C a=b", "-e", "demo -e ./app",
    "git+https://h.example/d@a#egg=d", f"-e git+https://h.example/d#egg=d --hash=sha256:{SHA}", "${NAME}==1", "demo==${EMPTY}1",
]  # fmt: skip
OPTIONS = [
    "-i https://a.example", "-ihttps://a.example", "--index-url=https://a.example", "--ind https://a.example", "--pypi https://a.example",
    '--"extra"-index-url https://b.example', "--extra-index-url 'https://b.example'", "--extra https://b.example", "--index-url 'x",
    "--e https://b.example", "--trusted h.example", "--trusted-host=h.example", "--no-index", "--no-ind", "--no-index=x", "--pre",
    "--p", "--pre demo", "demo --pre", "--only-binary :all:", "--no-binary=a,b --only-binary=b", "--no-binary :none:", "--require-hashes",
    "--require", "--no-require-hashes", "--prefer-binary --pre", "--find-links https://f.example", "-f a -f b", "-f nested.txt",
    "--all-releases a --only-final :all:", "--use-feature fast-deps", "--use-feature bogus", "--bogus", "--cert x", "-q", "-", "--",
    "-- demo", "--pre -- demo", "-r nested.txt", "-c limits.txt", "-rnested.txt", "--req nested.txt", "--req=limits.txt",
    "-r nested.txt -r limits.txt", "-r nested.txt -c limits.txt", "-c limits.txt --pre", "-r nowhere.txt", "-r r.txt", "-c r.txt",
    "-r ''", "-i ''", "-f ''", "--extra-index-url ''", "-r 'nested.txt'", "-r nested.txt demo", f"--hash=sha256:{SHA}", "-C a=b",
    f"    --hash=sha256:{OTHER}", f"    --hash=sha256:{OTHER} \\", "${OPTION}", "-i ${QUOTE}https://a.example", "\\--pre \\",
    "demo \\", "demo==1 \\", "demo==1 # note \\", "\\# note \\", "# comment", "  # comment \\", "#\\", "", " ", "\\", "\\\\", "--pre \\",
]  # fmt: skip
ROWS = st.one_of(
    st.sampled_from(REQUIREMENTS),
    st.sampled_from(OPTIONS),
    st.text(alphabet="abd-=#\\ \t$'\"{}[];,.@/:é\x00\x1f\u00a0\ufeff", max_size=8),
)
ENDS = st.one_of(st.just("\n"), st.sampled_from(["\r\n", "\n\n", "\r", "\v", "\x85", "\u2028", "\\\n"]))
PLAIN = st.lists(ROWS, max_size=5).map(lambda rows: "\n".join(rows).encode())


@st.composite
def odd(draw: st.DrawFn) -> bytes:
    """A file with line ends, encodings and marks of every kind."""
    rows = draw(st.lists(st.tuples(ROWS, ENDS), max_size=5))
    codec = draw(
        st.sampled_from(["utf-8", "utf-8", "latin-1", "utf-7", "unicode_escape", "utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
    )  # fmt: skip
    named = draw(st.sampled_from(["", "# -*- coding: {} -*-\n", "\n# coding={}\n", "demo # coding: {}\n"]))
    text = named.format(codec) + "".join(row + end for row, end in rows)
    return text.encode(codec, "replace")


FEW = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.property
@pytest.mark.differential
@settings(FEW, max_examples=2500)
@given(
    files=st.fixed_dictionaries({"r.txt": PLAIN, "nested.txt": PLAIN, "limits.txt": PLAIN}),
    constraint=st.booleans(),
)
def test_trees_of_files_are_read_as_by_pip(
    files: dict[str, bytes], constraint: bool, pip: Pip, tmp_path: Path
) -> None:
    event(compare(tmp_path, files, pip, constraint=constraint).word)


@pytest.mark.property
@pytest.mark.differential
@settings(FEW, max_examples=300)
@given(content=odd())
def test_odd_bytes_are_read_as_by_pip_or_refused(content: bytes, pip: Pip, tmp_path: Path) -> None:
    files = {"r.txt": content, "nested.txt": b"other\n", "limits.txt": b"other<2\n"}
    event(compare(tmp_path, files, pip).word)


# --- Written by hand -------------------------------------------------------------------------------

BREAKS = ["\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
CASES: dict[str, tuple[str, str | bytes]] = {
    "continuation that splits an option in the middle": ("same", "--index-\\\nurl https://a.example\n"),
    "backslashes at both ends": ("same", "\\--index-url \\\nhttps://a.example\n"),
    "several backslashes": ("same", "demo\\\\\\\n==1\n"),
    "backslash at the end of the file": ("same", "demo\\"),
    "a space behind the backslash": ("both fail", "demo \\ \n==1\n"),
    "comment that ends a continued requirement": ("same", "demo \\\n# why\nother\n"),
    "hash behind a comment inside": ("misleading-file", f"demo==1 \\\n# why\n  --hash=sha256:{SHA}\n"),
    "trailing comment that swallows a hash": (
        "misleading-file",
        f"demo==1 # why \\\n  --hash=sha256:{SHA}\n",
    ),
    "hidden comment that swallows a hash": (
        "misleading-file",
        f"demo==1 \\\n\\# why \\\n --hash=sha256:{SHA}\n",
    ),
    "comment with a backslash and nothing below": ("same", "demo # C:\\dir\\\n\nother\n"),
    "hashes on many lines": (
        "same",
        f"demo==1 \\\n  --hash=sha256:{SHA} \\\n  --hash=sha256:{OTHER}\nother\n",
    ),
    "hash of another requirement's platform": (
        "same",
        f"demo==1 --hash=sha256:{SHA} --hash=sha384:{'c' * 96}\n",
    ),
    "tab before a hash": ("both fail", f"demo==1\t--hash=sha256:{SHA}\n"),
    "tab inside the options": ("same", f"demo==1 --hash=sha256:{SHA}\t--hash=sha256:{OTHER}\n"),
    "quotes in the middle of an option": ("same", '--"extra"-index-url https://a.example\n'),
    "quotes around a word with a space": ("same", '-f "a folder"\n'),
    "open quote": ("both fail", '-f "a folder\n'),
    "options glued and abbreviated": (
        "same",
        "-ihttps://a.example\n--extra=https://b.example\n--trusted h.example\n",
    ),
    "ambiguous abbreviation": ("both fail", "--no demo\n"),
    "alias": ("same", "--pypi-url https://a.example\n"),
    "variable that is an option": ("same", "${OPTION}\n"),
    "variable behind a comment": ("same", "demo # ${QUOTE}\n"),
    "variable that opens a quote": ("both fail", "-f ${QUOTE}x\n"),
    "variable that is unset, empty or lower case": ("same", "-f ${UNSET}${EMPTY}${lower}\n"),
    "several files on a line": ("misleading-file", "-r nested.txt -r limits.txt\n"),
    "requirements beside constraints": ("misleading-file", "-c limits.txt -r nested.txt\n"),
    "requirements inside constraints": ("same", "-c more.txt\n"),
    "options inside constraints": ("same", "-c options.txt\n"),
    "option after a requirement": ("misleading-file", "demo --index-url https://a.example\n"),
    "word behind an option": ("misleading-file", "--pre demo\n"),
    "words behind a double dash": ("misleading-file", "-- demo\n"),
    "double dash alone": ("same", "--\n"),
    "hash without a requirement": ("misleading-file", f"--hash=sha256:{SHA}\n"),
    "editable with a hash": ("misleading-file", f"-e git+https://h.example/d@a#egg=d --hash=sha256:{SHA}\n"),
    "file that names itself": ("both fail", "-r r.txt\n"),
    "file that names itself through another": ("both fail", "-r loop.txt\n"),
    "the same file twice": ("same", "-r nested.txt\n-r ./nested.txt\n"),
    "file that is not there": ("both fail", "-r nowhere.txt\n"),
    "folder as a file": ("both fail", "-r .\n"),
    "path with a null character": ("both fail", "-r a\x00b\n"),
    "null character in a requirement": ("both fail", "de\x00mo\n"),
    "null character in a comment": ("same", "demo # \x00\n"),
    "unit separator": ("same", "demo\x1f# x\n"),
    "spaces of other alphabets": ("both fail", "demo\u3000--index-url https://a.example\n"),
    "no-break space before a comment": ("same", "demo\u00a0# x\n"),
    "very long line": ("same", f"demo{','.join(f'!={n}' for n in range(5000))}\n"),
    "byte order mark": ("same", codecs.BOM_UTF8 + b"demo\n"),
    "two byte order marks": ("both fail", codecs.BOM_UTF8 * 2 + b"demo\n"),
    "UTF-16 with its mark": ("same", codecs.BOM_UTF16_LE + "-i https://a.example\n".encode("utf-16-le")),
    "UTF-16 without a mark": ("both fail", "demo\n".encode("utf-16-le")),
    "UTF-32 with its mark": ("same", codecs.BOM_UTF32_BE + "demo\n".encode("utf-32-be")),
    "half a character of UTF-16": ("misleading-file", codecs.BOM_UTF16_LE + b"d\x00e"),
    "latin-1, and says so": ("same", b"# coding: latin-1\ndemo # \xe9\n"),
    "latin-1, and does not say so": ("misleading-file", b"demo # \xe9\n"),
    "UTF-7 that hides an option": ("misleading-file", b"# coding: utf-7\n+AC0-i https://e.example\n"),
    "escapes that hide an option": (
        "misleading-file",
        b"# coding: unicode_escape\n# x\\n-i https://e.example\n",
    ),
    "coding in the second line": ("misleading-file", b"\n# vim: set fileencoding=utf-7 :\ndemo\n"),
    "coding in the third line": ("same", b"\n\n# coding: utf-7\ndemo\n"),
    "coding behind a requirement": ("same", b"demo # coding: utf-7\n"),
    "codec that is none": ("misleading-file", b"# coding: nothing\ndemo\n"),
    "mark and coding that differ": ("same", codecs.BOM_UTF8 + b"# coding: utf-7\ndemo\n"),
    "windows line ends": ("same", "demo \\\r\n==1\r\n-r nested.txt\r\n"),
    "carriage return at the very end": ("same", "demo\r"),
    **{f"U+{ord(b):04X} in a comment": ("misleading-file", f"# x{b}-i https://e.example\n") for b in BREAKS},
    **{f"U+{ord(b):04X} in a name": ("misleading-file", f"de{b}mo\n") for b in BREAKS},
}
BESIDE = {
    "nested.txt": b"other\n",
    "limits.txt": b"other<2\n",
    "more.txt": b"third<2\n-r nested.txt\n",
    "options.txt": b"--extra-index-url https://a.example\nother<2\n",
    "loop.txt": b"-r r.txt\n",
}


@pytest.mark.differential
@pytest.mark.parametrize("case", CASES)
def test_nasty_files_are_read_as_by_pip_or_refused(case: str, pip: Pip, tmp_path: Path) -> None:
    wanted, content = CASES[case]
    files = BESIDE | {"r.txt": content if isinstance(content, bytes) else content.encode()}

    assert compare(tmp_path, files, pip).word == wanted


@pytest.mark.differential
@pytest.mark.parametrize(
    "text",
    ["demo[x]", "https://h.example/demo.zip", "-e git+https://h.example/d@a#egg=d", "-e ./app", "./app"],
)
def test_what_cannot_be_a_constraint_is_none_for_both(text: str, pip: Pip, tmp_path: Path) -> None:
    files = {"app/pyproject.toml": b"", "r.txt": f"{text}\n".encode()}

    verdict = compare(tmp_path, files, pip, constraint=True)

    assert verdict.word == "both fail"
    assert isinstance(verdict.ours, RequirementFileError)
    theirs = pip(path=str(tmp_path / "r.txt"), cwd=str(tmp_path), constraint=True)
    assert verdict.ours.message == theirs["said"]
