// Few rows times a packed B of 8-bit floating-point numbers, on AVX2: their codes become FP32 in five
// operations for eight.
//
// Layout. B is packed in groups of two k with rows r and r + 8 as neighbours (octavo.tensor.Packing
// 16/2/2): a register of 32 bytes is a panel at two k, each dword {row r: k, k + 1; row r + 8: k,
// k + 1}.
//
// Decoding. An FP32 with the code's exponent and mantissa at its own, and the sign at its sign, is
// the number times 2^-F, F the difference of the biases: 120 for E4M3. That holds for subnormals
// too, which become FP32 subnormals. A byte multiplication by 2^s, and for the odd bytes a shift,
// gives 16 bits with the sign extended: one operation for 16 codes. A shift moves the lower halves of
// dwords up, a mask removes copies of the sign. So for 32 codes there are 2 + 2 + 4 operations, 4
// fmas and 2 operations that look for codes of infinity and NaN: 14, where FP16's conversion took
// 28. Zen 3 could do four a cycle, so 3.5 cycles for 32 codes, 30 GB/s at 3.24 GHz; it takes 4.8 from the
// caches, 21.5 GB/s, where that conversion took 9.6. From DRAM, read at 27, a row takes 19.8 GB/s (.73).
//
// A's numbers are made 2^e times larger, e = F if that does not overflow, so that sums are right, or
// else as large as they may be, so that sums are 2^(e - F) times what they should be. The bits stay
// the same: with e = F each product is the same number; otherwise the exponents of A's numbers must
// not be too far apart (fold_of), so that every sum is a multiple of 2^-149 in both scales and
// what is rounded is rounded in the same place. B could be multiplied by 2^F instead, but where only
// some codes are subnormals that is 2.3 times slower on Zen 3, while an fma takes them as fast as others.
//
// Infinity and NaN are rare in weights. The kernel keeps the largest magnitude of the codes that it
// met; where that was no finite number, the tiles are computed once more, two operations slower for
// each vector.
//
// Memory is read four streams at a time, and fetched 512 bytes ahead: 1.04 times faster than without.
//
// Tried and lost: the loop in assembly, with 66 instructions for four tiles where the compiler has 83:
// 1.06 times faster from the caches, not at all from memory, as what limits it is the units' work. In a
// loop that the compiler treated better (.84 of DRAM's read rate): two panels of
// 16/1/1 joined in a register, an operation more for 32 codes (.69); panels of 64 columns in one stream
// (.70), of 32 in two (.77); two pairs of k at a time (.81). Without the search for infinity and NaN it
// is 1.14 times faster: whether a packed matrix holds any could be known beforehand.
#ifndef OCTAVO_KERNELS_MATMUL_PAIRS_H
#define OCTAVO_KERNELS_MATMUL_PAIRS_H

#include "skinny_call.h"

namespace octavo {
namespace OCT_TIER {

// By how much the exponent of A grows, and the power of two that sums are multiplied by.
struct Fold {
  int32_t exponent;
  float unfold;
  bool is_exact;
};

#if defined(OCT_HAS_PAIRS)

constexpr int64_t kFetchedAhead = 512;

// For numbers of A whose FP32 exponent fields are `least` (of those that are not 0) to `most` (of
// those that are finite).
static inline Fold fold_of(const FormatTraits& format, int32_t least, int32_t most, int64_t k) {
  const int32_t whole = 127 - format.bias;
  if (most + whole <= 253) return {whole, 1.0f, true};
  const int32_t exponent = 253 - most;
  // the unit in the last place of the smallest product is an FP32 in both scales
  const bool keeps_units = most - (least > 1 ? least : 1) <= 126 - format.mantissa_bits;
  // and no sum overflows in either
  int32_t sums = 1;
  while (k >> sums != 0) sums++;
  const int32_t largest_b = (1 << format.exponent_bits) - format.bias;
  const bool keeps_finite = most - 127 + 1 + largest_b + sums + 1 <= 127;
  return {exponent, power_of_two(whole - exponent)[0], keeps_units && keeps_finite};
}

// Eight accumulators by name: GCC 12 would keep an array of them in memory.
struct PairSums {
  VFloat s0, s1, s2, s3, s4, s5, s6, s7;

  template <int I>
  __attribute__((always_inline)) VFloat& at() {
    if constexpr (I == 0) return s0;
    if constexpr (I == 1) return s1;
    if constexpr (I == 2) return s2;
    if constexpr (I == 3) return s3;
    if constexpr (I == 4) return s4;
    if constexpr (I == 5) return s5;
    if constexpr (I == 6) return s6;
    if constexpr (I == 7) return s7;
  }
};

template <int I>
struct Index {
  static constexpr int value = I;
};

// Calls the body with 0, 1 ... N - 1, as constants.
template <int N, class Body, int I = 0>
OCT_INLINE void each(const Body& body) {
  if constexpr (I < N) {
    body(Index<I>{});
    each<N, Body, I + 1>(body);
  }
}

template <int32_t Id, int Rows, int Tiles, bool IsBlock, bool HasSpecials>
bool pair_tiles(const SkinnyCall& call) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr int kShift = 7 - format.mantissa_bits;
  constexpr int64_t kStepBytes = 2 * kPackedRows;
  constexpr int kSums = 2 * Rows * Tiles;
  static_assert(kSums <= 8, "PairSums has so many");
  const __m256i even = _mm256_set1_epi16(1 << kShift);
  const __m256i mask = _mm256_set1_epi32(
      static_cast<int32_t>(0x80000000u | format.magnitude_mask() << (16 + kShift)));
  const float* a = call.a;
  const uint8_t* from[Tiles];
  for (int t = 0; t < Tiles; t++) from[t] = call.vectors[t * kTileVectors];
  int64_t at = 0;
  __m256i largest = _mm256_setzero_si256();
  PairSums sums{};

