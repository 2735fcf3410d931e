// Makes a student from a teacher: some of its layers, its embeddings and its head, as a model folder.
//   retort extract --model TEACHER --layers 0,2,5 --output_dir STUDENT [--heads_per_layer 8 --pruning_seed 42]
// With fewer heads, a random choice is pruned in each layer separately and recorded in config.json (`pruned_heads`).
// BERT to BERT keeps everything else. BERT to DistilBERT drops token types and pooler; the published DistilBERT was
// initialized so from layers 0,2,4,7,9,11 (Sanh et al. 2019, section 2).
#pragma once

#include "retort/pretrained/model_source.h"

namespace retort::recipe {

struct ExtractConfig {
  pretrained::ModelSource model;
  std::vector<int64_t> layers{0, 2, 4, 7, 9, 11};
  std::string student_type;  // empty: the teacher's
  bool vocab_transform = false;
  int64_t fresh_layers = 0;
  int64_t heads_per_layer = 0, pruning_seed = 42;
  int64_t seed = 42;
  std::string output_dir;
  bool overwrite_output_dir = false;

  void fields(FieldList& list) {
    model.fields(list);
    list.group("Student");
    list.add("layers", layers, {.help = "Teacher layers, from 0, in the order of the student's layers."});
    list.add("student_type", student_type,
             {.help = "Family of the student; empty: the teacher's.", .choices = {"", "bert", "distilbert"}});
    list.add("vocab_transform", vocab_transform,
             {.help = "BERT to DistilBERT: also copy the transform of the masked-LM head."});
    list.add("fresh_layers", fresh_layers,
             {.help = "Layers with random weights after the copied ones.", .unit = "layers", .min = 0, .max = 1000});
    list.add("heads_per_layer", heads_per_layer,
             {.help = "Attention heads that each layer keeps, chosen at random; 0: all.", .unit = "heads", .min = 0});
    list.add("pruning_seed", pruning_seed, {.help = "Seed of that choice, for Python's random generator.", .min = 0});
    list.add("seed", seed, {.help = "Seed of random weights.", .min = 0});
    list.add("initializer_range", model.initializer_range,
             {.help = "Standard deviation of random weights; -1: the value in config.json.", .min = -1, .max = 1});
    list.group("Output");
    list.add("output_dir", output_dir, {.help = "Folder for the student.", .required = true});
    list.add("overwrite_output_dir", overwrite_output_dir, {.help = "Replace the files of an existing model."});
  }
};

// Returns {"output_dir", "layers", "parameters", "copied": number of copied tensors, "fresh": names with random
// weights}.
Json extract(const ExtractConfig& config);

}  // namespace retort::recipe
