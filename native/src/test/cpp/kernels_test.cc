// Conformance of the native kernels: every tier that this machine can run against the definition,
// bit for bit.
//
//   kernels_test            all of it but the next
//   kernels_test --all      also every FP32 value through every conversion: minutes
//   kernels_test --seed=N   other random values; the seed is printed
//
// Inputs lie in blocks of exactly their size, so that a run under the address sanitizer finds every
// byte read beyond a row; outputs lie between guard bytes that are compared afterwards.
#include <octavo.h>

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "definition.h"

namespace {

using definition::bytes_of;
using definition::Format;
using definition::put;

constexpr int32_t FP32 = 0, TF32 = 1, BF16 = 2, FP16 = 3, E5M2 = 4, E4M3FN = 6, E2M1 = 13,
                  E8M0 = 14, INT8 = 15;

int64_t passed = 0, failed = 0;

bool check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds && failed <= 20) std::printf("FAILED: %s\n", what.c_str());
  return holds;
}

std::string text(const char* pattern, ...) __attribute__((format(printf, 1, 2)));
std::string text(const char* pattern, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(line, sizeof line, pattern, arguments);
  va_end(arguments);
  return line;
}

std::vector<int32_t> runnable_tiers() {
  std::vector<int32_t> tiers;
  for (int32_t tier = 0; tier < oct_tier_count(); tier++) {
    std::printf("tier %-10s %s\n", oct_tier_name(tier),
                oct_tier_supported(tier)  ? "runs here"
                : oct_tier_compiled(tier) ? "compiled, this CPU cannot run it"
                                          : "not compiled");
    if (oct_tier_supported(tier)) tiers.push_back(tier);
  }
  return tiers;
}

struct Random {
  uint64_t state;
  uint64_t next() {  // splitmix64
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(next() % static_cast<uint64_t>(bound));
  }
};

bool same(float x, float y) {
  return definition::to_bits(x) == definition::to_bits(y) || (std::isnan(x) && std::isnan(y));
}

// ---- arguments

void test_refusals(int32_t tier) {
  const char* name = oct_tier_name(tier);
  float x[4] = {1, 2, 3, 4};
  float out[4] = {9, 9, 9, 9};
  const auto matmul = [&](int32_t t, int64_t m, int32_t a_format, int32_t scale_format,
                          int64_t a_block, int64_t b_block, int32_t out_format) {
    return oct_matmul(t, m, 1, 2, 0, m, 0, 1, a_format, x, 8, scale_format, x, 1, 1, a_block, 1,
                      FP32, x, 8, scale_format, x, 1, 1, b_block, 1, 0, 0, 0, 1.0f, nullptr,
                      OCT_ACTIVATION_NONE, OCT_NO_RESIDUAL, nullptr, 0, out_format, out, 8);
  };
  const auto convert = [&](int32_t t, int64_t rows, int32_t in, int32_t to, int32_t rounding,
                           int32_t overflow) {
    return oct_convert(t, rows, 2, 0, rows, 0, 2, in, x, 8, to, out, 8, rounding, overflow, 0, 0);
  };
  const auto expect = [&](int32_t status, int32_t expected, const char* what) {
    check(status == expected, text("%s: %s returns %d, not %d", name, what, status, expected));
  };
  expect(matmul(-1, 1, FP32, -1, 0, 0, FP32), OCT_ERROR_TIER, "matmul on tier -1");
  expect(matmul(oct_tier_count(), 1, FP32, -1, 0, 0, FP32), OCT_ERROR_TIER,
         "matmul on a tier beyond the last");
  expect(matmul(tier, 1, 99, -1, 0, 0, FP32), OCT_ERROR_FORMAT, "matmul of format 99");
  expect(matmul(tier, 1, FP32, -2, 0, 0, FP32), OCT_ERROR_FORMAT, "matmul with scale format -2");
  expect(matmul(tier, 1, FP32, E5M2, 1, 1, FP32), OCT_ERROR_UNSUPPORTED, "matmul with E5M2 scales");
  expect(matmul(tier, 1, FP32, -1, 0, 0, FP16), OCT_ERROR_UNSUPPORTED, "matmul to FP16");
  expect(matmul(tier, -1, FP32, -1, 0, 0, FP32), OCT_ERROR_ARGUMENT, "matmul of -1 rows");
  expect(matmul(tier, 1, FP32, FP32, 48, 32, FP32), OCT_ERROR_ARGUMENT,
         "matmul of blocks of 48 and 32");
  expect(matmul(tier, 0, FP32, -1, 0, 0, FP32), OCT_OK, "matmul of no rows");
  expect(convert(-1, 1, FP32, E4M3FN, 0, 0), OCT_ERROR_TIER, "convert on tier -1");
  expect(convert(tier, 1, FP32, -1, 0, 0), OCT_ERROR_FORMAT, "convert to format -1");
  expect(convert(tier, 1, FP32, E4M3FN, 3, 0), OCT_ERROR_UNSUPPORTED, "convert with rounding 3");
  expect(convert(tier, 1, FP32, E4M3FN, 0, 7), OCT_ERROR_UNSUPPORTED,
         "convert with overflow rule 7");
  expect(convert(tier, -1, FP32, E4M3FN, 0, 0), OCT_ERROR_ARGUMENT, "convert of -1 rows");
  const auto part = [&](int64_t row, int64_t row_end, int64_t column_end, int64_t panel_rows,
                        int32_t activation, int32_t residual) {
    return oct_matmul(tier, 1, 1, 2, row, row_end, 0, column_end, FP32, x, 8, -1, x, 1, 1, 0, 1,
                      FP32, x, 8, -1, x, 1, 1, 0, 1, panel_rows, 1, 1, 1.0f, nullptr, activation,
                      residual, x, 4, FP32, out, 8);
  };
  expect(part(-1, 1, 1, 0, 0, -1), OCT_ERROR_ARGUMENT, "matmul from row -1");
  expect(part(0, 2, 1, 0, 0, -1), OCT_ERROR_ARGUMENT, "matmul to row 2 of 1");
  expect(part(0, 1, 2, 0, 0, -1), OCT_ERROR_ARGUMENT, "matmul to column 2 of 1");
  expect(part(0, 1, 1, 24, 0, -1), OCT_ERROR_ARGUMENT, "matmul of panels of 24 rows");
  expect(part(0, 1, 1, 0, 99, -1), OCT_ERROR_UNSUPPORTED, "matmul with activation 99");
  expect(part(0, 1, 1, 0, 0, E4M3FN), OCT_ERROR_UNSUPPORTED, "matmul with an E4M3FN residual");
  expect(part(0, 0, 1, 0, 0, -1), OCT_OK, "matmul of no part");
  const auto quantize = [&](int32_t t, int64_t rows, int32_t in, int32_t to, int32_t scale,
                            int32_t rule, int32_t rounding) {
    return oct_quantize(t, rows, 2, 0, rows, 0, 2, in, x, 8, to, out, 8, scale, out, 1, 1, 0, 1.0f,
                        rule, rounding, 0, 0);
  };
  expect(quantize(-1, 1, FP32, E2M1, E8M0, 0, 0), OCT_ERROR_TIER, "quantize on tier -1");
  expect(quantize(tier, 1, FP32, 99, E8M0, 0, 0), OCT_ERROR_FORMAT, "quantize to format 99");
  expect(quantize(tier, 1, FP32, E2M1, -1, 0, 0), OCT_ERROR_FORMAT, "quantize without scales");
  expect(quantize(tier, 1, E2M1, E2M1, E8M0, 0, 0), OCT_ERROR_UNSUPPORTED, "quantize of E2M1");
  expect(quantize(tier, 1, FP32, E2M1, E5M2, 0, 0), OCT_ERROR_UNSUPPORTED, "quantize, E5M2 scales");
  expect(quantize(tier, 1, FP32, E2M1, E8M0, 6, 0), OCT_ERROR_UNSUPPORTED, "quantize with rule 6");
  expect(quantize(tier, 1, FP32, E2M1, E8M0, 0, 3), OCT_ERROR_UNSUPPORTED,
         "quantize with rounding 3");
  expect(quantize(tier, -1, FP32, E2M1, E8M0, 0, 0), OCT_ERROR_ARGUMENT, "quantize of -1 rows");
  expect(oct_amax(tier, 1, 2, 0, 1, 0, 2, E2M1, x, 8, 0), OCT_ERROR_UNSUPPORTED, "amax of E2M1");
  expect(oct_dequantize(tier, 1, 2, 0, 1, 0, 2, E2M1, x, 8, E8M0, x, 1, 0, 2, 1.0f, FP32, out, 8),
         OCT_ERROR_ARGUMENT, "dequantize with 0 rows of a block");
  expect(oct_dequantize(tier, 1, 2, 0, 1, 0, 2, E2M1, x, 8, E8M0, x, 1, 1, 2, 1.0f, E4M3FN, out, 8),
         OCT_ERROR_UNSUPPORTED, "dequantize to E4M3FN");
  check(std::all_of(out, out + 4, [](float y) { return y == 9; }),
        text("%s: a refused call wrote", name));
  check(oct_convert_supported(tier, FP32, E4M3FN, 0, 0) == 1 &&
            oct_convert_supported(tier, FP32, E4M3FN, 3, 0) == 0 &&
            oct_matmul_supported(tier, E2M1, E8M0, FP32, -1, BF16) == 1 &&
            oct_matmul_supported(tier, FP32, E5M2, FP32, -1, FP32) == 0 &&
            oct_quantize_supported(tier, FP32, E2M1, E8M0, 0, 0) == 1 &&
            oct_quantize_supported(tier, E2M1, E2M1, E8M0, 0, 0) == 0 &&
            oct_dequantize_supported(tier, E2M1, E8M0, BF16) == 1 &&
            oct_dequantize_supported(tier, E2M1, E5M2, BF16) == 0,
        text("%s: the questions answer what the calls do", name));
}

