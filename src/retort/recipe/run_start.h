// The first and the last lines of every training recipe: the output folder taken and, at the end, filled.
#pragma once

#include "retort/checkpoint/run_folder.h"
#include "retort/data/source.h"
#include "retort/model/model.h"
#include "retort/text/tokenizer.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

// Locks the output folder as the settings ask (new, overwrite, resume). Only the main process of a group has one.
std::optional<checkpoint::RunFolder> start_run(const train::OutputConfig& output, int64_t save_total_limit);

// What trains in the folder, if this process has it.
inline checkpoint::RunFolder* folder_of(std::optional<checkpoint::RunFolder>& run) { return run ? &*run : nullptr; }

// How the trainer's source draws its steps.
data::ShuffledSourceOptions source_options(const train::TrainingConfig& training);

// How a model is made for training.
model::ModelOptions training_model_options(const train::TrainingConfig& training);

// Publishes model, tokenizer, model card and results.json in the folder, then the DONE marker.
void finish_run(checkpoint::RunFolder& run, const model::Model& model, const text::Tokenizer& tokenizer,
                const std::string& task, const Json& settings, const Json& results);

}  // namespace retort::recipe
