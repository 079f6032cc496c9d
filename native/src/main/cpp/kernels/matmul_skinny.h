// Products of few rows with a packed B, in FP32 arithmetic.
//
// With at most 4 rows the time goes into reading and decoding B, so that B is decoded in registers
// and multiplied there, and nothing of it is stored: vectors of kLanes columns for one k after the
// other, from the packed panels, which are read from front to back. A's rows are decoded before, to
// one float per k and row.
//
// Chains and streams. Two rows take the columns of two tiles, one row those of four: with the
// columns of one tile two fmas would be in flight, and each waits 4 cycles for the last. Each tile is
// a stream of memory, and a core reads four streams 1.4 times as fast as one.
//
// E4M3FN. Decoded one vector at a time it takes 12 operations, which is more than memory takes.
// Here 16 codes become 16 FP16 numbers by a sign extension and a shift, and NaN, the largest
// magnitude, gets FP16's largest exponent by an addition that carries into its top bit there only.
// FP16 has another bias: the numbers are 2^8 too small. A's are made 2^8 too large instead, which
// is exact unless it overflows; where some number of A is that large, the tiled kernels run.
#ifndef OCTAVO_KERNELS_MATMUL_SKINNY_H
#define OCTAVO_KERNELS_MATMUL_SKINNY_H

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
  const uint8_t* vectors[kSkinnyVectors];
  int64_t k;
  int64_t block;
  float* accumulators;  // tile after tile
};

#if defined(OCT_TIER_IS_AVX2)
template <int32_t Id>
constexpr bool is_decoded_in_pairs() {
  return Id == Format::E4M3FN;
}
#else
template <int32_t Id>
constexpr bool is_decoded_in_pairs() {
  return false;
}
#endif

// By what the numbers of B are too small.
template <int32_t Id>
constexpr int32_t skinny_shift() {
  return is_decoded_in_pairs<Id>() ? 15 - kFormats[Id].bias : 0;
}

// The numbers of two neighbouring vectors of columns, times 2^-skinny_shift.
template <int32_t Id>
OCT_INLINE void decode_pair(const uint8_t* first, const uint8_t* second, VFloat* to) {
#if defined(OCT_TIER_IS_AVX2)
  if constexpr (is_decoded_in_pairs<Id>()) {
    const __m256i words = _mm256_cvtepi8_epi16(load<__m128i>(first));
    const __m256i half =
        _mm256_and_si256(_mm256_slli_epi16(words, 7), _mm256_set1_epi16((int16_t)0xBF80));
    const __m256i nan = _mm256_and_si256(_mm256_add_epi16(half, _mm256_set1_epi16(0x0080)),
                                         _mm256_set1_epi16(0x4000));
    const __m256i all = _mm256_or_si256(half, nan);
    to[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(all));
    to[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(all, 1));
    return;
  }
#endif
  to[0] = decode<Id>(first);
  to[1] = decode<Id>(second);
}

