"""What files, markers and Requires-Python are held against: the target, as values with caches.

Pages list thousands of files, few of which are ever looked at; every question here is answered
once for each distinct text.
"""

from __future__ import annotations

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import InvalidTag, TooManyTagsError, parse_tag
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.limits import Limits
from safepip.core.ports import Environment
from safepip.resolve.patch_levels import holds
from safepip.resolve.request import ResolveOptions


class Target:
    """The interpreter that the plan is for."""

    def __init__(self, environment: Environment, options: ResolveOptions, lock_for: str = "") -> None:
        """``lock_for``: see :class:`~safepip.resolve.request.ResolveRequest`."""
        self.lock_for = lock_for
        self.python = release_of(options.python_version or environment.version)
        self.tags = options.tags if options.tags is not None else environment.tags
        self.markers = dict(environment.markers)
        self._priorities = {tag: place for place, tag in reversed(list(enumerate(self.tags)))}
        self._tag_texts: dict[str, int | None] = {}
        self._pythons: dict[str, bool] = {}
        # By identity: hashing a Requirement formats it, and all of them live as long as the run.
        self._marked: dict[tuple[int, str], bool] = {}

    @property
    def described(self) -> str:
        """What messages call the environment."""
        return self.lock_for or "this environment"

    def tag_priority(self, text: str) -> int | None:
        """Place of the best supported tag in a file name's tag part, 0 the best.

        None: none is supported, or the text is no tag set (packaging's ``parse_wheel_filename``
        rejects the same).
        """
        if text not in self._tag_texts:
            self._tag_texts[text] = self._priority(text)
        return self._tag_texts[text]

    def admits_python(self, specifier: str | None) -> bool:
        """Whether a page's Requires-Python fits; an unreadable one is ignored, as pip does."""
        if not specifier:
            return True
        if specifier not in self._pythons:
            self._pythons[specifier] = self._fits(specifier)
        return self._pythons[specifier]

    def wants(self, requirement: Requirement, extras: frozenset[NormalizedName]) -> bool:
        """Whether a dependency's marker holds for any of ``extras``; empty: for no extra."""
        if requirement.marker is None:
            return True
        return any(self._marker_holds(requirement, extra) for extra in extras or ("",))

    def _marker_holds(self, requirement: Requirement, extra: str) -> bool:
        key = (id(requirement), extra)
        known = self._marked.get(key)
        if known is None:
            marker = requirement.marker
            known = self._marked[key] = marker is None or self._evaluated(marker, extra)
        return known

    def _evaluated(self, marker: Marker, extra: str) -> bool:
        if self.lock_for:
            return holds(marker, self.markers, extra)
        return marker.evaluate({**self.markers, "extra": extra})

    def _priority(self, text: str) -> int | None:
        try:
            tags = parse_tag(text, limit=Limits().tags_per_filename_max)
        except (InvalidTag, TooManyTagsError):
            return None
        return min((self._priorities[tag] for tag in tags if tag in self._priorities), default=None)

    def _fits(self, specifier: str) -> bool:
        try:
            return self.python in SpecifierSet(specifier)
        except InvalidSpecifier:
            return True


def release_of(python_version: str) -> Version:
    """``3.15.0rc1`` → 3.15.0: pip compares ``sys.version_info[:3]``, which knows no pre-releases."""
    release = Version(python_version.rstrip("+")).release
    return Version(".".join(str(part) for part in (*release, 0, 0)[:3]))
