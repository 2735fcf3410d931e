#include "retort/data/glue/glue_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "retort/base/error.h"

namespace retort::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array kSplitNames = {std::string_view("train"), std::string_view("train_aug"), std::string_view("dev"),
                                    std::string_view("test")};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Returns the files `<stem>-NNNNN-of-NNNNN.parquet`, in order.
std::vector<fs::path> parquet_shards(const fs::path& folder, std::string_view stem) {
  std::vector<fs::path> shards;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(fmt::format("{}-", stem)) && name.ends_with(".parquet")) shards.push_back(entry.path());
  }
  std::sort(shards.begin(), shards.end());
  return shards;
}

std::string_view hub_name(const GlueTask& task, GlueSplit split) {
  switch (split) {
    case GlueSplit::kDev:
      return task.hub_dev_name;
    case GlueSplit::kTest:
      return task.hub_test_name;
    default:
      return split_name(split);
  }
}

std::vector<fs::path> files_in_folder(const fs::path& folder, const GlueTask& task, GlueSplit split) {
  if (const fs::path official = folder / glue_file_name(task, split); is_file(official)) return {official};
  for (const char* ending : {".parquet", ".jsonl", ".json"}) {
    const fs::path path = folder / fmt::format("{}{}", hub_name(task, split), ending);
    if (is_file(path)) return {path};
  }
  return parquet_shards(folder, hub_name(task, split));
}

}  // namespace

std::string_view split_name(GlueSplit split) { return kSplitNames[static_cast<size_t>(split)]; }

GlueSplit parse_glue_split(std::string_view word) {
  const auto found = std::find(kSplitNames.begin(), kSplitNames.end(), word);
  if (found == kSplitNames.end())
    throw UserError("`split` must be one of train, train_aug, dev, test, but is `{}`", word);
  return static_cast<GlueSplit>(found - kSplitNames.begin());
}

std::string_view glue_file_name(const GlueTask& task, GlueSplit split) {
  switch (split) {
    case GlueSplit::kTrain:
      return "train.tsv";
    case GlueSplit::kTrainAugmented:
      return "train_aug.tsv";
    case GlueSplit::kDev:
      return task.dev_file;
    case GlueSplit::kTest:
      return task.test_file;
  }
  return "";
}

std::vector<fs::path> find_glue_files(const fs::path& data_dir, const GlueTask& task, GlueSplit split) {
  const std::string_view name = glue_file_name(task, split);
  if (name.empty())
    throw UserError("`task_name` {} has no {} file; models of mnli predict its test file", task.name,
                    split_name(split));
  std::vector<fs::path> folders = {data_dir};
  for (const std::string_view folder : {task.folder, task.name, task.alias}) folders.push_back(data_dir / folder);
  for (const fs::path& folder : folders)
    if (std::vector<fs::path> files = files_in_folder(folder, task, split); !files.empty()) return files;
  throw UserError(
      "`{}` must hold the {} data of {}, but has none of {}, {}/{}, {}.jsonl and {}-*.parquet; choose the folder "
      "with these files as --data_dir",
      data_dir.string(), split_name(split), task.name, name, task.folder, name, hub_name(task, split),
      hub_name(task, split));
}

}  // namespace retort::data
