// Hugging Face's run_squad.py (transformers 2 and 3) and run_glue.py (2 with its own parser, 3 and 4 with the Trainer).
#include "retort/compat/hugging_face.h"

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

constexpr const char* kReports = "train_log.jsonl and the event files for TensorBoard hold the logs";
constexpr const char* kPadding = "nothing is padded";

void refuse_nothing_to_do(const char* options) {
  throw UserError("{} must be given, but none is: the published program would do nothing", options);
}

Options squad_script_options() {
  return joined(
      {{
           read("--model_type").must(),
           as("--model_name_or_path", "model").must(),
           same("--output_dir").must(),
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
           same("--logging_steps").standard("500"),
           same("--save_steps").standard("500"),
           as_switch("--fp16", "precision", "auto").standard("fp32"),
       },
       squad_options(),
       legacy_training_options(),
       idle_options()});
}

void translate_squad_script(Translator& translator) {
  check_family(translator, "--model_type");
  const bool trains = translator.has("--do_train"), evaluates = translator.has("--do_eval");
  if (!trains && !evaluates) refuse_nothing_to_do("`--do_train` or `--do_eval`");
  Step& step = translator.add_step(trains ? "finetune squad" : "evaluate squad");
  set_squad_files(translator, step, evaluates);
  if (!trains) return translator.say("--do_eval without --do_train evaluates the model as it is");
  set_evaluation_while_training(translator, step);
  translator.gather_processes(step, translator.processes());
}

// What both forms of run_glue.py do.
Step& add_glue(Translator& translator) {
  const bool trains = translator.has("--do_train"), predicts = translator.has("--do_predict");
  if (!trains && !predicts && !translator.has("--do_eval"))
    refuse_nothing_to_do("`--do_train`, `--do_eval` or `--do_predict`");
  if (translator.value("--data_dir").empty())
    throw UserError(
        "`--data_dir` must be given with the task's files, but is missing; data sets are not fetched by their names");
  Step& step = translator.add_step(trains ? "finetune glue" : "evaluate glue");
  if (trains) {
    translator.say("dev files are scored at the end and test files predicted where they are there");
    translator.gather_processes(step, translator.processes());
  } else if (predicts) {
    step.set("do_predict", "true");
    translator.say("--do_predict without --do_train predicts with the model as it is");
  } else {
    translator.say("--do_eval without --do_train evaluates the model as it is");
  }
  return step;
}

void translate_legacy_glue(Translator& translator) {
  check_family(translator, "--model_type");
  Step& step = add_glue(translator);
  if (translator.has("--do_train")) set_evaluation_while_training(translator, step);
}

// `--evaluation_strategy`: no, steps or epoch.
void translate_trainer_glue(Translator& translator) {
  Step& step = add_glue(translator);
  if (!translator.has("--do_train")) return;
  const bool each_step =
      translator.has("--evaluate_during_training") || translator.value("--evaluation_strategy") == "steps";
  if (!each_step && translator.value("--evaluation_strategy") == "no") return;
  step.set("evaluate_during_training", "true");
  const std::string steps =
      translator.is_given("--eval_steps") ? translator.value("--eval_steps") : translator.value("--logging_steps");
  if (each_step)
    step.set("eval_steps", steps);
  else
    step.drop("eval_steps");
  translator.say(each_step ? fmt::format("evaluated every {} steps and at the end of epochs", steps)
                           : std::string("evaluated at the end of epochs"));
}

Options legacy_glue_options() {
  return joined(
      {{
           read("--model_type").must(),
           as("--model_name_or_path", "model").must(),
           same("--output_dir").must(),
           same("--task_name").must(),
           same("--data_dir").must(),
           as("--config_name", "config_file"),
           as("--tokenizer_name", "vocab_file"),
           same("--max_seq_length").standard("128"),
           read("--do_train", Takes::kNothing),
           read("--do_eval", Takes::kNothing),
           read("--do_predict", Takes::kNothing),
           read("--evaluate_during_training", Takes::kNothing),
           same_switch("--do_lower_case"),
           refused("--eval_all_checkpoints", Takes::kNothing,
                   "checkpoints are evaluated one by one, by `retort evaluate glue --model OUT/checkpoint-N`"),
           same("--logging_steps").standard("500"),
           same("--save_steps").standard("500"),
           as_switch("--fp16", "precision", "auto").standard("fp32"),
       },
       legacy_training_options(),
       idle_options()});
}

