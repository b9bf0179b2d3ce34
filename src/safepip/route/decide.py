"""Names, patterns and answers → one route. Pure: whoever asks the indexes stands in :mod:`.router`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.utils import NormalizedName

from safepip.core.finding import Refuse
from safepip.core.index import Answer, Index, Serves, Unknown
from safepip.core.plan import Route, RouteReason
from safepip.core.project import Pattern
from safepip.core.value import value
from safepip.route.ambiguous import ambiguous_project, two_patterns, unrouted_project
from safepip.route.merge import common_digests

UNDECIDED_RULE = "index-unavailable"
"""The finding that means "could not decide" (exit 11) rather than "refused" (exit 10)."""


@value
class Ask:
    """Nothing can be said before these indexes have answered."""

    indexes: tuple[Index, ...]


@value
class NotFound:
    """Every index that may serve the project answered, or is skipped where it does not, and none serves it.

    Attributes:
        asked: the indexes; empty where none may be asked at all.
        pattern: the policy pattern that sent the name there and nowhere else; None if none did.
        skipped: those of ``asked`` that gave no answer.
    """

    project: NormalizedName
    asked: tuple[Index, ...] = ()
    pattern: str | None = None
    skipped: tuple[Index, ...] = ()

    @property
    def note(self) -> str:
        """A line that names the route."""
        names = " and ".join(index.label for index in self.asked)
        silent = "".join(f"; {was_skipped(index)}" for index in self.skipped)
        if self.pattern is not None:
            return f"{self.project} comes from {names} only, because of the pattern {self.pattern!r}{silent}"
        return f"{self.project} was looked for in {names}{silent}" if names else "no index may be asked"


def was_skipped(index: Index) -> str:
    """The words for an index that policy goes on without."""
    return f"{index.label} gave no answer, and its entry says to skip it then"


Outcome = Route | NotFound | Refuse | Ask


@value
class Assigned:
    """The indexes that a project comes from, whatever they serve.

    Attributes:
        pattern: the policy pattern that says so; None: there are no others.
    """

    indexes: tuple[Index, ...]
    pattern: str | None = None


def assigned(project: NormalizedName, indexes: Sequence[Index]) -> Assigned | Refuse | None:
    """What is decided before anybody is asked; None: the answers of several indexes would decide."""
    groups = _groups(indexes)
    only = Assigned(indexes=groups[0]) if len(groups) == 1 else None
    return _claimed(project, groups) or only


def decide(
    project: NormalizedName,
    indexes: Sequence[Index],
    answers: Mapping[str, Answer],
    *,
    patterns_only: bool = False,
) -> Outcome:
    """Where the project comes from, as far as the answers reach.

    Args:
        indexes: every index that may be asked, in the order they were named.
        answers: by index name; where one is missing that counts, the outcome is :class:`Ask`.
            Local indexes are asked before remote ones, so that a name of theirs stays on the
            machine.
        patterns_only: refuse to ask a remote index for a name that no pattern gives it.
    """
    groups = _groups(indexes)
    claimed = _claimed(project, groups)
    if isinstance(claimed, Refuse):
        return claimed
    if claimed is not None:
        return _from_one(project, claimed.indexes, answers, RouteReason.PATTERN, claimed.pattern)
    if len(groups) == 1 and not patterns_only:
        return _from_one(project, groups[0], answers, RouteReason.ONLY_INDEX)
    local = tuple(index for group in groups if group[0].kind.local for index in group)
    found = _from_one(project, local, answers, RouteReason.LOCAL_FOLDER) if local else None
    if found is not None and not isinstance(found, NotFound):
        return found
    if patterns_only:
        return Refuse(finding=unrouted_project(project, indexes))
    remote = [group for group in groups if not group[0].kind.local]
    return found if found and not remote else _from_any(project, remote, answers)


def _claimed(project: NormalizedName, groups: Iterable[tuple[Index, ...]]) -> Assigned | Refuse | None:
    """Whose the project is by pattern; None: no pattern matches."""
    matches = _best_matches(project, groups)
    if len(matches) > 1:
        return Refuse(finding=two_patterns(project, [(group[0], pattern) for group, pattern in matches]))
    if not matches:
        return None
    ((group, pattern),) = matches
    return Assigned(indexes=group, pattern=pattern.text)


def _groups(indexes: Sequence[Index]) -> list[tuple[Index, ...]]:
    """Each index followed by its mirrors. A mirror of an index that does not exist stands alone."""
    primaries = {index.name for index in indexes if index.mirror_of is None}
    groups: dict[str, list[Index]] = {}
    for index in indexes:
        if index.mirror_of is None or index.mirror_of not in primaries:
            groups[index.name] = [index]
    for index in indexes:
        if index.mirror_of is not None and index.mirror_of in primaries:
            groups[index.mirror_of].append(index)
    return [tuple(group) for group in groups.values()]


def _best_matches(
    project: NormalizedName, groups: Iterable[tuple[Index, ...]]
) -> list[tuple[tuple[Index, ...], Pattern]]:
    """The groups whose most specific matching pattern is the most specific of all."""
    matches = []
    for group in groups:
        own = [pattern for index in group for pattern in index.patterns if pattern.matches(project)]
        if own:
            matches.append((group, max(own, key=lambda pattern: pattern.specificity)))
    best = max((pattern.specificity for _, pattern in matches), default=None)
    return [match for match in matches if match[1].specificity == best]


def _from_one(
    project: NormalizedName,
    group: tuple[Index, ...],
    answers: Mapping[str, Answer],
    reason: RouteReason,
    pattern: str | None = None,
) -> Outcome:
    """From these indexes, whose files merge, or from nowhere."""
    blocked = _unanswered(group, answers)
    if blocked is not None:
        return blocked
    serving = tuple(_serving(group, answers))
    if not serving:
        return NotFound(project=project, asked=group, pattern=pattern, skipped=_silent(group, answers))
    return Route(project=project, indexes=_indexes(serving), reason=reason, pattern=pattern)


def _from_any(
    project: NormalizedName, groups: Sequence[tuple[Index, ...]], answers: Mapping[str, Answer]
) -> Outcome:
    """No pattern decides: all are asked, and one serves the project or all serve the same files."""
    everyone = tuple(index for group in groups for index in group)
    blocked = _unanswered(everyone, answers)
    if blocked is not None:
        return blocked
    serving = [members for group in groups if (members := tuple(_serving(group, answers)))]
    if not serving:
        return NotFound(project=project, asked=everyone, skipped=_silent(everyone, answers))
    if len(serving) == 1:
        return Route(project=project, indexes=_indexes(serving[0]), reason=RouteReason.ONLY_SERVING)
    flat = tuple(member for members in serving for member in members)
    common = common_digests([[answer for _, answer in members] for members in serving])
    if not common:
        return Refuse(finding=ambiguous_project(project, flat, everyone))
    return Route(project=project, indexes=_indexes(flat), reason=RouteReason.SAME_FILES, only_digests=common)


def _unanswered(indexes: Sequence[Index], answers: Mapping[str, Answer]) -> Ask | Refuse | None:
    """Unknown is not absent: an index that gave no answer stops, unless its entry says to skip it."""
    missing = tuple(index for index in indexes if index.name not in answers)
    if missing:
        return Ask(indexes=missing)
    for index in indexes:
        answer = answers[index.name]
        if isinstance(answer, Unknown) and not may_skip(index, answer):
            return Refuse(finding=answer.finding)
    return None


def may_skip(index: Index, answer: Unknown) -> bool:
    """Whether the run goes on as if the index did not have the project.

    Only silence is skipped. A failing certificate, a redirect to plaintext or a quarantine says that
    something is wrong, and stops in any case.
    """
    return index.skip_unavailable and answer.finding.rule == UNDECIDED_RULE


def _silent(indexes: Iterable[Index], answers: Mapping[str, Answer]) -> tuple[Index, ...]:
    return tuple(index for index in indexes if isinstance(answers[index.name], Unknown))


def _serving(indexes: Iterable[Index], answers: Mapping[str, Answer]) -> Iterator[tuple[Index, Serves]]:
    for index in indexes:
        answer = answers[index.name]
        if isinstance(answer, Serves):
            yield index, answer


def _indexes(serving: Iterable[tuple[Index, Serves]]) -> tuple[Index, ...]:
    return tuple(index for index, _ in serving)
