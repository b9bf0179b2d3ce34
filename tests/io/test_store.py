"""Downloads and the store: no byte without a digest, no final name before it was right."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.errors import ApplyError, ExitCode, Refused, Undecided
from safepip.core.events import DownloadAdvanced, DownloadBegan, DownloadFinished, Noted
from safepip.core.index import FileEntry, Index, IndexKind
from safepip.core.url import Url
from safepip.io.store import ArtifactStore
from tests.support.connected import IMPATIENT, Connected, connected, index_of, step_for
from tests.support.server import IndexServer, Response
from tests.support.wheels import make_wheel, sha256

WHEEL = "demo-1.0-py3-none-any.whl"
FILE = f"/files/{WHEEL}"
CONTENT = make_wheel("demo", files={"demo/big.bin": random.Random(2).randbytes(500_000)})
EVIL = make_wheel("demo", files={"demo/evil.py": "evil"})


@pytest.fixture
def server():
    with IndexServer() as running:
        running.add_wheel(CONTENT, WHEEL)
        yield running


def fetch(run: Connected, index: Index, acceptable: AcceptableDigests = AcceptableDigests()) -> Path:
    return run.ensure(index, step_for(index, run.file(index), acceptable))["demo"]


def refused(run: Connected, index: Index, acceptable: AcceptableDigests = AcceptableDigests()) -> str:
    """Text of the one hash-mismatch finding."""
    with pytest.raises(Refused) as caught:
        fetch(run, index, acceptable)
    assert caught.value.exit_code is ExitCode.VERIFICATION
    (finding,) = caught.value.findings
    assert (finding.rule, finding.subject) == ("hash-mismatch", WHEEL)
    return "\n".join(finding.notes)


def user_hashes(*texts: str) -> AcceptableDigests:
    return AcceptableDigests.of(Digest.parse(text) for text in texts)


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_ends_under_its_digest(server, tmp_path):
    with connected(tmp_path) as run:
        path = fetch(run, index_of(server))
        assert path.read_bytes() == CONTENT
        digest = sha256(CONTENT)
        assert files_under(tmp_path / "store") == [f"sha256/{digest[:2]}/{digest}/{WHEEL}"]
        began = [event for event in run.events if isinstance(event, DownloadBegan)]
        received = sum(event.received for event in run.events if isinstance(event, DownloadAdvanced))
    assert began == [DownloadBegan(filename=WHEEL, size=len(CONTENT), cached=False)]
    assert received == len(CONTENT)
    assert run.events[-1] == DownloadFinished(filename=WHEEL)


def test_a_stored_file_is_used_without_a_request(server, tmp_path):
    with connected(tmp_path) as run:
        file = run.file(index_of(server))
        run.ensure(index_of(server), step_for(index_of(server), file))
    before = len(server.requests)
    with connected(tmp_path) as run:
        run.ensure(index_of(server), step_for(index_of(server), file))
        assert run.events[0] == DownloadBegan(filename=WHEEL, size=len(CONTENT), cached=True)
    assert len(server.requests) == before


def test_an_edited_stored_file_is_dropped_and_fetched_again(server, tmp_path):
    with connected(tmp_path) as run:
        fetch(run, index_of(server)).write_bytes(EVIL)
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT
    assert server.paths_asked().count(FILE) == 2


def flipped(content: bytes) -> bytes:
    """The same length, one bit another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda content: content[:-1], lambda content: content + b"\0", lambda _: b"", lambda _: EVIL],
    ids=["a flipped bit", "too short", "too long", "empty", "another wheel"],
)
def test_a_stored_file_of_other_bytes_is_found_and_fetched_anew(server, tmp_path, damage):
    with connected(tmp_path) as run:
        fetch(run, index_of(server)).write_bytes(damage(CONTENT))
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT
    assert server.paths_asked().count(FILE) == 2


