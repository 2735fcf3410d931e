// Steps and evaluation batches: properties over many sizes, and errors.
#include "retort/data/source.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <set>

#include "retort/base/random.h"
#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

// Rows of pseudo-random lengths; the label is the row's number. Reading row `broken_row` fails while is_broken.
class MadeUpRows final : public RowSet {
 public:
  explicit MadeUpRows(int64_t count, int64_t longest = 40) : lengths_(count) {
    for (int64_t row = 0; row < count; ++row) lengths_[row] = 1 + static_cast<int64_t>(random_below(9, row, longest));
  }
  int64_t row_count() const override { return static_cast<int64_t>(lengths_.size()); }
  int64_t token_count(int64_t row) const override { return lengths_[row]; }
  void append(int64_t row, Batch& batch) const override {
    if (is_broken && row == broken_row) throw UserError("`row {}` must be readable", row);
    batch.tokens.append(std::vector<int32_t>(lengths_[row], static_cast<int32_t>(row)), lengths_[row]);
    batch.rows.push_back(row);
    batch.labels.resize(1);
    batch.labels[0].push_back(static_cast<int32_t>(row));
  }
  int64_t broken_row = -1;
  std::atomic<bool> is_broken = false;

 private:
  std::vector<int64_t> lengths_;
};

std::vector<int64_t> rows_of(const StepBatch& step) {
  std::vector<int64_t> rows;
  for (const Batch& batch : step.micro_batches) rows.insert(rows.end(), batch.rows.begin(), batch.rows.end());
  return rows;
}

// The content of a step that could differ.
std::string print(const StepBatch& step) {
  std::string text = fmt::format("epoch {} from {} sequences {} tokens {}", step.position.epoch, step.position.sequence,
                                 step.sequence_count, step.token_count);
  for (const Batch& batch : step.micro_batches) {
    text += " |";
    for (size_t b = 0; b < batch.rows.size(); ++b)
      text += fmt::format(" {}:{}", batch.rows[b], batch.tokens.starts[b + 1]);
  }
  return text;
}

std::vector<std::string> draw(Source& source, int64_t steps) {
  std::vector<std::string> drawn;
  for (int64_t i = 0; i < steps; ++i) drawn.push_back(print(source.next()));
  return drawn;
}

// Options and row counts with full and partial last steps, one row, one step, large batches.
struct Setting {
  int64_t rows;
  ShuffledSourceOptions options;
};
std::vector<Setting> settings() {
  std::vector<Setting> made;
  for (const int64_t rows : {1, 7, 130})
    for (const int64_t batch_size : {1, 8, 200})
      for (const int64_t accumulation : {1, 3})
        for (const bool grouped : {false, true})
          made.push_back({rows,
                          {.seed = 5,
                           .batch_size = batch_size,
                           .gradient_accumulation_steps = accumulation,
                           .max_tokens_per_micro_batch = 50,
                           .group_by_length = grouped}});
  return made;
}

TEST(ShuffledSource, EveryRowOncePerEpochInStepsOfTheAskedSize) {
  for (const auto& [count, options] : settings()) {
    const MadeUpRows rows(count);
    ShuffledSource source(rows, options);
    const int64_t per_step = options.batch_size * options.gradient_accumulation_steps;
    ASSERT_EQ(source.steps_per_epoch(), (count + per_step - 1) / per_step);
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
      std::multiset<int64_t> seen;
      for (int64_t index = 0; index < source.steps_per_epoch(); ++index) {
        EXPECT_EQ(source.position(), (SourcePosition{epoch, index * per_step}));
        const StepBatch step = source.next();
        EXPECT_EQ(step.position, (SourcePosition{epoch, index * per_step}));
        const std::vector<int64_t> drawn = rows_of(step);
        EXPECT_EQ(static_cast<int64_t>(drawn.size()), std::min(per_step, count - index * per_step));
        EXPECT_EQ(static_cast<int64_t>(drawn.size()), step.sequence_count);
        seen.insert(drawn.begin(), drawn.end());
      }
      EXPECT_EQ(seen.size(), static_cast<size_t>(count));
      EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), static_cast<size_t>(count));
    }
  }
}

