#include "retort/corpus/instances.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"

namespace retort::corpus {
namespace {

constexpr int64_t kSpecialTokens = 3;       // [CLS] and two [SEP]
constexpr int kTries = 10;                  // at another document for a random next segment
constexpr double kMask = 0.8, kKeep = 0.5;  // of the masked; of the rest
constexpr int64_t kChunkDocuments = 64;

// Draws of one key, one after the other.
class Draws {
 public:
  explicit Draws(uint64_t key) : key_(key) {}
  double unit() { return random_unit(key_, index_++); }
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(random_below(key_, index_++, static_cast<uint64_t>(bound)));
  }
  // Both ends included.
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }

 private:
  uint64_t key_, index_ = 0;
};

// Takes tokens from the ends of the longer range (the second of equal ones) until both together have `most`.
void truncate_pair(TokenRange& first, TokenRange& second, int64_t most, Draws& draws) {
  while (first.token_count() + second.token_count() > most) {
    TokenRange& longer = first.token_count() > second.token_count() ? first : second;
    if (draws.unit() < 0.5)
      ++longer.begin;
    else
      --longer.end;
  }
}

// Cuts one document into plans.
class Planner {
 public:
  Planner(const Documents& documents, int64_t document, int64_t epoch, const InstanceOptions& options)
      : documents_(documents),
        document_(document),
        key_(make_key(static_cast<uint64_t>(options.random_seed), document, epoch)),
        draws_(key_),
        most_tokens_(options.max_seq_length - kSpecialTokens),
        target_(draws_.unit() < options.short_seq_prob ? draws_.between(2, most_tokens_) : most_tokens_) {}

  void append(std::vector<InstancePlan>& plans) {
    const int64_t begin = documents_.document_starts[document_], end = documents_.document_starts[document_ + 1];
    for (int64_t chunk = begin; chunk < end;) {
      int64_t chunk_end = chunk + 1;
      while (chunk_end < end && token_of(chunk_end) - token_of(chunk) < target_) ++chunk_end;
      chunk = append_chunk(chunk, chunk_end, plans);
    }
  }

 private:
  int64_t token_of(int64_t sentence) const { return documents_.sentence_starts[sentence]; }

  // One plan of the sentences begin..end; returns the sentence that the next chunk begins with.
  int64_t append_chunk(int64_t begin, int64_t end, std::vector<InstancePlan>& plans) {
    const int64_t count = end - begin;
    const int64_t split = begin + (count >= 2 ? draws_.between(1, count - 1) : 1);
    InstancePlan plan{.first = {token_of(begin), token_of(split)},
                      .second = {token_of(split), token_of(end)},
                      .key = make_key(key_, plans.size())};
    const bool is_foreign = count == 1 || draws_.unit() < 0.5;
    if (is_foreign) plan.second = draw_second(target_ - plan.first.token_count(), plan.is_random_next);
    truncate_pair(plan.first, plan.second, most_tokens_, draws_);
    plans.push_back(plan);
    return is_foreign ? split : end;
  }

  // Sentences from a random place of a random document, at least `target` tokens where the document has them.
  TokenRange draw_second(int64_t target, bool& is_random_next) {
    int64_t other = document_;
    for (int i = 0; i < kTries && other == document_; ++i) other = draws_.below(documents_.document_count());
    is_random_next = other != document_;
    const int64_t begin = documents_.document_starts[other], end = documents_.document_starts[other + 1];
    const int64_t start = draws_.between(begin, end - 1);
    int64_t stop = start + 1;
    while (stop < end && token_of(stop) - token_of(start) < target) ++stop;
    return {token_of(start), token_of(stop)};
  }

  const Documents& documents_;
  int64_t document_;
  uint64_t key_;
  Draws draws_;
  int64_t most_tokens_, target_;
};

// What is masked together: neighboring positions of an instance.
struct Piece {
  int32_t begin, end;
};

void find_pieces(const std::vector<int32_t>& ids, const InstanceVocabulary& vocabulary, bool whole_words,
                 std::vector<Piece>& pieces) {
  pieces.clear();
  for (int32_t i = 0; i < static_cast<int32_t>(ids.size()); ++i) {
    if (ids[i] == vocabulary.cls_id || ids[i] == vocabulary.sep_id) continue;
    if (whole_words && !pieces.empty() && pieces.back().end == i && vocabulary.is_continuation[ids[i]])
      ++pieces.back().end;
    else
      pieces.push_back({i, i + 1});
  }
}

