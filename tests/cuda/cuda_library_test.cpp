// libtorch_cuda.so and libretort_cuda.so are loaded as --device cuda loads them, with every symbol resolved. What needs
// no card is tested everywhere, the rest where there is one.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <torch/headeronly/version.h>

#include <filesystem>

#include "retort/base/error.h"
#include "retort/kernel/device.h"
#include "retort/kernel/open_device.h"

namespace retort::kernel {
namespace {

namespace fs = std::filesystem;

const DeviceLibrary* cuda_library = nullptr;

std::string folder_of_torch() {
  std::string folder;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        const fs::path file = info->dlpi_name;
        if (file.filename() == "libtorch_cpu.so") *static_cast<std::string*>(found) = file.parent_path();
        return 0;
      },
      &folder);
  return folder;
}

void* open_now(const fs::path& file, int scope) {
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | scope);
  EXPECT_NE(handle, nullptr) << ::dlerror();
  return handle;
}

// Before the first tensor operation.
class LoadedLibraries : public testing::Environment {
  void SetUp() override {
    ASSERT_NE(open_now(folder_of_torch() + "/libtorch_cuda.so", RTLD_GLOBAL), nullptr);
    const fs::path program = fs::read_symlink("/proc/self/exe");
    void* const handle = open_now(program.parent_path() / "libretort_cuda.so", RTLD_LOCAL);
    ASSERT_NE(handle, nullptr);
    const auto entry = reinterpret_cast<const DeviceLibrary* (*)()>(::dlsym(handle, kDeviceLibraryEntry));
    ASSERT_NE(entry, nullptr);
    cuda_library = entry();
  }
};

const auto* const kLoaded = testing::AddGlobalTestEnvironment(new LoadedLibraries);

bool has_kernel(const char* name, const char* overload) {
  const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  return handle && handle->hasKernelForDispatchKey(c10::DispatchKey::CUDA);
}

TEST(CudaLibrary, TableIsWhole) {
  EXPECT_STREQ(cuda_library->torch_version, TORCH_VERSION);
  EXPECT_EQ(cuda_library->type, c10::DeviceType::CUDA);
  EXPECT_NE(cuda_library->device_count, nullptr);
  EXPECT_NE(cuda_library->describe, nullptr);
  EXPECT_NE(cuda_library->multiplies_bf16, nullptr);
  EXPECT_NE(cuda_library->memory, nullptr);
  EXPECT_NE(cuda_library->synchronize, nullptr);
  EXPECT_NE(cuda_library->release_cached_memory, nullptr);
  EXPECT_NE(cuda_library->make_graph, nullptr);
  EXPECT_NE(cuda_library->make_collectives, nullptr);
}

TEST(CudaLibrary, LibTorchHasTheOperatorsForCuda) {
  const std::pair<const char*, const char*> operators[] = {{"aten::addmm", "dtype_out"},
                                                           {"aten::addmm", "out"},
                                                           {"aten::mm", "out"},
                                                           {"aten::_flash_attention_forward", ""},
                                                           {"aten::_flash_attention_backward", ""},
                                                           {"aten::_efficient_attention_forward", ""},
                                                           {"aten::native_layer_norm", ""}};
  for (const auto& [name, overload] : operators) EXPECT_TRUE(has_kernel(name, overload)) << name << "." << overload;
  EXPECT_FALSE(has_kernel("aten::no_such_operator", ""));
}

