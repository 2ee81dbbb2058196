// A 3 x 3 convolution of an int8 image with 8 channels, as in conv2d_int8.c: four neighbouring
// pixels of 8 channels are a block of 4 x 8, the weights of a tap one of 8 x 8.

#include <aie_api/aie.hpp>
#include <stdint.h>

#define STRIDE ((COLUMNS + 2) * CHANNELS)

using Block = aie::mmul<4, CHANNELS, CHANNELS, int8, int8>;

static_assert(COLUMNS % 4 == 0, "COLUMNS must be a multiple of 4");

extern "C" void conv2d(
    const int8_t *__restrict image, const int8_t *__restrict weights, int8_t *__restrict out) {
    aie::set_rounding(aie::rounding_mode::floor);
    aie::set_saturation(aie::saturation_mode::saturate);
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column += 4) {
            const int8_t *corner = image + row * STRIDE + column * CHANNELS;
            Block sums(aie::zeros<acc32, Block::size_C>());
            for (int tap = 0; tap < 9; tap++) {
                const int8_t *at = corner + tap / 3 * STRIDE + tap % 3 * CHANNELS;
                sums.mac(aie::load_unaligned_v<Block::size_A>(at, CHANNELS),
                         aie::load_v<Block::size_B>(weights + tap * Block::size_B));
            }
            aie::store_v(out, sums.to_vector<int8>(7));
            out += Block::size_C;
        }
    }
}
