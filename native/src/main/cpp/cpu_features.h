// Whether this CPU, under this operating system, can run a tier. Nothing here is compiled for more
// than the baseline.
#ifndef OCTAVO_CPU_FEATURES_H
#define OCTAVO_CPU_FEATURES_H

#include "tier_list.h"

namespace octavo {

#define OCT_DECLARE(tier) bool cpu_runs_##tier();
#define OCT_DECLARE_DERIVED(tier, base) OCT_DECLARE(tier)
OCT_TIER_LIST(OCT_DECLARE, OCT_DECLARE_DERIVED, OCT_DECLARE)
#undef OCT_DECLARE
#undef OCT_DECLARE_DERIVED

}  // namespace octavo

#endif  // OCTAVO_CPU_FEATURES_H
