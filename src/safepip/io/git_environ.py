"""What git is told when safepip runs it: nothing of the user's configuration, and one way to one host.

Everything is passed by the environment (``GIT_CONFIG_COUNT``, git 2.31), so that no secret stands on a
command line, and what git starts itself is told the same. See ``git-config(1)`` and ``ssh_config(5)``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from safepip.core.errors import SafepipError
from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.core.url import Credentials, Url
from safepip.core.value import value
from safepip.io.credentials import basic_authorization
from safepip.io.proxies import Proxies
from safepip.io.tls import certificates, choose_roots

OLDEST_GIT = (2, 31)
"""Older ones do not read configuration from the environment, and would go without all of this."""
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_KEPT = (
    ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROGRAMDATA", "PROGRAMFILES"),
    ("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "TZ"),
)
_KEPT_FOR_SSH = ("SSH_AUTH_SOCK", "USER", "LOGNAME", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH")
"""The agent, and by what Windows' ssh finds the user's keys; on POSIX it asks the system for the home."""
_SSH = (
    "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oUpdateHostKeys=no -oForwardAgent=no -oForwardX11=no "
    "-oClearAllForwardings=yes -oPermitLocalCommand=no -oControlMaster=no -oControlPath=none"
)
_NULL = os.devnull


@value
class Remote:
    """The one repository that git may speak to.

    Attributes:
        address: ``https:`` or ``ssh:``, with nothing secret in it.
        credentials: sent to its host, and no other; None: none are.
    """

    address: Url
    trust: Trust
    proxies: Proxies
    credentials: Credentials | None = None

    @property
    def url(self) -> str:
        """As git is told. The name that SSH logs in with is part of it."""
        address, login = self.address, self.address.credentials
        if address.scheme == "ssh" and login is not None:
            return f"ssh://{login.username}@{address.netloc}{address.path}"
        return address.without_secrets


def git_environment(
    remote: Remote, environ: Mapping[str, str], private: Path, limits: Limits = Limits()
) -> dict[str, str]:
    """All variables of a git process.

    Args:
        environ: safepip's own, of which a few are kept.
        private: an empty folder of this run's own, which becomes git's home.

    Raises:
        ConfigurationError: a CA bundle that cannot be used.
    """
    ssh = remote.address.scheme == "ssh"
    names = [name for row in _KEPT for name in row] + list(_KEPT_FOR_SSH if ssh else ())
    kept = {name: environ[name] for name in names if name in environ}
    return {
        **kept,
        "PATH": search_path(environ),
        "HOME": str(private),
        "XDG_CONFIG_HOME": str(private),
        "TMPDIR": str(private),
        "TMP": str(private),
        "TEMP": str(private),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": _NULL,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ALLOW_PROTOCOL": remote.address.scheme,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_SSH_COMMAND": _SSH,
        "GIT_SSH_VARIANT": "ssh",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ADVICE": "0",
        **_configuration([*_fixed(limits), *_reaching(remote, environ, private)]),
    }


def search_path(environ: Mapping[str, str]) -> str:
    """PATH without its relative entries: a program beside the project is not the user's git or ssh."""
    folders = (environ.get("PATH") or os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


def check_version(said: str) -> None:
    """Raise SafepipError where what ``git version`` prints is too old, or nothing that git says."""
    found = _VERSION.match(said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        wanted = ".".join(map(str, OLDEST_GIT))
        raise SafepipError(
            f"{said.strip()[:80] or 'git'} is too old to be run safely",
            reference="git",
            hint=f"install git {wanted} or newer",
        )


def _configuration(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, said) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": said}
    return variables


def _fixed(limits: Limits) -> Iterator[tuple[str, str]]:
    """What holds for every repository: nothing of it is run, followed, or kept up to date."""
    yield "core.hooksPath", _NULL
    yield "core.fsmonitor", "false"
    yield "core.attributesFile", _NULL
    yield "core.excludesFile", _NULL
    yield "core.askPass", ""
    yield "core.pager", "cat"
    yield "core.symlinks", "false"
    yield "core.autocrlf", "false"
    yield "core.eol", "lf"
    yield "core.protectHFS", "true"
    yield "core.protectNTFS", "true"
    yield "core.longPaths", "true"
    yield "core.logAllRefUpdates", "false"
    yield "credential.helper", ""
    yield "credential.interactive", "never"
    yield "init.templateDir", ""
    yield "init.defaultBranch", "none"
    yield "submodule.recurse", "false"
    yield "fetch.recurseSubmodules", "false"
    yield "fetch.writeCommitGraph", "false"
    yield "transfer.bundleURI", "false"
    yield "gc.auto", "0"
    yield "maintenance.auto", "false"
    # A server that drips ends here, as with files.
    yield "http.lowSpeedLimit", str(int(limits.file_pace_bytes // limits.file_pace_seconds))
    yield "http.lowSpeedTime", str(int(limits.file_pace_seconds))


def _reaching(remote: Remote, environ: Mapping[str, str], private: Path) -> Iterator[tuple[str, str]]:
    """How its host is reached, and what is believed to be its host."""
    address = remote.address
    yield "remote.origin.url", remote.url
    yield "protocol.allow", "never"
    yield f"protocol.{address.scheme}.allow", "always"
    if address.scheme != "https":
        return
    yield "http.sslVerify", "true"
    yield "http.sslVersion", "tlsv1.2"
    # It would leave what policy admits; and credentials would follow it.
    yield "http.followRedirects", "false"
    yield "http.proxy", remote.proxies.towards(address) or ""
    yield from _roots(remote.trust, environ, private)
    if remote.credentials is not None:
        header = f"Authorization: {basic_authorization(remote.credentials)}"
        yield f"http.https://{address.netloc}/.extraHeader", header


def _roots(trust: Trust, environ: Mapping[str, str], private: Path) -> Iterator[tuple[str, str]]:
    """The roots of :mod:`safepip.io.tls`; where the system itself verifies, git's own way of asking it."""
    roots = choose_roots(trust, environ)
    if roots.file or roots.folder:
        file, none = private / "roots.pem", private / "no-roots"
        file.write_bytes(certificates(roots, trust.ca_digest))
        none.mkdir(exist_ok=True)
        yield "http.sslCAInfo", str(file)
        # libcurl would go on believing the system's folder beside the file.
        yield "http.sslCAPath", str(none)
        yield "http.schannelUseSSLCAInfo", "true"
    if trust.client_cert is not None:
        yield "http.sslCert", trust.client_cert
        yield "http.sslKey", trust.client_cert
