#include "retort/train/device_traffic.h"

#include <atomic>

#include "retort/kernel/open_device.h"
#include "retort/train/wall_clock.h"

namespace retort::train {

namespace {

// The sum of a device's tensor, in host memory while it is on the way.
struct StagedCollective final : StartedCollective {
  at::Tensor target, host;
  std::shared_ptr<StartedCollective> started;

  double start_seconds() const override { return started->start_seconds(); }
  double end_seconds() const override { return started->end_seconds(); }
};

// A sum of the device itself, whose end the host knows only when it waits for it.
struct QueuedCollective final : StartedCollective {
  double start = steady_seconds_now(), end = 0;

  double start_seconds() const override { return start; }
  double end_seconds() const override { return end; }
};

}  // namespace

DeviceTraffic::DeviceTraffic(const ProcessGroup& group) : group_(group) {
  const kernel::DeviceLibrary* library = kernel::device_library();
  if (library == nullptr || library->make_collectives == nullptr || library->make_collective_id == nullptr) return;
  // Its bytes as hexadecimal digits, since words are text.
  std::string id;
  if (group.is_main())
    for (const char byte : library->make_collective_id()) id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  std::string bytes;
  const std::string digits = group.broadcast(id);
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  own_ = library->make_collectives(bytes, group.rank(), group.world_size());
}

void DeviceTraffic::all_reduce_sum(const at::Tensor& values) const {
  if (own_) return own_->all_reduce_sum(values);
  const at::Tensor host = values.cpu();
  group_.all_reduce_sum(host);
  at::Tensor(values).copy_(host);
}

std::shared_ptr<StartedCollective> DeviceTraffic::start_all_reduce_sum(const at::Tensor& values) const {
  if (own_) {
    own_->start_all_reduce_sum(values);
    return std::make_shared<QueuedCollective>();
  }
  auto staged = std::make_shared<StagedCollective>();
  staged->target = values, staged->host = values.cpu();
  staged->started = group_.start_all_reduce_sum(staged->host);
  return staged;
}

void DeviceTraffic::wait(const std::shared_ptr<StartedCollective>& started) const {
  if (own_) {
    own_->wait_started();
    static_cast<QueuedCollective&>(*started).end = steady_seconds_now();
    return;
  }
  auto& staged = static_cast<StagedCollective&>(*started);
  group_.wait(staged.started);
  staged.target.copy_(staged.host);
}

void DeviceTraffic::broadcast(const at::Tensor& values, int64_t root) const {
  if (own_) return own_->broadcast(values, root);
  const at::Tensor host = values.cpu();
  group_.broadcast(host, root);
  at::Tensor(values).copy_(host);
}

void DeviceTraffic::abort() const noexcept {
  if (own_) own_->abort();
}

}  // namespace retort::train
