"""``download`` and ``wheel`` leave the files that pip leaves and say what it says, also for other platforms.

Each case runs once with each of them, on equal scratch folders, against one HTTPS index.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.conftest import Shell, publish, trusting
from cli.test_same_as_pip import Side, blank, sides
from support.environments import comparable
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

__all__ = ["blank", "sides"]

LINUX = "cp312-cp312-manylinux_2_17_x86_64"
TAGS = (LINUX, "cp312-cp312-win_amd64", "cp313-cp313-macosx_11_0_arm64", "cp39-abi3-manylinux_2_28_aarch64")
WINDOWS = "--platform win_amd64 --python-version 3.12 --implementation cp --abi cp312"
ONLY = "--only-binary=:all:"
LIB_FILE = wheel_filename("lib")
_OTHERWISE = ("Could not find a version", "Failed to build one or more wheels")
"""What safepip says with more words."""
_CLOSING = ("Saved ", "  File was already downloaded ", "Successfully downloaded ")


@pytest.fixture(scope="module")
def packages() -> Iterator[IndexServer]:
    """``app`` needs ``native`` (one wheel a platform), ``lib``, and on Windows ``wincolor``."""
    with IndexServer() as server:
        needs = ["native", "lib>=1", "wincolor; sys_platform == 'win32'", "more; extra == 'more'"]
        publish(server, "app", requires=needs, extras=["more"])
        publish(server, "lib", "1.0")
        publish(server, "lib", "2.0", requires_python=">=3.8")
        publish(server, "wincolor")
        publish(server, "more")
        publish(server, "old", requires_python="<3.8")
        for tag in TAGS:
            server.add_wheel(make_wheel("native", tag=tag), wheel_filename("native", tag=tag))
        server.add_wheel(make_wheel("native", "0.9"), wheel_filename("native", "0.9"))
        yield server


def run(side: Side, packages: IndexServer, step: str) -> tuple[int, list[str], list[str]]:
    """Exit code, closing lines of stdout, pip's errors."""
    command, *words = [word.replace("{here}", str(side.folder)) for word in step.split()]
    where = () if "--no-index" in words else trusting(packages)
    ended = subprocess.run(
        [sys.executable, "-m", *side.program, "--python", str(side.python), command, *where, *words],
        cwd=side.folder / "project",
        env={**os.environ, **side._environ(), **side.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 70, ended.stderr
    here = [line.replace(str(side.folder), "<here>") for line in ended.stdout.splitlines()]
    errors = [
        line.replace(str(side.folder), "<here>")
        for line in ended.stderr.splitlines()
        if line.startswith("ERROR: ") and not any(part in line for part in _OTHERWISE)
    ]
    return ended.returncode, [line for line in here if line.startswith(_CLOSING)], errors


def assert_same_files(ours: Side, pips: Side) -> None:
    """pip makes the folder even where nothing comes into it."""
    left, right = (
        {name: kept for name, kept in comparable(side.folder).items() if not name.endswith("/")}
        for side in (ours, pips)
    )
    assert sorted(left) == sorted(right)
    assert {name for name in left if left[name] != right[name]} == set()


CASES: dict[str, list[str]] = {
    "with dependencies": ["download -d out lib"],
    "here": ["download lib"],
    "dependencies alone": ["download -d out --only-deps app --only-binary=:all: --platform win_amd64"],
    "not the dependencies": ["download -d out --no-deps app"],
    "folders that are made": ["download -d a/b/c lib"],
    "again": ["download -d out lib", "download -d out lib"],
    "another version": ["download -d out lib==1.0", "download -d out lib"],
    "quiet": ["download -q -d out lib"],
    "windows": [f"download -d out {WINDOWS} --only-binary=:all: app"],
    "windows, more": [f"download -d out {WINDOWS} --only-binary=:all: app[more]"],
    "older glibc": [
        "download -d out --platform manylinux_2_17_x86_64 --python-version 3.12 --only-binary=:all: app"
    ],
    "newer glibc": [
        "download -d out --platform manylinux_2_35_x86_64 --python-version 3.12 --only-binary=:all: native"
    ],
    "two platforms": [
        f"download -d out --platform manylinux_2_17_x86_64 --platform linux_x86_64 --python-version 312 {ONLY} native"
    ],
    "mac": ["download -d out --platform macosx_14_0_arm64 --python-version 3.13 --only-binary=:all: native"],
    "stable abi": [
        f"download -d out --platform manylinux_2_28_aarch64 --python-version 3.14 --abi abi3 {ONLY} native"
    ],
    "platform without dependencies": [f"download -d out {WINDOWS} --no-deps native"],
    "python that a release is not for": ["download -d out --python-version 3.7 --only-binary=:all: lib"],
    "python that only an old release is for": [
        "download -d out --python-version 3.7 --only-binary=:all: old"
    ],
    "requires-python passed over": ["download -d out --ignore-requires-python old"],
    "no file for it": [f"download -d out {WINDOWS} --only-binary=:all: native==0.8"],
    "platform with sources": [f"download -d out {WINDOWS} app"],
    "platform with one source": [f"download -d out {WINDOWS} --only-binary=:all: --no-binary=lib lib"],
    "nothing": ["download -d out"],
    "blank file": ["download -d out -r blank.txt"],
    "requirement file": ["download -d out -r lib.txt"],
    "constraint": ["download -d out lib -c one.txt"],
    "contradiction": ["download -d out lib==1.0 lib==2.0"],
    "wheel by path": ["download -d out ../wheels/solo-1.0-py3-none-any.whl"],
    "wheel by path, again": ["download -d out ../wheels/solo-1.0-py3-none-any.whl"] * 2,
    "wheel into its own folder": ["download -d ../wheels ../wheels/solo-1.0-py3-none-any.whl"],
    "archive by path": ["download -d out --no-deps ../sources/old-1.0.tar.gz"],
    "archive by path, again": ["download -d out --no-deps ../sources/old-1.0.tar.gz"] * 2,
    "folder of wheels": ["download -d out --no-index --find-links ../wheels solo lib"],
    "wheel of a name": ["wheel -w out lib"],
    "wheel of a name, again": ["wheel -w out lib", "wheel -w out lib"],
    "wheel here": ["wheel lib"],
    "wheel of this folder": ["wheel -w out ./code"],
    "wheel of this folder, again": ["wheel -w out ./code", "wheel -w out ./code"],
    "wheel of a folder and more": ["wheel -w out ./code[more]"],
    "wheel without dependencies": ["wheel -w out --no-deps ./code[more]"],
    "wheel of dependencies alone": ["wheel -w out --only-deps ./code[more]"],
    "wheel of an archive": ["wheel -w out --no-deps ../sources/old-1.0.tar.gz"],
    "wheel of a source in a folder": [
        "wheel -w out --no-index --find-links ../wheels --find-links ../sources old"
    ],
    "wheel of what does not build": ["wheel -w out ./broken"],
    "wheel of nothing": ["wheel"],
    "wheel of a wheel": ["wheel -w out ../wheels/solo-1.0-py3-none-any.whl"],
    "wheel into its own place": ["wheel -w ../wheels ../wheels/solo-1.0-py3-none-any.whl"],
}


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES.keys())
def test_outcome_is_pips(sides: tuple[Side, Side], packages: IndexServer, steps: list[str]) -> None:
    for side in sides:
        project = side.folder / "project"
        for name, text in (
            ("blank.txt", ""),
            ("one.txt", "lib<2\n"),
            ("lib.txt", f"lib==1.0 --hash=sha256:{sha256(make_wheel('lib'))}\n"),
        ):
            (project / name).write_text(text, encoding="utf-8")
    for step in steps:
        ours, pips = (run(side, packages, step) for side in sides)
        assert ours == pips
    assert_same_files(*sides)


# --- What is in the folder already -------------------------------------------------------------------


@pytest.mark.parametrize("command", ["download -d out", "wheel -w out"])
@pytest.mark.parametrize("content", [b"other bytes", make_wheel("lib", description="Not this one.\n")])
def test_a_file_of_the_right_name_and_other_bytes_is_replaced_with_pips_warning(
    sides: tuple[Side, Side], packages: IndexServer, command: str, content: bytes
) -> None:
    for side in sides:
        (side.folder / "project/out").mkdir()
        (side.folder / "project/out" / LIB_FILE).write_bytes(content)
    ours, pips = (run(side, packages, f"{command} lib==1.0") for side in sides)
    assert ours == pips == (0, ours[1], [])
    assert_same_files(*sides)
    assert (sides[0].folder / "project/out" / LIB_FILE).read_bytes() == make_wheel("lib")


def test_without_a_digest_pip_believes_the_name_and_safepip_does_not(shell: Shell) -> None:
    """A folder of wheels publishes no digest: pip takes what lies in the destination for the file."""
    for folder, content in (("wheels", make_wheel("lib")), ("out", b"planted")):
        (shell.folder / folder).mkdir()
        (shell.folder / folder / LIB_FILE).write_bytes(content)
    ended = shell.safepip("download", "--no-index", "--find-links", "wheels", "-d", "out", "lib")
    assert (ended.code, (shell.folder / "out" / LIB_FILE).read_bytes()) == (0, make_wheel("lib"))
    assert "has bad hash. Re-downloading." in ended.err


@pytest.mark.skipif(os.name != "posix", reason="links are a privilege elsewhere")
@pytest.mark.parametrize("kind", ["link", "dangling link"])
def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(
    shell: Shell, index: IndexServer, kind: str
) -> None:
    precious = shell.folder / "precious"
    if kind == "link":
        precious.write_text("mine")
    (shell.folder / "out").mkdir()
    (shell.folder / "out" / LIB_FILE).symlink_to(precious)
    ended = shell.safepip("download", *trusting(index), "-d", "out", "lib==1.0")
    assert ended.code == 0, ended.err
    assert not (shell.folder / "out" / LIB_FILE).is_symlink()
    assert precious.exists() == (kind == "link")
    assert kind != "link" or precious.read_text() == "mine"


@pytest.mark.parametrize("place", ["folder of the name", "destination is a file"])
def test_what_cannot_be_replaced_is_said(shell: Shell, index: IndexServer, place: str) -> None:
    if place == "folder of the name":
        shell.write(f"out/{LIB_FILE}/inside", "mine")
    else:
        shell.write("out", "mine")
    ended = shell.safepip("download", *trusting(index), "-d", "out", "lib==1.0")
    assert ended.code == 1
    assert "ERROR: Failed to save lib to out" in ended.err
    assert [path.name for path in shell.folder.rglob("*.part")] == []


def test_nothing_is_saved_where_one_file_fails(shell: Shell, index: IndexServer) -> None:
    index.replace_file(wheel_filename("lib", "2.0"), make_wheel("lib", "2.0", description="Evil.\n"))
    ended = shell.safepip("download", *trusting(index), "-d", "out", "app")
    assert (ended.code, (shell.folder / "out").exists()) == (13, False)
    assert "error[hash-mismatch]" in ended.err


# --- Wheels that are built ---------------------------------------------------------------------------


def test_a_wheel_that_is_built_anew_takes_the_old_ones_place(shell: Shell) -> None:
    """It is the user's own code: nothing was downloaded, and nothing has a bad hash."""
    write_project(shell.folder / "mine", "mine")
    first = shell.safepip("wheel", "--no-index", "-w", "out", "./mine")
    (shell.folder / "mine/mine/__init__.py").write_text("changed = 1\n")
    second = shell.safepip("wheel", "--no-index", "-w", "out", "./mine")
    wheel = shell.folder / "out" / wheel_filename("mine")
    assert (first.code, second.code) == (0, 0), second.err
    assert b"changed = 1" in wheel.read_bytes()
    assert "has replaced another file of that name" not in first.err
    assert f"safepip: the newly built {wheel} has replaced another file of that name" in second.err
    assert "bad hash" not in second.err
    assert "already downloaded" not in second.out


def test_wheel_of_the_folder_that_one_stands_in(shell: Shell) -> None:
    write_project(shell.folder, "mine")
    ended = shell.safepip("wheel", "--no-index", ".")
    assert (ended.code, [path.name for path in shell.folder.glob("*.whl")]) == (0, [wheel_filename("mine")])
    assert ended.out.splitlines()[-1] == "Successfully built mine"


def test_a_built_wheel_that_cannot_be_saved_is_said_in_pips_words(shell: Shell) -> None:
    write_project(shell.folder / "mine", "mine")
    shell.write(f"out/{wheel_filename('mine')}/inside", "x")
    ended = shell.safepip("wheel", "--no-index", "-w", "out", "./mine")
    assert ended.code == 1
    assert "ERROR: Failed to copy built wheel mine to out" in ended.err


def test_a_saved_wheel_that_cannot_be_is_no_built_one(shell: Shell, index: IndexServer) -> None:
    shell.write("out", "a file")
    ended = shell.safepip("wheel", *trusting(index), "-w", "out", "lib==1.0")
    assert ended.code == 1
    assert "ERROR: Failed to save lib to out" in ended.err


# --- For other platforms -----------------------------------------------------------------------------


def test_a_source_for_another_platform_is_neither_built_nor_saved(shell: Shell, index: IndexServer) -> None:
    """Without dependencies pip asks the archive's own code for its name and version, here."""
    mark = shell.folder / "mark"
    index.add_file(make_sdist("sourced", mark=str(mark)), sdist_filename("sourced"))
    words = ("--no-deps", "--platform", "win_amd64", "-d", "out", "sourced")
    ended = shell.safepip("download", *trusting(index), *words)
    assert (ended.code, mark.exists(), (shell.folder / "out").exists()) == (10, False, False)
    assert "error[sdist-build]" in ended.err


def test_wheels_for_another_platform_are_verified_as_well(shell: Shell, index: IndexServer) -> None:
    tag = "cp312-cp312-win_amd64"
    bad = make_wheel("native", tag=tag, changed={"native/__init__.py": "evil = 1\n"})
    index.add_wheel(bad, wheel_filename("native", tag=tag))
    words = (
        "--only-binary=:all:",
        "--platform",
        "win_amd64",
        "--python-version",
        "3.12",
        "-d",
        "out",
        "native",
    )
    ended = shell.safepip("download", *trusting(index), *words)
    assert (ended.code, (shell.folder / "out").exists()) == (13, False)
    assert "error[record-mismatch]" in ended.err
