#include "retort/compat/question_distillation.h"

#include "retort/base/error.h"

namespace retort::compat {

namespace {

// The checks of the published program.
void check_teacher(const Translator& translator) {
  const std::string type = translator.value("--teacher_type");
  if (type == "distilbert")
    throw UserError("`--teacher_type` must not be distilbert, as the published program wants it, but is");
  check_family(translator, "--teacher_type");
  if (translator.value("--teacher_name_or_path").empty())
    throw UserError("`--teacher_name_or_path` must be given with `--teacher_type {}`, but is missing", type);
}

}  // namespace

Options question_distillation_options() {
  return joined(
      {{
           read("--model_type"),
           as("--model_name_or_path", "model").must(),
           same("--output_dir").must(),
           read("--teacher_type"),
           as("--teacher_name_or_path", "teacher"),
           same("--alpha_ce").standard("0.5"),
           same("--alpha_squad").standard("0.5"),
           same("--temperature").standard("2.0"),
           read("--data_dir"),
           same("--train_file"),
           as("--predict_file", "dev_file"),
           as("--config_name", "config_file"),
           as("--tokenizer_name", "vocab_file"),
           read("--do_train", Takes::kNothing),
           read("--do_eval", Takes::kNothing),
           read("--evaluate_during_training", Takes::kNothing),
           same_switch("--do_lower_case"),
           refused("--eval_all_checkpoints", Takes::kNothing,
                   "checkpoints are evaluated one by one, by `retort evaluate squad --model OUT/checkpoint-N`"),
           same("--logging_steps").standard("50"),
           same("--save_steps").standard("50"),
           as_switch("--fp16", "precision", "auto").standard("fp32"),
       },
       squad_options(),
       legacy_training_options(),
       idle_options()});
}

Step& add_question_distillation(Translator& translator) {
  check_family(translator, "--model_type");
  Step& step = translator.add_step("distill squad");
  if (translator.value("--teacher_type").empty()) {
    for (const char* const flag : {"teacher", "alpha_ce", "alpha_squad", "temperature"}) step.drop(flag);
    translator.say("without --teacher_type there is no teacher: the labels alone are learned");
  } else {
    check_teacher(translator);
    step.set("teacher", translator.value("--teacher_name_or_path"));
  }
  set_squad_files(translator, step, translator.has("--do_eval"));
  set_evaluation_while_training(translator, step);
  return step;
}

}  // namespace retort::compat