def test_a_damaged_stored_file_is_not_used_where_no_other_can_be_had(server, tmp_path):
    with connected(tmp_path) as run:
        index, file = index_of(server), run.file(index_of(server))
        run.ensure(index, step_for(index, file))["demo"].write_bytes(flipped(CONTENT))
    server.fail(FILE, 404)
    with connected(tmp_path) as run, pytest.raises(Undecided):
        run.ensure(index, step_for(index, file))


def test_the_name_of_a_stored_file_counts_too(server, tmp_path):
    """The same bytes under another name are another file: its name says what it claims to be."""
    other = "demo-1.0-py2.py3-none-any.whl"
    with connected(tmp_path) as run:
        path = fetch(run, index_of(server))
        path.rename(path.with_name(other))
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).name == WHEEL
    assert server.paths_asked().count(FILE) == 2


def test_the_size_that_a_page_gives_counts_for_a_stored_file_too(server, tmp_path):
    with connected(tmp_path) as run:
        index, file = index_of(server), run.file(index_of(server))
        fetch(run, index)
    with connected(tmp_path) as run, pytest.raises(Refused) as caught:
        run.ensure(index, step_for(index, replace(file, size=len(CONTENT) + 1)))
    assert caught.value.findings[0].rule == "hash-mismatch"


def test_without_a_folder_the_store_ends_with_the_run(server):
    with connected() as run:
        path = fetch(run, index_of(server))
        assert path.read_bytes() == CONTENT
    assert not path.exists()


def test_other_bytes_than_the_page_promises_are_refused(server, tmp_path):
    server.replace_file(WHEEL, CONTENT[:-1] + b"x")
    with connected(tmp_path) as run:
        notes = refused(run, index_of(server))
    assert f"Expected sha256 {sha256(CONTENT)} (says the index)" in notes
    assert f"     Got        {sha256(CONTENT[:-1] + b'x')}" in notes
    assert f"from {server.origin}{FILE}" in notes
    assert files_under(tmp_path / "store") == []


@pytest.mark.parametrize("hashes", [{"md5": "0" * 32}, {"sha512": "0" * 128}, {"sha1": "0" * 40}], ids=str)
def test_every_digest_of_the_page_must_agree_weak_ones_included(hashes):
    with IndexServer() as twin, connected() as run:
        twin.add_wheel(CONTENT, WHEEL, hashes={"sha256": sha256(CONTENT), **hashes})
        assert f"Expected {next(iter(hashes))}" in refused(run, index_of(twin))


def test_all_true_digests_of_the_page_agree():
    import hashlib

    hashes = {
        name: hashlib.new(name, CONTENT).hexdigest() for name in ("md5", "sha1", "sha224", "sha384", "sha512")
    }
    with IndexServer() as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL, hashes={"sha256": sha256(CONTENT), **hashes})
        assert fetch(run, index_of(server)).read_bytes() == CONTENT


def test_the_users_hash_must_agree(server):
    with connected() as run:
        wrong = user_hashes("sha256:" + "0" * 64)
        assert "Expected sha256 " + "0" * 64 in refused(run, index_of(server), wrong)
    assert FILE not in server.paths_asked()


def test_the_users_hash_of_another_algorithm_must_agree_too(server):
    with connected() as run:
        notes = refused(run, index_of(server), user_hashes("sha512:" + "0" * 128))
    assert "(says --hash)" in notes


def test_one_of_several_hashes_of_the_user_is_enough(server):
    with connected() as run:
        several = user_hashes("sha256:" + "0" * 64, "sha256:" + sha256(CONTENT))
        assert fetch(run, index_of(server), several).read_bytes() == CONTENT


def test_the_users_hash_alone_decides_where_the_page_gives_none():
    with IndexServer(digests=False) as server, connected() as run:
        server.add_wheel(EVIL, WHEEL)
        assert "Expected sha256" in refused(run, index_of(server), user_hashes("sha256:" + sha256(CONTENT)))
    with IndexServer(digests=False) as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL)
        right = user_hashes("sha256:" + sha256(CONTENT))
        assert fetch(run, index_of(server), right).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_another_size_than_the_page_gives_is_refused(size):
    with IndexServer() as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL, size=size)
        assert f"Expected {size:,} bytes" in refused(run, index_of(server))


