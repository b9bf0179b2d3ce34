"""Which proxy leads to a host, as pip decides it."""

from __future__ import annotations

import urllib.request
from dataclasses import field

from safepip.core.url import Url
from safepip.core.value import value


@value
class Proxies:
    """``--proxy`` for every host, else the environment's (or the system's) with their exceptions.

    Attributes:
        named: ``--proxy``; empty text: no proxy at all; None: not given.
        found: scheme → proxy URL.
    """

    named: str | None = field(default=None, repr=False)
    found: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, named: str | None, *, from_environment: bool) -> Proxies:
        """Where ``--proxy`` is given the environment's count for nothing, as with pip."""
        if named is not None or not from_environment:
            return cls(named=named)
        return cls(found={s: url for s, url in urllib.request.getproxies().items() if s != "no" and url})

    def towards(self, url: Url) -> str | None:
        """The proxy's URL; None: connect directly."""
        if url.scheme == "http":
            return None  # only a loopback address is reached so, and its bytes must not leave the machine
        if self.named is not None:
            return self.named or None
        if not self.found or urllib.request.proxy_bypass(url.netloc):
            return None
        return self.found.get(url.scheme) or self.found.get("all")
