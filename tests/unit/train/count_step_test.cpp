#include "retort/train/count_step.h"

#include "unit/train/toy_unit.h"

namespace retort::train {
namespace {

TEST(CountStep, CountsTheWholeStepHoweverItIsCutAndWhicheverRankAsks) {
  for (const size_t per_micro_batch : {1, 2, 3}) {
    data::StepBatch step = make_step({3, 5, 1}, per_micro_batch);
    step.local_begin = 0, step.local_count = 1;
    const loss::StepCounts counts = count_step(step);
    EXPECT_EQ(counts.sequences, 3);
    EXPECT_EQ(counts.tokens, 3 + 5 + 1);
    EXPECT_EQ(counts.token_pairs, 9 + 25 + 1);
    EXPECT_EQ(counts.labelled_tokens, 3);
  }
}

TEST(CountStep, WithoutLabelsAndSequencesTheCountsAreZero) {
  data::StepBatch step = make_step({4}, 1);
  step.micro_batches[0].token_labels.clear();
  EXPECT_EQ(count_step(step).labelled_tokens, 0);
  EXPECT_EQ(count_step({}).sequences, 0);
}

}  // namespace
}  // namespace retort::train
