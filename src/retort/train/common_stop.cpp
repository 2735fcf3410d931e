#include "retort/train/common_stop.h"

namespace retort::train {

int common_stop(const ProcessGroup& group, StopSignal& stop) {
  stop.adopt(static_cast<int>(group.all_reduce_max(stop.requested())));
  return stop.requested();
}

}  // namespace retort::train
