/* What AIE2P does with AIE2's operations: by halves of its wider accumulators, by other words. Part of
 * runtime.h. */
#ifndef NPU_AIE2P_H
#define NPU_AIE2P_H

/* Half an accumulator of AIE2P takes half of the first operand's rows. */
NPU_OP npu_y npu_rows(npu_x a, int half)
{
    npu_y rows = npu_vclr_y();
    rows.w[0] = a.w[half];
    return rows;
}

/* A vector's halves, of which each goes to half an accumulator of AIE2P or comes from one. */
NPU_OP npu_w npu_half(npu_x a, int half) { return a.w[half]; }

NPU_OP npu_x npu_beside(npu_w low, npu_w high)
{
    npu_x both;
    both.w[0] = low;
    both.w[1] = high;
    return both;
}

/* Two vectors, and one of them. */
NPU_OP npu_y npu_both(npu_x low, npu_x high)
{
    npu_y both;
    both.x[0] = low;
    both.x[1] = high;
    return both;
}

NPU_OP npu_x npu_one(npu_y both, int high) { return both.x[high]; }

/* Conversions of AIE2P: between half an accumulator and half a vector, between a whole one's half
 * and a whole one. */
NPU_OP npu_x npu_vconv_fp32_bf16_b(npu_w a) { return npu_vconv_fp32_bf16(a); }

NPU_OP npu_y npu_vconv_fp32_bf16_c(npu_x a)
{
    npu_y out;
    for (int half = 0; half < 2; half++)
        out.x[half] = npu_vconv_fp32_bf16(a.w[half]);
    return out;
}

NPU_OP npu_w npu_vconv_bf16_fp32_b(npu_x a, npu_control c, npu_status *status)
{
    return npu_vconv_bf16_fp32(a, c, status);
}

NPU_OP npu_x npu_vconv_bf16_fp32_c(npu_y a, npu_control c, npu_status *status)
{
    npu_w low = npu_vconv_bf16_fp32(a.x[0], c, status);
    return npu_beside(low, npu_vconv_bf16_fp32(a.x[1], c, status));
}

/* What AIE2P's configuration words may say (llvm-aie, aie2p_vmult.h, aie2p_vadd.h): matrix products,
 * row by row (AIE API, mmul), of 8 x 8 by 8 x 8 bytes in 32 bits; of 16 by 8 bits, 8 x 4 by 4 x 8 in
 * 32 bits and 4 x 8 by 8 x 8 in 64; sums of lanes of 32 or 64 bits. Each is AIE2's of the same amode,
 * bmode and variant, with twice as many rows. Bit 0 and bits 8 to 13 as AIE2's, but for the shift.
 * Other words are not modelled. */
NPU_OP uint32_t npu_configured(npu_core *s, uint32_t conf, uint32_t free, uint32_t wanted,
                               uint32_t pc)
{
    if ((conf & ~free) != wanted)
        npu_fail(s, NPU_FAULT_OPERATION, pc, 0);
    return conf;
}

NPU_OP uint32_t npu_products_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    uint32_t modes = conf & 0xfe;
    uint32_t known = modes == 2 << 3 || modes == (1 << 1 | 2 << 3) ? modes : 1 << 3;
    return npu_configured(s, conf, 0x3b01, known, pc);
}

NPU_OP uint32_t npu_sums_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    return npu_configured(s, conf, 0x3803, 0, pc);
}

/* A mode of a shuffle, of those that llvm-aie names (aie2p_enums.h). */
NPU_OP uint32_t npu_shuffled(npu_core *s, uint32_t mode, uint32_t pc)
{
    if ((mode & 63) >= NPU_SHUFFLE_MODES_AIE2P)
        npu_fail(s, NPU_FAULT_OPERATION, pc, 0);
    return mode;
}

/* A quarter of a vector in all four (llvm-aie, aie2p_upd_ext.h, broadcast_elem_128). */
NPU_OP npu_x npu_vextbcst_128(npu_x a, uint32_t index)
{
    npu_x out;
    for (int i = 0; i < 8; i++)
        out.u64[i] = a.u64[(index & 3) * 2 + (i & 1)];
    return out;
}

/* Products of bfloat16 lane by lane, 32 of an x or 64 of a y register: the word of amode 2, bmode 3,
 * variant 1, as AIE2's (the AIE API's mul_elem_32 and mul_elem_64; public kernels for npu2 use 60).
 * Rounded as AIE2 rounds a sum of two. Half an accumulator for each 32. */
NPU_OP uint32_t npu_lanes_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    return npu_configured(s, conf, 0x3801, 60, pc);
}

/* Sums of fp32: amode 2, whatever the fields of products say. */
NPU_OP uint32_t npu_floats_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    return npu_configured(s, conf, ~6u, 4, pc);
}

#define NPU_LANES_OF(name, parameters, arguments)                                                 \
    NPU_OP npu_y npu_v##name##_lanes(NPU_PASTE parameters npu_x a, npu_x b, uint32_t conf,        \
                                     npu_status *status)                                          \
    {                                                                                             \
        npu_y out;                                                                                \
        for (int i = 0; i < 2; i++) {                                                             \
            npu_y by = npu_vclr_y();                                                              \
            npu_x lanes = npu_vclr_x();                                                           \
            by.w[0] = a.w[i];                                                                     \
            lanes.w[0] = b.w[i];                                                                  \
            out.x[i] = npu_v##name##_f(NPU_PASTE arguments by, lanes, npu_no_mask(), conf, status); \
        }                                                                                         \
        return out;                                                                               \
    }
