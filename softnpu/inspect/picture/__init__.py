"""The configured array as a picture: `draw` gives SVG text.

Tiles stand as on the device, the shim row at the bottom; each has its core or memory at the top
left and its stream switch at the bottom right. Streams pass between switches in the streets
beside the tiles' contents, so that no line hides anything.
"""

from softnpu.inspect.picture.drawing import STYLE, draw, width

__all__ = ["STYLE", "draw", "width"]
