"""Installing from locks that tools write, alone and beside other requirements."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.locks import HEAD, lock, package
from support.sdists import write_project
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

APP: dict[str, object] = {
    "requires": ["lib>=1"],
    "entry_points": {"console_scripts": {"app": "app:main"}},
}


def whole(index: IndexServer, **lib: object) -> str:
    """A lock of ``app`` and ``lib`` 1.0; keywords change the entry of ``lib``."""
    return lock(package(index, "app", **APP), package(index, "lib", **lib))  # type: ignore[arg-type]  # keywords of tests


def install(shell: Shell, index: IndexServer, *words: str) -> Ended:
    return shell.safepip("install", *trusting(index), *words)


def pages_asked(index: IndexServer) -> list[str]:
    return [path for path in index.paths_asked() if path.startswith("/simple")]


def test_what_pip_locks_installs(shell: Shell, index: IndexServer) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "pip", "lock", "-q", *trusting(index), "app", "-o", "pylock.toml"],
        cwd=shell.folder,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    index.requests.clear()

    ended = install(shell, index, "-r", "pylock.toml")

    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == "Successfully installed app-1.0 lib-2.0"
    assert pages_asked(index) == []


UV = """\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.8"

[[packages]]
name = "app"
version = "1.0"
index = "{index}"
sdist = {{ url = "{files}/app-1.0.tar.gz", upload-time = 2025-01-02T03:04:05Z, size = 11, hashes = {{ sha256 = "{sdist}" }} }}
wheels = [{{ url = "{files}/app-1.0-py3-none-any.whl", upload-time = 2025-01-02T03:04:05Z, size = {app_size}, hashes = {{ sha256 = "{app}" }} }}]

[[packages]]
name = "lib"
version = "2.0"
index = "{index}"
wheels = [
    {{ url = "{files}/lib-2.0-cp27-cp27m-win32.whl", size = 11, hashes = {{ sha256 = "{sdist}" }} }},
    {{ url = "{files}/lib-2.0-py3-none-any.whl", size = {lib_size}, hashes = {{ sha256 = "{lib}" }} }},
]

[[packages]]
name = "win"
version = "1.0"
marker = "sys_platform == 'amiga'"
index = "{index}"
wheels = [{{ url = "{files}/win-1.0-py3-none-any.whl", size = 9, hashes = {{ sha256 = "{sdist}" }} }}]
"""
PDM = """\
lock-version = "1.0"
requires-python = ">=3.8"
environments = [
    "python_version >= \\"3.8\\"",
]
extras = []
dependency-groups = ["dev"]
default-groups = ["default"]
created-by = "pdm"
[[packages]]
name = "app"
version = "1.0"
requires-python = ">=3.8"
sdist = {{name = "app-1.0.tar.gz", url = "{files}/app-1.0.tar.gz", hashes = {{sha256 = "{sdist}"}}}}
wheels = [
    {{name = "app-1.0-py3-none-any.whl",url = "{files}/app-1.0-py3-none-any.whl",hashes = {{sha256 = "{app}"}}}},
]
marker = "\\"default\\" in dependency_groups"

[packages.tool.pdm]
dependencies = ["lib>=1"]
[[packages]]
name = "lib"
version = "2.0"
wheels = [
    {{name = "lib-2.0-py3-none-any.whl",url = "{files}/lib-2.0-py3-none-any.whl",hashes = {{sha256 = "{lib}"}}}},
]
marker = "\\"default\\" in dependency_groups or \\"dev\\" in dependency_groups"
[tool.pdm]
hashes = {{sha256 = "{sdist}"}}
[[tool.pdm.targets]]
requires_python = ">=3.8"
"""
NAB = """\
lock-version = "1.0"
environments = [
    "sys_platform != \\"amiga\\" and python_version >= \\"3.8\\"",
]
requires-python = ">=3.8"
created-by = "nab"

[[packages]]
name = "app"
version = "1.0"
dependencies = [
    {{ name = "lib" }},
]
index = "{index}/"

[packages.sdist]
name = "app-1.0.tar.gz"
upload-time = 2025-01-02 03:04:05.130300+00:00
url = "{files}/app-1.0.tar.gz"
size = 11

