// Cuts a student out of a teacher: some of its layers, its embeddings and its head, as an ordinary model folder.
//   retort extract --model TEACHER --layers 0,2,5 --output_dir STUDENT [--heads_per_layer 8 --pruning_seed 42]
// Fewer heads: of every layer by itself a random choice is pruned, and config.json remembers which (`pruned_heads`).
// BERT to BERT keeps everything else as it is. BERT to DistilBERT leaves out the token types and the pooler; the
// published DistilBERT was begun from layers 0,2,4,7,9,11 in this way (Sanh et al. 2019, section 2).
#pragma once

#include "retort/recipe/model_source.h"

namespace retort::recipe {

struct ExtractConfig {
  ModelSource model;
  std::vector<int64_t> layers{0, 2, 4, 7, 9, 11};
  std::string student_type;  // empty: the teacher's
  bool vocab_transform = false;
  int64_t fresh_layers = 0;
  int64_t heads_per_layer = 0, pruning_seed = 42;
  int64_t seed = 42;
  std::string output_dir;
  bool overwrite_output_dir = false;

  void fields(FieldList& list);
};

// {"output_dir", "layers", "parameters", "copied": tensors taken over, "fresh": names that start random}.
Json extract(const ExtractConfig& config);

}  // namespace retort::recipe
