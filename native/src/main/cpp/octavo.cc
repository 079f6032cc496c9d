// The C interface: checks a call's tier and formats, gathers its arguments and hands them to the
// tier's kernel.

#include "octavo.h"

#include "cpu_features.h"
#include "format_traits.h"
#include "kernel_list.h"

#ifndef OCT_VERSION
#error "OCT_VERSION is given by the build"
#endif

namespace octavo {

#define OCT_ENTRY(name, request) &name, &name##_supports,
#define OCT_TABLE(tier)                                                \
  namespace tier {                                                     \
  static constexpr KernelTable kernels = {OCT_KERNEL_LIST(OCT_ENTRY)}; \
  }
#define OCT_NO_TABLE(tier)
OCT_TIER_LIST(OCT_TABLE, OCT_NO_TABLE)

namespace {

struct Tier {
  const char* name;
  const KernelTable* kernels;
  bool (*cpu_runs)();
};

#define OCT_COMPILED(tier) {#tier, &tier::kernels, &cpu_runs_##tier},
#define OCT_ABSENT(tier) {#tier, nullptr, &cpu_runs_##tier},
constexpr Tier kTiers[] = {OCT_TIER_LIST(OCT_COMPILED, OCT_ABSENT)};
constexpr int32_t kTierCount = sizeof(kTiers) / sizeof(kTiers[0]);

bool tier_exists(int32_t tier) { return tier >= 0 && tier < kTierCount; }

// The tiers that can run, found when the library is loaded.
struct RunnableTiers {
  bool runs[kTierCount];
  RunnableTiers() {
    for (int32_t i = 0; i < kTierCount; i++)
      runs[i] = kTiers[i].kernels != nullptr && kTiers[i].cpu_runs();
  }
};
const RunnableTiers runnable;

const KernelTable* kernels_of(int32_t tier) {
  return tier_exists(tier) && runnable.runs[tier] ? kTiers[tier].kernels : nullptr;
}

bool format_exists(int32_t format) { return format >= 0 && format < kFormatCount; }

// The address of the first element as bytes; which of them are read follows from the format.
const uint8_t* bytes(oct_address address) { return static_cast<const uint8_t*>(address); }
uint8_t* bytes(oct_mutable_address address) { return static_cast<uint8_t*>(address); }

Operand operand(int32_t format, oct_address elements, int64_t row_stride_bytes,
                int32_t scale_format, oct_address scales, int64_t scale_row_stride,
                int64_t block_rows, int64_t block_columns, float tensor_scale) {
  if (scale_format == OCT_NO_SCALES) {
    return {format, bytes(elements), row_stride_bytes, OCT_NO_SCALES, nullptr, 0, 1,
            0,      tensor_scale};
  }
  return {format,           bytes(elements), row_stride_bytes, scale_format, bytes(scales),
          scale_row_stride, block_rows,      block_columns,    tensor_scale};
}

bool sizes_are_valid(const MatmulRequest& request) {
  const int64_t la = request.a.block_columns, lb = request.b.block_columns;
  if (request.m < 0 || request.n < 0 || request.k < 0 || la < 0 || lb < 0) return false;
  if (request.a.block_rows < 1 || request.b.block_rows < 1) return false;
  return la == 0 || lb == 0 || (la > lb ? la % lb : lb % la) == 0;
}

bool formats_exist(const MatmulRequest& request) {
  return format_exists(request.a.format) && format_exists(request.b.format) &&
         format_exists(request.out_format) &&
         (request.a.scale_format == OCT_NO_SCALES || format_exists(request.a.scale_format)) &&
         (request.b.scale_format == OCT_NO_SCALES || format_exists(request.b.scale_format));
}

int32_t run(const KernelTable* kernels, const MatmulRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!formats_exist(request)) return OCT_ERROR_FORMAT;
  const bool block = request.a.block_columns != 0 || request.b.block_columns != 0;
  if (!(block ? kernels->matmul_block_supports : kernels->matmul_plain_supports)(request)) {
    return OCT_ERROR_UNSUPPORTED;
  }
  if (!sizes_are_valid(request)) return OCT_ERROR_ARGUMENT;
  if (request.m == 0 || request.n == 0) return OCT_OK;
  if (block && kernels->matmul_integer_supports(request)) return kernels->matmul_integer(request);
  return (block ? kernels->matmul_block : kernels->matmul_plain)(request);
}

int32_t run(const KernelTable* kernels, const ConvertRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format) || !format_exists(request.out_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->convert_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (request.rows < 0 || request.columns < 0) return OCT_ERROR_ARGUMENT;
  if (request.rows == 0 || request.columns == 0) return OCT_OK;
  return kernels->convert(request);
}

int32_t run(const KernelTable* kernels, const QuantizeRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format) || !format_exists(request.out_format) ||
      !format_exists(request.scale_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->quantize_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (request.rows < 0 || request.columns < 0 || request.block_rows < 0 ||
      request.block_columns < 0)
    return OCT_ERROR_ARGUMENT;
  return kernels->quantize(request);
}

int32_t run(const KernelTable* kernels, const DequantizeRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in.format) || !format_exists(request.in.scale_format) ||
      !format_exists(request.out_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->dequantize_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (request.rows < 0 || request.columns < 0 || request.in.block_rows < 1 ||
      request.in.block_columns < 0)
    return OCT_ERROR_ARGUMENT;
  return kernels->dequantize(request);
}

int32_t run(const KernelTable* kernels, const AmaxRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format)) return OCT_ERROR_FORMAT;
  if (!kernels->amax_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (request.rows < 0 || request.columns < 0) return OCT_ERROR_ARGUMENT;
  return kernels->amax(request);
}

}  // namespace
}  // namespace octavo

