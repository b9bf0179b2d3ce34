"""Files on a host of their own, which the index links to: declared, another one declared, not declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.conftest import World
from integration.environments import Target


def policy(folder: Path, world: World, hosts: str) -> tuple[str, str]:
    path = folder / "safepip.toml"
    path.write_text(f'[[index]]\nname = "public"\nurl = "{world.public.url}"\n{hosts}')
    return ("--policy", str(path))


def files_asked(world: World) -> list[str]:
    return [line for line in world.nginx.asked(world.files) if "/files/" in line]


@pytest.mark.parametrize("declared", [True, False])
def test_files_come_from_a_second_host(world: World, target: Target, tmp_path: Path, declared: bool) -> None:
    hosts = f'file-hosts = ["localhost:{world.files.port}"]\n' if declared else ""
    done = target.safepip(*policy(tmp_path, world, hosts), "install", "demo")

    assert done.exit_code == 0, done.said
    assert {"demo", "helper"} <= set(target.installed())


@pytest.mark.parametrize("hosts", ['["cdn.example"]', '["localhost"]', "[]"])
def test_files_of_a_host_that_is_not_among_the_declared_ones_are_not_fetched(
    world: World, target: Target, tmp_path: Path, hosts: str
) -> None:
    before = files_asked(world)
    done = target.safepip(*policy(tmp_path, world, f"file-hosts = {hosts}\n"), "install", "demo")

    assert done.exit_code == 10, done.said
    assert "error[file-host]" in done.stderr
    assert f"{world.public.url}/demo/ (/files/" in done.stderr
    assert target.installed() == {}
    assert files_asked(world) == before
