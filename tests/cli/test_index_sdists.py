"""Source distributions of indexes: what runs, when, and what policy has to say before."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer

POLICY = ("--policy", "policy.toml")


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


@pytest.fixture
def mark(shell: Shell) -> Path:
    """Written to by every backend that runs; one that is held to its own folders fails, which is no less plain."""
    return shell.folder / "mark"


@pytest.fixture
def admitting(shell: Shell) -> Shell:
    shell.write("policy.toml", '[builds]\nsdists = ["demo", "need-*"]\n')
    return shell


def publish_sdist(server: IndexServer, name: str, version: str = "1.0", **spec: object) -> str:
    """Put a source distribution on the index; its sha256."""
    content = make_sdist(name, version, **spec)
    server.add_file(content, sdist_filename(name, version))
    return hashlib.sha256(content).hexdigest()


def test_an_admitted_source_is_built_and_installed(admitting: Shell, server: IndexServer, mark: Path) -> None:
    publish(server, "lib")
    publish_sdist(server, "demo", requires=["lib"])

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0", "lib-1.0"}), ended.err
    assert ended.out.splitlines()[-2:] == [
        "Successfully built demo",
        "Successfully installed demo-1.0 lib-1.0",
    ]
    site = next(admitting.python.parent.parent.glob("lib/python*/site-packages"))
    assert not (site / "demo-1.0.dist-info" / "direct_url.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["install", "demo"],
        ["install", "--dry-run", "demo"],
        ["install", "--explain", "demo"],
        ["install", "--no-binary", ":all:", "demo"],
        ["install", "app"],
        ["download", "demo"],
        ["download", "--no-deps", "demo"],
        ["wheel", "demo"],
        ["index", "versions", "demo"],
    ],
    ids=" ".join,
)
def test_what_nobody_admitted_never_runs(
    shell: Shell, server: IndexServer, mark: Path, words: list[str]
) -> None:
    publish(server, "app", requires=["demo"])
    publish_sdist(server, "demo", mark=str(mark))

    ended = shell.safepip(*words, *trusting(server))

    assert not mark.exists()
    assert shell.installed() == set()
    assert ended.code == (0 if words[0] == "index" else 10), ended.err
    if ended.code:
        assert "error[sdist-build]" in ended.err
        assert "builds.sdists" in ended.err


@pytest.mark.parametrize(
    "words", [["install", "--dry-run"], ["download"], ["install", "--explain"]], ids=" ".join
)
def test_final_metadata_is_read_without_running_anything(
    admitting: Shell, server: IndexServer, mark: Path, words: list[str]
) -> None:
    publish(server, "lib")
    publish_sdist(server, "demo", requires=["lib"], static=True, mark=str(mark))

    ended = admitting.safepip(*words, "demo", *POLICY, *trusting(server))

    assert (ended.code, mark.exists()) == (0, False), ended.err
    assert "lib" in ended.out


def test_metadata_that_only_a_build_knows_is_asked_of_the_backend(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    publish(server, "lib")
    publish_sdist(
        server,
        "demo",
        requires=["lib"],
        at_build="raise SystemExit('a dry run builds no wheel')",
        pkg_info="Metadata-Version: 2.2\nName: demo\nVersion: 1.0\nDynamic: Requires-Dist\n\n",
    )

    ended = admitting.safepip("install", "--dry-run", "demo", *POLICY, *trusting(server))

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Would install demo-1.0 lib-1.0"), ended.err


def test_a_wheel_that_is_not_what_final_metadata_said_is_refused(
    admitting: Shell, server: IndexServer
) -> None:
    publish(server, "lib")
    publish_sdist(
        server, "demo", requires=["lib"], pkg_info="Metadata-Version: 2.2\nName: demo\nVersion: 1.0\n\n"
    )

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (13, set())
    assert "metadata-mismatch" in ended.err


def test_a_source_that_calls_itself_something_else_is_refused(admitting: Shell, server: IndexServer) -> None:
    server.add_file(make_sdist("other"), sdist_filename("demo"))

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (13, set()), ended.err
    assert "metadata-mismatch" in ended.err


def test_a_newer_source_is_passed_over_and_said(shell: Shell, server: IndexServer, mark: Path) -> None:
    publish(server, "demo", "1.0")
    publish_sdist(server, "demo", "2.0", mark=str(mark))

    ended = shell.safepip("install", "demo", *trusting(server))

    assert (ended.code, shell.installed(), mark.exists()) == (0, {"demo-1.0"}, False), ended.err
    assert "demo 2.0 passed over: only a source distribution" in ended.err


def test_a_newer_source_is_taken_where_it_is_admitted(admitting: Shell, server: IndexServer) -> None:
    publish(server, "demo", "1.0")
    publish_sdist(server, "demo", "2.0")

    admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert admitting.installed() == {"demo-2.0"}


@pytest.mark.parametrize(
    "words, version",
    [
        (["--prefer-binary"], "1.0"),
        (["--only-binary", "demo"], "1.0"),
        (["--no-binary", "demo"], "2.0"),
    ],
)
def test_formats_are_chosen_as_pip_chooses(
    admitting: Shell, server: IndexServer, words: list[str], version: str
) -> None:
    publish(server, "demo", "1.0")
    publish_sdist(server, "demo", "2.0")

    ended = admitting.safepip("install", *words, "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {f"demo-{version}"}), ended.err


def test_a_source_of_a_requirement_file_needs_a_hash_before_it_runs(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    publish(server, "app", requires=["demo"])
    publish_sdist(server, "demo", mark=str(mark))
    digest = hashlib.sha256(next(iter(server_wheel(server, "app")))).hexdigest()
    admitting.write("requirements.txt", f"app==1.0 --hash=sha256:{digest}\n")

    ended = admitting.safepip("install", "-r", "requirements.txt", *POLICY, *trusting(server))

    assert (ended.code, mark.exists(), admitting.installed()) == (10, False, set()), ended.err
    assert "demo==1.0 has no hash" in ended.err


def server_wheel(server: IndexServer, name: str) -> list[bytes]:
    from support.wheels import make_wheel

    return [make_wheel(name, "1.0", requires=["demo"])]


def test_a_hashed_source_of_a_requirement_file_is_built(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    digest = publish_sdist(server, "demo")
    admitting.write("requirements.txt", f"demo==1.0 --hash=sha256:{digest}\n")

    ended = admitting.safepip("install", "-r", "requirements.txt", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err


def test_what_a_hashed_source_needs_to_be_built_needs_a_hash_too(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    publish(server, "tool")
    digest = publish_sdist(server, "demo", needs=["tool"], mark=str(mark))
    admitting.write("requirements.txt", f"demo==1.0 --hash=sha256:{digest}\n")

    ended = admitting.safepip("install", "-r", "requirements.txt", *POLICY, *trusting(server))

    assert (ended.code, mark.exists(), admitting.installed()) == (10, False, set()), ended.err
    assert "tool==1.0 has no hash" in ended.err
    assert "add this to a file for --build-constraint: tool==1.0 --hash=sha256:" in ended.err


def test_build_constraints_hash_what_a_build_needs(admitting: Shell, server: IndexServer) -> None:
    from support.wheels import make_wheel

    publish(server, "tool", "1.0")
    publish(server, "tool", "2.0")
    digest = publish_sdist(
        server, "demo", needs=["tool"], code="import tool; assert tool.__version__ == '1.0'"
    )
    admitting.write("requirements.txt", f"demo==1.0 --hash=sha256:{digest}\n")
    tool = hashlib.sha256(make_wheel("tool", "1.0")).hexdigest()
    admitting.write("build.txt", f"tool==1.0 --hash=sha256:{tool}\n")

    ended = admitting.safepip(
        "install", "-r", "requirements.txt", "--build-constraint", "build.txt", *POLICY, *trusting(server)
    )

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize("holds, version", [("==", "1.0"), ("!=", "2.0")])
def test_a_build_constraint_for_another_environment_has_no_effect(
    admitting: Shell, server: IndexServer, holds: str, version: str
) -> None:
    publish(server, "tool", "1.0")
    publish(server, "tool", "2.0")
    publish_sdist(server, "demo", needs=["tool"], code=f"import tool; assert tool.__version__ == '{version}'")
    admitting.write("build.txt", f"tool<2; sys_platform {holds} '{sys.platform}'\n")

    ended = admitting.safepip(
        "install", "demo", "--build-constraint", "build.txt", *POLICY, *trusting(server)
    )

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err


def test_requirements_among_build_constraints_are_not_passed_over(
    admitting: Shell, server: IndexServer
) -> None:
    """pip puts what a build constraint file names with ``-r`` into every build; left out, it would not
    even constrain.
    """
    publish(server, "tool", "1.0")
    publish(server, "tool", "2.0")
    publish_sdist(server, "demo", needs=["tool"], code="import tool; assert tool.__version__ == '1.0'")
    admitting.write("pins.txt", "tool==1.0\n")
    admitting.write("build.txt", "-r pins.txt\n")
    words = ("install", "demo", "--build-constraint", "build.txt", *POLICY, *trusting(server))

    ended = admitting.safepip(*words)
    assert (ended.code, admitting.installed()) == (1, set())
    assert "a requirement among build constraints" in ended.err
    assert "--> pins.txt:1:1" in ended.err

    admitting.write("build.txt", "-c pins.txt\n")
    ended = admitting.safepip(*words)
    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_wrong_hash_of_what_a_build_needs_stops_it(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    publish(server, "tool", "1.0")
    publish_sdist(server, "demo", needs=["tool"], mark=str(mark))
    admitting.write("build.txt", f"tool==1.0 --hash=sha256:{'0' * 64}\n")

    ended = admitting.safepip(
        "install", "demo", "--build-constraint", "build.txt", *POLICY, *trusting(server)
    )

    assert (ended.code, mark.exists(), admitting.installed()) == (13, False, set()), ended.err


def test_what_a_build_needs_may_be_built_itself(admitting: Shell, server: IndexServer, mark: Path) -> None:
    publish_sdist(server, "need-a", needs=["need-b"], code="import need_b")
    publish_sdist(server, "need-b")
    write_project(admitting.folder / "mine", "mine", needs=["need-a"], code="import need_a")

    ended = admitting.safepip("install", "./mine", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {"mine-1.0"}), ended.err
    assert ended.out.splitlines()[-2:] == ["Successfully built mine", "Successfully installed mine-1.0"]


def test_what_a_build_needs_is_not_built_unless_admitted(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    publish_sdist(server, "wanted", mark=str(mark))
    write_project(admitting.folder / "mine", "mine", needs=["wanted"], mark=str(mark))

    ended = admitting.safepip("install", "./mine", *POLICY, *trusting(server))

    assert (ended.code, mark.exists(), admitting.installed()) == (10, False, set()), ended.err
    assert "error[sdist-build]" in ended.err


def test_a_build_that_needs_itself_ends(admitting: Shell, server: IndexServer) -> None:
    publish_sdist(server, "need-a", needs=["need-b"])
    publish_sdist(server, "need-b", needs=["need-a"])

    ended = admitting.safepip("install", "need-a", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (1, set())
    assert "is already being built" in ended.err


def test_what_a_build_needs_by_url_is_refused(shell: Shell, server: IndexServer, mark: Path) -> None:
    write_project(
        shell.folder / "mine", "mine", needs=["tool @ https://files.example/tool-1.0.tar.gz"], mark=str(mark)
    )

    ended = shell.safepip("install", "./mine", *trusting(server))

    assert (ended.code, mark.exists()) == (10, False), ended.err
    assert "transitive-url" in ended.err


def test_download_keeps_the_source(admitting: Shell, server: IndexServer) -> None:
    publish(server, "lib")
    publish_sdist(server, "demo", requires=["lib"])

    ended = admitting.safepip("download", "-d", "out", "demo", *POLICY, *trusting(server))

    assert ended.code == 0, ended.err
    assert {path.name for path in (admitting.folder / "out").iterdir()} == {
        "demo-1.0.tar.gz",
        "lib-1.0-py3-none-any.whl",
    }
    assert ended.out.splitlines()[-1] == "Successfully downloaded demo lib"


def test_wheel_builds_what_is_no_wheel(admitting: Shell, server: IndexServer) -> None:
    publish(server, "lib")
    publish_sdist(server, "demo", requires=["lib"])
    write_project(admitting.folder / "mine", "mine")

    ended = admitting.safepip("wheel", "-w", "out", "demo", "-e", "./mine", *POLICY, *trusting(server))

    assert ended.code == 0, ended.err
    assert {path.name for path in (admitting.folder / "out").iterdir()} == {
        "demo-1.0-py3-none-any.whl",
        "lib-1.0-py3-none-any.whl",
        "mine-1.0-py3-none-any.whl",
    }


def test_a_source_in_a_folder_is_built_where_admitted(admitting: Shell, mark: Path) -> None:
    folder = admitting.folder / "wheels"
    folder.mkdir()
    archive = folder / sdist_filename("demo")
    archive.write_bytes(make_sdist("demo", mark=str(mark)))

    refused = admitting.safepip("install", "--no-index", "--find-links", "wheels", "demo")
    ran = mark.exists()
    archive.write_bytes(make_sdist("demo"))
    built = admitting.safepip("install", "--no-index", "--find-links", "wheels", "demo", *POLICY)

    assert (refused.code, ran) == (10, False), refused.err
    assert (built.code, admitting.installed()) == (0, {"demo-1.0"}), built.err


def test_a_direct_source_from_afar_needs_a_hash_and_an_admission(
    admitting: Shell, server: IndexServer, mark: Path
) -> None:
    digest = publish_sdist(server, "demo", mark=str(mark))
    plain = publish_sdist(server, "need-plain")
    plain_url = f"{server.origin}/files/{sdist_filename('need-plain')}#sha256={plain}"
    url = f"{server.origin}/files/{sdist_filename('demo')}"

    unhashed = admitting.safepip("install", url, *POLICY, *trusting(server))
    not_admitted = admitting.safepip("install", f"{url}#sha256={digest}", *trusting(server))
    ran = mark.exists()
    taken = admitting.safepip("install", plain_url, *POLICY, *trusting(server))

    assert (unhashed.code, not_admitted.code, ran) == (10, 10, False)
    assert "direct-url" in unhashed.err
    assert "sdist-build" in not_admitted.err
    assert (taken.code, admitting.installed()) == (0, {"need_plain-1.0"}), taken.err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to confine a process to folders")
def test_an_admitted_source_changes_nothing_but_its_own_copy(admitting: Shell, server: IndexServer) -> None:
    places = [str(admitting.folder / "evil"), str(admitting.python.parent / "evil")]
    code = "\n".join(
        [
            "import os",
            "assert os.path.expanduser('~').startswith(os.environ['TMPDIR'][:-4])",
            f"for place in {places}:",
            "    try: open(place, 'w')",
            "    except OSError: pass",
            "open('own', 'w')",
        ]
    )
    publish_sdist(server, "demo", at_build=code)

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err
    if "builds could write outside" not in ended.err:
        assert [place for place in places if Path(place).exists()] == []


_LEAVES_A_HOOK = (
    "import pathlib, sysconfig\n"
    "pathlib.Path(sysconfig.get_path('purelib'), 'x.pth').write_text({line!r} + chr(10))\n"
)
_LEAVES_AN_INTERPRETER = (
    "import os, sys\n"
    "path, real = sys.executable, os.path.realpath(sys.executable)\n"
    "if os.path.islink(path):\n"
    "    os.unlink(path)\n"
    "    open(path, 'w').write('#!/bin/sh\\n' + {line!r} + '\\nexec ' + real + ' \"$@\"\\n')\n"
    "    os.chmod(path, 0o755)\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to confine a process to folders")
@pytest.mark.parametrize(
    "leaves, line",
    [
        (_LEAVES_A_HOOK, "import os; open({mark!r}, 'a').write('x')"),
        (_LEAVES_AN_INTERPRETER, "echo x >> {mark}"),
    ],
    ids=["hook", "interpreter"],
)
def test_what_a_backend_leaves_in_its_room_does_not_run_when_more_is_put_there(
    admitting: Shell, server: IndexServer, tmp_path: Path, leaves: str, line: str
) -> None:
    """It would run with safepip's own rights, outside of what the backend is confined to."""
    mark = tmp_path / "mark"
    publish(server, "late", files={"late.py": "x = 1\n"})
    code = leaves.format(line=line.format(mark=str(mark)))
    publish_sdist(server, "demo", asks=["late"], code=code, at_build="import late")

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert not mark.exists()
    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize("words", [["install"], ["install", "--dry-run"]], ids=" ".join)
def test_a_source_that_ran_and_failed_was_used_for_the_first_time(
    admitting: Shell, server: IndexServer, words: list[str]
) -> None:
    """Else an index could serve harm once, have it fail, and take it back unseen."""
    publish_sdist(server, "demo", code="raise SystemExit('harm done')")
    failed = admitting.safepip(*words, "demo", *POLICY, *trusting(server))
    server.remove_project("demo")
    publish_sdist(server, "demo")

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (failed.code, ended.code) == (1, 10), ended.err
    assert "error[republished-file]" in ended.err


def test_a_source_that_failed_for_want_of_something_may_be_tried_again(
    admitting: Shell, server: IndexServer
) -> None:
    publish_sdist(server, "demo", code="import os\nif not os.environ.get('CC'): raise SystemExit('no CC')")

    failed = admitting.safepip("install", "demo", *POLICY, *trusting(server), environ={"CC": ""})
    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server), environ={"CC": "cc"})

    assert (failed.code, ended.code) == (1, 0), ended.err
