"""Answers made to order: environments, and what was chosen for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.build import Source
from safepip.core.digest import Digest, Digests
from safepip.core.index import FileEntry, Index, IndexKind, WheelMetadata
from safepip.core.locking import Answer, Choice, LockTarget
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Asker, Plan, Route, RouteReason, Step
from safepip.core.ports import Environment
from safepip.core.url import Url

INDEX = Index(name="pypi", url=Url.parse("https://index.example/simple"))
BASE = "/project"
POLICY = "sha256:" + "0" * 64
SYSTEMS = {
    "linux": ("linux", "Linux", "posix"),
    "macos": ("darwin", "Darwin", "posix"),
    "win": ("win32", "Windows", "nt"),
}
MACHINES = {"x86_64": "x86_64", "arm64": "arm64", "amd64": "AMD64", "aarch64": "aarch64"}


def target(name: str, *, marker: str | None = None) -> LockTarget:
    """``linux-x86_64-cp311``: its markers, and a marker that fixes three of them."""
    system, machine, python = name.split("-")[:3]
    version = f"{python[2]}.{python[3:]}"
    platform, platform_system, os_name = SYSTEMS[system]
    markers = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": os_name,
        "platform_machine": MACHINES[machine],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": platform_system,
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": platform,
        "extra": "",
    }
    own = " and ".join(
        f'{key} == "{markers[key]}"' for key in ("python_version", "platform_machine", "sys_platform")
    )
    environment = Environment(
        python="", prefix="", version=f"{version}.0", markers=markers, tags=(), installed={}, paths={}
    )
    return LockTarget(name=name, environment=environment, marker=marker or own)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digests(*texts: str) -> Digests:
    return Digests.of(Digest.parse(text) for text in texts)


def entry(filename: str, *, content: str = "", **fields: object) -> FileEntry:
    """A file of the index; other ``content``, other digest."""
    known = FileEntry(
        filename=filename,
        url=f"https://files.example/{filename}",
        digests=digests(f"sha256:{sha256(filename + content)}"),
        size=1000 + len(filename),
        upload_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return replace(known, **fields)  # type: ignore[arg-type]  # keywords of tests


def wheel(name: str, version: str, tag: str = "py3-none-any", **fields: object) -> FileEntry:
    return entry(f"{name}-{version}-{tag}.whl", **fields)  # type: ignore[arg-type]  # keywords of tests


def from_file(place: str = "requirements.in") -> Asker:
    origin = Origin(layer=Layer.PROJECT, kind=Place.FILE, place=place, line=1)
    return Asker(text="demo", origin=origin)


def from_project(name: str) -> Asker:
    return Asker(text="demo", project=canonicalize_name(name))


def step(
    name: str,
    version: str,
    *askers: Asker,
    index: Index = INDEX,
    file: FileEntry | None = None,
    **fields: object,
) -> Step:
    """One project of a plan, asked for by ``requirements.in`` unless somebody is named."""
    project = canonicalize_name(name)
    known = Step(
        name=name,
        project=project,
        version=Version(version),
        route=Route(project=project, indexes=(index,), reason=RouteReason.ONLY_INDEX),
        index=index.name,
        file=file or wheel(name, version),
        askers=askers or (from_file(),),
        metadata=WheelMetadata(
            name=name,
            version=version,
            requires_dist=(),
            requires_python=None,
            provides_extra=frozenset(),
            raw=b"",
        ),
    )
    return replace(known, **fields)  # type: ignore[arg-type]  # keywords of tests


def direct(
    name: str, version: str, url: str, *, source: Source | None = None, sha: str | None = None
) -> Step:
    """A requirement by URL or path; ``sha`` is the text that its digest is made of."""
    place = Url.parse(url)
    kind = IndexKind.LOCAL_FOLDER if place.scheme == "file" else IndexKind.LINKS
    known = Digests() if sha is None else digests(f"sha256:{sha256(sha)}")
    return step(
        name,
        version,
        index=Index(name=url, url=place, kind=kind, direct=True),
        file=FileEntry(filename=place.filename, url=url, digests=known, size=11),
        direct=True,
        source=source,
    )


def choice(
    *steps: Step,
    files: Mapping[str, Iterable[FileEntry]] | None = None,
    builds: Mapping[str, Choice] | None = None,
) -> Choice:
    """What was chosen; a project without ``files`` has the one of its step."""
    given = {canonicalize_name(name): tuple(listed) for name, listed in (files or {}).items()}
    known: dict[NormalizedName, tuple[FileEntry, ...]] = {
        one.project: given.get(one.project, (one.file,)) for one in steps if not one.direct
    }
    return Choice(
        plan=Plan(steps=steps),
        files=known,
        builds={canonicalize_name(name): built for name, built in (builds or {}).items()},
    )


def answer(name: str, *steps: Step, marker: str | None = None, **parts: object) -> Answer:
    """For one environment; ``parts`` as :func:`choice` has them."""
    return Answer(target=target(name, marker=marker), choice=choice(*steps, **parts))  # type: ignore[arg-type]  # keywords of tests
