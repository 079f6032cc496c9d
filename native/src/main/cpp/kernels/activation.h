// The functions that results go through, in lanes: the steps of octavo.math.Functions, one by one.
// Why they are what they are is written there.
#ifndef OCTAVO_KERNELS_ACTIVATION_H
#define OCTAVO_KERNELS_ACTIVATION_H

#include "decode.h"
#include "octavo.h"

namespace octavo {
namespace OCT_TIER {

namespace coefficients {
#include "generated/octavo_coefficients.inc"
}  // namespace coefficients

OCT_INLINE VFloat magnitude_of(VFloat x) { return from_bits(to_bits(x) & 0x7FFFFFFF); }

OCT_INLINE VFloat at_most(VFloat x, float limit) { return x > limit ? broadcast(limit) : x; }
OCT_INLINE VFloat at_least(VFloat x, float limit) { return x < limit ? broadcast(limit) : x; }

// 2^n, n from -126 to 127.
OCT_INLINE VFloat power_lanes(VInt n) { return from_bits(((VUint)n + 127) << 23); }

// x * 2^n, rounded once.
OCT_INLINE VFloat scale_by_power(VFloat x, VInt n) {
  const VInt half = n >> 1;
  return x * power_lanes(half) * power_lanes((VInt)((VUint)n - (VUint)half));
}

OCT_INLINE VInt integer_part(VFloat t) {
  return (VInt)(to_bits(t) - static_cast<uint32_t>(coefficients::ROUNDER_BITS));
}

OCT_INLINE VFloat times_log2_e(VFloat x, float sign) {
  return fma(x, broadcast(sign * coefficients::LOG2_E), broadcast(coefficients::ROUNDER));
}

// x - n ln 2.
OCT_INLINE VFloat reduced(VFloat x, VFloat t) {
  const VFloat n = t - coefficients::ROUNDER;
  return fma(n, broadcast(-coefficients::LN2_LOW), fma(n, broadcast(-coefficients::LN2_HIGH), x));
}

// e^r - 1.
OCT_INLINE VFloat expm1_reduced(VFloat r) {
  VFloat q = fma(r, broadcast(coefficients::EXP_6), broadcast(coefficients::EXP_5));
  q = fma(q, r, broadcast(coefficients::EXP_4));
  q = fma(q, r, broadcast(coefficients::EXP_3));
  q = fma(q, r, broadcast(coefficients::EXP_2));
  return fma(r * r, q, r);
}

// x / (1 + 2^n (1 + s)).
OCT_INLINE VFloat logistic(VFloat x, VInt n, VFloat s) {
  const VInt negated = (VInt)(VUint{} - (VUint)n);
  VInt exponent = n < negated ? n : negated;
  exponent = exponent > -126 ? exponent : VInt{} - 126;
  const VFloat c = power_lanes(exponent);
  const VFloat sum = n > 0 ? s + c + 1.0f : fma(c, s, 1.0f + c);
  return scale_by_power(x / sum, negated < 0 ? negated : VInt{});
}

OCT_INLINE VFloat gelu(VFloat x) {
  const VFloat a = at_most(magnitude_of(x), 14.8f);
  const VFloat half = a * -0.5f;
  const VFloat y = half * a;
  const VFloat rest = fma(half, a, -y);
  const VFloat t = times_log2_e(y, 1);
  const VFloat s = expm1_reduced(reduced(y, t) + rest);
  VFloat numerator = fma(a, broadcast(coefficients::TAIL_N4), broadcast(coefficients::TAIL_N3));
  numerator = fma(numerator, a, broadcast(coefficients::TAIL_N2));
  numerator = fma(numerator, a, broadcast(coefficients::TAIL_N1));
  numerator = fma(numerator, a, broadcast(0.5f));
  VFloat denominator = fma(a, broadcast(coefficients::TAIL_D5), broadcast(coefficients::TAIL_D4));
  denominator = fma(denominator, a, broadcast(coefficients::TAIL_D3));
  denominator = fma(denominator, a, broadcast(coefficients::TAIL_D2));
  denominator = fma(denominator, a, broadcast(coefficients::TAIL_D1));
  denominator = fma(denominator, a, broadcast(1.0f));
  VFloat g = a * numerator;
  g = fma(g, s, g) / denominator;
  g = scale_by_power(g, integer_part(t));
  return x < 0 ? -g : x - g;
}

OCT_INLINE VFloat gelu_tanh(VFloat x) {
  using namespace coefficients;
  const VFloat y = at_least(x, -11);
  const VFloat b = at_most(y, 11);
  const VFloat z = b * b;
  const VFloat w = fma(z, broadcast(GELU_3), broadcast(GELU_1_HIGH));
  VFloat rest = fma(z, broadcast(GELU_3), broadcast(GELU_1_HIGH) - w) + GELU_1_LOW;
  rest = fma(z, broadcast(GELU_3_LOW), rest);
  rest = fma(fma(b, b, -z), broadcast(GELU_3), rest);
  const VFloat v = b * w;
  rest = fma(b, rest, fma(b, w, -v));
  const VFloat t = times_log2_e(v, -1);
  return logistic(y, integer_part(t), expm1_reduced(reduced(-v, t) - rest));
}

OCT_INLINE VFloat silu(VFloat x) {
  const VFloat y = at_least(x, -110);
  const VFloat b = at_most(y, 110);
  const VFloat t = times_log2_e(b, -1);
  return logistic(y, integer_part(t), expm1_reduced(reduced(-b, t)));
}

// One copy in each source: it is called once for a vector of results, and is long.
static __attribute__((noinline)) void activate(int32_t activation, VFloat* x) {
  switch (activation) {
    case OCT_ACTIVATION_RELU:
      *x = from_bits(to_bits(*x) & ~(VUint)(VInt)(*x < 0));
      break;
    case OCT_ACTIVATION_GELU:
      *x = gelu(*x);
      break;
    case OCT_ACTIVATION_GELU_TANH:
      *x = gelu_tanh(*x);
      break;
    case OCT_ACTIVATION_SILU:
      *x = silu(*x);
      break;
    default:
      break;
  }
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_ACTIVATION_H
