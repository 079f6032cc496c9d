// Memory between two pages that nothing may touch: whoever reads or writes one byte too far dies.
//
// Mappings are whole pages, so that a fence is exact on one side only: ENDS puts the last byte
// directly before one, STARTS the first byte directly behind one. Tests do everything with both.
// The rest of the pages holds a pattern that is_intact() looks for; under the address sanitizer it
// may not be read either.
#ifndef OCTAVO_TEST_FENCED_H
#define OCTAVO_TEST_FENCED_H

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define OCTAVO_POISON(from, size) ASAN_POISON_MEMORY_REGION(from, size)
#define OCTAVO_UNPOISON(from, size) ASAN_UNPOISON_MEMORY_REGION(from, size)
#else
#define OCTAVO_POISON(from, size) static_cast<void>(0)
#define OCTAVO_UNPOISON(from, size) static_cast<void>(0)
#endif

namespace checks {

enum class Fence { ENDS, STARTS };
constexpr Fence kFences[] = {Fence::ENDS, Fence::STARTS};

class Fenced {
 public:
  static constexpr uint8_t kPattern = 0xA5;

  // So many bytes of the pattern.
  Fenced(int64_t bytes, Fence fence) : bytes_(static_cast<size_t>(bytes)) {
    static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    inner_ = (bytes_ + page - 1) / page * page;
    mapped_ = inner_ + 2 * page;
    void* const all =
        mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) fail();
    all_ = static_cast<uint8_t*>(all);
    first_ = all_ + page;
    if (inner_ > 0 && mprotect(first_, inner_, PROT_READ | PROT_WRITE) != 0) fail();
    std::memset(first_, kPattern, inner_);
    data_ = fence == Fence::ENDS ? first_ + inner_ - bytes_ : first_;
    OCTAVO_POISON(first_, static_cast<size_t>(data_ - first_));
    OCTAVO_POISON(data_ + bytes_, static_cast<size_t>(first_ + inner_ - data_ - bytes_));
  }

  Fenced(const std::vector<uint8_t>& contents, Fence fence)
      : Fenced(static_cast<int64_t>(contents.size()), fence) {
    if (!contents.empty()) std::memcpy(data_, contents.data(), contents.size());
  }

  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;

  ~Fenced() {
    OCTAVO_UNPOISON(first_, inner_);
    munmap(all_, mapped_);
  }

  uint8_t* data() const { return data_; }
  size_t size() const { return bytes_; }
  uint8_t& operator[](int64_t i) const { return data_[i]; }

  // Bytes that differ from expected ones, or, around them, from the pattern.
  int64_t count_wrong(const std::vector<uint8_t>& expected) const {
    OCTAVO_UNPOISON(first_, inner_);
    int64_t wrong = bytes_ == expected.size() ? 0 : 1;
    for (size_t i = 0; i < bytes_ && i < expected.size(); i++) wrong += data_[i] != expected[i];
    for (const uint8_t* at = first_; at < first_ + inner_; at++) {
      if (at < data_ || at >= data_ + bytes_) wrong += *at != kPattern;
    }
    OCTAVO_POISON(first_, static_cast<size_t>(data_ - first_));
    OCTAVO_POISON(data_ + bytes_, static_cast<size_t>(first_ + inner_ - data_ - bytes_));
    return wrong;
  }

 private:
  [[noreturn]] static void fail() {
    std::perror("kernels_test: memory with fences");
    std::exit(2);
  }

  size_t bytes_, inner_, mapped_;
  uint8_t *all_, *first_, *data_;
};

}  // namespace checks

#endif  // OCTAVO_TEST_FENCED_H
