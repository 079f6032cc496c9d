// Arguments that are refused, and that nothing is written then.
#include "checks.h"

namespace checks {

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
  expect(oct_quantize(tier, 1, 2, 0, 1, 0, 2, FP32, x, 8, E2M1, out, 8, FP32, out, 1, 0, 1, 1.0f, 0,
                      0, 0, 0),
         OCT_ERROR_ARGUMENT, "quantize by one scale for all rows, but not for all columns");
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

}  // namespace checks
