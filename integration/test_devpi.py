"""devpi whose private index inherits from a mirror of a public one: one index for safepip, two behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.conftest import publish
from integration.environments import Target
from integration.servers import Devpi, Nginx, Site, StaticIndex, free_port
from tests.support.wheels import make_wheel, wheel_filename


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What stands there.

    Attributes:
        public: ``demo`` (needs ``helper``), ``helper``, and ``acme-core`` 99.0, which somebody took.
        devpi: ``acme-core`` 1.0 (needs ``demo``), and all of ``public`` behind it.
    """

    nginx: Nginx
    public: Site
    devpi: Site

    @property
    def merged(self) -> str:
        return f"{self.devpi.origin}/corp/private/+simple"

    @property
    def mirror(self) -> str:
        return f"{self.devpi.origin}/corp/mirror/+simple"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("devpi")
    public = Site(root=folder / "public")
    index = StaticIndex(root=folder / "public", files_url=f"{public.origin}/files")
    publish(index, "demo", requires=["helper"])
    publish(index, "helper")
    publish(index, "acme-core", "99.0")
    port = free_port()
    with (
        Nginx(folder / "outside", public) as nginx,
        Devpi(folder / "state", f"https://localhost:{port}", mirrors=public.url) as devpi,
    ):
        inside = Site(proxy=devpi.url, port=port)
        devpi.upload(make_wheel("acme-core", "1.0", requires=["demo"]), wheel_filename("acme-core", "1.0"))
        with Nginx(folder / "inside", inside):
            yield Company(nginx=nginx, public=public, devpi=inside)


def test_one_index_passes_on_what_it_inherits(company: Company, target: Target) -> None:
    done = target.safepip("install", "--index-url", company.merged, "acme-core")

    assert done.exit_code == 0, done.said
    assert target.installed() == {"acme-core": "1.0", "demo": "1.0", "helper": "1.0"}


def test_the_two_halves_as_two_indexes(company: Company, target: Target, tmp_path: Path) -> None:
    policy = tmp_path / "safepip.toml"
    policy.write_text(
        f'[[index]]\nname = "mirror"\nurl = "{company.mirror}"\npackages = ["*"]\n'
        f'[[index]]\nname = "company"\nurl = "{company.merged}"\npackages = ["acme-*"]\n'
    )
    done = target.safepip("--policy", str(policy), "install", "acme-core")

    assert done.exit_code == 0, done.said
    assert target.installed() == {"acme-core": "1.0", "demo": "1.0", "helper": "1.0"}


def test_side_by_side_what_is_the_same_in_both_is_taken_and_what_is_not_is_refused(
    company: Company, target: Target
) -> None:
    both = ("--index-url", company.mirror, "--extra-index-url", company.merged)
    same = target.safepip("install", *both, "demo")
    assert same.exit_code == 0, same.said
    assert target.installed() == {"demo": "1.0", "helper": "1.0"}

    other = target.safepip("install", *both, "acme-core")
    assert other.exit_code == 10, other.said
    assert "error[ambiguous-project]" in other.stderr
    assert "acme-core" not in target.installed()


def test_what_nobody_has_is_not_found(company: Company, target: Target) -> None:
    done = target.safepip("install", "--index-url", company.merged, "no-such-project")

    assert done.exit_code == 1, done.said
    assert "No matching distribution found" in done.stderr
