"""The policy files of every layer, found, read and merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.flows.world import World
    from safepip.pipcompat.argv import OwnOptions
    from safepip.policy.schema import Policy
