"""The answers of all environments as one list: each version of each project once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.errors import CommandError, VerificationError
from safepip.core.index import FileEntry, Index
from safepip.core.locking import Answer, Choice
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Asker, Step
from safepip.lock.environments import Environments
from safepip.lock.markers import Numbers
from safepip.lock.places import index_url


class Key(NamedTuple):
    """What makes an entry of its own.

    Attributes:
        place: the index, or the place of a direct requirement; empty for files of no index.
    """

    project: NormalizedName
    version: Version
    place: str


@dataclass(slots=True, kw_only=True)
class Entry:
    """One version of a project, as one environment or several chose it.

    Attributes:
        step: how one of them chose it; what is particular to a direct requirement stands there.
        numbers: the environments that chose it.
        files: of all these environments, by name; none for a direct requirement.
        askers: who asked for it, in any of them.
        builders: projects whose build asked for it.
        needs: the entries that it depends on, in any of them.
        builds: what its build needs, for each environment that builds it.
    """

    key: Key
    step: Step
    numbers: set[int] = field(default_factory=set)
    files: dict[str, FileEntry] = field(default_factory=dict)
    askers: set[Asker] = field(default_factory=set)
    builders: set[NormalizedName] = field(default_factory=set)
    needs: set[Key] = field(default_factory=set)
    builds: dict[int, frozenset[Key]] = field(default_factory=dict)

    @property
    def index(self) -> Index | None:
        """Whose files these are; None for a direct requirement."""
        return None if self.step.direct else self.step.route.index

    @property
    def title(self) -> str:
        return f"{self.key.project} {self.key.version}"

    def add_file(self, file: FileEntry) -> None:
        """Raises VerificationError where another environment has other bytes by that name."""
        known = self.files.setdefault(file.filename, file)
        if known.digests.conflicts_with(file.digests):
            raise VerificationError(
                f"{file.filename} has two digests: {_digest(known)} and {_digest(file)}",
                reference="hash-mismatch",
                origin=Origin(
                    layer=Layer.INDEX, kind=Place.INDEX, place=file.page or "an index", key=file.where or None
                ),
                hint="the index changed a file between two questions, or two indexes offer different ones",
            )
        self.files[file.filename] = min(known, file, key=_preference)


@dataclass(frozen=True, slots=True, kw_only=True)
class United:
    """Entries sorted by name, version and place.

    Attributes:
        packages: what is to be installed.
        build_packages: what builds of it need, and builds of that.
    """

    environments: Environments
    packages: tuple[Entry, ...]
    build_packages: tuple[Entry, ...]

    def marker(self, entry: Entry) -> str | None:
        """True exactly where the entry was chosen; None where that is everywhere.

        Raises:
            CommandError: no marker tells the environments apart.
        """
        return self._marker(entry.title, frozenset(entry.numbers), self.environments.all)

    def build_marker(self, entry: Entry, needed: Key) -> str | None:
        """True exactly where the build needs it; None where that is wherever the entry is built.

        Raises:
            CommandError: as :meth:`marker`.
        """
        users = frozenset(number for number, keys in entry.builds.items() if needed in keys)
        title = f"{needed.project} {needed.version}, to build {entry.title},"
        return self._marker(title, users, frozenset(entry.builds))

    def _marker(self, title: str, wanted: Numbers, among: Numbers) -> str | None:
        if wanted >= among:
            return None
        text = self.environments.expression(wanted)
        if text is None:
            here, there = self.environments.alike(wanted)
            raise CommandError(
                f"{title} is for {here} and not for {there}, and no marker tells these environments apart",
                reference="lock-environments",
                hint="lock each of them into a file of its own",
            )
        return text


def unite(answers: Iterable[Answer]) -> United:
    """One list of all answers. The order in which they come makes no difference.

    Raises:
        VerificationError: a file that has different digests in different environments.
    """
    ordered = sorted(answers, key=lambda answer: (answer.target.name, answer.target.marker))
    packages: dict[Key, Entry] = {}
    build_packages: dict[Key, Entry] = {}
    for number, answer in enumerate(ordered):
        _add(answer.choice, number, packages, build_packages)
    return United(
        environments=Environments(answer.target for answer in ordered),
        packages=_sorted(packages),
        build_packages=_sorted(build_packages),
    )


def _add(
    choice: Choice,
    number: int,
    into: dict[Key, Entry],
    build_packages: dict[Key, Entry],
    builder: NormalizedName | None = None,
) -> frozenset[Key]:
    """Add what one environment chose; returns which entries that is.

    Args:
        builder: the project whose build asks for it; None: the person does.
    """
    keys = {step.project: _key(step) for step in choice.plan.steps}
    for step in choice.plan.steps:
        entry = into.setdefault(keys[step.project], Entry(key=keys[step.project], step=step))
        entry.numbers.add(number)
        _add_askers(entry, step, builder)
        for file in () if step.direct else choice.files.get(step.project, (step.file,)):
            entry.add_file(file)
        if step.project in choice.builds:
            needed = choice.builds[step.project]
            built = _add(needed, number, build_packages, build_packages, step.project)
            entry.builds[number] = entry.builds.get(number, frozenset()) | built
    _add_needs(choice.plan.steps, keys, into)
    return frozenset(keys.values())


def _add_askers(entry: Entry, step: Step, builder: NormalizedName | None) -> None:
    """Who asked. The lines of a build's own requirements are nobody's to look up: its project stands for them."""
    if builder is None:
        entry.askers.update(step.askers)
        return
    entry.askers.update(asker for asker in step.askers if asker.project is not None)
    if any(asker.project is None for asker in step.askers) or not step.askers:
        entry.builders.add(builder)


def _add_needs(
    steps: Sequence[Step], keys: Mapping[NormalizedName, Key], entries: Mapping[Key, Entry]
) -> None:
    for step in steps:
        for asker in step.askers:
            if asker.project is not None and asker.project in keys:
                entries[keys[asker.project]].needs.add(keys[step.project])


def _key(step: Step) -> Key:
    return Key(step.project, step.version, _place(step))


def _place(step: Step) -> str:
    if not step.direct:
        return index_url(step.route.index) or ""
    if step.source is None:
        return step.file.url
    commit = "" if step.source.vcs is None else f"@{step.source.vcs.id}"
    return f"{step.source.url}{commit}#{step.source.subdirectory}"


def _sorted(entries: Mapping[Key, Entry]) -> tuple[Entry, ...]:
    return tuple(entries[key] for key in sorted(entries))


def _preference(file: FileEntry) -> tuple[bool, bool, int, str]:
    """Of two that say the same file: the one that says more."""
    return (file.upload_time is None, file.size is None, -len(file.digests.by_algorithm), file.url)


def _digest(file: FileEntry) -> str:
    return " ".join(map(str, file.digests.strong))
