// Sources: columns and labels from the processors of run_glue (transformers 4.x, data/processors/glue.py), the hub's
// order of labels from the data set card nyu-mll/glue.
#include "retort/data/glue/glue_tasks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/fields.h"
#include "retort/base/fields_text.h"

namespace retort::data {
namespace {

constexpr int64_t kLast = GlueColumn::kLast;

constexpr std::string_view kZeroOne[] = {"0", "1"};
constexpr std::string_view kTwoWay[] = {"entailment", "not_entailment"};
constexpr std::string_view kThreeWay[] = {"contradiction", "entailment", "neutral"};
constexpr std::string_view kHubThreeWay[] = {"entailment", "neutral", "contradiction"};

constexpr GlueColumns kMnliColumns = {{"sentence1", 8}, {"sentence2", 9}, {"gold_label", kLast}};
constexpr GlueColumns kMnliTestColumns = {{"sentence1", 8}, {"sentence2", 9}};
constexpr GlueColumns kSentencePair = {{"sentence1", 1}, {"sentence2", 2}, {"label", kLast}};
constexpr GlueColumns kSentencePairTest = {{"sentence1", 1}, {"sentence2", 2}};
constexpr GlueColumns kSentenceTest = {{"sentence", 1}};

constexpr GlueTask kTasks[] = {
    {.name = "cola",
     .alias = "cola",
     .folder = "CoLA",
     .columns = {{"sentence", 3}, {}, {"label", 1}, 4},
     .test_columns = kSentenceTest,
     .hub_text_a = "sentence",
     .labels = kZeroOne,
     .hub_labels = kZeroOne,
     .metric = GlueMetric::kMatthews,
     .submission_file = "CoLA.tsv"},
    {.name = "sst-2",
     .alias = "sst2",
     .folder = "SST-2",
     .columns = {{"sentence", 0}, {}, {"label", 1}},
     .test_columns = kSentenceTest,
     .hub_text_a = "sentence",
     .labels = kZeroOne,
     .hub_labels = kZeroOne,
     .submission_file = "SST-2.tsv"},
    {.name = "mrpc",
     .alias = "mrpc",
     .folder = "MRPC",
     .columns = {{"#1 String", 3}, {"#2 String", 4}, {"Quality", 0}},
     .test_columns = {{"#1 String", 3}, {"#2 String", 4}},
     .hub_text_a = "sentence1",
     .hub_text_b = "sentence2",
     .labels = kZeroOne,
     .hub_labels = kZeroOne,
     .metric = GlueMetric::kAccuracyAndF1,
     .submission_file = "MRPC.tsv"},
    {.name = "sts-b",
     .alias = "stsb",
     .folder = "STS-B",
     .columns = {{"sentence1", 7}, {"sentence2", 8}, {"score", kLast}},
     .test_columns = {{"sentence1", 7}, {"sentence2", 8}},
     .hub_text_a = "sentence1",
     .hub_text_b = "sentence2",
     .metric = GlueMetric::kCorrelation,
     .submission_file = "STS-B.tsv"},
    {.name = "qqp",
     .alias = "qqp",
     .folder = "QQP",
     .columns = {{"question1", 3}, {"question2", 4}, {"is_duplicate", 5}},
     .test_columns = {{"question1", 1}, {"question2", 2}},
     .hub_text_a = "question1",
     .hub_text_b = "question2",
     .labels = kZeroOne,
     .hub_labels = kZeroOne,
     .metric = GlueMetric::kAccuracyAndF1,
     .submission_file = "QQP.tsv",
     .has_short_rows = true},
    {.name = "mnli",
     .alias = "mnli-m",
     .folder = "MNLI",
     .columns = kMnliColumns,
     .test_columns = kMnliTestColumns,
     .hub_text_a = "premise",
     .hub_text_b = "hypothesis",
     .labels = kThreeWay,
     .hub_labels = kHubThreeWay,
     .dev_file = "dev_matched.tsv",
     .test_file = "test_matched.tsv",
     .hub_dev_name = "validation_matched",
     .hub_test_name = "test_matched",
     .submission_file = "MNLI-m.tsv"},
    {.name = "mnli-mm",
     .alias = "mnli-mm",
     .folder = "MNLI",
     .columns = kMnliColumns,
     .test_columns = kMnliTestColumns,
     .hub_text_a = "premise",
     .hub_text_b = "hypothesis",
     .labels = kThreeWay,
     .hub_labels = kHubThreeWay,
     .dev_file = "dev_mismatched.tsv",
     .test_file = "test_mismatched.tsv",
     .hub_dev_name = "validation_mismatched",
     .hub_test_name = "test_mismatched",
     .submission_file = "MNLI-mm.tsv"},
    {.name = "ax",
     .alias = "diagnostic",
     .folder = "diagnostic",
     .columns = kSentencePair,
     .test_columns = kSentencePairTest,
     .hub_text_a = "premise",
     .hub_text_b = "hypothesis",
     .labels = kThreeWay,
     .hub_labels = kHubThreeWay,
     .dev_file = "",
     .test_file = "diagnostic.tsv",
     .metric = GlueMetric::kMatthews,
     .submission_file = "AX.tsv"},
    {.name = "qnli",
     .alias = "qnli",
     .folder = "QNLI",
     .columns = {{"question", 1}, {"sentence", 2}, {"label", kLast}},
     .test_columns = {{"question", 1}, {"sentence", 2}},
     .hub_text_a = "question",
     .hub_text_b = "sentence",
     .labels = kTwoWay,
     .hub_labels = kTwoWay,
     .submission_file = "QNLI.tsv"},
    {.name = "rte",
     .alias = "rte",
     .folder = "RTE",
     .columns = kSentencePair,
     .test_columns = kSentencePairTest,
     .hub_text_a = "sentence1",
     .hub_text_b = "sentence2",
     .labels = kTwoWay,
     .hub_labels = kTwoWay,
     .submission_file = "RTE.tsv"},
    {.name = "wnli",
     .alias = "wnli",
     .folder = "WNLI",
     .columns = kSentencePair,
     .test_columns = kSentencePairTest,
     .hub_text_a = "sentence1",
     .hub_text_b = "sentence2",
     .labels = kZeroOne,
     .hub_labels = kZeroOne,
     .submission_file = "WNLI.tsv"},
};

std::string plain_spelling(std::string_view name) {
  std::string plain(name);
  std::transform(plain.begin(), plain.end(), plain.begin(), [](char letter) {
    return letter == '_' ? '-' : letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return plain;
}

}  // namespace

std::optional<int32_t> GlueTask::find_label(std::string_view label) const {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found == labels.end()) return {};
  return static_cast<int32_t>(found - labels.begin());
}

std::span<const GlueTask> glue_tasks() { return kTasks; }

const GlueTask& find_glue_task(std::string_view name) {
  const std::string wanted = plain_spelling(name);
  std::vector<std::string> names;
  for (const GlueTask& task : glue_tasks()) {
    if (wanted == task.name || wanted == task.alias) return task;
    names.emplace_back(task.name);
  }
  const std::string nearest = nearest_name(wanted, names);
  throw UserError("`task_name` must be one of {}, but is `{}`{}", fmt::join(names, ", "), name,
                  nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest));
}

std::vector<const GlueTask*> glue_evaluation_tasks(const GlueTask& task) {
  if (task.name != "mnli") return {&task};
  return {&task, &find_glue_task("mnli-mm")};
}

std::vector<const GlueTask*> glue_submission_tasks(const GlueTask& task) {
  std::vector<const GlueTask*> tasks = glue_evaluation_tasks(task);
  if (task.name == "mnli") tasks.push_back(&find_glue_task("ax"));
  return tasks;
}

}  // namespace retort::data
