// `retort score squad`: a SQuAD file and a predictions file of any program -> the official scores. No model runs.
//
//   retort score squad --data_file dev-v2.0.json --predictions_file predictions.json --null_odds_file null_odds.json
//
// Reads SQuAD JSON, JSON lines or Parquet; the result has every key of the official script of the version.
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

// The scores; v2.0 when asked for or when the file holds an impossible question. Questions without a prediction are
// counted in "missing" and warned of. With out_image_dir, writes the curves to <out_image_dir>/pr_curves.json.
Json score_squad(const ScoreSquadConfig& config);

}  // namespace retort::recipe
