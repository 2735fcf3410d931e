// Matmul by the library's micro-kernels against sums in double precision, for every way in which the operands may be
// stored. The memory around the operands holds NaN, so a read outside them shows.
#include "retort/kernel/packed_matmul.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "retort/base/thread.h"
#include "retort/kernel/matmul.h"

namespace retort::kernel {
namespace {

struct Shape {
  int64_t m, n, k;
};

// Remainders of micro-tiles (12 rows, 32 columns), of bfloat16 pairs, of blocks of MC = 96 rows, and of blocks of KC.
const Shape kShapes[] = {{1, 1, 1},    {1, 2, 6},     {3, 5, 7},      {11, 31, 33},   {12, 32, 16},    {13, 33, 34},
                         {25, 64, 18}, {97, 100, 46}, {200, 96, 384}, {40, 130, 700}, {110, 34, 1301}, {500, 3, 64}};

float value_at(uint64_t seed, int64_t i) {
  return static_cast<float>(static_cast<int64_t>((seed * 7919 + static_cast<uint64_t>(i) * 104729) % 2001) - 1000) /
         512.0f;
}

// [rows, columns] inside memory of NaN; a transposed matrix is stored by columns.
at::Tensor matrix(int64_t rows, int64_t columns, bool transposed, at::ScalarType type, uint64_t seed) {
  const int64_t outer = transposed ? columns : rows, within = transposed ? rows : columns;
  const at::Tensor memory =
      at::full({outer + 2, within + 3}, std::numeric_limits<float>::quiet_NaN(), at::TensorOptions().dtype(type));
  at::Tensor part = memory.narrow(0, 1, outer).narrow(1, 2, within);
  const at::Tensor values = at::empty({outer, within}, at::TensorOptions().dtype(at::kFloat));
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = value_at(seed, i);
  part.copy_(values);
  return transposed ? part.t() : part;
}

// The largest difference from sums in double, as a share of the rounding error that `type` allows there.
double error_of(const at::Tensor& result, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias,
                const at::Tensor& before, at::ScalarType type) {
  const at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  at::Tensor expected = x.matmul(y), magnitude = x.abs().matmul(y.abs());
  if (bias.defined()) expected = expected + bias.to(at::kDouble);
  if (before.defined()) expected = expected + before.to(at::kDouble);
  const double rounding = type == at::kBFloat16 ? 1.0 / 256 : 1.2e-7;
  const at::Tensor allowed = expected.abs() * rounding + (magnitude + 1) * 4e-6;
  return ((result.to(at::kDouble) - expected).abs() / allowed).max().item<double>();
}

class PackedMatmul : public testing::TestWithParam<at::ScalarType> {
 protected:
  void SetUp() override {
    if (!has_packed_matmul(GetParam())) GTEST_SKIP() << "LibTorch multiplies this type on this processor";
  }
};

TEST_P(PackedMatmul, EqualsSumsInDouble) {
  for (const Shape& s : kShapes)
    for (const bool a_transposed : {false, true})
      for (const bool b_transposed : {false, true}) {
        const at::Tensor a = matrix(s.m, s.k, a_transposed, GetParam(), 1),
                         b = matrix(s.k, s.n, b_transposed, GetParam(), 2),
                         bias = matrix(1, s.n, false, GetParam(), 3).select(0, 0);
        SCOPED_TRACE(testing::Message() << s.m << " x " << s.k << " x " << s.n << (a_transposed ? " a^T" : "")
                                        << (b_transposed ? " b^T" : ""));
        if (!packed_matmul_takes(a)) {
          EXPECT_TRUE(GetParam() == at::kBFloat16 && s.k % 2 == 1 && !a_transposed);
          continue;
        }
        EXPECT_LE(error_of(packed_matmul(a, b, {}), a, b, {}, {}, GetParam()), 1);
        EXPECT_LE(error_of(packed_matmul(a, b, bias), a, b, bias, {}, GetParam()), 1);
        const at::Tensor before = matrix(s.m, s.n, false, at::kFloat, 4).contiguous(), total = before.clone();
        add_packed_matmul(total, a, b);
        EXPECT_LE(error_of(total, a, b, {}, before, at::kFloat), 1);
      }
}

TEST_P(PackedMatmul, PackedWeightsGiveTheSameBits) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = matrix(s.m, s.k, false, GetParam(), 1), weight = matrix(s.n, s.k, false, GetParam(), 2);
    if (!packed_matmul_takes(x)) continue;
    EXPECT_TRUE(at::equal(matmul_with_panels(x, pack_weight_panels(weight), {}), packed_matmul(x, weight.t(), {})));
  }
}

// A number depends neither on the other rows nor on the threads.
TEST_P(PackedMatmul, RowsAndThreadsDoNotMatter) {
  const at::Tensor a = matrix(301, 768, false, GetParam(), 1), b = matrix(768, 200, true, GetParam(), 2);
  const at::Tensor whole = packed_matmul(a, b, {});
  for (const auto& [first, count] : {std::pair{0, 1}, {17, 40}, {290, 11}})
    EXPECT_TRUE(at::equal(packed_matmul(a.narrow(0, first, count), b, {}), whole.narrow(0, first, count))) << first;
  const int threads = thread_count();
  at::Tensor sums[2];
  for (const int count : {1, 3}) {
    set_thread_count(count);
    EXPECT_TRUE(at::equal(packed_matmul(a, b, {}), whole)) << count;
    at::Tensor& sum = sums[count / 3] = at::full({768, 200}, 0.5, at::TensorOptions().dtype(at::kFloat));
    add_packed_matmul(sum, a.t(), whole);
  }
  set_thread_count(threads);
  EXPECT_TRUE(at::equal(sums[0], sums[1]));
}

TEST_P(PackedMatmul, EmptyOperands) {
  const at::Tensor a = matrix(4, 8, false, GetParam(), 1), none = matrix(8, 1, false, GetParam(), 2).narrow(1, 0, 0);
  EXPECT_EQ(packed_matmul(a, none, {}).sizes(), at::IntArrayRef({4, 0}));
  EXPECT_FALSE(packed_matmul_takes(a.narrow(0, 0, 0)));
  EXPECT_FALSE(packed_matmul_takes(a.narrow(1, 0, 0)));
  EXPECT_EQ(kernel::matmul(a.narrow(1, 0, 0), none.narrow(0, 0, 0)).sizes(), at::IntArrayRef({4, 0}));
}

INSTANTIATE_TEST_SUITE_P(Types, PackedMatmul, testing::Values(at::kFloat, at::kBFloat16), [](const auto& type) {
  return std::string(type.param == at::kFloat ? "Float32" : "BFloat16");
});

}  // namespace
}  // namespace retort::kernel
