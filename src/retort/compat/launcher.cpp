#include "retort/compat/launcher.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "retort/base/error.h"

namespace retort::compat {

namespace {

using Words = std::vector<std::string>;

std::string file_name(const std::string& word) { return std::filesystem::path(word).filename().string(); }

bool is_program(const std::string& word) {
  return !word.starts_with('-') && word.find('=') == word.npos && (word.ends_with(".py") || word.ends_with(".sh"));
}

int64_t whole_number(const std::string& option, const std::string& word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number < 1)
    throw UserError("`{}` must be followed by a number of processes or machines, but by `{}`", option, word);
  return number;
}

// The value of a launcher option in any of its spellings, such as `--name=4`, `--name 4` or `-n 4`; 1 without it.
int64_t count_of(const Words& words, const std::vector<std::string>& names) {
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i].substr(0, words[i].find('='));
    std::replace(word.begin() + static_cast<int64_t>(std::min<size_t>(2, word.size())), word.end(), '-', '_');
    if (std::find(names.begin(), names.end(), word) == names.end()) continue;
    const size_t equals = words[i].find('=');
    const std::string value = equals != std::string::npos ? words[i].substr(equals + 1)
                              : i + 1 < words.size()      ? words[i + 1]
                                                          : "";
    return whole_number(words[i].substr(0, equals), value);
  }
  return 1;
}

bool is_interpreter(const std::string& word) {
  const std::string name = file_name(word);
  return name.starts_with("python") || word == "$PYTHON" || name == "bash" || name == "sh" || name == "env" ||
         name == "time" || name == "nohup";
}

std::string launcher_of(const std::string& word) {
  const std::string name = file_name(word);
  if (word == "torch.distributed.launch" || word == "torch.distributed.run") return word;
  return name == "torchrun" || name == "mpirun" || name == "mpiexec" || name == "srun" ? name : "";
}

// A setting of the environment: NAME=value.
bool is_assignment(const std::string& word) {
  const size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 && !word.starts_with('-');
}

// Checks the words before the launcher, or before the program when there is no launcher.
void check_prefix(const Words& words) {
  for (const std::string& word : words)
    if (!is_interpreter(word) && !is_assignment(word) && !word.starts_with('-'))
      throw UserError(
          "`{}` must be an interpreter or a launcher (python, torchrun, mpirun, srun) in front of the program, but is "
          "not known; leave it out",
          word);
}

std::string variable(std::initializer_list<const char*> names) {
  for (const char* const name : names)
    if (const char* const value = std::getenv(name)) return value;
  return "";
}

}  // namespace

LaunchedLine read_launched_line(const Words& words) {
  const auto program = std::find_if(words.begin(), words.end(), is_program);
  if (program == words.end())
    throw UserError(
        "`retort compat` must be followed by a published program, whose name ends in .py or .sh, but is not; see "
        "`retort compat --help`");
  LaunchedLine line{.program = file_name(*program), .arguments = {program + 1, words.end()}};
  const Words before(words.begin(), program);
  const auto launcher =
      std::find_if(before.begin(), before.end(), [](const auto& w) { return !launcher_of(w).empty(); });
  check_prefix({before.begin(), launcher});
  if (launcher == before.end()) return line;
  line.launcher = launcher_of(*launcher);
  const Words options(launcher + 1, before.end());
  line.machines = count_of(options, {"--nnodes"});
  line.processes = line.machines * count_of(options, {"--nproc_per_node", "-n", "-np", "--n", "--np", "--ntasks"});
  return line;
}

int64_t started_processes() {
  const std::string count = variable({"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PMI_SIZE"});
  return count.empty() ? 1 : whole_number("WORLD_SIZE", count);
}

bool is_first_process() {
  const std::string rank = variable({"RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID", "PMI_RANK"});
  return rank.empty() || rank == "0";
}

}  // namespace retort::compat
