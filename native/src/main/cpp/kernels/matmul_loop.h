// The loops around the matmul micro-kernels: blocking for the caches, packing, and the end of each
// output.
//
//   for columns in steps of nc           the B panels of a step lie in the last-level cache
//     for rows in steps of mb            their accumulators lie in memory between two steps of k
//       for k in steps of kc             in order: the chain of each output goes on where it was
//         for rows in steps of mc        A, decoded: fits the second-level cache
//           for each B panel             kc x kTileColumns floats: stays in the first-level cache
//             for each A panel           the micro-kernel: kTileRows x kTileColumns outputs
//
// Operands are decoded while they are packed, so the micro-kernels know nothing of formats. A B
// panel is packed when it is first needed, directly before its use, so with few rows (a matrix
// times a vector is such a case) it never leaves the first-level cache. Accumulators between two
// steps of k are whole tiles in the workspace: micro-kernels have no tails, and the output is
// written exactly once.
//
// An output's arithmetic is a chain along k that no blocking, tile or panel width enters: its bits
// do not depend on m, n, its place in the matrix, or the tier.
#ifndef OCTAVO_KERNELS_MATMUL_LOOP_H
#define OCTAVO_KERNELS_MATMUL_LOOP_H

#include "activation.h"
#include "octavo.h"
#include "pack.h"
#include "workspace.h"

namespace octavo {
namespace OCT_TIER {

// The register tile. It leaves registers for the two vectors of B and one broadcast of A: 16
// registers on AVX2, 32 on AVX-512 and NEON.
#if defined(OCT_TIER_IS_AVX512)
constexpr int kTileRows = 14;
constexpr int kTileVectors = 2;
#elif defined(OCT_TIER_IS_AVX2)
constexpr int kTileRows = 6;
constexpr int kTileVectors = 2;
#elif defined(OCT_TIER_IS_NEON)
constexpr int kTileRows = 8;
constexpr int kTileVectors = 3;
#else
constexpr int kTileRows = 4;
constexpr int kTileVectors = 2;
#endif
constexpr int kTileColumns = kTileVectors * kLanes;
constexpr int kTileSize = kTileRows * kTileColumns;

// The width of A's panels: the rows of a tile, filled up to whole vectors.
constexpr int kPanelRows = (kTileRows + kLanes - 1) / kLanes * kLanes;

// What a micro-kernel is given: an A panel of width kPanelRows, a B panel of width kTileColumns,
// their block scales (of a block matmul), and the tile of accumulators, row by row.
struct TileCall {
  const float* a;
  const float* b;
  const float* a_scales;
  const float* b_scales;
  int64_t depth;
  int64_t block;
  float* accumulators;
  bool is_first;  // the accumulators start at +0, whatever the tile holds
};

// A micro-kernel, compiled for one number of rows, and the table of them by the number of rows less
// 1. `Tile` is a class template with a static function run.
using TileFunction = void (*)(const TileCall& call);

struct TileFunctions {
  TileFunction by_rows[kTileRows];
};

template <template <int> class Tile, int Rows = kTileRows>
static constexpr void fill_tile_functions(TileFunctions& functions) {
  functions.by_rows[Rows - 1] = &Tile<Rows>::run;
  if constexpr (Rows > 1) fill_tile_functions<Tile, Rows - 1>(functions);
}

template <template <int> class Tile>
static constexpr TileFunctions tile_functions() {
  TileFunctions functions = {};
  fill_tile_functions<Tile>(functions);
  return functions;
}

// A pointer of which the optimizer does not know that it is the same for every block. Otherwise it
// keeps the accumulators of outputs from block to block, and, for want of registers, on the stack
// besides their place.
template <class T>
OCT_INLINE T* opaque(T* pointer) {
  __asm__("" : "+r"(pointer));
  return pointer;
}

// GCC would make a loop that it understands a rep stos, which took a tenth of a product's time.
template <int Rows>
OCT_INLINE void clear_tile(float* accumulators) {
  for (int i = 0; i < Rows * kTileVectors; i++) {
    store(accumulators, VFloat{});
    accumulators = opaque(accumulators + kLanes);
  }
}

static inline int64_t round_up(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }
static inline int64_t round_down(int64_t x, int64_t unit) { return x / unit * unit; }
static inline int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
static inline int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }

// The step sizes of the loops. Steps of k hold whole scale blocks and are even, so that they start
// on a byte in every format; a block longer than the usual step makes longer steps of k and smaller
// ones of rows and columns.
struct Steps {
  int64_t kc, mc, mb, nc;

