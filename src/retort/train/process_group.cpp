// A collective waits in short intervals, and between them asks for a rank without heartbeats (heartbeat.h). Gloo itself
// notices a process that has died, by its closed connections, but not one that hangs, and names neither.
#include "retort/train/process_group.h"

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/system.h"
#include "retort/train/device_traffic.h"
#include "retort/train/heartbeat.h"
#include "retort/train/wall_clock.h"

namespace retort::train {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kWaitInterval{200};

milliseconds to_milliseconds(double seconds) { return milliseconds(static_cast<int64_t>(seconds * 1000)); }

// The CPUs that this process may run on, as text.
std::string cpu_mask() {
  std::array<unsigned char, 1024> mask = {};
  ::sched_getaffinity(0, mask.size(), reinterpret_cast<cpu_set_t*>(mask.data()));
  std::string text;
  for (const unsigned char byte : mask) text += fmt::format("{:02x}", byte);
  return text;
}

std::string first_line(const std::exception& failure) {
  const std::string text = failure.what();
  return text.substr(0, text.find('\n'));
}

// Opens a new connection to the store. Its keys have the restart count as prefix, so that a restarted run does not see
// the keys of the attempt before in a store that the launcher keeps.
c10::intrusive_ptr<c10d::Store> connect(const ProcessRank& own, bool is_server, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(own.port);
  options.isServer = is_server;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::PrefixStore>("retort/" + own.restart_count,
                                                  c10::make_intrusive<c10d::TCPStore>(own.address, options));
  } catch (const std::exception& failure) {
    if (is_server)
      throw UserError("`MASTER_PORT` must be a free port of this machine, but {} is not: {}", own.port,
                      first_line(failure));
    throw UserError("rank 0 must answer at {}:{} (MASTER_ADDR, MASTER_PORT), but does not: {}", own.address, own.port,
                    first_line(failure));
  }
}

std::string name_key(int64_t rank) { return fmt::format("name/{}", rank); }

// Opens the network interface that GLOO_SOCKET_IFNAME names, as torch does.
std::shared_ptr<gloo::transport::Device> make_device() {
  const auto interface = environment_variable("GLOO_SOCKET_IFNAME");
  try {
    return interface ? c10d::ProcessGroupGloo::createDeviceForInterface(*interface)
                     : c10d::ProcessGroupGloo::createDefaultDevice();
  } catch (const std::exception& failure) {
    throw UserError("`GLOO_SOCKET_IFNAME` must name a network interface of this machine, but is {}: {}",
                    interface ? fmt::format("`{}`", *interface) : "not set and the default one cannot be used",
                    first_line(failure));
  }
}

}  // namespace

namespace {

struct GlooCollective final : StartedCollective {
  c10::intrusive_ptr<c10d::Work> work;
  double start = steady_seconds_now();
  std::shared_ptr<std::atomic<double>> end = std::make_shared<std::atomic<double>>(0);

  explicit GlooCollective(c10::intrusive_ptr<c10d::Work> started) : work(std::move(started)) {
    work->getFuture()->addCallback([end = end](c10::ivalue::Future&) { end->store(steady_seconds_now()); });
  }
  double start_seconds() const override { return start; }
  double end_seconds() const override { return end->load(); }
};

}  // namespace

struct ProcessGroup::Connection {
  ProcessRank own;
  milliseconds timeout;
  c10::intrusive_ptr<c10d::Store> store;
  std::vector<std::string> names = {};  // host and process id, by rank
  std::unique_ptr<HeartbeatMonitor> monitor = {};
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo = {};
  bool has_failed_rank = false;

