"""One store for several runs at a time, none where none is wanted, and what a purge leaves alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_runs_at_the_same_time_share_one_store(shell: Shell, index: IndexServer, tmp_path: Path) -> None:
    for number in range(6):
        publish(index, f"part-{number}", "1.0", files={f"part_{number}.py": os.urandom(1 << 18).hex()})
    line = ["install", "app", *(f"part-{number}" for number in range(6)), *trusting(index)]
    runs = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "safepip",
                "--python",
                str(shell.python),
                *line,
                "--target",
                str(tmp_path / name),
            ],
            cwd=shell.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name in ("one", "two", "three")
    ]
    said = [run.communicate(timeout=120)[0].decode() for run in runs]

    assert [run.returncode for run in runs] == [0, 0, 0], said
    trees = [
        {
            path.relative_to(tmp_path / name).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files_in(tmp_path / name)
            if path.suffix in {".py", ".dist-info"}
        }
        for name in ("one", "two", "three")
    ]
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) >= 6
    asked_before = len(index.requests)
    again = shell.safepip(*line)
    assert again.code == 0, again.err
    assert not [asked.path for asked in index.requests[asked_before:] if asked.path.endswith(".whl")]


def test_without_a_cache_nothing_is_kept_and_nothing_is_used(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        ended = shell.safepip("download", "lib", "-d", folder, "--no-cache-dir", *trusting(index))
        assert ended.code == 0, ended.err

    assert files_in(tmp_path / "cache") == []
    assert len([path for path in index.paths_asked() if path.endswith(".whl")]) == 2


def test_a_purge_forgets_files_and_not_first_uses(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as private:
        publish(private, "acme", "1.0")
        both = (*trusting(index), "--extra-index-url", private.url)
        assert shell.safepip("install", "acme", *both).code == 0
        assert shell.safepip("uninstall", "-y", "acme").code == 0
        private.remove_project("acme")
        publish(index, "acme", "9.0")

        assert shell.safepip("cache", "purge").code == 0
        ended = shell.safepip("install", "acme", *both)

    assert (ended.code, "error[route-changed]" in ended.err) == (10, True), ended.err
