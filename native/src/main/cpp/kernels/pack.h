// Packing: rows of an operand, in its format, to a panel of floats as the micro-kernels read it.
//
// A panel holds `width` rows, a multiple of kLanes, for a range of k: element (row r, step k) at
// panel[k * width + r]. So a micro-kernel reads panels from front to back, and the lanes of a
// vector are different rows at the same k. Square blocks of kLanes rows by kLanes steps are decoded
// row by row and transposed in registers.
//
// Rows that the operand does not have are packed as copies of its last one: they are read safely
// and the results in their lanes are dropped. Bytes beyond a row's last element are never read.
#ifndef OCTAVO_KERNELS_PACK_H
#define OCTAVO_KERNELS_PACK_H

#include "decode.h"
#include "kernel_request.h"

namespace octavo {
namespace OCT_TIER {

// A part of an operand: `rows` of its rows, at least 1, from first_row on, and `depth` steps of k
// from first_k on. first_k is even.
struct Slice {
  const Operand* operand;
  int64_t first_row;
  int64_t rows;
  int64_t first_k;
  int64_t depth;
};

using PackFunction = void (*)(const Slice& slice, int64_t width, float* panel);

template <int32_t Id>
static void pack_rows(const Slice& slice, int64_t width, float* panel) {
  constexpr FormatTraits format = kFormats[Id];
  const Operand& operand = *slice.operand;
  const uint8_t* first = operand.elements + slice.first_row * operand.row_stride_bytes +
                         stored_bytes(format, slice.first_k);
  for (int64_t group = 0; group < width; group += kLanes) {
    const uint8_t* rows[kLanes];
    for (int64_t r = 0; r < kLanes; r++) {
      const int64_t row = group + r < slice.rows ? group + r : slice.rows - 1;
      rows[r] = first + row * operand.row_stride_bytes;
    }
    float* to = panel + group;
    int64_t k = 0;
    for (; k + kLanes <= slice.depth; k += kLanes) {
      VFloat block[kLanes];
      for (int r = 0; r < kLanes; r++) block[r] = decode<Id>(rows[r] + stored_bytes(format, k));
      transpose(block);
      for (int i = 0; i < kLanes; i++) store(to + (k + i) * width, block[i]);
    }
    if (k < slice.depth) {
      const int64_t rest = slice.depth - k;
      VFloat block[kLanes];
      for (int r = 0; r < kLanes; r++)
        block[r] = decode_first<Id>(rows[r] + stored_bytes(format, k), rest);
      transpose(block);
      for (int64_t i = 0; i < rest; i++) store(to + (k + i) * width, block[i]);
    }
  }
}

#define OCT_FORMAT(id, ...) &pack_rows<id>,
#define OCT_INTEGER_FORMAT(id, ...) &pack_rows<id>,
static constexpr PackFunction kPackers[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

// The block scales of a slice: scale of (row r, block b of `block` steps) to panel[b * width + r],
// and 1 everywhere when the operand is plain. The operand's own block length is a multiple of
// `block`, first_k too.
static inline void pack_block_scales(const Slice& slice, int64_t block, int64_t width,
                                     float* panel) {
  const Operand& operand = *slice.operand;
  const int64_t blocks = (slice.depth + block - 1) / block;
  if (operand.block_columns == 0) {
    for (int64_t i = 0; i < blocks * width; i++) panel[i] = 1.0f;
    return;
  }
  const int64_t blocks_per_scale = operand.block_columns / block;
  const int64_t first_block = slice.first_k / block;
  for (int64_t r = 0; r < width; r++) {
    const int64_t row = slice.first_row + (r < slice.rows ? r : slice.rows - 1);
    const int64_t row_of_scales = row / operand.block_rows * operand.scale_row_stride;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t column =
          blocks_per_scale == 1 ? first_block + b : (first_block + b) / blocks_per_scale;
      panel[b * width + r] = scale_at(operand.scale_format, operand.scales, row_of_scales + column);
    }
  }
}

// The factors that a range of rows is multiplied by at the end, row scale times tensor scale, and 0
// in the places of rows that the operand does not have.
static inline void pack_end_scales(const Operand& operand, int64_t first_row, int64_t rows,
                                   int64_t width, float* to) {
  const bool scaled = operand.scale_format >= 0 && operand.block_columns == 0;
  for (int64_t r = 0; r < width; r++) {
    if (r >= rows) {
      to[r] = 0.0f;
    } else if (!scaled) {
      to[r] = operand.tensor_scale;
    } else {
      const int64_t index = (first_row + r) / operand.block_rows * operand.scale_row_stride;
      to[r] = scale_at(operand.scale_format, operand.scales, index) * operand.tensor_scale;
    }
  }
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_PACK_H
