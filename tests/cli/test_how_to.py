"""The how-to pages, tried word for word: their policies, configuration and commands, only the hosts are others."""

from __future__ import annotations

import configparser
import hashlib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish
from support.locks import lock, package
from support.sdists import write_project
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename
from tasks.check_docs import FENCE, ROOT

COMPANY = ("acme", "acme-billing", "acme-core")


@pytest.fixture
def public() -> Iterator[IndexServer]:
    """What everybody sees; somebody has taken the company's names there."""
    with IndexServer() as server:
        publish(server, "requests", "2.31.0", requires=["idna"])
        for name in ("idna", "nvidia-cublas", *COMPANY):
            publish(server, name, "99.0")
        publish(server, "torch", "9.9")
        yield server


@pytest.fixture
def private() -> Iterator[IndexServer]:
    """The company's own packages, or an index of wheels for graphics cards."""
    with IndexServer() as server:
        for name in COMPANY:
            publish(server, name, "1.0")
        wheel = make_wheel("torch", "2.8.0+cu128", requires=["nvidia-cublas"])
        server.add_wheel(wheel, wheel_filename("torch", "2.8.0+cu128"))
        page = f'<a href="/files/{wheel_filename("torch", "2.8.0+cu128")}#sha256={_sha256(wheel)}">torch</a>'
        server.add_project_page("stable.html", page)
        yield server


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Reader:
    """Somebody who does what a page says, in its order, with other hosts."""

    def __init__(self, shell: Shell, public: IndexServer, hosts: Mapping[str, str]) -> None:
        self._shell, self._hosts = shell, hosts
        shell.environ.update({"SSL_CERT_FILE": public.ca_path, "PIP_INDEX_URL": public.url})
        self.ended: list[tuple[str, Ended]] = []
        self.installed: set[str] = set()
        """Everything that a command left in the environment."""

    def follow(self, page: str) -> None:
        text = (ROOT / "docs/how-to" / page).read_text(encoding="utf-8")
        for language, block in FENCE.findall(text):
            said = block
            for ours, theirs in self._hosts.items():
                said = said.replace(ours, theirs)
            assert "https://" not in said.replace("https://localhost:", ""), (
                f"a host of {page} has no stand-in: {said}"
            )
            self._do(language, said)

    def _do(self, language: str, said: str) -> None:
        if language == "toml" and "[[index]]" in said:
            self._shell.write("safepip.toml", said)
        elif language == "ini":
            # As variables, because beside a file of the test's own pip reads those of the machine.
            written = configparser.ConfigParser()
            written.read_string(said)
            names = {key.upper().replace("-", "_"): value for key, value in written["global"].items()}
            self._shell.environ.update({f"PIP_{name}": value for name, value in names.items()})
        elif language == "sh":
            for line in said.splitlines():
                self._run(line)

    def _run(self, line: str) -> None:
        program, *arguments = shlex.split(line)
        assert program == "safepip"
        ended = self._shell.safepip(*arguments)
        self.ended.append((line, ended))
        assert ended.code == 0, f"{line}\n{ended.err}"
        for path in self._shell.python.parent.parent.glob("lib/python*/site-packages/*.dist-info"):
            self.installed.add(path.name.removesuffix(".dist-info"))


def names_heard(server: IndexServer) -> set[str]:
    return {path.split("/")[2] for path in server.paths_asked() if path.startswith("/simple/")}


@pytest.fixture
def reader(shell: Shell, public: IndexServer, private: IndexServer) -> Reader:
    return Reader(
        shell,
        public,
        {
            "https://index.example/repository/simple": private.url,
            "https://index.example/simple": private.url,
            "https://nexus.example/repository/pypi-all/simple": public.url,
            "https://nexus.example/repository/pypi-proxy/simple": public.url,
            "https://nexus.example/repository/pypi-hosted/simple": private.url,
            "https://wheels.example/whl/cu128": private.url,
            "https://wheels.example/whl/stable.html": f"{private.url}/stable.html/",
            "/srv/wheelhouse": str(shell.folder / "wheelhouse"),
        },
    )


def test_a_company_index_beside_the_public_one(
    reader: Reader, shell: Shell, public: IndexServer, private: IndexServer
) -> None:
    shell.write("certs/corp-ca.pem", Path(private.ca_path).read_text(encoding="ascii"))
    reader.follow("private-index.md")

    assert reader.installed == {"acme_billing-1.0"}
    assert "acme-billing" not in names_heard(public)


