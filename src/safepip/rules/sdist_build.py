"""The rule ``sdist-build``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class SdistBuild(Rule[Any]):
    """Source archive that would have to be built

    What it finds:
        A project of which no wheel fits, only a source archive that `builds.sdists` does not admit;
        and a direct URL of such an archive. The message says which wheels exist and why none fits.
        Folders and archives on this machine that you name are `local-build`'s business.

    Why it matters:
        Building runs the project's code with your rights before anything about it has been checked, and
        brings in further packages to do so.

    Example:
        pip install --no-binary :all: demo

    Instead:
        Take a version or an interpreter with a wheel; build the wheel once in a safe place and serve it
        from an index or a folder; or let the project's build run: `builds.sdists = ["demo"]`.

    Policy keys:
        builds.sdists
    """

    id = "sdist-build"
    exemptible = False
    """``builds.sdists`` is the list of exemptions; a second one could be read past."""
