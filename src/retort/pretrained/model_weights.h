// Weight files -> the parameters of a model: each value under its name, whatever program wrote it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/checkpoint/weights.h"
#include "retort/model/model.h"

namespace retort::pretrained {

// Rows of a padded vocabulary are a multiple of this.
inline constexpr int64_t kVocabularyMultiple = 8;

struct FillOptions {
  uint64_t seed = 0;              // of what starts random
  bool may_replace_head = false;  // a head of another shape starts random; else it is an error
};

struct FilledNames {
  std::vector<std::string> missing;        // parameters that the files lack or have in another shape: they are random
  std::vector<std::string> unexpected;     // tensors of the files that nobody wants
  std::vector<std::string> replaced = {};  // "classifier.weight [3, 768]": tensors of a head of another shape
};

// Fills all parameters but those of a projection. Throws UserError that names the file, its tensor and both shapes when
// they disagree, or when the file holds a parameter twice with different values. A tied parameter that differs from
// its partner is said in a warning.
FilledNames fill_from_files(model::Model& model, const checkpoint::WeightFiles& files, const FillOptions& options);

// A config.json that asks for far more than the files hold is found out before memory is taken for it. What is smaller
// than that comes to light tensor by tensor.
void check_body_size(const model::ModelConfig& config, const checkpoint::WeightFiles& files);

// Whether the files of a BERT model have a pooler, which hidden states do without.
bool holds_pooler(const checkpoint::WeightFiles& files);

}  // namespace retort::pretrained
