"""C = A B, bfloat16, summed in float. The DMA lays the matrices out in the core's blocks."""

from pipeline import In, Out, ulp

parameters = {"n": 64}
variants = {"n64": {}}

# A float sum of 64 products is off by 64 units of 2**-24 of their size, which is up to 64 * 64 for
# the vectors here; beyond that there is the rounding of the result.
checks = {"c": ulp(1, absolute=2.0**-8)}


def buffers(p):
    square = (p.n, p.n)
    return {
        "a": In(square, "bfloat16"),
        "b": In(square, "bfloat16"),
        "c": Out(square, "bfloat16"),
    }


def work(p):
    return {"ops": 2 * p.n**3}


def reference(p, a, b):
    return a.astype("float64") @ b.astype("float64")
