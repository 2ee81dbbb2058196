"""y = A * x + B, int32."""

from pipeline import In, Out

# Names and default values. Each is a variable of the template ({{ line }}) and a macro of the C
# file (LINE). `variants` names further settings: each becomes an artifact of its own.
parameters = {"n": 4096, "line": 1024, "a": 5, "b": -3}
variants = {"small": {}, "large": {"n": 65536}}


def buffers(p):
    """The host's buffers, in the order of the runtime sequence's arguments."""
    return {"x": In(p.n, "int32"), "y": Out(p.n, "int32")}


def reference(p, x):
    """What y should be, in numpy, from the inputs; written without a look at the C file."""
    return x * x.dtype.type(p.a) + x.dtype.type(p.b)


# Integers must be equal, floats close to it by their type. To ask for less, or more, of an output
# (exact, absolute, relative, ulp, correlation and snr, all imported from pipeline):
#
# checks = {"y": absolute(1)}
#
# For the rates that `npuforge bench` shows, what one run does:
#
# def work(p):
#     return {"ops": 2 * p.n}
#
# Every design runs on random values, on the edges of its type, on zeros and on an impulse. For
# inputs of your own:
#
# def vectors(p, rng):
#     return {"ramp": {"x": np.arange(p.n, dtype=np.int32)}}
