/* What a failed assert() of musl's <assert.h> calls: the core stops there. */
_Noreturn void __assert_fail(const char *what, const char *file, int line, const char *function) {
  (void)what, (void)file, (void)line, (void)function;
  __builtin_trap();
}
