#include "retort/recipe/distill_squad.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/task/distill_squad_unit.h"
#include "retort/task/squad_training.h"

namespace retort::recipe {

Json distill_squad(const DistillSquadConfig& given) {
  DistillSquadConfig config = given;
  config.distillation.check();
  if (config.teacher.teacher.empty()) {
    log_info("without `--teacher` the labels alone are learned");
    config.distillation.alpha_ce = 0, config.distillation.alpha_squad = 1;
  } else if (!config.distillation.needs_teacher()) {
    log_info("`--teacher` changes nothing with --alpha_ce 0");
  }
  std::unique_ptr<distill::Teacher> teacher;
  task::SquadRun run{config.model, config.data, config.training, config.output, settings_of("distill squad", config)};
  run.may_start_body = true;
  run.check_model = [&](pretrained::LoadedModel& student) {
    if (!config.distillation.needs_teacher()) return;
    teacher = std::make_unique<distill::Teacher>(config.teacher, model::Head::kQuestionAnswering,
                                                 config.training.precision_kind(), config.model, student,
                                                 config.data.features.max_seq_length);
    teacher->warn_unless_trained("questions");
  };
  return task::train_squad(run, [&](const task::SquadMaterial& material) {
    const int64_t tokens = config.training.micro_batch_tokens();
    distill::TeacherTargets targets;
    if (teacher != nullptr) {
      targets = distill::logit_targets(*teacher, material.rows, config.training, [&] {
        if (material.dev != nullptr)
          distill::Teacher::report_scores(config.output, [&] {
            return task::SquadUnit(teacher->loaded(), config.data, tokens, material.dev).evaluate();
          });
      });
    }
    return std::make_unique<task::DistillSquadUnit>(material.loaded, std::move(targets), config.distillation,
                                                    config.data, tokens, material.dev);
  });
}

}  // namespace retort::recipe
