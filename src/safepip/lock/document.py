"""The answers of all environments as one ``pylock.toml`` (PEP 751)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from packaging.pylock import Package, Pylock
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from safepip.core.locking import Answer
from safepip.lock.packages import Writer
from safepip.lock.united import United, unite

FORMAT = Version("1.0")
"""Of the standard."""
TOOL_FORMAT = 1
"""Of ``[tool.safepip]``."""


def merge(answers: Iterable[Answer], *, base: str, policy_digest: str) -> Pylock:
    """One lock for all environments. The order of the answers makes no difference.

    ``[tool.safepip]`` and ``[packages.tool.safepip]`` hold what an installer may ignore: the digest of the
    policy, who asked, and the packages that builds need, in the form of ``[[packages]]``.

    Args:
        base: absolute path of the folder that the lock will stand in.
        policy_digest: ``sha256:…`` of the policy that the answers were found under; empty: there was none.

    Raises:
        CommandError: two environments that no marker tells apart need different packages, or
            something has no digest.
        VerificationError: a file has different digests in different environments.
    """
    united = unite(answers)
    environments = united.environments
    requires_python = environments.requires_python
    return Pylock(
        lock_version=FORMAT,
        environments=environments.markers,
        requires_python=None if requires_python is None else SpecifierSet(requires_python),
        created_by="safepip",
        packages=Writer(united, united.packages, base=base).packages(),
        tool={"safepip": _tool(united, base, policy_digest)},
    )


def _tool(united: United, base: str, policy_digest: str) -> dict[str, Any]:
    said: dict[str, Any] = {"version": TOOL_FORMAT}
    if policy_digest:
        said["policy"] = policy_digest
    said["environments"] = list(united.environments.names)
    builds = Writer(united, united.build_packages, base=base).packages()
    if builds:
        said["build-packages"] = _as_tables(builds)
    return said


def _as_tables(packages: Sequence[Package]) -> Any:
    return Pylock(lock_version=FORMAT, created_by="", packages=packages).to_dict()["packages"]
