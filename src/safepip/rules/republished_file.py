"""The rule ``republished-file``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class RepublishedFile(Rule[Any]):
    """File whose bytes are not those of its first use

    What it finds:
        An index that offers other bytes than before under a file name that was installed from it, of
        whatever version. Also a file that it has added to a version after another file of that version
        was first used, where this one would take the other's place: by the upload time that the page gives,
        for the same Python and platform, and while the other is still offered. A file that a hash or a
        lock names is meant, and taken.

    Why it matters:
        A released file never changes. If it does, the index, or an account on it, is in other hands,
        and a version number that was reviewed means something else now. A better fitting wheel, added
        later, changes what the same version number installs just as well.

    Example:
        demo-1.0-py3-none-any.whl with another sha256 than in March

    Instead:
        Find out why. Where files are rebuilt in place on your own index, give them new version numbers,
        or allow the change once with a reason; the new bytes are remembered. Ask the authors about an
        added file. An index that gives no upload times cannot show that a file is late: lock what you use.

    Policy keys:
        rules, allow
    """

    id = "republished-file"
