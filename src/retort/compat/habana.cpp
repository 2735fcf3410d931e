// Habana's wrappers of Model-References: demo_distilbert.py (version 1.2.0) and demo_bert.py finetuning (0.15.4).
#include "retort/compat/habana.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/compat/question_distillation.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

Option optimizer_option() {
  return same("--optimizer").choices({{"AdamW", "adamw"}, {"FusedAdamW", "adamw"}}).standard("FusedAdamW");
}

// The table of the wrapped program with the defaults of the wrapper.
Options wrapper_options() {
  Options options = joined({question_distillation_options(), device_options(), {optimizer_option()}});
  for (Option& option : options) {
    if (option.name() == "--model_type") option.standard("distilbert");
    if (option.name() == "--output_dir") option.standard("/tmp/distbert/tmp_train").is_required = false;
    if (option.name() == "--teacher_name_or_path") option.standard("bert-base-uncased");
    if (option.name() == "--do_lower_case") option = read("--do_lower_case", Takes::kNothing);
    if (option.name() == "--overwrite_output_dir") option = read("--overwrite_output_dir", Takes::kNothing);
    if (option.name() == "--fp16") option = nothing("--fp16", Takes::kNothing, "`--data_type` decides");
  }
  options.push_back(as("--data_type", "precision").choices({{"bf16", "bf16"}, {"fp32", "fp32"}}).standard("bf16"));
  options.push_back(read("--world_size").standard("1"));
  return options;
}

void translate_demo_distilbert(Translator& translator) {
  Step& step = add_question_distillation(translator);
  step.set("do_lower_case", "true");
  step.set("overwrite_output_dir", "true");
  set_op_lists(translator, step);
  translator.say("the wrapper always trains, with --do_lower_case and --overwrite_output_dir");
  // The packaged configuration equals that of the model except for the positions.
  if (!translator.is_given("--config_name") && translator.value("--model_type") == "distilbert")
    translator.set_published(step, "sinusoidal_pos_embds", "true");
  translator.gather_processes(step, std::max(translator.processes(), translator.number("--world_size")));
}

void translate_run_squad_w_distillation(Translator& translator) {
  if (!translator.has("--do_train") && !translator.has("--do_eval"))
    throw UserError(
        "`--do_train` or `--do_eval` must be given, but neither is: the published program would do nothing");
  if (translator.has("--do_train")) {
    Step& step = add_question_distillation(translator);
    set_op_lists(translator, step);
    return translator.gather_processes(step, translator.processes());
  }
  translator.say("--do_eval without --do_train evaluates the model as it is");
  Step& step = translator.add_step("evaluate squad");
  set_op_lists(translator, step);
  set_squad_files(translator, step, true);
}

// Here `--hmp` is what turns mixed precision on; the wrappers give it for `--data_type bf16`.
Options run_squad_w_distillation_options() {
  Options device = device_options();
  std::erase_if(device, [](const Option& option) { return option.name() == "--hmp"; });
  return joined(
      {{as_switch("--hmp", "precision", "bf16")}, question_distillation_options(), device, {optimizer_option()}});
}

Options demo_bert_options() {
  return joined({device_options(),
                 {
                     read("--model_name_or_path")
                         .choices({{"base", "bert-base-uncased"}, {"large", "bert-large-uncased-whole-word-masking"}})
                         .must(),
                     as("--data_type", "precision").choices({{"bf16", "bf16"}, {"fp32", "fp32"}}).must(),
                     read("--output_dir -o").standard("/tmp"),
                     nothing("--device -d", Takes::kValue, kProcessor),
                     read("--dist", Takes::kNothing),
                     read("--world_size").standard("1"),
                     read("--data_dir -p"),
                     read("--task_name -t").choices({{"mrpc", "mrpc"}, {"squad", "squad"}}).standard("mrpc"),
                     same("--learning_rate -r").standard("2e-5"),
                     same("--max_seq_length -s").standard("128"),
                     as("--batch_size -b", "per_device_train_batch_size").standard("8"),
                     same("--per_device_eval_batch_size -v").standard("8"),
                     same("--num_train_epochs -e").standard("1"),
                     same("--logging_steps -l").standard("1"),
                     same("--max_steps"),
                     read("--do_eval", Takes::kNothing),
                     as("--train_file -tf", "train_file").standard("train-v1.1.json"),
                     as("--predict_file -pf", "dev_file").standard("dev-v1.1.json"),
                     read("--model_type -mt").standard("bert"),
                     same("--doc_stride -ds").standard("128"),
                     same("--save_steps -st"),
                     same("--seed").standard("42"),
                     read("--version_2_with_negative", Takes::kNothing),
                     nothing("--cache_dir", Takes::kValue, kHubCache),
                 }});
}

void translate_demo_bert(Translator& translator) {
  check_family(translator, "--model_type");
  if (!translator.is_given("--data_dir")) throw UserError("`--data_dir` must be given, but is missing");
  const std::string task = translator.value("--task_name");
  Step& step = translator.add_step(task == "squad" ? "finetune squad" : "finetune glue");
  const bool is_large = translator.value("--model_name_or_path") == "large";
  step.flags.insert(step.flags.begin(),
                    {"model", is_large ? "bert-large-uncased-whole-word-masking" : "bert-base-uncased"});
  set_default_mode(translator, step, is_large);
  set_op_lists(translator, step);
  if (task == "squad") {
    set_squad_files(translator, step, translator.has("--do_eval"));
    step.set("do_lower_case", "true");
  } else {
    step.set("task_name", task);
    step.set("data_dir", translator.value("--data_dir"));
    if (!translator.has("--do_eval")) translator.say("the dev files are scored at the end, also without --do_eval");
  }
  step.set("output_dir", translator.value("--output_dir") + "/" + task);
  step.set("overwrite_output_dir", "true");
  translator.say(fmt::format("--model_name_or_path {} is --model {}; the wrapper replaces what is in OUTPUT_DIR/{}",
                             translator.value("--model_name_or_path"), step.get("model"), task));
  const int64_t world_size = translator.number("--world_size");
  translator.gather_processes(
      step, std::max(translator.processes(), translator.has("--dist") && world_size == 1 ? int64_t{8} : world_size));
}

}  // namespace

std::vector<Program> habana_programs() {
  return {{.names = {"demo_distilbert.py"},
           .whose = "Habana's",
           .verb = "finetuning",
           .options = wrapper_options(),
           .translate = translate_demo_distilbert},
          {.names = {"demo_bert.py"},
           .whose = "Habana's",
           .verb = "finetuning",
           .options = demo_bert_options(),
           .translate = translate_demo_bert},
          {.names = {"run_squad_w_distillation.py"},
           .whose = "Habana's and Hugging Face's",
           .options = run_squad_w_distillation_options(),
           .translate = translate_run_squad_w_distillation}};
}

}  // namespace retort::compat