  Steps(int64_t m, int64_t n, int64_t k, int64_t block) {
    constexpr int64_t kDepth = 256;
    constexpr int64_t kAFloats = 144 * kDepth, kBFloats = 1024 * kDepth, kTileFloats = 1024 * 1024;
    const int64_t unit = block == 0       ? 2
                         : block >= k     ? larger(k, 1)
                         : block % 2 == 0 ? block
                                          : 2 * block;
    kc = smaller(larger(round_down(kDepth, unit), unit), larger(k, 1));
    mc = smaller(larger(round_down(kAFloats / kc, kTileRows), kTileRows), round_up(m, kTileRows));
    nc = smaller(larger(round_down(kBFloats / kc, kTileColumns), kTileColumns),
                 round_up(n, kTileColumns));
    mb = smaller(larger(round_down(kTileFloats / nc, mc), mc), round_up(m, mc));
  }
};

// The workspace: every part starts at a multiple of 64 bytes.
struct Workspace {
  enum Part { A, B, A_SCALES, B_SCALES, A_END, B_END, BIAS, TILES, PARTS };
  float* parts[PARTS];

  // False when there is no memory for parts of these numbers of floats.
  bool allocate(const int64_t (&sizes)[PARTS]) {
    constexpr int64_t kUnit = 16;
    int64_t total = 0;
    for (int64_t size : sizes) total += round_up(size, kUnit);
    float* next = static_cast<float*>(thread_workspace(static_cast<size_t>(total) * sizeof(float)));
    if (next == nullptr) return false;
    for (int i = 0; i < PARTS; i++) {
      parts[i] = next;
      next += round_up(sizes[i], kUnit);
    }
    return true;
  }
};

// The end of a tile: what happens to sums before they are written. a_end, b_end and bias are those
// of the tile.
struct TileEnd {
  const float* a_end;
  const float* b_end;
  const float* bias;
  int64_t rows;
  int64_t columns;
  const uint8_t* residual;  // of the tile, or NULL
  uint8_t* out;
};

// kLanes numbers of a plain format, of which the first `count` exist.
OCT_INLINE VFloat load_plain(int32_t format, const uint8_t* from, int64_t count) {
  uint8_t bytes[sizeof(VFloat)] = {};
  const int64_t size = format == Format::FP32 ? 4 : 2;
  __builtin_memcpy(bytes, from, static_cast<size_t>((count < kLanes ? count : kLanes) * size));
  return format == Format::FP32   ? decode<Format::FP32>(bytes)
         : format == Format::BF16 ? decode<Format::BF16>(bytes)
                                  : decode<Format::FP16>(bytes);
}

template <bool HasMore, bool IsBf16>
static void finish_tile(const MatmulRequest& request, const float* tile, const TileEnd& end) {
  constexpr int64_t kElementBytes = IsBf16 ? 2 : 4;
  for (int64_t i = 0; i < end.rows; i++) {
    uint8_t part[kTileColumns * kElementBytes];
    uint8_t* const out = end.out + i * request.out_row_stride_bytes;
    uint8_t* const line = end.columns == kTileColumns ? out : part;
    for (int v = 0; v < kTileVectors; v++) {
      const VFloat scale = broadcast(end.a_end[i]) * load<VFloat>(end.b_end + v * kLanes);
      VFloat r = load<VFloat>(tile + i * kTileColumns + v * kLanes) * scale;
      if (HasMore) {
        r = r * broadcast(request.scale);
        if (request.bias != nullptr) r = r + load<VFloat>(end.bias + v * kLanes);
        if (request.activation != OCT_ACTIVATION_NONE) activate(request.activation, &r);
        const int64_t count = end.columns - v * kLanes;
        if (end.residual != nullptr && count > 0) {
          const int64_t size = request.residual_format == Format::FP32 ? 4 : 2;
          r = r +
              load_plain(request.residual_format,
                         end.residual + i * request.residual_row_stride_bytes + v * kLanes * size,
                         count);
        }
      }
      uint8_t* to = line + v * kLanes * kElementBytes;
      if (IsBf16) {
        const VUint bits = to_bits(r);
        const VUint rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        const VInt is_nan = greater(bits & 0x7FFFFFFF, VUint{} + 0x7F800000);
        store(to, narrow_short(select(is_nan, (bits >> 16) | 0x40, rounded)));
      } else {
        store(to, r);
      }
    }
    if (line == part) __builtin_memcpy(out, part, static_cast<size_t>(end.columns * kElementBytes));
  }
}

using FinishFunction = decltype(&finish_tile<false, false>);

static inline FinishFunction finish_function(const MatmulRequest& request) {
  const bool has_more = request.scale != 1 || request.bias != nullptr ||
                        request.activation != OCT_ACTIVATION_NONE ||
                        request.residual_format != OCT_NO_RESIDUAL;
  if (request.out_format == Format::BF16)
    return has_more ? &finish_tile<true, true> : &finish_tile<false, true>;
  return has_more ? &finish_tile<true, false> : &finish_tile<false, false>;
}

// The places of a tile's end in the call's tensors.
static inline TileEnd tile_end(const MatmulRequest& request, int64_t row, int64_t column,
                               int64_t rows, int64_t columns, const float* a_end,
                               const float* b_end, const float* bias) {
  const int64_t element = request.out_format == Format::BF16 ? 2 : 4;
  const int64_t residual = request.residual_format == Format::FP32 ? 4 : 2;
  return {a_end,
          b_end,
          bias,
          rows,
          columns,
          request.residual_format == OCT_NO_RESIDUAL
              ? nullptr
              : request.residual + row * request.residual_row_stride_bytes + column * residual,
          request.out + row * request.out_row_stride_bytes + column * element};
}

// Fetches the lines that a tile's results will be written to: rows are mostly pages apart.
static inline void fetch_out(const MatmulRequest& request, int64_t row, int64_t column,
                             int64_t rows) {
  const int64_t element = request.out_format == Format::BF16 ? 2 : 4;
  for (int64_t i = row; i < row + rows; i++)
    __builtin_prefetch(request.out + i * request.out_row_stride_bytes + column * element, 1);
}

// The formats that both kinds of matmul support.
static inline bool matmul_supports_operand(const Operand& operand) {
  return operand.scale_format == OCT_NO_SCALES || is_scale_format(operand.scale_format);
}
static inline bool matmul_supports_formats(const MatmulRequest& request) {
  return matmul_supports_operand(request.a) && matmul_supports_operand(request.b) &&
         (request.out_format == Format::FP32 || request.out_format == Format::BF16) &&
         request.activation >= 0 && request.activation <= OCT_ACTIVATION_SILU &&
         (request.residual_format == OCT_NO_RESIDUAL || is_plain(request.residual_format));
}

// One matmul: the loops, and where they are.
class MatmulLoop {
 public:
  // `block` is the length of a block along k, 0 for plain operands.
  MatmulLoop(const MatmulRequest& request, int64_t block,
             const TileFunction (&tile_functions)[kTileRows])
      : request_(request),
        block_(block),
        tile_functions_(tile_functions),
        pack_a_(kPackers[request.a.format].pack),
        pack_b_(packer_of(request.b.format, request.b_packing)),
        finish_(finish_function(request)),
        rows_(request.row_end - request.row_begin),
        steps_(rows_, request.column_end - request.column_begin, request.k, block),
        blocks_(block == 0 ? 0 : (steps_.kc + block - 1) / block) {}

