// See tiny_run.h.
#include "property/tiny_run.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "retort/recipe/training_run.h"

namespace retort::property {
namespace {

// Counts optimizer steps: the trainer asks for the counts of each once, before its first forward pass.
class WatchedUnit : public recipe::SquadUnit {
 public:
  WatchedUnit(recipe::LoadedModel& loaded, const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step)
      : SquadUnit(loaded, config.data, config.training.micro_batch_tokens(), nullptr), before_step_(before_step) {}

  std::vector<double> step_counts(const data::StepBatch& step) override {
    if (before_step_) before_step_(++steps_, parameters());
    return SquadUnit::step_counts(step);
  }

 private:
  const BeforeStep& before_step_;
  int64_t steps_ = 0;
};

std::vector<float> values_of(const RunResult& result) {
  std::vector<float> values(result.parameters.size() / sizeof(float));
  std::memcpy(values.data(), result.parameters.data(), result.parameters.size());
  return values;
}

}  // namespace

RunResult train_tiny(const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step) {
  config.training.apply_to_process();
  const auto seed = static_cast<uint64_t>(config.training.seed);
  recipe::LoadedModel loaded =
      recipe::load_model(config.model, {.head = model::Head::kQuestionAnswering,
                                        .may_start_head = true,
                                        .model = recipe::training_model_options(config.training),
                                        .seed = seed});
  const auto features = std::make_shared<data::SquadFeatures>(data::load_squad_training(
      recipe::squad_source(config.data, config.data.train_file, config.data.max_train_examples, seed, *loaded.model),
      *loaded.tokenizer));
  const data::SquadRowSet rows(features, true);
  WatchedUnit unit(loaded, config, before_step);
  data::ShuffledSource source(rows, recipe::source_options(config.training));

  std::unique_ptr<checkpoint::RunFolder> run;
  if (!config.output.output_dir.empty())
    run = std::make_unique<checkpoint::RunFolder>(checkpoint::RunFolderOptions{
        .output_dir = config.output.output_dir,
        .start = config.output.resume ? checkpoint::RunStart::kResume : checkpoint::RunStart::kNew,
        .save_total_limit = config.training.save_total_limit});
  train::Trainer trainer(unit, source, config.training, run.get());
  if (config.output.resume) trainer.resume();
  if (run) run->write_config(Json::object());
  RunResult result;
  result.summary = trainer.run();
  const at::Tensor values = loaded.model->parameters().values();
  result.parameters.assign(static_cast<const char*>(values.data_ptr()), values.nbytes());
  return result;
}

double relative_difference(const RunResult& a, const RunResult& b) {
  const std::vector<float> x = values_of(a), y = values_of(b);
  double difference = 0, norm = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    norm += std::pow(static_cast<double>(y[i]), 2);
  }
  return x.size() == y.size() ? std::sqrt(difference / norm) : INFINITY;
}

}  // namespace retort::property
