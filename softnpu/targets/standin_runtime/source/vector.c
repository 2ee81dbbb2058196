/* Hands a command to the core's vector unit. Everything that works on vectors comes through here,
 * which is how the linker knows that a program does (softnpu.arch.standin.VECTOR_ENTRY). */
#include <vector_unit.h>

void standin_vector(uint32_t operation, uint32_t lanes, void *out, const void *a, const void *b,
                    const void *c, int32_t x, int32_t y) {
  npu_vector_command command = {operation,
                                lanes,
                                (uint32_t)(uintptr_t)out,
                                (uint32_t)(uintptr_t)a,
                                (uint32_t)(uintptr_t)b,
                                (uint32_t)(uintptr_t)c,
                                x,
                                y};
  __asm__ volatile("sw %0, 0(%1)" : : "r"(&command), "r"(NPU_VECTOR_UNIT) : "memory");
}
