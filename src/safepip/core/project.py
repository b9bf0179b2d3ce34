"""Project names and the patterns that policy matches them with."""

from __future__ import annotations

import re

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.value import value

_NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE | re.ASCII)


class InvalidName(ValueError):
    """Not a valid project name or pattern."""


def project_name(text: str) -> NormalizedName:
    """Normalise a project name (PEP 503), refusing what is not one.

    Raises:
        InvalidName: the text is not a name by the core metadata specification. Checked before a
            name becomes part of a URL or path.
    """
    if not _NAME.match(text):
        raise InvalidName(f"not a project name: {text!r}")
    return canonicalize_name(text)


@value
class Pattern:
    """An exact name, a prefix such as ``acme-*``, or ``*``. Compared normalised.

    Attributes:
        prefix: what a name must equal or start with; normalised; empty for ``*``.
        exact: whether the whole name must be equal.
        text: as written in the policy.
    """

    prefix: str
    exact: bool
    text: str

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Raises InvalidName for anything but a name, a name followed by ``*``, or ``*``."""
        if text == "*":
            return cls(prefix="", exact=False, text=text)
        if not text.endswith("*"):
            return cls(prefix=project_name(text), exact=True, text=text)
        stem = text[:-1]
        if "*" in stem or not _NAME.match(stem.rstrip("-_.") or "-"):
            raise InvalidName(f"not a project name or prefix pattern: {text!r}")
        return cls(prefix=re.sub(r"[-_.]+", "-", stem).lower(), exact=False, text=text)

    def matches(self, name: NormalizedName) -> bool:
        return name == self.prefix if self.exact else name.startswith(self.prefix)

    @property
    def specificity(self) -> tuple[bool, int]:
        """Larger is more specific: exact › longest prefix › ``*``."""
        return (self.exact, len(self.prefix))

    @property
    def key(self) -> tuple[str, bool]:
        """What two patterns that mean the same have in common."""
        return (self.prefix, self.exact)

    def __str__(self) -> str:
        return self.text
