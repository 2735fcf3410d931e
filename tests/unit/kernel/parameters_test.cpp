// The parameter store: views of the flat buffers, tensors stacked in one weight, initialization.
#include "retort/base/error.h"
#include "unit/kernel/random_inputs.h"

namespace retort::kernel::test {
namespace {

TEST(ParameterStore, NeighborsShareOneOperand) {
  ParameterStore store;
  Weight* qkv = store.add({.names = {"q", "k", "v"}, .shape = {2, 3}});
  Weight* bias = store.add({.names = {"b"}, .shape = {5}, .initialization = Initialization::kOne});
  store.allocate(Precision::kBf16, GradientMemory::kAllocated);
  store.initialize(1, 0.02);
  EXPECT_EQ(qkv->value.sizes(), (std::vector<int64_t>{6, 3}));
  EXPECT_EQ(store.parameter_count(), 18 + 5);
  store.tensor(*store.find("k")).fill_(4);
  EXPECT_EQ(qkv->value[2][0].item<float>(), 4);
  EXPECT_EQ(qkv->value[5][2].item<float>(), store.tensor(*store.find("v"))[1][2].item<float>());
  store.refresh_operands();
  EXPECT_EQ(qkv->operand[3][2].item<float>(), 4);
  EXPECT_EQ(bias->value.sum().item<float>(), 5);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bias->value.data_ptr()) % 64,
            reinterpret_cast<uintptr_t>(qkv->value.data_ptr()) % 64);
}

TEST(ParameterStore, InitializationIsNormalAndByName) {
  ParameterStore a, b;
  a.add({.names = {"w"}, .shape = {300, 300}});
  b.add({.names = {"other"}, .shape = {7}});
  b.add({.names = {"w"}, .shape = {300, 300}});
  a.allocate(Precision::kFloat32, GradientMemory::kNone), b.allocate(Precision::kFloat32, GradientMemory::kNone);
  a.initialize(5, 0.02), b.initialize(5, 0.02);
  EXPECT_EQ(relative_difference(a.tensor(*a.find("w")), b.tensor(*b.find("w"))), 0);
  const at::Tensor values = a.tensor(*a.find("w"));
  EXPECT_NEAR(values.mean().item<double>(), 0, 3e-4);
  EXPECT_NEAR(values.pow(2).mean().sqrt().item<double>(), 0.02, 3e-4);
}

TEST(ParameterStore, SinusoidalTable) {  // check values of the specification
  ParameterStore store;
  store.add({.names = {"p"}, .shape = {8, 768}, .initialization = Initialization::kSinusoidal});
  store.allocate(Precision::kFloat32, GradientMemory::kNone);
  store.initialize(1, 0.02);
  const at::Tensor table = store.tensor(*store.find("p"));
  EXPECT_NEAR(table[1][0].item<double>(), 0.8414709848, 1e-6);
  EXPECT_NEAR(table[1][1].item<double>(), 0.5403023059, 1e-6);
  EXPECT_NEAR(table[1][2].item<double>(), 0.8284307625, 1e-6);
  EXPECT_NEAR(table[5][767].item<double>(), 0.9999998689, 1e-6);
}

TEST(ParameterStore, RefusesTheSameNameTwice) {
  ParameterStore store;
  store.add({.names = {"w"}, .shape = {2}});
  EXPECT_THROW(store.add({.names = {"w"}, .shape = {2}}), InternalError);
}

}  // namespace
}  // namespace retort::kernel::test
