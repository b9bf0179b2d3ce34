"""Time what safepip does before it asks an index: settings, requirement files, rules.

    make bench-interception                          the tree below, seven runs
    make bench-interception BENCH="--runs 15 --flat"  one requirement on every line

Writes a tree of requirement and constraint files with 2,000 lines in all (nested, hashed, with markers,
extras, continuations and comments) and configuration files on four levels. Prints milliseconds of
processor time: of safepip's stage that gathers and judges all of it, loading its modules included, and
of the whole process up to there; beside it pip's parser of requirement files on the same tree, which
judges nothing and reads no configuration. Exit 1 when the stage needs more than the ceiling.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CEILING_MS = 150.0
LINES = 2_000
_INDEX = "https://index.example/simple"

_SAFEPIP = """
import time
from safepip.cli.main import main
begun = time.process_time()
from safepip.flows.guard import guard
loaded = time.process_time() - begun
import safepip.flows.install as flow
def timed(*arguments, **named):
    begun = time.process_time()
    guarded = guard(*arguments, **named)
    ended = time.process_time()
    print(ended, loaded + ended - begun, len(guarded.roots), len(guarded.constraints))
    raise SystemExit
flow.guard = timed
main(["install", "--dry-run", "-r", "requirements.txt"])
"""
_PIP = """
import time
begun = time.process_time()
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
found = list(parse_requirements("requirements.txt", session=None))
made = [install_req_from_parsed_requirement(line) for line in found]
ended = time.process_time()
constraints = sum(line.constraint for line in found)
print(ended, ended - begun, len(made) - constraints, constraints)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Milliseconds of processor time of one run, and what it read."""

    whole: float
    stage: float
    read: str


# --- The tree


def hashed(name: str, count: int) -> Iterator[str]:
    """``--hash`` options, one a line, each but the last continued."""
    for number in range(count):
        digest = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
        yield f"    --hash=sha256:{digest}" + (" \\" if number < count - 1 else "")


def block(number: int) -> Iterator[str]:
    """One requirement as lock tools write it, with whatever such files hold."""
    name = f"project-{number}"
    extras = "[socks,http2]" if number % 7 == 0 else ""
    marker = ' ; python_version >= "3.8" and sys_platform != "nowhere"' if number % 3 == 0 else ""
    yield f"{name}{extras}=={number % 40}.{number % 13}.{number % 5}{marker} \\"
    yield from hashed(name, 1 + number % 4)
    if number % 5 == 0:
        yield f"    # via project-{number + 1}"


def filled(lines: int, first: int, *, flat: bool) -> list[str]:
    """So many lines of requirements, numbered from ``first``."""
    if flat:
        return [" ".join([f"project-{first + n}==1.{n}", *hashed(str(n), 1)]) for n in range(lines)]
    found: list[str] = []
    number = first
    while len(found) < lines:
        found += block(number)
        number += 1
    return [*found[: lines - 1], "# the end"] if found[lines - 1].endswith("\\") else found[:lines]


def write_tree(folder: Path, *, flat: bool) -> None:
    """Five files inside each other, two constraint files, ``LINES`` lines."""
    share = LINES // 5
    nested = {
        "requirements.txt": ["-r more/base.txt", "-c limits.txt"],
        "more/base.txt": ["-r web.txt", "-r ../data.txt"],
        "more/web.txt": [f"--index-url {_INDEX}", "--prefer-binary"],
        "data.txt": ["-c more/limits.txt"],
    }
    (folder / "more").mkdir()
    for place, (name, head) in enumerate(nested.items()):
        body = filled(share - len(head), 10_000 * place, flat=flat)
        (folder / name).write_text("\n".join([*head, *body]) + "\n")
    half = share // 2
    for place, name in enumerate(("limits.txt", "more/limits.txt")):
        limits = [f"project-{10_000 * place + number}<{number + 100}" for number in range(half)]
        (folder / name).write_text("\n".join(limits) + "\n")


def write_settings(folder: Path) -> dict[str, str]:
    """Configuration on four levels; the variables that lead to it."""
    texts = {
        "machine/pip/pip.conf": f"[global]\nindex-url = {_INDEX}\ntimeout = 20\n[install]\nretries = 3\n",
        "user/pip/pip.conf": "[global]\nprefer-binary = true\n[install]\nno-compile = yes\n",
        "environment/pip.conf": "[global]\nprogress-bar = off\n",
        "own.conf": f"[global]\nextra-index-url =\n    {_INDEX}/\n[install]\nupgrade-strategy = eager\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {
        "XDG_CONFIG_DIRS": str(folder / "machine"),
        "XDG_CONFIG_HOME": str(folder / "user"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HOME": str(folder / "home"),
        "PIP_CONFIG_FILE": str(folder / "own.conf"),
        "PIP_DEFAULT_TIMEOUT": "15",
        "PATH": os.environ.get("PATH", ""),
    }


# --- The runs


def run(program: str, python: Path, folder: Path, environ: dict[str, str]) -> Took:
    command = [str(python), "-c", program]
    ended = subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    whole, stage, roots, constraints = ended.stdout.split()
    read = f"{roots} requirements, {constraints} constraints"
    return Took(whole=1000 * float(whole), stage=1000 * float(stage), read=read)


def show(name: str, runs: Sequence[Took]) -> float:
    """Print a row; returns the median of the stage."""
    stage = statistics.median(took.stage for took in runs)
    whole = statistics.median(took.whole for took in runs)
    print(f"{name:10} {stage:8.0f} {whole:8.0f}   {runs[0].read}")
    return stage


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--flat", action="store_true", help="one requirement with one hash on every line")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="safepip-bench-") as scratch:
        folder = Path(scratch).resolve()
        write_tree(folder, flat=chosen.flat)
        environ = write_settings(folder)
        python = Path(sys.executable)
        pairs = [
            (run(_SAFEPIP, python, folder, environ), run(_PIP, python, folder, environ))
            for _ in range(chosen.runs)
        ]
    print(f"{'CPU ms':10} {'stage':>8} {'process':>8}")
    took = show("safepip", [mine for mine, _ in pairs])
    show("pip", [theirs for _, theirs in pairs])
    if took > CEILING_MS:
        print(f"safepip needs {took:.0f} ms, more than {CEILING_MS:.0f}", file=sys.stderr)
    return int(took > CEILING_MS)


if __name__ == "__main__":
    sys.exit(main())
