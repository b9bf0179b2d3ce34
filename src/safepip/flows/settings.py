"""pip's options in force, as the values that the flows work with.

Contradictions are found here, before anything else happens, in pip's order and words
(``pip._internal.commands.install``, ``cli.cmdoptions``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError
from safepip.resolve.request import FormatControl, ReleaseControl, ResolveOptions, UpgradeStrategy

if TYPE_CHECKING:
    from packaging.tags import Tag

    from safepip.core.ports import Environment
    from safepip.flows.world import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of ``install``, ``download`` and ``wheel``, typed. Paths are as the user wrote them.

    Attributes:
        use_user_site: True for ``--user``, False for ``--no-user``, None where nobody said.
        report: file for ``--report``; ``-`` is stdout.
        download_dir: where ``download`` and ``wheel`` save files.
        verbosity: ``-v`` minus ``-q``.
    """

    upgrade: bool = False
    upgrade_strategy: str = "only-if-needed"
    force_reinstall: bool = False
    ignore_installed: bool = False
    no_deps: bool = False
    only_deps: bool = False
    ignore_requires_python: bool = False
    prefer_binary: bool = False
    format_control: FormatControl = FormatControl()
    release_control: ReleaseControl = ReleaseControl()
    pre: bool = False
    uploaded_prior_to: datetime | None = None
    python_version: tuple[int, ...] | None = None
    platforms: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()
    implementation: str | None = None
    target_dir: str | None = None
    prefix: str | None = None
    root: str | None = None
    use_user_site: bool | None = None
    compile: bool = True
    warn_script_location: bool = True
    warn_conflicts: bool = True
    break_system_packages: bool = False
    root_user_action: str = "warn"
    require_virtualenv: bool = False
    require_hashes: bool = False
    no_require_hashes: bool = False
    build_isolation: bool = True
    check_build_dependencies: bool = False
    dry_run: bool = False
    report: str | None = None
    download_dir: str = "."
    verbosity: int = 0
    no_color: bool = False

    @property
    def restricts_platform(self) -> bool:
        """Whether tags are not the target's own."""
        return bool(self.python_version or self.platforms or self.abis or self.implementation)

    @property
    def elsewhere(self) -> bool:
        """Whether files land outside the environment itself."""
        return bool(self.target_dir or self.prefix or self.root)


def read_settings(options: Options) -> Settings:
    """Take the typed values out of pip's options."""
    flag, text = _flag(options), _text(options)
    return Settings(
        upgrade=flag("upgrade"),
        upgrade_strategy=text("upgrade_strategy") or "only-if-needed",
        force_reinstall=flag("force_reinstall"),
        ignore_installed=flag("ignore_installed"),
        no_deps=flag("ignore_dependencies"),
        only_deps=flag("only_dependencies"),
        ignore_requires_python=flag("ignore_requires_python"),
        prefer_binary=flag("prefer_binary"),
        format_control=_format_control(options.value("format_control")),
        release_control=_release_control(options.value("release_control")),
        pre=flag("pre"),
        uploaded_prior_to=_moment(options.value("uploaded_prior_to")),
        python_version=_version(options.value("python_version")),
        platforms=_texts(options.value("platforms")),
        abis=_texts(options.value("abis")),
        implementation=text("implementation"),
        target_dir=text("target_dir"),
        prefix=text("prefix_path"),
        root=text("root_path"),
        use_user_site=_choice(options.value("use_user_site")),
        compile=options.value("compile") is not False,
        warn_script_location=options.value("warn_script_location") is not False,
        warn_conflicts=options.value("warn_about_conflicts") is not False,
        break_system_packages=flag("override_externally_managed"),
        root_user_action=text("root_user_action") or "warn",
        require_virtualenv=flag("require_venv"),
        require_hashes=flag("require_hashes"),
        no_require_hashes=flag("no_require_hashes"),
        build_isolation=options.value("build_isolation") is not False,
        check_build_dependencies=flag("check_build_deps"),
        dry_run=flag("dry_run"),
        report=text("json_report_file"),
        download_dir=text("download_dir") or text("wheel_dir") or ".",
        verbosity=_count(options.value("verbose")) - _count(options.value("quiet")),
        no_color=flag("no_color"),
    )


