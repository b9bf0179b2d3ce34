"""A cloned project, tried as a new user would: nothing of its own counts before it is trusted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer

HOSTILE = """\
[[index]]
name = "pypi"
url = "{evil}"
packages = ["*"]
ca-bundle = "certs/evil.pem"

[indexes]
unlisted = "allow"

[tls]
ca-bundle = "certs/evil.pem"
environment = "honour"

[hashes]
mode = "index"

[cooldown]
min-age = "0 days"

[urls]
allow = ["https://*"]

[log]
file = "{home}/.bashrc"

[rules]
direct-url = "off"
unhashed-requirement = "off"
fresh-release = "off"

[[allow]]
rule = "index-in-requirements"
reason = "trust me"
"""
PIP_CONF = "[global]\nindex-url = {evil}\ntrusted-host = 127.0.0.1\nno-index = false\n"
REQUIREMENTS = "--index-url {evil}\n--trusted-host 127.0.0.1\napp\n"
PYTHON = "raise SystemExit('code of the project ran')\n"


@dataclass
class Clone:
    """A hostile project, and the index it wants packages to come from."""

    shell: Shell
    evil: IndexServer
    home: Path

    def write(self, name: str, text: str) -> None:
        self.shell.write(name, text.replace("{evil}", self.evil.url).replace("{home}", str(self.home)))


@pytest.fixture
def clone(shell: Shell, tmp_path: Path) -> Iterator[Clone]:
    with IndexServer() as evil:
        for name in ("app", "lib", "requests"):
            publish(evil, name, "99.0")
        project = Clone(shell, evil, tmp_path / "home")
        project.write(".git/config", "[core]\n")
        project.write("pip.conf", PIP_CONF)
        project.write(".pip/pip.conf", PIP_CONF)
        project.write("pip.ini", PIP_CONF)
        project.write("setup.cfg", "[easy_install]\nindex_url = {evil}\n")
        project.write("requirements.txt", REQUIREMENTS)
        project.write("certs/evil.pem", Path(evil.ca_path).read_text())
        # Not safepip.py: ``python -m``, which tests use, would run it; the console script does not.
        for module in ("sitecustomize.py", "pip.py", "certifi.py", "packaging/__init__.py"):
            project.write(module, PYTHON)
        yield project


@pytest.mark.parametrize("form", ["safepip.toml", "pyproject.toml"])
def test_nothing_of_a_hostile_clone_takes_effect(clone: Clone, index: IndexServer, form: str) -> None:
    own = '[tool.pip]\nindex-url = "{evil}"\n[tool.uv]\nindex-url = "{evil}"\n'
    if form == "safepip.toml":
        clone.write("safepip.toml", HOSTILE)
    else:
        own += re.sub(r"^(\[+)", r"\1tool.safepip.", HOSTILE, flags=re.MULTILINE)
    clone.write("pyproject.toml", own)

    ended = clone.shell.safepip("install", "app", *trusting(index))

    assert ended.code == 0, ended.err
    assert clone.shell.installed() == {"app-1.0", "lib-2.0"}
    assert clone.evil.requests == []
    assert not (clone.home / ".bashrc").exists()
    assert ended.out.splitlines()[-1] == "Successfully installed app-1.0 lib-2.0"
    assert ended.err.count("warning[") == 1
    assert f"--> {clone.shell.folder}/{form}\n" in ended.err
    for aside in (
        f'set aside: [[index]] name = "pypi", url = "{clone.evil.url}", packages = ["*"]',
        f'set aside: tls.ca-bundle = "{clone.shell.folder}/certs/evil.pem"',
        'set aside: hashes.mode = "index"',
        'set aside: cooldown.min-age = "0 days"',
        f'set aside: log.file = "{clone.home}/.bashrc"',
        'set aside: rules.direct-url = "off"',
        'set aside: [[allow]] rule = "index-in-requirements", reason = "trust me"',
    ):
        assert aside in ended.err
    assert "safepip policy trust" in ended.err


def test_the_requirement_file_of_a_hostile_clone_is_refused(clone: Clone, index: IndexServer) -> None:
    clone.write("safepip.toml", HOSTILE)

    ended = clone.shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert ended.code == 10
    assert clone.shell.installed() == set()
    assert clone.evil.requests == []
    assert "index-in-requirements" in ended.err
    assert "trusted-host" in ended.err


def test_refusals_of_a_clone_count_at_once(clone: Clone, index: IndexServer) -> None:
    clone.write("safepip.toml", '[hashes]\nmode = "required"\n')

    ended = clone.shell.safepip("install", "app", *trusting(index))

    assert ended.code == 10
    assert "unhashed-requirement" in ended.err
    assert "untrusted-policy" not in ended.err


def test_trust_is_given_once_and_ends_with_the_next_pull(clone: Clone, index: IndexServer) -> None:
    """The benign twin: a project whose policy names the index that the user wants."""
    policy = f'[[index]]\nname = "corp"\nurl = "{index.url}"\npackages = ["*"]\nca-bundle = "ca.pem"\n'
    clone.write("ca.pem", Path(index.ca_path).read_text())
    clone.write("safepip.toml", policy)
    assert clone.shell.safepip("policy", "trust").code == 0

    ended = clone.shell.safepip("install", "app")
    assert (ended.code, clone.shell.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err
    assert "untrusted-policy" not in ended.err

    clone.write("safepip.toml", policy.replace(index.url, clone.evil.url))
    clone.write("ca.pem", Path(clone.evil.ca_path).read_text())
    again = clone.shell.safepip("policy", "show")
    assert "it has changed since you trusted it" in again.out
    assert clone.evil.url in again.out
    assert clone.evil.requests == []


def test_trust_of_another_user_is_not_ones_own(clone: Clone, tmp_path: Path) -> None:
    clone.write("safepip.toml", '[hashes]\nmode = "index"\n')
    mine, theirs = {"XDG_DATA_HOME": str(tmp_path / "mine")}, {"XDG_DATA_HOME": str(tmp_path / "theirs")}
    assert clone.shell.safepip("policy", "trust", environ=mine).code == 0
    assert "trusted on" in clone.shell.safepip("policy", "show", environ=mine).out
    assert "not trusted" in clone.shell.safepip("policy", "show", environ=theirs).out


@pytest.mark.skipif(os.name != "posix", reason="variables of the XDG base directory specification")
def test_a_clone_cannot_bring_a_users_policy_or_trust_with_it(clone: Clone) -> None:
    """Relative ``XDG_*`` folders would lead into whatever directory one stands in."""
    clone.write("safepip.toml", '[hashes]\nmode = "index"\n')
    clone.write("config/safepip/policy.toml", '[hashes]\nmode = "index"\n')
    relative = {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    shown = clone.shell.safepip("policy", "show", environ=relative)
    assert "config/safepip/policy.toml" not in shown.out
    assert clone.shell.safepip("policy", "trust", environ=relative).code == 0
    assert not (clone.shell.folder / "data").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["safepip.toml", "pyproject.toml"])
def test_a_policy_that_is_no_file_stops_the_run_and_does_not_hang_it(
    clone: Clone, kind: str, name: str
) -> None:
    place = clone.shell.folder / name
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")

    ended = clone.shell.safepip("install", "app")

    assert ended.code == 12
    assert f"{name}" in ended.err
    assert "not a regular file" in ended.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only the superuser gives files away")
def test_a_policy_that_somebody_else_put_above_does_not_count(clone: Clone, index: IndexServer) -> None:
    above = clone.shell.folder.parent / "safepip.toml"
    above.write_text('[hashes]\nmode = "required"\n')
    (clone.shell.folder / ".git" / "config").unlink()
    (clone.shell.folder / ".git").rmdir()
    assert clone.shell.safepip("install", "--dry-run", "app", *trusting(index)).code == 10

    os.chown(above, 12345, 12345)
    ended = clone.shell.safepip("install", "--dry-run", "app", *trusting(index))

    assert ended.code == 0, ended.err
    assert f"{above} belongs to user 12345" in ended.err
