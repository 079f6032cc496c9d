// The vectors of the tier that is being compiled: one float and one integer type of kLanes lanes,
// and the operations that kernels need beyond the operators of the compiler's vector extensions.
//
// Everything here is internal to the source that includes it and in the tier's namespace: a
// function that two tiers shared would be compiled twice for different instructions, and the linker
// would keep either one.
#ifndef OCTAVO_SIMD_H
#define OCTAVO_SIMD_H

#include <stddef.h>
#include <stdint.h>

// Tiers with byte dot products are the others with one instruction more.
#if defined(OCT_TIER_IS_AVXVNNI)
#define OCT_TIER_IS_AVX2
#define OCT_HAS_DOT
#elif defined(OCT_TIER_IS_AVX512VNNI)
#define OCT_TIER_IS_AVX512
#define OCT_HAS_DOT
#elif defined(OCT_TIER_IS_NEON_DOTPROD)
#define OCT_TIER_IS_NEON
#define OCT_HAS_DOT
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(OCT_TIER_IS_NEON)
#include <arm_neon.h>
#endif

#if !(defined(OCT_TIER_IS_PORTABLE) || defined(OCT_TIER_IS_AVX2) || defined(OCT_TIER_IS_AVX512) || \
      defined(OCT_TIER_IS_NEON))
#error "the build names the tier"
#endif

#if defined(OCT_TIER_IS_AVX2) && !(defined(__AVX2__) && defined(__FMA__) && defined(__F16C__))
#error "the avx2 tier is compiled without its flags"
#endif
#if defined(OCT_TIER_IS_AVX512) && !(defined(__AVX512F__) && defined(__AVX512BW__) && \
                                     defined(__AVX512VL__) && defined(__AVX512DQ__))
#error "the avx512 tier is compiled without its flags"
#endif

#define OCT_INLINE static inline __attribute__((always_inline))

namespace octavo {
namespace OCT_TIER {

#if defined(OCT_TIER_IS_AVX512)
constexpr int kLanes = 16;
#elif defined(OCT_TIER_IS_AVX2)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float VFloat __attribute__((vector_size(4 * kLanes)));
typedef int32_t VInt __attribute__((vector_size(4 * kLanes)));
typedef uint32_t VUint __attribute__((vector_size(4 * kLanes)));

// As many 16-bit and 8-bit lanes.
typedef int16_t VShort __attribute__((vector_size(2 * kLanes)));
typedef uint16_t VUshort __attribute__((vector_size(2 * kLanes)));
typedef uint8_t VByte __attribute__((vector_size(kLanes)));

// The bytes of four vectors, and of two.
typedef uint8_t VByte4 __attribute__((vector_size(4 * kLanes)));
typedef uint8_t VByte2 __attribute__((vector_size(2 * kLanes)));

// The 16-bit lanes of a vector.
typedef int16_t VShort2 __attribute__((vector_size(4 * kLanes)));

// A vector, or anything else, from any address.
template <class T>
OCT_INLINE T load(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
OCT_INLINE void store(void* to, T value) {
  __builtin_memcpy(to, &value, sizeof(T));
}

// Has the memory some bytes after an address in the cache soon; there may be none.
OCT_INLINE void prefetch(const void* from, uintptr_t after) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + after));
}

// A vector that is to be in a register now. GCC reorders additions of integers, and runs out of
// registers.
template <class T>
OCT_INLINE T kept(T vector) {
#if defined(OCT_TIER_IS_AVX512)
  __asm__("" : "+v"(vector));
#elif defined(__SSE2__)
  __asm__("" : "+x"(vector));
#elif defined(__aarch64__)
  __asm__("" : "+w"(vector));
#endif
  return vector;
}

OCT_INLINE VFloat from_bits(VUint bits) { return (VFloat)bits; }
OCT_INLINE VUint to_bits(VFloat value) { return (VUint)value; }

// All ones in the lanes where x > y. Both are compared as signed numbers, which is the cheap
// comparison everywhere.
OCT_INLINE VInt greater(VUint x, VUint y) { return (VInt)x > (VInt)y; }

