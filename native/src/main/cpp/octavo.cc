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
#define OCT_TABLE(tier)                                                                 \
  namespace tier {                                                                      \
  static constexpr KernelTable kernels = {OCT_KERNEL_LIST(OCT_ENTRY) & matmul_packing}; \
  }
#define OCT_DERIVED_TABLE(tier, base)                           \
  namespace tier {                                              \
  static constexpr KernelTable derived() {                      \
    KernelTable kernels = base::kernels;                        \
    kernels.matmul_integer = &matmul_integer;                   \
    kernels.matmul_integer_supports = &matmul_integer_supports; \
    return kernels;                                             \
  }                                                             \
  static constexpr KernelTable kernels = derived();             \
  }
#define OCT_NO_TABLE(tier)
OCT_TIER_LIST(OCT_TABLE, OCT_DERIVED_TABLE, OCT_NO_TABLE)

namespace {

struct Tier {
  const char* name;
  const KernelTable* kernels;
  bool (*cpu_runs)();
};

#define OCT_COMPILED(tier) {#tier, &tier::kernels, &cpu_runs_##tier},
#define OCT_DERIVED(tier, base) OCT_COMPILED(tier)
#define OCT_ABSENT(tier) {#tier, nullptr, &cpu_runs_##tier},
constexpr Tier kTiers[] = {OCT_TIER_LIST(OCT_COMPILED, OCT_DERIVED, OCT_ABSENT)};
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
  if (request.row_begin < 0 || request.row_end > request.m || request.column_begin < 0 ||
      request.column_end > request.n)
    return false;
  return la == 0 || lb == 0 || (la > lb ? la % lb : lb % la) == 0;
}

bool formats_exist(const MatmulRequest& request) {
  return format_exists(request.a.format) && format_exists(request.b.format) &&
         format_exists(request.out_format) &&
         (request.a.scale_format == OCT_NO_SCALES || format_exists(request.a.scale_format)) &&
         (request.b.scale_format == OCT_NO_SCALES || format_exists(request.b.scale_format)) &&
         (request.residual_format == OCT_NO_RESIDUAL || format_exists(request.residual_format));
}

// The family of kernels that multiplies these formats.
struct Family {
  int32_t (*run)(const MatmulRequest&);
  bool (*supports)(const MatmulRequest&);
  Packing packing;
};

Family family(const KernelTable& kernels, const MatmulRequest& request) {
  if (request.a.block_columns == 0 && request.b.block_columns == 0)
    return {kernels.matmul_plain, kernels.matmul_plain_supports,
            kernels.matmul_packing(request.b.format)};
  if (kernels.matmul_integer_supports(request))
    return {kernels.matmul_integer, kernels.matmul_integer_supports, {16, 1, 4}};
  return {kernels.matmul_block, kernels.matmul_block_supports,
          kernels.matmul_packing(request.b.format)};
}

bool packing_suits(const MatmulRequest& request, const Packing& needed) {
  const Packing& given = request.b_packing;
  return given.panel_rows == 0 ||
         (given.panel_rows == needed.panel_rows && given.interleave == needed.interleave &&
          given.group == needed.group && request.column_begin % given.panel_rows == 0);
}

int32_t run(const KernelTable* kernels, const MatmulRequest& request) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!formats_exist(request)) return OCT_ERROR_FORMAT;
  const Family found = family(*kernels, request);
  if (!found.supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (!sizes_are_valid(request) || !packing_suits(request, found.packing))
    return OCT_ERROR_ARGUMENT;
  if (request.row_begin >= request.row_end || request.column_begin >= request.column_end)
    return OCT_OK;
  return found.run(request);
}

// A part of a matrix, and the whole that it is of.
struct Part {
  int64_t rows, columns, row_begin, row_end, column_begin, column_end;

  bool is_valid() const {
    return rows >= 0 && columns >= 0 && row_begin >= 0 && row_end >= row_begin && row_end <= rows &&
           column_begin >= 0 && column_end >= column_begin && column_end <= columns;
  }

  // Whether it begins where a byte does, and consists of whole blocks; 0 columns are whole rows.
  bool suits(int32_t format, int64_t block_rows, int64_t block_columns) const {
    return (stored_bits(format) >= 8 || column_begin % 2 == 0) &&
           (block_rows == 0 || row_begin % block_rows == 0) &&
           (block_rows == 0 || row_end % block_rows == 0 || row_end == rows) &&
           (block_columns == 0 ? column_begin == 0 && column_end == columns
                               : column_begin % block_columns == 0 &&
                                     (column_end % block_columns == 0 || column_end == columns));
  }

  static int64_t stored_bits(int32_t format) {
    const int64_t bits = kFormats[format].bits;
    return bits > 4 && bits < 8 ? 8 : bits;
  }

  // The bytes from the first element of the whole to the first of the part.
  int64_t bytes(int32_t format, int64_t row_stride_bytes) const {
    return row_begin * row_stride_bytes + column_begin * stored_bits(format) / 8;
  }

