"""A name that a pattern gives to one index is asked there and nowhere else, whatever the command and wherever the index was named."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli.conftest import Shell, publish, trusting
from safepip.pipcompat import places
from support.server import IndexServer, Response
from support.wheels import make_wheel, sha256
from threats.conftest import Run, safepip

__all__ = ["safepip"]


@pytest.fixture
def private() -> Iterator[IndexServer]:
    """The company's index: ``acme-core``, older than what the public one has under that name."""
    with IndexServer() as server:
        publish(server, "acme-core", "1.0")
        yield server


@pytest.fixture
def public(index: IndexServer) -> IndexServer:
    """Everything else, and what somebody put there under the company's name."""
    publish(index, "acme-core", "99.0")
    publish(index, "needs-acme", "1.0", requires=["Acme_Core"])
    return index


@pytest.fixture
def policy(shell: Shell, private: IndexServer, public: IndexServer) -> tuple[str, ...]:
    """Arguments that name the company's index for ``acme-*`` and the operator's own for the rest."""
    shell.environ.update({"PIP_INDEX_URL": public.url, "PIP_CERT": public.ca_path})
    text = (
        f'[[index]]\nname = "corp"\nurl = "{private.url}"\npackages = ["acme-*"]\nca-bundle = "{private.ca_path}"\n'
        '[[index]]\nname = "pypi"\npackages = ["*"]\n'
    )
    return ("--policy", str(shell.write("policy.toml", text)))


def names_heard(server: IndexServer) -> set[str]:
    """Every project whose page was asked for."""
    return {path.split("/")[2] for path in server.paths_asked() if path.startswith("/simple/")}


