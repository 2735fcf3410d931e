// The flags that say what the measuring commands run on: real files, or sequences of given lengths where there are
// none.
#pragma once

#include "retort/recipe/glue_config.h"
#include "retort/recipe/squad_config.h"

namespace retort::recipe {

struct BenchData {
  std::string task = "squad", data_dir;
  SquadDataConfig squad;  // files and feature options; of GLUE those that are the same
  int64_t synthetic_length = 0;
  std::string synthetic_distribution;
  int64_t synthetic_rows = 4096;

  void fields(FieldList& list);
  bool is_squad() const { return task == "squad"; }
  bool is_synthetic() const { return synthetic_length > 0 || !synthetic_distribution.empty(); }
  GlueDataConfig glue() const;
};

}  // namespace retort::recipe
