#include "retort/recipe/bench.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/rows.h"
#include "retort/recipe/glue_unit.h"
#include "retort/recipe/run_start.h"
#include "retort/recipe/squad_unit.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The best of several products [2048, 768] x [768, 3072], in GFLOP/s.
double measure_product_rate(kernel::Precision precision) {
  constexpr int64_t kRows = 2048, kInner = 768, kColumns = 3072;
  const auto type = precision == kernel::Precision::kBf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor x = at::randn({kRows, kInner}).to(type), w = at::randn({kColumns, kInner}).to(type);
  double best = 1e30;
  for (int i = 0; i < 12; ++i) {
    const double before = seconds_now();
    at::mm(x, w.t());
    best = std::min(best, seconds_now() - before);
  }
  return 2e-9 * kRows * kInner * kColumns / best;
}

// Floating-point operations of a forward pass over one sequence: products of the layers, and scores and context.
double forward_flops(const model::ModelConfig& c, int64_t length) {
  const double H = static_cast<double>(c.hidden_size), I = static_cast<double>(c.intermediate_size),
               S = static_cast<double>(length);
  return static_cast<double>(c.num_hidden_layers) * (2 * S * (4 * H * H + 2 * H * I) + 4 * S * S * H);
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, rank)];
}

GlueDataConfig glue_config(const BenchConfig& config) {
  GlueDataConfig glue;
  glue.task_name = config.task;
  glue.data_dir = config.data_dir;
  glue.features.max_seq_length = std::min<int64_t>(config.squad.features.max_seq_length, 128);
  glue.cache = config.squad.cache;
  return glue;
}

void add_common_fields(BenchConfig& c, FieldList& list) {
  c.model.fields(list);
  list.group("Data");
  list.add("task", c.task, {.help = "squad or a GLUE task."});
  list.add("data_dir", c.data_dir, {.help = "Folder of the GLUE task."});
  c.squad.features.fields(list);
  c.squad.cache.fields(list);
  list.group("Measuring");
  list.add("steps", c.steps, {.help = "Steps or batches to measure, after one to warm up.", .min = 1});
}

}  // namespace

void BenchConfig::fields_of_train(FieldList& list) {
  add_common_fields(*this, list);
  list.add("train_file", squad.train_file, {.help = "SQuAD file, for squad."});
  training.fields(list);
}

void BenchConfig::fields_of_infer(FieldList& list) {
  add_common_fields(*this, list);
  list.add("dev_file", squad.dev_file, {.help = "SQuAD file, for squad.", .aliases = {"predict_file"}});
  list.add("per_device_eval_batch_size", squad.per_device_eval_batch_size,
           {.help = "Sequences of a batch.", .min = 1, .aliases = {"eval_batch_size"}});
  training.fields(list);
}

Json bench_train(const BenchTrainConfig& config) {
  config.training.apply_to_process();
  const kernel::Precision precision = config.training.precision_kind();
  const bool is_squad = config.task == "squad";
  const GlueDataConfig glue = glue_config(config);
  LoadOptions options{.head = is_squad ? model::Head::kQuestionAnswering : model::Head::kSequenceClassification,
                      .may_start_head = true,
                      .model = {.precision = precision, .with_gradients = true}};
  if (!is_squad) options.labels = glue.label_names();
  LoadedModel loaded = load_model(config.model, options);
  std::unique_ptr<data::RowSet> rows;
  std::unique_ptr<train::TrainUnit> unit;
  if (is_squad) {
    const auto source = squad_source(config.squad, config.squad.train_file, -1, 0, *loaded.model);
    rows = std::make_unique<data::SquadRowSet>(
        std::make_shared<data::SquadFeatures>(data::load_squad_training(source, *loaded.tokenizer)), true);
    unit = std::make_unique<SquadUnit>(loaded, config.squad, config.training.max_tokens_per_micro_batch, nullptr);
  } else {
    const auto source = glue_source(glue, glue.task(), data::GlueSplit::kTrain, 0, *loaded.model);
    rows = std::make_unique<data::GlueRowSet>(data::load_glue(source, *loaded.tokenizer),
                                              data::answers_of(glue.task(), data::GlueSplit::kTrain));
    unit = std::make_unique<GlueUnit>(loaded, glue, config.training);
  }
  train::TrainingConfig training = config.training;
  training.logging_steps = training.save_steps = 0;
  data::ShuffledSource source(*rows, source_options(training));
  training.max_steps = 1;
  train::Trainer(*unit, source, training, nullptr).run();
  const data::SourcePosition begin = source.position();
  training.max_steps = config.steps;
  train::Trainer trainer(*unit, source, training, nullptr);
  const train::TrainingSummary summary = trainer.run();

  const std::vector<int64_t> order = data::epoch_order(*rows, source_options(training), begin.epoch);
  const int64_t per_step = training.per_device_train_batch_size * training.gradient_accumulation_steps;
  const int64_t first = begin.step_in_epoch * per_step,
                last = std::min<int64_t>(static_cast<int64_t>(order.size()), first + summary.sequences);
  double flops = 0;
  for (int64_t i = first; i < last; ++i)
    flops += 3 * forward_flops(loaded.model->config(), rows->token_count(order[i]));
  const double rate = measure_product_rate(precision), seconds = summary.train_seconds;
  Json json{{"seq_s", static_cast<double>(summary.sequences) / seconds},
            {"tok_s", static_cast<double>(summary.tokens) / seconds}};
  json["utilization"] = 1e-9 * flops / seconds / rate;
  json["gemm_gflops"] = rate;
  json["peak_rss_mb"] = peak_memory_mb();
  json["step_ms"] = 1000 * seconds / static_cast<double>(summary.steps);
  json["steps"] = summary.steps;
  json["data_wait_share"] = summary.wait_share;
  json["instruction_set"] = kernel::fused_instruction_set();
  return json;
}

