"""Code of repositories from end to end: what policy admits, and every trick around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell
from support.repositories import GitServer, Repository
from support.sdists import ProjectSpec, project_files

NO_INDEX = ("--no-index",)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "repositories") as serving:
        yield serving


@pytest.fixture
def demo(server: GitServer) -> Repository:
    return Repository.make(server.folder / "acme" / "demo.git")


def project(version: str = "1.0", **spec: object) -> dict[str, str]:
    return project_files(ProjectSpec(name="demo", version=version, **spec))  # type: ignore[arg-type]


def site_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


def direct_url(shell: Shell, name: str = "demo-1.0") -> dict[str, object]:
    return json.loads((site_of(shell) / f"{name}.dist-info" / "direct_url.json").read_text())


def admitting(shell: Shell, server: GitServer, rest: str = "") -> tuple[str, ...]:
    """Arguments with which the server's repositories may be installed."""
    shell.write("policy.toml", server.allowing(rest))
    return ("--policy", "policy.toml", "--cert", server.ca_path, *NO_INDEX)


def test_a_commit_is_built_and_installed(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())

    ended = shell.safepip("install", server.requirement("acme/demo.git", commit), *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell) == {
        "url": server.url("acme/demo.git"),
        "vcs_info": {"commit_id": commit, "requested_revision": commit, "vcs": "git"},
    }
    assert f"  Cloning {server.url('acme/demo.git')} (to revision {commit})" in ended.out.splitlines()
