#include "retort/recipe/extract.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/checkpoint/run_folder.h"
#include "retort/model/names.h"
#include "retort/pretrained/input_files.h"
#include "retort/pretrained/model_folder.h"
#include "retort/pretrained/projection_file.h"
#include "retort/pretrained/student_heads.h"

namespace retort::recipe {

namespace {

using model::Family;
using NameMap = std::map<std::string, std::string>;  // the student's name -> the teacher's

void add_pair(NameMap& names, const std::string& student, const std::string& teacher) {
  for (const char* part : {".weight", ".bias"}) names[student + part] = teacher + part;
}

// Returns the teacher's name of each parameter of the student. Parameters without a counterpart are missing.
NameMap map_names(const model::ModelConfig& student, const model::ModelConfig& teacher, bool has_head,
                  const ExtractConfig& config) {
  const auto prefix = [&](Family family) { return has_head ? model::base_prefix(family) : ""; };
  NameMap names;
  const auto student_names = model::embedding_names(student.family, prefix(student.family)),
             teacher_names = model::embedding_names(teacher.family, prefix(teacher.family));
  names[student_names.word] = teacher_names.word, names[student_names.position] = teacher_names.position;
  if (!student_names.segment.empty()) names[student_names.segment] = teacher_names.segment;
  add_pair(names, student_names.norm, teacher_names.norm);
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const auto to = model::layer_names(student.family, prefix(student.family), static_cast<int64_t>(i)),
               from = model::layer_names(teacher.family, prefix(teacher.family), config.layers[i]);
    for (const auto part :
         {&model::LayerNames::query, &model::LayerNames::key, &model::LayerNames::value,
          &model::LayerNames::attention_output, &model::LayerNames::attention_norm, &model::LayerNames::intermediate,
          &model::LayerNames::output, &model::LayerNames::output_norm})
      add_pair(names, to.*part, from.*part);
  }
  if (student.family == teacher.family) return names;  // heads have the same names
  names["vocab_projector.bias"] = "cls.predictions.bias";
  if (config.vocab_transform) {
    add_pair(names, "vocab_transform", "cls.predictions.transform.dense");
    add_pair(names, "vocab_layer_norm", "cls.predictions.transform.LayerNorm");
  }
  return names;
}

Family student_family(const ExtractConfig& config, Family teacher) {
  if (config.student_type.empty()) return teacher;
  const Family family = config.student_type == "bert" ? Family::kBert : Family::kDistilBert;
  if (family == Family::kBert && teacher == Family::kDistilBert)
    throw UserError(
        "`student_type` must be distilbert for a DistilBERT teacher, which has no token types, but is bert");
  return family;
}

model::ModelConfig student_config(const ExtractConfig& config, const model::ModelConfig& teacher) {
  if (config.layers.empty()) throw UserError("`layers` must name at least one layer, but is empty");
  for (const int64_t layer : config.layers)
    if (layer < 0 || layer >= teacher.num_hidden_layers)
      throw UserError("`layers` must be 0 to {}, the layers of `{}`, but one is {}", teacher.num_hidden_layers - 1,
                      config.model.model, layer);
  model::ModelConfig student = teacher;
  student.family = student_family(config, teacher.family);
  student.num_hidden_layers = static_cast<int64_t>(config.layers.size()) + config.fresh_layers;
  if (student.family == Family::kDistilBert) student.type_vocab_size = 0;
  student.pruned_heads.clear();
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const auto pruned = teacher.pruned_heads.find(config.layers[i]);
    if (pruned != teacher.pruned_heads.end()) student.pruned_heads[static_cast<int64_t>(i)] = pruned->second;
  }
  if (config.heads_per_layer > 0)
    pretrained::prune_heads(student, config.heads_per_layer, config.pruning_seed, "heads_per_layer");
  return student;
}

// DistilBERT has no encoder with a next-sentence head; its masked-LM head replaces it.
model::Head student_head(Family family, model::Head teacher) {
  return family == Family::kDistilBert && teacher == model::Head::kPreTraining ? model::Head::kMaskedLm : teacher;
}

