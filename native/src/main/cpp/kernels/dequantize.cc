// dequantize: codes with scales to plain numbers, fl32(element * fl32(scale * tensor scale)).
//
// Decoding (decode.h) and the multiplication are one loop, compiled for each format, with one scale
// looked up per vector, or per four vectors where they are in one block: as the loop that looks the
// scales up took as long as decoding, it runs once per block of 32 then, on AVX2. Where a block is
// not a multiple of a vector the multiplication is a loop of its own. FP32 goes straight to the
// output; for BF16 and FP16 a chunk is kept in the first-level cache and encoded.
#include "encode.h"
#include "kernel_request.h"
#include "octavo.h"

namespace octavo {
namespace OCT_TIER {

namespace {

using ScaledDecodeFunction = void (*)(const uint8_t* from, uint8_t* to, int64_t elements,
                                      const float* scales);

// Consecutive elements times one scale for each Run of them: vectors, or steps of four.
template <int32_t Id, int64_t Run>
void decode_scaled(const uint8_t* from, uint8_t* to, int64_t elements, const float* scales) {
  int64_t i = 0;
  for (; i + Run <= elements; i += Run) {
    const VFloat scale = broadcast(scales[i / Run]);
#pragma GCC unroll 4
    for (int64_t j = i; j < i + Run; j += kLanes)
      store(to + 4 * j, decode<Id>(from + stored_bytes(kFormats[Id], j)) * scale);
  }
  for (; i + kLanes <= elements; i += kLanes) {
    store(to + 4 * i,
          decode<Id>(from + stored_bytes(kFormats[Id], i)) * broadcast(scales[i / Run]));
  }
  const int64_t rest = elements - i;
  if (rest > 0) {
    const VFloat values = decode_first<Id>(from + stored_bytes(kFormats[Id], i), rest) *
                          broadcast(scales[i / Run]);
    __builtin_memcpy(to + 4 * i, &values, static_cast<size_t>(4 * rest));
  }
}

#define OCT_FORMAT(id, ...) {&decode_scaled<id, kLanes>, &decode_scaled<id, kStep>},
#define OCT_INTEGER_FORMAT(id, ...) {&decode_scaled<id, kLanes>, &decode_scaled<id, kStep>},
constexpr ScaledDecodeFunction kScaledDecoders[][2] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

// The scales of a row's elements from a column on, one for each run of elements that one block has.
template <int32_t Id>
OCT_INLINE void find_scales(const Operand& in, int64_t first, int64_t column, int64_t elements,
                            int64_t block, int64_t run, float* scales) {
  int64_t index = column / block;
  for (int64_t i = 0, end = (index + 1) * block - column; i < elements; index++, end += block) {
    const float scale = scale_at(Id, in.scales, first + index) * in.tensor_scale;
    for (; i < elements && i < end; i += run) *scales++ = scale;
  }
}

}  // namespace

bool dequantize_supports(const DequantizeRequest& request) {
  return is_scale_format(request.in.scale_format) && is_plain(request.out_format);
}

int32_t dequantize(const DequantizeRequest& request) {
  const Operand& in = request.in;
  const FormatTraits& source = kFormats[in.format];
  const FormatTraits& target = kFormats[request.out_format];
  const bool is_encoded = request.out_format != Format::FP32;
  const auto encode = request.out_format == Format::BF16
                          ? &encode_elements<Format::BF16, OCT_ROUND_NEAREST_EVEN, false>
                          : &encode_elements<Format::FP16, OCT_ROUND_NEAREST_EVEN, false>;
  const int64_t block = in.block_columns == 0 ? request.columns : in.block_columns;
  const bool is_by_vector = block % kLanes == 0 || in.block_columns == 0;
  const bool is_by_step = block % kStep == 0 || in.block_columns == 0;
  const int64_t run = is_by_step ? kStep : is_by_vector ? kLanes : 1;
  const ScaledDecodeFunction decode = kScaledDecoders[in.format][is_by_step ? 1 : 0];
  for (int64_t row = 0; row < request.rows; row++) {
    const uint8_t* const from = in.elements + row * in.row_stride_bytes;
    uint8_t* const out = request.out + row * request.out_row_stride_bytes;
    const int64_t scales_at = (request.first_row + row) / in.block_rows * in.scale_row_stride;
    for (int64_t column = 0; column < request.columns; column += kChunk) {
      const int64_t rest = request.columns - column;
      const int64_t elements = rest < kChunk ? rest : kChunk;
      uint8_t values[4 * kChunk];
      uint8_t* const to = is_encoded ? values : out + 4 * column;
      float scales[kChunk];
      if (in.scale_format == Format::E8M0) {
        find_scales<Format::E8M0>(in, scales_at, column, elements, block, run, scales);
      } else if (in.scale_format == Format::E4M3FN) {
        find_scales<Format::E4M3FN>(in, scales_at, column, elements, block, run, scales);
      } else {
        find_scales<Format::FP32>(in, scales_at, column, elements, block, run, scales);
      }
      if (is_by_vector) {
        decode(from + stored_bytes(source, column), to, elements, scales);
      } else {
        kDecoders[in.format](from + stored_bytes(source, column), to, elements);
        for (int64_t i = 0; i < elements; i++)
          store(to + 4 * i, load<float>(to + 4 * i) * scales[i]);
      }
      if (is_encoded) {
        EncodeCall call = {};
        call.from = values;
        call.to = out + stored_bytes(target, column);
        call.elements = elements;
        encode(call);
      }
    }
  }
  return OCT_OK;
}

}  // namespace OCT_TIER
}  // namespace octavo
