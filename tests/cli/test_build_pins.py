"""What builds need comes from the lock: its files, its digests, its places; nothing else runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.locks import for_builds, lock, package, source_package
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer, Response
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


def test_an_environment_is_made_equal_to_a_lock_with_builds(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    put(server, "demo", **USES_TOOL)
    text = lock(
        source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL),
        for_builds(package(server, "tool")),
    )
    shell.write("pylock.toml", text)

    ended = shell.safepip("sync", "pylock.toml", "--policy", "policy.toml", *trusting(server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
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


def test_what_was_locked_with_builds_installs_where_everything_needs_a_hash(
    shell: Shell, server: IndexServer
) -> None:
    """What backends ask for when they run, and what builds of build requirements need, too."""
    allow(shell)
    publish(server, "late")
    publish(server, "wants-lib", requires=["lib"])
    publish(server, "lib")
    put(server, "need-a", needs=["wants-lib"], code="import wants_lib, lib")
    put(
        server,
        "demo",
        needs=["need-a", "tool<2"],
        asks=["late"],
        code="import need_a",
        at_build="import late",
    )
    words = ("--policy", "policy.toml", *trusting(server))
    locked = shell.safepip("lock", "demo", "-o", "pylock.toml", *words)
    server.requests.clear()
    for name in ("late", "tool", "lib"):
        publish(server, name, "99.0", files={f"{name}.py": "harm = True\n"})
    allow(shell, "required")

    ended = install(shell, server)

    assert locked.code == 0, locked.err
    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == []


def test_nothing_runs_for_an_environment_that_is_not_here(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    allow(shell)
    here = make_wheel("demo", tag="py3-none-manylinux_2_5_x86_64")
    server.add_wheel(here, wheel_filename("demo", tag="py3-none-manylinux_2_5_x86_64"))
    publish(server, "only-there")
    needs = ["tool<2", "only-there; sys_platform == 'win32'"]
    put(server, "demo", static=True, needs=needs, asks=["late"], mark=str(mark))
    environments = ("--environment", "linux-x86_64-cp311", "--environment", "windows-x86_64-cp311")
    words = ("--policy", "policy.toml", *trusting(server))

    ended = shell.safepip("lock", "demo", "-o", "pylock.toml", *environments, *words)

    assert (ended.code, mark.exists()) == (0, False), ended.err
    text = (shell.folder / "pylock.toml").read_text()
    assert '{ name = "tool", version = "1.0" }' in text
    assert '{ name = "only-there", version = "1.0" }' in text
    assert "what its backend asks for there, besides what its pyproject.toml says, is not locked" in ended.err


def test_everything_that_builds_need_without_a_hash_is_named_at_once(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    """Of sources whose metadata is final, so that none of them has to run before."""
    allow(shell, "required")
    publish(server, "wants-lib", requires=["lib"])
    publish(server, "lib")
    needs = {"one": ["tool<2"], "two": ["wants-lib"]}
    lines = []
    for name, needed in needs.items():
        spec: dict[str, object] = {"static": True, "needs": needed, "mark": str(mark)}
        put(server, name, **spec)
        lines.append(f"{name}==1.0 --hash=sha256:{sha256(make_sdist(name, **spec))}\n")
    shell.write("requirements.txt", "".join(lines))
    words = ("install", "-r", "requirements.txt", "--policy", "policy.toml", *trusting(server))
    refused = shell.safepip(*words)
    ran = mark.exists()
    told = refused.err.count("error[unhashed-requirement]")
    pins = [f"{name}==1.0 --hash=sha256:{sha256(make_wheel(name))}\n" for name in ("tool", "lib")]
    wants = make_wheel("wants-lib", requires=["lib"])
    shell.write("build.txt", f"{''.join(pins)}wants-lib==1.0 --hash=sha256:{sha256(wants)}\n")
    for name, needed in needs.items():
        server.remove_project(name)
        put(server, name, static=True, needs=needed)
    lines = [
        f"{name}==1.0 --hash=sha256:{sha256(make_sdist(name, static=True, needs=needed))}\n"
        for name, needed in needs.items()
    ]
    shell.write("requirements.txt", "".join(lines))
    taken = shell.safepip(*words, "--build-constraint", "build.txt")

    assert (refused.code, ran, told) == (10, False, 3), refused.err
    assert "tool==1.0 has no hash, and a build of one==1.0 would run it" in refused.err
    assert "lib==1.0, needed by wants-lib, has no hash, and a build of two==1.0 would run it" in refused.err
    assert refused.err.count("safepip lock -r requirements.txt") == 1
    assert "then -r pylock.toml in the place of that" in refused.err
    assert (taken.code, shell.installed()) == (0, {"one-1.0", "two-1.0"}), taken.err


def test_own_code_that_a_requirement_file_names_is_built_as_if_it_had_been_typed(
    shell: Shell, server: IndexServer
) -> None:
    write_project(shell.folder / "mine", "mine", needs=["tool"])
    shell.write("requirements.txt", "-e ./mine\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(server))

    assert (ended.code, shell.installed()) == (0, {"mine-1.0"}), ended.err


def with_place(server: IndexServer, place: str) -> str:
    """A lock whose file of ``tool`` has this key in the place of its URL."""
    url = f'url = "{server.origin}/files/{wheel_filename("tool")}"'
    whole = crooked(server)
    before, entry, after = whole.partition("[[tool.safepip.build-packages.wheels]]")
    assert url in after
    return before + entry + after.replace(url, place)


@pytest.mark.parametrize(
    "place, code, said",
    [
        ('url = "file:///srv/{name}"', 10, "error[remote-reaches-local]"),
        ('path = "/srv/{name}"', 1, "Absolute paths are not supported in pylock files obtained from a URL"),
        ('path = "//other.example/{name}"', 1, "Absolute paths are not supported"),
        ('path = "https://other.example/{name}"', 1, "resolves outside its location"),
        ('path = "../../files/{name}"', 0, "Using pylock.toml"),
        ('path = "files/{name}"', 0, "Using pylock.toml"),
    ],
)
def test_a_lock_from_afar_reaches_no_file_of_this_machine_for_builds(
    shell: Shell, server: IndexServer, place: str, code: int, said: str
) -> None:
    allow(shell)
    put(server, "demo", **USES_TOOL)
    text = with_place(server, place.format(name=wheel_filename("tool")))
    server.answer("/pylock.toml", Response(body=text.encode()))
    words = ("--policy", "policy.toml", *trusting(server))

    ended = shell.safepip("install", "-r", f"{server.origin}/pylock.toml", *words)

    assert (ended.code, bool(shell.installed())) == (code, code == 0), ended.err
    assert said in ended.err


def test_a_lock_may_have_the_files_of_builds_beside_it(shell: Shell, server: IndexServer) -> None:
    allow(shell)
    put(server, "demo", **USES_TOOL)
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels" / wheel_filename("tool")).write_bytes(make_wheel("tool"))
    shell.write("pylock.toml", with_place(server, f'path = "wheels/{wheel_filename("tool")}"'))

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert server.paths_asked() == [f"/files/{sdist_filename('demo')}"]


@pytest.mark.parametrize(
    "words", [["install", "--dry-run"], ["install", "--explain"], ["download", "-d", "out"]], ids=" ".join
)
def test_nothing_of_a_lock_runs_before_something_is_built(
    shell: Shell, server: IndexServer, mark: Path, words: list[str]
) -> None:
    allow(shell)
    spec: dict[str, object] = {"static": True, "needs": ["need-a"], "mark": str(mark)}
    put(server, "demo", **spec)
    put(server, "need-a", mark=str(mark))
    text = lock(
        source_package(server, "demo", builds={"need-a": "1.0"}, **spec),
        for_builds(source_package(server, "need-a", builds={}, mark=str(mark))),
    )
    shell.write("pylock.toml", text)

    ended = shell.safepip(*words, "-r", "pylock.toml", "--policy", "policy.toml", *trusting(server))

    assert (ended.code, mark.exists(), shell.installed()) == (0, False, set()), ended.err


def hashed(name: str, version: str = "1.0", **spec: object) -> str:
    """A line that accepts one wheel."""
    return f"{name}=={version} --hash=sha256:{sha256(make_wheel(name, version, **spec))}\n"


def hashed_source(name: str, **spec: object) -> str:
    """A line that accepts one source distribution."""
    return f"{name}==1.0 --hash=sha256:{sha256(make_sdist(name, **spec))}\n"


def test_own_code_that_needs_no_hash_is_built_with_what_has_one(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    exempt = '[[allow]]\nrule = "unhashed-requirement"\npackage = "mine"\nreason = "our own"\n'
    allow(shell, "required", exempt)
    folder = write_project(shell.folder / "mine", "mine", needs=["tool"], mark=str(mark))
    policy = ("--policy", "policy.toml", *trusting(server))
    words = ("install", f"mine @ {folder.as_uri()}", *policy)
    refused = shell.safepip(*words)
    ran = mark.exists()
    shell.write("build.txt", hashed("tool"))
    taken = shell.safepip(*words, "--build-constraint", "build.txt")

    assert (refused.code, ran) == (10, False), refused.err
    assert "has no hash, and a build of mine would run it" in refused.err
    assert (taken.code, shell.installed()) == (0, {"mine-1.0"}), taken.err


def test_what_the_build_of_a_build_requirement_needs_has_a_hash_too(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    allow(shell, "required")
    inner: dict[str, object] = {"needs": ["tool<2"]}
    outer: dict[str, object] = {"needs": ["need-a"], "code": "import need_a"}
    put(server, "need-a", **inner)
    put(server, "demo", **outer)
    shell.write("requirements.txt", hashed_source("demo", **outer))
    words = ("--build-constraint", "build.txt", "--policy", "policy.toml", *trusting(server))
    shell.write("build.txt", hashed_source("need-a", **inner))
    refused = shell.safepip("install", "-r", "requirements.txt", *words)
    shell.write("build.txt", hashed_source("need-a", **inner) + hashed("tool"))
    taken = shell.safepip("install", "-r", "requirements.txt", *words)

    assert (refused.code, taken.code) == (10, 0), refused.err + taken.err
    assert "tool==1.0 has no hash, and a build of need-a==1.0 would run it" in refused.err
    assert shell.installed() == {"demo-1.0"}


def test_without_isolation_nothing_is_asked_for(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    spec: dict[str, object] = {"needs": ["tool"]}
    put(server, "demo", **spec)
    shell.write("requirements.txt", hashed_source("demo", **spec))

    ended = shell.safepip(
        "install",
        "-r",
        "requirements.txt",
        "--no-build-isolation",
        "--policy",
        "policy.toml",
        *trusting(server),
    )

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert pages_asked(server) == ["/simple/demo/"]


def test_where_a_backend_asks_for_what_has_no_hash_nothing_more_of_it_runs(
    shell: Shell, server: IndexServer, tmp_path: Path
) -> None:
    """The hook has to run for that to be known; metadata and wheel are not asked for any more."""
    allow(shell, "required")
    publish(server, "late")
    spec: dict[str, object] = {"asks": ["late"], "at_build": "raise SystemExit('built')"}
    put(server, "demo", **spec)
    shell.write("requirements.txt", hashed_source("demo", **spec))

    ended = shell.safepip("install", "-r", "requirements.txt", "--policy", "policy.toml", *trusting(server))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "late==1.0 has no hash, and a build of demo==1.0 would run it" in ended.err
    assert "Preparing metadata" not in ended.out


@pytest.mark.parametrize("mode", ["required", "index"])
def test_what_a_locked_build_requirement_needs_is_not_looked_for_elsewhere(
    shell: Shell, server: IndexServer, mark: Path, mode: str
) -> None:
    allow(shell, mode)
    publish(server, "wants-lib", requires=["lib"])
    publish(server, "lib")
    spec: dict[str, object] = {"needs": ["wants-lib"]}
    put(server, "demo", **spec)
    wants = package(server, "wants-lib", requires=["lib"])
    text = lock(source_package(server, "demo", builds={"wants-lib": "1.0"}, **spec), for_builds(wants))
    shell.write("pylock.toml", text)
    refused = install(shell, server, "--no-require-hashes")
    asked = pages_asked(server)
    shell.write("build.txt", hashed("lib"))
    beside = install(shell, server, "--no-require-hashes", "--build-constraint", "build.txt")

    assert (refused.code, asked) == (10, []), refused.err
    assert "error[lock-incomplete]: wants-lib 1.0 needs lib, which pylock.toml does not hold" in refused.err
    assert (beside.code, shell.installed()) == (0, {"demo-1.0"}), beside.err


def test_a_locked_pre_release_is_taken(shell: Shell, server: IndexServer) -> None:
    allow(shell, "required")
    publish(server, "tool", "3.0rc1")
    spec: dict[str, object] = {"needs": ["tool"], "code": "import tool; assert tool.__version__ == '3.0rc1'"}
    put(server, "demo", **spec)
    text = lock(
        source_package(server, "demo", builds={"tool": "3.0rc1"}, **spec),
        for_builds(package(server, "tool", "3.0rc1")),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, server)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize("days, code", [(1, 10), (100, 0)])
def test_a_cool_down_holds_for_locked_build_requirements(
    shell: Shell, server: IndexServer, mark: Path, days: int, code: int
) -> None:
    """One that policy asks for in so many words."""
    allow(shell, more='[cooldown]\nmin-age = "30 days"\n')
    put(server, "demo", **USES_TOOL)
    old = (datetime.now(UTC) - timedelta(days=200)).isoformat(timespec="seconds")
    made = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    demo = source_package(server, "demo", builds={"tool": "1.0"}, **USES_TOOL)
    demo = demo.replace("hashes =", f"upload-time = {old}, hashes =", 1)
    tool = package(server, "tool", file_keys=f"upload-time = {made}")
    shell.write("pylock.toml", lock(demo, for_builds(tool)))

    ended = install(shell, server)

    assert (ended.code, bool(shell.installed())) == (code, code == 0), ended.err
    assert ("error[fresh-release]" in ended.err) is (code == 10)


@pytest.mark.parametrize("admits, code", [('["demo"]', 10), ('["demo", "need-a"]', 0)])
def test_locking_runs_no_build_requirement_that_policy_does_not_admit(
    shell: Shell, server: IndexServer, mark: Path, admits: str, code: int
) -> None:
    shell.write("policy.toml", f"[builds]\nsdists = {admits}\n")
    put(server, "need-a", mark=str(mark) if code else "")
    put(server, "demo", static=True, needs=["need-a"], mark=str(mark) if code else "")

    ended = shell.safepip("lock", "demo", "-o", "pylock.toml", "--policy", "policy.toml", *trusting(server))

    assert (ended.code, mark.exists()) == (code, False), ended.err
    assert (shell.folder / "pylock.toml").exists() is (code == 0)
    assert ("error[sdist-build]" in ended.err) is (code == 10)


def test_a_build_requirement_that_changed_since_its_first_use_does_not_run(
    shell: Shell, server: IndexServer, tmp_path: Path
) -> None:
    write_project(shell.folder / "first", "first", needs=["tool"])
    write_project(shell.folder / "mine", "mine", needs=["tool"], mark=str(tmp_path / "mark"))
    before = shell.safepip("install", "./first", *trusting(server))
    server.remove_project("tool")
    publish(server, "tool", "2.0", files={"tool.py": "harm = True\n"})

    ended = shell.safepip("install", "./mine", *trusting(server))

    assert (before.code, ended.code) == (0, 10), before.err + ended.err
    assert not (tmp_path / "mark").exists()
    assert "error[republished-file]" in ended.err
    assert shell.installed() == {"first-1.0"}


def test_what_a_backend_asks_for_here_may_not_exist_for_another_environment(
    shell: Shell, server: IndexServer
) -> None:
    shell.write("policy.toml", '[builds]\nsdists = ["demo"]\n')
    tag = "py3-none-manylinux_2_5_x86_64"
    server.add_wheel(make_wheel("late", tag=tag), wheel_filename("late", tag=tag))
    put(server, "late")
    put(server, "demo", needs=["tool<2"], asks=["late"])
    environments = ("--environment", "linux-x86_64-cp311", "--environment", "windows-amd64-cp311")
    words = ("--policy", "policy.toml", *trusting(server))

    ended = shell.safepip("lock", "demo", "-o", "pylock.toml", *environments, *words)

    assert ended.code == 0, ended.err
    text = (shell.folder / "pylock.toml").read_text()
    assert """{ name = "late", version = "1.0", marker = "sys_platform == 'linux'" }""" in text
    assert '{ name = "tool", version = "1.0" }' in text
    assert "is not locked for another environment" in ended.err
