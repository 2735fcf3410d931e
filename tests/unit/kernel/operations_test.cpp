// Every operation, fused in float32 and bfloat16, against the plain reference in float64: outputs and all gradients,
// over odd sizes.
#include <ATen/Parallel.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>

#include "retort/base/thread.h"
#include "retort/kernel/activation.h"
#include "retort/kernel/add_norm.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/cosine_loss.h"
#include "retort/kernel/embedding.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/product.h"
#include "retort/kernel/recompute.h"
#include "retort/kernel/relation_loss.h"
#include "retort/kernel/softmax_loss.h"
#include "unit/kernel/case.h"

namespace retort::kernel::test {
namespace {

using Tensors = std::vector<at::Tensor>;

// The operation under test: from inputs and weights to the output.
using Operation = std::function<at::Tensor(const Tensors& inputs, std::vector<Weight>& weights, Precision precision)>;

struct Results {
  at::Tensor output;
  Tensors gradients;  // of the inputs, then of the weights
};

Results run(const Operation& operation, const Tensors& inputs, const Tensors& weights, const at::Tensor& grad,
            at::ScalarType type, Implementation choice) {
  const ScopedImplementation scoped(choice);
  const Precision precision = type == at::kBFloat16 ? Precision::kBf16 : Precision::kFloat32;
  Tensors leaves;
  for (const at::Tensor& input : inputs)
    leaves.push_back(input.to(at::kBFloat16).to(type).detach().set_requires_grad(true));
  std::vector<Weight> own;
  for (const at::Tensor& weight : weights)
    own.push_back(make_weight(weight.to(at::kBFloat16), type == at::kDouble ? at::kDouble : at::kFloat, precision));
  Results results;
  results.output = operation(leaves, own, precision);
  results.output.backward(grad.to(at::kBFloat16).to(results.output.scalar_type()));
  for (const at::Tensor& leaf : leaves) results.gradients.push_back(leaf.grad());
  for (const Weight& weight : own) results.gradients.push_back(weight.gradient);
  return results;
}

void expect_equal_to_reference(const Operation& operation, const Tensors& inputs, const Tensors& weights,
                               const at::Tensor& grad) {
  const Results exact = run(operation, inputs, weights, grad, at::kDouble, Implementation::kReference);
  const struct {
    at::ScalarType type;
    Implementation implementation;
    double tolerance;
  } ways[] = {{at::kFloat, Implementation::kFused, 2e-5},
              {at::kFloat, Implementation::kReference, 2e-5},
              {at::kBFloat16, Implementation::kFused, 3e-2},
              {at::kBFloat16, Implementation::kReference, 3e-2}};
  for (const auto& way : ways) {
    const Results own = run(operation, inputs, weights, grad, way.type, way.implementation);
    const std::string label =
        std::string(at::toString(way.type)) + (way.implementation == Implementation::kFused ? " fused" : " reference");
    EXPECT_LT(relative_difference(own.output, exact.output), way.tolerance) << label << " output";
    for (size_t i = 0; i < exact.gradients.size(); ++i)
      EXPECT_LT(relative_difference(own.gradients[i], exact.gradients[i]), way.tolerance) << label << " gradient " << i;
  }
}

class AttentionSizes : public testing::TestWithParam<std::tuple<int64_t, int64_t, double, std::vector<int64_t>>> {};

TEST_P(AttentionSizes, EqualsReference) {
  const auto& [heads, width, probability, lengths] = GetParam();
  const Rows rows = make_case_rows(lengths);
  const Dropout dropout{probability, 5 << 10};
  const Operation operation = [&, h = heads](const Tensors& in, std::vector<Weight>&, Precision) {
    return attention(in[0], rows, h, dropout);
  };
  expect_equal_to_reference(operation, {at::randn({rows.tokens(), 3 * heads * width})}, {},
                            at::randn({rows.tokens(), heads * width}));
}

INSTANTIATE_TEST_SUITE_P(Sizes, AttentionSizes,
                         testing::Values(std::make_tuple(1, 64, 0.0, std::vector<int64_t>{1}),
                                         std::make_tuple(2, 64, 0.1, std::vector<int64_t>{1, 2, 3, 130}),
                                         std::make_tuple(3, 26, 0.1, std::vector<int64_t>{17, 64, 65, 33}),
                                         std::make_tuple(2, 24, 0.0, std::vector<int64_t>{63, 31, 100}),
                                         std::make_tuple(2, 32, 0.1, std::vector<int64_t>{512, 5}),
                                         std::make_tuple(1, 7, 0.2, std::vector<int64_t>{80, 15}),
                                         std::make_tuple(1, 1, 0.0, std::vector<int64_t>{48}),
                                         std::make_tuple(1, 128, 0.1, std::vector<int64_t>{97, 640})));

TEST(Linear, EqualsReference) {
  for (const auto& [t, k, n] : {std::tuple<int64_t, int64_t, int64_t>{1, 8, 3}, {37, 52, 100}, {65, 312, 24}}) {
    const Operation with_bias = [](const Tensors& in, std::vector<Weight>& w, Precision) {
      return linear(in[0], w[0], &w[1]);
    };
    const Operation without_bias = [](const Tensors& in, std::vector<Weight>& w, Precision) {
      return linear(in[0], w[0], nullptr);
    };
    expect_equal_to_reference(with_bias, {at::randn({t, k})}, {at::randn({n, k}), at::randn({n})}, at::randn({t, n}));
    expect_equal_to_reference(without_bias, {at::randn({t, k})}, {at::randn({n, k})}, at::randn({t, n}));
  }
}

TEST(BiasActivation, EqualsReference) {
  for (const Activation activation :
       {Activation::kGeluErf, Activation::kGeluTanh, Activation::kRelu, Activation::kSwish, Activation::kTanh})
    for (const int64_t width : {1, 26, 100, 312}) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return bias_activation(in[0], w[0], activation);
      };
      expect_equal_to_reference(operation, {at::randn({41, width}) * 3}, {at::randn({width})}, at::randn({41, width}));
    }
}

