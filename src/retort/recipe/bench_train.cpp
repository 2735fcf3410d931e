#include "retort/recipe/bench_train.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/implementation.h"
#include "retort/recipe/bench_measure.h"
#include "retort/recipe/bench_rows.h"
#include "retort/recipe/distill_squad_unit.h"
#include "retort/recipe/glue_unit.h"
#include "retort/recipe/run_start.h"
#include "retort/recipe/squad_unit.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

namespace {

// Operations of the student in the steps that a run took from `begin` on: forward, and twice as much backward.
double training_flops(const data::RowSet& rows, const data::ShuffledSourceOptions& options,
                      const data::SourcePosition& begin, int64_t sequences, const model::ModelConfig& config) {
  const std::vector<int64_t> order = data::epoch_order(rows, options, begin.epoch);
  const int64_t first = begin.step_in_epoch * options.batch_size * options.gradient_accumulation_steps,
                last = std::min<int64_t>(static_cast<int64_t>(order.size()), first + sequences);
  double flops = 0;
  for (int64_t i = first; i < last; ++i) flops += 3 * forward_flops(config, rows.token_count(order[i]));
  return flops;
}

// Question answering with a teacher, which has random weights where it has no head.
struct SoftTargetBench {
  LoadedModel teacher;
  SoftTargetConfig distillation;

  std::unique_ptr<train::TrainUnit> make_unit(const BenchTrainConfig& config, LoadedModel& student,
                                              const data::RowSet& rows) {
    if (!config.data.is_squad())
      throw UserError("`task` must be squad with a teacher, but is {}; leave `teacher` out", config.data.task);
    ModelSource source = config.model;
    source.model = config.teacher;
    teacher = load_bench_model(source, config.data, {.precision = config.training.precision_kind()});
    return std::make_unique<DistillSquadUnit>(
        student, cached_logits(*teacher.model, config.teacher_cache, rows, config.training), distillation,
        config.data.squad, config.training.micro_batch_tokens(), nullptr);
  }
};

}  // namespace

void BenchTrainConfig::fields(FieldList& list) {
  model.fields(list);
  data.fields(list);
  list.add("train_file", data.squad.train_file, {.help = "SQuAD file, for squad."});
  list.group("Measuring");
  list.add("steps", steps, {.help = "Steps to measure, after one to warm up.", .min = 1});
  list.add("teacher", teacher, {.help = "With squad: learn from this teacher's soft targets too."});
  list.add("teacher_cache", teacher_cache,
           {.help = "off: the teacher computes in every step; a folder: it has computed all rows before."});
  training.fields(list);
}

Json bench_train(const BenchTrainConfig& config) {
  config.training.apply_to_process();
  const kernel::Precision precision = config.training.precision_kind();
  LoadedModel loaded = load_bench_model(config.model, config.data, training_model_options(config.training));
  const auto rows = load_bench_rows(config.data, loaded, /*is_training=*/true);
  const GlueDataConfig glue = config.data.glue();
  std::unique_ptr<train::TrainUnit> unit;
  SoftTargetBench soft_targets;
  if (!config.teacher.empty())
    unit = soft_targets.make_unit(config, loaded, *rows);
  else if (config.data.is_squad())
    unit = std::make_unique<SquadUnit>(loaded, config.data.squad, config.training.micro_batch_tokens(), nullptr);
  else
    unit = std::make_unique<GlueUnit>(loaded, glue, config.training);

  train::TrainingConfig training = config.training;
  training.logging_steps = training.save_steps = 0;
  data::ShuffledSource source(*rows, source_options(training));
  training.max_steps = 1;
  train::Trainer(*unit, source, training, nullptr).run();
  const data::SourcePosition begin = source.position();
  training.max_steps = config.steps;
  const kernel::TimeSplit before = kernel::time_split();
  const train::TrainingSummary summary = train::Trainer(*unit, source, training, nullptr).run();
  const kernel::TimeSplit split = kernel::time_between(before, kernel::time_split());

  const double rate = measure_product_rate(precision), seconds = summary.train_seconds;
  const double flops =
      training_flops(*rows, source_options(training), begin, summary.sequences, loaded.model->config());
  Json json{{"seq_s", static_cast<double>(summary.sequences) / seconds},
            {"tok_s", static_cast<double>(summary.tokens) / seconds}};
  json["utilization"] = 1e-9 * flops / seconds / rate;
  json["gemm_gflops"] = rate;
  json["peak_rss_mb"] = peak_memory_mb();
  json["step_ms"] = 1000 * seconds / static_cast<double>(summary.steps);
  json["steps"] = summary.steps;
  json["overhead_share"] = summary.overhead_share;
  json["split_ms"] = split_to_json(split, seconds, summary.steps);
  json["instruction_set"] = kernel::fused_instruction_set();
  return json;
}

}  // namespace retort::recipe
