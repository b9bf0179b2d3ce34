"""One way to meet each kind of error; what is said is held to ``tests/golden/refusals/error-<reference>.txt``.

What takes a killed process or a package's own build to happen is held by a test elsewhere, which
:data:`ELSEWHERE` names.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from safepip.cli.wiring.world import RealWorld
from safepip.core.build import Source
from safepip.core.errors import SafepipError
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.lock.document import merge
from safepip.lock.requirements import requirements_text
from tests.fakes.scene import Ended, Scene
from tests.fakes.world import ago
from tests.lock.answers import BASE, answer, direct, step
from tests.refusals.rules import NOW, PIP_CONF, POLICY, offering
from tests.resolve.asking import environment, installed
from tests.support.wheels import make_wheel

Scenario = Callable[[Path], SafepipError]
ERRORS: dict[str, Scenario] = {}
"""By reference."""
ELSEWHERE = {
    "backend-unavailable": "tests/cli/test_build.py::test_a_backend_that_is_not_there_is_said",
    "build-backend": "tests/cli/test_build.py::test_a_backend_that_answers_with_no_wheel_of_its_own_is_refused",
    "build-needs-itself": "tests/cli/test_index_sdists.py::test_a_build_that_needs_itself_ends",
    "bytecode": "tests/io/test_apply.py::test_worker_that_dies_undoes_the_installation",
    "changed-meanwhile": "tests/io/test_apply_failures.py::test_a_plan_made_before_another_command_ended_is_not_applied",
    "editable-repository": "tests/cli/test_vcs.py::test_an_editable_repository_is_refused_with_the_way_to_do_it",
    "git": "tests/io/test_git.py::test_a_missing_git_is_said_in_pips_words",
    "inconsistent-name": "tests/cli/test_build.py::test_a_folder_that_calls_itself_something_else_is_refused",
    "journal": "tests/io/test_apply_failures.py::test_unreadable_journal_stops",
    "no-editable-hook": "tests/cli/test_build.py::test_a_project_without_the_hook_cannot_be_editable",
    "no-such-commit": "tests/io/test_git.py::test_a_commit_that_is_not_there_is_said",
    "outside-file": "tests/cli/test_sync_attacks.py::test_files_outside_of_the_environment_are_not_removed",
    "plan-not-met": "tests/io/test_apply_failures.py::test_plan_that_pip_does_not_meet_is_undone",
    "repository-download": "tests/cli/test_vcs.py::test_a_repository_has_no_file_to_download",
    "repository-unavailable": "tests/io/test_git.py::test_an_unknown_host_key_is_said",
    "subprocess-exited-with-error": "tests/cli/test_build.py::test_a_failing_build_shows_the_backends_words",
}
"""Reference → the test that holds it."""
NO_TEXT = {"refused": "a refusal is its findings"}
"""References that are never shown, with the reason."""
SAID = Origin(
    layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=2, text="safepip install demo"
)


def meets(reference: str) -> Callable[[Scenario], Scenario]:
    """Register the scene for an error."""

    def register(scenario: Scenario) -> Scenario:
        assert reference not in ERRORS
        ERRORS[reference] = scenario
        return scenario

    return register


def error_of(ended: Ended) -> SafepipError:
    assert ended.error is not None, ended.out
    return ended.error


def raised(call: Callable[[], object]) -> SafepipError:
    with pytest.raises(SafepipError) as caught:
        call()
    return caught.value


# --- The command line ---------------------------------------------------------------------------------


@meets("usage")
def _(_: Path) -> SafepipError:
    return error_of(Scene().run("install", "demo", "--report-format", "xml"))


@meets("unknown-command")
def _(_: Path) -> SafepipError:
    return error_of(Scene().run("instal", "demo"))


@meets("missing-command")
def _(_: Path) -> SafepipError:
    return error_of(Scene().run("search", "demo"))


@meets("target")
def _(_: Path) -> SafepipError:
    from safepip.io.choice import Interpreter, choose

    own = Interpreter(executable="/usr/bin/python3", prefix="/usr", base_prefix="/usr")
    return raised(lambda: choose("/nowhere/python", {}, own))


@meets("externally-managed-environment")
def _(_: Path) -> SafepipError:
    from dataclasses import replace

    scene, _ = offering("1.0")
    scene.environment = replace(scene.environment, externally_managed="use the system's own tool")
    return error_of(scene.run("install", "demo"))


# --- Configuration ------------------------------------------------------------------------------------


@meets("configuration")
def _(_: Path) -> SafepipError:
    return error_of(Scene({PIP_CONF: b"[global]\nindex-url = \xff\n"}).run("install", "demo"))


@meets("pip-configuration")
def _(_: Path) -> SafepipError:
    return error_of(Scene({PIP_CONF: "index-url = https://nexus.example/simple\n"}).run("install", "demo"))


@meets("configured-value")
def _(_: Path) -> SafepipError:
    return error_of(Scene({PIP_CONF: "[global]\ntimeout = soon\n"}).run("install", "demo"))


@meets("conflicting-variables")
def _(_: Path) -> SafepipError:
    environ = {"PIP_INDEX_URL": "https://one.example/simple", "PIP_INDEX-URL": "https://two.example/simple"}
    return error_of(Scene(environ=environ).run("install", "demo"))


@meets("proxy")
def _(_: Path) -> SafepipError:
    return error_of(
        Scene({PIP_CONF: "[global]\nproxy = socks5://proxy.example:1080\n"}).run("install", "demo")
    )


@meets("bad-policy")
def _(_: Path) -> SafepipError:
    return error_of(Scene({POLICY: '[hashes]\nmood = "required"\n'}).run("install", "demo"))


@meets("policy")
def _(_: Path) -> SafepipError:
    scene = Scene({"/etc/safepip/policy.toml": ""})
    scene.around.others = {"/etc/safepip/policy.toml": "everybody"}
    return error_of(scene.run("install", "demo"))


@meets("trusted-policies")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.trusted import TrustedFile

    path = tmp_path / "trusted.json"
    path.write_text("[]")
    return raised(lambda: TrustedFile(path).everything())


@meets("audit-log")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.log import LogFile

    (tmp_path / "file").write_text("")
    return raised(lambda: LogFile(Sourced(value=str(tmp_path / "file" / "log.jsonl"), origin=SAID)))


@meets("log")
def _(tmp_path: Path) -> SafepipError:
    from safepip.cli.runlog import RunLog

    (tmp_path / "file").write_text("")
    return raised(lambda: RunLog(str(tmp_path / "file" / "run.log"), lambda: NOW))


@meets("record")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.record import SqliteRecord

    path = tmp_path / "first-use.sqlite3"
    path.write_bytes(b"no database at all, and long enough to be told from an empty one" * 20)
    return raised(lambda: SqliteRecord(path).known("demo"))  # type: ignore[arg-type]  # a plain name


# --- Requirements -------------------------------------------------------------------------------------


@meets("requirement-file")
def _(_: Path) -> SafepipError:
    scene = Scene({"requirements.txt": "-r more.txt\n"})
    return error_of(scene.run("install", "-r", "requirements.txt"))


@meets("invalid-requirement")
def _(_: Path) -> SafepipError:
    return error_of(Scene({"requirements.txt": "demo=>1\n"}).run("install", "-r", "requirements.txt"))


@meets("lock-file")
def _(_: Path) -> SafepipError:
    return error_of(Scene({"pylock.toml": 'lock-version = "2.0"\n'}).run("install", "-r", "pylock.toml"))


@meets("mirror")
def _(_: Path) -> SafepipError:
    vcs = '{type = "git", url = "https://git.example/demo", commit-id = "0123456789abcdef0123456789abcdef01234567"}'
    head = 'lock-version = "1.0"\ncreated-by = "hand"\n'
    lock = f'{head}[[packages]]\nname = "demo"\nvcs = {vcs}\n'
    return error_of(Scene({"pylock.toml": lock}).run("mirror", "--to", "packages", "pylock.toml"))


@meets("lock-input")
def _(_: Path) -> SafepipError:
    return error_of(
        Scene({"requirements.in": "demo\n"}).run("lock", "-r", "requirements.in", "-o", "requirements.in")
    )


@meets("lock-outdated")
def _(_: Path) -> SafepipError:
    scene, index = offering("1.0")
    assert scene.run("lock", "demo").code == 0
    scene.indexes.publish(index, "demo", "2.0", upload_time=OLD)
    return error_of(scene.run("lock", "demo>=2", "--check"))


@meets("project-table")
def _(_: Path) -> SafepipError:
    text = '[project]\nname = "demo"\ndynamic = ["version", "dependencies"]\n'
    return error_of(Scene({"pyproject.toml": text}).run("lock", "-r", "pyproject.toml"))


@meets("lock-environments")
def _(_: Path) -> SafepipError:
    glibc = answer("linux-x86_64-cp311", step("demo", "1.0"))
    musl = answer("linux-x86_64-cp311-musl", step("demo", "1.1"))
    return raised(lambda: merge([glibc, musl], base=BASE, policy_digest="sha256:0"))


@meets("lock-format")
def _(_: Path) -> SafepipError:
    source = Source(url="file:///project/lib", directory=True)
    folder = answer("linux-x86_64-cp311", direct("lib", "1.0", source.url, source=source))
    return raised(lambda: requirements_text([folder], base=BASE))


@meets("dependency-group")
def _(_: Path) -> SafepipError:
    scene = Scene({"pyproject.toml": '[dependency-groups]\ntest = ["pytest"]\n'})
    return error_of(scene.run("install", "--group", "tests"))


@meets("script")
def _(_: Path) -> SafepipError:
    scene = Scene({"job.py": "# /// script\n# dependencies = [\n# ///\n"})
    return error_of(scene.run("install", "--requirements-from-script", "job.py"))


# --- No answer ----------------------------------------------------------------------------------------

OLD = ago(NOW, days=400)


@meets("not-found")
def _(_: Path) -> SafepipError:
    scene, _ = offering("1.0")
    return error_of(scene.run("install", "demo>=2"))


@meets("requires-python")
def _(_: Path) -> SafepipError:
    scene, _ = offering("1.0", name="demo")
    index = scene.indexes.indexes[0]
    scene.indexes.publish(index, "old", "1.0", upload_time=OLD)
    # The page says nothing; the file's own metadata does.
    content = make_wheel("late", "1.0", requires_python="<3")
    scene.indexes.publish(index, "late", "1.0", content=content, upload_time=OLD)
    return error_of(scene.run("install", "late"))


@meets("resolution-impossible")
def _(_: Path) -> SafepipError:
    scene, index = offering("1.0", "2.0", name="lib")
    scene.indexes.publish(index, "one", "1.0", "lib==1.0", upload_time=OLD)
    scene.indexes.publish(index, "two", "1.0", "lib==2.0", upload_time=OLD)
    return error_of(scene.run("install", "one", "two"))


@meets("resolution-too-deep")
def _(_: Path) -> SafepipError:
    from dataclasses import replace

    scene, index = offering("1.0", name="lib")
    scene.indexes.publish(index, "demo", "1.0", "lib", upload_time=OLD)
    with patch("safepip.resolve.resolver.Limits", lambda: replace(Limits(), resolve_rounds_max=1)):
        return error_of(scene.run("install", "demo"))


# --- Sources ------------------------------------------------------------------------------------------


@meets("invalid-pyproject-toml")
def _(_: Path) -> SafepipError:
    from safepip.core.build import read_build_system

    return raised(lambda: read_build_system(b"[build-system", "demo"))


@meets("invalid-pyproject-build-system-requires")
def _(_: Path) -> SafepipError:
    from safepip.core.build import read_build_system

    return raised(lambda: read_build_system(b'[build-system]\nrequires = "flit_core"\n', "demo"))


@meets("missing-pyproject-build-system-requires")
def _(_: Path) -> SafepipError:
    from safepip.core.build import read_build_system

    return raised(lambda: read_build_system(b'[build-system]\nbuild-backend = "flit_core"\n', "demo"))


@meets("invalid-build-requirement")
def _(_: Path) -> SafepipError:
    from safepip.flows.build_requirements import as_lines

    return raised(lambda: as_lines(["flit_core >> 3"], "demo", "pyproject.toml", from_file=False))


@meets("build-dependencies")
def _(_: Path) -> SafepipError:
    from safepip.flows.build_requirements import check_present

    there = environment(installed("flit-core", "2.0"))
    return raised(lambda: check_present(["flit_core >=3"], there, "demo"))


@meets("build-environment")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.build import make_environment

    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'No module named venv' >&2\nexit 1\n")
    program.chmod(0o755)
    return raised(lambda: make_environment(str(program), tmp_path / "environment", {}))


@meets("no-project")
def _(_: Path) -> SafepipError:
    from types import SimpleNamespace

    from safepip.flows.build_room import Preparation

    opening = SimpleNamespace(tree=Path("tree"), name="demo", origin=SAID)
    room = SimpleNamespace(_shop=SimpleNamespace(read=lambda *_: None))
    return raised(lambda: Preparation._system(room, opening))  # type: ignore[arg-type]  # as much as it looks at


@meets("invalid-version")
def _(_: Path) -> SafepipError:
    from safepip.resolve.sources import version_of
    from tests.fakes.world import parse_metadata
    from tests.resolve.asking import direct

    metadata = parse_metadata(b"Metadata-Version: 2.1\nName: demo\nVersion: one\n")
    return raised(lambda: version_of(metadata, direct("./demo", name=None)))


@meets("subdirectory")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.build import PrivateWorkshop

    shop = PrivateWorkshop(sys.executable, {}, Limits())
    try:
        return raised(lambda: shop.unpack(_archive(tmp_path), "demo-1.0.tar.gz", "inner"))
    finally:
        shop.close()


@meets("unreadable-source")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.build import PrivateWorkshop

    shop = PrivateWorkshop(sys.executable, {}, Limits())
    (tmp_path / "pyproject.toml").write_bytes(b"#" * (Limits().sidecar_max_bytes + 1))
    try:
        return raised(lambda: shop.read(tmp_path, "pyproject.toml"))
    finally:
        shop.close()


@meets("bad-archive")
def _(tmp_path: Path) -> SafepipError:
    from safepip.io.build_unpack import unpack

    (tmp_path / "demo-1.0.tar.gz").write_bytes(b"no archive")
    return raised(lambda: unpack(tmp_path / "demo-1.0.tar.gz", "demo-1.0.tar.gz", tmp_path / "out", Limits()))


def _archive(folder: Path) -> Path:
    import tarfile

    path = folder / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("demo-1.0/pyproject.toml")
        archive.addfile(member, io.BytesIO())
    return path


# --- The machine --------------------------------------------------------------------------------------


@meets("disk")
def _(_: Path) -> SafepipError:
    from safepip.io.apply import _disk_error

    return _disk_error(OSError(28, "No space left on device"))


@meets("output")
def _(_: Path) -> SafepipError:
    from safepip.cli.presenter import StreamPresenter

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device", text)

    with patch("os.dup2"), patch("sys.stdout", Full()):
        return raised(lambda: StreamPresenter(cwd="/").out("text"))


@meets("pip")
def _(_: Path) -> SafepipError:
    from safepip.core.errors import ApplyError
    from safepip.io.agent import Agent

    class Broken(Agent):
        def __init__(self) -> None: ...
        def facts(self) -> dict[str, object]:  # type: ignore[override]  # nothing of it is looked at
            return {}

        def _say(self, what: object) -> None: ...
        def _answer(self) -> dict[str, object]:
            return {
                "error": "Can not perform a '--user' install. User site-packages are not visible in this virtualenv."
            }

    from types import SimpleNamespace

    nowhere = SimpleNamespace(target=None, prefix=None, root=None, user=True)
    error = raised(lambda: Broken().locate(nowhere))  # type: ignore[arg-type]  # as much as it looks at
    assert isinstance(error, ApplyError)
    return error


@meets("broken-installation")
def _(_: Path) -> SafepipError:
    from safepip.io.pip import pip_folder

    with patch("importlib.util.find_spec", return_value=None):
        return raised(pip_folder)


@meets("cancelled")
def _(_: Path) -> SafepipError:
    return _noted("cancelled", lambda world: world.cancelled())


@meets("bug")
def _(_: Path) -> SafepipError:
    return _noted("bug", lambda world: world.report_bug(ZeroDivisionError("division by zero")))


def _noted(reference: str, end: Callable[[RealWorld], int]) -> SafepipError:
    """What the end of a run notes as its error."""
    import contextlib

    world = RealWorld()
    noted: list[SafepipError] = []
    with patch.object(world, "_log", noted.append), contextlib.redirect_stderr(io.StringIO()):
        end(world)
    (error,) = noted
    assert error.reference == reference
    return error
