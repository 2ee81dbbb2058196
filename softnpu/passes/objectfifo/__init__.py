"""The lowering of objectfifos, step by step; `objectfifo_stateful_transform` runs the steps.

state     what the steps know: who is linked to whom, which buffers and locks a fifo has got
sharing   which ends share a memory, and so which fifos need DMAs
split     one fifo per end where DMAs are needed
elements  buffers and locks
channels  DMA channels
programs  buffer descriptor chains
routes    flows and the shim's allocations
unrolling, runtime_index    which buffer a core means: known when compiling, or when running
rotation  cores that lose count of their objects, warned of
accesses  acquire, release and access become locks and buffers

The order in which ops are made, their names and numbers are those of mlir-aie
(AIEObjectFifoStatefulTransform.cpp), for addresses and descriptors follow from them.
"""
