"""The folder that sources are built in."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path

import pytest

from safepip.io.build import remove_whole

_NOBODY = 65534


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
def test_folders_that_a_tool_made_read_only_are_removed_and_what_links_lead_to_is_not_touched() -> None:
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place, "kept")
        kept.mkdir(mode=0o750)
        Path(place).chmod(0o777)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test runner do not matter
            child = os.fork()
        if not child:
            if os.geteuid() == 0:  # to whom no folder is read-only
                os.chown(kept, _NOBODY, _NOBODY)
                os.setuid(_NOBODY)
            os._exit(_removed(Path(place, "private"), kept))
        _, ended = os.waitpid(child, 0)

        assert ended == 0
        assert kept.stat().st_mode & 0o777 == 0o750


def _removed(private: Path, kept: Path) -> int:
    locked = private / "home" / "locked" / "inside"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x")
    (locked / "link").symlink_to(kept)
    locked.chmod(0o500)
    locked.parent.chmod(0o500)
    remove_whole(private)
    return int(private.exists())
