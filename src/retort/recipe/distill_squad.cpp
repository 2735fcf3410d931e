#include "retort/recipe/distill_squad.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/recipe/distill_squad_unit.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/squad_training.h"

namespace retort::recipe {

void SoftTargetConfig::check() const {
  if (alpha_ce + alpha_squad > 0) return;
  throw UserError("`alpha_ce` + `alpha_squad` must be above 0, but is 0; give one of them a weight");
}

Json distill_squad(const DistillSquadConfig& given) {
  DistillSquadConfig config = given;
  config.distillation.check();
  Teacher::check_is_not_written(config.teacher, config.output);
  if (config.teacher.teacher.empty()) {
    log_info("without `--teacher` the labels alone are learned");
    config.distillation.alpha_ce = 0, config.distillation.alpha_squad = 1;
  } else if (!config.distillation.needs_teacher()) {
    log_info("`--teacher` changes nothing with --alpha_ce 0");
  }
  std::unique_ptr<Teacher> teacher;
  SquadRun run{config.model, config.data, config.training, config.output, settings_of("distill squad", config)};
  run.may_start_body = true;
  run.check_model = [&](LoadedModel& student) {
    if (!config.distillation.needs_teacher()) return;
    teacher =
        std::make_unique<Teacher>(config.teacher, model::Head::kQuestionAnswering, config.training.precision_kind(),
                                  config.model, student, config.data.features.max_seq_length);
    teacher->warn_unless_trained("questions");
  };
  return train_squad(run, [&](const SquadMaterial& material) {
    const int64_t tokens = config.training.micro_batch_tokens();
    TeacherTargets targets;
    if (teacher != nullptr) {
      targets = logit_targets(*teacher, material.rows, config.training, [&] {
        if (material.dev != nullptr)
          Teacher::report_scores(config.output, [&] {
            return SquadUnit(teacher->loaded(), config.data, tokens, material.dev).evaluate();
          });
      });
    }
    return std::make_unique<DistillSquadUnit>(material.loaded, std::move(targets), config.distillation, config.data,
                                              tokens, material.dev);
  });
}

}  // namespace retort::recipe