template <int32_t Id, int Rows, int Tiles, bool IsBlock>
void skinny_tiles(const SkinnyCall& call) {
  constexpr int kVectors = Tiles * kTileVectors;
  constexpr int64_t kStepBytes = stored_bytes(kFormats[Id], kPackedRows);
  static_assert(!is_decoded_in_pairs<Id>() || kTileVectors == 2, "pairs are halves of a panel");
  const float* a = call.a;
  const uint8_t* from[kVectors];
  for (int v = 0; v < kVectors; v++) from[v] = call.vectors[v];
  int64_t at = 0;
  VFloat sums[Rows][kVectors] = {};
  const auto multiply = [&](int64_t depth) __attribute__((always_inline)) {
    for (; depth != 0; depth--) {
      VFloat rows[Rows];
#pragma GCC unroll 4
      for (int i = 0; i < Rows; i++) rows[i] = broadcast(a[i]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; v += 2) {
        VFloat columns[2];
        if (v + 1 < kVectors) {
          decode_pair<Id>(from[v] + at, from[v + 1] + at, columns);
        } else {
          columns[0] = decode<Id>(from[v] + at);
        }
#pragma GCC unroll 4
        for (int i = 0; i < Rows; i++) {
          sums[i][v] = fma(rows[i], columns[0], sums[i][v]);
          if (v + 1 < kVectors) sums[i][v + 1] = fma(rows[i], columns[1], sums[i][v + 1]);
        }
      }
      a += Rows;
      at += kStepBytes;
    }
  };
  float* const accumulators = call.accumulators;
  const auto place = [&](int i, int v) __attribute__((always_inline)) {
    return accumulators + v / kTileVectors * kTileSize + i * kTileColumns +
           v % kTileVectors * kLanes;
  };
  if constexpr (!IsBlock) {
    multiply(call.k);
    for (int i = 0; i < Rows; i++) {
      for (int v = 0; v < kVectors; v++) store(place(i, v), sums[i][v]);
    }
  } else {
    for (int i = 0; i < Rows; i++) {
      for (int v = 0; v < kVectors; v++) store(place(i, v), VFloat{});
    }
    int64_t block = 0;
    for (int64_t rest = call.k; rest > 0; rest -= call.block, block++) {
      for (int i = 0; i < Rows; i++) {
        for (int v = 0; v < kVectors; v++) sums[i][v] = VFloat{};
      }
      multiply(smaller(call.block, rest));
      for (int i = 0; i < Rows; i++) {
        const VFloat row_scale = broadcast(call.a_scales[block * kPanelRows + i]);
        for (int v = 0; v < kVectors; v++) {
          const float* const b_scales = call.b_scales + v / kTileVectors * call.b_scales_of_tile +
                                        block * kTileColumns + v % kTileVectors * kLanes;
          store(place(i, v),
                fma(sums[i][v], row_scale * load<VFloat>(b_scales), load<VFloat>(place(i, v))));
        }
      }
    }
  }
}

struct SkinnyKernels {
  void (*by_rows[kSkinnyRows])(const SkinnyCall& call);
  int32_t shift;
};

// The formats that weights come in.
template <int32_t Id, bool IsBlock>
static constexpr SkinnyKernels skinny_kernels() {
  constexpr bool is_plain_weight = Id == Format::FP32 || Id == Format::BF16 || Id == Format::FP16 ||
                                   Id == Format::E4M3FN || Id == Format::E5M2 ||
                                   Id == Format::E4M3 || Id == Format::INT8;
  constexpr bool is_block_weight =
      Id == Format::E4M3FN || Id == Format::E5M2 || Id == Format::E2M1 || Id == Format::INT8;
  if constexpr (IsBlock ? is_block_weight : is_plain_weight) {
    return {{&skinny_tiles<Id, 1, 4, IsBlock>, &skinny_tiles<Id, 2, 2, IsBlock>,
             &skinny_tiles<Id, 3, 1, IsBlock>, &skinny_tiles<Id, 4, 1, IsBlock>},
            skinny_shift<Id>()};
  } else {
    return {{nullptr}, 0};
  }
}