// x (1 + erf(x / sqrt(2))) / 2, and its tanh form, by their formulas in float64.
TEST(BiasActivation, OfGeluHasTheValuesOfItsFormulas) {
  const at::Tensor x = at::tensor({-1.0f, 0.5f, 2.0f}).reshape({3, 1});
  const Weight no_bias = make_weight(at::tensor({0.0f}), at::kFloat, Precision::kFloat32);
  const struct {
    Activation activation;
    float expected[3];
  } forms[] = {{Activation::kGeluErf, {-0.1586552539f, 0.3457312306f, 1.9544997361f}},
               {Activation::kGeluTanh, {-0.1588080096f, 0.3457140097f, 1.9545976939f}}};
  for (const Implementation choice : {Implementation::kFused, Implementation::kReference})
    for (const auto& form : forms) {
      const ScopedImplementation scoped(choice);
      const at::Tensor y = bias_activation(x, no_bias, form.activation).contiguous();
      for (int64_t i = 0; i < 3; ++i) EXPECT_NEAR(y.data_ptr<float>()[i], form.expected[i], 1e-6) << i;
    }
}

TEST(ActivatedLinear, EqualsReference) {
  for (const Activation activation : {Activation::kGeluErf, Activation::kRelu})
    for (const auto& [t, k, n] : {std::tuple<int64_t, int64_t, int64_t>{1, 8, 3}, {37, 104, 26}}) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return activated_linear(in[0], w[0], activation, w[1]);
      };
      expect_equal_to_reference(operation, {at::randn({t, k}) * 2}, {at::randn({k}), at::randn({n, k})},
                                at::randn({t, n}));
    }
}

