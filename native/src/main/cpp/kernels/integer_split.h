// Tiles of one or two rows for a packed B of 4-bit elements, on AVX2.
//
// Four elements of a row are two bytes, 16 rows a register. Nothing is unpacked: the low nibbles of a
// register are the elements 0 and 2 of all rows, the high ones the elements 1 and 3, so that after two
// table look-ups the byte multiply-add gives one 16-bit sum per row and half. The two halves of A's
// dwords come as {0, 2} and {1, 3}, twice each, to be broadcast. Each half has as many products in a
// block as a 16-bit sum holds; they are joined once per block. That is 9 operations for 64 elements,
// where unpacking them first takes 18.
//
// Panels side by side are streams of memory: a core reads several streams faster than one, 1.4 times
// for four. They are fetched 256 bytes ahead, and the next panels' scales while these are multiplied.
// The accumulators of the outputs lie in the tiles, in the first-level cache. With 3 and 4 rows the sums
// leave room for one panel only, and packed_tile was faster.
//
// Scales. Blocks of 32 and E8M0 are what MXFP4 has: the scale of an output is A's scale with an
// exponent added, which is one look-up, shift and addition for 8 columns, and the factor 2^-shift of
// the integers is added to A's exponent. That is the same number where neither is zero, a subnormal
// or infinite; the extremes of both sides' scales say so before. Otherwise B's scales are unpacked to
// floats first. On the way columns lie as the sums do, in halves of registers.
//
// For four panels and a block that is 72 operations for each panel, and 14 for its sums and scales: four a
// cycle would be 88 cycles for 1088 bytes, 40 GB/s at 3.24 GHz. It takes 143 from the caches (24.8
// GB/s) and 19 GB/s from DRAM, .71 of the rate that is read at; with unpacked scales 16.3.
//
// Tried and lost: fetching 512, 1024 and 2048 bytes ahead (.65 to .66), none (.67).
#ifndef OCTAVO_KERNELS_INTEGER_SPLIT_H
#define OCTAVO_KERNELS_INTEGER_SPLIT_H

#include "integer_pack.h"
#include "integer_tile.h"