// The arguments of the Trainer that change something, and those that do not.
Options trainer_arguments() {
  return {
      as("--per_device_train_batch_size --per_gpu_train_batch_size", "per_device_train_batch_size").standard("8"),
      as("--per_device_eval_batch_size --per_gpu_eval_batch_size", "per_device_eval_batch_size").standard("8"),
      same("--learning_rate").standard("5e-5"),
      same("--gradient_accumulation_steps").standard("1"),
      same("--weight_decay").standard("0.0"),
      same("--adam_beta1").standard("0.9"),
      same("--adam_beta2").standard("0.999"),
      same("--adam_epsilon").standard("1e-8"),
      same("--max_grad_norm").standard("1.0"),
      same("--num_train_epochs").standard("3.0"),
      same("--max_steps").standard("-1"),
      same("--lr_scheduler_type")
          .choices({{"linear", "linear"},
                    {"cosine", "cosine"},
                    {"constant", "constant"},
                    {"constant_with_warmup", "constant_with_warmup"}})
          .standard("linear"),
      same("--warmup_steps").standard("0"),
      as("--warmup_ratio", "warmup_proportion").standard("0.0"),
      as("--optim", "optimizer")
          .choices({{"adamw_torch", "adamw"}, {"adamw_torch_fused", "adamw"}, {"adamw_hf", "adamw"}}),
      same("--seed").standard("42"),
      same("--logging_steps").standard("500"),
      same("--save_steps").standard("500"),
      same("--save_total_limit"),
      read("--evaluation_strategy --eval_strategy")
          .choices({{"no", "no"}, {"steps", "steps"}, {"epoch", "epoch"}})
          .standard("no"),
      same("--eval_steps"),
      read("--evaluate_during_training", Takes::kNothing),
      same_truth("--load_best_model_at_end"),
      same_truth("--overwrite_output_dir"),
      same_truth("--overwrite_cache"),
      as_switch("--bf16", "precision", "bf16"),
      as_switch("--fp16", "precision", "auto").standard("fp32"),
      as_switch("--gradient_checkpointing", "checkpoint_activations"),
      same_truth("--group_by_length"),
      same_truth("--dataloader_drop_last"),
      nothing("--logging_dir", Takes::kValue, kReports),
      nothing("--report_to", Takes::kValue, kReports),
      nothing("--run_name", Takes::kValue, kReports),
      nothing("--disable_tqdm", Takes::kTruth, kReports),
      nothing("--pad_to_max_length", Takes::kTruth, kPadding),
      nothing("--ignore_mismatched_sizes", Takes::kNothing,
              "a head of another shape is left out and a fresh one trained, always"),
      nothing("--use_fast_tokenizer", Takes::kTruth, "there is one tokenizer, whose ids are those of both"),
      nothing("--dataloader_num_workers", Takes::kValue, "the next step is put together while one is trained"),
  };
}

Options trainer_glue_options() {
  Options idle = idle_options();
  std::erase_if(idle, [](const Option& option) { return option.name() == "--threads"; });
  return joined({{
                     as("--model_name_or_path", "model").must(),
                     same("--output_dir").must(),
                     same("--task_name").must(),
                     same("--data_dir"),
                     as("--config_name", "config_file"),
                     as("--tokenizer_name", "vocab_file"),
                     same("--max_seq_length").standard("128"),
                     as("--max_train_samples", "max_train_examples"),
                     as("--max_eval_samples --max_val_samples", "max_eval_examples"),
                     read("--do_train", Takes::kTruth),
                     read("--do_eval", Takes::kTruth),
                     read("--do_predict", Takes::kTruth),
                     same_switch("--do_lower_case"),
                 },
                 trainer_arguments(),
                 idle});
}

}  // namespace

std::vector<Program> hugging_face_programs() {
  return {{.names = {"run_squad.py"},
           .whose = "Hugging Face's",
           .options = squad_script_options(),
           .translate = translate_squad_script},
          {.names = {"run_glue.py"},
           .whose = "Hugging Face's",
           .options = trainer_glue_options(),
           .translate = translate_trainer_glue},
          {.names = {"run_glue.py"},
           .whose = "Hugging Face's older",
           .options = legacy_glue_options(),
           .translate = translate_legacy_glue}};
}

}  // namespace retort::compat
