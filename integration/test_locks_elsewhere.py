"""What ``safepip lock`` writes, installed by pip and by uv."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.environments import Outcome, Target, make_target
from integration.servers import server_program
from tests.support.certificates import ca_path
from tests.support.sdists import make_sdist, sdist_filename, write_project
from tests.support.server import IndexServer
from tests.support.wheels import make_wheel, wheel_filename

PYTHON = f"cp3{sys.version_info.minor}"
HERE = f"linux-{platform.machine()}-{PYTHON}"
ELSEWHERE = f"windows-amd64-{PYTHON}"
OWN_TAG = f"{PYTHON}-{PYTHON}-manylinux_2_17_{platform.machine()}"
OTHER_TAG = f"{PYTHON}-{PYTHON}-win_amd64"
UPLOADED = {"upload-time": "2026-01-02T03:04:05.678901Z"}
REQUIRES = ("helper>=1", "colour; sys_platform == 'win32'")
PYLOCK, REQUIREMENTS = "pylock.toml", "requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A folder with a lock and the same as requirements, and the index that they were made from."""

    folder: Path
    index: IndexServer


def fill(index: IndexServer) -> None:
    index.add_wheel(make_wheel("demo", requires=REQUIRES), wheel_filename("demo", "1.0"), **UPLOADED)
    for tag in (OWN_TAG, OTHER_TAG):
        index.add_wheel(
            make_wheel("helper", "1.2", tag=tag), wheel_filename("helper", "1.2", tag), **UPLOADED
        )
    index.add_file(make_sdist("helper", "1.2"), sdist_filename("helper", "1.2"))
    index.add_wheel(make_wheel("colour", "1.0"), wheel_filename("colour", "1.0"))
    index.add_wheel(make_wheel("apart", "2.0"), wheel_filename("apart", "2.0"))


def lock(target: Target, index: IndexServer, *arguments: str) -> None:
    """Lock into ``pylock.toml`` and ``requirements.txt``."""
    common = ("lock", *arguments, "-i", index.url)
    for form in ((), ("--format", "requirements", "-o", REQUIREMENTS)):
        done = target.safepip(*common, *form)
        assert done.exit_code == 0, done.said


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """For this environment and another: wheels of an index, and one named by its URL."""
    target = make_target(tmp_path_factory.mktemp("lock"), ca_path())
    with IndexServer() as index:
        fill(index)
        content = make_wheel("named", "3.0")
        url = index.add_wheel(content, wheel_filename("named", "3.0"))
        digest = hashlib.sha256(content).hexdigest()
        (target.home / "requirements.in").write_text(f"demo\napart\nnamed @ {url}#sha256={digest}\n")
        lock(target, index, "-r", "requirements.in", "--environment", HERE, "--environment", ELSEWHERE)
        yield Locked(folder=target.home, index=index)


def uv(target: Target, *arguments: str, **extra: str) -> Outcome:
    """``uv pip`` on an environment, without its cache and settings."""
    program = server_program("uv")
    options = ("--python", target.python, "--no-cache", "--no-config")
    return target.run([program, "pip", *arguments, *options], SSL_CERT_FILE=target.ca, **extra)


Install = Callable[[Target, str], Outcome]
INSTALLERS: dict[str, Install] = {
    "pip install -r pylock.toml": lambda target, _: target.pip("install", "-r", PYLOCK),
    "pip install --require-hashes": lambda target, url: target.pip(
        "install", "--require-hashes", "-i", url, "-r", REQUIREMENTS
    ),
    "uv pip install -r pylock.toml": lambda target, _: uv(target, "install", "-r", PYLOCK),
    "uv pip sync pylock.toml": lambda target, _: uv(target, "sync", PYLOCK),
    "uv pip sync": lambda target, url: uv(
        target, "sync", "--require-hashes", "--index-url", url, REQUIREMENTS
    ),
}


@pytest.fixture(params=list(INSTALLERS))
def install(request: pytest.FixtureRequest) -> Install:
    return INSTALLERS[request.param]


def copied(locked: Locked, target: Target) -> str:
    """Put both outputs into the environment's home; returns the URL of the index."""
    for name in (PYLOCK, REQUIREMENTS):
        shutil.copy(locked.folder / name, target.home)
    return locked.index.url


