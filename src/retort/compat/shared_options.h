// Options and behavior that several published programs share.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

// Reasons why options of many programs change no result.
inline constexpr const char* kProcessor =
    "this is the processor's form, and one process uses all cores that it is given";
inline constexpr const char* kPrecision = "`--precision` decides, and statistics and sums are float32 always";
inline constexpr const char* kProgress = "progress shows on a terminal, and plain lines elsewhere";
inline constexpr const char* kHubCache =
    "models are folders or lie in the hub cache, which HF_HUB_CACHE moves elsewhere";
inline constexpr const char* kNoPython = "there is no Python to debug";
inline constexpr const char* kNoLanguages = "no model here has languages";

// The wrappers' mode where `--mode` is absent: lazy for large models, else eager.
void set_default_mode(const Translator& translator, Step& step, bool is_large);

// Options without effect in programs derived from run_squad and run_glue of transformers 2 and 3.
Options idle_options();
// Habana's choice of device, precision and mode.
Options device_options();
// The lists that Habana's programs bring along, ops_bf16_bert.txt and the like, are published lists where the files are
// not there.
void set_op_lists(const Translator& translator, Step& step);
// Reading and decoding of SQuAD.
Options squad_options();
// Training with the names of transformers before its Trainer: per_gpu_train_batch_size, ...
Options legacy_training_options();

// `$BERT_PREP_WORKING_DIR`, where the scripts of NVIDIA and Habana keep data; without it `data`.
std::string preparation_folder();
// In it, the vocabulary of BERT-large that these scripts download, and the instances of a phase of English Wikipedia.
std::string published_vocabulary();
std::string published_instances(int phase);

// `--model_type`, which must be bert or distilbert. Throws UserError for others.
void check_family(const Translator& translator, const char* option);

// Joins `--data_dir` and the files, as os.path.join does; files that are not given have their official names.
// Removes dev_file unless `evaluates`.
void set_squad_files(const Translator& translator, Step& step, bool evaluates);

// `--evaluate_during_training` of these programs follows `--logging_steps`.
void set_evaluation_while_training(Translator& translator, Step& step);

// NVIDIA's `--train_batch_size` holds all the batches of a step. Throws UserError where they cannot be equal.
void divide_batch(Translator& translator, Step& step);

}  // namespace retort::compat
