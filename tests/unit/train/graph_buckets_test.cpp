#include "retort/train/graph_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/train/graph_runner.h"
#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

GraphShape of_tokens(int64_t tokens) { return {.tokens = tokens, .sequences = 4, .longest = tokens / 2}; }

// Micro-batches of 32 sequences of 32 to 384 tokens, as those of questions, with every seventh token chosen.
std::vector<GraphShape> random_shapes(uint64_t seed, size_t count) {
  std::vector<GraphShape> shapes;
  for (size_t i = 0; i < count; ++i) {
    GraphShape shape{.sequences = 32};
    for (uint64_t s = 0; s < 32; ++s) {
      const auto length = static_cast<int64_t>(32 + make_key(seed, i, s) % 353);
      shape.tokens += length, shape.longest = std::max(shape.longest, length);
    }
    shape.chosen = shape.tokens / 7;
    shapes.push_back(shape);
  }
  return shapes;
}

// The filler tokens of all shapes, each filled up to its bucket.
int64_t filler_tokens(const std::vector<GraphShape>& buckets, const std::vector<GraphShape>& shapes) {
  int64_t sum = 0;
  for (const GraphShape& shape : shapes) {
    const GraphShape* bucket = find_bucket(buckets, shape);
    if (bucket == nullptr) throw std::runtime_error("no bucket");
    sum += bucket->tokens - shape.tokens;
  }
  return sum;
}

// The fewest filler tokens of `tokens`, in ascending order from number `first`, in at most `most` buckets.
int64_t fewest_fillers(const std::vector<int64_t>& tokens, size_t first, int64_t most) {
  if (first == tokens.size()) return 0;
  if (most == 0) return std::numeric_limits<int32_t>::max();
  int64_t fewest = std::numeric_limits<int32_t>::max();
  for (size_t last = first; last < tokens.size(); ++last) {
    int64_t own = 0;
    for (size_t i = first; i <= last; ++i) own += tokens[last] - tokens[i];
    fewest = std::min(fewest, own + fewest_fillers(tokens, last + 1, most - 1));
  }
  return fewest;
}

TEST(PlanBuckets, AddsTheFewestFillers) {
  for (const int64_t most : {1, 2, 3, 5, 12})
    for (uint64_t seed = 0; seed < 5; ++seed) {
      std::vector<int64_t> tokens;
      std::vector<GraphShape> shapes;
      for (uint64_t i = 0; i < 9; ++i) {
        tokens.push_back(static_cast<int64_t>(40 + make_key(seed, i) % 200));
        shapes.push_back(of_tokens(tokens.back()));
      }
      std::ranges::sort(tokens);
      const std::vector<GraphShape> buckets = plan_buckets(shapes, most);
      EXPECT_LE(std::ssize(buckets), most);
      EXPECT_TRUE(std::ranges::is_sorted(buckets, {}, &GraphShape::tokens));
      EXPECT_EQ(filler_tokens(buckets, shapes), fewest_fillers(tokens, 0, most)) << most << " buckets, seed " << seed;
    }
}

// Most later micro-batches fit too; those beyond the largest bucket run unrecorded.
TEST(PlanBuckets, WasteAtMostTwoPercentOfRandomLengths) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<GraphShape> observed = random_shapes(seed, GraphRunner::kObserved);
    const std::vector<GraphShape> buckets = plan_buckets(observed, GraphRunner::kBuckets);
    std::vector<GraphShape> later = random_shapes(seed + 100, 1000);
    std::erase_if(later, [&](const GraphShape& shape) { return find_bucket(buckets, shape) == nullptr; });
    EXPECT_GT(later.size(), 900U) << "seed " << seed;
    for (const auto* shapes : {&observed, static_cast<const std::vector<GraphShape>*>(&later)}) {
      int64_t tokens = 0;
      for (const GraphShape& shape : *shapes) tokens += shape.tokens;
      const auto fillers = static_cast<double>(filler_tokens(buckets, *shapes));
      EXPECT_LE(fillers / (fillers + static_cast<double>(tokens)), 0.02) << "seed " << seed;
    }
  }
}

TEST(PlanBuckets, EqualShapesAreOneBucket) {
  const std::vector<GraphShape> buckets = plan_buckets(std::vector(20, of_tokens(64)), 8);
  ASSERT_EQ(buckets.size(), 1U);
  EXPECT_EQ(buckets[0].tokens, 64);
  EXPECT_EQ(buckets[0].longest, 32);
  EXPECT_EQ(buckets[0].chosen, 0);
}

TEST(FindBucket, IsTheSmallestThatHoldsTheMicroBatch) {
  const std::vector<GraphShape> buckets{{.tokens = 64, .sequences = 6, .longest = 32, .chosen = 8},
                                        {.tokens = 96, .sequences = 9, .longest = 64, .chosen = 16}};
  const GraphShape fits{.tokens = 64, .sequences = 6, .longest = 32, .chosen = 8};
  EXPECT_EQ(find_bucket(buckets, fits), &buckets[0]);
  const auto with = [&](int64_t GraphShape::*field, int64_t value) {
    GraphShape shape = fits;
    shape.*field = value;
    return find_bucket(buckets, shape);
  };
  EXPECT_EQ(with(&GraphShape::tokens, 65), &buckets[1]);
  EXPECT_EQ(with(&GraphShape::tokens, 97), nullptr);
  EXPECT_EQ(with(&GraphShape::longest, 33), &buckets[1]);
  EXPECT_EQ(with(&GraphShape::longest, 65), nullptr);
  EXPECT_EQ(with(&GraphShape::chosen, 9), &buckets[1]);
  EXPECT_EQ(with(&GraphShape::chosen, 17), nullptr);
  EXPECT_EQ(with(&GraphShape::sequences, 8), &buckets[1]) << "one more sequence fills it up";
  EXPECT_EQ(with(&GraphShape::sequences, 9), nullptr) << "the filler has no place";
  EXPECT_EQ(find_bucket({}, fits), nullptr);
}

TEST(FillerSequences, AreAsLongAsTheBucketAllows) {
  const GraphShape shape{.tokens = 50, .sequences = 3, .longest = 30};
  EXPECT_EQ(filler_sequences(shape, 50, 32), 0);
  EXPECT_EQ(filler_sequences(shape, 51, 32), 1);
  EXPECT_EQ(filler_sequences(shape, 82, 32), 1);
  EXPECT_EQ(filler_sequences(shape, 83, 32), 2);
}

TEST(BucketsAsJson, ComeBackAsTheyWere) {
  const std::vector<GraphShape> buckets = plan_buckets(random_shapes(1, 30), 5);
  EXPECT_EQ(buckets_from_json(Json::parse(buckets_to_json(buckets).dump()), "state"), buckets);
  EXPECT_TRUE(buckets_from_json(Json::array(), "state").empty());
  for (const char* wrong : {"[[1,2,3]]", "[[1,2,3,4,5]]", "[[0,2,3,4]]", "[[1,2,3,-4]]", "[\"a\"]", "[[1,2,3,\"4\"]]"})
    EXPECT_EQ(
        user_error_of([&] { buckets_from_json(Json::parse(wrong), "trainer_state.json"); }),
        fmt::format("`graph_buckets` in `trainer_state.json` must be lists of four numbers, but is {}; resume from "
                    "another checkpoint",
                    wrong));
}

}  // namespace
}  // namespace retort::train
