#include "retort/train/rank_discovery.h"

#include <charconv>
#include <cstdlib>

#include "retort/base/error.h"

namespace retort::train {

namespace {

struct Launcher {
  const char *rank, *world_size, *machine_count;  // names of environment variables
};

constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "GROUP_WORLD_SIZE"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_MCA_orte_num_nodes"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES"},
};

int64_t number_in(const Environment& variable, const char* name, int64_t least, int64_t most) {
  const std::string text = variable(name).value_or("");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw UserError("the environment variable `{}` must be a number from {} to {}, but is `{}`", name, least, most,
                    text);
  return number;
}

}  // namespace

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

ProcessRank discover_rank(const Environment& variable) {
  constexpr int64_t kMostProcesses = 4096, kLastPort = 65535;
  ProcessRank found;
  for (const Launcher& launcher : kLaunchers) {
    if (!variable(launcher.rank) || !variable(launcher.world_size)) continue;
    found.world_size = number_in(variable, launcher.world_size, 1, kMostProcesses);
    found.rank = number_in(variable, launcher.rank, 0, found.world_size - 1);
    if (const auto address = variable("MASTER_ADDR"))
      found.address = *address;
    else if (found.world_size > 1 && variable(launcher.machine_count).value_or("1") != "1")
      throw UserError(
          "the environment variable `MASTER_ADDR` must name the machine of rank 0, as there are several machines, "
          "but is not set");
    if (variable("MASTER_PORT")) found.port = number_in(variable, "MASTER_PORT", 1, kLastPort);
    found.launcher_keeps_store = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    found.restart_count = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
    return found;
  }
  return found;
}

}  // namespace retort::train
