// matmul.plain: operands without block scales, one fma per output and step of k.
//
// Tile. An output is a lane; a vector is kLanes columns of one row. A tile of kTileRows x
// kTileVectors accumulators stays in registers for a whole step of k: each step loads kTileVectors
// vectors of B, broadcasts one float of A per row, and does kTileRows * kTileVectors fmas. Two fmas
// of 4 cycles can be in flight per cycle, so at least 8 accumulators are needed and 12 (AVX2) to 28
// (AVX-512) hide the latency; the rest of the registers decides the shape. With fewer rows than a
// tile has, a function compiled for that number runs: a matrix times a vector spends its time in
// packing B, not here, unless B is packed already: then matmul_skinny.h multiplies few rows.
//
// Numbers. The definition in octavo.h is one chain of fused operations per output in increasing k.
// The k loop is that chain; between two steps of k the accumulator lies in the tile, unrounded
// since it is an FP32 already. Nothing is split, so there is nothing to combine and the order never
// depends on the shape.
#include "matmul_skinny.h"

namespace octavo {
namespace OCT_TIER {

template <int Rows>
struct PlainTile {
  static void run(const TileCall& call) {
    float* const accumulators = call.accumulators;
    const float* a = call.a;
    const float* b = call.b;
    if (call.is_first) clear_tile<Rows>(accumulators);
    if (call.depth == 0) return;
    VFloat sums[Rows][kTileVectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; v++)
        sums[i][v] = load<VFloat>(accumulators + i * kTileColumns + v * kLanes);
    }
    for (int64_t k = call.depth; k != 0; k--) {
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
#pragma GCC unroll 16
      for (int v = 0; v < kTileVectors; v++)
        store(accumulators + i * kTileColumns + v * kLanes, sums[i][v]);
    }
  }
};

Packing matmul_packing(int32_t b_format) {
  return is_paired(b_format) ? Packing{kPackedRows, 2, 2} : Packing{kPackedRows, 1, 1};
}

bool matmul_plain_supports(const MatmulRequest& request) {
  return matmul_supports_formats(request);
}

int32_t matmul_plain(const MatmulRequest& request) {
  if (is_skinny<false>(request)) {
    bool is_done;
    const int32_t status = run_skinny<false>(request, 0, is_done);
    if (is_done) return status;
  }
  static constexpr TileFunctions tiles = tile_functions<PlainTile>();
  return MatmulLoop(request, 0, tiles.by_rows).run();
}

}  // namespace OCT_TIER
}  // namespace octavo
