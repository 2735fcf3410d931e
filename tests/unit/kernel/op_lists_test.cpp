// The published lists (Habana's ops_bf16_*.txt and ops_fp32_*.txt), and what lists of a user's own change.
#include "retort/kernel/op_lists.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::kernel::test {
namespace {

class OpListsTest : public testing::Test {
 protected:
  OpListsTest() {
    std::string pattern = (fs::temp_directory_path() / "retort_lists_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~OpListsTest() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  fs::path folder_;
};

const OperationPrecision& row_of(const PrecisionPlan& plan, const std::string& operation) {
  const auto found = std::find_if(plan.operations.begin(), plan.operations.end(),
                                  [&](const OperationPrecision& each) { return each.operation == operation; });
  if (found == plan.operations.end()) throw std::out_of_range(operation);
  return *found;
}

PrecisionPlan plan_of(const OpLists& lists) { return plan_precisions(OpListSettings(), lists); }

TEST(OpLists, OfDistilBertDifferInDivisionAndSoftmaxOnly) {
  const OpLists bert = published_op_lists("bert"), distilbert = published_op_lists("distilbert");
  EXPECT_EQ(bert.bf16.size(), 14u);
  EXPECT_EQ(bert.fp32, (std::vector<std::string>{"embedding", "nll_loss", "log_softmax"}));
  std::set<std::string> moved(bert.bf16.begin(), bert.bf16.end());
  for (const std::string& name : distilbert.bf16) moved.erase(name);
  EXPECT_EQ(moved, (std::set<std::string>{"div", "softmax", "truediv"}));
  EXPECT_EQ(std::set<std::string>(distilbert.fp32.begin() + 3, distilbert.fp32.end()), moved);
}

TEST(OpLists, PublishedOnesAskForNothingThatIsNotDone) {
  for (const char* family : {"bert", "distilbert"}) {
    const PrecisionPlan plan = plan_of(published_op_lists(family));
    EXPECT_TRUE(plan.has_bf16_products);
    EXPECT_TRUE(plan.warnings.empty()) << plan.warnings.front();
    EXPECT_EQ(row_of(plan, "linear").precision, "bf16, sums in fp32");
    EXPECT_EQ(row_of(plan, "linear").decided_by, "the list of bf16");
    EXPECT_EQ(row_of(plan, "add_norm").precision, "fp32, stored in bf16");
    EXPECT_EQ(row_of(plan, "softmax_loss").precision, "fp32");
  }
}

TEST_F(OpListsTest, AFileWithTheMatmulsInFloat32MakesARunInFloat32) {
  const OpLists lists = load_op_lists({.bf16 = file("bf16.txt", "gelu\n softmax \n\n"),
                                       .fp32 = file("fp32.txt", "linear\naddmm\r\nmm\nbmm\nmatmul\n")});
  EXPECT_EQ(lists.bf16, (std::vector<std::string>{"gelu", "softmax"}));
  EXPECT_EQ(lists.fp32.at(1), "addmm");
  const PrecisionPlan plan = plan_of(lists);
  EXPECT_FALSE(plan.has_bf16_products);
  EXPECT_TRUE(plan.warnings.empty()) << plan.warnings.front();
  for (const OperationPrecision& each : plan.operations) EXPECT_EQ(each.precision, "fp32") << each.operation;
}

TEST(OpLists, WithoutTheMatmulsAreARunInFloat32AsWeightsAre) {
  const PrecisionPlan plan = plan_of({.bf16 = {"gelu"}, .fp32 = {}});
  EXPECT_FALSE(plan.has_bf16_products);
  EXPECT_EQ(row_of(plan, "linear").decided_by, "promotion: no list has its operators, and weights are float32");
}

TEST(OpLists, WhatAFusedOperationIgnoresIsAWarning) {
  const auto warning_of = [](const OpLists& lists) {
    const PrecisionPlan plan = plan_of(lists);
    return plan.warnings.size() == 1 ? plan.warnings.front() : fmt::format("{} warnings", plan.warnings.size());
  };
  EXPECT_EQ(warning_of({{"linear", "mm"}, {"addmm"}}),
            "the op lists ask for linear, mm in bf16 and addmm in fp32, but `linear` is one operation here: it runs in "
            "bf16");
  EXPECT_EQ(warning_of({{"linear", "matmul"}, {"bmm"}}),
            "the op lists ask for matmul in bf16 and bmm in fp32, but `attention` is one operation here: it runs in "
            "bf16");
  EXPECT_EQ(warning_of({{"linear"}, {"layer_norm"}}),
            "the op lists ask for layer_norm in fp32, but `add_norm` and `embedding` compute it in float32 and store "
            "it in bf16");
  EXPECT_EQ(warning_of({{"linear", "conv1d"}, {"softmax"}}),
            "the op list of bf16 names `conv1d`, but no operation here has an operator of this name");
}

TEST(OpLists, DecideThePrecisionOfAttentionByItself) {
  const PrecisionPlan exact = plan_of({{"linear"}, {"matmul", "bmm"}});
  EXPECT_TRUE(exact.has_bf16_products);
  EXPECT_FALSE(exact.has_bf16_attention);
  EXPECT_TRUE(exact.warnings.empty());
  EXPECT_EQ(row_of(exact, "attention (products)").precision, "fp32");
  EXPECT_EQ(row_of(exact, "attention (products)").decided_by, "the list of fp32");
  EXPECT_EQ(row_of(exact, "attention (softmax)").precision, "fp32");
  EXPECT_EQ(row_of(exact, "add_norm").precision, "fp32, stored in bf16");
  const PrecisionPlan narrow = plan_of({{"bmm"}, {"linear"}});
  EXPECT_FALSE(narrow.has_bf16_products);
  EXPECT_TRUE(narrow.has_bf16_attention);
  EXPECT_EQ(row_of(narrow, "attention (products)").precision, "bf16, sums in fp32");
  EXPECT_EQ(row_of(narrow, "add_norm").precision, "fp32");
  // An operator of no list takes its inputs as they come: the results of linear.
  EXPECT_TRUE(plan_of({{"linear"}, {}}).has_bf16_attention);
  EXPECT_FALSE(plan_of({{}, {"linear"}}).has_bf16_attention);
}

TEST_F(OpListsTest, AnOperatorInBothIsRefused) {
  const OpListSettings settings{.bf16 = file("b.txt", "linear\nsoftmax\n"), .fp32 = file("f.txt", "softmax\n")};
  try {
    load_op_lists(settings);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("but `softmax` is in both"), std::string::npos) << error.what();
  }
  EXPECT_THROW(load_op_lists({.bf16 = (folder_ / "missing.txt").string()}), UserError);
}

TEST(OpLists, O2PutsTheMatmulsInBfloat16WhateverTheListsSay) {
  const PrecisionPlan plan = plan_precisions({.opt_level = "O2"}, {.bf16 = {}, .fp32 = {"linear"}});
  EXPECT_TRUE(plan.has_bf16_products);
  EXPECT_TRUE(plan.warnings.empty());
  EXPECT_EQ(row_of(plan, "linear").decided_by, "O2: matmuls in bf16");
}

TEST(OpLists, TheTableHasALineForEachOperation) {
  const PrecisionPlan plan = plan_precisions("fp16");
  const std::vector<std::string> lines = plan_lines(plan);
  ASSERT_EQ(lines.size(), plan.operations.size() + 1);
  EXPECT_EQ(lines.at(2), "linear                fp16, sums in fp32     --precision: linear, addmm, mm");
  EXPECT_EQ(lines.at(3), "attention (products)  fp16, sums in fp32     --precision: matmul, bmm, baddbmm");
}

}  // namespace
}  // namespace retort::kernel::test
