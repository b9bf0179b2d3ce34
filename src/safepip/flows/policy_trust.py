"""Trust in a project's policy: by what it says, what it names, and where it stands."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Origin, Place
from safepip.core.trusted import TrustedPolicy

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.policy.schema import PolicyFile


def with_trust(file: PolicyFile, world: World) -> PolicyFile:
    """The project's file, trusted if this user has trusted just this; else with the reason why not.

    A list that cannot be used trusts nothing, and does not stop a run: it could only have added trust.
    """
    path = world.around.one_name(file.source.path)
    try:
        entry = next((one for one in world.trusted.everything() if one.path == path), None)
    except ConfigurationError as error:
        return _doubted(file, f"{error.message} ({world.trusted.place})")
    if entry is None:
        return file
    doubt = what_changed(file, entry, world)
    if doubt:
        return _doubted(file, doubt)
    known = dict(entry.files)
    agreed = tuple((bundle, known[world.around.one_name(bundle)]) for bundle in file.bundles)
    return replace(file, source=replace(file.source, trusted=True, agreed=agreed))


def what_changed(file: PolicyFile, entry: TrustedPolicy, world: World) -> str:
    """What is no longer as it was when it was trusted; empty: nothing."""
    since = f"since you trusted it on {entry.since:%Y-%m-%d}"
    if file.source.content != entry.content:
        return f"it has changed {since}"
    known = dict(entry.files)
    for path in file.bundles:
        digest = _digest(path, world)
        # Under the one name of its folder: another way to it may neither end trust nor widen it.
        if digest is None or digest != known.get(world.around.one_name(path)):
            return f"the CA bundle {path} has changed {since}"
    return ""


def as_it_is_now(file: PolicyFile, world: World) -> TrustedPolicy:
    """What to remember to trust the file.

    Raises:
        ConfigurationError: a CA bundle that it names cannot be read.
    """
    digests: list[tuple[str, str]] = []
    for path in file.bundles:
        digest = _digest(path, world)
        if digest is None:
            raise ConfigurationError(
                f"the CA bundle {path} cannot be read, so nobody can know what would be trusted",
                reference="trusted-policies",
                origin=Origin(layer=file.source.layer, kind=Place.FILE, place=file.source.path),
                hint="put the bundle there first",
            )
        digests.append((world.around.one_name(path), digest))
    return TrustedPolicy(
        path=world.around.one_name(file.source.path),
        content=file.source.content,
        files=tuple(sorted(digests)),
        since=world.clock.now(),
    )


def _digest(path: str, world: World) -> str | None:
    try:
        return "sha256:" + hashlib.sha256(world.found_text(path)).hexdigest()
    except OSError:
        return None


def _doubted(file: PolicyFile, doubt: str) -> PolicyFile:
    return replace(file, source=replace(file.source, doubt=doubt))
