// Quantization of every style of scales, and back.
#include "checks.h"

namespace checks {

namespace {

struct Style {
  const char* name;
  int32_t scale_format;
  int64_t block_rows, block_columns;
  float tensor_scale;  // in units of what makes the largest block's scale 448; 0: there is none
};

constexpr Style kStyles[] = {
    {"MX", E8M0, 1, 32, 0},         {"NV", E4M3FN, 1, 16, 1},
    {"1x128", FP32, 1, 128, 0},     {"128x128", FP32, 128, 128, 0},
    {"row", FP32, 1, 0, 0},         {"tensor", FP32, 0, 0, 0},
    {"3x5", FP32, 3, 5, 0},         {"E8M0 2x7", E8M0, 2, 7, 0},
    {"1x600", E8M0, 1, 600, 0},     {"NV, small tensor scale", E4M3FN, 1, 16, 0.01f},
    {"NV of 32", E4M3FN, 1, 32, 1},
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
    case 5:
      if (random.below(4) == 0)
        return definition::from_bits(0x7F800000 + static_cast<uint32_t>(random.below(2)));
      return 1.0f;
    default:
      return std::ldexp(1.0f + random.below(1 << 23) * 0x1p-23f, static_cast<int>(random.below(8)));
  }
}

void test_quantization(const std::vector<int32_t>& tiers, const definition::Encoder& encoder,
                       const Style& style, int32_t in_format, definition::ScaleRule rule,
                       definition::Encoder::Rounding rounding, int64_t rows, int64_t columns,
                       int64_t gap, Random& random) {
  if (!is_due()) return;
  const Format &f = encoder.format, &in = definition::format(in_format);
  const int64_t in_stride = bytes_of(in, columns) + gap;
  std::vector<uint8_t> input(rows * in_stride - (rows == 0 ? 0 : gap));
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
      put(in, input.data() + i * in_stride, k, code);
      values[i * columns + k] = definition::decode(in, code);
    }
  }
  float tensor_scale = 1.0f, finite = 0, any = 0;
  for (float value : values) {
    if (std::isfinite(value)) finite = std::max(finite, std::fabs(value));
    if (!(std::fabs(value) <= any) && !std::isnan(any)) any = std::fabs(value);
  }
  if (style.tensor_scale != 0) {
    tensor_scale = std::max(finite / (448.0f * definition::max_finite(f)), 0x1p-120f);
    tensor_scale = tensor_scale * style.tensor_scale;
  }

  const uint64_t seed = 77, first_index = (1ull << 32) - 300;
  const Format& scale = definition::format(style.scale_format);
  const int64_t out_stride = bytes_of(f, columns) + gap, scale_stride = scale_columns + gap;
  std::vector<uint8_t> expected(rows * out_stride - (rows == 0 ? 0 : gap), Fenced::kPattern);
  std::vector<uint8_t> expected_scales(
      bytes_of(scale, scale_rows * scale_stride - (scale_rows == 0 ? 0 : gap)), Fenced::kPattern);
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
          put(f, expected.data() + i * out_stride, k,
              encode(encoder, rounding, true, scaled,
                     definition::random_bits(seed, first_index + i * columns + k)));
        }
      }
    }
  }
  for (const auto& [tier, fence] : all_ways(tiers)) {
    const std::string what =
        text("%s: quantize %" PRId64 "x%" PRId64 " of %s to %s %s, rule %d, rounding %d",
             oct_tier_name(tier), rows, columns, in.name, f.name, style.name, rule, rounding);
    calling(what);
    const Fenced from(input, fence), out(static_cast<int64_t>(expected.size()), fence);
    const Fenced scales(style.block_rows == 0
                            ? expected_scales
                            : std::vector<uint8_t>(expected_scales.size(), Fenced::kPattern),
                        fence);
    // in parts of whole blocks
    const int64_t unit = f.stored_bits == 4 && block % 2 != 0 ? 2 * block : block;
    const int64_t row = rows / 2 / block_rows * block_rows;
    const int64_t column = style.block_columns == 0 ? 0 : columns / 2 / unit * unit;
    int32_t status = OCT_OK;
    for (int part = 0; part < 4; part++) {
      if (style.block_columns == 0 && part % 2 == 0) continue;
      const int32_t result = oct_quantize(
          tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
          part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, in_format, from.data(),
          in_stride, f.id, out.data(), out_stride, style.scale_format, scales.data(), scale_stride,
          style.block_rows, style.block_columns, tensor_scale, rule, rounding,
          static_cast<int64_t>(seed), static_cast<int64_t>(first_index));
      if (result != OCT_OK) status = result;
    }
    for (int64_t i = 0; i < rows; i++)
      settle_nans(f, out.data() + i * out_stride, expected.data() + i * out_stride, columns);
    const int64_t wrong = out.count_wrong(expected);
    const int64_t wrong_scales = scales.count_wrong(expected_scales);
    check(status == OCT_OK && wrong == 0 && wrong_scales == 0,
          what + text(": status %d, %" PRId64 " wrong bytes, %" PRId64 " of scales", status, wrong,
                      wrong_scales));
    check(oct_amax(tier, rows, columns, 0, rows, 0, columns, in_format, from.data(), in_stride,
                   1) == static_cast<int32_t>(definition::to_bits(finite)),
          text("%s: amax of finite numbers", oct_tier_name(tier)));
    const float largest = definition::from_bits(static_cast<uint32_t>(
        oct_amax(tier, rows, columns, 0, rows, 0, columns, in_format, from.data(), in_stride, 0)));
    check(same(largest, any), text("%s: amax", oct_tier_name(tier)));
  }

  // and back
  const int32_t to = in_format;
  const int64_t back_stride = bytes_of(in, columns) + gap;
  std::vector<uint8_t> expected_back(rows * back_stride - (rows == 0 ? 0 : gap), Fenced::kPattern);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < columns; k++) {
      const int64_t scale_row = style.block_rows == 0 ? 0 : i / block_rows * scale_stride;
      const float s = definition::decode(scale, definition::code_at(scale, expected_scales.data(),
                                                                    scale_row + k / block)) *
                      tensor_scale;
      const float value =
          definition::decode(f, definition::code_at(f, &expected[i * out_stride], k)) * s;
      put(in, expected_back.data() + i * back_stride, k, to_plain(to, value));
    }
  }
  for (const auto& [tier, fence] : all_ways(tiers)) {
    const std::string what = text("%s: dequantize %" PRId64 "x%" PRId64 " of %s %s to %s",
                                  oct_tier_name(tier), rows, columns, f.name, style.name, in.name);
    calling(what);
    const Fenced codes(expected, fence), scales(expected_scales, fence),
        back(static_cast<int64_t>(expected_back.size()), fence);
    const int64_t unit = f.stored_bits == 4 && block % 2 != 0 ? 2 * block : block;
    const int64_t row = rows / 2, column = style.block_columns == 0 ? 0 : columns / 2 / unit * unit;
    int32_t status = OCT_OK;
    for (int part = 0; part < 4; part++) {
      const int32_t result = oct_dequantize(
          tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
          part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, f.id, codes.data(),
          out_stride, style.scale_format, scales.data(), style.block_rows == 0 ? 0 : scale_stride,
          std::max<int64_t>(style.block_rows, 1), style.block_columns, tensor_scale, to,
          back.data(), back_stride);
      if (result != OCT_OK) status = result;
    }
    for (int64_t i = 0; i < rows; i++)
      settle_nans(in, back.data() + i * back_stride, expected_back.data() + i * back_stride,
                  columns);
    const int64_t wrong = back.count_wrong(expected_back);
    check(status == OCT_OK && wrong == 0,
          what + text(": status %d, %" PRId64 " wrong bytes", status, wrong));
  }
}

}  // namespace

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
    // many blocks at a time, and some
    for (int rule = 0; rule < definition::kScaleRules; rule++) {
      test_quantization(tiers, encoder, kStyles[0], FP32, static_cast<definition::ScaleRule>(rule),
                        kRoundings[0], 3, 1376, 3, random);
    }
    for (int style : {1, 9, 10}) {
      for (int64_t columns : {1376, 4096, 528}) {
        test_quantization(tiers, encoder, kStyles[style], FP32, definition::OCP_FLOOR,
                          kRoundings[0], 3, columns, 3, random);
      }
    }
    test_quantization(tiers, encoder, kStyles[3], BF16, definition::OCP_FLOOR, kRoundings[0], 259,
                      300, 1, random);
    test_quantization(tiers, encoder, kStyles[4], FP16, definition::OCP_FLOOR, kRoundings[0], 3, 0,
                      1, random);
    test_quantization(tiers, encoder, kStyles[0], FP32, definition::OCP_FLOOR, kRoundings[0], 0, 64,
                      1, random);
  }
}

}  // namespace checks