// Returns the teacher's tensor for `name`; null for random weights. Unmapped tensors outside the layers have equal
// names.
const kernel::NamedSlice* find_source(const NameMap& names, const std::string& name,
                                      const kernel::ParameterStore& teacher) {
  const auto mapped = names.find(name);
  if (mapped != names.end()) return teacher.find(mapped->second);
  return name.find(".layer.") == std::string::npos ? teacher.find(name) : nullptr;
}

// Loads the teacher without a head that the configuration names but the folder lacks, because its random weights would
// look trained in the student.
pretrained::LoadedModel load_teacher(const pretrained::ModelSource& source) {
  pretrained::LoadedModel teacher = pretrained::load_model(source, {.may_initialize_head = true});
  const std::string body = model::base_prefix(teacher.model->config().family);
  const auto is_of_head = [&](const std::string& name) { return !name.starts_with(body); };
  if (teacher.model->head() == model::Head::kNone || std::ranges::none_of(teacher.missing, is_of_head)) return teacher;
  log_warning("`{}` has no trained head, so the student gets none", source.model);
  return pretrained::load_model(source, {.head = model::Head::kNone, .may_initialize_head = true});
}

}  // namespace

Json extract(const ExtractConfig& config) {
  pretrained::check_is_not_read("model", config.model.model, config.output_dir);
  pretrained::check_does_not_overwrite_inputs(config.output_dir, settings_of("extract", config));
  if (config.overwrite_output_dir)
    pretrained::check_does_not_move_inputs(config.output_dir, settings_of("extract", config));
  const pretrained::LoadedModel teacher = load_teacher(config.model);
  const model::Model& from = *teacher.model;
  const model::ModelConfig shape = student_config(config, from.config());
  using checkpoint::RunStart;
  checkpoint::RunFolder folder(
      {.output_dir = config.output_dir, .start = config.overwrite_output_dir ? RunStart::kOverwrite : RunStart::kNew});
  model::Model student(shape, student_head(shape.family, from.head()), {});
  const NameMap names = map_names(shape, from.config(), from.head() != model::Head::kNone, config);
  const std::string prefix = from.head() != model::Head::kNone ? model::base_prefix(shape.family) : "";
  const auto cuts = pretrained::map_head_cuts(shape, from.config(), prefix, config.layers);
  kernel::ParameterStore& parameters = student.parameters();
  std::vector<std::string> fresh;
  int64_t copied = 0;
  for (const kernel::NamedSlice& slice : parameters.slices()) {
    at::Tensor taken;
    if (const auto* source = find_source(names, slice.name, from.parameters()))
      taken = from.parameters().tensor(*source);
    if (const auto cut = cuts.find(slice.name); taken.defined() && cut != cuts.end())
      taken = pretrained::cut_tensor(taken, cut->second);
    if (!taken.defined() || taken.sizes() != at::IntArrayRef(slice.shape)) {
      parameters.initialize(slice, static_cast<uint64_t>(config.seed), shape.initializer_range);
      fresh.push_back(slice.name);
      continue;
    }
    parameters.tensor(slice).copy_(taken);
    ++copied;
  }
  int64_t total_heads = 0;
  for (int64_t layer = 0; layer < shape.num_hidden_layers; ++layer) total_heads += shape.heads_of_layer(layer);
  if (!fresh.empty()) log_info("parameters with random weights: {}", fmt::join(fresh, ", "));
  folder.publish_files([&](const fs::path& path) { pretrained::save_model_folder(path, student, *teacher.tokenizer); },
                       4 * parameters.parameter_count() + (1 << 20));
  pretrained::remove_old_projection(folder.path(), student);
  return {{"output_dir", config.output_dir},
          {"layers", config.layers},
          {"pruned_heads", shape.num_hidden_layers * shape.num_attention_heads - total_heads},
          {"parameters", parameters.parameter_count()},
          {"copied", copied},
          {"fresh", fresh}};
}

}  // namespace retort::recipe
