"""What is installed in a list of path entries, read as pip reads it, without running anything.

The rules are those of pip's ``_internal/metadata/importlib``: path order, the first one of a name
wins, the name is the one in the folder's name, names that are none (``~ip``) do not count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.errors import SafepipError
from safepip.core.ports import InstalledDistribution
from safepip.core.project import InvalidName, project_name


def scan(
    path: Iterable[str], *, library: Iterable[str], user_site: str
) -> Mapping[NormalizedName, InstalledDistribution]:
    """The distributions on ``path``, first on the path first.

    ``library`` are the environment's own purelib and platlib, where pip may replace files.

    Raises:
        SafepipError: a folder of the path cannot be read: what is there is unknown, not absent.
    """
    own = {_same(folder) for folder in library}
    user = _same(user_site) if user_site else None
    found: dict[NormalizedName, InstalledDistribution] = {}
    for entry in dict.fromkeys(path):
        location = _same(entry) if entry else ""
        for metadata_folder in metadata_folders(entry):
            distribution = _read(
                metadata_folder, entry, in_scheme=location in own, in_user_site=location == user
            )
            if distribution is not None:
                found.setdefault(distribution.project, distribution)
    return MappingProxyType(found)


def _same(folder: str) -> str:
    return os.path.normcase(os.path.realpath(folder))


def metadata_folders(entry: str) -> Iterator[Path]:
    """``*.dist-info`` and ``*.egg-info`` in one path entry, and where its ``*.egg-link`` point."""
    try:
        names = [child.name for child in os.scandir(entry or ".")] if entry else []
    except (FileNotFoundError, NotADirectoryError):
        return  # zip files of distributions went out of use with easy_install
    except OSError as error:
        raise SafepipError(f"cannot read {entry}: {error.strerror}", reference="target") from error
    folder = Path(entry)
    for name in names:
        lowered = name.lower()
        if lowered.endswith((".dist-info", ".egg-info")) or (
            lowered == "egg-info" and entry.endswith(".egg")
        ):
            yield folder / name
    for name in names:
        if name.endswith(".egg-link"):
            yield from metadata_folders(_link_target(folder / name))


def _link_target(link: Path) -> str:
    lines = (line.strip() for line in _text(link).splitlines())
    return str(link.parent / next((line for line in lines if line), "."))


def name_of(folder: Path) -> NormalizedName:
    """The normalised name that a metadata folder's own name gives."""
    return canonicalize_name(folder.name.removesuffix(".egg-info").split("-")[0])


def _read(folder: Path, entry: str, *, in_scheme: bool, in_user_site: bool) -> InstalledDistribution | None:
    """One distribution; None where pip would pass it over."""
    metadata = _metadata(folder)
    fields = _head(metadata)
    name, version_text = _name_and_version(folder.name, fields)
    try:
        project = project_name(name)
    except InvalidName:
        return None
    direct_url = _text(folder / "direct_url.json") or None
    return InstalledDistribution(
        name=fields.get("name", name),
        project=project,
        version=_version(version_text),
        version_text=version_text,
        location=entry if str(folder.parent) != entry else str(folder.parent),
        metadata=metadata,
        editable=_editable(direct_url) or not folder.parent.samefile(entry),
        direct_url=direct_url,
        requested=(folder / "REQUESTED").exists(),
        installer=_text(folder / "INSTALLER").strip(),
        in_user_site=in_user_site,
        in_scheme=in_scheme,
    )


def _metadata(folder: Path) -> bytes:
    """METADATA, PKG-INFO, or the ``.egg-info`` that is itself a file; empty if there is none."""
    for candidate in (folder / "METADATA", folder / "PKG-INFO", folder):
        try:
            return candidate.read_bytes()
        except OSError:
            continue
    return b""


def _head(metadata: bytes) -> dict[str, str]:
    """Name and Version of core metadata; the first of each counts."""
    found: dict[str, str] = {}
    for line in metadata.partition(b"\n\n")[0].decode(errors="replace").splitlines():
        if not line:
            break
        field, colon, value = line.partition(":")
        if colon and field.lower() in {"name", "version"}:
            found.setdefault(field.lower(), value.strip())
    return found


def _name_and_version(folder_name: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """As pip's ``parse_name_and_version_from_info_directory``: the folder's name counts first."""
    stem, suffix = os.path.splitext(folder_name)
    name, dash, version = stem.partition("-")
    if suffix == ".dist-info" and dash:
        return name, version
    return name if suffix == ".egg-info" else fields.get("name", ""), fields.get("version", "")


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _editable(direct_url: str | None) -> bool:
    if direct_url is None:
        return False
    try:
        content = json.loads(direct_url)
    except ValueError:
        return False
    folder = content.get("dir_info") if isinstance(content, dict) else None
    return isinstance(folder, dict) and folder.get("editable") is True


def _text(path: Path) -> str:
    """The text of a file; empty if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
