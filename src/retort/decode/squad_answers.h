// Start and end logits -> answers, n-best lists and null odds, as the reference decodes (transformers 4.x,
// compute_predictions_logits): the best n starts times the best n ends of every window, merged over the windows of a
// question, told apart by their text.
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
  int64_t n_best_size = 20;              // starts, ends and answers kept
  int64_t max_answer_length = 30;        // tokens
  double null_score_diff_threshold = 0;  // v2.0: no answer when the null score leads by more than this
  bool version_2_with_negative = false;

  // Without version_2_with_negative, which belongs to the data (SquadFeatureOptions).
  void fields(FieldList& list);
};

// Logits of one feature over its real tokens, [S] each: S = SquadFeature::token_count(). Copied from nowhere: the spans
// must live until decoding is done.
struct SpanLogits {
  std::span<const float> start, end;
};

struct AnswerCandidate {
  std::string text;        // empty: no answer; "empty": the reference's stand-in when there is nothing to say
  double probability = 0;  // softmax over the n-best list
  double start_logit = 0, end_logit = 0;
  text::Range context_bytes;  // where it stands in the context; {0, 0} for "" and stand-ins
  bool is_stand_in = false;   // nothing can be said, and the list must not be empty
};

struct SquadPrediction {
  std::string answer;                   // "" : no answer (v2.0)
  double null_odds = 0;                 // v2.0: null score minus the score of the best answer with a text
  std::vector<AnswerCandidate> n_best;  // never empty
};

// One prediction per example of `data`, in its order; in parallel. `logits` holds one entry per feature. Throws
// DivergenceError when a logit is not finite.
std::vector<SquadPrediction> decode_squad(const data::SquadData& data, const data::SquadFeatures& features,
                                          const text::Tokenizer& tokenizer, std::span<const SpanLogits> logits,
                                          const SquadDecodeOptions& options);

// The answer of a prediction and its place in the context, for people and programs: the published evaluation's stand-in
// is no answer here.
struct LocatedAnswer {
  std::string text;            // empty: no answer
  double score = 0;            // its probability in the n-best list; 0 where there was nothing to choose from
  int64_t start = 0, end = 0;  // code points of the context, half-open; 0, 0 for no answer
};
LocatedAnswer locate_answer(const SquadPrediction& prediction, const std::string& context);

}  // namespace retort::decode