Json bench_infer(const BenchInferConfig& config) {
  config.training.apply_to_process();
  const kernel::Precision precision = config.training.precision_kind();
  const at::NoGradGuard no_grad;
  const bool is_squad = config.task == "squad";
  const GlueDataConfig glue = glue_config(config);
  LoadOptions options{.head = is_squad ? model::Head::kQuestionAnswering : model::Head::kSequenceClassification,
                      .may_start_head = true,
                      .model = {.precision = precision}};
  if (!is_squad) options.labels = glue.label_names();
  const LoadedModel loaded = load_model(config.model, options);
  std::unique_ptr<data::RowSet> rows;
  data::SquadEvaluationSet set;
  if (is_squad) {
    set = data::load_squad_evaluation(squad_source(config.squad, config.squad.dev_file, -1, 0, *loaded.model),
                                      *loaded.tokenizer);
    rows = std::make_unique<data::SquadRowSet>(set.features, false);
  } else {
    rows = std::make_unique<data::GlueRowSet>(
        data::load_glue(glue_source(glue, glue.task(), data::GlueSplit::kDev, 0, *loaded.model), *loaded.tokenizer),
        data::GlueRowSet::Answers::kNone);
  }
  const data::EvaluationBatches batches(
      *rows, {.max_tokens_per_batch = 1 << 30, .max_sequences_per_batch = config.squad.per_device_eval_batch_size});
  const std::vector<int64_t> order = random_permutation(7, batches.batch_count());
  std::vector<double> batch_ms;
  double seconds = 0, flops = 0;
  int64_t sequences = 0, tokens = 0;
  for (int64_t i = 0; i < std::min<int64_t>(config.steps + 1, batches.batch_count()); ++i) {
    const data::Batch batch = batches.batch(order[i]);
    const double before = seconds_now();
    loaded.model->forward(kernel::make_rows(batch.tokens));
    const double spent = seconds_now() - before;
    if (i == 0) continue;
    seconds += spent, batch_ms.push_back(1000 * spent);
    sequences += batch.tokens.sequences(), tokens += batch.tokens.tokens();
    for (const int64_t row : batch.rows) flops += forward_flops(loaded.model->config(), rows->token_count(row));
  }
  const double rate = measure_product_rate(precision);
  Json json{{"seq_s", static_cast<double>(sequences) / seconds}, {"tok_s", static_cast<double>(tokens) / seconds}};
  json["p50_ms"] = percentile(batch_ms, 0.50);
  json["p90_ms"] = percentile(batch_ms, 0.90);
  json["p99_ms"] = percentile(batch_ms, 0.99);
  json["utilization"] = 1e-9 * flops / seconds / rate;
  json["gemm_gflops"] = rate;
  json["peak_rss_mb"] = peak_memory_mb();
  json["instruction_set"] = kernel::fused_instruction_set();
  return json;
}

}  // namespace retort::recipe
