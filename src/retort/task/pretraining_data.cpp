#include "retort/task/pretraining_data.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/corpus/pair_file.h"
#include "retort/task/corpus.h"
#include "retort/train/process_group.h"

namespace retort::task {

namespace {

constexpr int64_t kHeldOutSeed = 20191002;  // the pairs and masks of held-out text are the same in every run

std::unique_ptr<data::EpochRows> open_pairs(const std::vector<fs::path>& files, const PretrainingDataConfig& config,
                                            int64_t max_seq_length, int64_t seed, const text::Tokenizer& tokenizer) {
  const corpus::InstanceOptions options{.max_seq_length = max_seq_length,
                                        .max_predictions_per_seq = config.max_predictions_per_seq,
                                        .masked_lm_prob = config.masked_lm_prob,
                                        .short_seq_prob = config.short_seq_prob,
                                        .random_seed = seed,
                                        .whole_word_masking = config.whole_word_masking};
  if (corpus::find_pair_form(files.front()) == corpus::PairForm::kSentences)
    return std::make_unique<corpus::SentencePairs>(files, tokenizer, options, config.cache);
  return std::make_unique<corpus::StoredPairs>(files, tokenizer, options, config.cache);
}

void check_one_form(const std::string& flag, const std::vector<fs::path>& files) {
  const corpus::PairForm first = corpus::find_pair_form(files.front());
  for (const fs::path& file : files)
    if (const corpus::PairForm form = corpus::find_pair_form(file); form != first)
      throw UserError(
          "`{}` must hold files of one form, but `{}` holds {} and `{}` {}; name one file or move the others away",
          flag, files.front().string(), corpus::name_of(first), file.string(), corpus::name_of(form));
}

}  // namespace

std::vector<fs::path> find_pretraining_files(const std::string& flag, const fs::path& path, std::string_view part) {
  if (!fs::exists(path))
    throw UserError("`{}` must be a folder or a file, but `{}` does not exist", flag, path.string());
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files, of_part;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (!entry.is_regular_file() || !corpus::has_pair_file_name(entry.path())) continue;
    files.push_back(entry.path());
    if (entry.path().filename().string().find(part) != std::string::npos) of_part.push_back(entry.path());
  }
  if (!of_part.empty()) files = std::move(of_part);
  std::ranges::sort(files);
  if (files.empty())
    throw UserError(
        "`{}` must hold sentence shards (*.txt) or instances (*.hdf5, *.parquet), but `{}` holds none of them", flag,
        path.string());
  check_one_form(flag, files);
  return files;
}

PretrainingData::PretrainingData(const PretrainingDataConfig& config, const PretrainingLimits& limits,
                                 const train::TrainingConfig& training, const pretrained::LoadedModel& loaded) {
  check_positions(loaded, limits.max_seq_length);
  const train::ProcessGroup& group = train::process_group();
  const std::vector<fs::path> files = find_pretraining_files("data_dir", config.data_dir, "training");
  train_ = group.main_first(
      [&] { return open_pairs(files, config, limits.max_seq_length, training.seed, *loaded.tokenizer); });
  log_info("{} pairs in {} files of `{}`", train_->rows_of(0)->row_count(), files.size(), config.data_dir);
  if (config.eval_dir.empty()) return;
  held_out_epochs_ = group.main_first([&] {
    return open_pairs(find_pretraining_files("eval_dir", config.eval_dir, "test"), config, limits.max_seq_length,
                      kHeldOutSeed, *loaded.tokenizer);
  });
  all_held_out_ = held_out_epochs_->rows_of(0);
  const int64_t all = all_held_out_->row_count(), most = limits.max_eval_sequences;
  held_out_.emplace(*all_held_out_, 0, most < 0 ? all : std::min(most, all));
}

}  // namespace retort::task
