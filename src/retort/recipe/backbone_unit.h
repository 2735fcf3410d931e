// The states inside a student as a training task: the sum of the weighted means of
//   attention   KL(softmax(teacher's scores) || softmax(student's scores)), over heads and query rows
//   hidden      1 - cos(student's, teacher's hidden state), over tokens; through the projection where widths differ
//   embedding   the same of the embeddings' output
//   value       KL between the softmax of the relations x x^T / sqrt(D) of the attention contexts, as attention
// or of the other distances, each summed over the mapped layers.
#pragma once

#include "retort/loss/state_losses.h"
#include "retort/recipe/teacher.h"
#include "retort/train/unit.h"

namespace retort::recipe {

class BackboneUnit final : public train::TrainUnit {
 public:
  // What is referred to must outlive the unit; the student must have been made with `projection_width`. Throws
  // UserError when the models cannot be compared as configured.
  BackboneUnit(LoadedModel& student, const Teacher& teacher, const StateDistillationConfig& config);

  // Of the student's projection: the teacher's hidden size where hidden states of another width are learned, else 0.
  static int64_t projection_width(const StateDistillationConfig& config, int64_t student_width, int64_t teacher_width);

  kernel::ParameterStore& parameters() override { return student_.model->parameters(); }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  std::vector<double> step_counts(const data::StepBatch& step) override;
  void save_model(const fs::path& folder) const override {
    save_model_folder(folder, *student_.model, *student_.tokenizer);
  }
  void load_weights(const fs::path& folder) override { load_weights_exactly(*student_.model, folder); }

 private:
  enum class State { kAttention, kHidden, kEmbedding, kValue };
  struct Part {
    State state;
    loss::StateDistance distance;
    double weight;
  };

  void add_part(State state, bool is_used, const std::string& distance, double weight);
  void check_heads() const;
  void check_context_widths() const;
  loss::LossTerm compare(const Part& part, size_t pair, const model::ModelOutput& own,
                         const model::ModelOutput& targets, const kernel::Rows& rows) const;
  double count(const Part& part, std::span<const int32_t> starts) const;
  bool learns(State state) const;

  LoadedModel& student_;
  const Teacher& teacher_;
  std::vector<LayerPair> pairs_;
  std::vector<Part> parts_;
  model::ForwardOptions student_options_, teacher_options_;
};

}  // namespace retort::recipe
