#include "retort/kernel/open_device.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <link.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "retort/base/error.h"
#include "retort/kernel/device.h"
#include "retort/kernel/device_name.h"

namespace retort::kernel {

namespace {

namespace fs = std::filesystem;

const DeviceLibrary* opened_library = nullptr;

// Without the files of a driver nothing more is tried for `auto`: CUDA's libraries take seconds to load. /dev/dxg is
// that of Windows's subsystem for Linux.
bool may_have_cuda() {
  std::error_code none;
  for (const char* const path : {"/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg"})
    if (fs::exists(path, none)) return true;
  return false;
}

std::string loader_error() {
  const char* const error = ::dlerror();
  return error == nullptr ? "no reason is known" : error;
}

// The driver's own library, which CUDA's runtime loads in the same way.
void require_driver() {
  if (::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr) return;
  throw UserError(
      "`device` must be cpu or auto on a machine without an NVIDIA driver, but is cuda ({}); install the driver, or "
      "give --device cpu",
      loader_error());
}

// The folder of the LibTorch that this process computes with.
fs::path torch_folder() {
  fs::path folder;
  const auto look = [](dl_phdr_info* info, size_t, void* found) {
    const fs::path file = info->dlpi_name;
    if (file.filename() != "libtorch_cpu.so") return 0;
    *static_cast<fs::path*>(found) = file.parent_path();
    return 1;
  };
  ::dl_iterate_phdr(look, &folder);
  return folder;
}

void load_torch_cuda() {
  const fs::path file = torch_folder() / "libtorch_cuda.so";
  if (::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return;
  throw UserError(
      "`{}`, LibTorch's part for CUDA, must be loadable for --device cuda, but is not: {}; run `make setup-cuda`, "
      "which installs what it needs, or give --device cpu",
      file.string(), loader_error());
}

// Loads the library and checks that it was built for the LibTorch of this program.
const DeviceLibrary& load_device_library(const fs::path& file, const char* remedy) {
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw UserError("`{}` must be a loadable device library, but is not: {}; {}", file.string(), loader_error(),
                    remedy);
  using Entry = const DeviceLibrary* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(handle, kDeviceLibraryEntry));
  if (entry == nullptr)
    throw UserError("`{}` must be a device library, but has no function `{}`; {}", file.string(), kDeviceLibraryEntry,
                    remedy);
  const DeviceLibrary& library = *entry();
  if (std::string_view(library.torch_version) != TORCH_VERSION)
    throw UserError("`{}` must be built for LibTorch {}, as this program is, but is for {}; build both again",
                    file.string(), TORCH_VERSION, library.torch_version);
  return library;
}

const DeviceLibrary& load_cuda_library() {
  require_driver();
  load_torch_cuda();
  return load_device_library(
      fs::read_symlink("/proc/self/exe").parent_path() / "libretort_cuda.so",
      "build the program where CUDA's headers are (`cmake -DRETORT_CUDA=ON` says what is missing)");
}

const DeviceLibrary& load_other_library() {
  const std::string file = std::getenv(kDeviceLibraryVariable);
  const DeviceLibrary& library =
      load_device_library(file, fmt::format("`{}` must name one that is whole", kDeviceLibraryVariable).c_str());
  if (library.type != c10::DeviceType::PrivateUse1)
    throw UserError("`{}`, which `{}` names, must be the library of a device `privateuseone`, but is of `{}`", file,
                    kDeviceLibraryVariable, c10::DeviceTypeName(library.type, true));
  return library;
}

// A library that cannot count its devices says why.
int64_t count_devices(const DeviceLibrary& library, const std::string& name) {
  std::string reason = "there is none";
  try {
    if (const int64_t count = library.device_count(); count > 0) return count;
  } catch (const std::exception& error) {
    reason = error.what();
  }
  throw UserError("`device` must be one that this machine has, but is {}: {}; give --device cpu", name, reason);
}

// A launcher may show each process a device of its own only.
bool sees_its_own(int64_t count) { return count == 1 && std::getenv("CUDA_VISIBLE_DEVICES") != nullptr; }

// The index in the name, else the number of the process.
int64_t choose_index(const DeviceName& choice, const std::string& name, const LocalProcess& process, int64_t count) {
  if (choice.index && *choice.index >= count)
    throw UserError("`device` must have an index below {}, the number of devices here, but is {}", count, name);
  if (choice.index) return *choice.index;
  if (sees_its_own(count)) return 0;
  if (process.count > count || process.number >= count)
    throw UserError(
        "the processes on this machine must be at most as many as its devices, {}, but are {}; start fewer, or give "
        "--device cpu",
        count, std::max(process.count, process.number + 1));
  return process.number;
}

std::string use_device(const DeviceLibrary& library, const DeviceName& choice, const std::string& name,
                       const LocalProcess& process) {
  const int64_t index = choose_index(choice, name, process, count_devices(library, name));
  const c10::Device device(library.type, static_cast<c10::DeviceIndex>(index));
  c10::impl::VirtualGuardImpl(library.type).setDevice(device);
  opened_library = &library;
  set_device(device);
  return fmt::format("device {}: {}", device.str(), library.describe(index));
}

std::string use_cuda_if_it_works(const LocalProcess& process) {
  if (!may_have_cuda()) return "";
  try {
    return use_device(load_cuda_library(), {DeviceName::Kind::kCuda}, "cuda", process);
  } catch (const UserError& error) {
    return fmt::format("device cpu, although there is an NVIDIA driver: {}", error.what());
  }
}

}  // namespace

std::string open_device(const std::string& name, const LocalProcess& process) {
  const DeviceName choice = parse_device_name(name);
  switch (choice.kind) {
    case DeviceName::Kind::kAuto:
      return use_cuda_if_it_works(process);
    case DeviceName::Kind::kCpu:
      set_device(c10::kCPU);
      return "";
    case DeviceName::Kind::kCuda:
      return use_device(load_cuda_library(), choice, name, process);
    case DeviceName::Kind::kOther:
      return use_device(load_other_library(), choice, name, process);
  }
  RETORT_CHECK(false, "the device `{}` has no branch", name);
}

const DeviceLibrary* device_library() {
  const bool is_opened = opened_library != nullptr && device().type() == opened_library->type;
  return is_opened ? opened_library : nullptr;
}

void synchronize_device() {
  if (const DeviceLibrary* library = device_library()) library->synchronize(device().index());
}

}  // namespace retort::kernel
