// Each field is named once, in the two lists below; writing and reading visit the same lists.
#include "retort/train/trainer_state.h"

#include <limits>

#include "retort/base/error.h"
#include "retort/train/nonfinite_json.h"

namespace retort::train {
namespace {

constexpr const char* kCallbacks = "stateful_callbacks";
constexpr const char* kResume = "RetortResume";

template <typename State, typename Visit>
void visit_trainer_fields(State& state, const Visit& visit) {
  visit("best_global_step", state.best_global_step);
  visit("best_metric", state.best_metric);
  visit("best_model_checkpoint", state.best_model_checkpoint);
  visit("epoch", state.epoch);
  visit("eval_steps", state.eval_steps);
  visit("global_step", state.global_step);
  visit("log_history", state.log_history);
  visit("logging_steps", state.logging_steps);
  visit("max_steps", state.max_steps);
  visit("num_input_tokens_seen", state.resume.tokens_seen);
  visit("num_train_epochs", state.num_train_epochs);
  visit("save_steps", state.save_steps);
  visit("total_flos", state.total_flos);
  visit("train_batch_size", state.train_batch_size);
}

template <typename State, typename Visit>
void visit_resume_fields(State& state, const Visit& visit) {
  visit("data_epoch", state.data_epoch);
  visit("data_sequence", state.data_sequence);
  visit("sequences_per_epoch", state.sequences_per_epoch);
  visit("data_hash", state.data_hash);
  visit("sequences_per_step", state.sequences_per_step);
  visit("sequences_seen", state.sequences_seen);
  visit("tokens_seen", state.tokens_seen);
  visit("seed", state.seed);
  visit("skipped_steps", state.skipped_steps);
  visit("loss_sum", state.loss_sum);
  visit("loss_count", state.loss_count);
  visit("part_sums", state.component_sums);
  visit("part_steps", state.component_steps);
  visit("train_seconds", state.train_seconds);
  visit("evaluation_is_due", state.evaluation_is_due);
  visit("micro_batch_tokens", state.micro_batch_tokens);
  visit("replaced_micro_batch_tokens", state.replaced_micro_batch_tokens);
  visit("graph_buckets", state.graph_buckets);
  visit("loss_scale", state.loss_scale);
  visit("loss_scale_steps", state.loss_scale_steps);
}

struct Writer {
  Json& target;

  void operator()(const char* name, double value) const { target[name] = with_named_nonfinite(value); }
  void operator()(const char* name, int64_t value) const { target[name] = value; }
  void operator()(const char* name, bool value) const { target[name] = value; }
  void operator()(const char* name, const std::string& value) const {
    target[name] = value.empty() ? Json() : Json(value);
  }
  void operator()(const char* name, const std::map<std::string, double>& values) const {
    target[name] = with_named_nonfinite(Json(values));
  }
  void operator()(const char* name, const std::vector<Json>& values) const {
    target[name] = with_named_nonfinite(Json(values));
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) const {
    if (value) {
      (*this)(name, *value);
    } else {
      target[name] = nullptr;
    }
  }
};

struct Reader {
  const Json& source;
  const std::string& subject;

