"""PROJECT: kernels and designs for AMD NPUs. `npuforge --help` tells what can be done here.

The task graph, from C kernel and MLIR design to a checked run, is npuforge's; tasks of your own go
below, as functions (pydoit.org tells how).
"""

from pipeline.tasks import *
