// Waiting is cut into short pieces, between which the signs of life are looked at: a thread of its own counts up a
// number in the store every second and watches those of the others. Gloo itself notices a process that has died, by its
// closed connections, but not one that hangs, and names neither.
#include "retort/train/process_group.h"

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/system.h"

namespace retort::train {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kBetweenSigns{1000}, kBetweenLooks{200};

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

// A connection of its own. What an earlier attempt left in a store that the launcher keeps does not show.
c10::intrusive_ptr<c10d::Store> connect(const ProcessPlace& place, bool is_server, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.isServer = is_server;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::PrefixStore>("retort/" + place.attempt,
                                                  c10::make_intrusive<c10d::TCPStore>(place.address, options));
  } catch (const std::exception& failure) {
    if (is_server)
      throw UserError("`MASTER_PORT` must be a free port of this machine, but {} is not: {}", place.port,
                      first_line(failure));
    throw UserError("process 0 must answer at {}:{} (MASTER_ADDR, MASTER_PORT), but does not: {}", place.address,
                    place.port, first_line(failure));
  }
}

// A process that is missed, and why; rank -1: none is.
struct Loss {
  int64_t rank = -1;
  std::string reason = {};
};

constexpr const char* kLoss = "loss";  // the first that somebody noticed: "<rank> <reason>"

std::string key_of(const char* what, int64_t rank) { return fmt::format("{}/{}", what, rank); }

Loss get_loss(c10d::Store& store) {
  if (!store.check({kLoss})) return {};
  const std::string text = store.get_to_str(kLoss);
  const size_t blank = text.find(' ');
  return {std::stoll(text.substr(0, blank)), text.substr(blank + 1)};
}

// Gives signs of life and watches those of the others, in a thread and through a connection of its own.
class LifeWatch {
 public:
  LifeWatch(const ProcessPlace& place, milliseconds timeout, c10::intrusive_ptr<c10d::Store> store)
      : place_(place), timeout_(timeout), store_(std::move(store)), seen_(place.size), looked_(Clock::now()) {
    for (Seen& seen : seen_) seen.at = Clock::now();
    thread_ = std::thread([this] { watch(); });
  }
  ~LifeWatch() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }

  // What somebody noticed; or else a process that has given no sign for `silence`.
  Loss find_loss(milliseconds silence) const {
    const std::lock_guard lock(mutex_);
    if (noticed_.rank >= 0) return noticed_;
    const std::string reason = fmt::format("no sign of life for {} s", silence.count() / 1000);
    // No look came to its end: it waits for the store, which process 0 keeps.
    if (Clock::now() - looked_ > silence + kBetweenSigns) return {place_.rank == 0 ? -1 : 0, reason};
    for (int64_t rank = 0; rank < place_.size; ++rank)
      if (rank != place_.rank && looked_ - seen_[rank].at > silence) return {rank, reason};
    return {};
  }

 private:
  struct Seen {
    int64_t count = -1;
    Clock::time_point at;
  };

  void watch() {
    const milliseconds pause = std::min(kBetweenSigns, timeout_ / 5);
    for (std::unique_lock lock(mutex_); !is_ending_; ended_.wait_for(lock, pause)) {
      lock.unlock();
      std::vector<int64_t> counts;
      Loss noticed;
      try {
        for (int64_t rank = 0; rank < place_.size; ++rank)
          counts.push_back(store_->add(key_of("sign", rank), rank == place_.rank ? 1 : 0));
        noticed = get_loss(*store_);
      } catch (const std::exception&) {  // the store has gone: no look comes to its end any more
        return;
      }
      lock.lock();
      looked_ = Clock::now(), noticed_ = std::move(noticed);
      for (size_t rank = 0; rank < seen_.size(); ++rank)
        if (counts[rank] != seen_[rank].count) seen_[rank] = {counts[rank], looked_};
    }
  }

  const ProcessPlace place_;
  const milliseconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool is_ending_ = false;
  std::vector<Seen> seen_;
  Clock::time_point looked_;
  Loss noticed_;
  std::thread thread_;
};

