"""No package may overwrite another's files, whatever the order and the platform."""

from __future__ import annotations

import io
import itertools

from packaging.utils import canonicalize_name

from safepip.verify.overlap import overlaps
from safepip.verify.wheel import Inspection, inspect, installed_paths
from support.wheels import make_wheel, wheel_filename


def seen(name: str, *paths: str, **spec: object) -> Inspection:
    content = make_wheel(name, files=dict.fromkeys(paths, ""), **spec)
    return inspect(io.BytesIO(content), wheel_filename(name))


def test_namespace_packages_and_strangers_pass() -> None:
    wheels = [seen("ns-a", "ns/a.py"), seen("ns-b", "ns/b.py"), seen("other", "other.py")]
    assert overlaps(wheels, {canonicalize_name("x"): installed_paths(["ns/c.py"])}) == ()


def test_two_wheels_with_one_file_in_any_order() -> None:
    wheels = [seen("one", "shared/x.py"), seen("two", "shared/x.py"), seen("three", "y.py")]
    for order in itertools.permutations(wheels):
        (finding,) = overlaps(order, {})
        assert finding.rule == "wheel-contents"
        assert finding.denies
        assert finding.notes == ("shared/x.py",)


def test_names_that_differ_only_in_case_overlap() -> None:
    assert len(overlaps([seen("one", "Shared/X.py"), seen("two", "shared/x.py")], {})) == 1


def test_purelib_and_platlib_are_one_folder() -> None:
    one = seen("one", "m.py")
    two = seen("two", "n.py", data={"platlib/m.py": ""})
    assert len(overlaps([one, two], {})) == 1


def test_scripts_and_data_overlap_by_scheme() -> None:
    one = seen("one", "a.py", data={"scripts/tool": "", "data/etc/x": ""})
    two = seen("two", "b.py", data={"scripts/tool": "", "data/tool": ""})
    (finding,) = overlaps([one, two], {})
    assert finding.notes == ("tool",)


def test_headers_are_a_folder_a_project() -> None:
    assert overlaps([seen("one", data={"headers/x.h": ""}), seen("two", data={"headers/x.h": ""})], {}) == ()


def test_installed_packages_that_stay_are_protected() -> None:
    installed = {canonicalize_name("requests"): installed_paths(["requests/__init__.py"])}
    (finding,) = overlaps([seen("evil", "requests/__init__.py")], installed)
    assert "requests" in finding.message
    assert finding.subject == "evil"


def test_what_the_plan_replaces_is_not_protected() -> None:
    installed = {canonicalize_name("demo"): installed_paths(["demo/__init__.py"])}
    assert overlaps([seen("demo", "demo/__init__.py")], installed) == ()


def test_entry_points_overlap_too() -> None:
    one = seen("one", "a.py", entry_points={"console_scripts": {"tool": "a:x"}})
    two = seen("two", "b.py", data={"scripts/tool": ""})
    assert len(overlaps([one, two], {})) == 1


def test_data_in_the_program_folder_is_a_script() -> None:
    one = seen("one", "a.py", data={"data/bin/tool": ""})
    two = seen("two", "b.py", data={"scripts/tool": ""})
    assert len(overlaps([one, two], {})) == 1
