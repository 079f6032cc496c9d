// Scratch memory of a kernel call.
#ifndef OCTAVO_WORKSPACE_H
#define OCTAVO_WORKSPACE_H

#include <stddef.h>

namespace octavo {

// At least `bytes` bytes at a multiple of 64, or NULL when there are none. They belong to the
// calling thread, are kept for its next call and freed when it ends; a second call on the same
// thread gives the same memory again.
void* thread_workspace(size_t bytes);

}  // namespace octavo

#endif  // OCTAVO_WORKSPACE_H
