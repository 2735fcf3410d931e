#include "retort/recipe/augment_squad.h"

#include "retort/augment/augmenter.h"
#include "retort/augment/squad_variants.h"
#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/base/settings.h"
#include "retort/data/squad/squad_document.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

namespace {

constexpr int64_t kPassesOfSquad = 15;  // as published

fs::path find_input(const AugmentSquadConfig& config) {
  if (config.train_file.empty() == config.data_dir.empty())
    throw UserError("`train_file` or `data_dir` must be given, but {}",
                    config.train_file.empty() ? "both are missing" : "both are given");
  return config.train_file.empty() ? fs::path(config.data_dir) / "train-v1.1.json" : fs::path(config.train_file);
}

// Returns the paragraphs with training questions; others need no variants.
std::vector<const data::SquadParagraph*> with_questions(const data::SquadDocument& document) {
  std::vector<const data::SquadParagraph*> paragraphs;
  for (const data::SquadArticle& article : document.articles)
    for (const data::SquadParagraph& paragraph : article.paragraphs)
      if (!paragraph.questions.empty()) paragraphs.push_back(&paragraph);
  return paragraphs;
}

// Writes the articles, with the variants after each article's own paragraphs. Ranks without a file compute their share.
class ArticleWriter {
 public:
  ArticleWriter(const AugmentSquadConfig& config, augment::Augmenter& augmenter, data::SquadDocumentFile* file)
      : config_(config), augmenter_(augmenter), file_(file) {}

  void write(const data::SquadArticle& article) {
    std::vector<augment::AugmentJob> jobs;
    std::vector<Job> paragraph_jobs;
    for (const data::SquadParagraph& paragraph : article.paragraphs) {
      if (paragraph.questions.empty()) continue;
      const auto words = text::basic_words(paragraph.context, augmenter_.tokenizer_options());
      paragraph_jobs.push_back(
          {&paragraph, augment::find_answer_words(paragraph, words, augmenter_.tokenizer_options())});
      jobs.push_back(
          {.original = paragraph.context,
           .text = augmenter_.prepare(words, augment::answer_black_list(paragraph, augmenter_.tokenizer_options())),
           .key = make_key(static_cast<uint64_t>(config_.augment.seed), next_paragraph_++)});
    }
    const auto variants = augmenter_.make_variants(jobs, static_cast<int64_t>(article.paragraphs.size()),
                                                   config_.later_words_overwrite_first);
    if (file_ == nullptr) return;
    file_->begin_article(article.members);
    for (const data::SquadParagraph& paragraph : article.paragraphs) file_->add_paragraph(paragraph.json);
    for (size_t i = 0; i < paragraph_jobs.size(); ++i) write_variants(paragraph_jobs[i], variants[i]);
    file_->end_article();
  }
  int64_t written() const { return written_; }
  int64_t dropped() const { return dropped_; }

 private:
  struct Job {
    const data::SquadParagraph* paragraph;
    std::vector<std::vector<augment::AnswerWords>> answers;
  };
  // Skips the first variant, the original context, which is already in the file.
  void write_variants(const Job& job, const std::vector<augment::Variant>& variants) {
    for (size_t v = 1; v < variants.size(); ++v) {
      const auto json = augment::maybe_variant_json(*job.paragraph, job.answers, variants[v], static_cast<int64_t>(v),
                                                    config_.answers_at_first_occurrence);
      if (json) file_->add_paragraph(*json);
      ++(json ? written_ : dropped_);
    }
  }

  const AugmentSquadConfig& config_;
  augment::Augmenter& augmenter_;
  data::SquadDocumentFile* file_;  // null: not rank 0
  int64_t next_paragraph_ = 0, written_ = 0, dropped_ = 0;
};

}  // namespace

Json augment_squad(const AugmentSquadConfig& config) {
  const bool is_main = augment::set_up_augmentation(config.augment, settings_of("data augment squad", config));
  const fs::path input = find_input(config);
  augment::AugmentOutput output;
  if (is_main)
    output = config.augment.lock_output(config.train_file.empty() ? "data_dir" : "train_file", {input},
                                        input.stem().string() + "_aug.json");
  data::SquadDocument document = data::read_squad_document(input, config.augment.bad_record_policy());
  augment::check_not_augmented(document, input.string());
  data::keep_random_paragraphs(document, config.max_train_paragraphs, static_cast<uint64_t>(config.augment.seed));
  augment::Augmenter augmenter(config.augment, kPassesOfSquad, "paragraphs", document.paragraph_count());
  const auto paragraphs = with_questions(document);
  augmenter.collect_glove_words(static_cast<int64_t>(paragraphs.size()), [&](int64_t i, std::set<std::string>& words) {
    const data::SquadParagraph& paragraph = *paragraphs[static_cast<size_t>(i)];
    const text::TokenizerOptions& options = augmenter.tokenizer_options();
    augment::collect_words_of_several_pieces(augmenter.prepare(text::basic_words(paragraph.context, options),
                                                               augment::answer_black_list(paragraph, options)),
                                             words);
  });
  std::optional<data::SquadDocumentFile> file;
  if (is_main) file.emplace(output.path, document.members);
  ArticleWriter writer(config, augmenter, file ? &*file : nullptr);
  for (const data::SquadArticle& article : document.articles) writer.write(article);
  if (file) file->publish();
  train::process_group().barrier();  // launchers end all processes as soon as one has ended
  if (!file) return {};
  Json result{{"output_file", output.path.string()},
              {"paragraphs", document.paragraph_count()},
              {"variants", writer.written()},
              {"dropped_variants", writer.dropped()},
              {"skipped", document.skipped.count}};
  result.update(augmenter.finish());
  return result;
}

}  // namespace retort::recipe
