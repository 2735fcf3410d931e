#include "retort/distill/teacher.h"

#include <ATen/core/grad_mode.h>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/random.h"
#include "retort/kernel/token_rows.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::distill {

namespace {

pretrained::ModelSource source_of(const TeacherConfig& config, model::Head head,
                                  const pretrained::ModelSource& student) {
  pretrained::ModelSource source{.model = config.teacher,
                                 .vocab_file = student.vocab_file,
                                 .do_lower_case = student.do_lower_case,
                                 .pad_vocabulary = student.pad_vocabulary && head == model::Head::kMaskedLm};
  if (config.teacher.starts_with("preset:")) return source;
  const fs::path folder = pretrained::resolve_model_folder(config.teacher);
  if (fs::exists(folder / "vocab.txt") || fs::exists(folder / "tokenizer.json")) source.vocab_file.clear();
  return source;
}

// Returns whether both vocabularies have the same pieces, so that the student's ids are valid for the teacher.
bool have_equal_pieces(const text::Tokenizer& a, const text::Tokenizer& b) {
  if (a.vocabulary_size() != b.vocabulary_size()) return false;
  for (int32_t id = 0; id < a.vocabulary_size(); ++id)
    if (a.piece(id) != b.piece(id)) return false;
  return true;
}

}  // namespace

Teacher::Teacher(const TeacherConfig& config, model::Head head, kernel::Precision precision,
                 const pretrained::ModelSource& student_source, const pretrained::LoadedModel& student,
                 int64_t max_seq_length, const pretrained::TaskClasses& classes)
    : config_(config),
      loaded_(pretrained::load_model(
          source_of(config, head, student_source),
          {.head = head, .classes = classes, .may_initialize_head = true, .model = {.precision = precision}})) {
  config.check();
  if (!have_equal_pieces(*student.tokenizer, *loaded_.tokenizer))
    throw UserError(
        "`teacher` must have the student's vocabulary, but `{}` has another; use teacher and student with one "
        "tokenizer, or give both the same `vocab_file`",
        config.teacher);
  const int64_t outputs = model().config().vocab_size, wanted = student.model->config().vocab_size;
  if (head == model::Head::kMaskedLm && outputs != wanted)
    throw UserError(
        "`teacher` must have the student's number of outputs, {}, but `{}` has {}; "
        "`pad_vocabulary` rounds both up",
        wanted, config.teacher, outputs);
  const int64_t positions = model().config().max_position_embeddings;
  if (positions < max_seq_length)
    throw UserError("`max_seq_length` must be at most {}, the positions of the teacher, but is {}", positions,
                    max_seq_length);
}

void Teacher::warn_unless_trained(const std::string& purpose) const {
  if (!loaded_.missing.empty())
    log_warning("the teacher `{}` is not trained for {}; its targets are meaningless", config_.teacher, purpose);
}

void Teacher::log_scores(const Json& scores) { log_info("scores of the teacher: {}", scores.dump()); }

model::ModelOutput Teacher::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                    model::ForwardOptions options) const {
  constexpr uint64_t kTeacher = 0x7465616368657200;  // differs from the student's key
  std::vector<uint64_t> keys;
  if (config_.teacher_dropout)
    for (const uint64_t key : sequence_keys) keys.push_back(make_key(key, kTeacher));
  options.is_training = config_.teacher_dropout;
  const at::NoGradGuard no_grad;
  return loaded_.model->forward(kernel::make_token_rows(batch.tokens, keys), options);
}

}  // namespace retort::distill
