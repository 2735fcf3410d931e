// The far device computes what the processor computes, in memory that the processor cannot read.
#include "far_device/far_device.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <torch/csrc/autograd/autograd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include "retort/kernel/device_library.h"

extern "C" const retort::kernel::DeviceLibrary* retort_device_library();

namespace retort::far_device {
namespace {

using at::Tensor;

const c10::Device kDevice(c10::DeviceType::PrivateUse1, 0);

Tensor far(const Tensor& tensor) { return tensor.to(kDevice); }
Tensor far(std::initializer_list<float> values) { return far(at::tensor(at::ArrayRef<float>(values))); }
Tensor near(const Tensor& tensor) { return tensor.to(at::kCPU); }

Tensor random(at::IntArrayRef sizes, uint64_t seed) {
  return at::randn(sizes, at::make_generator<at::CPUGeneratorImpl>(seed));
}

void expect_same(const Tensor& on_device, const Tensor& expected) {
  ASSERT_EQ(on_device.device(), kDevice);
  ASSERT_EQ(on_device.scalar_type(), expected.scalar_type());
  EXPECT_TRUE(at::equal(near(on_device), expected)) << near(on_device) << "\nis not\n" << expected;
}

using Operation = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

// Runs an operation on the processor and on the device: results and the inputs afterwards must have the same bits.
void expect_same_bits(const std::vector<Tensor>& inputs, const Operation& operation) {
  std::vector<Tensor> near_inputs, far_inputs;
  for (const Tensor& input : inputs) near_inputs.push_back(input.clone()), far_inputs.push_back(far(input));
  const std::vector<Tensor> expected = operation(near_inputs), results = operation(far_inputs);
  ASSERT_EQ(results.size(), expected.size());
  for (size_t i = 0; i < results.size(); ++i) expect_same(results[i], expected[i]);
  for (size_t i = 0; i < inputs.size(); ++i) expect_same(far_inputs[i], near_inputs[i]);
}

// A step of training: the loss and the gradients of all inputs but the labels.
std::vector<Tensor> step(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (size_t i = 1; i < inputs.size(); ++i) leaves.push_back(inputs[i].detach().requires_grad_());
  const Tensor hidden = at::gelu(at::linear(leaves[0], leaves[1], leaves[2]));
  const Tensor logits = at::linear(at::layer_norm(hidden, {hidden.size(1)}, leaves[3], leaves[4]), leaves[1].t());
  const Tensor loss = at::cross_entropy_loss(logits, inputs[0]) + 0.1 * hidden.square().mean();
  loss.backward();
  std::vector<Tensor> results = {loss.detach()};
  for (const Tensor& leaf : leaves) results.push_back(leaf.grad());
  return results;
}

std::vector<Tensor> step_inputs(at::ScalarType type) {
  const Tensor labels = at::arange(7) % 5;
  return {labels,
          random({7, 5}, 1).to(type),
          random({16, 5}, 2).to(type),
          random({16}, 3).to(type),
          random({16}, 4).to(type),
          random({16}, 5).to(type)};
}

TEST(FarDevice, StepOfTrainingHasTheProcessorsBits) {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) expect_same_bits(step_inputs(type), step);
}

TEST(FarDevice, StepReadsNothing) {
  std::vector<Tensor> inputs;
  for (const Tensor& input : step_inputs(at::kFloat)) inputs.push_back(far(input));
  retort_far_reset_counts();
  step(inputs);
  EXPECT_EQ(retort_far_counts().reads, 0);
  EXPECT_EQ(retort_far_counts().uploads, 0);
  EXPECT_GT(retort_far_counts().operations, 20);
}

TEST(FarDevice, BackwardRunsInSeveralThreads) {
  const std::vector<Tensor> inputs = step_inputs(at::kFloat), expected = step(inputs);
  std::vector<std::vector<Tensor>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] {
      std::vector<Tensor> own;
      for (const Tensor& input : inputs) own.push_back(far(input));
      for (int repeat = 0; repeat < 5; ++repeat) result = step(own);
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results)
    for (size_t i = 0; i < expected.size(); ++i) expect_same(result[i], expected[i]);
}

// A sanitizer ends the process in its own way.
bool is_fault(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) != 0; }

TEST(FarDeviceDeathTest, ProcessorCannotReadItsMemory) {
  const Tensor tensor = far({1, 2});
  volatile const float* address = tensor.data_ptr<float>();
  EXPECT_EXIT(std::exit(address[0] != 1), is_fault, "");
}

TEST(FarDevice, FreshMemoryIsNaN) {
  for (int use = 0; use < 2; ++use) {
    const Tensor fresh = at::empty({100}, at::device(kDevice));
    EXPECT_TRUE(near(fresh).isnan().all().item<bool>()) << "use " << use;
    fresh.zero_();
  }
}

