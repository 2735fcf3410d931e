#include "retort/decode/squad_answers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/data/squad/squad_words.h"
#include "retort/decode/python_text.h"
#include "retort/decode/text_alignment.h"

namespace retort::decode {
namespace {

// Larger than any null score: the null score of a question without windows, as in the reference.
constexpr double kNoNullScore = 1000000;

struct Span {
  int64_t feature_index = 0;
  int64_t start = 0, end = 0;  // positions in the window, inclusive; -1: the null answer
  double start_logit = 0, end_logit = 0;
  double score() const { return start_logit + end_logit; }
};

// Indices of the `count` largest logits, largest first; equal logits in order of their index.
std::vector<int64_t> best_indices(std::span<const float> logits, int64_t count) {
  std::vector<int64_t> indices(logits.size());
  std::iota(indices.begin(), indices.end(), 0);
  const auto kept = indices.begin() + std::min<int64_t>(count, static_cast<int64_t>(indices.size()));
  std::partial_sort(indices.begin(), kept, indices.end(), [&](int64_t a, int64_t b) {
    const float left = logits[static_cast<size_t>(a)], right = logits[static_cast<size_t>(b)];
    return left > right || (left == right && a < b);
  });
  indices.erase(kept, indices.end());
  return indices;
}

// Decodes the questions of one data set; immutable, so safe to share between threads.
class Decoder {
 public:
  Decoder(const data::SquadData& data, const data::SquadFeatures& features, const text::Tokenizer& tokenizer,
          std::span<const SpanLogits> logits, const SquadDecodeOptions& options)
      : data_(data), features_(features), tokenizer_(tokenizer), logits_(logits), options_(options) {}

  SquadPrediction decode(int64_t example_index) const;

 private:
  struct Candidates {
    std::vector<Span> spans;
    Span null{.start = -1, .end = -1};
    double null_score = kNoNullScore;
  };

  Candidates find_candidates(int64_t example_index) const;
  void add_window(int64_t feature_index, Candidates& candidates) const;
  // The parts of one question's context that answers are aligned with, by their first and last word.
  using Originals = std::map<std::pair<int32_t, int32_t>, OriginalText>;
  const OriginalText& original_of(const Span& span, int64_t example_index, Originals& originals) const;
  std::span<const text::Range> words_of(const Span& span, int64_t example_index) const;
  CodePointRange align(const Span& span, const OriginalText& original) const;
  std::vector<AnswerCandidate> best_answers(Candidates& candidates, int64_t example_index) const;
  std::string joined_pieces(std::span<const int32_t> ids) const;

