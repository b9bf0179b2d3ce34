"""The rule ``credentials-in-url``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Origin, Place
from safepip.core.subjects import RequirementLine, Setting
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import INDEX_OPTIONS, parsed, shown

_USERINFO = re.compile(r"://([^/?#]*)@")
_WRITTEN = re.compile(r"://([^/\s?#]*)@")
_VARIABLE = re.compile(r"(?:\$\{[A-Z0-9_]+\})+\Z")
_REMOTE_FILES = frozenset({"requirement", "constraint", "build-constraint", "requirements-from-script"})


class CredentialsInUrl(Rule[Setting | RequirementLine]):
    """Password or token inside a URL

    What it finds:
        A user name with a password, or a token alone, in an index URL or in the URL of a requirement.
        In requirement and other project files it is refused. In your own `pip.conf`, environment and
        command line it is a warning, since cloud logins write it there. `${VARIABLE}` in place of the
        secret is fine. A user name alone is a warning, since it may be a token or may only select
        an entry of the keyring.

    Why it matters:
        Files of a project are committed, copied into images and sent to build services, and the secret
        with them. Command lines are seen by other processes and end in logs.

    Example:
        --index-url https://me:s3cret@nexus.example/simple

    Instead:
        Keep the secret in `netrc` or a keyring, or write `https://me:${NEXUS_TOKEN}@nexus.example/simple`
        in the requirement file and set the variable where the command runs.

    Policy keys:
        rules, allow
    """

    id = "credentials-in-url"
    severity = Severity.MEDIUM
    subject = (Setting, RequirementLine)

    def check(self, subject: Setting | RequirementLine, context: RuleContext) -> Iterator[Finding]:
        del context
        text = _location(subject)
        userinfo = _userinfo(text)
        if not userinfo or _is_login_name(text, userinfo) or _only_variables(subject.origin):
            return
        _, colon, password = userinfo.partition(":")
        in_project = subject.origin.layer >= Layer.PROJECT and subject.origin.kind is Place.FILE
        yield self.finding(
            "URL carries a password" if colon and password else "URL carries a user name that may be a token",
            subject.origin,
            subject=shown(text),
            level=Level.DENY if in_project and password else Level.WARN,
            help="move the secret into netrc or a keyring"
            + (", or write ${VARIABLE} in its place" if in_project else ""),
        )


def _location(subject: Setting | RequirementLine) -> str:
    if isinstance(subject, RequirementLine):
        return subject.target or ""
    return subject.value if subject.option in INDEX_OPTIONS | _REMOTE_FILES else ""


def _userinfo(text: str) -> str:
    found = _USERINFO.search(text)
    return found[1] if found else ""


def _is_login_name(text: str, userinfo: str) -> bool:
    """``git+ssh://git@…``: the account that SSH logs in to, with a key."""
    url = parsed(text)
    return url is not None and url.scheme.endswith("ssh") and ":" not in userinfo


def _only_variables(origin: Origin) -> bool:
    """Whether every secret on the line as written is a ``${VARIABLE}``, before it was expanded."""
    written = _WRITTEN.findall(origin.text or "") if origin.kind is Place.FILE else []
    secrets = [userinfo.partition(":")[2] or userinfo for userinfo in written]
    return bool(secrets) and all(_VARIABLE.match(secret) for secret in secrets)
