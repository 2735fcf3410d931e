#include "retort/compat/pretraining_phase.h"

#include <fmt/format.h>

#include <filesystem>

#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

namespace fs = std::filesystem;

// Whether a value names something; the published programs take the word None for no value.
bool is_word(const std::string& value) { return !value.empty() && value != "None"; }

// The vocabulary that the published preparation of data used, where it is there; else that of the model of this name.
std::string find_vocabulary(const Translator& translator, const std::string& bert_model) {
  if (translator.is_given("--vocab_file")) return translator.value("--vocab_file");
  if (bert_model.ends_with("uncased"))
    if (const std::string file = published_vocabulary(); fs::exists(file)) return file;
  return bert_model;
}

fs::path phase_folder(const PhaseStart& start, int phase) {
  return fs::path(start.checkpoints) / fmt::format("phase{}", phase);
}

// A ckpt_N.pt that the published program left at the end of phase 1, where there is no phase 1 of ours.
std::string phase1_checkpoint(const PhaseStart& start) {
  const fs::path ours = phase_folder(start, 1);
  const fs::path published = fs::path(start.checkpoints) / fmt::format("ckpt_{}.pt", start.phase1_end_step);
  return !fs::exists(ours) && fs::exists(published) ? published.string() : ours.string();
}

bool holds_run(const fs::path& folder) { return fs::exists(folder / "retort_config.json"); }

}  // namespace

void set_pretraining(Translator& translator, Step& step) {
  step.set("objective", "mlm_nsp");
  translator.set_published(step, "optimizer", "lamb");
  translator.set_published(step, "lr_scheduler_type", "nvidia_poly");
  translator.set_published(step, "adam_beta2", "0.999");
  translator.set_published(step, "save_total_limit", "3");
  translator.set_published(step, "event_log", "dllogger");
}

void set_model_sizes(Translator& translator, Step& step, const std::string& bert_model,
                     const std::string& config_file) {
  const bool is_base = bert_model.find("-base") != bert_model.npos;
  step.flags.insert(step.flags.begin(), {"model", is_base ? "preset:bert-base-uncased" : "preset:bert-large-uncased"});
  const bool is_packaged = fs::path(config_file).filename() == "bert_config.json" && !fs::exists(config_file);
  if (is_word(config_file) && !is_packaged) step.set("config_file", config_file);
  if (is_packaged)
    translator.say(
        fmt::format("--config_file {} is not there; {} has the published sizes", config_file, step.get("model")));
  step.set("vocab_file", find_vocabulary(translator, bert_model));
  translator.say(fmt::format("random weights of {}, vocabulary of {}",
                             step.get("config_file").empty() ? step.get("model") : step.get("config_file"),
                             step.get("vocab_file")));
}

void set_start(Translator& translator, Step& step, const PhaseStart& start) {
  step.set("output_dir", phase_folder(start, start.phase).string());
  if (is_word(start.init_checkpoint))
    step.set("init_checkpoint", start.init_checkpoint);
  else if (start.begins_with_phase1)
    step.set("init_checkpoint", phase1_checkpoint(start));
  translator.say(fmt::format(
      "phase {} writes into {}{}", start.phase, step.get("output_dir"),
      step.get("init_checkpoint").empty() ? "" : fmt::format(" and starts from {}", step.get("init_checkpoint"))));
}

void continue_run(Translator& translator, Step& step) {
  if (!holds_run(step.get("output_dir"))) return;
  step.set("resume", "true");
  translator.say(fmt::format("{} holds a run, which is continued: --resume", step.get("output_dir")));
}

}  // namespace retort::compat
