"""sum = a + b, int32: one worker adds two streams line by line."""

from pipeline import In, Out

parameters = {"n": 4096, "line": 256}


def buffers(p):
    return {"a": In(p.n, "int32"), "b": In(p.n, "int32"), "sum": Out(p.n, "int32")}


def work(p):
    return {"ops": p.n}


def reference(p, a, b):
    return a + b
