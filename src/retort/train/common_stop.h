// Signals that one of several processes received: all stop at the same place.
#pragma once

#include "retort/train/process_group.h"
#include "retort/train/stop_signal.h"

namespace retort::train {

// The number of the signal that this process received, else of one that another received, else 0; the same on all
// ranks when none received two. All ranks call it.
int common_stop(const ProcessGroup& group, StopSignal& stop);

}  // namespace retort::train
