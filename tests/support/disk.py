"""Local files as the port that readers ask."""

from __future__ import annotations

from pathlib import Path


class Disk:
    """Reads local files, and nothing else."""

    def read_bytes(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def is_dir(self, path: str) -> bool:
        return Path(path).is_dir()

    def fetch_text(self, url: str) -> bytes:
        raise AssertionError(url)
