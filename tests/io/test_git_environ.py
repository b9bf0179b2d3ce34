"""What git is told about hosts, roots and proxies, and what it is not told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safepip.core.index import Trust
from safepip.core.url import Credentials, Url
from safepip.io.git_environ import Remote, git_environment, search_path
from safepip.io.proxies import Proxies
from tests.support import certificates

USERS = {"PATH": "/usr/bin", "HOME": "/home/me", "SSH_AUTH_SOCK": "/run/agent", "TOKEN": "s3cret"}


def told(folder: Path, url: str, **parts: object) -> dict[str, str]:
    """The environment, with the configuration in it under its keys."""
    given = {"trust": Trust(), "proxies": Proxies(), **parts}
    environ = git_environment(Remote(address=Url.parse(url), **given), USERS, folder)  # type: ignore[arg-type]
    count = int(environ["GIT_CONFIG_COUNT"])
    pairs = {environ[f"GIT_CONFIG_KEY_{n}"]: environ[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    return environ | pairs


def test_nothing_of_the_user_is_passed_on(tmp_path: Path) -> None:
    environ = told(tmp_path, "https://git.example/demo")

    assert environ["HOME"] == str(tmp_path)
    assert not {"TOKEN", "SSH_AUTH_SOCK"} & set(environ)


def test_ssh_has_its_agent(tmp_path: Path) -> None:
    environ = told(tmp_path, "ssh://git@git.example/demo")

    assert environ["SSH_AUTH_SOCK"] == "/run/agent"
    assert environ["GIT_ALLOW_PROTOCOL"] == "ssh"
    assert environ["remote.origin.url"] == "ssh://git@git.example/demo"
    assert "http.sslCAInfo" not in environ


def test_a_bundle_is_the_only_root(tmp_path: Path) -> None:
    environ = told(tmp_path, "https://git.example/demo", trust=Trust(ca_bundle=certificates.ca_path()))

    assert Path(environ["http.sslCAInfo"]).read_bytes() == Path(certificates.ca_path()).read_bytes()
    assert list(Path(environ["http.sslCAPath"]).iterdir()) == []
    assert (environ["http.sslVerify"], environ["http.sslVersion"]) == ("true", "tlsv1.2")


def test_a_folder_of_certificates_becomes_one_file(tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir()
    (roots / "0a1b2c3d.0").write_bytes(Path(certificates.ca_path()).read_bytes())
    (roots / "README").write_text("not a certificate")

    environ = told(tmp_path, "https://git.example/demo", trust=Trust(ca_bundle=str(roots)))

    assert Path(environ["http.sslCAInfo"]).read_bytes() == Path(certificates.ca_path()).read_bytes()


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    path = certificates.client_certificate_path()
    trust = Trust(ca_bundle=certificates.ca_path(), client_cert=path)

    environ = told(tmp_path, "https://git.example/demo", trust=trust)

    assert (environ["http.sslCert"], environ["http.sslKey"]) == (path, path)


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (Proxies(), ""),
        (Proxies(named="http://proxy.example:3128"), "http://proxy.example:3128"),
        (Proxies(named=""), ""),
        (Proxies(found={"https": "http://proxy.example:8080"}), "http://proxy.example:8080"),
        (Proxies(found={"http": "http://proxy.example:8080"}), ""),
    ],
)
def test_proxies_are_those_of_everything_else(tmp_path: Path, proxies: Proxies, expected: str) -> None:
    assert told(tmp_path, "https://git.example/demo", proxies=proxies)["http.proxy"] == expected


def test_credentials_belong_to_one_host(tmp_path: Path) -> None:
    credentials = Credentials(username="me", password="s3cret")

    environ = told(tmp_path, "https://git.example:8443/demo", credentials=credentials)

    headers = {key: said for key, said in environ.items() if key.lower().endswith("extraheader")}
    assert list(headers) == ["http.https://git.example:8443/.extraHeader"]
    assert "s3cret" not in environ["remote.origin.url"]


def test_only_absolute_folders_are_searched() -> None:
    path = os.pathsep.join(["/usr/bin", ".", "", "bin", "/bin"])

    assert search_path({"PATH": path}) == os.pathsep.join(["/usr/bin", "/bin"])
