"""What safepip stands on stays as it was for the rest of the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
library, private = Path(sys.argv[1]), Path(sys.argv[2])
sys.path.insert(0, str(library))
import loaded, loaded.inner
from safepip.io.apart import stand_apart
stand_apart(["loaded", "fresh", "single.py", "nothere"], private)
for file in library.rglob("*.py"):
    file.write_text("raise SystemExit('the new one')")
import loaded.late, loaded.inner.late, fresh, single
print(loaded.late.x, loaded.inner.late.x, fresh.x, single.x)
"""


def test_what_is_loaded_late_comes_from_the_copy(tmp_path: Path) -> None:
    library, private = tmp_path / "library", tmp_path / "private"
    private.mkdir()
    for name in (
        "loaded/__init__",
        "loaded/late",
        "loaded/inner/__init__",
        "loaded/inner/late",
        "fresh/__init__",
        "single",
    ):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / f"{name}.py").write_text("x = 'old'\n", encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-B", "-c", _PROGRAM, library, private], capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.returncode) == ("old old old old\n", 0), ended.stderr
