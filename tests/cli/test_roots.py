"""Which roots of trust count, and who may say so."""

from __future__ import annotations

import pytest

from cli.conftest import Shell, index, shell
from support.server import IndexServer
from tests.support.certificates import ca_path, other_ca_path
from threats.conftest import Run, safepip

__all__ = ["index", "safepip", "shell"]

VARIABLES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_policy_may_have_the_environment_ignored(
    shell: Shell, safepip: Run, index: IndexServer, variable: str
) -> None:
    line = ("install", "--dry-run", "lib", "--index-url", index.url)
    environ = {variable: ca_path()}
    honoured = safepip(*line, environ=environ)
    policy = shell.write("policy.toml", '[tls]\nenvironment = "ignore"\n')
    ignored = safepip("--policy", str(policy), *line, environ=environ)

    assert honoured.code == 0, honoured.err
    assert ignored.code == 10
    assert "error[tls-failure]" in ignored.err
    assert "verified against " in ignored.err
    assert ca_path() not in ignored.err


@pytest.mark.parametrize("variable", VARIABLES)
def test_no_variable_adds_a_root_to_the_bundle_of_a_policy(shell: Shell, safepip: Run, variable: str) -> None:
    with IndexServer() as other:
        text = f'[[index]]\nname = "corp"\nurl = "{other.url}"\nca-bundle = "{other_ca_path()}"\n'
        policy = shell.write("policy.toml", text)
        ended = safepip("--policy", str(policy), "install", "lib", environ={variable: ca_path()})
        settled = safepip("explain", "--policy", str(policy), environ={variable: ca_path()})

    assert (ended.code, shell.installed()) == (10, set())
    assert f"verified against the CA bundle {other_ca_path()} and no other root" in ended.err
    assert other_ca_path() in settled.out


def test_each_index_has_its_own_bundle(shell: Shell, safepip: Run, index: IndexServer) -> None:
    """The bundle of one index vouches for no other, so the one without is checked with the system's roots."""
    with IndexServer() as other:
        text = (
            f'[[index]]\nname = "corp"\nurl = "{index.url}"\npackages = ["lib"]\nca-bundle = "{ca_path()}"\n'
            f'[[index]]\nname = "other"\nurl = "{other.url}"\npackages = ["*"]\n'
        )
        named = ("--policy", str(shell.write("policy.toml", text)))
        inside = safepip(*named, "install", "lib")
        outside = safepip(*named, "install", "app")

    assert (inside.code, shell.installed()) == (0, {"lib-2.0"}), inside.err
    assert outside.code == 10
    assert f"https://localhost:{other.port} cannot be trusted" in outside.err
