"""Lock files that somebody else had a hand in, each attack with its benign twin.

Where it is cheap, pip itself is shown to fall for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.locks import lock, package
from support.server import IndexServer, Response
from support.wheels import make_wheel, sha256, wheel_filename
from threats.conftest import Run

pytestmark = pytest.mark.usefixtures("shell")

APP: dict[str, object] = {
    "requires": ["lib>=1"],
    "entry_points": {"console_scripts": {"app": "app:main"}},
}
EVIL = make_wheel("lib", "1.0", files={"lib/__init__.py": "evil = True\n"})


def app(index: IndexServer, **more: object) -> str:
    return package(index, "app", **APP, **more)  # type: ignore[arg-type]  # keywords of tests


def whole(index: IndexServer, **more: object) -> str:
    """A lock of everything; keywords change the entry of ``lib``."""
    return lock(app(index), package(index, "lib", **more))  # type: ignore[arg-type]  # keywords of tests


def install(run: Run, index: IndexServer, *words: str) -> tuple[int, str]:
    ended = run("install", *trusting(index), *words)
    return ended.code, ended.err


# --- a lock is known by its name alone ------------------------------------------------------------


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.prod.toml", "sub/pylock.toml"])
def test_recognition_by_name(shell: Shell, index: IndexServer, safepip: Run, name: str) -> None:
    shell.write(name, whole(index))
    assert install(safepip, index, "-r", name)[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}
    assert [path for path in index.paths_asked() if path.startswith("/simple")] == []


@pytest.mark.parametrize("said", ["-r pylock.toml[fast]", "--group pylock.toml:dev -r pylock.toml"])
def test_recognition_with_extras_and_groups(
    shell: Shell, index: IndexServer, safepip: Run, said: str
) -> None:
    marker = "marker = \"'fast' in extras or 'dev' in dependency_groups\""
    head = 'extras = ["fast"]\ndependency-groups = ["dev"]\n'
    shell.write("pylock.toml", lock(app(index), package(index, "lib", keys=marker), head=head))
    assert install(safepip, index, *said.split())[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


def test_recognition_of_a_lock_inside_a_requirement_file(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run
) -> None:
    """pip does not take it for a lock there either; what it reads instead is no requirement."""
    shell.write("pylock.toml", whole(index))
    shell.write("requirements.txt", "-r pylock.toml\n")
    assert install(pip, index, "-r", "requirements.txt")[0] == 1
    code, said = install(safepip, index, "-r", "requirements.txt")
    assert code == 1
    assert "requirements.txt:1" in said
    assert "safepip install -r pylock.toml" in said
    assert shell.installed() == set()


@pytest.mark.parametrize("words", ["-r pylock.toml[typo]", "--group pylock.toml:typo"])
def test_undeclared_extras_and_groups(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run, words: str
) -> None:
    """pip installs what is left, and nothing tells that what was asked for is missing."""
    shell.write("pylock.toml", lock(package(index, "lib"), head='extras = ["fast"]\n'))
    code, said = install(safepip, index, *words.split())
    assert (code, shell.installed()) == (10, set())
    assert "lock-undeclared" in said
    assert install(pip, index, *words.split())[0] == 0
    assert shell.installed() == {"lib-1.0"}


# --- URLs are trusted as written ------------------------------------------------------------------


def test_urls_trusted_as_written_plaintext(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    with IndexServer(plaintext=True) as plain:
        publish(plain, "lib")
        shell.write("pylock.toml", whole(index, url=f"{plain.origin}/files/{wheel_filename('lib')}"))
        code, said = install(safepip, index, "-r", "pylock.toml")
        assert (code, shell.installed()) == (10, set())
        assert "error[plaintext-link]" in said
        assert "--> pylock.toml:" in said
        assert plain.requests == []
        assert install(pip, index, "-r", "pylock.toml")[0] == 0
        assert plain.requests, "pip fetched it"


def test_urls_trusted_as_written_local_file_in_a_remote_lock(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run, tmp_path: Path
) -> None:
    here = tmp_path / wheel_filename("lib")
    here.write_bytes(EVIL)
    text = whole(index, url=here.as_uri(), hashes=f'sha256 = "{sha256(EVIL)}"')
    index.answer("/locks/pylock.toml", Response(body=text.encode(), content_type="text/plain"))
    code, said = install(safepip, index, "-r", f"{index.origin}/locks/pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "error[remote-reaches-local]" in said
    assert install(pip, index, "-r", f"{index.origin}/locks/pylock.toml")[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


def test_urls_trusted_as_written_file_beside_a_local_lock_is_the_projects_own(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    (shell.folder / wheel_filename("lib")).write_bytes(make_wheel("lib"))
    text = whole(index).replace(
        f'url = "{index.origin}/files/{wheel_filename("lib")}"', f'path = "{wheel_filename("lib")}"'
    )
    shell.write("pylock.toml", text)
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


POLICY = """\
[[index]]
name = "corp"
url = "{corp}"
packages = ["lib"]
ca-bundle = "{ca}"
file-hosts = []
[[index]]
name = "other"
url = "{other}"
packages = ["*"]
ca-bundle = "{ca}"
"""


def policy(shell: Shell, corp: IndexServer, other: IndexServer) -> tuple[str, str]:
    text = POLICY.format(corp=corp.url, other=other.url, ca=corp.ca_path)
    return ("--policy", str(shell.write("policy.toml", text)))


def test_urls_trusted_as_written_foreign_host(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run
) -> None:
    with IndexServer() as stranger:
        stranger.add_wheel(EVIL, wheel_filename("lib"))
        url = f"{stranger.origin}/files/{wheel_filename('lib')}"
        evil = lock(package(index, "lib", url=url, hashes=f'sha256 = "{sha256(EVIL)}"'))
        shell.write("pylock.toml", evil)
        ended = safepip(*policy(shell, index, stranger), "install", "-r", "pylock.toml")
        assert (ended.code, shell.installed()) == (10, set())
        assert "error[file-host]" in ended.err
        assert stranger.requests == []
        assert install(pip, index, "-r", "pylock.toml")[0] == 0
        assert "evil" in next(shell.python.parent.parent.glob("lib/*/*/lib/__init__.py")).read_text()


def test_index_of_a_lock_is_ignored(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    """The lock says itself that the file is from somewhere else; pip does not look."""
    with IndexServer() as other:
        other.add_wheel(EVIL, wheel_filename("lib"))
        url = f"{other.origin}/files/{wheel_filename('lib')}"
        stolen = package(
            index, "lib", url=url, hashes=f'sha256 = "{sha256(EVIL)}"', keys=f'index = "{other.url}"'
        )
        shell.write("pylock.toml", lock(stolen))
        ended = safepip(*policy(shell, index, other), "install", "-r", "pylock.toml")
        assert (ended.code, shell.installed()) == (10, set())
        assert "error[lock-drift]" in ended.err
        assert "because of the pattern 'lib'" in ended.err
        assert other.requests == []
        assert install(pip, index, "-r", "pylock.toml")[0] == 0


def test_lock_from_the_index_that_policy_names_installs(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    with IndexServer() as other:
        publish(other, "app", **APP)
        recorded = [
            package(index, "lib", keys=f'index = "{index.url}/"'),
            package(other, "app", keys=f'index = "{other.url}"', **APP),
        ]
        shell.write("pylock.toml", lock(*recorded))
        ended = safepip(*policy(shell, index, other), "install", "-r", "pylock.toml")
        assert (ended.code, ended.err.count("error[")) == (0, 0)
    assert shell.installed() == {"app-1.0", "lib-1.0"}


def test_index_that_nobody_configured(shell: Shell, index: IndexServer, safepip: Run) -> None:
    shell.write("pylock.toml", whole(index, keys='index = "https://evil.example/simple"'))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "was locked from https://evil.example/simple, which is no index of this run" in said


def test_size_of_a_lock_is_ignored(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    shell.write("pylock.toml", whole(index, file_keys="size = 12"))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (13, set())
    assert "Expected 12 bytes" in said
    assert install(pip, index, "-r", "pylock.toml")[0] == 0


def test_right_size_installs(shell: Shell, index: IndexServer, safepip: Run) -> None:
    shell.write("pylock.toml", whole(index, file_keys=f"size = {len(make_wheel('lib'))}"))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0


def test_credentials_in_a_lock(shell: Shell, index: IndexServer, safepip: Run) -> None:
    url = f"{index.origin}/files/{wheel_filename('lib')}".replace("://", "://me:s3cret@")
    shell.write("pylock.toml", whole(index, url=url))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "error[credentials-in-url]" in said
    assert "s3cret" not in said


# --- hashes are alternatives, and weak ones count -------------------------------------------------


def test_hashes_are_alternatives_and_a_right_md5_is_enough(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run
) -> None:
    import hashlib

    index.replace_file(wheel_filename("lib"), EVIL)
    both = f'sha256 = "{sha256(make_wheel("lib"))}", md5 = "{hashlib.md5(EVIL).hexdigest()}"'
    shell.write("pylock.toml", whole(index, hashes=both))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (13, set())
    assert "error[hash-mismatch]" in said
    assert install(pip, index, "-r", "pylock.toml")[0] == 0
    assert "evil" in next(shell.python.parent.parent.glob("lib/*/*/lib/__init__.py")).read_text()


def test_weak_hashes_are_allowed(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    import hashlib

    md5 = hashlib.md5(make_wheel("lib")).hexdigest()
    shell.write("pylock.toml", whole(index, hashes=f'md5 = "{md5}"'))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "error[weak-digest]" in said
    assert install(pip, index, "-r", "pylock.toml")[0] == 0


@pytest.mark.parametrize("algorithm", ["md5", "sha512"])
def test_a_wrong_hash_beside_a_right_one(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run, algorithm: str
) -> None:
    wrong = {"md5": "0" * 32, "sha512": "0" * 128}[algorithm]
    right = sha256(make_wheel("lib"))
    shell.write("pylock.toml", whole(index, hashes=f'sha256 = "{right}", {algorithm} = "{wrong}"'))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (13, set())
    assert "error[hash-mismatch]" in said
    assert install(pip, index, "-r", "pylock.toml")[0] == 0


@pytest.mark.parametrize(
    "tail", ["?x=1&md5={md5}&y=2", "#md5={md5}", "#sha256={zeros}", "#md5={md5}&sha256={sha256}"]
)
def test_another_hash_hidden_in_the_url(shell: Shell, index: IndexServer, safepip: Run, tail: str) -> None:
    """pip takes the first thing in a URL that looks like a digest, and one right digest is enough."""
    import hashlib

    index.replace_file(wheel_filename("lib"), EVIL)
    right = sha256(make_wheel("lib"))
    said = tail.format(md5=hashlib.md5(EVIL).hexdigest(), zeros="0" * 64, sha256=right)
    shell.write("pylock.toml", whole(index, url=f"{index.origin}/files/{wheel_filename('lib')}{said}"))
    code, _ = install(safepip, index, "-r", "pylock.toml")
    assert code in {1, 13}
    assert shell.installed() == set()


def test_the_same_hash_in_the_url_is_fine(shell: Shell, index: IndexServer, safepip: Run) -> None:
    url = f"{index.origin}/files/{wheel_filename('lib')}#sha256={sha256(make_wheel('lib'))}"
    shell.write("pylock.toml", whole(index, url=url))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0


def test_all_hashes_right(shell: Shell, index: IndexServer, safepip: Run) -> None:
    import hashlib

    wheel = make_wheel("lib")
    hashes = ", ".join(
        f'{name} = "{hashlib.new(name, wheel).hexdigest()}"' for name in ("md5", "sha256", "sha512")
    )
    shell.write("pylock.toml", whole(index, hashes=hashes))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0


@pytest.mark.parametrize("switch", ["--no-require-hashes", "--allow=weak-digest"])
def test_nothing_switches_the_digests_of_a_lock_off(
    shell: Shell, index: IndexServer, safepip: Run, switch: str
) -> None:
    shell.write("pylock.toml", whole(index, hashes='md5 = "' + "0" * 32 + '"'))
    reason = ("--reason", "x") if "allow" in switch else ()
    code, _ = install(safepip, index, "-r", "pylock.toml", switch, *reason)
    assert code != 0
    assert shell.installed() == set()


# --- dependencies are resolved again --------------------------------------------------------------


def test_dependencies_resolved_again_from_an_index(
    shell: Shell, index: IndexServer, safepip: Run, pip: Run
) -> None:
    """What the lock leaves out, pip takes from its indexes, once hashes are not asked for."""
    shell.write("pylock.toml", lock(app(index)))
    for switch in ((), ("--no-require-hashes",)):
        code, said = install(safepip, index, "-r", "pylock.toml", *switch)
        assert (code, shell.installed()) == (10, set())
        assert "error[lock-incomplete]: app 1.0 needs lib>=1, which pylock.toml does not hold" in said
    assert [path for path in index.paths_asked() if path.startswith("/simple")] == []
    assert install(pip, index, "-r", "pylock.toml", "--no-require-hashes")[0] == 0
    assert shell.installed() == {"app-1.0", "lib-2.0"}


def test_dependency_url_beside_a_lock(shell: Shell, index: IndexServer, safepip: Run) -> None:
    reaching = {"requires": [f"lib @ {index.origin}/files/{wheel_filename('lib')}"]}
    publish(index, "reach", **reaching)
    shell.write("pylock.toml", lock(package(index, "reach", **reaching)))  # type: ignore[arg-type]  # keywords of tests
    code, said = install(safepip, index, "-r", "pylock.toml", "--no-require-hashes")
    assert (code, shell.installed()) == (10, set())
    assert "error[transitive-url]" in said


def test_complete_lock_asks_no_index(shell: Shell, index: IndexServer, safepip: Run) -> None:
    shell.write("pylock.toml", whole(index))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0
    assert [path for path in index.paths_asked() if path.startswith("/simple")] == []


def test_what_is_installed_need_not_be_locked(shell: Shell, index: IndexServer, safepip: Run) -> None:
    assert install(safepip, index, "lib==1.0")[0] == 0
    shell.write("pylock.toml", lock(app(index)))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


def test_without_dependencies_nothing_is_missing(shell: Shell, index: IndexServer, safepip: Run) -> None:
    shell.write("pylock.toml", lock(app(index)))
    assert install(safepip, index, "-r", "pylock.toml", "--no-deps")[0] == 0
    assert shell.installed() == {"app-1.0"}


# --- entries that are no wheels -------------------------------------------------------------------

MARK = "import pathlib; pathlib.Path({mark!r}).touch()\nfrom setuptools import setup; setup(name='demo')\n"


@pytest.mark.parametrize("beside", ["", "lib"], ids=["alone", "next to hashed entries"])
def test_repository_entries(shell: Shell, index: IndexServer, safepip: Run, beside: str) -> None:
    table = '\n[[packages]]\nname = "demo"\nvcs = {type = "git", url = "https://evil.example/demo", commit-id = "main"}\n'
    shell.write("pylock.toml", lock(table, *([package(index, beside)] if beside else [])))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "error[unpinned-vcs]" in said


def test_directory_entries_next_to_hashed_ones(shell: Shell, index: IndexServer, safepip: Run) -> None:
    mark = shell.folder / "it-ran"
    shell.write("demo/setup.py", MARK.format(mark=str(mark)))
    table = '\n[[packages]]\nname = "demo"\ndirectory = {path = "demo"}\n'
    shell.write("pylock.toml", lock(table, package(index, "lib")))
    code, said = install(safepip, index, "-r", "pylock.toml", "--require-hashes")
    assert (code, shell.installed()) == (10, set())
    assert "error[unhashed-requirement]" in said
    # The user's own code, as if typed: what its build needs comes under policy, and is not there.
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (1, set())
    assert "No matching distribution found for setuptools" in said
    assert not mark.exists()


def test_directory_entries_where_policy_allows_no_local_builds(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    mark = shell.folder / "it-ran"
    shell.write("demo/setup.py", MARK.format(mark=str(mark)))
    shell.write("pylock.toml", lock('\n[[packages]]\nname = "demo"\ndirectory = {path = "demo"}\n'))
    rules = shell.write("policy.toml", '[builds]\nlocal = "deny"\n')
    ended = safepip("--policy", str(rules), "install", *trusting(index), "-r", "pylock.toml")
    assert (ended.code, shell.installed()) == (10, set())
    assert "error[local-build]" in ended.err
    assert not mark.exists()


def test_subdirectory_that_leaves_the_archive(shell: Shell, index: IndexServer, safepip: Run) -> None:
    table = f'\n[[packages]]\nname = "demo"\narchive = {{url = "{index.origin}/demo-1.tar.gz", subdirectory = "../../evil", hashes = {{sha256 = "{"0" * 64}"}}}}\n'
    shell.write("pylock.toml", lock(table))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, index.requests) == (1, [])
    assert "'../../evil' is no folder inside of it" in said


def test_source_archive_entry_is_not_built_unasked(shell: Shell, index: IndexServer, safepip: Run) -> None:
    """Only a source archive, and policy admits no builds of it: nothing runs."""
    table = f'\n[[packages]]\nname = "demo"\nversion = "1"\nsdist = {{url = "{index.origin}/files/demo-1.tar.gz", hashes = {{sha256 = "{"0" * 64}"}}}}\n'
    shell.write("pylock.toml", lock(table))
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (10, set())
    assert "error[sdist-build]" in said


def test_archive_with_a_sha256_installs(shell: Shell, index: IndexServer, safepip: Run) -> None:
    wheel = make_wheel("lib")
    url = f"{index.origin}/files/{wheel_filename('lib')}"
    entry = f'\n[[packages]]\nname = "lib"\narchive = {{url = "{url}", hashes = {{sha256 = "{sha256(wheel)}"}}}}\n'
    shell.write("pylock.toml", lock(app(index), entry))
    assert install(safepip, index, "-r", "pylock.toml")[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


# --- locks from elsewhere -------------------------------------------------------------------------


def served(server: IndexServer, text: str) -> str:
    server.answer("/locks/pylock.toml", Response(body=text.encode(), content_type="text/plain"))
    return f"{server.origin}/locks/pylock.toml"


def test_remote_lock_over_plaintext(shell: Shell, index: IndexServer, safepip: Run, pip: Run) -> None:
    with IndexServer(plaintext=True) as plain:
        url = served(plain, whole(index))
        code, said = install(safepip, index, "-r", url)
        assert (code, plain.requests, shell.installed()) == (10, [], set())
        assert "error[plaintext-link]" in said
        assert install(pip, index, "-r", url)[0] == 0


def test_remote_lock_redirected_to_plaintext(shell: Shell, index: IndexServer, safepip: Run) -> None:
    with IndexServer(plaintext=True) as plain:
        index.redirect("/locks/pylock.toml", served(plain, whole(index)))
        code, said = install(safepip, index, "-r", f"{index.origin}/locks/pylock.toml")
        assert (code, plain.requests, shell.installed()) == (10, [], set())
        assert "error[plaintext-link]" in said


def test_remote_lock_from_a_host_that_policy_does_not_admit(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    url = served(index, whole(index))
    rules = shell.write("policy.toml", '[urls]\nallow = ["https://files.example/*"]\n')
    ended = safepip("--policy", str(rules), "install", *trusting(index), "-r", url)
    assert (ended.code, index.requests) == (10, [])
    assert "error[direct-url]" in ended.err


@pytest.mark.parametrize("path", ["/etc/lib.whl", "file:///etc/lib.whl", "https://evil.example/lib.whl"])
def test_remote_lock_with_a_path_that_leaves_its_place(
    shell: Shell, index: IndexServer, safepip: Run, path: str
) -> None:
    text = whole(index).replace(f'url = "{index.origin}/files/{wheel_filename("lib")}"', f'path = "{path}"')
    code, _ = install(safepip, index, "-r", served(index, text))
    assert (code, shell.installed()) == (1, set())


def test_remote_lock_over_https_with_paths_beside_it_installs(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    text = whole(index).replace(
        f'url = "{index.origin}/files/{wheel_filename("lib")}"', f'path = "../files/{wheel_filename("lib")}"'
    )
    assert install(safepip, index, "-r", served(index, text))[0] == 0
    assert shell.installed() == {"app-1.0", "lib-1.0"}


# --- what a lock says that nobody reads -----------------------------------------------------------


def test_unknown_keys_and_later_versions_are_told_with_their_lines(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    text = whole(index, keys="markers = \"python_version < '3'\"").replace('"1.0"', '"1.9"', 1)
    shell.write("pylock.toml", text)
    code, said = install(safepip, index, "-r", "pylock.toml")
    assert (code, shell.installed()) == (0, {"app-1.0", "lib-1.0"})
    assert "warning[lock-unknown-key]: markers is no key of a lock file" in said
    assert "warning[lock-version]" in said
    assert "--> pylock.toml:1:16" in said