  [[noreturn]] void refuse(const char* name, const char* wanted) const {
    const std::string found = source.contains(name) ? source.at(name).dump().substr(0, 60) : "missing";
    throw UserError("`{}` in `{}` must be {}, but is {}; resume from another checkpoint", name, subject, wanted, found);
  }
  const Json& at(const char* name, const char* wanted) const {
    if (!source.contains(name)) refuse(name, wanted);
    return source.at(name);
  }
  void operator()(const char* name, double& value) const {
    const auto number = maybe_number(at(name, "a number"));
    if (!number) refuse(name, "a number");
    value = *number;
  }
  void operator()(const char* name, int64_t& value) const {
    const Json& found = at(name, "a whole number");
    const bool too_large = found.is_number_unsigned() && std::cmp_greater(found.get<uint64_t>(), INT64_MAX);
    if (!found.is_number_integer() || too_large) refuse(name, "a whole number");
    value = found.get<int64_t>();
  }
  void operator()(const char* name, bool& value) const {
    const Json& found = at(name, "true or false");
    if (!found.is_boolean()) refuse(name, "true or false");
    value = found.get<bool>();
  }
  void operator()(const char* name, std::string& value) const {
    const Json& found = at(name, "text or null");
    if (!found.is_string() && !found.is_null()) refuse(name, "text or null");
    value = found.is_null() ? "" : found.get<std::string>();
  }
  void operator()(const char* name, std::map<std::string, double>& values) const {
    const Json& found = at(name, "numbers by name");
    if (!found.is_object()) refuse(name, "numbers by name");
    values.clear();
    for (const auto& [key, value] : found.items()) {
      const auto number = maybe_number(value);
      if (!number) refuse(name, "numbers by name");
      values[key] = *number;
    }
  }
  void operator()(const char* name, std::vector<Json>& values) const {
    const Json& found = at(name, "a list");
    if (!found.is_array()) refuse(name, "a list");
    values.assign(found.begin(), found.end());
  }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) const {
    if (at(name, "a number or null").is_null()) {
      value.reset();
    } else {
      (*this)(name, value.emplace());
    }
  }
};

void check_ranges(const TrainerState& state, const std::string& subject) {
  const ResumeState& resume = state.resume;
  const auto check = [&](const char* name, int64_t value, int64_t largest) {
    if (value >= 0 && value <= largest) return;
    throw UserError("`{}` in `{}` must be 0 to {}, but is {}; resume from another checkpoint", name, subject, largest,
                    value);
  };
  constexpr int64_t kMost = int64_t{1} << 62;
  check("global_step", state.global_step, kMost);
  check("best_global_step", state.best_global_step.value_or(0), kMost);
  check("sequences_per_epoch", resume.sequences_per_epoch, kMost);
  check("data_epoch", resume.data_epoch, kMost);
  check("data_sequence", resume.data_sequence, resume.sequences_per_epoch);
  check("micro_batch_tokens", resume.micro_batch_tokens, std::numeric_limits<int32_t>::max());
  for (const auto& [name, value] : {std::pair("sequences_seen", resume.sequences_seen),
                                    {"tokens_seen", resume.tokens_seen},
                                    {"skipped_steps", resume.skipped_steps},
                                    {"loss_count", resume.loss_count},
                                    {"replaced_micro_batch_tokens", resume.replaced_micro_batch_tokens},
                                    {"loss_scale_steps", resume.loss_scale_steps},
                                    {"part_steps", resume.component_steps}})
    check(name, value, kMost);
}

}  // namespace

Json TrainerState::to_json() const {
  Json values = Json::object();
  visit_trainer_fields(*this, Writer{values});
  for (const char* flag : {"is_local_process_zero", "is_world_process_zero"}) values[flag] = true;
  values["is_hyper_param_search"] = false;
  for (const char* absent : {"trial_name", "trial_params"}) values[absent] = nullptr;
  Json attributes = Json::object();
  visit_resume_fields(resume, Writer{attributes});
  values[kCallbacks][kResume] = {{"args", Json::object()}, {"attributes", attributes}};
  return values;
}

TrainerState TrainerState::from_json(const Json& values, const std::string& subject) {
  TrainerState state;
  visit_trainer_fields(state, Reader{values, subject});
  const Json::json_pointer place(fmt::format("/{}/{}/attributes", kCallbacks, kResume));
  if (!values.contains(place) || !values.at(place).is_object()) {
    throw UserError(
        "`{}` in `{}` must be there for an exact resume, but is missing (the checkpoint of another program?); give the "
        "folder as --model to start from its weights",
        kResume, subject);
  }
  Json attributes{{"data_hash", nullptr},           {"evaluation_is_due", false},
                  {"micro_batch_tokens", 0},        {"replaced_micro_batch_tokens", 0},
                  {"graph_buckets", Json::array()}, {"loss_scale", 0.0},
                  {"loss_scale_steps", 0}};  // old checkpoints lack these
  attributes.update(values.at(place));
  visit_resume_fields(state.resume, Reader{attributes, subject});
  check_ranges(state, subject);
  return state;
}

void save_trainer_state(const fs::path& checkpoint, const TrainerState& state) {
  write_json_file(checkpoint / kTrainerStateFile, state.to_json());
}

TrainerState load_trainer_state(const fs::path& checkpoint) {
  const fs::path file = checkpoint / kTrainerStateFile;
  return TrainerState::from_json(read_json_file(file), file.string());
}

}  // namespace retort::train
