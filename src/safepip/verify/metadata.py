"""WHEEL and METADATA against the file name, and against the metadata that was resolved with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, parse_tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.index import WheelMetadata
from safepip.core.specifier import read_requirement
from safepip.verify.names import Fault


@dataclass(frozen=True, slots=True)
class FileName:
    """What a wheel's file name claims."""

    project: NormalizedName
    version: Version
    tags: frozenset[Tag]

    @property
    def may_meet_windows(self) -> bool:
        return any(tag.platform == "any" or tag.platform.startswith("win") for tag in self.tags)


def headers(content: bytes) -> dict[str, list[str]]:
    """The header fields of METADATA or WHEEL, by lower-case name, folded lines joined."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        if not line:
            break
        if line[0] in " \t":
            if values:
                values[-1] = f"{values[-1]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if colon:
            values = found.setdefault(name.strip().lower(), [])
            values.append(value.strip())
    return found


def check_dist_info(folder: str, name: FileName) -> Iterator[Fault]:
    """The metadata folder's name is the file's project and version."""
    project, _, version = folder.removesuffix(".dist-info").partition("-")
    if canonicalize_name(project) != name.project or _version(version) != name.version:
        yield Fault("metadata-mismatch", "has the metadata folder of another package or version", folder)


def check_wheel_file(content: bytes, name: FileName, member: str) -> Iterator[Fault]:
    """Wheel-Version is one that is understood; the tags are those of the file name."""
    fields = headers(content)
    version = fields.get("wheel-version", [""])[0]
    if not version.startswith("1."):
        yield Fault(
            "wheel-contents", f"is of wheel version {version or 'nothing'!r}; only 1 is known", member
        )
    tags = frozenset(tag for text in fields.get("tag", []) for tag in parse_tag(text))
    if tags and not any(_covers(inside, claimed) for inside in tags for claimed in name.tags):
        yield Fault("wheel-contents", "has tags that are not those of its file name", member)


def _covers(inside: Tag, claimed: Tag) -> bool:
    """Whether the claimed tag is the one inside, or a narrower one.

    Build tools rename wheels without touching WHEEL: ``any`` to one platform, ``linux_x86_64`` to
    a manylinux. What may never be is a claim to run where the wheel was not built for.
    """
    architecture = inside.platform.removeprefix("linux_")
    relabelled = architecture != inside.platform and "linux" in claimed.platform
    generic = inside.interpreter.startswith("py") and claimed.interpreter[2:].startswith(
        inside.interpreter[2:]
    )
    return (
        (inside.interpreter == claimed.interpreter or generic)
        and inside.abi in {claimed.abi, "none"}
        and (
            inside.platform in {claimed.platform, "any"}
            or (relabelled and claimed.platform.endswith("_" + architecture))
        )
    )


def check_metadata(
    content: bytes, name: FileName, expected: WheelMetadata | None, member: str
) -> Iterator[Fault]:
    """METADATA is the file name's, and what was resolved with."""
    fields = headers(content)
    names, versions = fields.get("name", []), fields.get("version", [])
    if len(names) != 1 or canonicalize_name(names[0]) != name.project:
        yield Fault("metadata-mismatch", f"calls itself {_said(names)}", member)
    if len(versions) != 1 or _version(versions[0]) != name.version:
        yield Fault("metadata-mismatch", f"calls itself version {_said(versions)}", member)
    if expected is None or expected.raw == content:
        return
    if canonicalize_name(expected.name) != name.project or _version(expected.version) != name.version:
        yield Fault("metadata-mismatch", "was offered with another project's or version's metadata", member)
    wanted = frozenset(map(_requirement, expected.requires_dist))
    inside = frozenset(map(_requirement, fields.get("requires-dist", [])))
    for texts, why in (
        (inside - wanted, "needs what its offered metadata does not say"),
        (wanted - inside, "does not need what its offered metadata says"),
    ):
        if texts:
            yield Fault("metadata-mismatch", why, ", ".join(sorted(texts)))
    if _specifier(expected.requires_python) != _specifier(
        next(iter(fields.get("requires-python", [])), None)
    ):
        yield Fault("metadata-mismatch", "asks for other Pythons than its offered metadata", member)
    extras = {canonicalize_name(extra) for extra in fields.get("provides-extra", [])}
    if {canonicalize_name(extra) for extra in expected.provides_extra} != extras:
        yield Fault("metadata-mismatch", "has other extras than its offered metadata", member)


def _said(values: list[str]) -> str:
    return " and ".join(map(repr, values)) or "nothing"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _requirement(text: str) -> str:
    """A form in which equal requirements are equal, however they are written."""
    try:
        requirement = read_requirement(text)
    except InvalidRequirement:
        return " ".join(text.split())
    requirement.name = canonicalize_name(requirement.name)
    requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
    return str(requirement)


def _specifier(text: str | None) -> SpecifierSet | str | None:
    if not text:
        return None
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return text
