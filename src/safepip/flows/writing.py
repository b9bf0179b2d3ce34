"""``config set`` and ``config edit``: nothing is written that policy would refuse, or pass over, when read.

``unset`` is pip's alone: what is not written can name no place and trust nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode, SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url
from safepip.flows.configuration import configuration_places, read_config
from safepip.flows.delegate import refuse_chosen_interpreter
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.policies import read_policy
from safepip.pipcompat import conf
from safepip.pipcompat.stored import settings_in, settings_of
from safepip.pipcompat.written import ConfigKind, normalize_key
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge

if TYPE_CHECKING:
    from safepip.core.origin import Sourced
    from safepip.core.ports import Draft
    from safepip.core.subjects import Setting
    from safepip.flows.world import Options, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.places import Places
    from safepip.pipcompat.written import ConfigFile

_CHOICES = (
    ("user_file", ConfigKind.USER),
    ("global_file", ConfigKind.GLOBAL),
    ("site_file", ConfigKind.SITE),
)


def config(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Judge what would be written, and let it be written. Returns pip's exit code.

    Raises:
        Refused: policy would refuse it, or set it aside.
        CommandError: in pip's words where pip would refuse; a value that would become several settings.
    """
    refuse_chosen_interpreter(world.around.environ)
    policy, findings = read_policy(own, world)
    context = RuleContext(
        policy=policy,
        now=world.clock.now(),
        default_index_url=Url.parse(world.around.default_index_url),
        passed=world.audit.passed,
    )
    stop_if_denied(judge_each(findings, context), world)
    if invocation.arguments[0].value == "edit":
        return _edit(invocation, own, context, world)
    stop_if_denied(_judge_words(invocation.arguments[1:], context), world)
    return world.pip.run(invocation.argv, python=world.python_for(own.python))


def _judge_words(words: tuple[Sourced[str], ...], context: RuleContext) -> Iterator[Finding]:
    """``SECTION.KEY VALUE`` as pip would find it in the file; nothing where pip will refuse the words."""
    key = normalize_key(words[0].value) if words else ""
    if len(words) != 2 or "." not in key:
        return
    said = words[1].origin
    for finding in judge_stored(settings_of(_as_stored(key, words)), context):
        yield replace(finding, origin=said)


def _as_stored(key: str, words: tuple[Sourced[str], ...]) -> ConfigFile:
    """What pip's ``RawConfigParser`` writes for these words, read again.

    Raises:
        CommandError: a line break that would begin another setting when the file is read; a key without a
            name, or indented, which would continue the value of the setting above it.
    """
    value = words[1].value
    if "\n" in key or "\r" in key or "\r" in value:
        raise CommandError(
            "a line break would make several settings of it",
            reference="configuration",
            origin=words[0].origin if "\r" not in value else words[1].origin,
            hint="set each by a command of its own; several values go with a space between them",
        )
    section, _, name = key.partition(".")
    if not name or name[0].isspace():
        raise CommandError(
            "without a name at its beginning, the line would become part of the setting above it",
            reference="configuration",
            origin=words[0].origin,
            hint="write SECTION.KEY, such as global.index-url",
        )
    lines = value.replace("\n", "\n\t")
    return conf.parse(f"[{section}]\n{normalize_key(name)} = {lines}\n", words[1].origin.place)


def judge_stored(settings: Iterable[Setting], context: RuleContext) -> Iterator[Finding]:
    """What policy says about settings in a file that is yet to be written.

    What would be refused on a command line, and only be set aside where a file says it, is refused
    here: it would do nothing but let somebody believe that it holds.
    """
    for setting in settings:
        stored = replace(setting, origin=replace(setting.origin, kind=Place.FILE))
        typed = replace(setting, origin=replace(setting.origin, kind=Place.ARGUMENT))
        denied = {finding.rule: finding for finding in judge([typed], context) if finding.denies}
        for finding in judge([stored], context):
            if stricter := denied.get(finding.rule):
                yield replace(finding, level=Level.DENY, message=stricter.message)
            else:
                yield finding


