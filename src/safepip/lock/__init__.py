"""Lock files (``pylock.toml``, PEP 751): what they say, and where; how answers become one.

Standard library, packaging, and for writing tomli_w.
"""
