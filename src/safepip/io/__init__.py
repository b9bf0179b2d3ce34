"""The world: implements :mod:`safepip.core.ports`. Only ``cli/wiring.py`` imports from here."""
