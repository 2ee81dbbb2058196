"""How a message is laid out: long lines wrap below themselves, drawn ones stay as they are."""

import re

from markupsafe import Markup

from pipeline.report.saying import said

MESSAGE = """\
k.c:9:32: error: expected ';' after <expression>
    9 |         y[i] = GELU[x[i] + 128]
      |                                ^
a.mlir:28:9: error: no such op
        aie.objectfifo.relase @a(Consume, 1)
        ^~~~~~~~~~~~~~~~~~~~~
  controller waits for a token
y: [3:5] expected 1 22
y: [3:5] got      1  0
y: +---+
y: |.@ |
"""


def test_a_line_wraps_unless_it_is_drawn_below_another() -> None:
    drawn = re.findall(r'<span class="drawn">(.*)\n', said(MESSAGE))
    assert [line.strip() for line in drawn] == [
        "9 |         y[i] = GELU[x[i] + 128]",
        "|                                ^",
        "aie.objectfifo.relase @a(Consume, 1)",
        "^~~~~~~~~~~~~~~~~~~~~",
        "y: [3:5] expected 1 22",
        "y: [3:5] got      1  0",
        "y: +---+",
        "y: |.@ |",
    ]
    assert '<span style="--in:2">  controller waits for a token\n' in said(MESSAGE)


def test_nothing_that_is_said_is_lost_or_becomes_markup() -> None:
    text = said(MESSAGE)
    assert "<expression>" not in text
    assert Markup(re.sub(r"</?span[^>]*>", "", text)).unescape() == MESSAGE