// ---- conversions

// Every code of a format, or many of a wide one, decoded in rows with tails.
void test_decoding(int32_t tier, const Format& f, Random random) {
  std::vector<uint32_t> codes;
  if (f.stored_bits <= 16) {
    for (uint32_t code = 0; code < 1u << f.stored_bits; code++) codes.push_back(code);
  } else {
    for (int i = 0; i < 10000; i++) codes.push_back(static_cast<uint32_t>(random.next()));
    for (uint32_t high = 0; high < 0x200; high++) {
      for (uint32_t low : {0u, 1u, 0x1FFFu, 0x2000u, 0x7FFFFFu}) codes.push_back(high << 23 | low);
    }
  }
  for (int32_t overflow : {OCT_OVERFLOW_SATURATE, OCT_OVERFLOW_IEEE}) {
    for (int64_t columns : {static_cast<int64_t>(codes.size()), int64_t{37}, int64_t{1}}) {
      const int64_t rows = (static_cast<int64_t>(codes.size()) + columns - 1) / columns;
      const int64_t in_stride = bytes_of(f, columns), out_stride = 4 * columns + 4;
      std::vector<uint8_t> in(rows * in_stride), out(rows * out_stride, 0xA5);
      for (int64_t i = 0; i < rows * columns; i++) {
        put(f, &in[i / columns * in_stride], i % columns, codes[i % codes.size()]);
      }
      const int32_t status =
          oct_convert(tier, rows, columns, 0, rows, 0, columns, f.id, in.data(), in_stride, FP32,
                      out.data(), out_stride, OCT_ROUND_NEAREST_EVEN, overflow, 0, 0);
      int64_t wrong = status == OCT_OK ? 0 : 1;
      for (int64_t i = 0; i < rows * columns; i++) {
        float value;
        std::memcpy(&value, &out[i / columns * out_stride + i % columns * 4], 4);
        float expected = definition::decode(f, codes[i % codes.size()]);
        if (std::isinf(expected) && overflow == OCT_OVERFLOW_SATURATE) {
          expected = std::copysign(std::numeric_limits<float>::max(), expected);
        }
        wrong += !same(value, expected);
      }
      for (int64_t row = 0; row < rows; row++) {
        for (int i = 0; i < 4; i++) wrong += out[row * out_stride + 4 * columns + i] != 0xA5;
      }
      check(wrong == 0,
            text("%s: %" PRId64 " wrong values of %s to FP32, overflow %d, in rows of %" PRId64,
                 oct_tier_name(tier), wrong, f.name, overflow, columns));
    }
  }
}

constexpr definition::Encoder::Rounding kRoundings[] = {definition::Encoder::NEAREST_EVEN,
                                                        definition::Encoder::TOWARD_ZERO,
                                                        definition::Encoder::STOCHASTIC};

// Values around every boundary of a format, all BF16 values, and random ones.
std::vector<float> telling_values(const definition::Encoder& encoder, Random random) {
  std::vector<float> values;
  for (uint32_t high = 0; high < 0x10000; high++)
    values.push_back(definition::from_bits(high << 16));
  for (const std::vector<uint32_t>* list : {&encoder.nearest, &encoder.exact}) {
    for (uint32_t least : *list) {
      for (uint32_t bits : {least - 1, least, least + 1}) {
        values.push_back(definition::from_bits(bits));
        values.push_back(definition::from_bits(bits | 0x80000000u));
      }
    }
  }
  for (int i = 0; i < 50000; i++)
    values.push_back(definition::from_bits(static_cast<uint32_t>(random.next())));
  return values;
}