  int64_t scale_bytes(int32_t format, int64_t row_stride, int64_t block_rows,
                      int64_t block_columns) const {
    const int64_t row = block_rows == 0 ? 0 : row_begin / block_rows;
    const int64_t column = block_columns == 0 ? 0 : column_begin / block_columns;
    return (row * row_stride + column) * stored_bits(format) / 8;
  }

  uint64_t index() const {
    return static_cast<uint64_t>(row_begin) * static_cast<uint64_t>(columns) +
           static_cast<uint64_t>(column_begin);
  }
};

int32_t run(const KernelTable* kernels, ConvertRequest request, const Part& part) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format) || !format_exists(request.out_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->convert_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (!part.is_valid() || !part.suits(request.in_format, 1, 1) ||
      !part.suits(request.out_format, 1, 1))
    return OCT_ERROR_ARGUMENT;
  request.rows = part.row_end - part.row_begin;
  request.columns = part.column_end - part.column_begin;
  if (request.rows == 0 || request.columns == 0) return OCT_OK;
  request.in += part.bytes(request.in_format, request.in_row_stride_bytes);
  request.out += part.bytes(request.out_format, request.out_row_stride_bytes);
  request.first_index += part.index();
  request.index_stride = static_cast<uint64_t>(part.columns);
  return kernels->convert(request);
}

int32_t run(const KernelTable* kernels, QuantizeRequest request, const Part& part) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format) || !format_exists(request.out_format) ||
      !format_exists(request.scale_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->quantize_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (!part.is_valid() || request.block_rows < 0 || request.block_columns < 0 ||
      (request.block_rows == 0 && request.block_columns != 0) ||
      !part.suits(request.out_format, request.block_rows,
                  request.block_rows == 0 ? 1 : request.block_columns))
    return OCT_ERROR_ARGUMENT;
  request.rows = part.row_end - part.row_begin;
  request.columns = part.column_end - part.column_begin;
  if (request.rows == 0 || (request.columns == 0 && part.columns != 0)) return OCT_OK;
  request.in += part.bytes(request.in_format, request.in_row_stride_bytes);
  request.out += part.bytes(request.out_format, request.out_row_stride_bytes);
  request.scales += part.scale_bytes(request.scale_format, request.scale_row_stride,
                                     request.block_rows, request.block_columns);
  request.first_index += part.index();
  request.index_stride = static_cast<uint64_t>(part.columns);
  return kernels->quantize(request);
}

int32_t run(const KernelTable* kernels, DequantizeRequest request, const Part& part) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in.format) || !format_exists(request.in.scale_format) ||
      !format_exists(request.out_format))
    return OCT_ERROR_FORMAT;
  if (!kernels->dequantize_supports(request)) return OCT_ERROR_UNSUPPORTED;
  // blocks may be cut, as long as the first column of a part begins one
  if (!part.is_valid() || request.in.block_rows < 1 || request.in.block_columns < 0 ||
      !part.suits(request.in.format, 1, 1) ||
      (request.in.block_columns != 0 && part.column_begin % request.in.block_columns != 0))
    return OCT_ERROR_ARGUMENT;
  request.rows = part.row_end - part.row_begin;
  request.columns = part.column_end - part.column_begin;
  if (request.rows == 0 || request.columns == 0) return OCT_OK;
  request.in.elements += part.bytes(request.in.format, request.in.row_stride_bytes);
  request.in.scales += part.scale_bytes(request.in.scale_format, request.in.scale_row_stride, 0,
                                        request.in.block_columns);
  request.first_row = part.row_begin;
  request.out += part.bytes(request.out_format, request.out_row_stride_bytes);
  return kernels->dequantize(request);
}

int32_t run(const KernelTable* kernels, AmaxRequest request, const Part& part) {
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(request.in_format)) return OCT_ERROR_FORMAT;
  if (!kernels->amax_supports(request)) return OCT_ERROR_UNSUPPORTED;
  if (!part.is_valid()) return OCT_ERROR_ARGUMENT;
  request.rows = part.row_end - part.row_begin;
  request.columns = part.column_end - part.column_begin;
  request.in += part.bytes(request.in_format, request.in_row_stride_bytes);
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
  request.residual_format = OCT_NO_RESIDUAL;
  request.out_format = out_format;
  return kernels != nullptr && formats_exist(request) && kernels->matmul_plain_supports(request) &&
         kernels->matmul_block_supports(request);
}

