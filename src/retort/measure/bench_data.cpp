#include "retort/measure/bench_data.h"

#include <stdlib.h>

#include <algorithm>
#include <functional>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/data/glue/glue_set.h"
#include "retort/data/squad/squad_set.h"
#include "retort/measure/bench_measure.h"
#include "retort/measure/bench_rows.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::measure {
namespace {

// A new temporary folder that the destructor removes.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "retort_bench_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw UserError("`{}` must be writable, but is not; set TMPDIR to a writable folder",
                      fs::temp_directory_path().string());
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Returns the training rows, as `finetune` loads them.
using Loader = std::function<std::unique_ptr<data::RowSet>(const data::CacheOptions& cache)>;

struct Task {
  std::vector<fs::path> files;
  Loader load;
};

Task squad_task(const BenchDataConfig& config, const text::Tokenizer& tokenizer) {
  const std::string& file = config.data.squad.train_file;
  if (file.empty()) throw UserError("`train_file` must be given for squad, but is missing");
  return {{file}, [&](const data::CacheOptions& cache) {
            const data::SquadSource source{.file = file,
                                           .features = config.data.squad.features,
                                           .cache = cache,
                                           .model_max_length = tokenizer.options().model_max_length};
            return std::make_unique<data::SquadRowSet>(
                std::make_shared<data::SquadFeatures>(data::load_squad_training(source, tokenizer)),
                data::SquadRowSet::Labels::kPositions);
          }};
}

Task glue_task(const BenchDataConfig& config, const text::Tokenizer& tokenizer) {
  const task::GlueDataConfig glue = config.data.glue();
  const data::GlueTask& task = glue.task();
  if (glue.data_dir.empty()) throw UserError("`data_dir` must be given for {}, but is missing", task.name);
  const std::vector<fs::path> files = data::find_glue_files(glue.data_dir, task, data::GlueSplit::kTrain);
  return {files, [&tokenizer, &task, files, glue](const data::CacheOptions& cache) {
            const data::GlueSource source{.task = &task,
                                          .split = data::GlueSplit::kTrain,
                                          .files = files,
                                          .features = glue.features,
                                          .cache = cache,
                                          .model_max_length = tokenizer.options().model_max_length};
            return std::make_unique<data::GlueRowSet>(data::load_glue(source, tokenizer),
                                                      data::answers_of(task, source.split));
          }};
}

// Reads the files once, so that the disk is not measured; returns their size in bytes.
int64_t warm_up(const std::vector<fs::path>& files) {
  int64_t bytes = 0;
  for (const fs::path& file : files) {
    data::hash_file_content(file);
    bytes += static_cast<int64_t>(fs::file_size(file));
  }
  return bytes;
}

struct Starts {
  std::vector<double> cold, cached;  // seconds of each round
  int64_t features = 0, tokens = 0, cache_bytes = 0;
};

int64_t bytes_in(const fs::path& folder) {
  int64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    bytes += static_cast<int64_t>(entry.file_size());
  return bytes;
}

Starts measure(const Loader& load, int64_t rounds) {
  Starts starts;
  const auto seconds_to_load = [&](const data::CacheOptions& cache) {
    const double before = seconds_now();
    const std::unique_ptr<data::RowSet> rows = load(cache);
    const double spent = seconds_now() - before;
    starts.features = rows->row_count(), starts.tokens = 0;
    for (int64_t row = 0; row < starts.features; ++row) starts.tokens += rows->token_count(row);
    return spent;
  };
  for (int64_t round = 0; round < rounds; ++round) {
    const ScratchFolder folder;
    const data::CacheOptions cache{.cache_dir = folder.path().string()};
    starts.cold.push_back(seconds_to_load(cache));
    starts.cached.push_back(seconds_to_load(cache));
    starts.cache_bytes = bytes_in(folder.path());
  }
  return starts;
}

}  // namespace

Json bench_data(const BenchDataConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const double before = seconds_now();
  const text::Tokenizer tokenizer = text::Tokenizer::load(pretrained::resolve_model_folder(config.model));
  const double tokenizer_seconds = seconds_now() - before;
  const Task task = config.data.is_squad() ? squad_task(config, tokenizer) : glue_task(config, tokenizer);
  const double input_mb = 1e-6 * static_cast<double>(warm_up(task.files));
  const Starts starts = measure(task.load, config.rounds);
  const double cold = starts.cold.front();
  return {{"cold_s", cold},
          {"cached_s", starts.cached.front()},
          {"features", starts.features},
          {"features_s", static_cast<double>(starts.features) / cold},
          {"tokens", starts.tokens},
          {"tok_s", static_cast<double>(starts.tokens) / cold},
          {"input_mb", input_mb},
          {"mb_s", input_mb / cold},
          {"cold_best_s", *std::min_element(starts.cold.begin(), starts.cold.end())},
          {"cached_best_s", *std::min_element(starts.cached.begin(), starts.cached.end())},
          {"tokenizer_s", tokenizer_seconds},
          {"cache_mb", 1e-6 * static_cast<double>(starts.cache_bytes)},
          {"peak_rss_mb", peak_memory_mb()},
          {"threads", thread_count()}};
}

}  // namespace retort::measure
