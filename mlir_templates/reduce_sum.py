"""The sum of each line of an int32 stream."""

from pipeline import In, Out

parameters = {"n": 4096, "line": 1024}
variants = {"n4096": {}}


def buffers(p):
    return {"in": In(p.n, "int32"), "out": Out(p.n // p.line, "int32")}


def work(p):
    return {"ops": p.n}


def reference(p, x):
    return x.reshape(-1, p.line).sum(axis=1, dtype=x.dtype)
