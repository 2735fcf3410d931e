#include "retort/measure/bench_source.h"

#include <algorithm>

namespace retort::measure {

task::GlueDataConfig BenchData::glue() const {
  task::GlueDataConfig glue;
  glue.task_name = task;
  glue.data_dir = data_dir;
  glue.features.max_seq_length = std::min<int64_t>(squad.features.max_seq_length, 128);
  glue.cache = squad.cache;
  return glue;
}

}  // namespace retort::measure
