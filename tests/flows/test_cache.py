"""``cache`` over what safepip keeps: pip's actions, pip's words for mistakes, pip's patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from safepip.core.errors import CommandError
from safepip.core.kept import Kept, KeptFile, Removal
from safepip.flows.cache import CacheFolder, act, matches


def file(name: str) -> KeptFile:
    return KeptFile(path=Path("/cache/store") / name, size=10)


LIB, META = file("lib-1.0-py3-none-any.whl"), file("lib-1.0-py3-none-any.whl.metadata")
LIBRARY, PAGE = file("library-2.0-py3-none-any.whl"), KeptFile(path=Path("/cache/pages/ab"), size=1)
KEPT = Kept(
    files_folder=Path("/cache/store"),
    pages_folder=Path("/cache/pages"),
    built_folder=Path("/cache/store/built"),
    files=(LIB, META, LIBRARY),
    pages=(PAGE,),
)


class Folders:
    """Implements ``core.ports.KeptFiles``; remembers what it was to remove."""

    def __init__(self) -> None:
        self.removed: list[KeptFile] = []

    def everything(self) -> Kept:
        return KEPT

    def remove(self, files: Iterable[KeptFile]) -> Removal:
        self.removed = list(files)
        return Removal(files=len(self.removed), size=0, folders=0)


class Shown:
    """The part of ``flows.world.Presenter`` that ``cache`` speaks through."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def kept_in(self, folder: str) -> None:
        self.said.append(folder)

    def kept_summary(self, kept: Kept) -> None:
        self.said.append(kept)

    def kept_listed(self, wheels: Sequence[KeptFile], list_format: str) -> None:
        self.said.append((list(wheels), list_format))

    def kept_removed(self, removal: Removal, pattern: str) -> None:
        self.said.append((removal.files, pattern))


def run(*words: str) -> tuple[list[object], list[KeptFile]]:
    shown, folders = Shown(), Folders()
    act(words, CacheFolder("/cache", folders, shown, "human"))  # type: ignore[arg-type]  # the part it uses
    return shown.said, folders.removed


def test_dir_and_info_tell() -> None:
    assert run("dir") == (["/cache"], [])
    assert run("info") == ([KEPT], [])


def test_list_tells_wheels_and_nothing_else() -> None:
    assert run("list") == ([([LIB, LIBRARY], "human")], [])
    assert run("list", "lib") == ([([LIB], "human")], [])


def test_remove_takes_the_metadata_with_the_wheel() -> None:
    assert run("remove", "lib") == ([(2, "lib")], [LIB, META])


def test_purge_is_removing_everything_pages_too() -> None:
    everything = [LIB, META, LIBRARY, PAGE]
    assert run("purge") == ([(4, "*")], everything)
    assert run("remove", "*") == ([(4, "*")], everything)


@pytest.mark.parametrize(
    "words,message",
    [
        ((), "Need an action (dir, info, list, purge, remove) to perform."),
        (("clean",), "Need an action (dir, info, list, purge, remove) to perform."),
        (("dir", "x"), "Too many arguments"),
        (("info", "x"), "Too many arguments"),
        (("list", "x", "y"), "Too many arguments"),
        (("purge", "x"), "Too many arguments"),
        (("remove", "x", "y"), "Too many arguments"),
        (("remove",), "Please provide a pattern"),
    ],
)
def test_mistakes_are_told_in_pips_words(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(*words)

    assert caught.value.message == message
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("pattern", ["lib", "lib-1", "lib-1.0", "li*", "l?b", "lib-1.0-py3-none-any"])
def test_a_pattern_matches_as_with_pip(pattern: str) -> None:
    assert matches(LIB, pattern)


@pytest.mark.parametrize("pattern", ["li", "lib-2", "Lib-", "*.whl", "lib-1.0-py3-none-any.whl"])
def test_a_pattern_that_names_something_else_does_not(pattern: str) -> None:
    assert not matches(LIB, pattern)