// The smaller one, as signed numbers.
OCT_INLINE VUint minimum(VUint x, VUint y) {
  const VInt a = (VInt)x, b = (VInt)y;
  return (VUint)(a < b ? a : b);
}

// The larger one, likewise.
OCT_INLINE VUint maximum(VUint x, VUint y) {
  const VInt a = (VInt)x, b = (VInt)y;
  return (VUint)(a > b ? a : b);
}

// yes in the lanes of all ones, no in those of all zeros.
OCT_INLINE VUint select(VInt mask, VUint yes, VUint no) { return mask ? yes : no; }

#if defined(OCT_TIER_IS_AVX512)

OCT_INLINE VFloat broadcast(float x) { return _mm512_set1_ps(x); }
OCT_INLINE VFloat fma(VFloat a, VFloat b, VFloat c) { return _mm512_fmadd_ps(a, b, c); }

OCT_INLINE VUint widen(VByte x) { return (VUint)_mm512_cvtepu8_epi32((__m128i)x); }
OCT_INLINE VUint widen(VUshort x) { return (VUint)_mm512_cvtepu16_epi32((__m256i)x); }
OCT_INLINE VUshort widen_short(VByte x) { return (VUshort)_mm256_cvtepu8_epi16((__m128i)x); }
OCT_INLINE VUshort narrow_short(VUint x) { return (VUshort)_mm512_cvtepi32_epi16((__m512i)x); }

// Four vectors of numbers below 256 as bytes.
OCT_INLINE VByte4 narrow_bytes(const VUint (&x)[4]) {
  const __m512i low = _mm512_packus_epi32((__m512i)x[0], (__m512i)x[1]);
  const __m512i high = _mm512_packus_epi32((__m512i)x[2], (__m512i)x[3]);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return (VByte4)_mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high));
}

// Four vectors of numbers below 128 as bytes, each with the sign of a float as its bit SignBit.
template <int SignBit>
OCT_INLINE VByte4 narrow_signed(const VUint (&x)[4], const VFloat (&signs)[4]) {
  // saturating, which keeps signs
  const auto pack = [](__m512i a, __m512i b, __m512i c, __m512i d) {
    return _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  };
  const __m512i codes = pack((__m512i)x[0], (__m512i)x[1], (__m512i)x[2], (__m512i)x[3]);
  const __m512i minus =
      pack((__m512i)signs[0], (__m512i)signs[1], (__m512i)signs[2], (__m512i)signs[3]);
  const __m512i sign_bit = _mm512_set1_epi8((char)(1 << SignBit));
  const __m512i bits = _mm512_and_si512(_mm512_srli_epi16(minus, 7 - SignBit), sign_bit);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return (VByte4)_mm512_permutexvar_epi32(order, _mm512_or_si512(codes, bits));
}

// Whether a lane of a mask is all ones.
OCT_INLINE bool has_any(VInt mask) { return _mm512_movepi32_mask((__m512i)mask) != 0; }

// Whether there is a NaN in four vectors.
OCT_INLINE bool has_nan(const VFloat (&x)[4]) {
  return (_mm512_cmp_ps_mask(x[0], x[1], _CMP_UNORD_Q) |
          _mm512_cmp_ps_mask(x[2], x[3], _CMP_UNORD_Q)) != 0;
}

// Every two bytes below 16 as one, the first in the low nibble.
OCT_INLINE VByte2 join_nibbles(VByte4 x) {
  // the first one plus 16 times the second one
  const __m512i both = _mm512_maddubs_epi16((__m512i)x, _mm512_set1_epi16(0x1001));
  return (VByte2)_mm512_cvtepi16_epi8(both);
}

OCT_INLINE VUint broadcast_bits(const void* from) {
  return (VUint)_mm512_set1_epi32(load<int32_t>(from));
}
OCT_INLINE VByte4 load_nibble_bytes(const uint8_t* from) {
  const __m512i x = _mm512_cvtepu8_epi16(load<__m256i>(from));
  const __m512i both = _mm512_or_si512(x, _mm512_slli_epi16(x, 4));
  return (VByte4)_mm512_and_si512(both, _mm512_set1_epi8(15));
}
OCT_INLINE VByte4 lookup_bytes(const int8_t* table, VByte4 codes) {
  const __m512i entries = _mm512_broadcast_i32x4(load<__m128i>(table));
  return (VByte4)_mm512_shuffle_epi8(entries, (__m512i)codes);
}
OCT_INLINE VShort2 multiply_pairs(VByte4 x, VByte4 y) {
  return (VShort2)_mm512_maddubs_epi16((__m512i)x, (__m512i)y);
}
OCT_INLINE VInt add_pairs(VShort2 x) {
  return (VInt)_mm512_madd_epi16((__m512i)x, _mm512_set1_epi16(1));
}

