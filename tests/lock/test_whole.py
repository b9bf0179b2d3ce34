"""Everything that a lock names, for whichever environment."""

from __future__ import annotations

import pytest

from safepip.core.errors import RequirementFileError
from safepip.lock.read import Lock, read_lock
from safepip.lock.whole import everything

HEAD = 'lock-version = "1.0"\ncreated-by = "hand"\nrequires-python = ">=3.99"\n'
FILE = 'url = "https://files.example/{}", hashes = {{sha256 = "0"}}'


def reading(text: str) -> Lock:
    return read_lock(
        (HEAD + text).encode(), place="pylock.toml", location="/home/me/pylock.toml", remote=False
    )


def table(name: str, files: str, head: str = "packages") -> str:
    return f'[[{head}]]\nname = "{name}"\nversion = "1.0"\n{files}\n'


def wheels(*names: str) -> str:
    return f"wheels = [{', '.join(f'{{{FILE.format(name)}}}' for name in names)}]"


def test_every_file_of_every_package_in_its_place() -> None:
    lock = reading(
        table("a", f"{wheels('a-1.0-py3-none-any.whl', 'a-1.0-cp27-cp27m-win32.whl')}\n"
                   f"sdist = {{{FILE.format('a-1.0.tar.gz')}}}")
        + table("b", 'marker = "sys_platform == \'none\'"\n' + wheels("b-1.0-py3-none-any.whl"))
        + '[[packages]]\nname = "c"\ndirectory = {path = "."}\n'
    )  # fmt: skip
    assert [chosen.path for chosen in everything(lock)] == [
        ("packages", 0, "wheels", 0),
        ("packages", 0, "wheels", 1),
        ("packages", 0, "sdist"),
        ("packages", 1, "wheels", 0),
        ("packages", 2, "directory"),
    ]


def test_build_packages_come_last_with_their_lines() -> None:
    build = table("setup", wheels("setup-1.0-py3-none-any.whl"), "tool.safepip.build-packages")
    lock = reading(table("a", wheels("a-1.0-py3-none-any.whl")) + build)
    _, chosen = everything(lock)
    assert chosen.package.name == "setup"
    assert chosen.package_path == ("tool", "safepip", "build-packages", 0)
    assert lock.text.origin(chosen.path).line == 11


@pytest.mark.parametrize(
    "text,said",
    [
        ("[tool]\nsafepip = 7\n", "no table"),
        ("[tool.safepip]\nbuild-packages = 7\n", "Unexpected type"),
        ('[tool.safepip]\nbuild-packages = [{name = "Not-Normal"}]\n', "not normalized"),
        (
            table("a", wheels("b-1.0-py3-none-any.whl"), "tool.safepip.build-packages"),
            "not consistent",
        ),
    ],
)
def test_build_packages_are_read_as_strictly_as_packages(text: str, said: str) -> None:
    lock = reading("packages = []\n" + text)
    with pytest.raises(RequirementFileError, match=said):
        list(everything(lock))


@pytest.mark.parametrize("tool", ["[tool.safepip]\nversion = 1\n", "[tool.other]\nbuild-packages = 7\n", ""])
def test_no_build_packages_is_nothing(tool: str) -> None:
    assert list(everything(reading("packages = []\n" + tool))) == []
