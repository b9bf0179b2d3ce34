"""The rules: one module each, found by looking. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from safepip.rules.base import Rule

_NOT_RULES = frozenset({"base", "engine", "locations", "pages"})


@cache
def registry() -> Mapping[str, Rule[Any]]:
    """Every rule by id, sorted. ``pkgutil`` also looks into a zip file.

    Raises:
        TypeError: a module that does not hold exactly one rule, named as the module is.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    rules = [_rule(name) for name in names if name not in _NOT_RULES]
    return MappingProxyType({rule.id: rule for rule in rules})


def known_rules() -> dict[str, bool]:
    """Every rule id, and whether policy may switch it off or exempt something from it."""
    return {rule.id: rule.exemptible for rule in registry().values()}


def _rule(name: str) -> Rule[Any]:
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if len(found) != 1 or found[0].id != name.replace("_", "-"):
        raise TypeError(f"{module.__name__} must hold one rule with the id {name.replace('_', '-')!r}")
    rule: Rule[Any] = found[0]()
    return rule
