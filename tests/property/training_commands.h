// Short runs of all commands that train, on the tiny world.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "cli/program.h"

namespace retort::program {

struct TrainingCommand {
  std::string name;
  // The command with a few steps, each logged.
  Words (*words)(const fs::path& output_dir);
  std::vector<std::string> files;  // what it leaves in the folder and depends on what it computed
  int64_t uploads_a_step = 1;      // one for each micro-batch, and one for what a teacher adds

  friend void PrintTo(const TrainingCommand& command, std::ostream* out) { *out << command.name; }
};

// All of them, and those of these names.
const std::vector<TrainingCommand>& training_commands();
std::vector<TrainingCommand> training_commands(const std::vector<std::string>& names);

}  // namespace retort::program
