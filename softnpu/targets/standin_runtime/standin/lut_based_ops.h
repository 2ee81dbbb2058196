/* The table functions of mlir-aie's aie_runtime_lib, by the AIE API. Their tables come from
 * lut_based_ops.cpp there, which a design compiles and links as one more kernel. */
#ifndef STANDIN_LUT_BASED_OPS_H
#define STANDIN_LUT_BASED_OPS_H

#include <aie_api/aie.hpp>

extern int16 exp_ilut_ab[512];
extern int16 exp_ilut_cd[512];
extern int16 exp_flut_ab[512];
extern int16 exp_flut_cd[512];
extern unsigned char m_inv_lut[128];
extern float tanh_lut_ab[];
extern float tanh_lut_cd[];

#include <aie_api/standin/macros_off.hpp>

/* e^x as e^whole * e^fraction, each from a table of 256, of x in steps of 1/256. */
inline v16accfloat getExpBf16(v16bfloat16 x) {
  using table = aie::lut<4, bfloat16, bfloat16>;
  using lookup = aie::parallel_lookup<uint16, table, aie::lut_oor_policy::truncate>;
  const lookup whole(table(256, exp_ilut_ab, exp_ilut_cd), 8);
  const lookup fraction(table(256, exp_flut_ab, exp_flut_cd), 0);
  const aie::vector<uint16, 16> key =
      aie::filter_even(bfloat16_to_int(x, 8).cast_to<int16>()).cast_to<uint16>();
  return aie::mul(whole.fetch(key), fraction.fetch(key));
}

/* 1/x: the exponent turned round, the mantissa from a table of 128. */
inline bfloat16 getInvBf16(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x) + 0x8000u;
  const uint32_t mantissa = bits >> 16 & 127, exponent = bits >> 23 & 255;
  const uint32_t inverse = (253u - exponent + (mantissa == 0)) << 7;
  return __builtin_bit_cast(bfloat16, static_cast<uint16_t>(inverse + m_inv_lut[mantissa]));
}

/* tanh(x) in 32 straight pieces between -4 and 4. */
inline v16bfloat16 getTanhBf16(v16bfloat16 x) {
  using table = aie::lut<4, float, bfloat16>;
  aie::linear_approx<bfloat16, table> pieces(table(32, tanh_lut_ab, tanh_lut_cd), -2, 16);
  return pieces.compute(x).to_vector<bfloat16>();
}

#include <aie_api/standin/macros_on.hpp>

#endif
