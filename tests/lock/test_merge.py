"""The answers of several environments become one lock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Environment
from packaging.pylock import Package, Pylock
from packaging.tags import Tag

from safepip.core.build import Commit, Source
from safepip.core.errors import CommandError, VerificationError
from safepip.core.index import Index, IndexKind
from safepip.core.locking import Answer
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Asker
from safepip.core.url import Url
from safepip.lock.document import merge
from tests.lock.answers import (
    BASE,
    POLICY,
    answer,
    choice,
    digests,
    direct,
    entry,
    from_file,
    from_project,
    sha256,
    step,
    wheel,
)

LINUX, MAC, WINDOWS = "linux-x86_64-cp311", "macos-arm64-cp311", "win-amd64-cp311"


def lock_of(*answers: Answer, base: str = BASE) -> Pylock:
    lock = merge(answers, base=base, policy_digest=POLICY)
    lock.validate()
    return lock


def packages(lock: Pylock) -> dict[str, list[Package]]:
    found: dict[str, list[Package]] = {}
    for package in lock.packages:
        found.setdefault(package.name, []).append(package)
    return found


def only(lock: Pylock, name: str) -> Package:
    (package,) = packages(lock)[name]
    return package


def tool(package: Package) -> dict[str, Any]:
    return cast("dict[str, Any]", (package.tool or {})["safepip"])


# --- Several environments -----------------------------------------------------------------------------


def test_what_all_environments_share_has_no_marker() -> None:
    lock = lock_of(answer(LINUX, step("demo", "1.0")), answer(WINDOWS, step("demo", "1.0")))

    assert only(lock, "demo").marker is None
    assert [str(marker) for marker in lock.environments or ()] == [
        'python_version == "3.11" and platform_machine == "x86_64" and sys_platform == "linux"',
        'python_version == "3.11" and platform_machine == "AMD64" and sys_platform == "win32"',
    ]
    assert str(lock.requires_python) == ">=3.11"


def test_one_environment_is_written_too() -> None:
    lock = lock_of(answer(LINUX, step("demo", "1.0")))

    assert len(lock.environments or ()) == 1
    assert only(lock, "demo").marker is None


def test_versions_that_differ_have_markers() -> None:
    lock = lock_of(
        answer(LINUX, step("demo", "2.0")),
        answer(MAC, step("demo", "2.0")),
        answer(WINDOWS, step("demo", "1.0"), step("colour", "1.0")),
    )

    assert [(str(one.version), str(one.marker)) for one in packages(lock)["demo"]] == [
        ("1.0", 'sys_platform == "win32"'),
        ("2.0", 'sys_platform != "win32"'),
    ]
    assert only(lock, "colour").marker is not None


VERSIONS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1.0", "1.1", "2.0"]))


@settings(deadline=None)
@given(st.lists(VERSIONS, min_size=2, max_size=8))
def test_each_environment_gets_from_the_lock_what_was_chosen_for_it(chosen: list[dict[str, str]]) -> None:
    names = [f"{system}-cp3{minor}" for system in (LINUX[:-6], WINDOWS[:-6]) for minor in range(11, 15)]
    answers = [
        answer(name, *(step(project, version) for project, version in found.items()))
        for name, found in zip(names, chosen, strict=False)
    ]
    lock = lock_of(*answers)

    for one, found in zip(answers, chosen, strict=False):
        environment = cast("Environment", dict(one.target.environment.markers))
        selected = lock.select(environment=environment, tags=[Tag("py3", "none", "any")])
        assert {package.name: str(package.version) for package, _ in selected} == found


def test_environments_that_no_marker_tells_apart_share_their_versions() -> None:
    glibc = answer(LINUX, step("demo", "1.0", file=wheel("demo", "1.0", "cp311-cp311-manylinux_2_28_x86_64")))
    musl = answer(
        f"{LINUX}-musl", step("demo", "1.0", file=wheel("demo", "1.0", "cp311-cp311-musllinux_1_2_x86_64"))
    )
    lock = lock_of(glibc, musl)

    assert len(only(lock, "demo").wheels or ()) == 2
    assert len(lock.environments or ()) == 1


def test_or_cannot_be_in_one_lock() -> None:
    with pytest.raises(
        CommandError, match=r"demo 1\.0 is for .*cp311 and not for .*musl, and no marker"
    ) as caught:
        lock_of(answer(LINUX, step("demo", "1.0")), answer(f"{LINUX}-musl", step("demo", "1.1")))
    assert caught.value.reference == "lock-environments"


# --- Files --------------------------------------------------------------------------------------------


def test_files_of_all_environments_are_united_and_sorted() -> None:
    linux, windows = (
        wheel("demo", "1.0", f"cp311-cp311-{end}") for end in ("manylinux_2_28_x86_64", "win_amd64")
    )
    sdist = entry("demo-1.0.tar.gz")
    lock = lock_of(
        answer(WINDOWS, step("demo", "1.0", file=windows), files={"demo": [windows, sdist]}),
        answer(LINUX, step("demo", "1.0", file=linux), files={"demo": [sdist, linux]}),
    )
    package = only(lock, "demo")

    assert [one.name for one in package.wheels or ()] == [linux.filename, windows.filename]
    assert package.sdist is not None
    assert package.sdist.name == "demo-1.0.tar.gz"
    assert package.index == "https://index.example/simple"


def test_a_file_is_written_with_everything_that_is_known_of_it() -> None:
    file = wheel(
        "demo", "1.0", digests=digests(f"sha256:{'a' * 64}", f"sha512:{'b' * 128}", f"md5:{'c' * 32}")
    )
    (written,) = only(lock_of(answer(LINUX, step("demo", "1.0", file=file))), "demo").wheels or ()

    assert written.url == "https://files.example/demo-1.0-py3-none-any.whl"
    assert written.size == file.size
    assert written.upload_time == file.upload_time
    assert written.hashes == {"sha256": "a" * 64, "sha512": "b" * 128}


def test_one_file_with_two_digests_is_refused() -> None:
    other = wheel("demo", "1.0", content="other")

    with pytest.raises(VerificationError, match=r"demo-1\.0-py3-none-any\.whl has two digests") as caught:
        lock_of(answer(LINUX, step("demo", "1.0")), answer(WINDOWS, step("demo", "1.0", file=other)))
    assert caught.value.reference == "hash-mismatch"


def test_a_file_without_a_strong_digest_is_refused() -> None:
    file = wheel("demo", "1.0", digests=digests(f"md5:{'c' * 32}"))

    with pytest.raises(CommandError, match="has no sha256"):
        lock_of(answer(LINUX, step("demo", "1.0", file=file)))


def test_credentials_and_fragments_are_left_out() -> None:
    index = Index(name="corp", url=Url.parse("https://me:hunter2@index.example/simple"))
    file = wheel("demo", "1.0", url="https://me:hunter2@files.example/demo-1.0-py3-none-any.whl#sha256=1")
    package = only(lock_of(answer(LINUX, step("demo", "1.0", index=index, file=file))), "demo")

    assert package.index == "https://index.example/simple"
    assert (package.wheels or ())[0].url == "https://files.example/demo-1.0-py3-none-any.whl"
    assert "hunter2" not in str(package)


def test_files_of_a_folder_are_named_from_the_lock() -> None:
    index = Index(name="wheels", url=Url.parse("file:///project/wheels"), kind=IndexKind.LOCAL_FOLDER)
    file = wheel("demo", "1.0", url="file:///project/wheels/demo-1.0-py3-none-any.whl")
    package = only(lock_of(answer(LINUX, step("demo", "1.0", index=index, file=file))), "demo")

    assert (package.wheels or ())[0].path == "wheels/demo-1.0-py3-none-any.whl"
    assert (package.wheels or ())[0].url is None
    assert package.index is None


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/project", "wheels/demo-1.0-py3-none-any.whl"),
        ("/project/locks", "../wheels/demo-1.0-py3-none-any.whl"),
        ("/home/me", "/project/wheels/demo-1.0-py3-none-any.whl"),
    ],
)
def test_a_path_is_relative_where_lock_and_file_move_together(base: str, path: str) -> None:
    file = wheel("demo", "1.0", url="file:///project/wheels/demo-1.0-py3-none-any.whl")
    lock = lock_of(answer(LINUX, step("demo", "1.0", file=file)), base=base)

    assert (only(lock, "demo").wheels or ())[0].path == path


def test_a_file_of_another_machine_is_refused() -> None:
    file = wheel("demo", "1.0", url="file://server/wheels/demo-1.0-py3-none-any.whl")

    with pytest.raises(CommandError, match="names a file of another machine"):
        lock_of(answer(LINUX, step("demo", "1.0", file=file)))


def test_requires_python_is_written_where_every_file_says_it_and_it_holds() -> None:
    def written(*said: str | None) -> str | None:
        files = [wheel("demo", "1.0", f"py{n}-none-any", requires_python=text) for n, text in enumerate(said)]
        lock = lock_of(answer(LINUX, step("demo", "1.0", file=files[0]), files={"demo": files}))
        found = only(lock, "demo").requires_python
        return None if found is None else str(found)

    assert written(">=3.8", ">=3.8") == ">=3.8"
    assert written(">=3.8", ">=3.9") is None
    assert written(">=3.8", None) is None
    assert written(">=3.12") is None, "--ignore-requires-python has chosen it"
    assert written("nonsense") is None


# --- Direct requirements ------------------------------------------------------------------------------


def test_a_wheel_by_its_url() -> None:
    one = direct("demo", "1.0", "https://me:hunter2@files.example/demo-1.0-py3-none-any.whl#x=1", sha="w")
    package = only(lock_of(answer(LINUX, one)), "demo")

    assert package.archive is not None
    assert package.archive.url == "https://files.example/demo-1.0-py3-none-any.whl"
    assert package.archive.hashes == {"sha256": sha256("w")}
    assert package.archive.size == 11
    assert str(package.version) == "1.0"
    assert package.index is None
    assert package.wheels is None


def test_a_source_archive_beside_the_lock_with_its_subdirectory() -> None:
    source = Source(
        url="file:///project/demo.tar.gz", subdirectory="python", digests=digests(f"sha256:{sha256('s')}")
    )
    package = only(lock_of(answer(LINUX, direct("demo", "1.0", source.url, source=source))), "demo")

    assert package.archive is not None
    assert (package.archive.path, package.archive.url) == ("demo.tar.gz", None)
    assert package.archive.subdirectory == "python"


@pytest.mark.parametrize(("editable", "written"), [(True, True), (False, None)])
def test_a_folder(editable: bool, written: bool | None) -> None:
    source = Source(url="file:///project/lib", directory=True, editable=editable)
    package = only(lock_of(answer(LINUX, direct("demo", "1.0", source.url, source=source))), "demo")

    assert package.directory is not None
    assert (package.directory.path, package.directory.editable) == ("lib", written)
    assert package.version is None, "what a folder holds may have another one tomorrow"


def test_the_folder_of_the_lock_itself() -> None:
    source = Source(url="file:///project", directory=True)
    package = only(lock_of(answer(LINUX, direct("demo", "1.0", source.url, source=source))), "demo")

    assert package.directory is not None
    assert package.directory.path == "."


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://me:hunter2@git.example/demo.git", "https://git.example/demo.git"),
        ("ssh://git@git.example:2222/demo.git", "ssh://git@git.example:2222/demo.git"),
        ("ssh://git:hunter2@git.example/demo.git", "ssh://git@git.example/demo.git"),
    ],
)
def test_a_commit_of_a_repository(url: str, written: str) -> None:
    commit = Commit(system="git", requested="v1", id="a" * 40)
    source = Source(url=url, vcs=commit, subdirectory="python")
    package = only(lock_of(answer(LINUX, direct("demo", "1.0", url, source=source))), "demo")

    assert package.vcs is not None
    assert (package.vcs.type, package.vcs.url, package.vcs.commit_id) == ("git", written, "a" * 40)
    assert (package.vcs.requested_revision, package.vcs.subdirectory) == ("v1", "python")
    assert package.version is None


def test_environments_with_different_commits_have_two_entries() -> None:
    def at(commit_id: str) -> Any:
        source = Source(
            url="https://git.example/demo", vcs=Commit(system="git", requested=commit_id, id=commit_id)
        )
        return direct("demo", "1.0", source.url, source=source)

    lock = lock_of(answer(LINUX, at("a" * 40)), answer(WINDOWS, at("b" * 40)))

    assert [str(one.marker) for one in packages(lock)["demo"]] == [
        'sys_platform == "linux"',
        'sys_platform == "win32"',
    ]


def test_an_archive_without_a_digest_is_refused() -> None:
    with pytest.raises(CommandError, match="demo has no sha256") as caught:
        lock_of(answer(LINUX, direct("demo", "1.0", "https://files.example/demo-1.0-py3-none-any.whl")))
    assert caught.value.reference == "lock-format"


# --- Who asked, what depends on what ------------------------------------------------------------------


def test_who_asked_is_said_without_places_of_this_machine_and_secrets() -> None:
    typed = Asker(text="demo", origin=Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line"))
    lock = lock_of(
        answer(
            LINUX,
            step(
                "demo",
                "1.0",
                from_file("/project/requirements/dev.in"),
                from_file("https://me:hunter2@files.example/r.txt?token=hunter2"),
                from_file("pyproject.toml"),
                typed,
                from_project("Flask"),
            ),
        )
    )

    assert tool(only(lock, "demo"))["via"] == [
        "-r https://files.example/r.txt",
        "-r requirements/dev.in",
        "flask",
        "pyproject.toml",
        "the command line",
    ]


def test_dependencies_name_other_entries_by_as_much_as_it_takes() -> None:
    def steps(version: str) -> list[Any]:
        return [
            step("app", "1.0"),
            step("a", version, from_project("app")),
            step("b", "1.0", from_project("app")),
        ]

    lock = lock_of(answer(LINUX, *steps("1.0")), answer(WINDOWS, *steps("2.0")))

    assert only(lock, "app").dependencies == [
        {"name": "a", "version": "1.0"},
        {"name": "a", "version": "2.0"},
        {"name": "b"},
    ]
    assert only(lock, "b").dependencies is None


def test_packages_that_need_each_other() -> None:
    lock = lock_of(
        answer(LINUX, step("a", "1.0", from_file(), from_project("b")), step("b", "1.0", from_project("a")))
    )

    assert only(lock, "a").dependencies == [{"name": "b"}]
    assert only(lock, "b").dependencies == [{"name": "a"}]


# --- What builds need ---------------------------------------------------------------------------------


def built(name: str, version: str, *needs: Any, **parts: Any) -> tuple[Any, dict[str, Any]]:
    return step(name, version, file=entry(f"{name}-{version}.tar.gz")), {name: choice(*needs, **parts)}


def build_packages(lock: Pylock) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", (lock.tool or {})["safepip"].get("build-packages", []))


def test_what_a_build_needs_is_locked_with_its_files() -> None:
    demo, builds = built(
        "demo", "1.0", step("setuptools", "80.0"), step("wheel", "0.45", from_project("setuptools"))
    )
    lock = lock_of(answer(LINUX, demo, builds=builds))
    setuptools, wheel_ = build_packages(lock)

    assert tool(only(lock, "demo"))["build-requires"] == [
        {"name": "setuptools", "version": "80.0"},
        {"name": "wheel", "version": "0.45"},
    ]
    assert setuptools["name"] == "setuptools"
    assert setuptools["index"] == "https://index.example/simple"
    assert setuptools["wheels"][0]["hashes"]["sha256"]
    assert setuptools["tool"]["safepip"]["via"] == ["demo"]
    assert wheel_["tool"]["safepip"]["via"] == ["setuptools"]
    assert [package.name for package in lock.packages] == ["demo"]


def test_a_build_of_what_a_build_needs() -> None:
    backend, inner = built("backend", "1.0", step("flit-core", "3.11"))
    demo, _ = built("demo", "1.0")
    lock = lock_of(answer(LINUX, demo, builds={"demo": choice(backend, builds=inner)}))
    by_name = {one["name"]: one for one in build_packages(lock)}

    assert by_name["backend"]["tool"]["safepip"]["build-requires"] == [
        {"name": "flit-core", "version": "3.11"}
    ]
    assert by_name["flit-core"]["tool"]["safepip"]["via"] == ["backend"]


def test_builds_may_need_different_versions_of_one_project() -> None:
    one, first = built("one", "1.0", step("setuptools", "70.0"))
    two, second = built("two", "1.0", step("setuptools", "80.0"))
    lock = lock_of(answer(LINUX, one, two, builds=first | second))

    assert [(each["name"], each["version"]) for each in build_packages(lock)] == [
        ("setuptools", "70.0"),
        ("setuptools", "80.0"),
    ]
    assert tool(only(lock, "two"))["build-requires"] == [{"name": "setuptools", "version": "80.0"}]


def test_environments_that_build_with_different_versions_say_so() -> None:
    demo, old = built("demo", "1.0", step("setuptools", "70.0"))
    _, new = built("demo", "1.0", step("setuptools", "80.0"))
    lock = lock_of(
        answer(LINUX, demo, builds=old),
        answer(WINDOWS, demo, builds=new),
        answer(MAC, demo),
    )

    assert tool(only(lock, "demo"))["build-requires"] == [
        {"name": "setuptools", "version": "70.0", "marker": 'sys_platform == "linux"'},
        {"name": "setuptools", "version": "80.0", "marker": 'sys_platform == "win32"'},
    ]
    assert [one["marker"] for one in build_packages(lock)] == [
        'sys_platform == "linux"',
        'sys_platform == "win32"',
    ]


def test_one_environment_that_builds_what_others_have_wheels_of_needs_no_marker() -> None:
    demo, builds = built("demo", "1.0", step("setuptools", "70.0"))
    lock = lock_of(answer(LINUX, demo, builds=builds), answer(WINDOWS, replace(demo)))

    assert tool(only(lock, "demo"))["build-requires"] == [{"name": "setuptools", "version": "70.0"}]


def test_a_lock_says_what_it_was_made_under() -> None:
    lock = lock_of(answer(WINDOWS, step("demo", "1.0")), answer(LINUX, step("demo", "1.0")))

    assert lock.created_by == "safepip"
    assert (lock.tool or {})["safepip"] == {"version": 1, "policy": POLICY, "environments": [LINUX, WINDOWS]}


def test_where_there_is_no_policy_none_is_named() -> None:
    lock = merge([answer(LINUX)], base=BASE, policy_digest="")

    assert "policy" not in (lock.tool or {})["safepip"]


# --- What no lock can say -----------------------------------------------------------------------------


def test_what_cannot_be_named_is_refused() -> None:
    odd = entry("demo-1.0.tar.bz2")
    unreadable = wheel("demo", "1.0", url="https://files.example/a b.whl")
    nowhere = Source(url="https://files.example/lib", directory=True)
    for step_, message in (
        (step("demo", "1.0", file=odd), "is in a form that no lock file may name"),
        (step("demo", "1.0", file=unreadable), "cannot be read: it contains the character ' '"),
        (direct("lib", "1.0", nowhere.url, source=nowhere), "is no folder of this machine"),
    ):
        with pytest.raises(CommandError, match=message) as caught:
            lock_of(answer(LINUX, step_))
        assert caught.value.reference == "lock-format"
        assert caught.value.hint


def test_dependencies_are_left_out_where_a_version_does_not_tell_which() -> None:
    def at(commit_id: str) -> Any:
        commit = Commit(system="git", requested="", id=commit_id)
        source = Source(url="https://git.example/demo", vcs=commit)
        return direct("demo", "1.0", source.url, source=source)

    def steps(commit_id: str) -> list[Any]:
        return [step("app", "1.0"), replace(at(commit_id), askers=(from_project("app"),))]

    lock = lock_of(answer(LINUX, *steps("a" * 40)), answer(WINDOWS, *steps("b" * 40)))

    assert only(lock, "app").dependencies is None
    assert len(packages(lock)["demo"]) == 2


def test_who_asks_from_elsewhere_is_named_as_far_as_it_can_be() -> None:
    def asker(kind: Place, place: str) -> Asker:
        return Asker(text="demo", origin=Origin(layer=Layer.OPERATOR, kind=kind, place=place))

    askers = [
        asker(Place.ENVIRONMENT, "PIP_REQUIREMENT"),
        asker(Place.ARTIFACT, "/somewhere/demo.whl"),
        asker(Place.FILE, "https://me:hunter2@bad host/r.txt"),
        Asker(text="demo"),
    ]
    lock = lock_of(answer(LINUX, step("demo", "1.0", *askers)))

    assert tool(only(lock, "demo"))["via"] == ["$PIP_REQUIREMENT", "-r bad host/r.txt"]