def test_more_bytes_than_the_page_gives_are_cut_off():
    with IndexServer() as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL)
        server.answer(FILE, Response(body=CONTENT + bytes(10_000_000), announced=-1))
        assert "more than" in refused(run, index_of(server))


def test_more_bytes_than_announced_do_not_reach_the_store(server, tmp_path):
    server.answer(FILE, Response(body=CONTENT + b"more", announced=len(CONTENT)))
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT


def test_a_file_beyond_the_ceiling_is_no_answer():
    limits = replace(IMPATIENT, file_max_bytes=1000)
    with IndexServer(json=False) as server, connected(limits=limits) as run:
        server.add_wheel(CONTENT, WHEEL)
        with pytest.raises(Undecided, match="more than 1,000 bytes"):
            fetch(run, index_of(server))


def test_all_mismatches_are_told_together(server):
    server.add_wheel(CONTENT, "other-1.0-py3-none-any.whl")
    server.add_wheel(CONTENT, "third-1.0-py3-none-any.whl")
    server.replace_file(WHEEL, EVIL)
    server.replace_file("other-1.0-py3-none-any.whl", EVIL)
    with connected() as run:
        index = index_of(server)
        steps = [step_for(index, run.file(index, name)) for name in ("demo", "other", "third")]
        with pytest.raises(Refused) as caught:
            run.ensure(index, *steps)
    assert [finding.subject for finding in caught.value.findings] == [WHEEL, "other-1.0-py3-none-any.whl"]


def test_many_files_come_in_parallel(server, tmp_path):
    names = [f"many{number}" for number in range(20)]
    for name in names:
        server.add_wheel(make_wheel(name), f"{name}-1.0-py3-none-any.whl")
    with connected(tmp_path) as run:
        index = index_of(server)
        held = run.ensure(index, *[step_for(index, run.file(index, name)) for name in names])
    assert sorted(held) == sorted(names)
    assert all(path.is_file() for path in held.values())


def test_a_file_begun_early_is_fetched_once(server):
    with connected() as run:
        index = index_of(server)
        file = run.file(index)
        run.store.begin(file, index)
        run.ensure(index, step_for(index, file))
    assert server.paths_asked().count(FILE) == 1


# -- broken connections ------------------------------------------------------------------------------


def test_a_broken_download_is_resumed(server, tmp_path):
    server.close_mid_file(FILE, 200_000, times=1)
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT
    asked = [request for request in server.requests if request.path == FILE]
    assert [request.headers["Range"] for request in asked] == [None, "bytes=200000-"]
    assert asked[1].headers["If-Range"] is not None


def test_a_server_without_ranges_sends_it_all_again(tmp_path):
    with IndexServer(ranges=False) as server, connected(tmp_path) as run:
        server.add_wheel(CONTENT, WHEEL)
        server.close_mid_file(FILE, 200_000, times=1)
        assert fetch(run, index_of(server)).read_bytes() == CONTENT


def test_a_file_replaced_between_the_parts_is_fetched_whole(server):
    server.answer(
        FILE,
        Response(body=EVIL[:100], announced=len(CONTENT), close_after=100, headers={"ETag": '"old"'}),
        times=1,
    )
    with connected() as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT


def test_parts_of_two_files_do_not_pass_as_one():
    with IndexServer(etags=False) as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL)
        server.answer(FILE, Response(body=b"x" * 100, announced=len(CONTENT), close_after=100), times=1)
        assert "Expected sha256" in refused(run, index_of(server))


def test_a_partial_answer_that_starts_elsewhere_is_not_joined(server):
    server.close_mid_file(FILE, 1000, times=1)
    where = f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
    server.answer(FILE, Response(status=206, body=CONTENT, headers={"Content-Range": where}))
    with connected() as run, pytest.raises(Undecided, match="HTTP status 206"):
        fetch(run, index_of(server))