#define NPU_LANES_ONTO(name) NPU_LANES_OF(name, (npu_y first, ), (first.x[i], ))
#define NPU_LANES_TWO(name)                                                                       \
    NPU_LANES_OF(name, (npu_y first, npu_y second, ), (first.x[i], second.x[i], ))
NPU_LANES_OF(mul, (), ())
NPU_LANES_OF(negmul, (), ())
NPU_LANES_ONTO(mac)
NPU_LANES_ONTO(msc)
NPU_LANES_TWO(addmac)
NPU_LANES_TWO(addmsc)
NPU_LANES_TWO(submac)
NPU_LANES_TWO(submsc)

#define NPU_FLOATS(name)                                                                          \
    NPU_OP npu_y npu_v##name##_floats(npu_y first, npu_y second, uint32_t conf, npu_status *status) \
    {                                                                                             \
        npu_y out;                                                                                \
        for (int i = 0; i < 2; i++)                                                               \
            out.x[i] = npu_v##name##_f(first.x[i], second.x[i], conf, status);                    \
        return out;                                                                               \
    }
NPU_FLOATS(add)
NPU_FLOATS(sub)
NPU_FLOATS(negadd)
NPU_FLOATS(negsub)

/* Block floating point, bfp16ebs8: eight bytes, two's complement, with one exponent: m * 2^(e - 133).
 * Measured on an XDNA2 NPU (MicroPerceptron/virtio-accel, research/bfp16ebs8): the largest exponent
 * field among the eight is the block's, denormals are 0, infinities and NaNs are what their fields
 * say, crRnd rounds in all its ten modes, and where that makes 128 of a mantissa the exponent is one
 * more (-128 stays). Of srF2BFlags nothing is published: they stay as they are. */
NPU_OP int npu_mantissa(uint32_t bits, uint32_t exponent, npu_control c)
{
    uint32_t field = bits >> 23 & 0xff;
    if (!field)
        return 0;
    uint64_t magnitude = (uint64_t)(bits & 0x7fffff | 0x800000) << 16;
    uint32_t shift = 17 + 16 + (exponent - field > 30 ? 30 : exponent - field);
    uint64_t kept = magnitude >> shift, rest = magnitude & ((UINT64_C(1) << (shift - 1)) - 1);
    kept += (uint64_t)npu_round_magnitude(c.rnd, (int)(bits >> 31), kept & 1,
                                          magnitude >> (shift - 1) & 1, rest != 0);
    return bits >> 31 ? -(int)kept : (int)kept;
}

NPU_OP npu_x npu_vconv_bfp16ebs8(npu_y low, npu_y high, npu_control c, uint64_t *exponents)
{
    npu_x out;
    *exponents = 0;
    for (int block = 0; block < 8; block++) {
        const uint32_t *from = (block < 4 ? low : high).u32 + block % 4 * 8;
        uint32_t exponent = 0, over = 0;
        for (int i = 0; i < 8; i++) {
            uint32_t field = from[i] >> 23 & 0xff;
            exponent = field > exponent ? field : exponent;
        }
        for (int i = 0; i < 8; i++)
            over |= npu_mantissa(from[i], exponent, c) > 127;
        exponent += over;
        for (int i = 0; i < 8; i++)
            out.u8[block * 8 + i] = (uint8_t)npu_mantissa(from[i], exponent, c);
        *exponents |= (uint64_t)exponent << block * 8;
    }
    return out;
}

/* Rows of one by rows of another, 8 x 8 times the transposed 8 x 8, half an accumulator for four rows
 * (same measurements: exact where fp32 has the sum). A block's eight products are added exactly here,
 * then to the accumulator as AIE2 adds fp32: how an AIE2P NPU rounds what fp32 has not is not
 * published, nor what it makes of infinite blocks, which are refused. The word is amode 2, bmode 1,
 * both operands signed (780 in public kernels). */
NPU_OP uint32_t npu_blocks_of(npu_core *s, uint32_t conf, uint64_t a, uint64_t b, uint32_t pc)
{
    for (int block = 0; block < 8; block++)
        if ((a >> block * 8 & 0xff) == 0xff || (b >> block * 8 & 0xff) == 0xff)
            npu_fail(s, NPU_FAULT_OPERATION, pc, 0);
    return npu_configured(s, conf, 0x3801, 780, pc);
}

NPU_OP npu_y npu_products_of_blocks(npu_x a, uint64_t of_a, npu_x b, uint64_t of_b, int half)
{
    npu_y out;
    for (int i = 0; i < 4; i++) {
        int row = 4 * half + i;
        for (int column = 0; column < 8; column++) {
            int32_t sum = 0;
            for (int k = 0; k < 8; k++)
                sum += (int8_t)a.u8[row * 8 + k] * (int8_t)b.u8[column * 8 + k];
            int power = (int)(of_a >> row * 8 & 0xff) + (int)(of_b >> column * 8 & 0xff) - 266;
            uint64_t bits = (uint64_t)(power + 1023) << 52;
            double scale;
            __builtin_memcpy(&scale, &bits, 8);
            float value = (float)(sum * scale);
            __builtin_memcpy(&out.u32[i * 8 + column], &value, 4);
        }
    }
    return out;
}

/* Bits 11 to 13 as in other products: where a name inverts bit 11, `inverted` does. */
NPU_OP npu_y npu_onto_blocks(npu_y first, npu_y products, uint32_t conf, uint32_t inverted,
                             npu_status *status)
{
    npu_y out;
    uint32_t sums = 4 | (conf & 0x1001) | ((conf ^ inverted) & 0x800) << 2;
    for (int i = 0; i < 2; i++)
        out.x[i] = npu_vadd_f(first.x[i], products.x[i], sums, status);
    return out;
}

#endif
