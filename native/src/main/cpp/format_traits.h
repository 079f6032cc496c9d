// The element formats as compile-time data: traits from the generated list, what follows from them,
// and the decode tables. Nothing about a format is typed in here; a format is added in Java and
// arrives by octavo_formats.inc.
#ifndef OCTAVO_FORMAT_TRAITS_H
#define OCTAVO_FORMAT_TRAITS_H

#include <stdint.h>

namespace octavo {

// Which codes are NaN. IEEE: largest exponent with a mantissa other than 0. ALL_ONES: the largest
// magnitude only. NEGATIVE_ZERO: the code that would be -0.
enum class NanKind { NONE, IEEE, ALL_ONES, NEGATIVE_ZERO };

// A number format. An integer format is one with is_integer, whose value is the two's complement
// code times 2^-fraction_bits; the fields that only floating-point formats have are 0 there.
struct FormatTraits {
  int32_t bits;
  int32_t exponent_bits;
  int32_t mantissa_bits;
  int32_t bias;
  bool is_signed;
  bool has_infinity;
  NanKind nan_kind;
  bool has_negative_zero;
  bool has_subnormals;
  bool is_integer;
  int32_t fraction_bits;
  bool is_symmetric;  // an integer format that does not write its lowest code

  // Bits below the mantissa that storage has and the format does not use.
  constexpr int32_t padding_bits() const {
    return bits - (is_signed ? 1 : 0) - exponent_bits - mantissa_bits;
  }

  // Codes without sign and padding.
  constexpr uint32_t exponent_mask() const { return ((1u << exponent_bits) - 1) << mantissa_bits; }
  constexpr uint32_t magnitude_mask() const { return (1u << (exponent_bits + mantissa_bits)) - 1; }
  constexpr uint32_t sign_mask() const { return magnitude_mask() + 1; }
  constexpr uint32_t max_finite_code() const {
    return nan_kind == NanKind::IEEE       ? exponent_mask() - 1
           : nan_kind == NanKind::ALL_ONES ? magnitude_mask() - 1
                                           : magnitude_mask();
  }

  // The code of the NaN that a conversion writes, and whether it takes the sign of its origin.
  constexpr uint32_t nan_code() const {
    return nan_kind == NanKind::IEEE            ? exponent_mask() | (1u << (mantissa_bits - 1))
           : nan_kind == NanKind::ALL_ONES      ? magnitude_mask()
           : nan_kind == NanKind::NEGATIVE_ZERO ? sign_mask()
                                                : max_finite_code();
  }
  constexpr bool nan_is_signed() const {
    return nan_kind == NanKind::IEEE || nan_kind == NanKind::ALL_ONES;
  }
};

#define OCT_FORMAT(id, name, bits, exponent_bits, mantissa_bits, bias, is_signed, has_infinity, \
                   nan_kind, has_negative_zero, has_subnormals)                                 \
  {bits,                                                                                        \
   exponent_bits,                                                                               \
   mantissa_bits,                                                                               \
   bias,                                                                                        \
   is_signed,                                                                                   \
   has_infinity,                                                                                \
   NanKind::nan_kind,                                                                           \
   has_negative_zero,                                                                           \
   has_subnormals,                                                                              \
   false,                                                                                       \
   0,                                                                                           \
   false},
#define OCT_INTEGER_FORMAT(id, name, bits, fraction_bits, is_symmetric) \
  {bits, 0, 0, 0, true, false, NanKind::NONE, false, false, true, fraction_bits, is_symmetric},
static constexpr FormatTraits kFormats[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

static constexpr int32_t kFormatCount = sizeof(kFormats) / sizeof(kFormats[0]);

// The ids by name.
#define OCT_FORMAT(id, name, ...) name = id,
#define OCT_INTEGER_FORMAT(id, name, ...) name = id,
struct Format {
  enum Id : int32_t {
#include "generated/octavo_formats.inc"
  };
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

#define OCT_FORMAT(id, ...) id,
#define OCT_INTEGER_FORMAT(id, ...) id,
static constexpr bool ids_count_from_zero() {
  constexpr int32_t ids[] = {
#include "generated/octavo_formats.inc"
  };
  for (int32_t position = 0; position < kFormatCount; position++) {
    if (ids[position] != position) return false;
  }
  return true;
}
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT
static_assert(ids_count_from_zero(), "the list of formats must be in the order of its ids");

// The FP32 bits of a code of at most 8 bits.
static constexpr uint32_t decode_bits(const FormatTraits& format, uint32_t code) {
  const uint32_t sign = format.is_signed && (code & format.sign_mask()) != 0 ? 0x80000000u : 0;
  const uint32_t magnitude = code & format.magnitude_mask();
  if (format.nan_kind == NanKind::NEGATIVE_ZERO && sign != 0 && magnitude == 0) return 0x7FC00000u;
  if (magnitude > format.max_finite_code()) {
    return format.has_infinity && magnitude == format.exponent_mask() ? sign | 0x7F800000u
                                                                      : sign | 0x7FC00000u;
  }
  const uint32_t mantissa = magnitude & ((1u << format.mantissa_bits) - 1);
  const int32_t exponent = static_cast<int32_t>(magnitude >> format.mantissa_bits);
  // significand * 2^scale, the significand an integer below 2^24
  uint32_t significand = mantissa;
  int32_t scale = 1 - format.bias - format.mantissa_bits;
  if (exponent != 0 || !format.has_subnormals) {
    significand |= 1u << format.mantissa_bits;
    scale = exponent - format.bias - format.mantissa_bits;
  }
  if (significand == 0) return sign;
  while (significand < (1u << 23)) {
    significand <<= 1;
    scale--;
  }
  if (scale >= -149)
    return sign | static_cast<uint32_t>(scale + 150) << 23 | (significand & 0x007FFFFFu);
  return sign | significand >> (-149 - scale);
}

// Every value of a format of at most 8 bits, by code.
template <int32_t Id>
struct DecodeTable {
  static constexpr int32_t kSize = 1 << kFormats[Id].bits;
  static_assert(kFormats[Id].bits <= 8 && !kFormats[Id].is_integer);
  uint32_t bits[kSize];

  constexpr DecodeTable() : bits() {
    for (int32_t code = 0; code < kSize; code++)
      bits[code] = decode_bits(kFormats[Id], static_cast<uint32_t>(code));
  }
};

}  // namespace octavo

#endif  // OCTAVO_FORMAT_TRAITS_H
