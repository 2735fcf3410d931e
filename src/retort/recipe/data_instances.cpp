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
#include "retort/corpus/instance_output.h"
#include "retort/text/tokenizer.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

using corpus::InstanceSums;

constexpr uint64_t kSampleStream = 0x73616D706C65;  // the draws of the documents that are used
constexpr double kReadingShare = 0.3;               // of the time for a file, for the progress

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
      jobs.push_back({entry.path(), fs::path(config.output_file) /
                                        entry.path().filename().replace_extension(config.form.extension())});
  if (jobs.empty())
    throw UserError(
        "`{}` must hold .txt files with one sentence a line, but holds none; make them by `retort data shard`",
        config.input);
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.input < b.input; });
  return jobs;
}

void throw_if_stopped() { train::throw_if_stopped("finished files are kept, repeat the command for the others"); }

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
    // What has no effect is no difference.
    const std::string& format = config_.form.format;
    if (format != "packed") settings.erase("max_sequences_per_pack");
    if (format != "parquet") settings.erase("masking"), settings.erase("bin_size");
    if (format == "hdf5") settings.erase("format");
    if (config_.sample_ratio == 1) settings.erase("sample_ratio");
    settings["tokenizer"] = tokenizer_.content_hash();
    settings["text"] = fmt::format("{:016x}", hash_bytes(MappedFile(input).bytes()));
    return settings;
  }

  InstanceSums make(const Job& job, const Json& settings, const std::function<void(double)>& on_progress) {
    const corpus::DocumentStore read = read_documents(job.input);
    const corpus::Documents documents = read.view();
    document_count_ += documents.document_count();
    if (documents.document_count() == 1)
      log_warning("`{}` holds one document, so no pair is a random one; separate documents by blank lines",
                  job.input.string());
    on_progress(kReadingShare);
    corpus::InstanceOptions options = config_.instances;
    // Shards of one seed draw differently.
    options.random_seed = static_cast<int64_t>(
        make_key(static_cast<uint64_t>(options.random_seed), hash_bytes(std::as_bytes(documents.tokens))) >> 1);
    const std::vector<corpus::InstancePlan> plans = corpus::make_plans(documents, config_.dupe_factor, options);
    const auto describe = [&](const InstanceSums& sums) {
      return Json{{"settings", settings}, {"documents", documents.document_count()}, {"counts", sums.counts_to_json()}}
          .dump();
    };
    return corpus::write_instances({documents, plans, options, vocabulary_, tokenizer_}, config_.form, job.output,
                                   describe, [&](double share) {
                                     on_progress(kReadingShare + (1 - kReadingShare) * share);
                                     throw_if_stopped();
                                   });
  }

  int64_t document_count() const { return document_count_; }

 private:
  corpus::DocumentStore read_documents(const fs::path& input) const {
    corpus::DocumentStore documents = corpus::read_documents(input, tokenizer_, throw_if_stopped);
    if (config_.sample_ratio < 1) {
      const uint64_t key = make_key(static_cast<uint64_t>(config_.instances.random_seed), kSampleStream);
      documents.keep_documents(
          [&](int64_t document) { return random_unit(key, static_cast<uint64_t>(document)) < config_.sample_ratio; });
    }
    if (documents.view().document_count() == 0)
      throw UserError("`sample_ratio` must leave a document of `{}`, but {} leaves none; raise it", input.string(),
                      config_.sample_ratio);
    return documents;
  }

  const InstancesConfig& config_;
  text::Tokenizer tokenizer_;
  corpus::InstanceVocabulary vocabulary_;
  int64_t document_count_ = 0;
};

// What the files of a job say of themselves, when all are there and were made with these settings; null otherwise.
Json maybe_finished(const Job& job, const Json& settings, const InstancesConfig& config) {
  Json finished;
  bool is_finished = true;
  for (const fs::path& file : config.form.files_of(job.output, config.instances)) {
    Json record;
    try {
      if (fs::exists(file)) record = parse_json(corpus::instance_settings(config.form, file), file.string());
    } catch (const UserError&) {
      // Not a file of ours.
    }
    if (record.is_object() && record.value("settings", Json()) == settings) {
      finished = std::move(record);
      continue;
    }
    is_finished = false;
    if (fs::exists(file) && !config.overwrite)
      throw UserError(
          "`{}` must not exist yet or be of the same settings and text, but is another file; choose another name, or "
          "--overwrite to replace it",
          file.string());
  }
  return is_finished ? finished : Json();
}

void check_outputs(const InstancesConfig& config) {
  check_is_no_input("output_file", config.output_file, {{"input", config.input}, {"vocab_file", config.vocab_file}});
  if (fs::is_directory(config.input)) {
    make_folder(config.output_file);
  } else if (fs::is_directory(config.output_file)) {
    throw UserError("`{}` must be a file to write, but is a folder; name a file in it", config.output_file);
  }
}

int64_t bytes_of(const fs::path& file) {
  std::error_code failure;
  const uintmax_t byte_count = fs::file_size(file, failure);
  return failure ? 0 : static_cast<int64_t>(byte_count);
}

// The published trainer of packed files reads how many instances a row has from a file beside their folder.
void write_packing(const InstancesConfig& config, const corpus::PackingTotals& packing) {
  if (config.form.format != "packed" || !fs::is_directory(config.input)) return;
  const fs::path folder = fs::absolute(config.output_file).lexically_normal();
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  write_json_file(fs::path(named) += "_metadata.json", packing.to_json());
}

}  // namespace

Json make_instances(const InstancesConfig& config) {
  config.form.check(config.instances);
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const std::vector<Job> jobs = list_jobs(config);
  check_outputs(config);
  const OutputLock lock(config.output_file);
  const train::StopSignal stop;
  Maker maker(config);
  int64_t total_bytes = 0, bytes = 0, documents = 0, kept = 0;
  for (const Job& job : jobs) total_bytes += bytes_of(job.input);
  train::Progress progress({.title = "instances", .unit = "bytes", .total = total_bytes});
  InstanceSums sums;
  for (const Job& job : jobs) {
    if (!fs::is_regular_file(job.input))
      throw UserError(
          "`{}` must be a text file with one sentence a line, but is not there; {}", job.input.string(),
          jobs.size() == 1 ? "check the path" : "put it back and repeat the command, finished files are kept");
    const int64_t size = bytes_of(job.input);
    const Json settings = maker.settings_of(job.input), finished = maybe_finished(job, settings, config);
    if (finished.is_null()) {
      sums.add(maker.make(job, settings, [&](double share) {
        progress.update({.done = bytes + static_cast<int64_t>(share * static_cast<double>(size)),
                         .sequences = sums.instances.instances});
      }));
    } else {
      sums.add(InstanceSums::from_counts(finished["counts"]));
      documents += finished["documents"].get<int64_t>();
      ++kept;
    }
    bytes += size;
    progress.update({.done = bytes, .sequences = sums.instances.instances});
  }
  progress.finish();
  write_packing(config, sums.packing);
  if (kept > 0) log_info("{} of {} files were there already", kept, jobs.size());
  Json result{
      {"output_file", config.output_file}, {"files", jobs.size()}, {"documents", documents + maker.document_count()}};
  result.update(sums.instances.to_json());
  if (sums.packing.rows > 0) result.update(sums.packing.to_json());
  return result;
}

}  // namespace retort::recipe
