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

template <int Rows>
OCT_INLINE void clear_tile(float* accumulators) {
  for (int i = 0; i < Rows * kTileVectors; i++) store(accumulators + i * kLanes, VFloat{});
}

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

// The end of a tile: scales, bias, one rounding to the output format. a_end, b_end and bias are
// those of the tile.
template <bool HasBias, bool IsBf16>
static void finish_tile(const float* tile, const float* a_end, const float* b_end,
                        const float* bias, int64_t rows, int64_t columns, uint8_t* out,
                        int64_t out_row_stride_bytes) {
  constexpr int64_t kElementBytes = IsBf16 ? 2 : 4;
  for (int64_t i = 0; i < rows; i++) {
    uint8_t line[kTileColumns * kElementBytes];
    for (int v = 0; v < kTileVectors; v++) {
      const VFloat scale = broadcast(a_end[i]) * load<VFloat>(b_end + v * kLanes);
      VFloat r = load<VFloat>(tile + i * kTileColumns + v * kLanes) * scale;
      if (HasBias) r = r + load<VFloat>(bias + v * kLanes);
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
    __builtin_memcpy(out + i * out_row_stride_bytes, line,
                     static_cast<size_t>(columns * kElementBytes));
  }
}

using FinishFunction = decltype(&finish_tile<false, false>);

static inline FinishFunction finish_function(const MatmulRequest& request) {
  if (request.out_format == Format::BF16) {
    return request.bias != nullptr ? &finish_tile<true, true> : &finish_tile<false, true>;
  }
  return request.bias != nullptr ? &finish_tile<true, false> : &finish_tile<false, false>;
}

// The formats that both kinds of matmul support.
static inline bool matmul_supports_operand(const Operand& operand) {
  return kPackers[operand.format] != nullptr &&
         (operand.scale_format == OCT_NO_SCALES || is_scale_format(operand.scale_format));
}
static inline bool matmul_supports_formats(const MatmulRequest& request) {
  return matmul_supports_operand(request.a) && matmul_supports_operand(request.b) &&
         (request.out_format == Format::FP32 || request.out_format == Format::BF16);
}

// Runs a matmul. `block` is the length of a block along k, 0 for plain operands.
static int32_t run_matmul(const MatmulRequest& request, int64_t block,
                          const TileFunction (&functions)[kTileRows]) {
  const int64_t m = request.m, n = request.n, k = request.k;
  const PackFunction pack_a = kPackers[request.a.format], pack_b = kPackers[request.b.format];
  const FinishFunction finish = finish_function(request);
  const int64_t out_element_bytes = request.out_format == Format::BF16 ? 2 : 4;

  const Steps steps(m, n, k, block);
  const bool is_blocked = block != 0, one_step_of_rows = m <= steps.mc,
             one_step_of_k = k <= steps.kc;
  const int64_t blocks = is_blocked ? (steps.kc + block - 1) / block : 0;
  const int64_t a_panel_floats = steps.kc * kPanelRows, a_scale_floats = blocks * kPanelRows;
  const int64_t b_panel_floats = steps.kc * kTileColumns, b_scale_floats = blocks * kTileColumns;
  const int64_t a_panels = steps.mc / kTileRows,
                b_panels = one_step_of_rows ? 1 : steps.nc / kTileColumns;
  const int64_t tiles_down = one_step_of_k ? 1 : steps.mb / kTileRows;
  const int64_t tiles_across = one_step_of_k ? 1 : steps.nc / kTileColumns;

  Workspace workspace;
  if (!workspace.allocate({a_panels * a_panel_floats, b_panels * b_panel_floats,
                           a_panels * a_scale_floats, b_panels * b_scale_floats, steps.mb, steps.nc,
                           steps.nc, tiles_down * tiles_across * kTileSize})) {
    return OCT_ERROR_MEMORY;
  }
  float* const* const parts = workspace.parts;

  for (int64_t j0 = 0; j0 < n; j0 += steps.nc) {
    const int64_t columns = smaller(steps.nc, n - j0);
    pack_end_scales(request.b, j0, columns, round_up(columns, kTileColumns),
                    parts[Workspace::B_END]);
    if (request.bias != nullptr) {
      __builtin_memcpy(parts[Workspace::BIAS], request.bias + 4 * j0,
                       static_cast<size_t>(4 * columns));
    }
    for (int64_t i0 = 0; i0 < m; i0 += steps.mb) {
      const int64_t i_end = smaller(i0 + steps.mb, m);
      pack_end_scales(request.a, i0, i_end - i0, i_end - i0, parts[Workspace::A_END]);
      // at least one step of k, so that the outputs are written when k is 0
      for (int64_t k0 = 0; k0 == 0 || k0 < k; k0 += steps.kc) {
        const int64_t depth = smaller(steps.kc, k - k0);
        const bool is_last = k0 + steps.kc >= k;
        for (int64_t i1 = i0; i1 < i_end; i1 += steps.mc) {
          const int64_t rows = smaller(steps.mc, i_end - i1);
          for (int64_t i = 0; i < rows; i += kTileRows) {
            const Slice slice = {&request.a, i1 + i, smaller(kTileRows, rows - i), k0, depth};
            const int64_t panel = i / kTileRows;
            pack_a(slice, kPanelRows, parts[Workspace::A] + panel * a_panel_floats);
            if (is_blocked) {
              pack_block_scales(slice, block, kPanelRows,
                                parts[Workspace::A_SCALES] + panel * a_scale_floats);
            }
          }
          for (int64_t j = 0; j < columns; j += kTileColumns) {
            const int64_t tile_columns = smaller(kTileColumns, columns - j);
            const int64_t b_panel = one_step_of_rows ? 0 : j / kTileColumns;
            float* const b = parts[Workspace::B] + b_panel * b_panel_floats;
            float* const b_scales = parts[Workspace::B_SCALES] + b_panel * b_scale_floats;
            if (i1 == i0) {
              const Slice slice = {&request.b, j0 + j, tile_columns, k0, depth};
              pack_b(slice, kTileColumns, b);
              if (is_blocked) pack_block_scales(slice, block, kTileColumns, b_scales);
            }
            for (int64_t i = 0; i < rows; i += kTileRows) {
              const int64_t tile_rows = smaller(kTileRows, rows - i);
              const int64_t a_panel = i / kTileRows;
              const int64_t position =
                  one_step_of_k ? 0 : j / kTileColumns * tiles_down + (i1 - i0 + i) / kTileRows;
              float* const tile = parts[Workspace::TILES] + position * kTileSize;
              functions[tile_rows - 1]({parts[Workspace::A] + a_panel * a_panel_floats, b,
                                        parts[Workspace::A_SCALES] + a_panel * a_scale_floats,
                                        b_scales, depth, block, tile, k0 == 0});
              if (is_last) {
                finish(tile, parts[Workspace::A_END] + (i1 - i0 + i), parts[Workspace::B_END] + j,
                       parts[Workspace::BIAS] + j, tile_rows, tile_columns,
                       request.out + (i1 + i) * request.out_row_stride_bytes +
                           (j0 + j) * out_element_bytes,
                       request.out_row_stride_bytes);
              }
            }
          }
        }
      }
    }
  }
  return OCT_OK;
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_MATMUL_LOOP_H