  int32_t run() {
    if (!allocate()) return OCT_ERROR_MEMORY;
    for (j0_ = request_.column_begin; j0_ < request_.column_end; j0_ += steps_.nc) {
      columns_ = smaller(steps_.nc, request_.column_end - j0_);
      pack_column_ends();
      for (i0_ = request_.row_begin; i0_ < request_.row_end; i0_ += steps_.mb) {
        const int64_t i_end = smaller(i0_ + steps_.mb, request_.row_end);
        pack_end_scales(request_.a, i0_, i_end - i0_, i_end - i0_, part(Workspace::A_END));
        // at least one step of k, so that the outputs are written when k is 0
        for (k0_ = 0; k0_ == 0 || k0_ < request_.k; k0_ += steps_.kc) {
          depth_ = smaller(steps_.kc, request_.k - k0_);
          for (int64_t i1 = i0_; i1 < i_end; i1 += steps_.mc)
            multiply(i1, smaller(steps_.mc, i_end - i1));
        }
      }
    }
    return OCT_OK;
  }

 private:
  bool one_step_of_rows() const { return rows_ <= steps_.mc; }
  bool one_step_of_k() const { return request_.k <= steps_.kc; }
  bool is_last_step_of_k() const { return k0_ + steps_.kc >= request_.k; }
  int64_t tiles_down() const { return one_step_of_k() ? 1 : steps_.mb / kTileRows; }

