#include "retort/recipe/extract.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/model/names.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {

namespace {

using model::Family;
using NameMap = std::map<std::string, std::string>;  // the student's name -> the teacher's

void add_pair(NameMap& names, const std::string& student, const std::string& teacher) {
  for (const char* part : {".weight", ".bias"}) names[student + part] = teacher + part;
}

// Where every parameter of the student comes from. Names that do not appear have no counterpart.
NameMap map_names(const model::ModelConfig& student, const model::ModelConfig& teacher, bool has_head,
                  const ExtractConfig& config) {
  const auto prefix = [&](Family family) { return has_head ? model::base_prefix(family) : ""; };
  NameMap names;
  const auto own = model::embedding_names(student.family, prefix(student.family)),
             other = model::embedding_names(teacher.family, prefix(teacher.family));
  names[own.word] = other.word, names[own.position] = other.position;
  if (!own.segment.empty()) names[own.segment] = other.segment;
  add_pair(names, own.norm, other.norm);
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
  student.num_hidden_layers = static_cast<int64_t>(config.layers.size());
  if (student.family == Family::kDistilBert) student.type_vocab_size = 0;
  student.pruned_heads.clear();
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const auto pruned = teacher.pruned_heads.find(config.layers[i]);
    if (pruned != teacher.pruned_heads.end()) student.pruned_heads[static_cast<int64_t>(i)] = pruned->second;
  }
  return student;
}

// A DistilBERT has no body-with-next-sentence form; its masked-LM head takes that place.
model::Head student_head(Family family, model::Head teacher) {
  return family == Family::kDistilBert && teacher == model::Head::kPreTraining ? model::Head::kMaskedLm : teacher;
}

}  // namespace

void ExtractConfig::fields(FieldList& list) {
  model.fields(list);
  list.group("Student");
  list.add("layers", layers, {.help = "Layers of the teacher, in the order that the student gets them; from 0."});
  list.add("student_type", student_type,
           {.help = "Family of the student; empty: the teacher's.", .choices = {"", "bert", "distilbert"}});
  list.add("vocab_transform", vocab_transform,
           {.help = "BERT to DistilBERT: also take the transform of the masked-LM head."});
  list.group("Output");
  list.add("output_dir", output_dir,
           {.help = "Folder for the student.", .aliases = {"dump_checkpoint"}, .required = true});
  list.add("overwrite_output_dir", overwrite_output_dir, {.help = "Replace the files of a model that is there."});
}

Json extract(const ExtractConfig& config) {
  if (!config.overwrite_output_dir && fs::exists(fs::path(config.output_dir) / "config.json"))
    throw UserError(
        "`{}` must hold no model yet, but does; choose another --output_dir, or --overwrite_output_dir to replace it",
        config.output_dir);
  const LoadedModel teacher = load_model(config.model, {.may_start_head = true});
  const model::Model& from = *teacher.model;
  const model::ModelConfig shape = student_config(config, from.config());
  model::Model student(shape, student_head(shape.family, from.head()), {});
  const NameMap names = map_names(shape, from.config(), from.head() != model::Head::kNone, config);
  kernel::ParameterStore& parameters = student.parameters();
  std::vector<std::string> fresh;
  int64_t copied = 0;
  for (const kernel::NamedSlice& slice : parameters.slices()) {
    const auto mapped = names.find(slice.name);
    const kernel::NamedSlice* source = from.parameters().find(mapped != names.end() ? mapped->second : slice.name);
    if (source == nullptr || source->shape != slice.shape) {
      parameters.initialize(slice, 42, shape.initializer_range);
      fresh.push_back(slice.name);
      continue;
    }
    parameters.tensor(slice).copy_(from.parameters().tensor(*source));
    ++copied;
  }
  if (!fresh.empty()) log_info("start from random values: {}", fmt::join(fresh, ", "));
  fs::create_directories(config.output_dir);
  save_model_folder(config.output_dir, student, *teacher.tokenizer);
  return {{"output_dir", config.output_dir},
          {"layers", config.layers},
          {"parameters", parameters.parameter_count()},
          {"copied", copied},
          {"fresh", fresh}};
}

}  // namespace retort::recipe