TEST(ShuffledSource, MicroBatchesKeepTheBudgetAndTheirLabels) {
  for (const auto& [count, options] : settings()) {
    const MadeUpRows rows(count, /*longest=*/70);
    ShuffledSource source(rows, options);
    for (int64_t index = 0; index < source.steps_per_epoch(); ++index) {
      const StepBatch step = source.next();
      int64_t tokens = 0;
      for (const Batch& batch : step.micro_batches) {
        EXPECT_TRUE(batch.tokens.tokens() <= 50 || batch.rows.size() == 1) << print(step);
        EXPECT_EQ(batch.tokens.sequences(), static_cast<int64_t>(batch.rows.size()));
        EXPECT_EQ(std::vector<int64_t>(batch.labels[0].begin(), batch.labels[0].end()), batch.rows);
        tokens += batch.tokens.tokens();
      }
      EXPECT_EQ(tokens, step.token_count);
    }
  }
}

TEST(ShuffledSource, SeekEqualsRunningOn) {
  for (const auto& [count, options] : settings()) {
    const MadeUpRows rows(count);
    ShuffledSource running(rows, options);
    std::vector<std::string> expected = draw(running, 7);
    for (int64_t skipped = 0; skipped < 7; skipped += 3) {
      ShuffledSource source(rows, options);
      draw(source, 2);  // so that there is a prefetched step to discard
      source.seek(
          {skipped / source.steps_per_epoch(), skipped % source.steps_per_epoch() * source.sequences_per_step()});
      EXPECT_EQ(draw(source, 7 - skipped), std::vector<std::string>(expected.begin() + skipped, expected.end()));
    }
  }
}

TEST(ShuffledSource, PrefetchChangesNothing) {
  for (const auto& [count, options] : settings()) {
    const MadeUpRows rows(count);
    ShuffledSourceOptions without = options;
    without.prefetch = false;
    ShuffledSource ahead(rows, options), plain(rows, without);
    EXPECT_EQ(draw(ahead, 9), draw(plain, 9));
  }
}

TEST(ShuffledSource, EndOfAnEpochIsTheStartOfTheNext) {
  const MadeUpRows rows(10);
  ShuffledSource source(rows, {.batch_size = 4});
  source.seek({2, 10});
  EXPECT_EQ(source.position(), (SourcePosition{3, 0}));
}

// Also from a position where no step of this size begins.
TEST(ShuffledSource, StepsOfAnotherSizeTakeTheRowsThatAreLeft) {
  const MadeUpRows rows(23);
  ShuffledSource before(rows, {.batch_size = 3}), after(rows, {.batch_size = 4});
  std::multiset<int64_t> seen;
  const auto draw_into = [&](Source& source) {
    const std::vector<int64_t> drawn = rows_of(source.next());
    seen.insert(drawn.begin(), drawn.end());
  };
  for (int i = 0; i < 3; ++i) draw_into(before);
  after.seek(before.position());
  EXPECT_EQ(after.steps_left(after.position()), 4);
  for (int i = 0; i < 4; ++i) draw_into(after);
  EXPECT_EQ(after.position(), (SourcePosition{1, 0}));
  EXPECT_EQ(seen.size(), 23u);
  EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), 23u);
  ShuffledSource full_steps(rows, {.batch_size = 4, .drop_last = true});
  full_steps.seek({0, 21});
  EXPECT_EQ(full_steps.position(), (SourcePosition{1, 0}));
}

TEST(ShuffledSource, OrderFollowsSeedAndEpoch) {
  const MadeUpRows rows(100);
  EXPECT_EQ(epoch_order(rows, {.seed = 1}, 3), random_permutation(make_key(1, 3), 100));
  EXPECT_NE(epoch_order(rows, {.seed = 1}, 3), epoch_order(rows, {.seed = 1}, 4));
  EXPECT_NE(epoch_order(rows, {.seed = 1}, 3), epoch_order(rows, {.seed = 2}, 3));
  std::vector<int64_t> in_order(100);
  std::iota(in_order.begin(), in_order.end(), int64_t{0});
  EXPECT_EQ(epoch_order(rows, {.shuffle = false}, 3), in_order);
}

