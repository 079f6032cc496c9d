// The arithmetic of octavo.h once more, written for the test: from the definition, one scalar
// operation at a time, with tables typed from the specifications of the formats. It shares no code
// and no generated list with the kernels.
#ifndef OCTAVO_TEST_DEFINITION_H
#define OCTAVO_TEST_DEFINITION_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

namespace definition {

enum Kind { IEEE_LIKE, ONE_NAN, UNSIGNED_ZERO, FINITE, POWER, INTEGER };

struct Format {
  const char* name;
  int id;
  int stored_bits;
  int exponent_bits;
  int mantissa_bits;
  int bias;
  Kind kind;
};

// OCP FP8 and MX specifications, IEEE 754, and for the unsigned-zero kinds the tables of ml_dtypes.
constexpr Format kFormats[] = {
    {"FP32", 0, 32, 8, 23, 127, IEEE_LIKE},
    {"TF32", 1, 32, 8, 10, 127, IEEE_LIKE},
    {"BF16", 2, 16, 8, 7, 127, IEEE_LIKE},
    {"FP16", 3, 16, 5, 10, 15, IEEE_LIKE},
    {"E5M2", 4, 8, 5, 2, 15, IEEE_LIKE},
    {"E4M3", 5, 8, 4, 3, 7, IEEE_LIKE},
    {"E4M3FN", 6, 8, 4, 3, 7, ONE_NAN},
    {"E3M4", 7, 8, 3, 4, 3, IEEE_LIKE},
    {"E5M2FNUZ", 8, 8, 5, 2, 16, UNSIGNED_ZERO},
    {"E4M3FNUZ", 9, 8, 4, 3, 8, UNSIGNED_ZERO},
    {"E4M3B11FNUZ", 10, 8, 4, 3, 11, UNSIGNED_ZERO},
    {"E3M2", 11, 8, 3, 2, 3, FINITE},
    {"E2M3", 12, 8, 2, 3, 1, FINITE},
    {"E2M1", 13, 4, 2, 1, 1, FINITE},
    {"E8M0", 14, 8, 8, 0, 127, POWER},
    {"INT8", 15, 8, 0, 0, 0, INTEGER},
    {"INT8_FIXED6", 16, 8, 0, 6, 0, INTEGER},
};
constexpr int kE8M0 = 14;
constexpr int kFormatIds = 17;

inline const Format& format(int id) {
  for (const Format& f : kFormats) {
    if (f.id == id) return f;
  }
  std::abort();
}

inline float from_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t to_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

// Value of an exponent field and a mantissa, whatever the format makes of them.
inline double magnitude(const Format& f, uint32_t code) {
  const int exponent = static_cast<int>(code >> f.mantissa_bits);
  const double mantissa = code & ((1u << f.mantissa_bits) - 1);
  return exponent == 0
             ? std::ldexp(mantissa, 1 - f.bias - f.mantissa_bits)
             : std::ldexp(mantissa + (1u << f.mantissa_bits), exponent - f.bias - f.mantissa_bits);
}

// Largest finite code, without sign.
inline uint32_t max_code(const Format& f) {
  const uint32_t all = (1u << (f.exponent_bits + f.mantissa_bits)) - 1;
  return f.kind == IEEE_LIKE ? all - (1u << f.mantissa_bits) : f.kind == ONE_NAN ? all - 1 : all;
}

// A NaN keeps the sign of its code.
inline float decode(const Format& f, uint32_t code) {
  if (f.kind == POWER)
    return code == 255 ? std::numeric_limits<float>::quiet_NaN()
                       : static_cast<float>(std::ldexp(1.0, static_cast<int>(code) - 127));
  if (f.kind == INTEGER)
    return std::ldexp(static_cast<float>(static_cast<int8_t>(code)), -f.mantissa_bits);
  if (f.id == 1) code >>= 13;
  const uint32_t sign = 1u << (f.exponent_bits + f.mantissa_bits);
  const uint32_t unsigned_code = code & (sign - 1);
  const bool is_negative = (code & sign) != 0;
  const float nan =
      std::copysign(std::numeric_limits<float>::quiet_NaN(), is_negative ? -1.0f : 1.0f);
  if (f.kind == UNSIGNED_ZERO && is_negative && unsigned_code == 0) return nan;
  if (unsigned_code > max_code(f)) {
    if (f.kind == ONE_NAN || unsigned_code != max_code(f) + 1) return nan;
    return is_negative ? -std::numeric_limits<float>::infinity()
                       : std::numeric_limits<float>::infinity();
  }
  const float value = static_cast<float>(magnitude(f, unsigned_code));
  return is_negative ? -value : value;
}

// The code of element k of a row.
inline uint32_t code_at(const Format& f, const uint8_t* row, int64_t k) {
  switch (f.stored_bits) {
    case 4:
      return k % 2 == 0 ? row[k / 2] & 15 : row[k / 2] >> 4;
    case 8:
      return row[k];
    case 16:
      return row[2 * k] | row[2 * k + 1] << 8;
    default:
      return row[4 * k] | row[4 * k + 1] << 8 | row[4 * k + 2] << 16 |
             static_cast<uint32_t>(row[4 * k + 3]) << 24;
  }
}

// The bytes of so many elements of a row.
inline int64_t bytes_of(const Format& f, int64_t elements) {
  return (elements * f.stored_bits + 7) / 8;
}

// Writes the code of element k of a row.
inline void put(const Format& f, uint8_t* row, int64_t k, uint32_t code) {
  if (f.stored_bits == 4) {
    row[k / 2] = static_cast<uint8_t>(k % 2 == 0 ? (row[k / 2] & 0xF0) | code
                                                 : (row[k / 2] & 0x0F) | code << 4);
  } else {
    for (int i = 0; i < f.stored_bits / 8; i++)
      row[k * f.stored_bits / 8 + i] = static_cast<uint8_t>(code >> 8 * i);
  }
}

inline float scale_at(int id, const uint8_t* scales, int64_t index) {
  return decode(format(id), code_at(format(id), scales, index));
}

// Conversion by search among the magnitudes of a format, the first beyond the largest one included.
struct Encoder {
  enum Rounding { NEAREST_EVEN, TOWARD_ZERO, STOCHASTIC };

