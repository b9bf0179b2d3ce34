"""Reading a zip archive so strictly that no two readers can disagree about it.

Installers read a wheel by its central directory, by streaming over its local headers, or both;
an archive that tells them different things installs different files. Here
everything must agree: one directory, at the end; every byte before it belongs to exactly one
member, in the place and with the name, sizes and checksum that the directory gives. Nothing is
ever unpacked to disk. Format: APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from safepip.core.limits import Limits

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_FIELD, _UNICODE_PATH_FIELD = 0x0001, 0x7075
_NEWEST_VERSION = 63
"""Times ten: version 6.3 of the format, the newest that Python's reader accepts."""
_CHUNK_BYTES = 1 << 20
_SMALL_BYTES = 8 << 20
"""Members up to this size are read and inflated in one piece; larger ones in chunks."""
_RATIO_FROM_BYTES = 64 << 20
"""Below this a ratio proves nothing: test data of real wheels is all zeros now and then (1000:1)."""


class BadArchive(ValueError):
    """The file is no archive that every reader reads alike; the message says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory.

    Attributes:
        name: as written; a folder's ends in ``/``.
        mode: Unix ``st_mode``; 0 where the writer gave none.
        offset: of its local header.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Archive:
    """The members in the order of their bytes; ``end`` is where the central directory begins."""

    members: tuple[Member, ...]
    end: int


def read_directory(stream: BinaryIO, limits: Limits) -> Archive:
    """Read the central directory. Raises BadArchive."""
    count, size, begin = _find_directory(stream)
    if count > limits.wheel_entries_max:
        raise BadArchive(f"it has {count} members; the ceiling is {limits.wheel_entries_max}")
    stream.seek(begin)
    data = stream.read(size)
    members, position = [], 0
    for _ in range(count):
        member, position = _entry(data, position)
        members.append(member)
    if position != size:
        raise BadArchive("its directory holds more than its members")
    members.sort(key=lambda member: member.offset)
    _check_sizes(members, limits)
    return Archive(tuple(members), begin)


def _find_directory(stream: BinaryIO) -> tuple[int, int, int]:
    """Count of members, size and offset of the central directory."""
    end = stream.seek(0, 2) - _END.size
    if end < 0:
        raise BadArchive("it is no zip archive")
    stream.seek(end)
    signature, disk, start_disk, here, count, size, begin, comment = _END.unpack(stream.read(_END.size))
    if signature != b"PK\5\6" or comment:
        raise BadArchive("it does not end as a zip archive without a comment does")
    directory_end = end
    if _FULL16 in {here, count} or _FULL32 in {size, begin}:
        directory_end, count, size, begin = _find_directory64(stream, end)
    elif disk or start_disk or here != count:
        raise BadArchive("it is one part of several")
    if begin + size != directory_end:
        raise BadArchive("there are bytes before the archive, or between it and its directory's end")
    return count, size, begin


def _find_directory64(stream: BinaryIO, end: int) -> tuple[int, int, int, int]:
    locator = max(0, end - _LOCATOR64.size)
    stream.seek(locator)
    signature, _disk, where, disks = _LOCATOR64.unpack(stream.read(_LOCATOR64.size))
    if signature != b"PK\6\7" or disks > 1 or where + _END64.size != locator:
        raise BadArchive("its 64-bit directory record is not where it should be")
    stream.seek(where)
    fields = _END64.unpack(stream.read(_END64.size))
    here, count, size, begin = fields[6:]
    if fields[0] != b"PK\6\6" or fields[4] or fields[5] or here != count:
        raise BadArchive("its 64-bit directory record is damaged")
    return where, count, size, begin


def _entry(data: bytes, position: int) -> tuple[Member, int]:
    try:
        fields = _CENTRAL.unpack_from(data, position)
    except struct.error:
        raise BadArchive("its directory is cut short") from None
    signature, _, needed, flags, method, _, _, crc, packed, size, name_size, extra_size, note_size = fields[
        :13
    ]
    disk, _internal, external, offset = fields[13:]
    if signature != b"PK\1\2" or disk not in {0, _FULL16}:
        raise BadArchive("its directory is damaged")
    if needed & 0xFF > _NEWEST_VERSION:
        raise BadArchive("it needs a newer version of the zip format than readers know")
    begin = position + _CENTRAL.size
    end = begin + name_size + extra_size + note_size
    if end > len(data):
        raise BadArchive("its directory is cut short")
    name = _name(data[begin : begin + name_size], flags)
    if extra_size:
        extra = data[begin + name_size : begin + name_size + extra_size]
        size, packed, offset = _widened(extra, name, size, packed, offset)
    return Member(name, flags, method, crc, packed, size, external >> 16, offset), end


def _name(raw: bytes, flags: int) -> str:
    """Without the UTF-8 flag readers guess: only ASCII reads alike."""
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise BadArchive(f"the name {raw!r} is not in UTF-8, or not marked as such") from None


def _widened(extra: bytes, name: str, *values: int) -> tuple[int, int, int]:
    """Sizes and offset with the 64-bit field taken in; refuses a second name for the member."""
    found = list(values)
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        body = extra[position + 4 : position + 4 + length]
        if kind == _UNICODE_PATH_FIELD and body[5:] != name.encode():
            raise BadArchive(f"the member {name!r} has a second name")
        if kind == _ZIP64_FIELD:
            wide = iter(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
            try:
                found = [next(wide) if value == _FULL32 else value for value in found]
            except StopIteration:
                raise BadArchive(f"the 64-bit sizes of {name!r} are missing") from None
        position += 4 + length
    return found[0], found[1], found[2]


def _check_sizes(members: list[Member], limits: Limits) -> None:
    total = sum(member.size for member in members)
    if total > limits.wheel_unpacked_max_bytes:
        raise BadArchive(f"it unpacks to {total} bytes; the ceiling is {limits.wheel_unpacked_max_bytes}")
    for member in members:
        if member.flags & (_ENCRYPTED | _PATCHED | _STRONG | _MASKED):
            raise BadArchive(f"the member {member.name!r} is encrypted")
        if member.method not in {_STORED, _DEFLATED}:
            raise BadArchive(f"the member {member.name!r} is packed by method {member.method}")
        if member.size > _RATIO_FROM_BYTES and member.size > limits.wheel_ratio_max * max(1, member.packed):
            raise BadArchive(
                f"the member {member.name!r} unpacks to {member.size} bytes from {member.packed}"
            )
        if (member.method == _STORED and member.size != member.packed) or (member.is_folder and member.size):
            raise BadArchive(f"the member {member.name!r} is stored with two sizes")


def read_contents(
    stream: BinaryIO, archive: Archive, *, begin: int = 0
) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """Every member with its unpacked bytes, each chunk list to be read to its end before the next.

    One pass over the file, from ``begin``, where the first member must stand. Raises BadArchive
    where local headers or bytes differ from the directory.
    """
    position = begin
    stream.seek(begin)
    ends = [*(member.offset for member in archive.members[1:]), archive.end]
    for member, end in zip(archive.members, ends, strict=True):
        if member.offset != position:
            raise BadArchive(f"there are bytes between its members, before {member.name!r}")
        data_end = _local_header(stream, member) + member.packed
        if member.packed <= _SMALL_BYTES and member.size <= _SMALL_BYTES:
            yield member, iter((_whole(stream.read(member.packed), member),))
        else:
            yield member, _pieces(stream, member)
        stream.seek(data_end)
        _descriptor(stream.read(end - data_end) if data_end <= end else b"?", member)
        position = end
    if position != archive.end:
        raise BadArchive("there are bytes between its last member and its directory")


def _local_header(stream: BinaryIO, member: Member) -> int:
    """Compare the local header with the directory; returns the offset of the data."""
    fixed = stream.read(_LOCAL.size)
    if len(fixed) != _LOCAL.size:
        raise BadArchive(f"the member {member.name!r} is cut short")
    signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(fixed)
    rest = stream.read(name_size + extra_size)
    if signature != b"PK\3\4" or len(rest) != name_size + extra_size:
        raise BadArchive(f"the member {member.name!r} is not where the directory says")
    name = _name(rest[:name_size], flags)
    if extra_size:
        size, packed, _ = _widened(rest[name_size:], name, size, packed, 0)
    said = (crc, packed, size)
    deferred = bool(flags & _DESCRIPTOR)
    agrees = said == (member.crc, member.packed, member.size) or (deferred and not any(said))
    if name != member.name or flags != member.flags or method != member.method or not agrees:
        raise BadArchive(f"the directory and the member itself disagree about {member.name!r}")
    return member.offset + len(fixed) + len(rest)


def _descriptor(tail: bytes, member: Member) -> None:
    """What follows the data: nothing, or the sizes once more (APPNOTE 4.3.9)."""
    if not member.flags & _DESCRIPTOR:
        allowed = {b""}
    else:
        bodies = [struct.pack("<L2Q", member.crc, member.packed, member.size)]
        if max(member.packed, member.size) <= _FULL32:
            bodies.append(struct.pack("<3L", member.crc, member.packed, member.size))
        allowed = {signature + body for body in bodies for signature in (b"", b"PK\7\x08")}
    if tail not in allowed:
        raise BadArchive(f"there are bytes after the member {member.name!r} that belong to nothing")


def _whole(data: bytes, member: Member) -> bytes:
    """A small member, unpacked at once; never more than it said."""
    if member.method == _DEFLATED:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflate.decompress(data, member.size + 1)
        except zlib.error as error:
            raise BadArchive(f"the member {member.name!r} cannot be unpacked: {error}") from error
        if not inflate.eof or inflate.unused_data or inflate.unconsumed_tail:
            raise BadArchive(f"the member {member.name!r} is longer or shorter than it says")
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise BadArchive(f"the member {member.name!r} is not what its size and checksum say")
    return data


def _pieces(stream: BinaryIO, member: Member) -> Iterator[bytes]:
    """A large member in chunks, so that gigabytes never stand in memory."""
    crc, size, left = 0, 0, member.packed
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
    while left:
        packed = stream.read(min(_CHUNK_BYTES, left))
        if not packed:
            break
        left -= len(packed)
        while packed:
            piece = packed
            packed = b""
            if inflate is not None:
                try:
                    piece = inflate.decompress(piece, 4 * _CHUNK_BYTES)
                except zlib.error as error:
                    raise BadArchive(f"the member {member.name!r} cannot be unpacked: {error}") from error
                packed = inflate.unconsumed_tail
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > member.size:
                break
            yield piece
    if size != member.size or crc != member.crc or (inflate and (not inflate.eof or inflate.unused_data)):
        raise BadArchive(f"the member {member.name!r} is not what its size and checksum say")
