#include "retort/recipe/augment_glue.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "retort/augment/augmenter.h"
#include "retort/augment/glue_augmented.h"
#include "retort/base/error.h"
#include "retort/base/output_path.h"
#include "retort/base/random.h"
#include "retort/base/settings.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

namespace {

constexpr int64_t kRowsPerBlock = 512;
constexpr int64_t kPassesOfOtherTasks = 30;

struct TaskPasses {
  std::string_view task;
  int64_t passes;
};
// The published program's passes; all other tasks have kPassesOfOtherTasks. It intended 30 for sts-b too, but
// misspelled its name.
constexpr TaskPasses kPublishedPasses[] = {{"mnli", 10}, {"mnli-mm", 10}, {"sst-2", 20}, {"qqp", 10}, {"qnli", 20}};

const data::GlueTask& find_task(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower.starts_with("squad"))
    throw UserError("`task_name` must be a GLUE task, but is `{}`; use `retort data augment squad`", name);
  return data::find_glue_task(name);
}

// The texts of all records, numbered record by record and, within a record, column by column.
class Texts {
 public:
  Texts(const data::GlueTask& task, const data::GlueData& data)
      : columns_(task.is_pair() ? 2 : 1), examples_(data.examples) {}
  int64_t columns() const { return columns_; }
  int64_t count() const { return columns_ * static_cast<int64_t>(examples_.size()); }
  std::string_view text(int64_t i) const {
    const data::GlueExample& example = examples_[static_cast<size_t>(i / columns_)];
    return i % columns_ == 0 ? example.text_a : example.text_b;
  }
  augment::AugmentJob job(int64_t i, const augment::Augmenter& augmenter, uint64_t seed) const {
    return {.original = text(i),
            .text = augmenter.prepare(text::basic_words(text(i), augmenter.tokenizer_options())),
            .key = make_key(seed, i / columns_, i % columns_)};
  }

 private:
  int64_t columns_;
  std::span<const data::GlueExample> examples_;
};

// Writes the record, then its variants. The original would be repeated among the variants of the second text, so it is
// skipped there, unless it is combined with the last variant of the first text.
void write_row(augment::GlueAugmentedFile& file, const data::GlueExample& example,
               std::span<const std::vector<augment::Variant>> variants, bool second_text_beside_last_variant) {
  for (const augment::Variant& first : variants[0]) file.write(example, first.text, example.text_b);
  if (variants.size() < 2) return;
  const bool beside_last = second_text_beside_last_variant;
  const std::string_view beside = beside_last ? std::string_view(variants[0].back().text) : example.text_a;
  for (const augment::Variant& second : std::span(variants[1]).subspan(beside_last ? 0 : 1))
    file.write(example, beside, second.text);
}

}  // namespace

int64_t published_passes(std::string_view task) {
  const auto found = std::find_if(std::begin(kPublishedPasses), std::end(kPublishedPasses),
                                  [&](const TaskPasses& known) { return known.task == task; });
  return found == std::end(kPublishedPasses) ? kPassesOfOtherTasks : found->passes;
}

Json augment_glue(const AugmentGlueConfig& config) {
  const bool is_main = augment::set_up_augmentation(config.augment, settings_of("data augment glue", config));
  const data::GlueTask& task = find_task(config.task_name);
  const std::vector<fs::path> files = data::find_glue_files(config.data_dir, task, data::GlueSplit::kTrain);
  augment::AugmentOutput output;
  if (is_main) output = config.augment.lock_output("data_dir", files, "train_aug.tsv");
  data::GlueData data = data::read_glue(files, task, {.on_bad_record = config.augment.bad_record_policy()});
  const auto seed = static_cast<uint64_t>(config.augment.seed);
  data::keep_random_examples(data, config.max_train_examples, seed);

  const Texts texts(task, data);
  const auto rows = static_cast<int64_t>(data.examples.size());
  augment::Augmenter augmenter(config.augment, published_passes(task.name), "rows", rows);
  augmenter.collect_glove_words(texts.count(), [&](int64_t i, std::set<std::string>& words) {
    augment::collect_words_of_several_pieces(texts.job(i, augmenter, seed).text, words);
  });
  std::optional<augment::GlueAugmentedFile> file;
  if (is_main) file.emplace(output.path, task, data);
  for (int64_t begin = 0; begin < rows; begin += kRowsPerBlock) {
    const int64_t count = std::min(kRowsPerBlock, rows - begin);
    std::vector<augment::AugmentJob> jobs;
    for (int64_t i = begin * texts.columns(); i < (begin + count) * texts.columns(); ++i)
      jobs.push_back(texts.job(i, augmenter, seed));
    const auto variants = augmenter.make_variants(jobs, count);
    for (int64_t row = 0; row < count && file; ++row)
      write_row(
          *file, data.examples[static_cast<size_t>(begin + row)],
          std::span(variants).subspan(static_cast<size_t>(row * texts.columns()), static_cast<size_t>(texts.columns())),
          config.second_text_beside_last_variant);
  }
  if (file) file->publish();
  train::process_group().barrier();  // launchers end all processes as soon as one has ended
  if (!file) return {};
  Json result{{"task", task.name},
              {"output_file", output.path.string()},
              {"rows", rows},
              {"augmented_rows", file->row_count()},
              {"skipped", data.skipped.count}};
  result.update(augmenter.finish());
  return result;
}

}  // namespace retort::recipe
