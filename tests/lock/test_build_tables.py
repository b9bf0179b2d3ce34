"""What a lock says that builds need: read, selected for an environment, and where it stands."""

from __future__ import annotations

from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.build import Source
from safepip.core.errors import RequirementFileError
from safepip.lock.build_tables import BuildTables
from safepip.lock.document import merge
from safepip.lock.locate import locked_file
from safepip.lock.read import Lock
from safepip.lock.select import select
from safepip.lock.selectors import Selectors
from safepip.lock.write import pylock_bytes

from .answers import BASE, POLICY, answer, choice, entry, step, target
from .locks import HEAD, SHA256, lock_of

LINUX, WINDOWS = "linux-x86_64-cp311", "win-amd64-cp311"
DEMO = f"""
[[packages]]
name = "demo"
version = "1.0"
sdist = {{name = "demo-1.0.tar.gz", url = "https://files.example/demo-1.0.tar.gz", hashes = {{sha256 = "{SHA256}"}}}}
[packages.tool.safepip]
build-requires = [{{name = "Tool", version = "1"}}]
[[tool.safepip.build-packages]]
name = "tool"
version = "1.0"
[[tool.safepip.build-packages.wheels]]
url = "https://files.example/tool-1.0-py3-none-any.whl"
hashes = {{sha256 = "{SHA256}"}}
"""


def pins(lock: Lock, name: str = "demo", environment: str = LINUX) -> dict[str, str] | None:
    """File name by name of what a build of a package needs in an environment."""
    markers = {k: v for k, v in target(environment).environment.markers.items() if k != "extra"}
    package = next(one for one in lock.pylock.packages if one.name == name)
    below = BuildTables(lock).needed_by(package, markers)
    return None if below is None else _selected(below, markers)


def _selected(below: Lock, markers: Any) -> dict[str, str]:
    from packaging.tags import Tag

    chosen = select(
        below, Selectors(), markers=markers, tags=[Tag("py3", "none", "any")], prefers_sdist=lambda _: False
    )
    return {one.package.name: locked_file(below, one).filename for one in chosen}


def test_names_and_versions_are_compared_normalised() -> None:
    assert pins(lock_of(HEAD + DEMO)) == {"tool": "tool-1.0-py3-none-any.whl"}


def test_files_keep_their_place_in_the_lock() -> None:
    lock = lock_of(HEAD + DEMO)
    markers = target(LINUX).environment.markers
    below = BuildTables(lock).needed_by(lock.pylock.packages[0], markers)
    assert below is not None
    lines = (HEAD + DEMO).splitlines()
    origin = below.text.origin(("packages", 0, "wheels", 0))
    assert origin.line == lines.index("[[tool.safepip.build-packages.wheels]]") + 1
    assert below.text.origin(("packages", 0, "name")).line == lines.index('name = "tool"') + 1


def test_what_is_written_is_read_again() -> None:
    sdist = Source(url="https://files.example/backend-1.0.tar.gz")
    backend = step("backend", "1.0", file=entry("backend-1.0.tar.gz"), source=sdist)
    demo = step("demo", "1.0", file=entry("demo-1.0.tar.gz"), source=sdist)
    inner = {"backend": choice(step("tool", "3.11"))}
    old = choice(step("setuptools", "70.0"), backend, builds=inner)
    new = choice(step("setuptools", "80.0"))
    answers = (
        answer(LINUX, demo, builds={"demo": old}),
        answer(WINDOWS, demo, builds={"demo": new}),
        answer("macos-arm64-cp311", step("demo", "1.0", file=entry("demo-1.0.tar.gz"), source=sdist)),
    )
    lock = lock_of(pylock_bytes(merge(answers, base=BASE, policy_digest=POLICY)).decode())

    assert list(BuildTables(lock).oddities()) == []
    assert pins(lock) == {"setuptools": "setuptools-70.0-py3-none-any.whl", "backend": "backend-1.0.tar.gz"}
    assert pins(lock, environment=WINDOWS) == {"setuptools": "setuptools-80.0-py3-none-any.whl"}


def test_a_lock_without_such_tables_says_nothing() -> None:
    alone = DEMO.partition("[packages.tool")[0]
    assert pins(lock_of(HEAD + alone)) is None
    assert pins(lock_of(HEAD + alone + "[packages.tool.other]\nbuild-requires = 7\n")) is None
    assert pins(lock_of(HEAD + alone + "[packages.tool.safepip]\nbuild-requires = []\n")) == {}


@pytest.mark.parametrize(
    "marker, found",
    [
        ("sys_platform == 'linux'", {"tool": "tool-1.0-py3-none-any.whl"}),
        ("sys_platform == 'win32'", {}),
        ("'x' in extras", {}),
    ],
)
def test_an_entry_for_another_environment_says_nothing(marker: str, found: dict[str, str]) -> None:
    assert (
        pins(lock_of(HEAD + DEMO.replace('version = "1"}', f'version = "1", marker = "{marker}"}}'))) == found
    )


def test_a_marker_about_one_extra_is_an_error() -> None:
    with pytest.raises(RequirementFileError, match="extra"):
        pins(lock_of(HEAD + DEMO.replace('version = "1"}', 'version = "1", marker = "extra == \'x\'"}')))


def test_an_entry_named_twice_is_an_error() -> None:
    twice = DEMO.replace('version = "1"}]', 'version = "1"}, {name = "tool", version = "1.0"}]')
    with pytest.raises(RequirementFileError, match=r"[Mm]ultiple"):
        pins(lock_of(HEAD + twice))


_ANYTHING = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(max_size=5), st.sampled_from(["tool", "1.0", "demo"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "version", "marker", "wheels", "build-requires", "safepip", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(own=_ANYTHING, needs=_ANYTHING, version=st.one_of(st.just(1), _ANYTHING))
def test_whatever_stands_there_is_read_or_an_error_with_its_place(own: Any, needs: Any, version: Any) -> None:
    table: dict[str, Any] = {
        "lock-version": "1.0",
        "created-by": "hand",
        "packages": [
            {
                "name": "demo",
                "version": "1.0",
                "sdist": {"url": "https://files.example/demo-1.0.tar.gz", "hashes": {"sha256": SHA256}},
                "tool": {"safepip": {"build-requires": needs}},
            }
        ],
        "tool": {"safepip": {"version": version, "build-packages": own}},
    }
    lock = lock_of(tomli_w.dumps(table))
    problem = None
    try:
        list(BuildTables(lock).oddities())
        pins(lock)
    except RequirementFileError as error:
        problem = error
    assert problem is None or str(problem.origin).startswith("pylock.toml")
