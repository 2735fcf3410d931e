// Reads train_aug.tsv of every task and format again: labels are equal and the other columns unchanged.
#include "retort/augment/glue_augmented.h"

#include "unit/data/glue/glue_testing.h"

namespace retort::augment {
namespace {

using data::glue_fixture;
using data::GlueFolder;

// Writes every record of the task's training (or dev) files with "new" texts and reads the file again.
data::GlueData rewrite(const std::filesystem::path& folder, const char* name, data::GlueSplit split,
                       const GlueFolder& target) {
  const data::GlueTask& task = data::find_glue_task(name);
  const data::GlueData data = data::read_glue(data::find_glue_files(folder, task, split), task, {});
  GlueAugmentedFile file(target.path() / "train_aug.tsv", task, data);
  for (const data::GlueExample& example : data.examples) file.write(example, "new\tfirst", "new second");
  EXPECT_EQ(file.row_count(), static_cast<int64_t>(data.examples.size()));
  file.publish();
  const data::GlueData again =
      data::read_glue(data::find_glue_files(target.path(), task, data::GlueSplit::kTrainAugmented), task, {});
  EXPECT_EQ(again.examples.size(), data.examples.size());
  for (size_t i = 0; i < again.examples.size() && i < data.examples.size(); ++i) {
    EXPECT_EQ(again.examples[i].text_a, "new first");
    EXPECT_EQ(again.examples[i].text_b, task.is_pair() ? "new second" : "");
    EXPECT_EQ(again.examples[i].label, data.examples[i].label);
    EXPECT_EQ(again.examples[i].target, data.examples[i].target);
  }
  return data;
}

TEST(GlueAugmented, EveryTaskIsReadAgain) {
  for (const char* task : {"cola", "sst-2", "mrpc", "sts-b", "qqp", "mnli", "qnli", "rte", "wnli"}) {
    SCOPED_TRACE(task);
    const GlueFolder target;
    rewrite(glue_fixture("data"), task, data::GlueSplit::kTrain, target);
  }
}

TEST(GlueAugmented, TablesOfTheHubBecomeOfficialFiles) {
  for (const auto& [task, folder] :
       std::vector<std::pair<const char*, const char*>>{{"mnli", "mnli"}, {"sts-b", "stsb"}, {"sst-2", "sst2"}}) {
    SCOPED_TRACE(task);
    const GlueFolder target;
    rewrite(glue_fixture(std::string("hub/") + folder + "_lines"), task, data::GlueSplit::kDev, target);
  }
  const GlueFolder source, target;
  source.write("train.jsonl", "{\"sentence\":\"a\",\"label\":1,\"idx\":0}\n");
  rewrite(source.path(), "cola", data::GlueSplit::kTrain, target);
  EXPECT_EQ(read_file(target.path() / "train_aug.tsv"), "-\t1\t-\tnew first\n");
}

TEST(GlueAugmented, OtherColumnsAndTheHeaderStay) {
  const GlueFolder source, target;
  source.write("train.tsv",
               "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t12\t\"x\tone \"a\"\ttwo\r\n");
  rewrite(source.path(), "mrpc", data::GlueSplit::kTrain, target);
  EXPECT_EQ(read_file(target.path() / "train_aug.tsv"),
            "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t12\t\"x\tnew first\tnew second\n");
}

TEST(GlueAugmented, ColumnsInAnotherOrder) {
  const GlueFolder source, target;
  source.write("train.tsv", "label\tsentence2\tx\tsentence1\nentailment\t\t7\tone\n");
  rewrite(source.path(), "rte", data::GlueSplit::kTrain, target);
  EXPECT_EQ(read_file(target.path() / "train_aug.tsv"),
            "label\tsentence2\tx\tsentence1\nentailment\tnew second\t7\tnew first\n");
}

}  // namespace
}  // namespace retort::augment