def test_one_proxy_for_everything(reader: Reader, public: IndexServer, private: IndexServer) -> None:
    reader.follow("one-proxy.md")

    assert reader.installed == {"requests-2.31.0", "idna-99.0", "acme_billing-1.0"}
    assert names_heard(public) == {"requests", "idna"}
    assert names_heard(private) == {"acme-billing"}


def test_one_project_from_an_index_of_wheels(
    reader: Reader, public: IndexServer, private: IndexServer
) -> None:
    reader.follow("wheel-index.md")

    assert reader.installed == {"torch-2.8.0+cu128", "nvidia_cublas-99.0"}
    assert "torch" not in names_heard(public)
    assert names_heard(private) <= {"torch", "stable.html"}


def test_offline_from_a_folder(reader: Reader, shell: Shell, public: IndexServer) -> None:
    reader.follow("offline-wheelhouse.md")

    assert reader.installed == {"requests-2.31.0", "idna-99.0"}
    public.requests.clear()
    assert shell.safepip("install", "idna").code == 0
    assert public.requests == []


def test_leaving_extra_index_url_behind(
    reader: Reader, shell: Shell, public: IndexServer, private: IndexServer
) -> None:
    shell.environ["PIP_EXTRA_INDEX_URL"] = private.url
    refused = shell.safepip("install", "acme-billing", environ={"SSL_CERT_FILE": public.ca_path})
    assert (refused.code, "error[ambiguous-project]" in refused.err) == (10, True)
    public.requests.clear()
    del shell.environ["PIP_EXTRA_INDEX_URL"]

    reader.follow("migrate.md")

    assert reader.installed == {"acme_billing-1.0", "requests-2.31.0", "idna-99.0"}
    assert names_heard(public) == {"requests", "idna"}
    routes = [ended.out for line, ended in reader.ended if "explain" in line]
    assert [text.splitlines()[1].split()[:3] for text in routes] == [
        ["comes", "from", "corp"],
        ["comes", "from", "pypi"],
    ]


def test_an_environment_equal_to_a_lock(reader: Reader, shell: Shell, public: IndexServer) -> None:
    optional = {
        name: f"marker = \"'{name}' in {where}\""
        for name, where in (("postgres", "extras"), ("test", "dependency_groups"))
    }
    shell.write(
        "pylock.toml",
        lock(
            package(public, "idna", "99.0"),
            package(public, "acme", "99.0", keys=optional["postgres"]),
            package(public, "acme-core", "99.0", keys=optional["test"]),
            head='extras = ["postgres"]\ndependency-groups = ["test"]\n',
        ),
    )
    digest = _sha256(make_wheel("acme-billing", "99.0"))
    shell.write("requirements.txt", f"acme-billing==99.0 --hash=sha256:{digest}\n")

    reader.follow("sync.md")

    assert reader.installed == {"idna-99.0", "acme-99.0", "acme_core-99.0", "acme_billing-99.0"}
    assert shell.installed() == {"acme_billing-99.0"}


def test_locking(reader: Reader, shell: Shell, public: IndexServer) -> None:
    shell.write("requirements.in", "requests\n")
    shell.write("constraints.txt", "idna<100\n")
    write_project(shell.folder, "mine", requires=["requests"])
    project = '\n[project]\nname = "mine"\nversion = "1.0"\ndependencies = ["requests"]\n'
    extras = '[project.optional-dependencies]\nsocks = ["idna"]\n[dependency-groups]\ntest = ["idna"]\n'
    built = (shell.folder / "pyproject.toml").read_text()
    shell.write("pyproject.toml", built + project + extras)
    shell.write("report.py", '# /// script\n# dependencies = ["requests"]\n# ///\n')

    reader.follow("lock.md")

    assert reader.installed == {"requests-2.31.0", "idna-99.0", "mine-1.0"}
    checked = shell.safepip("lock", "-r", "requirements.in", "torch", "--check")
    assert checked.code == 14, checked.err


def test_a_record_of_first_uses_that_is_shared(reader: Reader, shell: Shell) -> None:
    record = shell.folder / "first-use.sqlite3"
    shell.write("safepip.toml", f'[hashes]\nrecord = "{record}"\n')

    reader.follow("first-use.md")

    assert reader.installed == {"requests-2.31.0", "idna-99.0"}
    assert record.exists()