uint32_t encode(const definition::Encoder& encoder, definition::Encoder::Rounding rounding,
                bool saturate, float value, uint32_t random) {
  switch (encoder.format.kind) {
    case definition::INTEGER:
      return definition::encode_integer(encoder.format, rounding, value, random);
    case definition::POWER:
      return definition::encode_power(rounding, saturate, value, random);
    default:
      return encoder.encode(rounding, saturate, value, random);
  }
}

// One conversion of rows with tails. The values are in a format that decodes to `values`.
void test_encoding(int32_t tier, const Format& from, const std::vector<uint8_t>& in,
                   const std::vector<float>& values, const definition::Encoder& encoder,
                   definition::Encoder::Rounding rounding, bool saturate, int64_t columns,
                   uint64_t first_index) {
  const Format& f = encoder.format;
  const uint64_t seed = 0x123456789ABCDEFu;
  const int64_t rows = static_cast<int64_t>(values.size()) / columns;
  const int64_t out_stride = bytes_of(f, columns) + 3;
  std::vector<uint8_t> out(rows * out_stride, 0xA5), expected(rows * out_stride, 0xA5);
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < columns; column++) {
      const int64_t i = row * columns + column;
      put(f, &expected[row * out_stride], column,
          encode(encoder, rounding, saturate, values[i],
                 definition::random_bits(seed, first_index + i)));
    }
  }
  // in four parts
  const int64_t row = rows / 3, column = columns / 3 / 2 * 2;
  int64_t wrong = 0;
  for (int part = 0; part < 4; part++) {
    wrong += oct_convert(tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
                         part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, from.id,
                         in.data(), bytes_of(from, columns), f.id, out.data(), out_stride, rounding,
                         saturate ? OCT_OVERFLOW_SATURATE : OCT_OVERFLOW_IEEE,
                         static_cast<int64_t>(seed), static_cast<int64_t>(first_index)) != OCT_OK;
  }
  for (size_t i = 0; i < out.size(); i++) wrong += out[i] != expected[i];
  check(wrong == 0,
        text("%s: %" PRId64 " wrong bytes of %s to %s, rounding %d, %s, in rows of %" PRId64,
             oct_tier_name(tier), wrong, from.name, f.name, rounding,
             saturate ? "SATURATE" : "IEEE", columns));
}

void test_encodings(int32_t tier, const definition::Encoder& encoder, Random random) {
  const std::vector<float> values = telling_values(encoder, random);
  std::vector<uint8_t> bytes(4 * values.size());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  const Format& fp32 = definition::format(FP32);
  const int64_t count = static_cast<int64_t>(values.size());
  for (definition::Encoder::Rounding rounding : kRoundings) {
    for (bool saturate : {true, false}) {
      test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, count, 0);
      test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, 37,
                    (1ull << 32) - 1000);
      // the high half of the index changes among the random values, which are the last ones
      for (int64_t rest : {20000, 20011}) {
        test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, count,
                      (1ull << 32) - static_cast<uint64_t>(count - rest));
      }
    }
  }
  // from every other format, in rows longer than a chunk
  for (const Format& from : definition::kFormats) {
    if (from.id == FP32) continue;
    const int64_t columns = 1031;
    std::vector<uint8_t> in(2 * bytes_of(from, columns));
    std::vector<float> decoded(2 * columns);
    for (int64_t i = 0; i < 2 * columns; i++) {
      const uint32_t code = static_cast<uint32_t>(random.next()) &
                            static_cast<uint32_t>((1ull << from.stored_bits) - 1);
      put(from, &in[i / columns * bytes_of(from, columns)], i % columns, code);
      decoded[i] = definition::decode(from, code);
    }
    for (definition::Encoder::Rounding rounding : kRoundings) {
      test_encoding(tier, from, in, decoded, encoder, rounding, from.id % 2 == 0, columns, 5);
    }
  }
}

// Every FP32 value, to nearest even.
void test_encoding_of_all(int32_t tier, const definition::Encoder& encoder) {
  constexpr int64_t kChunk = 1 << 16;
  const Format& f = encoder.format;
  std::vector<uint32_t> values(kChunk);
  std::vector<uint8_t> out(4 * kChunk);
  for (bool saturate : {true, false}) {
    int64_t wrong = 0;
    for (uint64_t first = 0; first < 1ull << 32; first += kChunk) {
      for (int64_t i = 0; i < kChunk; i++) values[i] = static_cast<uint32_t>(first + i);
      wrong += oct_convert(tier, 1, kChunk, 0, 1, 0, kChunk, FP32, values.data(), 0, f.id,
                           out.data(), 0, OCT_ROUND_NEAREST_EVEN,
                           saturate ? OCT_OVERFLOW_SATURATE : OCT_OVERFLOW_IEEE, 0, 0) != OCT_OK;
      // codes are constant between two boundaries of the rounding, and so is everything else about
      // the value
      int64_t i = 0;
      while (i < kChunk) {
        const uint32_t magnitude = values[i] & 0x7FFFFFFF;
        const uint32_t code = definition::Encoder::find(encoder.nearest, magnitude);
        const uint64_t next = magnitude > 0x7F800000              ? 0x80000000u
                              : magnitude == 0x7F800000           ? 0x7F800001u
                              : code + 1 < encoder.nearest.size() ? encoder.nearest[code + 1]
                                                                  : 0x7F800000u;
        const int64_t end = std::min<int64_t>(kChunk, i + static_cast<int64_t>(next - magnitude));
        const uint32_t expected = encoder.encode(definition::Encoder::NEAREST_EVEN, saturate,
                                                 definition::from_bits(values[i]), 0);
        for (; i < end; i++) wrong += definition::code_at(f, out.data(), i) != expected;
      }
    }
    check(wrong == 0, text("%s: %" PRId64 " wrong codes of all FP32 values to %s, %s",
                           oct_tier_name(tier), wrong, f.name, saturate ? "SATURATE" : "IEEE"));
  }
}

// ---- quantization and back

struct Style {
  const char* name;
  int32_t scale_format;
  int64_t block_rows, block_columns;
  bool has_tensor_scale;
};

constexpr Style kStyles[] = {
    {"MX", E8M0, 1, 32, false},     {"NV", E4M3FN, 1, 16, true},
    {"1x128", FP32, 1, 128, false}, {"128x128", FP32, 128, 128, false},
    {"row", FP32, 1, 0, false},     {"tensor", FP32, 0, 0, false},
    {"3x5", FP32, 3, 5, false},     {"E8M0 2x7", E8M0, 2, 7, false},
    {"1x600", E8M0, 1, 600, false},
};

