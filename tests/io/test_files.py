"""Texts that the user named, local and remote; the clock; the worker threads."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path

import pytest

from safepip.core.errors import Refused, Undecided
from safepip.core.limits import Limits
from safepip.io.clock import SystemClock
from safepip.io.credentials import CredentialStore
from safepip.io.files import SystemFiles
from safepip.io.workers import Workers
from tests.support.connected import http, trust
from tests.support.server import IndexServer, Response


@pytest.fixture
def server():
    with IndexServer() as running:
        running.answer("/r.txt", Response(body=b"demo==1.0\n", content_type="text/plain"))
        yield running


@pytest.fixture
def texts():
    with ExitStack() as stack:
        client = stack.enter_context(http())

        def make(**arguments):
            return SystemFiles(connect=lambda: (client, CredentialStore()), trust=trust(), **arguments)

        yield make


def test_local_files(tmp_path):
    files = SystemFiles(connect=_never)
    path = tmp_path / "r.txt"
    path.write_bytes(b"demo\n")
    assert files.read_bytes(str(path)) == b"demo\n"
    assert files.exists(str(path))
    assert not files.is_dir(str(path))
    assert files.is_dir(str(tmp_path))
    with pytest.raises(OSError, match="No such file"):
        files.read_bytes(str(tmp_path / "missing"))


def test_a_local_file_that_never_ends_is_none(tmp_path):
    """What a requirement file of a project names may be a device."""
    files = SystemFiles(connect=_never, limits=Limits(local_text_max_bytes=1000))
    for path, size in [(tmp_path / "fits.txt", 1000), (tmp_path / "large.txt", 1001)]:
        path.write_bytes(b"#" * size)
    assert len(files.read_bytes(str(tmp_path / "fits.txt"))) == 1000
    for endless in (str(tmp_path / "large.txt"), "/dev/zero"):
        with pytest.raises(OSError, match="File too large"):
            files.read_bytes(endless)


def test_a_remote_text_is_fetched(server, texts):
    assert texts().fetch_text(server.origin + "/r.txt") == b"demo==1.0\n"


def test_a_remote_text_over_plain_http_is_refused_before_a_connection(texts):
    with IndexServer(plaintext=True) as plain:
        with pytest.raises(Refused) as caught:
            texts().fetch_text(plain.origin + "/r.txt")
        assert plain.connections == 0
    assert caught.value.findings[0].rule == "plaintext-link"


def test_a_remote_text_that_policy_does_not_admit_is_refused_before_a_connection(server, texts):
    with pytest.raises(Refused) as caught:
        texts(admits=lambda _: False).fetch_text(server.origin + "/r.txt")
    assert caught.value.findings[0].rule == "direct-url"
    assert server.connections == 0


def test_a_redirect_of_a_remote_text_must_be_admitted_too(server, texts):
    with IndexServer() as other:
        other.answer("/r.txt", Response(body=b"other\n"))
        server.redirect("/moved", other.origin + "/r.txt")
        files = texts(admits=lambda url: url.port == server.port)
        with pytest.raises(Refused, match="refused"):
            files.fetch_text(server.origin + "/moved")
        assert texts().fetch_text(server.origin + "/moved") == b"other\n"


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_remote_text_that_is_not_there_is_no_answer(server, texts, status):
    server.fail("/r.txt", status)
    with pytest.raises(Undecided, match=f"HTTP status {status}"):
        texts().fetch_text(server.origin + "/r.txt")


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "unicode_escape", '"no-such"'])
def test_a_remote_text_in_a_charset_that_hides_text_is_refused(server, texts, charset):
    server.answer("/r.txt", Response(body=b"demo\n", content_type=f"text/plain; Charset={charset}"))
    with pytest.raises(Refused) as caught:
        texts().fetch_text(server.origin + "/r.txt")
    assert caught.value.findings[0].rule == "misleading-file"


@pytest.mark.parametrize(
    "said", ["text/plain", "text/plain; charset=utf-8", 'text/x;charset="ISO-8859-1"', None]
)
def test_a_remote_text_in_a_plain_charset_is_fetched(server, texts, said):
    server.answer("/r.txt", Response(body=b"demo\n", content_type=said))
    assert texts().fetch_text(server.origin + "/r.txt") == b"demo\n"


def test_a_remote_text_that_may_have_been_cut_short_is_no_answer(server, texts):
    server.answer("/r.txt", Response(body=b"demo\n", announced=-1))
    with pytest.raises(Undecided, match="last lines may be missing"):
        texts().fetch_text(server.origin + "/r.txt")


def test_a_remote_text_beyond_the_ceiling_is_no_answer(server, texts):
    with pytest.raises(Undecided, match="more than 5 bytes"):
        texts(limits=Limits(remote_text_max_bytes=5)).fetch_text(server.origin + "/r.txt")


def test_secrets_of_a_remote_text_are_sent_and_not_shown(texts):
    with IndexServer(credentials=("user", "s3cret")) as server:
        server.answer("/r.txt", Response(body=b"demo\n"))
        url = server.origin.replace("://", "://user:s3cret@")
        assert texts().fetch_text(url + "/r.txt") == b"demo\n"
        with pytest.raises(Undecided) as caught:
            texts().fetch_text(url.replace("s3cret", "wr0ng") + "/r.txt")
    assert "wr0ng" not in repr((caught.value.message, caught.value.origin, caught.value.notes))


def test_a_url_that_cannot_be_read_is_no_answer(texts):
    with pytest.raises(Undecided, match="the URL"):
        texts().fetch_text("https://index.example\\@evil.example/r.txt")


def test_a_run_has_one_now():
    clock = SystemClock()
    assert clock.now() is clock.now()
    assert clock.now().tzinfo is UTC


def test_workers_run_at_most_so_many_calls_at_once():
    workers, gate, running, most = Workers(3, "test"), threading.Event(), [], []

    def call():
        running.append(1)
        most.append(len(running))
        gate.wait(5)
        running.pop()

    futures = [workers.submit(call) for _ in range(9)]
    gate.set()
    for future in futures:
        future.result(5)
    assert max(most) <= 3
    workers.close()


def test_a_failing_call_fails_its_future_and_no_other():
    workers = Workers(1, "test")
    failing, working = workers.submit(lambda: 1 // 0), workers.submit(lambda: 2)
    with pytest.raises(ZeroDivisionError):
        failing.result(5)
    assert working.result(5) == 2
    workers.close()


def test_closed_workers_begin_nothing_new():
    workers, gate = Workers(1, "test"), threading.Event()
    begun, waiting = workers.submit(lambda: gate.wait(5)), workers.submit(lambda: 1)
    while not begun.running():
        pass
    workers.close()
    assert waiting.cancelled()
    gate.set()
    assert begun.result(5)


def test_importing_the_files_loads_no_http_client():
    import subprocess
    import sys

    probe = "import sys, safepip.io.files, safepip.io.clock; sys.exit('httpx' in sys.modules)"
    source = str(Path(__file__).parents[2] / "src")
    assert (
        subprocess.run([sys.executable, "-c", probe], env={"PYTHONPATH": source}, check=False).returncode == 0
    )


def _never():
    raise AssertionError("connected")
