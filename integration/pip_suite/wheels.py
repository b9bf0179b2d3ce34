"""pip's test wheels, made well-formed.

Most wheels in pip's test data are older than the wheel format, or were put together by hand: an empty
or wrong RECORD, ``Wheel-Version: 0.1``, tags in WHEEL that the file name does not have. pip does not look;
safepip refuses such a wheel, which is documented and tested elsewhere. So that the tests can ask what
they are about, the copy of the data gets the same wheels as a build tool of today would write them.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

DELIBERATE = frozenset({"brokenwheel", "corruptwheel", "invalid_version", "require_invalid_version"})
"""Projects whose wheels are broken on purpose: that is what is asserted about them."""


def repair_all(folder: Path) -> list[str]:
    """Repair every wheel below the folder that is not broken on purpose. Returns their names, sorted."""
    wheels = sorted(path for path in folder.rglob("*.whl") if path.name.partition("-")[0] not in DELIBERATE)
    return [wheel.name for wheel in wheels if zipfile.is_zipfile(wheel) and repair(wheel)]


def repair(wheel: Path) -> bool:
    """Write WHEEL and RECORD as the file's name and contents have them. Returns whether anything changed."""
    with zipfile.ZipFile(wheel) as archive:
        members = {info: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    folders = {info.filename.partition("/")[0] for info in members if ".dist-info/" in info.filename}
    if len(folders) != 1:
        return False
    (dist_info,) = folders
    contents = {info.filename: content for info, content in members.items()}
    if f"{dist_info}/WHEEL" not in contents:
        return False
    named = wheel.name.removesuffix(".whl").split("-")[-3:]
    repaired = contents | {f"{dist_info}/WHEEL": wheel_file(contents[f"{dist_info}/WHEEL"], *named)}
    record_name = f"{dist_info}/RECORD"
    repaired.pop(record_name, None)
    repaired[record_name] = record(repaired, record_name)
    if repaired == contents:
        return False
    attributes = {info.filename: info.external_attr for info in members}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in repaired.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = attributes.get(name, 0o100644 << 16)
            archive.writestr(info, content)
    return True


def wheel_file(text: bytes, pythons: str, abis: str, platforms: str) -> bytes:
    """WHEEL with version 1.0 and the tags of the file name; the rest as it was."""
    kept = [
        line
        for line in text.decode("utf-8").splitlines()
        if line.strip() and not line.lower().startswith(("wheel-version:", "tag:"))
    ]
    tags = [
        f"Tag: {python}-{abi}-{platform}"
        for python in pythons.split(".")
        for abi in abis.split(".")
        for platform in platforms.split(".")
    ]
    return "\n".join(["Wheel-Version: 1.0", *kept, *tags, ""]).encode()


def record(contents: Mapping[str, bytes], own_name: str) -> bytes:
    """RECORD of these members, itself last."""
    rows = [f"{_quoted(name)},sha256={_digest(content)},{len(content)}" for name, content in contents.items()]
    return "\n".join([*rows, f"{_quoted(own_name)},,", ""]).encode()


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
