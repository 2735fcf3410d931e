#include "retort/recipe/teacher_targets.h"

#include <ATen/core/grad_mode.h>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/kernel/rows.h"
#include "retort/recipe/teacher_cache.h"

namespace retort::recipe {

namespace {

// Whether a run looks at rows more than once.
bool repeats_rows(const train::TrainingConfig& training, int64_t rows) {
  const double per_step =
      static_cast<double>(training.per_device_train_batch_size * training.gradient_accumulation_steps);
  const double sequences = training.max_steps > 0 ? static_cast<double>(training.max_steps) * per_step
                                                  : training.num_train_epochs * static_cast<double>(rows);
  return sequences > static_cast<double>(rows);
}

// Ids are made by the student's tokenizer, so nothing but their meaning matters.
bool have_equal_pieces(const text::Tokenizer& a, const text::Tokenizer& b) {
  if (a.vocabulary_size() != b.vocabulary_size()) return false;
  for (int32_t id = 0; id < a.vocabulary_size(); ++id)
    if (a.piece(id) != b.piece(id)) return false;
  return true;
}

bool gives_logits_per_token(model::Head head) {
  return head == model::Head::kQuestionAnswering || head == model::Head::kTokenClassification;
}

}  // namespace

TeacherTargets logits_on_the_fly(const model::Model& teacher) {
  return [&teacher](const data::Batch& batch) {
    const at::NoGradGuard no_grad;
    return teacher.forward(kernel::make_rows(batch.tokens)).logits;
  };
}

TeacherTargets cached_logits(const model::Model& teacher, const std::string& teacher_cache, const data::RowSet& rows,
                             const train::TrainingConfig& training) {
  const TeacherTargets on_the_fly = logits_on_the_fly(teacher);
  if (teacher_cache == "off") return on_the_fly;
  const bool is_per_token = gives_logits_per_token(teacher.head());
  const TeacherOutputs outputs{.kind = is_per_token ? "token-logits" : "row-logits",
                               .width = teacher.head() == model::Head::kQuestionAnswering
                                            ? 2
                                            : static_cast<int64_t>(teacher.config().labels.size()),
                               .per_token = is_per_token,
                               .precision = training.precision_kind(),
                               .compute = on_the_fly};
  const fs::path folder = teacher_cache == "auto" ? user_cache_folder() / "teacher" : fs::path(teacher_cache);
  const std::string key = teacher_cache_key(teacher, rows, outputs);
  if (teacher_cache == "auto" && !repeats_rows(training, rows.row_count()) &&
      !TeacherCache::exists(folder, key, outputs))
    return on_the_fly;
  auto cache = std::make_shared<const TeacherCache>(folder, key, rows, outputs, training.micro_batch_tokens());
  return [cache](const data::Batch& batch) { return cache->gather(batch); };
}

void check_teacher(const LoadedModel& student, const LoadedModel& teacher, const std::string& teacher_name,
                   int64_t max_seq_length) {
  if (!have_equal_pieces(*student.tokenizer, *teacher.tokenizer))
    throw UserError(
        "`teacher` must have the student's vocabulary, but `{}` has another; take teacher and student of one family, "
        "or give both the same `vocab_file`",
        teacher_name);
  const int64_t positions = teacher.model->config().max_position_embeddings;
  if (positions < max_seq_length)
    throw UserError("`max_seq_length` must be at most {}, the positions of the teacher, but is {}", positions,
                    max_seq_length);
}

}  // namespace retort::recipe