  Connection(const ProcessRank& rank, double timeout_seconds)
      : own(rank),
        timeout(to_milliseconds(timeout_seconds)),
        store(connect(rank, rank.rank == 0 && !rank.launcher_keeps_store, timeout)) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(make_device());
    try {
      store->set(name_key(own.rank), fmt::format("{}, pid {}", maybe_host_name().value_or("unknown"), ::getpid()));
      wait_for_names();
      monitor = std::make_unique<HeartbeatMonitor>(own, timeout, connect(own, false, timeout));
      gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(own.rank),
                                                         static_cast<int>(own.world_size), options);
    } catch (const UserError&) {
      throw;
    } catch (const std::exception& failure) {
      throw ProcessLostError("the {} processes could not connect: {}; start all of them again", own.world_size,
                             first_line(failure));
    }
    gloo->setTimeout(std::chrono::hours(24 * 365));  // the heartbeats decide what is too long
  }

  ~Connection() {
    // Their threads wait for a rank that will never answer.
    if (has_failed_rank) static_cast<void>(gloo.release()), static_cast<void>(monitor.release());
  }

  // The rendezvous: each rank writes its name and waits for those of all others.
  void wait_for_names() {
    const auto begin = Clock::now();
    std::vector<int64_t> missing;
    do {
      missing.clear();
      for (int64_t rank = 0; rank < own.world_size; ++rank)
        if (!store->check({name_key(rank)})) missing.push_back(rank);
      if (!missing.empty()) std::this_thread::sleep_for(milliseconds(20));
    } while (!missing.empty() && Clock::now() - begin < timeout);
    if (!missing.empty())
      throw UserError(
          "{} processes must connect to {}:{}, but {} did not within {} s; start as many as WORLD_SIZE says",
          own.world_size, own.address, own.port, fmt::format("rank {}", fmt::join(missing, ", rank ")),
          timeout.count() / 1000);
    for (int64_t rank = 0; rank < own.world_size; ++rank) names.push_back(store->get_to_str(name_key(rank)));
  }

  void wait_for(const c10::intrusive_ptr<c10d::Work>& work) {
    while (true) {
      std::string failure;
      try {
        work->wait(kWaitInterval);
        return;
      } catch (const std::exception& error) {
        failure = first_line(error);
      }
      if (work->isCompleted()) {
        if (work->isSuccess()) return;  // it finished just after the wait
        throw_broken(failure);
      }
      if (const FailedRank failed = monitor->find_failed_rank(timeout); failed.rank >= 0) throw_failed(failed);
    }
  }

  // A connection broke: the heartbeats of the rank at its other end stop soon, which tells its number.
  [[noreturn]] void throw_broken(const std::string& failure) {
    const auto begin = Clock::now();
    const milliseconds soon = std::min(timeout, 3 * kHeartbeatInterval);
    while (Clock::now() - begin < 3 * soon) {
      if (const FailedRank failed = monitor->find_failed_rank(soon); failed.rank >= 0) throw_failed(failed);
      std::this_thread::sleep_for(kWaitInterval);
    }
    has_failed_rank = true;
    throw ProcessLostError("the connection between the {} processes broke: {}", own.world_size, failure);
  }

  [[noreturn]] void throw_failed(const FailedRank& failed) {
    has_failed_rank = true;
    report(failed);
    throw ProcessLostError("rank {} of {} ({}) failed: {}", failed.rank, own.world_size, names.at(failed.rank),
                           failed.reason);
  }

  // Tells the other ranks, so that all name the same one. Rank 0 keeps the store and stays until they have polled it.
  void report(const FailedRank& failed) {
    if (failed.rank == 0 && !own.launcher_keeps_store) return;  // the store would never answer
    try {
      report_failed_rank(*store, failed);
      if (own.rank == 0) std::this_thread::sleep_for(2 * kHeartbeatInterval);
    } catch (const std::exception&) {  // the store is gone too
    }
  }

  void all_reduce(at::Tensor& values, c10d::ReduceOp::RedOpType operation) {
    std::vector<at::Tensor> tensors{values};
    c10d::AllreduceOptions options;
    options.reduceOp = operation;
    run([&] { return gloo->allreduce(tensors, options); });
  }

  // Starts a collective and waits for its end. Without a connection, the start itself fails.
  template <typename Start>
  void run(const Start& start) {
    wait_for(started(start));
  }

  template <typename Start>
  c10::intrusive_ptr<c10d::Work> started(const Start& start) {
    try {
      return start();
    } catch (const std::exception& error) {
      throw_broken(first_line(error));
    }
  }

  c10::intrusive_ptr<c10d::Work> start_broadcast(const at::Tensor& values, int64_t root) {
    std::vector<at::Tensor> tensors{values};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    return started([&] { return gloo->broadcast(tensors, options); });
  }
};

ProcessGroup::ProcessGroup(const ProcessRank& own, double timeout_seconds) : own_(own) {
  if (own.world_size == 1) return;
  connection_ = std::make_unique<Connection>(own, timeout_seconds);
  note_neighbors();
}

const DeviceTraffic& ProcessGroup::device_traffic() const {
  if (!device_traffic_) device_traffic_ = std::make_unique<DeviceTraffic>(*this);
  return *device_traffic_;
}

