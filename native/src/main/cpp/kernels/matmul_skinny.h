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
// Decoded one vector at a time, 8-bit numbers take 12 operations, which is more than memory takes:
// matmul_pairs.h has another way for them, on AVX2.
#ifndef OCTAVO_KERNELS_MATMUL_SKINNY_H
#define OCTAVO_KERNELS_MATMUL_SKINNY_H

#include "matmul_pairs.h"

namespace octavo {
namespace OCT_TIER {

template <int32_t Id, int Rows, int Tiles, bool IsBlock>
bool skinny_tiles(const SkinnyCall& call) {
  constexpr int kVectors = Tiles * kTileVectors;
  constexpr int64_t kStepBytes = stored_bytes(kFormats[Id], kPackedRows);
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
      for (int v = 0; v < kVectors; v++) {
        const VFloat columns = decode<Id>(from[v] + at);
#pragma GCC unroll 4
        for (int i = 0; i < Rows; i++) sums[i][v] = fma(rows[i], columns, sums[i][v]);
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
  return true;
}

// The formats that weights come in.
template <int32_t Id, bool IsBlock>
static constexpr SkinnyKernels skinny_kernels() {
  constexpr bool is_plain_weight = Id == Format::FP32 || Id == Format::BF16 || Id == Format::FP16 ||
                                   Id == Format::E4M3FN || Id == Format::E5M2 ||
                                   Id == Format::E4M3 || Id == Format::INT8;
  constexpr bool is_block_weight =
      Id == Format::E4M3FN || Id == Format::E5M2 || Id == Format::E2M1 || Id == Format::INT8;
  if constexpr (!(IsBlock ? is_block_weight : is_plain_weight)) {
    return {};
#if defined(OCT_HAS_PAIRS)
  } else if constexpr (is_paired(Id)) {
    return pair_kernels<Id, IsBlock>();
#endif
  } else {
    return {{&skinny_tiles<Id, 1, 4, IsBlock>, &skinny_tiles<Id, 2, 2, IsBlock>,
             &skinny_tiles<Id, 3, 1, IsBlock>, &skinny_tiles<Id, 4, 1, IsBlock>},
            {nullptr}};
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

// The least exponent field of numbers but 0, and the greatest of finite ones, 0 where there are none.
struct Exponents {
  int32_t least, most;
};

static inline Exponents exponents_of(const float* numbers, int64_t count) {
  VInt least = VInt{} + 255, most = {};
  for (int64_t i = 0; i < count; i += kLanes) {
    const VInt bits = load<VInt>(numbers + i) & 0x7FFFFFFF;
    const VInt exponent = bits >> 23;
    const VInt low = bits > 0 ? exponent : VInt{} + 255;
    const VInt high = bits < 0x7F800000 ? exponent : VInt{};
    least = low < least ? low : least;
    most = high > most ? high : most;
  }
  Exponents exponents = {255, 0};
  for (int i = 0; i < kLanes; i++) {
    exponents.least = least[i] < exponents.least ? least[i] : exponents.least;
    exponents.most = most[i] > exponents.most ? most[i] : exponents.most;
  }
  return exponents;
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
  const bool is_paired = request.b_packing.group == 2;
  if (is_paired && IsBlock && block % 2 != 0 && block < request.k) {
    is_done = false;
    return OCT_OK;
  }

  Workspace workspace = {};
  if (!workspace.allocate({request.k * kPanelRows, 0, blocks * kPanelRows,
                           blocks * kTileColumns * kSkinnyTiles, kPanelRows,
                           kTileColumns * kSkinnyTiles, kTileColumns * kSkinnyTiles,
                           kTileSize * kSkinnyTiles}))
    return OCT_ERROR_MEMORY;
  float* const a = workspace.parts[Workspace::A];
  const Slice a_slice = {&request.a, request.row_begin, rows, 0, request.k, request.m, request.k};
  kPackers[request.a.format].pack(a_slice, kPanelRows, a);
  if (IsBlock) pack_block_scales(a_slice, block, kPanelRows, workspace.parts[Workspace::A_SCALES]);
  pack_end_scales(request.a, request.row_begin, rows, kPanelRows,
                  workspace.parts[Workspace::A_END]);
  Fold fold = {0, 1.0f, true};
#if defined(OCT_HAS_PAIRS)
  if (is_paired) {
    const Exponents exponents = exponents_of(a, request.k * kPanelRows);
    fold = fold_of(kFormats[request.b.format], exponents.least, exponents.most, request.k);
    is_done = fold.is_exact;
    if (!is_done) return OCT_OK;
  }
#endif
  const float factor = power_of_two(fold.exponent)[0];
  for (int64_t k = 0; k < request.k; k++) {
    for (int64_t i = 0; i < rows; i++) a[k * rows + i] = a[k * kPanelRows + i] * factor;
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
    call.unfold = fold.unfold;
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
        const int64_t place = is_paired ? at.panel * round_up(request.k, 2) * kPackedRows
                                        : at.panel * request.k * kPackedRows + at.row;
        call.vectors[t * kTileVectors + v] = request.b.elements + stored_bytes(format, place);
      }
      if (IsBlock && first < request.n) {
        pack_packed_block_scales(slice, block, kTileColumns,
                                 workspace.parts[Workspace::B_SCALES] + t * call.b_scales_of_tile);
      }
    }
    if (!kernels.by_rows[rows - 1](call)) kernels.with_specials[rows - 1](call);
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