def test_a_connection_that_always_breaks_off_leaves_nothing(server, tmp_path):
    server.close_mid_file(FILE, 0)
    with connected(tmp_path) as run, pytest.raises(Undecided, match="broke off"):
        fetch(run, index_of(server))
    assert files_under(tmp_path / "store") == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_file_that_is_not_there_is_no_answer(server, tmp_path, status):
    server.fail(FILE, status)
    with connected(tmp_path) as run, pytest.raises(Undecided, match=f"HTTP status {status}"):
        fetch(run, index_of(server))
    assert files_under(tmp_path / "store") == []


def test_a_content_coding_is_not_undone_for_files(server):
    server.answer(FILE, Response(body=CONTENT, headers={"Content-Encoding": "gzip"}))
    with connected() as run, pytest.raises(Undecided, match="content coding"):
        fetch(run, index_of(server))


# -- where files may come from -------------------------------------------------------------------------


def linked(server: IndexServer, url: str, **fields: object) -> tuple[str, str]:
    """Rule and message of the refusal of a file that the page links so."""
    server.add_wheel(CONTENT, "linked-1.0-py3-none-any.whl", url=url, **fields)
    with connected() as run:
        index = index_of(server)
        with pytest.raises(Refused) as caught:
            run.ensure(index, step_for(index, run.file(index, "linked")))
    (finding,) = caught.value.findings
    return finding.rule, finding.message


@pytest.mark.parametrize(
    "url, rule",
    [
        ("http://localhost:1/linked-1.0-py3-none-any.whl", "plaintext-link"),
        ("file:///etc/linked-1.0-py3-none-any.whl", "plaintext-link"),
        ("git+https://evil.example/linked-1.0-py3-none-any.whl", "plaintext-link"),
        ("https://user:pw@localhost:1/linked-1.0-py3-none-any.whl", "credentials-in-url"),
        ("https://[/linked-1.0-py3-none-any.whl", "plaintext-link"),
    ],
)
def test_a_link_that_is_no_plain_https_is_refused_before_a_connection(server, url, rule):
    found, message = linked(server, url)
    assert found == rule
    assert "pw@" not in message


def test_a_foreign_host_needs_a_strong_digest(server):
    with IndexServer() as cdn:
        cdn.add_wheel(CONTENT, "linked-1.0-py3-none-any.whl")
        url = cdn.origin + "/files/linked-1.0-py3-none-any.whl"
        rule, message = linked(server, url, hashes={"md5": "0" * 32})
        assert (rule, cdn.connections) == ("file-host", 0)
        assert "no strong digest" in message
        server.remove_project("linked")
        server.add_wheel(CONTENT, "linked-1.0-py3-none-any.whl", url=url)
        with connected() as run:
            index = index_of(server)
            assert run.ensure(index, step_for(index, run.file(index, "linked")))


def test_with_file_hosts_no_other_host_serves_files(server):
    with IndexServer() as cdn:
        cdn.add_wheel(CONTENT, WHEEL)
        server.add_wheel(
            CONTENT, "linked-1.0-py3-none-any.whl", url=f"{cdn.origin}/files/linked-1.0-py3-none-any.whl"
        )
        cdn.add_wheel(CONTENT, "linked-1.0-py3-none-any.whl")
        with connected() as run:
            strict = index_of(server, file_hosts=frozenset({"cdn.example"}))
            with pytest.raises(Refused) as caught:
                run.ensure(strict, step_for(strict, run.file(strict, "linked")))
            assert caught.value.findings[0].rule == "file-host"
            listed = index_of(server, name="listed", file_hosts=frozenset({f"localhost:{cdn.port}"}))
            assert run.ensure(listed, step_for(listed, run.file(listed, "linked")))


def test_credentials_of_the_index_are_not_sent_to_a_foreign_host():
    with IndexServer() as cdn, IndexServer(credentials=("user", "pw")) as server, connected() as run:
        cdn.add_wheel(CONTENT, WHEEL)
        server.add_wheel(CONTENT, WHEEL, url=cdn.origin + FILE)
        index = index_of(server, url=Url.parse(server.url.replace("://", "://user:pw@")))
        assert fetch(run, index).read_bytes() == CONTENT
    assert [request.headers["Authorization"] for request in cdn.requests] == [None]


