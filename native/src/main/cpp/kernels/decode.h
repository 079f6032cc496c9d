// Decoding: kLanes consecutive codes of a format to kLanes floats, exactly.
//
// One template serves every format; its branches are taken at compile time from the format's traits.
//
//  FP32, TF32, BF16
//    An FP32 with its low bits missing: shift, and mask what is padding.
//
//  FP16
//    The conversion instruction; without it, as the formats of 8 bits.
//
//  E2M1
//    16 values: a table in one or two registers.
//
//  other formats of 6 and 8 bits
//    The code is moved to where FP16 has the same fields, converted by the instruction and multiplied by the power of
//    two by which the biases differ. Codes beyond the largest finite one get FP16's largest exponent first: their
//    mantissa then makes them an infinity or a NaN, as it did in the format. Shifting to FP32's fields and multiplying
//    would be shorter, but there the codes of subnormals are FP32 subnormals, which many CPUs multiply slowly.
//    E5M2FNUZ uses FP16's largest exponent for numbers, so it and tiers without the instruction build the FP32 by
//    integer operations: a normal number by adding to its exponent; a subnormal by giving it a leading 1 and
//    subtracting that 1 again.
//
//  INT8
//    Integer to float, times 2^-fraction_bits.
//
//  E8M0
//    The code is FP32's exponent field. Codes 0 and 255 have a mantissa bit more, which makes them 2^-127 and NaN.
#ifndef OCTAVO_KERNELS_DECODE_H
#define OCTAVO_KERNELS_DECODE_H

#include "format_traits.h"
#include "simd.h"

