"""The world: implements :mod:`safepip.core.ports`. Only ``cli/wiring`` imports from here."""
