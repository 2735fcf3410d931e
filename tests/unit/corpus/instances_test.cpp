// Instances against the statistics of the plain program in tools/fixtures/reference
// (tests/fixtures/corpus/instances.json) and against what every instance must be.
#include "retort/corpus/instances.h"

#include <cmath>
#include <set>

#include "retort/base/thread.h"
#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

constexpr int32_t kSize = 100, kCls = 2, kSep = 3, kMask = 4;

InstanceVocabulary vocabulary() {
  InstanceVocabulary made{.size = kSize, .cls_id = kCls, .sep_id = kSep, .mask_id = kMask, .is_continuation = {}};
  for (int32_t id = 0; id < kSize; ++id) made.is_continuation.push_back(id % 3 == 0);
  return made;
}

// The documents of the fixture: token t of all is 5 + t % 95.
DocumentStore documents() {
  DocumentStore store;
  int32_t token = 0;
  const Json fixture = read_fixture("instances.json");
  for (const Json& document : fixture["documents"]) {
    for (const Json& length : document) {
      std::vector<int32_t> ids;
      for (int i = 0; i < length.get<int>(); ++i) ids.push_back(5 + (token++ % 95));
      store.add_sentence(ids);
    }
    store.end_document();
  }
  return store;
}

struct Made {
  std::vector<InstancePlan> plans;
  std::vector<Instance> instances;
  InstanceTotals totals;
};

Made make(const Documents& view, const InstanceOptions& options, int64_t epochs) {
  Made made{.plans = make_plans(view, epochs, options), .instances = {}, .totals = {}};
  for (const InstancePlan& plan : made.plans) {
    made.instances.emplace_back();
    make_instance(view, plan, options, vocabulary(), made.instances.back());
    made.totals.add(made.instances.back());
  }
  return made;
}

// Within five standard deviations of a share of so many draws.
void expect_share(int64_t part, int64_t whole, double share) {
  const double deviation = std::sqrt(share * (1 - share) / static_cast<double>(whole));
  EXPECT_NEAR(static_cast<double>(part) / static_cast<double>(whole), share, 5 * deviation) << part << " of " << whole;
}

TEST(Instances, HaveTheMeansOfThePlainProgram) {
  constexpr int64_t kEpochs = 400;
  const DocumentStore store = documents();
  for (const Json& truth : read_fixture("instances.json")["cases"]) {
    const InstanceOptions options{.max_seq_length = truth["max_seq_length"],
                                  .max_predictions_per_seq = truth["max_predictions_per_seq"],
                                  .short_seq_prob = truth["short_seq_prob"]};
    const Made made = make(store.view(), options, kEpochs);
    int64_t first_tokens = 0;
    for (const Instance& instance : made.instances) first_tokens += instance.first_count;
    const auto expect_mean = [&](const char* name, int64_t sum) {
      const double mean = truth[name][0], error = truth[name][1];  // as many passes here as there
      EXPECT_NEAR(static_cast<double>(sum) / kEpochs, mean, 5 * std::sqrt(2.0) * error) << name;
    };
    expect_mean("instances", made.totals.instances);
    expect_mean("tokens", made.totals.tokens);
    expect_mean("random_next", made.totals.random_next);
    expect_mean("first_tokens", first_tokens);
    expect_mean("masked", made.totals.counts.masked());
  }
}

TEST(Instances, MaskEightyTenTen) {
  const DocumentStore store = documents();
  const Made made = make(store.view(), {.max_seq_length = 64}, 50);
  const MaskCounts& counts = made.totals.counts;
  ASSERT_GT(counts.masked(), 20000);
  expect_share(counts.to_mask, counts.masked(), 0.8);
  expect_share(counts.kept, counts.masked(), 0.1);
  expect_share(counts.replaced, counts.masked(), 0.1);
  std::vector<int64_t> replacements(kSize);
  for (const Instance& instance : made.instances)
    for (size_t i = 0; i < instance.masked_ids.size(); ++i) {
      const int32_t now = instance.ids[instance.masked_positions[i]];
      if (now != kMask && now != instance.masked_ids[i]) ++replacements[now];
    }
  EXPECT_GT(replacements[0], 0);  // special tokens are drawn too
  EXPECT_GT(replacements[kSize - 1], 0);
}

