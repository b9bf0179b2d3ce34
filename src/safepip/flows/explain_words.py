"""What a word after ``explain`` means: a rule, a setting, an error, a project, in this order.

``rule:WORD``, ``setting:WORD``, ``error:WORD`` and ``project:WORD`` say it outright. An error's name without a
dash (``pip``, ``disk``) is more likely a project's, so it has to be said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement

from safepip.core.errors import CommandError
from safepip.core.origin import Sourced
from safepip.core.references import REFERENCES
from safepip.core.specifier import read_requirement
from safepip.pipcompat import table
from safepip.pipcompat.address import is_archive
from safepip.pipcompat.environ import PREFIX, SECTION
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.own import GRAMMAR
from safepip.pipcompat.written import normalize_key
from safepip.policy.keys import KEYS, TABLES, Key
from safepip.rules import registry

KINDS = ("rule", "setting", "error", "project")
_PREFERRED = (GRAMMAR, "download", "wheel", "lock")
"""Commands whose option is meant where several have one of the name; then pip's order."""

_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"), "tls.environment"
        ),
        **dict.fromkeys(("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY"), "proxy"),
        "SAFEPIP_LOG": "log.file",
    }
)
"""Variables that are no option of pip → the setting that they bear on."""


_TEXT_FILES = (".cfg", ".conf", ".in", ".ini", ".lock", ".pem", ".toml", ".txt")
"""How the names of requirement, configuration and policy files end, and hardly any project's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWord:
    """A rule's id."""

    rule: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorWord:
    """The name of a kind of error."""

    reference: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionWord:
    """An option of pip.

    Attributes:
        command: whose settings count for it.
    """

    option: Option
    command: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWord:
    """A key of the policy: ``hashes.mode``, or ``rules.`` and a rule's id.

    Attributes:
        key: None for the level of a rule.
    """

    path: str
    key: Key | None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectWord:
    """A project from an index, with extras and specifier if they were typed.

    Attributes:
        near: rules and settings of a similar name, which may have been meant.
    """

    said: Sourced[str]
    requirement: Requirement
    near: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


Meaning = RuleWord | ErrorWord | OptionWord | PolicyWord | ProjectWord
_KIND_OF: Mapping[type, str] = MappingProxyType(
    {
        RuleWord: "rule",
        ErrorWord: "error",
        OptionWord: "setting",
        PolicyWord: "setting",
        ProjectWord: "project",
    }
)


def meaning_of(said: Sourced[str]) -> Meaning:
    """What the word means.

    Raises:
        CommandError: it is nothing of the three, or not what its prefix says.
    """
    kind, colon, rest = said.value.partition(":")
    if colon and kind in KINDS:
        return _forced(kind, Sourced(value=rest, origin=said.origin))
    found = [meaning for kind in _kinds(said.value) if (meaning := _as(kind, said)) is not None]
    if not found or (isinstance(found[0], ProjectWord) and _is_no_project(said.value)):
        raise _unknown(said)
    return replace(found[0], also=_others(said.value, found[1:])) if len(found) > 1 else found[0]


def _kinds(word: str) -> tuple[str, ...]:
    """In the order in which they count; a lone word is hardly meant as an error's name, so that comes last."""
    return KINDS if "-" in word else (*(kind for kind in KINDS if kind != "error"), "error")


def _others(word: str, meanings: Sequence[Meaning]) -> tuple[str, ...]:
    """How to ask for what else a bare name may be; who writes a section or dashes means a setting."""
    if not word[0].isalnum() or "." in word or word.startswith(PREFIX):
        return ()
    return tuple(f"{_KIND_OF[type(meaning)]}:{word}" for meaning in meanings)


def _as(kind: str, said: Sourced[str]) -> Meaning | None:
    """The word as one of :data:`KINDS`; None where it is not that."""
    if kind == "rule":
        return RuleWord(rule=said.value) if said.value in registry() else None
    if kind == "error":
        return ErrorWord(reference=said.value) if said.value in REFERENCES else None
    return _setting(said.value) if kind == "setting" else _project(said)


def _forced(kind: str, said: Sourced[str]) -> Meaning:
    meaning = _as(kind, said)
    if meaning is None:
        raise _unknown(said, kind)
    return replace(meaning, near=()) if isinstance(meaning, ProjectWord) else meaning


def _setting(word: str) -> OptionWord | PolicyWord | None:
    word = _VARIABLES.get(word.upper(), word)
    return _policy_key(word) or _option(word)


def _policy_key(word: str) -> PolicyWord | None:
    table_name, _, name = word.partition(".")
    if table_name == "rules" and name in registry():
        return PolicyWord(path=word, key=None)
    key = next((key for key in KEYS if key.path == word), None)
    return None if key is None else PolicyWord(path=word, key=key)


def _option(word: str) -> OptionWord | None:
    """Any spelling that pip accepts: option, abbreviation, variable, key of a file with its section."""
    if word.startswith("-"):
        return _typed(word)
    if word.startswith(PREFIX):
        return _named(normalize_key(word[len(PREFIX) :].lower()), _commands())
    section, dot, key = word.rpartition(".")
    if not dot:
        return _named(normalize_key(word), _commands())
    if section in {"global", SECTION}:
        return _named(normalize_key(key), _commands())
    return _named(normalize_key(key), (section,)) if section in COMMANDS else None


def _commands() -> tuple[str, ...]:
    return (*_PREFERRED, *(command for command in COMMANDS if command not in _PREFERRED))


def _named(key: str, commands: tuple[str, ...]) -> OptionWord | None:
    for command in commands:
        if option := table.by_name(command).get(f"--{key}"):
            return OptionWord(option=option, command=command)
    return None


def _typed(word: str) -> OptionWord | None:
    """As on the command line; a long option may be cut short where one option of the command fits."""
    for command in _commands():
        names = table.by_name(command)
        fitting = {option.dest: option for name, option in names.items() if name.startswith(word)}
        option = names.get(word) or (next(iter(fitting.values())) if len(fitting) == 1 else None)
        if option is not None and (word in names or word.startswith("--")):
            return OptionWord(option=option, command=command)
    return None


def _project(said: Sourced[str]) -> ProjectWord | None:
    try:
        requirement = read_requirement(said.value)
    except InvalidRequirement:
        return None
    if requirement.url is not None:
        return None
    return ProjectWord(said=said, requirement=requirement, near=tuple(_near(requirement.name)))


def _is_no_project(word: str) -> bool:
    """Whether the word is so plainly a setting or a file that its name must not be sent to an index."""
    if is_archive(word) or word.lower().endswith(_TEXT_FILES):
        return True
    if "_" in word and word.isupper():
        return True
    table_name, dot, _ = word.partition(".")
    return word.startswith((PREFIX, "-")) or (bool(dot) and table_name in {"global", *TABLES, *COMMANDS})


def _near(word: str) -> list[str]:
    known = [*registry(), *REFERENCES, *(key.path for key in KEYS), *table.long_names()]
    return get_close_matches(normalize_key(word.removeprefix(PREFIX)), known, n=2, cutoff=0.85)


def _unknown(said: Sourced[str], kind: str = "rule, setting, error or project") -> CommandError:
    near = _near(said.value.rpartition(":")[2])
    project = f"; if it is a project: safepip explain project:{said.value}" if _project(said) else ""
    return CommandError(
        f"{said.value!r} is no {kind}",
        reference="usage",
        origin=said.origin,
        hint=(
            f"did you mean {' or '.join(near)}?"
            if near
            else "`safepip explain` alone shows every setting in force; docs/reference lists rules and keys"
        )
        + project,
    )
