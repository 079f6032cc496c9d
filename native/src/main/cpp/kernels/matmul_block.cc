// matmul.block: at least one operand has a scale per block along k.
//
// Tile. The shape and the panels of matmul.plain. The registers hold the sums of the current block;
// the accumulators of the outputs stay in the tile, in the first-level cache, and are touched once
// per block: per output one load, one product of scales, one fma, one store. For blocks of 32 that
// is a sixteenth of the work, for 16 an eighth.
//
// Scales. Both operands' scales are packed as FP32 panels of one row per block; a plain operand's
// are all 1. Multiplying by 1 is exact for every FP32, so s = 1 * scale is the scale itself and one
// kernel serves both cases. If the block lengths differ, the longer scale is repeated for each of
// the shorter blocks.
//
// Numbers. Within a block the chain p = fma(a, b, p) from +0; at its end acc = fma(p, s, acc),
// which is written out also for the first block, where acc is +0: an addition, not a copy, so that
// signs of zero follow the definition. A step of k holds whole blocks, so p never has to be kept
// between two steps.
//
// The scales could be multiplied into the elements while packing, which would save the work at the
// end of a block. That rounds differently, as element times scale is not exact for every scale, so
// it would take another definition.
#include "matmul_skinny.h"

namespace octavo {
namespace OCT_TIER {

template <int Rows>
struct BlockTile {
  static void run(const TileCall& call) {
    const int64_t block = call.block;
    const float* a = call.a;
    const float* b = call.b;
    const float* a_scales = call.a_scales;
    const float* b_scales = call.b_scales;
    if (call.is_first) clear_tile<Rows>(call.accumulators);
    for (int64_t rest = call.depth; rest > 0; rest -= block) {
      float* const accumulators = opaque(call.accumulators);
      VFloat sums[Rows][kTileVectors] = {};
      for (int64_t k = smaller(block, rest); k > 0; k--) {
        VFloat columns[kTileVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kTileVectors; v++) columns[v] = load<VFloat>(b + v * kLanes);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; i++) {
          const VFloat row = broadcast(a[i]);
#pragma GCC unroll 16
          for (int v = 0; v < kTileVectors; v++) sums[i][v] = fma(row, columns[v], sums[i][v]);
        }
        a += kPanelRows;
        b += kTileColumns;
      }
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) {
        const VFloat row_scale = broadcast(a_scales[i]);
#pragma GCC unroll 16
        for (int v = 0; v < kTileVectors; v++) {
          float* const accumulator = accumulators + i * kTileColumns + v * kLanes;
          const VFloat scale = row_scale * load<VFloat>(b_scales + v * kLanes);
          store(accumulator, fma(sums[i][v], scale, load<VFloat>(accumulator)));
        }
      }
      a_scales += kPanelRows;
      b_scales += kTileColumns;
    }
  }
};

bool matmul_block_supports(const MatmulRequest& request) {
  return matmul_supports_formats(request);
}

int32_t matmul_block(const MatmulRequest& request) {
  static constexpr TileFunctions tiles = tile_functions<BlockTile>();
  const int64_t a = request.a.block_columns, b = request.b.block_columns;
  const int64_t block = a == 0 ? b : b == 0 ? a : smaller(a, b);
  if (is_skinny<true>(request)) {
    bool is_done;
    const int32_t status = run_skinny<true>(request, block, is_done);
    if (is_done) return status;
  }
  return MatmulLoop(request, block, tiles.by_rows).run();
}

}  // namespace OCT_TIER
}  // namespace octavo
