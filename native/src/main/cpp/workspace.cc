#include "workspace.h"

#include <stdlib.h>

namespace octavo {

namespace {

constexpr size_t kAlignment = 64;

struct ThreadMemory {
  void* address = nullptr;
  size_t bytes = 0;
  ~ThreadMemory() { free(address); }
};

thread_local ThreadMemory memory;

}  // namespace

void* thread_workspace(size_t bytes) {
  if (bytes <= memory.bytes) return memory.address;
  free(memory.address);
  memory.address = nullptr;
  memory.bytes = 0;
  if (bytes > static_cast<size_t>(-1) - kAlignment) return nullptr;
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  memory.address = aligned_alloc(kAlignment, rounded);
  if (memory.address != nullptr) memory.bytes = rounded;
  return memory.address;
}

}  // namespace octavo
