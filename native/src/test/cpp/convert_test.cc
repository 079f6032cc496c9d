// Conversions: every code of every format, values around every boundary, in rows with tails and in
// parts.
#include "checks.h"

namespace checks {

namespace {

// Every code of a format, or many of a wide one, decoded in rows with tails.
void test_decoding(int32_t tier, const Format& f, Random random) {
  std::vector<uint32_t> codes;
  if (f.stored_bits <= 16) {
    for (uint32_t code = 0; code < 1u << f.stored_bits; code++) codes.push_back(code);
  } else {
    for (int i = 0; i < 10000; i++) codes.push_back(static_cast<uint32_t>(random.next()));
    for (uint32_t high = 0; high < 0x200; high++) {
      for (uint32_t low : {0u, 1u, 0x1FFFu, 0x2000u, 0x7FFFFFu}) codes.push_back(high << 23 | low);
    }
  }
  for (int32_t overflow : {OCT_OVERFLOW_SATURATE, OCT_OVERFLOW_IEEE}) {
    for (int64_t columns : {static_cast<int64_t>(codes.size()), int64_t{37}, int64_t{1}}) {
      const int64_t rows = (static_cast<int64_t>(codes.size()) + columns - 1) / columns;
      const int64_t in_stride = bytes_of(f, columns), out_stride = 4 * columns + 4;
      std::vector<uint8_t> in(rows * in_stride),
          expected((rows - 1) * out_stride + 4 * columns, Fenced::kPattern);
      for (int64_t i = 0; i < rows * columns; i++) {
        const uint32_t code = codes[i % codes.size()];
        put(f, &in[i / columns * in_stride], i % columns, code);
        float value = definition::decode(f, code);
        if (std::isinf(value) && overflow == OCT_OVERFLOW_SATURATE) {
          value = std::copysign(std::numeric_limits<float>::max(), value);
        }
        std::memcpy(&expected[i / columns * out_stride + i % columns * 4], &value, 4);
      }
      for (Fence fence : kFences) {
        const std::string what = text("%s: %s to FP32, overflow %d, in rows of %" PRId64,
                                      oct_tier_name(tier), f.name, overflow, columns);
        const Fenced from(in, fence), to(static_cast<int64_t>(expected.size()), fence);
        calling(what);
        const int32_t status =
            oct_convert(tier, rows, columns, 0, rows, 0, columns, f.id, from.data(), in_stride,
                        FP32, to.data(), out_stride, OCT_ROUND_NEAREST_EVEN, overflow, 0, 0);
        for (int64_t row = 0; row < rows; row++) {
          settle_nans(definition::format(FP32), &to[row * out_stride], &expected[row * out_stride],
                      columns);
        }
        const int64_t wrong = to.count_wrong(expected);
        check(status == OCT_OK && wrong == 0,
              what + text(": status %d, %" PRId64 " wrong bytes", status, wrong));
      }
    }
  }
}

// Values around every boundary of a format, all BF16 values, and random ones.
std::vector<float> telling_values(const definition::Encoder& encoder, Random random) {
  std::vector<float> values;
  for (uint32_t high = 0; high < 0x10000; high++)
    values.push_back(definition::from_bits(high << 16));
  for (const std::vector<uint32_t>* list : {&encoder.nearest, &encoder.exact}) {
    for (uint32_t least : *list) {
      for (uint32_t bits : {least - 1, least, least + 1}) {
        values.push_back(definition::from_bits(bits));
        values.push_back(definition::from_bits(bits | 0x80000000u));
      }
    }
  }
  for (int i = 0; i < 50000; i++)
    values.push_back(definition::from_bits(static_cast<uint32_t>(random.next())));
  return values;
}

// One conversion of rows with tails. The values are in a format that decodes to `values`.
void test_encoding(int32_t tier, const Format& from, std::vector<uint8_t> in,
                   const std::vector<float>& values, const definition::Encoder& encoder,
                   definition::Encoder::Rounding rounding, bool saturate, int64_t columns,
                   uint64_t first_index) {
  if (!is_due()) return;
  const Format& f = encoder.format;
  const uint64_t seed = 0x123456789ABCDEFu;
  const int64_t rows = static_cast<int64_t>(values.size()) / columns;
  const int64_t out_stride = bytes_of(f, columns) + 3;
  std::vector<uint8_t> expected(rows * out_stride - 3, Fenced::kPattern);
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < columns; column++) {
      const int64_t i = row * columns + column;
      put(f, &expected[row * out_stride], column,
          encode(encoder, rounding, saturate, values[i],
                 definition::random_bits(seed, first_index + i)));
    }
  }
  in.resize(rows * bytes_of(from, columns));
  // in four parts
  const int64_t row = rows / 3, column = columns / 3 / 2 * 2;
  const std::string what =
      text("%s: %s to %s, rounding %d, %s, in rows of %" PRId64, oct_tier_name(tier), from.name,
           f.name, rounding, saturate ? "SATURATE" : "IEEE", columns);
  for (Fence fence : kFences) {
    const Fenced input(in, fence), out(static_cast<int64_t>(expected.size()), fence);
    calling(what);
    int64_t wrong = 0;
    for (int part = 0; part < 4; part++) {
      wrong += oct_convert(tier, rows, columns, part < 2 ? 0 : row, part < 2 ? row : rows,
                           part % 2 == 0 ? 0 : column, part % 2 == 0 ? column : columns, from.id,
                           input.data(), bytes_of(from, columns), f.id, out.data(), out_stride,
                           rounding, saturate ? OCT_OVERFLOW_SATURATE : OCT_OVERFLOW_IEEE,
                           static_cast<int64_t>(seed), static_cast<int64_t>(first_index)) != OCT_OK;
    }
    wrong += out.count_wrong(expected);
    check(wrong == 0, what + text(": %" PRId64 " wrong bytes or calls", wrong));
  }
}

