// Fills the parameters of a model from weight files of any dialect.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retort/checkpoint/weights.h"
#include "retort/model/model.h"

namespace retort::pretrained {

// The size of a padded vocabulary is a multiple of this.
inline constexpr int64_t kVocabularyMultiple = 8;

struct FillOptions {
  uint64_t seed = 0;              // of random weights
  bool may_replace_head = false;  // a head of another shape gets random weights; else it is an error
};

struct FilledNames {
  std::vector<std::string> missing;        // parameters with random weights: the files lack them or have another shape
  std::vector<std::string> unexpected;     // tensors of the files that the model lacks
  std::vector<std::string> replaced = {};  // "classifier.weight [3, 768]": tensors of a head of another shape
};

// Fills all parameters except a projection. Throws UserError that names the file, its tensor and both shapes when they
// differ, and when the files hold a parameter twice with different values. Warns of a tied parameter that differs from
// its copy.
FilledNames fill_from_files(model::Model& model, const checkpoint::WeightFiles& files, const FillOptions& options);

// Copies tensors with the names and shapes of a file's parameters (optimizer moments, master parameters) into flat
// memory laid out like the model's parameters. What the tensors lack stays as it is, also the padding of the
// vocabulary. Throws UserError for a shape that differs and for values that are not finite.
void fill_like_parameters(const model::Model& model, std::span<const checkpoint::NamedTensor> tensors,
                          std::span<float> flat, const std::string& subject);

// Throws UserError when config.json describes a model far larger than the files, before its memory is allocated.
// Smaller differences are found when the tensors are compared.
void check_encoder_size(const model::ModelConfig& config, const checkpoint::WeightFiles& files);

// Returns whether the files of a BERT model have a pooler, which hidden states do not need.
bool holds_pooler(const checkpoint::WeightFiles& files);

}  // namespace retort::pretrained
