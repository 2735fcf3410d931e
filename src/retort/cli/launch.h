// `retort launch -n N COMMAND ...`: starts a command of retort as N processes of this machine that train one model.
#pragma once

#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/cli/launched_processes.h"
#include "retort/train/rank_discovery.h"

namespace retort::cli {

struct LaunchConfig {
  int64_t processes = 1;    // on this machine
  int64_t nnodes = 1;       // machines
  int64_t node_rank = 0;    // of this machine
  std::string master_addr;  // of machine 0; empty: this one
  int64_t master_port = 0;  // 0: a free one, or 29500 with several machines
  std::vector<std::string> command;

  void fields(FieldList& list);
};

// Reads the words after `launch`: flags up to the first word that is none, then the command. Where no flag says
// otherwise, machines come from the variables N_NODES, NODE_RANK, MASTER_ADDR and MULTI_HLS_IPS. Throws UserError.
LaunchConfig parse_launch(const std::vector<std::string>& words,
                          const train::Environment& variable = train::environment_variable);

// The processes of this machine: `program` with the command, and ranks as torchrun gives them.
std::vector<LaunchedProcess> launched_processes(const LaunchConfig& config, const std::string& program);

int run_launch(const std::vector<std::string>& arguments);

}  // namespace retort::cli
