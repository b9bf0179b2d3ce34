"""pip's connection options in force, as :class:`~safepip.flows.world.Transport`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.flows.world import Transport

if TYPE_CHECKING:
    from safepip.flows.world import Options, World


def read_transport(options: Options, world: World) -> Transport:
    """Only what somebody set; everything else keeps safepip's own ceilings."""
    timeout, retries = options.value("timeout"), options.value("retries")
    proxy, cache = options.value("proxy"), options.value("cache_dir")
    return Transport(
        timeout_seconds=float(timeout) if isinstance(timeout, int | float) else None,
        retries=retries if isinstance(retries, int) else None,
        proxy=str(proxy) if proxy else None,
        proxy_from_environment=not options.value("no_proxy_env"),
        keyring=options.value("keyring_provider") == "subprocess",
        # False after --no-cache-dir; pip's own default path is never ours.
        cache_dir=_cache_dir(cache, options, world),
    )


def _cache_dir(cache: object, options: Options, world: World) -> str | None:
    if cache is False:
        return None
    if options.items("cache_dir"):
        # pip: an empty --cache-dir keeps nothing either.
        return world.around.absolute(str(cache)) if cache else None
    return world.around.own_cache_dir
