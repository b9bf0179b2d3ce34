"""Looking into the verified files of a mirror: wheels as for an installation, source archives without
unpacking them. Nothing of them runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.finding import Finding
from safepip.core.index import WheelMetadata
from safepip.core.limits import Limits
from safepip.core.mirror import Examined, MirroredFile
from safepip.core.origin import Layer, Origin, Place
from safepip.core.specifier import endless_number
from safepip.io.build_unpack import read_member
from safepip.io.wheel_metadata import parse_metadata, read_metadata
from safepip.verify.wheel import inspect


def examine_files(files: Iterable[tuple[MirroredFile, Path]], limits: Limits) -> list[Examined]:
    """What each file is, in the order of the question.

    Raises:
        VerificationError: a source archive that may not be unpacked, or metadata that is none.
    """
    with ThreadPoolExecutor(limits.inspect_workers, thread_name_prefix="safepip-examine") as pool:
        return list(pool.map(partial(_examine, limits=limits), files))


def _examine(one: tuple[MirroredFile, Path], *, limits: Limits) -> Examined:
    file, path = one
    return (_wheel if file.filename.endswith(".whl") else _archive)(file, path, limits)


def _wheel(file: MirroredFile, path: Path, limits: Limits) -> Examined:
    with path.open("rb") as stream:
        findings = inspect(stream, file.filename, limits=limits).findings
        if any(finding.denies for finding in findings):
            return Examined(findings=findings)
        raw = read_metadata(stream, file.filename, limits.sidecar_max_bytes)
    metadata = parse_metadata(raw, "wheel", file.filename)
    return Examined(findings=findings, requires_python=_readable(metadata), metadata=raw)


def _archive(file: MirroredFile, path: Path, limits: Limits) -> Examined:
    """PKG-INFO says what a wheel's METADATA says; the oldest archives have none."""
    raw = read_member(path, file.filename, "PKG-INFO", limits)
    if raw is None:
        return Examined()
    metadata = parse_metadata(raw, "sdist", file.filename)
    return Examined(findings=tuple(_other_project(metadata, file)), requires_python=_readable(metadata))


def _other_project(metadata: WheelMetadata, file: MirroredFile) -> Iterator[Finding]:
    if (canonicalize_name(metadata.name), _version(metadata.version)) != (file.project, file.version):
        yield Finding(
            rule="metadata-mismatch",
            message=f"{file.filename} calls itself {metadata.name!r} {metadata.version!r}",
            origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=file.filename, key="PKG-INFO"),
            subject=NormalizedName(file.project),
            help="the file is not the one that was locked; ask for another version",
        )


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _readable(metadata: WheelMetadata) -> str | None:
    """What a page may say; readers pass over a specifier that is none, and so does a page without."""
    text = metadata.requires_python
    if not text or endless_number(text) is not None:
        return None
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return None
