"""Attacks on the command line, the environment and requirement files, each with its harmless twin."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer, Response
from support.wheels import make_wheel, wheel_filename

LIB_2 = hashlib.sha256(make_wheel("lib", "2.0")).hexdigest()
FILE = wheel_filename("lib", "2.0")
SECRET = make_wheel("secret", "9.9")


def file_url(index: IndexServer) -> str:
    return f"{index.origin}/files/{FILE}"


def allowing(rule: str) -> tuple[str, ...]:
    return ("--allow", rule, "--reason", "looked at")


# --- Where packages are looked for ---------------------------------------------------------------


@pytest.mark.parametrize("option", ["--index-url=", "--extra-index-url=", "--find-links= "])
def test_an_empty_location_is_not_the_working_directory(shell: Shell, option: str) -> None:
    folder = shell.write("secret/index.html", f'<a href="{wheel_filename("secret", "9.9")}">x</a>').parent
    (folder / wheel_filename("secret", "9.9")).write_bytes(SECRET)

    ended = shell.safepip("install", "--dry-run", "secret", option)

    assert (ended.code, ended.out) == (2, "")
    assert "is empty" in ended.err


@pytest.mark.parametrize("option", ["--index-url", "--find-links"])
def test_a_folder_of_another_machine_is_not_one_of_this(shell: Shell, option: str) -> None:
    (shell.folder / FILE).write_bytes(make_wheel("lib", "2.0"))

    ended = shell.safepip("install", "--dry-run", "lib", option, f"file://other{shell.folder}")

    assert (ended.code, ended.out) == (2, "")
    assert "names a folder of other" in ended.err


@pytest.mark.parametrize("tail", ["?x=", "#x"])
def test_an_index_url_that_would_swallow_the_projects_name_is_refused(
    shell: Shell, index: IndexServer, tail: str
) -> None:
    command = ("install", "lib", "--cert", index.ca_path, "--index-url")

    assert shell.safepip(*command, index.url + tail).code == 2
    assert shell.safepip(*command, index.url + "/").code == 0


@pytest.mark.parametrize("spelled", ["wheels", "./wheels", "{}/wheels", "file://{}/wheels"])
def test_a_folder_in_a_file_that_the_command_line_names_too_is_known(shell: Shell, spelled: str) -> None:
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels" / FILE).write_bytes(make_wheel("lib", "2.0"))
    shell.write("r.txt", f"--find-links {spelled.format(shell.folder)}\nlib==2.0 --hash=sha256:{LIB_2}\n")

    ended = shell.safepip("install", "-r", "r.txt", "--no-index", "--find-links", "wheels")

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err


def test_a_folder_that_only_a_file_names_is_refused(shell: Shell, index: IndexServer) -> None:
    (shell.folder / "wheels").mkdir()
    shell.write("r.txt", f"--find-links wheels\nlib==2.0 --hash=sha256:{LIB_2}\n")

    ended = shell.safepip("install", "-r", "r.txt", *trusting(index))

    assert ended.code == 10
    assert "index-in-requirements" in ended.err


@pytest.mark.parametrize("listed", [True, False])
def test_an_index_that_policy_lets_pass_is_asked_and_not_dropped_in_silence(
    shell: Shell, index: IndexServer, listed: bool
) -> None:
    """Dropped, its private names would be looked for, and found, in the other index."""
    publish(index, "secret", "9.9")
    with IndexServer() as private:
        publish(private, "secret", "1.0")
        if listed:
            shell.write("p.toml", f'[[index]]\nname = "main"\nurl = "{index.url}"\n')
            allowed, named = "unlisted-index", ("--extra-index-url", private.url, "--cert", index.ca_path)
        else:
            shell.write("p.toml", '[hashes]\nmode = "index"\n')
            shell.write("r.txt", f"--extra-index-url {private.url}\n")
            allowed, named = "index-in-requirements", ("-r", "r.txt", *trusting(index))
        ended = shell.safepip(
            "install", "--dry-run", "secret", *named, "--policy", "p.toml", *allowing(allowed)
        )
        asked = [request.path for request in private.requests]

    assert asked == ["/simple/secret/"]
    assert ended.code == 10
    assert "ambiguous-project" in ended.err


# --- Hashes --------------------------------------------------------------------------------------


def test_a_right_hash_option_does_not_replace_a_wrong_fragment(shell: Shell, index: IndexServer) -> None:
    wrong = f"{file_url(index)}#sha256={'0' * 64}"

    ended = shell.safepip("install", wrong, "--hash", f"sha256:{LIB_2}", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set())
    assert "error[ambiguous-url]: the URL's digest is none of the --hash options" in ended.err


def test_a_hash_option_that_agrees_with_the_fragment_is_taken(shell: Shell, index: IndexServer) -> None:
    url = f"{file_url(index)}#sha256={LIB_2}"

    ended = shell.safepip("install", url, "--hash", f"sha256:{LIB_2}", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err


@pytest.mark.parametrize(
    "rules", ['"direct-url" = "off"', '"direct-url" = "warn"\n"unhashed-requirement" = "off"']
)
def test_no_policy_lets_a_direct_url_in_without_any_digest(
    shell: Shell, index: IndexServer, rules: str
) -> None:
    shell.write("p.toml", f"[rules]\n{rules}\n")

    ended = shell.safepip("install", file_url(index), "--policy", "p.toml", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set())
    assert "error[weak-digest]: no digest says what lib 2.0 has to be" in ended.err


def test_a_direct_url_with_a_digest_passes_a_policy_that_lets_it(shell: Shell, index: IndexServer) -> None:
    shell.write("p.toml", '[urls]\nallow = []\n[rules]\n"direct-url" = "off"\n')

    ended = shell.safepip(
        "install", f"{file_url(index)}#sha256={LIB_2}", "--policy", "p.toml", *trusting(index)
    )

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err


@pytest.fixture
def fake_lib(shell: Shell) -> str:
    """A folder that claims to hold ``lib`` 2.0."""
    metadata = "Metadata-Version: 2.1\nName: lib\nVersion: 2.0\n"
    return str(shell.write("fake/lib-2.0.dist-info/METADATA", metadata).parent.parent)


@pytest.mark.parametrize(
    "asked", ["lib==2.0 --hash=sha256:{lib}", "app==1.0 --hash=sha256:{app}\nlib --hash=sha256:{lib}"]
)
def test_nothing_on_pythonpath_stands_for_what_has_a_hash(
    shell: Shell, index: IndexServer, fake_lib: str, asked: str
) -> None:
    app = make_wheel("app", "1.0", requires=["lib>=1"], entry_points={"console_scripts": {"app": "app:main"}})
    shell.write("r.txt", asked.format(lib=LIB_2, app=hashlib.sha256(app).hexdigest()) + "\n")

    ended = shell.safepip("install", "-r", "r.txt", *trusting(index), environ={"PYTHONPATH": fake_lib})

    assert ended.code == 0, ended.err
    assert "lib-2.0" in shell.installed()


def test_what_is_on_pythonpath_satisfies_a_bare_name_as_with_pip(
    shell: Shell, index: IndexServer, fake_lib: str
) -> None:
    ended = shell.safepip("install", "lib", *trusting(index), environ={"PYTHONPATH": fake_lib})

    assert (ended.code, shell.installed()) == (0, set())
    assert ended.out.startswith("Requirement already satisfied: lib in ./fake")


# --- --allow -------------------------------------------------------------------------------------


def test_allow_exempts_for_one_run(shell: Shell, index: IndexServer) -> None:
    shell.write("r.txt", "lib==2.0\n")
    command = ("install", "--dry-run", "-r", "r.txt", *trusting(index))

    assert shell.safepip(*command, *allowing("unhashed-requirement:lib")).out == "Would install lib-2.0\n"
    assert shell.safepip(*command).code == 10


@pytest.mark.parametrize("subject", ["unhashed-requirement:other", "unhashed-requirement:lib<2"])
def test_allow_reaches_no_further_than_its_subject(shell: Shell, index: IndexServer, subject: str) -> None:
    shell.write("r.txt", "lib==2.0\n")

    assert shell.safepip("install", "-r", "r.txt", *trusting(index), *allowing(subject)).code == 10


def test_allow_takes_a_subject_that_is_no_project_word_for_word(shell: Shell, index: IndexServer) -> None:
    shell.write(
        "p.toml", '[[index]]\nname = "main"\nurl = "https://index.example/simple"\npackages = ["x"]\n'
    )
    command = ("install", "--dry-run", "lib", *trusting(index), "--policy", "p.toml")

    allowed = shell.safepip(*command, *allowing(f"unlisted-index:{index.url}"))
    other = shell.safepip(*command, *allowing(f"unlisted-index:{index.url}/other"))

    assert "unlisted-index" not in allowed.err
    assert other.code == 10


@pytest.mark.parametrize("rule", ["hash-mismatch", "trusted-host", "tls-failure", "plaintext-index"])
def test_nothing_is_allowed_that_has_no_exemption(shell: Shell, index: IndexServer, rule: str) -> None:
    ended = shell.safepip("install", "lib", *trusting(index), *allowing(rule))

    assert (ended.code, index.requests) == (10, [])
    assert f"nothing is exempt from {rule}" in ended.err


def test_allow_of_a_rule_that_does_not_exist_names_the_nearest(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "lib", *trusting(index), *allowing("unhashed-requirements"))

    assert ended.code == 2
    assert "did you mean 'unhashed-requirement'?" in ended.err


def test_allow_does_not_lower_what_the_users_policy_says(shell: Shell, index: IndexServer) -> None:
    shell.write("../config/safepip/policy.toml", '[rules]\n"yanked-release" = "warn"\n')

    refused = shell.safepip("install", "lib", *trusting(index), *allowing("yanked-release"))
    other = shell.safepip("install", "--dry-run", "lib", *trusting(index), *allowing("unhashed-requirement"))

    assert refused.code == 10
    assert "asks for less than a policy file demands" in refused.err
    assert "policy.toml:2" in refused.err
    assert other.code == 0


def test_allow_does_not_lower_what_this_folder_refuses(shell: Shell, index: IndexServer) -> None:
    shell.write("safepip.toml", '[rules]\n"unhashed-requirement" = "deny"\n')

    ended = shell.safepip("install", "lib", *trusting(index), *allowing("unhashed-requirement"))

    assert ended.code == 10
    assert "safepip.toml:2" in ended.err


def test_an_allowance_that_nobody_needed_is_said(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "lib", *trusting(index), *allowing("unhashed-requirement:lib"))

    assert ended.code == 0
    assert "unused-allowance" in ended.err


@pytest.mark.parametrize("own", [allowing("yanked-release"), ("--report-format", "json")])
def test_own_options_are_not_swallowed_by_commands_that_pip_answers(
    shell: Shell, own: tuple[str, ...]
) -> None:
    assert shell.safepip("list", *own).code == 2
    assert shell.safepip("list").code == 0


# --- Policy files --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["safepip.toml", "../config/safepip/policy.toml"])
def test_a_policy_that_is_a_link_to_nowhere_is_not_absent(
    shell: Shell, index: IndexServer, place: str
) -> None:
    link = shell.folder / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("nowhere")

    ended = shell.safepip("install", "lib", *trusting(index))

    assert (ended.code, index.requests) == (12, [])
    assert "cannot be read" in ended.err


@pytest.fixture
def tempting(index: IndexServer) -> IndexServer:
    """The newest ``site`` needs a yanked ``lib``; an older one does not."""
    yanked = make_wheel("lib", "3.0")
    index.add_wheel(yanked, wheel_filename("lib", "3.0"), yanked="broken")
    publish(index, "site", "2.0", requires=["lib==3.0"])
    publish(index, "site", "1.0", requires=["lib==2.0"])
    return index


def test_an_untrusted_folder_does_not_choose_an_older_version(shell: Shell, tempting: IndexServer) -> None:
    """The resolver passes over what is denied, so that a refusal more would be another version."""
    shell.write("safepip.toml", '[rules]\n"yanked-release" = "deny"\n')

    ended = shell.safepip("install", "--dry-run", "site", *trusting(tempting))

    assert (ended.code, ended.out) == (0, "Would install lib-3.0 site-2.0\n"), ended.err
    assert 'set aside: rules.yanked-release = "deny"' in ended.err


def test_a_policy_that_is_named_may_choose(shell: Shell, tempting: IndexServer) -> None:
    policy = shell.write("safepip.toml", '[rules]\n"yanked-release" = "deny"\n')

    ended = shell.safepip("install", "--dry-run", "site", "--policy", str(policy), *trusting(tempting))

    assert (ended.code, ended.out) == (0, "Would install lib-2.0 site-1.0\n"), ended.err


# --- Options that would be ignored ---------------------------------------------------------------

UNSAFE = [
    ("use-deprecated", "legacy-resolver"),
    ("use-deprecated", "legacy-certs"),
    ("keyring-provider", "import"),
]


@pytest.mark.parametrize(("option", "value"), UNSAFE)
def test_an_option_that_is_never_acted_on_is_refused(
    shell: Shell, index: IndexServer, option: str, value: str
) -> None:
    ended = shell.safepip("install", "lib", f"--{option}", value, *trusting(index))

    assert (ended.code, index.requests) == (10, [])
    assert f"error[unsafe-option]: {option} = {value}" in ended.err


@pytest.mark.parametrize(("option", "value"), UNSAFE)
def test_an_unsafe_option_of_the_environment_is_set_aside(
    shell: Shell, index: IndexServer, option: str, value: str
) -> None:
    variable = f"PIP_{option.replace('-', '_').upper()}"

    ended = shell.safepip("install", "lib", *trusting(index), environ={variable: value})

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err
    assert f"warning[unsafe-option]: {option} = {value} is set aside" in ended.err


def test_a_keyring_that_is_asked_in_its_own_process_is_fine(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "lib", "--keyring-provider", "subprocess", *trusting(index))

    assert ended.code == 0
    assert "unsafe-option" not in ended.err


@pytest.mark.parametrize(
    ("variable", "told"),
    [("PIP_TARGET", "installing into elsewhere"), ("PIP_CONSTRAINT", "constrained by elsewhere")],
)
def test_what_the_environment_adds_to_the_command_is_said(
    shell: Shell, index: IndexServer, variable: str, told: str
) -> None:
    if variable == "PIP_CONSTRAINT":
        shell.write("elsewhere", "lib<3\n")

    ended = shell.safepip("install", "--dry-run", "lib", *trusting(index), environ={variable: "elsewhere"})

    assert ended.code == 0
    assert f"safepip: {told} (${variable})" in ended.err


def test_what_the_command_line_itself_says_is_not_repeated(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "--dry-run", "lib", "--target", "elsewhere", *trusting(index))

    assert "installing into" not in ended.err


def test_the_log_that_was_asked_for_is_written(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib", "--log", "logs/run.log", *trusting(index))
    shell.safepip("install", "lib", "--log", "logs/run.log", "--index-url", "http://u:hunter2@localhost:1/")

    text = (shell.folder / "logs/run.log").read_text()
    assert "Successfully installed lib-2.0" in text
    assert "plaintext-index" in text
    assert "hunter2" not in text


def test_a_log_that_cannot_be_written_stops_the_run(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "lib", "--log", "/dev/null/run.log", *trusting(index))

    assert (ended.code, index.requests, shell.installed()) == (1, [], set())


def test_an_empty_proxy_switches_the_environments_proxy_off(shell: Shell, index: IndexServer) -> None:
    proxied = {"https_proxy": "http://127.0.0.1:9"}
    command = ("install", "--dry-run", "lib", "--retries", "0", *trusting(index))

    assert shell.safepip(*command, "--proxy", "", environ=proxied).code == 0
    assert shell.safepip(*command, environ=proxied).code == 11


# --- Input that nobody can mean ------------------------------------------------------------------


@pytest.mark.parametrize("value", ["-1", "0", "nan", "inf", "1e400"])
def test_a_timeout_that_nobody_can_mean_is_a_usage_error(
    shell: Shell, index: IndexServer, value: str
) -> None:
    ended = shell.safepip("install", "lib", f"--timeout={value}", *trusting(index))

    assert ended.code == 2, ended.err
    assert "option --timeout" in ended.err


def test_negative_retries_are_a_usage_error(shell: Shell, index: IndexServer) -> None:
    assert shell.safepip("install", "lib", "--retries=-1", *trusting(index)).code == 2


@pytest.mark.parametrize("in_file", [True, False])
def test_a_name_too_long_for_a_file_is_no_file(shell: Shell, index: IndexServer, in_file: bool) -> None:
    long = f"./{'x' * 300}"
    shell.write("r.txt", f"{long}\n")

    ended = shell.safepip("install", *(("-r", "r.txt") if in_file else (long,)), *trusting(index))

    assert ended.code == 1, ended.err
    assert "Invalid requirement" in ended.err


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_url_that_is_none_is_said_without_its_secrets(
    shell: Shell, index: IndexServer, option: str
) -> None:
    ended = shell.safepip("install", "lib", option, "https://user:hunter2@[bad/x.txt", *trusting(index))

    assert ended.code == 1, ended.err
    assert "hunter2" not in ended.err


@pytest.mark.parametrize("path", [".", "nowhere/report.json"])
def test_a_report_that_cannot_be_written_stops_the_run(shell: Shell, index: IndexServer, path: str) -> None:
    ended = shell.safepip("install", "lib", "--report", path, *trusting(index))

    assert (ended.code, shell.installed()) == (1, set())
    assert "OSError" in ended.err


def test_a_working_directory_that_is_gone_is_an_error_and_no_crash(shell: Shell, tmp_path: Path) -> None:
    script = (
        "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]);"
        "from safepip.cli.main import main; sys.exit(main(['install', 'lib']))"
    )
    gone = tmp_path / "gone"
    gone.mkdir()

    run = subprocess.run(
        [sys.executable, "-c", script, str(gone)], capture_output=True, text=True, check=False
    )

    assert (run.returncode, "can no longer be found" in run.stderr) == (1, True), run.stderr


# --- Reports -------------------------------------------------------------------------------------


def test_success_is_one_json_object_and_nothing_else(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip(
        "install", "app", "--report-format", "json", *trusting(index), environ={"PIP_TRUSTED_HOST": "h"}
    )

    report = json.loads(ended.out)
    assert (ended.code, report["verdict"], report["exit_code"]) == (0, "done", 0)
    assert [step["name"] for step in report["plan"]["steps"]] == ["lib", "app"]
    assert [finding["rule"] for finding in report["findings"]] == ["trusted-host"]


def test_a_run_with_nothing_to_do_is_one_json_object_too(shell: Shell, index: IndexServer) -> None:
    shell.safepip("install", "lib", *trusting(index))

    report = json.loads(shell.safepip("install", "lib", "--report-format", "json", *trusting(index)).out)

    assert report["plan"]["steps"] == []
    assert [kept["project"] for kept in report["plan"]["satisfied"]] == ["lib"]


@pytest.mark.parametrize("more", [("--dry-run",), ("--explain",)])
def test_a_plan_is_reported_as_planned(shell: Shell, index: IndexServer, more: tuple[str, ...]) -> None:
    ended = shell.safepip("install", "lib", "--report-format", "json", *more, *trusting(index))

    assert json.loads(ended.out)["verdict"] == "planned"


@pytest.mark.parametrize("command", [("download", "-d", "d"), ("wheel", "-w", "d")])
def test_saved_files_are_reported_in_sarif(
    shell: Shell, index: IndexServer, command: tuple[str, ...]
) -> None:
    ended = shell.safepip(*command, "lib", "--report-format", "sarif", *trusting(index))

    assert json.loads(ended.out)["runs"][0]["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    "arguments", [("search",), ("install", "--no-such-option"), ("install", "--retries", "x")]
)
def test_a_command_line_that_cannot_be_read_is_reported_in_the_format(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    ended = shell.safepip(*arguments, "--report-format", "json")

    assert json.loads(ended.out)["exit_code"] == ended.code != 0


def test_two_reports_do_not_share_stdout(shell: Shell, index: IndexServer) -> None:
    both = ("--report", "-", "--report-format", "json")

    assert shell.safepip("install", "--dry-run", "lib", *both, *trusting(index)).code == 2


# --- Saving --------------------------------------------------------------------------------------


def test_wheel_saves_into_its_own_folder_with_pips_words(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("wheel", "lib", "-w", "built", *trusting(index))

    assert (ended.code, ended.out) == (0, f"Saved ./built/{FILE}\n"), ended.err
    assert [path.name for path in shell.folder.rglob("*.whl")] == [FILE]
    assert (shell.folder / "built" / FILE).read_bytes() == make_wheel("lib", "2.0")


def test_wheel_takes_its_folder_from_the_environment_too(shell: Shell, index: IndexServer) -> None:
    shell.safepip("wheel", "lib", *trusting(index), environ={"PIP_WHEEL_DIR": "built"})

    assert (shell.folder / "built" / FILE).exists()


# --- Commands that pip applies -------------------------------------------------------------------


@pytest.mark.parametrize("nested", [True, False])
def test_uninstall_reads_remote_files_by_the_same_rules(
    shell: Shell, index: IndexServer, nested: bool
) -> None:
    index.answer("/r.txt", Response(body=b"lib\n", content_type="text/plain"))
    shell.safepip("install", "app", *trusting(index))
    url = f"{index.origin}/r.txt"
    shell.write("r.txt", f"-r {url}\n")

    ended = shell.safepip(
        "uninstall", "-y", "-r", "r.txt" if nested else url, environ={"PIP_CERT": index.ca_path}
    )

    assert (ended.code, shell.installed()) == (0, {"app-1.0"}), ended.err
    assert "Successfully uninstalled lib-2.0" in ended.out


@pytest.mark.parametrize("nested", [True, False])
def test_uninstall_fetches_nothing_in_the_clear(shell: Shell, index: IndexServer, nested: bool) -> None:
    shell.safepip("install", "lib", *trusting(index))
    shell.write("r.txt", "-r http://localhost:9/r.txt\n")

    ended = shell.safepip("uninstall", "-y", "-r", "r.txt" if nested else "http://localhost:9/r.txt")

    assert (ended.code, shell.installed()) == (10, {"lib-2.0"})
    assert "plaintext-link" in ended.err


@pytest.mark.parametrize("by", ["pip", "safepip"])
def test_uninstall_of_a_local_file_removes_what_pip_would(shell: Shell, index: IndexServer, by: str) -> None:
    publish(index, "tool")
    shell.safepip("install", "app", "tool", *trusting(index))
    shell.write(
        "r.txt",
        "--index-url https://index.example/simple\nhttps://h.example/tool-1.0-py3-none-any.whl\nlib==1.0\n-c c.txt\n",
    )
    shell.write("c.txt", "app\n")
    words = ("uninstall", "-y", "-r", "r.txt")

    if by == "pip":
        pip = [sys.executable, "-m", "pip", "--python", str(shell.python), *words]
        assert subprocess.run(pip, cwd=shell.folder, capture_output=True, check=False).returncode == 0
    else:
        ended = shell.safepip(*words)
        assert ended.code == 0, ended.err

    assert shell.installed() == set()


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("global.index-url", "http://index.example/simple", "plaintext-index"),
        ("install.extra_index_url", "https://a.example http://b.example", "plaintext-index"),
        ("global.trusted-host", "index.example", "trusted-host"),
        ("global.python", "/bin/echo", "interpreter-from-environment"),
        ("global.use-deprecated", "legacy-certs", "unsafe-option"),
    ],
)
def test_config_writes_nothing_that_would_be_refused(shell: Shell, key: str, value: str, rule: str) -> None:
    config = shell.write("pip.conf", "[global]\ntimeout = 5\n")

    ended = shell.safepip("config", "--user", "set", key, value, environ={"PIP_CONFIG_FILE": str(config)})

    assert ended.code == 10
    assert f"error[{rule}]" in ended.err
    assert config.read_text() == "[global]\ntimeout = 5\n"


def test_config_writes_what_is_fine(shell: Shell) -> None:
    config = shell.write("pip.conf", "[global]\ntimeout = 5\n")
    words = ("config", "--user", "set", "global.index-url", "https://index.example/simple")

    ended = shell.safepip(*words, environ={"PIP_CONFIG_FILE": str(config)})

    assert ended.code == 0, ended.err
    assert "index-url = https://index.example/simple" in config.read_text()
