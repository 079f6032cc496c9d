#include "checks.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdarg>
#include <cstdio>

namespace checks {

int64_t passed = 0, failed = 0;
int64_t every = 1;

static char call[512] = "nothing was called yet";

bool check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds && failed <= 20) std::printf("FAILED: %s\n", what.c_str());
  return holds;
}

std::string text(const char* pattern, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(line, sizeof line, pattern, arguments);
  va_end(arguments);
  return line;
}

void calling(const std::string& what) {
  std::snprintf(call, sizeof call, "FAILED: reads or writes beyond its memory: %s\n", what.c_str());
}

bool is_due() {
  static int64_t turn = 0;
  return turn++ % every == 0;
}

#if !defined(__SANITIZE_ADDRESS__)
static void fault(int) {
  const ssize_t written = write(STDOUT_FILENO, call, std::strlen(call));
  _exit(written > 0 ? 1 : 2);
}
#endif

void report_faults() {
#if !defined(__SANITIZE_ADDRESS__)
  signal(SIGSEGV, fault);
  signal(SIGBUS, fault);
#endif
}

std::vector<std::pair<int32_t, Fence>> all_ways(const std::vector<int32_t>& tiers) {
  std::vector<std::pair<int32_t, Fence>> ways;
  for (int32_t tier : tiers) {
    for (Fence fence : kFences) ways.emplace_back(tier, fence);
  }
  return ways;
}

// Fences stop what steps over them; what is written elsewhere around the memory is seen.
void test_fences() {
  for (Fence fence : kFences) {
    const Fenced memory(std::vector<uint8_t>{1, 2, 3}, fence);
    check(memory.count_wrong({1, 2, 3}) == 0 && memory.count_wrong({1, 2, 4}) == 1,
          "memory with fences holds what was put there");
    volatile uint8_t* const beyond = fence == Fence::ENDS ? memory.data() + 3 : memory.data() - 1;
    const pid_t child = fork();
    if (child == 0) {
      std::fclose(stderr);
      _exit(*beyond == 0 ? 0 : 3);
    }
    int status = 0;
    check(child > 0 && waitpid(child, &status, 0) == child &&
              (WIFSIGNALED(status) || WEXITSTATUS(status) == 1),
          text("a fence stops a read (status %d)", status));
#if !defined(__SANITIZE_ADDRESS__)
    uint8_t* const around = fence == Fence::ENDS ? memory.data() - 1 : memory.data() + 3;
    *around = 0;
    check(memory.count_wrong({1, 2, 3}) == 1, "a write on the other side is seen");
#endif
  }
}

void settle_nans(const Format& f, uint8_t* row, const uint8_t* expected, int64_t columns) {
  for (int64_t k = 0; k < columns; k++) {
    const uint32_t is = definition::code_at(f, row, k);
    const uint32_t wanted = definition::code_at(f, expected, k);
    if (is != wanted && std::isnan(definition::decode(f, is)) &&
        std::isnan(definition::decode(f, wanted)))
      put(f, row, k, wanted);
  }
}

uint32_t encode(const definition::Encoder& encoder, definition::Encoder::Rounding rounding,
                bool saturate, float value, uint32_t random) {
  switch (encoder.format.kind) {
    case definition::INTEGER:
      return definition::encode_integer(encoder.format, rounding, value, random);
    case definition::POWER:
      return definition::encode_power(rounding, saturate, value, random);
    default:
      return encoder.encode(rounding, saturate, value, random);
  }
}

uint32_t to_plain(int32_t format, float value) {
  if (format == FP32) return definition::to_bits(value);
  static const definition::Encoder bf16(definition::format(BF16)), fp16(definition::format(FP16));
  return (format == BF16 ? bf16 : fp16).encode(definition::Encoder::NEAREST_EVEN, false, value, 0);
}

}  // namespace checks