TEST(FarDevice, ReadsAndUploadsAreCounted) {
  retort_far_reset_counts();
  const Tensor values = far({0, 3, 0, 5});
  EXPECT_EQ(retort_far_counts().uploads, 1);
  EXPECT_EQ(values[3].item<float>(), 5);
  EXPECT_EQ(retort_far_counts().reads, 1);
  EXPECT_EQ(near(values)[1].item<float>(), 3);
  EXPECT_EQ(retort_far_counts().reads, 2);
  EXPECT_EQ(at::nonzero(values).size(0), 2);
  EXPECT_EQ(retort_far_counts().reads, 3) << "the number of rows must be read";
  at::index_select(values, 0, far(at::tensor({1, 2}))).mul_(2.5);
  values.clone().index_put_({far(at::tensor({1, 2}))}, values.index({far(at::tensor({1, 2}))}));
  EXPECT_EQ(retort_far_counts().reads, 3);
}

TEST(FarDevice, WritesReachThroughViews) {
  expect_same_bits({random({6, 4}, 1), random({4, 2}, 2)}, [](const std::vector<Tensor>& in) {
    in[0].narrow(1, 1, 2).add_(in[1].t().sum(), 2);
    in[0].t().narrow(0, 0, 2).mul_(in[0].narrow(0, 0, 1).select(1, 3));
    in[0].view({3, 8}).select(0, 1).zero_();
    const Tensor rows = in[0].narrow(0, 4, 2);
    at::mm_out(const_cast<Tensor&>(rows), in[1].t(), in[1].expand({4, 2}).matmul(in[1].t()));
    in[0].as_strided({2}, {5}, 3).fill_(7);
    in[0].narrow(0, 0, 2).copy_(in[0].narrow(0, 4, 2));
    return std::vector<Tensor>{in[0].unsqueeze(0).transpose(1, 2)};
  });
}

TEST(FarDevice, Indexing) {
  const Tensor ids = at::tensor({3, 0, 3, 1}).to(at::kLong), mask = ids > 0;
  expect_same_bits({random({5, 3}, 1), random({4, 3}, 2), ids, mask}, [](const std::vector<Tensor>& in) {
    in[0].index_put_({in[2]}, in[1], true);
    in[0].index_add_(0, in[2], in[1]).scatter_add_(0, in[2].unsqueeze(1).expand({4, 3}), in[1]);
    const Tensor places = at::where(in[3].unsqueeze(1), in[1], -1);
    return std::vector<Tensor>{at::index_select(in[0], 0, in[2]),
                               at::embedding(in[0], in[2]),
                               in[0].index({in[2]}),
                               in[1].index({in[3]}),
                               in[0].gather(0, in[2].unsqueeze(1)),
                               places,
                               at::embedding_dense_backward(in[1], in[2], 5, -1, false),
                               std::get<1>(in[0].max(1)),
                               std::get<0>(in[1].sort(0))};
  });
}

TEST(FarDevice, ListsAndResultsOfUnknownSize) {
  expect_same_bits({random({2, 3}, 1), random({2, 3}, 2)}, [](const std::vector<Tensor>& in) {
    Tensor sum = at::empty({0}, in[0].options());
    at::add_out(sum, in[0], in[1]);
    at::_foreach_mul_(in, 2);
    at::_foreach_add_(in, {in[1].clone(), in[0].clone()}, 0.5);
    const std::vector<Tensor> parts = at::cat({in[0], in[1]}, 1).split(2, 1);
    return std::vector<Tensor>{sum, at::stack({in[0], in[1]}), parts[2], sum.resize_({3, 1}),
                               at::_foreach_sqrt(parts)[0].isnan()};
  });
}

TEST(FarDevice, IntegersAndBits) {
  const Tensor values = at::arange(1, 9).mul_(0x123456789ABLL), shifts = at::arange(8);
  expect_same_bits({values, shifts}, [](const std::vector<Tensor>& in) {
    const Tensor bits = at::bitwise_xor(at::bitwise_left_shift(in[0], in[1]), at::bitwise_right_shift(in[0], 7));
    const Tensor product = at::bitwise_and(bits * 0x9E3779B1, 0xFFFFFFFF);
    return std::vector<Tensor>{bits,
                               product,
                               product.to(at::kDouble).mul_(0x1p-32),
                               (product < 1000000) | (in[1] == 3),
                               product.to(at::kFloat).to(at::kBFloat16) * 3,
                               at::arange(4, in[0].options()) + in[1].cumsum(0)[2]};
  });
}

TEST(FarDevice, ProductsOfBfloat16AreAddedInFloat) {
  const Tensor a = random({3, 200}, 1).to(at::kBFloat16), b = random({200, 2}, 2).to(at::kBFloat16);
  Tensor total = far(at::ones({3, 2}));
  at::addmm_out(total, total, far(a), far(b), at::kFloat, 1, 1);
  expect_same(total, at::addmm(at::ones({3, 2}), a.to(at::kFloat), b.to(at::kFloat)));
}

TEST(FarDevice, FactoriesTakeTheDevice) {
  const auto options = at::device(kDevice);
  expect_same(at::arange(5, options.dtype(at::kLong)), at::arange(5));
  expect_same(at::full({2, 2}, 0.5, options), at::full({2, 2}, 0.5));
  expect_same(at::eye(3, options), at::eye(3));
  expect_same(at::zeros({2}, options).to(at::kBFloat16), at::zeros({2}, at::kBFloat16));
}