  const Format& format;
  std::vector<uint32_t> nearest;  // of code i: the least FP32 magnitude that is nearest to it
  std::vector<uint32_t> exact;    // of code i: its magnitude

  explicit Encoder(const Format& f) : format(f), nearest(max_code(f) + 2), exact(max_code(f) + 2) {
    for (uint32_t code = 1; code < nearest.size(); code++) {
      const double middle = (magnitude(f, code - 1) + magnitude(f, code)) / 2;
      float x = static_cast<float>(middle);
      while (x > middle) x = std::nextafter(x, 0.0f);
      while (x < middle || (x == middle && code % 2 != 0)) x = std::nextafter(x, HUGE_VALF);
      nearest[code] = to_bits(x);
      exact[code] = to_bits(static_cast<float>(magnitude(f, code)));
    }
  }

  // The largest code that is not above a magnitude, by one of the two lists.
  static uint32_t find(const std::vector<uint32_t>& list, uint32_t magnitude_bits) {
    return static_cast<uint32_t>(std::upper_bound(list.begin() + 1, list.end(), magnitude_bits) -
                                 list.begin() - 1);
  }

  uint32_t rounded(Rounding rounding, uint32_t magnitude_bits, uint32_t random) const {
    if (rounding == NEAREST_EVEN) return find(nearest, magnitude_bits);
    const uint32_t low = find(exact, magnitude_bits);
    if (rounding == TOWARD_ZERO) return std::min(low, max_code(format));
    if (low > max_code(format)) return low;
    const double x = from_bits(magnitude_bits), below = magnitude(format, low),
                 above = magnitude(format, low + 1);
    const double fraction = std::floor((x - below) / (above - below) * 0x1p32);
    return fraction + random >= 0x1p32 ? low + 1 : low;
  }

