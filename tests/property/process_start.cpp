// See process_start.h.
#include "property/process_start.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "retort/checkpoint/weights.h"

namespace retort::program {

// Test programs that run at the same time have neighboring process ids: each gets 16 ports, below the system's
// ephemeral range.
int free_port() {
  static int next = 20000 + static_cast<int>(::getpid() % 750) * 16;
  return next++;
}

std::vector<std::unique_ptr<Process>> start(const Words& words, int count) {
  const std::string port = std::to_string(free_port());
  std::vector<std::unique_ptr<Process>> processes;
  for (int rank = 0; rank < count; ++rank)
    processes.push_back(std::make_unique<Process>(words, "",
                                                  Limits{.environment = {{"RANK", std::to_string(rank)},
                                                                         {"WORLD_SIZE", std::to_string(count)},
                                                                         {"MASTER_ADDR", "127.0.0.1"},
                                                                         {"MASTER_PORT", port}}}));
  return processes;
}

std::vector<Outcome> wait_for(std::vector<std::unique_ptr<Process>>& processes) {
  std::vector<Outcome> outcomes;
  for (auto& process : processes) outcomes.push_back(process->wait());
  return outcomes;
}

std::vector<float> weights_of(const fs::path& folder) {
  std::vector<float> all;
  const auto files = checkpoint::open_weights(folder);
  for (const auto& tensor : files.tensors()) {
    int64_t count = 1;
    for (const int64_t length : tensor.shape) count *= length;
    std::vector<float> values(static_cast<size_t>(count));
    checkpoint::to_float32(tensor, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

double relative_difference(const fs::path& a, const fs::path& b, const fs::path& start) {
  const auto x = weights_of(a), y = weights_of(b), z = weights_of(start);
  double difference = 0, way = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference += std::pow(x[i] - y.at(i), 2);
    way += std::pow(y[i] - z.at(i), 2);
  }
  return std::sqrt(difference / way);
}

std::string errors_of(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) text += fmt::format("exit {}:\n{}\n", outcome.exit_code, outcome.errors);
  return text;
}

void wait_for_first_checkpoint(const fs::path& output_dir) {
  for (int tries = 0; tries < 20000; ++tries) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(output_dir, ignored))
      if (entry.path().filename().string().starts_with("checkpoint-")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  FAIL() << "no checkpoint in " << output_dir;
}

}  // namespace retort::program
