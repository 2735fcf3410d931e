// Registers the far device with LibTorch, and fills the table of its library.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/version.h>

#include <cstdlib>
#include <fstream>

#include "far_device/far_device.h"
#include "far_device/memory.h"
#include "far_device/recording.h"

namespace retort::far_device {

namespace {

// One device whose operations have run when the call returns, so that streams and events have nothing to do.
struct Guard final : c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::PrivateUse1> {
  using Stream = c10::Stream;
  static Stream stream() { return Stream(Stream::DEFAULT, kFar); }
  c10::Device exchangeDevice(c10::Device) const override { return kFar; }
  c10::Device getDevice() const override { return kFar; }
  Stream getStream(c10::Device) const noexcept override { return stream(); }
  Stream getDefaultStream(c10::Device) const override { return stream(); }
  Stream getStreamFromGlobalPool(c10::Device, bool) const override { return stream(); }
  Stream getNewStream(c10::Device, int) const override { return stream(); }
  Stream exchangeStream(Stream) const noexcept override { return stream(); }
  void record(void**, const Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void*) const override {}
  void synchronizeDevice(c10::DeviceIndex) const override {}
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  bool isPinnedPtr(const void* address) const override { return is_pinned(address); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return pinned_memory(); }
  at::Device getDeviceFromPtr(void*) const override { return kFar; }
  // The processor draws the numbers.
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    return at::detail::getDefaultCPUGenerator();
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return at::detail::createCPUGenerator(); }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

struct Registration {
  Registration() {
    c10::SetAllocator(c10::DeviceType::PrivateUse1, memory());
    c10::register_privateuse1_backend("privateuseone");  // its own name; from here on it is LibTorch's accelerator
    at::RegisterPrivateUse1HooksInterface(new Hooks);
  }
  ~Registration() {
    const char* path = std::getenv("RETORT_FAR_READS_FILE");
    if (!path) return;
    const Counts last = counts();
    std::ofstream(path) << "{\"reads\": " << last.reads << ", \"uploads\": " << last.uploads
                        << ", \"operations\": " << last.operations << ", \"peak_bytes\": " << last.peak_bytes << "}\n";
  }
} registration;

kernel::DeviceMemory free_memory(int64_t) {
  const MemoryState state = memory_state();
  return {state.limit_bytes - state.allocated_bytes, state.limit_bytes};
}

const kernel::DeviceLibrary library = {
    .torch_version = TORCH_VERSION,
    .type = c10::DeviceType::PrivateUse1,
    .device_count = [] { return int64_t{1}; },
    .describe = [](int64_t) { return std::string("a test device whose memory the processor cannot read"); },
    .multiplies_bf16 = [](int64_t) { return true; },
    .memory = free_memory,
    .synchronize = [](int64_t) {},
    .is_out_of_memory =
        [](const std::exception& e) { return dynamic_cast<const c10::OutOfMemoryError*>(&e) != nullptr; },
    .release_cached_memory = release_free_memory,
    .make_graph = make_graph,
    .make_collective_id = nullptr,
    .make_collectives = nullptr,
};

}  // namespace

}  // namespace retort::far_device

extern "C" {
const retort::kernel::DeviceLibrary* retort_device_library() { return &retort::far_device::library; }
retort::far_device::Counts retort_far_counts() { return retort::far_device::counts(); }
void retort_far_reset_counts() { retort::far_device::reset_counts(); }
void retort_far_limit_bytes(int64_t bytes) { retort::far_device::set_memory_limit(bytes); }
}
