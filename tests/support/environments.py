"""Target environments, plans by hand, and trees that can be compared."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from safepip.core.digest import Digest, Digests
from safepip.core.index import FileEntry, Index, IndexKind, WheelMetadata
from safepip.core.plan import Asker, Plan, Route, RouteReason, Step
from safepip.core.ports import Applied, ApplyOptions
from safepip.core.url import Url
from safepip.io.agent import Agent
from safepip.io.apply import PipApplier
from safepip.io.target import environment
from support.wheels import make_wheel, wheel_filename

INDEX = Index(name="pypi", url=Url.parse("https://index.example/simple"), kind=IndexKind.SIMPLE)
Tree = dict[str, tuple[int, bytes]]


def make_environment(folder: Path) -> Path:
    """A virtual environment without pip; returns its interpreter."""
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    return interpreter(folder)


def interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@dataclass
class Wheelhouse:
    """Wheels on disk, and plans that name them."""

    folder: Path
    wheels: dict[NormalizedName, Path] = field(default_factory=dict)

    def add(self, name: str, version: str = "1.0", **spec: object) -> Path:
        return self.add_bytes(make_wheel(name, version, **spec), wheel_filename(name, version))

    def add_bytes(self, content: bytes, filename: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / filename
        path.write_bytes(content)
        self.wheels[canonicalize_name(parse_wheel_filename(filename)[0])] = path
        return path

    def step(
        self,
        name: str,
        *,
        requested: bool = True,
        needed_by: Sequence[str] = (),
        extras: Sequence[str] = (),
        url: str | None = None,
    ) -> Step:
        path = self.wheels[canonicalize_name(name)]
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        project, version, *_ = parse_wheel_filename(path.name)
        file = FileEntry(
            filename=path.name,
            url=url or f"https://files.example/{path.name}",
            digests=Digests.of([Digest.of("sha256", digest)]),
        )
        return Step(
            name=name,
            project=project,
            version=version,
            route=Route(project=project, indexes=(INDEX,), reason=RouteReason.ONLY_INDEX),
            index="pypi",
            file=file,
            requested=requested,
            requested_extras=frozenset(extras),
            direct=url is not None,
            askers=tuple(Asker(text=name, project=canonicalize_name(asker)) for asker in needed_by),
            metadata=WheelMetadata(
                name=name,
                version=str(version),
                requires_dist=(),
                requires_python=None,
                provides_extra=frozenset(),
                raw=b"",
            ),
        )

    def files(self, plan: Plan) -> Mapping[NormalizedName, Path]:
        return {step.project: self.wheels[step.project] for step in plan.steps}


def apply(
    python: Path, house: Wheelhouse, *steps: Step, environ: Mapping[str, str] | None = None, **options: object
) -> Applied:
    """What the main path does once a plan is verified."""
    agent = Agent(str(python), os.environ if environ is None else environ)
    try:
        target = environment(agent)
        replaced = {
            s.project: target.installed[s.project].version for s in steps if s.project in target.installed
        }
        plan = Plan(steps=steps, replaced=replaced)  # type: ignore[arg-type]  # versions of tests are valid
        applier = PipApplier(agent, lambda: target)
        applier.warm_up()
        return applier.apply(plan, house.files(plan), ApplyOptions(**options))  # type: ignore[arg-type]
    finally:
        agent.close()


def pip_install(python: Path, house: Wheelhouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What pip itself does with the same wheels."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    return subprocess.run(
        [*command, "--find-links", str(house.folder), "--disable-pip-version-check", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )


def tree(folder: Path) -> Tree:
    """Every file below a folder: path → (permission bits, content)."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = (0, str(path.readlink()).encode())
        elif path.is_dir():
            found[name + "/"] = (path.stat().st_mode, b"")
        else:
            found[name] = (path.stat().st_mode, path.read_bytes())
    return found


def comparable(folder: Path, environment_folder: Path | None = None) -> Tree:
    """A tree without what differs between two runs of pip itself: bytecode's content, own paths."""
    here = str(environment_folder or folder).encode()
    found: Tree = {}
    for name, (mode, content) in tree(folder).items():
        kept = content.replace(here, b"<here>")
        if name.endswith(".pyc"):
            kept = b"bytecode"
        elif name.endswith("/RECORD"):
            kept = _rows_without_script_digests(kept)
        found[name] = (mode, kept)
    return found


def _rows_without_script_digests(record: bytes) -> bytes:
    """A script holds its environment's path, so its digest and size differ between environments.

    So does the URL of a local file, and the hook of an editable project.
    """
    rows = csv.reader(record.decode().splitlines())
    differs = re.compile(r"\.\.|/.*/bin/|.*/direct_url\.json\Z|__editable__.*\.pth\Z")
    kept = [[path, *([] if differs.match(path) else digest_and_size)] for path, *digest_and_size in rows]
    return "\n".join(",".join(row) for row in sorted(kept)).encode()
