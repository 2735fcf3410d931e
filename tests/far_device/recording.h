// Operations that are recorded while a graph of the far device is being recorded.
#pragma once

#include <functional>
#include <memory>

#include "far_device/far_device.h"
#include "retort/kernel/device_library.h"

namespace retort::far_device {

std::unique_ptr<kernel::RecordedGraph> make_graph();
bool is_recording();
void record(std::function<void()> operation);  // an operation that has just run

// Counts a read or an upload, and throws while a graph is being recorded: it would not happen at a replay.
void count_read(const char* operation);
void count_upload(const char* operation);
void count_operation();
Counts counts();
void reset_counts();

}  // namespace retort::far_device
