"""Real archives on a real disk: what is written, and what is left of those that are refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
from pathlib import Path

import pytest

from safepip.core.errors import ApplyError, VerificationError
from safepip.core.limits import Limits
from safepip.io.build_unpack import read_member, unpack
from support.sdists import make_sdist, make_tar


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.linkname = target
    return made


def _place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir(exist_ok=True)
    return folder


def unpacked(
    tmp_path: Path, content: bytes, filename: str = "demo-1.0.tar.gz", limits: Limits = Limits()
) -> Path:
    archive = _place(tmp_path) / "stored"
    archive.write_bytes(content)
    return unpack(archive, filename, archive.parent / "out", limits)


def test_a_source_distribution_is_unpacked(tmp_path: Path) -> None:
    tree = unpacked(tmp_path, make_sdist("demo"))

    assert tree == _place(tmp_path) / "out" / "demo-1.0"
    assert (tree / "demo" / "__init__.py").read_text() == "__version__ = '1.0'\n"


@pytest.mark.parametrize("squeeze", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_the_bytes_say_how_they_are_packed(tmp_path: Path, squeeze: object) -> None:
    plain = gzip.decompress(make_sdist("demo"))

    assert (unpacked(tmp_path, squeeze(plain), "demo-1.0.tar.xz") / "pyproject.toml").is_file()  # type: ignore[operator]


def test_a_zip_is_unpacked(tmp_path: Path) -> None:
    tree = unpacked(tmp_path, make_sdist("demo", zipped=True), "demo-1.0.zip")

    assert (tree / "pyproject.toml").is_file()


def test_programs_stay_programs_and_nothing_else_is_kept_of_modes(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, mode in (("demo/run", 0o6755), ("demo/text", 0o4666)):
            made = tarfile.TarInfo(name)
            made.mode = mode
            archive.addfile(made, io.BytesIO(b""))

    tree = unpacked(tmp_path, stream.getvalue())

    assert (tree / "run").stat().st_mode & 0o7777 == 0o755
    assert (tree / "text").stat().st_mode & 0o7777 == 0o644


@pytest.mark.skipif(os.name != "posix", reason="symbolic links are a privilege elsewhere")
def test_links_inside_are_kept(tmp_path: Path) -> None:
    content = make_tar(
        {"demo/a/text": b"text"},
        member("demo/soft", tarfile.SYMTYPE, "a/text"),
        member("demo/hard", tarfile.LNKTYPE, "demo/a/text"),
    )

    tree = unpacked(tmp_path, content)

    assert str((tree / "soft").readlink()) == "a/text"
    assert (tree / "hard").read_bytes() == b"text"
    assert (tree / "hard").stat().st_nlink == 1


@pytest.mark.parametrize(
    "others",
    [
        [member("demo/x", tarfile.SYMTYPE, "/etc/passwd")],
        [member("demo/x", tarfile.SYMTYPE, "../../outside")],
        [member("demo/x", tarfile.LNKTYPE, "../outside")],
        [member("demo/x", tarfile.FIFOTYPE)],
        [member("demo/x", tarfile.CHRTYPE)],
        [member("../x", tarfile.REGTYPE)],
        [member("/x", tarfile.REGTYPE)],
        [member("demo/d", tarfile.SYMTYPE, "a"), member("demo/d/x", tarfile.REGTYPE)],
        [member("demo/d", tarfile.SYMTYPE, "a"), member("demo/e", tarfile.SYMTYPE, "d/../../..")],
    ],
)
def test_an_archive_that_means_harm_leaves_nothing(tmp_path: Path, others: list[tarfile.TarInfo]) -> None:
    content = make_tar({"demo/a/text": b"text"}, *others)

    with pytest.raises(VerificationError) as refusal:
        unpacked(tmp_path, content)

    assert refusal.value.reference == "path-escape"
    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", make_sdist("demo")[:400], make_sdist("demo")[:-20], b"\x1f\x8b" + b"x" * 50],
)
def test_a_broken_archive_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(VerificationError, match=r"demo-1\.0\.tar\.gz "):
        unpacked(tmp_path, content)

    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}


@pytest.mark.parametrize("content", [b"", b"no archive", make_sdist("demo", zipped=True)[:-30]])
def test_a_broken_zip_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(VerificationError, match=r"demo-1\.0\.zip "):
        unpacked(tmp_path, content, "demo-1.0.zip")


@pytest.mark.parametrize("place", [8, 10], ids=["encrypted", "packed in an unknown way"])
def test_a_zip_that_cannot_be_inflated_is_one_clear_error(tmp_path: Path, place: int) -> None:
    content = bytearray(make_sdist("demo", zipped=True))
    for start, back in ((content.rindex(b"PK\x01\x02"), 0), (content.rindex(b"PK\x03\x04"), 2)):
        content[start + place - back] = 1 if place == 8 else 97

    with pytest.raises(VerificationError, match="cannot be read") as refusal:
        unpacked(tmp_path, bytes(content), "demo-1.0.zip")

    assert refusal.value.reference == "bad-archive"
    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_headers_upon_headers_are_one_clear_error(tmp_path: Path, kind: bytes) -> None:
    said = b"30 comment=aaaaaaaaaaaaaaaaaa\n"
    header = member("demo/header", kind)
    header.size = len(said)
    one = header.tobuf(tarfile.GNU_FORMAT) + said.ljust(512, b"\0")
    rest = gzip.decompress(make_tar({"demo/text": b"text"}))

    with pytest.raises(VerificationError, match="cannot be read"):
        unpacked(tmp_path, gzip.compress(one * 5000 + rest))

    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}


def test_of_two_files_of_one_name_the_one_that_is_written_is_read(tmp_path: Path) -> None:
    """Else a build would be held to other metadata than the one that was judged."""
    archive = _place(tmp_path) / "stored"
    twice = make_tar({"demo/PKG-INFO": b"first", "./demo/PKG-INFO": b"second"})

    tree = unpacked(tmp_path, twice)

    assert (tree / "PKG-INFO").read_bytes() == b"second"
    assert read_member(archive, "demo-1.0.tar.gz", "PKG-INFO", Limits()) == b"second"


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    content = make_tar({"demo/zeros": bytes(65 << 20)})
    assert len(content) < 100_000

    with pytest.raises(VerificationError, match=r"a bomb|unpacks to more than"):
        unpacked(tmp_path, content, limits=Limits(sdist_ratio_max=100))

    assert not (_place(tmp_path) / "out").exists()


def test_a_header_that_claims_gigabytes_is_not_read(tmp_path: Path) -> None:
    huge = tarfile.TarInfo("demo/pax")
    huge.type = tarfile.XHDTYPE
    huge.size = 3 << 30
    content = gzip.compress(huge.tobuf(tarfile.GNU_FORMAT) + bytes(1024))

    with pytest.raises(VerificationError, match="header"):
        unpacked(tmp_path, content)


@pytest.mark.skipif(os.name != "posix", reason="a ceiling for the size of files")
def test_a_full_disk_says_nothing_against_the_archive(tmp_path: Path) -> None:
    import resource

    content = make_tar({"demo/large": os.urandom(50_000)})
    archive = _place(tmp_path) / "stored"
    archive.write_bytes(content)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(ApplyError, match="cannot be unpacked") as failure:
            unpack(archive, "demo-1.0.tar.gz", archive.parent / "out", Limits())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert failure.value.reference == "disk"
    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}


def test_a_zip_member_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    content = bytearray(make_sdist("demo", zipped=True))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<L", 3)

    with pytest.raises(VerificationError):
        unpacked(tmp_path, bytes(content), "demo-1.0.zip")


def test_one_file_is_read_without_unpacking(tmp_path: Path) -> None:
    archive = _place(tmp_path) / "stored"
    archive.write_bytes(make_sdist("demo"))

    found = read_member(archive, "demo-1.0.tar.gz", "PKG-INFO", Limits())

    assert found is not None
    assert found.startswith(b"Metadata-Version: 2.1\nName: demo\n")
    assert read_member(archive, "demo-1.0.tar.gz", "NOTHING", Limits()) is None
    assert {path.name for path in _place(tmp_path).iterdir()} == {"stored"}