TEST(Instances, AreWellFormed) {
  const DocumentStore store = documents();
  const Documents view = store.view();
  const InstanceOptions options{.max_seq_length = 40, .max_predictions_per_seq = 4};
  const Made made = make(view, options, 20);
  for (size_t i = 0; i < made.instances.size(); ++i) {
    const Instance& instance = made.instances[i];
    const InstancePlan& plan = made.plans[i];
    ASSERT_LE(instance.ids.size(), 40u);
    ASSERT_GE(plan.first.token_count(), 1);
    ASSERT_GE(plan.second.token_count(), 1);
    std::vector<int32_t> whole = instance.ids;
    for (size_t k = 0; k < instance.masked_ids.size(); ++k)
      whole[instance.masked_positions[k]] = instance.masked_ids[k];
    std::vector<int32_t> expected{kCls};
    expected.insert(expected.end(), view.tokens.begin() + plan.first.begin, view.tokens.begin() + plan.first.end);
    expected.push_back(kSep);
    ASSERT_EQ(instance.first_count, static_cast<int64_t>(expected.size()));
    expected.insert(expected.end(), view.tokens.begin() + plan.second.begin, view.tokens.begin() + plan.second.end);
    expected.push_back(kSep);
    ASSERT_EQ(whole, expected);
    const std::set<int32_t> positions(instance.masked_positions.begin(), instance.masked_positions.end());
    ASSERT_EQ(positions.size(), instance.masked_positions.size());
    ASSERT_TRUE(std::is_sorted(instance.masked_positions.begin(), instance.masked_positions.end()));
    ASSERT_EQ(static_cast<int64_t>(positions.size()), count_masked(static_cast<int64_t>(whole.size()), 0.15, 4));
    for (const int32_t position : positions) ASSERT_TRUE(whole[position] != kCls && whole[position] != kSep);
  }
}

TEST(Instances, FollowFromSeedDocumentAndEpoch) {
  const DocumentStore store = documents();
  const InstanceOptions options{.max_seq_length = 40};
  set_thread_count(1);
  const std::vector<InstancePlan> one = make_plans(store.view(), 3, options);
  set_thread_count(4);
  EXPECT_EQ(make_plans(store.view(), 3, options), one);
  set_thread_count(2);
  std::vector<InstancePlan> single;
  for (int64_t epoch = 0; epoch < 3; ++epoch)
    for (int64_t document = 0; document < store.view().document_count(); ++document)
      append_plans(store.view(), document, epoch, options, single);
  EXPECT_EQ(single, one);
  InstanceOptions other = options;
  other.random_seed = 1;
  EXPECT_NE(make_plans(store.view(), 3, other), one);
}

TEST(Instances, MaskWholeWords) {
  const DocumentStore store = documents();
  const InstanceOptions options{.max_seq_length = 64, .whole_word_masking = true};
  const InstanceVocabulary words = vocabulary();
  const Made made = make(store.view(), options, 20);
  for (const Instance& instance : made.instances) {
    std::vector<int32_t> whole = instance.ids;
    std::vector<char> is_masked(whole.size());
    for (size_t k = 0; k < instance.masked_ids.size(); ++k) {
      whole[instance.masked_positions[k]] = instance.masked_ids[k];
      is_masked[instance.masked_positions[k]] = 1;
    }
    ASSERT_LE(instance.masked_ids.size(),
              static_cast<size_t>(count_masked(static_cast<int64_t>(whole.size()), 0.15, 20)));
    for (size_t at = 1; at < whole.size(); ++at) {
      if (words.is_continuation[whole[at]] && whole[at] != kSep && whole[at - 1] != kCls && whole[at - 1] != kSep) {
        ASSERT_EQ(is_masked[at], is_masked[at - 1]);
      }
    }
  }
}

TEST(Instances, OfOneDocumentAreNeverRandomNext) {
  DocumentStore store;
  for (int i = 0; i < 30; ++i) store.add_sentence(std::vector<int32_t>{5, 6, 7, 8, 9, 10});
  store.end_document();
  EXPECT_EQ(make(store.view(), {.max_seq_length = 32}, 10).totals.random_next, 0);
}

TEST(Instances, CountMaskedRoundsHalvesToEven) {
  EXPECT_EQ(count_masked(128, 0.15, 20), 19);  // 19.2
  EXPECT_EQ(count_masked(512, 0.15, 80), 77);  // 76.8
  EXPECT_EQ(count_masked(512, 0.15, 20), 20);
  EXPECT_EQ(count_masked(5, 0.1, 20), 1);    // at least one
  EXPECT_EQ(count_masked(10, 0.25, 20), 2);  // 2.5
  EXPECT_EQ(count_masked(14, 0.25, 20), 4);  // 3.5
}

TEST(Instances, PassOverEmptySentencesAndDocuments) {
  DocumentStore store;
  store.end_document();
  store.add_sentence({});
  store.end_document();
  store.add_sentence(std::vector<int32_t>{5});
  store.end_document();
  EXPECT_EQ(store.view().document_count(), 1);
}

}  // namespace
}  // namespace retort::corpus
