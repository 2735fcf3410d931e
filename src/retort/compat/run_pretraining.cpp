#include "retort/compat/run_pretraining.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "retort/base/error.h"
#include "retort/compat/pretraining_phase.h"
#include "retort/compat/shared_options.h"
#include "retort/compat/translate.h"

namespace retort::compat {

namespace {

void translate_run_pretraining(Translator& translator) {
  if (!translator.has("--do_train"))
    throw UserError("`--do_train` must be given, but is missing: the published program would do nothing");
  Step& step = translator.add_step("pretrain");
  divide_batch(translator, step);
  set_pretraining(translator, step);
  set_op_lists(translator, step);
  set_model_sizes(translator, step, translator.value("--bert_model"), translator.value("--config_file"));
  const bool resumes = translator.has("--resume_from_checkpoint"), is_second = translator.has("--phase2");
  set_start(translator, step,
            {.phase = is_second ? 2 : 1,
             .checkpoints = translator.value("--output_dir"),
             .init_checkpoint = translator.value("--init_checkpoint"),
             .begins_with_phase1 = is_second && (resumes || translator.has("--resume_phase2")),
             .phase1_end_step = translator.value("--phase1_end_step")});
  if (resumes) continue_run(translator, step);
  if (translator.has("--skip_checkpoint")) {
    step.set("save_steps", "0");
    translator.say("--skip_checkpoint is --save_steps 0: a checkpoint only where the run is stopped");
  }
  translator.gather_processes(step, std::max(translator.processes(), translator.number("--world_size")));
}

// The lines of the script, one for each phase.
std::string pretraining_line(const Translator& translator, int phase, const std::string& code) {
  const auto of = [&](const std::string& name) {
    return translator.value((phase == 1 ? name : name + "_phase2").c_str());
  };
  const std::string data = translator.value(phase == 1 ? "data_dir_phase1" : "data_dir_phase2");
  std::string line = fmt::format(
      "torch.distributed.launch --nproc_per_node={} run_pretraining.py --do_train --input_dir={} "
      "--output_dir={}/results/checkpoints --config_file={} --train_batch_size={} --max_seq_length={} "
      "--max_predictions_per_seq={} --max_steps={} --warmup_proportion={} --num_steps_per_checkpoint={} "
      "--learning_rate={} --seed={}",
      translator.value("num_gpus"), data.empty() ? published_instances(phase) : data, code,
      translator.is_given("config") ? translator.value("config") : code + "/bert_config.json", of("train_batch_size"),
      phase == 1 ? 128 : 512, phase == 1 ? 20 : 80, of("train_steps"), of("warmup_proportion"),
      translator.value("save_checkpoint_steps"), of("learning_rate"), translator.value("seed"));
  if (translator.value("precision") == "fp16") line += " --fp16";
  if (translator.value("accumulate_gradients") == "true")
    line += " --gradient_accumulation_steps=" + of("gradient_accumulation_steps");
  if (phase == 2)
    return line + " --phase2 --resume_from_checkpoint --phase1_end_step=" + translator.value("train_steps");
  if (translator.value("resume_training") == "true") line += " --resume_from_checkpoint";
  if (translator.value("init_checkpoint") != "None")
    line += " --init_checkpoint=" + translator.value("init_checkpoint");
  return line;
}

void translate_pretraining_script(Translator& translator) {
  for (const int phase : {1, 2}) {
    std::istringstream words(pretraining_line(translator, phase, translator.value("codedir")));
    const Translation one = compat::translate({std::istream_iterator<std::string>(words), {}});
    for (size_t i = 1; i < one.account.size(); ++i)
      translator.say(one.account[i].substr(one.account[i].find_first_not_of(' ')));
    translator.add_steps(one.steps);
  }
}

// Options of the program that change no result here, but for those of the loss scale in half precision.
Options idle_pretraining_options() {
  return {
      nothing("--allreduce_post_accumulation", Takes::kNothing, kAllReduce),
      nothing("--allreduce_post_accumulation_fp16", Takes::kNothing, kAllReduce),
      same("--loss_scale"),
      same("--init_loss_scale"),
      nothing("--num_train_epochs", Takes::kValue, "`--max_steps` decides, as in the published program"),
      nothing("--local_rank", Takes::kValue, kProcessor),
      nothing("--use_env", Takes::kNothing, kProcessor),
      as_switch("--no_cuda", "device", "cpu"),
      nothing("--json-summary", Takes::kValue, kDlloggerFile),
      nothing("--disable_progress_bar", Takes::kNothing, kProgress),
      nothing("--tqdm_smoothing", Takes::kValue, kProgress),
      nothing("--num_workers", Takes::kValue, "the next step is read while one is trained"),
      nothing("--use_fused_lamb", Takes::kNothing, "the optimizer is fused"),
      as_switch("--use_jit_trace", "mode", "graph"),
      as_switch("--cuda_graphs", "mode", "graph"),
      nothing("--disable_jit_fusions", Takes::kNothing, "operations are fused by hand"),
      nothing("--profile", Takes::kNothing, "it measures and trains alike"),
      nothing("--profile-start", Takes::kValue, "it measures and trains alike"),
      nothing("--enable_packed_data_mode", Takes::kValue, "the files say whether they hold packed instances"),
  };
}

Options run_pretraining_options() {
  Options device = device_options();
  std::erase_if(device, [](const Option& option) { return option.name() == "--hmp"; });
  return joined(
      {{
           as("--input_dir", "data_dir").must(),
           read("--config_file").must(),
           read("--bert_model").standard("bert-large-uncased"),
           read("--vocab_file"),
           read("--output_dir").must(),
           read("--init_checkpoint"),
           same("--max_seq_length").standard("512"),
           same("--max_predictions_per_seq").standard("80"),
           read("--train_batch_size").standard("32"),
           same("--gradient_accumulation_steps").standard("1"),
           same("--learning_rate").standard("5e-5"),
           same("--warmup_proportion").standard("0.01"),
           same("--max_steps").standard("1000"),
           same("--steps_this_run").standard("-1"),
           same("--seed").standard("42"),
           as_switch("--hmp", "precision", "bf16"),
           as_switch("--fp16 --amp", "precision", "auto").standard("fp32"),
           as("--log_freq", "logging_steps").standard("1"),
           as("--num_steps_per_checkpoint", "save_steps").standard("100"),
           read("--skip_checkpoint", Takes::kNothing),
           same_switch("--checkpoint_activations"),
           as_switch("--no_dense_sequence_output", "dense_sequence_output", "false"),
           read("--resume_from_checkpoint", Takes::kNothing),
           refused("--resume_step", Takes::kValue, "a run continues from its newest whole checkpoint").standard("-1"),
           read("--phase2", Takes::kNothing),
           read("--resume_phase2", Takes::kNothing),
           read("--phase1_end_step").standard("7038"),
           read("--do_train", Takes::kNothing),
           read("--world_size").standard("1"),
       },
       idle_pretraining_options(),
       device});
}

Options pretraining_script_options() {
  return {position("train_batch_size", "8192"),
          position("learning_rate", "6e-3"),
          position("precision", "fp16").choices({{"fp16", "fp16"}, {"fp32", "fp32"}, {"tf32", "tf32"}}),
          position("num_gpus", "8"),
          position("warmup_proportion", "0.2843"),
          position("train_steps", "7038"),
          position("save_checkpoint_steps", "200"),
          position("resume_training", "false"),
          position("create_logfile", "true"),
          position("accumulate_gradients", "true"),
          position("gradient_accumulation_steps", "128"),
          position("seed", "12439"),
          position("job_name", "bert_lamb_pretraining"),
          position("allreduce_post_accumulation", "true"),
          position("allreduce_post_accumulation_fp16", "true"),
          position("train_batch_size_phase2", "4096"),
          position("learning_rate_phase2", "4e-3"),
          position("warmup_proportion_phase2", "0.128"),
          position("train_steps_phase2", "1563"),
          position("gradient_accumulation_steps_phase2", "512"),
          position("data_dir_phase1", ""),
          position("data_dir_phase2", ""),
          position("codedir", "/workspace/bert"),
          position("init_checkpoint", "None"),
          position("wikipedia_source", ""),
          position("num_dask_workers", ""),
          position("num_shards_per_worker", "128"),
          position("num_workers", "4"),
          position("sample_ratio", "0.9"),
          position("phase2_bin_size", "64"),
          position("masking", "static"),
          position("config", "")};
}

}  // namespace

std::vector<Program> run_pretraining_programs() {
  return {{.names = {"run_pretraining.py"},
           .whose = "NVIDIA's and Habana's",
           .options = run_pretraining_options(),
           .translate = translate_run_pretraining},
          {.names = {"run_pretraining.sh"},
           .whose = "NVIDIA's",
           .options = pretraining_script_options(),
           .translate = translate_pretraining_script}};
}

}  // namespace retort::compat
