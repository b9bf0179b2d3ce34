"""What several indexes cost: one index against three, each 30 ms away, in alternating runs.

    make bench-indexes

A tree of small projects is spread over the indexes, one index for each name, and resolved with
``install --dry-run`` on empty caches. Prints the median of the whole process for one index that has
everything, three without a pattern (each name is asked of all, at once) and three with patterns (each
name is asked of one), and how many page requests each took.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import IndexServer
from tests.support.wheels import make_wheel, wheel_filename

LATENCY_SECONDS = 0.03
ROUNDS = 5
WIDTH, DEPTH = 6, 5
OWNERS = ("a", "b", "c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to run, and what it came to."""

    name: str
    arguments: tuple[str, ...]
    policy: str | None
    servers: tuple[IndexServer, ...]
    seconds: list[float]
    pages: list[int]


def tree() -> dict[str, tuple[str, ...]]:
    """Project → what it needs: ``DEPTH`` layers of ``WIDTH`` projects, owners taking turns."""
    names = [
        [f"{OWNERS[(layer + place) % 3]}-{layer}-{place}" for place in range(WIDTH)] for layer in range(DEPTH)
    ]
    below = [*names[1:], []]
    return {
        name: tuple(needed[place::2])
        for row, needed in zip(names, below, strict=True)
        for place, name in enumerate(row)
    }


def fill(server: IndexServer, owners: str) -> None:
    """Publish what these owners have."""
    for name, needs in tree().items():
        if name[0] in owners:
            server.add_wheel(make_wheel(name, "1.0", requires=needs), wheel_filename(name, "1.0"))


def policy_for(servers: tuple[IndexServer, ...]) -> str:
    """Every index with the names that are its own."""
    return "".join(
        f'[[index]]\nname = "{owner}"\nurl = "{server.url}"\npackages = ["{owner}-*"]\n'
        for owner, server in zip(OWNERS, servers, strict=True)
    )


def run(case: Case, folder: Path) -> None:
    """One cold run."""
    for server in case.servers:
        server.requests.clear()
    home = Path(tempfile.mkdtemp(dir=folder))
    environ = {
        key: text
        for key, text in os.environ.items()
        if not key.upper().startswith(("PIP_", "SAFEPIP_", "XDG_"))
    }
    environ |= {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull}
    if case.policy is not None:
        (home / "safepip.toml").write_text(case.policy, encoding="utf-8")
        environ["SAFEPIP_POLICY"] = str(home / "safepip.toml")
    roots = [name for name in tree() if name[2] == "0"]
    command = [
        sys.executable,
        "-m",
        "safepip",
        "install",
        "--dry-run",
        "-q",
        "--ignore-installed",
        *case.arguments,
        *roots,
    ]
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=environ, cwd=home, stdout=subprocess.DEVNULL)
    case.seconds.append(time.perf_counter() - begun)
    pages = [path for server in case.servers for path in server.paths_asked() if path.startswith("/simple/")]
    case.pages.append(len(pages))


def cases(stack: ExitStack) -> list[Case]:
    """The three ways, their servers running."""
    one, *three = (stack.enter_context(IndexServer(latency_seconds=LATENCY_SECONDS)) for _ in range(4))
    fill(one, "abc")
    for owner, server in zip(OWNERS, three, strict=True):
        fill(server, owner)
    trust = ("--cert", one.ca_path)
    several = (
        "--index-url",
        three[0].url,
        "--extra-index-url",
        three[1].url,
        "--extra-index-url",
        three[2].url,
    )
    servers = tuple(three)

    def case(
        name: str, arguments: tuple[str, ...], asked: tuple[IndexServer, ...], policy: str | None = None
    ) -> Case:
        return Case(name=name, arguments=arguments, policy=policy, servers=asked, seconds=[], pages=[])

    return [
        case("one index", (*trust, "--index-url", one.url), (one,)),
        case("three, no pattern", (*trust, *several), servers),
        case("three, patterns", trust, servers, policy_for(servers)),
    ]


def main() -> int:
    """Run the rounds and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        measured = cases(stack)
        for _ in range(ROUNDS):
            for case in measured:
                run(case, folder)
    base = statistics.median(measured[0].seconds)
    print(f"{len(tree())} projects, {LATENCY_SECONDS * 1000:.0f} ms to every index, {ROUNDS} rounds, cold")
    for case in measured:
        seconds = statistics.median(case.seconds)
        pages = statistics.median(case.pages)
        print(
            f"  {case.name:18} {seconds:6.3f} s   {seconds / base:4.2f} of one index   {pages:4.0f} pages asked"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