TEST(Recompute, EqualsTheSameOperationsKept) {
  const Rows rows = make_case_rows({9, 30});
  const Operation kept = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
    return add_norm(activated_linear(in[0], w[0], Activation::kGeluErf, w[1]), nullptr, in[0], {&w[2], &w[3], 1e-12},
                    rows, {0.1, 3 << 10});
  };
  const Operation recomputed = [&](const Tensors& in, std::vector<Weight>& w, Precision precision) {
    return recompute(in[0], [&](const at::Tensor& x) { return kept({x}, w, precision); });
  };
  const Tensors inputs{at::randn({39, 24})},
      weights{at::randn({24}), at::randn({24, 24}), at::randn({24}), at::randn({24})};
  const at::Tensor grad = at::randn({39, 24});
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Results a = run(kept, inputs, weights, grad, type, Implementation::kFused),
                  b = run(recomputed, inputs, weights, grad, type, Implementation::kFused);
    EXPECT_TRUE(a.output.equal(b.output));
    for (size_t i = 0; i < a.gradients.size(); ++i) EXPECT_TRUE(a.gradients[i].equal(b.gradients[i])) << i;
  }
}

TEST(SoftmaxLoss, EqualsReference) {
  const SoftmaxLossOptions ways[] = {{.hard_weight = 1},
                                     {.temperature = 2, .soft_weight = 1},
                                     {.temperature = 1, .hard_weight = 0.3, .soft_weight = 0.7},
                                     {.temperature = 3, .hard_weight = 0.5, .soft_weight = 2, .squared_weight = 0.1}};
  for (const int64_t classes : {1, 3, 100, 1003}) {
    const at::Tensor teacher = (at::randn({9, classes}) * 3).to(at::kBFloat16);
    std::vector<int32_t> labels;
    for (int32_t n = 0; n < 9; ++n) labels.push_back(n % 4 == 1 ? kNoLabel : static_cast<int32_t>(n * 7 % classes));
    for (const SoftmaxLossOptions& options : ways) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
        return softmax_loss(in[0], teacher, labels, options);
      };
      expect_equal_to_reference(operation, {at::randn({9, classes}) * 3}, {}, at::ones({}) * 0.5);
    }
  }
}

TEST(CosineLoss, EqualsReference) {
  for (const int64_t width : {2, 26, 312}) {
    const at::Tensor targets = at::randn({7, width}).to(at::kBFloat16);
    const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
      return cosine_loss(in[0], targets);
    };
    expect_equal_to_reference(operation, {at::randn({7, width})}, {}, at::ones({}) * 0.5);
  }
}

class RelationSizes
    : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t, std::vector<int64_t>, RelationDistance>> {};

TEST_P(RelationSizes, EqualsReference) {
  const auto& [heads, width, teacher_width, lengths, distance] = GetParam();
  const Rows rows = make_case_rows(lengths);
  for (const Relation relation : {Relation::kQueryKey, Relation::kSelf}) {
    const int64_t parts = relation == Relation::kQueryKey ? 3 : 1;
    const at::Tensor teacher = at::randn({rows.tokens(), parts * heads * teacher_width}).to(at::kBFloat16);
    const RelationLossOptions options{heads, relation, distance};
    const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
      return relation_loss(in[0], teacher, rows, options);
    };
    expect_equal_to_reference(operation, {at::randn({rows.tokens(), parts * heads * width})}, {}, at::ones({}) * 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, RelationSizes,
                         testing::Combine(testing::Values(2), testing::Values(7, 26), testing::Values(24, 64),
                                          testing::Values(std::vector<int64_t>{1, 4},
                                                          std::vector<int64_t>{2, 65, 17, 64},
                                                          std::vector<int64_t>{130, 3}),
                                          testing::Values(RelationDistance::kDivergence, RelationDistance::kSquared,
                                                          RelationDistance::kCosine)));

TEST(RelationLoss, OfAStudentThatIsItsTeacherIsZero) {
  const Rows rows = make_case_rows({5, 70});
  const at::Tensor qkv = at::randn({75, 3 * 2 * 8});
  for (const auto distance : {RelationDistance::kDivergence, RelationDistance::kSquared, RelationDistance::kCosine})
    EXPECT_NEAR(relation_loss(qkv, qkv, rows, {2, Relation::kQueryKey, distance}).item<float>(), 0, 1e-4);
}

TEST(RelationLoss, IsEqualForAnyThreadCount) {
  const Rows rows = make_case_rows({5, 70, 33, 12});
  const at::Tensor student = at::randn({120, 3 * 4 * 8}), teacher = at::randn({120, 3 * 4 * 16});
  std::vector<at::Tensor> sums;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    sums.push_back(relation_loss(student, teacher, rows, {4, Relation::kQueryKey, RelationDistance::kDivergence}));
  }
  EXPECT_TRUE(sums[0].equal(sums[1]) && sums[0].equal(sums[2]));
}

