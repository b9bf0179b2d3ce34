"""Asking for a lock, shortly: several environments over one world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.environment_name import read_environment_names
from safepip.core.events import Event
from safepip.core.index import WheelMetadata
from safepip.core.locking import LockTarget
from safepip.core.subjects import RequirementLine
from safepip.core.workshop import Sources
from safepip.policy.schema import Policy
from safepip.resolve.admit import FirstUse, never_used
from safepip.resolve.lock_targets import lock_target
from safepip.resolve.locking import Locked, resolve_for_lock
from safepip.resolve.request import ResolveOptions, ResolveRequest
from safepip.route import Router
from tests.fakes.world import World
from tests.resolve.asking import NOW, line

LINUX = "linux-x86_64-cp311"
MACOS = "macos-arm64-cp312"
WINDOWS = "windows-amd64-cp313"
SIX = (LINUX, "linux-aarch64-cp314", "musllinux-x86_64-cp312", MACOS, "macos-x86_64-cp313", WINDOWS)


@dataclass(slots=True)
class Locking:
    """One world and one policy; call it with requirements for the answers by environment."""

    world: World = field(default_factory=World)
    policy: Policy = field(default_factory=Policy)
    sources: Sources | None = None
    first_use: FirstUse = never_used
    events: list[Event] = field(default_factory=list)

    def __call__(
        self,
        *roots: str | RequirementLine,
        environments: tuple[str, ...] = (LINUX,),
        preferred: Mapping[str, str] | None = None,
        **options: object,
    ) -> dict[str, Locked]:
        """The answers; ``preferred`` is the old lock: project → versions with spaces between them."""
        request = ResolveRequest(
            roots=tuple(line(one) if isinstance(one, str) else one for one in roots),
            options=replace(ResolveOptions(), **options),  # type: ignore[arg-type]  # keywords of tests
            preferred=_versions(preferred or {}),
            sources=self.sources,
        )
        router = Router(self.world.indexes, self.world)
        return {
            name: resolve_for_lock(
                request,
                target(name),
                router=router,
                client=self.world,
                policy=self.policy,
                now=NOW,
                sink=self.events.append,
                first_use=self.first_use,
            )
            for name in environments
        }


def target(name: str) -> LockTarget:
    """The environment of that name."""
    (read,) = read_environment_names([name])
    return lock_target(read)


class Told:
    """Sources whose metadata is known beforehand, by project: what ``builds.sdists`` has admitted."""

    def __init__(self, **metadata: WheelMetadata) -> None:
        self._metadata = metadata
        self.asked: list[str] = []

    def listed(self, job) -> WheelMetadata:
        self.asked.append(job.name)
        return self._metadata[job.project]

    def direct(self, line, url, index):
        raise AssertionError(f"nobody asked for {line.text}")


def described(name: str, version: str, source: str, *requires: str) -> WheelMetadata:
    return WheelMetadata(
        name=name,
        version=version,
        requires_dist=requires,
        requires_python=None,
        provides_extra=frozenset(),
        raw=b"",
        source=source,
    )


def locked_files(locked: Locked, project: str) -> list[str]:
    """File names of the project that would do, in the answer's order."""
    found = locked.files.by_project({one.file.url: "0" * 64 for one in locked.files.unmeasured})
    return [file.filename for file in found[canonicalize_name(project)]]


def _versions(preferred: Mapping[str, str]) -> dict[NormalizedName, frozenset[Version]]:
    return {
        canonicalize_name(name): frozenset(map(Version, texts.split())) for name, texts in preferred.items()
    }
