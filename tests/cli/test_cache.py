"""``safepip cache`` from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer


def test_cache_lists_and_removes_what_an_installation_left(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    cache = tmp_path / "cache" / "safepip"
    shell.safepip("install", "app", *trusting(index))

    listed = shell.safepip("cache", "list", "--format=abspath")
    shown = shell.safepip("cache", "list", "lib")
    told = shell.safepip("cache", "info")
    removed = shell.safepip("cache", "remove", "lib")
    left = shell.safepip("cache", "list", "--format=abspath")
    again = shell.safepip("download", "lib", "-d", "out", *trusting(index))

    assert shell.safepip("cache", "dir").out == f"{cache}\n"
    assert {Path(line).name for line in listed.out.splitlines()} == {
        "app-1.0-py3-none-any.whl",
        "lib-2.0-py3-none-any.whl",
    }
    assert shown.out.startswith("Cache contents:\n\n - lib-2.0-py3-none-any.whl (")
    assert "Number of verified wheels: 2" in told.out
    assert removed.out.startswith("Files removed: ")
    assert [Path(line).name for line in left.out.splitlines()] == ["app-1.0-py3-none-any.whl"]
    assert (removed.code, again.code) == (0, 0), again.err


def test_purge_empties_the_cache_that_an_option_a_variable_or_a_file_names(
    shell: Shell, index: IndexServer
) -> None:
    shell.safepip("install", "app", *trusting(index), "--cache-dir", "mine")
    config = shell.write("pip.conf", f"[cache]\ncache-dir = {shell.folder / 'mine'}\n")

    by_option = shell.safepip("cache", "dir", "--cache-dir", "mine")
    by_variable = shell.safepip("cache", "dir", environ={"PIP_CACHE_DIR": str(shell.folder / "mine")})
    by_file = shell.safepip("cache", "dir", environ={"PIP_CONFIG_FILE": str(config)})
    purged = shell.safepip("cache", "purge", "--cache-dir", "mine")
    nothing = shell.safepip("cache", "purge", "--cache-dir", "mine")

    assert {by_option.out, by_variable.out, by_file.out} == {f"{shell.folder / 'mine'}\n"}
    assert purged.code == 0, purged.err
    assert not [path for path in (shell.folder / "mine").rglob("*") if path.is_file()]
    assert (nothing.code, nothing.err) == (0, "WARNING: No matching packages\n")
    assert nothing.out == "Files removed: 0 (0 bytes)\nDirectories removed: 0\n"


@pytest.mark.parametrize(
    "arguments,environ,message",
    [
        (["dir", "--no-cache-dir"], {}, "pip cache commands can not function since cache is disabled."),
        (["dir"], {"PIP_NO_CACHE_DIR": "1"}, "pip cache commands can not function since cache is disabled."),
        (["dir", "--cache-dir="], {}, "pip cache commands can not function since cache is disabled."),
        (["clean"], {}, "Need an action (dir, info, list, purge, remove) to perform."),
        (["purge", "x"], {}, "Too many arguments"),
        (["remove"], {}, "Please provide a pattern"),
    ],
)
def test_mistakes_end_as_with_pip(
    shell: Shell, arguments: list[str], environ: dict[str, str], message: str
) -> None:
    ended = shell.safepip("cache", *arguments, environ=environ)

    assert (ended.code, ended.out) == (1, "")
    assert message in ended.err
