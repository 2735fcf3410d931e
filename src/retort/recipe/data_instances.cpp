#include "retort/recipe/data_instances.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/base/output_lock.h"
#include "retort/base/output_path.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"
#include "retort/corpus/document_reader.h"
#include "retort/corpus/instance_file.h"
#include "retort/text/tokenizer.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

using corpus::InstanceTotals;

constexpr uint64_t kOrderStream = 0x6F72646572;  // the draws of the order of instances
constexpr double kReadingShare = 0.3;            // of the time for a file, for the progress

struct Job {
  fs::path input, output;
};

std::vector<Job> list_jobs(const InstancesConfig& config) {
  if (!fs::exists(config.input))
    throw UserError(
        "`{}` must be text with one sentence a line, or a folder of such files, but is not there; check the path",
        config.input);
  if (!fs::is_directory(config.input)) return {{config.input, linked_output(config.output_file)}};
  std::vector<Job> jobs;
  for (const auto& entry : fs::directory_iterator(config.input))
    if (entry.is_regular_file() && entry.path().extension() == ".txt")
      jobs.push_back({entry.path(), fs::path(config.output_file) / entry.path().filename().replace_extension(".hdf5")});
  if (jobs.empty())
    throw UserError(
        "`{}` must hold .txt files with one sentence a line, but holds none; make them by `retort data shard`",
        config.input);
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.input < b.input; });
  return jobs;
}

// Makes and writes the files of one call.
class Maker {
 public:
  explicit Maker(const InstancesConfig& config)
      : config_(config),
        tokenizer_(text::Tokenizer::from_vocab_file(config.vocab_file, {.do_lower_case = config.do_lower_case})),
        vocabulary_(corpus::instance_vocabulary(tokenizer_)) {}

  // What a file is made of: equal texts give equal files.
  Json settings_of(const fs::path& input) const {
    InstancesConfig shown = config_;
    FieldList list;
    shown.fields(list);
    Json settings = fields_to_json(list);
    for (const char* name : {"input", "vocab_file", "output_file", "overwrite", "threads"}) settings.erase(name);
    settings["tokenizer"] = tokenizer_.content_hash();
    settings["text"] = fmt::format("{:016x}", hash_bytes(MappedFile(input).bytes()));
    return settings;
  }

  InstanceTotals make(const Job& job, const Json& settings, const std::function<void(double)>& on_progress) {
    const corpus::DocumentStore documents = corpus::read_documents(job.input, tokenizer_, [] {
      train::throw_if_stopped("finished files are kept, repeat the command for the others");
    });
    document_count_ += documents.view().document_count();
    if (documents.view().document_count() == 1)
      log_warning("`{}` holds one document, so no pair is a random one; separate documents by blank lines",
                  job.input.string());
    on_progress(kReadingShare);
    corpus::InstanceOptions options = config_.instances;
    // Shards of one seed draw differently.
    options.random_seed =
        static_cast<int64_t>(make_key(static_cast<uint64_t>(options.random_seed),
                                      hash_bytes(std::as_bytes(std::span(documents.view().tokens)))) >>
                             1);
    const std::vector<corpus::InstancePlan> plans = corpus::make_plans(documents.view(), config_.dupe_factor, options);
    return write(job.output, documents.view(), plans, options, settings, on_progress);
  }

  int64_t document_count() const { return document_count_; }

