// Where the files of a GLUE task lie: in the folder given, or in its subfolder of the task's name; in the official form
// (train.tsv) or as the hub ships them (train-00000-of-00001.parquet, train.parquet, train.jsonl).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "retort/data/glue/glue_tasks.h"

namespace retort::data {

enum class GlueSplit {
  kTrain,
  kTrainAugmented,  // train_aug.tsv, as data augmentation writes it
  kDev,
  kTest,  // no labels
};

// "train", "train_aug", "dev" or "test", and back; parsing throws UserError for anything else.
std::string_view split_name(GlueSplit split);
GlueSplit parse_glue_split(std::string_view word);

// The name of the official file; "" when the task has none.
std::string_view glue_file_name(const GlueTask& task, GlueSplit split);

// The files of a split in the order of their rows: one, or all shards of a Parquet set. Official files come before the
// hub's, the folder before its subfolders. Throws UserError that says what was looked for.
std::vector<std::filesystem::path> find_glue_files(const std::filesystem::path& data_dir, const GlueTask& task,
                                                   GlueSplit split);

}  // namespace retort::data
