#include "retort/data/glue/glue_reader.h"

#include <cmath>

#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

GlueData read_split(const std::filesystem::path& folder, const char* task, GlueSplit split) {
  const GlueTask& found = find_glue_task(task);
  return read_glue(find_glue_files(folder, found, split), found, {.has_labels = split != GlueSplit::kTest});
}

GlueData read_text(const char* task, std::string_view content, const GlueReadOptions& options = {}) {
  const GlueFolder folder;
  const std::filesystem::path file = folder.write("rows", content);
  return read_glue({&file, 1}, find_glue_task(task), options);
}

// Returns the error without the folder's name.
std::string error_of_text(const char* task, std::string_view content, const GlueReadOptions& options = {}) {
  const GlueFolder folder;
  const std::filesystem::path file = folder.write("rows", content);
  return replace_all(glue_error_of([&] {
                       read_glue({&file, 1}, find_glue_task(task), options);
                     }),
                     folder.path().string() + "/", "");
}

void expect_rows(const GlueData& data, const Json& expected) {
  ASSERT_EQ(data.examples.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const GlueExample& example = data.examples[i];
    EXPECT_EQ(example.text_a, expected[i]["text_a"].get<std::string>());
    EXPECT_EQ(example.text_b, expected[i]["text_b"].get<std::string>());
    EXPECT_EQ(example.label, expected[i].value("label", -1));
    EXPECT_EQ(example.target, expected[i].value("target", 0.0f));
    EXPECT_EQ(example.index, static_cast<int64_t>(i));
  }
}

TEST(ReadGlue, EveryTaskAndSplitAsTheProcessorsRead) {
  const Json all = read_json_file(glue_fixture("features.json"));
  for (const auto& [name, expected] : all.items()) {
    SCOPED_TRACE(name);
    const std::string task = name.substr(0, name.find('/'));
    expect_rows(read_split(glue_fixture("data"), task.c_str(), parse_glue_split(name.substr(name.find('/') + 1))),
                expected);
  }
}

TEST(ReadGlue, HubFormsGiveTheSameRows) {
  const Json expected = read_json_file(glue_fixture("features.json"));
  for (const auto& [task, hub] :
       std::vector<std::pair<const char*, const char*>>{{"mnli", "mnli"}, {"sts-b", "stsb"}, {"sst-2", "sst2"}}) {
    SCOPED_TRACE(task);
    const Json& rows = expected[std::string(task) + "/dev"];
    expect_rows(read_split(glue_fixture(std::string("hub/") + hub + "_lines"), task, GlueSplit::kDev), rows);
#ifdef RETORT_PARQUET
    expect_rows(read_split(glue_fixture("hub"), task, GlueSplit::kDev), rows);
#endif
  }
}

TEST(ReadGlue, TablesOfNullsAndOtherNumbers) {
  const std::string remedy = "; fix the record, or pass --on_bad_record skip to skip such records";
  EXPECT_EQ(error_of_text("sst-2", "{\"sentence\":null,\"label\":0}\n{\"sentence\":null,\"label\":1}\n"),
            "`rows` line 1: `sentence` must be text, but is missing" + remedy);
  EXPECT_EQ(error_of_text("sst-2", "{\"sentence\":\"a\",\"label\":null}\n"),
            "`rows` line 1: `label` must be one of 0, 1, but is missing" + remedy);
  EXPECT_EQ(error_of_text("sst-2", "{\"sentence\":\"a\",\"label\":1}\n{\"sentence\":\"b\",\"label\":0.5}\n"),
            "`rows` line 2: `label` must be a class of 0..1, but is 0.5" + remedy);
  EXPECT_EQ(error_of_text("sst-2", "{\"sentence\":\"a\",\"label\":[1]}\n"),
            "`rows`: the column `label` must hold labels, but holds lists of integers; rewrite the column");
  const GlueData data = read_text("sst-2", "{\"sentence\":\"a\",\"label\":1.0,\"idx\":[7]}\n");
  EXPECT_EQ(data.examples.at(0).label, 1);
  EXPECT_EQ(data.examples.at(0).index, 0) << "a list is not a record number";
}

