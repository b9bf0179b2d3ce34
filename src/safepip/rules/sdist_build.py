"""The rule ``sdist-build``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class SdistBuild(Rule[Any]):
    """Source archive that would have to be built

    What it finds:
        A project of which no wheel fits, only a source archive, and whatever else would have to be
        built: a local source archive, a directory, an editable, a repository. The message says
        which wheels exist and why none fits. This version builds nothing, whatever the policy says.

    Why it matters:
        Building runs the project's code with your rights before anything about it has been checked, and
        brings in further packages to do so.

    Example:
        pip install --no-binary :all: demo

    Instead:
        Take a version or an interpreter with a wheel, or build the wheel once in a safe place and
        serve it from an index or a folder.

    Policy keys:
        builds.sdists
    """

    id = "sdist-build"
    exemptible = False
    """Nothing is built in this version, so no exemption could be kept."""
