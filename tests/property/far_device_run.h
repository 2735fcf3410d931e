// Commands that run on the far device (tests/far_device), and the same with the tensor expressions of the processor,
// whose bits the far device has.
#pragma once

#include <string>

#include "cli/program.h"

namespace retort::program {

inline const Words kFar{"--device", "privateuseone:0"}, kNear{"--device", "cpu", "--kernels", "reference"};

// The variable that names the far device's library.
Limits far_library();
Outcome run_far(const Words& words, const std::string& input = "");
Outcome run_near(const Words& words, const std::string& input = "");

struct Exchanges {
  int64_t reads = 0, uploads = 0;  // between the processor and the far device
};
// What the command exchanges in all, from its start to its end.
Exchanges count_exchanges(const Words& words);

// The numbers of the last line of output that do not depend on the time that the command took.
Json scores_of(const Outcome& outcome);

// Expects equal bytes of a file of two folders, and that there is one.
void expect_same_file(const fs::path& a, const fs::path& b, const std::string& name);

// The values of `key` in the events of train_log.jsonl that have it.
std::vector<double> logged(const fs::path& output_dir, const std::string& key);

}  // namespace retort::program
