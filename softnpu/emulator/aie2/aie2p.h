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

/* What AIE2P's configuration words may say (llvm-aie, aie2p_vmult.h, aie2p_vadd.h): products of 8 x
 * 8 by 8 x 8 bytes in 32 bits, row by row (AIE API, mmul), sums of lanes of 32 or 64 bits; bit 0
 * and bits 8 to 13 as AIE2's, but for the shift. Other words are not modelled. */
NPU_OP uint32_t npu_configured(npu_core *s, uint32_t conf, uint32_t free, uint32_t wanted,
                               uint32_t pc)
{
    if ((conf & ~free) != wanted)
        npu_fail(s, NPU_FAULT_OPERATION, pc, 0);
    return conf;
}

NPU_OP uint32_t npu_products_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    return npu_configured(s, conf, 0x3b01, 1 << 3, pc);
}

NPU_OP uint32_t npu_sums_of(npu_core *s, uint32_t conf, uint32_t pc)
{
    return npu_configured(s, conf, 0x3803, 0, pc);
}

/* Of AIE2P's modes of a shuffle those that AIE2 has as well, by the same names and numbers (llvm-aie,
 * aie2p_enums.h): of the others nobody has published what they do. */
NPU_OP uint32_t npu_shuffled(npu_core *s, uint32_t mode, uint32_t pc)
{
    if ((mode & 63) >= NPU_SHUFFLE_MODES)
        npu_fail(s, NPU_FAULT_OPERATION, pc, 0);
    return mode;
}

#endif
