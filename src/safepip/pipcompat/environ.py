"""``PIP_*`` variables in every spelling that pip accepts (``Configuration.get_environ_vars``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.pipcompat.written import Written, normalize_key

PREFIX = "PIP_"
SECTION = ":env:"
IGNORED = frozenset({"version", "help"})
NO_OPTIONS = frozenset(
    {
        "auto-complete",
        "build-tracker",
        "config-file",
        "no-partial-clone-for-broken-git-server",
        "resolver-debug",
        "user-agent-user-data",
    }
)
"""Keys of variables that pip reads elsewhere, so that they are not unknown although no option has them."""


def parse(environ: Mapping[str, str]) -> tuple[Written, ...]:
    """Every variable that names an option, in the environment's order, which pip lets decide.

    Several spellings of one option all appear; so do empty values, which pip drops later.
    """
    return tuple(_variables(environ))


def _variables(environ: Mapping[str, str]) -> Iterator[Written]:
    for name, value in environ.items():
        spelled = name[len(PREFIX) :].lower()
        if name.startswith(PREFIX) and spelled not in IGNORED:
            key = normalize_key(spelled)
            piece = Sourced(value=value, origin=_origin(name, value, key))
            yield Written(section=SECTION, key=key, text=value, pieces=(piece,))


def _origin(name: str, value: str, key: str) -> Origin:
    one_line = len(value.splitlines()) <= 1
    return Origin(
        layer=Layer.OPERATOR,
        kind=Place.ENVIRONMENT,
        place=name,
        column=len(name) + 2 if one_line else None,
        length=len(value) if one_line else None,
        text=f"{name}={value}" if one_line else None,
        key=f"{SECTION}.{key}",
    )