  // the numbers in the upper halves of dwords
  const auto number = [&](__m256i halves) __attribute__((always_inline)) {
    const VUint bits = (VUint)_mm256_and_si256(halves, mask);
    if constexpr (!HasSpecials) return from_bits(bits);
    const VUint limit = VUint{} + (format.max_finite_code() << (16 + kShift));
    return from_bits(bits | ((VUint)greater(bits & 0x7FFFFFFF, limit) & 0x7F800000u));
  };
  const auto multiply_add = [&](__m256i halves, auto t, const float* at_k)
      __attribute__((always_inline)) {
    const VFloat low = number(_mm256_slli_epi32(halves, 16)), high = number(halves);
    each<Rows>([&](auto i) __attribute__((always_inline)) {
      constexpr int kPlace = 2 * (i.value * Tiles + t.value);
      const VFloat row = broadcast(at_k[i.value]);
      sums.template at<kPlace>() = fma(row, low, sums.template at<kPlace>());
      sums.template at<kPlace + 1>() = fma(row, high, sums.template at<kPlace + 1>());
    });
  };
  const auto load_pairs = [&](int t) __attribute__((always_inline)) {
    const __m256i codes = load<__m256i>(from[t] + at);
    if (!HasSpecials) largest = _mm256_max_epu8(largest, _mm256_add_epi8(codes, codes));
    return codes;
  };
  const auto multiply = [&](int64_t depth) __attribute__((always_inline)) {
#pragma GCC unroll 1
    for (int64_t pairs = depth / 2; pairs != 0; pairs--) {
      each<kSums>([&](auto i) __attribute__((always_inline)) {
        sums.template at<i.value>() = kept(sums.template at<i.value>());
      });
      each<Tiles>([&](auto t) __attribute__((always_inline)) {
        const __m256i codes = load_pairs(t.value);
        prefetch(from[t.value], static_cast<uintptr_t>(at + kFetchedAhead));
        // broadcast for each tile again: there are no registers to keep them
        const float* at_k = a;
        __asm__ volatile("" : "+r"(at_k));
        multiply_add(_mm256_maddubs_epi16(even, codes), t, at_k);
        multiply_add(_mm256_srai_epi16(codes, 8 - kShift), t, at_k + Rows);
      });
      a += 2 * Rows;
      at += kStepBytes;
    }
    if (depth % 2 != 0) {
      each<Tiles>([&](auto t) __attribute__((always_inline)) {
        multiply_add(_mm256_maddubs_epi16(even, load_pairs(t.value)), t, a);
      });
      a += Rows;
      at += kStepBytes;
    }
  };
  const VFloat unfold = broadcast(call.unfold);
  const auto each_sum = [&](const auto& body) __attribute__((always_inline)) {
    each<kSums>([&](auto s) __attribute__((always_inline)) {
      constexpr int kRow = s.value / (2 * Tiles), kTile = s.value / 2 % Tiles, kHalf = s.value % 2;
      body(sums.template at<s.value>(), kRow, kTile, kHalf,
           call.accumulators + kTile * kTileSize + kRow * kTileColumns + kHalf * kLanes);
    });
  };
  if constexpr (!IsBlock) {
    multiply(call.k);
    each_sum([&](VFloat sum, int, int, int, float* to)
                 __attribute__((always_inline)) { store(to, sum * unfold); });
  } else {
    each_sum([&](VFloat, int, int, int, float* to)
                 __attribute__((always_inline)) { store(to, VFloat{}); });
    int64_t block = 0;
    for (int64_t rest = call.k; rest > 0; rest -= call.block, block++) {
      sums = PairSums{};
      multiply(smaller(call.block, rest));
      each_sum([&](VFloat sum, int i, int t, int half, float* to) __attribute__((always_inline)) {
        const float* const b_scales =
            call.b_scales + t * call.b_scales_of_tile + block * kTileColumns + half * kLanes;
        const VFloat scale =
            broadcast(call.a_scales[block * kPanelRows + i]) * load<VFloat>(b_scales);
        store(to, fma(sum * unfold, scale, load<VFloat>(to)));
      });
    }
  }
  const __m256i limit = _mm256_set1_epi8(static_cast<int8_t>(2 * format.max_finite_code()));
  const __m256i excess = _mm256_subs_epu8(largest, limit);
  return _mm256_testz_si256(excess, excess) != 0;
}

template <int32_t Id, bool IsBlock>
static constexpr SkinnyKernels pair_kernels() {
  return {{&pair_tiles<Id, 1, 4, IsBlock, false>, &pair_tiles<Id, 2, 2, IsBlock, false>,
           &pair_tiles<Id, 3, 1, IsBlock, false>, &pair_tiles<Id, 4, 1, IsBlock, false>},
          {&pair_tiles<Id, 1, 4, IsBlock, true>, &pair_tiles<Id, 2, 2, IsBlock, true>,
           &pair_tiles<Id, 3, 1, IsBlock, true>, &pair_tiles<Id, 4, 1, IsBlock, true>}};
}

#endif

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_MATMUL_PAIRS_H
