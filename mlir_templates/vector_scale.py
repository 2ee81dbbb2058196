"""out = FACTOR * in, int32: one worker scales a stream line by line."""

from pipeline import In, Out

parameters = {"n": 4096, "line": 1024, "factor": 3}
variants = {"small": {}, "large": {"n": 65536, "factor": -7}}


def buffers(p):
    return {"in": In(p.n, "int32"), "out": Out(p.n, "int32")}


def work(p):
    return {"ops": p.n}


def reference(p, x):
    return x * x.dtype.type(p.factor)
