"""Findings about files that are not what was asked for, and metadata that reaches for more."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from safepip.core.digest import AcceptableDigests
from safepip.core.finding import Finding
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.origin import Layer, Origin, Place
from safepip.core.subjects import RequirementLine


def hash_mismatch(
    project: NormalizedName,
    index: Index,
    file: FileEntry,
    acceptable: AcceptableDigests,
    asked: Origin | None,
) -> Finding:
    """No file that fits has a digest that the user listed."""
    expected = [
        f"expected {algorithm.value}:{digest}"
        for algorithm, digests in acceptable.by_algorithm.items()
        for digest in sorted(digests)
    ]
    return Finding(
        rule="hash-mismatch",
        message=f"{file.filename} on {index.name} is none of the files whose hashes were given for {project}",
        origin=asked or _on_page(index, file),
        subject=project,
        notes=(*expected, *(f"offered  {digest}" for digest in file.digests.strong)),
        help="if the new file is right, replace the hashes; if it should not have changed, do not install it",
        decided_by="safepip's default (no setting allows another file)",
    )


def metadata_mismatch(index: Index, file: FileEntry, metadata: WheelMetadata) -> Finding:
    """The metadata names another project or version than the file's name."""
    return Finding(
        rule="metadata-mismatch",
        message=f"{file.filename} on {index.name} says in its metadata that it is {metadata.name} {metadata.version}",
        origin=_on_page(index, file),
        subject=metadata.name,
        notes=(f"the metadata came from the {metadata.source}",),
        help="ask for another version, and tell whoever runs the index",
        decided_by="safepip's default (no setting allows it)",
    )


def lock_incomplete(name: str, lock: str, requirement: Requirement, place: Origin) -> Finding:
    """A locked package needs what its lock does not hold."""
    return Finding(
        rule="lock-incomplete",
        message=f"{name} needs {requirement}, which {lock} does not hold",
        origin=place,
        subject=requirement.name,
        help="lock again, so that the lock holds everything that its packages need",
        decided_by="safepip's default (for what a lock leaves out no index is asked)",
    )


def transitive_url(name: str, requirement: Requirement, place: Origin) -> Finding:
    """A package asks for a file by URL, past every index and its hashes."""
    return Finding(
        rule="transitive-url",
        message=f"{name} asks for {requirement.name} from a URL of its own choice",
        origin=place,
        subject=requirement.name,
        notes=(f"Requires-Dist: {requirement}",),
        help=f"ask for another version of {name.partition(' ')[0]}",
    )


def not_a_wheel(line: RequirementLine) -> Finding:
    """A direct requirement that could only be built, which nobody has admitted."""
    if line.target is not None and "+" in line.target.partition(":")[0]:
        rule, what = "unpinned-vcs", "is code from version control"
    else:
        rule, what = "sdist-build", "is not a wheel"
    return Finding(
        rule=rule,
        message=f"{line.text} {what}, and building it would run its code",
        origin=line.origin,
        help="name a wheel, or the project as an index serves it; or admit its name in builds.sdists"
        if rule == "sdist-build"
        else "name a wheel, or the project as an index serves it",
    )


def constraint_place(line: RequirementLine) -> Finding:
    """A constraint may narrow versions; it may not replace where a project comes from."""
    return Finding(
        rule="direct-url",
        message=f"the constraint {line.text} would replace where its project comes from",
        origin=line.origin,
        help="write it as a requirement, with its hash",
        decided_by="safepip's default (a constraint cannot replace a requirement's file)",
    )


def _on_page(index: Index, file: FileEntry) -> Origin:
    page = file.page or str(index.url)
    return Origin(layer=Layer.INDEX, kind=Place.INDEX, place=page, key=file.where or None)
