// Matching the classes of a model with those of a task.
#include "retort/pretrained/class_order.h"

#include <gtest/gtest.h>

#include "retort/task/glue_config.h"

namespace retort::pretrained {
namespace {

using Order = std::vector<int64_t>;

Order order_of(const std::vector<std::string>& labels, const std::string& task) {
  model::ModelConfig config;
  config.labels = labels;
  task::GlueDataConfig data;
  data.task_name = task;
  return find_class_order(config, data.classes(), false);
}

TEST(ClassOrder, NamesTellIt) {
  EXPECT_EQ(order_of({"entailment", "neutral", "contradiction"}, "mnli"), (Order{2, 0, 1}));
  EXPECT_EQ(order_of({"ENTAILMENT", "Neutral", "contradiction"}, "mnli"), (Order{2, 0, 1}));
  EXPECT_EQ(order_of({"not-entailment", "entailment"}, "rte"), (Order{1, 0}));
  EXPECT_EQ(order_of({"1", "0"}, "mrpc"), (Order{1, 0}));
}

// The names in the data set card, where the files have numbers.
TEST(ClassOrder, TheHubsWordsTellIt) {
  EXPECT_EQ(order_of({"POSITIVE", "NEGATIVE"}, "sst-2"), (Order{1, 0}));
  EXPECT_EQ(order_of({"acceptable", "unacceptable"}, "cola"), (Order{1, 0}));
  EXPECT_EQ(order_of({"equivalent", "not equivalent"}, "mrpc"), (Order{1, 0}));
  EXPECT_EQ(order_of({"duplicate", "not_duplicate"}, "qqp"), (Order{1, 0}));
  EXPECT_EQ(order_of({"entailment", "not_entailment"}, "wnli"), (Order{1, 0}));
}

TEST(ClassOrder, StaysWhereNamesFitOrSayNothing) {
  for (const auto& labels : std::vector<std::vector<std::string>>{{"negative", "positive"},
                                                                  {"0", "1"},
                                                                  {"LABEL_0", "LABEL_1"},
                                                                  {"dog", "cat"},
                                                                  {"positive", "dog"},
                                                                  {"positive", "positive"},
                                                                  {"positive", "neutral", "negative"},
                                                                  {"score"}})
    EXPECT_EQ(order_of(labels, "sst-2"), Order{}) << labels.front();
  EXPECT_EQ(order_of({"score"}, "sts-b"), Order{});
  EXPECT_EQ(find_class_order({}, {}, false), Order{});
}

}  // namespace
}  // namespace retort::pretrained
