// The instruction-set tiers, in the order of their numbers. A tier that the build left out keeps
// its number.
//
// The list OCT_TIER_LIST(COMPILED, ABSENT) calls one of the two macros per tier. Adding a tier
// takes a line here, its predicate in cpu_features, its vectors in simd.h and its compiler flags in
// CMakeLists.txt.
#ifndef OCTAVO_TIER_LIST_H
#define OCTAVO_TIER_LIST_H

#if defined(OCT_WITH_AVX2)
#define OCT_TIER_AVX2(COMPILED, ABSENT) COMPILED(avx2)
#else
#define OCT_TIER_AVX2(COMPILED, ABSENT) ABSENT(avx2)
#endif

#if defined(OCT_WITH_AVXVNNI)
#define OCT_TIER_AVXVNNI(COMPILED, ABSENT) COMPILED(avxvnni)
#else
#define OCT_TIER_AVXVNNI(COMPILED, ABSENT) ABSENT(avxvnni)
#endif

#if defined(OCT_WITH_AVX512)
#define OCT_TIER_AVX512(COMPILED, ABSENT) COMPILED(avx512)
#else
#define OCT_TIER_AVX512(COMPILED, ABSENT) ABSENT(avx512)
#endif

#if defined(OCT_WITH_AVX512VNNI)
#define OCT_TIER_AVX512VNNI(COMPILED, ABSENT) COMPILED(avx512vnni)
#else
#define OCT_TIER_AVX512VNNI(COMPILED, ABSENT) ABSENT(avx512vnni)
#endif

#if defined(OCT_WITH_NEON)
#define OCT_TIER_NEON(COMPILED, ABSENT) COMPILED(neon)
#else
#define OCT_TIER_NEON(COMPILED, ABSENT) ABSENT(neon)
#endif

#if defined(OCT_WITH_NEON_DOTPROD)
#define OCT_TIER_NEON_DOTPROD(COMPILED, ABSENT) COMPILED(neon_dotprod)
#else
#define OCT_TIER_NEON_DOTPROD(COMPILED, ABSENT) ABSENT(neon_dotprod)
#endif

#define OCT_TIER_LIST(COMPILED, ABSENT) \
  COMPILED(portable)                    \
  OCT_TIER_AVX2(COMPILED, ABSENT)       \
  OCT_TIER_AVXVNNI(COMPILED, ABSENT)    \
  OCT_TIER_AVX512(COMPILED, ABSENT)     \
  OCT_TIER_AVX512VNNI(COMPILED, ABSENT) \
  OCT_TIER_NEON(COMPILED, ABSENT)       \
  OCT_TIER_NEON_DOTPROD(COMPILED, ABSENT)

#endif  // OCTAVO_TIER_LIST_H
