"""What every test stands on: no network beyond loopback, and nothing of the machine's own settings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("searching", max_examples=1000)
settings.load_profile("repeatable")
"""The same examples in every run, so that a red one means that something changed. `make search` looks for new ones."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background deaf to Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Whatever steers pip, TLS, proxies, credentials or folders. A test that wants one sets it.
STEERING = {
    "ALL_PROXY", "CONDA_PREFIX", "CURL_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NETRC", "NO_COLOR", "NO_PROXY",
    "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "REQUESTS_CA_BUNDLE",
    "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE", "VIRTUAL_ENV", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
}  # fmt: skip
NO_TEST_PASSED = 5
"""pytest's own exit code for "no tests collected"."""


def steers(name: str) -> bool:
    """Whether an environment variable could change what safepip or pip does."""
    return name.upper() in STEERING or name.upper().startswith(("PIP_", "SAFEPIP_"))


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty home, no config file of the machine, no steering variable."""
    for name in list(os.environ):
        if steers(name):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def pytest_runtest_setup() -> None:
    """Sockets reach this machine and nothing else."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run in which nothing passed is a failed run, even if all was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    is_worker = hasattr(session.config, "workerinput")
    if exitstatus == pytest.ExitCode.OK and not is_worker and reporter and not reporter.stats.get("passed"):
        session.exitstatus = NO_TEST_PASSED