  uint32_t encode(Rounding rounding, bool saturate, float value, uint32_t random) const {
    const Format& f = format;
    const uint32_t code_sign = 1u << (f.exponent_bits + f.mantissa_bits);
    const uint32_t sign = std::signbit(value) ? code_sign : 0;
    const uint32_t beyond = max_code(f) + 1;  // infinity, or the one NaN
    uint32_t code;
    if (std::isnan(value)) {
      code = f.kind == IEEE_LIKE       ? beyond | 1u << (f.mantissa_bits - 1) | sign
             : f.kind == ONE_NAN       ? beyond | sign
             : f.kind == UNSIGNED_ZERO ? code_sign
                                       : max_code(f);
    } else {
      const uint32_t bits = to_bits(value) & 0x7FFFFFFF;
      code = std::isinf(value) ? beyond : rounded(rounding, bits, random);
      if (code >= beyond) {
        code = saturate || f.kind == FINITE ? max_code(f) | sign
               : f.kind == UNSIGNED_ZERO    ? code_sign
                                            : beyond | sign;
      } else if (code != 0 || f.kind != UNSIGNED_ZERO) {
        code |= sign;
      }
    }
    return f.id == 1 ? code << 13 : code;
  }
};

// Conversion to an integer format, in binary64, where everything is exact. Of the two formats the
// one with a binary point leaves out its lowest code.
inline uint32_t encode_integer(const Format& f, Encoder::Rounding rounding, float value,
                               uint32_t random) {
  if (std::isnan(value)) return 0;
  const double limit = value < 0 && f.mantissa_bits == 0 ? 128 : 127;
  const double units = std::min(std::ldexp(std::fabs(double{value}), f.mantissa_bits), limit);
  double whole = std::floor(units);
  const double fraction = units - whole;
  if (rounding == Encoder::NEAREST_EVEN) {
    whole = std::nearbyint(units);
  } else if (rounding == Encoder::STOCHASTIC) {
    whole += std::floor(fraction * 0x1p32) + random >= 0x1p32 ? 1 : 0;
  }
  return static_cast<uint32_t>(static_cast<int32_t>(value < 0 ? -whole : whole)) & 0xFF;
}

// Conversion to E8M0: nearest as ml_dtypes has it; otherwise to a neighbouring power of two.
inline uint32_t encode_power(Encoder::Rounding rounding, bool saturate, float value,
                             uint32_t random) {
  if (value == 0) return saturate ? 0 : 255;
  if (std::isnan(value) || value < 0) return 255;
  if (std::isinf(value)) return saturate ? 254 : 255;
  const int exponent = std::ilogb(value);
  if (exponent < -127) return 0;
  const double fraction = std::ldexp(double{value}, -exponent) - 1;
  bool up = false;
  if (rounding == Encoder::NEAREST_EVEN) up = exponent == -127 ? fraction > 0 : fraction >= 0.5;
  if (rounding == Encoder::STOCHASTIC) up = std::floor(fraction * 0x1p32) + random >= 0x1p32;
  const int code = exponent + 127 + (up ? 1 : 0);
  return code > 254 ? (saturate ? 254 : 255) : static_cast<uint32_t>(code);
}

// The random bits of an element.
inline uint32_t random_bits(uint64_t seed, uint64_t index) {
  uint64_t key = seed + 0x9E3779B97F4A7C15u * (index >> 32) + 0x9E3779B97F4A7C15u;
  key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9u;
  key = (key ^ key >> 27) * 0x94D049BB133111EBu;
  key ^= key >> 31;
  uint32_t x = static_cast<uint32_t>(index) ^ static_cast<uint32_t>(key);
  x = (x ^ x >> 16) * 0x7FEB352Du;
  x = (x ^ x >> 15) + static_cast<uint32_t>(key >> 32);
  x *= 0x846CA68Bu;
  return x ^ x >> 16;
}

// ---- quantization, from the descriptions of the rules

enum ScaleRule { OCP_FLOOR, TRAINIUM, CEIL, EVEN, RCEIL, GGML, kScaleRules };

inline float max_finite(const Format& f) {
  return f.kind == INTEGER ? std::ldexp(127.0f, -f.mantissa_bits)
                           : static_cast<float>(magnitude(f, max_code(f)));
}

// The code of an E8M0 scale.
inline uint32_t mx_scale(ScaleRule rule, const Format& element, float amax) {
  if (!std::isfinite(amax)) return 255;
  if (amax == 0) return 0;
  const int emax = std::ilogb(max_finite(element));
  const int floor = std::ilogb(amax);
  int exponent = floor - emax;
  switch (rule) {
    case TRAINIUM:
      exponent = floor - (emax - 1);
      break;
    case CEIL:
      exponent = floor + (std::ldexp(1.0, floor) == double{amax} ? 0 : 1) - emax;
      break;
    case EVEN: {
      const double bits = double{1} * to_bits(amax) + std::ldexp(1.0, 22 - element.mantissa_bits);
      if (bits >= 0x00800000) exponent = static_cast<int>(bits / 0x00800000) - 127 - emax;
      break;
    }
    case RCEIL: {
      const float product = amax * (1.0f / max_finite(element));
      if (product < 0x1p-126f) {
        exponent = product > 0x1p-127f ? -126 : -127;
      } else {
        const int e = std::ilogb(product);
        exponent = e + (std::ldexp(1.0, e) == double{product} ? 0 : 1);
      }
      break;
    }
    case GGML:
      exponent = static_cast<int>(std::floor(static_cast<float>(std::log2(double{amax})))) - emax;
      break;
    default:
      break;
  }
  return static_cast<uint32_t>(std::min(std::max(exponent + 127, 0), 254));
}

// The arguments of oct_matmul for one operand.
struct Operand {
  int format;
  const uint8_t* elements;
  int64_t row_stride_bytes;
  int scale_format;
  const uint8_t* scales;
  int64_t scale_row_stride;
  int64_t block_rows;
  int64_t block_columns;
  float tensor_scale;

