"""Run pip's functional tests with safepip in pip's place, and say what came out.

    python -m integration.pip_suite CHECKOUT                      everything
    python -m integration.pip_suite CHECKOUT list show -k columns some files, some tests
    python -m integration.pip_suite CHECKOUT --with-pip           with safepip's pip itself in pip's place
    python -m integration.pip_suite CHECKOUT --failed --with-pip  only what failed in the last run
    python -m integration.pip_suite --last                        the last run's numbers again

Exit 1 where a test fails that nothing explains, or the data says what is no longer so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from integration.pip_suite.differences import Differences, Tally, Verdict, gathered, read, tally
from integration.pip_suite.workshop import ROOT, Workshop, scrubbed

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / ".cache" / "pip-suite"
PYTEST = ("-p", "plugin", "-p", "no:cacheprovider", "-q", "--tb=no", "-rN", "--color=no")
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody runs (the port is that of the discard service, RFC 863)."""
RESULTS = FOLDER / "results.jsonl"


def main(arguments: list[str]) -> int:
    words = _parser().parse_intermixed_args(arguments)
    known = read()
    if not words.last:
        if words.checkout is None:
            raise SystemExit("which checkout of pip? make pip-suite PIP=/path/to/checkout")
        workshop = Workshop(folder=FOLDER, source=Path(words.safepip))
        workshop.prepare(Path(words.checkout))
        run(workshop, known, words)
    result = tally(*gathered(RESULTS.read_text(encoding="utf-8")), known)
    print("\n".join(lines(result)))
    return 1 if result.failed or result.stale else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m integration.pip_suite", description=__doc__)
    parser.add_argument("checkout", nargs="?", help="folder with pip's sources and tests")
    parser.add_argument("files", nargs="*", help="files of tests, without test_ and .py; default: all")
    parser.add_argument("-k", dest="expression", help="as pytest's")
    parser.add_argument("-n", dest="workers", default="2", help="processes (default: 2)")
    parser.add_argument("--safepip", default=ROOT, metavar="TREE", help="sources to measure (default: these)")
    parser.add_argument("--failed", action="store_true", help="what failed in the last run, by id")
    parser.add_argument("--with-pip", action="store_true", help="measure the pip that safepip depends on")
    parser.add_argument("--last", action="store_true", help="run nothing, print the last run's numbers")
    return parser


def run(workshop: Workshop, known: Differences, words: argparse.Namespace) -> None:
    """Run pytest on the copy of the checkout; it writes :data:`RESULTS`. Its own exit code says no more."""
    outside = workshop.folder / "outside.txt"
    patterns = [test for each in known.outside for test in each.tests]
    outside.write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
    names = [*words.files, *(last_failures(known) if words.failed else ())]
    files = [_path(name) for name in names] or ["tests/functional"]
    choice = ["-k", words.expression] if words.expression else []
    command = [str(workshop.runner), "-m", "pytest", *PYTEST, "-n", words.workers, *choice, *files]
    RESULTS.unlink(missing_ok=True)
    # Outside of this repository: pip asks git about the folders that its tests make.
    with tempfile.TemporaryDirectory(prefix="pip-suite-") as temporary:
        told = _told(workshop, with_pip=words.with_pip) | {
            "TMPDIR": temporary,
            "MEASURE_OUTSIDE": str(outside),
        }
        environ = scrubbed(dict(os.environ)) | told
        subprocess.run(command, cwd=workshop.checkout, env=environ, check=False)


def _told(workshop: Workshop, *, with_pip: bool) -> dict[str, str]:
    """What the plugin and the program in pip's place are told."""
    told = {
        "HOME": str(workshop.folder / "home"),
        "PATH": os.pathsep.join([str(workshop.runner.parent), str(workshop.shims), os.environ["PATH"]]),
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MEASURE_RESULTS": str(RESULTS),
        # Nothing leaves this machine: what pip's tests want from elsewhere is outside the measure.
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), NOWHERE),
        "NO_PROXY": "localhost,127.0.0.1",
    }
    if with_pip:
        return told | {"MEASURE_PIP": str(workshop.pip_itself())}
    return told | {
        "MEASURE_PIP": str(workshop.shims / "pip"),
        "SAFEPIP_POLICY": str(HERE / "policy.toml"),
    }


def last_failures(known: Differences) -> list[str]:
    """Ids of the tests that failed in the last run and that nothing explains."""
    return tally(*gathered(RESULTS.read_text(encoding="utf-8")), known).failed


def _path(name: str) -> str:
    """A file of tests by its short name, or a test by its id."""
    return f"tests/functional/{name}" if "::" in name else f"tests/functional/test_{name}.py"


def lines(result: Tally) -> Iterator[str]:
    """The numbers for each file of tests, then what nobody has explained."""
    yield f"{'':44} {'passed':>8} {'failed':>8} {'by design':>10} {'outside':>8}"
    total: Counter[Verdict] = Counter()
    for name, counts in sorted(result.counts.items()):
        total += counts
        yield _row(name, counts)
    yield _row("all", total)
    yield f"by design: {result.refused} refused, {total[Verdict.BY_DESIGN] - result.refused} answered in another way"
    yield from (f"failed: {test}" for test in result.failed)
    yield from (f"stale: {line}" for line in result.stale)


def _row(name: str, counts: Counter[Verdict]) -> str:
    passed, failed, by_design, outside = (counts[verdict] for verdict in Verdict)
    return f"{name:44} {passed:8} {failed:8} {by_design:10} {outside:8}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
