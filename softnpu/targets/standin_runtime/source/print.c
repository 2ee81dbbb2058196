/* npu_printf: the emulator reads the format and the arguments out of memory. */
#include <npu_core.h>
#include <stdarg.h>

void npu_printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  npu_call(NPU_PRINT, (uint32_t)(uintptr_t)format, (uint32_t)(uintptr_t)arguments);
  va_end(arguments);
}
