// NVIDIA's run_squad.py, run_glue.py and inference.py (DeepLearningExamples, PyTorch/LanguageModeling/BERT, January
// 2022).
#include "retort/compat/nvidia.h"

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

constexpr const char* kScale = "bfloat16 has the range of float32, so no loss is scaled";

// Options of both programs.
Options fine_tuning_options() {
  return {
      nothing("--bert_model", Takes::kValue, "`--init_checkpoint` and `--config_file` are the model"),
      same("--output_dir").must(),
      as("--init_checkpoint", "model").must(),
      same("--vocab_file").must(),
      same("--config_file").must(),
      read("--do_train", Takes::kNothing),
      read("--do_eval", Takes::kNothing),
      read("--do_predict", Takes::kNothing),
      read("--do_lower_case", Takes::kNothing),
      read("--train_batch_size").standard("32"),
      read("--gradient_accumulation_steps").standard("1"),
      same("--learning_rate").standard("5e-5"),
      same("--num_train_epochs").standard("3.0"),
      same("--max_steps").standard("-1"),
      same("--warmup_proportion").standard("0.1"),
      read("--fp16 --amp", Takes::kNothing),
      same("--loss_scale"),
      as_switch("--no_cuda", "device", "cpu"),
      nothing("--local_rank", Takes::kValue, kProcessor),
      nothing("--use_env", Takes::kNothing, kProcessor),
      nothing("--skip_checkpoint", Takes::kNothing, "the model is what the command is for, and is written"),
      nothing("--disable_progress_bar", Takes::kNothing, kProgress),
      nothing("--verbose_logging", Takes::kNothing, kProgress),
      nothing("--server_ip", Takes::kValue, kNoPython),
      nothing("--server_port", Takes::kValue, kNoPython),
      nothing("--old", Takes::kNothing, kScale),
      nothing("--json_summary", Takes::kValue, "scores and rates are in OUTPUT_DIR/results.json"),
  };
}

// BertAdam in float32, apex's fused Adam with half precision: neither corrects its bias, both decay inside the update,
// and after clipping all gradients to a norm of 1, BertAdam's clipping of single tensors does nothing.
void set_optimizer(Translator& translator, Step& step) {
  const bool is_half = translator.has("--fp16");
  translator.set_published(step, "precision", is_half ? "auto" : "fp32");
  translator.set_published(step, "optimizer", "bertadam");
  translator.set_published(step, "adam_epsilon", "1e-6");
  if (is_half) step.set("adam_epsilon", "1e-8");  // a flag even as the command's default, since bertadam has another
  translator.set_published(step, "weight_decay", "0.01");
  translator.set_published(step, "lr_scheduler_type", is_half ? "nvidia_linear" : "linear");
  if (is_half) translator.say("--fp16 is --precision auto: products in bfloat16, where the processor has it");
}

void set_common(Translator& translator, Step& step, bool trains) {
  step.set("do_lower_case", translator.has("--do_lower_case") ? "true" : "false");
  if (!translator.has("--do_lower_case"))
    translator.say("without --do_lower_case text keeps its case, as in the published program");
  if (!trains) return translator.set_published(step, "precision", translator.has("--fp16") ? "auto" : "fp32");
  divide_batch(translator, step);
  translator.set_from(step, "gradient_accumulation_steps", "--gradient_accumulation_steps");
  step.set("overwrite_output_dir", "true");
  set_optimizer(translator, step);
  translator.gather_processes(step, translator.processes());
}

void check_work(const Translator& translator, bool evaluates) {
  if (translator.has("--do_train") || evaluates) return;
  throw UserError("`--do_train`, `--do_eval` or `--do_predict` must be given, but none is: there is nothing to do");
}

void translate_nvidia_squad(Translator& translator) {
  const bool trains = translator.has("--do_train"), predicts = translator.has("--do_predict");
  check_work(translator, predicts);
  if (predicts && translator.value("--predict_file").empty())
    throw UserError("`--predict_file` must be given with `--do_predict`, but is missing");
  Step& step = translator.add_step(trains ? "finetune squad" : "evaluate squad");
  if (!predicts) step.drop("dev_file");
  set_common(translator, step, trains);
}

void translate_nvidia_glue(Translator& translator) {
  const bool trains = translator.has("--do_train");
  check_work(translator, translator.has("--do_eval") || translator.has("--do_predict"));
  Step& step = translator.add_step(trains ? "finetune glue" : "evaluate glue");
  set_common(translator, step, trains);
}

Options nvidia_squad_options() {
  return joined({{
                     same("--train_file"),
                     as("--predict_file", "dev_file"),
                     as("--predict_batch_size", "per_device_eval_batch_size").standard("8"),
                     same("--seed").standard("42"),
                     as("--log_freq", "logging_steps").standard("50"),
                     nothing("--eval_script", Takes::kValue, "the official scores are computed here"),
                     as_switch("--skip_cache", "use_cache", "false"),
                     same("--cache_dir"),
                 },
                 squad_options(),
                 fine_tuning_options()});
}

Options nvidia_glue_options() {
  return joined({{
                     same("--data_dir").must(),
                     same("--task_name").must(),
                     same("--max_seq_length").standard("128"),
                     as("--eval_batch_size", "per_device_eval_batch_size").standard("8"),
                     same("--seed").standard("1"),
                 },
                 fine_tuning_options()});
}

void translate_inference(Translator& translator) {
  Step& step = translator.add_step("predict qa");
  set_common(translator, step, false);
  translator.say("a context longer than --max_seq_length is read in windows, where the published program cuts it off");
}

Options inference_options() {
  return {
      same("--question").must(),
      same("--context").must(),
      nothing("--bert_model", Takes::kValue, "`--init_checkpoint` and `--config_file` are the model"),
      as("--init_checkpoint", "model").must(),
      same("--vocab_file").must(),
      same("--config_file").must(),
      read("--do_lower_case", Takes::kNothing),
      read("--fp16", Takes::kNothing),
      same("--max_seq_length").standard("384"),
      same("--max_query_length").standard("64"),
      same("--n_best_size").standard("1"),
      same("--max_answer_length").standard("30"),
      same_switch("--version_2_with_negative"),
      same("--null_score_diff_threshold").standard("-11.0"),
      nothing("--seed", Takes::kValue, "nothing is drawn"),
      as_switch("--no_cuda", "device", "cpu"),
      nothing("--local_rank", Takes::kValue, kProcessor),
      nothing("--verbose_logging", Takes::kNothing, kProgress),
  };
}

}  // namespace

std::vector<Program> nvidia_programs() {
  return {{.names = {"run_squad.py"},
           .whose = "NVIDIA's",
           .options = nvidia_squad_options(),
           .translate = translate_nvidia_squad},
          {.names = {"run_glue.py"},
           .whose = "NVIDIA's",
           .options = nvidia_glue_options(),
           .translate = translate_nvidia_glue},
          {.names = {"inference.py"},
           .whose = "NVIDIA's",
           .options = inference_options(),
           .translate = translate_inference}};
}

}  // namespace retort::compat
