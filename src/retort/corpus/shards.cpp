#include "retort/corpus/shards.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/line_reader.h"
#include "retort/data/table/text_damage.h"

namespace retort::corpus {
namespace {

constexpr size_t kSameRounds = 4;  // without a placed article, until training shards may be longer by a sentence

// Articles not yet placed, by their numbers of sentences; of equal ones the last is taken first.
class Buckets {
 public:
  explicit Buckets(std::span<const int64_t> sentence_counts) {
    for (size_t i = 0; i < sentence_counts.size(); ++i) buckets_[sentence_counts[i]].push_back(static_cast<int64_t>(i));
    remaining_ = static_cast<int64_t>(sentence_counts.size());
  }
  int64_t remaining() const { return remaining_; }
  int64_t largest() const { return buckets_.empty() ? 0 : buckets_.rbegin()->first; }
  // The largest number of sentences of an article that is at most `most`; 0 when there is none.
  int64_t find(int64_t most) const {
    const auto above = buckets_.upper_bound(most);
    return above == buckets_.begin() ? 0 : std::prev(above)->first;
  }
  int64_t take(int64_t sentence_count) {
    const auto bucket = buckets_.find(sentence_count);
    const int64_t article = bucket->second.back();
    bucket->second.pop_back();
    if (bucket->second.empty()) buckets_.erase(bucket);
    --remaining_;
    return article;
  }

 private:
  std::map<int64_t, std::vector<int64_t>> buckets_;
  int64_t remaining_ = 0;
};

// The shards of one kind. Counts and median are those of the beginning of a round.
class Kind {
 public:
  Kind(int64_t shard_count, int64_t nominal)
      : articles_(shard_count), counts_(shard_count), grown_(shard_count), nominal_(nominal) {}

  // One article for each shard, the longest there are; returns how many were longer than a shard should be.
  int64_t take_first(Buckets& buckets) {
    int64_t raised = 0;
    for (size_t shard = 0; shard < articles_.size(); ++shard) {
      const int64_t size = buckets.largest();
      take(shard, size, buckets);
      raised += size > nominal_;
      nominal_ = std::max(nominal_, size);
    }
    return raised;
  }
  void begin_round() {
    counts_ = grown_;
    median_ = median_of(counts_);
  }
  void take_round(Buckets& buckets) {
    for (size_t shard = 0; shard < articles_.size(); ++shard) {
      const int64_t size = buckets.find(std::min(nominal_ - counts_[shard], buckets.largest()));
      if (size > 0 && static_cast<double>(counts_[shard]) <= median_) take(shard, size, buckets);
    }
  }
  void raise_nominal() { ++nominal_; }
  std::vector<std::vector<int64_t>> give() { return std::move(articles_); }

 private:
  static double median_of(std::vector<int64_t> counts) {
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::nth_element(counts.begin(), middle, counts.end());
    if (counts.size() % 2 == 1) return static_cast<double>(*middle);
    return static_cast<double>(*middle + *std::max_element(counts.begin(), middle)) / 2;
  }
  void take(size_t shard, int64_t size, Buckets& buckets) {
    articles_[shard].push_back(buckets.take(size));
    grown_[shard] += size;
  }

  std::vector<std::vector<int64_t>> articles_;
  std::vector<int64_t> counts_, grown_;  // sentences at the beginning of the round, and now
  int64_t nominal_;
  double median_ = 0;
};

void check(std::span<const int64_t> sentence_counts, const ShardOptions& options) {
  const int64_t shards = options.n_training_shards + options.n_test_shards;
  if (static_cast<int64_t>(sentence_counts.size()) < shards)
    throw UserError(
        "`n_training_shards` and `n_test_shards` must together be at most the number of articles, but are {} for {} "
        "articles; lower them",
        shards, sentence_counts.size());
  for (const int64_t count : sentence_counts) RETORT_CHECK(count > 0, "an article has {} sentences", count);
}

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r\v\f") == line.npos; }

// Whether no article was placed in the last rounds.
class StandstillWatch {
 public:
  bool stands_still(int64_t remaining) {
    history_.push_back(remaining);
    if (history_.size() > kSameRounds) history_.erase(history_.begin());
    return history_.size() == kSameRounds && history_.front() == history_.back();
  }

