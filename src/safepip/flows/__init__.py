"""Use cases: each command as a few calls over values and ports. No printing, no files, no network."""
