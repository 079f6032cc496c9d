// quantize: plain numbers to codes with scales, and amax, the largest magnitude that some scales
// follow from.
//
// Blocks are handled in segments: the columns of a few whole blocks, 512 elements if blocks are not
// longer. For the rows of a block, a first pass over a segment finds the largest magnitudes; then
// scales and factors follow for all its blocks; a second pass multiplies and encodes (encode.h). A
// segment of one row stays in the first-level cache between the passes and is decoded once; blocks
// of many rows, and rows with one scale, are read and decoded twice.
//
// The largest magnitude is a maximum of FP32 bits without sign, as integers: NaN is above infinity
// and infinity above all numbers, which is the order that the definition asks for.
//
// Blocks of 32, and FP4 in blocks of 16, are one loop instead, where they are rounded to nearest and
// their scales take a byte: it encodes a group of kLanes blocks (twice as many of 16), finds the scales
// of the next group, which are one vector or two, and the largest magnitudes of the one after that,
// which is still to come from memory. With two passes, reading and computing took turns; without the
// group between them, the encoder waited for the scales.
//
// What limits it on Zen 3 is neither memory nor the units: with the numbers in the second-level cache
// it is as fast as from DRAM, and fewer operations alone changed nothing. A block's operations are one
// chain from its factor to its codes, and no more than two chains fit what a core has in flight. So for
// FP4, whose chain is the longest, bytes of a whole group are found first and joined to nibbles after:
// 26.5 cycles for MXFP4's 32 numbers in place of 32, .84 of a copy's rate for .75. With the scales left
// out it would be 21: their chain is in the way too. NVFP4's, with three divisions, makes that 38, where
// two passes took 54. Tried and lost: four rows at a time, as four streams of memory (.83 to .95).
//
// The factor of a block is looked up once per vector. Where a block is not a multiple of a vector,
// or where elements are divided by their scale instead of multiplied, the segment is scaled by a
// loop of its own before it is encoded.
//
// What a scale is, and a factor, is defined in octavo.format.BlockScaling and ScaleRule. Nothing
// here is rounded that is not rounded there: MX factors are powers of two, also where the product
// falls below the normal range.
#include "encode.h"
#include "kernel_request.h"
#include "octavo.h"

namespace octavo {
namespace OCT_TIER {

namespace {

constexpr uint32_t kInfinity = 0x7F800000;

// The largest magnitude, as bits, of consecutive FP32 numbers.
template <bool IsFinite>
OCT_INLINE VInt magnitude_lanes(VUint bits) {
  VUint magnitude = bits & 0x7FFFFFFF;
  if (IsFinite) magnitude &= (VUint)greater(VUint{} + kInfinity, magnitude);
  return (VInt)magnitude;
}

OCT_INLINE VInt larger_lanes(VInt x, VInt y) { return x > y ? x : y; }

OCT_INLINE uint32_t largest_lane(VInt lanes) {
#if defined(OCT_TIER_IS_AVX512)
  return (uint32_t)_mm512_reduce_max_epi32((__m512i)lanes);
#elif defined(OCT_TIER_IS_AVX2)
  const __m256i x = (__m256i)lanes;
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return (uint32_t)_mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
#elif defined(OCT_TIER_IS_NEON)
  return (uint32_t)vmaxvq_s32((int32x4_t)lanes);
#else
  const int32_t even = lanes[0] > lanes[2] ? lanes[0] : lanes[2];
  const int32_t odd = lanes[1] > lanes[3] ? lanes[1] : lanes[3];
  return (uint32_t)(even > odd ? even : odd);
#endif
}

template <bool IsFinite>
OCT_INLINE uint32_t largest_magnitude(const uint8_t* values, int64_t elements) {
  VInt largest = {};
  int64_t i = 0;
  for (; i + kLanes <= elements; i += kLanes)
    largest = larger_lanes(largest, magnitude_lanes<IsFinite>(load<VUint>(values + 4 * i)));
  if (i < elements) {
    VUint rest = {};
    __builtin_memcpy(&rest, values + 4 * i, static_cast<size_t>(4 * (elements - i)));
    largest = larger_lanes(largest, magnitude_lanes<IsFinite>(rest));
  }
  return largest_lane(largest);
}

static inline float float_of(uint32_t bits) { return load<float>(&bits); }
static inline uint32_t bits_of(float value) { return load<uint32_t>(&value); }

// What scales depend on in the elements' format.
struct Element {
  float max_finite;
  int32_t max_exponent;
  int32_t mantissa_bits;

