"""pip's connection options in force, as :class:`~safepip.flows.world.Transport`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError, UsageError
from safepip.flows.world import Transport
from safepip.policy.urls import admits_url

_MOST = 1_000_000
"""Seconds, or attempts: more than a week of either."""

if TYPE_CHECKING:
    from safepip.core.index import Trust
    from safepip.core.ports import Files
    from safepip.flows.world import Options, World
    from safepip.policy.schema import Policy


def read_transport(options: Options, world: World) -> Transport:
    """Only what somebody set; everything else keeps safepip's own ceilings.

    Raises:
        UsageError: a number that nobody can mean.
        ConfigurationError: a proxy that nobody can speak to.
    """
    proxy, cache = _proxy(options), options.value("cache_dir")
    return Transport(
        timeout_seconds=_number(options, "timeout", least=0.001),
        retries=_count(options),
        proxy=proxy or None,
        # pip: --proxy "" means none at all, not even the environment's.
        proxy_from_environment=proxy is None and not options.value("no_proxy_env"),
        keyring=_asks_keyring(options),
        asks=not options.value("no_input"),
        # False after --no-cache-dir; pip's own default path is never ours.
        cache_dir=_cache_dir(cache, options, world),
    )


def _proxy(options: Options) -> str | None:
    """``--proxy``; an empty text asks for none. Raises ConfigurationError for a scheme nobody speaks."""
    said = options.value("proxy")
    text = None if said is None else str(said)
    scheme, separator, _ = (text or "").partition("://")
    if separator and scheme.lower() not in {"http", "https"}:
        raise ConfigurationError(
            f"the proxy cannot be used: its scheme is {scheme!r}, and only http and https are known",
            reference="proxy",
            origin=options.origin("proxy"),
            hint="write it as http://HOST:PORT or https://HOST:PORT",
        )
    return text


def _asks_keyring(options: Options) -> bool:
    """Whether the program may be asked. As pip: by default not where nothing may be asked of the person
    either, since a keyring may open a window. pip's ``import`` would run in pip's own environment.
    """
    provider = options.value("keyring_provider")
    return provider in {"import", "subprocess"} or (
        provider in {None, "auto"} and not options.value("no_input")
    )


def _count(options: Options) -> int | None:
    retries = _number(options, "retries", least=0)
    return None if retries is None else int(retries)


def _number(options: Options, dest: str, *, least: float) -> float | None:
    """What somebody set; a wait without end, or one that is over at once, is nobody's wish."""
    value = options.value(dest)
    if not isinstance(value, int | float):
        return None
    if not least <= value <= _MOST:
        raise UsageError(
            f"option --{dest}: must be from {least:g} to {_MOST:g}, not {value:g}",
            reference="usage",
            origin=options.origin(dest),
        )
    return value


def _cache_dir(cache: object, options: Options, world: World) -> str | None:
    if cache is False:
        return None
    if options.items("cache_dir"):
        # pip: an empty --cache-dir keeps nothing either.
        return world.around.absolute(str(cache)) if cache else None
    return world.around.own_cache_dir


def requirement_texts(transport: Transport, trust: Trust, policy: Policy, world: World) -> Files:
    """Local and remote requirement files; the client certificate is for indexes and stays away."""
    return world.texts(
        transport,
        replace(trust, client_cert=None),
        lambda url: admits_url(policy.urls_allow.value, url),
    )
