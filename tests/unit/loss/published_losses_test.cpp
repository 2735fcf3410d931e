// The losses against the published formulas, computed in float64 by tools/fixtures/published_losses.py. Where a formula
// leaves the padding out by a mask, its batch is padded; the others have sequences of one length.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "retort/base/json.h"
#include "retort/kernel/softmax_loss.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"
#include "retort/loss/state_losses.h"

namespace retort::loss {
namespace {

using kernel::Distance;

at::Tensor matrix_of(const std::vector<std::vector<double>>& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return at::tensor(values, at::kDouble).view({static_cast<int64_t>(rows.size()), -1});
}

// A case of the fixture: the rows of padded sequences, and which of them are tokens.
class PublishedCase {
 public:
  PublishedCase(const std::string& file, const std::string& name)
      : json_(read_json_file(std::string(RETORT_FIXTURES) + "/published_losses/" + file + ".json").at(name)) {
    const auto longest = json_.at("longest").get<int64_t>();
    const auto lengths = json_.at("lengths").get<std::vector<int64_t>>();
    for (size_t b = 0; b < lengths.size(); ++b) {
      for (int64_t i = 0; i < lengths[b]; ++i) tokens_.push_back(static_cast<int64_t>(b) * longest + i);
      rows_.starts.push_back(static_cast<int32_t>(tokens_.size()));
    }
  }

  // The rows of the tokens, [T, N] float64.
  at::Tensor tokens_of(const char* name) const {
    return matrix_of(json_.at(name).get<std::vector<std::vector<double>>>()).index_select(0, at::tensor(tokens_));
  }
  at::Tensor teacher() const { return tokens_of("teacher").to(at::kFloat); }
  double number(const char* name) const { return json_.at(name).get<double>(); }
  template <typename T>
  std::vector<T> numbers(const char* name) const {
    return json_.at(name).get<std::vector<T>>();
  }
  // Of a padded [B][S] list, the elements of the tokens.
  std::vector<int32_t> token_labels() const {
    std::vector<int32_t> all, labels;
    for (const auto& row : numbers<std::vector<int32_t>>("labels")) all.insert(all.end(), row.begin(), row.end());
    for (const int64_t token : tokens_) labels.push_back(all[token]);
    return labels;
  }
  const kernel::TokenRows& rows() const { return rows_; }

  // Compares value and gradient of loss(student).sum / count, or of a sum that is a mean already with count 1.
  template <typename Loss>
  void expect_equal(Loss&& loss) const {
    const at::Tensor student = tokens_of("student").to(at::kFloat).set_requires_grad(true);
    const LossSum own = loss(student);
    (own.sum / own.count).backward();
    EXPECT_NEAR(own.sum.template item<double>() / own.count, number("value"), 1e-5 * std::max(1.0, number("value")));
    const at::Tensor expected = tokens_of("gradient");
    EXPECT_GT(expected.abs().max().template item<double>(), 1e-3);
    EXPECT_LT((student.grad().to(at::kDouble) - expected).abs().max().template item<double>(), 1e-5);
  }

 private:
  Json json_;
  std::vector<int64_t> tokens_;
  kernel::TokenRows rows_;
};

LossSum mean_of(const at::Tensor& sum, double count) { return {sum, count}; }

TEST(PublishedLosses, MaskedLanguageModelSoftTargets) {
  const PublishedCase published("language_model", "soft");
  published.expect_equal([&](const at::Tensor& x) {
    return mean_of(kernel::softmax_loss(x, published.teacher(), {},
                                        {.temperature = published.number("temperature"), .soft_weight = 1}),
                   static_cast<double>(x.size(0)));
  });
}

TEST(PublishedLosses, MaskedLanguageModelSquaredLogits) {
  const PublishedCase published("language_model", "squared");
  published.expect_equal([&](const at::Tensor& x) {
    return mean_of(kernel::softmax_loss(x, published.teacher(), {}, {.squared_weight = 1}),
                   static_cast<double>(x.size(0)));
  });
}

TEST(PublishedLosses, MaskedLanguageModelHiddenStates) {
  const PublishedCase published("language_model", "hidden");
  published.expect_equal([&](const at::Tensor& x) { return cosine_distance(x, published.teacher()); });
}

TEST(PublishedLosses, MaskedLanguageModelLabels) {
  const PublishedCase published("language_model", "labels");
  published.expect_equal([&](const at::Tensor& x) { return cross_entropy(x, published.token_labels()); });
}

TEST(PublishedLosses, QuestionsSoftTargets) {
  const PublishedCase published("questions", "soft");
  published.expect_equal([&](const at::Tensor& x) {
    return soft_span_loss(x, published.teacher(), published.rows(), published.number("temperature"));
  });
}

TEST(PublishedLosses, QuestionsLabels) {
  const PublishedCase published("questions", "labels");
  published.expect_equal([&](const at::Tensor& x) {
    return span_loss(x, published.rows(), published.numbers<int32_t>("start_positions"),
                     published.numbers<int32_t>("end_positions"));
  });
}

TEST(PublishedLosses, AttentionScores) {
  for (const auto& [name, distance] :
       {std::pair("attention_kld", Distance::kDivergence), {"attention_mse", Distance::kSquared}}) {
    SCOPED_TRACE(name);
    const PublishedCase published("states", name);
    published.expect_equal([&, distance = distance](const at::Tensor& x) {
      return attention_score_loss(x, published.teacher(), published.rows(),
                                  static_cast<int64_t>(published.number("heads")), distance);
    });
  }
}

TEST(PublishedLosses, ValueRelations) {
  const PublishedCase published("states", "value_kld");
  published.expect_equal([&](const at::Tensor& x) {
    return context_loss(x, published.teacher(), published.rows(), static_cast<int64_t>(published.number("heads")),
                        Distance::kDivergence);
  });
}

TEST(PublishedLosses, HiddenStates) {
  for (const auto& [name, distance] :
       {std::pair("hidden_cosine", Distance::kCosine), {"hidden_mse", Distance::kSquared}}) {
    SCOPED_TRACE(name);
    const PublishedCase published("states", name);
    published.expect_equal(
        [&, distance = distance](const at::Tensor& x) { return hidden_state_loss(x, published.teacher(), distance); });
  }
}

TEST(PublishedLosses, Predictions) {
  const PublishedCase classes("states", "prediction_classes"), spans("states", "prediction_spans"),
      targets("states", "prediction_targets");
  classes.expect_equal(
      [&](const at::Tensor& x) { return soft_cross_entropy(x, classes.teacher(), classes.number("temperature")); });
  spans.expect_equal([&](const at::Tensor& x) {
    return soft_span_cross_entropy(x, spans.teacher(), spans.rows(), spans.number("temperature"));
  });
  targets.expect_equal(
      [&](const at::Tensor& x) { return squared_error(x, at::tensor(targets.numbers<float>("targets"))); });
}

}  // namespace
}  // namespace retort::loss