// Chooses and hides the tokens of one instance.
class Masker {
 public:
  Masker(const InstanceVocabulary& vocabulary, uint64_t key, Instance& instance)
      : vocabulary_(vocabulary), draws_(key), instance_(instance) {}

  void mask(std::vector<Piece>& pieces, int64_t wanted) {
    for (size_t i = 0; i < pieces.size() && count() < wanted; ++i) {
      std::swap(pieces[i], pieces[i + draws_.below(static_cast<int64_t>(pieces.size() - i))]);
      if (count() + pieces[i].end - pieces[i].begin > wanted) continue;
      for (int32_t at = pieces[i].begin; at < pieces[i].end; ++at) instance_.masked_positions.push_back(at);
    }
    std::sort(instance_.masked_positions.begin(), instance_.masked_positions.end());
    for (const int32_t at : instance_.masked_positions) hide(at);
  }

 private:
  int64_t count() const { return static_cast<int64_t>(instance_.masked_positions.size()); }

  void hide(int32_t at) {
    instance_.masked_ids.push_back(instance_.ids[at]);
    if (draws_.unit() < kMask) {
      instance_.ids[at] = vocabulary_.mask_id;
      ++instance_.counts.to_mask;
    } else if (draws_.unit() < kKeep) {
      ++instance_.counts.kept;
    } else {
      instance_.ids[at] = static_cast<int32_t>(draws_.below(vocabulary_.size));
      ++instance_.counts.replaced;
    }
  }

  const InstanceVocabulary& vocabulary_;
  Draws draws_;
  Instance& instance_;
};

void append_range(const Documents& documents, TokenRange range, std::vector<int32_t>& ids) {
  const auto tokens =
      documents.tokens.subspan(static_cast<size_t>(range.begin), static_cast<size_t>(range.token_count()));
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void DocumentStore::add_sentence(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  tokens_.insert(tokens_.end(), ids.begin(), ids.end());
  sentence_starts_.push_back(static_cast<int64_t>(tokens_.size()));
}

void DocumentStore::end_document() {
  const auto sentences = static_cast<int64_t>(sentence_starts_.size()) - 1;
  if (sentences > document_starts_.back()) document_starts_.push_back(sentences);
}

void DocumentStore::keep_documents(const std::function<bool(int64_t document)>& is_chosen) {
  DocumentStore kept;
  const Documents all = view();
  for (int64_t document = 0; document < all.document_count(); ++document) {
    if (!is_chosen(document)) continue;
    for (int64_t i = all.document_starts[document]; i < all.document_starts[document + 1]; ++i)
      kept.add_sentence(
          all.tokens.subspan(all.sentence_starts[i], all.sentence_starts[i + 1] - all.sentence_starts[i]));
    kept.end_document();
  }
  *this = std::move(kept);
}

void InstanceOptions::fields(FieldList& list) {
  list.add("max_seq_length", max_seq_length,
           {.help = "Longest instance, with [CLS] and [SEP].", .unit = "tokens", .min = 5, .max = 65536});
  list.add("max_predictions_per_seq", max_predictions_per_seq,
           {.help = "Most masked tokens of an instance.", .unit = "tokens", .min = 1, .max = 65536});
  list.add("masked_lm_prob", masked_lm_prob, {.help = "Share of the tokens that are masked.", .min = 0, .max = 1});
  list.add("short_seq_prob", short_seq_prob,
           {.help = "Share of the documents that are cut to a random shorter length.", .min = 0, .max = 1});
  list.add("random_seed", random_seed, {.help = "Seed of all draws.", .min = 0, .aliases = {"seed"}});
  list.add("whole_word_masking", whole_word_masking,
           {.help = "Mask all pieces of a word or none.", .aliases = {"do_whole_word_mask"}});
}

InstanceVocabulary instance_vocabulary(const text::Tokenizer& tokenizer) {
  InstanceVocabulary vocabulary{.size = tokenizer.vocabulary_size(),
                                .cls_id = tokenizer.cls_id(),
                                .sep_id = tokenizer.sep_id(),
                                .mask_id = tokenizer.mask_id(),
                                .is_continuation = {}};
  for (int32_t id = 0; id < vocabulary.size; ++id)
    vocabulary.is_continuation.push_back(tokenizer.piece(id).starts_with("##"));
  return vocabulary;
}

void append_plans(const Documents& documents, int64_t document, int64_t epoch, const InstanceOptions& options,
                  std::vector<InstancePlan>& plans) {
  // The numbers of the plans, which their keys are made of, begin at 0 in each document.
  std::vector<InstancePlan> own;
  Planner(documents, document, epoch, options).append(own);
  plans.insert(plans.end(), own.begin(), own.end());
}

std::vector<InstancePlan> make_plans(const Documents& documents, int64_t epochs, const InstanceOptions& options) {
  const int64_t count = documents.document_count();
  const int64_t chunks = (count + kChunkDocuments - 1) / kChunkDocuments;
  std::vector<std::vector<InstancePlan>> parts(static_cast<size_t>(epochs * chunks));
  parallel_for(epochs * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t epoch = part / chunks, first = part % chunks * kChunkDocuments;
      for (int64_t document = first; document < std::min(first + kChunkDocuments, count); ++document)
        append_plans(documents, document, epoch, options, parts[part]);
    }
  });
  std::vector<InstancePlan> plans;
  plans.reserve(std::accumulate(parts.begin(), parts.end(), size_t{0},
                                [](size_t sum, const auto& part) { return sum + part.size(); }));
  for (std::vector<InstancePlan>& part : parts) {
    plans.insert(plans.end(), part.begin(), part.end());
    std::vector<InstancePlan>().swap(part);
  }
  return plans;
}

