/* Compressed and sparse data on their way from memory: a mask, then a byte for each set bit.
 *
 * UG1583 (AI Engine-ML Intrinsics), Compressed Load Operations and Compressed Sparse Load
 * Operations; aie_api, Sparse Vector Input Buffer Streams.
 */
#ifndef NPU_SEMANTICS_DECOMPRESS_H
#define NPU_SEMANTICS_DECOMPRESS_H

#include "control.h"

/* The bytes at their places, zeros between them. */
NPU_OP void npu_spread(uint8_t *out, uint64_t mask, const uint8_t *bytes, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = mask >> i & 1 ? *bytes++ : 0;
}

/* vldb.compr: 32 bytes. */
NPU_LARGE_OP npu_w npu_decompress(uint32_t mask, const uint8_t *bytes)
{
    npu_w out;
    npu_spread(out.u8, mask, bytes, 32);
    return out;
}

/* vldb.sparse: of every four elements the two that are there, the lower one in front. An element
 * has 8 bits, or 16 and two bits of the mask, of which one is enough; two of 4 bits are one of 8.
 * A single one of the places 0 and 1 is the first, one of 2 and 3 the second. A mask that keeps
 * more sets a flag, and the upper two remain (UG1583 shows that of 0111 alone: a multiplication
 * skips them all). */
NPU_LARGE_OP npu_w npu_decompress_sparse(uint64_t mask, const uint8_t *bytes, int bits,
                                   npu_status *status)
{
    npu_w out;
    uint8_t all[64];
    uint32_t size = bits == 16 ? 2 : 1;
    __builtin_memset(&out, 0, sizeof out);
    npu_spread(all, mask, bytes, 64);
    for (uint32_t group = 0; group < 16 / size; group++) {
        int kept[2] = {-1, -1};
        uint32_t count = 0;
        for (int place = 0; place < 4; place++) {
            uint32_t at = (group * 4 + (uint32_t)place) * size;
            if (!(mask >> at & (size == 2 ? 3 : 1)))
                continue;
            kept[0] = kept[1];
            kept[1] = place;
            count++;
        }
        status->sparse_of |= count > 2;
        if (count == 1 && kept[1] < 2) {
            kept[0] = kept[1];
            kept[1] = -1;
        }
        for (uint32_t i = 0; i < 2; i++)
            if (kept[i] >= 0)
                __builtin_memcpy(&out.u8[(group * 2 + i) * size],
                                 &all[(group * 4 + (uint32_t)kept[i]) * size], size);
    }
    return out;
}

#endif
