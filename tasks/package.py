"""Build wheel and sdist into dist/, twice, and insist on the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from flit_core import buildapi

ROOT = Path(__file__).resolve().parent.parent


def build(folder: Path) -> dict[str, str]:
    """File name to sha256 of what was built into the folder."""
    names = (buildapi.build_wheel(str(folder)), buildapi.build_sdist(str(folder)))
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def commit_time() -> str:
    """Time of the last commit in seconds, the date inside the archives; a fixed day outside of git."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "1577836800"


def main() -> int:
    os.chdir(ROOT)
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time())
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    built = build(dist)
    with tempfile.TemporaryDirectory() as second:
        if build(Path(second)) != built:
            raise SystemExit("the build is not reproducible")
    for name, digest in built.items():
        print(f"{digest}  dist/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