#define OCT_HAS_HALF
OCT_INLINE VFloat from_half(VUshort x) { return _mm512_cvtph_ps((__m256i)x); }

// table[code] for 16-entry tables and codes below 16.
OCT_INLINE VFloat lookup16(const uint32_t* table, VUint codes) {
  return _mm512_permutexvar_ps((__m512i)codes, _mm512_loadu_ps(table));
}

// The kLanes nibbles of the next kLanes / 2 bytes.
OCT_INLINE VUint load_nibbles(const uint8_t* from) {
  const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
  const __m256i low = _mm256_srlv_epi32(_mm256_set1_epi32(load<int32_t>(from)), shifts);
  const __m256i high = _mm256_srlv_epi32(_mm256_set1_epi32(load<int32_t>(from + 4)), shifts);
  const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  return (VUint)_mm512_and_si512(both, _mm512_set1_epi32(15));
}

// Row i, lane j becomes row j, lane i.
OCT_INLINE void transpose(VFloat (&rows)[kLanes]) {
  VFloat t[16];
  for (int i = 0; i < 16; i += 4) {
    const __m512 ab_low = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    const __m512 ab_high = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    const __m512 cd_low = _mm512_unpacklo_ps(rows[i + 2], rows[i + 3]);
    const __m512 cd_high = _mm512_unpackhi_ps(rows[i + 2], rows[i + 3]);
    t[i] = _mm512_shuffle_ps(ab_low, cd_low, 0x44);
    t[i + 1] = _mm512_shuffle_ps(ab_low, cd_low, 0xEE);
    t[i + 2] = _mm512_shuffle_ps(ab_high, cd_high, 0x44);
    t[i + 3] = _mm512_shuffle_ps(ab_high, cd_high, 0xEE);
  }
  // now the 4x4 blocks are transposed; t[4g + c] holds in its 128-bit part p the column 4p + c of
  // rows 4g to 4g + 3
  for (int c = 0; c < 4; c++) {
    const __m512 even_low = _mm512_shuffle_f32x4(t[c], t[c + 4], 0x88);
    const __m512 odd_low = _mm512_shuffle_f32x4(t[c], t[c + 4], 0xDD);
    const __m512 even_high = _mm512_shuffle_f32x4(t[c + 8], t[c + 12], 0x88);
    const __m512 odd_high = _mm512_shuffle_f32x4(t[c + 8], t[c + 12], 0xDD);
    rows[c] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
    rows[c + 4] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
    rows[c + 8] = _mm512_shuffle_f32x4(even_low, even_high, 0xDD);
    rows[c + 12] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xDD);
  }
}

#elif defined(OCT_TIER_IS_AVX2)

OCT_INLINE VFloat broadcast(float x) { return _mm256_set1_ps(x); }
OCT_INLINE VFloat fma(VFloat a, VFloat b, VFloat c) { return _mm256_fmadd_ps(a, b, c); }

OCT_INLINE VUint widen(VByte x) {
  return (VUint)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)x));
}
OCT_INLINE VUint widen(VUshort x) { return (VUint)_mm256_cvtepu16_epi32((__m128i)x); }
OCT_INLINE VUshort widen_short(VByte x) {
  return (VUshort)_mm_cvtepu8_epi16(_mm_cvtsi64_si128((int64_t)x));
}
OCT_INLINE VUshort narrow_short(VUint x) {
  return (VUshort)_mm_packus_epi32(_mm256_castsi256_si128((__m256i)x),
                                   _mm256_extracti128_si256((__m256i)x, 1));
}
OCT_INLINE VByte4 narrow_bytes(const VUint (&x)[4]) {
  const __m256i low = _mm256_packus_epi32((__m256i)x[0], (__m256i)x[1]);
  const __m256i high = _mm256_packus_epi32((__m256i)x[2], (__m256i)x[3]);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return (VByte4)_mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}
