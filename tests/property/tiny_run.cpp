// See tiny_run.h.
#include "property/tiny_run.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "retort/task/training_run.h"
#include "retort/train/process_setup.h"
#include "retort/train/source_options.h"

namespace retort::property {
namespace {

// Calls `before_step` when the trainer has drawn a step.
class WatchedSource final : public data::Source {
 public:
  WatchedSource(const data::RowSet& rows, const train::TrainingConfig& training, kernel::ParameterStore& parameters,
                const BeforeStep& before_step)
      : source_(rows, train::source_options(training)), parameters_(parameters), before_step_(before_step) {}

  data::StepBatch next() override {
    data::StepBatch step = source_.next();
    if (before_step_) before_step_(++steps_, parameters_);
    return step;
  }
  data::SourcePosition position() const override { return source_.position(); }
  void seek(data::SourcePosition position) override { source_.seek(position); }
  int64_t steps_left(data::SourcePosition position) const override { return source_.steps_left(position); }
  int64_t sequences_per_step() const override { return source_.sequences_per_step(); }
  int64_t sequences_per_epoch() const override { return source_.sequences_per_epoch(); }
  int64_t micro_batch_tokens() const override { return source_.micro_batch_tokens(); }
  bool set_micro_batch_tokens(int64_t tokens) override { return source_.set_micro_batch_tokens(tokens); }
  int64_t largest_micro_batch() const override { return source_.largest_micro_batch(); }
  std::string content_hash() const override { return source_.content_hash(); }
  bool order_needs_step_size() const override { return source_.order_needs_step_size(); }

 private:
  data::ShuffledSource source_;
  kernel::ParameterStore& parameters_;
  const BeforeStep& before_step_;
  int64_t steps_ = 0;
};

// What a trainer needs, made as finetune_squad makes it.
struct Parts {
  Parts(const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step)
      : loaded(pretrained::load_model(config.model, {.head = model::Head::kQuestionAnswering,
                                                     .may_initialize_head = true,
                                                     .model = task::training_model_options(config.training),
                                                     .seed = static_cast<uint64_t>(config.training.seed)})),
        rows(std::make_shared<data::SquadFeatures>(data::load_squad_training(
                 source_of(config, config.data.train_file, config.data.max_train_examples), *loaded.tokenizer)),
             data::SquadRowSet::Labels::kPositions),
        source(rows, config.training, loaded.model->parameters(), before_step) {
    if (config.training.evaluate_during_training)
      dev = data::load_squad_evaluation(source_of(config, config.data.dev_file, -1), *loaded.tokenizer);
    unit = std::make_unique<task::SquadUnit>(loaded, config.data, config.training.micro_batch_tokens(),
                                             dev ? &*dev : nullptr);
  }
  data::SquadSource source_of(const recipe::FinetuneSquadConfig& config, const std::string& file, int64_t most) const {
    return task::squad_source(config.data, file, most, static_cast<uint64_t>(config.training.seed), *loaded.model);
  }

  pretrained::LoadedModel loaded;
  data::SquadRowSet rows;
  WatchedSource source;
  std::optional<data::SquadEvaluationSet> dev;
  std::unique_ptr<task::SquadUnit> unit;
};

std::vector<float> values_of(const RunResult& result) {
  std::vector<float> values(result.parameters.size() / sizeof(float));
  std::memcpy(values.data(), result.parameters.data(), result.parameters.size());
  return values;
}

}  // namespace

RunResult train_tiny(const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step) {
  train::set_up_process(config.training);
  Parts parts(config, before_step);

  std::unique_ptr<checkpoint::RunFolder> run;
  if (!config.output.output_dir.empty())
    run = std::make_unique<checkpoint::RunFolder>(checkpoint::RunFolderOptions{
        .output_dir = config.output.output_dir,
        .start = config.output.resume ? checkpoint::RunStart::kResume : checkpoint::RunStart::kNew,
        .save_total_limit = config.training.save_total_limit});
  train::Trainer trainer(*parts.unit, parts.source, config.training, run.get());
  if (config.output.resume) trainer.resume();
  if (run) run->write_config(Json::object());
  RunResult result;
  result.summary = trainer.run();
  const at::Tensor values = parts.loaded.model->parameters().values();
  result.parameters.assign(static_cast<const char*>(values.data_ptr()), values.nbytes());
  return result;
}

Json run_recipe(const recipe::FinetuneSquadConfig& config, const std::function<Json()>& evaluation) {
  task::TrainingRun run(config.training, config.output, Json::object());
  Parts parts(config, {});
  run.train(*parts.unit, parts.source);
  const Json scores = run.evaluate(evaluation);
  run.finish(parts.loaded, "question answering", scores);
  return scores;
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