  const data::SquadData& data_;
  const data::SquadFeatures& features_;
  const text::Tokenizer& tokenizer_;
  std::span<const SpanLogits> logits_;
  const SquadDecodeOptions& options_;
};

void check_logits(const data::SquadExample& example, const data::SquadFeature& feature, const SpanLogits& logits) {
  const auto tokens = static_cast<size_t>(feature.token_count());
  RETORT_CHECK(logits.start.size() == tokens && logits.end.size() == tokens, "{} and {} logits for {} tokens",
               logits.start.size(), logits.end.size(), tokens);
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(logits.start.begin(), logits.start.end(), is_finite) ||
      !std::all_of(logits.end.begin(), logits.end.end(), is_finite))
    throw DivergenceError(
        "the logits of question `{}` must be finite numbers, but some are not; the model has diverged "
        "or its weights are damaged",
        example.id);
}

void Decoder::add_window(int64_t feature_index, Candidates& candidates) const {
  const data::SquadFeature feature = features_.feature(feature_index);
  const SpanLogits& logits = logits_[static_cast<size_t>(feature_index)];
  check_logits(data_.examples[static_cast<size_t>(feature.example_index)], feature, logits);
  if (const double null_score = static_cast<double>(logits.start[0]) + logits.end[0];
      null_score < candidates.null_score) {
    candidates.null_score = null_score;
    candidates.null.start_logit = logits.start[0], candidates.null.end_logit = logits.end[0];
  }
  const int64_t offset = feature.window_offset(), length = static_cast<int64_t>(feature.window_ids.size());
  const auto is_outside = [&](int64_t token) { return token < offset || token >= offset + length; };
  std::vector<int64_t> ends = best_indices(logits.end, options_.n_best_size);
  std::erase_if(ends, is_outside);
  for (const int64_t start : best_indices(logits.start, options_.n_best_size)) {
    if (is_outside(start) || !features_.has_max_context(feature_index, start - offset)) continue;
    for (const int64_t end : ends)
      if (end >= start && end - start < options_.max_answer_length)
        candidates.spans.push_back({feature_index, start - offset, end - offset,
                                    logits.start[static_cast<size_t>(start)], logits.end[static_cast<size_t>(end)]});
  }
}

Decoder::Candidates Decoder::find_candidates(int64_t example_index) const {
  Candidates candidates;
  const auto [begin, end] = features_.features_of(example_index);
  for (int64_t feature_index = begin; feature_index < end; ++feature_index) add_window(feature_index, candidates);
  if (options_.version_2_with_negative) candidates.spans.push_back(candidates.null);
  return candidates;
}

// Joins word pieces by spaces and continuation pieces without. A continuation piece at the beginning keeps its "##", as
// in the reference, and so is never found in the original: the answer then consists of whole words.
std::string Decoder::joined_pieces(std::span<const int32_t> ids) const {
  std::string joined;
  for (const int32_t id : ids) {
    std::string_view piece = tokenizer_.piece(id);
    const bool is_continuation = !joined.empty() && piece.starts_with("##");
    if (is_continuation) piece.remove_prefix(2);
    if (!joined.empty() && !is_continuation) joined += ' ';
    joined += piece;
  }
  return data::collapse_white_space(joined);
}

// The bytes of the context that a range of `joined` (words joined by single spaces, in code points) covers.
text::Range context_bytes_of(CodePointRange range, std::string_view context, std::span<const text::Range> words) {
  text::Range bytes;
  int64_t passed = 0;  // code points of the joined words before the current word
  for (const text::Range& word : words) {
    const auto text = context.substr(static_cast<size_t>(word.begin), static_cast<size_t>(word.end - word.begin));
    const data::CodePointIndex index(text);
    const auto byte_at = [&](int64_t code_point) {
      return word.begin + static_cast<int32_t>(index.byte_of(std::min(code_point - passed, index.code_points())));
    };
    if (range.begin >= passed) bytes.begin = byte_at(range.begin);
    if (range.end > passed) bytes.end = byte_at(range.end);
    passed += index.code_points() + 1;
    if (passed >= range.end) break;
  }
  return bytes;
}

std::span<const text::Range> Decoder::words_of(const Span& span, int64_t example_index) const {
  const data::SquadFeature feature = features_.feature(span.feature_index);
  const auto first = static_cast<size_t>(feature.window_words[static_cast<size_t>(span.start)]),
             last = static_cast<size_t>(feature.window_words[static_cast<size_t>(span.end)]);
  return features_.words_of(example_index).subspan(first, last - first + 1);
}

const OriginalText& Decoder::original_of(const Span& span, int64_t example_index, Originals& originals) const {
  const std::span<const text::Range> words = words_of(span, example_index);
  const std::pair key(words.front().begin, words.back().end);
  if (const auto known = originals.find(key); known != originals.end()) return known->second;
  const std::string& context = data_.context_of(data_.examples[static_cast<size_t>(example_index)]);
  std::string text;
  for (const text::Range& word : words) {
    if (!text.empty()) text += ' ';
    text.append(context, static_cast<size_t>(word.begin), static_cast<size_t>(word.end - word.begin));
  }
  return originals.emplace(key, OriginalText(to_code_points(text), tokenizer_.options().do_lower_case)).first->second;
}

CodePointRange Decoder::align(const Span& span, const OriginalText& original) const {
  const std::span<const int32_t> ids = features_.feature(span.feature_index).window_ids;
  return original.align(to_code_points(
      joined_pieces(ids.subspan(static_cast<size_t>(span.start), static_cast<size_t>(span.end - span.start + 1)))));
}

AnswerCandidate without_text(const Span& span) {
  return {.start_logit = span.start_logit, .end_logit = span.end_logit};
}

AnswerCandidate placeholder() { return {.text = "empty", .is_placeholder = true}; }

// The n best candidates with different texts, best first.
std::vector<AnswerCandidate> Decoder::best_answers(Candidates& candidates, int64_t example_index) const {
  // A heap, because only the first few of some hundreds are used; equal scores in order of their creation.
  std::vector<size_t> heap(candidates.spans.size());
  std::iota(heap.begin(), heap.end(), 0);
  const auto is_worse = [&](size_t a, size_t b) {
    const double left = candidates.spans[a].score(), right = candidates.spans[b].score();
    return left < right || (left == right && a > b);
  };
  std::make_heap(heap.begin(), heap.end(), is_worse);
  const std::string& context = data_.context_of(data_.examples[static_cast<size_t>(example_index)]);
  Originals originals;
  std::vector<AnswerCandidate> answers;
  const auto has = [&](const std::string& text) {
    return std::any_of(answers.begin(), answers.end(),
                       [&](const AnswerCandidate& known) { return known.text == text; });
  };
  while (!heap.empty() && static_cast<int64_t>(answers.size()) < options_.n_best_size) {
    std::pop_heap(heap.begin(), heap.end(), is_worse);
    const Span& span = candidates.spans[heap.back()];
    heap.pop_back();
    AnswerCandidate answer = without_text(span);
    if (span.start >= 0) {
      const OriginalText& original = original_of(span, example_index, originals);
      const CodePointRange range = align(span, original);
      answer.text =
          to_utf8(std::u32string_view(original.text())
                      .substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin)));
      if (has(answer.text)) continue;  // before locating it, which reads all words
      answer.context_bytes = context_bytes_of(range, context, words_of(span, example_index));
    }
    answers.push_back(std::move(answer));
  }
  if (options_.version_2_with_negative) {
    if (!has("")) answers.push_back(without_text(candidates.null));
    if (answers.size() == 1) answers.insert(answers.begin(), placeholder());
  }
  if (answers.empty()) answers.push_back(placeholder());
  return answers;
}

