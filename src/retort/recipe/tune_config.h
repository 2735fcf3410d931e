// The flags of `retort tune`, whose work is done by the Python package retort_tune.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::recipe {

struct TuneConfig {
  std::string space, study_name = "search", storage, output_dir, trials_dir;
  int64_t trials = 0;
  std::string sampler = "auto";
  int64_t seed = 42, quasi_random_trials = 8;
  bool prune = true;
  std::string keep = "front";
  int64_t trial_seconds = 0;
  int64_t parallel = 1;
  std::string ray_address, ray_program;
  int64_t num_cpu = 1, max_concurrent = 0;
  double num_gpu = 0;
  double heartbeat_seconds = 30, storage_seconds = 60;

  void fields(FieldList& list);
};

}  // namespace retort::recipe
