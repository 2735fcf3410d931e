#include "retort/augment/glove_neighbors.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <limits>

#include "retort/augment/shared_ids.h"
#include "retort/base/thread.h"
#include "retort/kernel/matmul.h"
#include "retort/train/process_group.h"

namespace retort::augment {

namespace {

constexpr int64_t kQueriesAtOnce = 64;  // 26 MB of scores for 100,000 words

// Returns the words' vectors [queries, width].
at::Tensor gather(const GloveVectors& vectors, std::span<const int64_t> queries) {
  const auto width = static_cast<size_t>(vectors.width());
  at::Tensor rows = at::empty({static_cast<int64_t>(queries.size()), vectors.width()}, at::kFloat);
  for (size_t i = 0; i < queries.size(); ++i)
    std::copy_n(vectors.values().begin() + queries[i] * vectors.width(), width,
                rows.data_ptr<float>() + static_cast<ptrdiff_t>(i * width));
  return rows;
}

}  // namespace

std::vector<int32_t> greatest_indexes(std::span<const float> scores, int64_t count) {
  const size_t wanted = std::min(scores.size(), static_cast<size_t>(std::max<int64_t>(count, 0)));
  std::vector<int32_t> best;  // greatest first
  best.reserve(wanted + 1);
  float least = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; wanted > 0 && i < scores.size(); ++i) {
    if (best.size() == wanted && !(scores[i] > least)) continue;  // nearly always true
    const auto is_greater = [&](float score, int32_t index) { return score > scores[static_cast<size_t>(index)]; };
    best.insert(std::upper_bound(best.begin(), best.end(), scores[i], is_greater), static_cast<int32_t>(i));
    if (best.size() > wanted) best.pop_back();
    least = scores[static_cast<size_t>(best.back())];
  }
  return best;
}

GloveNeighbors::GloveNeighbors(const GloveVectors& vectors, const std::set<std::string>& words, int64_t count) {
  const at::NoGradGuard no_grad;
  std::vector<int64_t> queries;
  for (const std::string& word : words)
    if (const auto index = vectors.maybe_find(word)) queries.push_back(*index);
  const at::Tensor all = at::from_blob(const_cast<float*>(vectors.values().data()),
                                       {vectors.word_count(), vectors.width()}, at::kFloat);  // [words, width]
  const int64_t others = std::min(count, vectors.word_count() - 1);
  SharedIds nearest(std::ssize(queries), others);
  const train::ProcessGroup& group = train::process_group();
  for (size_t begin = static_cast<size_t>(group.rank()) * kQueriesAtOnce; begin < queries.size();
       begin += static_cast<size_t>(group.world_size()) * kQueriesAtOnce) {
    const auto block = std::span(queries).subspan(begin, std::min<size_t>(kQueriesAtOnce, queries.size() - begin));
    const at::Tensor scores = kernel::matmul(gather(vectors, block), all.t());  // [queries, words]
    parallel_for(static_cast<int64_t>(block.size()), 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        float* row = scores.data_ptr<float>() + i * vectors.word_count();
        row[block[static_cast<size_t>(i)]] = -std::numeric_limits<float>::infinity();  // excludes the word itself
        nearest.set(static_cast<int64_t>(begin) + i,
                    greatest_indexes({row, static_cast<size_t>(vectors.word_count())}, others));
      }
    });
  }
  nearest.bring_together();
  for (size_t i = 0; i < queries.size(); ++i) {
    std::vector<std::string_view>& words_of_query = neighbors_[std::string(vectors.word(queries[i]))];
    for (const int32_t index : nearest.get(static_cast<int64_t>(i))) words_of_query.push_back(vectors.word(index));
  }
}

std::span<const std::string_view> GloveNeighbors::of(const std::string& word) const {
  const auto found = neighbors_.find(word);
  return found == neighbors_.end() ? std::span<const std::string_view>() : found->second;
}

}  // namespace retort::augment