template <int SignBit>
OCT_INLINE VByte4 narrow_signed(const VUint (&x)[4], const VFloat (&signs)[4]) {
  const auto pack = [](__m256i a, __m256i b, __m256i c, __m256i d) {
    return _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  };
  const __m256i codes = pack((__m256i)x[0], (__m256i)x[1], (__m256i)x[2], (__m256i)x[3]);
  const __m256i minus =
      pack((__m256i)signs[0], (__m256i)signs[1], (__m256i)signs[2], (__m256i)signs[3]);
  const __m256i sign_bit = _mm256_set1_epi8((char)(1 << SignBit));
  const __m256i bits = _mm256_and_si256(_mm256_srli_epi16(minus, 7 - SignBit), sign_bit);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return (VByte4)_mm256_permutevar8x32_epi32(_mm256_or_si256(codes, bits), order);
}
OCT_INLINE bool has_any(VInt mask) { return _mm256_movemask_ps((__m256)mask) != 0; }
OCT_INLINE bool has_nan(const VFloat (&x)[4]) {
  const __m256 low = _mm256_cmp_ps(x[0], x[1], _CMP_UNORD_Q);
  const __m256 high = _mm256_cmp_ps(x[2], x[3], _CMP_UNORD_Q);
  return _mm256_movemask_ps(_mm256_or_ps(low, high)) != 0;
}
OCT_INLINE VByte2 join_nibbles(VByte4 x) {
  const __m256i both = _mm256_maddubs_epi16((__m256i)x, _mm256_set1_epi16(0x1001));
  return (VByte2)_mm_packus_epi16(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
}

OCT_INLINE VUint broadcast_bits(const void* from) {
  return (VUint)_mm256_set1_epi32(load<int32_t>(from));
}
OCT_INLINE VByte4 load_nibble_bytes(const uint8_t* from) {
  const __m256i x = _mm256_cvtepu8_epi16(load<__m128i>(from));
  const __m256i both = _mm256_or_si256(x, _mm256_slli_epi16(x, 4));
  return (VByte4)_mm256_and_si256(both, _mm256_set1_epi8(15));
}
OCT_INLINE VByte4 lookup_bytes(const int8_t* table, VByte4 codes) {
  const __m256i entries = _mm256_broadcastsi128_si256(load<__m128i>(table));
  return (VByte4)_mm256_shuffle_epi8(entries, (__m256i)codes);
}
OCT_INLINE VShort2 multiply_pairs(VByte4 x, VByte4 y) {
  return (VShort2)_mm256_maddubs_epi16((__m256i)x, (__m256i)y);
}
OCT_INLINE VInt add_pairs(VShort2 x) {
  return (VInt)_mm256_madd_epi16((__m256i)x, _mm256_set1_epi16(1));
}

#define OCT_HAS_HALF
OCT_INLINE VFloat from_half(VUshort x) { return _mm256_cvtph_ps((__m128i)x); }

OCT_INLINE VFloat lookup16(const uint32_t* table, VUint codes) {
  const __m256 low = _mm256_loadu_ps(reinterpret_cast<const float*>(table));
  const __m256 high = _mm256_loadu_ps(reinterpret_cast<const float*>(table + 8));
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, (__m256i)codes),
                          _mm256_permutevar8x32_ps(high, (__m256i)codes), (__m256)(codes << 28));
}

OCT_INLINE VUint load_nibbles(const uint8_t* from) {
  const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
  return (VUint)_mm256_srlv_epi32(_mm256_set1_epi32(load<int32_t>(from)), shifts) & 15;
}

