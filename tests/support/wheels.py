"""Wheels made to order, true or broken in one chosen way.

``make_wheel("demo", "1.0")`` is a valid wheel with one module. Every keyword of
:class:`WheelSpec` can be given; the last group of them breaks the wheel. Equal specs give equal
bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_TIME = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelSpec:
    """What a wheel holds.

    Attributes:
        name: as METADATA writes it; the file name uses its escaped form.
        tag: the three tags of the file name.
        build: build number of the file name, such as ``1``; empty: none.
        files: path in the wheel → content; None: one module ``<name>/__init__.py``.
        data: path below ``<dist>.data/`` (``scripts/tool``, ``data/etc/x``) → content.
        requires: ``Requires-Dist`` texts.
        extras: ``Provides-Extra`` names.
        entry_points: group → {name: ``module:attribute``}.
        description: body of METADATA.
        modes: path → permission bits, or a whole ``st_mode`` (``0o120777`` for a symlink).

        metadata: METADATA instead of the generated one.
        wheel_file: WHEEL instead of the generated one; empty bytes leave it out.
        dist_info: folder name instead of ``<dist>-<version>.dist-info``.
        unlisted: further members that RECORD does not name.
        changed: path → content written instead of what RECORD hashed.
        missing: paths that RECORD names but the wheel lacks.
        record: RECORD instead of the generated one.
        duplicates: members written a second time, with this content.
    """

    name: str
    version: str = "1.0"
    tag: str = "py3-none-any"
    build: str = ""
    files: Mapping[str, str | bytes] | None = None
    data: Mapping[str, str | bytes] = field(default_factory=dict)
    requires: Sequence[str] = ()
    extras: Sequence[str] = ()
    requires_python: str | None = None
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    description: str = "A package for tests.\n"
    modes: Mapping[str, int] = field(default_factory=dict)
    metadata: bytes | None = None
    wheel_file: bytes | None = None
    dist_info: str | None = None
    unlisted: Mapping[str, str | bytes] = field(default_factory=dict)
    changed: Mapping[str, str | bytes] = field(default_factory=dict)
    missing: Sequence[str] = ()
    record: bytes | None = None
    duplicates: Mapping[str, str | bytes] = field(default_factory=dict)

    @property
    def distribution(self) -> str:
        """The name as file names write it."""
        return self.name.replace("-", "_").replace(".", "_").lower()

    @property
    def filename(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.distribution}-{self.version}{build}-{self.tag}.whl"

    @property
    def dist_info_folder(self) -> str:
        return self.dist_info or f"{self.distribution}-{self.version}.dist-info"


def make_wheel(name: str, version: str = "1.0", **spec: object) -> bytes:
    """The bytes of a wheel; keywords are the attributes of :class:`WheelSpec`."""
    return build(WheelSpec(name=name, version=version, **spec))  # type: ignore[arg-type]  # keywords of tests


def wheel_filename(name: str, version: str = "1.0", tag: str = "py3-none-any", build: str = "") -> str:
    """The file name that :func:`make_wheel` expects to be stored under."""
    return WheelSpec(name=name, version=version, tag=tag, build=build).filename


def metadata_of(wheel: bytes) -> bytes:
    """METADATA of a wheel that has exactly one."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        (member,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        return archive.read(member)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def metadata_text(spec: WheelSpec) -> bytes:
    """METADATA as the spec asks for."""
    lines = ["Metadata-Version: 2.1", f"Name: {spec.name}", f"Version: {spec.version}"]
    if spec.requires_python is not None:
        lines.append(f"Requires-Python: {spec.requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in spec.requires]
    lines += [f"Provides-Extra: {extra}" for extra in spec.extras]
    return ("\n".join(lines) + "\n\n" + spec.description).encode()


def build(spec: WheelSpec) -> bytes:
    """The bytes of the wheel."""
    members = _members(spec)
    record = spec.record if spec.record is not None else _record(members, spec)
    written = {path: content for path, content in members.items() if path not in spec.missing}
    written |= {path: _bytes(content) for path, content in spec.changed.items()}
    written |= {path: _bytes(content) for path, content in spec.unlisted.items()}
    written[f"{spec.dist_info_folder}/RECORD"] = record
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in written.items():
            archive.writestr(_member(path, spec.modes.get(path, 0o644)), content)
    if spec.duplicates:
        _append_duplicates(stream, spec)
    return stream.getvalue()


def _members(spec: WheelSpec) -> dict[str, bytes]:
    files = spec.files
    if files is None:
        files = {f"{spec.distribution}/__init__.py": f"__version__ = {spec.version!r}\n"}
    members = {path: _bytes(content) for path, content in files.items()}
    data_folder = f"{spec.distribution}-{spec.version}.data"
    members |= {f"{data_folder}/{path}": _bytes(content) for path, content in spec.data.items()}
    folder = spec.dist_info_folder
    members[f"{folder}/METADATA"] = spec.metadata if spec.metadata is not None else metadata_text(spec)
    wheel_file = spec.wheel_file if spec.wheel_file is not None else _wheel_file(spec)
    if wheel_file:
        members[f"{folder}/WHEEL"] = wheel_file
    if spec.entry_points:
        members[f"{folder}/entry_points.txt"] = _entry_points(spec)
    return members


def _wheel_file(spec: WheelSpec) -> bytes:
    pythons, abis, platforms = (part.split(".") for part in spec.tag.split("-"))
    tags = [f"Tag: {p}-{a}-{f}" for p in pythons for a in abis for f in platforms]
    lines = ["Wheel-Version: 1.0", "Generator: safepip-tests 1.0", "Root-Is-Purelib: true", *tags]
    if spec.build:
        lines.append(f"Build: {spec.build}")
    return ("\n".join(lines) + "\n").encode()


def _entry_points(spec: WheelSpec) -> bytes:
    groups = []
    for group, points in spec.entry_points.items():
        groups.append("\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]))
    return ("\n\n".join(groups) + "\n").encode()


def _record(members: Mapping[str, bytes], spec: WheelSpec) -> bytes:
    rows = []
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        quoted = f'"{path}"' if "," in path else path
        rows.append(f"{quoted},sha256={digest},{len(content)}")
    rows.append(f"{spec.dist_info_folder}/RECORD,,")
    return ("\n".join(rows) + "\n").encode()


def _member(path: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(path, _TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    whole_mode = mode if mode > 0o7777 else 0o100000 | mode
    member.external_attr = whole_mode << 16
    return member


def _append_duplicates(stream: io.BytesIO, spec: WheelSpec) -> None:
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(stream, "a") as archive:
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicate names
        for path, content in spec.duplicates.items():
            archive.writestr(_member(path, 0o644), _bytes(content))


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
