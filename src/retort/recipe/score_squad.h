// `retort score squad`: scores the predictions file of any program with the official metric, without a model.
//
//   retort score squad --data_file dev-v2.0.json --predictions_file predictions.json --null_odds_file null_odds.json
//
// Reads SQuAD JSON, JSON lines or Parquet; the result has every key of the official script.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::recipe {

struct ScoreSquadConfig {
  std::string data_file, predictions_file, null_odds_file, out_image_dir;
  bool version_2_with_negative = false;
  double na_prob_thresh = 1.0;

  void fields(FieldList& list);
};

// Returns the scores; those of v2.0 if requested or if the file has an impossible question. Questions without a
// prediction are counted in "missing", with a warning. With out_image_dir, writes the curves to
// <out_image_dir>/pr_curves.json.
Json score_squad(const ScoreSquadConfig& config);

}  // namespace retort::recipe
