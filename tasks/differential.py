"""Resolve real projects with safepip and with pip, and compare what they would install.

``python -m tasks.differential [SET …]``; without arguments all of ``SETS``. Needs the default index of
pip. Local wheel folders are left out: for safepip they are exclusive routes, for pip they are not.
Pages and wheels are cached in one folder for the whole run. Exit 1 on any difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

SETS = (
    "requests",
    "flask[async]",
    "jupyterlab",
    "pandas",
    "boto3 botocore s3fs",
    "fastapi[standard]",
    "black",
    "django~=5.2",
    "scikit-learn matplotlib",
    "apache-airflow",
)
ARGUMENTS = ("install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet")
TIMEOUT_SECONDS = 900

Files = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one of the two would install.

    Attributes:
        files: (name, version, file name) of each.
        problem: the end of what it said where it failed; empty if it did not.
    """

    files: Files
    seconds: float
    problem: str = ""


def ask(tool: str, projects: list[str], folder: Path) -> Answer:
    """``pip`` or ``safepip``, in a fresh process with a scrubbed environment."""
    report = folder / f"{tool}-report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", tool, *ARGUMENTS, "--report", str(report)]
    command += ["--cache-dir", str(folder / f"{tool}-cache"), *projects]
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        return Answer(
            files=frozenset(), seconds=seconds, problem=f"exit {done.returncode}: {done.stderr[-1500:]}"
        )
    return Answer(files=installed(json.loads(report.read_text())), seconds=seconds)


def environment() -> dict[str, str]:
    """This process's, without config files and local wheel folders."""
    kept = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def installed(report: dict[str, list[dict[str, dict[str, str]]]]) -> Files:
    """What an installation report says would be installed."""
    return frozenset(
        (
            item["metadata"]["name"],
            item["metadata"]["version"],
            unquote(urlsplit(item["download_info"]["url"]).path.rpartition("/")[2]),
        )
        for item in report["install"]
    )


def compare(text: str, folder: Path) -> bool:
    """Print one row, and every difference below it. Returns whether there was none."""
    ours, theirs = (ask(tool, text.split(), folder) for tool in ("safepip", "pip"))
    same = ours.files == theirs.files and not ours.problem and not theirs.problem
    verdict = "same" if same else "DIFFERENT"
    print(
        f"{text:<26} {len(theirs.files):>5} {theirs.seconds:>8.1f} {ours.seconds:>8.1f}  {verdict}",
        flush=True,
    )
    for tool, answer in (("safepip", ours), ("pip", theirs)):
        if answer.problem:
            print(f"    {tool}: {answer.problem}")
    for sign, files in (("+ safepip", ours.files - theirs.files), ("- pip    ", theirs.files - ours.files)):
        for name, version, filename in sorted(files):
            print(f"    {sign} {name} {version} {filename}")
    return same


def main(sets: list[str]) -> int:
    print(f"{'requirements':<26} {'files':>5} {'pip, s':>8} {'ours, s':>8}")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [compare(text, Path(folder)) for text in sets or SETS]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
