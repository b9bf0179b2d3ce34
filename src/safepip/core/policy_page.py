"""What ``safepip policy`` has to say, before anybody turns it into text or JSON."""

from __future__ import annotations

from collections.abc import Mapping

from safepip.core.origin import Origin
from safepip.core.trusted import TrustedPolicy
from safepip.core.value import value

Plain = str | bool | list[str] | None
"""A value as TOML or JSON would hold it."""


@value
class KeyInForce:
    """One key of the policy, or the level of one rule.

    Attributes:
        path: ``hashes.mode``, ``rules.yanked-release``.
        origin: who said it; its layer is DEFAULT where nobody did.
    """

    path: str
    value: Plain
    origin: Origin


@value
class EntryInForce:
    """One ``[[index]]`` or ``[[allow]]``.

    Attributes:
        said: by key, what it says and nothing else; lists and numbers as they are.
        state: of an exemption: ``holds``, ``leaves a warning`` (another file asks for one) or ``ended``.
    """

    said: Mapping[str, object]
    origin: Origin
    state: str = "holds"


@value
class FileInForce:
    """One policy file that takes part.

    Attributes:
        layer: ``machine``, ``user``, ``operator`` or ``project``.
        sha256: of its bytes.
        content: digest of what it says, whatever its layout.
        trusted: whether all of it counts.
        since: when this user trusted it, as a date; empty where it needs no trust, or has none.
        doubt: why one that was trusted once is not any more.
        set_aside: what an untrusted one would change.
    """

    path: str
    layer: str
    sha256: str
    content: str
    trusted: bool = True
    since: str = ""
    doubt: str = ""
    set_aside: tuple[str, ...] = ()


@value
class PolicyPage:
    """``policy show``: the merged policy with the origin of everything in it.

    Attributes:
        fingerprint: what tells it from another, as in the audit log; empty where no file takes part.
        files: strongest first.
        keys: all of them, defaults included.
        levels: of the rules that somebody gave one.
    """

    fingerprint: str
    files: tuple[FileInForce, ...]
    keys: tuple[KeyInForce, ...]
    levels: tuple[KeyInForce, ...]
    indexes: tuple[EntryInForce, ...]
    exemptions: tuple[EntryInForce, ...]


@value
class TrustedState:
    """``policy trust --list``: one entry; ``state`` is ``in force``, or why it is not."""

    entry: TrustedPolicy
    state: str
