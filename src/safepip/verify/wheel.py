"""Whether a wheel is what it claims to be, and keeps to what a wheel may do. Nothing is unpacked.

One pass over the file: every member is inflated and hashed once, which releases the interpreter
lock, so many wheels can be inspected on a few threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import InvalidVersion

from safepip.core.finding import Finding, Level
from safepip.core.index import WheelMetadata
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.verify import metadata, names, record
from safepip.verify.archive import Archive, BadArchive, Member, read_contents, read_directory
from safepip.verify.metadata import FileName
from safepip.verify.names import Fault
from safepip.verify.record import BadRecord, Measured

_SHOWN_MEMBERS = 5
_BYTECODE_HEAD_BYTES = 16
_KEPT = ("RECORD", "WHEEL", "METADATA", "entry_points.txt")
_HELP = {
    "record-mismatch": "the wheel was altered after it was built, or built badly; ask for another version",
    "metadata-mismatch": "the file is not the one that was resolved; ask for another version",
    "path-escape": "do not install it; report it to the index",
    "wheel-contents": "if you trust the package with this, exempt it from wheel-contents with a reason",
    "startup-hook": "look at what it does before you rely on it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What inspecting one wheel gave.

    Attributes:
        project: from the file name; None where that is no wheel's.
        findings: empty for a wheel that is in order; ``startup-hook`` ones only warn.
        paths: where its files go, see :func:`installed_paths`; empty if it could not be read.
        startup_hooks: members that run whenever Python starts.
    """

    filename: str
    project: NormalizedName | None
    findings: tuple[Finding, ...]
    paths: frozenset[str] = frozenset()
    startup_hooks: tuple[str, ...] = ()


def inspect(
    stream: BinaryIO,
    filename: str,
    *,
    expected: WheelMetadata | None = None,
    limits: Limits = Limits(),
) -> Inspection:
    """Inspect one wheel.

    Args:
        stream: the file, open for reading and seekable.
        filename: its wheel name, whatever it is called on disk.
        expected: the metadata it was resolved with; None: there was none but its own.
    """
    try:
        project, version, _, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as error:
        fault = Fault("metadata-mismatch", f"has a name that is none: {error}", filename)
        return Inspection(filename=filename, project=None, findings=_findings([fault], filename, None))
    claim = FileName(project, version, tags)
    scripts: list[str] = []
    paths: frozenset[str] = frozenset()
    try:
        archive = read_directory(stream, limits)
        faults = [*_inspect(stream, archive, claim, expected, limits=limits, scripts=scripts)]
        names_inside = [member.name for member in archive.members if not member.is_folder]
        paths = installed_paths(names_inside) | {f"scripts/{script}" for script in scripts}
    except BadArchive as error:
        faults = [Fault("wheel-contents", f"is no sound archive: {error}", filename)]
    return Inspection(
        filename=filename,
        project=project,
        findings=_findings(faults, filename, project),
        paths=paths,
        startup_hooks=tuple(fault.member for fault in faults if fault.rule == "startup-hook"),
    )


def _inspect(
    stream: BinaryIO,
    archive: Archive,
    claim: FileName,
    expected: WheelMetadata | None,
    *,
    limits: Limits,
    scripts: list[str],
) -> Iterator[Fault]:
    """Names first: a wheel whose names are bad is not read any further. Fills ``scripts``."""
    members = archive.members
    bad_names = [*names.escapes(members, windows=claim.may_meet_windows), *names.collisions(members)]
    if bad_names:
        yield from bad_names
        return
    files = [member.name for member in members if not member.is_folder]
    folders = sorted(
        {name.partition("/")[0] for name in files if name.split("/", 1)[0].endswith(".dist-info")}
    )
    if len(folders) != 1:
        yield Fault("metadata-mismatch", f"has {len(folders)} metadata folders, not one", " ".join(folders))
        return
    dist_info = folders[0]
    if foreign := [*metadata.check_dist_info(dist_info, claim)]:
        yield from foreign
        return
    _refuse_large(members, dist_info, limits.sidecar_max_bytes)
    yield from names.misplaced(files, claim.project, dist_info)
    listed = _read_record(stream, archive, dist_info)
    measured, kept = _measure(stream, archive, dist_info, listed if isinstance(listed, dict) else {})
    yield from names.bytecode_faults({name: found.head for name, found in measured.items()})
    if isinstance(listed, Fault):
        yield listed
    else:
        yield from record.compare(listed, measured, dist_info)
    yield from _check_metadata(kept, dist_info, claim, expected)
    scripts += names.script_names(kept.get("entry_points.txt", b"").decode("utf-8", "surrogateescape"))
    for script in scripts:
        yield from names.bad_script(script, claim.project)


def _refuse_large(members: Iterable[Member], dist_info: str, max_bytes: int) -> None:
    """Metadata is read whole, so it must fit in memory. Raises BadArchive."""
    for member in members:
        if member.name.startswith(f"{dist_info}/") and member.size > max_bytes:
            raise BadArchive(f"{member.name} is larger than {max_bytes} bytes")


