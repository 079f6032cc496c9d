// The kernels: one line each, from which the declarations in every tier's namespace, the tables and
// their entries are made. A new kernel is a line here and a source in kernels/ that defines it in
// namespace octavo::OCT_TIER.
//
// KERNEL(name, request) stands for int32_t name(const request&), which trusts that it was asked for what it supports, and
// bool name##_supports(const request&), which looks at formats and rules only.
#ifndef OCTAVO_KERNEL_LIST_H
#define OCTAVO_KERNEL_LIST_H

#include "kernel_request.h"
#include "tier_list.h"

#define OCT_KERNEL_LIST(KERNEL)         \
  KERNEL(matmul_plain, MatmulRequest)   \
  KERNEL(matmul_block, MatmulRequest)   \
  KERNEL(matmul_integer, MatmulRequest) \
  KERNEL(convert, ConvertRequest)       \
  KERNEL(quantize, QuantizeRequest)     \
  KERNEL(dequantize, DequantizeRequest) \
  KERNEL(amax, AmaxRequest)

namespace octavo {

// One tier's kernels.
struct KernelTable {
#define OCT_SLOT(name, request)    \
  int32_t (*name)(const request&); \
  bool (*name##_supports)(const request&);
  OCT_KERNEL_LIST(OCT_SLOT)
#undef OCT_SLOT
  // how matmul_plain and matmul_block read a packed B of a format
  Packing (*matmul_packing)(int32_t b_format);
};

#define OCT_DECLARE(name, request) \
  int32_t name(const request&);    \
  bool name##_supports(const request&);
#define OCT_DECLARE_TIER(tier)              \
  namespace tier {                          \
  OCT_KERNEL_LIST(OCT_DECLARE)              \
  Packing matmul_packing(int32_t b_format); \
  }
#define OCT_DECLARE_DERIVED(tier, base)      \
  namespace tier {                           \
  OCT_DECLARE(matmul_integer, MatmulRequest) \
  }
#define OCT_DECLARE_NOTHING(tier)
OCT_TIER_LIST(OCT_DECLARE_TIER, OCT_DECLARE_DERIVED, OCT_DECLARE_NOTHING)
#undef OCT_DECLARE
#undef OCT_DECLARE_TIER
#undef OCT_DECLARE_DERIVED
#undef OCT_DECLARE_NOTHING

}  // namespace octavo

#endif  // OCTAVO_KERNEL_LIST_H
