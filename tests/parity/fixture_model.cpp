// Loading and loss for parity tests; see fixture_model.h.
#include "parity/fixture_model.h"

#include <ATen/ATen.h>
#include <ATen/ops/tensor.h>

#include "retort/base/error.h"
#include "retort/checkpoint/weights.h"
#include "retort/checkpoint/weights_convert.h"
#include "retort/loss/cross_entropy.h"
#include "retort/model/config_reader.h"

namespace retort::parity {
namespace {

// Positions outside their sequence mean "not in this window"; the loss ignores them.
std::vector<int32_t> places_inside(const Fixture& fixture, const std::string& key) {
  std::vector<int32_t> places = fixture.column(key);
  for (size_t b = 0; b < places.size(); ++b) {
    if (places[b] >= fixture.batch.starts[b + 1] - fixture.batch.starts[b]) places[b] = loss::kIgnored;
  }
  return places;
}

loss::LossSum span_loss(const Fixture& fixture, const at::Tensor& logits) {
  return loss::span_loss(logits, kernel::make_bounds(fixture.batch.starts), places_inside(fixture, "start_position"),
                         places_inside(fixture, "end_position"));
}

loss::LossSum regression_loss(const Fixture& fixture, const at::Tensor& logits) {
  std::vector<float> targets;
  for (const Json& sequence : fixture.expected["sequences"]) targets.push_back(sequence["target"].get<float>());
  return loss::squared_error(logits, at::tensor(targets));
}

}  // namespace

std::unique_ptr<model::Model> load_model(const Fixture& fixture, const model::ModelOptions& options) {
  const Json json = read_json_file(fixture.folder / "config.json");
  const auto head = model::head_of_architecture(json["architectures"][0].get<std::string>());
  auto result = std::make_unique<model::Model>(model::config_from_json(json, "config.json"), head.value(), options);
  const checkpoint::WeightFiles files = checkpoint::open_weights(fixture.folder);
  kernel::ParameterStore& store = result->parameters();
  RETORT_CHECK(files.tensors().size() == store.slices().size(), "the folder holds {} tensors, the model {}",
               files.tensors().size(), store.slices().size());
  for (const kernel::NamedSlice& slice : store.slices()) {
    const checkpoint::NamedTensor* source = files.find(slice.name);
    RETORT_CHECK(source != nullptr && source->shape == slice.shape, "`{}` is missing or has another shape", slice.name);
    at::Tensor target = store.tensor(slice);
    checkpoint::to_float32(*source, {target.data_ptr<float>(), static_cast<size_t>(target.numel())});
  }
  store.refresh_operands();
  return result;
}

std::vector<loss::LossSum> compute_loss_sums(const Fixture& fixture, const model::ModelOutput& output) {
  const std::string head = fixture.head();
  if (head == "question_answering") return {span_loss(fixture, output.logits)};
  if (head == "sequence_classification") return {loss::cross_entropy(output.logits, fixture.column("label"))};
  if (head == "regression") return {regression_loss(fixture, output.logits)};
  if (head == "multiple_choice") {
    const at::Tensor choices = output.logits.view({-1, fixture.expected["choices"].get<int64_t>()});
    return {loss::cross_entropy(choices, fixture.expected["labels"].get<std::vector<int32_t>>())};
  }
  std::vector<loss::LossSum> sums{loss::cross_entropy(output.logits, fixture.token_labels())};
  if (head == "pretraining")
    sums.push_back(loss::cross_entropy(output.next_sentence_logits, fixture.column("next_sentence_label")));
  return sums;
}

at::Tensor compute_loss(const Fixture& fixture, const model::ModelOutput& output) {
  at::Tensor total = at::zeros({}, at::kFloat);
  for (const loss::LossSum& loss : compute_loss_sums(fixture, output)) total = total + loss.sum / loss.count;
  return total;
}

}  // namespace retort::parity
