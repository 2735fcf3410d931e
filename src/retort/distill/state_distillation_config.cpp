#include "retort/distill/state_distillation_config.h"

#include <algorithm>
#include <set>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::distill {

namespace {

// In the published programs every word but last_layer is the uniform mapping.
void read_mapping(Json& config, const std::string& path) {
  const auto mapping = config.find("student_teacher_layer_mapping");
  if (mapping == config.end() || !mapping->is_string() || *mapping == "last_layer" || *mapping == "uniform") return;
  log_warning("`{}`: `student_teacher_layer_mapping` is `{}`, which is read as uniform, as in the published programs",
              path, mapping->get<std::string>());
  *mapping = "uniform";
}

// Returns the object "distillation_config" of a published file.
Json read_distill_config(const std::string& path) {
  Json file = read_json_file(path, JsonComments::kSkip);
  if (!file.is_object() || !file.contains("distillation_config") || !file["distillation_config"].is_object())
    throw UserError("`{}` must hold an object `distillation_config`, but does not", path);
  for (const auto& [key, value] : file.items()) {
    if (key != "distillation" && key != "distillation_config")
      throw UserError("`{}`: keys must be `distillation` and `distillation_config`, but one is `{}`", path, key);
    if (key == "distillation" && value != Json(true))
      throw UserError("`{}`: `distillation` must be true, but is {}", path, value.dump());
  }
  read_mapping(file["distillation_config"], path);
  return file["distillation_config"];
}

const std::vector<std::string> kScoreDistances{"kld", "mse", "cosine"}, kRowDistances{"cosine", "mse"};

void add_weight(FieldList& list, const char* name, double& weight) {
  list.add(name, weight, {.help = "Weight of this loss in the sum.", .min = 0, .max = 1e6});
}

void check_layers(const char* flag, const char* whose, const std::vector<int64_t>& layers, int64_t count) {
  for (const int64_t layer : layers)
    if (layer < 0 || layer >= count)
      throw UserError("`{}` must be 0 to {}, the layers of the {}, but one is {}", flag, count - 1, whose, layer);
}

}  // namespace

void StateDistillationConfig::fields(FieldList& list) {
  list.group("States");
  list.add("distill_config", distill_config,
           {.help = "JSON file {\"distillation\": true, \"distillation_config\": {...}} with these flags as keys.",
            .read_group = read_distill_config});
  list.add("use_attention_scores", use_attention_scores,
           {.help = "Match the scaled attention scores q k^T before the softmax."});
  list.add("use_hidden_states", use_hidden_states, {.help = "Match the hidden states of layers."});
  list.add("use_value_states", use_value_states,
           {.help = "Match the relations between tokens in the attention context."});
  list.add("use_embedding_states", use_embedding_states, {.help = "Match the output of the embeddings."});
  list.add("use_pred_states", use_pred_states,
           {.help = "Match only the predictions, for `retort distill prediction`."});
  list.add("attention_loss", attention_loss,
           {.help = "Distance of the scores: KL divergence of their softmax, squared error, or 1 - cos of rows.",
            .choices = kScoreDistances});
  list.add("hidden_state_loss", hidden_state_loss,
           {.help = "Distance of hidden states: 1 - cos of rows, or squared error.", .choices = kRowDistances});
  list.add("embedding_state_loss", embedding_state_loss,
           {.help = "The same for embeddings.", .choices = kRowDistances});
  list.add("value_state_loss", value_state_loss,
           {.help = "kld compares relations x x^T of the context; mse and cosine the context itself, for equal widths.",
            .choices = kScoreDistances});
  list.add("student_teacher_layer_mapping", student_teacher_layer_mapping,
           {.help = "last_layer: the last layers of both; uniform: every k-th layer of the teacher.",
            .choices = {"last_layer", "uniform"}});
  list.add("student_layers", student_layers,
           {.help = "Instead of a mapping: student layers, from 0, paired with teacher_layers."});
  list.add("teacher_layers", teacher_layers, {.help = "Teacher layers, paired with student_layers."});
  add_weight(list, "attention_weight", attention_weight);
  add_weight(list, "hidden_state_weight", hidden_state_weight);
  add_weight(list, "embedding_state_weight", embedding_state_weight);
  add_weight(list, "value_state_weight", value_state_weight);
  list.accept({"use_pooler", true, "the task decides whether the student has a pooler"});
  list.add("average_loss", average_loss, {.help = "Divide each loss by the number of its layers."});
}

void StateDistillationConfig::check_backbone() const {
  if (use_pred_states)
    throw UserError(
        "`use_pred_states` must be false for internal states, but is true; "
        "`retort distill prediction` matches predictions");
  const double weight = (use_attention_scores ? attention_weight : 0) + (use_hidden_states ? hidden_state_weight : 0) +
                        (use_embedding_states ? embedding_state_weight : 0) +
                        (use_value_states ? value_state_weight : 0);
  if (!(weight > 0))
    throw UserError(
        "`use_attention_scores`, `use_hidden_states`, `use_embedding_states` or `use_value_states` must be true with a "
        "weight above 0, but none is; enable one");
}

void StateDistillationConfig::check_prediction() const {
  if (!use_pred_states)
    throw UserError(
        "`use_pred_states` must be true for predictions, but is false; `retort distill backbone` "
        "matches internal states");
  for (const auto& [flag, is_used] : {std::pair("use_attention_scores", use_attention_scores),
                                      {"use_hidden_states", use_hidden_states},
                                      {"use_value_states", use_value_states},
                                      {"use_embedding_states", use_embedding_states}})
    if (is_used)
      throw UserError(
          "`{}` must be false for predictions, but is true; `retort distill backbone` "
          "matches internal states",
          flag);
}

std::vector<LayerPair> map_layers(const StateDistillationConfig& config, int64_t student_layers,
                                  int64_t teacher_layers) {
  std::vector<LayerPair> pairs;
  const std::vector<int64_t>&student = config.student_layers, &teacher = config.teacher_layers;
  if (!student.empty() || !teacher.empty()) {
    if (student.size() != teacher.size())
      throw UserError("`student_layers` and `teacher_layers` must have equal numbers of layers, but have {} and {}",
                      student.size(), teacher.size());
    check_layers("student_layers", "student", student, student_layers);
    check_layers("teacher_layers", "teacher", teacher, teacher_layers);
    if (std::set<int64_t>(student.begin(), student.end()).size() != student.size())
      throw UserError("`student_layers` must contain each layer once, but one is repeated");
    for (size_t i = 0; i < student.size(); ++i) pairs.push_back({student[i], teacher[i]});
    return pairs;
  }
  if (config.student_teacher_layer_mapping == "last_layer") return {{student_layers - 1, teacher_layers - 1}};
  if (teacher_layers % student_layers != 0)
    throw UserError(
        "`teacher` must have a multiple of the student's {} layers for a uniform mapping, but has {}; choose the pairs "
        "with --student_layers and --teacher_layers",
        student_layers, teacher_layers);
  const int64_t step = teacher_layers / student_layers;
  for (int64_t i = 0; i < student_layers; ++i) pairs.push_back({i, i * step + step - 1});
  return pairs;
}

}  // namespace retort::distill