// Magnitudes that scales may turn on: around powers of two, subnormals, and what is not finite.
float telling_magnitude(Random& random) {
  switch (random.below(12)) {
    case 0:
      return definition::from_bits(static_cast<uint32_t>(random.next()) & 0x7FFFFFFF);
    case 1:
      return std::ldexp(1.0f, static_cast<int>(random.below(277)) - 149);
    case 2:
      return definition::from_bits((static_cast<uint32_t>(1 + random.below(254)) << 23) -
                                   static_cast<uint32_t>(random.below(100)));
    case 3:
      return definition::from_bits(static_cast<uint32_t>(random.below(0x00800000)));
    case 4:
      return definition::from_bits(static_cast<uint32_t>(random.below(64)) * 0x00100000);
    default:
      return std::ldexp(1.0f + random.below(1 << 23) * 0x1p-23f, static_cast<int>(random.below(8)));
  }
}

uint32_t to_plain(int32_t format, float value) {
  if (format == FP32) return definition::to_bits(value);
  static const definition::Encoder bf16(definition::format(BF16)), fp16(definition::format(FP16));
  return (format == BF16 ? bf16 : fp16).encode(definition::Encoder::NEAREST_EVEN, false, value, 0);
}

void test_quantization(const std::vector<int32_t>& tiers, const definition::Encoder& encoder,
                       const Style& style, int32_t in_format, definition::ScaleRule rule,
                       definition::Encoder::Rounding rounding, int64_t rows, int64_t columns,
                       int64_t gap, Random& random) {
  const Format &f = encoder.format, &in = definition::format(in_format);
  const int64_t in_stride = bytes_of(in, columns) + gap;
  std::unique_ptr<uint8_t[]> input(new uint8_t[std::max<int64_t>(
      rows == 0 ? 0 : (rows - 1) * in_stride + bytes_of(in, columns), 1)]());
  std::vector<float> values(rows * columns);
  const int64_t block_rows = style.block_rows == 0 ? std::max<int64_t>(rows, 1) : style.block_rows;
  const int64_t block =
      style.block_columns == 0 ? std::max<int64_t>(columns, 1) : style.block_columns;
  const int64_t scale_columns = style.block_columns == 0 ? 1 : (columns + block - 1) / block;
  const int64_t scale_rows = style.block_rows == 0 ? 1 : (rows + block_rows - 1) / block_rows;
  // one magnitude for each block, so that most elements are near its largest
  std::vector<float> magnitudes(scale_rows * scale_columns + 1);
  for (float& magnitude : magnitudes) magnitude = telling_magnitude(random);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < columns; k++) {
      const float most = magnitudes[i / block_rows * scale_columns + k / block];
      float value = random.below(30) == 0 ? most : most * (random.below(1 << 24) * 0x1p-24f);
      if (random.below(2) != 0) value = -value;
      if (random.below(40) == 0) value = 0.0f;
      const uint32_t code = to_plain(in_format, value);
      put(in, &input[i * in_stride], k, code);
      values[i * columns + k] = definition::decode(in, code);
    }
  }
  float tensor_scale = 1.0f, finite = 0, any = 0;
  for (float value : values) {
    if (std::isfinite(value)) finite = std::max(finite, std::fabs(value));
    if (!(std::fabs(value) <= any) && !std::isnan(any)) any = std::fabs(value);
  }
  if (style.has_tensor_scale)
    tensor_scale = std::max(finite / (448.0f * definition::max_finite(f)), 0x1p-120f);

  const uint64_t seed = 77, first_index = (1ull << 32) - 300;
  const Format& scale = definition::format(style.scale_format);
  const int64_t out_stride = bytes_of(f, columns) + gap, scale_stride = scale_columns + gap;
  std::vector<uint8_t> expected(rows * out_stride + 64, 0xA5);
  std::vector<uint8_t> expected_scales(bytes_of(scale, scale_rows * scale_stride) + 64, 0xA5);
  for (int64_t si = 0; si < scale_rows; si++) {
    for (int64_t sk = 0; sk < scale_columns; sk++) {
      float amax = 0;
      for (int64_t i = si * block_rows; i < std::min(rows, (si + 1) * block_rows); i++) {
        for (int64_t k = sk * block; k < std::min(columns, (sk + 1) * block); k++) {
          const float magnitude = std::fabs(values[i * columns + k]);
          if (!(magnitude <= amax) && !std::isnan(amax)) amax = magnitude;
        }
      }
      uint32_t code;
      if (style.scale_format == E8M0) {
        code = definition::mx_scale(rule, f, amax);
      } else if (style.scale_format == FP32) {
        code = !std::isfinite(amax) ? 0x7FC00000
               : amax == 0
                   ? 0x3F800000
                   : definition::to_bits(std::max(amax / definition::max_finite(f), 0x1p-126f));
      } else {
        static const definition::Encoder e4m3fn(definition::format(E4M3FN));
        const float relative = amax / definition::max_finite(f) / tensor_scale;
        code = !std::isfinite(amax)
                   ? 0x7F
                   : e4m3fn.encode(definition::Encoder::NEAREST_EVEN, true,
                                   std::min(std::max(relative, 0x1p-6f), 448.0f), 0);
      }
      put(scale, expected_scales.data(), si * scale_stride + sk, code);
      const float s = definition::decode(scale, code);
      for (int64_t i = si * block_rows; i < std::min(rows, (si + 1) * block_rows); i++) {
        for (int64_t k = sk * block; k < std::min(columns, (sk + 1) * block); k++) {
          const float v = values[i * columns + k];
          float scaled;
          if (style.scale_format == E8M0) {
            scaled = code == 255
                         ? s
                         : v * static_cast<float>(std::ldexp(1.0, 127 - static_cast<int>(code)));
          } else if (style.scale_format == FP32) {
            scaled = v / s;
          } else {
            scaled = v * (1.0f / tensor_scale / s);
          }
          put(f, &expected[i * out_stride], k,
              encode(encoder, rounding, true, scaled,
                     definition::random_bits(seed, first_index + i * columns + k)));
        }
      }
    }
  }
  for (int32_t tier : tiers) {
    std::vector<uint8_t> out(expected.size(), 0xA5), scales(expected_scales.size(), 0xA5);
    if (style.block_rows == 0) scales = expected_scales;
    // in parts of whole blocks
    const int64_t unit = f.stored_bits == 4 && block % 2 != 0 ? 2 * block : block;
    const int64_t row = rows / 2 / block_rows * block_rows;
    const int64_t column = style.block_columns == 0 ? 0 : columns / 2 / unit * unit;
    int32_t status = OCT_OK;
    for (int part = 0; part < 4; part++) {
      if (style.block_columns == 0 && part % 2 == 0) continue;
      const int32_t result = oct_quantize(
          tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
          part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, in_format, input.get(),
          in_stride, f.id, out.data(), out_stride, style.scale_format, scales.data(), scale_stride,
          style.block_rows, style.block_columns, tensor_scale, rule, rounding,
          static_cast<int64_t>(seed), static_cast<int64_t>(first_index));
      if (result != OCT_OK) status = result;
    }
    int64_t wrong = 0;
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t k = 0; k < columns; k++) {
        const uint32_t is = definition::code_at(f, &out[i * out_stride], k);
        const uint32_t expect = definition::code_at(f, &expected[i * out_stride], k);
        const bool both_nan =
            std::isnan(definition::decode(f, is)) && std::isnan(definition::decode(f, expect));
        if (is != expect && both_nan) put(f, &out[i * out_stride], k, expect);
      }
    }
    for (size_t i = 0; i < out.size(); i++) wrong += out[i] != expected[i];
    int64_t wrong_scales = 0;
    for (size_t i = 0; i < scales.size(); i++) wrong_scales += scales[i] != expected_scales[i];
    check(status == OCT_OK && wrong == 0 && wrong_scales == 0,
          text("%s: quantize %" PRId64 "x%" PRId64
               " of %s to %s %s, rule %d, rounding %d: status %d, "
               "%" PRId64 " wrong bytes, %" PRId64 " of scales",
               oct_tier_name(tier), rows, columns, in.name, f.name, style.name, rule, rounding,
               status, wrong, wrong_scales));
    check(oct_amax(tier, rows, columns, 0, rows, 0, columns, in_format, input.get(), in_stride,
                   1) == static_cast<int32_t>(definition::to_bits(finite)),
          text("%s: amax of finite numbers", oct_tier_name(tier)));
    const float largest = definition::from_bits(static_cast<uint32_t>(
        oct_amax(tier, rows, columns, 0, rows, 0, columns, in_format, input.get(), in_stride, 0)));
    check(same(largest, any), text("%s: amax", oct_tier_name(tier)));
  }

  // and back
  const int32_t to = in_format;
  const int64_t back_stride = bytes_of(in, columns) + gap;
  std::vector<uint8_t> expected_back(rows * back_stride + 64, 0xA5);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < columns; k++) {
      const int64_t scale_row = style.block_rows == 0 ? 0 : i / block_rows * scale_stride;
      const float s = definition::decode(scale, definition::code_at(scale, expected_scales.data(),
                                                                    scale_row + k / block)) *
                      tensor_scale;
      const float value =
          definition::decode(f, definition::code_at(f, &expected[i * out_stride], k)) * s;
      put(in, &expected_back[i * back_stride], k, to_plain(to, value));
    }
  }
  for (int32_t tier : tiers) {
    std::vector<uint8_t> back(expected_back.size(), 0xA5);
    const int64_t unit = f.stored_bits == 4 && block % 2 != 0 ? 2 * block : block;
    const int64_t row = rows / 2, column = style.block_columns == 0 ? 0 : columns / 2 / unit * unit;
    int32_t status = OCT_OK;
    for (int part = 0; part < 4; part++) {
      const int32_t result = oct_dequantize(
          tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
          part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, f.id, expected.data(),
          out_stride, style.scale_format, expected_scales.data(),
          style.block_rows == 0 ? 0 : scale_stride, std::max<int64_t>(style.block_rows, 1),
          style.block_columns, tensor_scale, to, back.data(), back_stride);
      if (result != OCT_OK) status = result;
    }
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t k = 0; k < columns; k++) {
        const uint32_t is = definition::code_at(in, &back[i * back_stride], k);
        const uint32_t expect = definition::code_at(in, &expected_back[i * back_stride], k);
        if (std::isnan(definition::decode(in, is)) && std::isnan(definition::decode(in, expect)))
          put(in, &back[i * back_stride], k, expect);
      }
    }
    int64_t wrong = 0;
    for (size_t i = 0; i < back.size(); i++) wrong += back[i] != expected_back[i];
    check(status == OCT_OK && wrong == 0,
          text("%s: dequantize %" PRId64 "x%" PRId64 " of %s %s to %s: status %d, %" PRId64
               " wrong bytes",
               oct_tier_name(tier), rows, columns, f.name, style.name, in.name, status, wrong));
  }
}

