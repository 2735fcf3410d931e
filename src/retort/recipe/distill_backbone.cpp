#include "retort/recipe/distill_backbone.h"

#include <map>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/distill/backbone_unit.h"
#include "retort/pretrained/projection_file.h"
#include "retort/task/corpus.h"
#include "retort/task/glue.h"
#include "retort/task/squad.h"
#include "retort/task/training_run.h"
#include "retort/train/process_group.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/source_options.h"

namespace retort::recipe {

namespace {

// Checks the data settings before a model is loaded.
void check_data(const DistillBackboneConfig& config) {
  if (config.data_file.empty() == config.data.task_name.empty())
    throw UserError("`--task_name` or `--data_file` must be given, but {}",
                    config.data_file.empty() ? "both are missing" : "both are given; remove one");
  static_cast<void>(config.data.sequence_length());  // throws for an invalid length
  if (config.training.evaluate_during_training)
    throw UserError(
        "`evaluate_during_training` must be false for `distill backbone`, but is true; states have no scores");
  if (!config.data_file.empty()) {
    for (const auto& [flag, is_given] : {std::pair("data_dir", !config.data.data_dir.empty()),
                                         {"train_file", !config.data.train_file.empty()},
                                         {"aug_train", config.data.aug_train},
                                         {"max_train_examples", config.data.max_train_examples >= 0}})
      if (is_given) throw UserError("`{}` must not be given with `data_file`, but is; it is for tasks", flag);
    return;
  }
  if (config.data.is_squad())
    config.data.squad_data();
  else
    config.data.glue_data();
}

// The table of TinyBERT's task distillation (Jiao et al. 2020), which the published program reads but ignores.
double recommended_epochs(const DistillBackboneConfig& config) {
  if (!config.data_file.empty()) return 3;
  if (config.data.is_squad()) return 6;
  static const std::map<std::string_view, double> epochs{{"cola", 50},  {"mrpc", 20}, {"rte", 20}, {"sts-b", 20},
                                                         {"sst-2", 10}, {"qnli", 10}, {"mnli", 5}, {"qqp", 5}};
  const auto found = epochs.find(config.data.glue_data().task().name);
  return found == epochs.end() ? 3 : found->second;
}

std::unique_ptr<data::RowSet> load_corpus(const DistillBackboneConfig& config, const pretrained::LoadedModel& student) {
  data::TokenRowOptions options = config.corpus;
  options.max_seq_length = config.data.sequence_length();
  task::check_positions(student, options.max_seq_length);
  return std::make_unique<data::TokenRowSet>(
      task::make_token_rows(task::open_corpus(config.data_file, student), options, config.data_file));
}

// Returns the training rows of the task; their labels are ignored.
std::unique_ptr<data::RowSet> load_task(const task::TaskDataConfig& config, uint64_t seed,
                                        const pretrained::LoadedModel& student) {
  if (config.is_squad()) {
    const task::SquadDataConfig data = config.squad_data();
    return std::make_unique<data::SquadRowSet>(
        std::make_shared<data::SquadFeatures>(data::load_squad_training(
            task::squad_source(data, data.train_file, data.max_train_examples, seed, *student.model),
            *student.tokenizer)),
        data::SquadRowSet::Labels::kNone);
  }
  const task::GlueDataConfig data = config.glue_data();
  const data::GlueSplit split = data.aug_train ? data::GlueSplit::kTrainAugmented : data::GlueSplit::kTrain;
  return std::make_unique<data::GlueRowSet>(
      data::load_glue(task::glue_source(data, data.task(), split, seed, *student.model), *student.tokenizer),
      data::GlueRowSet::Answers::kNone);
}

// Loads the student, with a projection if the teacher's configuration has another hidden size. An existing projection
// is kept for later stages, even if this one does not use it.
pretrained::LoadedModel load_student(const DistillBackboneConfig& config) {
  pretrained::ModelSource teacher = config.model;
  teacher.model = config.teacher.teacher;
  model::ModelOptions options = task::training_model_options(config.training);
  if (config.states.compares_hidden_states() || pretrained::has_projection(config.model.model))
    options.projection_width =
        distill::projection_width(pretrained::read_model_config(config.model), pretrained::read_model_config(teacher));
  return pretrained::load_model(config.model, {.head = model::Head::kNone,
                                               .may_initialize_head = true,
                                               .may_initialize_encoder = true,
                                               .model = options,
                                               .seed = static_cast<uint64_t>(config.training.seed)});
}

}  // namespace

Json distill_backbone(const DistillBackboneConfig& given) {
  DistillBackboneConfig config = given;
  config.states.check_backbone();
  check_data(config);
  distill::Teacher::check_is_not_written(config.teacher, config.output);
  if (config.training.num_train_epochs == 0) config.training.num_train_epochs = recommended_epochs(config);
  task::TrainingRun run(config.training, config.output, settings_of("distill backbone", config));
  if (const auto results = run.maybe_finished()) return *results;
  pretrained::LoadedModel student = load_student(config);
  const distill::Teacher teacher(config.teacher, model::Head::kNone, train::precision_of(config.training), config.model,
                                 student, config.data.sequence_length());
  teacher.warn_unless_trained("anything");
  distill::StatePlan plan = distill::plan_states(config.states, student.model->config(), teacher.model().config());
  const auto rows = train::process_group().main_first([&] {
    return config.data_file.empty() ? load_task(config.data, static_cast<uint64_t>(config.training.seed), student)
                                    : load_corpus(config, student);
  });
  log_info("{} training sequences", rows->row_count());

  data::ShuffledSource source(*rows, train::source_options(config.training));
  run.check_continues(source);
  distill::TeacherTargets targets =
      distill::make_targets(distill::plan_state_targets(teacher, plan.teacher_states, *rows, config.training));
  distill::BackboneUnit unit(student, std::move(plan), std::move(targets));
  const Json results = run.train(unit, source);
  if (!run.has_folder()) return {};
  run.finish(student, "distillation of states", results);
  return results;
}

}  // namespace retort::recipe
