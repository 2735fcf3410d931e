#include "retort/recipe/distill_squad.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/recipe/distill_squad_unit.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/squad_training.h"

namespace retort::recipe {

void SoftTargetConfig::fields(FieldList& list) {
  list.group("Distillation");
  list.add("teacher", teacher,
           {.help = "Model folder of the teacher, fine-tuned for the task.",
            .aliases = {"teacher_name_or_path", "teacher_model"},
            .required = true});
  list.add("alpha_ce", alpha_ce, {.help = "Weight of the teacher's soft targets.", .min = 0});
  list.add("alpha_squad", alpha_squad, {.help = "Weight of the labels.", .min = 0});
  list.add("temperature", temperature, {.help = "Softens both distributions; above 0.", .min = 1e-3});
  list.add("teacher_cache", teacher_cache,
           {.help = "Where the teacher's outputs are kept, so that they are computed once: a folder; auto, a folder of "
                    "the user's, when they are used more than once; or off."});
}

void SoftTargetConfig::check() const {
  if (alpha_ce + alpha_squad > 0) return;
  throw UserError("`alpha_ce` + `alpha_squad` must be above 0, but is 0; give one of them a weight");
}

DistillSquadConfig::DistillSquadConfig() {
  training.num_train_epochs = 3;
  training.learning_rate = 5e-5;
  training.per_device_train_batch_size = 8;
}

void DistillSquadConfig::fields(FieldList& list) {
  model.fields(list);
  distillation.fields(list);
  data.fields(list, true);
  training.fields(list);
  output.fields(list);
}

Json distill_squad(const DistillSquadConfig& config) {
  config.distillation.check();
  ModelSource teacher_source = config.model;
  teacher_source.model = config.distillation.teacher;
  LoadedModel teacher;
  const SquadRun run{config.model, config.data, config.training, config.output, settings_of(config)};
  return train_squad(run, [&](const SquadMaterial& material) {
    teacher = load_model(teacher_source, {.head = model::Head::kQuestionAnswering,
                                          .may_start_head = true,
                                          .model = {.precision = config.training.precision_kind()}});
    check_teacher(material.loaded, teacher, teacher_source.model, config.data.features.max_seq_length);
    if (!teacher.missing.empty())
      log_warning("the teacher `{}` has no trained head for questions: its targets are noise", teacher_source.model);
    const int64_t tokens = config.training.micro_batch_tokens();
    if (material.dev != nullptr)
      log_info("the teacher scores {}", SquadUnit(teacher, config.data, tokens, material.dev).evaluate().dump());
    TeacherTargets targets =
        cached_logits(*teacher.model, config.distillation.teacher_cache, material.rows, config.training);
    return std::make_unique<DistillSquadUnit>(material.loaded, std::move(targets), config.distillation, config.data,
                                              tokens, material.dev);
  });
}

}  // namespace retort::recipe