void test_quantizations(const std::vector<int32_t>& tiers,
                        const std::vector<definition::Encoder>& encoders, Random random) {
  const int32_t plain[] = {FP32, BF16, FP16};
  int64_t turn = 0;
  for (const definition::Encoder& encoder : encoders) {
    if (encoder.format.stored_bits > 8 || encoder.format.kind == definition::POWER) continue;
    for (const Style& style : kStyles) {
      for (int rule = 0; rule < (style.scale_format == E8M0 ? definition::kScaleRules : 1);
           rule++) {
        for (definition::Encoder::Rounding rounding : kRoundings) {
          const int64_t widths[] = {1, 31, 64, 130, 513, 1201};
          const int64_t block =
              style.scale_format == FP32 || style.block_columns > 100 ? 1 : style.block_columns;
          turn++;
          test_quantization(tiers, encoder, style, plain[turn % 3],
                            static_cast<definition::ScaleRule>(rule), rounding, 1 + turn % 5,
                            (widths[turn % 6] + block - 1) / block * block, turn % 2 * 3, random);
        }
      }
    }
    test_quantization(tiers, encoder, kStyles[0], FP32, definition::OCP_FLOOR, kRoundings[0], 7,
                      4096, 0, random);
    test_quantization(tiers, encoder, kStyles[3], BF16, definition::OCP_FLOOR, kRoundings[0], 259,
                      300, 1, random);
    test_quantization(tiers, encoder, kStyles[4], FP16, definition::OCP_FLOOR, kRoundings[0], 3, 0,
                      1, random);
    test_quantization(tiers, encoder, kStyles[0], FP32, definition::OCP_FLOOR, kRoundings[0], 0, 64,
                      1, random);
  }
}

// ---- matmul

enum Values { FINITE, ANY_CODE, ALL_MAX, ALTERNATING, SUBNORMALS, ZEROS, RARE_SPECIALS, kValues };
const char* const kValueNames[] = {"finite",     "any code", "all max",      "alternating",
                                   "subnormals", "zeros",    "rare specials"};

