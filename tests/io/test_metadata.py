"""Core metadata by sidecar, from the store, by byte ranges or from the whole file."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile
from dataclasses import replace

import pytest

from safepip.core.errors import ExitCode, Refused, Undecided, VerificationError
from safepip.io.wheel_metadata import parse_metadata, read_metadata
from tests.support.connected import IMPATIENT, connected, index_of
from tests.support.server import IndexServer, Response
from tests.support.wheels import make_wheel, metadata_of

WHEEL = "demo-1.0-py3-none-any.whl"
FILE = f"/files/{WHEEL}"
BALLAST = {"demo/big.bin": random.Random(1).randbytes(300_000)}


def wheel(**spec) -> bytes:
    return make_wheel("demo", requires=["other>=2; python_version > '3'"], extras=["tests"], **spec)


def test_a_sidecar_is_enough():
    with IndexServer() as server, connected() as run:
        server.add_wheel(wheel(), WHEEL)
        found = run.metadata(index_of(server))
    assert (found.name, found.version, found.source) == ("demo", "1.0", "sidecar")
    assert found.requires_dist == ("other>=2; python_version > '3'",)
    assert found.provides_extra == {"tests"}
    assert found.raw == metadata_of(wheel())
    assert server.paths_asked() == ["/simple/demo/", f"{FILE}.metadata"]


def test_a_sidecar_with_another_digest_is_refused():
    with IndexServer() as server, connected() as run:
        server.add_wheel(wheel(), WHEEL)
        server.answer(f"{FILE}.metadata", Response(body=b"Name: demo\nVersion: 1.0\nRequires-Dist: evil\n"))
        with pytest.raises(Refused) as caught:
            run.metadata(index_of(server))
    assert caught.value.exit_code is ExitCode.VERIFICATION
    assert caught.value.findings[0].rule == "hash-mismatch"


def test_a_promised_sidecar_that_is_missing_is_read_from_the_wheel():
    with IndexServer() as server, connected() as run:
        server.add_wheel(wheel(), WHEEL)
        server.fail(f"{FILE}.metadata", 404)
        assert run.metadata(index_of(server)).source == "range"


def test_a_sidecar_that_fails_is_no_answer():
    with IndexServer() as server, connected() as run:
        server.add_wheel(wheel(), WHEEL)
        server.fail(f"{FILE}.metadata", 403)
        with pytest.raises(Undecided, match="HTTP status 403"):
            run.metadata(index_of(server))


def test_a_sidecar_beyond_the_ceiling_is_no_answer():
    limits = replace(IMPATIENT, sidecar_max_bytes=1000)
    with IndexServer() as server, connected(limits=limits) as run:
        server.add_wheel(wheel(description="x" * 2000), WHEEL)
        with pytest.raises(Undecided, match="more than 1,000 bytes"):
            run.metadata(index_of(server))


def test_a_known_sidecar_is_not_fetched_again(tmp_path):
    with IndexServer() as server:
        server.add_wheel(wheel(), WHEEL)
        for _ in range(2):
            with connected(tmp_path) as run:
                assert run.metadata(index_of(server)).source == "sidecar"
        (known,) = (tmp_path / "store").rglob("*.metadata")
        known.write_bytes(b"Name: evil\n")
        with connected(tmp_path) as run:
            assert run.metadata(index_of(server)).name == "demo"
    assert server.paths_asked().count(f"{FILE}.metadata") == 2


def test_metadata_is_read_by_ranges_without_fetching_the_wheel():
    with IndexServer(sidecars=False) as server, connected() as run:
        server.add_wheel(wheel(files=BALLAST), WHEEL)
        found = run.metadata(index_of(server))
    assert (found.name, found.source) == ("demo", "range")
    asked = [request for request in server.requests if request.path == FILE]
    assert [request.headers["Range"] for request in asked] == ["bytes=-65536"]


def test_metadata_in_front_of_the_wheel_takes_a_second_request():
    content = make_wheel("demo", files={}, unlisted=BALLAST)
    with IndexServer(sidecars=False) as server, connected() as run:
        server.add_wheel(content, WHEEL)
        assert run.metadata(index_of(server)).source == "range"
    assert len([request for request in server.requests if request.path == FILE]) == 2


def test_a_server_without_ranges_gives_the_whole_file_to_the_store():
    with IndexServer(sidecars=False, ranges=False) as server, connected() as run:
        server.add_wheel(wheel(files=BALLAST), WHEEL)
        index = index_of(server)
        assert run.metadata(index).source == "wheel"
        run.store.begin(run.file(index), index).result(20)
    assert [request.headers["Range"] for request in server.requests if request.path == FILE] == [
        "bytes=-65536",
        None,
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Range": "bytes 0-9/*"},
        {"Content-Range": "bytes 5-2/100"},
        {"Content-Range": "bytes 0-3/100"},
        {"Content-Range": "bytes 95-104/100"},
        {"Content-Range": "nonsense"},
    ],
    ids=str,
)
def test_an_odd_partial_answer_falls_back_to_the_whole_file(headers):
    with IndexServer(sidecars=False) as server, connected() as run:
        server.add_wheel(wheel(), WHEEL)
        server.answer(FILE, Response(status=206, body=b"x" * 10, headers=headers), times=1)
        assert run.metadata(index_of(server)).source == "wheel"


def test_a_file_that_changes_between_ranges_is_no_answer():
    content = make_wheel("demo", files={}, unlisted=BALLAST)
    with IndexServer(sidecars=False) as server, connected() as run:
        server.add_wheel(content, WHEEL)
        tail = content[-65536:]
        where = f"bytes {len(content) - 65536}-{len(content) - 1}/{len(content)}"
        server.answer(
            FILE, Response(status=206, body=tail, headers={"Content-Range": where, "ETag": '"old"'}), times=1
        )
        with pytest.raises(Undecided, match="changes while it is read"):
            run.metadata(index_of(server))


def test_what_the_store_has_is_not_asked_for(tmp_path):
    with IndexServer(sidecars=False) as server:
        server.add_wheel(wheel(), WHEEL)
        index = index_of(server)
        with connected(tmp_path) as run:
            run.store.begin(run.file(index), index).result(20)
        before = len(server.requests)
        with connected(tmp_path) as run:
            assert run.metadata(index).source == "wheel"
    assert len(server.requests) == before + 1


def test_a_link_without_https_is_refused_before_a_connection():
    with IndexServer(plaintext=True) as plain, IndexServer() as server, connected() as run:
        server.add_wheel(wheel(), WHEEL, url=plain.origin + FILE)
        with pytest.raises(Refused) as caught:
            run.metadata(index_of(server))
        assert plain.connections == 0
    assert caught.value.findings[0].rule == "plaintext-link"


@pytest.mark.parametrize(
    "broken",
    [b"no zip", make_wheel("demo", files={"a.py": ""}, missing=["demo-1.0.dist-info/METADATA"]),
     make_wheel("demo", unlisted={"other-1.0.dist-info/METADATA": "Name: other\nVersion: 1.0\n"}),
     make_wheel("demo", metadata=b"Version: 1.0\n"), make_wheel("demo", metadata=b"Name: a\nName: b\nVersion: 1.0\n")],
    ids=["no zip", "no metadata", "two", "no name", "two names"],
)  # fmt: skip
def test_a_wheel_without_one_clear_metadata_is_an_error(broken):
    with IndexServer(sidecars=False) as server, connected() as run:
        server.add_wheel(broken, WHEEL)
        with pytest.raises(VerificationError):
            run.metadata(index_of(server))


def test_metadata_beyond_the_ceiling_is_an_error():
    limits = replace(IMPATIENT, sidecar_max_bytes=100_000)
    with IndexServer(sidecars=False) as server, connected(limits=limits) as run:
        server.add_wheel(wheel(description="x" * 200_000), WHEEL)
        with pytest.raises(VerificationError, match="larger than"):
            run.metadata(index_of(server))


def test_metadata_text_is_read_as_email_headers_are():
    raw = (
        b"Metadata-Version: 2.1\r\nNAME:  Demo \r\nversion: 1.0\r\nRequires-Dist: a (>=1)\r\n  ; python_version > '3'\r\n"
        b"Author: J\xc3\xb6rg\r\nRequires-Python: >=3.8\r\nProvides-Extra: x\r\n\r\nRequires-Dist: not this\r\n"
    )
    found = parse_metadata(raw, "wheel", WHEEL)
    assert (found.name, found.version, found.requires_python) == ("Demo", "1.0", ">=3.8")
    assert found.requires_dist == ("a (>=1) ; python_version > '3'",)
    assert found.provides_extra == {"x"}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("position", range(0, 40, 4))
def test_damaged_bytes_are_no_readable_wheel(method, position):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", "Name: demo\nVersion: 1.0\n" * 20)
    content = bytearray(packed.getvalue())
    assert read_metadata(io.BytesIO(content), WHEEL, 10_000)
    start = content.index(b"METADATA") + len(b"METADATA") + position
    content[start : start + 8] = b"\xff" * 8
    with contextlib.suppress(VerificationError):
        read_metadata(io.BytesIO(content), WHEEL, 10_000)