TEST(ReadGlue, AHeaderThatIsNotUtf8IsRefused) {
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlab\xE9l\na\t1\n"),
            "`rows` line 1: column 2 must be UTF-8 text, but is broken at byte 4; convert the file to UTF-8, or fix "
            "the header");
}

TEST(ReadGlue, ShardsFollowOneAnother) {
  const GlueFolder folder;
  folder.write("train-00001-of-00002.parquet", R"({"sentence":"b","label":1,"idx":1})");
  folder.write("train-00000-of-00002.parquet", R"({"sentence":"a","label":0,"idx":0})");
  const GlueData data = read_split(folder.path(), "cola", GlueSplit::kTrain);
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.examples[0].text_a, "a");
  EXPECT_EQ(data.examples[1].text_a, "b");
}

TEST(ReadGlue, ColumnsByPlaceWhenTheHeaderHasOtherNames) {
  const GlueData data = read_text("mrpc", "class\tx\ty\tleft\tright\n1\t-\t-\tone\ttwo\n");
  ASSERT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.examples[0].text_b, "two");
  EXPECT_EQ(data.examples[0].label, 1);
}

TEST(ReadGlue, ColumnsByNameWhereverTheyStand) {
  const GlueData data = read_text("sst-2", "label\tsentence\n1\tgood\n");
  ASSERT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.examples[0].text_a, "good");
}

TEST(ReadGlue, ShortRowsOfQqpArePassedOver) {
  const GlueData data =
      read_text("qqp", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tcut\n1\t2\t3\ta\tb\t1\n");
  EXPECT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.skipped.summary(), "1 record was skipped (1 short records)");
}

TEST(ReadGlue, NumbersOfTestRowsComeFromTheFile) {
  const GlueData data = read_text("rte", "index\tsentence1\tsentence2\n7\ta\tb\n9\tc\td\n", {.has_labels = false});
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.examples[0].index, 7);
  EXPECT_EQ(data.examples[1].index, 9);
}

TEST(ReadGlue, UnknownLabel) {
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlabel\nfine\t1\nbad\t2\n"),
            "`rows` line 3: column 2 must be one of 0, 1 (the label), but is `2`; fix the record, or pass "
            "--on_bad_record skip to skip such records");
  EXPECT_EQ(error_of_text("rte", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tyes\n"),
            "`rows` line 2: column 4 must be one of entailment, not_entailment (the label), but is `yes`; fix the "
            "record, or pass --on_bad_record skip to skip such records");
}

TEST(ReadGlue, TargetsMustBeFiniteNumbers) {
  const std::string header = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n";
  for (const char* word : {"nan", "inf", "2,5", "", "2.5x", "1e99"})
    EXPECT_EQ(error_of_text("sts-b", header + "0\tg\tf\ty\to\ts\ts\ta\tb\t" + word + "\n"),
              fmt::format("`rows` line 2: column 10 must be a number (the label), but is `{}`; fix the record, or pass "
                          "--on_bad_record skip to skip such records",
                          word));
}

TEST(ReadGlue, RaggedRows) {
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlabel\nfine\t1\nno label\n"),
            "`rows` line 3: must have 2 columns, but has 1; fix the record, or pass --on_bad_record skip to skip such "
            "records");
  EXPECT_EQ(error_of_text("cola", "s\t1\t\tfine\ns\t1\t\ttoo\tmany\n"),
            "`rows` line 2: must have 4 columns, but has 5; fix the record, or pass --on_bad_record skip to skip such "
            "records");
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlabel\n" + std::string(1'000'000, '\t') + "\n"),
            "`rows` line 2: must have 2 columns, but has 1000001; fix the record, or pass --on_bad_record skip to skip "
            "such records");
}

TEST(ReadGlue, BytesThatAreNoText) {
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlabel\nfine\t1\nbad \xFF\t1\n"),
            "`rows` line 3: column 1 must be UTF-8 text, but is broken at byte 5; fix the record, or pass "
            "--on_bad_record skip to skip such records");
  EXPECT_EQ(error_of_text("sst-2", std::string("sentence\tlabel\na\0b\t1\n", 21)),
            "`rows` line 2: column 1 must be text, but has a NUL byte at byte 2; fix the record, or pass "
            "--on_bad_record skip to skip such records");
}

