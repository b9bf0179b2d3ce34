"""Run by a child: real pip answers many questions in one process.

Reads JSON from stdin, ``[{"arguments": […], "path": "…"}, …]``; writes to stdout for each what pip
would install, its exit code and its own words.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote


def answer(arguments: list[str], path: str) -> dict[str, object]:
    from pip._internal.cli.main import main
    from pip._internal.models.link import links_equivalent

    links_equivalent.cache_clear()
    out, err = io.StringIO(), io.StringIO()
    sys.path.insert(0, path)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["install", "--dry-run", "--report", str(report), *arguments])
        install = json.loads(report.read_text())["install"] if report.exists() else []
    sys.path.remove(path)
    logging.getLogger().handlers.clear()
    return {
        "code": code,
        "files": sorted(unquote(item["download_info"]["url"].rpartition("/")[2]) for item in install),
        "requested": sorted(item["metadata"]["name"] for item in install if item["requested"]),
        "out": out.getvalue(),
        "err": err.getvalue(),
    }


if __name__ == "__main__":
    json.dump([answer(**question) for question in json.load(sys.stdin)], sys.stdout)