def check_settings(settings: Settings, *, installs: bool) -> None:
    """Raise CommandError where options contradict each other.

    Args:
        installs: whether files go into an environment (``install``); else they are only saved.
    """
    if settings.use_user_site and settings.target_dir is not None:
        raise CommandError("Can not combine '--user' and '--target'")
    _check_restriction(settings, installs=installs)
    if settings.pre and (settings.release_control.all_releases or settings.release_control.only_final):
        raise CommandError("--pre cannot be used with --all-releases or --only-final.")
    if settings.use_user_site and settings.prefix:
        raise CommandError(
            "Can not combine '--user' and '--prefix' as they imply different installation locations"
        )
    if settings.require_hashes and settings.no_require_hashes:
        raise CommandError("--require-hashes and --no-require-hashes are mutually exclusive")


def _check_restriction(settings: Settings, *, installs: bool) -> None:
    if not settings.restricts_platform:
        return
    only_binary = settings.format_control == FormatControl(only_binary=frozenset({":all:"}))
    if not only_binary and not settings.no_deps:
        raise CommandError(
            "When restricting platform and interpreter constraints using --python-version, --platform, "
            "--abi, or --implementation, either --no-deps must be set, or --only-binary=:all: must be set "
            "and --no-binary must not be set (or must be set to :none:)."
        )
    if installs and not settings.dry_run and not settings.target_dir:
        raise CommandError(
            "Can not use any platform or abi specific options unless installing via '--target' or "
            "using '--dry-run'"
        )


def resolve_options(settings: Settings, environment: Environment) -> ResolveOptions:
    """What changes which versions are chosen."""
    return ResolveOptions(
        upgrade=UpgradeStrategy(settings.upgrade_strategy) if settings.upgrade else UpgradeStrategy.NONE,
        force_reinstall=settings.force_reinstall,
        # pip: --target implies --ignore-installed.
        ignore_installed=settings.ignore_installed or settings.target_dir is not None,
        no_deps=settings.no_deps,
        only_deps=settings.only_deps,
        ignore_requires_python=settings.ignore_requires_python,
        prefer_binary=settings.prefer_binary,
        format_control=settings.format_control,
        release_control=_with_pre(settings),
        uploaded_prior_to=settings.uploaded_prior_to,
        tags=_tags(settings, environment),
        python_version=_full_version(settings.python_version),
        use_user_site=bool(settings.use_user_site),
    )


def _with_pre(settings: Settings) -> ReleaseControl:
    return ReleaseControl(all_releases=frozenset({":all:"})) if settings.pre else settings.release_control


def _tags(settings: Settings, environment: Environment) -> tuple[Tag, ...] | None:
    if not settings.restricts_platform:
        return None
    from safepip.resolve.foreign_tags import foreign_tags

    return foreign_tags(
        python_version=settings.python_version,
        platforms=settings.platforms,
        implementation=settings.implementation,
        abis=settings.abis,
        own_version=tuple(int(part) for part in environment.markers["python_version"].split(".")),
        own_implementation=_short_name(environment.markers["implementation_name"]),
    )


def _short_name(implementation: str) -> str:
    return {"cpython": "cp", "pypy": "pp", "ironpython": "ip", "jython": "jy"}.get(
        implementation, implementation
    )


def _full_version(parts: tuple[int, ...] | None) -> str | None:
    """Pad as pip does: what ``--python-version`` leaves out is zero (``normalize_version_info``)."""
    return None if parts is None else ".".join(str(part) for part in (*parts, 0, 0)[:3])


def _flag(options: Options) -> Callable[[str], bool]:
    return lambda dest: bool(options.value(dest))


def _text(options: Options) -> Callable[[str], str | None]:
    def text(dest: str) -> str | None:
        value = options.value(dest)
        return str(value) if value else None

    return text


def _choice(value: object) -> bool | None:
    return None if value is None else bool(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, Iterable) else ()


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _version(value: object) -> tuple[int, ...] | None:
    return tuple(value) if isinstance(value, tuple) else None


def _format_control(value: object) -> FormatControl:
    return FormatControl(
        no_binary=frozenset(getattr(value, "no_binary", ())),
        only_binary=frozenset(getattr(value, "only_binary", ())),
    )


def _release_control(value: object) -> ReleaseControl:
    return ReleaseControl(
        all_releases=frozenset(getattr(value, "all_releases", ())),
        only_final=frozenset(getattr(value, "only_final", ())),
    )