  explicit Element(const FormatTraits& format) {
    if (format.is_integer) {
      max_finite = static_cast<float>((1 << (format.bits - 1)) - 1) *
                   float_of(power_of_two_bits(-format.fraction_bits));
      mantissa_bits = format.fraction_bits;
    } else {
      max_finite = float_of(decode_bits(format, format.max_finite_code()));
      mantissa_bits = format.mantissa_bits;
    }
    max_exponent = static_cast<int32_t>(bits_of(max_finite) >> 23) - 127;
  }
};

// The codes of E8M0 scales for some largest magnitudes. FP32's subnormals count with their true
// logarithm: as numbers of 2^-149 they are converted to FP32, which has their exponent.
template <int32_t Rule>
OCT_INLINE VUint e8m0_codes(const Element& element, VUint amax) {
  const VInt is_subnormal = greater(VUint{} + 0x00800000, amax);
  const VUint normal =
      select(is_subnormal, to_bits(__builtin_convertvector((VInt)amax, VFloat)), amax);
  const VInt floor = (VInt)(normal >> 23) - ((VInt)is_subnormal & 149);
  VInt code = floor - element.max_exponent;
  if constexpr (Rule == OCT_SCALE_TRAINIUM) {
    code = code + 1;
  } else if constexpr (Rule == OCT_SCALE_CEIL) {
    code = code + ((VInt)((normal & 0x007FFFFF) != 0) & 1);
  } else if constexpr (Rule == OCT_SCALE_EVEN) {
    // a mantissa of 23 bits has no bit to round at
    const VUint rounded =
        amax + (element.mantissa_bits <= 22 ? 1u << (22 - element.mantissa_bits) : 0);
    const VInt is_normal = greater(rounded, VUint{} + 0x007FFFFF);
    code = (VInt)select(is_normal, rounded >> 23, (VUint)floor) - element.max_exponent;
  } else if constexpr (Rule == OCT_SCALE_RCEIL) {
    const VUint bits = to_bits(from_bits(amax) * broadcast(1.0f / element.max_finite));
    const VUint mantissa = bits & 0x007FFFFF;
    const VInt exponent = (VInt)(bits >> 23);
    const VUint limit = (VUint)(exponent == 0) & 0x00400000;
    code = exponent - greater(mantissa, limit);
  } else if constexpr (Rule == OCT_SCALE_GGML) {
    // Whether the logarithm, rounded to FP32, is the next integer n. For 2^n * (1 - d) it is
    // n - d / ln 2, but for a part that does not matter here, and becomes n if that is within half
    // a unit in the last place below n. In units of the number's own last place, d * 2^24, the
    // limit is ln 2 times a power of two, which is never near an integer.
    for (int i = 0; i < kLanes; i++) {
      const int32_t next = floor[i] - 127 + 1;
      const uint32_t size = static_cast<uint32_t>(next < 0 ? -next : next);
      if (size == 0) continue;
      const bool is_closer = next > 0 && (size & (size - 1)) == 0;  // the spacing is halved below
      const double limit =
          0.69314718055994530942 * (1 << (31 - __builtin_clz(size))) * (is_closer ? 0.5 : 1.0);
      if (static_cast<double>(0x00800000 - (normal[i] & 0x007FFFFF)) < limit) code[i]++;
    }
  }
  code = code < 0 ? VInt{} : code;
  code = code > 254 ? VInt{} + 254 : code;
  code = (VInt)select((VInt)(amax == 0), VUint{}, (VUint)code);
  return select(greater(amax, VUint{} + (kInfinity - 1)), VUint{} + 255, (VUint)code);
}

// 2^(127 - code), NaN for 255.
OCT_INLINE VUint e8m0_factors(VUint codes) {
  const VUint last = select((VInt)(codes == 255), VUint{} + 0x7FC00000, VUint{} + 0x00400000);
  return select(greater(codes, VUint{} + 253), last, (254 - codes) << 23);
}

// A quantization: the loops, and what they keep of a segment.
class Quantization {
 public:
  explicit Quantization(const QuantizeRequest& request);
  int32_t run();

