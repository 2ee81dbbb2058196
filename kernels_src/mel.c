// Mel spectrogram: frames of int16 samples at 16 kHz -> a few int8 mel energies each.
//
// samples Q15 -> Hann window -> 512-point FFT, halved in each of its 9 stages, so X / 512
//             -> power, re^2 + im^2 -> triangular filters -> 127 * E / 4096, clipped to 0..127.
//
// The work arrays are static: on the stack they would take 3 KB, and nothing on an AIE core stops
// a stack that runs into the input.

#include <stdint.h>

#include "mel_tables.h"

#define FFT 512
#define BINS (FFT / 2 + 1)

_Static_assert(sizeof HANN == FRAME * sizeof *HANN, "mel_tables.h is for another frame length");
_Static_assert(sizeof COS == FFT / 2 * sizeof *COS, "mel_tables.h is for another FFT");
_Static_assert(sizeof FIRST_BIN == MELS, "mel_tables.h is for another number of filters");

// The spectrum in the making: real and imaginary parts, Q15.
static int16_t re[FFT], im[FFT];
static int32_t power[BINS];

// A product of two Q15 numbers, or a sum of such products, back to Q15, rounded.
static int32_t q15(int32_t product) {
    return (product + (1 << 14)) >> 15;
}

static int16_t half(int32_t x) {
    return (int16_t)((x + 1) >> 1);
}

// Puts the windowed samples where a decimation-in-time FFT wants them: sample n at the index whose
// nine bits are n's, reversed. Counting up reversed means carrying from the top bit downwards.
static void window(const int16_t *samples) {
    int place = 0;
    for (int n = 0; n < FFT; n++) {
        re[place] = n < FRAME ? (int16_t)q15(samples[n] * HANN[n]) : 0;
        im[place] = 0;
        int bit = FFT / 2;
        while (place & bit) {
            place ^= bit;
            bit >>= 1;
        }
        place |= bit;
    }
}

// One stage turns pairs of transforms of `span` points into transforms of twice as many.
// Halving after every addition keeps all within int16: a windowed frame starts below 1, and the
// mean of two such numbers stays there.
static void stage(int span) {
    const int step = FFT / 2 / span;
    for (int start = 0; start < FFT; start += 2 * span) {
        for (int k = 0; k < span; k++) {
            const int a = start + k, b = a + span;
            const int32_t c = COS[k * step], s = SIN[k * step];
            const int32_t turned_re = q15(c * re[b] + s * im[b]);
            const int32_t turned_im = q15(c * im[b] - s * re[b]);
            const int32_t re_a = re[a], im_a = im[a];
            re[a] = half(re_a + turned_re);
            im[a] = half(im_a + turned_im);
            re[b] = half(re_a - turned_re);
            im[b] = half(im_a - turned_im);
        }
    }
}

static void power_spectrum(void) {
    for (int k = 0; k < BINS; k++)
        power[k] = re[k] * re[k] + im[k] * im[k];
}

// A sum of powers (30 bits) times weights (15 bits) takes 64 bits.
static void filters(int8_t *mel) {
    const int16_t *weight = WEIGHTS;
    for (int m = 0; m < MELS; m++) {
        const int32_t *bin = power + FIRST_BIN[m];
        int64_t energy = 0;
        for (int i = 0; i < BIN_COUNT[m]; i++)
            energy += (int64_t)*bin++ * *weight++;
        const int64_t scaled = ((energy >> 15) * 127) >> 12;
        mel[m] = (int8_t)(scaled > 127 ? 127 : scaled);
    }
}

// BATCH frames, one behind the other -> their energies, one frame's behind the other's. The frame
// counts in C: it is the pointer that moves on, and no memref type that might forget an offset.
void mel(const int16_t *restrict samples, int8_t *restrict energies) {
    for (int frame = 0; frame < BATCH; frame++) {
        window(samples + frame * FRAME);
        for (int span = 1; span < FFT; span *= 2)
            stage(span);
        power_spectrum();
        filters(energies + frame * MELS);
    }
}
