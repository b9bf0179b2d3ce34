"""Lock files among the requirements: their packages as requirement lines, as pip makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.pylock import PackageDirectory, PackageSdist, PackageVcs, PackageWheel
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, parse_sdist_filename, parse_wheel_filename

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.errors import CommandError, RequirementFileError
from safepip.core.finding import Finding
from safepip.core.origin import Origin
from safepip.core.subjects import LockedFile, RequirementKind, RequirementLine
from safepip.core.url import Url, UrlError
from safepip.flows.locked_builds import PinReader
from safepip.lock.build_tables import BuildTables
from safepip.lock.locate import locked_file
from safepip.lock.read import Lock, oddities, read_lock
from safepip.lock.select import Chosen, select, undeclared
from safepip.lock.selectors import Selectors
from safepip.pipcompat.callbacks import is_remote
from safepip.pipcompat.fragment import FragmentError, acceptable, read_fragment
from safepip.pipcompat.reqsource import Source, content_of, path_of
from safepip.pipcompat.requirement import parse_requirement

if TYPE_CHECKING:
    from safepip.core.ports import Environment, Files
    from safepip.flows.settings import Settings
    from safepip.flows.sources import LockRequest
    from safepip.flows.surroundings import Surroundings
    from safepip.resolve.request import FormatControl

EXPERIMENTAL = (
    "WARNING: Using pylock.toml as a requirements source is an experimental feature. It may be removed/changed in "
    "a future release without prior warning."
)
"""pip's own warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOpener:
    """Reads locks, and makes requirement lines of what they name."""

    files: Files
    around: Surroundings

    def open(self, location: str, named: Origin) -> Lock:
        """The lock at a path or URL.

        Args:
            named: who named it.

        Raises as :meth:`LockReader.read`.
        """
        source = Source(location=location, constraint=False, origin=named, ancestors={})
        return read_lock(
            self._data(source),
            place=source.place,
            location=location if is_remote(location) else self.around.absolute(location),
            remote=source.remote,
        )

    def _data(self, source: Source) -> bytes:
        if source.remote:
            return content_of(source, self.files)
        try:
            return self.files.read_bytes(path_of(source))
        except (OSError, ValueError) as error:
            raise RequirementFileError(
                f"Error reading pylock file {source.place!r}: {error}",
                reference="lock-file",
                origin=source.origin,
            ) from None

    def line(self, lock: Lock, chosen: Chosen) -> RequirementLine:
        """What pip makes of one file of the lock."""
        locked = locked_file(lock, chosen)
        origin = lock.text.origin((*chosen.package_path, "name"))
        if isinstance(chosen.artifact, PackageWheel | PackageSdist):
            return _pinned(chosen, locked, origin)
        editable = isinstance(chosen.artifact, PackageDirectory) and bool(chosen.artifact.editable)
        named = not isinstance(chosen.artifact, PackageDirectory)
        line = parse_requirement(
            f"{locked.project} @ {locked.url}" if named else locked.url,
            origin,
            editable=editable,
            hash_options=() if isinstance(chosen.artifact, PackageVcs) else tuple(locked.digests),
            from_file=True,
            is_dir=self.around.is_dir,
            exists=self.around.exists,
        )
        return replace(line, locked=locked)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReader(LockOpener):
    """Reads locks for one environment."""

    environment: Environment

    def read(
        self, request: LockRequest, formats: FormatControl
    ) -> tuple[list[RequirementLine], list[Finding]]:
        """The requirements of one lock, and what is odd about it.

        Raises:
            RequirementFileError: it cannot be read, or is not for this environment; pip's words.
            Refused: a lock over plaintext. Also what ``Files.fetch_text`` raises.
        """
        lock = self.open(request.location, request.origin)
        tables = BuildTables(lock)
        findings = [*oddities(lock), *tables.oddities(), *_undeclared(lock, request)]
        choose = partial(
            select,
            markers=self.environment.markers,
            tags=self.environment.tags,
            prefers_sdist=lambda project: permitted(project, formats) == (False, True),
        )
        pins = PinReader(
            tables=tables,
            markers=self.environment.markers,
            select=lambda below: choose(below, Selectors()),
            line=self.line,
        )
        return [pins.with_pins(lock, one) for one in choose(lock, request.selectors)], findings


