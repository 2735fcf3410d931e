#include "retort/train/step_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "retort/base/random.h"
#include "retort/train/count_step.h"
#include "retort/train/nonfinite_json.h"

namespace retort::train {

namespace {

std::vector<uint64_t> dropout_keys(const data::Batch& batch, uint64_t seed, int64_t epoch) {
  std::vector<uint64_t> keys;
  keys.reserve(batch.rows.size());
  for (const int64_t row : batch.rows) keys.push_back(make_key(seed, epoch, row));
  return keys;
}

}  // namespace

at::Tensor total_loss(const std::vector<loss::LossTerm>& terms) {
  at::Tensor total;
  for (const loss::LossTerm& term : terms) {
    if (term.weight == 0 || term.divisor == 0) continue;
    const at::Tensor weighted = term.sum * (term.weight / term.divisor);
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

void add_components(const std::vector<loss::LossTerm>& terms, StepReadout& readout) {
  for (const loss::LossTerm& term : terms) {
    for (const loss::FusedLoss& each : term.fused)
      if (each.sum.defined()) readout.add(each.name, each.sum, each.divisor > 0 ? each.divisor : INFINITY);
    if (terms.size() > 1 && term.fused.empty() && term.divisor > 0) readout.add(term.name, term.sum, term.divisor);
  }
}

StepLoss take_losses(std::map<std::string, double>& numbers) {
  StepLoss losses;
  const auto total = numbers.extract(kTotalLoss);
  if (!total.empty()) losses.total = total.mapped();
  losses.components = std::move(numbers);
  return losses;
}

void forward_backward(TrainUnit& unit, const data::StepBatch& step, uint64_t seed, StepReadout& readout,
                      const BackwardOptions& options) {
  const auto& [reducer, graphs, loss_scale, before_each] = options;
  const loss::StepCounts counts = count_step(step);
  for (const data::Batch& micro_batch : step.local()) {
    if (before_each) before_each();
    const bool is_observed =
        reducer != nullptr && graphs == nullptr && reducer->observes() && &micro_batch == &step.local().back();
    std::optional<kernel::ObserverScope> observed;
    if (is_observed) observed.emplace(*reducer);
    const std::vector<uint64_t> keys = dropout_keys(micro_batch, seed, step.position.epoch);
    if (graphs != nullptr && graphs->run(micro_batch, keys, counts, readout)) continue;
    const auto terms = unit.forward(micro_batch, keys, counts);
    add_components(terms, readout);
    const at::Tensor total = total_loss(terms);
    if (!total.defined()) continue;
    readout.add(kTotalLoss, total);
    if (is_observed) reducer->begin_backward();
    (loss_scale.defined() ? total * loss_scale : total).backward();
  }
}

at::Tensor all_reduce_losses(const ProcessGroup& group, StepReadout& readout, MemoryShortage& shortage) {
  if (group.world_size() > 1) {
    std::map<std::string, double> numbers = readout.read();
    StepLoss own = take_losses(numbers);
    own.shortage = shortage;
    const StepLoss all = all_reduce(group, own);
    shortage = all.shortage;
    readout = StepReadout();
    readout.set(kTotalLoss, all.total);
    for (const auto& [name, value] : all.components) readout.set(name, value);
  }
  return readout.get(kTotalLoss);
}

StepLoss all_reduce(const ProcessGroup& group, const StepLoss& share) {
  if (group.world_size() == 1) return share;
  StepLoss sums;
  const Json text{{"total", with_named_nonfinite(share.total)},
                  {"components", with_named_nonfinite(Json(share.components))},
                  {"shortage", static_cast<int>(share.shortage)}};
  for (const std::string& each : group.all_gather(text.dump())) {
    const Json other = Json::parse(each);
    sums.total += maybe_number(other.at("total")).value();
    sums.shortage = std::max(sums.shortage, static_cast<MemoryShortage>(other.at("shortage").get<int>()));
    const Json& components = other.at("components");
    for (const auto& [name, value] : components.items()) sums.components[name] += maybe_number(value).value();
  }
  return sums;
}

}  // namespace retort::train
