#include "retort/train/graph_buckets.h"

#include <algorithm>
#include <limits>

#include "retort/base/error.h"

namespace retort::train {

namespace {

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// The bucket of `members`, with room for micro-batches that differ a little from those observed.
GraphShape bucket_of(std::span<const GraphShape> members) {
  GraphShape bucket;
  for (const GraphShape& each : members) {
    bucket.tokens = std::max(bucket.tokens, each.tokens);
    bucket.longest = std::max(bucket.longest, each.longest);
    bucket.chosen = std::max(bucket.chosen, each.chosen);
  }
  bucket.longest = std::min(bucket.tokens, round_up(bucket.longest, 32));
  bucket.chosen = bucket.chosen == 0 ? 0 : std::min(bucket.tokens, round_up(bucket.chosen + bucket.chosen / 8, 16));
  int64_t most = 0;
  for (const GraphShape& each : members)
    most = std::max(most, each.sequences + filler_sequences(each, bucket.tokens, bucket.longest));
  bucket.sequences = most + most / 8 + 1;
  return bucket;
}

}  // namespace

int64_t filler_sequences(const GraphShape& shape, int64_t tokens, int64_t longest) {
  return (tokens - shape.tokens + longest - 1) / longest;
}

// Dynamic programming over the observed token counts in ascending order: waste[k][i] is the least number of filler
// tokens for the first i of them in k buckets, of which the last ends with number i.
std::vector<GraphShape> plan_buckets(std::span<const GraphShape> observed, int64_t most) {
  std::vector<GraphShape> sorted(observed.begin(), observed.end());
  std::ranges::sort(sorted, {}, &GraphShape::tokens);
  const size_t count = sorted.size(), limit = std::min(static_cast<size_t>(most), count);
  std::vector<int64_t> sums(count + 1);
  for (size_t i = 0; i < count; ++i) sums[i + 1] = sums[i] + sorted[i].tokens;
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::vector waste(limit + 1, std::vector<int64_t>(count + 1, kNone));
  std::vector cut(limit + 1, std::vector<size_t>(count + 1, 0));
  waste[0][0] = 0;
  for (size_t k = 1; k <= limit; ++k)
    for (size_t i = 1; i <= count; ++i)
      for (size_t j = k - 1; j < i; ++j) {
        if (waste[k - 1][j] == kNone) continue;
        const int64_t own = sorted[i - 1].tokens * static_cast<int64_t>(i - j) - (sums[i] - sums[j]);
        if (waste[k - 1][j] + own < waste[k][i]) waste[k][i] = waste[k - 1][j] + own, cut[k][i] = j;
      }
  std::vector<GraphShape> buckets;
  for (size_t k = limit, i = count; k > 0; i = cut[k][i], --k)
    buckets.insert(buckets.begin(), bucket_of(std::span(sorted).subspan(cut[k][i], i - cut[k][i])));
  // Equal token counts may stand in two buckets.
  const auto last = std::unique(buckets.begin(), buckets.end());
  buckets.erase(last, buckets.end());
  return buckets;
}

const GraphShape* find_bucket(std::span<const GraphShape> buckets, const GraphShape& shape) {
  for (const GraphShape& bucket : buckets) {
    if (shape.tokens > bucket.tokens || shape.longest > bucket.longest || shape.chosen > bucket.chosen) continue;
    if (shape.sequences + filler_sequences(shape, bucket.tokens, bucket.longest) <= bucket.sequences) return &bucket;
  }
  return nullptr;
}

Json buckets_to_json(std::span<const GraphShape> buckets) {
  Json values = Json::array();
  for (const GraphShape& each : buckets) values.push_back({each.tokens, each.sequences, each.longest, each.chosen});
  return values;
}

std::vector<GraphShape> buckets_from_json(const Json& values, const std::string& subject) {
  std::vector<GraphShape> buckets;
  try {
    for (const Json& each : values) {
      const auto numbers = each.get<std::vector<int64_t>>();
      const bool is_shape =
          numbers.size() == 4 && numbers[0] > 0 && numbers[1] > 0 && numbers[2] > 0 && numbers[3] >= 0;
      if (!is_shape) throw Json::other_error::create(501, "not a shape", nullptr);
      buckets.push_back({numbers[0], numbers[1], numbers[2], numbers[3]});
    }
  } catch (const Json::exception&) {
    throw UserError("`graph_buckets` in `{}` must be lists of four numbers, but is {}; resume from another checkpoint",
                    subject, values.dump().substr(0, 60));
  }
  return buckets;
}

}  // namespace retort::train