def _edit(invocation: Invocation, own: OwnOptions, context: RuleContext, world: World) -> int:
    """An editor works on a private copy, which takes the file's place once policy has seen it."""
    with closing(world.target(own.python)) as target:
        options = read_config(invocation, world, target)
        places = configuration_places(world, target)
    world.manner(options)
    path = _file_to_edit(_chosen(options, places, world), places, world)
    if len(invocation.arguments) != 1:
        raise CommandError('Got unexpected number of arguments, expected 0. (example: "pip config edit")')
    with closing(world.draft(world.around.absolute(path))) as draft:
        if code := draft.edit(_editor(options, world)):
            raise CommandError(f"Editor Subprocess exited with exit code {code}")
        try:
            stop_if_denied(_judge_draft(draft, path, context, world), world)
            draft.save()
        except SafepipError:
            world.show.noted([f"{path} is as it was; your text is kept in {draft.keep()}"])
            raise
    return ExitCode.OK


def _judge_draft(draft: Draft, path: str, context: RuleContext, world: World) -> tuple[Finding, ...]:
    """What is new in it; what stood there before was not written by this edit.

    Raises:
        CommandError, ConfigurationError: pip could not read it any more.
    """
    encoding = world.around.text_encoding
    known = {
        (each.section, each.key, each.text)
        for each in _read(draft.before or b"", path, encoding).written
        if draft.before is not None
    }
    written = _read(draft.after or b"", path, encoding).written
    new = (each for each in written if (each.section, each.key, each.text) not in known)
    return tuple(judge_stored((setting for each in new for setting in settings_in(each)), context))


def _read(content: bytes, path: str, encoding: str) -> ConfigFile:
    try:
        # As a text file is read, line ends and all.
        return conf.parse(content.decode(encoding), path)
    except UnicodeDecodeError as error:
        raise CommandError(
            f"Configuration file contains invalid {encoding} characters: {error.reason}",
            reference="configuration",
            origin=Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=path),
        ) from None


def _chosen(options: Options, places: Places, world: World) -> ConfigKind:
    """Which of pip's files is meant (pip's ``_determine_file``). Raises CommandError in its words."""
    chosen = [kind for dest, kind in _CHOICES if options.value(dest)]
    if len(chosen) > 1:
        raise CommandError("Need exactly one file to operate upon (--user, --site, --global) to perform.")
    if chosen:
        return chosen[0]
    has_site = any(kind is ConfigKind.SITE and world.around.exists(path) for kind, path in places)
    return ConfigKind.SITE if has_site else ConfigKind.USER


def _file_to_edit(kind: ConfigKind, places: Places, world: World) -> str:
    """The strongest file of the kind (pip's ``_get_parser_to_modify``). Raises CommandError in its words."""
    of_kind = [path for each, path in places if each is kind]
    named = world.around.environ.get("PIP_CONFIG_FILE")
    if of_kind:
        path = of_kind[-1]
    elif places and named and kind in {ConfigKind.USER, ConfigKind.GLOBAL}:
        instead = (
            f"Because PIP_CONFIG_FILE is set, changes will be applied to {named!r}, not to {kind.value!r}."
        )
        world.show.noted([f"{instead} To restore normal behavior, unset PIP_CONFIG_FILE."])
        path = named
    else:
        raise CommandError("Could not determine appropriate file.")
    if '"' in path:
        raise CommandError(f'Can not open an editor for a file name containing "\n{path}')
    return path


def _editor(options: Options, world: World) -> str:
    """The editor's command line, which a shell will read, as with pip. Raises CommandError: there is none.

    An empty one is none, where pip would have the shell run the configuration file itself.
    """
    variables = (world.around.environ.get(variable) for variable in ("VISUAL", "EDITOR"))
    for said in (options.value("editor"), *variables):
        if said and str(said).strip():
            return str(said)
    raise CommandError("Could not determine editor to use.")