uint32_t finite_code(const Format& f, Random& random) {
  if (f.kind == definition::INTEGER) return static_cast<uint32_t>(random.below(256));
  if (f.kind == definition::POWER) return static_cast<uint32_t>(117 + random.below(20));
  const int code_bits = 1 + f.exponent_bits + f.mantissa_bits;
  if (f.exponent_bits == 8) {
    // near 1, so that sums neither vanish nor overflow
    const uint32_t exponent = static_cast<uint32_t>(120 + random.below(14));
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
      return finite_code(f, random);
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

// An operand in memory of exactly the size it needs.
struct Tensor {
  std::unique_ptr<uint8_t[]> elements, scales;
  definition::Operand operand;
  std::vector<float> decoded;

  Tensor(const Format& f, const Scales& s, Values values, int64_t rows, int64_t k, int64_t gap,
         Random& random) {
    const int64_t row_bytes = bytes_of(f, k), stride = row_bytes + gap;
    const int64_t size = rows == 0 ? 0 : (rows - 1) * stride + row_bytes;
    elements.reset(new uint8_t[std::max<int64_t>(size, 1)]());
    decoded.resize(rows * k);
    for (int64_t i = 0; i < size; i++) elements[i] = static_cast<uint8_t>(random.next());
    for (int64_t row = 0; row < rows; row++) {
      for (int64_t i = 0; i < k; i++) {
        const uint32_t code = code_of(f, values, i, random);
        put(f, &elements[row * stride], i, code);
        decoded[row * k + i] = definition::decode(f, code);
      }
    }
    const int64_t scale_rows = s.per_tensor ? 1 : (rows + s.block_rows - 1) / s.block_rows;
    const int64_t scale_columns =
        s.block_columns == 0 ? 1 : (k + s.block_columns - 1) / s.block_columns;
    const int64_t scale_stride = s.per_tensor ? 0 : scale_columns + (gap > 0 ? 2 : 0);
    const int64_t count = s.format < 0 ? 0 : (scale_rows - 1) * scale_stride + scale_columns;
    const int64_t scale_bytes = s.format == FP32 ? 4 : 1;
    scales.reset(new uint8_t[std::max<int64_t>(count * scale_bytes, 1)]);
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
    operand = {f.id,         elements.get(), stride,          s.format,      scales.get(),
               scale_stride, s.block_rows,   s.block_columns, s.tensor_scale};
  }
};

// The operand once more, as octavo.tensor.Packing and PackedMatrix describe it.
struct PackedTensor {
  std::unique_ptr<uint8_t[]> elements, scales;
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
    elements.reset(new uint8_t[std::max<int64_t>(panels * panel_bytes, 1)]());
    const int64_t apart = panel_rows / interleave;
    for (int64_t i = 0; i < rows; i++) {
      const int64_t r = i % panel_rows;
      for (int64_t j = 0; j < k; j++) {
        const int64_t at = j / group * panel_rows * group +
                           (r % apart * interleave + r / apart) * group + j % group;
        put(f, &elements[i / panel_rows * panel_bytes], at,
            definition::code_at(f, from.elements + i * from.row_stride_bytes, j));
      }
    }
    operand = from;
    operand.elements = elements.get();
    operand.row_stride_bytes = -1;
    if (!from.has_blocks() || from.block_rows != 1) return;
    const Format& s = definition::format(from.scale_format);
    const int64_t blocks = (k + from.block_columns - 1) / from.block_columns;
    scales.reset(new uint8_t[std::max<int64_t>(bytes_of(s, panels * blocks * panel_rows), 1)]());
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < blocks; j++) {
        put(s, scales.get(), (i / panel_rows * blocks + j) * panel_rows + i % panel_rows,
            definition::code_at(s, from.scales, i * from.scale_row_stride + j));
      }
    }
    operand.scales = scales.get();
    operand.scale_row_stride = -1;
  }
};

struct MatmulCase {
  int64_t m, n, k;
  int a_format;
  Scales a_scales;
  int b_format;
  Scales b_scales;
  Values values;
  bool has_bias;
  int out_format;
  int64_t gap;  // bytes between rows
};

uint32_t to_output(int out_format, float value) {
  if (out_format == FP32) return definition::to_bits(value);
  static const definition::Encoder encoder(definition::format(BF16));
  return encoder.encode(definition::Encoder::NEAREST_EVEN, false, value, 0);
}

