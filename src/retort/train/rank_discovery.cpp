#include "retort/train/rank_discovery.h"

#include <charconv>
#include <cstdlib>

#include "retort/base/error.h"

namespace retort::train {

namespace {

struct Launcher {
  const char *rank, *world_size, *machine_count;  // names of environment variables
};

constexpr int64_t kMostProcesses = 4096, kLastPort = 65535;

constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "GROUP_WORLD_SIZE"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_MCA_orte_num_nodes"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES"},
    {"PMI_RANK", "PMI_SIZE", "HYDRA_NUM_NODES"},
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

// The scripts of DistilBERT's pre-training (Sanh et al. 2019) count machines and processes of each: the numbers must
// agree with rank and world size where these are set, and give them where they are not.
void apply_nodes(const Environment& variable, ProcessRank& found) {
  const bool has_all = variable("N_NODES") && variable("N_GPU_NODE") && variable("NODE_RANK");
  if (!has_all) return;
  const int64_t nodes = number_in(variable, "N_NODES", 1, kMostProcesses);
  const int64_t per_node = number_in(variable, "N_GPU_NODE", 1, kMostProcesses);
  const int64_t node = number_in(variable, "NODE_RANK", 0, nodes - 1);
  if (found.is_launched) {
    if (found.world_size != nodes * per_node)
      throw UserError(
          "the environment variables `N_NODES` and `N_GPU_NODE` must give the {} processes of the launcher, but "
          "are {} and {}",
          found.world_size, nodes, per_node);
    if (found.rank / per_node != node)
      throw UserError(
          "the environment variable `NODE_RANK` must be {} for rank {} with {} processes a machine, but is {}",
          found.rank / per_node, found.rank, per_node, node);
    return;
  }
  if (!variable("LOCAL_RANK")) return;
  found.world_size = nodes * per_node;
  found.rank = node * per_node + number_in(variable, "LOCAL_RANK", 0, per_node - 1);
  found.is_launched = true;
}

// MASTER_ADDR, else the first address of MULTI_HLS_IPS, which lists all machines.
std::optional<std::string> maybe_address(const Environment& variable) {
  if (const auto address = variable("MASTER_ADDR")) return address;
  const auto all = variable("MULTI_HLS_IPS");
  return all ? std::optional(all->substr(0, all->find(','))) : std::nullopt;
}

}  // namespace

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

ProcessRank discover_rank(const Environment& variable) {
  ProcessRank found;
  std::string machines = variable("N_NODES").value_or("1");
  for (const Launcher& launcher : kLaunchers) {
    if (!variable(launcher.rank) || !variable(launcher.world_size)) continue;
    found.world_size = number_in(variable, launcher.world_size, 1, kMostProcesses);
    found.rank = number_in(variable, launcher.rank, 0, found.world_size - 1);
    found.is_launched = true;
    machines = variable(launcher.machine_count).value_or(machines);
    break;
  }
  apply_nodes(variable, found);
  if (!found.is_launched) return found;
  if (const auto address = maybe_address(variable))
    found.address = *address;
  else if (found.world_size > 1 && machines != "1")
    throw UserError(
        "the environment variable `MASTER_ADDR` must name the machine of rank 0, as there are several machines, "
        "but is not set");
  if (variable("MASTER_PORT")) found.port = number_in(variable, "MASTER_PORT", 1, kLastPort);
  found.launcher_keeps_store = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
  found.restart_count = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
  return found;
}

}  // namespace retort::train
