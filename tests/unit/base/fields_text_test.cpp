// Help, reference tables and the nearest name.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base_testing.h"
#include "retort/base/fields.h"
#include "retort/base/fields_text.h"

namespace retort {
namespace {

struct TextSample {
  double learning_rate = 3e-5;
  bool fast = false;
  std::string output_dir, precision = "fp32";
  std::string long_default = std::string(150, 'p');
  std::vector<int64_t> layers = {0, 2};

  void fields(FieldList& list) {
    list.add("output_dir", output_dir, {.help = "Where results go.", .required = true});
    list.group("Training");
    list.add("learning_rate", learning_rate, {.help = "Peak rate.", .unit = "1/step", .min = 0, .aliases = {"lr"}});
    list.add(
        "fast", fast,
        {.help = "A switch whose explanation is so long that it has to be broken over more than one line of help."});
    list.group("");
    list.add("precision", precision, {.help = "Format a|b.", .choices = {"fp32", "bf16"}});
    list.add("a_name_that_is_longer_than_the_column_of_names", long_default, {.help = "Long."});
    list.add("layers", layers, {.help = "Layers."});
  }
};

FieldList sample_fields() {
  static TextSample config;
  FieldList list;
  config.fields(list);
  return list;
}

TEST(FieldsText, HelpShowsGroupsNamesDefaultsUnitsLimitsAndAliases) {
  const std::string help = fields_help(sample_fields());
  expect_contains(help, "Options:\n  --output_dir TEXT               Where results go. [required]\n");
  expect_contains(
      help,
      "\nTraining:\n  --learning_rate FLOAT           Peak rate. [default 3e-05; at least 0; in 1/step; also --lr]\n");
  expect_contains(help, "  --fast, --no_fast               A switch");
  expect_contains(help, "  --precision TEXT                Format a|b. [default fp32; one of fp32, bf16]\n");
  expect_contains(help, "  --layers INT,...                Layers. [default 0,2]\n");
  EXPECT_EQ(help.find("Options:", help.find("Options:") + 1), help.npos) << "fields of one group stand together";
}

TEST(FieldsText, HelpIsAtMost100ColumnsWide) {
  std::istringstream lines(fields_help(sample_fields()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(FieldsText, HelpLosesNoWord) {
  std::string help = fields_help(sample_fields());
  help.erase(std::remove_if(help.begin(), help.end(), ::isspace), help.end());
  expect_contains(help, std::string(150, 'p'));
  expect_contains(help, "brokenovermorethanonelineofhelp.");
}

TEST(FieldsText, MarkdownHasOneRowPerField) {
  const std::string markdown = fields_markdown(sample_fields());
  expect_contains(markdown,
                  "## Options\n\n| flag | value | default | limits | unit | meaning |\n|---|---|---|---|---|---|\n");
  expect_contains(markdown, "| `--output_dir` | TEXT | required |  |  | Where results go. |\n");
  expect_contains(markdown, "| `--learning_rate`, `--lr` | FLOAT | `3e-05` | at least 0 | 1/step | Peak rate. |\n");
  expect_contains(markdown, "| `--precision` | TEXT | `fp32` | one of fp32, bf16 |  | Format a\\|b. |\n");
  expect_contains(markdown, "| `--fast` | true or false | `false` |");
}

TEST(FieldsText, NothingGivesNothing) {
  EXPECT_EQ(fields_help(FieldList()), "");
  EXPECT_EQ(fields_markdown(FieldList()), "");
}

TEST(NearestName, AtMostOneEditAndAThird) {
  const std::vector<std::string> names = {"learning_rate", "seed", "model"};
  EXPECT_EQ(nearest_name("lerning_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("leanring_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("sede", names), "seed");
  EXPECT_EQ(nearest_name("sxyd", names), "seed");  // 2 edits = 1 + 4/3
  EXPECT_EQ(nearest_name("sxyz", names), "");      // 3 edits
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace retort
