"""What an installation may touch: never more than a journal keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from safepip.core.errors import ApplyError
from safepip.core.ports import InstalledDistribution
from safepip.io.agent import Scheme
from safepip.io.extent import measure
from safepip.io.installed import scan
from safepip.io.journal import Extent


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    return tmp_path / "usr"


def installed(library: Path, *claims: str) -> InstalledDistribution:
    folder = library / "old-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: old\nVersion: 1.0\n")
    (folder / "RECORD").write_text("".join(f"{claim},,\n" for claim in claims))
    (found,) = scan([str(library)], library=[str(library)], user_site="").values()
    return found


def extent(prefix: Path, one: InstalledDistribution, *, is_virtual: bool = False) -> Extent:
    lib = str(prefix / "lib")
    scheme = Scheme(
        purelib=lib, platlib=lib, data=str(prefix), scripts=f"{prefix}/bin", headers=f"{prefix}/include/x"
    )
    return measure(
        [], [one], scheme, cache_tag="x", prefix=str(prefix), is_virtual=is_virtual, whole_entries=False
    )


@pytest.mark.parametrize("claim", ["../../etc/passwd", "{there}"])
def test_of_a_systems_python_nothing_goes_that_lies_elsewhere(
    prefix: Path, tmp_path: Path, claim: str
) -> None:
    (tmp_path / "etc").mkdir()
    there = tmp_path / "etc/passwd"
    there.write_text("root")
    one = installed(prefix / "lib", claim.format(there=there))

    with pytest.raises(ApplyError, match="outside of this environment") as caught:
        extent(prefix, one)

    assert caught.value.reference == "outside-file"
    assert str(there) not in extent(prefix, one, is_virtual=True).files, "pip leaves it alone there"
    there.unlink()
    assert str(there) not in extent(prefix, one).files


def test_what_a_linked_folder_leads_to_lies_elsewhere(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.txt").write_text("mine")
    (prefix / "lib/linked").symlink_to(tmp_path / "data", target_is_directory=True)
    one = installed(prefix / "lib", "linked/mine.txt")

    with pytest.raises(ApplyError, match="outside of this environment"):
        extent(prefix, one)


def test_another_name_of_the_same_folder_is_inside(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(prefix, target_is_directory=True)
    (prefix / "bin").mkdir()
    (prefix / "bin/old").write_text("#!")
    one = installed(prefix / "lib", f"{tmp_path}/alias/bin/old")

    assert str(prefix / "bin/old") in extent(prefix, one).files


def test_what_lies_behind_or_beside_is_left_to_pip(prefix: Path, tmp_path: Path) -> None:
    """A user's own package that has the name of a new one: pip leaves it."""
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody/old.py").write_text("")
    one = installed(tmp_path / "somebody", "old.py")

    assert extent(prefix, one).files == frozenset()