using namespace octavo;

int32_t oct_abi_version(void) { return OCT_ABI_VERSION; }

const char* oct_version(void) { return OCT_VERSION; }

int32_t oct_tier_count(void) { return kTierCount; }

const char* oct_tier_name(int32_t tier) { return tier_exists(tier) ? kTiers[tier].name : nullptr; }

int32_t oct_tier_compiled(int32_t tier) {
  return tier_exists(tier) && kTiers[tier].kernels != nullptr;
}

int32_t oct_tier_supported(int32_t tier) { return kernels_of(tier) != nullptr; }

int32_t oct_matmul_supported(int32_t tier, int32_t a_format, int32_t a_scale_format,
                             int32_t b_format, int32_t b_scale_format, int32_t out_format) {
  const KernelTable* kernels = kernels_of(tier);
  MatmulRequest request = {};
  request.a.format = a_format;
  request.a.scale_format = a_scale_format;
  request.b.format = b_format;
  request.b.scale_format = b_scale_format;
  request.out_format = out_format;
  return kernels != nullptr && formats_exist(request) && kernels->matmul_plain_supports(request) &&
         kernels->matmul_block_supports(request);
}

int32_t oct_matmul(int32_t tier, int64_t m, int64_t n, int64_t k, int32_t a_format, oct_address a,
                   int64_t a_row_stride_bytes, int32_t a_scale_format, oct_address a_scales,
                   int64_t a_scale_row_stride, int64_t a_block_rows, int64_t a_block_columns,
                   float a_tensor_scale, int32_t b_format, oct_address b,
                   int64_t b_row_stride_bytes, int32_t b_scale_format, oct_address b_scales,
                   int64_t b_scale_row_stride, int64_t b_block_rows, int64_t b_block_columns,
                   float b_tensor_scale, oct_address bias, int32_t out_format,
                   oct_mutable_address out, int64_t out_row_stride_bytes) {
  const MatmulRequest request = {
      m,
      n,
      k,
      operand(a_format, a, a_row_stride_bytes, a_scale_format, a_scales, a_scale_row_stride,
              a_block_rows, a_block_columns, a_tensor_scale),
      operand(b_format, b, b_row_stride_bytes, b_scale_format, b_scales, b_scale_row_stride,
              b_block_rows, b_block_columns, b_tensor_scale),
      bytes(bias),
      out_format,
      bytes(out),
      out_row_stride_bytes};
  return run(kernels_of(tier), request);
}

int32_t oct_convert_supported(int32_t tier, int32_t in_format, int32_t out_format, int32_t rounding,
                              int32_t overflow) {
  const KernelTable* kernels = kernels_of(tier);
  ConvertRequest request = {};
  request.in_format = in_format;
  request.out_format = out_format;
  request.rounding = rounding;
  request.overflow = overflow;
  return kernels != nullptr && format_exists(in_format) && format_exists(out_format) &&
         kernels->convert_supports(request);
}

