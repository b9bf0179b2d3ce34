"""pip's configuration files and variables, in pip's order, read for the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.pipcompat import conf, environ
from safepip.pipcompat.effective import EffectiveConfig, merge
from safepip.pipcompat.own import GRAMMAR, OWN_COMMANDS
from safepip.pipcompat.places import Places, config_paths

if TYPE_CHECKING:
    from safepip.flows.world import Target, World
    from safepip.pipcompat.argv import Invocation
    from safepip.pipcompat.written import ConfigFile, ConfigKind


def read_config(invocation: Invocation, world: World, target: Target) -> EffectiveConfig:
    """Every option in force for the command, and everything that was written.

    Raises:
        ConfigurationError: a file that cannot be read or parsed.
        ConfiguredValueError, UsageError: a value that pip would refuse, in its words.
    """
    around = world.around
    if invocation.isolated and not any(given.dest == "isolated_mode" for given in invocation.options):
        world.show.noted(["--isolated counts wherever it stands: PIP_* and your own pip.conf do not"])
    places = configuration_places(world, target)
    files = tuple(_read(places, world))
    own = invocation.command in OWN_COMMANDS
    return merge(
        replace(invocation, command=GRAMMAR) if own else invocation,
        files,
        # These and the user's files also when isolated: pip's first parser, which looks for --python,
        # never is. What does not count is told apart.
        environ.parse(around.environ),
        now=world.clock.now(),
        expand_user=lambda path: around.home + path[1:] if path == "~" or path.startswith("~/") else path,
    )


def configuration_places(world: World, target: Target) -> Places:
    """Every file that pip would try for this target, weakest first."""
    around = world.around
    return config_paths(
        around.platform,
        around.environ,
        target.prefix,
        around.home,
        base_prefix=target.base_prefix,
        exists=around.exists,
        is_dir=around.is_dir,
    )


def _read(places: list[tuple[ConfigKind, str]], world: World) -> Iterator[ConfigFile]:
    for kind, path in places:
        if not world.around.exists(path):
            continue
        try:
            # As pip, by the locale: the same bytes may name another host in another encoding.
            text = world.files.read_bytes(path).decode(world.around.text_encoding)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"Configuration file could not be loaded: {error}",
                reference="configuration",
                origin=Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=path),
                hint="mend the file, or set PIP_CONFIG_FILE to the null device to read none",
            ) from None
        yield conf.parse(text, path, kind=kind)
