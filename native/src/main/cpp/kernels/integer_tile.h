// Tiles of matmul_integer.cc: sums of products of small integers, and what a block's scales make of
// them.
#ifndef OCTAVO_KERNELS_INTEGER_TILE_H
#define OCTAVO_KERNELS_INTEGER_TILE_H

#include "integer.h"
#include "matmul_loop.h"

namespace octavo {
namespace OCT_TIER {

struct IntegerCall {
  const uint8_t* a;
  const uint8_t* b;
  const uint8_t* starts;  // what the accumulators start with: a dword for each block and row of A
  const float* a_scales;
  const float* b_scales;
  int64_t blocks;
  int64_t steps;         // of a block
  int64_t steps_of_sum;  // after which accumulators are widened
  float factor;          // of the integers, where it is not in the scales
  float* accumulators;
  bool is_first;  // the accumulators start at +0, whatever the tile holds
};

// How the two scales of a block meet, and the factor of the integers.
enum class Scaling {
  WIDE,    // scales are multiplied, and the factor apart
  FOLDED,  // scales are multiplied; the factor is in A's
  POWERS   // A's are bits with the factor, less those of 1: those of B, powers of two, are added
};

static inline const float* zero_tile() {
  alignas(64) static constexpr float zeros[kTileSize] = {};
  return zeros;
}

// One tile. Steps is the number of steps of a block, or 0: then call.steps says it, and sums are
// widened more than once.
template <int Rows, int Steps, Scaling Scales>
void integer_tile(const IntegerCall& call) {
  const uint8_t* a = call.a;
  const uint8_t* b = call.b;
  const uint8_t* starts = call.starts;
  const float* a_scales = call.a_scales;
  const float* b_scales = call.b_scales;
  const VFloat factor = broadcast(call.factor);
  const float* addends = call.is_first ? zero_tile() : call.accumulators;
  for (int64_t block = call.blocks; block != 0; block--) {
    float* const accumulators = opaque(call.accumulators);
    VDots sums[Rows][kTileVectors];
    if constexpr (Steps != 0) {
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) {
        const VDots start = (VDots)broadcast_bits(starts + 4 * i);
#pragma GCC unroll 4
        for (int v = 0; v < kTileVectors; v++) sums[i][v] = start;
      }
      starts += 4 * kPanelRows;
#pragma GCC unroll 8
      for (int step = 0; step < Steps; step++) {
        VByte4 columns[kTileVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kTileVectors; v++) columns[v] = load<VByte4>(b + v * sizeof(VByte4));
#pragma GCC unroll 16
        for (int i = 0; i < Rows; i++) {
          const VByte4 row = (VByte4)broadcast_bits(a + 4 * i);
#pragma GCC unroll 4
          for (int v = 0; v < kTileVectors; v++)
            sums[i][v] = kept(dot(sums[i][v], columns[v], row));
        }
        a += 4 * kPanelRows;
        b += 4 * kTileColumns;
        // a step's loads stay in it, as there are no registers for those of others
        __asm__ volatile("" ::: "memory");
      }
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) {
        const VFloat row_scale = broadcast(a_scales[i]);
#pragma GCC unroll 4
        for (int v = 0; v < kTileVectors; v++) {
          float* const accumulator = accumulators + i * kTileColumns + v * kLanes;
          VFloat p = __builtin_convertvector(add_dots(sums[i][v]), VFloat);
          if constexpr (Scales == Scaling::WIDE) p = p * factor;
          const VFloat column_scales = load<VFloat>(b_scales + v * kLanes);
          VFloat scale;
          if constexpr (Scales == Scaling::POWERS) {
            scale = from_bits(to_bits(row_scale) + to_bits(column_scales));
          } else {
            scale = row_scale * column_scales;
          }
          store(accumulator, fma(p, scale, load<VFloat>(addends + i * kTileColumns + v * kLanes)));
        }
      }
    } else {
      VInt totals[Rows][kTileVectors] = {};
      for (int64_t first = 0; first < call.steps; first += call.steps_of_sum) {
        const int64_t rest = call.steps - first;
        for (int i = 0; i < Rows; i++) {
          const VDots start = (VDots)broadcast_bits(starts + 4 * i);
          for (int v = 0; v < kTileVectors; v++) sums[i][v] = start;
        }
        starts += 4 * kPanelRows;
        for (int64_t step = smaller(rest, call.steps_of_sum); step != 0; step--) {
          for (int i = 0; i < Rows; i++) {
            const VByte4 row = (VByte4)broadcast_bits(a + 4 * i);
            for (int v = 0; v < kTileVectors; v++)
              sums[i][v] = dot(sums[i][v], load<VByte4>(b + v * sizeof(VByte4)), row);
          }
          a += 4 * kPanelRows;
          b += 4 * kTileColumns;
        }
        for (int i = 0; i < Rows; i++) {
          for (int v = 0; v < kTileVectors; v++) totals[i][v] += add_dots(sums[i][v]);
        }
      }
      for (int i = 0; i < Rows; i++) {
        for (int v = 0; v < kTileVectors; v++) {
          float* const accumulator = accumulators + i * kTileColumns + v * kLanes;
          const VFloat p = __builtin_convertvector(totals[i][v], VFloat) * factor;
          const VFloat scale = broadcast(a_scales[i]) * load<VFloat>(b_scales + v * kLanes);
          store(accumulator, fma(p, scale, load<VFloat>(addends + i * kTileColumns + v * kLanes)));
        }
      }
    }
    addends = accumulators;
    a_scales += kPanelRows;
    b_scales += kTileColumns;
  }
}