def test_credentials_of_the_index_are_sent_for_files_on_its_own_origin():
    with IndexServer(credentials=("user", "pw")) as server, connected() as run:
        server.add_wheel(CONTENT, WHEEL)
        index = index_of(server, url=Url.parse(server.url.replace("://", "://user:pw@")))
        assert fetch(run, index).read_bytes() == CONTENT


def test_a_file_that_redirects_to_plain_http_is_refused(server):
    server.redirect(FILE, "http://localhost:1/" + WHEEL)
    with connected() as run, pytest.raises(Refused) as caught:
        fetch(run, index_of(server))
    assert caught.value.findings[0].rule == "plaintext-link"


# -- local files ---------------------------------------------------------------------------------------


def local_index(folder: Path) -> Index:
    return Index(name=str(folder), url=Url.parse(folder.as_uri()), kind=IndexKind.LOCAL_FOLDER)


def test_a_local_file_is_copied_before_it_is_used(tmp_path):
    source = tmp_path / "wheels" / WHEEL
    source.parent.mkdir()
    source.write_bytes(CONTENT)
    with connected(tmp_path / "cache") as run:
        index = local_index(source.parent)
        path = fetch(run, index)
        source.write_bytes(EVIL)
        assert path.read_bytes() == CONTENT


def test_a_local_file_must_have_the_users_hash(tmp_path):
    (tmp_path / WHEEL).write_bytes(CONTENT)
    with connected(tmp_path / "cache") as run:
        index = local_index(tmp_path)
        assert "Expected sha256" in refused(run, index, user_hashes("sha256:" + "0" * 64))
        assert fetch(run, index, user_hashes("sha256:" + sha256(CONTENT))).read_bytes() == CONTENT


@pytest.mark.parametrize("kept", [False, True], ids=["local", "kept from an earlier run"])
@pytest.mark.parametrize("off", [-1, 1])
def test_another_size_than_a_lock_gives_is_refused_wherever_the_file_is(tmp_path, off, kept):
    (tmp_path / WHEEL).write_bytes(CONTENT)
    index = local_index(tmp_path)
    digests = Digests.of([Digest.parse("sha256:" + sha256(CONTENT))])
    right = FileEntry(filename=WHEEL, url=(tmp_path / WHEEL).as_uri(), size=len(CONTENT), digests=digests)
    with connected(tmp_path / "cache") as run:
        if kept:
            run.ensure(index, step_for(index, right))
        wrong = replace(right, size=len(CONTENT) + off)
        with pytest.raises(Refused, match="refused") as caught:
            run.ensure(index, step_for(index, wrong))
        assert caught.value.findings[0].notes[0] == f"Expected {len(CONTENT) + off:,} bytes"
        assert run.ensure(index, step_for(index, right))["demo"].read_bytes() == CONTENT


@pytest.mark.parametrize("endless", ["pipe", "device"])
def test_a_local_file_that_never_ends_is_no_file(tmp_path, endless):
    """A lock of a project names its files; a pipe would wait for ever, a device fill the disk."""
    place = tmp_path / WHEEL
    if endless == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")
    index = local_index(tmp_path)
    with connected() as run, pytest.raises(Undecided, match="not a regular file"):
        run.ensure(index, step_for(index, FileEntry(filename=WHEEL, url=place.as_uri())))


def test_a_local_file_beyond_the_ceiling_is_no_answer(tmp_path):
    (tmp_path / WHEEL).write_bytes(CONTENT)
    index = local_index(tmp_path)
    file = FileEntry(filename=WHEEL, url=(tmp_path / WHEEL).as_uri())
    limits = replace(IMPATIENT, file_max_bytes=1000)
    with connected(limits=limits) as run, pytest.raises(Undecided, match="more than 1,000 bytes"):
        run.ensure(index, step_for(index, file))


