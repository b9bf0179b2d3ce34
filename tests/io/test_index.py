"""Asking an index: what is an answer, what is absence, and what is neither."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safepip.core.events import ProjectListed
from safepip.core.index import Absent, IndexKind, Serves, Trust
from safepip.core.url import Url
from safepip.io.credentials import CredentialStore
from tests.support.certificates import Certificate, other_ca_path
from tests.support.connected import connected, index_of
from tests.support.server import JSON_TYPE, IndexServer, Response
from tests.support.wheels import make_wheel

WHEEL = "demo-1.0-py3-none-any.whl"
PAGE = "/simple/demo/"
EMPTY = "<!DOCTYPE html><html><head><title>Links for demo</title></head><body></body></html>"


@pytest.fixture
def server():
    with IndexServer() as running:
        running.add_wheel(make_wheel("demo"), WHEEL)
        yield running


def finding_of(server: IndexServer, **index_fields):
    with connected() as run:
        return run.refusal(index_of(server, **index_fields))


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("formats", [{"json": True}, {"json": False}, {"html": False}], ids=str)
def test_a_project_is_listed_in_either_format(formats):
    with IndexServer(**formats) as server, connected() as run:
        server.add_wheel(make_wheel("demo"), WHEEL, **{"requires-python": ">=3.8", "yanked": "why"})
        entry = run.file(index_of(server))
    assert (entry.filename, entry.requires_python, entry.yanked) == (WHEEL, ">=3.8", "why")
    assert entry.digests.strong
    assert entry.url == f"{server.origin}/files/{WHEEL}"
    assert ProjectListed(project="demo", index="corp") in run.events


def test_json_is_asked_for_first(server):
    with connected() as run:
        run.listing(index_of(server))
    accept = server.requests[0].headers["Accept"]
    assert accept.startswith(f"{JSON_TYPE},")
    assert "text/html;q=0.01" in accept


def test_a_project_is_asked_for_once(server):
    with connected() as run:
        index = index_of(server)
        futures = [run.client.listing(index, "demo") for _ in range(20)]
        assert len({id(future.result(20)) for future in futures}) == 1
    assert server.paths_asked() == [PAGE]


@pytest.mark.parametrize("status", [404, 410])
def test_not_found_and_gone_mean_absent(server, status):
    server.fail(PAGE, status)
    with connected() as run:
        assert run.answer(index_of(server)) == Absent()


def test_an_empty_index_page_means_absent(server):
    server.add_project_page("demo", EMPTY)
    with connected() as run:
        assert run.answer(index_of(server)) == Absent()


def test_a_status_that_the_policy_calls_absent_is_absent(server):
    server.fail(PAGE, 403)
    with connected() as run:
        assert run.answer(index_of(server, absent_statuses=frozenset({403}))) == Absent()


def test_a_page_whose_files_were_all_kept_out_is_not_absent(server):
    server.add_project_page("demo", '<html><title>Links for demo</title><a href="/x.whl">y.whl</a></html>')
    with connected() as run:
        listing = run.listing(index_of(server))
    assert listing.files == ()
    assert len(listing.notes) == 1


# -- no answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 406, 407, 429, 500, 502, 503])
def test_an_error_status_is_no_answer(server, status):
    server.fail(PAGE, status)
    finding = finding_of(server)
    assert finding.rule == "index-unavailable"
    assert f"HTTP status {status}" in finding.message
    assert finding.origin.place == f"{server.url}/demo/"
    assert finding.help


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304])
def test_a_status_that_makes_no_sense_here_is_no_answer(server, status):
    server.answer(PAGE, Response(status=status, body=EMPTY.encode()))
    assert finding_of(server).rule == "index-unavailable"


@pytest.mark.parametrize(
    "response",
    [
        Response(body=b"<html><form action=/login><input type=password></form></html>"),
        Response(body=b"garbage"),
        Response(body=b""),
        Response(body=EMPTY.encode(), content_type="text/plain"),
        Response(body=EMPTY.encode(), content_type=None),
        Response(body=EMPTY.encode(), content_type=JSON_TYPE),
        Response(
            body=b'{"meta": {"api-version": "2.0"}, "name": "demo", "files": []}', content_type=JSON_TYPE
        ),
        Response(body=EMPTY.encode(), announced=len(EMPTY) + 10, close_after=len(EMPTY)),
        Response(body=EMPTY[:-7].encode(), announced=-1),
    ],
    ids=[
        "login form",
        "garbage",
        "nothing",
        "wrong type",
        "no type",
        "html as json",
        "api 2",
        "closes early",
        "cut",
    ],
)
def test_a_page_that_cannot_be_relied_on_is_no_answer(server, response):
    server.answer(PAGE, response)
    finding = finding_of(server)
    assert finding.rule == "index-unavailable"
    assert "corp gave no" in finding.message


def test_a_page_without_announced_length_counts_if_it_is_whole(server):
    server.answer(PAGE, Response(body=EMPTY.encode(), announced=-1))
    with connected() as run:
        assert run.answer(index_of(server)) == Absent()


def test_an_index_that_hangs_is_no_answer(server):
    server.hang(PAGE)
    assert "nothing came for" in finding_of(server).message


def test_an_index_that_nobody_runs_is_no_answer(server):
    index = index_of(server, url=Url.parse("https://localhost:1/simple"))
    with connected() as run:
        assert run.refusal(index).rule == "index-unavailable"


def test_a_bad_certificate_is_no_answer():
    with IndexServer(certificate=Certificate.EXPIRED) as server:
        finding = finding_of(server)
    assert finding.rule == "tls-failure"
    assert "expired" in finding.message


def test_a_plaintext_index_is_never_contacted():
    with IndexServer(plaintext=True) as server:
        finding = finding_of(server)
        assert finding.rule == "plaintext-index"
        assert server.connections == 0


def test_a_plaintext_index_on_loopback_is_read_where_the_policy_says_so():
    with IndexServer(plaintext=True) as server, connected() as run:
        server.add_wheel(make_wheel("demo"), WHEEL)
        index = index_of(server, allows_plaintext=True)
        assert run.metadata(index).name == "demo"


def test_a_page_that_redirects_to_plain_http_is_no_answer(server):
    server.redirect(PAGE, "http://localhost:1/simple/demo/")
    assert finding_of(server).rule == "plaintext-link"


def test_a_page_that_redirects_to_a_foreign_host_is_no_answer_unless_it_is_listed(server):
    with IndexServer() as other:
        other.add_wheel(make_wheel("demo"), WHEEL)
        server.redirect(PAGE, other.url + "/demo/")
        assert finding_of(server).rule == "file-host"
        assert other.requests == []
        with connected() as run:
            assert run.file(index_of(server, file_hosts=frozenset({f"localhost:{other.port}"})))


def test_relative_links_start_from_where_the_redirect_led(server):
    server.redirect(PAGE, "/elsewhere/pages/demo/")
    page = f'<html><title>Links for demo</title><a href="../files/{WHEEL}">{WHEEL}</a></html>'
    server.answer("/elsewhere/pages/demo/", Response(body=page.encode()))
    with connected() as run:
        assert run.file(index_of(server)).url == f"{server.origin}/elsewhere/pages/files/{WHEEL}"


@pytest.mark.parametrize("json", [True, False])
def test_a_quarantined_project_is_refused_even_if_files_are_listed(json):
    with IndexServer(json=json) as server:
        server.add_wheel(make_wheel("demo"), WHEEL)
        server.set_page("demo", **{"project-status": {"status": "quarantined"}})
        finding = finding_of(server)
    assert (finding.rule, finding.subject) == ("quarantined-project", "demo")


def test_an_archived_project_is_served(server):
    server.set_page("demo", **{"project-status": {"status": "archived"}})
    with connected() as run:
        assert run.file(index_of(server)).filename == WHEEL


def test_passing_trouble_is_survived(server):
    server.fail(PAGE, 503, times=1)
    with connected() as run:
        assert isinstance(run.answer(index_of(server)), Serves)


# -- credentials -----------------------------------------------------------------------------------


def test_credentials_of_the_index_url_are_sent_and_never_shown():
    with IndexServer(credentials=("user", "s3cret")) as server, connected() as run:
        server.add_wheel(make_wheel("demo"), WHEEL)
        url = Url.parse(server.url.replace("://", "://user:s3cret@"))
        assert run.file(index_of(server, url=url)).url == f"{server.origin}/files/{WHEEL}"
        wrong = index_of(server, name="wrong", url=Url.parse(server.url.replace("://", "://user:wr0ng@")))
        finding = run.refusal(wrong)
    assert "HTTP status 401" in finding.message
    assert "wr0ng" not in repr(finding)


def test_keyring_is_asked_only_after_a_refusal():
    asked = []

    def keyring(service, username):
        from safepip.core.url import Credentials

        asked.append((service, username))
        return Credentials(username="user", password="pw")

    with (
        IndexServer(credentials=("user", "pw")) as server,
        connected(credentials=CredentialStore(keyring=keyring)) as run,
    ):
        server.add_wheel(make_wheel("demo"), WHEEL)
        index = index_of(server)
        assert run.file(index)
        assert run.answer(index, "other") == Absent()
    assert asked == [(server.url, None)]
    assert [asked.headers["Authorization"] is None for asked in server.requests] == [True, False, False]


# -- the page cache --------------------------------------------------------------------------------


def test_a_cached_page_is_revalidated_in_every_run(server, tmp_path):
    index = index_of(server)
    for _ in range(2):
        with connected(tmp_path) as run:
            assert run.file(index).filename == WHEEL
    first, second = server.requests
    assert first.headers["If-None-Match"] is None
    assert second.headers["If-None-Match"] is not None


def test_a_yank_counts_at_once(server, tmp_path):
    server.answer(
        PAGE, Response(body=_page(), headers={"ETag": '"1"', "Cache-Control": "max-age=99999"}), times=1
    )
    with connected(tmp_path) as run:
        assert run.file(index_of(server)).yanked is None
    server.answer(PAGE, Response(body=_page(' data-yanked="bad"'), headers={"ETag": '"2"'}))
    with connected(tmp_path) as run:
        assert run.file(index_of(server)).yanked == "bad"


@pytest.mark.parametrize(
    "edit", [lambda body: body.replace(b"demo-1.0", b"demo-6.6"), lambda body: body[:40], lambda _: b""]
)
def test_an_edited_cache_entry_is_never_used(server, tmp_path, edit):
    index = index_of(server)
    with connected(tmp_path) as run:
        run.file(index)
    (entry,) = [path for path in (tmp_path / "pages").rglob("*") if path.is_file()]
    entry.write_bytes(edit(entry.read_bytes()))
    with connected(tmp_path) as run:
        assert run.file(index).filename == WHEEL
    assert server.requests[-1].headers["If-None-Match"] is None


def test_a_page_cached_under_other_trust_is_not_used(server, tmp_path):
    with connected(tmp_path) as run:
        run.file(index_of(server))
    both = tmp_path / "both.pem"
    both.write_text(Path(server.ca_path).read_text())
    with connected(tmp_path) as run:
        run.file(index_of(server, trust=index_of(server).trust.__class__(ca_bundle=str(both))))
    assert server.requests[-1].headers["If-None-Match"] is None


def test_a_page_from_an_interception_is_not_used_once_that_is_over(server, tmp_path):
    """Whoever intercepts sees the true ETag, and can send his own page with it."""
    index = index_of(server, trust=Trust())
    poisoned = Response(body=_page().replace(b"demo-1.0", b"demo-6.6"), headers={"ETag": '"true"'})
    server.answer(PAGE, poisoned, times=1)
    both = tmp_path / "intercepting.pem"
    both.write_text(Path(server.ca_path).read_text() + Path(other_ca_path()).read_text())
    with connected(tmp_path, environ={"SSL_CERT_FILE": str(both)}) as run:
        run.file(index)
    server.answer(PAGE, Response(body=_page(), headers={"ETag": '"true"'}))
    for _ in range(2):
        with connected(tmp_path, environ={"SSL_CERT_FILE": server.ca_path}) as run:
            assert run.file(index).filename == WHEEL
    intercepted, first, again = server.requests
    assert intercepted.headers["If-None-Match"] is None
    assert first.headers["If-None-Match"] is None
    assert again.headers["If-None-Match"] == '"true"'


def test_a_bundle_that_was_changed_is_another_one(server, tmp_path):
    bundle = tmp_path / "bundle.pem"
    for text in (Path(server.ca_path).read_text(), Path(server.ca_path).read_text() * 2):
        bundle.write_text(text)
        with connected(tmp_path) as run:
            run.file(index_of(server, trust=Trust(ca_bundle=str(bundle))))
    assert server.requests[-1].headers["If-None-Match"] is None


def test_a_page_that_others_can_write_is_not_used(server, tmp_path):
    with connected(tmp_path) as run:
        run.file(index_of(server))
    (entry,) = [path for path in (tmp_path / "pages").rglob("*") if path.is_file()]
    assert entry.stat().st_mode & 0o077 == 0
    entry.chmod(0o666)
    with connected(tmp_path) as run:
        run.file(index_of(server))
    assert server.requests[-1].headers["If-None-Match"] is None


def test_a_page_that_was_moved_is_not_used(server, tmp_path):
    server.add_wheel(make_wheel("other"), "other-1.0-py3-none-any.whl")
    entries = {}
    for name in ("demo", "other"):
        with connected(tmp_path) as run:
            run.file(index_of(server), name)
        known = set(entries.values())
        entries[name] = next(p for p in (tmp_path / "pages").rglob("*") if p.is_file() and p not in known)
    entries["demo"].write_bytes(entries["other"].read_bytes())
    with connected(tmp_path) as run:
        assert run.file(index_of(server)).filename == WHEEL
    assert server.requests[-1].headers["If-None-Match"] is None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_stands_in_a_pages_place_is_no_page(server, tmp_path, make):
    with connected(tmp_path) as run:
        run.file(index_of(server))
    (entry,) = [path for path in (tmp_path / "pages").rglob("*") if path.is_file()]
    entry.unlink()
    make(entry)
    with connected(tmp_path) as run:
        assert run.file(index_of(server)).filename == WHEEL


def test_pages_that_cannot_be_kept_are_done_without(server, tmp_path):
    (tmp_path / "pages").write_text("a file where the folder should be")
    for _ in range(2):
        with connected(tmp_path) as run:
            assert run.file(index_of(server)).filename == WHEEL


def test_a_304_that_nobody_asked_for_is_no_answer(server):
    server.answer(PAGE, Response(status=304, content_type=None))
    assert finding_of(server).rule == "index-unavailable"


def test_pages_without_validators_are_fetched_again(tmp_path):
    with IndexServer(etags=False) as server:
        server.add_wheel(make_wheel("demo"), WHEEL)
        for _ in range(2):
            with connected(tmp_path) as run:
                run.file(index_of(server))
    assert server.paths_asked() == [PAGE, PAGE]
    assert not (tmp_path / "pages").exists()


# -- pages of links --------------------------------------------------------------------------------


def test_a_page_of_links_serves_many_projects_from_one_request(server):
    page = f'<a href="/files/{WHEEL}">a</a> <a href="/files/other-2.0.tar.gz">b</a>'
    server.answer("/links", Response(body=page.encode()))
    index = index_of(server, url=Url.parse(server.origin + "/links"), kind=IndexKind.LINKS)
    with connected() as run:
        assert run.file(index, "demo").filename == WHEEL
        assert run.file(index, "other").filename == "other-2.0.tar.gz"
        assert run.answer(index, "third") == Absent()
    assert server.paths_asked() == ["/links"]


@pytest.mark.parametrize("digest", ["", "#sha256=" + "a" * 64])
def test_the_url_of_one_archive_stands_for_a_page_of_links(server, digest):
    index = index_of(server, url=Url.parse(f"{server.origin}/files/{WHEEL}{digest}"), kind=IndexKind.LINKS)
    with connected() as run:
        file = run.file(index)
        assert (file.filename, file.url) == (WHEEL, f"{server.origin}/files/{WHEEL}")
        assert bool(file.digests.strong) is bool(digest)
        assert run.answer(index, "other") == Absent()
    assert server.requests == []


def test_a_missing_page_of_links_is_no_answer(server):
    index = index_of(server, url=Url.parse(server.origin + "/missing"), kind=IndexKind.LINKS)
    with connected() as run:
        assert run.refusal(index).rule == "index-unavailable"


def _page(more: str = "") -> bytes:
    return f'<html><title>Links for demo</title><a href="/files/{WHEEL}"{more}>{WHEEL}</a></html>'.encode()
