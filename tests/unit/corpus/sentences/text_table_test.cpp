#include "retort/corpus/sentences/text_table.h"

#include <gtest/gtest.h>

namespace retort::corpus {
namespace {

TEST(TextTable, CountsManyTexts) {
  TextTable<int64_t> table;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 10000; ++i) table[std::to_string(i)] += i;
  EXPECT_EQ(table.size(), 10000u);
  for (int i = 0; i < 10000; ++i) EXPECT_EQ(*table.find(std::to_string(i)), 3 * i);
  EXPECT_EQ(table.find("10000"), nullptr);
  EXPECT_EQ(table.value_or_default("x"), 0);
  EXPECT_EQ(table.text_of(table.entries()[123]), "123");
}

TEST(TextTable, IsEmptyAfterClear) {
  TextSet set;
  EXPECT_FALSE(set.contains(""));
  set[""], set["a"];
  EXPECT_TRUE(set.contains(""));
  set.clear();
  EXPECT_FALSE(set.contains("a"));
  EXPECT_EQ(set.size(), 0u);
}

}  // namespace
}  // namespace retort::corpus