def permitted(project: NormalizedName, formats: FormatControl) -> tuple[bool, bool]:
    """Whether wheels and source archives may be used; a name beats ``:all:``."""
    if project in formats.only_binary:
        return True, False
    if project in formats.no_binary:
        return False, True
    if ":all:" in formats.only_binary:
        return True, False
    return ":all:" not in formats.no_binary, True


def check_locked(lines: Iterable[RequirementLine], settings: Settings) -> None:
    """Raise CommandError, in pip's words, where options rule out the one file that a lock names."""
    seen: dict[NormalizedName, LockedFile] = {}
    for line in lines:
        locked = line.locked
        if locked is None or line.kind is not RequirementKind.NAMED:
            continue
        if before := seen.get(locked.project):
            raise CommandError(
                f"Multiple locked links provided for {locked.project}: {_shown(before)} and {_shown(locked)}",
                reference="lock-file",
                origin=line.origin,
            )
        seen[locked.project] = locked
        for problem in _ruled_out(locked, settings):
            raise CommandError(
                f"Could not install locked package {locked.project!r} from {locked.lock!r}: {problem}",
                reference="lock-file",
                origin=line.origin,
            )


def _ruled_out(locked: LockedFile, settings: Settings) -> Iterator[str]:
    wheels, archives = permitted(locked.project, settings.format_control)
    is_wheel = locked.filename.lower().endswith(".whl")
    if is_wheel and not wheels:
        yield f"No binaries permitted for {locked.project}"
    if not is_wheel and not archives:
        yield f"No sources permitted for {locked.project}"
    limit = settings.uploaded_prior_to
    if limit is not None and locked.upload_time is not None and locked.upload_time >= limit:
        yield f"Upload time {locked.upload_time} not prior to {limit}"


def _pinned(chosen: Chosen, locked: LockedFile, origin: Origin) -> RequirementLine:
    """``name==version`` with the lock's digests, as pip makes of a wheel or source archive."""
    version = chosen.package.version
    if version is None:
        wheel = isinstance(chosen.artifact, PackageWheel)
        version = (parse_wheel_filename if wheel else parse_sdist_filename)(locked.filename)[1]
    text = f"{locked.project}=={version}"
    digests = tuple(locked.digests)
    return RequirementLine(
        text=text,
        kind=RequirementKind.NAMED,
        requirement=Requirement(text),
        origin=origin,
        hashes=_accepted(locked, digests),
        hash_options=digests,
        from_file=True,
        locked=locked,
    )


def _accepted(locked: LockedFile, digests: tuple[Digest, ...]) -> AcceptableDigests:
    """What the lock and the fragment of its URL accept together."""
    try:
        return acceptable(read_fragment(locked.url), digests)
    except FragmentError as error:
        raise RequirementFileError(
            f"the URL of {locked.filename} cannot be used: {error}",
            reference="lock-file",
            origin=locked.origin,
            hint=error.hint,
        ) from None


def _undeclared(lock: Lock, request: LockRequest) -> Iterator[Finding]:
    for kind, name, known in undeclared(lock, request.selectors):
        has = f"it has {', '.join(known)}" if known else f"it has no {kind}s"
        yield Finding(
            rule="lock-undeclared",
            message=f"the {kind} {name!r} is asked for, and {lock.place} does not have it",
            origin=request.asked[name],
            subject=lock.place,
            notes=(has,),
            help=f"lock again with the {kind}, or ask for one that is there",
        )


def _shown(locked: LockedFile) -> str:
    try:
        url = Url.parse(locked.url).without_secrets
    except UrlError:
        url = locked.filename
    return f"{url} (from {locked.lock})"
