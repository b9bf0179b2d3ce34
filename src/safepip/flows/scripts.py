"""``--requirements-from-script``: what a script says that it needs (PEP 723)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from safepip.core.errors import CommandError, ResolutionError
from safepip.core.origin import Sourced
from safepip.pipcompat.script import Script, read_script

if TYPE_CHECKING:
    from safepip.core.ports import Environment, Files
    from safepip.core.subjects import RequirementLine
    from safepip.flows.near import Near
    from safepip.flows.settings import Settings


def script_requirements(
    named: Sequence[Sourced[str]],
    files: Files,
    world: Near,
    environment: Callable[[], Environment],
    settings: Settings,
) -> tuple[RequirementLine, ...]:
    """The script's dependencies.

    Args:
        environment: of the target; asked for where the script says which Python it needs.

    Raises:
        CommandError, RequirementFileError: a script that cannot be read; pip's words.
        ResolutionError: the script is not for this Python.
    """
    if len(named) > 1:
        raise CommandError(
            "--requirements-from-script can only be given once", reference="script", origin=named[1].origin
        )
    script = read_script(named[0], files)
    world.show.noted(
        [f"{origin}: {origin.key} is not read; indexes are pip's" for origin in script.set_aside]
    )
    if script.requires_python is not None and not settings.ignore_requires_python:
        _check_python(script, named[0].value, environment(), settings)
    return script.dependencies


def _check_python(script: Script, path: str, environment: Environment, settings: Settings) -> None:
    if script.requires_python is not None:
        check_python(f"Script {path!r}", script.requires_python, environment, settings)


def check_python(what: str, wanted: Sourced[str], environment: Environment, settings: Settings) -> None:
    """Raise ResolutionError, in pip's words, where what needs a Python needs another one than this.

    Args:
        what: who needs it, as the sentence begins.
        wanted: a version specifier.
    """
    python = _python(environment, settings)
    if not SpecifierSet(wanted.value).contains(python, prereleases=True):
        shown = ".".join(str(part) for part in python.release[:2])
        raise ResolutionError(
            f"{what} requires a different Python: {shown} not in {wanted.value!r}",
            reference="requires-python",
            origin=wanted.origin,
        )


def _python(environment: Environment, settings: Settings) -> Version:
    """What pip compares: three numbers, of ``--python-version`` where it is given."""
    release = settings.python_version or Version(environment.version.rstrip("+")).release
    return Version(".".join(str(part) for part in (*release, 0, 0)[:3]))
