// Products: pairs of formats and scales, tiles, depths, packed operands, parts, what happens to
// results before they are written.
#include "matmul_operands.h"

namespace checks {

namespace {

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
  if (!is_due()) return;
  const Tensor a(definition::format(c.a_format), c.a_scales, c.values, c.m, c.k, c.gap, random);
  const Tensor b(definition::format(c.b_format), c.b_scales, c.values, c.n, c.k, c.gap, random);
  static int64_t turn = 0;
  turn++;
  std::vector<uint8_t> bias(c.has_bias ? 4 * c.n : 0);
  // with a bias also the rest of what may happen to a result
  const float scale = c.has_bias && turn % 3 == 0 ? 0.37f : 1.0f;
  const int32_t activation = c.has_bias && turn % 2 == 0 ? OCT_ACTIVATION_RELU : 0;
  const int32_t kinds[] = {OCT_NO_RESIDUAL, FP32, BF16, FP16};
  const int32_t residual_format = c.has_bias ? kinds[turn % 4] : OCT_NO_RESIDUAL;
  const int64_t residual_stride =
      residual_format < 0 ? 0 : bytes_of(definition::format(residual_format), c.n) + c.gap;
  std::vector<uint8_t> residual(residual_format < 0 || c.m == 0 ? 0
                                                                : c.m * residual_stride - c.gap);
  for (int64_t i = 0; residual_format >= 0 && i < c.m; i++) {
    for (int64_t j = 0; j < c.n; j++) {
      put(definition::format(residual_format), residual.data() + i * residual_stride, j,
          to_plain(residual_format, static_cast<float>(random.below(4000)) * 0.01f - 20));
    }
  }
  const Format& fp32 = definition::format(FP32);
  for (int64_t j = 0; c.has_bias && j < c.n; j++)
    put(fp32, bias.data(), j, definition::to_bits(random.below(1000) * 0.37f - 100));

  const int64_t element = c.out_format == FP32 ? 4 : 2, stride = c.n * element + 2 * c.gap;
  std::vector<uint8_t> expected(c.m * stride - (c.m == 0 ? 0 : 2 * c.gap), Fenced::kPattern);
  for (int64_t i = 0; i < c.m; i++) {
    for (int64_t j = 0; j < c.n; j++) {
      float r = definition::dot(a.operand, b.operand, i, j, a.decoded.data() + i * c.k,
                                b.decoded.data() + j * c.k, c.k);
      r = r * scale;
      if (c.has_bias) r = r + definition::from_bits(definition::code_at(fp32, bias.data(), j));
      if (activation == OCT_ACTIVATION_RELU && r < 0) r = 0;
      if (residual_format >= 0) {
        const Format& f = definition::format(residual_format);
        r = r +
            definition::decode(f, definition::code_at(f, residual.data() + i * residual_stride, j));
      }
      const uint32_t bits = to_output(c.out_format, r);
      std::memcpy(&expected[i * stride + j * element], &bits, element);
    }
  }
  for (const auto& [tier, fence] : all_ways(tiers)) {
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
    const std::string what =
        text("%s: matmul%s%s %" PRId64 "x%" PRId64 "x%" PRId64 " of %s (scales %d, %" PRId64
             "x%" PRId64 ") and %s (scales %d, %" PRId64 "x%" PRId64 "), %s%s, to format %d",
             oct_tier_name(tier), is_packed ? ", packed," : "", is_split ? ", in parts," : "", c.m,
             c.n, c.k, definition::format(c.a_format).name, c.a_scales.format,
             c.a_scales.block_rows, c.a_scales.block_columns, definition::format(c.b_format).name,
             c.b_scales.format, c.b_scales.block_rows, c.b_scales.block_columns,
             kValueNames[c.values], c.has_bias ? ", bias" : "", c.out_format);
    const Fenced a_elements(a.elements, fence), a_scales(a.scales, fence),
        b_elements(is_packed ? packed.elements : b.elements, fence),
        b_scales(is_packed ? packed.scales : b.scales, fence), addends(bias, fence),
        residuals(residual, fence), out(static_cast<int64_t>(expected.size()), fence);
    calling(what);
    int32_t status = OCT_OK;
    for (int part = is_split ? 0 : 3; part < 4; part++) {
      const int32_t result = oct_matmul(
          tier, c.m, c.n, c.k, part < 2 ? 0 : row, part < 2 ? row : c.m, part % 2 == 0 ? 0 : column,
          part % 2 == 0 ? column : c.n, x.format, a_elements.data(), x.row_stride_bytes,
          x.scale_format, a_scales.data(), x.scale_row_stride, x.block_rows, x.block_columns,
          x.tensor_scale, y.format, b_elements.data(), y.row_stride_bytes, y.scale_format,
          b_scales.data(), y.scale_row_stride, y.block_rows, y.block_columns, y.tensor_scale,
          is_packed ? packed.panel_rows : 0, packed.interleave, packed.group, scale,
          c.has_bias ? addends.data() : nullptr, activation, residual_format, residuals.data(),
          residual_stride, c.out_format, out.data(), stride);
      if (result != OCT_OK) status = result;
    }
    for (int64_t i = 0; i < c.m; i++) {
      settle_nans(definition::format(c.out_format), out.data() + i * stride,
                  expected.data() + i * stride, c.n);
    }
    const int64_t wrong = out.count_wrong(expected);
    check(status == OCT_OK && wrong == 0,
          what + text(": status %d, %" PRId64 " wrong bytes", status, wrong));
  }
}

}  // namespace

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
  // few rows of them and of other weights, each packed and not: panels that are full or not, last
  // groups and blocks that are not
  const auto twice = [&](const MatmulCase& c) {
    test_matmul(tiers, c, random);
    test_matmul(tiers, c, random);
  };
  for (int64_t m = 1; m <= 4; m++) {
    for (int64_t n : {1, 15, 16, 17, 33, 64, 65, 130}) {
      for (int format : {E2M1, E2M3, INT8}) {
        twice({m, n, 1056, format, kMx, E2M1, kMx, static_cast<Values>(turn++ % kValues), false,
               FP32, 0});
        twice({m, n, 61, format, k1x32, E2M1, k1x32, FINITE, false, FP32, 0});
        twice({m, n, 131, format, kNone, E2M1, k1x32, FINITE, true, BF16, 1});
        twice({m, n, 96, format, kNv, E2M1, kNv, FINITE, true, BF16, 1});
      }
      for (int format : {FP32, BF16, FP16, E5M2, E4M3FN, INT8}) {
        twice({m, n, 37, BF16, kNone, format, kNone, FINITE, false, FP32, 0});
        twice({m, n, 96, FP32, kNone, format, kMx, static_cast<Values>(turn++ % kValues), true,
               FP32, 0});
      }
      // of A and of B at once, also those that make a kernel take another way
      for (int format : {E5M2, E4M3, E4M3FN}) {
        for (Values values : {ANY_CODE, SUBNORMALS, RARE_SPECIALS, LARGE, VAST, WIDE}) {
          twice({m, n, values == ANY_CODE ? 5 : 131, FP32, kNone, format, kNone, values, false,
                 FP32, 1});
          twice({m, n, 99, BF16, kNone, format, values == WIDE ? k3x5 : k1x32, values, n % 2 == 0,
                 FP32, 0});
        }
      }
    }
  }
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

}  // namespace checks
