// Operands of products: values that tell, every style of scales, and packed copies.
#ifndef OCTAVO_TEST_MATMUL_OPERANDS_H
#define OCTAVO_TEST_MATMUL_OPERANDS_H

#include "checks.h"

namespace checks {

// LARGE, VAST and WIDE are finite; numbers with FP32's exponents are of 2^7 to 2^26, of 2^112 to 2^127,
// so that sums overflow, and of all sizes.
enum Values {
  FINITE,
  ANY_CODE,
  ALL_MAX,
  ALTERNATING,
  SUBNORMALS,
  ZEROS,
  RARE_SPECIALS,
  LARGE,
  VAST,
  WIDE,
  kValues
};
const char* const kValueNames[] = {"finite",     "any code", "all max",       "alternating",
                                   "subnormals", "zeros",    "rare specials", "large",
                                   "vast",       "wide"};

uint32_t finite_code(const Format& f, Random& random, int exponent_from = 120, int exponents = 14) {
  if (f.kind == definition::INTEGER) return static_cast<uint32_t>(random.below(256));
  if (f.kind == definition::POWER) return static_cast<uint32_t>(117 + random.below(20));
  const int code_bits = 1 + f.exponent_bits + f.mantissa_bits;
  if (f.exponent_bits == 8) {
    // near 1, so that sums neither vanish nor overflow
    const uint32_t exponent = static_cast<uint32_t>(exponent_from + random.below(exponents));
    const uint32_t mantissa = static_cast<uint32_t>(random.next()) & ((1u << f.mantissa_bits) - 1);
    const uint32_t code = static_cast<uint32_t>(random.below(2)) << (code_bits - 1) |
                          exponent << f.mantissa_bits | mantissa;
    return code << (f.stored_bits - code_bits);
  }
  while (true) {
    const uint32_t code = static_cast<uint32_t>(random.below(1ll << code_bits));
    if (std::isfinite(definition::decode(f, code))) return code;
  }
}

uint32_t code_of(const Format& f, Values values, int64_t index, Random& random) {
  const int code_bits = 1 + f.exponent_bits + f.mantissa_bits;
  const int padding = f.id == TF32 ? 13 : 0;
  if (f.kind == definition::INTEGER) {
    switch (values) {
      case ALL_MAX:
        return 127;
      case ALTERNATING:
        return index % 2 == 0 ? 127 : 128;
      case ZEROS:
        return 0;
      default:
        return static_cast<uint32_t>(random.below(256));
    }
  }
  if (f.kind == definition::POWER) {
    return values == ANY_CODE || values == RARE_SPECIALS ? static_cast<uint32_t>(random.below(256))
           : values == ALL_MAX                           ? 254
           : values == SUBNORMALS                        ? static_cast<uint32_t>(random.below(2))
                                                         : finite_code(f, random);
  }
  const uint32_t sign = 1u << (code_bits - 1);
  const uint32_t random_sign = random.below(2) != 0 ? sign : 0;
  switch (values) {
    case ANY_CODE:
      return static_cast<uint32_t>(random.next()) &
             static_cast<uint32_t>((1ull << f.stored_bits) - 1);
    case ALL_MAX:
      return definition::max_code(f) << padding;
    case ALTERNATING:
      return (definition::max_code(f) | (index % 2 == 0 ? 0 : sign)) << padding;
    case SUBNORMALS:
      return (static_cast<uint32_t>(random.below(1 << f.mantissa_bits)) | random_sign) << padding;
    case ZEROS:
      return random_sign << padding;
    case RARE_SPECIALS:
      if (random.below(200) == 0)
        return static_cast<uint32_t>(((1ull << (code_bits - 1)) - 1 - random.below(3)) |
                                     random_sign)
               << padding;
      [[fallthrough]];
    default:
      return values == LARGE  ? finite_code(f, random, 134, 20)
             : values == VAST ? finite_code(f, random, 239, 16)
             : values == WIDE ? finite_code(f, random, 0, 255)
                              : finite_code(f, random);
  }
}

struct Scales {
  int32_t format;
  int64_t block_rows;
  int64_t block_columns;
  bool per_tensor;
  float tensor_scale;
};

constexpr Scales kNone = {-1, 1, 0, false, 1.0f};
constexpr Scales kRows = {FP32, 1, 0, false, 0.75f};
constexpr Scales kTensor = {FP32, 1, 0, true, 1.0f};
constexpr Scales kMx = {E8M0, 1, 32, false, 1.0f};
constexpr Scales kNv = {E4M3FN, 1, 16, false, 0.01f};
constexpr Scales k1x128 = {FP32, 1, 128, false, 1.0f};
constexpr Scales k128x128 = {FP32, 128, 128, false, 3.0f};
constexpr Scales k1x32 = {FP32, 1, 32, false, 1.0f};
constexpr Scales k1x64 = {FP32, 1, 64, false, 1.0f};
constexpr Scales k3x5 = {FP32, 3, 5, false, 1.0f};
constexpr Scales kLong = {E8M0, 1, 2000, false, 1.0f};

// An operand of exactly the bytes it needs.
struct Tensor {
  std::vector<uint8_t> elements, scales;
  definition::Operand operand;
  std::vector<float> decoded;

