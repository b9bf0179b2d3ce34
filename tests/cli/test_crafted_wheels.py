"""Wheels that lie or reach out, through the whole command: exit 13, one clear finding, nothing installed."""

from __future__ import annotations

import hashlib
import re

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.environments import tree
from support.server import IndexServer
from support.wheels import WheelSpec, make_wheel, metadata_text, wheel_filename

RULE = re.compile(r"^error\[([a-z-]+)\]", re.MULTILINE)

CRAFTED: dict[str, tuple[str, dict[str, object], str]] = {
    "parent folder": ("path-escape", {"files": {"../../evil.py": ""}}, "../../evil.py"),
    "absolute name": ("path-escape", {"files": {"/tmp/evil.py": ""}}, "/tmp/evil.py"),
    "backslash": ("path-escape", {"files": {"a\\..\\evil.py": ""}}, "evil.py"),
    "link": (
        "path-escape",
        {"files": {"demo/link": "/etc/passwd"}, "modes": {"demo/link": 0o120777}},
        "demo/link",
    ),
    "script elsewhere": (
        "path-escape",
        {"entry_points": {"console_scripts": {"../../evil": "demo:main"}}},
        "../../evil",
    ),
    "unlisted file": ("record-mismatch", {"unlisted": {"demo/extra.py": "x = 1\n"}}, "demo/extra.py"),
    "changed file": ("record-mismatch", {"changed": {"demo/__init__.py": "evil = 1\n"}}, "demo/__init__.py"),
    "missing file": ("record-mismatch", {"missing": ["demo/__init__.py"]}, "demo/__init__.py"),
    "foreign row": (
        "record-mismatch",
        {"files": {"demo/__init__.py": "", "../../../bin/python": ""}, "missing": ["../../../bin/python"]},
        "../../../bin/python",
    ),
    "other name": (
        "metadata-mismatch",
        {"metadata": b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"},
        "other",
    ),
    "other version": (
        "metadata-mismatch",
        {"metadata": b"Metadata-Version: 2.1\nName: demo\nVersion: 9\n"},
        "9",
    ),
    "other folder": ("metadata-mismatch", {"dist_info": "other-1.0.dist-info"}, "other-1.0.dist-info"),
    "same name twice": (
        "wheel-contents",
        {"duplicates": {"demo/__init__.py": "evil = 1\n"}},
        "demo/__init__.py",
    ),
    "interpreter": ("wheel-contents", {"data": {"scripts/python3": "#!/bin/sh\n"}}, "scripts/python3"),
    "pip": ("wheel-contents", {"entry_points": {"console_scripts": {"pip": "demo:main"}}}, "pip"),
    "configuration": ("wheel-contents", {"data": {"data/pip.conf": "[global]\n"}}, "data/pip.conf"),
    "another's metadata": (
        "metadata-mismatch",
        {"files": {"lib-2.0.dist-info/direct_url.json": "{}"}},
        "lib-2.0",
    ),
}


def offer(index: IndexServer, spec: dict[str, object]) -> None:
    """On the index, with a sidecar that is in order, so that it is the file itself that is looked into."""
    offer_with_sidecar(index, make_wheel("demo", **spec), WheelSpec(name="demo"))


def offer_with_sidecar(index: IndexServer, wheel: bytes, said: WheelSpec) -> None:
    sidecar = metadata_text(said)
    digest = hashlib.sha256(sidecar).hexdigest()
    index.add_wheel(wheel, wheel_filename("demo"), **{"core-metadata": {"sha256": digest}})
    index.replace_file(f"{wheel_filename('demo')}.metadata", sidecar)


def assert_refused(ended: Ended, rule: str, shell: Shell, before: object) -> None:
    assert (ended.code, ended.out) == (13, ""), ended.err
    assert RULE.findall(ended.err) == [rule], ended.err
    assert ended.err.rstrip().endswith("safepip: not as promised: 1 error; nothing was installed")
    assert tree(shell.python.parent.parent) == before


@pytest.mark.parametrize("rule, spec, named", CRAFTED.values(), ids=CRAFTED.keys())
def test_crafted_wheel_is_refused(
    shell: Shell, index: IndexServer, rule: str, spec: dict[str, object], named: str
) -> None:
    offer(index, spec)
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("install", "demo", "lib", *trusting(index))

    assert_refused(ended, rule, shell, before)
    assert named in ended.err


def test_wheel_that_is_in_order_is_installed(shell: Shell, index: IndexServer) -> None:
    """The twin: all that the crafted ones abuse, used as it is meant."""
    offer(
        index,
        {
            "files": {"demo/__init__.py": "", "demo/.hidden": "", "demo/..dots": ""},
            "data": {"scripts/demo-tool": "#!python\n", "data/share/demo/pip.txt": "", "headers/demo.h": ""},
            "entry_points": {"console_scripts": {"demo": "demo:main", "demo-pip": "demo:main"}},
        },
    )

    ended = shell.safepip("install", "demo", "lib", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed demo-1.0 lib-2.0\n"), ended.err


@pytest.mark.parametrize(
    "sidecar",
    [
        WheelSpec(name="demo", version="1.0", requires=["lib"]),
        WheelSpec(name="demo", version="1.0", requires_python=">=3.8"),
        WheelSpec(name="demo", version="1.0", extras=["more"]),
    ],
    ids=["dependencies", "Requires-Python", "extras"],
)
def test_sidecar_that_says_something_else_than_the_wheel_is_refused(
    shell: Shell, index: IndexServer, sidecar: WheelSpec
) -> None:
    offer_with_sidecar(index, make_wheel("demo"), sidecar)
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("install", "demo", *trusting(index))

    assert_refused(ended, "metadata-mismatch", shell, before)


def test_two_packages_of_a_plan_with_one_file_are_refused(shell: Shell, index: IndexServer) -> None:
    publish(index, "first", files={"shared.py": "a = 1\n"})
    publish(index, "second", files={"shared.py": "b = 2\n"}, requires=["first"])
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("install", "second", *trusting(index))

    assert_refused(ended, "wheel-contents", shell, before)
    assert "shared.py" in ended.err
    assert "first" in ended.err


def test_file_of_an_installed_package_is_not_overwritten(shell: Shell, index: IndexServer) -> None:
    publish(index, "first", files={"shared.py": "a = 1\n"})
    publish(index, "second", files={"shared.py": "b = 2\n"})
    assert shell.safepip("install", "first", *trusting(index)).code == 0
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("install", "second", *trusting(index))

    assert_refused(ended, "wheel-contents", shell, before)


def test_namespace_packages_share_a_folder(shell: Shell, index: IndexServer) -> None:
    publish(index, "first", files={"space/first.py": ""})
    publish(index, "second", files={"space/second.py": ""})
    assert shell.safepip("install", "first", *trusting(index)).code == 0

    ended = shell.safepip("install", "second", *trusting(index))

    assert ended.code == 0, ended.err


def test_startup_hook_is_a_warning(shell: Shell, index: IndexServer) -> None:
    publish(index, "hook", files={"hook.py": "", "hook.pth": "import sys\n"})

    ended = shell.safepip("install", "hook", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed hook-1.0\n"), ended.err
    assert ended.err.count("warning[startup-hook]") == 1


def test_a_wheel_in_a_folder_is_looked_into_as_well(shell: Shell, index: IndexServer) -> None:
    (shell.folder / wheel_filename("demo")).write_bytes(make_wheel("demo", unlisted={"demo/extra.py": ""}))
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("install", f"./{wheel_filename('demo')}")

    assert_refused(ended, "record-mismatch", shell, before)
