"""Figures as people write them."""

import pytest

from runner.figures import figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (6144.0, "6,144"),
        (1613073412, "1,613,073,412"),
        (6144.25, "6,144"),
        (999.96, "1,000"),
        (-12.3456, "-12.35"),
        (0.1, "0.1"),
        (0.0000523, "0.0000523"),
        (0.00000052, "5.2 \N{MULTIPLICATION SIGN} 10⁻⁷"),
        (-3.4028235e38, "-3.403 \N{MULTIPLICATION SIGN} 10³⁸"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_figure_is_written_without_an_exponent_that_programs_write(
    value: float, text: str
) -> None:
    assert figure(value) == text
