"""What safepip refuses against real servers, and beside each refusal the twin that passes."""

from __future__ import annotations

import pytest

from integration.conftest import World
from integration.environments import Outcome, Target
from integration.servers import PASSWORD, USER, free_port
from tests.support.certificates import client_certificate_path, other_ca_path

IMPATIENT = ("--retries", "0", "--timeout", "3")


def assert_refused(done: Outcome, target: Target, exit_code: int, rule: str) -> None:
    """The exit code, the rule, a remedy, no crash, and an environment as before."""
    assert done.exit_code == exit_code, done.said
    assert f"error[{rule}]" in done.stderr, done.said
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert target.installed() == {}


def assert_installed(done: Outcome, target: Target, *names: str) -> None:
    assert done.exit_code == 0, done.said
    assert set(names) <= set(target.installed())


def write_policy(target: Target, text: str) -> str:
    path = target.home / "policy.toml"
    path.write_text(text)
    return str(path)


# --- Transport


def test_a_plaintext_index_is_refused_before_it_is_asked(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.plain.url, "demo")
    assert_refused(done, target, 10, "plaintext-index")
    assert world.nginx.asked(world.plain) == []


def test_a_plaintext_index_in_the_environment_is_refused(world: World, target: Target):
    done = target.safepip("install", "demo", PIP_INDEX_URL=world.plain.url)
    assert_refused(done, target, 10, "plaintext-index")
    assert world.nginx.asked(world.plain) == []


def test_a_redirect_to_plaintext_is_refused_before_it_is_followed(world: World, target: Target):
    done = target.safepip("install", *IMPATIENT, "--index-url", world.broken.url, "helper")
    assert_refused(done, target, 10, "plaintext-link")
    assert world.nginx.asked(world.plain) == []


def test_a_redirect_to_another_host_is_refused(world: World, target: Target):
    done = target.safepip("install", *IMPATIENT, "--index-url", world.broken.url, "shared")
    assert_refused(done, target, 10, "file-host")


def test_a_redirect_within_the_host_is_followed(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.broken.url, "extra-part")
    assert_installed(done, target, "extra-part")


def test_trusted_host_is_refused(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.public.url, "--trusted-host", "localhost", "demo")
    assert_refused(done, target, 10, "trusted-host")


def test_trusted_host_abbreviated_is_refused(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.public.url, "--trusted=localhost", "demo")
    assert_refused(done, target, 10, "trusted-host")


def test_trusted_host_in_a_requirement_file_is_refused_with_its_line(world: World, target: Target):
    (target.home / "requirements.txt").write_text("demo\n--trusted-host localhost\n")
    done = target.safepip("install", "--index-url", world.public.url, "-r", "requirements.txt")
    assert_refused(done, target, 10, "trusted-host")
    assert "requirements.txt:2" in done.stderr


def test_trusted_host_in_the_environment_turns_nothing_off(world: World, target: Target):
    options = ("install", *IMPATIENT, "--index-url", world.public.url)
    wrong = target.safepip(
        *options, "--cert", other_ca_path(), "demo", certificate=False, PIP_TRUSTED_HOST="localhost"
    )
    assert_refused(wrong, target, 10, "tls-failure")
    right = target.safepip(*options, "demo", PIP_TRUSTED_HOST="localhost")
    assert_installed(right, target, "demo")
    assert "trusted-host" in right.stderr


def test_a_certificate_of_an_unknown_authority_is_refused(world: World, target: Target):
    options = (*IMPATIENT, "--index-url", world.public.url)
    done = target.safepip("install", "--cert", other_ca_path(), *options, "demo", certificate=False)
    assert_refused(done, target, 10, "tls-failure")


def test_the_system_store_does_not_know_the_private_authority(world: World, target: Target):
    done = target.safepip("install", *IMPATIENT, "--index-url", world.public.url, "demo", certificate=False)
    assert_refused(done, target, 10, "tls-failure")


def test_the_authority_may_come_from_the_environment(world: World, target: Target):
    done = target.safepip(
        "install", "--index-url", world.public.url, "demo", certificate=False, SSL_CERT_FILE=target.ca
    )
    assert_installed(done, target, "demo")


# --- Credentials


def test_a_password_in_the_url_of_the_command_line_works_and_is_never_shown(world: World, target: Target):
    done = target.safepip(
        "install", "-v", "--no-deps", "--index-url", world.corp.with_password(), "acme-core"
    )
    assert_installed(done, target, "acme-core")
    assert PASSWORD not in done.stdout + done.stderr


