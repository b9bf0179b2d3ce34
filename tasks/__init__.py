"""Scripts for developers: checks, generators, locks, measurements. Run as ``python -m tasks.NAME``."""