TEST(FarDevice, TensorsOfTheProcessorAreRefused) {
  const Tensor values = far({1, 2});
  expect_same(values + at::scalar_tensor(2.0), at::tensor({3.f, 4.f}));
  EXPECT_THROW(values + at::ones({2}), c10::Error);
  EXPECT_THROW(at::index_select(values, 0, at::tensor({1})), c10::Error);
  EXPECT_THROW(at::scalar_tensor(2.0).add_(values[0]), c10::Error);
}

TEST(FarDevice, PinnedMemory) {
  const Tensor pinned = at::empty({3}, at::device(at::kCPU).pinned_memory(true)).fill_(2);
  EXPECT_TRUE(pinned.is_pinned());
  EXPECT_TRUE(at::ones({3}).pin_memory().is_pinned());
  EXPECT_FALSE(at::ones({3}).is_pinned());
  expect_same(at::empty({3}, at::device(kDevice)).copy_(pinned, /*non_blocking=*/true), at::full({3}, 2.f));
}

TEST(FarDevice, MemoryHasALimit) {
  const kernel::DeviceLibrary& library = *retort_device_library();
  const kernel::DeviceMemory before = library.memory(0);
  retort_far_limit_bytes(before.total_bytes - before.free_bytes + (int64_t{3} << 20));
  EXPECT_EQ(library.memory(0).free_bytes, int64_t{3} << 20);
  const Tensor held = at::zeros({2, 1 << 18}, at::device(kDevice));  // 2 MiB
  EXPECT_EQ(library.memory(0).free_bytes, int64_t{1} << 20);
  EXPECT_THROW(held + 1, c10::OutOfMemoryError);
  try {
    held.clone();
    ADD_FAILURE() << "no error";
  } catch (const std::exception& e) {
    EXPECT_TRUE(library.is_out_of_memory(e)) << e.what();
  }
  EXPECT_FALSE(library.is_out_of_memory(std::runtime_error("another")));
  expect_same(held[1].narrow(0, 0, 2) + 1, at::ones({2}));
  retort_far_limit_bytes(before.total_bytes);
}

TEST(FarDevice, RecordedStepRunsOnNewValues) {
  const std::vector<Tensor> inputs = step_inputs(at::kFloat);
  std::vector<Tensor> own;
  for (const Tensor& input : inputs) own.push_back(far(input));
  const auto graph = retort_device_library()->make_graph();
  graph->begin_recording();
  const std::vector<Tensor> results = step(own);
  graph->end_recording();
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::vector<Tensor> changed = inputs;
    changed[1] = inputs[1] * (repeat + 2), changed[0] = (inputs[0] + repeat) % 5;
    own[1].copy_(changed[1]), own[0].copy_(changed[0]);
    const std::vector<Tensor> expected = step(changed);
    graph->replay();
    for (size_t i = 0; i < expected.size(); ++i) expect_same(results[i], expected[i]);
  }
}

TEST(FarDevice, RecordedSequencesExchangeNoValues) {
  const Tensor values = far({1, 2});
  const auto graph = retort_device_library()->make_graph();
  graph->begin_recording();
  EXPECT_THROW(values.sum().item<float>(), c10::Error);
  EXPECT_THROW(near(values), c10::Error);
  EXPECT_THROW(far({1}), c10::Error);
  EXPECT_THROW(at::nonzero(values), c10::Error);
  EXPECT_THROW(retort_device_library()->make_graph()->begin_recording(), c10::Error) << "one at a time";
  const Tensor factor = at::scalar_tensor(3.0), product = values * factor;
  Tensor sum = at::empty({0}, values.options());
  at::add_out(sum, product, values);
  graph->end_recording();
  factor.fill_(5);
  values.copy_(at::tensor({10.f, 20.f}));
  graph->replay();
  expect_same(product, at::tensor({30.f, 60.f}));
  expect_same(sum, at::tensor({40.f, 80.f}));
}

TEST(FarDevice, Table) {
  const kernel::DeviceLibrary& library = *retort_device_library();
  EXPECT_EQ(library.type, c10::DeviceType::PrivateUse1);
  EXPECT_EQ(library.device_count(), 1);
  EXPECT_EQ(library.describe(0), "a test device whose memory the processor cannot read");
  EXPECT_TRUE(library.multiplies_bf16(0));
  library.release_cached_memory();
  expect_same(at::ones({2}, at::device(kDevice)), at::ones({2}));
}

TEST(FarDeviceDeathTest, CountsAreWrittenAtTheEnd) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::string path = testing::TempDir() + "far_reads.json";
  ::setenv("RETORT_FAR_READS_FILE", path.c_str(), 1);
  EXPECT_EXIT(
      {
        retort_far_reset_counts();
        far({1}).add_(2).item<float>();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
  ::unsetenv("RETORT_FAR_READS_FILE");
  std::string text;
  std::getline(std::ifstream(path), text);
  EXPECT_EQ(text, "{\"reads\": 1, \"uploads\": 1, \"operations\": 1, \"peak_bytes\": 64}");
}

}  // namespace
}  // namespace retort::far_device