namespace octavo {
namespace OCT_TIER {

// The bits that an element takes in memory, and the bytes that so many elements at the start of a
// row take.
static constexpr int32_t stored_bits(const FormatTraits& format) {
  return format.bits > 4 && format.bits < 8 ? 8 : format.bits;
}
static constexpr int64_t stored_bytes(const FormatTraits& format, int64_t elements) {
  return (elements * stored_bits(format) + 7) / 8;
}

// A finite power of two in the normal range.
static constexpr uint32_t power_of_two_bits(int32_t exponent) {
  return static_cast<uint32_t>(exponent + 127) << 23;
}

OCT_INLINE VFloat power_of_two(int32_t exponent) {
  return from_bits(VUint{} + power_of_two_bits(exponent));
}

#if defined(OCT_HAS_HALF)
template <int32_t Id>
OCT_INLINE VFloat decode_by_half(VUshort code) {
  constexpr FormatTraits format = kFormats[Id];
  const VUshort magnitude = code & static_cast<uint16_t>(format.magnitude_mask());
  VUshort half = (magnitude << (10 - format.mantissa_bits)) |
                 ((code & static_cast<uint16_t>(format.sign_mask()))
                  << (15 - format.exponent_bits - format.mantissa_bits));
  if constexpr (format.nan_kind == NanKind::NEGATIVE_ZERO) {
    half |= (VUshort)(half == 0x8000) & 0x7E00;
  } else if constexpr (format.nan_kind != NanKind::NONE && format.exponent_bits < 5) {
    half |= (VUshort)((VShort)magnitude > static_cast<int16_t>(format.max_finite_code())) & 0x7C00;
  }
  return from_half(half) * power_of_two(15 - format.bias);
}
#endif

template <int32_t Id>
OCT_INLINE VFloat decode_by_integers(VUint code) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr int32_t shift = 23 - format.mantissa_bits;
  const VUint magnitude = code & format.magnitude_mask();
  const VUint sign = (code & format.sign_mask())
                     << (31 - format.exponent_bits - format.mantissa_bits);
  const VUint is_subnormal = (VUint)greater(VUint{} + (1u << format.mantissa_bits), magnitude);
  const VUint leading_one = is_subnormal & power_of_two_bits(1 - format.bias);
  const VUint biased =
      (magnitude << shift) + power_of_two_bits(-format.bias) + (is_subnormal & (1u << 23));
  VUint bits = to_bits(from_bits(biased) - from_bits(leading_one));
  if constexpr (format.nan_kind == NanKind::NEGATIVE_ZERO) {
    bits |= (VUint)(code == format.sign_mask()) & 0x7FC00000u;
  } else if constexpr (format.nan_kind != NanKind::NONE) {
    bits |= (VUint)greater(magnitude, VUint{} + format.max_finite_code()) & 0x7F800000u;
  }
  return from_bits(bits | sign);
}

// The values of the kLanes elements from the address on, all of which must be readable.
template <int32_t Id>
OCT_INLINE VFloat decode(const uint8_t* from) {
  constexpr FormatTraits format = kFormats[Id];
  if constexpr (format.is_integer) {
    const VUint code = widen(load<VByte>(from));
    const VInt value = (VInt)(code << 24) >> 24;
    return __builtin_convertvector(value, VFloat) * power_of_two(-format.fraction_bits);
  } else if constexpr (!format.is_signed) {
    const VUint code = widen(load<VByte>(from));
    const VUint is_special = (VUint)(VInt)(code == 0) | (VUint)(VInt)(code == format.nan_code());
    return from_bits(code << 23 | (is_special & 0x00400000));
  } else if constexpr (format.bits == 32) {
    return from_bits(load<VUint>(from) & ~((1u << format.padding_bits()) - 1));
  } else if constexpr (format.bits == 16 && format.exponent_bits == 8) {
    return from_bits(widen(load<VUshort>(from)) << 16);
#if defined(OCT_HAS_HALF)
  } else if constexpr (format.bits == 16) {
    static_assert(format.exponent_bits == 5 && format.nan_kind == NanKind::IEEE);
    return from_half(load<VUshort>(from));
#else
  } else if constexpr (format.bits == 16) {
    return decode_by_integers<Id>(widen(load<VUshort>(from)));
#endif
  } else if constexpr (format.bits == 4) {
    static constexpr DecodeTable<Id> table;
    return lookup16(table.bits, load_nibbles(from));
  } else {
#if defined(OCT_HAS_HALF)
    if constexpr (format.exponent_bits < 5 ||
                  (format.exponent_bits == 5 && format.nan_kind == NanKind::IEEE)) {
      return decode_by_half<Id>(widen_short(load<VByte>(from)));
    }
#endif
    return decode_by_integers<Id>(widen(load<VByte>(from)));
  }
}

// The same for the last elements of a row: reads no byte beyond them; the other lanes are
// unspecified.
template <int32_t Id>
OCT_INLINE VFloat decode_first(const uint8_t* from, int64_t elements) {
  uint8_t bytes[sizeof(VFloat)] = {};
  __builtin_memcpy(bytes, from, static_cast<size_t>(stored_bytes(kFormats[Id], elements)));
  return decode<Id>(bytes);
}

// Consecutive elements to FP32.
template <int32_t Id>
static void decode_elements(const uint8_t* from, uint8_t* to, int64_t elements) {
  int64_t i = 0;
  for (; i + kLanes <= elements; i += kLanes) {
    store(to + 4 * i, decode<Id>(from + stored_bytes(kFormats[Id], i)));
  }
  const int64_t rest = elements - i;
  if (rest > 0) {
    const VFloat values = decode_first<Id>(from + stored_bytes(kFormats[Id], i), rest);
    __builtin_memcpy(to + 4 * i, &values, static_cast<size_t>(4 * rest));
  }
}

using DecodeFunction = void (*)(const uint8_t* from, uint8_t* to, int64_t elements);

#define OCT_FORMAT(id, ...) &decode_elements<id>,
#define OCT_INTEGER_FORMAT(id, ...) &decode_elements<id>,
static constexpr DecodeFunction kDecoders[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

// What is quantized, dequantized to, and added to results.
static constexpr bool is_plain(int32_t format) {
  return format == Format::FP32 || format == Format::BF16 || format == Format::FP16;
}

// Scales: FP32, E8M0 or E4M3FN.
static constexpr bool is_scale_format(int32_t format) {
  return format == Format::FP32 || format == Format::E8M0 || format == Format::E4M3FN;
}

OCT_INLINE float scale_at(int32_t format, const uint8_t* scales, int64_t index) {
  static constexpr DecodeTable<Format::E8M0> e8m0;
  static constexpr DecodeTable<Format::E4M3FN> e4m3fn;
  switch (format) {
    case Format::E8M0:
      return load<float>(&e8m0.bits[scales[index]]);
    case Format::E4M3FN:
      return load<float>(&e4m3fn.bits[scales[index]]);
    default:
      return load<float>(scales + 4 * index);
  }
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_DECODE_H
