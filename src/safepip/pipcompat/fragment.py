"""What the fragment of a URL says about its file, where every reader would say the same.

pip searches the whole URL for ``#md5=…`` or ``&md5=…`` and takes the first match, query included
(``pip._internal.models.link``), so one URL can mean two files to two readers. Such a URL is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from safepip.core.digest import AcceptableDigests, Algorithm, Digest, DigestError

_ALGORITHMS = frozenset(algorithm.value for algorithm in Algorithm)
_MEANINGFUL = frozenset({"egg", "subdirectory"}) | _ALGORITHMS
_PROJECT_NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE)


class FragmentError(ValueError):
    """The URL says something wrong about its file; ``hint`` is one thing to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class AmbiguousUrlError(FragmentError):
    """The URL says two things, of which pip takes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Attributes are None where the URL does not say.

    Attributes:
        egg: project name.
        subdirectory: folder of the project inside the archive or repository.
        digest: of the file; maybe a weak one.
    """

    egg: str | None = None
    subdirectory: str | None = None
    digest: Digest | None = None


_SILENT = Fragment()


def read_fragment(url: str) -> Fragment:
    """Read what stands behind ``#``.

    Raises:
        AmbiguousUrlError: two values for one thing, or a digest in the query.
        FragmentError: a value that is none.
    """
    if "#" not in url and "&" not in url:
        return _SILENT
    address, _, fragment = url.partition("#")
    hidden = [word for word in address.split("&")[1:] if word.partition("=")[0] in _MEANINGFUL]
    if hidden:
        raise AmbiguousUrlError(
            f"the query says {hidden[0].partition('=')[0]!r}, which pip reads as if it stood behind #",
            "leave it out of the query",
        )
    if "#" in fragment:
        raise AmbiguousUrlError("the URL has two fragments", "join them with &")
    found = _pairs(fragment)
    digests = [(name, value) for name, value in found.items() if name in _ALGORITHMS]
    if len(digests) > 1:
        raise AmbiguousUrlError("the URL names two digests, of which pip checks one", "keep the strongest")
    return Fragment(
        egg=_egg(found.get("egg")),
        subdirectory=found.get("subdirectory"),
        digest=_digest(*digests[0]) if digests else None,
    )


def acceptable(fragment: Fragment, options: Sequence[Digest]) -> AcceptableDigests:
    """What ``--hash`` options and the fragment accept together: a file has to satisfy both.

    Raises:
        AmbiguousUrlError: no file could.
    """
    if fragment.digest is None:
        return AcceptableDigests.of(options)
    same = [digest for digest in options if digest.algorithm is fragment.digest.algorithm]
    if same and fragment.digest not in same:
        raise AmbiguousUrlError(
            "the URL's digest is none of the --hash options", "find out which one is right"
        )
    others = [digest for digest in options if digest.algorithm is not fragment.digest.algorithm]
    return AcceptableDigests.of([*others, fragment.digest])


def _pairs(fragment: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in fragment.split("&"):
        name, equals, value = word.partition("=")
        if equals and name in _MEANINGFUL:
            if name in found:
                raise AmbiguousUrlError(
                    f"the URL says {name!r} twice, and pip takes the first", "keep one of them"
                )
            found[name] = value
    return found


def _egg(value: str | None) -> str | None:
    if value is not None and not _PROJECT_NAME.match(value):
        raise FragmentError(f"egg fragment {value!r} is invalid", "name the project as in NAME @ URL")
    return value


def _digest(algorithm: str, digits: str) -> Digest:
    try:
        return Digest.of(algorithm, digits)
    except DigestError as error:
        raise FragmentError(str(error), "copy the whole digest") from None