int64_t count_masked(int64_t token_count, double share, int64_t most) {
  const auto wanted = static_cast<int64_t>(std::nearbyint(static_cast<double>(token_count) * share));
  return std::min(most, std::max<int64_t>(1, wanted));
}

void make_pair(const Documents& documents, const InstancePlan& plan, const InstanceVocabulary& vocabulary,
               Instance& out) {
  out.ids.assign(1, vocabulary.cls_id);
  append_range(documents, plan.first, out.ids);
  out.ids.push_back(vocabulary.sep_id);
  out.first_count = static_cast<int64_t>(out.ids.size());
  append_range(documents, plan.second, out.ids);
  out.ids.push_back(vocabulary.sep_id);
  out.masked_positions.clear();
  out.masked_ids.clear();
  out.is_random_next = plan.is_random_next;
  out.counts = {};
}

void mask_pair(const InstanceOptions& options, const InstanceVocabulary& vocabulary, uint64_t key, Instance& instance) {
  thread_local std::vector<Piece> pieces;
  find_pieces(instance.ids, vocabulary, options.whole_word_masking, pieces);
  Masker(vocabulary, key, instance)
      .mask(pieces, count_masked(static_cast<int64_t>(instance.ids.size()), options.masked_lm_prob,
                                 options.max_predictions_per_seq));
}

void make_instance(const Documents& documents, const InstancePlan& plan, const InstanceOptions& options,
                   const InstanceVocabulary& vocabulary, Instance& out) {
  make_pair(documents, plan, vocabulary, out);
  mask_pair(options, vocabulary, plan.key, out);
}

void InstanceTotals::add(const Instance& instance) {
  add({.instances = 1,
       .tokens = static_cast<int64_t>(instance.ids.size()),
       .random_next = instance.is_random_next,
       .counts = instance.counts});
}

void InstanceTotals::add(const InstanceTotals& other) {
  instances += other.instances;
  tokens += other.tokens;
  random_next += other.random_next;
  counts.to_mask += other.counts.to_mask;
  counts.kept += other.counts.kept;
  counts.replaced += other.counts.replaced;
}

Json InstanceTotals::to_json() const {
  return {{"instances", instances},
          {"tokens", tokens},
          {"mean_length", share(tokens, instances)},
          {"masked_share", share(counts.masked(), tokens)},
          {"mask_share", share(counts.to_mask, counts.masked())},
          {"keep_share", share(counts.kept, counts.masked())},
          {"random_share", share(counts.replaced, counts.masked())},
          {"random_next_share", share(random_next, instances)}};
}

Json InstanceTotals::counts_to_json() const {
  return {instances, tokens, random_next, counts.to_mask, counts.kept, counts.replaced};
}

InstanceTotals InstanceTotals::from_counts(const Json& json) {
  return {.instances = json.at(0),
          .tokens = json.at(1),
          .random_next = json.at(2),
          .counts = {.to_mask = json.at(3), .kept = json.at(4), .replaced = json.at(5)}};
}

}  // namespace retort::corpus
