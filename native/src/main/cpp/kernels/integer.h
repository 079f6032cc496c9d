// Elements as integers: codes of 4, 6 and 8 bits whose values are small multiples of a power of two.
#ifndef OCTAVO_KERNELS_INTEGER_H
#define OCTAVO_KERNELS_INTEGER_H

#include "decode.h"

namespace octavo {
namespace OCT_TIER {

// An element is an integer of at most `largest` times 2^-shift; largest is 0 where the format has
// other values than such integers of 8 bits.
struct IntegerElement {
  int32_t largest;
  int32_t shift;
};

static constexpr IntegerElement integer_element(const FormatTraits& format) {
  if (format.is_integer) return {1 << (format.bits - 1), format.fraction_bits};
  if (format.bits > 6 || format.nan_kind != NanKind::NONE) return {0, 0};
  const int32_t mantissa = (1 << format.mantissa_bits) - 1;
  const int32_t binades = (1 << format.exponent_bits) - 2;  // above the subnormals and their next
  const int32_t largest = ((1 << format.mantissa_bits) + mantissa) << binades;
  return largest <= 127 ? IntegerElement{largest, format.bias + format.mantissa_bits - 1}
                        : IntegerElement{0, 0};
}

// The integer of a code of an element of at most 4 bits.
template <int32_t Id>
struct IntegerTable {
  int8_t values[16];
  constexpr IntegerTable() : values() {
    constexpr FormatTraits format = kFormats[Id];
    for (int32_t code = 0; code < 16; code++) {
      const int32_t magnitude = code & static_cast<int32_t>(format.magnitude_mask());
      const int32_t exponent = magnitude >> format.mantissa_bits;
      const int32_t mantissa = magnitude & ((1 << format.mantissa_bits) - 1);
      const int32_t value =
          exponent == 0 ? mantissa : (mantissa + (1 << format.mantissa_bits)) << (exponent - 1);
      const bool is_negative = (code & static_cast<int32_t>(format.sign_mask())) != 0;
      values[code] = static_cast<int8_t>(is_negative ? -value : value);
    }
  }
};

// The integers of 4 * kLanes codes, one to a byte (FP4 codes are unpacked already).
template <int32_t Id>
OCT_INLINE VByte4 integers_of(VByte4 codes) {
  constexpr FormatTraits format = kFormats[Id];
  if constexpr (format.is_integer) {
    return codes;
  } else if constexpr (format.bits == 4) {
    static constexpr IntegerTable<Id> table;
    return lookup_bytes(table.values, codes);
  } else {
    // each binade from the second on has twice the steps of the last: what exceeds its beginning
    // counts once, twice, four times more
    constexpr int32_t binade = 1 << format.mantissa_bits;
    const VByte4 m = codes & static_cast<uint8_t>(format.magnitude_mask());
    VByte4 value = m;
    for (int32_t i = 2; i < 1 << format.exponent_bits; i++) {
      const VByte4 begin = VByte4{} + static_cast<uint8_t>(i * binade);
      const VByte4 excess = (m > begin ? m : begin) - begin;
      for (int32_t j = 0; j < 1 << (i - 2); j++) value += excess;
    }
    const VByte4 is_negative = (VByte4)((codes & static_cast<uint8_t>(format.sign_mask())) != 0);
    return (value ^ is_negative) - is_negative;
  }
}

// The integers of 4 * kLanes consecutive elements.
template <int32_t Id>
OCT_INLINE VByte4 load_integers(const uint8_t* from) {
  if constexpr (kFormats[Id].bits == 4) {
    return integers_of<Id>(load_nibble_bytes(from));
  } else {
    return integers_of<Id>(load<VByte4>(from));
  }
}

// The same for the first elements only, reading none beyond; the others are 0.
template <int32_t Id>
OCT_INLINE VByte4 load_first_integers(const uint8_t* from, int64_t elements) {
  constexpr FormatTraits format = kFormats[Id];
  uint8_t bytes[4 * kLanes] = {};
  const int64_t count = stored_bytes(format, elements);
  __builtin_memcpy(bytes, from, static_cast<size_t>(count));
  if (format.bits == 4 && elements % 2 != 0) bytes[count - 1] &= 0x0F;
  return load_integers<Id>(bytes);
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_INTEGER_H