// Softmax of start + end logits over the list.
void set_probabilities(std::vector<AnswerCandidate>& answers) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const AnswerCandidate& answer : answers) largest = std::max(largest, answer.start_logit + answer.end_logit);
  for (AnswerCandidate& answer : answers)
    sum += answer.probability = std::exp(answer.start_logit + answer.end_logit - largest);
  for (AnswerCandidate& answer : answers) answer.probability /= sum;
}

SquadPrediction Decoder::decode(int64_t example_index) const {
  Candidates candidates = find_candidates(example_index);
  SquadPrediction prediction{.n_best = best_answers(candidates, example_index)};
  set_probabilities(prediction.n_best);
  if (!options_.version_2_with_negative) {
    prediction.answer = prediction.n_best.front().text;
    return prediction;
  }
  const auto best = std::find_if(prediction.n_best.begin(), prediction.n_best.end(),
                                 [](const AnswerCandidate& answer) { return !answer.text.empty(); });
  RETORT_CHECK(best != prediction.n_best.end(), "no answer with a text in the n-best list");
  prediction.null_odds = candidates.null_score - best->start_logit - best->end_logit;
  if (!(prediction.null_odds > options_.null_score_diff_threshold)) prediction.answer = best->text;
  return prediction;
}

}  // namespace

void SquadDecodeOptions::fields(FieldList& list) {
  list.add("n_best_size", n_best_size,
           {.help = "Number of start positions, end positions and answers to keep per question.", .min = 1});
  list.add("max_answer_length", max_answer_length,
           {.help = "Maximum length of an answer.", .unit = "tokens", .min = 1});
  list.add(
      "null_score_diff_threshold", null_score_diff_threshold,
      {.help = "SQuAD v2.0: predict no answer when the null score exceeds the best answer's score by more than this."});
}

std::vector<SquadPrediction> decode_squad(const data::SquadData& data, const data::SquadFeatures& features,
                                          const text::Tokenizer& tokenizer, std::span<const SpanLogits> logits,
                                          const SquadDecodeOptions& options) {
  RETORT_CHECK(static_cast<int64_t>(logits.size()) == features.feature_count(), "{} logits for {} features",
               logits.size(), features.feature_count());
  const Decoder decoder(data, features, tokenizer, logits, options);
  std::vector<SquadPrediction> predictions(data.examples.size());
  parallel_for(static_cast<int64_t>(predictions.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) predictions[static_cast<size_t>(i)] = decoder.decode(i);
  });
  return predictions;
}

LocatedAnswer locate_answer(const SquadPrediction& prediction, const std::string& context) {
  if (std::ranges::any_of(prediction.n_best,
                          &AnswerCandidate::is_placeholder))  // with or without a "no answer" beside it
    return {.text = "", .score = prediction.n_best.size() > 1 ? 1.0 : 0.0};
  LocatedAnswer located{.text = prediction.answer};
  for (const AnswerCandidate& candidate : prediction.n_best) {
    if (candidate.text != prediction.answer) continue;
    const std::string_view view = context;
    located.score = candidate.probability;
    located.start = data::count_code_points(view.substr(0, static_cast<size_t>(candidate.context_bytes.begin)));
    located.end = data::count_code_points(view.substr(0, static_cast<size_t>(candidate.context_bytes.end)));
    break;
  }
  return located;
}

}  // namespace retort::decode
