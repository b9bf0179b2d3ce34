"""Packages that give the alarm whenever any of their code runs, each where policy has not admitted it, and
once more where it has.

An alarm is a line in a file, the same line on stderr, and the end of the process: code that is held to its
own folders cannot write the file, but then its failure shows the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from support.locks import lock, source_package
from support.repositories import GitServer, Repository
from support.sdists import ProjectSpec, make_sdist, make_tar, project_files, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

NO_HOOKS = '[rules]\n"startup-hook" = "deny"\n'
NO_YANKED = '[rules]\n"yanked-release" = "deny"\n'
NOTHING_LOCAL = '[builds]\nlocal = "deny"\n'
_SETUPTOOLS = """\
class __legacy__:
    def get_requires_for_build_wheel(config_settings=None):
        exec(compile(open("setup.py").read(), "setup.py", "exec"))
        return []
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Something to ask for that runs code where nothing stops it.

    Attributes:
        words: what is asked for, as ``install`` takes it.
        policy: under which none of its code may run.
        admitting: under which it may, and does where it is installed and the environment's Python started.
        files: of the folder in which it is asked for.
        ends: how a command ends that is asked for it and may not run it.
    """

    words: Sequence[str]
    policy: str = ""
    admitting: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    ends: frozenset[int] = frozenset({10})


EITHER_WAY = frozenset({0, 10, 13, 14})
"""What fetches nothing, or builds nothing, has nothing to refuse."""


def admits(*projects: str) -> str:
    """A policy under which these may be built."""
    return f"[builds]\nsdists = {list(projects)}\n".replace("'", '"')


class Traps:
    """An index and repositories full of them.

    Attributes:
        alarms: the file that says what ran; not there: nothing.
    """

    def __init__(self, index: IndexServer, git: GitServer, alarms: Path) -> None:
        self.index = index
        self.git = git
        self.alarms = alarms
        self.commit = Repository.make(git.folder / "repo.git").commit(self.project("repo"))
        self._publish()

    def ran(self, *outputs: str) -> set[str]:
        """What gave the alarm, in the file or in what a command said; code that is quoted gave none."""
        said = self.alarms.read_text() if self.alarms.exists() else ""
        return set(re.findall(r"(?<!')ran: ([\w-]+)", "\n".join((said, *outputs))))

    def alarm(self, what: str) -> str:
        """One line of Python, that a ``.pth`` may hold too."""
        line = f"ran: {what}"
        return (
            f"import os; os.write(2, b'{line}' + bytes([10])); "
            f"""os.system("echo '{line}' >> '{self.alarms}'"); os._exit(9)\n"""
        )

    def project(self, name: str) -> dict[str, str]:
        """The files of a project whose backend gives the alarm."""
        return project_files(ProjectSpec(name=name, code=self.alarm(name)))

    def source(self, name: str, **spec: object) -> bytes:
        """A source distribution whose backend gives the alarm."""
        return make_sdist(name, code=self.alarm(name), **spec)

    def hashed(self, name: str) -> str:
        """A line of a requirement file for a source that the index has."""
        return f"{name}==1.0 --hash=sha256:{sha256(self.source(name))}\n"

    def url(self, name: str) -> str:
        """Where the index has a source, with its digest."""
        return f"{self.index.origin}/files/{sdist_filename(name)}#sha256={sha256(self.source(name))}"

    def locked(self, name: str) -> str:
        """A lock of a source that the index has."""
        return lock(source_package(self.index, name, code=self.alarm(name)))

    def below(self, folder: str) -> dict[str, str]:
        """The project ``mine`` in a folder of this name."""
        return {f"{folder}/{path}": text for path, text in self.project("mine").items()}

    def _add_source(self, name: str, **spec: object) -> None:
        self.index.add_file(self.source(name, **spec), sdist_filename(name))

    def _add_wheel(
        self, name: str, version: str = "1.0", *, yanked: str | None = None, **spec: object
    ) -> None:
        self.index.add_wheel(make_wheel(name, version, **spec), wheel_filename(name, version), yanked=yanked)

    def _publish(self) -> None:
        for name in ("demo", "lock", "tool", "quarantined"):
            self._add_source(name)
        self._add_source("final", static=True)
        self._add_source("needs-tool", needs=["tool"], static=True)
        self._add_source("needs-hook", needs=["taken-back==1.0"], static=True)
        self.index.add_file(self.source("other"), sdist_filename("impostor"))
        self.index.add_file(self.source("changed"), sdist_filename("changed"))
        self.index.replace_file(sdist_filename("changed"), self.source("changed", needs=["plain"]))
        self.index.set_page("quarantined", **{"project-status": {"status": "quarantined"}})
        self._add_wheel("plain")
        self._add_wheel("app", requires=["demo"])
        self._add_wheel("linked", requires=[f"demo @ {self.url('demo')}"])
        self._add_wheel("hook", files={"hook.pth": self.alarm("hook")})
        self._add_wheel("custom", files={"sitecustomize.py": self.alarm("custom")})
        self._add_wheel("taken-back", files={"taken_back.pth": self.alarm("taken-back")}, yanked="harmful")
        modules = {"setuptools/__init__.py": "", "setuptools/build_meta.py": _SETUPTOOLS}
        self._add_wheel("setuptools", "80.0", files=modules)
        said = "Metadata-Version: 1.0\nName: legacy\nVersion: 1.0\n"
        legacy = {"legacy-1.0/setup.py": self.alarm("legacy"), "legacy-1.0/PKG-INFO": said}
        content = make_tar({path: text.encode() for path, text in legacy.items()})
        self.index.add_file(content, sdist_filename("legacy"))


TRAPS: Mapping[str, Callable[[Traps], Trap]] = MappingProxyType(
    {
        "source": lambda _: Trap(words=["demo"], policy=admits(), admitting=admits("demo")),
        "source without a word of policy": lambda _: Trap(words=["demo"], admitting=admits("demo")),
        "source of a dependency": lambda _: Trap(words=["app"], admitting=admits("demo")),
        "source with final metadata": lambda _: Trap(words=["final"], admitting=admits("final")),
        "source with setup.py alone": lambda _: Trap(words=["legacy"], admitting=admits("legacy")),
        "source called like a command": lambda _: Trap(words=["lock"], admitting=admits("lock")),
        "source at a URL": lambda traps: Trap(words=[traps.url("demo")], admitting=admits("demo")),
        "hashed source": lambda traps: Trap(
            words=["-r", "hashed.in"], files={"hashed.in": traps.hashed("demo")}, admitting=admits("demo")
        ),
        "locked source": lambda traps: Trap(
            words=["-r", "pylock.in.toml"],
            files={"pylock.in.toml": traps.locked("demo")},
            admitting=admits("demo"),
        ),
        "source that a build needs": lambda _: Trap(
            words=["needs-tool"],
            policy=admits("needs-tool"),
            admitting=admits("needs-tool", "tool"),
            ends=EITHER_WAY,
        ),
        "refused wheel that a build needs": lambda _: Trap(
            words=["needs-hook"],
            policy=admits("needs-hook") + NO_YANKED,
            admitting=admits("needs-hook"),
            ends=EITHER_WAY,
        ),
        "hook in a wheel": lambda _: Trap(words=["hook"], policy=NO_HOOKS, ends=EITHER_WAY),
        "sitecustomize in a wheel": lambda _: Trap(words=["custom"], policy=NO_HOOKS, ends=EITHER_WAY),
        "folder": lambda traps: Trap(words=["./mine"], policy=NOTHING_LOCAL, files=traps.below("mine")),
        "editable folder": lambda traps: Trap(
            words=["-e", "./mine"], policy=NOTHING_LOCAL, files=traps.below("mine")
        ),
        "archive of this machine": lambda traps: Trap(
            words=["./mine-1.0.tar.gz"],
            policy=NOTHING_LOCAL,
            files={"mine-1.0.tar.gz": traps.source("mine")},
        ),
        "repository": lambda traps: Trap(
            words=[traps.git.requirement("repo.git", traps.commit, "repo")], admitting=traps.git.allowing()
        ),
    }
)
"""Each way in which code is brought along, by name."""
