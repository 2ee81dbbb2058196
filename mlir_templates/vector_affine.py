"""out = factor * in + offset, int32, where the host tells both numbers when the array runs.

They are no part of the xclbin: the cores' programs read them from a buffer that the runtime
sequence writes, so another pair is another `insts.bin`, and nothing is compiled for it.
"""

import numpy as np

from pipeline import In, Out

parameters = {"line": 256, "lines": 4, "settings": [[3, 100]]}
"""`settings` holds a factor and an offset for each stretch of `lines` lines."""
variants = {
    "one": {},
    "several": {"settings": [[-7, 1], [0, 2**31 - 1], [-(2**31), -1], [1, 0]]},
}


def buffers(p):
    shape = (len(p.settings), p.lines * p.line)
    return {"in": In(shape, "int32"), "out": Out(shape, "int32")}


def work(p):
    return {"ops": 2 * len(p.settings) * p.lines * p.line}


def reference(p, x):
    factors, offsets = np.array(p.settings, np.int32).T[..., None]
    return x * factors + offsets
