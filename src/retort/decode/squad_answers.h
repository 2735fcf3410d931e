// Start and end logits -> answers, n-best lists and null odds, like the reference (transformers 4.x,
// compute_predictions_logits): the n best starts times the n best ends of every window, merged over the windows of a
// question and deduplicated by their text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/data/squad/squad_data.h"
#include "retort/data/squad/squad_features.h"
#include "retort/text/tokenizer.h"

namespace retort::decode {

struct SquadDecodeOptions {
  int64_t n_best_size = 20;              // number of starts, ends and answers to keep
  int64_t max_answer_length = 30;        // tokens
  double null_score_diff_threshold = 0;  // v2.0: no answer when the null score exceeds the best score by more
  bool version_2_with_negative = false;

  // Does not add version_2_with_negative, which is a data option (SquadFeatureOptions).
  void fields(FieldList& list);
};

// The logits of one feature, [S] each: S = SquadFeature::token_count(), without padding. The spans are not copied and
// must be valid until decoding is done.
struct SpanLogits {
  std::span<const float> start, end;
};

struct AnswerCandidate {
  std::string text;        // empty: no answer; "empty": the reference's placeholder when there is no candidate
  double probability = 0;  // softmax over the n-best list
  double start_logit = 0, end_logit = 0;
  text::Range context_bytes;    // location in the context; {0, 0} for "" and placeholders
  bool is_placeholder = false;  // a placeholder, because the list must not be empty
};

struct SquadPrediction {
  std::string answer;                   // "" : no answer (v2.0)
  double null_odds = 0;                 // v2.0: null score minus the score of the best non-empty answer
  std::vector<AnswerCandidate> n_best;  // never empty
};

// One prediction per example of `data`, in order; parallel. `logits` has one entry per feature. Throws
// DivergenceError when a logit is not finite.
std::vector<SquadPrediction> decode_squad(const data::SquadData& data, const data::SquadFeatures& features,
                                          const text::Tokenizer& tokenizer, std::span<const SpanLogits> logits,
                                          const SquadDecodeOptions& options);

// The answer of a prediction and its location in the context, for users. The published evaluation's placeholder counts
// as no answer.
struct LocatedAnswer {
  std::string text;            // empty: no answer
  double score = 0;            // its probability in the n-best list; 0 without candidates
  int64_t start = 0, end = 0;  // code points of the context, half-open; 0, 0 for no answer
};
LocatedAnswer locate_answer(const SquadPrediction& prediction, const std::string& context);

}  // namespace retort::decode
