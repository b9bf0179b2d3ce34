"""A pip command line written anew from the values in force; nothing of the user's text is passed on.

For commands whose network part safepip has taken over: every option that says where to look, whom
to trust or what to keep has been decided and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from safepip.pipcompat.table import options_of

if TYPE_CHECKING:
    from safepip.flows.world import Options
    from safepip.pipcompat.argv import Invocation
    from safepip.pipcompat.option import Option

DECIDED = frozenset(
    {
        "index_url",
        "extra_index_urls",
        "no_index",
        "find_links",
        "trusted_hosts",
        "cert",
        "client_cert",
        "proxy",
        "no_proxy_env",
        "retries",
        "timeout",
        "cache_dir",
        "keyring_provider",
        "uploaded_prior_to",
        "refresh_package",
        "disable_pip_version_check",
        "python",
        "isolated_mode",
        "log",
        "require_venv",
        "features_enabled",
        "deprecated_features_enabled",
        "help",
        "version",
        "platforms",
        "python_version",
        "implementation",
        "abis",
        "ignore_requires_python",
        "pre",
    }
)
"""What safepip has taken into account already, by pip's ``dest``."""


def rederived(invocation: Invocation, options: Options, *, without: str = "") -> tuple[str, ...]:
    """The command and its options in force, in their long form with ``=``; positional words left out.

    Args:
        without: one more ``dest`` that has been taken into account.
    """
    command = str(invocation.command)
    wanted = (option for option in options_of(command) if option.dest != without)
    written = [text for option in wanted for text in _written(option, options)]
    # What pip would leave out as a pre-release has been left out of what it is shown.
    pre = ["--pre"] if any(option.dest == "pre" for option in options_of(command)) else []
    return (command, *written, *pre)


def _written(option: Option, options: Options) -> Iterator[str]:
    value = options.value(option.dest)
    if option.dest in DECIDED or option.action == "callback" or value in (None, option.default):
        return
    if option.action in {"store_true", "store_false"}:
        if value is (option.action == "store_true"):
            yield f"--{option.name}"
    elif option.action == "store_const":
        if value == option.const:
            yield f"--{option.name}"
    elif option.action == "count" and isinstance(value, int):
        yield from [f"--{option.name}"] * value
    elif isinstance(value, list | tuple):
        yield from (f"--{option.name}={item}" for item in value)
    else:
        yield f"--{option.name}={value}"