[packages.sdist.hashes]
sha256 = "{sdist}"

[[packages.wheels]]
name = "app-1.0-py3-none-any.whl"
upload-time = 2025-01-02 03:04:05+00:00
url = "{files}/app-1.0-py3-none-any.whl"
size = {app_size}

[packages.wheels.hashes]
sha256 = "{app}"

[[packages]]
name = "lib"
version = "2.0"
index = "{index}/"

[[packages.wheels]]
name = "lib-2.0-py3-none-any.whl"
url = "{files}/lib-2.0-py3-none-any.whl"
size = {lib_size}

[packages.wheels.hashes]
sha256 = "{lib}"

[tool.nab]
nab-version = "0.0.23"
created-at = 2025-01-03 03:04:05.297630+00:00
command-line = [
    "nab",
    "lock",
]
mode = "specific"
"""


@pytest.mark.parametrize("form", [UV, PDM, NAB], ids=["uv", "pdm", "nab"])
def test_what_other_tools_lock_installs(shell: Shell, index: IndexServer, form: str) -> None:
    app, lib = make_wheel("app", **APP), make_wheel("lib", "2.0")
    text = form.format(
        index=index.url,
        files=f"{index.origin}/files",
        sdist="0" * 64,
        app=sha256(app),
        lib=sha256(lib),
        app_size=len(app),
        lib_size=len(lib),
    )
    shell.write("pylock.toml", text)

    ended = install(shell, index, "-r", "pylock.toml")

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err
    assert "warning[" not in ended.err
    assert pages_asked(index) == []


def test_each_file_is_fetched_once_and_whole(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    assert install(shell, index, "-r", "pylock.toml").code == 0
    assert sorted(index.paths_asked()) == [
        "/files/app-1.0-py3-none-any.whl",
        "/files/lib-1.0-py3-none-any.whl",
    ]
    assert all(asked.headers.get("Range") is None for asked in index.requests)


def test_a_second_environment_needs_no_network(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    assert install(shell, index, "-r", "pylock.toml").code == 0
    index.requests.clear()
    ended = install(shell, index, "-r", "pylock.toml", "--target", "out")
    assert (ended.code, index.requests) == (0, [])


def test_the_plan_names_the_lock(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index, keys=f'index = "{index.url}"'))
    ended = install(shell, index, "-r", "pylock.toml", "--explain")
    assert (ended.code, shell.installed()) == (0, set())
    assert "index: pypi (lock file)" in ended.out
    assert "asked for by: lib==1.0 (pylock.toml:" in ended.out


def test_a_name_beside_a_lock_needs_a_hash_too(shell: Shell, index: IndexServer) -> None:
    """As in pip: a lock brings hash checking with it."""
    shell.write("pylock.toml", whole(index))
    publish(index, "extra")
    ended = install(shell, index, "-r", "pylock.toml", "extra")
    assert (ended.code, shell.installed()) == (10, set())
    assert "error[unhashed-requirement]: extra has no hash" in ended.err
    index.requests.clear()

    shell.write("requirements.txt", f"extra==1.0 --hash=sha256:{sha256(make_wheel('extra'))}\n")
    ended = install(shell, index, "-r", "pylock.toml", "-r", "requirements.txt")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0", "extra-1.0"})
    assert pages_asked(index) == ["/simple/extra/"]


def test_a_name_that_the_lock_holds_comes_from_the_lock(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    ended = install(shell, index, "lib", "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"})
    assert pages_asked(index) == []


def test_what_a_lock_lacks_may_be_asked_for_beside_it(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", lock(package(index, "app", **APP)))
    shell.write("requirements.txt", f"lib==1.0 --hash=sha256:{sha256(make_wheel('lib'))}\n")
    ended = install(shell, index, "-r", "pylock.toml", "-r", "requirements.txt")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"})


@pytest.mark.parametrize("words", ["-U", "-U --upgrade-strategy eager", "--force-reinstall"])
def test_upgrades_stay_inside_the_lock(shell: Shell, index: IndexServer, words: str) -> None:
    shell.write("pylock.toml", whole(index))
    assert install(shell, index, "-r", "pylock.toml").code == 0
    assert install(shell, index, "-r", "pylock.toml", *words.split()).code == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}
    assert pages_asked(index) == []


def test_an_eager_upgrade_of_what_is_not_locked_is_refused(shell: Shell, index: IndexServer) -> None:
    """What is installed need not be locked; but to look for a newer one, an index would be asked."""
    assert install(shell, index, "lib==1.0").code == 0
    shell.write("pylock.toml", lock(package(index, "app", **APP)))
    index.requests.clear()
    ended = install(shell, index, "-r", "pylock.toml", "-U", "--upgrade-strategy", "eager")
    assert (ended.code, pages_asked(index), shell.installed()) == (10, [], {"lib-1.0"})
    assert "error[lock-incomplete]" in ended.err


def test_an_exemption_from_drift_asks_the_projects_own_index(shell: Shell, index: IndexServer) -> None:
    """A proxy of the index that was locked from: the same file will do, and no other."""
    shell.write("pylock.toml", whole(index, keys='index = "https://upstream.example/simple"'))
    exempt = ("--allow", "lock-drift:lib", "--reason", "our proxy")
    assert install(shell, index, "-r", "pylock.toml").code == 10
    ended = install(shell, index, "-r", "pylock.toml", *exempt)
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err
    assert pages_asked(index) == ["/simple/lib/"]


def test_an_exemption_from_drift_admits_no_other_file(shell: Shell, index: IndexServer) -> None:
    other = f'sha256 = "{"0" * 64}"'
    shell.write("pylock.toml", whole(index, keys='index = "https://upstream.example/simple"', hashes=other))
    ended = install(shell, index, "-r", "pylock.toml", "--allow", "lock-drift:lib", "--reason", "our proxy")
    assert (ended.code, shell.installed()) == (13, set())
    assert "error[hash-mismatch]" in ended.err


NEW = f"upload-time = {(datetime.now(UTC) - timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ')}"


def test_a_fresh_locked_file_is_a_warning(shell: Shell, index: IndexServer) -> None:
    """Whoever locked it has chosen these very bytes: a default does not stand against that."""
    shell.write("pylock.toml", whole(index, file_keys=NEW))
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"})
    assert "warning[fresh-release]: lib 1.0" in ended.err
    assert "--> pylock.toml:" in ended.err


def test_a_fresh_locked_file_is_refused_where_policy_says_an_age(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index, file_keys=NEW))
    rules = shell.write("policy.toml", '[cooldown]\nmin-age = "2 days"\n[rules]\n')
    ended = shell.safepip("--policy", str(rules), "install", *trusting(index), "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (10, set())
    assert "fresh-release" in ended.err


def test_locks_are_downloaded_from(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    ended = shell.safepip("download", *trusting(index), "-r", "pylock.toml", "-d", "out")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (shell.folder / "out").iterdir()) == [
        wheel_filename("app"),
        wheel_filename("lib"),
    ]


@pytest.mark.parametrize(
    "command", [("install", "-c", "pylock.toml", "lib"), ("uninstall", "-r", "pylock.toml")]
)
def test_a_lock_is_no_constraint_file_and_no_list(
    shell: Shell, index: IndexServer, command: tuple[str, ...]
) -> None:
    shell.write("pylock.toml", whole(index))
    where = trusting(index) if command[0] == "install" else ()
    ended = shell.safepip(*command, *where)
    assert ended.code == 1
    assert "a lock file (pylock.toml) is no requirement file" in ended.err


def test_several_problems_of_a_lock_are_told_together(shell: Shell, index: IndexServer) -> None:
    shell.write(
        "pylock.toml",
        lock(
            package(index, "app", url="http://evil.example/app-1.0-py3-none-any.whl", **APP),
            package(index, "lib", hashes=f'md5 = "{"0" * 32}"', keys="typo = 1"),
        ),
    )
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, index.requests) == (10, [])
    assert ended.err.count("error[") == 2
    assert "error[plaintext-link]" in ended.err
    assert "error[weak-digest]" in ended.err


def test_pips_own_warning_is_given(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    ended = install(shell, index, "-r", "pylock.toml", "--dry-run")
    assert "Using pylock.toml as a requirements source is an experimental feature." in ended.err
    assert ended.out == "Would install app-1.0 lib-1.0\n"


def test_credentials_of_the_index_are_used_for_its_own_host(shell: Shell) -> None:
    with IndexServer(credentials=("me", "s3cret")) as private:
        publish(private, "lib")
        shell.write("pylock.toml", lock(package(private, "lib", keys=f'index = "{private.url}"')))
        url = private.url.replace("://", "://me:s3cret@")
        ended = shell.safepip("install", "--index-url", url, "--cert", private.ca_path, "-r", "pylock.toml")
        assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
        assert "s3cret" not in ended.out + ended.err


def test_credentials_of_the_index_are_sent_to_no_other_host(shell: Shell, index: IndexServer) -> None:
    """The lock says where the file is; that is no reason to log in there."""
    shell.write("pylock.toml", lock(package(index, "lib")))
    url = "https://me:s3cret@private.example/simple"
    ended = shell.safepip("install", "--index-url", url, "--cert", index.ca_path, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
    assert [asked.headers.get("Authorization") for asked in index.requests] == [None]


def test_a_lock_that_names_other_bytes_than_were_installed_is_at_fault_itself(
    shell: Shell, index: IndexServer
) -> None:
    shell.write("pylock.toml", whole(index))
    assert install(shell, index, "-r", "pylock.toml").code == 0
    text = whole(index)
    honest = text.partition('sha256 = "')[2][:64]
    shell.write("pylock.toml", text.replace(honest, "0" * 64))

    ended = install(shell, index, "--force-reinstall", "-r", "pylock.toml")

    assert ended.code == 10
    assert "error[republished-file]: the lock names other bytes than before" in ended.err
    assert "now the lock says sha256:000" in ended.err
    assert "--> pylock.toml:" in ended.err


def archive(index: IndexServer, *, size: int | None = None) -> str:
    """A lock of ``lib`` as an archive, which is a wheel."""
    said = "" if size is None else f"size = {size}\n"
    return (
        f'{HEAD}[[packages]]\nname = "lib"\n[packages.archive]\n{said}'
        f'url = "{index.origin}/files/{wheel_filename("lib")}"\n'
        f'hashes = {{sha256 = "{sha256(make_wheel("lib"))}"}}\n'
    )


@pytest.mark.parametrize("kept", [False, True], ids=["fetched", "in the store"])
@pytest.mark.parametrize("form", ["wheel", "archive", "path"])
def test_a_locked_file_has_the_size_that_the_lock_says(
    shell: Shell, index: IndexServer, form: str, kept: bool
) -> None:
    size = len(make_wheel("lib"))

    def locked(size: int) -> str:
        if form == "archive":
            return archive(index, size=size)
        text = lock(package(index, "lib", file_keys=f"size = {size}"))
        return text if form == "wheel" else text.replace(f'url = "{index.origin}/files', 'path = "files')

    (shell.folder / "files").mkdir()
    (shell.folder / "files" / wheel_filename("lib")).write_bytes(make_wheel("lib"))
    if kept:
        shell.write("pylock.toml", locked(size))
        assert install(shell, index, "-r", "pylock.toml", "--target", "out").code == 0

    shell.write("pylock.toml", locked(size + 1))
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert f"Expected {size + 1:,} bytes" in ended.err

    shell.write("pylock.toml", locked(size))
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err


def test_a_locked_folder_has_the_name_that_the_lock_says(shell: Shell, index: IndexServer) -> None:
    """Its requirement has no name, as in pip; but a lock that says ``lib`` is not to bring ``evil``."""
    write_project(shell.folder / "own", "evil")
    shell.write("pylock.toml", f'{HEAD}[[packages]]\nname = "lib"\n[packages.directory]\npath = "own"\n')
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (1, set())
    assert "asks for lib, but the metadata is of evil" in ended.err
    assert "--> pylock.toml:4:8" in ended.err

    shell.write("pylock.toml", f'{HEAD}[[packages]]\nname = "evil"\n[packages.directory]\npath = "own"\n')
    ended = install(shell, index, "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (0, {"evil-1.0"}), ended.err