void test_matmul(const std::vector<int32_t>& tiers, const MatmulCase& c, Random& random) {
  const Tensor a(definition::format(c.a_format), c.a_scales, c.values, c.m, c.k, c.gap, random);
  const Tensor b(definition::format(c.b_format), c.b_scales, c.values, c.n, c.k, c.gap, random);
  static int64_t turn = 0;
  turn++;
  std::unique_ptr<float[]> bias(c.has_bias ? new float[c.n] : nullptr);
  // with a bias also the rest of what may happen to a result
  const float scale = c.has_bias && turn % 3 == 0 ? 0.37f : 1.0f;
  const int32_t activation = c.has_bias && turn % 2 == 0 ? OCT_ACTIVATION_RELU : 0;
  const int32_t kinds[] = {OCT_NO_RESIDUAL, FP32, BF16, FP16};
  const int32_t residual_format = c.has_bias ? kinds[turn % 4] : OCT_NO_RESIDUAL;
  const int64_t residual_stride =
      residual_format < 0 ? 0 : bytes_of(definition::format(residual_format), c.n) + c.gap;
  std::unique_ptr<uint8_t[]> residual(new uint8_t[std::max<int64_t>(
      c.m == 0 ? 0 : c.m * residual_stride - (residual_format < 0 ? 0 : c.gap), 1)]);
  for (int64_t i = 0; residual_format >= 0 && i < c.m; i++) {
    for (int64_t j = 0; j < c.n; j++) {
      put(definition::format(residual_format), &residual[i * residual_stride], j,
          to_plain(residual_format, static_cast<float>(random.below(4000)) * 0.01f - 20));
    }
  }
  for (int64_t j = 0; c.has_bias && j < c.n; j++) bias[j] = random.below(1000) * 0.37f - 100;

  const int64_t element = c.out_format == FP32 ? 4 : 2, stride = c.n * element + 2 * c.gap,
                guard = 64;
  std::vector<uint8_t> expected(c.m * stride + 2 * guard, 0xA5);
  for (int64_t i = 0; i < c.m; i++) {
    for (int64_t j = 0; j < c.n; j++) {
      float r = definition::dot(a.operand, b.operand, i, j, a.decoded.data() + i * c.k,
                                b.decoded.data() + j * c.k, c.k);
      r = r * scale;
      if (c.has_bias) r = r + bias[j];
      if (activation == OCT_ACTIVATION_RELU && r < 0) r = 0;
      if (residual_format >= 0) {
        const Format& f = definition::format(residual_format);
        r = r + definition::decode(f, definition::code_at(f, &residual[i * residual_stride], j));
      }
      const uint32_t bits = to_output(c.out_format, r);
      std::memcpy(&expected[guard + i * stride + j * element], &bits, element);
    }
  }
  for (int32_t tier : tiers) {
    std::vector<uint8_t> out(expected.size(), 0xA5);
    const definition::Operand& x = a.operand;
    // packed or not, in one part or four
    const bool is_packed = (turn + tier) % 2 == 0;
    const int64_t packing =
        oct_matmul_packing(tier, x.format, x.has_blocks() ? x.block_columns : 0, b.operand.format,
                           b.operand.has_blocks() ? b.operand.block_columns : 0);
    check(packing > 0, text("%s: there is a packing", oct_tier_name(tier)));
    const PackedTensor packed(b, c.n, c.k, packing);
    const definition::Operand& y = is_packed ? packed.operand : b.operand;
    const bool is_split = turn % 3 == 0 && c.m * c.n < 100000;
    const int64_t row = is_split ? random.below(c.m + 1) : 0;
    const int64_t column = is_split ? std::min(c.n, random.below(c.n + 1) / 16 * 16) : 0;
    int32_t status = OCT_OK;
    for (int part = is_split ? 0 : 3; part < 4; part++) {
      const int32_t result = oct_matmul(
          tier, c.m, c.n, c.k, part < 2 ? 0 : row, part < 2 ? row : c.m, part % 2 == 0 ? 0 : column,
          part % 2 == 0 ? column : c.n, x.format, x.elements, x.row_stride_bytes, x.scale_format,
          x.scales, x.scale_row_stride, x.block_rows, x.block_columns, x.tensor_scale, y.format,
          y.elements, y.row_stride_bytes, y.scale_format, y.scales, y.scale_row_stride,
          y.block_rows, y.block_columns, y.tensor_scale, is_packed ? packed.panel_rows : 0,
          packed.interleave, packed.group, scale, bias.get(), activation, residual_format,
          residual.get(), residual_stride, c.out_format, out.data() + guard, stride);
      if (result != OCT_OK) status = result;
    }
    // a NaN may have any payload and sign
    for (int64_t i = 0; i < c.m; i++) {
      for (int64_t j = 0; j < c.n; j++) {
        const int64_t at = guard + i * stride + j * element;
        const float given =
            definition::decode(definition::format(c.out_format),
                               definition::code_at(definition::format(c.out_format), &out[at], 0));
        const float wanted = definition::decode(
            definition::format(c.out_format),
            definition::code_at(definition::format(c.out_format), &expected[at], 0));
        if (std::isnan(given) && std::isnan(wanted)) std::memcpy(&out[at], &expected[at], element);
      }
    }
    int64_t wrong = 0;
    for (size_t i = 0; i < out.size(); i++) wrong += out[i] != expected[i];
    check(status == OCT_OK && wrong == 0,
          text("%s: matmul%s%s %" PRId64 "x%" PRId64 "x%" PRId64 " of %s (scales %d, %" PRId64
               "x%" PRId64 ") and %s (scales %d, %" PRId64 "x%" PRId64
               "), %s%s, to format %d: status %d, %" PRId64 " wrong bytes",
               oct_tier_name(tier), is_packed ? ", packed," : "", is_split ? ", in parts," : "",
               c.m, c.n, c.k, definition::format(c.a_format).name, c.a_scales.format,
               c.a_scales.block_rows, c.a_scales.block_columns, definition::format(c.b_format).name,
               c.b_scales.format, c.b_scales.block_rows, c.b_scales.block_columns,
               kValueNames[c.values], c.has_bias ? ", bias" : "", c.out_format, status, wrong));
  }
}

// Activations against the C library's functions in binary64, and every tier against the first. The
// numbers come in as the bias of an empty product. The bits that octavo.math.Functions defines are
// compared in the tests from Java.
void test_activations(const std::vector<int32_t>& tiers, Random random) {
  std::vector<float> values = {0.0f, -0.0f, HUGE_VALF, -HUGE_VALF, 1e-40f, -1e-40f, 1e30f, -1e30f};
  for (int i = 0; i < 20000; i++) {
    const int exponent = static_cast<int>(random.below(24)) - 18;
    const float value = std::ldexp(1.0f + random.below(1 << 23) * 0x1p-23f, exponent);
    values.push_back(i % 2 == 0 ? value : -value);
  }
  const int64_t count = static_cast<int64_t>(values.size());
  for (int32_t activation = OCT_ACTIVATION_GELU; activation <= OCT_ACTIVATION_SILU; activation++) {
    std::vector<float> first;
    for (int32_t tier : tiers) {
      std::vector<float> out(values.size());
      const int32_t status = oct_matmul(
          tier, 1, count, 0, 0, 1, 0, count, FP32, values.data(), 0, OCT_NO_SCALES, nullptr, 0, 1,
          0, 1.0f, FP32, values.data(), 0, OCT_NO_SCALES, nullptr, 0, 1, 0, 1.0f, 0, 0, 0, 1.0f,
          values.data(), activation, OCT_NO_RESIDUAL, nullptr, 0, FP32, out.data(), 4 * count);
      if (first.empty()) first = out;
      int64_t wrong = status == OCT_OK ? 0 : 1, different = 0;
      for (size_t i = 0; i < values.size(); i++) {
        const double x = values[i];
        double exact;
        if (activation == OCT_ACTIVATION_GELU) {
          exact = 0.5 * x * std::erfc(-x / std::sqrt(2.0));
        } else {
          const double u = activation == OCT_ACTIVATION_SILU
                               ? x
                               : 2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
          exact = x / (1 + std::exp(-u));
        }
        if (x == -HUGE_VAL || (x < 0 && std::fabs(exact) < 0x1p-149)) exact = -0.0;
        const float nearest = static_cast<float>(exact);
        const double unit = std::fabs(double{std::nextafter(std::fabs(nearest), HUGE_VALF)} -
                                      std::fabs(double{nearest}));
        const bool is_near =
            std::isinf(nearest) ? out[i] == nearest : std::fabs(out[i] - exact) <= 6 * unit;
        wrong += !is_near;
        different += !same(out[i], first[i]);
      }
      check(wrong == 0 && different == 0,
            text("%s: activation %d: %" PRId64 " results are not near, %" PRId64
                 " differ from the first tier's",
                 oct_tier_name(tier), activation, wrong, different));
    }
  }
}

