// convert: casts, element by element.
//
// Every pair of formats is two steps, from a format to FP32 (decode.h) and from FP32 to a format,
// in chunks that stay in the first-level cache; where one side is FP32 itself its step falls away.
// Encoders are compiled for each format and rounding, so that their loops have no branches. What
// else differs is the width in memory: 1, 2 or 4 bytes, or half a byte.
//
// Encoding a magnitude x, given in FP32 bits, with M mantissa bits kept:
//
//  normal in the target
//    Add to the bits what makes the kept ones right, and shift the others out: a carry runs into the exponent, where it
//    belongs. To nearest even that is half of the last kept place less one, plus the last kept bit; toward zero,
//    nothing; stochastically, as many random bits as are shifted out. The difference of the biases is subtracted by
//    the same addition. A format with FP32's exponents has its subnormals where FP32 has them: nothing else is needed.
//
//  subnormal in the target
//    To nearest even: x + c, with c the power of two whose last place is the target's least magnitude. The addition
//    rounds by itself, and bits(x + c) - bits(c) is the code. Otherwise: x is scaled until the least magnitude is 1,
//    exactly, and split into an integer, the code, and the rest, of which the first 32 bits decide the chance.
//
// Both give a code that is ordered like the magnitude. So overflow, which the specifications look
// for after rounding, is a minimum: the codes of the largest finite value and of what comes beyond
// it, infinity or the only NaN, follow each other in every format. An infinity and a NaN end up
// beyond by themselves, and then get codes of their own.
//
// Four vectors at a time, since narrowing to bytes costs less for four than for one. A first
// version had the format as run-time values and took one vector at a time: two thirds of the speed
// on AVX2, for variable shifts and for more constants than there are registers.
#include "decode.h"
#include "kernel_request.h"
#include "octavo.h"

