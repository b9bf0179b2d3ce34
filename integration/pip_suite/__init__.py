"""pip's own functional tests, with safepip in pip's place.

``python -m integration.pip_suite CHECKOUT`` copies a checkout of pip, makes the environments that its
tests need, lets safepip answer wherever a test starts pip, and says what came out: passed, failed, refused
by design, outside the measure. What may differ is data: ``differences.toml``, explained to users in
docs/reference/differences-from-pip.md.
"""
