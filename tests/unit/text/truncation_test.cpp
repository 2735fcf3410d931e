// truncate_pair against truncate_sequences of `transformers`, and its edges.
#include <map>

#include "retort/text/truncation.h"
#include "text_testing.h"

namespace retort::text {
namespace {

TEST(TruncatePair, EqualsTheReference) {
  const std::map<std::string, TruncationStrategy> strategies = {{"longest_first", TruncationStrategy::kLongestFirst},
                                                                {"only_first", TruncationStrategy::kOnlyFirst},
                                                                {"only_second", TruncationStrategy::kOnlySecond}};
  for (const Json& row : read_json_file(fixture("truncation.json"))) {
    const PairLengths kept = truncate_pair({row[0].get<int64_t>(), row[1].get<int64_t>()}, row[2].get<int64_t>(),
                                           strategies.at(row[3].get<std::string>()));
    EXPECT_EQ(kept.first, row[4].get<int64_t>()) << row.dump();
    EXPECT_EQ(kept.second, row[5].get<int64_t>()) << row.dump();
  }
}

// The loop that the closed form stands for: BERT's own _truncate_seq_pair.
TEST(TruncatePair, LongestFirstTakesOneTokenAtATime) {
  for (int64_t first = 0; first < 12; ++first) {
    for (int64_t second = 0; second < 12; ++second) {
      for (int64_t budget = 0; budget < 25; ++budget) {
        PairLengths loop{first, second};
        while (loop.first + loop.second > budget) --(loop.first > loop.second ? loop.first : loop.second);
        const PairLengths kept = truncate_pair({first, second}, budget, TruncationStrategy::kLongestFirst);
        EXPECT_EQ(kept.first, loop.first);
        EXPECT_EQ(kept.second, loop.second);
      }
    }
  }
}

TEST(TruncatePair, NeverGoesBelowZero) {
  EXPECT_EQ(truncate_pair({3, 4}, -5, TruncationStrategy::kLongestFirst).first, 0);
  EXPECT_EQ(truncate_pair({3, 4}, -5, TruncationStrategy::kLongestFirst).second, 0);
  EXPECT_EQ(truncate_pair({3, 4}, 1, TruncationStrategy::kOnlyFirst).first, 0);
  EXPECT_EQ(truncate_pair({3, 4}, 1, TruncationStrategy::kOnlyFirst).second, 4);
  EXPECT_EQ(truncate_pair({3, 4}, 1, TruncationStrategy::kDoNotTruncate).first, 3);
}

}  // namespace
}  // namespace retort::text