 private:
  // As many as blocks of one element in a segment, filled up to whole vectors.
  static constexpr int64_t kBlocks = kChunk + kLanes;

  bool divides() const { return request_.scale_format == Format::FP32; }

  const uint8_t* values(int64_t row, int64_t column, int64_t elements);
  void find_largest(const uint8_t* values, int64_t column, int64_t elements);
  template <int32_t Rule>
  void scale_blocks_by_powers(int64_t blocks);
  void scale_blocks(int64_t blocks);
  void write_scales(int64_t row, int64_t first_block, int64_t blocks) const;
  void read_scale();
  void encode_some(const uint8_t* values, int64_t row, int64_t column, int64_t first_column,
                   int64_t elements);
  template <int32_t Id, int64_t Block>
  void encode_groups(int64_t row, int64_t groups);
  int64_t encode_groups(int64_t row);

  const QuantizeRequest& request_;
  const DecodeFunction decode_;
  void (*const encode_)(const EncodeCall&);
  const FormatTraits& in_;
  const FormatTraits& out_;
  const Element element_;
  int64_t block_rows_, block_;  // as they are, where the request says 0
  int64_t segment_;             // columns of whole blocks, an even number or the last ones
  uint32_t largest_[kBlocks];
  uint32_t codes_[kBlocks];
  float factors_[kBlocks];
  float vector_factors_[kChunk / kLanes + 1];
  uint8_t decoded_[4 * kChunk];
  uint8_t scaled_[4 * kChunk];
};

#define OCT_FORMAT(id, ...) encoders_of<id, true>(),
#define OCT_INTEGER_FORMAT(id, ...) encoders_of<id, true>(),
constexpr Encoders<true> kScalingEncoders[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

Quantization::Quantization(const QuantizeRequest& request)
    : request_(request),
      decode_(kDecoders[request.in_format]),
      encode_(kScalingEncoders[request.out_format].by_rounding[request.rounding]),
      in_(kFormats[request.in_format]),
      out_(kFormats[request.out_format]),
      element_(out_) {
  block_rows_ = request.block_rows == 0 ? request.rows : request.block_rows;
  block_ = request.block_columns != 0 ? request.block_columns
           : request.columns > 0      ? request.columns
                                      : 1;
  const int64_t unit = block_ % 2 == 0 ? block_ : 2 * block_;
  segment_ = unit <= kChunk ? kChunk / unit * unit : unit;
}

// Some elements of a row as FP32, in place or decoded.
const uint8_t* Quantization::values(int64_t row, int64_t column, int64_t elements) {
  const uint8_t* const from =
      request_.in + row * request_.in_row_stride_bytes + stored_bytes(in_, column);
  if (request_.in_format == Format::FP32) return from;
  decode_(from, decoded_, elements);
  return decoded_;
}

// Takes elements into account that begin at a column of the segment.
void Quantization::find_largest(const uint8_t* values, int64_t column, int64_t elements) {
  const auto take = [this](int64_t block, uint32_t largest) {
    if (largest > largest_[block]) largest_[block] = largest;
  };
  int64_t i = 0;
  if (block_ == 32 && column == 0) {
    for (; i + 32 <= elements; i += 32) take(i / 32, largest_magnitude<false>(values + 4 * i, 32));
  } else if (block_ == 16 && column == 0) {
    for (; i + 16 <= elements; i += 16) take(i / 16, largest_magnitude<false>(values + 4 * i, 16));
  }
  if (i == elements) return;
  int64_t block = (column + i) / block_;
  for (int64_t end = (block + 1) * block_ - column; i < elements; block++, end += block_) {
    if (end > elements) end = elements;
    take(block, largest_magnitude<false>(values + 4 * i, end - i));
    i = end;
  }
}

template <int32_t Rule>
void Quantization::scale_blocks_by_powers(int64_t blocks) {
  for (int64_t i = 0; i < blocks; i += kLanes) {
    const VUint codes = e8m0_codes<Rule>(element_, load<VUint>(largest_ + i));
    store(codes_ + i, codes);
    store(factors_ + i, e8m0_factors(codes));
  }
}

// Codes and factors from the largest magnitudes.
void Quantization::scale_blocks(int64_t blocks) {
  if (request_.scale_format == Format::E8M0) {
    switch (request_.scale_rule) {
      case OCT_SCALE_TRAINIUM:
        return scale_blocks_by_powers<OCT_SCALE_TRAINIUM>(blocks);
      case OCT_SCALE_CEIL:
        return scale_blocks_by_powers<OCT_SCALE_CEIL>(blocks);
      case OCT_SCALE_EVEN:
        return scale_blocks_by_powers<OCT_SCALE_EVEN>(blocks);
      case OCT_SCALE_RCEIL:
        return scale_blocks_by_powers<OCT_SCALE_RCEIL>(blocks);
      case OCT_SCALE_GGML:
        return scale_blocks_by_powers<OCT_SCALE_GGML>(blocks);
      default:
        return scale_blocks_by_powers<OCT_SCALE_OCP_FLOOR>(blocks);
    }
  }
  const VFloat tensor_scale = broadcast(request_.tensor_scale);
  const VFloat reciprocal = broadcast(1.0f / request_.tensor_scale);
  for (int64_t i = 0; i < blocks; i += kLanes) {
    const VUint amax = load<VUint>(largest_ + i);
    const VInt is_finite = greater(VUint{} + kInfinity, amax);
    const VFloat ratio = from_bits(amax) / broadcast(element_.max_finite);
    VUint code;
    VFloat factor;
    if (request_.scale_format == Format::FP32) {
      const VFloat least = power_of_two(-126);
      const VUint scale = select((VInt)(amax == 0), to_bits(broadcast(1.0f)),
                                 to_bits(ratio > least ? ratio : least));
      code = select(is_finite, scale, VUint{} + 0x7FC00000);
      factor = from_bits(code);
    } else {
      constexpr FormatTraits format = kFormats[Format::E4M3FN];
      const VFloat most = broadcast(448.0f), least = power_of_two(-6);
      VFloat relative = ratio / tensor_scale;
      relative = relative < least ? least : relative > most ? most : relative;
      code = encode<Format::E4M3FN, OCT_ROUND_NEAREST_EVEN>(relative, VUint{},
                                                            VUint{} + format.max_finite_code());
      code = select(is_finite, code, VUint{} + format.nan_code());
      factor = reciprocal / decode_by_integers<Format::E4M3FN>(code);
    }
    store(codes_ + i, code);
    store(factors_ + i, factor);
  }
}

void Quantization::write_scales(int64_t row, int64_t first_block, int64_t blocks) const {
  uint8_t* const scales = request_.scales;
  const int64_t first = row / block_rows_ * request_.scale_row_stride + first_block;
  if (request_.scale_format == Format::FP32) {
    __builtin_memcpy(scales + 4 * first, codes_, static_cast<size_t>(4 * blocks));
  } else {
    for (int64_t i = 0; i < blocks; i++) scales[first + i] = static_cast<uint8_t>(codes_[i]);
  }
}

// The one scale that the caller has found.
void Quantization::read_scale() {
  if (request_.scale_format == Format::E8M0) {
    factors_[0] = float_of(e8m0_factors(VUint{} + request_.scales[0])[0]);
  } else if (request_.scale_format == Format::FP32) {
    factors_[0] = load<float>(request_.scales);
  } else {
    factors_[0] =
        1.0f / request_.tensor_scale / scale_at(request_.scale_format, request_.scales, 0);
  }
}

// Elements of a row from a column on, which belongs to the segment that begins at first_column.
void Quantization::encode_some(const uint8_t* values, int64_t row, int64_t column,
                               int64_t first_column, int64_t elements) {
  const int64_t start = column - first_column;
  const int64_t vectors = (elements + kLanes - 1) / kLanes;
  EncodeCall call = {};
  call.from = values;
  if (block_ % kLanes == 0 && !divides()) {
    const float* factor = factors_ + start / block_;
    int64_t end = (block_ - start % block_) / kLanes;
    for (int64_t i = 0; i < vectors; end += block_ / kLanes, factor++) {
      if (end > vectors) end = vectors;
      for (; i < end; i++) vector_factors_[i] = *factor;
    }
  } else {
    const bool is_divided = divides();
    const float* factor = factors_ + start / block_;
    int64_t end = block_ - start % block_;
    int64_t i = 0;
    for (; i < elements; end += block_, factor++) {
      if (end > elements) end = elements;
      const VFloat factors = broadcast(*factor);
      for (; i + kLanes <= end; i += kLanes) {
        const VFloat x = load<VFloat>(values + 4 * i);
        store(scaled_ + 4 * i, is_divided ? x / factors : x * factors);
      }
      for (; i < end; i++) {
        const float x = load<float>(values + 4 * i);
        store(scaled_ + 4 * i, is_divided ? x / *factor : x * *factor);
      }
    }
    for (i = 0; i < vectors; i++) vector_factors_[i] = 1.0f;
    call.from = scaled_;
  }
  call.to = request_.out + row * request_.out_row_stride_bytes + stored_bytes(out_, column);
  call.elements = elements;
  call.saturates = true;
  call.seed = request_.seed;
  call.index = request_.first_index + static_cast<uint64_t>(row) * request_.index_stride +
               static_cast<uint64_t>(column);
  call.factors = vector_factors_;
  encode_(call);
}

// A group is as many blocks of 32 as a vector has lanes, or twice as many of 16. A unit is whole
// blocks and whole steps of the encoder.
constexpr int64_t kGroup = kLanes * 32;
constexpr int64_t kUnit = kStep > 32 ? kStep : 32;

// The largest magnitudes of a block, lane by lane.
template <int64_t Block>
OCT_INLINE VUint largest_of_block(const uint8_t* values) {
  VUint largest = load<VUint>(values) & 0x7FFFFFFF;
#pragma GCC unroll 8
  for (int64_t i = kLanes; i < Block; i += kLanes)
    largest = maximum(largest, load<VUint>(values + 4 * i) & 0x7FFFFFFF);
  return largest;
}

// So many groups at the start of a row.
template <int32_t Id, int64_t Block>
void Quantization::encode_groups(int64_t row, int64_t groups) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr bool kIsDoubled = has_doubled(format);
  constexpr int64_t kBlocks = kGroup / Block;
  const uint8_t* from = request_.in + row * request_.in_row_stride_bytes;
  uint8_t* to = request_.out + row * request_.out_row_stride_bytes;
  const VUint limit = VUint{} + bits_of_code(format, format.max_finite_code());
  uint8_t* scales = request_.scales + row * request_.scale_row_stride;
  VUint lanes[kBlocks];
  const auto find_largest_lanes = [&lanes](const uint8_t* values) {
    for (int64_t i = 0; i < kBlocks; i++)
      lanes[i] = largest_of_block<Block>(values + 4 * i * Block);
  };
  const auto scale_group = [this, &lanes] {
    for (int64_t i = 0; i < kBlocks; i += kLanes) store(largest_ + i, largest_lanes(lanes + i));
    // the usual rule without a call, as the loop waits for the scales
    if (request_.scale_format == Format::E8M0 && request_.scale_rule == OCT_SCALE_OCP_FLOOR) {
      scale_blocks_by_powers<OCT_SCALE_OCP_FLOOR>(kBlocks);
    } else {
      scale_blocks(kBlocks);
    }
  };
  find_largest_lanes(from);
  scale_group();
  const uint8_t* ahead = groups > 1 ? from + 4 * kGroup : from;
  find_largest_lanes(ahead);
  for (int64_t group = 0; group < groups; group++) {
    float factors[kBlocks];
    // infinity and NaN are rare, and have a factor of NaN; another factor may be too large to double
    VInt are_finite = VInt{} - 1;
    for (int64_t i = 0; i < kBlocks; i += kLanes) {
      const VFloat factor = load<VFloat>(factors_ + i) * broadcast(kIsDoubled ? 2.0f : 1.0f);
      are_finite &= load<VFloat>(largest_ + i) * factor < broadcast(__builtin_inff());
      store(factors + i, factor);
      store(scales + i, __builtin_convertvector(load<VUint>(codes_ + i), VByte));
    }
    const bool is_special = has_any(~are_finite);
    if (__builtin_expect(is_special, 0))
      encode_some(from, row, group * kGroup, group * kGroup, kGroup);
    scale_group();
    // beyond the last group, the last one again
    if (group + 2 < groups) ahead += 4 * kGroup;
#if defined(OCT_HAS_DOUBLED)
    VByte4 bytes[kGroup / kStep];
#endif
    for (int64_t unit = 0; unit < kGroup; unit += kUnit) {
#pragma GCC unroll 4
      for (int64_t i = unit; i < unit + kUnit; i += Block)
        lanes[i / Block] = largest_of_block<Block>(ahead + 4 * i);
#pragma GCC unroll 2
      for (int64_t i = unit; i < unit + kUnit; i += kStep) {
        prefetch_step(ahead + 4 * i);
        if (__builtin_expect(is_special, 0)) continue;
        VFloat values[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
          const int64_t at = i + v * kLanes;
          values[v] = load<VFloat>(from + 4 * at) * broadcast(factors[at / Block]);
        }
#if defined(OCT_HAS_DOUBLED)
        if constexpr (kIsDoubled) {
          bytes[i / kStep] = encode_doubled<Id>(values);
          continue;
        }
#endif
        store_quick<Id>(to + stored_bytes(format, i), values, limit);
      }
    }
#if defined(OCT_HAS_DOUBLED)
    if constexpr (kIsDoubled) {
      for (int64_t i = 0; !is_special && i < kGroup / kStep; i += 2)
        store_nibbles(to + stored_bytes(format, i * kStep), bytes[i], bytes[i + 1]);
    }
#endif
    from += 4 * kGroup;
    to += stored_bytes(format, kGroup);
    scales += kBlocks;
  }
}

// As many elements of a row as are whole groups; 0 where there is no loop for them.
int64_t Quantization::encode_groups(int64_t row) {
  const int64_t groups = request_.columns / kGroup;
  if (groups == 0 || block_rows_ != 1 || request_.in_format != Format::FP32 || divides() ||
      request_.rounding != OCT_ROUND_NEAREST_EVEN)
    return 0;
  if (block_ == 16 && request_.out_format == Format::E2M1) {
    encode_groups<Format::E2M1, 16>(row, groups);
    return groups * kGroup;
  }
  if (block_ != 32) return 0;
  switch (request_.out_format) {
    case Format::E2M1:
      encode_groups<Format::E2M1, 32>(row, groups);
      break;
    case Format::E4M3FN:
      encode_groups<Format::E4M3FN, 32>(row, groups);
      break;
    case Format::E5M2:
      encode_groups<Format::E5M2, 32>(row, groups);
      break;
    case Format::E3M2:
      encode_groups<Format::E3M2, 32>(row, groups);
      break;
    case Format::E2M3:
      encode_groups<Format::E2M3, 32>(row, groups);
      break;
    default:
      return 0;
  }
  return groups * kGroup;
}

int32_t Quantization::run() {
  const bool is_given = request_.block_rows == 0;
  if (is_given) read_scale();
  for (int64_t first_row = 0; first_row < request_.rows; first_row += block_rows_) {
    const int64_t row_end =
        first_row +
        (block_rows_ < request_.rows - first_row ? block_rows_ : request_.rows - first_row);
    // a row without elements may have a scale
    for (int64_t first_column = is_given ? 0 : encode_groups(first_row);
         first_column == 0 || first_column < request_.columns; first_column += segment_) {
      const int64_t rest = request_.columns - first_column;
      const int64_t columns = segment_ < rest ? segment_ : rest;
      const bool is_kept = row_end - first_row == 1 && columns <= kChunk;
      const uint8_t* kept = nullptr;
      if (!is_given) {
        const int64_t blocks = request_.block_columns == 0 ? 1 : (columns + block_ - 1) / block_;
        for (int64_t i = 0; i < blocks + kLanes; i++) largest_[i] = 0;
        for (int64_t row = first_row; row < row_end; row++) {
          for (int64_t i = 0; i < columns; i += kChunk) {
            const int64_t count = kChunk < columns - i ? kChunk : columns - i;
            kept = values(row, first_column + i, count);
            find_largest(kept, i, count);
          }
        }
        scale_blocks(blocks);
        write_scales(first_row, first_column / block_, blocks);
      }
      for (int64_t row = first_row; row < row_end; row++) {
        for (int64_t i = 0; i < columns; i += kChunk) {
          const int64_t count = kChunk < columns - i ? kChunk : columns - i;
          const uint8_t* const from =
              is_kept && !is_given ? kept : values(row, first_column + i, count);
          encode_some(from, row, first_column + i, first_column, count);
        }
      }
    }
  }
  return OCT_OK;
}

}  // namespace

bool quantize_supports(const QuantizeRequest& request) {
  return is_plain(request.in_format) && is_scale_format(request.scale_format) &&
         request.rounding >= 0 && request.rounding <= OCT_ROUND_STOCHASTIC &&
         request.scale_rule >= 0 && request.scale_rule <= OCT_SCALE_GGML;
}

int32_t quantize(const QuantizeRequest& request) { return Quantization(request).run(); }

bool amax_supports(const AmaxRequest& request) { return is_plain(request.in_format); }

// The result is not negative, and so no error.
int32_t amax(const AmaxRequest& request) {
  const DecodeFunction decode = kDecoders[request.in_format];
  const FormatTraits& in = kFormats[request.in_format];
  uint32_t largest = 0;
  for (int64_t row = 0; row < request.rows; row++) {
    const uint8_t* const from = request.in + row * request.in_row_stride_bytes;
    for (int64_t column = 0; column < request.columns; column += kChunk) {
      const int64_t rest = request.columns - column, count = rest < kChunk ? rest : kChunk;
      uint8_t decoded[4 * kChunk];
      const uint8_t* values = from + stored_bytes(in, column);
      if (request.in_format != Format::FP32) {
        decode(values, decoded, count);
        values = decoded;
      }
      const uint32_t found = request.finite_only ? largest_magnitude<true>(values, count)
                                                 : largest_magnitude<false>(values, count);
      if (found > largest) largest = found;
    }
  }
  return static_cast<int32_t>(largest);
}

}  // namespace OCT_TIER
}  // namespace octavo
