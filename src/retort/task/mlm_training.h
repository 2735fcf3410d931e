// What both language-model recipes do around the loss: model, corpus and perhaps a teacher in; trained model and
// held-out scores out.
#pragma once

#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/mlm_config.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct LanguageModelRun {
  const pretrained::ModelSource& model;
  const CorpusConfig& corpus;
  const LanguageLossConfig& losses;
  const train::TrainingConfig& training;
  const train::OutputConfig& output;
  Json settings;                                    // as the folder keeps them
  const distill::TeacherConfig* teacher = nullptr;  // null: none
  std::vector<std::string> frozen_tables{};         // "position", "segment": embeddings that are not trained
};

// Returns the scores and rates that results.json holds.
Json train_language_model(const LanguageModelRun& run);

}  // namespace retort::task
