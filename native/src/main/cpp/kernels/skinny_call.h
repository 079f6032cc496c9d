// What a kernel for few rows is given.
#ifndef OCTAVO_KERNELS_SKINNY_CALL_H
#define OCTAVO_KERNELS_SKINNY_CALL_H

#include "matmul_loop.h"

namespace octavo {
namespace OCT_TIER {

constexpr int kSkinnyRows = 4;
constexpr int kSkinnyTiles = 4;
static constexpr int skinny_tiles_of(int64_t rows) { return rows == 1 ? 4 : rows == 2 ? 2 : 1; }
constexpr int kSkinnyVectors = kSkinnyTiles * kTileVectors;

struct SkinnyCall {
  const float* a;         // one for each k and row
  const float* a_scales;  // kPanelRows for each block
  const float* b_scales;  // kTileColumns for each block, tile after tile
  int64_t b_scales_of_tile;
  const uint8_t* vectors[kSkinnyVectors];  // of a paired B, every kTileVectors-th is its tile
  int64_t k;
  int64_t block;
  float unfold;         // what sums are to be multiplied by
  float* accumulators;  // tile after tile
};

// Multiplies all of k. False where there were codes that the kernel does not know; the accumulators
// are worthless then.
using SkinnyFunction = bool (*)(const SkinnyCall& call);

struct SkinnyKernels {
  SkinnyFunction by_rows[kSkinnyRows];
  SkinnyFunction with_specials[kSkinnyRows];  // where the others do not know all codes
};

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_SKINNY_CALL_H