TEST(CudaLibrary, LackOfMemoryIsToldFromOtherErrors) {
  const auto is_lack = [](const std::exception& error) { return cuda_library->is_out_of_memory(error); };
  EXPECT_TRUE(is_lack(c10::OutOfMemoryError({"f", "file", 1}, "CUDA out of memory. Tried to allocate 2 GiB")));
  EXPECT_TRUE(is_lack(c10::Error({"f", "file", 1}, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling")));
  EXPECT_FALSE(is_lack(c10::Error({"f", "file", 1}, "CUDA error: an illegal memory access was encountered")));
}

// NCCL is found and has the functions; it makes an id without a card.
TEST(CudaLibrary, CollectiveIdsDiffer) {
  const std::string id = cuda_library->make_collective_id();
  EXPECT_EQ(id.size(), 128u);
  EXPECT_NE(id, cuda_library->make_collective_id());
}

TEST(CudaLibrary, WithoutADriverTheReasonIsOneSentence) {
  if (fs::exists("/dev/nvidiactl")) GTEST_SKIP() << "this machine has a driver";
  try {
    FAIL() << cuda_library->device_count();
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("there is no NVIDIA driver"), std::string::npos) << error.what();
  }
  EXPECT_THROW(open_device("cuda"), UserError);
  EXPECT_EQ(device(), c10::Device(c10::kCPU));
}

// The rest needs a card.
class CudaCard : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/dev/nvidiactl")) GTEST_SKIP() << "no card";
    std::cout << open_device("cuda:0") << "\n";
  }
};

const auto kFloats = at::TensorOptions().device(c10::kCUDA).dtype(at::kFloat);

TEST_F(CudaCard, OpensAsTheDeviceOfTheProcess) {
  EXPECT_EQ(device(), c10::Device(c10::kCUDA, 0));
  EXPECT_STREQ(device_library()->torch_version, TORCH_VERSION);
  EXPECT_TRUE(cuda_library->multiplies_bf16(0));
  EXPECT_THROW(open_device("cuda:100"), UserError);
}

TEST_F(CudaCard, FreeMemoryIncludesTheAllocatorsReserve) {
  cuda_library->release_cached_memory();
  const DeviceMemory before = cuda_library->memory(0);
  EXPECT_GT(before.total_bytes, before.free_bytes);
  at::Tensor large = at::empty({1 << 28}, kFloats);  // 1 GiB
  const int64_t used = before.free_bytes - cuda_library->memory(0).free_bytes;
  EXPECT_NEAR(static_cast<double>(used), 1 << 30, 64 << 20);
  large.reset();
  EXPECT_NEAR(static_cast<double>(cuda_library->memory(0).free_bytes), static_cast<double>(before.free_bytes),
              64 << 20);
}

TEST_F(CudaCard, LackOfMemoryIsRecognized) {
  try {
    const at::Tensor impossible = at::empty({int64_t{1} << 44}, kFloats);
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_TRUE(cuda_library->is_out_of_memory(error)) << error.what();
  }
}

TEST_F(CudaCard, ReplayComputesOnNewInputs) {
  const at::NoGradGuard no_grad;
  const at::Tensor input = at::ones({64, 64}, kFloats), weight = at::eye(64, kFloats);
  at::Tensor output = at::mm(input, weight);  // cuBLAS makes its workspace before the recording
  const auto graph = cuda_library->make_graph();
  graph->begin_recording();
  at::mm_out(output, input, weight);
  output.mul_(2);
  graph->end_recording();
  for (const float value : {3.0f, -1.5f}) {
    input.fill_(value);
    graph->replay();
    EXPECT_TRUE(at::equal(output.cpu(), at::full({64, 64}, 2 * value)));
  }
}

TEST_F(CudaCard, ReadingBackWhileRecordingIsAnError) {
  const at::Tensor value = at::ones({1}, kFloats);
  {
    const auto graph = cuda_library->make_graph();
    graph->begin_recording();
    EXPECT_ANY_THROW(static_cast<void>(value.item<float>()));
  }
  EXPECT_EQ(value.item<float>(), 1) << "the device goes on";
}

TEST_F(CudaCard, CollectivesOfOneProcess) {
  const auto group = cuda_library->make_collectives(cuda_library->make_collective_id(), 0, 1);
  const at::Tensor values = at::arange(5, kFloats), same = values.clone();
  group->all_reduce_sum(values);
  group->broadcast(values, 0);
  group->start_all_reduce_sum(values);
  group->wait_started();
  EXPECT_TRUE(at::equal(values, same));
  EXPECT_ANY_THROW(group->all_reduce_sum(at::ones({2})));
  group->abort();
  EXPECT_ANY_THROW(group->all_reduce_sum(values));
}

}  // namespace
}  // namespace retort::kernel