def _check_metadata(
    kept: dict[str, bytes], dist_info: str, claim: FileName, expected: WheelMetadata | None
) -> Iterator[Fault]:
    for name in ("WHEEL", "METADATA"):
        if name not in kept:
            yield Fault("metadata-mismatch", f"has no {name}", f"{dist_info}/{name}")
    yield from metadata.check_wheel_file(kept.get("WHEEL", b""), claim, f"{dist_info}/WHEEL")
    yield from metadata.check_metadata(kept.get("METADATA", b""), claim, expected, f"{dist_info}/METADATA")


def _read_record(stream: BinaryIO, archive: Archive, dist_info: str) -> dict[str, record.Row | None] | Fault:
    """RECORD comes last in most wheels, but says which algorithms to measure with: read it first."""
    wanted = f"{dist_info}/RECORD"
    found = next((member for member in archive.members if member.name == wanted), None)
    if found is None:
        return Fault("record-mismatch", "has no RECORD", wanted)
    try:
        return record.parse(_content(stream, archive, found))
    except BadRecord as error:
        return Fault("record-mismatch", f"has a RECORD that {error}", wanted)


def _content(stream: BinaryIO, archive: Archive, wanted: Member) -> bytes:
    place = archive.members.index(wanted)
    end = archive.members[place + 1].offset if place + 1 < len(archive.members) else archive.end
    only = Archive((wanted,), end)
    return b"".join(
        piece for _, pieces in read_contents(stream, only, begin=wanted.offset) for piece in pieces
    )


def _measure(
    stream: BinaryIO, archive: Archive, dist_info: str, listed: dict[str, record.Row | None]
) -> tuple[dict[str, Measured], dict[str, bytes]]:
    """Size and digest of every file, and the content of the few that are read."""
    kept_names = {f"{dist_info}/{name}": name for name in _KEPT}
    measured: dict[str, Measured] = {}
    kept: dict[str, bytes] = {}
    for member, pieces in read_contents(stream, archive):
        if member.is_folder:
            continue
        row = listed.get(member.name)
        algorithm = row.algorithm if row is not None and row.algorithm in record.STRONG else "sha256"
        hasher = hashlib.new(algorithm)
        head = b""
        for piece in pieces:
            hasher.update(piece)
            head = head or piece[:_BYTECODE_HEAD_BYTES]
            if key := kept_names.get(member.name):
                kept[key] = kept.get(key, b"") + piece
        measured[member.name] = Measured(member.size, {algorithm: hasher.digest()}, head)
    return measured, kept


def installed_paths(members: Iterable[str]) -> frozenset[str]:
    """Members as ``SCHEME/path``, so that the files of several wheels can be compared.

    ``library/`` stands for purelib and platlib, which are one folder nearly everywhere; the other
    schemes keep their names. What lies in a folder ``.data`` of unknown scheme is left out.
    """
    found = set()
    for member in members:
        top, _, rest = member.partition("/")
        if not top.endswith(".data"):
            found.add(f"library/{member}")
            continue
        scheme, _, path = rest.partition("/")
        if scheme in {"purelib", "platlib"}:
            found.add(f"library/{path}")
        elif scheme == "headers":
            found.add(f"headers/{top.partition('-')[0]}/{path}")
        elif scheme == "scripts":
            found.add(f"scripts/{path}")
        elif scheme == "data":
            found.add(data_path(path))
    return frozenset(found)


def data_path(path: str) -> str:
    """A file below the environment's prefix; its program folder is the scripts scheme's."""
    top, _, rest = path.partition("/")
    return f"scripts/{rest}" if top.lower() in {"bin", "scripts"} and rest else f"data/{path}"


def _findings(faults: list[Fault], filename: str, project: str | None) -> tuple[Finding, ...]:
    """One finding for all members with the same fault."""
    ordered = sorted(faults, key=lambda fault: (fault.rule, fault.why))
    return tuple(
        _finding(rule, why, [fault.member for fault in same], filename, project)
        for (rule, why), same in groupby(ordered, key=lambda fault: (fault.rule, fault.why))
    )


def _finding(rule: str, why: str, members: list[str], filename: str, project: str | None) -> Finding:
    shown = [member for member in members[:_SHOWN_MEMBERS] if member != filename]
    more = len(members) - _SHOWN_MEMBERS
    return Finding(
        rule=rule,
        message=f"{filename} {why}",
        origin=Origin(
            layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=filename, key=members[0] if members else None
        ),
        level=Level.WARN if rule == "startup-hook" else Level.DENY,
        subject=project,
        help=_HELP[rule],
        notes=(*map(_printable, shown), *([f"and {more} more"] if more > 0 else [])),
    )


def _printable(text: str) -> str:
    """A member's name may hold what a terminal obeys."""
    return text.encode("unicode_escape").decode() if not text.isprintable() else text
