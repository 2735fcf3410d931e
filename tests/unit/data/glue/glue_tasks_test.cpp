#include "retort/data/glue/glue_tasks.h"

#include <set>

#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

std::string names_of(const std::vector<std::filesystem::path>& files, const GlueFolder& folder) {
  std::string names;
  for (const auto& file : files) {
    if (!names.empty()) names += ' ';
    names += std::filesystem::relative(file, folder.path()).string();
  }
  return names;
}

TEST(GlueTasks, FindsEveryNameThatRunGlueTakes) {
  for (const char* name : {"cola", "mnli", "mnli-mm", "mrpc", "sst-2", "sts-b", "qqp", "qnli", "rte", "wnli", "ax"})
    EXPECT_EQ(find_glue_task(name).name, name);
  EXPECT_EQ(find_glue_task("sst2").name, "sst-2");
  EXPECT_EQ(find_glue_task("stsb").name, "sts-b");
  EXPECT_EQ(find_glue_task("MRPC").name, "mrpc");
  EXPECT_EQ(find_glue_task("STS_B").name, "sts-b");
}

TEST(GlueTasks, UnknownNameShowsTheNearest) {
  EXPECT_EQ(glue_error_of([] { find_glue_task("mrcp"); }),
            "`task_name` must be one of cola, sst-2, mrpc, sts-b, qqp, mnli, mnli-mm, ax, qnli, rte, wnli, but is "
            "`mrcp`; did "
            "you mean `mrpc`?");
}

TEST(GlueTasks, TableIsConsistent) {
  std::set<std::string_view> submission_files;
  for (const GlueTask& task : glue_tasks()) {
    EXPECT_TRUE(submission_files.insert(task.submission_file).second) << task.name;
    EXPECT_EQ(task.is_pair(), task.columns.text_b.exists()) << task.name;
    EXPECT_EQ(task.is_pair(), task.test_columns.text_b.exists()) << task.name;
    EXPECT_FALSE(task.test_columns.label.exists()) << task.name;
    EXPECT_EQ(std::multiset<std::string_view>(task.labels.begin(), task.labels.end()),
              std::multiset<std::string_view>(task.hub_labels.begin(), task.hub_labels.end()))
        << task.name;
    EXPECT_EQ(task.is_regression(), task.name == "sts-b");
  }
  EXPECT_EQ(submission_files,
            (std::set<std::string_view>{"CoLA.tsv", "SST-2.tsv", "MRPC.tsv", "STS-B.tsv", "QQP.tsv", "MNLI-m.tsv",
                                        "MNLI-mm.tsv", "AX.tsv", "QNLI.tsv", "RTE.tsv", "WNLI.tsv"}));
}

TEST(GlueTasks, MnliIsEvaluatedOnBothHalves) {
  EXPECT_EQ(glue_evaluation_tasks(find_glue_task("mnli")).size(), 2u);
  EXPECT_EQ(glue_submission_tasks(find_glue_task("mnli")).back()->name, "ax");
  EXPECT_EQ(glue_submission_tasks(find_glue_task("rte")).size(), 1u);
}

TEST(GlueFiles, OfficialBeforeHubAndFolderBeforeSubfolder) {
  const GlueFolder folder;
  const GlueTask& task = find_glue_task("sst-2");
  const auto find = [&] { return names_of(find_glue_files(folder.path(), task, GlueSplit::kTrain), folder); };
  folder.write("sst2/train-00001-of-00002.parquet", "");
  folder.write("sst2/train-00000-of-00002.parquet", "");
  EXPECT_EQ(find(), "sst2/train-00000-of-00002.parquet sst2/train-00001-of-00002.parquet");
  folder.write("SST-2/train.jsonl", "");
  EXPECT_EQ(find(), "SST-2/train.jsonl");
  folder.write("SST-2/train.tsv", "");
  EXPECT_EQ(find(), "SST-2/train.tsv");
  folder.write("train.tsv", "");
  EXPECT_EQ(find(), "train.tsv");
}

TEST(GlueFiles, NamesOfMnliAndOfAugmentedData) {
  const GlueFolder folder;
  const auto find = [&](const char* task, GlueSplit split) {
    return names_of(find_glue_files(folder.path(), find_glue_task(task), split), folder);
  };
  folder.write("MNLI/dev_matched.tsv", "");
  folder.write("MNLI/dev_mismatched.tsv", "");
  folder.write("mnli-mm/test_mismatched.parquet", "");
  folder.write("diagnostic/diagnostic.tsv", "");
  folder.write("train_aug.tsv", "");
  EXPECT_EQ(find("mnli", GlueSplit::kDev), "MNLI/dev_matched.tsv");
  EXPECT_EQ(find("mnli-mm", GlueSplit::kDev), "MNLI/dev_mismatched.tsv");
  EXPECT_EQ(find("mnli-mm", GlueSplit::kTest), "mnli-mm/test_mismatched.parquet");
  EXPECT_EQ(find("ax", GlueSplit::kTest), "diagnostic/diagnostic.tsv");
  EXPECT_EQ(find("rte", GlueSplit::kTrainAugmented), "train_aug.tsv");
}

TEST(GlueFiles, SaysWhatWasLookedFor) {
  EXPECT_EQ(
      glue_error_of([] { find_glue_files("/nowhere", find_glue_task("mnli"), GlueSplit::kDev); }),
      "`/nowhere` must hold the dev data of mnli, but has none of dev_matched.tsv, MNLI/dev_matched.tsv, "
      "validation_matched.jsonl and validation_matched-*.parquet; choose the folder with these files as --data_dir");
  EXPECT_EQ(glue_error_of([] { find_glue_files("/nowhere", find_glue_task("ax"), GlueSplit::kDev); }),
            "`task_name` ax has no dev file; models of mnli predict its test file");
  EXPECT_EQ(glue_error_of([] { parse_glue_split("valid"); }),
            "`split` must be one of train, train_aug, dev, test, but is `valid`");
}

}  // namespace
}  // namespace retort::data
