// Conformance of the native kernels: every tier that this machine can run against the definition,
// bit for bit.
//
//   kernels_test            all of it but the next
//   kernels_test --all      also every FP32 value through every conversion: minutes
//   kernels_test --seed=N   other random values; the seed is printed
//   kernels_test --every=N  one of so many cases, for emulated machines
//   kernels_test --tier=T   only this tier, which the machine must have
//
// Every output and input lies between pages that nothing may touch, once so that it ends at one
// and once so that it starts at one: fenced.h.
#include <cstring>

#include "checks.h"

namespace {

using namespace checks;

std::vector<int32_t> runnable_tiers() {
  std::vector<int32_t> tiers;
  for (int32_t tier = 0; tier < oct_tier_count(); tier++) {
    std::printf("tier %-10s %s\n", oct_tier_name(tier),
                oct_tier_supported(tier)  ? "runs here"
                : oct_tier_compiled(tier) ? "compiled, this CPU cannot run it"
                                          : "not compiled");
    if (oct_tier_supported(tier)) tiers.push_back(tier);
  }
  return tiers;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t seed = 20240229;
  bool all = false;
  std::string only;
  for (int i = 1; i < argc; i++) {
    const std::string argument = argv[i];
    if (argument == "--all") {
      all = true;
    } else if (argument.rfind("--seed=", 0) == 0) {
      seed = std::strtoull(argv[i] + 7, nullptr, 10);
    } else if (argument.rfind("--every=", 0) == 0 && std::atoll(argv[i] + 8) > 0) {
      every = std::atoll(argv[i] + 8);
    } else if (argument.rfind("--tier=", 0) == 0) {
      only = argument.substr(7);
    } else {
      std::fprintf(stderr, "usage: kernels_test [--all] [--seed=N] [--every=N] [--tier=T]\n");
      return 2;
    }
  }
  std::printf("octavo %s, ABI %d, seed %" PRIu64 "\n", oct_version(), oct_abi_version(), seed);
  check(oct_abi_version() == OCT_ABI_VERSION, "the library has the version of its header");
  check(oct_tier_name(-1) == nullptr && oct_tier_name(oct_tier_count()) == nullptr,
        "there are no other tiers");
  std::vector<int32_t> tiers = runnable_tiers();
  check(!tiers.empty() && tiers[0] == 0, "the portable tier always runs");
  if (!only.empty()) {
    tiers.erase(std::remove_if(tiers.begin(), tiers.end(),
                               [&](int32_t tier) { return only != oct_tier_name(tier); }),
                tiers.end());
    check(!tiers.empty(), "this machine runs the tier " + only);
  }

  std::vector<definition::Encoder> encoders;
  for (const Format& f : definition::kFormats) {
    if (f.id != FP32) encoders.emplace_back(f);
  }
  test_fences();
  report_faults();
  for (int32_t tier : tiers) {
    test_refusals(tier);
    test_conversions(tier, encoders, seed, all);
  }
  test_quantizations(tiers, encoders, {seed});
  test_activations(tiers, {seed});
  test_matmuls(tiers, {seed});
  std::printf("%" PRId64 " passed, %" PRId64 " failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
