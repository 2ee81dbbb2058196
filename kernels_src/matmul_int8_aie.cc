// C = clip8((A B) >> 7) for square int8 matrices of N rows, in blocks of the vector unit's size.
//
// The DMA lays the matrices out in blocks: A and C in ROWS x 8 (4, on AIE-ML v2 8), B in 8 x 8;
// blocks and what is in them go row by row. Four blocks of C grow at a time, so that each block
// that is loaded serves twice.

#include <aie_api/aie.hpp>
#include <stdint.h>

using Block = aie::mmul<ROWS, 8, 8, int8, int8>;

static_assert(N % 16 == 0, "N must be a multiple of 16");

static inline auto load_a(const int8_t *a, int row, int k) {
    return aie::load_v<Block::size_A>(a + (row * (N / 8) + k) * Block::size_A);
}

static inline auto load_b(const int8_t *b, int k, int column) {
    return aie::load_v<Block::size_B>(b + (k * (N / 8) + column) * Block::size_B);
}

static inline void store(int8_t *c, int row, int column, const Block &block) {
    aie::store_v(c + (row * (N / 8) + column) * Block::size_C, block.to_vector<int8>(7));
}

extern "C" void matmul(
    const int8_t *__restrict a, const int8_t *__restrict b, int8_t *__restrict c) {
    aie::set_rounding(aie::rounding_mode::floor);  // as >> does
    aie::set_saturation(aie::saturation_mode::saturate);
    for (int row = 0; row < N / ROWS; row += 2) {
        for (int column = 0; column < N / 8; column += 2) {
            Block c00(aie::zeros<acc32, Block::size_C>()), c01(c00), c10(c00), c11(c00);
            for (int k = 0; k < N / 8; k++) {
                const auto a0 = load_a(a, row, k), a1 = load_a(a, row + 1, k);
                const auto b0 = load_b(b, k, column), b1 = load_b(b, k, column + 1);
                c00.mac(a0, b0);
                c01.mac(a0, b1);
                c10.mac(a1, b0);
                c11.mac(a1, b1);
            }
            store(c, row, column, c00);
            store(c, row, column + 1, c01);
            store(c, row + 1, column, c10);
            store(c, row + 1, column + 1, c11);
        }
    }
}
