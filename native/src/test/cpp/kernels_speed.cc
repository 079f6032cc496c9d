// Speed of the kernels in one thread, as a table, beside OpenBLAS where the system has it and the
// machine's bandwidth. For a look at the effect of a change, not for publication: the measured
// figures are made from Java.
//
//   kernels_speed [tier] [seconds per line] [gemm|gemv|convert|quantize ...]
#include <dlfcn.h>
#include <octavo.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int32_t FP32 = 0, BF16 = 2, FP16 = 3, E4M3FN = 6, E5M2FNUZ = 8, E2M3 = 12, E2M1 = 13,
                  E8M0 = 14, INT8 = 15;

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
  int32_t scale_format;
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

// One matrix operand with scales of 1.
struct Operand {
  const Case& c;
  std::vector<uint8_t> codes, scales;
  int64_t row_bytes, scale_row;

  Operand(const Case& format, int64_t rows, int64_t k)
      : c(format),
        codes(elements(c, rows * k)),
        scales(),
        row_bytes(k * c.bits / 8),
        scale_row(c.block > 0 ? (k + c.block - 1) / c.block : 0) {
    if (c.scale_format == FP32) {
      scales.resize(4 * rows * scale_row + 1);
      const float one = 1;
      for (int64_t i = 0; i < rows * scale_row; i++) std::memcpy(&scales[4 * i], &one, 4);
    } else {
      scales.assign(rows * scale_row + 1, c.scale_format == E8M0 ? 127 : 0x38);
    }
  }
  int32_t scale_format() const { return c.block > 0 ? c.scale_format : OCT_NO_SCALES; }
};

void matmul(int32_t tier, const Case& x, const Case& y, bool is_packed, int64_t m, int64_t n,
            int64_t k, double budget, double peer, double memory) {
  // what is packed has the same number of codes, as all sizes are multiples of 16
  const int64_t packing = oct_matmul_packing(tier, x.format, x.block, y.format, y.block);
  const Operand a(x, m, k);
  std::vector<Operand> bs;
  const size_t copies =
      m < 16 && n * k * y.bits / 8 < 64 << 20 ? (64 << 20) / (n * k * y.bits / 8) + 1 : 1;
  for (size_t i = 0; i < copies; i++) bs.emplace_back(y, n, k);
  std::vector<float> out(static_cast<size_t>(m * n));
  int32_t status = 0;
  size_t turn = 0;
  const double time = best_time(budget, [&] {
    const Operand& b = bs[turn++ % copies];
    status = oct_matmul(tier, m, n, k, 0, m, 0, n, x.format, a.codes.data(), a.row_bytes,
                        a.scale_format(), a.scales.data(), a.scale_row, 1, x.block, 1.0f, y.format,
                        b.codes.data(), b.row_bytes, b.scale_format(), b.scales.data(), b.scale_row,
                        1, y.block, 1.0f, is_packed ? 16 : 0, packing >> 16 & 0xFFFF,
                        packing & 0xFFFF, 1.0f, nullptr, OCT_ACTIVATION_NONE, OCT_NO_RESIDUAL,
                        nullptr, 0, FP32, out.data(), 4 * n);
  });
  const double bytes =
      1e-9 * n * (bs[0].row_bytes + (y.scale_format == FP32 ? 4 : 1) * bs[0].scale_row);
  std::printf("  %-10s x %-10s %s %5lld x %5lld x %5lld  %8.1f GFLOP/s", x.name, y.name,
              is_packed ? "packed" : "      ", (long long)m, (long long)n, (long long)k,
              2e-9 * m * n * k / time);
  if (m >= 16 && peer > 0) std::printf("  %5.2f of OpenBLAS", peer / time);
  if (m < 16)
    std::printf("  %6.2f GB/s of b (%4.2f of reading)", bytes / time, bytes / time / memory);
  std::printf("%s\n", status == OCT_OK ? "" : "  FAILED");
}

// Bytes copied and read per second, from memory beyond the caches.
struct Bandwidth {
  double copy, read;
};

Bandwidth bandwidth(double budget) {
  const size_t count = size_t{1} << 26;
  std::vector<uint8_t> from(count, 1), to(count, 2);
  const double copy = best_time(budget, [&] { std::memcpy(to.data(), from.data(), count); });
  // from four places at once, which is faster than from one
  uint64_t sum = 0;
  typedef uint64_t Words __attribute__((vector_size(16)));
  const double read = best_time(budget, [&] {
    Words sums[16] = {};
    for (size_t i = 0; i < count / 4; i += 64) {
      for (size_t j = 0; j < 16; j++) {
        Words words;
        std::memcpy(&words, &from[j / 4 * (count / 4) + i + 16 * (j % 4)], 16);
        sums[j] += words;
      }
    }
    for (const Words& s : sums) sum += s[0] + s[1];
  });
  if (sum == 0) std::printf("\n");
  return {1e-9 * count / copy, 1e-9 * count / read};
}

