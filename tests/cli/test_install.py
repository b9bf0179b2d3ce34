"""``safepip install`` from end to end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename


def sha256_of(server: IndexServer, name: str, version: str, **spec: object) -> str:
    return hashlib.sha256(make_wheel(name, version, **spec)).hexdigest()


APP = {"requires": ["lib>=1"], "entry_points": {"console_scripts": {"app": "app:main"}}}

LIB_1 = hashlib.sha256(make_wheel("lib", "1.0")).hexdigest()


def test_installs_a_package_and_what_it_needs(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "app", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed app-1.0 lib-2.0\n"), ended.err
    assert shell.installed() == {"app-1.0", "lib-2.0"}


def test_what_is_installed_already_is_said_in_pips_words(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "app", *trusting(index))

    ended = shell.safepip("install", "app", *trusting(index))

    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("Requirement already satisfied: app in ")
    assert "(from app) (2.0)" in ended.out


def test_what_is_installed_already_asks_no_index(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "app", *trusting(index))
    index.requests.clear()

    ended = shell.safepip("install", "app", *trusting(index))

    assert (ended.code, index.requests) == (0, [])


def test_dry_run_installs_nothing(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "--dry-run", "app", *trusting(index))

    assert (ended.code, ended.out) == (0, "Would install app-1.0 lib-2.0\n")
    assert shell.installed() == set()


def test_report_names_every_file_and_digest(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "--dry-run", "--quiet", "--report", "-", "app", *trusting(index))

    report = json.loads(ended.out)
    assert {item["metadata"]["name"]: item["requested"] for item in report["install"]} == {
        "app": True,
        "lib": False,
    }


def test_the_report_has_a_digest_for_a_file_of_a_local_folder(shell: Shell) -> None:
    (shell.folder / "solo-1.0-py3-none-any.whl").write_bytes(make_wheel("solo", "1.0"))

    ended = shell.safepip(
        "install", "--dry-run", "-q", "--report", "-", "solo", "--no-index", "--find-links", "."
    )

    (item,) = json.loads(ended.out)["install"]
    digest = hashlib.sha256(make_wheel("solo", "1.0")).hexdigest()
    assert item["download_info"]["archive_info"] == {
        "hashes": {"sha256": digest},
        "hash": f"sha256={digest}",
    }
    assert shell.installed() == set()


def test_options_that_contradict_each_other_are_told_before_files_are_read(shell: Shell) -> None:
    ended = shell.safepip("install", "--python-version=3.1", "--only-binary=:all:", "-r", "missing.txt")

    assert ended.code == 1
    assert ended.err.startswith("ERROR: Can not use any platform or abi specific options unless"), ended.err


def test_only_what_was_asked_for_is_marked_requested(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "app", *trusting(index))

    site = next(shell.python.parent.parent.glob("lib/python*/site-packages"))
    assert [path.parent.name for path in site.glob("*/REQUESTED")] == ["app-1.0.dist-info"]
    assert not list(site.glob("*/direct_url.json"))


def test_a_hashed_requirement_file_is_installed(shell: Shell, index: IndexServer) -> None:
    shell.write(
        "requirements.txt",
        f"app==1.0 --hash=sha256:{sha256_of(index, 'app', '1.0', **APP)}\n"
        f"lib==1.0 \\\n    --hash=sha256:{sha256_of(index, 'lib', '1.0')}\n",
    )

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err


def test_an_unhashed_requirement_file_is_refused_before_any_file_is_fetched(
    shell: Shell, index: IndexServer
) -> None:
    shell.write("requirements.txt", "app==1.0\nlib\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert ended.code == 10
    assert "requirements.txt:1" in ended.err
    assert "unhashed-requirement" in ended.err
    assert not any(path.endswith(".whl") for path in index.paths_asked())


def test_a_transitive_dependency_of_a_file_needs_a_hash_too(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", f"app==1.0 --hash=sha256:{sha256_of(index, 'app', '1.0', **APP)}\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set())
    assert "lib==2.0" in ended.err


def test_a_wrong_hash_on_the_command_line_is_refused(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "lib==1.0", "--hash", f"sha256:{'0' * 64}", *trusting(index))

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert "hash-mismatch" in ended.err


def test_a_right_hash_on_the_command_line_is_taken(shell: Shell, index: IndexServer) -> None:
    digest = sha256_of(index, "lib", "1.0")

    ended = shell.safepip("install", "lib==1.0", "--hash", f"sha256:{digest}", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err


def test_bytes_that_are_not_what_the_page_says_are_refused(shell: Shell, index: IndexServer) -> None:
    index.replace_file(wheel_filename("lib", "2.0"), make_wheel("lib", "2.0", description="evil"))

    ended = shell.safepip("install", "app", *trusting(index))

    assert (ended.code, shell.installed()) == (13, set()), ended.err


@pytest.mark.parametrize(
    "spelled", ["--index-url={}", "-i{}", "--index={}", "--pypi-url={}", "--extra-index-url={}"]
)
def test_a_plaintext_index_is_refused_however_it_is_spelled(shell: Shell, spelled: str) -> None:
    ended = shell.safepip("install", "app", spelled.format("http://localhost:9/simple"))

    assert ended.code == 10
    assert "error[plaintext-index]" in ended.err
    assert "^^^^" in ended.err


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "PIP_PYPI_URL", "PIP___INDEX_URL", "PIP_index_url"])
def test_a_plaintext_index_in_the_environment_is_refused(shell: Shell, name: str) -> None:
    ended = shell.safepip("install", "app", environ={name: "http://localhost:9/simple"})

    assert ended.code == 10
    assert f"${name}" in ended.err


def test_trusted_host_on_the_command_line_is_refused(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "app", "--trusted", "localhost", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set())
    assert "error[trusted-host]" in ended.err


def test_trusted_host_in_the_environment_is_set_aside_and_tls_verified(
    shell: Shell, index: IndexServer
) -> None:
    environ = {"PIP_TRUSTED_HOST": "localhost"}

    verified = shell.safepip("install", "lib", *trusting(index), environ=environ)
    unverified = shell.safepip("install", "app", "--index-url", index.url, environ=environ)

    assert verified.code == 0, verified.err
    assert "warning[trusted-host]" in verified.err
    assert unverified.code in {10, 11}
    assert "tls-failure" in unverified.err


def test_a_name_on_two_indexes_is_refused(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as other:
        publish(other, "lib", "99.0")

        ended = shell.safepip("install", "lib", *trusting(index), "--extra-index-url", other.url)

    assert (ended.code, shell.installed()) == (10, set())
    assert "error[ambiguous-project]" in ended.err
    assert "99.0" in ended.err


def test_a_policy_pattern_settles_where_a_name_comes_from(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as other:
        publish(other, "lib", "99.0")
        policy = shell.write(
            "policy.toml",
            f'[[index]]\nname = "corp"\nurl = "{index.url}"\npackages = ["lib", "app"]\n'
            f'ca-bundle = "{index.ca_path}"\n'
            f'[[index]]\nname = "other"\nurl = "{other.url}"\npackages = ["*"]\nca-bundle = "{other.ca_path}"\n',
        )

        ended = shell.safepip("install", "app", "--policy", str(policy))

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err
    assert other.requests == []


def test_an_unreachable_index_does_not_hand_the_name_to_another(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as private:
        private.fail("/simple/lib/", 503)

        ended = shell.safepip(
            "install", "lib", *trusting(index), "--extra-index-url", private.url, "--retries", "0"
        )

    assert (ended.code, shell.installed()) == (11, set()), ended.err
    assert "index-unavailable" in ended.err


def test_a_line_for_another_platform_needs_no_hash_and_is_said_to_be_ignored(
    shell: Shell, index: IndexServer
) -> None:
    shell.write(
        "requirements.txt", f"elsewhere==1; sys_platform == 'nowhere'\nlib==1.0 --hash=sha256:{LIB_1}\n"
    )

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
    assert (
        "Ignoring elsewhere: markers 'sys_platform == \"nowhere\"' don't match your environment" in ended.err
    )


def test_constraints_hold(shell: Shell, index: IndexServer) -> None:
    shell.write("constraints.txt", "lib<2\n")

    ended = shell.safepip("install", "app", "-c", "constraints.txt", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err


def test_upgrade_replaces_the_old_version(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib==1.0", *trusting(index))

    ended = shell.safepip("install", "--upgrade", "lib", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err


def test_target_fills_a_folder(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "app", "--target", "out", *trusting(index))

    assert ended.code == 0, ended.err
    assert (shell.folder / "out" / "app" / "__init__.py").is_file()
    assert shell.installed() == set()


def test_download_saves_wheels_and_a_second_run_keeps_them(shell: Shell, index: IndexServer) -> None:
    first = shell.safepip("download", "app", "-d", "wheels", *trusting(index))
    second = shell.safepip("download", "app", "-d", "wheels", *trusting(index))

    names = {path.name for path in (shell.folder / "wheels").iterdir()}
    assert names == {"app-1.0-py3-none-any.whl", "lib-2.0-py3-none-any.whl"}
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "Saved ./wheels/app-1.0-py3-none-any.whl" in first.out
    assert "Successfully downloaded app lib" in first.out


def test_an_sdist_is_refused_and_says_so(shell: Shell, index: IndexServer) -> None:
    index.add_file(b"not built", "only-1.0.tar.gz")

    ended = shell.safepip("install", "only", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set())
    assert "error[sdist-build]" in ended.err


def test_a_missing_project_is_said_in_pips_words(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "nothere", *trusting(index))

    assert ended.code == 1
    assert "No matching distribution found for nothere" in ended.err


def test_local_wheel_is_installed_with_its_direct_url(shell: Shell, index: IndexServer) -> None:
    (shell.folder / "solo-1.0-py3-none-any.whl").write_bytes(make_wheel("solo", "1.0"))

    ended = shell.safepip("install", "./solo-1.0-py3-none-any.whl", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"solo-1.0"}), ended.err


def test_a_plan_is_explained_without_installing(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "--explain", "app", *trusting(index))

    assert ended.code == 0, ended.err
    assert "lib 2.0" in ended.out
    assert shell.installed() == set()


def test_json_report_carries_the_refusal(shell: Shell) -> None:
    ended = shell.safepip("install", "x", "-i", "http://localhost:9/", "--report-format", "json")

    assert ended.code == 10
    assert json.loads(ended.out)["findings"][0]["rule"] == "plaintext-index"


def test_nothing_to_install_is_said_in_pips_words(shell: Shell) -> None:
    ended = shell.safepip("install")

    assert ended.code == 1
    assert 'You must give at least one requirement to install (see "pip help install")' in ended.err


def test_the_working_directory_is_never_imported(shell: Shell, index: IndexServer) -> None:
    for name in ("httpx", "pip", "packaging", "resolvelib"):
        shell.write(f"{name}/__init__.py", "raise SystemExit(99)\n")

    ended = shell.safepip("install", "app", *trusting(index))

    assert ended.code == 0, ended.err


def test_index_versions_are_answered_in_pips_words(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("index", "versions", "lib", *trusting(index))

    assert (ended.code, ended.out) == (0, "lib (2.0)\nAvailable versions: 2.0, 1.0\n"), ended.err


def test_outdated_packages_are_listed_in_pips_words(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib==1.0", *trusting(index))

    ended = shell.safepip("list", "--outdated", "--format=json", *trusting(index))

    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == [
        {"name": "lib", "version": "1.0", "latest_version": "2.0", "latest_filetype": "wheel"}
    ]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_extra_that_is_not_there_is_warned_of_once_in_pips_words(
    shell: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    ended = shell.safepip("install", "lib[nope]", *more, *trusting(index))

    assert ended.code == 0, ended.err
    assert ended.err.splitlines().count("WARNING: lib 2.0 does not provide the extra 'nope'") == 1


def test_a_wheel_that_cannot_be_saved_is_said(shell: Shell, index: IndexServer) -> None:
    (shell.folder / "out" / wheel_filename("lib", "2.0")).mkdir(parents=True)

    ended = shell.safepip("wheel", "lib", "-w", "out", *trusting(index))

    assert ended.code == 1
    assert "ERROR: Failed to save lib to out: " in ended.err


def test_a_wheel_is_the_latest_where_wheels_are_preferred(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib==1.0", *trusting(index))
    index.add_file(make_sdist("lib", "3.0"), sdist_filename("lib", "3.0"))

    def latest(*options: str) -> list[str]:
        listed = shell.safepip("list", "--outdated", "--format=json", *options, *trusting(index))
        assert listed.code == 0, listed.err
        return [item["latest_version"] for item in json.loads(listed.out)]

    assert latest() == ["3.0"]
    assert latest("--prefer-binary") == ["2.0"]


def test_passed_through_commands_see_the_environment(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "app", *trusting(index))

    listed = shell.safepip("list", "--format=freeze")
    removed = shell.safepip("uninstall", "-y", "app")

    assert listed.out.split() == ["app==1.0", "lib==2.0"]
    assert (removed.code, shell.installed()) == (0, {"lib-2.0"})


def test_an_interpreter_chosen_by_the_environment_is_refused(shell: Shell, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    program = shell.write("evil", f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)

    ended = shell.safepip("list", environ={"PIP___PYTHON": str(program)})

    assert ended.code == 10
    assert "interpreter-from-environment" in ended.err
    assert not marker.exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_direct_url_with_a_wrong_hash_is_refused_even_in_a_dry_run(
    shell: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    url = f"{index.origin}/files/{wheel_filename('lib', '1.0')}"

    ended = shell.safepip("install", *more, f"lib @ {url}#sha256={'0' * 64}", *trusting(index))

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert "hash-mismatch" in ended.err


def test_a_direct_url_with_its_hash_is_installed(shell: Shell, index: IndexServer) -> None:
    url = f"{index.origin}/files/{wheel_filename('lib', '1.0')}"

    ended = shell.safepip("install", f"lib @ {url}#sha256={LIB_1}", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err


def test_a_bare_name_that_is_also_a_folder_here_gets_a_warning(shell: Shell, index: IndexServer) -> None:
    """Whoever forgets the ``./`` in front of the own project would be given somebody else's."""
    (shell.folder / "lib").mkdir()
    ended = shell.safepip("install", "--dry-run", *trusting(index), "lib")
    assert ended.out.splitlines()[-1] == "Would install lib-2.0"
    assert "safepip: warning: lib is looked for by its name, and there is a folder ./lib here" in ended.err


