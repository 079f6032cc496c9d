// Panels of matmul_integer.cc: rows of elements as integers, four to a dword; what sums start with;
// the range of scales.
#ifndef OCTAVO_KERNELS_INTEGER_PACK_H
#define OCTAVO_KERNELS_INTEGER_PACK_H

#include "integer.h"
#include "matmul_loop.h"

namespace octavo {
namespace OCT_TIER {

// Elements along k that packing takes at a time: a square of kLanes rows and kLanes dwords.
constexpr int64_t kUnit = 4 * kLanes;

// Squares of kLanes rows and kLanes dwords from rows of elements to a panel of `width` dwords per
// step; `offset` is added to each byte.
// What is missing from the slice's depth to `depth` is 0.
using IntegerPackFunction = void (*)(const Slice& slice, int64_t depth, int64_t width,
                                     uint8_t offset, uint8_t* panel);

template <int32_t Id>
void pack_integers(const Slice& slice, int64_t depth, int64_t width, uint8_t offset,
                   uint8_t* panel) {
  constexpr FormatTraits format = kFormats[Id];
  const Operand& operand = *slice.operand;
  const uint8_t* first = operand.elements + slice.first_row * operand.row_stride_bytes +
                         stored_bytes(format, slice.first_k);
  const VByte4 offsets = VByte4{} + offset;
  for (int64_t group = 0; group < width; group += kLanes) {
    const uint8_t* rows[kLanes];
    for (int64_t r = 0; r < kLanes; r++)
      rows[r] = first + smaller(group + r, slice.rows - 1) * operand.row_stride_bytes;
    uint8_t* to = panel + 4 * group;
    for (int64_t k = 0; k < depth; k += kUnit) {
      VFloat square[kLanes];
      if (k + kUnit <= slice.depth) {
        for (int r = 0; r < kLanes; r++)
          square[r] = (VFloat)(load_integers<Id>(rows[r] + stored_bytes(format, k)) + offsets);
      } else {
        for (int r = 0; r < kLanes; r++) {
          square[r] = (VFloat)(load_first_integers<Id>(rows[r] + stored_bytes(format, k),
                                                       larger(slice.depth - k, 0)) +
                               offsets);
        }
      }
      transpose(square);
      for (int i = 0; i < kLanes; i++) store(to + i * 4 * width, square[i]);
      to += kLanes * 4 * width;
    }
  }
}

// The same from an operand that is packed in groups of four, the last of which is filled up with 0.
template <int32_t Id>
void unpack_integers(const Slice& slice, int64_t depth, int64_t width, uint8_t offset,
                     uint8_t* panel) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr int64_t kGroup = 4;
  const int64_t groups = (slice.all_k + kGroup - 1) / kGroup;
  const int64_t first = slice.first_k / kGroup;
  const int64_t steps = smaller(depth / kGroup, groups - first);
  const VByte4 offsets = VByte4{} + offset;
  for (int64_t group = 0; group < width; group += kLanes) {
    const PackedRows at(slice, group);
    const uint8_t* from =
        slice.operand->elements +
        stored_bytes(format, ((at.panel * groups + first) * kPackedRows + at.row) * kGroup);
    uint8_t* to = panel + 4 * group;
    int64_t step = 0;
    for (; step < steps; step++) {
      store(to, load_integers<Id>(from) + offsets);
      from += stored_bytes(format, kPackedRows * kGroup);
      to += 4 * width;
    }
    for (; step < depth / kGroup; step++, to += 4 * width) store(to, offsets);
  }
}

struct IntegerPackers {
  IntegerPackFunction pack, unpack;
};

template <int32_t Id>
constexpr IntegerPackers integer_packer() {
  if constexpr (integer_element(kFormats[Id]).largest != 0) {
    return {&pack_integers<Id>, &unpack_integers<Id>};
  } else {
    return {nullptr, nullptr};
  }
}

#define OCT_FORMAT(id, ...) integer_packer<id>(),
#define OCT_INTEGER_FORMAT(id, ...) integer_packer<id>(),
constexpr IntegerPackers kIntegerPackers[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

// The starts of accumulators: for runs of `steps` steps, minus `offset` times the sum of A.
static inline void pack_starts(const uint8_t* panel, int64_t blocks, int64_t block_steps,
                               int64_t steps, int32_t offset, uint8_t* starts) {
  for (int64_t group = 0; group < kPanelRows; group += kLanes) {
    const uint8_t* a = panel + 4 * group;
    uint8_t* to = starts + 4 * group;
    for (int64_t block = 0; block < blocks; block++) {
      for (int64_t first = 0; first < block_steps; first += steps) {
        VDots sums = {};
        for (int64_t i = smaller(steps, block_steps - first); i != 0; i--) {
          sums = dot(sums, VByte4{} + 1, load<VByte4>(a));
          a += 4 * kPanelRows;
        }
#if defined(OCT_HAS_DOT)
        store(to, sums * -offset);
#else
        store(to, sums * static_cast<int16_t>(-offset));
#endif
        to += 4 * kPanelRows;
      }
    }
  }
}

// The exponents of finite scales other than zero, as FP32 has them, in a panel.
struct ScaleRange {
  int32_t least, most;
  bool has_others = false;  // zero, infinity or NaN
  bool is_empty() const { return least > most; }
};

static inline ScaleRange range_of(const float* scales, int64_t count) {
  VInt least = VInt{} + 255, most = VInt{} - 1, all_count = VInt{} - 1;
  for (int64_t i = 0; i < count; i += kLanes) {
    const VInt bits = load<VInt>(scales + i) & 0x7FFFFFFF;
    const VInt exponent = bits >> 23;
    const VInt counts = (bits > 0) & (bits < 0x7F800000);
    // a subnormal's exponent is 0, which nothing that is added to it makes safe
    const VInt low = counts ? exponent : VInt{} + 255;
    const VInt high = counts ? exponent : VInt{} - 1;
    least = low < least ? low : least;
    most = high > most ? high : most;
    all_count &= counts;
  }
  ScaleRange range = {255, -1};
  for (int i = 0; i < kLanes; i++) {
    range.least = least[i] < range.least ? least[i] : range.least;
    range.most = most[i] > range.most ? most[i] : range.most;
    range.has_others |= all_count[i] == 0;
  }
  return range;
}

// Whether scales of A, their products with scales of B, and both times 2^-shift are normal numbers.
static inline bool is_normal(const ScaleRange& a, const ScaleRange& b, int32_t shift) {
  if (a.is_empty() || b.is_empty()) return a.is_empty() || a.least > shift;
  return a.least > shift && b.least > 0 && a.least + b.least - 127 > shift &&
         a.most + b.most + 1 - 127 < 255;
}

}  // namespace OCT_TIER
}  // namespace octavo

#endif  // OCTAVO_KERNELS_INTEGER_PACK_H