TEST(ReadGlue, BadRecordsCanBeSkippedAndAreCounted) {
  const GlueData data =
      read_text("sst-2", "sentence\tlabel\na\t1\nb\t7\nc\nd\t\xFF\ne\t0\n", {.on_bad_record = OnBadRecord::kSkip});
  EXPECT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.skipped.summary(), "3 records were skipped (1 unknown labels, 1 ragged records, 1 damaged records)");
}

TEST(ReadGlue, MissingHeader) {
  EXPECT_EQ(
      error_of_text("sst-2", "a fine film\t1\na bad film\t0\n"),
      "`rows` line 1 must be a header with the column `sentence`, but looks like a record of sst-2; add the header");
  EXPECT_EQ(
      error_of_text("rte", "0\ta\tb\n", {.has_labels = false}),
      "`rows` line 1 must be a header with the column `sentence1`, but looks like a record of rte; add the header");
}

TEST(ReadGlue, FileOfAnotherTask) {
  EXPECT_EQ(error_of_text("mrpc", "sentence\tlabel\na\t1\n"),
            "`rows` line 1 must have at least 5 columns (training and dev files of mrpc), but has 2; check --task_name "
            "and that "
            "columns are separated by tabs");
}

TEST(ReadGlue, FilesWithoutRows) {
  EXPECT_EQ(error_of_text("sst-2", ""), "`rows` must have records of sst-2, but is empty; choose another file");
  EXPECT_EQ(error_of_text("sst-2", "sentence\tlabel\n"),
            "`rows` must have records of sst-2, but has none; choose another file");
}

TEST(ReadGlue, TablesAreCheckedToo) {
  EXPECT_EQ(error_of_text("mnli",
                          "{\"premise\":\"a\",\"hypothesis\":\"b\",\"label\":1}\n{\"premise\":\"a\",\"hypothesis\":"
                          "\"b\",\"label\":-1}\n"),
            "`rows` line 2: `label` must be a class of 0..2, but is -1; fix the record, or pass --on_bad_record skip "
            "to skip such records");
  EXPECT_EQ(error_of_text("cola", "{\"sentence\":null,\"label\":1}\n{\"sentence\":\"x\",\"label\":1}\n"),
            "`rows` line 1: `sentence` must be text, but is missing; fix the record, or pass --on_bad_record skip to "
            "skip such records");
  EXPECT_EQ(error_of_text("cola", "{\"text_a\":\"x\",\"label\":1}\n"),
            "`rows` must have the column `sentence`, but has text_a, label; rename or add the column");
}

TEST(ReadGlue, SampleIsSeededAndKeepsTheOrder) {
  const auto sample = [](uint64_t seed) {
    GlueData data = read_split(glue_fixture("data"), "cola", GlueSplit::kTrain);
    keep_random_examples(data, 5, seed);
    std::vector<int64_t> indexes;
    for (const GlueExample& example : data.examples) indexes.push_back(example.index);
    return indexes;
  };
  EXPECT_EQ(sample(1).size(), 5u);
  EXPECT_EQ(sample(1), sample(1));
  EXPECT_NE(sample(1), sample(2));
  const std::vector<int64_t> chosen = sample(3);
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
}

TEST(ReadGlue, RealFiles) {
  const char* const root = std::getenv("RETORT_GLUE");
  if (root == nullptr) GTEST_SKIP() << "set RETORT_GLUE to a folder with MRPC/ and SST-2/ to read the real files";
  const auto count = [&](const char* task, GlueSplit split) { return read_split(root, task, split).examples.size(); };
  EXPECT_EQ(count("mrpc", GlueSplit::kTrain), 3667u);
  EXPECT_EQ(count("mrpc", GlueSplit::kDev), 408u);
  EXPECT_EQ(count("mrpc", GlueSplit::kTest), 1725u);
  EXPECT_EQ(count("sst-2", GlueSplit::kTrain), 67349u);
  EXPECT_EQ(count("sst-2", GlueSplit::kDev), 872u);
  EXPECT_EQ(count("sst-2", GlueSplit::kTest), 1821u);
}

}  // namespace
}  // namespace retort::data
