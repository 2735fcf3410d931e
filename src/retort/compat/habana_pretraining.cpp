#include "retort/compat/habana_pretraining.h"

#include <algorithm>
#include <filesystem>

#include "retort/base/error.h"
#include "retort/compat/pretraining_phase.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

namespace fs = std::filesystem;

// Sets a flag to the value of this phase in a pair of values.
void set_of_phase(Translator& translator, Step& step, const char* option, const char* flag, int phase) {
  const std::string value = translator.line().value_of_phase(option, phase);
  if (!translator.is_given(option)) return translator.set_published(step, flag, value);
  step.set(flag, value);
  translator.say(fmt::format("{} of phase {} is --{} {}", option, phase, flag, value));
}

void set_batches_of_phase(Translator& translator, Step& step, int phase) {
  const int64_t all = translator.number_of_phase("--train_batch_size", phase);
  const int64_t batch = translator.number_of_phase("--batch_size", phase);
  if (all < 1 || batch < 1)
    throw UserError("`{}` must be above 0, but is {}", all < 1 ? "--train_batch_size" : "--batch_size",
                    std::min(all, batch));
  const int64_t batches = translator.has("--accumulate_gradients") ? std::max<int64_t>(1, all / batch) : 1;
  if (all % batches != 0)
    throw UserError("`--train_batch_size` must be a multiple of `--batch_size`, {} of phase {}, but is {}", batch,
                    phase, all);
  step.set("per_device_train_batch_size", fmt::format("{}", all / batches));
  step.set("gradient_accumulation_steps", fmt::format("{}", batches));
  translator.say(fmt::format("a step of phase {} has {} sequences for each process: {} batches of {}", phase, all,
                             batches, all / batches));
}

int64_t wrapper_processes(const Translator& translator) {
  const int64_t world_size = translator.number("--world_size");
  return std::max(translator.processes(), translator.has("--dist") && world_size == 1 ? int64_t{8} : world_size);
}

// Adds the command of one phase of the wrapper; returns its output folder.
fs::path add_phase(Translator& translator, int phase) {
  Step& step = translator.add_step("pretrain");
  set_pretraining(translator, step);
  set_op_lists(translator, step);
  const std::string model = fmt::format("bert-{}-uncased", translator.value("--model_name_or_path"));
  set_model_sizes(translator, step, model, translator.value("--config_file"));
  for (const auto& [option, flag] : {std::pair("--data_dir", "data_dir"),
                                     {"--max_seq_length", "max_seq_length"},
                                     {"--learning_rate", "learning_rate"},
                                     {"--warmup", "warmup_proportion"},
                                     {"--max_steps", "max_steps"},
                                     {"--save_steps", "save_steps"},
                                     {"--steps_this_run", "steps_this_run"}})
    set_of_phase(translator, step, option, flag, phase);
  translator.set_published(step, "max_predictions_per_seq", phase == 1 ? "20" : "80");
  set_batches_of_phase(translator, step, phase);
  set_default_mode(translator, step, translator.value("--model_name_or_path") == "large");
  set_start(translator, step,
            {.phase = phase,
             .checkpoints = translator.value("--output_dir") + "/results/checkpoints",
             .init_checkpoint = translator.line().value_of_phase("--init_checkpoint", phase),
             .begins_with_phase1 = phase == 2,
             .phase1_end_step = translator.line().value_of_phase("--max_steps", 1)});
  continue_run(translator, step);
  translator.gather_processes(step, wrapper_processes(translator));
  return step.get("output_dir");
}

// Phase 2 begins where phase 1 ends, which `--steps_this_run` may put off.
bool pauses_in_phase1(const Translator& translator, const fs::path& phase1) {
  const int64_t steps = translator.number_of_phase("--steps_this_run", 1);
  return steps >= 0 && steps < translator.number_of_phase("--max_steps", 1) && !fs::exists(phase1 / "DONE");
}

void translate_pretraining_wrapper(Translator& translator) {
  const std::string only = translator.value("--phase");
  if (only == "2") return void(add_phase(translator, 2));
  const fs::path phase1 = add_phase(translator, 1);
  if (only == "1") return;
  if (pauses_in_phase1(translator, phase1))
    return translator.say("--steps_this_run pauses phase 1; repeat the line to continue it, and then for phase 2");
  add_phase(translator, 2);
}

Options wrapper_options_of_pretraining() {
  return joined({device_options(),
                 {
                     read("--model_name_or_path").choices({{"base", "base"}, {"large", "large"}}).must(),
                     as("--data_type", "precision").choices({{"bf16", "bf16"}, {"fp32", "fp32"}}).must(),
                     read("--output_dir -o").standard("/tmp"),
                     nothing("--device -d", Takes::kValue, kProcessor),
                     nothing("--cache_dir", Takes::kValue, kHubCache),
                     read("--dist", Takes::kNothing),
                     read("--world_size").standard("1"),
                     pair("--data_dir -p", "").must(),
                     nothing("--task_name -t", Takes::kValue, "`--data_dir` names the data"),
                     read("--config_file"),
                     read("--vocab_file"),
                     pair("--learning_rate -r", "6e-3 4e-3"),
                     pair("--max_seq_length -s", "128 512"),
                     pair("--batch_size -b", "64 8"),
                     pair("--save_steps -st", "200 200"),
                     pair("--max_steps", "7038 1563"),
                     pair("--warmup -wp", "0.2843 0.128"),
                     pair("--init_checkpoint", "None None"),
                     nothing("--create_logfile", Takes::kNothing, kDlloggerFile),
                     read("--accumulate_gradients", Takes::kNothing),
                     nothing("--allreduce_post_accumulation", Takes::kNothing, kAllReduce),
                     nothing("--allreduce_post_accumulation_fp16", Takes::kNothing, kAllReduce),
                     read("--phase").choices({{"1", "1"}, {"2", "2"}}),
                     pair("--train_batch_size", "8192 4096"),
                     nothing("--tqdm_smoothing", Takes::kValue, kProgress),
                     pair("--steps_this_run", "-1 -1"),
                     same("--seed").standard("42"),
                     as("--log_freq", "logging_steps").standard("1"),
                 }});
}

}  // namespace

std::vector<Program> habana_pretraining_programs() {
  return {{.names = {"demo_bert.py"},
           .whose = "Habana's",
           .verb = "pretraining",
           .options = wrapper_options_of_pretraining(),
           .translate = translate_pretraining_wrapper}};
}

}  // namespace retort::compat
