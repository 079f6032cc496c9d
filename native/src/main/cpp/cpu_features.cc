#include "cpu_features.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace octavo {

bool cpu_runs_portable() { return true; }

#if defined(__x86_64__)

namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) return {0, 0, 0, 0};
  return r;
}

constexpr bool has_all(uint64_t value, uint64_t mask) { return (value & mask) == mask; }

// The register files whose contents the operating system saves at a context switch (XCR0). A CPU
// may have vector registers that the kernel of the system, or the hypervisor, has not enabled:
// using them then raises an exception.
uint64_t saved_state() {
  constexpr uint32_t kOsxsave = 1u << 27;
  if (!has_all(cpuid(1).ecx, kOsxsave)) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

constexpr uint64_t kSseAndAvxState = 1u << 1 | 1u << 2;
constexpr uint64_t kAvx512State = kSseAndAvxState | 1u << 5 | 1u << 6 | 1u << 7;

}  // namespace

bool cpu_runs_avx2() {
  constexpr uint32_t kFma = 1u << 12, kAvx = 1u << 28, kF16c = 1u << 29;
  constexpr uint32_t kAvx2 = 1u << 5;
  return has_all(saved_state(), kSseAndAvxState) && has_all(cpuid(1).ecx, kFma | kAvx | kF16c) &&
         has_all(cpuid(7).ebx, kAvx2);
}

bool cpu_runs_avxvnni() {
  constexpr uint32_t kAvxVnni = 1u << 4;
  return cpu_runs_avx2() && cpuid(7).eax >= 1 && has_all(cpuid(7, 1).eax, kAvxVnni);
}

bool cpu_runs_avx512() {
  constexpr uint32_t kF = 1u << 16, kDq = 1u << 17, kBw = 1u << 30, kVl = 1u << 31;
  return cpu_runs_avx2() && has_all(saved_state(), kAvx512State) &&
         has_all(cpuid(7).ebx, kF | kDq | kBw | kVl);
}

bool cpu_runs_avx512vnni() {
  constexpr uint32_t kVnni = 1u << 11;
  return cpu_runs_avx512() && has_all(cpuid(7).ecx, kVnni);
}

bool cpu_runs_neon() { return false; }
bool cpu_runs_neon_dotprod() { return false; }

#else

bool cpu_runs_avx2() { return false; }
bool cpu_runs_avxvnni() { return false; }
bool cpu_runs_avx512() { return false; }
bool cpu_runs_avx512vnni() { return false; }

#if defined(__aarch64__)
bool cpu_runs_neon() { return true; }
#if defined(__linux__)
bool cpu_runs_neon_dotprod() {
  constexpr unsigned long kAsimdDotProduct = 1ul << 20;
  return (getauxval(AT_HWCAP) & kAsimdDotProduct) != 0;
}
#elif defined(__APPLE__)
bool cpu_runs_neon_dotprod() { return true; }  // every processor that macOS supports
#else
bool cpu_runs_neon_dotprod() { return false; }
#endif
#else
bool cpu_runs_neon() { return false; }
bool cpu_runs_neon_dotprod() { return false; }
#endif

#endif

}  // namespace octavo
