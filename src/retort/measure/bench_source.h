// The data flags of benchmarks: real files, or synthetic sequences of given lengths.
#pragma once

#include "retort/task/glue_config.h"
#include "retort/task/squad_config.h"

namespace retort::measure {

struct BenchData {
  std::string task = "squad", data_dir;
  task::SquadDataConfig squad;  // files and feature options; GLUE uses those with equal names
  int64_t synthetic_length = 0;
  std::string synthetic_distribution;
  int64_t synthetic_rows = 4096;

  void fields(FieldList& list) {
    list.group("Data");
    list.add("task", task,
             {.help = "squad, a GLUE task, or pretraining (masked tokens and next sentence; random sequences only)."});
    list.add("data_dir", data_dir, {.help = "Folder of the GLUE task."});
    list.add("synthetic_length", synthetic_length,
             {.help = "Instead of files: random sequences of this many tokens.", .unit = "tokens", .min = 0});
    list.add("synthetic_distribution", synthetic_distribution,
             {.help = "Instead of files: random sequences with the lengths of this data set.",
              .choices = {"", "squad", "mrpc", "sst-2"}});
    list.add("synthetic_rows", synthetic_rows, {.help = "Number of random sequences.", .min = 1});
    squad.features.fields(list);
    squad.cache.fields(list);
  }
  bool is_squad() const { return task == "squad"; }
  bool is_pretraining() const { return task == "pretraining"; }
  bool is_synthetic() const { return synthetic_length > 0 || !synthetic_distribution.empty(); }
  task::GlueDataConfig glue() const;
};

}  // namespace retort::measure
