// C = A B for square bfloat16 matrices of N rows, summed in float: matmul_bf16.cc with the AIE API.
//
// The DMA lays the matrices out in blocks: A in SIDE x 8, B in 8 x SIDE, C in SIDE x SIDE (4, on
// AIE-ML v2 8).

#include <aie_api/aie.hpp>

using Block = aie::mmul<SIDE, 8, SIDE, bfloat16, bfloat16>;

extern "C" void matmul(
    const bfloat16 *__restrict a, const bfloat16 *__restrict b, bfloat16 *__restrict c) {
    aie::set_rounding(aie::rounding_mode::conv_even);
    for (int row = 0; row < N / SIDE; row++) {
        for (int column = 0; column < N / SIDE; column++) {
            const bfloat16 *left = a + row * SIDE * N;
            const bfloat16 *right = b + column * Block::size_B;
            Block sums;
            sums.mul(aie::load_v<Block::size_A>(left), aie::load_v<Block::size_B>(right));
            for (int k = 1; k < N / 8; k++)
                sums.mac(aie::load_v<Block::size_A>(left + k * Block::size_A),
                         aie::load_v<Block::size_B>(right + k * 8 * N));
            aie::store_v(c, sums.to_vector<bfloat16>());
            c += Block::size_C;
        }
    }
}
