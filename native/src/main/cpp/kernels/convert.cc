// convert: casts, element by element.
//
// Every pair of formats is two steps, from a format to FP32 (decode.h) and from FP32 to a format
// (encode.h), in chunks that stay in the first-level cache; where one side is FP32 itself its step
// falls away.
#include "encode.h"
#include "kernel_request.h"
#include "octavo.h"

namespace octavo {
namespace OCT_TIER {

#define OCT_FORMAT(id, ...) encoders_of<id, false>(),
#define OCT_INTEGER_FORMAT(id, ...) encoders_of<id, false>(),
static constexpr Encoders<false> kEncoders[] = {
#include "generated/octavo_formats.inc"
};
#undef OCT_FORMAT
#undef OCT_INTEGER_FORMAT

bool convert_supports(const ConvertRequest& request) {
  return request.rounding >= 0 && request.rounding <= OCT_ROUND_STOCHASTIC &&
         (request.overflow == OCT_OVERFLOW_SATURATE || request.overflow == OCT_OVERFLOW_IEEE);
}

int32_t convert(const ConvertRequest& request) {
  const DecodeFunction decode = kDecoders[request.in_format];
  const auto encode = kEncoders[request.out_format].by_rounding[request.rounding];
  const FormatTraits& source = kFormats[request.in_format];
  const FormatTraits& target = kFormats[request.out_format];
  const bool is_decoded = request.in_format != Format::FP32;
  EncodeCall call = {};
  call.saturates = request.overflow == OCT_OVERFLOW_SATURATE;
  call.seed = request.seed;
  // to FP32 nothing is left to do after decoding, but for infinities that saturate
  const bool is_encoded =
      request.out_format != Format::FP32 || (call.saturates && source.has_infinity);
  const int64_t chunk = is_decoded && is_encoded ? kChunk : request.columns;
  for (int64_t row = 0; row < request.rows; row++) {
    const uint8_t* const in = request.in + row * request.in_row_stride_bytes;
    uint8_t* const out = request.out + row * request.out_row_stride_bytes;
    if (!is_encoded) {
      decode(in, out, request.columns);
      continue;
    }
    for (int64_t column = 0; column < request.columns; column += chunk) {
      uint8_t values[4 * kChunk];
      const int64_t rest = request.columns - column;
      call.elements = rest < chunk ? rest : chunk;
      call.from = in;
      if (is_decoded) {
        decode(in + stored_bytes(source, column), values, call.elements);
        call.from = values;
      }
      call.to = out + stored_bytes(target, column);
      call.index = request.first_index + static_cast<uint64_t>(row) * request.index_stride +
                   static_cast<uint64_t>(column);
      encode(call);
    }
  }
  return OCT_OK;
}

}  // namespace OCT_TIER
}  // namespace octavo
