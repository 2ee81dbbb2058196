/* The scalar unit: 32-bit operations on r0 to r31. */
#ifndef NPU_SEMANTICS_SCALAR_H
#define NPU_SEMANTICS_SCALAR_H

#include "control.h"

/* add, adc, sub, sbc and abs set the carry (llvm-aie: Defs = [srCarry]); nothing else does. */

NPU_OP uint32_t npu_adc(uint32_t a, uint32_t b, npu_status *status)
{
    uint64_t sum = (uint64_t)a + b + status->carry;
    status->carry = (uint8_t)(sum >> 32);
    return (uint32_t)sum;
}

NPU_OP uint32_t npu_add(uint32_t a, uint32_t b, npu_status *status)
{
    status->carry = 0;
    return npu_adc(a, b, status);
}

/* The carry of a subtraction is what it borrowed: an sbc that nothing precedes borrows nothing
 * (NPU). */
NPU_OP uint32_t npu_sbc(uint32_t a, uint32_t b, npu_status *status)
{
    uint64_t difference = (uint64_t)a - b - status->carry;
    status->carry = (uint8_t)(difference >> 63);
    return (uint32_t)difference;
}

NPU_OP uint32_t npu_sub(uint32_t a, uint32_t b, npu_status *status)
{
    status->carry = 0;
    return npu_sbc(a, b, status);
}

NPU_OP uint32_t npu_abs(uint32_t a, npu_status *status)
{
    status->carry = a >> 31;
    return status->carry ? 0u - a : a;
}

NPU_OP uint32_t npu_add_nc(uint32_t a, uint32_t b) { return a + b; }
NPU_OP uint32_t npu_mul(uint32_t a, uint32_t b) { return a * b; }
NPU_OP uint32_t npu_and(uint32_t a, uint32_t b) { return a & b; }
NPU_OP uint32_t npu_or(uint32_t a, uint32_t b) { return a | b; }
NPU_OP uint32_t npu_xor(uint32_t a, uint32_t b) { return a ^ b; }

NPU_OP uint32_t npu_eq(uint32_t a, uint32_t b) { return a == b; }
NPU_OP uint32_t npu_ne(uint32_t a, uint32_t b) { return a != b; }
NPU_OP uint32_t npu_eqz(uint32_t a) { return a == 0; }
NPU_OP uint32_t npu_nez(uint32_t a) { return a != 0; }
NPU_OP uint32_t npu_lt(uint32_t a, uint32_t b) { return (int32_t)a < (int32_t)b; }
NPU_OP uint32_t npu_ge(uint32_t a, uint32_t b) { return (int32_t)a >= (int32_t)b; }
NPU_OP uint32_t npu_ltu(uint32_t a, uint32_t b) { return a < b; }
NPU_OP uint32_t npu_geu(uint32_t a, uint32_t b) { return a >= b; }

NPU_OP uint32_t npu_sel_eqz(uint32_t a, uint32_t b, uint32_t test) { return test == 0 ? a : b; }
NPU_OP uint32_t npu_sel_nez(uint32_t a, uint32_t b, uint32_t test) { return test != 0 ? a : b; }

NPU_OP uint32_t npu_extend_s8(uint32_t a) { return (uint32_t)(int8_t)a; }
NPU_OP uint32_t npu_extend_s16(uint32_t a) { return (uint32_t)(int16_t)a; }
NPU_OP uint32_t npu_extend_u8(uint32_t a) { return (uint8_t)a; }
NPU_OP uint32_t npu_extend_u16(uint32_t a) { return (uint16_t)a; }

/* Leading zeros; of 0: 32. */
NPU_OP uint32_t npu_clz(uint32_t a) { return a ? (uint32_t)__builtin_clz(a) : 32; }

/* Leading bits that are as the sign bit, which counts as well. */
NPU_OP uint32_t npu_clb(uint32_t a) { return npu_clz(a >> 31 ? ~a : a); }

/* Shifts go left by a positive amount, right by a negative one, of whose magnitude five bits
 * count (NPU). */
NPU_OP uint32_t npu_lshl(uint32_t a, uint32_t amount)
{
    return (int32_t)amount >= 0 ? a << (amount & 31) : a >> ((0u - amount) & 31);
}

NPU_OP uint32_t npu_ashl(uint32_t a, uint32_t amount)
{
    return (int32_t)amount >= 0 ? a << (amount & 31)
                                : (uint32_t)((int32_t)a >> ((0u - amount) & 31));
}

/* One step of a restoring division: the quotient grows in r31, of which the top bit moves into
 * the remainder. 32 steps, with the dividend in r31 and a remainder of 0, divide (NPU). */
NPU_OP uint32_t npu_divs(uint32_t remainder, uint32_t divisor, uint32_t *r31)
{
    uint32_t shifted = remainder << 1 | *r31 >> 31;
    uint32_t fits = shifted >= divisor;
    *r31 = *r31 << 1 | fits;
    return fits ? shifted - divisor : shifted;
}

#endif
