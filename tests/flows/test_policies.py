"""The policy files of the machine, found and read as strictly as what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from safepip.core.errors import ConfigurationError
from safepip.flows.policies import read_policy
from safepip.pipcompat.own import OwnOptions
from safepip.policy.schema import HashMode
from tests.fakes.scene import Trusting

MACHINE = "/etc/safepip/policy.toml"
REQUIRED = b'[hashes]\nmode = "required"\n'


@dataclass
class Disk:
    """Files, and who else may change each."""

    files: Mapping[str, bytes]
    others: Mapping[str, str] = field(default_factory=dict)
    strangers: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    environ: Mapping[str, str] = field(default_factory=dict)
    machine_policy: str = MACHINE
    user_config_dir: str = "/home/me/.config/safepip"
    cwd: str = "/project"

    def stands(self, path: str) -> bool:
        if path in self.closed:
            raise PermissionError(13, "Permission denied", path)
        return path in self.files

    def stranger(self, path: str) -> str | None:
        return self.strangers.get(path)

    def one_name(self, path: str) -> str:
        return path

    def changeable_by(self, path: str) -> str | None:
        return self.others.get(path)

    def read_bytes(self, path: str) -> bytes:
        return self.files[path]

    def folder_of(self, path: str) -> str:
        return path.rpartition("/")[0]


class World:
    """As much of a world as reading policies needs."""

    def __init__(self, disk: Disk) -> None:
        self.around = self.files = disk
        self.show = self
        self.trusted = Trusting()
        self.notes: list[str] = []

    def found_text(self, path: str) -> bytes:
        return self.files.read_bytes(path)

    def noted(self, lines: Sequence[str]) -> None:
        self.notes += lines


def read(disk: Disk) -> HashMode:
    policy, _ = read_policy(OwnOptions(), World(disk))  # type: ignore[arg-type]  # the part that is used
    return policy.hash_mode.value


def test_the_machines_policy_holds() -> None:
    assert read(Disk({MACHINE: REQUIRED})) is HashMode.REQUIRED


def test_a_machine_policy_that_others_may_change_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="everybody may change it") as caught:
        read(Disk({MACHINE: REQUIRED}, others={MACHINE: "everybody"}))
    assert caught.value.origin is not None
    assert caught.value.origin.place == MACHINE


def test_of_the_users_own_policy_it_is_not_asked() -> None:
    user = "/home/me/.config/safepip/policy.toml"

    assert read(Disk({user: REQUIRED}, others={user: "everybody"})) is HashMode.REQUIRED


def test_a_machine_policy_behind_a_closed_door_is_not_absent() -> None:
    with pytest.raises(ConfigurationError, match="Permission denied"):
        read(Disk({}, closed=frozenset({MACHINE})))


def test_the_closed_home_of_somebody_else_does_not_stop_the_run() -> None:
    closed = frozenset({"/home/me/.config/safepip/policy.toml"})

    assert read(Disk({MACHINE: REQUIRED}, closed=closed)) is HashMode.REQUIRED