def test_what_was_locked_is_installed(locked: Locked, target: Target, install: Install) -> None:
    done = install(target, copied(locked, target))

    assert done.exit_code == 0, done.said
    assert target.installed() == {"apart": "2.0", "demo": "1.0", "helper": "1.2", "named": "3.0"}


def test_the_lock_holds_what_the_other_environment_needs(locked: Locked) -> None:
    text = (locked.folder / PYLOCK).read_text()

    assert f"helper-1.2-{OTHER_TAG}.whl" in text
    assert "marker = \"sys_platform == 'win32'\"" in text


def another(size: int) -> bytes:
    """A sound wheel of ``demo`` that has other contents and as many bytes."""
    modules = ({"demo/__init__.py": f"__version__ = '1.{number}'\n"} for number in range(1, 100))
    wheels = (make_wheel("demo", requires=REQUIRES, files=files) for files in modules)
    return next(content for content in wheels if len(content) == size)


def test_other_bytes_are_refused(tmp_path: Path, target: Target, install: Install) -> None:
    maker = make_target(tmp_path / "maker", ca_path())
    with IndexServer() as index:
        fill(index)
        (maker.home / "requirements.in").write_text("demo\n")
        lock(maker, index, "-r", "requirements.in")
        index.replace_file(wheel_filename("demo", "1.0"), another(len(make_wheel("demo", requires=REQUIRES))))
        done = install(target, copied(Locked(folder=maker.home, index=index), target))

    assert done.exit_code != 0, done.said
    assert "hash" in done.said.lower()
    assert target.installed() == {}


def test_a_lock_for_another_environment_is_refused(tmp_path: Path, locked: Locked, target: Target) -> None:
    maker = make_target(tmp_path / "maker", ca_path())
    (maker.home / "requirements.in").write_text("apart\n")
    lock(maker, locked.index, "-r", "requirements.in", "--environment", ELSEWHERE)
    shutil.copy(maker.home / PYLOCK, target.home)

    for done in (target.pip("install", "-r", PYLOCK), uv(target, "sync", PYLOCK)):
        assert done.exit_code != 0, done.said
        assert target.installed() == {}


def local_things(home: Path) -> Sequence[str]:
    """A folder, an editable folder and a wheel beside the lock, as requirements."""
    write_project(home / "lib", "lib", "0.1", editable=True)
    write_project(home / "tool", "tool", "0.2")
    (home / wheel_filename("local", "4.0")).write_bytes(make_wheel("local", "4.0"))
    return ("-e ./lib", "./tool", f"./{wheel_filename('local', '4.0')}", "demo")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_what_lies_beside_a_lock_moves_with_it(
    make: Callable[[str], Target], tmp_path: Path, installer: str
) -> None:
    maker, target = make("maker"), make("target")
    with IndexServer() as index:
        fill(index)
        (maker.home / "requirements.in").write_text("\n".join(local_things(maker.home)) + "\n")
        done = maker.safepip("lock", "-r", "requirements.in", "-i", index.url)
        assert done.exit_code == 0, done.said
        moved = shutil.copytree(maker.home, tmp_path / "moved")
        shutil.rmtree(maker.home)
        lock_file = str(moved / PYLOCK)
        if installer == "pip":
            done = target.pip("install", "--no-require-hashes", "-r", lock_file)
        else:
            done = uv(target, "sync", lock_file)

    assert done.exit_code == 0, done.said
    assert target.installed() == {"demo": "1.0", "helper": "1.2", "lib": "0.1", "local": "4.0", "tool": "0.2"}
    assert os.fspath(maker.home) not in (moved / PYLOCK).read_text()


def test_locking_again_changes_no_byte(make: Callable[[str], Target]) -> None:
    maker = make("maker")
    with IndexServer() as index:
        fill(index)
        (maker.home / "requirements.in").write_text("demo\n")
        lock(maker, index, "-r", "requirements.in")
        requirements = maker.home / REQUIREMENTS
        requirements.write_text(requirements.read_text().replace("\ndemo==", "\n\n# our own\ndemo=="))
        before = [(maker.home / name).read_bytes() for name in (PYLOCK, REQUIREMENTS)]
        lock(maker, index, "-r", "requirements.in")

    assert [(maker.home / name).read_bytes() for name in (PYLOCK, REQUIREMENTS)] == before
