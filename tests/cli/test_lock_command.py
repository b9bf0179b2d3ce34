"""``safepip lock``: what is asked for becomes a file with every hash, and nothing else changes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

APP: dict[str, object] = {"requires": ["lib>=1"], "entry_points": {"console_scripts": {"app": "app:main"}}}
"""What the wheel of ``app`` is made of."""
STRICT = '[hashes]\nmode = "required"\n'


def lock(shell: Shell, index: IndexServer, *words: str) -> Ended:
    return shell.safepip("lock", *trusting(index), *words)


def locked(shell: Shell, name: str = "pylock.toml") -> dict[str, Any]:
    return tomllib.loads((shell.folder / name).read_text(encoding="utf-8"))


def versions(shell: Shell, name: str = "pylock.toml") -> dict[str, str]:
    return {package["name"]: package["version"] for package in locked(shell, name)["packages"]}


def fetched(index: IndexServer) -> list[str]:
    """Wheels that were asked for, whole or in parts; not their metadata."""
    return [path for path in index.paths_asked() if path.endswith((".whl", ".tar.gz"))]


# --- What is written ----------------------------------------------------------------------------------


def test_every_package_has_its_hash_and_nothing_is_fetched(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index, "app")

    assert (ended.code, ended.out) == (0, ""), ended.err
    assert ended.err.splitlines()[-1].startswith("Locked 2 packages for ")
    app, lib = locked(shell)["packages"]
    assert (app["name"], app["version"], lib["name"], lib["version"]) == ("app", "1.0", "lib", "2.0")
    assert lib["wheels"][0]["hashes"] == {"sha256": sha256(make_wheel("lib", "2.0"))}
    assert lib["index"] == index.url
    assert (fetched(index), shell.installed()) == ([], set())


def test_the_same_again_gives_the_same_bytes(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app").code == 0
    path = shell.folder / "pylock.toml"
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns

    again = lock(shell, index, "app")

    assert (again.code, path.read_bytes()) == (0, before)
    assert path.stat().st_mtime_ns == stamp, "what says the same already is not written"
    assert "pylock.toml is up to date" in again.err
    assert lock(shell, index, "app", "--check").code == 0


def test_stdout_gets_the_lock_and_nothing_else(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app").code == 0
    ended = lock(shell, index, "app", "-o", "-")

    assert ended.code == 0
    assert ended.out == (shell.folder / "pylock.toml").read_text(encoding="utf-8")


def test_what_was_locked_installs_in_the_strictest_mode_and_asks_no_index(
    shell: Shell, index: IndexServer
) -> None:
    shell.write("safepip.toml", STRICT)
    shell.write("requirements.in", "app\n")
    policy = ("--policy", "safepip.toml")
    assert lock(shell, index, *policy, "-r", "requirements.in").code == 0
    words = ("--format", "requirements", "-o", "requirements.txt")
    assert lock(shell, index, *policy, "-r", "requirements.in", *words).code == 0
    index.requests.clear()

    installed = shell.safepip("install", *trusting(index), *policy, "-r", "pylock.toml")

    assert (installed.code, shell.installed()) == (0, {"app-1.0", "lib-2.0"}), installed.err
    assert [path for path in index.paths_asked() if path.startswith("/simple")] == []
    again = shell.safepip("install", *trusting(index), *policy, "--force-reinstall", "-r", "requirements.txt")
    assert again.code == 0, again.err


def test_hashed_requirements_have_a_name_of_their_own(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", "app\n")
    ended = lock(shell, index, "-r", "requirements.txt", "--format", "requirements")

    text = (shell.folder / "requirements.lock.txt").read_text(encoding="utf-8")
    assert ended.code == 0, ended.err
    assert f"--hash=sha256:{sha256(make_wheel('lib', '2.0'))}" in text
    assert "# via" in text
    assert (shell.folder / "requirements.txt").read_text(encoding="utf-8") == "app\n"


@pytest.mark.parametrize("mode", ["required", "files", "first-use", "index"])
def test_no_mode_asks_hashes_of_what_is_to_get_them(shell: Shell, index: IndexServer, mode: str) -> None:
    shell.write("safepip.toml", f'[hashes]\nmode = "{mode}"\n')
    shell.write("requirements.in", "app\n")

    ended = lock(shell, index, "--policy", "safepip.toml", "-r", "requirements.in")

    assert ended.code == 0, ended.err


def test_hash_checking_is_asked_of_a_lock_only_where_it_is_typed(shell: Shell, index: IndexServer) -> None:
    """As a variable it speaks of installations, and a lock is how to come by the hashes."""
    assert shell.safepip("lock", *trusting(index), "app", environ={"PIP_REQUIRE_HASHES": "1"}).code == 0
    typed = lock(shell, index, "--require-hashes", "app")

    assert (typed.code, "error[unhashed-requirement]" in typed.err) == (10, True), typed.err
    digest = f"sha256:{sha256(make_wheel('lib', '2.0'))}"
    assert lock(shell, index, "--require-hashes", "lib==2.0", "--hash", digest).code == 0
    wrong = lock(shell, index, "lib==2.0", "--hash", f"sha256:{'0' * 64}")
    assert wrong.code != 0


def test_one_hashed_line_asks_no_hashes_of_the_others(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.in", f"lib==2.0 --hash=sha256:{sha256(make_wheel('lib', '2.0'))}\napp\n")

    ended = lock(shell, index, "-r", "requirements.in")

    assert (ended.code, versions(shell)) == (0, {"app": "1.0", "lib": "2.0"}), ended.err


def test_dependencies_can_be_left_out_or_locked_alone(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app", "--no-deps").code == 0
    assert versions(shell) == {"app": "1.0"}
    assert lock(shell, index, "app", "--only-deps").code == 0
    assert versions(shell) == {"lib": "2.0"}


def test_a_name_of_ones_own_is_asked_of_its_own_index_alone(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as own:
        publish(own, "acme", requires=["lib"])
        publish(index, "acme", "99.0")
        entries = "".join(
            f'[[index]]\nname = "{name}"\nurl = "{server.url}"\nca-bundle = "{server.ca_path}"\n'
            f"packages = {packages}\n"
            for name, server, packages in (("own", own, ["acme"]), ("public", index, ["*"]))
        )
        shell.write("safepip.toml", entries)
        ended = shell.safepip("lock", "acme", "--policy", "safepip.toml")

        assert (ended.code, versions(shell)) == (0, {"acme": "1.0", "lib": "2.0"}), ended.err
        assert {one["name"]: one["index"] for one in locked(shell)["packages"]} == {
            "acme": own.url,
            "lib": index.url,
        }
        assert not any("acme" in path for path in index.paths_asked())
        assert not any("lib" in path for path in own.paths_asked())


def test_hashes_that_are_given_have_to_agree(shell: Shell, index: IndexServer) -> None:
    good, bad = sha256(make_wheel("lib", "2.0")), "0" * 64
    shell.write("good.txt", f"lib==2.0 --hash=sha256:{good}\napp\n")
    shell.write("bad.txt", f"lib==2.0 --hash=sha256:{bad}\napp\n")

    assert lock(shell, index, "-r", "good.txt").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    ended = lock(shell, index, "-r", "bad.txt")

    assert ended.code != 0
    assert (shell.folder / "pylock.toml").read_bytes() == before


# --- Environments -------------------------------------------------------------------------------------


def foreign(index: IndexServer) -> None:
    """``fast`` has a wheel for Linux and one for Windows; on Windows ``app`` needs ``color``, too."""
    for platform in ("manylinux_2_17_x86_64", "win_amd64"):
        tag = f"cp311-cp311-{platform}"
        index.add_wheel(make_wheel("fast", tag=tag), wheel_filename("fast", tag=tag))
    publish(index, "tool", requires=["fast", 'color; sys_platform == "win32"'])
    publish(index, "color")


def test_one_lock_serves_several_environments(shell: Shell, index: IndexServer) -> None:
    foreign(index)
    ended = lock(shell, index, "tool", "--environment", "windows-amd64-cp311,linux-x86_64-cp311")

    assert ended.code == 0, ended.err
    assert "Locked 3 packages for 2 environments in pylock.toml" in ended.err
    packages = {package["name"]: package for package in locked(shell)["packages"]}
    assert len(packages["fast"]["wheels"]) == 2
    assert "win32" in packages["color"]["marker"]
    assert fetched(index) == []


def test_the_policy_may_name_the_environments(shell: Shell, index: IndexServer) -> None:
    foreign(index)
    shell.write("safepip.toml", '[lock]\nenvironments = ["windows-amd64-cp311"]\n')
    ended = lock(shell, index, "tool", "--policy", "safepip.toml")

    assert ended.code == 0, ended.err
    assert "for windows-amd64-cp311" in ended.err
    assert set(versions(shell)) == {"tool", "fast", "color"}
    other = lock(shell, index, "tool", "--policy", "safepip.toml", "--environment", "linux-x86_64-cp311")
    assert "for linux-x86_64-cp311" in other.err


def test_every_environment_without_an_answer_is_named_at_once(shell: Shell, index: IndexServer) -> None:
    foreign(index)
    names = "windows-amd64-cp311,linux-x86_64-cp311,macos-arm64-cp312,windows-amd64-cp313"
    ended = lock(shell, index, "tool", "--environment", names)

    assert ended.code in {1, 10}
    assert "macos-arm64-cp312" in ended.err
    assert "windows-amd64-cp313" in ended.err
    assert not (shell.folder / "pylock.toml").exists()


def test_an_environment_that_nobody_knows_is_a_mistake(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index, "app", "--environment", "linux-x86_64-cp9")

    assert ended.code == 2
    assert "linux-x86_64-cp9" in ended.err
    assert index.requests == []


def test_a_requirement_for_no_environment_is_said_once(shell: Shell, index: IndexServer) -> None:
    names = "windows-amd64-cp311,linux-x86_64-cp311"
    ended = lock(
        shell,
        index,
        "app",
        'color; sys_platform == "win32"',
        'lib; python_version < "3"',
        "--environment",
        names,
    )

    assert ended.code != 0  # color is on no index, and Windows wants it
    assert ended.err.count("Ignoring lib") == 1
    assert "Ignoring color" not in ended.err


# --- What the old file has ----------------------------------------------------------------------------


def test_what_is_locked_stays_until_it_is_to_be_upgraded(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app", "--no-deps").code == 0
    assert lock(shell, index, "app").code == 0
    assert versions(shell) == {"app": "1.0", "lib": "2.0"}
    publish(index, "lib", "3.0")
    publish(index, "app", "2.0", requires=["lib"])

    assert lock(shell, index, "app", "--check").code == 0
    assert lock(shell, index, "app").code == 0
    assert versions(shell) == {"app": "1.0", "lib": "2.0"}

    one = lock(shell, index, "app", "--upgrade-package", "lib")
    assert versions(shell) == {"app": "1.0", "lib": "3.0"}
    assert "lib 2.0 → 3.0" in one.err

    assert lock(shell, index, "app", "--upgrade").code == 0
    assert versions(shell) == {"app": "2.0", "lib": "3.0"}
    back = lock(shell, index, "app", "--upgrade-package", "lib==1.0")
    assert (back.code, versions(shell)) == (0, {"app": "2.0", "lib": "1.0"}), back.err


def test_check_says_what_is_outdated_and_writes_nothing(shell: Shell, index: IndexServer) -> None:
    missing = lock(shell, index, "app", "--check")
    assert (missing.code, (shell.folder / "pylock.toml").exists()) == (14, False)
    assert "pylock.toml is not there" in missing.err

    assert lock(shell, index, "lib<2").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    ended = lock(shell, index, "app", "lib>=2", "--check")

    assert (ended.code, (shell.folder / "pylock.toml").read_bytes()) == (14, before)
    assert "missing: app 1.0" in ended.err
    assert "other version: lib 1.0 → 2.0" in ended.err


def test_another_policy_alone_outdates_no_lock(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    shell.write("safepip.toml", STRICT)

    assert lock(shell, index, "app", "--check", "--policy", "safepip.toml").code == 0
    assert lock(shell, index, "app", "--policy", "safepip.toml").code == 0
    assert (shell.folder / "pylock.toml").read_bytes() == before


def test_a_wheel_that_comes_late_is_not_slipped_in(shell: Shell, index: IndexServer) -> None:
    """Whoever takes over an account adds a better fitting wheel to a release that everybody has locked."""
    assert lock(shell, index, "lib").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    tag = "cp311-cp311-manylinux_2_17_x86_64"
    late = wheel_filename("lib", "2.0", tag=tag)
    index.add_wheel(make_wheel("lib", "2.0", tag=tag), late)

    ended = lock(shell, index, "lib")

    assert (ended.code, (shell.folder / "pylock.toml").read_bytes()) == (0, before), ended.err
    assert f"left out: {late}" in ended.err
    assert lock(shell, index, "lib", "--check").code == 0
    wanted = lock(shell, index, "lib", "--upgrade-package", "lib")
    assert (wanted.code, "other files of lib 2.0" in wanted.err) == (0, True)
    assert len(locked(shell)["packages"][0]["wheels"]) == 2


@pytest.mark.parametrize("more", [(), ("--upgrade",), ("--check",)])
def test_other_bytes_under_a_locked_name_are_refused(
    shell: Shell, index: IndexServer, tmp_path: Path, more: tuple[str, ...]
) -> None:
    assert lock(shell, index, "lib").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    index.remove_project("lib")
    publish(index, "lib", "2.0", requires=["app"])
    # Another machine, which has no record of what was used first.
    shell.environ["XDG_DATA_HOME"] = str(tmp_path / "nothing")

    ended = lock(shell, index, "lib", *more)

    assert ended.code == 10, ended.err
    assert "error[republished-file]" in ended.err
    assert (shell.folder / "pylock.toml").read_bytes() == before
    allowed = lock(shell, index, "lib", "--upgrade", "--allow", "republished-file:lib", "--reason", "rebuilt")
    assert allowed.code == 0, allowed.err


def test_other_bytes_than_a_hashed_file_has_are_refused(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    assert lock(shell, index, "lib", "--format", "requirements").code == 0
    index.remove_project("lib")
    publish(index, "lib", "2.0", requires=["app"])
    shell.environ["XDG_DATA_HOME"] = str(tmp_path / "nothing")

    ended = lock(shell, index, "lib", "--format", "requirements")

    assert (ended.code, "error[republished-file]" in ended.err) == (10, True), ended.err


def test_comments_in_a_hashed_file_stay(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "app", "--format", "requirements").code == 0
    path = shell.folder / "requirements.lock.txt"
    text = path.read_text(encoding="utf-8").replace(
        "lib==2.0", "# ask Ann before this moves: https://wiki.example/?key=lib\nlib==2.0"
    )
    path.write_text(text, encoding="utf-8")
    publish(index, "app", "2.0", requires=["lib"])

    assert lock(shell, index, "app", "--format", "requirements", "--upgrade").code == 0
    assert "# ask Ann before this moves: https://wiki.example/?key=lib\nlib==2.0" in path.read_text(
        encoding="utf-8"
    )


def test_an_upgrade_of_what_nobody_needs_is_said(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index, "lib", "--upgrade-package", "libb")

    assert (ended.code, "libb is not locked" in ended.err) == (0, True)


def test_a_private_name_that_its_index_forgets_is_not_locked_from_another(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    """The lock knows where it came from, also on a machine that has never installed it."""
    with IndexServer() as own:
        publish(own, "acme")
        words = ("--extra-index-url", own.url, "acme")
        assert lock(shell, index, *words).code == 0
        before = (shell.folder / "pylock.toml").read_bytes()
        shell.environ["XDG_DATA_HOME"] = str(tmp_path / "another machine")
        own.remove_project("acme")
        publish(index, "acme", "99.0")

        ended = lock(shell, index, *words)

        assert (ended.code, "error[route-changed]" in ended.err) == (10, True), ended.err
        assert (shell.folder / "pylock.toml").read_bytes() == before
        allowed = lock(shell, index, *words, "--allow", "route-changed:acme", "--reason", "it was published")
        assert (allowed.code, versions(shell)) == (0, {"acme": "99.0"}), allowed.err


def test_an_index_that_moved_with_its_files_is_followed(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    assert lock(shell, index, "app").code == 0
    shell.environ["XDG_DATA_HOME"] = str(tmp_path / "another machine")
    with IndexServer() as mirror, IndexServer() as stranger:
        for server in (mirror, stranger):
            publish(server, "lib", "2.0")
        publish(mirror, "app", "1.0", **APP)
        publish(stranger, "app", "1.0", requires=["lib"])

        refused = lock(shell, stranger, "app", "--upgrade")
        ended = lock(shell, mirror, "app")

        assert (refused.code, "error[route-changed]: app" in refused.err) == (10, True), refused.err
        assert ended.code == 0, ended.err
        assert {package["index"] for package in locked(shell)["packages"]} == {mirror.url}
