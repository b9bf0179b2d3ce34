"""What ``-r`` and ``--group`` name: a group of a file, a lock, the extras behind its name.

Compare ``strip_extras`` of ``pip._internal.utils.urls`` and ``_collect_requirement_sources`` of
``pip._internal.cli.req_command``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from packaging.requirements import InvalidRequirement, Requirement

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Sourced
from safepip.pipcompat.callbacks import is_lock_name, is_remote

_EXTRAS = re.compile(r"(?P<path>.+)(?P<extras>\[[^\]]+\])\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockName:
    """A lock, or a project, as somebody names it.

    Attributes:
        location: path or URL.
        extras: in lower case, as pip takes them.
    """

    location: str
    extras: frozenset[str]


def split_group(text: str) -> tuple[str, str]:
    """Path and name of ``[path:]name``, as ``--group`` has accepted it."""
    path, colon, name = text.rpartition(":")
    return (path, name) if colon else ("pyproject.toml", name)


def lock_name(said: Sourced[str]) -> LockName | None:
    """None where the text does not name a lock file.

    Raises:
        RequirementFileError: extras that are none.
    """
    return _split_extras(said) if is_lock_name(said.value) else None


def project_name(said: Sourced[str]) -> LockName | None:
    """None where the text does not name a ``pyproject.toml`` of this machine, maybe with extras.

    Raises:
        RequirementFileError: extras that are none.
    """
    if is_remote(said.value):
        return None
    match = _EXTRAS.match(said.value)
    path = match["path"].rstrip() if match else said.value
    return _split_extras(said) if PurePath(path).name == "pyproject.toml" else None


def _split_extras(said: Sourced[str]) -> LockName:
    match = _EXTRAS.match(said.value)
    if match is None:
        return LockName(location=said.value, extras=frozenset())
    try:
        extras = Requirement("placeholder" + match["extras"].lower()).extras
    except InvalidRequirement as error:
        raise RequirementFileError(
            f"Invalid requirement: {said.value!r}: {error}",
            reference="invalid-requirement",
            origin=said.origin,
        ) from None
    return LockName(location=match["path"].rstrip(), extras=frozenset(extras))
