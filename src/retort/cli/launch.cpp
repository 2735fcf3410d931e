#include "retort/cli/launch.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "retort/base/error.h"

namespace retort::cli {

namespace {

constexpr int64_t kDefaultPort = 29500;

// A port that is free now.
int64_t free_local_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool is_bound = handle >= 0 && ::bind(handle, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                        ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (handle >= 0) ::close(handle);
  return is_bound ? ntohs(address.sin_port) : kDefaultPort;
}

// The number of leading words that are flags of `launch`; each takes a value.
size_t count_flag_words(const std::vector<std::string>& words) {
  size_t count = 0;
  while (count < words.size() && words[count].starts_with('-') && words[count] != "--")
    count += words[count].find('=') == std::string::npos ? 2 : 1;
  return std::min(count, words.size());
}

}  // namespace

void LaunchConfig::fields(FieldList& list) {
  list.add("processes", processes,
           {.help = "Processes on this machine; -n N is the same.",
            .min = 1,
            .max = 4096,
            .aliases = {"nproc_per_node", "n", "np"}});
  list.add("nnodes", nnodes, {.help = "Machines; start the same line on each.", .min = 1, .max = 4096});
  list.add("node_rank", node_rank, {.help = "Number of this machine, from 0.", .min = 0, .max = 4095});
  list.add("master_addr", master_addr, {.help = "Address of machine 0; empty: this one."});
  list.add("master_port", master_port,
           {.help = "Port of rank 0; 0: a free one, or 29500 with several machines.", .min = 0, .max = 65535});
}

LaunchConfig parse_launch(const std::vector<std::string>& words, const train::Environment& variable) {
  LaunchConfig config;
  FieldList list;
  config.fields(list);
  const size_t count = count_flag_words(words);
  std::vector<std::string> flags(words.begin(), words.begin() + static_cast<ptrdiff_t>(count));
  for (std::string& flag : flags)
    if (flag == "-n" || flag == "-np") flag = "--processes";
  const auto take = [&](const char* flag, const std::optional<std::string>& value) {
    if (value && !value->empty()) flags.insert(flags.begin(), {std::string("--") + flag, *value});
  };
  const std::optional<std::string> addresses = variable("MULTI_HLS_IPS");
  if (addresses) {
    take("nnodes", std::to_string(1 + std::count(addresses->begin(), addresses->end(), ',')));
    take("master_addr", addresses->substr(0, addresses->find(',')));
  }
  take("nnodes", variable("N_NODES")), take("node_rank", variable("NODE_RANK"));
  take("master_addr", variable("MASTER_ADDR")), take("master_port", variable("MASTER_PORT"));
  parse_flags(list, flags);
  config.command.assign(words.begin() + static_cast<ptrdiff_t>(count), words.end());
  if (!config.command.empty() && config.command.front() == "--") config.command.erase(config.command.begin());
  if (config.command.empty())
    throw UserError("`retort launch -n {}` must be followed by a command of retort, but is not; for example `pretrain`",
                    config.processes);
  if (config.node_rank >= config.nnodes)
    throw UserError("`node_rank` must be 0 to {}, as there are {} machines, but is {}", config.nnodes - 1,
                    config.nnodes, config.node_rank);
  if (config.nnodes > 1 && config.master_addr.empty())
    throw UserError("`master_addr` must name machine 0, as there are {} machines, but is missing", config.nnodes);
  return config;
}

std::vector<LaunchedProcess> launched_processes(const LaunchConfig& config, const std::string& program) {
  const std::string port = std::to_string(config.master_port > 0 ? config.master_port
                                          : config.nnodes > 1    ? kDefaultPort
                                                                 : free_local_port());
  std::vector<LaunchedProcess> processes;
  for (int64_t local = 0; local < config.processes; ++local) {
    const int64_t rank = config.node_rank * config.processes + local;
    LaunchedProcess process{
        .words = {program},
        .environment = {{"RANK", std::to_string(rank)},
                        {"WORLD_SIZE", std::to_string(config.nnodes * config.processes)},
                        {"LOCAL_RANK", std::to_string(local)},
                        {"LOCAL_WORLD_SIZE", std::to_string(config.processes)},
                        {"GROUP_RANK", std::to_string(config.node_rank)},
                        {"GROUP_WORLD_SIZE", std::to_string(config.nnodes)},
                        {"MASTER_ADDR", config.master_addr.empty() ? "127.0.0.1" : config.master_addr},
                        {"MASTER_PORT", port}},
        .name = "rank " + std::to_string(rank)};
    process.words.insert(process.words.end(), config.command.begin(), config.command.end());
    processes.push_back(std::move(process));
  }
  return processes;
}

int run_launch(const std::vector<std::string>& arguments) {
  const LaunchConfig config = parse_launch(arguments);
  return run_launched(launched_processes(config, std::filesystem::read_symlink("/proc/self/exe").string()));
}

}  // namespace retort::cli
