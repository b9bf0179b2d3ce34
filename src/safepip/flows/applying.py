"""Whether the target may be changed, and the options that pip is given when it is.

pip's own checks (``pip._internal.commands.install``), made before anything is downloaded, and the
one place where an install option becomes an argument of the pip that applies the plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ConfiguredValueError, SafepipError
from safepip.core.ports import ApplyOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safepip.core.plan import Plan
    from safepip.core.ports import Environment
    from safepip.flows.settings import Settings
    from safepip.flows.world import World


_AS_ROOT = (
    "Running pip as the 'root' user can result in broken permissions and conflicting behaviour with the "
    "system package manager, possibly rendering your system unusable. It is recommended to use a virtual "
    "environment instead: https://pip.pypa.io/warnings/venv. Use the --root-user-action option if you know "
    "what you are doing and want to suppress this warning."
)


def check_target(settings: Settings, environment: Environment, world: World) -> None:
    """Raise in pip's words where this environment may not be changed."""
    check_virtualenv(settings, environment)
    reported_only = settings.dry_run and settings.report
    managed = environment.externally_managed
    if managed is not None and not (settings.elsewhere or settings.break_system_packages or reported_only):
        raise SafepipError(
            "This environment is externally managed",
            reference="externally-managed-environment",
            notes=(managed.strip(),),
            hint=(
                "use a virtual environment; or, at the risk of breaking your Python installation or OS, "
                "pass --break-system-packages (PEP 668)"
            ),
        )
    _check_user_site(settings, environment)
    folder = settings.target_dir
    if folder and world.around.exists(folder) and not world.around.is_dir(folder):
        raise CommandError("Target path exists but is not a directory, will not continue.")


def check_virtualenv(settings: Settings, environment: Environment) -> None:
    """Raise ConfiguredValueError where pip is to work in virtual environments only, and this is none."""
    if settings.require_virtualenv and not environment.is_virtual:
        raise ConfiguredValueError("Could not find an activated virtualenv (required).")


def with_replaced(plan: Plan, there: Environment, considered: Environment) -> Plan:
    """The plan, knowing of what its steps take the place of although it could not stand for them.

    Args:
        there: what is installed.
        considered: what the plan took for installed.
    """
    missed = [step.project for step in plan.steps if step.project not in considered.installed]
    found = {project: there.installed[project].version for project in missed if project in there.installed}
    known = {project: version for project, version in found.items() if version is not None}
    return replace(plan, replaced={**known, **plan.replaced}) if known else plan


def warnings_without_pip(settings: Settings, environment: Environment, world: World) -> tuple[str, ...]:
    """What pip would have warned of at its end, had there been anything to install (``warn_if_run_as_root``)."""
    if settings.root_user_action != "warn" or environment.is_virtual or not world.around.is_superuser:
        return ()
    return (f"WARNING: {_AS_ROOT}",)


def _check_user_site(settings: Settings, environment: Environment) -> None:
    if not settings.use_user_site or environment.user_site_enabled:
        return
    why = (
        "User site-packages are not visible in this virtualenv."
        if environment.is_virtual
        else "User site-packages are disabled for this Python."
    )
    raise SafepipError(f"Can not perform a '--user' install. {why}")


def apply_options(settings: Settings, plan: Plan, world: World) -> ApplyOptions:
    """The closed list of options for the pip that applies; paths absolute, nothing as it was typed."""
    return ApplyOptions(
        arguments=(
            *_places(settings, world),
            *_replacement(settings),
            *_restriction(settings),
            *_manners(settings),
        ),
        # Where pip would not come to the same answer from the verified files alone.
        flat=settings.no_deps
        or settings.ignore_requires_python
        or bool(plan.satisfied and world.around.environ.get("PYTHONPATH")),
        quiet=max(0, -settings.verbosity),
        verbose=max(0, settings.verbosity),
        no_color=settings.no_color,
    )


def _places(settings: Settings, world: World) -> Iterator[str]:
    places = (("--target", settings.target_dir), ("--prefix", settings.prefix), ("--root", settings.root))
    for option, path in places:
        if path:
            yield from (option, world.around.absolute(path))
    # Where nobody said, pip decides by what it may write to.
    if settings.use_user_site is not None:
        yield "--user" if settings.use_user_site else "--no-user"


def _replacement(settings: Settings) -> Iterator[str]:
    # --upgrade decides whether --target replaces what stands there; elsewhere the pins decide.
    if settings.upgrade:
        yield "--upgrade"
    if settings.force_reinstall:
        yield "--force-reinstall"
    if settings.ignore_installed:
        yield "--ignore-installed"


def _restriction(settings: Settings) -> Iterator[str]:
    if settings.python_version:
        yield from ("--python-version", ".".join(str(part) for part in settings.python_version))
    for platform in settings.platforms:
        yield from ("--platform", platform)
    for abi in settings.abis:
        yield from ("--abi", abi)
    if settings.implementation:
        yield from ("--implementation", settings.implementation)
    if settings.ignore_requires_python:
        yield "--ignore-requires-python"


def _manners(settings: Settings) -> Iterator[str]:
    if not settings.compile:
        yield "--no-compile"
    if not settings.warn_script_location:
        yield "--no-warn-script-location"
    if not settings.warn_conflicts:
        yield "--no-warn-conflicts"
    if settings.break_system_packages:
        yield "--break-system-packages"
    yield from ("--root-user-action", settings.root_user_action)
