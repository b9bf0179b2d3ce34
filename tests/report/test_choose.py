import pytest

from safepip.report.choose import wants_color, wants_drawing


@pytest.mark.parametrize(
    "is_terminal, environ, no_color, wanted",
    [
        (True, {}, False, True),
        (True, {"TERM": "xterm"}, False, True),
        (False, {}, False, False),
        (True, {}, True, False),
        (True, {"NO_COLOR": "1"}, False, False),
        (True, {"NO_COLOR": ""}, False, True),
        (True, {"TERM": "dumb"}, False, False),
        (False, {"FORCE_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (True, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(is_terminal, environ, no_color, wanted):
    assert wants_color(is_terminal=is_terminal, environ=environ, no_color=no_color) is wanted


@pytest.mark.parametrize(
    "is_terminal, environ, wanted",
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"CI": "true"}, False),
        (True, {"NO_COLOR": "1"}, True),
    ],
)
def test_drawing(is_terminal, environ, wanted):
    assert wants_drawing(is_terminal=is_terminal, environ=environ) is wanted
