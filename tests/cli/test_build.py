"""Source builds from end to end: the user's own code, and what policy admits of others'."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

NO_INDEX = ("--no-index",)
ADMITS = '[builds]\nsdists = ["*"]\n'


def site_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


def direct_url(shell: Shell, name: str) -> dict[str, object]:
    return json.loads((site_of(shell) / f"{name}.dist-info" / "direct_url.json").read_text())


def test_a_folder_is_built_and_installed(shell: Shell) -> None:
    folder = write_project(shell.folder / "demo", "demo")

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert ended.out.splitlines()[0] == "Processing ./demo"
    assert ended.out.splitlines()[-2:] == ["Successfully built demo", "Successfully installed demo-1.0"]
    assert direct_url(shell, "demo-1.0") == {"dir_info": {}, "url": folder.as_uri()}
    assert (site_of(shell) / "demo-1.0.dist-info" / "REQUESTED").exists()


def test_the_current_folder_is_built(shell: Shell) -> None:
    write_project(shell.folder, "demo")

    assert shell.safepip("install", ".", *NO_INDEX).code == 0
    assert shell.installed() == {"demo-1.0"}


def test_an_editable_leads_to_the_folder(shell: Shell) -> None:
    folder = write_project(shell.folder / "demo", "demo")

    ended = shell.safepip("install", "-e", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert "startup-hook" not in ended.err
    assert direct_url(shell, "demo-1.0") == {"dir_info": {"editable": True}, "url": folder.as_uri()}
    assert (site_of(shell) / "__editable__.demo-1.0.pth").read_text() == f"{folder}\n"


def test_a_folder_called_like_another_project_keeps_its_own_name(shell: Shell) -> None:
    write_project(shell.folder / "other", "demo")

    ended = shell.safepip("install", "-e", "other", *NO_INDEX)

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Successfully installed demo-1.0"), ended.err


def test_dependencies_of_a_folder_come_from_the_index(shell: Shell, index: IndexServer) -> None:
    write_project(shell.folder / "demo", "demo", requires=["lib<2", "app; extra == 'more'"], extras=["more"])

    ended = shell.safepip("install", "./demo[more]", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0", "lib-1.0", "app-1.0"}), ended.err


def test_what_a_build_needs_is_put_apart(shell: Shell, index: IndexServer) -> None:
    publish(index, "tool", files={"tool.py": "x = 1\n"}, requires=["lib"])
    code = "import tool, lib; assert tool.x == 1"
    write_project(shell.folder / "demo", "demo", needs=["tool"], code=code)

    ended = shell.safepip("install", "./demo", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize("level", ["warn", "deny"])
def test_a_denied_start_up_hook_is_denied_in_builds_too(shell: Shell, index: IndexServer, level: str) -> None:
    publish(index, "tool", files={"tool.py": "", "tool.pth": "import sys\n"})
    write_project(shell.folder / "demo", "demo", needs=["tool"])
    shell.write("policy.toml", f'[rules]\nstartup-hook = "{level}"\n')

    ended = shell.safepip("install", "./demo", "--policy", "policy.toml", *trusting(index))

    # The hook of a build's room starts nothing but that build: a warning would be noise.
    assert (ended.code, "startup-hook" in ended.err) == ((0, False) if level == "warn" else (13, True))
    assert shell.installed() == ({"demo-1.0"} if level == "warn" else set())


def test_what_a_backend_asks_for_while_it_runs_is_brought_too(shell: Shell, index: IndexServer) -> None:
    publish(index, "late", files={"late.py": "x = 1\n"})
    write_project(shell.folder / "demo", "demo", asks=["late"], at_build="import late")

    ended = shell.safepip("install", "./demo", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert "Installing backend dependencies" in ended.out


def test_a_local_archive_is_built(shell: Shell) -> None:
    content = make_sdist("demo")
    archive = shell.folder / sdist_filename("demo")
    archive.write_bytes(content)

    ended = shell.safepip("install", f"./{archive.name}", *NO_INDEX)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    digest = hashlib.sha256(content).hexdigest()
    assert direct_url(shell, "demo-1.0") == {
        "archive_info": {"hash": f"sha256={digest}", "hashes": {"sha256": digest}},
        "url": archive.as_uri(),
    }


def test_a_named_file_url_of_a_zip_is_built(shell: Shell) -> None:
    archive = shell.folder / "demo-1.0.zip"
    archive.write_bytes(make_sdist("demo", zipped=True))

    ended = shell.safepip("install", f"demo @ {archive.as_uri()}", *NO_INDEX)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_local_archive_with_another_hash_is_refused_before_it_runs(shell: Shell) -> None:
    mark = shell.folder / "mark"
    archive = shell.folder / sdist_filename("demo")
    archive.write_bytes(make_sdist("demo", mark=str(mark)))

    ended = shell.safepip("install", f"./{archive.name}", "--hash", f"sha256:{'0' * 64}", *NO_INDEX)

    assert (ended.code, shell.installed(), mark.exists()) == (13, set(), False), ended.err
    assert "hash-mismatch" in ended.err


def test_a_folder_that_calls_itself_something_else_is_refused(shell: Shell) -> None:
    folder = write_project(shell.folder / "demo", "demo")

    ended = shell.safepip("install", f"other @ {folder.as_uri()}", *NO_INDEX)

    assert (ended.code, shell.installed()) == (1, set())
    assert "asks for other" in ended.err


def test_a_failing_build_shows_the_backends_words(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo", at_build="print('about to fail'); raise SystemExit(7)")

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (1, set())
    assert "Building wheel for demo (pyproject.toml) did not run successfully" in ended.err
    assert "exit code: 7" in ended.err
    assert "about to fail" in ended.err
    assert "Failed to build demo" in ended.out


def test_what_a_backend_prints_is_shown_to_who_asks_for_it(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo", at_build="print('hello from the build')")

    plain = shell.safepip("install", "./demo", *NO_INDEX)
    verbose = shell.safepip("install", "-v", "./demo", *NO_INDEX)

    assert "hello from the build" not in plain.out + plain.err
    assert (
        "  Running command Building wheel for demo (pyproject.toml)\n  hello from the build\n" in verbose.err
    )
    assert "hello from the build" not in verbose.out


def test_what_a_backend_prints_is_kept_in_the_log(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo", at_build="print('hello from the build')")

    shell.safepip("install", "-q", "--log", "run.log", "./demo", *NO_INDEX)

    assert (shell.folder / "run.log").read_text().count("  hello from the build\n") == 1


def test_a_failure_is_shown_once_however_much_is_shown(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo", at_build="raise SystemExit('I die')")

    ended = shell.safepip("install", "-v", "./demo", *NO_INDEX)

    assert (ended.code, ended.err.count("I die")) == (1, 1), ended.err


def test_what_a_backend_prints_is_made_harmless(shell: Shell) -> None:
    """It may move no cursor, speak to no build service, and pass no secret on that safepip knows."""
    code = (
        "print(chr(27) + '[2J'); print('::set-output name=x::y'); print('##vso[task.x]');"
        "print('https://me:hunter2@index.example/simple')"
    )
    write_project(shell.folder / "demo", "demo", at_build=code)

    ended = shell.safepip("install", "-v", "--log", "run.log", "./demo", *NO_INDEX)

    for told in (ended.err, (shell.folder / "run.log").read_text()):
        assert "\x1b" not in told
        assert "hunter2" not in told
        assert "@index.example/simple" in told
        assert "  \\::set-output" in told
        assert "##vso\\[task.x]" in told


def test_a_backend_that_is_not_there_is_said(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo")
    shell.write("demo/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "nowhere"\n')

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (1, set())
    assert "error[backend-unavailable]: Cannot import build backend 'nowhere'." in ended.err


def test_a_project_without_the_hook_cannot_be_editable(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo", editable=False)

    ended = shell.safepip("install", "-e", "./demo", *NO_INDEX)

    assert ended.code == 1
    assert "missing the 'build_editable' hook" in ended.err


def test_config_settings_reach_the_backend(shell: Shell) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark))

    shell.safepip("install", "./demo", "-C", "a=1", "-C", "b=2", "-C", "b=3", *NO_INDEX)

    assert 'built {"a": "1", "b": ["2", "3"]}' in mark.read_text()


def test_dry_run_builds_no_wheel(shell: Shell) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark))

    ended = shell.safepip("install", "--dry-run", "./demo", *NO_INDEX)

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Would install demo-1.0"), ended.err
    assert "built" not in mark.read_text()


def test_the_same_version_of_a_folder_is_built_anew(shell: Shell) -> None:
    write_project(shell.folder / "demo", "demo")
    shell.safepip("install", "./demo", *NO_INDEX)
    shell.write("demo/demo/__init__.py", "changed = True\n")

    shell.safepip("install", "./demo", *NO_INDEX)

    assert (site_of(shell) / "demo" / "__init__.py").read_text() == "changed = True\n"


@pytest.mark.parametrize("words", [["./demo"], ["-e", "./demo"], ["./demo-1.0.tar.gz"]])
def test_policy_may_forbid_local_builds(shell: Shell, words: list[str]) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark))
    (shell.folder / "demo-1.0.tar.gz").write_bytes(make_sdist("demo", mark=str(mark)))
    shell.write("policy.toml", '[builds]\nlocal = "deny"\n')

    ended = shell.safepip("install", *words, "--policy", "policy.toml", *NO_INDEX)

    assert (ended.code, shell.installed(), mark.exists()) == (10, set(), False)
    assert "local-build" in ended.err


def test_the_report_names_the_folder(shell: Shell) -> None:
    folder = write_project(shell.folder / "demo", "demo")

    ended = shell.safepip("install", "--dry-run", "-q", "--report", "-", "-e", "./demo", *NO_INDEX)

    (item,) = json.loads(ended.out)["install"]
    assert item["download_info"] == {"url": folder.as_uri(), "dir_info": {"editable": True}}
    assert item["is_direct"] is True


_PREPARES = """
import os
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    inside = os.path.join(folder, "demo-1.0.dist-info")
    os.mkdir(inside)
    with open(os.path.join(inside, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n\\n")
    return "demo-1.0.dist-info"
"""


@pytest.mark.parametrize(
    "answer, why",
    [
        ("return '../evil.whl'", "which is no file's name"),
        ("return '/etc/passwd'", "which is no file's name"),
        ("return ''", "which is no file's name"),
        ("return 5", "which is no file's name"),
        ("return 'demo\\0.whl'", "which is no file's name"),
        ("return 'demo-1.0-py3-none-any.whl'", "made no wheel"),
        (
            "os.symlink('/etc/passwd', folder + '/demo-1.0-py3-none-any.whl'); return 'demo-1.0-py3-none-any.whl'",
            "made no wheel",
        ),
        (
            "os.mkfifo(folder + '/demo-1.0-py3-none-any.whl'); return 'demo-1.0-py3-none-any.whl'",
            "made no wheel",
        ),
    ],
)
def test_a_backend_that_answers_with_no_wheel_of_its_own_is_refused(
    shell: Shell, answer: str, why: str
) -> None:
    backend = f"{_PREPARES}\ndef build_wheel(folder, config_settings=None, metadata_directory=None):\n    {answer}\n"
    write_project(shell.folder / "demo", "demo", files={"tools/backend.py": backend})

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (1, set()), ended.err
    assert why in ended.err


@pytest.mark.parametrize(
    "answer",
    [
        "os.mkfifo(out)",
        "open(out, 'w').write('[' * 100_000)",
        "open(out, 'w').write('[]')",
        "open(out, 'w').write('{}')",
        """open(out, 'w').write('{"return_val": 1, "hook_missing": true, "missing_hook_name": [1]}')""",
        """open(out, 'w').write('{"return_val": 1, "unsupported": true, "traceback": [1]}')""",
        """open(out, 'w').write('{"return_val": 1, "warnings": [{}]}')""",
        "open(out, 'w').truncate(1 << 40)",
        "os.symlink('/dev/zero', out)",
        "pass",
    ],
)
def test_an_answer_that_no_hook_gives_is_one_clear_error(shell: Shell, answer: str) -> None:
    """The backend runs in the process that writes the answer, and may end it before."""
    code = f"import os, sys\nout = os.path.join(sys.argv[-1], 'output.json')\n{answer}\nos._exit(0)\n"
    write_project(shell.folder / "demo", "demo", code=code)

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (1, set()), ended.err
    assert "has a build backend that gives no answer" in ended.err


@pytest.mark.parametrize(
    "name, spec, rule",
    [
        ("other", {}, "metadata-mismatch"),
        ("demo", {"requires": ["lib"]}, "metadata-mismatch"),
        ("demo", {"changed": {"demo/__init__.py": "other"}}, "record-mismatch"),
        ("demo", {"unlisted": {"../evil.py": ""}}, "path-escape"),
        ("demo", {"data": {"data/pip.conf": "[global]"}}, "wheel-contents"),
    ],
)
def test_a_built_wheel_is_inspected_like_any_other(
    shell: Shell, name: str, spec: dict[str, object], rule: str
) -> None:
    wheel = make_wheel(name, "1.0", **spec)
    filename = wheel_filename(name)
    backend = (
        f"{_PREPARES}\ndef build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    import shutil; shutil.copy('ready.whl', os.path.join(folder, {filename!r})); return {filename!r}\n"
    )
    write_project(shell.folder / "demo", "demo", files={"tools/backend.py": backend})
    (shell.folder / "demo" / "ready.whl").write_bytes(wheel)

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert f"error[{rule}]" in ended.err


@pytest.mark.parametrize(
    "text, why",
    [
        ("not toml [", "cannot be read"),
        ("build-system = 1", "not a table"),
        ("[build-system]\nbuild-backend = 'backend'", "missing the mandatory `requires` key"),
        ("[build-system]\nrequires = 'setuptools'", "not a list of strings"),
        ("[build-system]\nrequires = ['a b c']", "invalid requirement: 'a b c'"),
        ("[build-system]\nrequires = []\nbuild-backend = 'b'\nbackend-path = ['..']", "inside source tree"),
        ("[build-system]\nrequires = []\nbuild-backend = 'b'\nbackend-path = ['/etc']", "must be relative"),
    ],
)
def test_a_wrong_pyproject_is_one_clear_error(shell: Shell, text: str, why: str) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark), files={"pyproject.toml": text})

    ended = shell.safepip("install", "./demo", *NO_INDEX)

    assert (ended.code, shell.installed(), mark.exists()) == (1, set(), False), ended.err
    assert why in ended.err


def test_nothing_of_a_build_is_left_behind(shell: Shell, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    write_project(shell.folder / "good", "good")
    write_project(shell.folder / "bad", "bad", at_build="raise SystemExit(1)")

    for folder in ("./good", "./bad"):
        shell.safepip("install", folder, *NO_INDEX, environ={"TMPDIR": str(temporary)})

    assert list(temporary.iterdir()) == []


def test_a_build_without_isolation_uses_the_target(shell: Shell, index: IndexServer) -> None:
    publish(index, "tool", files={"tool.py": ""})
    write_project(shell.folder / "demo", "demo", needs=["tool"], code="import tool")
    missing = shell.safepip("install", "--no-build-isolation", "./demo", *NO_INDEX)
    checked = shell.safepip(
        "install", "--no-build-isolation", "--check-build-dependencies", "./demo", *NO_INDEX
    )
    shell.safepip("install", "tool", *trusting(index))

    taken = shell.safepip("install", "--no-build-isolation", "./demo", *NO_INDEX)

    assert (missing.code, checked.code) == (1, 1)
    assert "No module named 'tool'" in missing.err
    assert "are missing: 'tool'" in checked.err
    assert (taken.code, shell.installed()) == (0, {"demo-1.0", "tool-1.0"}), taken.err


def test_paths_in_a_requirement_file_need_no_hash_nor_does_what_they_need(
    shell: Shell, index: IndexServer
) -> None:
    write_project(shell.folder / "demo", "demo", requires=["lib"])
    write_project(shell.folder / "more", "more")
    shell.write("requirements.txt", "-e ./demo\n./more\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0", "more-1.0", "lib-2.0"}), ended.err


@pytest.mark.parametrize("words", [["--require-hashes"], ["--policy", "policy.toml"]])
def test_where_everything_needs_a_hash_a_folder_is_refused_unrun(shell: Shell, words: list[str]) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark))
    shell.write("policy.toml", '[hashes]\nmode = "required"\n')

    ended = shell.safepip("install", "./demo", *words, *NO_INDEX)

    assert (ended.code, shell.installed(), mark.exists()) == (10, set(), False), ended.err
    assert "unhashed-requirement" in ended.err


@pytest.mark.parametrize(
    "line, words, runs",
    [
        ("./demo", ["install", "-r"], True),
        ("./demo", ["uninstall", "-y", "-r"], False),
        ("-e ./demo", ["uninstall", "-y", "-r"], False),
        ("demo @ file:demo", ["install", "lib", "-c"], False),
        ("./demo\n--trusted-host files.example", ["install", "-r"], False),
        ("./demo\nhttp://files.example/lib-1.0-py3-none-any.whl", ["install", "-r"], False),
        ("./demo\ngit+https://files.example/lib", ["install", "-r"], False),
    ],
)
def test_no_code_of_a_folder_runs_before_every_line_is_judged_nor_to_uninstall(
    shell: Shell, index: IndexServer, line: str, words: list[str], runs: bool
) -> None:
    mark = shell.folder / "mark"
    write_project(shell.folder / "demo", "demo", mark=str(mark))
    shell.write("lines.txt", f"{line}\n")
    sources = trusting(index) if words[0] == "install" else ()

    ended = shell.safepip(*words, "lines.txt", *sources)

    assert (ended.code == 0, mark.exists()) == (runs, runs), ended.err