namespace octavo {
namespace OCT_TIER {

#if defined(OCT_TIER_IS_AVX2) && !defined(OCT_HAS_DOT)

#define OCT_HAS_SPLIT
constexpr int kSplitPanels = 4;
constexpr int64_t kSplitBytes = 8;               // of A for each row and step
constexpr int64_t kSplitStep = 2 * kPackedRows;  // bytes of B
constexpr int64_t kSplitAhead = 256;             // bytes that are fetched before they are needed

static_assert(kTileColumns == kPackedRows, "a tile is a panel");

struct SplitCall {
  const uint8_t* a;       // kSplitBytes for each step and row
  const uint8_t* starts;  // a dword for each block and place of a row
  const float* a_scales;
  const float* b_scales[kSplitPanels];
  const uint8_t* powers[kSplitPanels];  // or B's scales as exponents, kPackedRows for each block
  const uint8_t* panels[kSplitPanels];
  const uint8_t* next_scales;  // of the panels after these, to be fetched
  int64_t blocks;
  int64_t steps;        // that there are codes for
  int32_t shift;        // sums are to be multiplied by 2^-shift
  float* accumulators;  // tile after tile
};

// The integers of the codes, and B's offset.
template <int32_t Id>
struct OffsetTable {
  uint8_t values[16];
  constexpr OffsetTable() : values() {
    constexpr IntegerTable<Id> table;
    for (int i = 0; i < 16; i++)
      values[i] = static_cast<uint8_t>(table.values[i] + integer_element(kFormats[Id]).largest);
  }
};

template <int32_t Id, int Rows, int Panels, int Steps, bool ArePowers>
void split_tiles(const SplitCall& call) {
  static constexpr OffsetTable<Id> table;
  const __m256i entries = _mm256_broadcastsi128_si256(load<__m128i>(table.values));
  const __m256i nibble = _mm256_set1_epi8(15);
  // from the exponents of 16 columns to the uppermost bytes of those columns' dwords
  const __m256i first_places =
      _mm256_setr_epi8(-1, -1, -1, 0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1, 8,
                       -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11);
  const __m256i other_places =
      _mm256_setr_epi8(-1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1, -1, 12,
                       -1, -1, -1, 13, -1, -1, -1, 14, -1, -1, -1, 15);
  const uint8_t* a = call.a;
  const uint8_t* starts = call.starts;
  const uint8_t* from[Panels];
  for (int p = 0; p < Panels; p++) from[p] = call.panels[p];
  for (int64_t block = 0; block < call.blocks; block++) {
    // what lies beyond a panel's end are the others of these, and then the first of the next
    const bool is_beyond = block * Steps * kSplitStep + kSplitAhead >= call.steps * kSplitStep;
    const int64_t ahead =
        is_beyond ? kSplitAhead + (Panels - 1) * call.steps * kSplitStep : kSplitAhead;
    prefetch(call.next_scales, static_cast<uintptr_t>(block * Panels * kPackedRows));
    __m256i low[Rows][Panels], high[Rows][Panels];
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const __m256i low_start = _mm256_set1_epi16(load<int16_t>(starts + 4 * i));
      const __m256i high_start = _mm256_set1_epi16(load<int16_t>(starts + 4 * i + 2));
#pragma GCC unroll 4
      for (int p = 0; p < Panels; p++) low[i][p] = low_start, high[i][p] = high_start;
    }
    const auto multiply_step = [&](int64_t step) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int p = 0; p < Panels; p++) {
        const __m256i codes = load<__m256i>(from[p] + step * kSplitStep);
        if (step % 2 == 0) prefetch(from[p], static_cast<uintptr_t>(step * kSplitStep + ahead));
        const __m256i even = _mm256_shuffle_epi8(entries, _mm256_and_si256(codes, nibble));
        const __m256i odd =
            _mm256_shuffle_epi8(entries, _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble));
#pragma GCC unroll 4
        for (int i = 0; i < Rows; i++) {
          const uint8_t* const row = a + kSplitBytes * (step * Rows + i);
          low[i][p] = kept(_mm256_add_epi16(
              low[i][p], _mm256_maddubs_epi16(even, _mm256_set1_epi32(load<int32_t>(row)))));
          high[i][p] = kept(_mm256_add_epi16(
              high[i][p], _mm256_maddubs_epi16(odd, _mm256_set1_epi32(load<int32_t>(row + 4)))));
        }
      }
    };
    const int64_t rest = call.steps - block * Steps;
    if (rest >= Steps) {
#pragma GCC unroll 8
      for (int step = 0; step < Steps; step++) multiply_step(step);
    } else {
      // beyond the last code A is 0
      for (int64_t step = 0; step < rest; step++) multiply_step(step);
    }
    float* const accumulators = opaque(call.accumulators);
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const float* const row_scale = call.a_scales + block * kPanelRows + i;
#pragma GCC unroll 4
      for (int p = 0; p < Panels; p++) {
        // of the columns 0 to 3 and 8 to 11, and of the others
        const __m256i first = _mm256_madd_epi16(_mm256_unpacklo_epi16(low[i][p], high[i][p]), ones);
        const __m256i other = _mm256_madd_epi16(_mm256_unpackhi_epi16(low[i][p], high[i][p]), ones);
        float* const to = accumulators + p * kTileSize + i * kTileColumns;
        if constexpr (ArePowers) {
          const __m256i exponents =
              _mm256_broadcastsi128_si256(load<__m128i>(call.powers[p] + block * kPackedRows));
          const VUint row_bits =
              broadcast_bits(row_scale) - (static_cast<uint32_t>(127 + call.shift) << 23);
          const __m256i sums[2] = {first, other};
          const __m256i places[2] = {first_places, other_places};
#pragma GCC unroll 2
          for (int v = 0; v < 2; v++) {
            const VUint power = (VUint)_mm256_shuffle_epi8(exponents, places[v]) >> 1;
            store(to + v * kLanes, fma(_mm256_cvtepi32_ps(sums[v]), from_bits(row_bits + power),
                                       load<VFloat>(to + v * kLanes)));
          }
        } else {
          const __m256i sums[2] = {_mm256_permute2x128_si256(first, other, 0x20),
                                   _mm256_permute2x128_si256(first, other, 0x31)};
          const float* const b_scales = call.b_scales[p] + block * kTileColumns;
#pragma GCC unroll 2
          for (int v = 0; v < 2; v++) {
            const VFloat sum = _mm256_cvtepi32_ps(sums[v]) * power_of_two(-call.shift);
            const VFloat scale = broadcast(*row_scale) * load<VFloat>(b_scales + v * kLanes);
            store(to + v * kLanes, fma(sum, scale, load<VFloat>(to + v * kLanes)));
          }
        }
      }
    }
    for (int p = 0; p < Panels; p++) from[p] += Steps * kSplitStep;
    a += kSplitBytes * Rows * Steps;
    starts += 4 * kPanelRows;
  }
  if constexpr (ArePowers) {
    for (int i = 0; i < Rows * Panels; i++) {
      float* const to = call.accumulators + i % Panels * kTileSize + i / Panels * kTileColumns;
      const __m256 first = load<__m256>(to), other = load<__m256>(to + kLanes);
      store(to, _mm256_permute2f128_ps(first, other, 0x20));
      store(to + kLanes, _mm256_permute2f128_ps(first, other, 0x31));
    }
  }
}