// cblas_sgemm, in one thread; the time of a product, or 0 where there is no OpenBLAS.
double sgemm(int64_t m, int64_t n, int64_t k, double budget) {
  static void* const library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (library == nullptr) return 0;
  const auto set_threads =
      reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  const auto multiply = reinterpret_cast<void (*)(int, int, int, int, int, int, float, const float*,
                                                  int, const float*, int, float, float*, int)>(
      dlsym(library, "cblas_sgemm"));
  if (set_threads == nullptr || multiply == nullptr) return 0;
  set_threads(1);
  constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
  std::vector<float> a(m * k, 0.5f), b(n * k, 0.25f), c(m * n);
  return best_time(budget, [&] {
    multiply(kRowMajor, kPlain, kTransposed, static_cast<int>(m), static_cast<int>(n),
             static_cast<int>(k), 1.0f, a.data(), static_cast<int>(k), b.data(),
             static_cast<int>(k), 0.0f, c.data(), static_cast<int>(n));
  });
}

// Casts of 64 MiB of FP32, far beyond the caches, and of what stays in them.
void convert(int32_t tier, const char* name, int32_t format, int bits, double budget, double copy) {
  for (const int64_t count : {int64_t{1} << 24, int64_t{1} << 14}) {
    const int rounds = count < 1 << 20 ? 64 : 1;
    const std::vector<uint8_t> in = elements({"", FP32, 32, 0, 0}, count);
    std::vector<uint8_t> codes = elements({"", format, bits, 0, 0}, count), out(4 * count);
    const double to = best_time(budget, [&] {
      for (int i = 0; i < rounds; i++) {
        oct_convert(tier, 1, count, 0, 1, 0, count, FP32, in.data(), 0, format, codes.data(), 0,
                    OCT_ROUND_NEAREST_EVEN, OCT_OVERFLOW_SATURATE, 0, 0);
      }
    });
    const double from = best_time(budget, [&] {
      for (int i = 0; i < rounds; i++) {
        oct_convert(tier, 1, count, 0, 1, 0, count, format, codes.data(), 0, FP32, out.data(), 0,
                    OCT_ROUND_NEAREST_EVEN, OCT_OVERFLOW_SATURATE, 0, 0);
      }
    });
    const double scale = 4e-9 * rounds * count;
    std::printf(
        "  %-14s %-6s from FP32 %6.2f GB/s of FP32 (%4.2f of copying), to FP32 %6.2f (%4.2f)\n",
        name, count < 1 << 20 ? "cached" : "", scale / to, scale / to / copy, scale / from,
        scale / from / copy);
  }
}

struct Quantized {
  const char* name;
  int32_t format, bits, scale_format;
  int64_t block_rows, block;
};

