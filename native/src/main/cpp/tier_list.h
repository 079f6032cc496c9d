// The instruction-set tiers, in the order of their numbers. A tier that the build left out keeps
// its number.
//
// The list OCT_TIER_LIST(COMPILED, DERIVED, ABSENT) calls one of the macros per tier. A derived tier
// has byte dot products besides what another one has: it has its own matmul_integer, all other
// kernels are those of the other. Adding a tier takes a line here, its predicate in cpu_features,
// its vectors in simd.h and its compiler flags in CMakeLists.txt.
#ifndef OCTAVO_TIER_LIST_H
#define OCTAVO_TIER_LIST_H

#if defined(OCT_WITH_AVX2)
#define OCT_TIER_AVX2(COMPILED, DERIVED, ABSENT) COMPILED(avx2)
#else
#define OCT_TIER_AVX2(COMPILED, DERIVED, ABSENT) ABSENT(avx2)
#endif

#if defined(OCT_WITH_AVXVNNI)
#define OCT_TIER_AVXVNNI(COMPILED, DERIVED, ABSENT) DERIVED(avxvnni, avx2)
#else
#define OCT_TIER_AVXVNNI(COMPILED, DERIVED, ABSENT) ABSENT(avxvnni)
#endif

#if defined(OCT_WITH_AVX512)
#define OCT_TIER_AVX512(COMPILED, DERIVED, ABSENT) COMPILED(avx512)
#else
#define OCT_TIER_AVX512(COMPILED, DERIVED, ABSENT) ABSENT(avx512)
#endif

#if defined(OCT_WITH_AVX512VNNI)
#define OCT_TIER_AVX512VNNI(COMPILED, DERIVED, ABSENT) DERIVED(avx512vnni, avx512)
#else
#define OCT_TIER_AVX512VNNI(COMPILED, DERIVED, ABSENT) ABSENT(avx512vnni)
#endif

#if defined(OCT_WITH_NEON)
#define OCT_TIER_NEON(COMPILED, DERIVED, ABSENT) COMPILED(neon)
#else
#define OCT_TIER_NEON(COMPILED, DERIVED, ABSENT) ABSENT(neon)
#endif

#if defined(OCT_WITH_NEON_DOTPROD)
#define OCT_TIER_NEON_DOTPROD(COMPILED, DERIVED, ABSENT) DERIVED(neon_dotprod, neon)
#else
#define OCT_TIER_NEON_DOTPROD(COMPILED, DERIVED, ABSENT) ABSENT(neon_dotprod)
#endif

#define OCT_TIER_LIST(COMPILED, DERIVED, ABSENT) \
  COMPILED(portable)                             \
  OCT_TIER_AVX2(COMPILED, DERIVED, ABSENT)       \
  OCT_TIER_AVXVNNI(COMPILED, DERIVED, ABSENT)    \
  OCT_TIER_AVX512(COMPILED, DERIVED, ABSENT)     \
  OCT_TIER_AVX512VNNI(COMPILED, DERIVED, ABSENT) \
  OCT_TIER_NEON(COMPILED, DERIVED, ABSENT)       \
  OCT_TIER_NEON_DOTPROD(COMPILED, DERIVED, ABSENT)

#endif  // OCTAVO_TIER_LIST_H