  float element(int64_t row, int64_t k) const {
    const Format& f = definition::format(format);
    return decode(f, code_at(f, elements + row * row_stride_bytes, k));
  }
  bool has_blocks() const { return scale_format >= 0 && block_columns > 0; }
  float block_scale(int64_t row, int64_t k) const {
    return scale_at(scale_format, scales, row / block_rows * scale_row_stride + k / block_columns);
  }
  float end_scale(int64_t row) const {
    if (scale_format < 0 || block_columns > 0) return tensor_scale;
    return scale_at(scale_format, scales, row / block_rows * scale_row_stride) * tensor_scale;
  }
};

// One output from the decoded rows, before the epilogue.
inline float dot(const Operand& a, const Operand& b, int64_t i, int64_t j, const float* a_row,
                 const float* b_row, int64_t depth) {
  float acc = 0.0f;
  if (!a.has_blocks() && !b.has_blocks()) {
    for (int64_t k = 0; k < depth; k++) acc = std::fma(a_row[k], b_row[k], acc);
  } else {
    const int64_t length = !a.has_blocks()   ? b.block_columns
                           : !b.has_blocks() ? a.block_columns
                                             : std::min(a.block_columns, b.block_columns);
    for (int64_t first = 0; first < depth; first += length) {
      float p = 0.0f;
      for (int64_t k = first; k < depth && k < first + length; k++)
        p = std::fma(a_row[k], b_row[k], p);
      float s;
      if (a.has_blocks() && b.has_blocks()) {
        s = a.block_scale(i, first) * b.block_scale(j, first);
      } else {
        s = a.has_blocks() ? a.block_scale(i, first) : b.block_scale(j, first);
      }
      acc = std::fma(p, s, acc);
    }
  }
  return acc * (a.end_scale(i) * b.end_scale(j));
}

}  // namespace definition

#endif  // OCTAVO_TEST_DEFINITION_H