void test_encodings(int32_t tier, const definition::Encoder& encoder, Random random) {
  const std::vector<float> values = telling_values(encoder, random);
  std::vector<uint8_t> bytes(4 * values.size());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  const Format& fp32 = definition::format(FP32);
  const int64_t count = static_cast<int64_t>(values.size());
  for (definition::Encoder::Rounding rounding : kRoundings) {
    for (bool saturate : {true, false}) {
      test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, count, 0);
      test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, 37,
                    (1ull << 32) - 1000);
      // the high half of the index changes among the random values, which are the last ones
      for (int64_t rest : {20000, 20011}) {
        test_encoding(tier, fp32, bytes, values, encoder, rounding, saturate, count,
                      (1ull << 32) - static_cast<uint64_t>(count - rest));
      }
    }
  }
  // from every other format, in rows longer than a chunk
  for (const Format& from : definition::kFormats) {
    if (from.id == FP32) continue;
    const int64_t columns = 1031;
    std::vector<uint8_t> in(2 * bytes_of(from, columns));
    std::vector<float> decoded(2 * columns);
    for (int64_t i = 0; i < 2 * columns; i++) {
      const uint32_t code = static_cast<uint32_t>(random.next()) &
                            static_cast<uint32_t>((1ull << from.stored_bits) - 1);
      put(from, &in[i / columns * bytes_of(from, columns)], i % columns, code);
      decoded[i] = definition::decode(from, code);
    }
    for (definition::Encoder::Rounding rounding : kRoundings) {
      test_encoding(tier, from, in, decoded, encoder, rounding, from.id % 2 == 0, columns, 5);
    }
  }
}

// Every FP32 value, to nearest even.
void test_encoding_of_all(int32_t tier, const definition::Encoder& encoder) {
  constexpr int64_t kChunk = 1 << 16;
  const Format& f = encoder.format;
  std::vector<uint32_t> values(kChunk);
  std::vector<uint8_t> out(4 * kChunk);
  for (bool saturate : {true, false}) {
    int64_t wrong = 0;
    for (uint64_t first = 0; first < 1ull << 32; first += kChunk) {
      for (int64_t i = 0; i < kChunk; i++) values[i] = static_cast<uint32_t>(first + i);
      wrong += oct_convert(tier, 1, kChunk, 0, 1, 0, kChunk, FP32, values.data(), 0, f.id,
                           out.data(), 0, OCT_ROUND_NEAREST_EVEN,
                           saturate ? OCT_OVERFLOW_SATURATE : OCT_OVERFLOW_IEEE, 0, 0) != OCT_OK;
      // codes are constant between two boundaries of the rounding, and so is everything else about
      // the value
      int64_t i = 0;
      while (i < kChunk) {
        const uint32_t magnitude = values[i] & 0x7FFFFFFF;
        const uint32_t code = definition::Encoder::find(encoder.nearest, magnitude);
        const uint64_t next = magnitude > 0x7F800000              ? 0x80000000u
                              : magnitude == 0x7F800000           ? 0x7F800001u
                              : code + 1 < encoder.nearest.size() ? encoder.nearest[code + 1]
                                                                  : 0x7F800000u;
        const int64_t end = std::min<int64_t>(kChunk, i + static_cast<int64_t>(next - magnitude));
        const uint32_t expected = encoder.encode(definition::Encoder::NEAREST_EVEN, saturate,
                                                 definition::from_bits(values[i]), 0);
        for (; i < end; i++) wrong += definition::code_at(f, out.data(), i) != expected;
      }
    }
    check(wrong == 0, text("%s: %" PRId64 " wrong codes of all FP32 values to %s, %s",
                           oct_tier_name(tier), wrong, f.name, saturate ? "SATURATE" : "IEEE"));
  }
}

}  // namespace

void test_conversions(int32_t tier, const std::vector<definition::Encoder>& encoders, uint64_t seed,
                      bool all) {
  for (const Format& f : definition::kFormats) test_decoding(tier, f, {seed});
  for (const definition::Encoder& encoder : encoders) {
    test_encodings(tier, encoder, {seed});
    if (all && encoder.format.kind < definition::POWER) test_encoding_of_all(tier, encoder);
  }
}

}  // namespace checks