ProcessGroup::ProcessGroup() = default;
ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::note_neighbors() {
  const std::vector<std::string> hosts = all_gather(maybe_host_name().value_or("unknown")),
                                 masks = all_gather(cpu_mask());
  sharing_cpus_ = 0;
  for (size_t r = 0; r < hosts.size(); ++r)
    sharing_cpus_ += static_cast<int64_t>(hosts[r] == hosts[rank()] && masks[r] == masks[rank()]);
  const bool is_first = std::find(hosts.begin(), hosts.end(), hosts[rank()]) == hosts.begin() + rank();
  turn_ = is_main() ? 0 : is_first ? 1 : kLastTurn;
}

void ProcessGroup::all_reduce_sum(at::Tensor values) const {
  if (!connection_) return;
  if (!values.is_cpu()) return device_traffic().all_reduce_sum(values);
  connection_->all_reduce(values, c10d::ReduceOp::SUM);
}

double ProcessGroup::all_reduce_max(double value) const {
  if (!connection_) return value;
  at::Tensor values = at::scalar_tensor(value, at::kDouble);
  connection_->all_reduce(values, c10d::ReduceOp::MAX);
  return values.item<double>();
}

std::shared_ptr<StartedCollective> ProcessGroup::start_all_reduce_sum(at::Tensor values) const {
  if (!connection_) return nullptr;
  if (!values.is_cpu()) return device_traffic().start_all_reduce_sum(values);
  std::vector<at::Tensor> tensors{values};
  return std::make_shared<GlooCollective>(
      connection_->started([&] { return connection_->gloo->allreduce(tensors, c10d::AllreduceOptions()); }));
}

void ProcessGroup::wait(const std::shared_ptr<StartedCollective>& started) const {
  if (!started) return;
  if (const auto* gloo = dynamic_cast<const GlooCollective*>(started.get()))
    connection_->wait_for(gloo->work);
  else
    device_traffic().wait(started);
}

void ProcessGroup::abandon() const {
  if (!connection_) return;
  connection_->has_failed_rank = true;
  if (device_traffic_) device_traffic_->abort();
}

void ProcessGroup::broadcast(at::Tensor values, int64_t root) const {
  if (!connection_ || values.numel() == 0) return;
  if (!values.is_cpu()) return device_traffic().broadcast(values, root);
  connection_->wait_for(connection_->start_broadcast(values, root));
}

void ProcessGroup::broadcast_each(const std::vector<at::Tensor>& parts) const {
  if (!connection_) return;
  std::vector<c10::intrusive_ptr<c10d::Work>> works;
  for (int64_t rank = 0; rank < std::ssize(parts); ++rank)
    if (parts[rank].numel() > 0) works.push_back(connection_->start_broadcast(parts[rank], rank));
  for (const auto& work : works) connection_->wait_for(work);
}

// The texts have different lengths, so this is two all-reduces in which each rank fills a range of its own: first of
// the lengths, then of the bytes.
std::vector<std::string> ProcessGroup::all_gather(const std::string& text) const {
  if (!connection_) return {text};
  at::Tensor lengths = at::zeros({world_size()}, at::kLong);
  lengths.data_ptr<int64_t>()[rank()] = static_cast<int64_t>(text.size());
  connection_->all_reduce(lengths, c10d::ReduceOp::SUM);
  const int64_t* const counts = lengths.data_ptr<int64_t>();
  const int64_t total = std::accumulate(counts, counts + world_size(), int64_t{0});
  at::Tensor bytes = at::zeros({std::max<int64_t>(total, 1)}, at::kByte);
  auto* const all = bytes.data_ptr<uint8_t>();
  std::memcpy(all + std::accumulate(counts, counts + rank(), int64_t{0}), text.data(), text.size());
  connection_->all_reduce(bytes, c10d::ReduceOp::SUM);
  std::vector<std::string> texts;
  for (int64_t r = 0, begin = 0; r < world_size(); begin += counts[r++])
    texts.emplace_back(reinterpret_cast<const char*>(all) + begin, counts[r]);
  return texts;
}

namespace {

std::unique_ptr<ProcessGroup>& joined_group() {
  static std::unique_ptr<ProcessGroup> group = std::make_unique<ProcessGroup>();
  return group;
}

}  // namespace

ProcessGroup& process_group() { return *joined_group(); }

void join_process_group(double timeout_seconds) {
  if (joined_group()->world_size() > 1) return;
  const ProcessRank own = discover_rank();
  if (own.world_size == 1) return;
  FLAGS_caffe2_log_level = 3;  // our own message tells of a broken connection, without c10d's stacks
  if (own.rank > 0) show_errors_only(fmt::format("rank {}: ", own.rank));
  joined_group() = std::make_unique<ProcessGroup>(own, timeout_seconds);
  log_info("{} processes share the work", own.world_size);
}

}  // namespace retort::train
