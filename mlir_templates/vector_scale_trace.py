"""vector_scale, traced: out = FACTOR * in, int32, and what the array's trace units saw of it."""

from pipeline import In, Out

parameters = {"n": 4096, "line": 512, "factor": 3, "mode": "Event-Time", "trace_bytes": 8192}
variants = {"time": {}, "pc": {"mode": "Event-PC", "trace_bytes": 32768}}


def buffers(p):
    return {"in": In(p.n, "int32"), "out": Out(p.n, "int32")}


def work(p):
    return {"ops": p.n}


def reference(p, x):
    return x * x.dtype.type(p.factor)
