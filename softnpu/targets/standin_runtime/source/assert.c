/* What a failed assert() of musl's <assert.h> calls: the core says so, and stops there. */
#include <npu_core.h>

_Noreturn void __assert_fail(const char *what, const char *file, int line, const char *function) {
  npu_printf("%s:%d: %s: assertion '%s' failed", file, line, function, what);
  __builtin_trap();
}
