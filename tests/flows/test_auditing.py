"""Which audit logs a run keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.flows.auditing import open_audit
from safepip.policy.schema import Policy

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILE = Origin(layer=Layer.MACHINE, kind=Place.FILE, place="/etc/safepip/policy.toml", line=2)


@dataclass
class Around:
    """The part of ``flows.world.Surroundings`` that is asked."""

    environ: dict[str, str]

    def absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"/here/{path}"


@dataclass
class Machine:
    """The part of ``flows.world.World`` that is asked; it is its own audit and clock."""

    environ: dict[str, str]
    opened: list[tuple[str, str]] = field(default_factory=list)

    @property
    def around(self) -> Around:
        return Around(self.environ)

    @property
    def audit(self) -> Machine:
        return self

    @property
    def clock(self) -> Machine:
        return self

    def now(self) -> datetime:
        return NOW

    def open(self, places: Sequence[Sourced[str]], *, command: str, policy: str, now: datetime) -> None:
        assert (command, policy, now) == ("install", "", NOW)
        self.opened = [(place.value, str(place.origin)) for place in places]


def opened(policy: Policy, environ: dict[str, str]) -> list[tuple[str, str]]:
    machine = Machine(environ)
    open_audit("install", policy, machine)  # type: ignore[arg-type]  # the part it uses
    return machine.opened


LOGGING = Policy(log_file=Sourced(value="/var/log/safepip.jsonl", origin=FILE))
POLICYS = ("/var/log/safepip.jsonl", "/etc/safepip/policy.toml:2")


@pytest.mark.parametrize(
    "policy,environ,expected",
    [
        (Policy(), {}, []),
        (Policy(), {"SAFEPIP_LOG": ""}, []),
        (Policy(), {"SAFEPIP_LOG": "log"}, [("/here/log", "$SAFEPIP_LOG")]),
        (LOGGING, {}, [POLICYS]),
        (LOGGING, {"SAFEPIP_LOG": ""}, [POLICYS]),
        (LOGGING, {"SAFEPIP_LOG": "/dev/null"}, [POLICYS, ("/dev/null", "$SAFEPIP_LOG")]),
    ],
)
def test_a_variable_adds_a_log_and_never_takes_the_policys_away(
    policy: Policy, environ: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    assert opened(policy, environ) == expected