@pytest.mark.parametrize("words", ["lib==1.0", "app", "./lib"])
def test_whoever_means_the_name_or_the_folder_gets_no_warning(
    shell: Shell, index: IndexServer, words: str
) -> None:
    (shell.folder / "lib").mkdir()
    ended = shell.safepip("install", "--dry-run", *trusting(index), words)
    assert "there is a folder" not in ended.err


def test_an_empty_argument_asks_for_nothing_as_in_pip(shell: Shell, index: IndexServer) -> None:
    assert shell.safepip("install", *trusting(index), " ").code == 0
    assert shell.safepip("install", *trusting(index)).code == 1
    assert index.requests == []


def test_a_token_in_the_path_of_a_url_is_shown_as_its_variable(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", f"lib @ {index.origin}/${{TOKEN}}/lib-1.0-py3-none-any.whl\n")
    shell.write("constraints.txt", f"-c {index.origin}/${{TOKEN}}/c.txt\n")
    for words in (("-r", "requirements.txt"), ("-c", "constraints.txt", "lib")):
        ended = shell.safepip("install", *trusting(index), *words, environ={"TOKEN": "hunter2"})
        assert ended.code in {10, 11}
        assert "hunter2" not in ended.err + ended.out
        assert f"{index.origin}/${{TOKEN}}/" in ended.err
