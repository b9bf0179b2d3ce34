"""What builds need comes from the lock: its files, its digests, its places; nothing else runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.locks import for_builds, lock, package, source_package
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

USES_TOOL: dict[str, object] = {
    "needs": ["tool"],
    "code": "import tool; assert tool.__version__ == '1.0', tool.__version__",
}
"""A source whose backend takes version 1.0 of a tool, and no other."""


@pytest.fixture
def server() -> Iterator[IndexServer]:
    """An index with the tool that builds need, and a newer one."""
    with IndexServer() as server:
        publish(server, "tool", "1.0")
        publish(server, "tool", "2.0")
        yield server


@pytest.fixture
def mark(shell: Shell) -> Path:
    """Written to by every backend that runs; one that is held to its own folders fails, which is no less plain."""
    return shell.folder / "mark"


def put(server: IndexServer, name: str, version: str = "1.0", **spec: object) -> None:
    server.add_file(make_sdist(name, version, **spec), sdist_filename(name, version))


def allow(shell: Shell, mode: str = "files", more: str = "") -> None:
    shell.write("policy.toml", f'[builds]\nsdists = ["*"]\n[hashes]\nmode = "{mode}"\n{more}')


def install(shell: Shell, server: IndexServer, *words: str) -> Ended:
    return shell.safepip("install", "-r", "pylock.toml", "--policy", "policy.toml", *trusting(server), *words)


def pages_asked(server: IndexServer) -> list[str]:
    return [path for path in server.paths_asked() if path.startswith("/simple")]


@pytest.mark.parametrize("mode", ["required", "files", "first-use", "index"])
def test_a_build_takes_what_the_lock_has_and_asks_no_index(
    shell: Shell, server: IndexServer, mode: str
) -> None:
    allow(shell, mode)
    put(server, "demo", **USES_TOOL)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == []
    assert "warning[" not in ended.err


@pytest.mark.parametrize(
    "words, made",
    [(["download", "-d", "out"], "demo-1.0.tar.gz"), (["wheel", "-w", "out"], "demo-1.0-py3-none-any.whl")],
    ids=["download", "wheel"],
)
def test_every_command_that_reads_locks_reads_what_builds_need(
    shell: Shell, server: IndexServer, words: list[str], made: str
) -> None:
    allow(shell, "required")
    put(server, "demo", **USES_TOOL)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", text)

    ended = shell.safepip(*words, "-r", "pylock.toml", "--policy", "policy.toml", *trusting(server))

    assert ended.code == 0, ended.err
    assert [path.name for path in (shell.folder / "out").iterdir()] == [made]
    assert pages_asked(server) == []


def test_a_tool_that_changed_on_the_index_after_locking_does_not_run(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    allow(shell)
    spec: dict[str, object] = {"needs": ["tool"], "mark": str(mark)}
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **spec), for_builds(package(server, "tool"))
    )
    shell.write("pylock.toml", text)
    server.replace_file(wheel_filename("tool"), make_wheel("tool", files={"tool.py": "harm = True\n"}))

    ended = install(shell, server)

    assert (ended.code, mark.exists(), shell.installed()) == (13, False, set()), ended.err
    assert "error[hash-mismatch]" in ended.err


def test_a_lock_that_names_other_bytes_than_were_used_before_is_refused(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    allow(shell)
    spec: dict[str, object] = {"needs": ["tool"], "mark": str(mark)}
    put(server, "demo", **spec)
    put(server, "first", **USES_TOOL)
    known = lock(
        source_package(server, "first", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", known)
    assert install(shell, server).code == 0
    harm: dict[str, object] = {"files": {"tool.py": "harm = True\n"}}
    server.replace_file(wheel_filename("tool"), make_wheel("tool", **harm))
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **spec),
        for_builds(package(server, "tool", keys=f'index = "{server.url}"', **harm)),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, mark.exists(), shell.installed()) == (10, False, {"first-1.0"}), ended.err
    assert "error[republished-file]" in ended.err


def test_a_version_that_the_source_does_not_want_is_refused(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    allow(shell, "index")
    spec: dict[str, object] = {"needs": ["tool>=2"], "mark": str(mark)}
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **spec), for_builds(package(server, "tool"))
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, mark.exists(), shell.installed()) == (10, False, set()), ended.err
    assert "error[lock-incomplete]" in ended.err
    assert "a build of demo==1.0 needs tool>=2, and pylock.toml has tool==1.0 for it" in ended.err
    assert pages_asked(server) == []


@pytest.mark.parametrize("asking", ["needs", "asks"])
@pytest.mark.parametrize("mode", ["required", "files"])
def test_what_the_lock_does_not_hold_is_refused_and_not_asked_for(
    shell: Shell, server: IndexServer, asking: str, mode: str
) -> None:
    """``needs`` stands in ``pyproject.toml``, ``asks`` only the running backend says."""
    allow(shell, mode)
    publish(server, "late")
    spec: dict[str, object] = {asking: ["late"], "at_build": "import late"}
    put(server, "demo", **spec)
    shell.write("pylock.toml", lock(source_package(server, "demo", builds={}, **spec)))
    refused = install(shell, server)
    asked = pages_asked(server)
    whole = lock(
        source_package(server, "demo", builds={"late": "1.0"}, **spec), for_builds(package(server, "late"))
    )
    shell.write("pylock.toml", whole)
    taken = install(shell, server)

    assert (refused.code, asked) == (10, []), refused.err
    assert "late, which a build of demo==1.0 needs, has no hash: the lock does not hold it" in refused.err
    assert (taken.code, shell.installed()) == (0, {"demo-1.0"}), taken.err
    assert pages_asked(server) == []


@pytest.mark.parametrize("mode", ["first-use", "index"])
def test_where_no_hash_is_asked_for_the_rest_comes_from_the_index(
    shell: Shell, server: IndexServer, mode: str
) -> None:
    """Else one hash of the lock asks hashes of everything, as pip has it."""
    allow(shell, mode)
    publish(server, "late")
    spec: dict[str, object] = {"asks": ["late"], **USES_TOOL}
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **spec), for_builds(package(server, "tool"))
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server, "--no-require-hashes")

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == ["/simple/late/"]


def test_builds_of_what_builds_need_are_locked_too(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    need: dict[str, object] = {"code": "import tool; assert tool.__version__ == '1.0'", "needs": ["tool"]}
    put(server, "need-a", **need)
    spec: dict[str, object] = {"needs": ["need-a"], "code": "import need_a"}
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"need-a": "1.0"}, **spec),
        for_builds(source_package(server, "need-a", builds={"tool": "1.0"}, **need), package(server, "tool")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == []


def test_a_folder_of_the_lock_is_built_with_what_the_lock_has(shell: Shell, server: IndexServer) -> None:
    allow(shell)
    write_project(shell.folder / "mine", "mine", **USES_TOOL)
    text = lock(
        '[[packages]]\nname = "mine"\ndirectory = {path = "mine", editable = true}\n'
        '[packages.tool.safepip]\nbuild-requires = [{name = "tool", version = "1.0"}]\n',
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"mine-1.0"}), ended.err
    assert pages_asked(server) == []


def test_two_builds_may_need_two_versions(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    newer: dict[str, object] = {"needs": ["tool"], "code": "import tool; assert tool.__version__ == '2.0'"}
    put(server, "demo", **USES_TOOL)
    put(server, "other", **newer)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        source_package(server, "other", builds={"tool": "2.0"}, **newer),
        for_builds(package(server, "tool"), package(server, "tool", "2.0")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0", "other-1.0"}), ended.err


def test_markers_say_which_version_is_meant_here(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    put(server, "demo", **USES_TOOL)
    builds = (
        f"""[{{name = "tool", version = "1.0", marker = "sys_platform == '{sys.platform}'"}}, """
        f"""{{name = "tool", version = "2.0", marker = "sys_platform != '{sys.platform}'"}}]"""
    )
    text = lock(
        source_package(server, "demo", builds=builds, **USES_TOOL),
        for_builds(package(server, "tool"), package(server, "tool", "2.0")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_lock_without_build_tables_is_used_as_it_is(shell: Shell, server: IndexServer) -> None:
    allow(shell, "index")
    spec: dict[str, object] = {"needs": ["tool"], "code": "import tool; assert tool.__version__ == '2.0'"}
    put(server, "demo", **spec)
    shell.write("pylock.toml", lock(source_package(server, "demo", **spec)))

    ended = install(shell, server, "--no-require-hashes")

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == ["/simple/tool/"]


def test_build_constraints_hold_beside_the_lock(shell: Shell, server: IndexServer, mark: Path) -> None:
    allow(shell, "required")
    put(server, "demo", **USES_TOOL)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", text)
    shell.write("build.txt", f"tool==1.0 --hash=sha256:{'0' * 64}\n")
    other = install(shell, server, "--build-constraint", "build.txt")
    shell.write("build.txt", f"tool==1.0 --hash=sha256:{sha256(make_wheel('tool'))}\n")
    same = install(shell, server, "--build-constraint", "build.txt")

    assert (other.code, same.code) == (13, 0), other.err + same.err
    assert "hash-mismatch" in other.err


def crooked(server: IndexServer, **tool: object) -> str:
    """A lock whose entry of ``tool`` is changed by keywords."""
    return lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool", **tool)),  # type: ignore[arg-type]  # keywords of tests
    )


@pytest.mark.parametrize(
    "tool, rule",
    [
        ({"hashes": f'md5 = "{"0" * 32}"'}, "weak-digest"),
        ({"url": f"http://files.example/{wheel_filename('tool')}"}, "plaintext-link"),
        ({"url": f"https://files.example/{wheel_filename('tool')}"}, "file-host"),
        ({"url": f"ftp://files.example/{wheel_filename('tool')}"}, "lock-source"),
        ({"url": f"file://files.example/share/{wheel_filename('tool')}"}, "lock-source"),
        ({"url": f"https://me:secret@files.example/{wheel_filename('tool')}"}, "credentials-in-url"),
        ({"keys": 'index = "https://other.example/simple"'}, "lock-drift"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_builds_need_is_judged_like_what_is_installed(
    shell: Shell, server: IndexServer, tool: dict[str, object], rule: str
) -> None:
    listed = f'[[index]]\nname = "corp"\nurl = "{server.url}"\nca-bundle = "{server.ca_path}"\n'
    allow(shell, more=f'{listed}packages = ["*"]\nfile-hosts = ["localhost"]\n')
    put(server, "demo", **USES_TOOL)
    shell.write("pylock.toml", crooked(server, **tool))
    words = ("install", "-r", "pylock.toml", "--policy", "policy.toml")
    refused = shell.safepip(*words)
    asked = server.paths_asked()
    shell.write("pylock.toml", crooked(server, keys=f'index = "{server.url}"'))
    taken = shell.safepip(*words)

    assert (refused.code, asked) == (10, []), refused.err
    assert f"error[{rule}]" in refused.err
    assert f"{wheel_filename('tool')} of the lock" in refused.err
    assert "secret" not in refused.err
    assert (taken.code, shell.installed()) == (0, {"demo-1.0"}), taken.err


def test_a_file_of_another_size_than_the_lock_says_is_refused(shell: Shell, server: IndexServer) -> None:
    allow(shell)
    put(server, "demo", **USES_TOOL)
    shell.write("pylock.toml", crooked(server, file_keys="size = 7"))

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (13, set()), ended.err


@pytest.mark.parametrize(
    "builds, packages, said",
    [
        ("7", "", "build-requires is no list"),
        ("[7]", "", "an entry of build-requires is a table of texts"),
        ('[{name = "tool"}]', "", "an entry of build-requires has no version"),
        ('[{name = "tool", version = "x y"}]', "", "x y"),
        ('[{name = "tool", version = "1.0", marker = "x y"}]', "", "marker"),
        ('[{name = "tool", version = "1.0"}]', "", "build-packages has no tool 1.0"),
        ("[]", "[tool.safepip]\nversion = 2\n", "tool.safepip has the version 2, and 1 is known here"),
        ("[]", "[tool.safepip]\nversion = true\n", "tool.safepip has the version True"),
        ("[]", "[tool]\nsafepip = 7\n", "tool.safepip is no table"),
        ("[]", "[tool.safepip]\nbuild-packages = 7\n", "tool.safepip.build-packages"),
        ("[]", '[[tool.safepip.build-packages]]\nname = "T"\nversion = "1"\n', "tool.safepip.build-packages"),
    ],
)
def test_tables_that_cannot_be_read_are_an_error(
    shell: Shell, server: IndexServer, builds: str, packages: str, said: str
) -> None:
    allow(shell)
    put(server, "demo")
    shell.write("pylock.toml", lock(source_package(server, "demo", builds=builds), packages))

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (1, set()), ended.err
    assert said in ended.err
    assert "--> pylock.toml" in ended.err


def test_builds_that_need_each_other_are_an_error(shell: Shell, server: IndexServer) -> None:
    allow(shell)
    put(server, "demo")
    text = lock(
        source_package(server, "demo", builds={"need-a": "1.0"}),
        for_builds(
            source_package(server, "need-a", builds={"need-b": "1.0"}),
            source_package(server, "need-b", builds={"need-a": "1.0"}),
        ),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (1, set()), ended.err
    assert "demo -> need-a -> need-b -> need-a" in ended.err


def test_keys_that_have_no_effect_are_said(shell: Shell, server: IndexServer) -> None:
    allow(shell)
    put(server, "demo", **USES_TOOL)
    whole = crooked(server).replace("build-requires =", "build-hashes = 1\nbuild-requires =")
    shell.write("pylock.toml", whole + "[tool.safepip]\nversion = 1\nfuture = 1\n[tool.other]\nx = 1\n")

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert ended.err.count("warning[lock-unknown-key]") == 2, ended.err
    assert "build-hashes is no key that safepip writes there" in ended.err
    assert "future is no key that safepip writes there" in ended.err


def test_a_locked_tool_that_policy_does_not_admit_to_be_built_does_not_run(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    shell.write("policy.toml", '[builds]\nsdists = ["demo"]\n')
    spec: dict[str, object] = {"needs": ["need-a"], "mark": str(mark)}
    put(server, "need-a", mark=str(mark))
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"need-a": "1.0"}, **spec),
        for_builds(source_package(server, "need-a", builds={}, mark=str(mark))),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, mark.exists(), shell.installed()) == (10, False, set()), ended.err
    assert "error[sdist-build]" in ended.err
