"""Time installs of safepip against pip, side by side on one local HTTPS index.

    make bench                              all sets, three rounds
    make bench BENCH="--sets small --rounds 5"

Wheels and index pages are fetched once from the machine's own index into .cache/bench; nginx serves
them over TLS from a private authority, JSON and HTML, with metadata sidecars. Each round makes
fresh environments and runs both programs in alternating order, first with empty caches (cold), then
with the caches that left (warm), then once more on what is installed (again). pip runs inside the
target's interpreter, without the extra start that its ``--python`` costs. Prints medians of whole
processes and their ratio, also that of processor time, which a busy machine disturbs less; exit 1
when safepip is slower than pip anywhere, or when the two environments are not equal file by file.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from urllib.parse import unquote, urldefrag

from packaging.utils import canonicalize_name

from integration.environments import Target
from integration.servers import Nginx, Site, StaticIndex
from tasks.lock_dev import SHA256, index_url, page_links
from tests.support.certificates import ca_path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
SETS = {
    "small": ["requests"],
    "middle": ["flask", "sqlalchemy", "celery", "boto3"],
    "large": ["jupyterlab"],
}
PHASES = ("cold", "warm", "again")
Command = Callable[[Path], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one measured program runs: an environment and a home (with its caches)."""

    environment: Path
    home: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of one run: on the clock, and of all processors in the program and what it started."""

    wall: float
    cpu: float


# --- The index


def download(name: str) -> Path:
    """The wheels of a set, fetched once."""
    folder = CACHE / "wheels" / name
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        options = ["--quiet", "--only-binary", ":all:", "--index-url", index_url(), "--dest", str(partial)]
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"}
        }
        command = [sys.executable, "-m", "pip", "download", *options, *SETS[name]]
        subprocess.run(command, check=True, env={**kept, "PIP_CONFIG_FILE": os.devnull})
        partial.rename(folder)
    return folder


def page(project: str) -> str:
    """The project's page of the machine's index, fetched once."""
    path = CACHE / "pages" / f"{project}.html"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        request = urllib.request.Request(f"{index_url()}{project}/", headers={"Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=60) as response:
            path.write_bytes(response.read())
    return path.read_text(encoding="utf-8")


def fill(index: StaticIndex, names: list[str]) -> None:
    """Serve the wheels of the sets, on pages as long as the real ones."""
    wheels = {path.name: path for name in names for path in sorted(download(name).glob("*.whl"))}
    projects = sorted({canonicalize_name(filename.partition("-")[0]) for filename in wheels})
    with ThreadPoolExecutor(4) as pool:
        pages = dict(zip(projects, pool.map(page, projects), strict=True))
    for project, text in pages.items():
        for attributes in page_links(text):
            url, fragment = urldefrag(attributes["href"] or "")
            filename, digest = unquote(url.rpartition("/")[2]), SHA256.search(fragment)
            if digest and filename not in wheels:
                index.mention(project, filename, digest[1], attributes.get("data-requires-python"))
    for filename, path in wheels.items():
        index.add(path.read_bytes(), filename)


# --- The runs


def environment(place: Place) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, "HOME": str(place.home), "PIP_CONFIG_FILE": os.devnull}


def pip_command(place: Place) -> list[str]:
    spec = find_spec("pip")
    assert spec is not None
    assert spec.origin is not None
    return [
        str(place.python),
        str(Path(spec.origin).with_name("__pip-runner__.py")),
        "install",
        "--disable-pip-version-check",
    ]


def safepip_command(place: Place) -> list[str]:
    return [sys.executable, "-m", "safepip", "--python", str(place.python), "install"]


PROGRAMS = {"pip": pip_command, "safepip": safepip_command}


def timed(program: str, place: Place, options: list[str]) -> Took:
    """Time one run; anything but success ends the benchmark with what was said."""
    command = [*PROGRAMS[program](place), *options]
    began, worked = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        command, env=environment(place), cwd=place.home, capture_output=True, text=True, check=False
    )
    took = Took(wall=time.perf_counter() - began, cpu=processor_seconds() - worked)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return took


def processor_seconds() -> float:
    """What processes that were started here and have ended took, with those that they waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def places() -> Iterator[dict[str, Place]]:
    """A fresh environment and home for each program; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        result = {}
        for program in PROGRAMS:
            place = Place(environment=Path(folder, program, "env"), home=Path(folder, program, "home"))
            place.home.mkdir(parents=True)
            result[program] = place
        yield result


def make_fresh(place: Place) -> None:
    shutil.rmtree(place.environment, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place.environment)], check=True)


def contents(place: Place) -> dict[str, bytes]:
    """Every file of the environment, made comparable."""
    return Target(folder=place.environment, home=place.home, ca=ca_path()).files()


def one_round(options: list[str], *, swapped: bool) -> Iterator[tuple[str, str, Took]]:
    """Phase, program and time of each run of one round."""
    order = ["safepip", "pip"] if swapped else ["pip", "safepip"]
    with places() as each:
        for phase in PHASES:
            for program in order:
                if phase != "again":
                    make_fresh(each[program])
                yield phase, program, timed(program, each[program], options)
            order.reverse()
        pip, safepip = contents(each["pip"]), contents(each["safepip"])
        different = sorted(path for path in {*pip, *safepip} if pip.get(path) != safepip.get(path))
        if different:
            raise SystemExit("the two programs left different files:\n" + "\n".join(different[:20]))


def measure(name: str, url: str, rounds: int) -> bool:
    """Print the rows of one set; whether safepip was nowhere slower."""
    runs: dict[tuple[str, str], list[Took]] = {}
    options = ["--cert", ca_path(), "--index-url", url, *SETS[name]]
    for number in range(rounds):
        for phase, program, took in one_round(options, swapped=bool(number % 2)):
            runs.setdefault((phase, program), []).append(took)
    never_slower = True
    for phase in PHASES:
        pip, safepip = (median(runs[phase, program]) for program in ("pip", "safepip"))
        never_slower &= safepip.wall <= pip.wall
        spread = " ".join(
            f"{took.wall:.2f}" for took in sorted(runs[phase, "safepip"], key=attrgetter("wall"))
        )
        ratios = f"{safepip.wall / pip.wall:7.2f} {safepip.cpu / pip.cpu:7.2f}"
        print(f"{name:8} {phase:6} {pip.wall:8.2f} {safepip.wall:9.2f} {ratios}   {spread}", flush=True)
    return never_slower


def median(runs: list[Took]) -> Took:
    """The medians of both, each for itself."""
    return Took(
        wall=statistics.median(took.wall for took in runs), cpu=statistics.median(took.cpu for took in runs)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Time installs of safepip against pip.")
    parser.add_argument("--sets", default=",".join(SETS), help="comma-separated, of: " + ", ".join(SETS))
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    names = chosen.sets.split(",")
    with tempfile.TemporaryDirectory(prefix="bench-index-") as folder:
        root = Path(folder, "content")
        files = Site(root=root)
        index = StaticIndex(root=root, files_url=f"{files.origin}/files")
        fill(index, names)
        site = Site(root=root)
        with Nginx(Path(folder, "nginx"), site, files):
            print(
                f"{'set':8} {'caches':6} {'pip s':>8} {'safepip s':>9} {'ratio':>7} {'of cpu':>7}   safepip, each round"
            )
            results = [measure(name, site.url, chosen.rounds) for name in names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