COMMANDS = [
    ("install", "needs-acme"),
    ("install", "--dry-run", "ACME.core"),
    ("download", "needs-acme"),
    ("wheel", "needs-acme"),
    ("index", "versions", "acme_core"),
    ("explain", "acme-core"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_asks_the_routed_index_and_no_other(
    shell: Shell, public: IndexServer, private: IndexServer, policy: tuple[str, ...], command: tuple[str, ...]
) -> None:
    ended = shell.safepip(*policy, *command)

    assert ended.code == 0, ended.err
    assert "acme-core" in names_heard(private)
    assert "acme-core" not in names_heard(public)
    assert "99.0" not in ended.out
    assert names_heard(private) == {"acme-core"}


def test_what_is_outdated_is_asked_of_the_routed_index(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, policy: tuple[str, ...]
) -> None:
    assert safepip(*policy, "install", "acme-core", "lib==1.0").code == 0
    publish(private, "acme-core", "1.1")

    ended = shell.safepip(*policy, "list", "--outdated", "--format=json")

    assert ended.code == 0, ended.err
    assert {item["name"]: item["latest_version"] for item in json.loads(ended.out)} == {
        "acme-core": "1.1",
        "lib": "2.0",
    }
    assert "acme-core" not in names_heard(public)
    assert names_heard(private) == {"acme-core"}


def test_what_a_build_needs_is_asked_of_the_routed_index(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, policy: tuple[str, ...]
) -> None:
    shell.write(
        "built/pyproject.toml",
        '[build-system]\nrequires = ["acme-core"]\nbuild-backend = "nothing"\nbackend-path = ["."]\n'
        '[project]\nname = "built"\nversion = "1.0"\n',
    )
    shell.write("built/nothing.py", "raise SystemExit(3)\n")

    safepip(*policy, "install", "./built")

    assert "acme-core" in names_heard(private)
    assert "acme-core" not in names_heard(public)


@pytest.mark.parametrize("option", ["--constraint", "--build-constraint"])
def test_a_name_that_is_only_constrained_is_asked_of_nobody(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, option: str
) -> None:
    shell.write("c.txt", "acme-core<50\nsecret-project==1.0\nlib<2\n")

    ended = safepip("install", "app", option, "c.txt", *trusting(public), "--extra-index-url", private.url)

    assert ended.code == 0, ended.err
    assert names_heard(public) == names_heard(private) == {"app", "lib"}


def test_explain_offline_tells_the_route_and_nobody_the_name(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, policy: tuple[str, ...]
) -> None:
    ended = safepip(*policy, "explain", "--offline", "acme-core")

    assert ended.code == 0, ended.err
    assert "corp" in ended.out
    assert (public.requests, private.requests) == ([], [])


def test_the_targets_own_configuration_names_indexes_too(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.setattr(places, "SYSTEM_FILE", str(shell.folder / "none"))
    site = shell.python.parent.parent / "pip.conf"
    site.write_text(
        f"[global]\nindex-url = {public.url}\nextra-index-url = {private.url}\ncert = {public.ca_path}\n"
    )

    ended = safepip("install", "acme-core")

    assert (ended.code, shell.installed()) == (10, set())
    assert f"{site}:3:" in ended.err
    assert safepip("install", "lib").code == 0
    assert {"lib"} < names_heard(public) & names_heard(private)


def test_index_versions_and_list_refuse_what_an_installation_would_refuse(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer
) -> None:
    both = (*trusting(public), "--extra-index-url", private.url)
    ambiguous = safepip("index", "versions", "acme-core", *both)
    assert ambiguous.code == 10
    assert "error[ambiguous-project]" in ambiguous.err

    publish(private, "ours", "1.0")
    assert safepip("install", "ours", *both).code == 0
    private.remove_project("ours")
    publish(public, "ours", "9.0")
    for command in (("index", "versions", "ours"), ("list", "--outdated")):
        ended = safepip(*command, *both)
        assert (ended.code, ended.out) == (10, ""), ended.err
        assert "error[route-changed]: ours came from" in ended.err


def test_a_find_links_folder_page_and_file_are_indexes(
    shell: Shell, safepip: Run, public: IndexServer
) -> None:
    wheel = make_wheel("acme-local", "1.0")
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels/acme_local-1.0-py3-none-any.whl").write_bytes(wheel)
    page = shell.write(
        "page.html", '<a href="wheels/acme_local-1.0-py3-none-any.whl">acme_local-1.0-py3-none-any.whl</a>'
    )
    public.add_file(wheel, "acme_local-1.0-py3-none-any.whl")
    remote = f"{public.url}/acme-local/"

    for place in ("wheels", str(page), page.as_uri(), remote):
        ended = safepip(
            "install", "--no-index", "--find-links", place, "acme-local", "--cert", public.ca_path
        )
        assert (ended.code, shell.installed()) == (0, {"acme_local-1.0"}), ended.err
        assert shell.safepip("uninstall", "-y", "acme-local").code == 0


def test_with_no_index_only_find_links_are_asked(shell: Shell, safepip: Run, public: IndexServer) -> None:
    (shell.folder / "wheels").mkdir()

    ended = safepip("install", "--no-index", "--find-links", "wheels", "lib", *trusting(public))

    assert (ended.code, public.requests) == (1, [])
    assert "No matching distribution found for lib" in ended.err


def test_a_name_that_a_folder_of_wheels_has_is_sent_to_nobody_and_that_is_said(
    shell: Shell, safepip: Run, public: IndexServer
) -> None:
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels/acme_core-0.1-py3-none-any.whl").write_bytes(make_wheel("acme-core", "0.1"))

    ended = safepip("install", "acme-core", "lib", "--find-links", "wheels", *trusting(public))

    assert (ended.code, shell.installed()) == (0, {"acme_core-0.1", "lib-2.0"}), ended.err
    assert names_heard(public) == {"lib"}
    assert [line for line in ended.err.splitlines() if "acme-core" in line and "wheels" in line], ended.err


def pages_asked(server: IndexServer) -> list[str]:
    """Every request for a project's page, repeated ones too."""
    return sorted(path for path in server.paths_asked() if path.startswith("/simple/"))


def test_one_index_is_asked_once_for_each_name(safepip: Run, public: IndexServer) -> None:
    ended = safepip("install", "app", *trusting(public))

    assert ended.code == 0, ended.err
    assert pages_asked(public) == ["/simple/app/", "/simple/lib/"]


def test_several_are_asked_once_each(safepip: Run, public: IndexServer) -> None:
    with IndexServer() as second, IndexServer() as third:
        both = ("--extra-index-url", second.url, "--extra-index-url", third.url)
        ended = safepip("install", "app", *trusting(public), *both)
        asked = [pages_asked(server) for server in (public, second, third)]

    assert ended.code == 0, ended.err
    assert asked == [["/simple/app/", "/simple/lib/"]] * 3


def test_a_pattern_asks_one_index_where_several_are_listed(
    safepip: Run, public: IndexServer, private: IndexServer, policy: tuple[str, ...]
) -> None:
    ended = safepip(*policy, "install", "needs-acme")

    assert ended.code == 0, ended.err
    assert pages_asked(public) == ["/simple/needs-acme/"]
    assert pages_asked(private) == ["/simple/acme-core/"]


def test_a_listed_page_of_links_may_be_named_as_well_and_another_is_refused(
    shell: Shell, safepip: Run, public: IndexServer
) -> None:
    wheel, name = make_wheel("acme-local", "1.0"), "acme_local-1.0-py3-none-any.whl"
    public.add_file(wheel, name)
    anchor = f'<a href="/files/{name}#sha256={sha256(wheel)}">{name}</a>'
    for page in ("/wheels.html", "/others.html"):
        public.answer(page, Response(body=f"<html><body>{anchor}</body></html>".encode()))
    listed = f"{public.origin}/wheels.html"
    policy = shell.write(
        "policy.toml", f'[[index]]\nname = "links"\nurl = "{listed}"\n[[index]]\nname = "pypi"\n'
    )
    shell.environ.update({"PIP_INDEX_URL": public.url, "PIP_CERT": public.ca_path})
    install = ("--policy", str(policy), "install", "acme-local", "lib", "--find-links")

    refused = safepip(*install, f"{public.origin}/others.html")
    assert (refused.code, public.requests) == (10, [])
    assert "error[unlisted-index]" in refused.err
    taken = safepip(*install, listed)
    assert (taken.code, shell.installed()) == (0, {"acme_local-1.0", "lib-2.0"}), taken.err
    assert names_heard(public) == {"acme-local", "lib"}
    assert public.paths_asked().count("/wheels.html") == 1


@pytest.mark.parametrize("said", ["typed", "configured"])
def test_the_lines_to_paste_settle_the_very_command_that_was_refused(
    shell: Shell, public: IndexServer, private: IndexServer, said: str
) -> None:
    """An index that only the command line names has to be listed with its URL."""
    if said == "typed":
        places: tuple[str, ...] = (*trusting(public), "--extra-index-url", private.url)
    else:
        shell.environ.update({"PIP_INDEX_URL": public.url, "PIP_EXTRA_INDEX_URL": private.url})
        places = ("--cert", public.ca_path)
    refused = shell.safepip("install", "acme-core", *places)
    assert refused.code == 10
    lines = refused.err.partition("is right:\n")[2].partition("   = see:")[0]
    policy = shell.write("pasted.toml", "\n".join(line.strip() for line in lines.splitlines()))

    settled = shell.safepip("install", "acme-core", *places, "--policy", str(policy))

    assert (settled.code, shell.installed()) == (0, {"acme_core-1.0"}), settled.err


# --- locks, and what has no hash -------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("lock", "needs-acme"),
        ("lock", "-r", "r.txt", "--format", "requirements"),
        ("lock", "needs-acme", "--environment", "linux-x86_64-cp312,windows-x86_64-cp313"),
        ("install", "-r", "r.txt"),
        ("install", "--require-hashes", "needs-acme"),
        ("download", "-r", "r.txt", "acme-core"),
    ],
    ids=" ".join,
)
def test_a_lock_and_the_refusal_of_what_has_no_hash_tell_no_name_to_another_index(
    shell: Shell, public: IndexServer, private: IndexServer, policy: tuple[str, ...], command: tuple[str, ...]
) -> None:
    shell.write("r.txt", "needs-acme\n")

    ended = shell.safepip(*policy, *command)

    assert ended.code == (0 if command[0] == "lock" else 10), ended.err
    assert ("error[unhashed-requirement]: acme-core" in ended.err) == (ended.code == 10), ended.err
    assert names_heard(private) == {"acme-core"}
    assert names_heard(public) == {"needs-acme"}
    assert all("99.0" not in path for path in public.paths_asked())


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("plaintext-index", ("--extra-index-url", "http://index.example/simple")),
        ("trusted-host", ("--trusted-host", "index.example")),
        ("none", ()),
    ],
)
@pytest.mark.parametrize("command", ["lock", "install", "sync"])
def test_settings_are_judged_before_anybody_is_asked(
    shell: Shell, public: IndexServer, command: str, rule: str, words: tuple[str, ...]
) -> None:
    shell.write("r.txt", "needs-acme\n")
    files = ("r.txt",) if command == "sync" else ("-r", "r.txt")

    ended = shell.safepip(command, *files, *trusting(public), *words)

    if words:
        assert (ended.code, public.requests) == (10, []), ended.err
        assert f"error[{rule}]" in ended.err
    else:
        assert public.requests, "without the setting it is asked"