// Values computed from the published formulas.
TEST(SoftmaxLoss, CheckValues) {
  const at::Tensor s = at::tensor({1.0f, 2.0f, 0.5f}).view({1, 3}), t = at::tensor({0.2f, 3.0f, -1.0f}).view({1, 3});
  for (const Implementation choice : {Implementation::kFused, Implementation::kReference}) {
    const ScopedImplementation scoped(choice);
    SoftmaxLossSums sums;
    EXPECT_NEAR(softmax_loss(s, t, {}, {.soft_weight = 1}).item<float>(), 0.2443537269, 1e-6);
    EXPECT_NEAR(softmax_loss(s, t, {}, {.temperature = 2, .soft_weight = 1}).item<float>(), 0.5013628966, 1e-6);
    softmax_loss(s, t, {}, {.soft_weight = 1e-9, .squared_weight = 0.5}, &sums);
    EXPECT_NEAR(sums.squared, 3.89, 1e-5);
    EXPECT_NEAR(sums.soft, 0.2443537269, 1e-6);
    EXPECT_NEAR(cosine_loss(s, t).item<float>(), 0.2148939075, 1e-6);
  }
}

TEST(Products, AreEqualForAnyThreadCountWhenDeterministic) {
  const at::Tensor a = at::randn({401, 300}), b = at::randn({300, 77}), bias = at::randn({77});
  set_deterministic_products(true);
  std::vector<Tensors> results;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    at::set_num_threads(threads);
    at::Tensor total = at::ones({300, 77});
    add_product(total, a.t(), a.narrow(1, 0, 77));
    results.push_back({product(a, b, bias), total});
  }
  set_deterministic_products(false);
  EXPECT_TRUE(results[0][0].equal(results[1][0]) && results[0][0].equal(results[2][0]));
  EXPECT_TRUE(results[0][1].equal(results[1][1]) && results[0][1].equal(results[2][1]));
  EXPECT_LT(relative_difference(results[0][0], at::matmul(a.to(at::kDouble), b.to(at::kDouble)) + bias), 2e-6);
}

TEST(AddNorm, EqualsReference) {
  for (const double probability : {0.0, 0.1})
    for (const int64_t width : {5, 24, 52, 312, 768}) {
      const Rows rows = make_case_rows({3, 1, 40});
      const Dropout dropout{probability, 3 << 10};
      const Operation full = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return add_norm(in[0], &w[0], in[1], {&w[1], &w[2], 1e-12}, rows, dropout);
      };
      const Operation bare = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return add_norm(in[0], nullptr, at::Tensor(), {&w[0], &w[1], 1e-12}, rows, dropout);
      };
      const auto make = [&] { return at::randn({44, width}); };
      expect_equal_to_reference(full, {make(), make()}, {at::randn({width}), at::randn({width}), at::randn({width})},
                                make());
      if (probability == 0) expect_equal_to_reference(bare, {make()}, {at::randn({width}), at::randn({width})}, make());
    }
}

TEST(Embed, EqualsReference) {
  const Rows rows = make_case_rows({60, 1, 9, 33});
  for (const int64_t padding_id : {-1, 0, 7})
    for (const double probability : {0.0, 0.1}) {
      const Operation operation = [&](const Tensors&, std::vector<Weight>& w, Precision precision) {
        const EmbeddingWeights weights{&w[0], &w[1], &w[2], {&w[3], &w[4], 1e-12}, padding_id};
        at::Tensor out = embed(rows, weights, precision, {probability, 1 << 10});
        return w[0].value.scalar_type() == at::kDouble ? out.to(at::kDouble) : out;
      };
      expect_equal_to_reference(
          operation, {},
          {at::randn({50, 52}), at::randn({64, 52}), at::randn({2, 52}), at::randn({52}), at::randn({52})},
          at::randn({rows.tokens(), 52}));
    }
}

}  // namespace
}  // namespace retort::kernel::test
