// CUDA graphs: a sequence of kernels that one call launches.
#pragma once

#include <memory>

#include "retort/kernel/device_library.h"

namespace retort::kernel::cuda {

// A graph of the current device. All graphs take their memory from one pool, so what is alive between replays must be
// held by tensors that live as long as the graph. Operations are recorded in a stream of their own; other threads may
// go on allocating and copying meanwhile.
std::unique_ptr<RecordedGraph> make_recorded_graph();

}  // namespace retort::kernel::cuda
