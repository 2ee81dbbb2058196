/* What a core does beyond memory and arithmetic: locks, stream, cascade, events.
 *
 * One source serves both cores: on an AIE core (Peano) each function is one builtin, on the
 * stand-in core (RV32) one `ecall`. All of them are barriers: no load or store moves across.
 *
 * Locks are numbered as the core sees them: 0-15 of the tile to the south, 16-31 west,
 * 32-47 north, 48-63 its own.
 */
#ifndef NPU_CORE_H
#define NPU_CORE_H

#include <stdint.h>

#ifdef __cplusplus
#define NPU_INLINE static inline __attribute__((always_inline))
extern "C" {
#else
#define NPU_INLINE static inline __attribute__((always_inline, unused))
#endif

#define NPU_CASCADE_BYTES 64

/* npu_printf tells, as C's printf does, what a kernel sees: on the emulator, with the core and its
 * time in front. On an NPU it takes no instruction. */
#define NPU_FORMAT __attribute__((__format__(__printf__, 1, 2)))

#if defined(__riscv)

/* Keep in step with softnpu.arch.standin.Service. */
enum npu_service {
  NPU_DONE = 0,
  NPU_ACQUIRE = 1,
  NPU_RELEASE = 2,
  NPU_PUT_STREAM = 3,
  NPU_GET_STREAM = 4,
  NPU_PUT_CASCADE = 5,
  NPU_GET_CASCADE = 6,
  NPU_EVENT = 7,
  NPU_SET_CONTROL_REGISTER = 8,
  NPU_DEBUG_I32 = 9,
  NPU_PUT_PACKET_HEADER = 10,
  NPU_PRINT = 11
};

typedef struct {
  uint32_t first, second;
} npu_reply;

NPU_INLINE npu_reply npu_call(uint32_t service, uint32_t first, uint32_t second) {
  register uint32_t a7 __asm__("a7") = service;
  register uint32_t a0 __asm__("a0") = first;
  register uint32_t a1 __asm__("a1") = second;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a7) : "memory");
  npu_reply reply = {a0, a1};
  return reply;
}

/* Waits as the lock unit does: value < 0 until the lock is at least -value, then adds value;
 * value >= 0 until the lock equals value. */
NPU_INLINE void npu_acquire(uint32_t lock, int32_t value) {
  npu_call(NPU_ACQUIRE, lock, (uint32_t)value);
}
NPU_INLINE void npu_release(uint32_t lock, int32_t value) {
  npu_call(NPU_RELEASE, lock, (uint32_t)value);
}
NPU_INLINE void npu_put_stream(uint32_t word, int tlast) {
  npu_call(NPU_PUT_STREAM, word, (uint32_t)tlast);
}
NPU_INLINE uint32_t npu_get_stream_last(int *tlast) {
  npu_reply reply = npu_call(NPU_GET_STREAM, 0, 0);
  *tlast = (int)(reply.second & 1);
  return reply.first;
}
NPU_INLINE void npu_put_packet_header(uint32_t id, uint32_t type) {
  npu_call(NPU_PUT_PACKET_HEADER, id, type);
}
NPU_INLINE void npu_put_cascade(const void *bytes) {
  npu_call(NPU_PUT_CASCADE, (uint32_t)(uintptr_t)bytes, 0);
}
NPU_INLINE void npu_get_cascade(void *bytes) {
  npu_call(NPU_GET_CASCADE, (uint32_t)(uintptr_t)bytes, 0);
}
NPU_INLINE void npu_event(uint32_t number) { npu_call(NPU_EVENT, number, 0); }
NPU_INLINE void npu_set_control_register(uint32_t number, uint32_t value) {
  npu_call(NPU_SET_CONTROL_REGISTER, number, value);
}
NPU_INLINE void npu_debug_i32(int32_t value) { npu_call(NPU_DEBUG_I32, (uint32_t)value, 0); }
NPU_FORMAT void npu_printf(const char *format, ...);

#elif defined(__AIENGINE__)

/* The builtins of llvm-aie: clang/include/clang/Basic/BuiltinsAIE.def and BuiltinsAIE2P.def. */
#if __AIEARCH__ == 21
#define NPU_BUILTIN(name) __builtin_aie2p_##name
#else
#define NPU_BUILTIN(name) __builtin_aiev2_##name
#endif

typedef int32_t npu_cascade_word __attribute__((__vector_size__(NPU_CASCADE_BYTES)));

NPU_INLINE void npu_acquire(uint32_t lock, int32_t value) {
  NPU_BUILTIN(acquire)(lock, (uint32_t)value);
}
NPU_INLINE void npu_release(uint32_t lock, int32_t value) { NPU_BUILTIN(release)(lock, value); }
NPU_INLINE void npu_put_stream(uint32_t word, int tlast) {
  NPU_BUILTIN(put_ms)((int)word, tlast);
}
NPU_INLINE uint32_t npu_get_stream_last(int *tlast) {
  int status;
  uint32_t word = (uint32_t)NPU_BUILTIN(get_ss)(status);
  *tlast = status & 1;
  return word;
}
#if __AIEARCH__ != 21 /* Peano has no such builtin for AIE2P. */
NPU_INLINE void npu_put_packet_header(uint32_t id, uint32_t type) {
  __builtin_aiev2_put_ms_packet_header(0, (int)id, (int)type);
}
#endif
NPU_INLINE void npu_put_cascade(const void *bytes) {
  npu_cascade_word word;
  __builtin_memcpy(&word, bytes, NPU_CASCADE_BYTES);
  NPU_BUILTIN(mcd_write_vec)(word, 1);
}
NPU_INLINE void npu_get_cascade(void *bytes) {
  npu_cascade_word word = NPU_BUILTIN(scd_read_vec)(1);
  __builtin_memcpy(bytes, &word, NPU_CASCADE_BYTES);
}
NPU_INLINE void npu_event(uint32_t number) {
  if (number)
    NPU_BUILTIN(event)(1);
  else
    NPU_BUILTIN(event)(0);
}

NPU_FORMAT NPU_INLINE __attribute__((diagnose_if(
    1, "npu_printf prints on the emulator only: here it does nothing", "warning"))) void
npu_printf(const char *format, ...) {
  (void)format;
}

#else
#error "npu_core.h serves AIE cores (Peano) and softnpu's stand-in cores (RV32) only"
#endif

/* Waits until the lock is at least `value`, then takes `value` from it. */
NPU_INLINE void npu_acquire_greater_equal(uint32_t lock, uint32_t value) {
  npu_acquire(lock, -(int32_t)value);
}
/* Waits until the lock is `value`, and takes nothing from it. */
NPU_INLINE void npu_acquire_equal(uint32_t lock, uint32_t value) {
  npu_acquire(lock, (int32_t)value);
}
NPU_INLINE uint32_t npu_get_stream(void) {
  int tlast;
  return npu_get_stream_last(&tlast);
}

#ifdef __cplusplus
}
#endif
#endif
