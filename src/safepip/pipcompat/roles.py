"""What becomes of each of pip's options, in every command. An option without a row is a bug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from safepip.pipcompat.own import GUARDED


class Role(Enum):
    """Who acts on an option."""

    DECIDE = "decide"
    """safepip acts on it; pip is told at most what follows from it."""
    FORWARD = "forward"
    """pip acts on it: it says how or where files are put, or how an answer is shown. A pip that safepip
    writes a command line for gets it anew; a pip that is run as it is gets the user's own words."""
    NEUTRAL = "neutral"
    """Nothing that happens could be changed by it: what it is about is never done here, or always."""
    REFUSE = "refuse"
    """It takes protection away. Refused on the command line and in requirement files, set aside
    with a warning in the operator's configuration and environment."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """The role of one option, and why."""

    role: Role
    reason: str


def treatment(name: str, command: str = "install") -> Treatment:
    """What becomes of an option.

    Args:
        name: canonical long name without dashes.

    Raises:
        KeyError: no command like this one has it.
    """
    if command in GUARDED:
        return TREATMENTS[name]
    return _OF_COMMANDS.get(command, {}).get(name) or ELSEWHERE[name]


def _rows(role: Role, rows: Mapping[str, str]) -> dict[str, Treatment]:
    return {name: Treatment(role, reason) for name, reason in rows.items()}


_DECIDED = {
    "abi": "tags are safepip's resolver's business",
    "all-releases": "versions are chosen by safepip's resolver",
    "build-constraint": "build requirements are resolved and verified by safepip",
    "cache-dir": "safepip keeps its own store, addressed by digest",
    "cert": "roots of trust are safepip's: this file alone counts, where pip adds it to others",
    "check-build-dependencies": "checked by safepip, which makes the build environment",
    "client-cert": "shown to the index it is for, not to every host as pip does",
    "config-settings": "handed to the build backend, if the build is admitted",
    "constraint": "read once by safepip, so that nothing changes between check and use",
    "dest": "safepip saves the verified files",
    "dry-run": "safepip ends before anything is changed",
    "editable": "the user's own code; its dependencies come through safepip",
    "extra-index-url": "indexes are asked by safepip's client under policy",
    "find-links": "a folder or page is an index like any other",
    "force-reinstall": "versions are chosen by safepip's resolver",
    "group": "read once by safepip",
    "ignore-installed": "versions are chosen by safepip's resolver",
    "ignore-requires-python": "versions are chosen by safepip's resolver",
    "implementation": "tags are safepip's resolver's business",
    "index-url": "indexes are asked by safepip's client under policy",
    "isolated": "counts while settings are gathered; pip always runs without the user's settings",
    "keyring-provider": "credentials are looked up by safepip, per index",
    "log": "safepip writes it",
    "no-binary": "files are admitted by safepip's resolver",
    "no-build-isolation": "an admitted build runs in the environment itself then",
    "no-cache-dir": "safepip's store is then a temporary one",
    "no-deps": "versions are chosen by safepip's resolver",
    "no-index": "no remote index is asked",
    "no-input": "safepip asks for credentials at the terminal, or not",
    "no-proxy-env": "connections are safepip's",
    "no-require-hashes": "nothing switches hash checking off; a contradiction is still an error",
    "only-binary": "files are admitted by safepip's resolver",
    "only-deps": "versions are chosen by safepip's resolver",
    "only-final": "versions are chosen by safepip's resolver",
    "output": "safepip writes the lock, all at once, and never over what it is made from",
    "platform": "tags are safepip's resolver's business",
    "pre": "versions are chosen by safepip's resolver",
    "prefer-binary": "files are chosen by safepip's resolver",
    "progress-bar": "progress is safepip's",
    "proxy": "connections are safepip's",
    "python": "safepip points its own pip at the environment",
    "python-version": "tags are safepip's resolver's business",
    "quiet": "output is safepip's",
    "report": "safepip writes it",
    "require-hashes": "tightens the hash mode to required",
    "require-virtualenv": "checked by safepip before anything else",
    "requirement": "read once by safepip, so that nothing changes between check and use",
    "requirements-from-script": "read once by safepip",
    "retries": "connections are safepip's",
    "timeout": "connections are safepip's",
    "upgrade": "versions are chosen by safepip's resolver",
    "upgrade-strategy": "versions are chosen by safepip's resolver",
    "uploaded-prior-to": "versions are chosen by safepip's resolver",
    "verbose": "output is safepip's",
    "wheel-dir": "safepip saves the verified files",
}
_FORWARDED = {
    "break-system-packages": "checked by pip against the environment's marker",
    "compile": "how files are put in place",
    "no-color": "how pip's words are shown",
    "no-compile": "how files are put in place",
    "no-user": "where files are put",
    "no-warn-conflicts": "a warning of pip's",
    "no-warn-script-location": "a warning of pip's",
    "prefix": "where files are put",
    "root": "where files are put",
    "root-user-action": "a warning of pip's",
    "target": "where files are put",
    "user": "where files are put",
}
_NEUTRAL = {
    "debug": "a bug in safepip is always shown",
    "disable-pip-version-check": "pip's version check is never made",
    "exists-action": "safepip never overwrites a checkout",
    "help": "printed by pip",
    "no-clean": "build folders are safepip's",
    "no-python-version-warning": "has no effect in pip either",
    "no-verify": "built wheels are always verified",
    "refresh-package": "pages are revalidated before they decide anything",
    "resume-retries": "downloads are safepip's",
    "src": "checkouts are safepip's",
    "use-feature": "features of pip's resolver and downloads, which are not used",
    "use-pep517": "has no effect in pip either",
}
_REFUSED = {
    "trusted-host": "would let anyone on the way speak for that host",
    "use-deprecated": "would skip checks of metadata, or bring another trust store",
}
TREATMENTS: Mapping[str, Treatment] = MappingProxyType(
    _rows(Role.DECIDE, _DECIDED)
    | _rows(Role.FORWARD, _FORWARDED)
    | _rows(Role.NEUTRAL, _NEUTRAL)
    | _rows(Role.REFUSE, _REFUSED)
)
"""Options of the guarded commands, by canonical long name. A test holds this and the following to the
generated table, in both directions."""

_ASKING = "which versions are shown is safepip's answer"
_CONNECTING = "connections are safepip's; a pip that is run as it is may have none"
_KEEPING = "safepip keeps its own store; a pip that is run as it is keeps nothing"
_SHOWING = "how pip shows its answer"
_CHOOSING = "what pip's answer is about"
ELSEWHERE: Mapping[str, Treatment] = MappingProxyType(
    _rows(
        Role.DECIDE,
        {
            "cache-dir": _KEEPING,
            "cert": _CONNECTING,
            "client-cert": _CONNECTING,
            "isolated": "counts while settings are gathered, where safepip gathers them",
            "keyring-provider": _CONNECTING,
            "log": "whoever does the work writes it",
            "no-cache-dir": _KEEPING,
            "no-proxy-env": _CONNECTING,
            "proxy": _CONNECTING,
            "python": "safepip points its own pip at the environment",
            "require-virtualenv": "checked by whoever does the work",
            "retries": _CONNECTING,
            "timeout": _CONNECTING,
        }
        | dict.fromkeys(
            (
                "abi", "all-releases", "extra-index-url", "find-links", "ignore-requires-python",
                "implementation", "index", "index-url", "no-binary", "no-index", "only-binary", "only-final",
                "platform", "pre", "prefer-binary", "python-version", "uploaded-prior-to",
            ),
            _ASKING,
        ),
    )
    | _rows(
        Role.FORWARD,
        {
            "algorithm": _CHOOSING,
            "break-system-packages": "checked by pip against the environment's marker",
            "editor": "the user's own, started by pip",
            "no-input": "whether questions may be asked",
            "root-user-action": "a warning of pip's",
            "yes": "whether pip asks before it removes",
        }
        | dict.fromkeys(
            (
                "all", "bash", "editable", "exclude", "exclude-editable", "files", "fish", "global",
                "include-editable", "local", "not-required", "outdated", "path", "powershell", "requirement",
                "site", "uptodate", "user", "zsh",
            ),
            _CHOOSING,
        )
        | dict.fromkeys(("debug", "format", "json", "no-color", "quiet", "verbose"), _SHOWING),
    )
    | _rows(
        Role.NEUTRAL,
        {
            "disable-pip-version-check": "pip's version check is never made",
            "exists-action": "nothing is checked out",
            "help": "printed by pip",
            "no-python-version-warning": "has no effect in pip either",
            "refresh-package": "pages are revalidated before they decide anything",
            "resume-retries": "downloads are safepip's",
            "use-feature": "features of pip's resolver and downloads, which are not used",
        },
    )
    | _rows(
        Role.REFUSE,
        {
            "trusted-host": "would let anyone on the way speak for that host",
            "use-deprecated": "would bring another trust store",
        },
    )
)  # fmt: skip
"""Options of the commands that resolve nothing; what is special about one is in ``_OF_COMMANDS``."""
_OFFLINE = _rows(
    Role.NEUTRAL,
    dict.fromkeys(("trusted-host", "use-deprecated"), "pip is run as it is here, and may have no connection"),
)
_OF_COMMANDS: Mapping[str, Mapping[str, Treatment]] = MappingProxyType(
    {
        "cache": _rows(Role.DECIDE, {"format": "safepip shows what is in its store"}),
        "debug": _OFFLINE
        | _rows(
            Role.FORWARD, dict.fromkeys(("abi", "implementation", "platform", "python-version"), _CHOOSING)
        ),
        "uninstall": _rows(
            Role.DECIDE,
            {"requirement": "read by safepip, so that pip fetches nothing; pip is given the names"},
        ),
    }
    | dict.fromkeys(
        ("check", "completion", "config", "freeze", "hash", "help", "inspect", "show"),
        MappingProxyType(_OFFLINE),
    )
)
