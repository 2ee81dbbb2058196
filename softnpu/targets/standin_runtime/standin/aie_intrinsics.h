/* What Peano includes before every kernel, as far as a stand-in core has it.
 *
 * Peano's driver adds aiev2intrin.h or aie2pintrin.h to each source (llvm-aie,
 * clang/lib/Driver/ToolChains/AIE.cpp), so kernels rely on its names without an #include.
 * Here: the scalar types, the loop hints (which say nothing to this compiler), events, and in
 * C++ locks, streams, whole-vector cascade transfers, and the vector intrinsics.
 */
#ifndef STANDIN_AIE_INTRINSICS_H
#define STANDIN_AIE_INTRINSICS_H

#include <stdbool.h>
#include <stdint.h>

#include <npu_core.h>

#define restrict __restrict

typedef int8_t int8;
typedef int16_t int16;
typedef int32_t int32;
typedef uint8_t uint8;
typedef uint16_t uint16;
typedef uint32_t uint32;
typedef __bf16 bfloat16;

#define chess_assert(x) ((void)(x))
#define chess_const(x) __builtin_constant_p(x)
#define chess_copy(x) x
#define chess_dont_chain(x) (x)
#define chess_manifest(x) (__builtin_constant_p(x) && (x) != 0)
#define chess_flatten_loop
#define chess_keep_sw_loop
#define chess_no_hw_loop
#define chess_no_warn_pipelining
#define chess_no_warn_unroll
#define chess_output
#define chess_prepare_for_pipelining
#define chess_protect_access
#define chess_unroll_loop_preamble
#define chess_error(...)
#define chess_extra_options(...)
#define chess_loop_count(...)
#define chess_loop_range(...)
#define chess_modulo_scheduling_budget_ratio(...)
#define chess_peel_pipelined_loop(...)
#define chess_pipeline_adjust_preamble(...)
#define chess_pipeline_initiation_interval(...)
#define chess_pipeline_non_leaf_loop_solution(...)
#define chess_property(...)
#define chess_require_pipelining(...)
#define chess_separator(...)
#define chess_separator_scheduler(...)
#define chess_separator_scheduler_local(...)
#define chess_storage(...)
#define chess_unroll_loop(...)
#define chess_warning(...)

/* Loop hints of Peano's own: here they become ones that change nothing. */
#define min_iteration_count(x) interleave(disable)
#define max_iteration_count(x) distribute(disable)

NPU_INLINE void event0(void) { npu_event(0); }
NPU_INLINE void event1(void) { npu_event(1); }

#ifndef __cplusplus
/* C has the types and clang's operators on them, as with Peano; the intrinsics are C++. */
#define STANDIN_VECTOR(type, name, bytes) typedef type name __attribute__((__vector_size__(bytes)))
#define STANDIN_VECTORS(type, name, n128, n256, n512, n1024)                                       \
  STANDIN_VECTOR(type, v##n128##name, 16);                                                         \
  STANDIN_VECTOR(type, v##n256##name, 32);                                                         \
  STANDIN_VECTOR(type, v##n512##name, 64);                                                         \
  STANDIN_VECTOR(type, v##n1024##name, 128)
STANDIN_VECTORS(int8_t, int8, 16, 32, 64, 128);
STANDIN_VECTORS(uint8_t, uint8, 16, 32, 64, 128);
STANDIN_VECTORS(int16_t, int16, 8, 16, 32, 64);
STANDIN_VECTORS(uint16_t, uint16, 8, 16, 32, 64);
STANDIN_VECTORS(int32_t, int32, 4, 8, 16, 32);
STANDIN_VECTORS(uint32_t, uint32, 4, 8, 16, 32);
STANDIN_VECTORS(__bf16, bfloat16, 8, 16, 32, 64);
STANDIN_VECTORS(float, float, 4, 8, 16, 32);

#else

NPU_INLINE void acquire_equal(unsigned id, unsigned value) { npu_acquire_equal(id, value); }
NPU_INLINE void acquire_greater_equal(unsigned id, unsigned value) {
  npu_acquire_greater_equal(id, value);
}
NPU_INLINE void release(unsigned id, int value) { npu_release(id, value); }

NPU_INLINE void put_ms(int word, int tlast = 0) { npu_put_stream((uint32_t)word, tlast); }
NPU_INLINE int get_ss() { return (int)npu_get_stream(); }
NPU_INLINE int get_ss(bool &tlast) {
  int last;
  int word = (int)npu_get_stream_last(&last);
  tlast = last;
  return word;
}
NPU_INLINE void put_ms_packet_header(unsigned id, unsigned type) {
  npu_put_packet_header(id, type);
}

#include <aie_api/standin/macros_off.hpp>
/* A vector of 128 bytes crosses the cascade as two transfers, lower half first. */
template <typename V> NPU_INLINE void put_mcd(V value, int = 1) {
  static_assert(sizeof(V) % NPU_CASCADE_BYTES == 0, "a cascade transfer has 64 bytes");
  for (unsigned i = 0; i < sizeof(V); i += NPU_CASCADE_BYTES)
    npu_put_cascade((const char *)&value + i);
}
template <typename V> NPU_INLINE V standin_get_scd() {
  V value;
  for (unsigned i = 0; i < sizeof(V); i += NPU_CASCADE_BYTES)
    npu_get_cascade((char *)&value + i);
  return value;
}
#include <aie_api/standin/macros_on.hpp>

/* The tile's registers, as far as the tile lets its core reach them. */
#define STANDIN_REGISTERS_START 0x80000u
NPU_INLINE void write_tm(uint32_t value, uint32_t address,
                         uint32_t start = STANDIN_REGISTERS_START) {
  *(volatile uint32_t *)(uintptr_t)(start + address) = value;
}
NPU_INLINE uint32_t read_tm(uint32_t address, uint32_t start = STANDIN_REGISTERS_START) {
  return *(volatile uint32_t *)(uintptr_t)(start + address);
}

#define __aie_dm_resource_a
#define __aie_dm_resource_b
#define __aie_dm_resource_c
#define __aie_dm_resource_d
#define __aie_dm_resource_stack
#define __builtin_aiev2_sched_barrier() ((void)0)
#define __builtin_aie2p_sched_barrier() ((void)0)

#include <aie_api/standin/macros_off.hpp>
#include <aie_api/standin/intrinsics.hpp>
#include <aie_api/standin/macros_on.hpp>

#endif
#endif
