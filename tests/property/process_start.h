// Several processes that train one model, started as a launcher starts them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/program.h"

namespace retort::program {

int free_port();

// Starts the command `words` as `count` ranks.
std::vector<std::unique_ptr<Process>> start(const Words& words, int count);
std::vector<Outcome> wait_for(std::vector<std::unique_ptr<Process>>& processes);
// Exit codes and messages of all.
std::string errors_of(const std::vector<Outcome>& outcomes);

// All weights of a model folder.
std::vector<float> weights_of(const fs::path& folder);
// ||a - b|| / ||b - start||: the difference relative to the change that training made.
double relative_difference(const fs::path& a, const fs::path& b, const fs::path& start);

// Returns when the run has its first checkpoint.
void wait_for_first_checkpoint(const fs::path& output_dir);

}  // namespace retort::program
