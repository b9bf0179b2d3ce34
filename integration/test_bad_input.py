"""Whatever a server sends or a file says: one clear error, the right exit code, nothing installed."""

from __future__ import annotations

import pytest

from integration import hostile
from integration.conftest import World
from integration.environments import Outcome, Target
from integration.hostile import HostileServer
from tests.support.server import IndexServer, Response
from tests.support.wheels import make_wheel, wheel_filename

IMPATIENT = ("--retries", "0", "--timeout", "2")


def assert_one_clear_error(done: Outcome, target: Target, exit_code: int) -> None:
    assert done.exit_code == exit_code, done.said
    errors = [line for line in done.stderr.splitlines() if line.lower().startswith(("error[", "error:"))]
    assert len(errors) == 1, done.said
    assert "Traceback" not in done.stderr
    assert "httpx" not in done.stderr
    assert target.installed() == {}


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.closes_at_once,
        hostile.speaks_no_http,
        hostile.says_nothing,
        hostile.endless_headers,
        hostile.stops_mid_page,
        hostile.redirects_forever,
        hostile.answers_html_garbage,
        hostile.answers_binary_garbage,
        hostile.always_500,
    ],
    ids=lambda behaviour: behaviour.__name__,
)
def test_an_index_that_misbehaves_is_one_clear_error(target: Target, behaviour):
    with HostileServer(behaviour) as server:
        done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 11)
    assert server.connections >= 1


def test_http_on_the_https_port_is_one_clear_error(target: Target):
    with HostileServer(hostile.speaks_plain_http, tls=False) as server:
        done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 10)
    assert "error[tls-failure]" in done.stderr


@pytest.fixture
def server():
    with IndexServer() as running:
        running.add_wheel(make_wheel("demo"), wheel_filename("demo"))
        yield running


def file_path() -> str:
    return f"/files/{wheel_filename('demo')}"


def test_the_index_of_these_tests_is_fine_when_left_alone(server: IndexServer, target: Target):
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert done.exit_code == 0, done.said


def test_a_file_that_is_cut_off_is_no_answer(server: IndexServer, target: Target):
    server.close_mid_file(file_path(), after=100)
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 11)


def test_a_file_that_is_cut_off_once_is_resumed(server: IndexServer, target: Target):
    server.close_mid_file(file_path(), after=100, times=1)
    done = target.safepip("install", "--timeout", "5", "--index-url", server.url, "demo")
    assert done.exit_code == 0, done.said


def test_a_file_longer_than_its_page_says_is_refused(server: IndexServer, target: Target):
    server.replace_file(wheel_filename("demo"), make_wheel("demo") + b"more" * 100_000)
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 13)


def test_a_file_that_answers_500_is_no_answer(server: IndexServer, target: Target):
    server.fail(file_path())
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 11)


def test_a_file_that_hangs_is_no_answer(server: IndexServer, target: Target):
    server.hang(file_path())
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 11)


def test_a_page_with_a_login_form_is_no_answer(server: IndexServer, target: Target):
    server.answer("/simple/demo/", Response(body=b"<html><form>Sign in</form></html>"))
    done = target.safepip("install", *IMPATIENT, "--index-url", server.url, "demo")
    assert_one_clear_error(done, target, 11)


def test_an_absent_project_is_what_pip_says(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.public.url, "no-such-project")
    assert done.exit_code == 1, done.said
    assert "No matching distribution found for no-such-project" in done.stderr
    assert target.installed() == {}


@pytest.mark.parametrize("content", [None, "demo\n==broken\n", "demo\n--no-such-option\n"])
def test_a_bad_requirement_file_is_one_clear_error(world: World, target: Target, content):
    if content is not None:
        (target.home / "requirements.txt").write_text(content)
    done = target.safepip("install", "--index-url", world.public.url, "-r", "requirements.txt")
    assert_one_clear_error(done, target, 1)
    assert "requirements.txt" in done.stderr


@pytest.mark.parametrize(
    "text,says",
    [
        ("[tlz]\n", "tls"),
        ('[tls]\nca-bundel = "x"\n', "ca-bundle"),
        ("[hashes]\nmode = 5\n", "mode"),
        ("[hashes\n", "policy.toml"),
    ],
)
def test_a_policy_that_cannot_be_read_is_one_clear_error(world: World, target: Target, text, says):
    path = target.home / "policy.toml"
    path.write_text(text)
    done = target.safepip("--policy", str(path), "install", "--index-url", world.public.url, "demo")
    assert_one_clear_error(done, target, 12)
    assert says in done.stderr
    assert "policy.toml:" in done.stderr


def test_an_unknown_option_is_refused_as_pip_refuses_it(world: World, target: Target):
    done = target.safepip("install", "--no-such-option", "demo")
    assert_one_clear_error(done, target, 2)
    assert "--no-such-option" in done.stderr