OCT_INLINE void transpose(VFloat (&rows)[kLanes]) {
  VFloat t[8];
  for (int i = 0; i < 8; i += 4) {
    const __m256 ab_low = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    const __m256 ab_high = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    const __m256 cd_low = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]);
    const __m256 cd_high = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
    t[i] = _mm256_shuffle_ps(ab_low, cd_low, 0x44);
    t[i + 1] = _mm256_shuffle_ps(ab_low, cd_low, 0xEE);
    t[i + 2] = _mm256_shuffle_ps(ab_high, cd_high, 0x44);
    t[i + 3] = _mm256_shuffle_ps(ab_high, cd_high, 0xEE);
  }
  for (int c = 0; c < 4; c++) {
    rows[c] = _mm256_permute2f128_ps(t[c], t[c + 4], 0x20);
    rows[c + 4] = _mm256_permute2f128_ps(t[c], t[c + 4], 0x31);
  }
}

#define OCT_HAS_LARGEST_LANES
OCT_INLINE VUint largest_lanes(const VUint* x) {
  // to pairs of lanes of two vectors, then fours of four
  VUint pairs[4], fours[2];
  for (int i = 0; i < 4; i++) {
    const __m256 a = (__m256)x[2 * i], b = (__m256)x[2 * i + 1];
    pairs[i] = maximum((VUint)_mm256_unpacklo_ps(a, b), (VUint)_mm256_unpackhi_ps(a, b));
  }
  for (int i = 0; i < 2; i++) {
    const __m256 a = (__m256)pairs[2 * i], b = (__m256)pairs[2 * i + 1];
    fours[i] = maximum((VUint)_mm256_shuffle_ps(a, b, 0x44), (VUint)_mm256_shuffle_ps(a, b, 0xEE));
  }
  const __m256i low = (__m256i)fours[0], high = (__m256i)fours[1];
  return maximum((VUint)_mm256_permute2x128_si256(low, high, 0x20),
                 (VUint)_mm256_permute2x128_si256(low, high, 0x31));
}

#else  // four lanes, with or without NEON

OCT_INLINE VFloat broadcast(float x) { return VFloat{x, x, x, x}; }

#if defined(OCT_TIER_IS_NEON)

OCT_INLINE VFloat fma(VFloat a, VFloat b, VFloat c) { return vfmaq_f32(c, a, b); }

#define OCT_HAS_HALF
OCT_INLINE VFloat from_half(VUshort x) { return vcvt_f32_f16(vreinterpret_f16_u16((uint16x4_t)x)); }

#elif defined(__FP_FAST_FMAF) || !defined(__SSE2__)

OCT_INLINE VFloat fma(VFloat a, VFloat b, VFloat c) {
  return VFloat{__builtin_fmaf(a[0], b[0], c[0]), __builtin_fmaf(a[1], b[1], c[1]),
                __builtin_fmaf(a[2], b[2], c[2]), __builtin_fmaf(a[3], b[3], c[3])};
}

#else

// The sum of an exact product and an addend, in binary64 rounded to odd: if the sum is inexact,
// that neighbour of it whose last bit is 1. Rounding such a value once more, to a format with at
// least two bits less, gives what rounding the exact sum would have given (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008).
OCT_INLINE __m128d add_to_odd(__m128d product, __m128d addend) {
  const __m128d sum = product + addend;
  const __m128d part = sum - product;
  const __m128d error = (product - (sum - part)) + (addend - part);
  const __m128d zero = _mm_setzero_pd();
  const __m128i one = _mm_set1_epi64x(1);
  // NaN where the sum is infinite or NaN: then neither comparison holds
  const __m128d is_inexact = _mm_or_pd(_mm_cmpgt_pd(error, zero), _mm_cmplt_pd(error, zero));
  const __m128d is_toward_zero = _mm_xor_pd(_mm_cmpgt_pd(error, zero), _mm_cmpgt_pd(sum, zero));
  const __m128i bits = _mm_castpd_si128(sum);
  const __m128i step = _mm_or_si128(_mm_castpd_si128(is_toward_zero), one);
  const __m128i is_odd = _mm_sub_epi64(_mm_setzero_si128(), _mm_and_si128(bits, one));
  return _mm_castsi128_pd(_mm_add_epi64(
      bits, _mm_andnot_si128(is_odd, _mm_and_si128(_mm_castpd_si128(is_inexact), step))));
}