void quantize(int32_t tier, const Quantized& q, double budget, double copy) {
  for (const int64_t rows : {int64_t{4096}, int64_t{4}}) {
    const int64_t columns = 4096;
    const int rounds = rows < 100 ? 64 : 1;
    std::vector<uint8_t> in = elements({"", FP32, 32, 0, 0}, rows * columns);
    std::vector<uint8_t> codes(rows * columns * q.bits / 8), scales(rows * columns / 4);
    const int64_t scale_columns = q.block == 0 ? 1 : columns / q.block;
    const double to = best_time(budget, [&] {
      for (int i = 0; i < rounds; i++) {
        oct_quantize(tier, rows, columns, 0, rows, 0, columns, FP32, in.data(), 4 * columns,
                     q.format, codes.data(), columns * q.bits / 8, q.scale_format, scales.data(),
                     scale_columns, q.block_rows, q.block, 1.0f, OCT_SCALE_OCP_FLOOR,
                     OCT_ROUND_NEAREST_EVEN, 0, 0);
      }
    });
    const double from = best_time(budget, [&] {
      for (int i = 0; i < rounds; i++) {
        oct_dequantize(tier, rows, columns, 0, rows, 0, columns, q.format, codes.data(),
                       columns * q.bits / 8, q.scale_format, scales.data(), scale_columns,
                       q.block_rows, q.block, 1.0f, FP32, in.data(), 4 * columns);
      }
    });
    const double scale = 4e-9 * rounds * rows * columns;
    std::printf(
        "  %-14s %-6s quantize  %6.2f GB/s of FP32 (%4.2f of copying), dequantize %6.2f (%4.2f)\n",
        q.name, rows < 100 ? "cached" : "", scale / to, scale / to / copy, scale / from,
        scale / from / copy);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "avx2";
  const double budget = argc > 2 ? std::atof(argv[2]) : 0.3;
  const auto asked = [&](const char* part) {
    if (argc <= 3) return true;
    for (int i = 3; i < argc; i++) {
      if (std::strcmp(argv[i], part) == 0) return true;
    }
    return false;
  };
  const Case fp32 = {"FP32", FP32, 32, 0, 0}, bf16 = {"BF16", BF16, 16, 0, 0},
             e4m3fn = {"E4M3FN", E4M3FN, 8, 0, 0}, e4m3fn128 = {"E4M3FN/128", E4M3FN, 8, 128, FP32},
             mxfp8 = {"MXFP8", E4M3FN, 8, 32, E8M0}, mxfp4 = {"MXFP4", E2M1, 4, 32, E8M0},
             nvfp4 = {"NVFP4", E2M1, 4, 16, E4M3FN}, int8 = {"INT8_1X32", INT8, 8, 32, FP32},
             mxfp6 = {"MXFP6_E2M3", E2M3, 8, 32, E8M0};
  const Case pairs[][2] = {{mxfp4, mxfp4}, {int8, mxfp4},          {nvfp4, nvfp4}, {int8, nvfp4},
                           {mxfp6, mxfp6}, {fp32, fp32},           {bf16, bf16},   {e4m3fn, e4m3fn},
                           {mxfp8, mxfp8}, {e4m3fn128, e4m3fn128}, {fp32, bf16},   {fp32, e4m3fn},
                           {fp32, mxfp4}};
  const Bandwidth memory = bandwidth(budget);
  std::printf("copy %.1f GB/s, read %.1f GB/s\n", memory.copy, memory.read);
  for (int32_t tier = 0; tier < oct_tier_count(); tier++) {
    if (!oct_tier_supported(tier) || only != oct_tier_name(tier)) continue;
    const int64_t shapes[][3] = {{1024, 1024, 1024}, {128, 4096, 4096}};
    for (const auto& s : shapes) {
      if (!asked("gemm")) break;
      const double peer = sgemm(s[0], s[1], s[2], budget);
      std::printf("OpenBLAS sgemm   %5d x %5d x %5d  %8.1f GFLOP/s\n", (int)s[0], (int)s[1],
                  (int)s[2], peer == 0 ? 0 : 2e-9 * s[0] * s[1] * s[2] / peer);
      for (const auto& p : pairs) {
        for (bool is_packed : {false, true})
          matmul(tier, p[0], p[1], is_packed, s[0], s[1], s[2], budget, peer, memory.read);
      }
    }
    for (const int64_t m : {1, 4, 8}) {
      if (!asked("gemv")) break;
      for (const auto& p : pairs) {
        for (bool is_packed : {false, true})
          matmul(tier, p[0], p[1], is_packed, m, 4096, 4096, budget, 0, memory.read);
        if (m == 1) matmul(tier, p[0], p[1], true, m, 14336, 4096, budget, 0, memory.read);
      }
    }
    if (asked("convert")) {
      convert(tier, "BF16", BF16, 16, budget, memory.copy);
      convert(tier, "FP16", FP16, 16, budget, memory.copy);
      convert(tier, "E4M3FN", E4M3FN, 8, budget, memory.copy);
      convert(tier, "E5M2FNUZ", E5M2FNUZ, 8, budget, memory.copy);
      convert(tier, "E2M1", E2M1, 4, budget, memory.copy);
      convert(tier, "INT8", INT8, 8, budget, memory.copy);
    }
    if (asked("quantize")) {
      const Quantized styles[] = {
          {"MXFP4", E2M1, 4, E8M0, 1, 32},           {"MXFP8_E4M3", E4M3FN, 8, E8M0, 1, 32},
          {"NVFP4", E2M1, 4, E4M3FN, 1, 16},         {"INT8_1X32", INT8, 8, FP32, 1, 32},
          {"E4M3FN_1X128", E4M3FN, 8, FP32, 1, 128}, {"E4M3FN_128X128", E4M3FN, 8, FP32, 128, 128},
          {"INT8_ROW", INT8, 8, FP32, 1, 0}};
      for (const Quantized& style : styles) quantize(tier, style, budget, memory.copy);
    }
  }
  return 0;
}