using IntegerTileFunction = void (*)(const IntegerCall& call);

// A tile of few rows, for a packed B: call.b is not used, and A's panels have Rows rows.
struct PackedColumns {
  const uint8_t* vectors[kTileVectors];  // kLanes rows of B each
  int64_t steps;                         // that there are codes for
  int32_t offset;
};

template <int32_t Id, int Rows, int Steps>
void packed_tile(const IntegerCall& call, const PackedColumns& packed) {
  constexpr int64_t kStepBytes = stored_bytes(kFormats[Id], 4 * kPackedRows);
  const uint8_t* a = call.a;
  const uint8_t* starts = call.starts;
  const float* a_scales = call.a_scales;
  const float* b_scales = call.b_scales;
  const uint8_t* from[kTileVectors];
  for (int v = 0; v < kTileVectors; v++) from[v] = packed.vectors[v];
  const VFloat factor = broadcast(call.factor);
  const VByte4 offsets = VByte4{} + static_cast<uint8_t>(packed.offset);
  VFloat accumulators[Rows][kTileVectors];
  for (int i = 0; i < Rows; i++) {
    for (int v = 0; v < kTileVectors; v++)
      accumulators[i][v] = load<VFloat>(call.accumulators + i * kTileColumns + v * kLanes);
  }
  for (int64_t block = 0; block < call.blocks; block++) {
    VDots sums[Rows][kTileVectors];
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const VDots start = (VDots)broadcast_bits(starts + 4 * i);
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; v++) sums[i][v] = start;
    }
    // the last group may be the end of memory: what is beyond is not there, and multiplied by 0
    const int64_t rest = packed.steps - block * Steps;
    const auto multiply_step = [&](int step) __attribute__((always_inline)) {
      VByte4 columns[kTileVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; v++)
        columns[v] = load_integers<Id>(from[v] + step * kStepBytes) + offsets;
#pragma GCC unroll 4
      for (int i = 0; i < Rows; i++) {
        const VByte4 row = (VByte4)broadcast_bits(a + 4 * (step * Rows + i));
#pragma GCC unroll 4
        for (int v = 0; v < kTileVectors; v++) sums[i][v] = dot(sums[i][v], columns[v], row);
      }
    };
    if (rest >= Steps) {
#pragma GCC unroll 4
      for (int step = 0; step < Steps; step++) multiply_step(step);
    } else {
      // beyond the last group A is 0
      for (int step = 0; step < rest; step++) multiply_step(step);
    }
    for (int v = 0; v < kTileVectors; v++) from[v] += Steps * kStepBytes;
    a += 4 * Rows * Steps;
    starts += 4 * kPanelRows;
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const VFloat row_scale = broadcast(a_scales[i]);
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; v++) {
        const VFloat p = __builtin_convertvector(add_dots(sums[i][v]), VFloat) * factor;
        const VFloat scale = row_scale * load<VFloat>(b_scales + v * kLanes);
        accumulators[i][v] = fma(p, scale, accumulators[i][v]);
      }
    }
    a_scales += kPanelRows;
    b_scales += kTileColumns;
  }
  for (int i = 0; i < Rows; i++) {
    for (int v = 0; v < kTileVectors; v++)
      store(call.accumulators + i * kTileColumns + v * kLanes, accumulators[i][v]);
  }
}

constexpr int kFewRows = kTileRows < 4 ? kTileRows : 4;
using PackedTileFunction = void (*)(const IntegerCall& call, const PackedColumns& packed);

// By format, by block length (32, 16) and by rows.
struct PackedTiles {
  PackedTileFunction by_rows[2][kFewRows];
};

template <int32_t Id>
constexpr PackedTiles packed_tiles() {
  if constexpr (integer_element(kFormats[Id]).largest == 0) {
    return {};
  } else {
    static_assert(kFewRows == 4);
    return {{{&packed_tile<Id, 1, 8>, &packed_tile<Id, 2, 8>, &packed_tile<Id, 3, 8>,
              &packed_tile<Id, 4, 8>},
             {&packed_tile<Id, 1, 4>, &packed_tile<Id, 2, 4>, &packed_tile<Id, 3, 4>,
              &packed_tile<Id, 4, 4>}}};
  }
}

#define OCT_FORMAT(id, ...) packed_tiles<id>(),
#define OCT_INTEGER_FORMAT(id, ...) packed_tiles<id>(),
constexpr PackedTiles kPackedTiles[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

template <int Steps, Scaling Scales>
struct IntegerTiles {
  IntegerTileFunction by_rows[kTileRows];
  template <int Rows = kTileRows>
  constexpr void fill() {
    by_rows[Rows - 1] = &integer_tile<Rows, Steps, Scales>;
    if constexpr (Rows > 1) fill<Rows - 1>();
  }
  constexpr IntegerTiles() : by_rows() { fill<>(); }
};

constexpr IntegerTiles<8, Scaling::POWERS> kTilesOf32Powers;
constexpr IntegerTiles<8, Scaling::FOLDED> kTilesOf32;
constexpr IntegerTiles<8, Scaling::WIDE> kTilesOf32Wide;
constexpr IntegerTiles<4, Scaling::FOLDED> kTilesOf16;
constexpr IntegerTiles<4, Scaling::WIDE> kTilesOf16Wide;
constexpr IntegerTiles<0, Scaling::WIDE> kTilesOfAny;

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_INTEGER_TILE_H
