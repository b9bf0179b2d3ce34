"""When the audit log is written, and what happens when it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from report import samples
from safepip.cli.audit import AuditTrail
from safepip.core.digest import Digest, Digests
from safepip.core.errors import ConfigurationError, Refused, Undecided
from safepip.core.origin import BUILT_IN, Sourced
from safepip.core.plan import Plan

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMPUTED = Digests.of([Digest.of("sha256", "cd" * 32)])


class Log:
    """Implements ``cli.audit.OpenLog`` in memory; ``full`` makes writing fail."""

    def __init__(self, place: Sourced[str]) -> None:
        self.name = place.value
        self.writes: list[str] = []
        self.closed = False
        self.full = False

    @property
    def identity(self) -> tuple[int, int]:
        return 0, len(self.name)

    def append(self, text: str) -> None:
        if self.full:
            raise ConfigurationError(f"{self.name} is full")
        self.writes.append(text)

    def close(self) -> None:
        assert not self.closed
        self.closed = True

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for text in self.writes for line in text.splitlines()]


class Logs:
    """What was opened, in order."""

    def __init__(self) -> None:
        self.opened: list[Log] = []

    def open(self, place: Sourced[str]) -> Log:
        self.opened.append(Log(place))
        return self.opened[-1]


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def trail(logs: Logs) -> AuditTrail:
    return AuditTrail(logs.open, lambda _: COMPUTED)


def begin(trail: AuditTrail, *names: str) -> None:
    places = [Sourced(value=name, origin=BUILT_IN) for name in names]
    trail.open(places, command="install", policy="sha256:00", now=NOW)


def files(plan: Plan) -> dict[object, Path]:
    return {step.project: Path("/store", step.file.filename) for step in plan.steps}


def test_where_no_log_is_named_nothing_is_kept(trail: AuditTrail, logs: Logs) -> None:
    trail.warned([samples.yanked_release()])
    trail.passed(samples.yanked_release(), "policy.toml:3")
    trail.admitted(samples.plan(), {})
    trail.failed(Undecided("no answer"))
    trail.close()

    assert logs.opened == []


def test_what_is_admitted_is_written_at_once_with_all_that_was_said_before(
    trail: AuditTrail, logs: Logs
) -> None:
    begin(trail, "log")
    trail.warned([samples.credentials_in_url()])
    trail.passed(samples.yanked_release(), "policy.toml:3 (known)")
    assert logs.opened[0].writes == []

    trail.admitted(samples.plan(), files(samples.plan()))  # type: ignore[arg-type]  # names of samples

    assert len(logs.opened[0].writes) == 1
    lines = logs.opened[0].lines()
    assert [line["verdict"] for line in lines] == ["warn", "allow", "admit", "admit"]
    assert lines[1]["exemption"] == "policy.toml:3 (known)"


def test_a_file_without_a_published_digest_is_logged_with_what_it_hashes_to(
    trail: AuditTrail, logs: Logs
) -> None:
    plan = samples.plan()
    bare = tuple(replace(step, file=replace(step.file, digests=Digests())) for step in plan.steps)
    begin(trail, "log")

    trail.admitted(replace(plan, steps=bare), files(plan))  # type: ignore[arg-type]  # names of samples

    assert {str(line["digests"]) for line in logs.opened[0].lines()} == {f"['sha256:{'cd' * 32}']"}


def test_a_refusal_is_its_findings_and_any_other_failure_one_line(trail: AuditTrail, logs: Logs) -> None:
    begin(trail, "log")
    trail.failed(Refused([samples.plaintext_index(), samples.credentials_in_url()]))
    trail.failed(Undecided("no answer", reference="index-unavailable"))

    lines = logs.opened[0].lines()
    assert [(line["event"], line["verdict"], line["rule"]) for line in lines] == [
        ("decision", "deny", "plaintext-index"),
        ("decision", "warn", "credentials-in-url"),
        ("failure", "undecided", "index-unavailable"),
    ]


def test_the_same_said_twice_is_one_line(trail: AuditTrail, logs: Logs) -> None:
    begin(trail, "log")
    trail.warned([samples.yanked_release(), samples.yanked_release()])
    trail.write()

    assert len(logs.opened[0].lines()) == 1


def test_a_run_that_just_ends_is_written_when_it_closes(trail: AuditTrail, logs: Logs) -> None:
    begin(trail, "log")
    trail.warned([samples.yanked_release()])
    trail.close()
    trail.close()

    assert len(logs.opened[0].writes) == 1
    assert logs.opened[0].closed


def test_one_file_under_two_names_is_written_once(trail: AuditTrail, logs: Logs) -> None:
    begin(trail, "aaa", "bbb", "cccc")
    trail.warned([samples.yanked_release()])
    trail.close()

    assert [len(log.writes) for log in logs.opened] == [1, 0, 1]
    assert all(log.closed for log in logs.opened)


def test_a_log_that_fails_stops_the_run_and_the_others_are_still_told(trail: AuditTrail, logs: Logs) -> None:
    begin(trail, "full", "other")
    logs.opened[0].full = True
    plan = samples.plan()

    with pytest.raises(ConfigurationError, match="full is full") as caught:
        trail.admitted(plan, files(plan))  # type: ignore[arg-type]  # names of samples
    trail.failed(caught.value)
    trail.close()

    assert logs.opened[0].closed
    assert [line["event"] for line in logs.opened[1].lines()] == ["artifact", "artifact", "failure"]
