"""Tests of safepip; each folder mirrors a package of the source tree."""