using SplitTilesFunction = void (*)(const SplitCall& call);

// By block length (32, 16) and by rows; for blocks of 32 also with exponents as scales.
constexpr int kSplitRows = 2;
struct SplitTiles {
  SplitTilesFunction by_rows[2][kSplitRows];
  SplitTilesFunction with_powers[kSplitRows];
};

template <int32_t Id>
constexpr SplitTiles split_tiles_of() {
  if constexpr (kFormats[Id].bits != 4 || integer_element(kFormats[Id]).largest == 0) {
    return {};
  } else {
    return {{{&split_tiles<Id, 1, 4, 8, false>, &split_tiles<Id, 2, 2, 8, false>},
             {&split_tiles<Id, 1, 4, 4, false>, &split_tiles<Id, 2, 2, 4, false>}},
            {&split_tiles<Id, 1, 4, 8, true>, &split_tiles<Id, 2, 2, 8, true>}};
  }
}

static constexpr int split_panels(int64_t rows) { return rows == 1 ? 4 : 2; }

#define OCT_FORMAT(id, ...) split_tiles_of<id>(),
#define OCT_INTEGER_FORMAT(id, ...) split_tiles_of<id>(),
static constexpr SplitTiles kSplitTiles[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

static inline bool is_split(int64_t rows, int32_t format) {
  return rows <= kSplitRows && kSplitTiles[format].by_rows[0][0] != nullptr;
}

// The least and the most of bytes, whose number is a multiple of 16.
static inline ScaleRange range_of_bytes(const uint8_t* bytes, int64_t count) {
  __m128i least = _mm_set1_epi8(-1), most = _mm_setzero_si128();
  for (int64_t i = 0; i < count; i += 16) {
    least = _mm_min_epu8(least, load<__m128i>(bytes + i));
    most = _mm_max_epu8(most, load<__m128i>(bytes + i));
  }
  uint8_t all[2][16];
  store(all[0], least);
  store(all[1], most);
  ScaleRange range = {255, 0};
  for (int i = 0; i < 16; i++) {
    range.least = all[0][i] < range.least ? all[0][i] : range.least;
    range.most = all[1][i] > range.most ? all[1][i] : range.most;
  }
  return range;
}

// The dwords of A's panel as bytes 0, 2, 1, 3.
static inline void reorder_dwords(uint8_t* panel, int64_t dwords) {
  const __m256i order = _mm256_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15, 0, 2,
                                         1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  for (int64_t i = 0; i < dwords; i += kLanes)
    store(panel + 4 * i, _mm256_shuffle_epi8(load<__m256i>(panel + 4 * i), order));
}

// Such dwords without the places of rows that there are not, each half twice.
static inline void spread_dwords(uint8_t* panel, int64_t steps, int64_t rows) {
  static_assert(kSplitBytes * kSplitRows <= 4 * kPanelRows, "in place");
  for (int64_t step = 0; step < steps; step++) {
    uint8_t dwords[4 * kPanelRows];
    __builtin_memcpy(dwords, panel + step * 4 * kPanelRows, sizeof(dwords));
    uint8_t* to = panel + step * kSplitBytes * rows;
    for (int64_t i = 0; i < rows; i++) {
      const uint32_t dword = load<uint32_t>(dwords + 4 * i);
      store(to, (dword & 0xFFFF) * 0x10001u);
      store(to + 4, (dword >> 16) * 0x10001u);
      to += kSplitBytes;
    }
  }
}

#else

constexpr int kSplitPanels = 1;
static inline bool is_split(int64_t, int32_t) { return false; }

#endif

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_INTEGER_SPLIT_H
