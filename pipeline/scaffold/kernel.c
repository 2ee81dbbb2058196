// NAME: what runs on a core of the NPU, in plain C.
//
// The design calls this function once for every line of the stream. Its arguments are buffers in
// the core's own 64 KB of memory; nothing else of the host can be seen from here.
//
// - LINE, A and B are parameters: mlir_templates/NAME.py declares them, and each reaches this file
//   as a macro in capitals.
// - Large local arrays need stack: the build adds up what the core needs and says which
//   stack_size to write when 1,024 bytes are not enough. `static` arrays take memory instead.
// - npu_printf("x[0] is %d", x[0]); of <npu_core.h> shows what the kernel sees, on the emulator.
// - An index that leaves its buffer, on the emulator, ends the run with buffer, index and line
//   (`npuforge test_emu --memcheck` looks at all accesses, else at the first million).
// - The core has no operating system and no heap; use <stdint.h> and the like.

#include <stdint.h>

void NAME(const int32_t *restrict x, int32_t *restrict y) {
    for (int i = 0; i < LINE; i++)
        y[i] = (int32_t)((uint32_t)A * (uint32_t)x[i] + (uint32_t)B);
    // (Unsigned, so that an overflow wraps, as it does in the numpy reference.)
}