void test_matmuls(const std::vector<int32_t>& tiers, Random random) {
  // pairs of formats, with every kind of scales and values in turn
  const Scales scales[] = {kNone, kRows, kTensor, kMx, kNv, k1x128, k128x128, k3x5, kLong};
  int64_t turn = 0;
  for (const Format& a : definition::kFormats) {
    for (const Format& b : definition::kFormats) {
      turn++;
      test_matmul(tiers,
                  {9, 21, 67, a.id, kNone, b.id, kNone, FINITE, turn % 2 == 0, FP32, turn % 3},
                  random);
      test_matmul(tiers,
                  {7, 35, 66, a.id, kMx, b.id, turn % 2 == 0 ? kMx : kNone,
                   static_cast<Values>(turn % kValues), turn % 3 == 0, turn % 4 == 0 ? BF16 : FP32,
                   turn % 2},
                  random);
    }
  }
  // pairs of scales whose block lengths fit
  for (const Scales& a : scales) {
    for (const Scales& b : scales) {
      const int64_t la = a.block_columns, lb = b.block_columns;
      if (la > 0 && lb > 0 && std::max(la, lb) % std::min(la, lb) != 0) continue;
      for (int64_t k : {1, 31, 32, 33, 130, 300}) {
        test_matmul(tiers, {15, 33, k, E4M3FN, a, E2M1, b, FINITE, false, FP32, 1}, random);
        test_matmul(tiers, {4, 40, k, E2M1, a, BF16, b, RARE_SPECIALS, true, BF16, 0}, random);
      }
    }
  }
  // values, in the formats that differ in their specials
  for (int format : {0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 15, 16}) {
    for (int values = 0; values < kValues; values++) {
      for (const Scales& s : {kNone, kRows, kMx, kNv}) {
        const int64_t k = values == ANY_CODE ? 5 : 48;
        test_matmul(tiers,
                    {8, 34, k, format, s, format, s, static_cast<Values>(values), false, FP32, 0},
                    random);
      }
    }
  }
  // tiles: every number of rows and columns around all the tiles' sizes
  for (int64_t m = 1; m <= 30; m++) {
    for (int64_t n : {1, 2, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 65}) {
      test_matmul(tiers, {m, n, 19, FP32, kNone, E4M3FN, kNone, FINITE, false, FP32, 0}, random);
      test_matmul(
          tiers,
          {m, n, 37, E2M1, kNv, E4M3FN, kMx, FINITE, m % 2 == 0, n % 2 == 0 ? BF16 : FP32, 0},
          random);
    }
  }
  // depths, around the step of k
  for (int64_t k :
       {0, 1, 2, 3, 15, 16, 17, 63, 127, 255, 256, 257, 383, 511, 512, 513, 1021, 4099}) {
    for (int format : {FP32, BF16, E4M3FN, E2M1, INT8}) {
      test_matmul(tiers, {3, 18, k, format, kNone, format, kNone, FINITE, false, FP32, 0}, random);
      test_matmul(tiers, {3, 18, k, format, kMx, format, kMx, FINITE, true, FP32, 5}, random);
      test_matmul(tiers, {17, 3, k, format, k3x5, format, kLong, FINITE, false, FP32, 0}, random);
    }
  }
  // elements that are integers: every pair, blocks that sums do and do not fit, scales of all sizes
  const int integers[] = {E2M1, 12, INT8, 16};
  for (int a : integers) {
    for (int b : integers) {
      for (const Scales& x : {kMx, kNv, k1x32, k1x128, kNone}) {
        for (const Scales& y : {kMx, kNv, k1x32, k1x64}) {
          for (int64_t k : {32, 160, 2080}) {
            if (x.format == FP32 && y.format == FP32) k -= 5;
            test_matmul(tiers,
                        {7 + k % 3, 19, k, a, x, b, y, static_cast<Values>(turn++ % kValues),
                         turn % 2 == 0, turn % 5 == 0 ? BF16 : FP32, turn % 3},
                        random);
          }
        }
      }
    }
  }
  for (int64_t m = 1; m <= 30; m++)
    test_matmul(tiers, {m, 33, 96, E2M1, kMx, E2M1, kMx, FINITE, false, FP32, 0}, random);
  test_matmul(tiers, {300, 70, 1056, E2M1, kMx, E2M1, kMx, ANY_CODE, true, FP32, 3}, random);
  test_matmul(tiers, {31, 2100, 2080, INT8, k1x32, E2M1, kMx, FINITE, true, FP32, 0}, random);
  test_matmul(tiers, {310, 2100, 1040, E2M1, kNv, E2M1, kNv, FINITE, true, BF16, 0}, random);
  // steps of rows and columns
  test_matmul(tiers, {150, 70, 300, E4M3FN, k1x128, E4M3FN, k128x128, FINITE, true, FP32, 0},
              random);
  test_matmul(tiers, {301, 45, 520, BF16, kNone, E2M1, kMx, FINITE, false, BF16, 2}, random);
  test_matmul(tiers, {5, 2100, 270, E5M2, kRows, E5M2, kRows, FINITE, true, FP32, 0}, random);
  test_matmul(tiers, {31, 150, 4099, E2M1, kLong, E4M3FN, kLong, FINITE, false, FP32, 0}, random);
  test_matmul(tiers, {1040, 1030, 259, FP32, kNone, E4M3FN, kNone, FINITE, false, FP32, 0}, random);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t seed = 20240229;
  bool all = false;
  for (int i = 1; i < argc; i++) {
    const std::string argument = argv[i];
    if (argument == "--all") {
      all = true;
    } else if (argument.rfind("--seed=", 0) == 0) {
      seed = std::strtoull(argv[i] + 7, nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: kernels_test [--all] [--seed=N]\n");
      return 2;
    }
  }
  std::printf("octavo %s, ABI %d, seed %" PRIu64 "\n", oct_version(), oct_abi_version(), seed);
  check(oct_abi_version() == OCT_ABI_VERSION, "the library has the version of its header");
  check(oct_tier_name(-1) == nullptr && oct_tier_name(oct_tier_count()) == nullptr,
        "there are no other tiers");
  const std::vector<int32_t> tiers = runnable_tiers();
  check(!tiers.empty() && tiers[0] == 0, "the portable tier always runs");

  std::vector<definition::Encoder> encoders;
  for (const Format& f : definition::kFormats) {
    if (f.id != FP32) encoders.emplace_back(f);
  }
  for (int32_t tier : tiers) {
    test_refusals(tier);
    for (const Format& f : definition::kFormats) test_decoding(tier, f, {seed});
    for (const definition::Encoder& encoder : encoders) {
      test_encodings(tier, encoder, {seed});
      if (all && encoder.format.kind < definition::POWER) test_encoding_of_all(tier, encoder);
    }
  }
  test_quantizations(tiers, encoders, {seed});
  test_activations(tiers, {seed});
  test_matmuls(tiers, {seed});
  std::printf("%" PRId64 " passed, %" PRId64 " failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
