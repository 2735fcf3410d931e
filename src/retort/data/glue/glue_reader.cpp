#include "retort/data/glue/glue_reader.h"

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/data/glue/glue_table.h"
#include "retort/data/glue/glue_tsv.h"
#include "retort/data/table/table_reader.h"

namespace retort::data {

GlueData read_glue(std::span<const std::filesystem::path> files, const GlueTask& task, const GlueReadOptions& options) {
  GlueCollector collector(task, options);
  for (const std::filesystem::path& path : files) {
    collector.begin_file(path);
    find_table_form(path) == TableForm::kNone ? read_glue_tsv(path, collector) : read_glue_table(path, collector);
  }
  if (collector.example_count() == 0)
    throw UserError("`{}` must have records of {}, but has none; choose another file", collector.file_name(),
                    task.name);
  return collector.finish();
}

void keep_random_examples(GlueData& data, int64_t count, uint64_t seed) {
  const auto available = static_cast<int64_t>(data.examples.size());
  if (count < 0 || count >= available) return;
  std::vector<GlueExample> kept;
  kept.reserve(count);
  for (const int64_t index : random_sample(make_key(seed), available, count)) kept.push_back(data.examples[index]);
  data.examples = std::move(kept);
}

}  // namespace retort::data
