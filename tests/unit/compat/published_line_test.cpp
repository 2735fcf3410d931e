// Words read by a table, as argument parsers of Python read them.
#include "retort/compat/published_line.h"

#include <gtest/gtest.h>

namespace retort::compat {
namespace {

using Words = std::vector<std::string>;

const Options& table() {
  static const Options options{same("--learning_rate -r").standard("5e-5"),
                               same("--max_steps"),
                               same_switch("--do_lower_case"),
                               same_truth("--do_eval").standard("true"),
                               same("--optimizer").choices({{"AdamW", "adamw"}}),
                               refused("--tokens_per_batch", Takes::kValue, "of a reason").standard("-1"),
                               nothing("--json-summary", Takes::kValue, "of another")};
  return options;
}

Words problems(const Words& words) { return PublishedLine(table(), words).problems(); }

TEST(PublishedLine, ReadsEveryForm) {
  const PublishedLine line(table(), {"-r", "1e-4", "--max_steps=-1", "--do_lower_case", "--do_eval", "False"});
  EXPECT_EQ(line.problems(), Words{});
  EXPECT_EQ(line.value("--learning_rate"), "1e-4");
  EXPECT_EQ(line.value("--max_steps"), "-1");
  EXPECT_TRUE(line.has("--do_lower_case"));
  EXPECT_FALSE(line.has("--do_eval"));
  EXPECT_EQ(line.given(), (Words{"--learning_rate", "--max_steps", "--do_lower_case", "--do_eval"}));
  EXPECT_EQ(PublishedLine(table(), {"--max_steps", "-1"}).value("--max_steps"), "-1");
  EXPECT_EQ(PublishedLine(table(), {"--json_summary", "x"}).value("--json-summary"), "x");
}

TEST(PublishedLine, PairsHaveAValueForEachPhase) {
  const Options options{pair("--learning_rate -r", "6e-3 4e-3"), pair("--data_dir", "").must(), same("--seed")};
  const PublishedLine line(options, {"--data_dir", "one two", "three", "--seed", "7"});
  EXPECT_EQ(line.problems(), Words{});
  EXPECT_EQ(line.value_of_phase("--data_dir", 1), "one two");
  EXPECT_EQ(line.value_of_phase("--data_dir", 2), "three");
  EXPECT_EQ(line.value_of_phase("--learning_rate", 1), "6e-3");
  EXPECT_EQ(line.value_of_phase("--learning_rate", 2), "4e-3");
  EXPECT_EQ(line.value("--seed"), "7");
  EXPECT_EQ(PublishedLine(options, {"--data_dir", "one", "--seed", "7"}).problems(),
            (Words{"`--data_dir` must be followed by two values, of phase 1 and of phase 2, but is not",
                   "`--data_dir` must be given, but is missing"}));
  EXPECT_EQ(PublishedLine(options, {"--data_dir", "one", "two", "three"}).problems(),
            Words{"`three` must belong to an option, but does not"});
}

TEST(PublishedLine, ArgumentsWithoutNamesAreTakenInTheirOrder) {
  const Options options{position("size", "8192"), same("--seed"),
                        position("kind", "a").choices({{"a", "a"}, {"b", "b"}})};
  const PublishedLine line(options, {"64", "--seed", "7", "b"});
  EXPECT_EQ(line.problems(), Words{});
  EXPECT_EQ(line.value("size"), "64");
  EXPECT_EQ(line.value("kind"), "b");
  EXPECT_EQ(PublishedLine(options, {}).value("size"), "8192");
  EXPECT_EQ(PublishedLine(options, {"1", "c"}).problems(), Words{"`kind` must be one of a, b, but is `c`"});
  EXPECT_EQ(PublishedLine(options, {"1", "a", "more"}).problems(),
            Words{"`more` must belong to an option, but does not"});
}

TEST(PublishedLine, DefaultsHoldWithoutTheOption) {
  const PublishedLine line(table(), {});
  EXPECT_EQ(line.value("--learning_rate"), "5e-5");
  EXPECT_EQ(line.value("--max_steps"), "");
  EXPECT_TRUE(line.has("--do_eval"));
  EXPECT_FALSE(line.has("--do_lower_case"));
}

TEST(PublishedLine, UniqueBeginningsAreNames) {
  EXPECT_EQ(PublishedLine(table(), {"--learn", "1"}).value("--learning_rate"), "1");
  EXPECT_EQ(problems({"--do_"}), Words{"`--do_` may be --do_lower_case or --do_eval; write the whole name"});
}

TEST(PublishedLine, ProblemsAreAllReported) {
  EXPECT_EQ(problems({"stray", "--larning_rate", "3", "--max_steps", "--optimizer", "Adam", "--do_eval=maybe"}),
            (Words{"`stray` must belong to an option, but does not",
                   "unknown option `--larning_rate`, did you mean `--learning_rate`?",
                   "`--max_steps` must be followed by a value, but is not",
                   "`--optimizer` must be one of AdamW, but is `Adam`",
                   "`--do_eval` must be true or false, but is `maybe`"}));
  EXPECT_EQ(problems({"--xyzxyzxyzxyz"}), Words{"unknown option `--xyzxyzxyzxyz`"});
}

TEST(PublishedLine, ARefusedOptionMayBeGivenItsDefault) {
  EXPECT_EQ(problems({"--tokens_per_batch", "-1"}), Words{});
  EXPECT_EQ(problems({"--tokens_per_batch", "500"}), Words{"`--tokens_per_batch` cannot be honored: of a reason"});
  EXPECT_EQ(PublishedLine(table(), {"--tokens_per_batch", "500"}).misfits(), 0U) << "the line is one of this program";
}

}  // namespace
}  // namespace retort::compat
