#include "retort/cli/command.h"

#include "retort/train/rank_discovery.h"

namespace retort::cli {

bool is_first_process() { return train::discover_rank().rank == 0; }

}  // namespace retort::cli
