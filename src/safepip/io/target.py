"""What the environment is that a command works on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from packaging.tags import Tag

from safepip.core.ports import Environment
from safepip.io.agent import Agent
from safepip.io.installed import scan


def environment(agent: Agent, python_path: Sequence[str] = ()) -> Environment:
    """What the agent's target is and has. Waits for the agent's first words.

    Args:
        python_path: the user's ``PYTHONPATH`` entries: what stands there satisfies requirements,
            as with pip, though nothing is ever imported from it.

    Raises:
        SafepipError: the target does not work, is too old, or cannot be read.
    """
    facts = agent.facts()
    paths: dict[str, str] = facts["paths"]
    user_site = facts["user_site"]
    return Environment(
        python=agent.python,
        prefix=facts["prefix"],
        version=facts["version"],
        markers=MappingProxyType(facts["markers"]),
        tags=tuple(Tag(*text.split("-")) for text in facts["tags"]),
        installed=scan(
            [*python_path, *facts["path"]], library=(paths["purelib"], paths["platlib"]), user_site=user_site
        ),
        paths=MappingProxyType(paths),
        is_virtual=facts["is_virtual"],
        externally_managed=None if facts["is_virtual"] else _externally_managed(Path(paths["stdlib"])),
        user_site=user_site,
        user_site_enabled=facts["user_site_enabled"],
    )


def probe(python: str, environ: Mapping[str, str]) -> Environment:
    """As :func:`environment`, for a look and no more."""
    agent = Agent(python, environ)
    try:
        return environment(agent, python_path(environ))
    finally:
        agent.close()


def python_path(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The absolute entries of ``PYTHONPATH``; relative ones would let the working directory in."""
    entries = environ.get("PYTHONPATH", "").split(os.pathsep)
    return tuple(entry for entry in entries if os.path.isabs(entry))


def _externally_managed(stdlib: Path) -> str | None:
    """The message of EXTERNALLY-MANAGED (PEP 668); None if the file is not there."""
    marker = stdlib / "EXTERNALLY-MANAGED"
    if not marker.is_file():
        return None
    from configparser import ConfigParser
    from configparser import Error as ConfigParserError

    parser = ConfigParser(interpolation=None)
    try:
        parser.read(marker, encoding="utf-8")
        return parser["externally-managed"]["Error"]
    except (ConfigParserError, KeyError, UnicodeDecodeError):
        # Marked is marked, whatever the words.
        return "The Python environment under " + str(stdlib.parent) + " is managed externally."