 private:
  InstanceTotals write(const fs::path& output, const corpus::Documents& documents,
                       const std::vector<corpus::InstancePlan>& plans, const corpus::InstanceOptions& options,
                       const Json& settings, const std::function<void(double)>& on_progress) {
    const auto count = static_cast<int64_t>(plans.size());
    const corpus::InstanceShape shape{count, options.max_seq_length, options.max_predictions_per_seq};
    const std::vector<int64_t> order =
        random_permutation(make_key(static_cast<uint64_t>(options.random_seed), kOrderStream), count);
    corpus::InstanceFileWriter writer(output, shape);
    const int64_t rows = writer.rows_per_chunk(), chunks = writer.chunk_count(), group = 2 * thread_count();
    std::vector<corpus::InstanceFileWriter::Chunk> compressed(static_cast<size_t>(group));
    std::vector<InstanceTotals> totals(static_cast<size_t>(chunks));
    for (int64_t first = 0; first < chunks; first += group) {
      const int64_t some = std::min(group, chunks - first);
      parallel_for(some, 1, [&](int64_t begin, int64_t end) {
        corpus::InstanceRows chunk;
        corpus::Instance instance;
        for (int64_t i = begin; i < end; ++i) {
          chunk.resize(rows, shape);
          const int64_t row = (first + i) * rows;
          for (int64_t at = row; at < std::min(row + rows, count); ++at) {
            corpus::make_instance(documents, plans[order[at]], options, vocabulary_, instance);
            chunk.set(at - row, shape, instance);
            totals[first + i].add(instance);
          }
          compressed[i] = writer.compress(chunk);
        }
      });
      for (int64_t i = 0; i < some; ++i) writer.write(first + i, compressed[i]);
      on_progress(kReadingShare +
                  (1 - kReadingShare) * static_cast<double>(first + some) / static_cast<double>(chunks));
      train::throw_if_stopped("finished files are kept, repeat the command for the others");
    }
    InstanceTotals sum;
    for (const InstanceTotals& part : totals) sum.add(part);
    writer.publish(
        Json{{"settings", settings}, {"documents", documents.document_count()}, {"counts", sum.counts_to_json()}}
            .dump());
    return sum;
  }

  const InstancesConfig& config_;
  text::Tokenizer tokenizer_;
  corpus::InstanceVocabulary vocabulary_;
  int64_t document_count_ = 0;
};

// What a file says of itself, when it is there and was made with these settings; null otherwise.
Json maybe_finished(const Job& job, const Json& settings, bool overwrite) {
  if (!fs::exists(job.output)) return {};
  try {
    const Json record = parse_json(corpus::InstanceFile(job.output).settings(), job.output.string());
    if (record.value("settings", Json()) == settings) return record;
  } catch (const UserError&) {
    // Not a file of ours.
  }
  if (!overwrite)
    throw UserError(
        "`{}` must not exist yet or be of the same settings and text, but is another file; choose another name, or "
        "--overwrite to replace it",
        job.output.string());
  return {};
}

void check_outputs(const InstancesConfig& config) {
  check_is_no_input("output_file", config.output_file, {{"input", config.input}, {"vocab_file", config.vocab_file}});
  if (fs::is_directory(config.input)) {
    make_folder(config.output_file);
  } else if (fs::is_directory(config.output_file)) {
    throw UserError("`{}` must be a file to write, but is a folder; name a file in it", config.output_file);
  }
}

}  // namespace

Json make_instances(const InstancesConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const std::vector<Job> jobs = list_jobs(config);
  check_outputs(config);
  const OutputLock lock(config.output_file);
  const train::StopSignal stop;
  Maker maker(config);
  int64_t total_bytes = 0, bytes = 0, documents = 0, kept = 0;
  for (const Job& job : jobs)
    total_bytes += fs::is_regular_file(job.input) ? static_cast<int64_t>(fs::file_size(job.input)) : 0;
  train::Progress progress({.title = "instances", .unit = "bytes", .total = total_bytes});
  InstanceTotals totals;
  for (const Job& job : jobs) {
    if (!fs::is_regular_file(job.input))
      throw UserError("`{}` must be a text file with one sentence a line, but is not there; check the path",
                      job.input.string());
    const auto size = static_cast<int64_t>(fs::file_size(job.input));
    const Json settings = maker.settings_of(job.input), finished = maybe_finished(job, settings, config.overwrite);
    if (finished.is_null()) {
      totals.add(maker.make(job, settings, [&](double share) {
        progress.update(
            {.done = bytes + static_cast<int64_t>(share * static_cast<double>(size)), .sequences = totals.instances});
      }));
    } else {
      totals.add(InstanceTotals::from_counts(finished["counts"]));
      documents += finished["documents"].get<int64_t>();
      ++kept;
    }
    bytes += size;
    progress.update({.done = bytes, .sequences = totals.instances});
  }
  progress.finish();
  if (kept > 0) log_info("{} of {} files were there already", kept, jobs.size());
  Json result{
      {"output_file", config.output_file}, {"files", jobs.size()}, {"documents", documents + maker.document_count()}};
  result.update(totals.to_json());
  return result;
}

}  // namespace retort::recipe