// GLOO_SOCKET_IFNAME chooses the network interface, as it does for torch.
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

struct ProcessGroup::Connection {
  ProcessPlace place;
  milliseconds timeout;
  c10::intrusive_ptr<c10d::Store> store;
  std::vector<std::string> names = {};  // of the processes
  std::unique_ptr<LifeWatch> watch = {};
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo = {};
  bool has_lost = false;

  Connection(const ProcessPlace& where, double timeout_seconds)
      : place(where),
        timeout(to_milliseconds(timeout_seconds)),
        store(connect(where, where.rank == 0 && !where.launcher_keeps_store, timeout)) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(make_device());
    try {
      store->set(key_of("name", place.rank),
                 fmt::format("{}, pid {}", maybe_host_name().value_or("unknown"), ::getpid()));
      meet();
      watch = std::make_unique<LifeWatch>(place, timeout, connect(place, false, timeout));
      gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(place.rank),
                                                         static_cast<int>(place.size), options);
    } catch (const UserError&) {
      throw;
    } catch (const std::exception& failure) {
      throw ProcessLostError("the {} processes did not come together: {}; start all of them again", place.size,
                             first_line(failure));
    }
    gloo->setTimeout(std::chrono::hours(24 * 365));  // what is too long is for the signs of life to say
  }

  ~Connection() {
    // Its threads wait for one that will never answer.
    if (has_lost) static_cast<void>(gloo.release()), static_cast<void>(watch.release());
  }

  void meet() {
    const auto begin = Clock::now();
    std::vector<int64_t> missing;
    do {
      missing.clear();
      for (int64_t rank = 0; rank < place.size; ++rank)
        if (!store->check({key_of("name", rank)})) missing.push_back(rank);
      if (!missing.empty()) std::this_thread::sleep_for(milliseconds(20));
    } while (!missing.empty() && Clock::now() - begin < timeout);
    if (!missing.empty())
      throw UserError(
          "{} processes must meet at {}:{}, but {} did not come within {} s; start as many as are announced",
          place.size, place.address, place.port, fmt::format("process {}", fmt::join(missing, ", process ")),
          timeout.count() / 1000);
    for (int64_t rank = 0; rank < place.size; ++rank) names.push_back(store->get_to_str(key_of("name", rank)));
  }

  void finish(const c10::intrusive_ptr<c10d::Work>& work) {
    while (true) {
      std::string failure;
      try {
        work->wait(kBetweenLooks);
        return;
      } catch (const std::exception& error) {
        failure = first_line(error);
      }
      if (work->isCompleted()) {
        if (work->isSuccess()) return;  // it ended just behind the time
        throw_broken(failure);
      }
      if (const Loss loss = watch->find_loss(timeout); loss.rank >= 0) throw_lost(loss);
    }
  }

  // A connection broke: whoever was behind it shows no more signs of life soon.
  [[noreturn]] void throw_broken(const std::string& failure) {
    const auto begin = Clock::now();
    const milliseconds soon = std::min(timeout, 3 * kBetweenSigns);
    while (Clock::now() - begin < 3 * soon) {
      if (const Loss loss = watch->find_loss(soon); loss.rank >= 0) throw_lost(loss);
      std::this_thread::sleep_for(kBetweenLooks);
    }
    has_lost = true;
    throw ProcessLostError("the connection between the {} processes broke: {}", place.size, failure);
  }

  [[noreturn]] void throw_lost(const Loss& loss) {
    has_lost = true;
    tell_the_others(loss);
    throw ProcessLostError("process {} of {} ({}) is gone: {}", loss.rank, place.size, names.at(loss.rank),
                           loss.reason);
  }

  // So that all name the same one. Whoever keeps the store stays until they have looked.
  void tell_the_others(const Loss& loss) {
    if (loss.rank == 0 && !place.launcher_keeps_store) return;  // the store would never answer
    try {
      const std::string text = fmt::format("{} {}", loss.rank, loss.reason);
      store->compareSet(kLoss, std::string(), text);
      if (place.rank == 0) std::this_thread::sleep_for(2 * kBetweenSigns);
    } catch (const std::exception&) {  // the store is gone too
    }
  }

  void reduce(at::Tensor& values, c10d::ReduceOp::RedOpType operation) {
    std::vector<at::Tensor> tensors{values};
    c10d::AllreduceOptions options;
    options.reduceOp = operation;
    start([&] { return gloo->allreduce(tensors, options); });
  }

  // What has no connection left fails at once.
  template <typename Start>
  void start(const Start& begin) {
    c10::intrusive_ptr<c10d::Work> work;
    try {
      work = begin();
    } catch (const std::exception& error) {
      throw_broken(first_line(error));
    }
    finish(work);
  }
};

