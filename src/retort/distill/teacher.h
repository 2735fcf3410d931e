// A teacher: a trained model whose outputs are the student's targets.
#pragma once

#include "retort/data/batch.h"
#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_folder.h"
#include "retort/train/training_config.h"

namespace retort::distill {

class Teacher {
 public:
  // Loads the teacher with this head; missing parameters of the head get random weights. A teacher without a vocabulary
  // uses the vocab_file of `student_source`; `classes` as in load_model. Throws UserError when its vocabulary is not
  // the student's or it has fewer positions than `max_seq_length`.
  Teacher(const TeacherConfig& config, model::Head head, kernel::Precision precision,
          const pretrained::ModelSource& student_source, const pretrained::LoadedModel& student, int64_t max_seq_length,
          const pretrained::TaskClasses& classes = {});

  // Throws UserError when the run would write into the teacher's folder. Call it before the run creates the output
  // folder.
  static void check_is_not_written(const TeacherConfig& config, const train::OutputConfig& output) {
    if (!config.teacher.empty()) pretrained::check_is_not_read("teacher", config.teacher, output.output_dir);
  }

  const TeacherConfig& config() const { return config_; }
  const model::Model& model() const { return *loaded_.model; }
  const pretrained::LoadedModel& loaded() const { return loaded_; }

  // Logs a warning unless all parameters came from files; `purpose` completes "not trained for ...".
  void warn_unless_trained(const std::string& purpose) const;

  // Logs the teacher's scores on held-out data.
  static void log_scores(const Json& scores);

  // Returns its output for a batch, without gradients; dropout only as configured, with keys derived from those of the
  // sequences.
  model::ModelOutput forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                             model::ForwardOptions options = {}) const;

 private:
  TeacherConfig config_;
  pretrained::LoadedModel loaded_;
};

}  // namespace retort::distill