def test_a_password_from_netrc_works(world: World, target: Target):
    netrc = target.home / ".netrc"
    netrc.write_text(f"machine localhost login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    done = target.safepip("install", "--no-deps", "--index-url", world.corp.url, "acme-core")
    assert_installed(done, target, "acme-core")


@pytest.mark.parametrize("wrong", [False, True])
def test_no_password_or_a_wrong_one_is_no_answer(world: World, target: Target, wrong):
    url = world.corp.with_password(password="wrong") if wrong else world.corp.url
    done = target.safepip("install", *IMPATIENT, "--no-input", "--index-url", url, "acme-core")
    assert_refused(done, target, 11, "index-unavailable")
    assert "401" in done.stderr


def test_a_client_certificate_is_shown_where_the_command_line_says_so(world: World, target: Target):
    options = ("--index-url", world.mutual.url)
    without = target.safepip("install", *IMPATIENT, *options, "demo")
    assert_refused(without, target, 11, "index-unavailable")
    assert "name it as client-cert" in without.stderr
    done = target.safepip("install", *options, "--client-cert", client_certificate_path(), "demo")
    assert_installed(done, target, "demo")


def test_a_client_certificate_and_a_bundle_may_stand_in_the_policy(world: World, target: Target):
    policy = write_policy(
        target,
        f"""
        [[index]]
        name = "corp"
        url = "{world.mutual.url}"
        packages = ["*"]
        ca-bundle = "{target.ca}"
        client-cert = "{client_certificate_path()}"
        """,
    )
    done = target.safepip("--policy", policy, "install", "demo", certificate=False)
    assert_installed(done, target, "demo")


# --- Routes


def test_a_name_on_two_indexes_is_refused(world: World, target: Target):
    done = target.safepip(
        "install", "--index-url", world.public.url, "--extra-index-url", world.corp.with_password(), "shared"
    )
    assert_refused(done, target, 10, "ambiguous-project")
    assert "99.0" in done.stderr
    assert "1.0" in done.stderr


def test_a_name_on_one_of_two_indexes_is_found(world: World, target: Target):
    done = target.safepip(
        "install",
        "--index-url",
        world.public.url,
        "--extra-index-url",
        world.corp.with_password(),
        "acme-core",
    )
    assert_installed(done, target, "acme-core", "helper")


def routed(world: World, corp_url: str) -> str:
    return f"""
        [[index]]
        name = "corp"
        url = "{corp_url}"
        packages = ["shared", "acme-*"]

        [[index]]
        name = "public"
        url = "{world.public.url}"
        packages = ["*"]
        """


def test_a_pattern_settles_where_a_name_comes_from(world: World, target: Target):
    netrc = target.home / ".netrc"
    netrc.write_text(f"machine localhost login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    before = len(world.nginx.asked(world.public))
    policy = write_policy(target, routed(world, world.corp.url))
    done = target.safepip("--policy", policy, "install", "shared", "acme-core")
    assert_installed(done, target, "shared", "acme-core", "helper")
    assert target.installed()["shared"] == "1.0"
    asked = world.nginx.asked(world.public)[before:]
    assert not [line for line in asked if "shared" in line or "acme" in line]


def test_a_routed_name_that_its_index_lacks_is_not_found_elsewhere(world: World, target: Target):
    policy = write_policy(
        target,
        f"""
        [[index]]
        name = "corp"
        url = "{world.strong.url}"
        packages = ["helper"]

        [[index]]
        name = "public"
        url = "{world.public.url}"
        packages = ["*"]
        """,
    )
    done = target.safepip("--policy", policy, "install", "helper")
    assert done.exit_code == 1, done.said
    assert "No matching distribution found for helper" in done.stderr
    assert "corp" in done.stderr
    assert target.installed() == {}


def test_an_unreachable_private_index_does_not_fall_back(world: World, target: Target):
    closed = f"https://localhost:{free_port()}/simple"
    done = target.safepip(
        "install", *IMPATIENT, "--index-url", world.public.url, "--extra-index-url", closed, "helper"
    )
    assert_refused(done, target, 11, "index-unavailable")


def test_an_index_that_answers_500_does_not_fall_back(world: World, target: Target):
    done = target.safepip(
        "install", *IMPATIENT, "--index-url", world.public.url, "--extra-index-url", world.broken.url, "demo"
    )
    assert_refused(done, target, 11, "index-unavailable")


def test_an_unlisted_index_on_the_command_line_is_refused(world: World, target: Target):
    policy = write_policy(
        target, f'[[index]]\nname = "public"\nurl = "{world.public.url}"\npackages = ["*"]\n'
    )
    done = target.safepip("--policy", policy, "install", "--extra-index-url", world.strong.url, "demo")
    assert_refused(done, target, 10, "unlisted-index")


# --- Hashes


def test_bytes_that_differ_from_the_page_are_refused(world: World, target: Target):
    done = target.safepip("install", "--index-url", world.public.url, "tampered")
    assert_refused(done, target, 13, "hash-mismatch")


def test_a_wrong_hash_on_the_command_line_is_refused(world: World, target: Target):
    done = target.safepip(
        "install", "--index-url", world.public.url, "helper==1.2", "--hash", "sha256:" + "0" * 64
    )
    assert_refused(done, target, 13, "hash-mismatch")


def test_one_bad_artifact_leaves_the_environment_as_it_was(world: World, target: Target):
    assert target.safepip("install", "--index-url", world.public.url, "demo==1.0").exit_code == 0
    before = target.files()
    done = target.safepip("install", "--index-url", world.public.url, "--upgrade", "demo", "tampered")
    assert done.exit_code == 13, done.said
    assert target.files() == before