TEST(ShuffledSource, DropLastKeepsFullStepsOnly) {
  const MadeUpRows rows(10);
  ShuffledSource source(rows, {.batch_size = 4, .drop_last = true});
  EXPECT_EQ(source.steps_per_epoch(), 2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(source.next().sequence_count, 4);
  EXPECT_EQ(source.position(), (SourcePosition{2, 0}));
}

TEST(ShuffledSource, GroupedStepsHoldSimilarLengths) {
  const MadeUpRows rows(4000, /*longest=*/400);
  const auto spread = [&](bool grouped) {
    ShuffledSource source(rows, {.batch_size = 32, .group_by_length = grouped});
    int64_t sum = 0;
    for (int64_t i = 0; i + 1 < source.steps_per_epoch(); ++i) {
      const std::vector<int64_t> drawn = rows_of(source.next());
      sum += rows.token_count(drawn.front()) - rows.token_count(drawn.back());  // longest first within a step
    }
    return sum;
  };
  EXPECT_LT(spread(true) * 10, spread(false));
}

// Every rank draws the same steps and has its share: together everything, with about equal numbers of tokens.
TEST(ShuffledSource, ProcessesShareEveryStep) {
  const MadeUpRows rows(103);
  for (const int64_t processes : {1, 2, 3, 5}) {
    std::vector<std::unique_ptr<ShuffledSource>> sources;
    for (int64_t process = 0; process < processes; ++process)
      sources.push_back(std::make_unique<ShuffledSource>(rows, ShuffledSourceOptions{.batch_size = 4,
                                                                                     .gradient_accumulation_steps = 2,
                                                                                     .max_tokens_per_micro_batch = 60,
                                                                                     .process_count = processes,
                                                                                     .process = process}));
    EXPECT_EQ(sources[0]->steps_per_epoch(), (103 + 8 * processes - 1) / (8 * processes));
    for (int64_t i = 0; i < 2 * sources[0]->steps_per_epoch(); ++i) {
      std::vector<StepBatch> steps;
      for (const auto& source : sources) steps.push_back(source->next());
      std::multiset<int64_t> owned;
      std::vector<int64_t> tokens;
      for (const StepBatch& step : steps) {
        EXPECT_EQ(print(step), print(steps[0]));
        tokens.push_back(0);
        for (const Batch& batch : step.local()) {
          owned.insert(batch.rows.begin(), batch.rows.end());
          tokens.back() += batch.tokens.tokens();
        }
      }
      const std::vector<int64_t> all = rows_of(steps[0]);
      EXPECT_EQ(owned, std::multiset<int64_t>(all.begin(), all.end()));
      EXPECT_LE(*std::max_element(tokens.begin(), tokens.end()) - *std::min_element(tokens.begin(), tokens.end()), 40)
          << "more than the longest row";
    }
  }
}

// The rows of a step do not depend on the number of ranks.
TEST(ShuffledSource, ProcessesTakeTheStepsOfOne) {
  const MadeUpRows rows(50);
  ShuffledSource one(rows, {.batch_size = 6}), three(rows, {.batch_size = 2, .process_count = 3, .process = 1});
  for (int64_t i = 0; i < 12; ++i) {
    const StepBatch a = one.next(), b = three.next();
    const std::vector<int64_t> own = rows_of(a), others = rows_of(b);
    EXPECT_EQ(std::multiset<int64_t>(own.begin(), own.end()), std::multiset<int64_t>(others.begin(), others.end()));
  }
}

TEST(ShuffledSource, AFailedStepCanBeDrawnAgain) {
  MadeUpRows rows(20);
  rows.is_broken = true;
  ShuffledSource source(rows, {.batch_size = 4, .shuffle = false});
  rows.broken_row = 5;
  const std::string first = print(source.next());
  EXPECT_EQ(glue_error_of([&] { source.next(); }), "`row 5` must be readable");
  EXPECT_EQ(source.position(), (SourcePosition{0, 4}));
  rows.is_broken = false;
  EXPECT_EQ(source.next().position, (SourcePosition{0, 4}));
}

TEST(ShuffledSource, MayEndWhileAStepIsBeingAssembled) {
  const MadeUpRows rows(5000);
  for (int i = 0; i < 50; ++i) {
    ShuffledSource source(rows, {.batch_size = 1000});
    source.next();
  }
}

TEST(ShuffledSource, OptionsThatCannotBe) {
  const MadeUpRows rows(10), none(0);
  const auto error = [](const RowSet& set, const ShuffledSourceOptions& options) {
    return glue_error_of([&] { ShuffledSource source(set, options); });
  };
  EXPECT_EQ(error(none, {}), "the training data must have at least one example, but is empty");
  EXPECT_EQ(error(rows, {.batch_size = 0}), "`per_device_train_batch_size` must be between 1 and 2147483647, but is 0");
  EXPECT_EQ(error(rows, {.gradient_accumulation_steps = -1}),
            "`gradient_accumulation_steps` must be between 1 and 2147483647, but is -1");
  EXPECT_EQ(error(rows, {.max_tokens_per_micro_batch = 0}),
            "`max_tokens_per_micro_batch` must be between 1 and 2147483647, but is 0");
  EXPECT_EQ(error(rows, {.batch_size = 11, .drop_last = true}),
            "`drop_last` must leave at least one full step of 11 examples, but the training data has 10; use a smaller "
            "batch size or "
            "keep the last step");
  ShuffledSource source(rows, {.batch_size = 4});
  EXPECT_EQ(
      glue_error_of([&] {
        source.seek({0, 11});
      }),
      "the position in the training data must be a sequence of 0..10, but is sequence 11 of epoch 0; resume with the "
      "data of the first run");
  EXPECT_NE(glue_error_of([&] { source.seek({-1, 0}); }), "");
}

TEST(EvaluationBatches, EveryRowOnceLongestFirstWithinTheBudget) {
  for (const int64_t count : {0, 1, 7, 300}) {
    const MadeUpRows rows(count, /*longest=*/90);
    const EvaluationBatches batches(rows, {.max_tokens_per_batch = 64, .max_sequences_per_batch = 5});
    std::set<int64_t> seen;
    int64_t previous = 90;
    for (int64_t index = 0; index < batches.batch_count(); ++index) {
      const Batch batch = batches.batch(index);
      EXPECT_TRUE(batch.tokens.tokens() <= 64 || batch.rows.size() == 1);
      EXPECT_LE(batch.rows.size(), 5u);
      for (const int64_t row : batch.rows) {
        EXPECT_LE(rows.token_count(row), previous);
        previous = rows.token_count(row);
        EXPECT_TRUE(seen.insert(row).second);
      }
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(count));
  }
}

TEST(CutByTokens, FillsInOrder) {
  const std::vector<int64_t> counts = {5, 5, 4, 30, 1, 1};
  EXPECT_EQ(cut_by_tokens(counts, {.max_tokens = 10}), (std::vector<int64_t>{2, 3, 4, 6}));
  EXPECT_EQ(cut_by_tokens(counts, {.max_tokens = 10, .max_sequences = 1}), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(cut_by_tokens({}, {}), std::vector<int64_t>{});
}

TEST(CutByTokens, BalancedPiecesAreAsFewButMoreAlike) {
  const std::vector<int64_t> counts(12, 10);
  EXPECT_EQ(cut_by_tokens(counts, {.max_tokens = 100}), (std::vector<int64_t>{10, 12}));
  EXPECT_EQ(cut_by_tokens(counts, {.max_tokens = 100, .is_balanced = true}), (std::vector<int64_t>{6, 12}));
  EXPECT_EQ(glue_error_of([&] { cut_by_tokens(counts, {.max_tokens = 0}); }),
            "the token budget must be at least 1, but is 0; 8192 suits most machines");
}

// The step is cut anew, and so are those after it.
TEST(ShuffledSource, ASmallerBudgetTakesEffectAtThePosition) {
  const MadeUpRows rows(100);
  const auto options = [](int64_t budget) {
    return ShuffledSourceOptions{.batch_size = 16, .max_tokens_per_micro_batch = budget};
  };
  ShuffledSource source(rows, options(1000)), small(rows, options(90));
  source.next();
  const SourcePosition second = source.position();
  source.next();
  source.seek(second);
  ASSERT_TRUE(source.set_micro_batch_tokens(90));
  EXPECT_EQ(source.position(), second);
  small.seek(second);
  EXPECT_EQ(draw(source, 9), draw(small, 9));
}

TEST(ShuffledSource, KnowsItsLargestMicroBatch) {
  const MadeUpRows rows(100);
  for (const int64_t budget : {1, 90, 200, 100000}) {
    ShuffledSource source(rows, {.batch_size = 16, .max_tokens_per_micro_batch = budget, .process_count = 2});
    int64_t largest = 0;
    for (int64_t i = 0; i < source.steps_per_epoch(); ++i)
      for (const Batch& batch : source.next().micro_batches) largest = std::max(largest, batch.tokens.tokens());
    EXPECT_EQ(source.largest_micro_batch(), largest) << budget;
  }
}

}  // namespace
}  // namespace retort::data