  Tensor(const Format& f, const Scales& s, Values values, int64_t rows, int64_t k, int64_t gap,
         Random& random) {
    const int64_t row_bytes = bytes_of(f, k), stride = row_bytes + gap;
    const int64_t size = rows == 0 ? 0 : (rows - 1) * stride + row_bytes;
    elements.resize(size);
    decoded.resize(rows * k);
    for (int64_t i = 0; i < size; i++) elements[i] = static_cast<uint8_t>(random.next());
    for (int64_t row = 0; row < rows; row++) {
      for (int64_t i = 0; i < k; i++) {
        const uint32_t code = code_of(f, values, i, random);
        put(f, elements.data() + row * stride, i, code);
        decoded[row * k + i] = definition::decode(f, code);
      }
    }
    const int64_t scale_rows = s.per_tensor ? 1 : (rows + s.block_rows - 1) / s.block_rows;
    const int64_t scale_columns =
        s.block_columns == 0 ? 1 : (k + s.block_columns - 1) / s.block_columns;
    const int64_t scale_stride = s.per_tensor ? 0 : scale_columns + (gap > 0 ? 2 : 0);
    const int64_t count = s.format < 0 ? 0 : (scale_rows - 1) * scale_stride + scale_columns;
    const int64_t scale_bytes = s.format == FP32 ? 4 : 1;
    scales.resize(std::max<int64_t>(count * scale_bytes, 0));
    for (int64_t i = 0; i < count; i++) {
      const bool is_special = values == RARE_SPECIALS && random.below(50) == 0;
      if (s.format == FP32) {
        const float scale =
            is_special ? HUGE_VALF
                       : std::ldexp(1.0f + random.below(1 << 23) * 0x1p-23f, random.below(9) - 5);
        std::memcpy(&scales[4 * i], &scale, 4);
      } else if (s.format == E8M0) {
        scales[i] = static_cast<uint8_t>(is_special           ? 255
                                         : values == ANY_CODE ? random.below(256)
                                                              : 120 + random.below(14));
      } else {
        scales[i] =
            static_cast<uint8_t>(is_special ? 127 : random.below(values == ANY_CODE ? 256 : 127));
      }
    }
    operand = {f.id,         elements.data(), stride,          s.format,      scales.data(),
               scale_stride, s.block_rows,    s.block_columns, s.tensor_scale};
  }
};

// The operand once more, as octavo.tensor.Packing and PackedMatrix describe it.
struct PackedTensor {
  std::vector<uint8_t> elements, scales;
  definition::Operand operand;
  int64_t panel_rows, interleave, group;

  PackedTensor(const Tensor& tensor, int64_t rows, int64_t k, int64_t packing) {
    const definition::Operand& from = tensor.operand;
    const Format& f = definition::format(from.format);
    panel_rows = packing >> 32;
    interleave = packing >> 16 & 0xFFFF;
    group = packing & 0xFFFF;
    const int64_t panels = (rows + panel_rows - 1) / panel_rows, groups = (k + group - 1) / group;
    const int64_t panel_codes = groups * group * panel_rows, panel_bytes = bytes_of(f, panel_codes);
    elements.resize(panels * panel_bytes);
    scales = tensor.scales;
    const int64_t apart = panel_rows / interleave;
    for (int64_t i = 0; i < rows; i++) {
      const int64_t r = i % panel_rows;
      for (int64_t j = 0; j < k; j++) {
        const int64_t at = j / group * panel_rows * group +
                           (r % apart * interleave + r / apart) * group + j % group;
        put(f, elements.data() + i / panel_rows * panel_bytes, at,
            definition::code_at(f, from.elements + i * from.row_stride_bytes, j));
      }
    }
    operand = from;
    operand.elements = elements.data();
    operand.row_stride_bytes = -1;
    if (!from.has_blocks() || from.block_rows != 1) return;
    const Format& s = definition::format(from.scale_format);
    const int64_t blocks = (k + from.block_columns - 1) / from.block_columns;
    scales.assign(bytes_of(s, panels * blocks * panel_rows), 0);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < blocks; j++) {
        put(s, scales.data(), (i / panel_rows * blocks + j) * panel_rows + i % panel_rows,
            definition::code_at(s, from.scales, i * from.scale_row_stride + j));
      }
    }
    operand.scales = scales.data();
    operand.scale_row_stride = -1;
  }
};

}  // namespace checks

#endif  // OCTAVO_TEST_MATMUL_OPERANDS_H
