#include "retort/recipe/data_shard.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/folder_lock.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/base/output_path.h"
#include "retort/base/thread.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

constexpr const char* kRecord = "shards.json";  // in the output folder: what its shards are made of

struct Shard {
  std::string file_name;
  std::span<const int64_t> articles;
};

std::vector<Shard> name_shards(const ShardConfig& config, const corpus::ShardPlan& plan) {
  std::vector<Shard> shards;
  for (size_t i = 0; i < plan.training.size(); ++i)
    shards.push_back({fmt::format("{}_training_{}.txt", config.dataset, i), plan.training[i]});
  for (size_t i = 0; i < plan.test.size(); ++i)
    shards.push_back({fmt::format("{}_test_{}.txt", config.dataset, i), plan.test[i]});
  return shards;
}

std::string key_of(const ShardConfig& config) {
  ContentHash hash;
  hash.add("shards 1").add(fs::absolute(config.input).string()).add(config.dataset);
  hash.add_number(static_cast<int64_t>(fs::file_size(config.input)));
  hash.add_number(fs::last_write_time(config.input).time_since_epoch().count());
  hash.add_number(config.shards.n_training_shards).add_number(config.shards.n_test_shards);
  hash.add(fmt::format("{}", config.shards.fraction_test_set));
  return hash.hex();
}

// Whether a file has the name of a shard of the data set.
bool is_shard_name(const std::string& name, const std::string& dataset) {
  for (const char* kind : {"_training_", "_test_"}) {
    const std::string begin = dataset + kind;
    if (!name.starts_with(begin) || !name.ends_with(".txt") || name.size() <= begin.size() + 4) continue;
    const std::string_view number = std::string_view(name).substr(begin.size(), name.size() - begin.size() - 4);
    if (number.find_first_not_of("0123456789") == number.npos) return true;
  }
  return false;
}

std::vector<fs::path> find_shards(const ShardConfig& config) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(config.output_dir))
    if (is_shard_name(entry.path().filename().string(), config.dataset)) found.push_back(entry.path());
  return found;
}

// Leaves only shards in the folder that an interrupted call of the same command made.
void prepare_folder(const ShardConfig& config, const std::string& key) {
  const fs::path record = fs::path(config.output_dir) / kRecord;
  if (fs::exists(record)) {
    const Json json = read_json_file(record);
    if (json.is_object() && json.value("key", "") == key) return;
  }
  const std::vector<fs::path> found = find_shards(config);
  if (!found.empty() && !config.overwrite)
    throw UserError(
        "`{}` must not hold shards of other settings or text, but holds `{}`; choose another folder, or --overwrite to "
        "replace them",
        config.output_dir, found.front().filename().string());
  for (const fs::path& path : found) fs::remove(path);
  write_json_file(record, {{"key", key}});
}

std::vector<corpus::ArticleLines> index_input(const ShardConfig& config) {
  const auto total = fs::is_regular_file(config.input) ? static_cast<int64_t>(fs::file_size(config.input)) : 0;
  train::Progress progress({.title = "read articles", .unit = "bytes", .total = total});
  auto articles = corpus::index_articles(config.input, [&](int64_t bytes) {
    progress.update({.done = std::min(bytes, total)});
    train::throw_if_stopped();
  });
  progress.finish();
  if (articles.empty())
    throw UserError("`{}` must hold sentences, one a line, but holds none; make it by `retort data sentences`",
                    config.input);
  return articles;
}

corpus::ShardPlan plan(const ShardConfig& config, std::span<const corpus::ArticleLines> articles) {
  std::vector<int64_t> counts;
  counts.reserve(articles.size());
  for (const corpus::ArticleLines& article : articles) counts.push_back(article.sentence_count);
  corpus::ShardPlan made = corpus::plan_shards(counts, config.shards);
  for (const auto& [kind, raised] : {std::pair("training", made.raised_training), std::pair("test", made.raised_test)})
    if (raised > 0)
      log_warning(
          "{} articles have more sentences than a {} shard should have, so {} shards become longer; fewer shards would "
          "be more equal",
          raised, kind, kind);
  return made;
}

void write_shards(const ShardConfig& config, std::span<const corpus::ArticleLines> articles,
                  const std::vector<Shard>& shards) {
  train::Progress progress({.title = "write shards", .unit = "files", .total = static_cast<int64_t>(shards.size())});
  std::atomic<int64_t> done = 0;
  parallel_for(static_cast<int64_t>(shards.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      train::throw_if_stopped("finished shards are kept, repeat the command for the others");
      const fs::path path = fs::path(config.output_dir) / shards[i].file_name;
      std::error_code missing;
      const auto there = fs::file_size(path, missing);
      if (missing || static_cast<int64_t>(there) != corpus::shard_bytes(articles, shards[i].articles))
        corpus::write_shard(config.input, articles, shards[i].articles, path);
      progress.update({.done = ++done});
    }
  });
  progress.finish();
}

Json describe(std::span<const corpus::ArticleLines> articles, const std::vector<std::vector<int64_t>>& shards) {
  std::vector<int64_t> counts;
  for (const std::vector<int64_t>& shard : shards)
    counts.push_back(std::accumulate(shard.begin(), shard.end(), int64_t{0}, [&](int64_t sum, int64_t number) {
      return sum + articles[number].sentence_count;
    }));
  const auto [fewest, most] = std::minmax_element(counts.begin(), counts.end());
  return {{"shards", shards.size()},
          {"sentences", std::accumulate(counts.begin(), counts.end(), int64_t{0})},
          {"fewest", *fewest},
          {"most", *most}};
}

}  // namespace

void ShardConfig::fields(FieldList& list) {
  list.add(
      "input", input,
      {.help = "One sentence a line, blank lines between articles.", .aliases = {"input_files"}, .required = true});
  list.add("output_dir", output_dir, {.help = "Folder for the shards.", .required = true});
  list.add("dataset", dataset, {.help = "Name that the file names begin with."});
  shards.fields(list);
  list.add("overwrite", overwrite, {.help = "Replace shards of other settings or text."});
  list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
}

Json make_shards(const ShardConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  if (config.dataset.empty() || config.dataset.find('/') != std::string::npos)
    throw UserError("`dataset` must be a name without `/`, but is `{}`; for example wikicorpus_en", config.dataset);
  const train::StopSignal stop;
  const std::vector<corpus::ArticleLines> articles = index_input(config);
  const corpus::ShardPlan made = plan(config, articles);
  make_folder(config.output_dir);
  const FolderLock lock(config.output_dir);
  check_is_no_input("output_dir", config.output_dir, {{"input", config.input}});
  prepare_folder(config, key_of(config));
  write_shards(config, articles, name_shards(config, made));
  const Json training = describe(articles, made.training), test = describe(articles, made.test);
  return {{"output_dir", config.output_dir},
          {"articles", articles.size()},
          {"sentences", training["sentences"].get<int64_t>() + test["sentences"].get<int64_t>()},
          {"training", training},
          {"test", test}};
}

}  // namespace retort::recipe
