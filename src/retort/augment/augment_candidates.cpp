#include "retort/augment/augment_candidates.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "retort/base/thread.h"
#include "retort/data/source.h"
#include "retort/kernel/token_rows.h"
#include "retort/train/common_stop.h"

namespace retort::augment {

namespace {

constexpr size_t kMaxCachedChunks = 100'000;  // cached answers for identical texts; about 100 MB

// Returns the rows of [MASK] in a batch, sequence by sequence.
std::vector<int32_t> masked_rows(const data::Batch& batch, const MaskedCopies& copies) {
  std::vector<int32_t> rows;
  for (size_t b = 0; b < batch.rows.size(); ++b)
    for (const int32_t place : copies.places(batch.rows[b])) rows.push_back(batch.tokens.starts[b] + place);
  return rows;
}

}  // namespace

CandidateFinder::CandidateFinder(const model::Model& model, const text::Tokenizer& tokenizer,
                                 const GloveNeighbors& neighbors, const Options& options)
    : model_(model), tokenizer_(tokenizer), neighbors_(neighbors), options_(options) {
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id)
    is_continuation_.push_back(tokenizer.piece(id).starts_with("##"));
}

int64_t CandidateFinder::max_chunk_pieces(const model::Model& model) {
  constexpr int64_t kPublishedTokens = 512;
  return std::min(model.config().max_position_embeddings, kPublishedTokens) - 2;
}

std::vector<std::vector<WordCandidates>> CandidateFinder::find(std::span<const AugmentText* const> texts,
                                                               const OnBatch& on_batch) {
  if (known_.size() > kMaxCachedChunks) known_.clear();
  MaskedCopies copies(tokenizer_, max_chunk_pieces(model_) + 2);
  std::vector<std::vector<Answers>> answers(texts.size());  // of each chunk
  std::vector<Target> targets;                              // of each mask
  for (size_t t = 0; t < texts.size(); ++t)
    for (const AugmentChunk& chunk : texts[t]->chunks) answers[t].push_back(answers_of(chunk, copies, targets));
  std::vector<Words> found = predict_words(copies, on_batch);
  for (size_t i = 0; i < found.size(); ++i) (*targets[i].answers)[targets[i].index] = std::move(found[i]);
  std::vector<std::vector<WordCandidates>> candidates;
  for (size_t t = 0; t < texts.size(); ++t) candidates.push_back(collect(*texts[t], answers[t]));
  return candidates;
}

CandidateFinder::Answers CandidateFinder::answers_of(const AugmentChunk& chunk, MaskedCopies& copies,
                                                     std::vector<Target>& targets) {
  std::vector<int32_t> places;
  for (const ReplaceableWord& word : chunk.replaceable)
    if (word.piece != ReplaceableWord::kSeveralPieces) places.push_back(word.piece);
  std::string key;
  const std::vector<int32_t> separator{-1};
  for (const std::vector<int32_t>* numbers : {&chunk.pieces, &separator, &std::as_const(places)})
    key.append(reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(int32_t));
  Answers& answers = known_[key];
  if (answers != nullptr) {
    counts_.shared_words += static_cast<int64_t>(places.size());
    return answers;
  }
  answers = std::make_shared<std::vector<Words>>(places.size());
  const auto per_copy = static_cast<size_t>(options_.words_per_copy);
  const size_t copy_count = (places.size() + per_copy - 1) / per_copy;
  for (size_t copy = 0; copy < copy_count; ++copy) {
    std::vector<int32_t> masked;
    for (size_t i = copy; i < places.size(); i += copy_count) {  // keeps the masked words of a copy far apart
      masked.push_back(places[i]);
      targets.push_back({answers, i});
    }
    copies.add(chunk.pieces, masked);
  }
  return answers;
}