  bool allocate() {
    const int64_t a_panels = steps_.mc / kTileRows;
    const int64_t b_panels = one_step_of_rows() ? 1 : steps_.nc / kTileColumns;
    const int64_t tiles_across = one_step_of_k() ? 1 : steps_.nc / kTileColumns;
    return workspace_.allocate(
        {a_panels * steps_.kc * kPanelRows, b_panels * steps_.kc * kTileColumns,
         a_panels * blocks_ * kPanelRows, b_panels * blocks_ * kTileColumns, steps_.mb, steps_.nc,
         steps_.nc, tiles_down() * tiles_across * kTileSize});
  }

  float* part(Workspace::Part name) const { return workspace_.parts[name]; }

  void pack_column_ends() {
    pack_end_scales(request_.b, j0_, columns_, round_up(columns_, kTileColumns),
                    part(Workspace::B_END));
    if (request_.bias != nullptr) {
      __builtin_memcpy(part(Workspace::BIAS), request_.bias + 4 * j0_,
                       static_cast<size_t>(4 * columns_));
    }
  }

  // One step of k for some rows and all columns of the step.
  void multiply(int64_t i1, int64_t rows) {
    for (int64_t i = 0; i < rows; i += kTileRows) {
      const Slice slice = {&request_.a, i1 + i,    smaller(kTileRows, rows - i), k0_, depth_,
                           request_.m,  request_.k};
      const int64_t panel = i / kTileRows;
      pack_a_(slice, kPanelRows, part(Workspace::A) + panel * steps_.kc * kPanelRows);
      if (block_ != 0) {
        pack_block_scales(slice, block_, kPanelRows,
                          part(Workspace::A_SCALES) + panel * blocks_ * kPanelRows);
      }
    }
    for (int64_t j = 0; j < columns_; j += kTileColumns) {
      const int64_t panel = one_step_of_rows() ? 0 : j / kTileColumns;
      float* const b = part(Workspace::B) + panel * steps_.kc * kTileColumns;
      float* const b_scales = part(Workspace::B_SCALES) + panel * blocks_ * kTileColumns;
      const int64_t columns = smaller(kTileColumns, columns_ - j);
      if (i1 == i0_) {
        const Slice slice = {&request_.b, j0_ + j, columns, k0_, depth_, request_.n, request_.k};
        pack_b_(slice, kTileColumns, b);
        if (block_ != 0 && request_.b_packing.panel_rows != 0) {
          pack_packed_block_scales(slice, block_, kTileColumns, b_scales);
        } else if (block_ != 0) {
          pack_block_scales(slice, block_, kTileColumns, b_scales);
        }
      }
      for (int64_t i = 0; i < rows; i += kTileRows) {
        const int64_t a_panel = i / kTileRows;
        float* const tile = tile_at(i1 - i0_ + i, j);
        const int64_t tile_rows = smaller(kTileRows, rows - i);
        if (is_last_step_of_k()) fetch_out(request_, i1 + i, j0_ + j, tile_rows);
        tile_functions_[tile_rows - 1]({part(Workspace::A) + a_panel * steps_.kc * kPanelRows, b,
                                        part(Workspace::A_SCALES) + a_panel * blocks_ * kPanelRows,
                                        b_scales, depth_, block_, tile, k0_ == 0});
        if (is_last_step_of_k()) finish(tile, i1 + i, j, tile_rows, columns);
      }
    }
  }

  // The accumulators of the tile at a row and a column of the step; all the same when nothing is
  // kept in them.
  float* tile_at(int64_t row, int64_t column) const {
    const int64_t position =
        one_step_of_k() ? 0 : column / kTileColumns * tiles_down() + row / kTileRows;
    return part(Workspace::TILES) + position * kTileSize;
  }

  void finish(const float* tile, int64_t row, int64_t column, int64_t rows, int64_t columns) const {
    finish_(
        request_, tile,
        tile_end(request_, row, j0_ + column, rows, columns, part(Workspace::A_END) + (row - i0_),
                 part(Workspace::B_END) + column, part(Workspace::BIAS) + column));
  }

  const MatmulRequest& request_;
  const int64_t block_;
  const TileFunction (&tile_functions_)[kTileRows];
  const PackFunction pack_a_, pack_b_;
  const FinishFunction finish_;
  const int64_t rows_;
  const Steps steps_;
  const int64_t blocks_;  // in a step of k
  Workspace workspace_ = {};

  // where the loops are
  int64_t j0_ = 0, columns_ = 0, i0_ = 0, k0_ = 0, depth_ = 0;
};

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_MATMUL_LOOP_H
