"""After a power failure in the middle of an installation: nothing is decided on what it left."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from safepip.io.journal import FOLDER, Extent, Journal
from support.server import IndexServer


def library_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


@pytest.fixture
def killed(shell: Shell) -> Path:
    """An installation of ``lib 9.0`` was cut short when its metadata was written and its module was not."""
    library = library_of(shell)
    metadata = library / "lib-9.0.dist-info"
    files = frozenset(
        str(path) for path in (metadata / "METADATA", metadata / "RECORD", library / "lib/__init__.py")
    )
    Journal.begin(str(library), Extent(files=files))
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lib\nVersion: 9.0\n")
    return library


def test_what_is_half_there_does_not_count_as_installed(
    killed: Path, shell: Shell, index: IndexServer
) -> None:
    ended = shell.safepip("install", "lib", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed lib-2.0\n"), ended.err
    assert f"safepip: undid an installation into {killed} that was cut short" in ended.err
    assert shell.installed() == {"lib-2.0"}
    assert not (killed / FOLDER).exists()


def test_reading_commands_say_so_and_change_nothing(killed: Path, shell: Shell) -> None:
    ended = shell.safepip("list", "--format=freeze")

    assert (ended.code, ended.out) == (0, "lib==9.0\n")
    assert f"an installation into {killed} is under way, or was cut short" in ended.err
    assert (killed / FOLDER).exists()


def test_uninstall_undoes_it_first(killed: Path, shell: Shell) -> None:
    ended = shell.safepip("uninstall", "-y", "lib")

    assert ended.code == 0, ended.err
    assert "Skipping lib as it is not installed" in ended.err
    assert (shell.installed(), (killed / FOLDER).exists()) == (set(), False)


def test_a_whole_environment_is_not_remarked_upon(shell: Shell, index: IndexServer) -> None:
    installed = shell.safepip("install", "-q", "lib", *trusting(index))
    listed = shell.safepip("list")

    assert (installed.err, listed.err) == ("", "")
