// Packing: rows of an operand, in its format, to a panel of floats as the micro-kernels read it.
//
// A panel holds `width` rows, a multiple of kLanes, for a range of k: element (row r, step k) at
// panel[k * width + r]. So a micro-kernel reads panels from front to back, and the lanes of a
// vector are different rows at the same k. Square blocks of kLanes rows by kLanes steps are decoded
// row by row and transposed in registers.
//
// Rows that the operand does not have are packed as copies of its last one: they are read safely
// and the results in their lanes are dropped. Bytes beyond a row's last element are never read.
//
// An operand that was packed before the call (octavo.tensor.Packing) has panels of 16 rows, in the
// same order as here: what is left is to decode them, kLanes rows at a time. Some have two steps of k
// together (matmul_pairs.h says why): these are put in order first.
#ifndef OCTAVO_KERNELS_PACK_H
#define OCTAVO_KERNELS_PACK_H

#include "decode.h"
#include "kernel_request.h"

namespace octavo {
namespace OCT_TIER {

// A part of an operand: `rows` of its rows, at least 1, from first_row on, and `depth` steps of k
// from first_k on. first_k is even. Of a packed operand, all_rows and all_k are the whole's.
struct Slice {
  const Operand* operand;
  int64_t first_row;
  int64_t rows;
  int64_t first_k;
  int64_t depth;
  int64_t all_rows;
  int64_t all_k;
};

constexpr int64_t kPackedRows = 16;

// Where kLanes rows of a packed operand begin: their panel and the first of them in it. Rows beyond
// the last panel are those of the last.
struct PackedRows {
  int64_t panel;
  int64_t row;

  PackedRows(const Slice& slice, int64_t row_of_slice) {
    const int64_t index = slice.first_row + row_of_slice;
    const int64_t last = (slice.all_rows + kPackedRows - 1) / kPackedRows - 1;
    panel = index / kPackedRows < last ? index / kPackedRows : last;
    row = index % kPackedRows;
  }
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

// The same from an operand that is packed in groups of one.
template <int32_t Id>
static void unpack_rows(const Slice& slice, int64_t width, float* panel) {
  constexpr FormatTraits format = kFormats[Id];
  for (int64_t group = 0; group < width; group += kLanes) {
    const PackedRows at(slice, group);
    const uint8_t* from =
        slice.operand->elements +
        stored_bytes(format, (at.panel * slice.all_k + slice.first_k) * kPackedRows + at.row);
    float* to = panel + group;
    for (int64_t k = 0; k < slice.depth; k++) {
      store(to, decode<Id>(from));
      from += stored_bytes(format, kPackedRows);
      to += width;
    }
  }
}

// Whether matmul.plain and matmul.block want a packed B of this format in pairs.
static constexpr bool is_paired(int32_t format) {
#if defined(OCT_TIER_IS_AVX2)
  return format == Format::E4M3FN || format == Format::E4M3 || format == Format::E5M2;
#else
  return format < 0;
#endif
}

#if defined(OCT_TIER_IS_AVX2)
#define OCT_HAS_PAIRS
// The same from an operand that is packed in groups of two, rows 8 apart as neighbours; a panel as
// wide as its own.
template <int32_t Id>
static void unpack_pairs(const Slice& slice, int64_t width, float* panel) {
  const int64_t pairs = (slice.all_k + 1) / 2;
  const uint8_t* from = slice.operand->elements +
                        (PackedRows(slice, 0).panel * pairs + slice.first_k / 2) * 2 * kPackedRows;
  // of each half four rows at the first k, the others at it, four at the second, the others
  const __m256i by_k = _mm256_setr_epi8(0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15, 0, 4,
                                        8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15);
  const __m256i by_row = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int64_t k = 0; k < slice.depth; k += 2) {
    uint8_t codes[2 * kPackedRows];
    store(codes,
          _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(load<__m256i>(from), by_k), by_row));
    from += sizeof(codes);
    const int64_t end = k + 1 < slice.depth ? 2 * kPackedRows : kPackedRows;
    for (int64_t i = 0; i < end; i += kLanes) store(panel + i, decode<Id>(codes + i));
    panel += 2 * width;
  }
}
template <int32_t Id>
static constexpr PackFunction pair_unpacker() {
  if constexpr (is_paired(Id)) return &unpack_pairs<Id>;
  return nullptr;
}
#else
template <int32_t Id>
static constexpr PackFunction pair_unpacker() {
  return nullptr;
}
#endif

struct Packers {
  PackFunction pack, unpack, unpack_pairs;
};

#define OCT_FORMAT(id, ...) {&pack_rows<id>, &unpack_rows<id>, pair_unpacker<id>()},
#define OCT_INTEGER_FORMAT(id, ...) {&pack_rows<id>, &unpack_rows<id>, nullptr},
static constexpr Packers kPackers[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

static inline PackFunction packer_of(int32_t format, const Packing& packing) {
  const Packers& packers = kPackers[format];
  return packing.panel_rows == 0 ? packers.pack
         : packing.group == 2    ? packers.unpack_pairs
                                 : packers.unpack;
}

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
  if (operand.block_rows == 1 && blocks_per_scale == 1) {
    // scales are elements of rows too
    Operand scales = operand;
    scales.elements = operand.scales;
    scales.row_stride_bytes =
        operand.scale_row_stride * stored_bytes(kFormats[operand.scale_format], 1);
    kPackers[operand.scale_format].pack(
        {&scales, slice.first_row, slice.rows, first_block, blocks, slice.all_rows, slice.all_k},
        width, panel);
    return;
  }
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

template <int32_t Id>
static void unpack_block_scales(const Slice& slice, int64_t block, int64_t width, float* panel) {
  const Operand& operand = *slice.operand;
  const int64_t blocks = (slice.depth + block - 1) / block;
  const int64_t blocks_per_scale = operand.block_columns / block;
  const int64_t scales = (slice.all_k + operand.block_columns - 1) / operand.block_columns;
  const int64_t first_block = slice.first_k / block;
  for (int64_t group = 0; group < width; group += kLanes) {
    const PackedRows at(slice, group);
    for (int64_t b = 0; b < blocks; b++) {
      // a division for each would take as long as a product of one row
      const int64_t column =
          blocks_per_scale == 1 ? first_block + b : (first_block + b) / blocks_per_scale;
      const int64_t index = (at.panel * scales + column) * kPackedRows + at.row;
      store(panel + b * width + group,
            decode<Id>(operand.scales + stored_bytes(kFormats[Id], index)));
    }
  }
}

// The block scales of a packed operand. They are packed too, unless rows share them.
static inline void pack_packed_block_scales(const Slice& slice, int64_t block, int64_t width,
                                            float* panel) {
  const Operand& operand = *slice.operand;
  if (operand.block_columns == 0 || operand.block_rows != 1) {
    pack_block_scales(slice, block, width, panel);
  } else if (operand.scale_format == Format::E8M0) {
    unpack_block_scales<Format::E8M0>(slice, block, width, panel);
  } else if (operand.scale_format == Format::E4M3FN) {
    unpack_block_scales<Format::E4M3FN>(slice, block, width, panel);
  } else {
    unpack_block_scales<Format::FP32>(slice, block, width, panel);
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
