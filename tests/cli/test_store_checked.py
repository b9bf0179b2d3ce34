"""Whatever takes a file from the store looks first whether it is still the file that was verified."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

ADMITS = '[builds]\nsdists = ["demo"]\n'


@pytest.fixture
def server() -> Iterator[IndexServer]:
    """An index whose metadata is in its files only; of ``demo`` there is nothing but a source."""
    with IndexServer(sidecars=False) as running:
        running.add_wheel(make_wheel("lib"), wheel_filename("lib"))
        running.add_file(make_sdist("demo", static=True), sdist_filename("demo"))
        yield running


def stored(name: str) -> Path:
    """The one file of that name in the store."""
    (found,) = Path(os.environ["XDG_CACHE_HOME"], "safepip", "store").glob(f"sha256/*/*/{name}")
    return found


def flip(path: Path) -> bytes:
    """Change one bit; what it was before."""
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:-30] + bytes([content[-30] ^ 1]) + content[-29:])
    return content


@pytest.fixture
def run(shell: Shell, server: IndexServer) -> Callable[..., Ended]:
    shell.write("rules.toml", ADMITS)

    def safepip(*words: str) -> Ended:
        return shell.safepip("--policy", "rules.toml", *words, *trusting(server))

    return safepip


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("install", "lib"), wheel_filename("lib")),
        (("download", "-d", "out", "lib"), wheel_filename("lib")),
        (("wheel", "-w", "out", "lib"), wheel_filename("lib")),
        (("install", "--dry-run", "lib"), wheel_filename("lib")),
        (("lock", "lib"), wheel_filename("lib")),
        (("install", "demo"), sdist_filename("demo")),
        (("wheel", "-w", "out", "demo"), sdist_filename("demo")),
        (("install", "--dry-run", "demo"), sdist_filename("demo")),
        (("lock", "demo"), sdist_filename("demo")),
    ],
    ids=" ".join,
)
def test_a_flipped_bit_is_found_by_every_command(
    server: IndexServer, run: Callable[..., Ended], words: tuple[str, ...], name: str
) -> None:
    project = words[-1]
    assert run("download", "-d", "before", "--no-binary", "demo", project).code == 0
    before = flip(stored(name))
    server.requests.clear()

    ended = run(*words)

    assert ended.code == 0, ended.err
    # Fetched anew, in whole or the few bytes that were asked for; nothing of it came from the store.
    assert f"/files/{name}" in server.paths_asked()
    if not {"lock", "--dry-run"} & set(words):  # these need no more than metadata
        assert stored(name).read_bytes() == before