#define OCT_FORMAT(id, ...) skinny_kernels<id, IsBlock>(),
#define OCT_INTEGER_FORMAT(id, ...) skinny_kernels<id, IsBlock>(),
template <bool IsBlock>
static constexpr SkinnyKernels kSkinnyKernels[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

template <bool IsBlock>
static bool is_skinny(const MatmulRequest& request) {
  return request.b_packing.panel_rows != 0 && request.row_end - request.row_begin <= kSkinnyRows &&
         request.row_end - request.row_begin <= kTileRows && request.k > 0 &&
         kSkinnyKernels<IsBlock>[request.b.format].by_rows[0] != nullptr;
}

// Runs a product of few rows. Sets `is_done` to whether it could.
template <bool IsBlock>
static int32_t run_skinny(const MatmulRequest& request, int64_t block, bool& is_done) {
  const SkinnyKernels& kernels = kSkinnyKernels<IsBlock>[request.b.format];
  const int64_t rows = request.row_end - request.row_begin;
  const int tiles = skinny_tiles_of(rows);
  const int64_t blocks = IsBlock ? (request.k + block - 1) / block : 0;
  const FinishFunction finish = finish_function(request);
  is_done = true;

  Workspace workspace = {};
  if (!workspace.allocate({request.k * kPanelRows, 0, blocks * kPanelRows,
                           blocks * kTileColumns * kSkinnyTiles, kPanelRows,
                           kTileColumns * kSkinnyTiles, kTileColumns * kSkinnyTiles,
                           kTileSize * kSkinnyTiles}))
    return OCT_ERROR_MEMORY;
  float* const a = workspace.parts[Workspace::A];
  const Slice a_slice = {&request.a, request.row_begin, rows, 0, request.k, request.m, request.k};
  kPackers[request.a.format][0](a_slice, kPanelRows, a);
  if (IsBlock) pack_block_scales(a_slice, block, kPanelRows, workspace.parts[Workspace::A_SCALES]);
  pack_end_scales(request.a, request.row_begin, rows, kPanelRows,
                  workspace.parts[Workspace::A_END]);
  const float factor = power_of_two(kernels.shift)[0];
  float largest = 0;
  for (int64_t k = 0; k < request.k; k++) {
    for (int64_t i = 0; i < rows; i++) {
      const float x = a[k * kPanelRows + i];
      const float magnitude = x < 0 ? -x : x;
      if (magnitude > largest && magnitude < __builtin_inff()) largest = magnitude;
      a[k * rows + i] = x * factor;
    }
  }
  if (kernels.shift != 0 && largest >= power_of_two(127 - kernels.shift)[0]) {
    is_done = false;
    return OCT_OK;
  }

  const FormatTraits& format = kFormats[request.b.format];
  float* const b_end = workspace.parts[Workspace::B_END];
  float* const bias = workspace.parts[Workspace::BIAS];
  float* const tile = workspace.parts[Workspace::TILES];
  for (int64_t column = request.column_begin; column < request.column_end;
       column += tiles * kTileColumns) {
    const int64_t columns = smaller(tiles * kTileColumns, request.column_end - column);
    SkinnyCall call = {};
    call.a = a;
    call.a_scales = workspace.parts[Workspace::A_SCALES];
    call.b_scales = workspace.parts[Workspace::B_SCALES];
    call.b_scales_of_tile = blocks * kTileColumns;
    call.k = request.k;
    call.block = block;
    call.accumulators = tile;
    for (int t = 0; t < tiles; t++) {
      // a tile that has no columns repeats the last panel
      const int64_t first = column + t * kTileColumns;
      const Slice slice = {
          &request.b, first,     smaller(kTileColumns, larger(columns - t * kTileColumns, 1)),
          0,          request.k, request.n,
          request.k};
      for (int v = 0; v < kTileVectors; v++) {
        const PackedRows at(slice, v * kLanes);
        call.vectors[t * kTileVectors + v] =
            request.b.elements + stored_bytes(format, at.panel * request.k * kPackedRows + at.row);
      }
      if (IsBlock && first < request.n) {
        pack_packed_block_scales(slice, block, kTileColumns,
                                 workspace.parts[Workspace::B_SCALES] + t * call.b_scales_of_tile);
      }
    }
    kernels.by_rows[rows - 1](call);
    pack_end_scales(request.b, column, columns, tiles * kTileColumns, b_end);
    if (request.bias != nullptr)
      __builtin_memcpy(bias, request.bias + 4 * column, static_cast<size_t>(4 * columns));
    for (int t = 0; t < tiles && t * kTileColumns < columns; t++) {
      const int64_t first = t * kTileColumns;
      finish(request, tile + t * kTileSize,
             tile_end(request, request.row_begin, column + first, rows,
                      smaller(kTileColumns, columns - first), workspace.parts[Workspace::A_END],
                      b_end + first, bias + first));
    }
  }
  return OCT_OK;
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_MATMUL_SKINNY_H
