// The data of pre-training on pairs of sentences, in whatever form the flags name it.
#pragma once

#include <memory>
#include <optional>

#include "retort/corpus/pair_rows.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/pretraining_config.h"

namespace retort::task {

// The files of one form below `path`, sorted: the file itself, or those of a folder; of a folder with training and test
// shards only those that have `part` ("training" or "test") in their names. Throws UserError when there is none, or
// files of several forms are there.
std::vector<fs::path> find_pretraining_files(const std::string& flag, const fs::path& path, std::string_view part);

// Limits that the flags of all corpora set.
struct PretrainingLimits {
  int64_t max_seq_length = 128;
  int64_t max_eval_sequences = -1;  // held-out pairs that are used, from the first; -1: all
};

class PretrainingData {
 public:
  // Opens the files; the main process makes their caches for the group. Throws UserError for bad files, and when pairs
  // are longer than the model takes.
  PretrainingData(const PretrainingDataConfig& config, const PretrainingLimits& limits,
                  const train::TrainingConfig& training, const pretrained::LoadedModel& loaded);

  const data::EpochRows& train() const { return *train_; }
  // Held-out pairs, the same in every evaluation; null in other processes than the main one and without `eval_dir`.
  const data::RowSet* maybe_held_out() const { return held_out_ ? &*held_out_ : nullptr; }

 private:
  std::unique_ptr<data::EpochRows> train_;
  std::shared_ptr<const data::RowSet> all_held_out_;
  std::unique_ptr<data::EpochRows> held_out_epochs_;
  std::optional<data::RowRange> held_out_;
};

}  // namespace retort::task