std::vector<CandidateFinder::Words> CandidateFinder::predict_words(const MaskedCopies& copies,
                                                                   const OnBatch& on_batch) {
  const CandidateCounts before = counts_;
  SharedIds pieces(copies.mask_count(), options_.count);
  train::StopSignal stop;
  run_own_batches(copies, on_batch, pieces);
  if (train::common_stop(train::process_group(), stop) != 0) train::throw_if_stopped();
  pieces.bring_together();
  counts_ = before;
  counts_.masked_words += copies.mask_count(), counts_.masked_copies += copies.row_count();
  for (int64_t row = 0; row < copies.row_count(); ++row) counts_.tokens += copies.token_count(row);
  std::vector<Words> found(static_cast<size_t>(copies.mask_count()));
  for (size_t mask = 0; mask < found.size(); ++mask)
    for (const int32_t id : pieces.get(static_cast<int64_t>(mask))) found[mask].push_back(tokenizer_.piece(id));
  return found;
}

void CandidateFinder::run_own_batches(const MaskedCopies& copies, const OnBatch& on_batch, SharedIds& pieces) {
  const data::EvaluationBatches batches(copies, {.max_tokens_per_batch = options_.max_tokens_per_batch});
  const train::ProcessGroup& group = train::process_group();
  const int64_t first = group.rank(), step = group.world_size();
  const int64_t count = std::max<int64_t>(0, (batches.batch_count() - first + step - 1) / step);
  const train::StopSignal stop;
  std::mutex mutex;
  int64_t batches_done = 0;
  // At least two tasks: even one batch is then in a parallel region, where libraries use one thread.
  parallel_for(std::max<int64_t>(count, 2), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < std::min(end, count) && stop.requested() == 0; ++i) {
      const data::Batch batch = batches.batch(first + i * step);
      predict_batch(copies, batch, pieces);
      const std::lock_guard lock(mutex);
      counts_.masked_copies += step * batch.tokens.sequences();  // the others go as fast
      counts_.tokens += step * batch.tokens.tokens();
      on_batch(static_cast<double>(++batches_done) / static_cast<double>(count));
    }
  });
}

void CandidateFinder::predict_batch(const MaskedCopies& copies, const data::Batch& batch, SharedIds& pieces) const {
  const at::NoGradGuard no_grad;
  const std::vector<int32_t> masked = masked_rows(batch, copies);
  const at::Tensor logits =
      model_.forward(kernel::make_token_rows(batch.tokens), {.chosen_rows = masked, .only_chosen_rows = true})
          .logits.to(at::kFloat)
          .cpu()
          .contiguous();  // [masks, V]
  const auto vocabulary = static_cast<size_t>(tokenizer_.vocabulary_size());
  const float* scores = logits.data_ptr<float>();
  for (const int64_t row : batch.rows)
    for (int64_t mask = copies.first_mask(row); mask < copies.first_mask(row + 1); ++mask) {
      pieces.set(mask, best_pieces({scores, vocabulary}));
      scores += logits.size(1);
    }
}

std::vector<int32_t> CandidateFinder::best_pieces(std::span<const float> scores) const {
  std::vector<int32_t> ids = greatest_indexes(scores, options_.count);
  std::erase_if(ids, [&](int32_t id) { return is_continuation_[static_cast<size_t>(id)]; });
  return ids;
}

std::vector<WordCandidates> CandidateFinder::collect(const AugmentText& text, std::span<const Answers> answers) {
  counts_.words += static_cast<int64_t>(text.words.size());
  std::vector<WordCandidates> candidates;
  for (size_t c = 0; c < text.chunks.size(); ++c) {
    size_t next = 0;  // among the chunk's words of one piece
    for (const ReplaceableWord& word : text.chunks[c].replaceable) {
      WordCandidates& found = candidates.emplace_back(WordCandidates{.word = word.word});
      if (word.piece == ReplaceableWord::kSeveralPieces) {
        const auto near = neighbors_.of(text.words[static_cast<size_t>(word.word)]);
        found.words.assign(near.begin(), near.end());
        ++counts_.glove_words;
      } else {
        found.words = (*answers[c])[next++];
      }
      counts_.candidates += static_cast<int64_t>(found.words.size());
    }
  }
  return candidates;
}

}  // namespace retort::augment
