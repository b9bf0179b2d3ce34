"""Policy files written as text, for the tests of reading and merging."""

from __future__ import annotations

from safepip.core.origin import Layer
from safepip.policy.read import parse
from safepip.policy.schema import PolicyFile
from safepip.rules import known_rules

PLACES = {
    Layer.MACHINE: "machine.toml",
    Layer.USER: "user.toml",
    Layer.OPERATOR: "named.toml",
    Layer.PROJECT: "safepip.toml",
}


def written(
    text: str, layer: Layer = Layer.PROJECT, *, trusted: bool = True, place: str | None = None
) -> PolicyFile:
    return parse(
        text,
        place=place or PLACES[layer],
        layer=layer,
        directory="/project",
        known_rules=known_rules(),
        trusted=trusted,
    )


def untrusted(text: str) -> PolicyFile:
    return written(text, trusted=False)