def test_a_link_to_a_local_file_is_that_file(tmp_path):
    (tmp_path / "kept.whl").write_bytes(CONTENT)
    (tmp_path / WHEEL).symlink_to(tmp_path / "kept.whl")
    index = local_index(tmp_path)
    file = FileEntry(filename=WHEEL, url=(tmp_path / WHEEL).as_uri())
    with connected() as run:
        assert run.ensure(index, step_for(index, file))["demo"].read_bytes() == CONTENT


@pytest.mark.parametrize("scheme, rule", [("http", "plaintext-link"), ("https", "file-host")])
def test_a_remote_link_of_a_local_page_is_refused(tmp_path, scheme, rule):
    index = local_index(tmp_path)
    file = FileEntry(filename=WHEEL, url=f"{scheme}://index.example/{WHEEL}")
    with connected() as run, pytest.raises(Refused) as caught:
        run.ensure(index, step_for(index, file))
    assert caught.value.findings[0].rule == rule


def test_a_local_file_that_vanished_is_no_answer(tmp_path):
    index = local_index(tmp_path)
    file = FileEntry(filename=WHEEL, url=(tmp_path / WHEEL).as_uri())
    with connected() as run, pytest.raises(Undecided, match="cannot be read"):
        run.ensure(index, step_for(index, file))


# -- handing over ----------------------------------------------------------------------------------------


def test_files_are_placed_under_their_own_names(server, tmp_path, monkeypatch):
    with connected(tmp_path / "cache") as run:
        held = {"demo": fetch(run, index_of(server))}
        for number in range(2):
            folder = tmp_path / f"placed{number}"
            folder.mkdir()
            placed = run.store.place(held, folder)
            assert placed["demo"] == folder / WHEEL
            assert placed["demo"].read_bytes() == CONTENT
            monkeypatch.setattr(os, "link", _no_links)


def test_a_store_that_cannot_be_written_is_done_without(server, tmp_path):
    (tmp_path / "store").write_text("a file where the folder should be")
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT
        (note,) = [event for event in run.events if isinstance(event, Noted)]
    assert str(tmp_path / "store") in note.text
    assert (tmp_path / "store").is_file()


def test_a_disk_that_is_full_everywhere_is_an_error(server, tmp_path, monkeypatch):
    monkeypatch.setattr(ArtifactStore, "_bring", _disk_is_full)
    with connected(tmp_path) as run, pytest.raises(ApplyError, match="cannot be stored: No space"):
        fetch(run, index_of(server))


@pytest.mark.parametrize("occupy", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_stands_in_a_files_place_is_no_file(server, tmp_path, occupy):
    place = tmp_path / "store" / "sha256" / sha256(CONTENT)[:2] / sha256(CONTENT)
    place.mkdir(parents=True)
    occupy(place / WHEEL)
    with connected(tmp_path) as run:
        assert fetch(run, index_of(server)).read_bytes() == CONTENT


def test_a_link_in_a_files_place_is_not_followed(server, tmp_path):
    with connected(tmp_path) as run:
        path = fetch(run, index_of(server))
    elsewhere = tmp_path / "same.whl"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with connected(tmp_path) as run:
        again = fetch(run, index_of(server))
    assert again.read_bytes() == CONTENT
    assert not again.is_symlink()


def _disk_is_full(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _no_links(*_paths: object) -> None:
    raise OSError("no links across devices")


SLOW = replace(IMPATIENT, retries=0, file_pace_seconds=1.5, file_pace_bytes=50_000)


@pytest.mark.parametrize("pause,comes", [(0.2, False), (0.002, True)])
def test_a_file_host_that_drips_is_given_up_and_a_slow_one_is_not(server, tmp_path, pause, comes):
    server.answer(FILE, Response(body=CONTENT, chunk_delay_seconds=pause))
    with connected(tmp_path, limits=SLOW) as run:
        index = index_of(server)
        if comes:
            assert fetch(run, index).read_bytes() == CONTENT
            return
        with pytest.raises(Undecided, match=r"less than 48 KiB in 1\.5 seconds"):
            fetch(run, index)
    assert not any(Path(name).name == WHEEL for name in files_under(tmp_path))