namespace octavo {
namespace OCT_TIER {

// Elements that one turn of an encoder's loop takes, and that are decoded at a time when neither
// side is FP32.
constexpr int64_t kStep = 4 * kLanes;
constexpr int64_t kChunk = 512;
static_assert(kChunk % kStep == 0, "only the last chunk of a row has a tail");

// The random bits of stochastic rounding: a function of the seed and the element's index alone. The
// definition is in octavo.format.StochasticBits.
static inline uint64_t random_key(uint64_t seed, uint64_t index) {
  uint64_t z = seed + 0x9E3779B97F4A7C15u * ((index >> 32) + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

template <class Words>
OCT_INLINE Words random_bits(uint64_t key, Words low_indices) {
  Words x = low_indices ^ static_cast<uint32_t>(key);
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) + static_cast<uint32_t>(key >> 32);
  x = x * 0x846CA68Bu;
  return x ^ (x >> 16);
}

// The bits of kLanes elements from an index on.
OCT_INLINE VUint random_lanes(uint64_t seed, uint64_t key, uint64_t index) {
  uint32_t lanes[kLanes];
  for (uint32_t i = 0; i < kLanes; i++) lanes[i] = static_cast<uint32_t>(index) + i;
  if (lanes[kLanes - 1] >= lanes[0]) return random_bits(key, load<VUint>(lanes));
  // the low half of the index starts again among them, so the key changes
  for (uint64_t i = 0; i < kLanes; i++)
    lanes[i] = random_bits(random_key(seed, index + i), lanes[i]);
  return load<VUint>(lanes);
}

// The magnitudes of target subnormals, to zero or by chance; garbage where the value is no
// subnormal.
template <int32_t Id, int32_t Rounding>
OCT_INLINE VUint encode_subnormal(VFloat magnitude, VUint random) {
  constexpr FormatTraits format = kFormats[Id];
  // so that other values stay within int32_t
  const VFloat limit = power_of_two(1 - format.bias);
  const VFloat small = from_bits(minimum(to_bits(magnitude), to_bits(limit)));
  const VFloat units = small * power_of_two(format.bias + format.mantissa_bits - 1);
  const VInt whole = __builtin_convertvector(units, VInt);
  if constexpr (Rounding == OCT_ROUND_TOWARD_ZERO) return (VUint)whole;
  const VFloat scaled = (units - __builtin_convertvector(whole, VFloat)) * power_of_two(16);
  const VInt high = __builtin_convertvector(scaled, VInt);
  const VFloat rest = (scaled - __builtin_convertvector(high, VFloat)) * power_of_two(16);
  const VUint fraction = (VUint)high << 16 | (VUint) __builtin_convertvector(rest, VInt);
  // a carry out of fraction + random; the comparison is signed
  const VUint carry = (VUint)greater(fraction ^ 0x80000000u, (fraction + random) ^ 0x80000000u);
  return (VUint)whole - carry;
}

// The codes of kLanes values, sign included. `largest` is the code that magnitudes do not exceed:
// of the largest finite value, or the one after it.
template <int32_t Id, int32_t Rounding>
OCT_INLINE VUint encode(VFloat values, VUint random, VUint largest) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr int32_t shift = 23 - format.mantissa_bits;
  constexpr uint32_t bias_difference = static_cast<uint32_t>(127 - format.bias) << 23;
  const VUint bits = to_bits(values);
  const VUint magnitude = bits & 0x7FFFFFFF;

  VUint code = magnitude;
  if constexpr (shift > 0) {
    VUint addend = VUint{} - bias_difference;
    if constexpr (Rounding == OCT_ROUND_NEAREST_EVEN) {
      constexpr uint32_t half_less_one = (1u << (shift - 1)) - 1;
      addend = ((magnitude >> shift) & 1) + (half_less_one - bias_difference);
    } else if constexpr (Rounding == OCT_ROUND_STOCHASTIC) {
      addend += random >> (32 - shift);
    }
    code = (magnitude + addend) >> shift;
  }
  if constexpr (format.bias != 127) {
    VUint subnormal;
    if constexpr (Rounding == OCT_ROUND_NEAREST_EVEN) {
      constexpr uint32_t c = power_of_two_bits(24 - format.bias - format.mantissa_bits);
      subnormal = to_bits(from_bits(magnitude) + from_bits(VUint{} + c)) - c;
    } else {
      subnormal = encode_subnormal<Id, Rounding>(from_bits(magnitude), random);
    }
    code =
        select(greater(VUint{} + power_of_two_bits(1 - format.bias), magnitude), subnormal, code);
  }
  if constexpr (Rounding == OCT_ROUND_TOWARD_ZERO) {
    // a finite number never overflows
    code = minimum(code, VUint{} + format.max_finite_code());
    code = select(greater(magnitude, VUint{} + 0x7F7FFFFF), largest, code);
  } else {
    code = minimum(code, largest);
  }
  VUint sign = (bits & 0x80000000u) >> (31 - format.exponent_bits - format.mantissa_bits);
  const VInt is_nan = greater(magnitude, VUint{} + 0x7F800000);
  code = select(is_nan, VUint{} + format.nan_code(), code);
  if constexpr (!format.nan_is_signed()) sign &= ~(VUint)is_nan;
  if constexpr (!format.has_negative_zero) {
    // neither zero nor the one NaN, which overflow may have written, takes a sign
    sign &= (VUint)(code != 0) & (VUint)(code != format.nan_code());
  }
  return (code | sign) << format.padding_bits();
}

// Four vectors of codes to consecutive elements in memory.
template <int32_t Id>
OCT_INLINE void store_codes(uint8_t* to, const VUint (&codes)[4]) {
  constexpr int32_t bits = stored_bits(kFormats[Id]);
  if constexpr (bits == 32) {
    for (int i = 0; i < 4; i++) store(to + i * sizeof(VUint), codes[i]);
  } else if constexpr (bits == 16) {
    for (int i = 0; i < 4; i++) store(to + i * sizeof(VUshort), narrow_short(codes[i]));
  } else if constexpr (bits == 8) {
    store(to, narrow_bytes(codes));
  } else {
    store(to, join_nibbles(narrow_bytes(codes)));
  }
}

// Consecutive elements: FP32 at `from` to codes at `to`, the first of them with a given random
// index.
struct EncodeCall {
  const uint8_t* from;
  uint8_t* to;
  int64_t elements;
  bool saturates;
  uint64_t seed;
  uint64_t index;
};

template <int32_t Id, int32_t Rounding>
static void encode_elements(const EncodeCall& call) {
  constexpr FormatTraits format = kFormats[Id];
  constexpr bool is_bounded = !format.has_infinity && format.nan_kind == NanKind::NONE;
  static_assert(is_bounded ||
                format.max_finite_code() + 1 ==
                    (format.has_infinity ? format.exponent_mask() : format.nan_code()));
  const uint32_t largest = format.max_finite_code() + (is_bounded || call.saturates ? 0 : 1);
  const auto encode_step = [largest, &call](const uint8_t* from, uint8_t* to, uint64_t index,
                                            uint64_t key) {
    VUint codes[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      VUint random = {};
      if constexpr (Rounding == OCT_ROUND_STOCHASTIC)
        random = random_lanes(call.seed, key, index + i * kLanes);
      codes[i] =
          encode<Id, Rounding>(load<VFloat>(from + i * sizeof(VFloat)), random, VUint{} + largest);
    }
    store_codes<Id>(to, codes);
  };
  const int64_t elements = call.elements;
  int64_t i = 0;
  for (; i < elements; i += kStep) {
    const uint64_t index = call.index + static_cast<uint64_t>(i);
    const uint64_t key = Rounding == OCT_ROUND_STOCHASTIC ? random_key(call.seed, index) : 0;
    if (i + kStep <= elements) {
      encode_step(call.from + 4 * i, call.to + stored_bytes(format, i), index, key);
    } else {
      uint8_t values[4 * kStep] = {};
      uint8_t codes[4 * kStep];
      __builtin_memcpy(values, call.from + 4 * i, static_cast<size_t>(4 * (elements - i)));
      encode_step(values, codes, index, key);
      uint8_t* const to = call.to + stored_bytes(format, i);
      const int64_t bytes = stored_bytes(format, elements - i);
      if (stored_bits(format) == 4 && elements % 2 != 0) {
        // the other half of the last byte is no element of this row
        codes[bytes - 1] = static_cast<uint8_t>((codes[bytes - 1] & 0x0F) | (to[bytes - 1] & 0xF0));
      }
      __builtin_memcpy(to, codes, static_cast<size_t>(bytes));
    }
  }
}

// Consecutive elements to FP32.
template <int32_t Id>
static void decode_elements(const uint8_t* from, uint8_t* to, int64_t elements) {
  int64_t i = 0;
  for (; i + kLanes <= elements; i += kLanes) {
    store(to + 4 * i, decode<Id>(from + stored_bytes(kFormats[Id], i)));
  }
  const int64_t rest = elements - i;
  if (rest > 0) {
    const VFloat values = decode_first<Id>(from + stored_bytes(kFormats[Id], i), rest);
    __builtin_memcpy(to + 4 * i, &values, static_cast<size_t>(4 * rest));
  }
}

// A format's steps; NULL where there are none.
struct Codec {
  int32_t stored_bits;
  void (*decode)(const uint8_t* from, uint8_t* to, int64_t elements);
  void (*encode[3])(const EncodeCall& call);  // by rounding
};

template <int32_t Id>
static constexpr Codec codec() {
  constexpr int32_t bits = stored_bits(kFormats[Id]);
  if constexpr (!is_element_format(Id)) {
    return {bits, nullptr, {nullptr, nullptr, nullptr}};
  } else if constexpr (kFormats[Id].is_integer) {
    return {bits, &decode_elements<Id>, {nullptr, nullptr, nullptr}};
  } else {
    static_assert(OCT_ROUND_NEAREST_EVEN == 0 && OCT_ROUND_TOWARD_ZERO == 1 &&
                  OCT_ROUND_STOCHASTIC == 2);
    return {bits,
            &decode_elements<Id>,
            {&encode_elements<Id, 0>, &encode_elements<Id, 1>, &encode_elements<Id, 2>}};
  }
}

#define OCT_FORMAT(id, ...) codec<id>(),
#define OCT_INTEGER_FORMAT(id, ...) codec<id>(),
static constexpr Codec kCodecs[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

bool convert_supports(const ConvertRequest& request) {
  return request.rounding >= 0 && request.rounding <= OCT_ROUND_STOCHASTIC &&
         (request.overflow == OCT_OVERFLOW_SATURATE || request.overflow == OCT_OVERFLOW_IEEE) &&
         kCodecs[request.in_format].decode != nullptr &&
         kCodecs[request.out_format].encode[request.rounding] != nullptr;
}

int32_t convert(const ConvertRequest& request) {
  const Codec& source = kCodecs[request.in_format];
  const Codec& target = kCodecs[request.out_format];
  const bool is_decoded = request.in_format != Format::FP32;
  EncodeCall call = {};
  call.saturates = request.overflow == OCT_OVERFLOW_SATURATE;
  call.seed = request.seed;
  // to FP32 nothing is left to do after decoding, but for infinities that saturate
  const bool is_encoded = request.out_format != Format::FP32 ||
                          (call.saturates && kFormats[request.in_format].has_infinity);
  const int64_t chunk = is_decoded && is_encoded ? kChunk : request.columns;
  for (int64_t row = 0; row < request.rows; row++) {
    const uint8_t* const in = request.in + row * request.in_row_stride_bytes;
    uint8_t* const out = request.out + row * request.out_row_stride_bytes;
    if (!is_encoded) {
      source.decode(in, out, request.columns);
      continue;
    }
    for (int64_t column = 0; column < request.columns; column += chunk) {
      uint8_t values[4 * kChunk];
      const int64_t rest = request.columns - column;
      call.elements = rest < chunk ? rest : chunk;
      call.from = in;
      if (is_decoded) {
        source.decode(in + column * source.stored_bits / 8, values, call.elements);
        call.from = values;
      }
      call.to = out + column * target.stored_bits / 8;
      call.index = request.first_index + static_cast<uint64_t>(row * request.columns + column);
      target.encode[request.rounding](call);
    }
  }
  return OCT_OK;
}

}  // namespace OCT_TIER
}  // namespace octavo
