// Finds the files of a GLUE task in a folder or its subfolder with the task's name: official files (train.tsv) or those
// of the hub (train-00000-of-00001.parquet, train.parquet, train.jsonl).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "retort/data/glue/glue_tasks.h"

namespace retort::data {

enum class GlueSplit {
  kTrain,
  kTrainAugmented,  // train_aug.tsv, the output of data augmentation
  kDev,
  kTest,  // no labels
};

// Convert "train", "train_aug", "dev" or "test"; parsing throws UserError for anything else.
std::string_view split_name(GlueSplit split);
GlueSplit parse_glue_split(std::string_view word);

// Returns the name of the official file; "" when the task has none.
std::string_view glue_file_name(const GlueTask& task, GlueSplit split);

// Returns the files of a split in the order of their records: one, or all shards of a Parquet data set. Official files
// take precedence over the hub's, the folder over its subfolders. Throws UserError that lists the names searched.
std::vector<std::filesystem::path> find_glue_files(const std::filesystem::path& data_dir, const GlueTask& task,
                                                   GlueSplit split);

}  // namespace retort::data
