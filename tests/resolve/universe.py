"""Small random universes of projects, the same for safepip and for pip."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.wheels import make_wheel, sha256, wheel_filename

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
VERSIONS = ("1.0", "1.1", "1.1.post1", "2.0rc1", "2.0", "2.1+local", "3.0.dev1", "3.0a1")
SPECIFIERS = (
    "",
    "",
    "",
    ">=1.1",
    "<2.0",
    "~=1.0",
    "==1.1",
    "==1.*",
    "!=2.0",
    ">=2.0rc1",
    "===2.0",
    ">1.0,<3",
    "==2.1",
)
FOREIGN_TAG = "cp27-cp27m-win32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One wheel."""

    name: str
    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    tag: str
    build: str
    requires_python: str | None
    page_python: str | None
    yanked: str | None

    @property
    def filename(self) -> str:
        return wheel_filename(self.name, self.version, self.tag, self.build)

    @property
    def content(self) -> bytes:
        return make_wheel(
            self.name,
            self.version,
            tag=self.tag,
            build=self.build,
            requires=self.requires,
            extras=self.extras,
            requires_python=self.requires_python,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question for both.

    Attributes:
        installed: (name, version, requirements).
        options: fields of ``ResolveOptions`` by pip's option names.
    """

    seed: int
    releases: tuple[Release, ...]
    roots: tuple[str, ...]
    constraints: tuple[str, ...]
    installed: tuple[tuple[str, str, tuple[str, ...]], ...]
    options: tuple[str, ...] = field(default=())


def make_case(seed: int) -> Case:
    chance = random.Random(seed)
    names = NAMES[: chance.randint(3, len(NAMES))]
    releases = [release for name in names for release in _releases(chance, name, names)]
    roots = tuple(
        dict.fromkeys(_requirement(chance, name) for name in chance.sample(names, chance.randint(1, 3)))
    )
    constraints = tuple(
        f"{name}{chance.choice(SPECIFIERS)}" for name in chance.sample(names, chance.choice((0, 0, 1, 2)))
    )
    return Case(
        seed=seed,
        releases=tuple(releases),
        roots=roots,
        constraints=constraints,
        installed=tuple(_installed(chance, names)),
        options=tuple(_options(chance)),
    )


def write_index(case: Case, folder: Path) -> None:
    """A simple repository in a folder, as pip reads it through a ``file:`` URL."""
    pages: dict[str, list[str]] = {name: [] for name in NAMES}
    for release in case.releases:
        content = release.content
        (folder / release.filename).write_bytes(content)
        attributes = ""
        if release.page_python:
            attributes += (
                f' data-requires-python="{release.page_python.replace(">", "&gt;").replace("<", "&lt;")}"'
            )
        if release.yanked is not None:
            attributes += f' data-yanked="{release.yanked}"'
        href = f"../{release.filename}#sha256={sha256(content)}"
        pages[release.name].append(f'<a href="{href}"{attributes}>{release.filename}</a>')
    for name, links in pages.items():
        (folder / name).mkdir()
        body = "\n".join(links)
        (folder / name / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{body}\n</body></html>")


def write_installed(case: Case, folder: Path) -> None:
    """A folder of installed distributions."""
    folder.mkdir()
    for name, version, requires in case.installed:
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        (info / "METADATA").write_text("\n".join([*lines, "", ""]))
        (info / "INSTALLER").write_text("pip\n")
        (info / "RECORD").write_text("")


def _releases(chance: random.Random, name: str, names: tuple[str, ...]) -> list[Release]:
    found = []
    for version in chance.sample(VERSIONS, chance.randint(1, 5)):
        extras = ("x",) if chance.random() < 0.4 else ()
        requires_python = chance.choice((None, None, None, None, ">=3.8", ">=3.99"))
        found.append(
            Release(
                name=name,
                version=version,
                requires=tuple(_dependencies(chance, name, names, extras)),
                extras=extras,
                tag=chance.choice(
                    ("py3-none-any", "py3-none-any", "py3-none-any", "py2.py3-none-any", FOREIGN_TAG)
                ),
                build=chance.choice(("", "", "", "1", "2")),
                requires_python=requires_python,
                page_python=requires_python if chance.random() < 0.5 else None,
                yanked=chance.choice((None, None, None, None, None, "", "broken")),
            )
        )
    return found


def _dependencies(
    chance: random.Random, name: str, names: tuple[str, ...], extras: tuple[str, ...]
) -> list[str]:
    others = [other for other in names if other != name]
    found = []
    for other in chance.sample(others, min(chance.choice((0, 0, 1, 1, 2)), len(others))):
        marker = chance.choice(("", "", "", "; python_version >= '3'", "; sys_platform == 'nowhere'"))
        found.append(_requirement(chance, other) + marker)
    found += [f"{_requirement(chance, chance.choice(others))}; extra == '{extra}'" for extra in extras]
    return found


def _requirement(chance: random.Random, name: str) -> str:
    extra = "[x]" if chance.random() < 0.25 else ""
    return f"{name}{extra}{chance.choice(SPECIFIERS)}"


def _installed(chance: random.Random, names: tuple[str, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    chosen = chance.sample(names, chance.choice((0, 0, 1, 2)))
    return [
        (name, chance.choice(("0.9", "1.0", "1.1", "2.0")), tuple(_dependencies(chance, name, names, ())))
        for name in chosen
    ]


def _options(chance: random.Random) -> list[str]:
    options: list[str] = []
    roll = chance.random()
    if roll < 0.2:
        options += ["--upgrade"]
    elif roll < 0.35:
        options += ["--upgrade", "--upgrade-strategy=eager"]
    elif roll < 0.45:
        options += ["--force-reinstall"]
    elif roll < 0.55:
        options += ["--ignore-installed"]
    options += [
        option for option in ("--pre", "--no-deps", "--ignore-requires-python") if chance.random() < 0.1
    ]
    return options
