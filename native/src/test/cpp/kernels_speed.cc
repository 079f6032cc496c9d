// Speed of the kernels in one thread, as a table. For a look at the effect of a change, not for
// publication: the measured figures are made from Java. Usage: kernels_speed [size] [seconds per
// line]
#include <octavo.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int32_t FP32 = 0, BF16 = 2, FP16 = 3, E4M3FN = 6, E5M2FNUZ = 8, E2M1 = 13, E8M0 = 14,
                  INT8 = 15;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The best of several runs.
template <class Body>
double best_time(double budget, Body body) {
  double best = 1e9;
  const double end = seconds() + budget;
  do {
    const double start = seconds();
    body();
    const double time = seconds() - start;
    if (time < best) best = time;
  } while (seconds() < end);
  return best;
}

std::vector<uint8_t> random_bytes(int64_t count, uint8_t mask) {
  std::vector<uint8_t> bytes(count);
  uint32_t state = 12345;
  for (uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(state >> 24) & mask;
  }
  return bytes;
}

struct Case {
  const char* name;
  int32_t format;
  int bits;
  int64_t block;
};

// No codes of NaN or infinity, and FP32 values near 1.
std::vector<uint8_t> elements(const Case& c, int64_t count) {
  if (c.format == FP32) {
    std::vector<uint8_t> bytes = random_bytes(4 * count, 0xFF);
    for (int64_t i = 0; i < count; i++) bytes[4 * i + 3] = 0x3F, bytes[4 * i + 2] |= 0x80;
    return bytes;
  }
  if (c.bits == 16) {
    std::vector<uint8_t> bytes = random_bytes(2 * count, 0xFF);
    for (int64_t i = 0; i < count; i++) bytes[2 * i + 1] = 0x3C;
    return bytes;
  }
  return random_bytes(count * c.bits / 8, c.bits == 4 ? 0xFF : 0xBF);
}

void matmul(int32_t tier, const Case& c, int64_t m, int64_t n, int64_t k, double budget) {
  const std::vector<uint8_t> a = elements(c, m * k), b = elements(c, n * k);
  const int64_t scale_row = c.block > 0 ? (k + c.block - 1) / c.block : 0;
  const std::vector<uint8_t> scales(static_cast<size_t>((m > n ? m : n) * scale_row), 127);
  std::vector<float> out(static_cast<size_t>(m * n));
  const int64_t row = k * c.bits / 8;
  const int32_t scale_format = c.block > 0 ? E8M0 : OCT_NO_SCALES;
  int32_t status = 0;
  const double time = best_time(budget, [&] {
    status =
        oct_matmul(tier, m, n, k, c.format, a.data(), row, scale_format, scales.data(), scale_row,
                   1, c.block, 1.0f, c.format, b.data(), row, scale_format, scales.data(),
                   scale_row, 1, c.block, 1.0f, nullptr, FP32, out.data(), 4 * n);
  });
  std::printf("  %-14s %5lld x %5lld x %5lld  %8.1f GFLOP/s  %6.2f GB/s of b%s\n", c.name,
              (long long)m, (long long)n, (long long)k, 2e-9 * m * n * k / time,
              1e-9 * n * row / time, status == OCT_OK ? "" : "  FAILED");
}

void convert(int32_t tier, const char* name, int32_t format, int bits, double budget) {
  const int64_t count = 1 << 16;
  const std::vector<uint8_t> in = elements({"", FP32, 32, 0}, count);
  std::vector<uint8_t> out(4 * count);
  double time = best_time(budget / 4, [&] {
    for (int i = 0; i < 16; i++) {
      oct_convert(tier, 1, count, FP32, in.data(), 0, format, out.data(), 0, OCT_ROUND_NEAREST_EVEN,
                  OCT_OVERFLOW_SATURATE, 0, 0);
    }
  });
  const double to = 16e-9 * 4 * count / time;
  const std::vector<uint8_t> codes = elements({"", format, bits, 0}, count);
  time = best_time(budget / 4, [&] {
    for (int i = 0; i < 16; i++) {
      oct_convert(tier, 1, count, format, codes.data(), 0, FP32, out.data(), 0,
                  OCT_ROUND_NEAREST_EVEN, OCT_OVERFLOW_SATURATE, 0, 0);
    }
  });
  std::printf("  %-14s from FP32 %6.2f GB/s, to FP32 %6.2f GB/s, of FP32\n", name, to,
              16e-9 * 4 * count / time);
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t size = argc > 1 ? std::atoll(argv[1]) : 1024;
  const double budget = argc > 2 ? std::atof(argv[2]) : 0.2;
  const Case cases[] = {{"FP32", FP32, 32, 0},         {"BF16", BF16, 16, 0},
                        {"E4M3FN", E4M3FN, 8, 0},      {"E4M3FN/128", E4M3FN, 8, 128},
                        {"MXFP8_E4M3", E4M3FN, 8, 32}, {"MXFP4", E2M1, 4, 32},
                        {"NVFP4 (E8M0)", E2M1, 4, 16}, {"INT8", INT8, 8, 0}};
  for (int32_t tier = 0; tier < oct_tier_count(); tier++) {
    if (!oct_tier_supported(tier)) continue;
    std::printf("%s\n", oct_tier_name(tier));
    const int64_t cube = tier == 0 ? size / 4 : size;
    for (const Case& c : cases) matmul(tier, c, cube, cube, cube, budget);
    for (const Case& c : cases) matmul(tier, c, 1, 2 * cube, 2 * cube, budget / 2);
    for (const Case& c : cases) matmul(tier, c, 8, 2 * cube, 2 * cube, budget / 2);
    convert(tier, "BF16", BF16, 16, budget);
    convert(tier, "FP16", FP16, 16, budget);
    convert(tier, "E4M3FN", E4M3FN, 8, budget);
    convert(tier, "E5M2FNUZ", E5M2FNUZ, 8, budget);
    convert(tier, "E2M1", E2M1, 4, budget);
  }
  return 0;
}
