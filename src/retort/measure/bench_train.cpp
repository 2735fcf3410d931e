#include "retort/measure/bench_train.h"

#include <algorithm>
#include <chrono>

#include "retort/base/error.h"
#include "retort/kernel/implementation.h"
#include "retort/measure/bench_measure.h"
#include "retort/measure/bench_rows.h"
#include "retort/task/distill_squad_unit.h"
#include "retort/task/glue_unit.h"
#include "retort/task/pretraining_unit.h"
#include "retort/task/squad_unit.h"
#include "retort/task/training_run.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/source_options.h"
#include "retort/train/trainer.h"

namespace retort::measure {

namespace {

// The measured steps, without the warm-up step.
struct Measured {
  data::SourcePosition begin;  // the first measured step
  double seconds = 0;
  int64_t sequences = 0, tokens = 0;
  kernel::TimeSplit split = {};
};

// Passes steps on and starts the measurement when the second is requested. One trainer uses all of them, so that memory
// allocated in the first step is reused.
class MeasuredSource final : public data::Source {
 public:
  explicit MeasuredSource(data::Source& source) : source_(source) {}

  data::StepBatch next() override {
    if (++calls_ == 2) {
      measured_.begin = source_.position();
      begin_ = Clock::now(), split_before_ = kernel::time_split();
    }
    data::StepBatch step = source_.next();
    if (calls_ >= 2) measured_.sequences += step.sequence_count, measured_.tokens += step.token_count;
    return step;
  }
  data::SourcePosition position() const override { return source_.position(); }
  void seek(data::SourcePosition position) override { source_.seek(position); }
  int64_t steps_left(data::SourcePosition position) const override { return source_.steps_left(position); }
  int64_t sequences_per_step() const override { return source_.sequences_per_step(); }
  int64_t sequences_per_epoch() const override { return source_.sequences_per_epoch(); }

  // Returns the measurement so far.
  Measured measured() const {
    Measured result = measured_;
    result.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    result.split = kernel::time_between(split_before_, kernel::time_split());
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;
  data::Source& source_;
  int64_t calls_ = 0;
  Clock::time_point begin_ = {};
  kernel::TimeSplit split_before_ = {};
  Measured measured_;
};

// Returns the student's floating-point operations in the measured steps: forward, and twice as many backward.
double training_flops(const data::RowSet& rows, const data::ShuffledSourceOptions& options, const Measured& measured,
                      const model::ModelConfig& config) {
  const std::vector<int64_t> order = data::epoch_order(rows, options, measured.begin.epoch);
  const int64_t first = measured.begin.sequence;
  const int64_t last = std::min<int64_t>(static_cast<int64_t>(order.size()), first + measured.sequences);
  double flops = 0;
  for (int64_t i = first; i < last; ++i) flops += 3 * forward_flops(config, rows.token_count(order[i]));
  return flops;
}

// Question answering with a teacher, whose head has random weights if its folder has none.
struct SoftTargetBench {
  std::unique_ptr<distill::Teacher> teacher;
  distill::SoftTargetConfig distillation;

  std::unique_ptr<train::TrainUnit> make_unit(const BenchTrainConfig& config, pretrained::LoadedModel& student,
                                              const data::RowSet& rows) {
    if (!config.data.is_squad())
      throw UserError("`task` must be squad with a teacher, but is {}; remove `teacher`", config.data.task);
    distill::TeacherConfig settings;
    settings.teacher = config.teacher, settings.teacher_cache = config.teacher_cache;
    teacher = std::make_unique<distill::Teacher>(settings, model::Head::kQuestionAnswering,
                                                 train::precision_of(config.training), config.model, student,
                                                 config.data.squad.features.max_seq_length);
    return std::make_unique<task::DistillSquadUnit>(
        student, distill::make_targets(distill::plan_logit_targets(*teacher, rows, config.training)), distillation,
        config.data.squad, config.training.micro_batch_tokens(), nullptr);
  }
};

}  // namespace

Json bench_train(const BenchTrainConfig& config) {
  train::set_up_process(config.training);
  const kernel::Precision precision = train::precision_of(config.training);
  pretrained::LoadedModel loaded =
      load_bench_model(config.model, config.data, task::training_model_options(config.training));
  const auto rows = load_bench_rows(config.data, loaded, /*is_training=*/true);
  const task::GlueDataConfig glue = config.data.is_pretraining() ? task::GlueDataConfig() : config.data.glue();
  std::unique_ptr<train::TrainUnit> unit;
  SoftTargetBench soft_targets;
  if (!config.teacher.empty())
    unit = soft_targets.make_unit(config, loaded, *rows);
  else if (config.data.is_squad())
    unit = std::make_unique<task::SquadUnit>(loaded, config.data.squad, config.training.micro_batch_tokens(), nullptr);
  else if (config.data.is_pretraining())
    unit = std::make_unique<task::PretrainingUnit>(loaded, /*dense_sequence_output=*/true, /*held_out=*/nullptr,
                                                   config.training.micro_batch_tokens());
  else
    unit = std::make_unique<task::GlueUnit>(loaded, glue, config.training, std::span<const task::GlueSet>());

  train::TrainingConfig training = config.training;
  training.logging_steps = training.save_steps = 0;
  training.max_steps = config.steps + 1;
  data::ShuffledSource rows_in_order(*rows, train::source_options(training));
  MeasuredSource source(rows_in_order);
  const train::TrainingSummary summary = train::Trainer(*unit, source, training, nullptr).run();
  const Measured measured = source.measured();

  const double rate = measure_product_rate(precision), seconds = measured.seconds;
  const double flops = training_flops(*rows, train::source_options(training), measured, loaded.model->config());
  Json json{{"seq_s", static_cast<double>(measured.sequences) / seconds},
            {"tok_s", static_cast<double>(measured.tokens) / seconds}};
  json["utilization"] = utilization(flops, seconds, rate);
  json["gemm_gflops"] = rate;
  json["peak_rss_mb"] = peak_memory_mb();
  json["step_ms"] = 1000 * seconds / static_cast<double>(config.steps);
  json["steps"] = config.steps;
  json["overhead_share"] = summary.overhead_share;
  json["split_ms"] = split_to_json(measured.split, seconds, config.steps);
  json["instruction_set"] = kernel::fused_instruction_set();
  return json;
}

}  // namespace retort::measure
