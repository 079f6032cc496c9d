// What the parts of kernels_test share: counting, random numbers, encoding by the definition.
#ifndef OCTAVO_TEST_CHECKS_H
#define OCTAVO_TEST_CHECKS_H

#include <octavo.h>

#include <algorithm>
#include <cinttypes>
#include <string>
#include <utility>
#include <vector>

#include "definition.h"
#include "fenced.h"

namespace checks {

using definition::bytes_of;
using definition::Format;
using definition::put;

constexpr int32_t FP32 = 0, TF32 = 1, BF16 = 2, FP16 = 3, E5M2 = 4, E4M3 = 5, E4M3FN = 6, E2M3 = 12,
                  E2M1 = 13, E8M0 = 14, INT8 = 15;

extern int64_t passed, failed;
extern int64_t every;

// Counts, and prints the first failures.
bool check(bool holds, const std::string& what);

std::string text(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

// Says what is called next: printed if it touches memory that is not its own.
void calling(const std::string& what);

// Whether it is the turn of a case: of so many of them (kernels_test --every) one is run.
bool is_due();

// Makes such a call end the program with calling()'s text. The sanitizers do so themselves.
void report_faults();

struct Random {
  uint64_t state;
  uint64_t next() {  // splitmix64
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(next() % static_cast<uint64_t>(bound));
  }
};

inline bool same(float x, float y) {
  return definition::to_bits(x) == definition::to_bits(y) || (std::isnan(x) && std::isnan(y));
}

// Every tier with every fence.
std::vector<std::pair<int32_t, Fence>> all_ways(const std::vector<int32_t>& tiers);

// Makes codes that should be NaN the expected ones if they are NaN: payloads are free.
void settle_nans(const Format& f, uint8_t* row, const uint8_t* expected, int64_t columns);

constexpr definition::Encoder::Rounding kRoundings[] = {definition::Encoder::NEAREST_EVEN,
                                                        definition::Encoder::TOWARD_ZERO,
                                                        definition::Encoder::STOCHASTIC};

uint32_t encode(const definition::Encoder& encoder, definition::Encoder::Rounding rounding,
                bool saturate, float value, uint32_t random);

// A number as FP32, BF16 or FP16, to nearest even.
uint32_t to_plain(int32_t format, float value);

// The parts.
void test_fences();
void test_refusals(int32_t tier);
void test_conversions(int32_t tier, const std::vector<definition::Encoder>& encoders, uint64_t seed,
                      bool all);
void test_quantizations(const std::vector<int32_t>& tiers,
                        const std::vector<definition::Encoder>& encoders, Random random);
void test_activations(const std::vector<int32_t>& tiers, Random random);
void test_matmuls(const std::vector<int32_t>& tiers, Random random);

}  // namespace checks

#endif  // OCTAVO_TEST_CHECKS_H