 private:
  std::vector<int64_t> history_;
};

}  // namespace

void ShardOptions::fields(FieldList& list) {
  list.add("n_training_shards", n_training_shards, {.help = "Training shards.", .unit = "files", .min = 1, .max = 1e6});
  list.add("n_test_shards", n_test_shards, {.help = "Test shards.", .unit = "files", .min = 1, .max = 1e6});
  list.add("fraction_test_set", fraction_test_set,
           {.help = "Share of the sentences that goes to the test shards.", .min = 0, .max = 1});
}

ShardPlan plan_shards(std::span<const int64_t> sentence_counts, const ShardOptions& options) {
  check(sentence_counts, options);
  const int64_t total = std::accumulate(sentence_counts.begin(), sentence_counts.end(), int64_t{0});
  const auto training_total = static_cast<int64_t>((1 - options.fraction_test_set) * static_cast<double>(total));
  Kind training(options.n_training_shards, training_total / options.n_training_shards);
  Kind test(options.n_test_shards, (total - training_total) / options.n_test_shards);
  Buckets buckets(sentence_counts);
  ShardPlan plan;
  plan.raised_training = training.take_first(buckets);
  plan.raised_test = test.take_first(buckets);
  StandstillWatch watch;
  while (buckets.remaining() > 0) {
    training.begin_round();
    test.begin_round();
    training.take_round(buckets);
    test.take_round(buckets);
    if (watch.stands_still(buckets.remaining())) training.raise_nominal();
  }
  plan.training = training.give();
  plan.test = test.give();
  return plan;
}

std::vector<ArticleLines> index_articles(const fs::path& path, const std::function<void(int64_t)>& on_progress) {
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path))
    throw UserError("`{}` must be a text file with one sentence a line, but cannot be read as one; check the path",
                    path.string());
  LineReader reader(in, path.string());
  std::vector<ArticleLines> articles;
  int64_t offset = 0, line_number = 0;
  bool is_inside = false;
  for (;;) {
    const std::vector<std::string_view>& lines = reader.next();
    if (lines.empty()) return articles;
    for (const std::string_view line : lines) {
      ++line_number;
      if (const std::optional<std::string> damage = data::maybe_text_damage(line))
        throw UserError("`{}` line {} {}; make it again by `retort data sentences`", path.string(), line_number,
                        *damage);
      const auto byte_count = static_cast<int64_t>(line.size());
      if (is_blank_line(line)) {
        is_inside = false;
      } else {
        if (!is_inside) articles.push_back({.offset = offset});
        articles.back().byte_count = offset + byte_count - articles.back().offset;
        ++articles.back().sentence_count;
        is_inside = true;
      }
      offset += byte_count + 1;
    }
    if (on_progress) on_progress(offset);
  }
}

void write_shard(const fs::path& input, std::span<const ArticleLines> articles, std::span<const int64_t> chosen,
                 const fs::path& output) {
  std::ifstream in(input, std::ios::binary);
  AtomicFile file(output);
  std::string lines;
  for (const int64_t number : chosen) {
    const ArticleLines& article = articles[number];
    lines.resize(static_cast<size_t>(article.byte_count));
    in.seekg(article.offset);
    in.read(lines.data(), article.byte_count);
    if (!in)
      throw UserError("`{}` must stay as it was while shards are made of it, but is shorter now; repeat the command",
                      input.string());
    lines.append("\n\n");
    file.write(lines);
  }
  file.publish();
}

int64_t shard_bytes(std::span<const ArticleLines> articles, std::span<const int64_t> chosen) {
  return std::accumulate(chosen.begin(), chosen.end(), int64_t{0},
                         [&](int64_t sum, int64_t number) { return sum + articles[number].byte_count + 2; });
}

}  // namespace retort::corpus