int64_t oct_matmul_packing(int32_t tier, int32_t a_format, int64_t a_block_columns,
                           int32_t b_format, int64_t b_block_columns) {
  // that of a tier which only other CPUs run is known, too
  const KernelTable* kernels = tier_exists(tier) ? kTiers[tier].kernels : nullptr;
  if (kernels == nullptr) return OCT_ERROR_TIER;
  if (!format_exists(a_format) || !format_exists(b_format)) return OCT_ERROR_FORMAT;
  MatmulRequest request = {};
  request.a.format = a_format;
  request.a.scale_format = OCT_NO_SCALES;
  request.a.block_columns = a_block_columns;
  request.b.format = b_format;
  request.b.scale_format = OCT_NO_SCALES;
  request.b.block_columns = b_block_columns;
  request.residual_format = OCT_NO_RESIDUAL;
  request.out_format = Format::FP32;
  const Packing packing = family(*kernels, request).packing;
  return packing.panel_rows << 32 | packing.interleave << 16 | packing.group;
}

int32_t oct_matmul(int32_t tier, int64_t m, int64_t n, int64_t k, int64_t row_begin,
                   int64_t row_end, int64_t column_begin, int64_t column_end, int32_t a_format,
                   oct_address a, int64_t a_row_stride_bytes, int32_t a_scale_format,
                   oct_address a_scales, int64_t a_scale_row_stride, int64_t a_block_rows,
                   int64_t a_block_columns, float a_tensor_scale, int32_t b_format, oct_address b,
                   int64_t b_row_stride_bytes, int32_t b_scale_format, oct_address b_scales,
                   int64_t b_scale_row_stride, int64_t b_block_rows, int64_t b_block_columns,
                   float b_tensor_scale, int64_t b_panel_rows, int64_t b_interleave,
                   int64_t b_group, float scale, oct_address bias, int32_t activation,
                   int32_t residual_format, oct_address residual, int64_t residual_row_stride_bytes,
                   int32_t out_format, oct_mutable_address out, int64_t out_row_stride_bytes) {
  const MatmulRequest request = {
      m,
      n,
      k,
      row_begin,
      row_end,
      column_begin,
      column_end,
      operand(a_format, a, a_row_stride_bytes, a_scale_format, a_scales, a_scale_row_stride,
              a_block_rows, a_block_columns, a_tensor_scale),
      operand(b_format, b, b_row_stride_bytes, b_scale_format, b_scales, b_scale_row_stride,
              b_block_rows, b_block_columns, b_tensor_scale),
      {b_panel_rows, b_interleave, b_group},
      scale,
      bytes(bias),
      activation,
      residual_format,
      bytes(residual),
      residual_row_stride_bytes,
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

int32_t oct_convert(int32_t tier, int64_t rows, int64_t columns, int64_t row_begin, int64_t row_end,
                    int64_t column_begin, int64_t column_end, int32_t in_format, oct_address in,
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
                                  static_cast<uint64_t>(first_index),
                                  0};
  return run(kernels_of(tier), request,
             {rows, columns, row_begin, row_end, column_begin, column_end});
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

int32_t oct_quantize(int32_t tier, int64_t rows, int64_t columns, int64_t row_begin,
                     int64_t row_end, int64_t column_begin, int64_t column_end, int32_t in_format,
                     oct_address in, int64_t in_row_stride_bytes, int32_t out_format,
                     oct_mutable_address out, int64_t out_row_stride_bytes, int32_t scale_format,
                     oct_mutable_address scales, int64_t scale_row_stride, int64_t block_rows,
                     int64_t block_columns, float tensor_scale, int32_t scale_rule,
                     int32_t rounding, int64_t seed, int64_t first_index) {
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
                                   static_cast<uint64_t>(first_index),
                                   0};
  return run(kernels_of(tier), request,
             {rows, columns, row_begin, row_end, column_begin, column_end});
}

int32_t oct_amax(int32_t tier, int64_t rows, int64_t columns, int64_t row_begin, int64_t row_end,
                 int64_t column_begin, int64_t column_end, int32_t in_format, oct_address in,
                 int64_t in_row_stride_bytes, int32_t finite_only) {
  const AmaxRequest request = {
      rows, columns, in_format, bytes(in), in_row_stride_bytes, finite_only != 0};
  return run(kernels_of(tier), request,
             {rows, columns, row_begin, row_end, column_begin, column_end});
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

int32_t oct_dequantize(int32_t tier, int64_t rows, int64_t columns, int64_t row_begin,
                       int64_t row_end, int64_t column_begin, int64_t column_end, int32_t in_format,
                       oct_address in, int64_t in_row_stride_bytes, int32_t in_scale_format,
                       oct_address in_scales, int64_t in_scale_row_stride, int64_t in_block_rows,
                       int64_t in_block_columns, float in_tensor_scale, int32_t out_format,
                       oct_mutable_address out, int64_t out_row_stride_bytes) {
  const DequantizeRequest request = {
      rows,
      columns,
      operand(in_format, in, in_row_stride_bytes, in_scale_format, in_scales, in_scale_row_stride,
              in_block_rows, in_block_columns, in_tensor_scale),
      0,
      out_format,
      bytes(out),
      out_row_stride_bytes};
  return run(kernels_of(tier), request,
             {rows, columns, row_begin, row_end, column_begin, column_end});
}
