"""Lock files (``pylock.toml``, PEP 751): what they say, and where. Standard library and packaging only."""
