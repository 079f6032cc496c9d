// What a kernel is asked to do: the arguments of the C interface, gathered. Data only, since this
// header is compiled for several instruction sets and a function in it could be linked from the
// wrong one.
#ifndef OCTAVO_KERNEL_REQUEST_H
#define OCTAVO_KERNEL_REQUEST_H

#include <stdint.h>

namespace octavo {

// One operand of a matrix product; the fields are described in octavo.h. Without scales,
// scale_format is
// OCT_NO_SCALES and block_columns is 0.
struct Operand {
  int32_t format;
  const uint8_t* elements;
  int64_t row_stride_bytes;
  int32_t scale_format;
  const uint8_t* scales;
  int64_t scale_row_stride;
  int64_t block_rows;
  int64_t block_columns;
  float tensor_scale;
};

// The order of a packed operand's codes; no panel rows: it is not packed.
struct Packing {
  int64_t panel_rows;
  int64_t interleave;
  int64_t group;
};

struct MatmulRequest {
  int64_t m;
  int64_t n;
  int64_t k;
  int64_t row_begin;
  int64_t row_end;
  int64_t column_begin;
  int64_t column_end;
  Operand a;
  Operand b;
  Packing b_packing;
  float scale;
  const uint8_t* bias;  // FP32, or NULL
  int32_t activation;
  int32_t residual_format;  // OCT_NO_RESIDUAL
  const uint8_t* residual;
  int64_t residual_row_stride_bytes;
  int32_t out_format;
  uint8_t* out;
  int64_t out_row_stride_bytes;
};

struct ConvertRequest {
  int64_t rows;
  int64_t columns;
  int32_t in_format;
  const uint8_t* in;
  int64_t in_row_stride_bytes;
  int32_t out_format;
  uint8_t* out;
  int64_t out_row_stride_bytes;
  int32_t rounding;
  int32_t overflow;
  uint64_t seed;
  uint64_t first_index;
  uint64_t index_stride;  // from one row to the next
};

struct QuantizeRequest {
  int64_t rows;
  int64_t columns;
  int32_t in_format;
  const uint8_t* in;
  int64_t in_row_stride_bytes;
  int32_t out_format;
  uint8_t* out;
  int64_t out_row_stride_bytes;
  int32_t scale_format;
  uint8_t* scales;
  int64_t scale_row_stride;
  int64_t block_rows;
  int64_t block_columns;
  float tensor_scale;
  int32_t scale_rule;
  int32_t rounding;
  uint64_t seed;
  uint64_t first_index;
  uint64_t index_stride;  // from one row to the next
};

struct DequantizeRequest {
  int64_t rows;
  int64_t columns;
  Operand in;         // its elements begin at the part, its scales at the part's columns
  int64_t first_row;  // of the part, for its scales
  int32_t out_format;
  uint8_t* out;
  int64_t out_row_stride_bytes;
};

struct AmaxRequest {
  int64_t rows;
  int64_t columns;
  int32_t in_format;
  const uint8_t* in;
  int64_t in_row_stride_bytes;
  bool finite_only;
};

}  // namespace octavo

#endif  // OCTAVO_KERNEL_REQUEST_H