int32_t oct_convert(int32_t tier, int64_t rows, int64_t columns, int32_t in_format, oct_address in,
                    int64_t in_row_stride_bytes, int32_t out_format, oct_mutable_address out,
                    int64_t out_row_stride_bytes, int32_t rounding, int32_t overflow, int64_t seed,
                    int64_t first_index) {
  const ConvertRequest request = {rows,
                                  columns,
                                  in_format,
                                  bytes(in),
                                  in_row_stride_bytes,
                                  out_format,
                                  bytes(out),
                                  out_row_stride_bytes,
                                  rounding,
                                  overflow,
                                  static_cast<uint64_t>(seed),
                                  static_cast<uint64_t>(first_index)};
  return run(kernels_of(tier), request);
}

int32_t oct_quantize_supported(int32_t tier, int32_t in_format, int32_t out_format,
                               int32_t scale_format, int32_t scale_rule, int32_t rounding) {
  const KernelTable* kernels = kernels_of(tier);
  QuantizeRequest request = {};
  request.in_format = in_format;
  request.out_format = out_format;
  request.scale_format = scale_format;
  request.scale_rule = scale_rule;
  request.rounding = rounding;
  return kernels != nullptr && format_exists(in_format) && format_exists(out_format) &&
         format_exists(scale_format) && kernels->quantize_supports(request);
}

int32_t oct_quantize(int32_t tier, int64_t rows, int64_t columns, int32_t in_format, oct_address in,
                     int64_t in_row_stride_bytes, int32_t out_format, oct_mutable_address out,
                     int64_t out_row_stride_bytes, int32_t scale_format, oct_mutable_address scales,
                     int64_t scale_row_stride, int64_t block_rows, int64_t block_columns,
                     float tensor_scale, int32_t scale_rule, int32_t rounding, int64_t seed,
                     int64_t first_index) {
  const QuantizeRequest request = {rows,
                                   columns,
                                   in_format,
                                   bytes(in),
                                   in_row_stride_bytes,
                                   out_format,
                                   bytes(out),
                                   out_row_stride_bytes,
                                   scale_format,
                                   bytes(scales),
                                   scale_row_stride,
                                   block_rows,
                                   block_columns,
                                   tensor_scale,
                                   scale_rule,
                                   rounding,
                                   static_cast<uint64_t>(seed),
                                   static_cast<uint64_t>(first_index)};
  return run(kernels_of(tier), request);
}

int32_t oct_amax(int32_t tier, int64_t rows, int64_t columns, int32_t in_format, oct_address in,
                 int64_t in_row_stride_bytes, int32_t finite_only) {
  const AmaxRequest request = {rows, columns, in_format, bytes(in), in_row_stride_bytes,
                               finite_only != 0};
  return run(kernels_of(tier), request);
}

int32_t oct_dequantize_supported(int32_t tier, int32_t in_format, int32_t in_scale_format,
                                 int32_t out_format) {
  const KernelTable* kernels = kernels_of(tier);
  DequantizeRequest request = {};
  request.in.format = in_format;
  request.in.scale_format = in_scale_format;
  request.out_format = out_format;
  return kernels != nullptr && format_exists(in_format) && format_exists(in_scale_format) &&
         format_exists(out_format) && kernels->dequantize_supports(request);
}

int32_t oct_dequantize(int32_t tier, int64_t rows, int64_t columns, int32_t in_format,
                       oct_address in, int64_t in_row_stride_bytes, int32_t in_scale_format,
                       oct_address in_scales, int64_t in_scale_row_stride, int64_t in_block_rows,
                       int64_t in_block_columns, float in_tensor_scale, int32_t out_format,
                       oct_mutable_address out, int64_t out_row_stride_bytes) {
  const DequantizeRequest request = {
      rows,
      columns,
      operand(in_format, in, in_row_stride_bytes, in_scale_format, in_scales, in_scale_row_stride,
              in_block_rows, in_block_columns, in_tensor_scale),
      out_format,
      bytes(out),
      out_row_stride_bytes};
  return run(kernels_of(tier), request);
}
