"""The rule ``ambiguous-url``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class AmbiguousUrl(Rule[Any]):
    """URL that says two things about one file

    What it finds:
        A requirement's URL with two digests or two names behind `#`, with one of them in its query, with
        two fragments; and one whose digest is none of the `--hash` options beside it.

    Why it matters:
        pip searches the whole URL and takes the first match, so that in `…?a=1&md5=…#sha256=…` only the
        MD5 digest of the query counts. Of a digest in the URL and one in `--hash`, either is enough for
        it: the one that you checked need not be the one that decides.

    Example:
        demo @ https://files.example/demo-1.0-py3-none-any.whl#md5=…&sha256=…

    Instead:
        Keep one digest, the SHA-256: `demo @ https://files.example/demo-1.0-py3-none-any.whl#sha256=…`.
        The same digest in both places is fine.

    Policy keys:
        none
    """

    id = "ambiguous-url"
    exemptible = False
