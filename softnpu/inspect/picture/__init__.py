"""The configured array as a picture: `draw` gives SVG text, `draw_all` that of several.

Tiles stand as on the device, the shim row at the bottom; each has its core or memory at the top
left and its stream switch at the bottom right. Streams pass between switches in the streets
beside the tiles' contents, so that no line hides anything.
"""

from softnpu.inspect.picture.drawing import STYLE, draw, width
from softnpu.inspect.picture.stack import Captioned, draw_all

__all__ = ["STYLE", "Captioned", "draw", "draw_all", "width"]