// Without an instruction for it: a product of two binary32 values is exact in binary64. Faster than
// a call of fmaf per lane, and right where the C library is not. The conversions are intrinsics
// since GCC 12 drops the rounding to float from its own vector conversions where the value is then
// extended to double again.
OCT_INLINE VFloat fma(VFloat a, VFloat b, VFloat c) {
  const __m128 a_high = _mm_movehl_ps(a, a), b_high = _mm_movehl_ps(b, b),
               c_high = _mm_movehl_ps(c, c);
  const __m128d low = add_to_odd(_mm_cvtps_pd(a) * _mm_cvtps_pd(b), _mm_cvtps_pd(c));
  const __m128d high =
      add_to_odd(_mm_cvtps_pd(a_high) * _mm_cvtps_pd(b_high), _mm_cvtps_pd(c_high));
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}

#endif

OCT_INLINE VUint widen(VByte x) { return VUint{x[0], x[1], x[2], x[3]}; }
OCT_INLINE VUint widen(VUshort x) { return VUint{x[0], x[1], x[2], x[3]}; }
OCT_INLINE VUshort widen_short(VByte x) { return VUshort{x[0], x[1], x[2], x[3]}; }
OCT_INLINE VUshort narrow_short(VUint x) {
  return VUshort{(uint16_t)x[0], (uint16_t)x[1], (uint16_t)x[2], (uint16_t)x[3]};
}
OCT_INLINE VByte4 narrow_bytes(const VUint (&x)[4]) {
  VByte4 bytes = {};
  for (int i = 0; i < 16; i++) bytes[i] = (uint8_t)x[i / 4][i % 4];
  return bytes;
}
template <int SignBit>
OCT_INLINE VByte4 narrow_signed(const VUint (&x)[4], const VFloat (&signs)[4]) {
  VUint codes[4];
  for (int i = 0; i < 4; i++)
    codes[i] = x[i] | ((to_bits(signs[i]) >> (31 - SignBit)) & (1u << SignBit));
  return narrow_bytes(codes);
}
OCT_INLINE bool has_any(VInt mask) {
#if defined(__SSE2__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}
OCT_INLINE bool has_nan(const VFloat (&x)[4]) {
  return has_any((x[0] != x[0]) | (x[1] != x[1]) | (x[2] != x[2]) | (x[3] != x[3]));
}
OCT_INLINE VByte2 join_nibbles(VByte4 x) {
  VByte2 joined = {};
  for (int i = 0; i < 8; i++) joined[i] = (uint8_t)(x[2 * i] | x[2 * i + 1] << 4);
  return joined;
}

OCT_INLINE VUint broadcast_bits(const void* from) { return VUint{} + load<uint32_t>(from); }

#if defined(OCT_TIER_IS_NEON)
OCT_INLINE VByte4 load_nibble_bytes(const uint8_t* from) {
  const uint8x8_t x = vld1_u8(from), low = vand_u8(x, vdup_n_u8(15)), high = vshr_n_u8(x, 4);
  return (VByte4)vcombine_u8(vzip1_u8(low, high), vzip2_u8(low, high));
}
OCT_INLINE VByte4 lookup_bytes(const int8_t* table, VByte4 codes) {
  return (VByte4)vqtbl1q_s8(vld1q_s8(table), (uint8x16_t)codes);
}
OCT_INLINE VShort2 multiply_pairs(VByte4 x, VByte4 y) {
  const int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)x), vget_low_s8((int8x16_t)y));
  const int16x8_t high = vmull_high_s8((int8x16_t)x, (int8x16_t)y);
  return (VShort2)vpaddq_s16(low, high);
}
OCT_INLINE VInt add_pairs(VShort2 x) { return (VInt)vpaddlq_s16((int16x8_t)x); }
#else
OCT_INLINE VByte4 load_nibble_bytes(const uint8_t* from) {
  VByte4 codes = {};
  for (int i = 0; i < 8; i++) {
    codes[2 * i] = from[i] & 15;
    codes[2 * i + 1] = from[i] >> 4;
  }
  return codes;
}
OCT_INLINE VByte4 lookup_bytes(const int8_t* table, VByte4 codes) {
  VByte4 found = {};
  for (int i = 0; i < 16; i++) found[i] = (uint8_t)table[codes[i]];
  return found;
}
#if defined(__SSE2__)
OCT_INLINE VShort2 multiply_pairs(VByte4 x, VByte4 y) {
  const __m128i zero = _mm_setzero_si128(), a = (__m128i)x, b = (__m128i)y;
  const __m128i low =
      _mm_madd_epi16(_mm_unpacklo_epi8(a, zero), _mm_srai_epi16(_mm_unpacklo_epi8(zero, b), 8));
  const __m128i high =
      _mm_madd_epi16(_mm_unpackhi_epi8(a, zero), _mm_srai_epi16(_mm_unpackhi_epi8(zero, b), 8));
  return (VShort2)_mm_packs_epi32(low, high);
}
OCT_INLINE VInt add_pairs(VShort2 x) { return (VInt)_mm_madd_epi16((__m128i)x, _mm_set1_epi16(1)); }
#else
OCT_INLINE VShort2 multiply_pairs(VByte4 x, VByte4 y) {
  VShort2 sums = {};
  for (int i = 0; i < 8; i++)
    sums[i] = (int16_t)(x[2 * i] * (int8_t)y[2 * i] + x[2 * i + 1] * (int8_t)y[2 * i + 1]);
  return sums;
}
OCT_INLINE VInt add_pairs(VShort2 x) {
  return VInt{x[0] + x[1], x[2] + x[3], x[4] + x[5], x[6] + x[7]};
}
#endif
#endif