ProcessGroup::ProcessGroup(const ProcessPlace& place, double timeout_seconds) : place_(place) {
  if (place.size == 1) return;
  connection_ = std::make_unique<Connection>(place, timeout_seconds);
  note_shared_cpus();
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::note_shared_cpus() {
  const std::string own = maybe_host_name().value_or("unknown") + " " + cpu_mask();
  const std::vector<std::string> all = gather(own);
  sharing_cpus_ = std::count(all.begin(), all.end(), own);
}

void ProcessGroup::sum(at::Tensor values) const {
  if (connection_) connection_->reduce(values, c10d::ReduceOp::SUM);
}

double ProcessGroup::sum(double value) const {
  if (!connection_) return value;
  at::Tensor values = at::scalar_tensor(value, at::kDouble);
  connection_->reduce(values, c10d::ReduceOp::SUM);
  return values.item<double>();
}

double ProcessGroup::largest(double value) const {
  if (!connection_) return value;
  at::Tensor values = at::scalar_tensor(value, at::kDouble);
  connection_->reduce(values, c10d::ReduceOp::MAX);
  return values.item<double>();
}

void ProcessGroup::broadcast(at::Tensor values) const {
  if (!connection_) return;
  std::vector<at::Tensor> tensors{values};
  connection_->start([&] { return connection_->gloo->broadcast(tensors); });
}

// Texts of different length: a sum of disjoint places, first of the lengths and then of the bytes.
std::vector<std::string> ProcessGroup::gather(const std::string& text) const {
  if (!connection_) return {text};
  at::Tensor lengths = at::zeros({size()}, at::kLong);
  lengths.data_ptr<int64_t>()[rank()] = static_cast<int64_t>(text.size());
  connection_->reduce(lengths, c10d::ReduceOp::SUM);
  const int64_t* const counts = lengths.data_ptr<int64_t>();
  const int64_t total = std::accumulate(counts, counts + size(), int64_t{0});
  at::Tensor bytes = at::zeros({std::max<int64_t>(total, 1)}, at::kByte);
  auto* const all = bytes.data_ptr<uint8_t>();
  std::memcpy(all + std::accumulate(counts, counts + rank(), int64_t{0}), text.data(), text.size());
  connection_->reduce(bytes, c10d::ReduceOp::SUM);
  std::vector<std::string> texts;
  for (int64_t r = 0, begin = 0; r < size(); begin += counts[r++])
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
  if (joined_group()->size() > 1) return;
  const ProcessPlace place = find_process_place();
  if (place.size == 1) return;
  FLAGS_caffe2_log_level = 3;  // a lost connection is told by us, without c10d's stacks
  if (place.rank > 0) show_errors_only(fmt::format("process {}: ", place.rank));
  joined_group() = std::make_unique<ProcessGroup>(place, timeout_seconds);
  log_info("{} processes train together", place.size);
}

}  // namespace retort::train