OCT_INLINE VFloat lookup16(const uint32_t* table, VUint codes) {
  return from_bits(VUint{table[codes[0]], table[codes[1]], table[codes[2]], table[codes[3]]});
}

OCT_INLINE VUint load_nibbles(const uint8_t* from) {
  const uint32_t low = from[0], high = from[1];
  return VUint{low & 15, low >> 4, high & 15, high >> 4};
}

OCT_INLINE void transpose(VFloat (&rows)[kLanes]) {
  const VFloat a = rows[0], b = rows[1], c = rows[2], d = rows[3];
  rows[0] = VFloat{a[0], b[0], c[0], d[0]};
  rows[1] = VFloat{a[1], b[1], c[1], d[1]};
  rows[2] = VFloat{a[2], b[2], c[2], d[2]};
  rows[3] = VFloat{a[3], b[3], c[3], d[3]};
}

#endif

#if !defined(OCT_HAS_LARGEST_LANES)
// The largest lane of each of kLanes vectors, as signed numbers.
OCT_INLINE VUint largest_lanes(const VUint* x) {
  VFloat rows[kLanes];
  for (int i = 0; i < kLanes; i++) rows[i] = from_bits(x[i]);
  transpose(rows);
  VUint largest = to_bits(rows[0]);
  for (int i = 1; i < kLanes; i++) largest = maximum(largest, to_bits(rows[i]));
  return largest;
}
#endif

// Sums of byte products, four for each 32-bit lane: x unsigned or at most 127, y signed. Where there
// is an instruction for it they are 32-bit numbers; else two 16-bit numbers, of which the caller
// knows that neither a pair of products saturates nor the sum in the end overflows.
#if defined(OCT_HAS_DOT)
typedef VInt VDots;
OCT_INLINE VInt add_dots(VDots x) { return x; }
#if defined(OCT_TIER_IS_AVX512)
OCT_INLINE VDots dot(VDots sums, VByte4 x, VByte4 y) {
  return (VDots)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)x, (__m512i)y);
}
#elif defined(OCT_TIER_IS_AVX2)
OCT_INLINE VDots dot(VDots sums, VByte4 x, VByte4 y) {
  return (VDots)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)x, (__m256i)y);
}
#else
OCT_INLINE VDots dot(VDots sums, VByte4 x, VByte4 y) {
  return (VDots)vdotq_s32((int32x4_t)sums, (int8x16_t)x, (int8x16_t)y);
}
#endif
#else
typedef VShort2 VDots;
OCT_INLINE VInt add_dots(VDots x) { return add_pairs(x); }
OCT_INLINE VDots dot(VDots sums, VByte4 x, VByte4 y) { return sums + multiply_pairs(x, y); }
#endif

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_SIMD_H
