#include "retort/distill/teacher_targets.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/base/system.h"
#include "retort/distill/teacher_cache.h"
#include "retort/train/process_group.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/source_options.h"

namespace retort::distill {

namespace {

// Returns whether a run uses rows more than once.
bool repeats_rows(const train::TrainingConfig& training, int64_t rows) {
  const double per_step = static_cast<double>(train::source_options(training).sequences_per_step());
  const double sequences = training.max_steps > 0 ? static_cast<double>(training.max_steps) * per_step
                                                  : training.num_train_epochs * static_cast<double>(rows);
  return sequences > static_cast<double>(rows);
}

// The largest share of the free disk space that `auto` uses.
constexpr int64_t kShareOfFreeRoom = 10;

bool is_worth_keeping(const fs::path& folder, const data::RowSet& rows, const TeacherOutputs& outputs,
                      const train::TrainingConfig& training) {
  if (!repeats_rows(training, rows.row_count())) return false;
  make_folder(folder);
  const std::optional<int64_t> available = maybe_free_bytes(folder);
  const int64_t bytes = teacher_cache_bytes(rows, outputs);
  if (!available || bytes <= *available / kShareOfFreeRoom) return true;
  log_info("the teacher's outputs need {} MB and are computed in every step; --teacher_cache DIR caches them",
           bytes >> 20);
  return false;
}

// Decides where outputs are cached and checks that folder. They are cached where every rank can.
void plan_cache(TargetPlan& plan, const train::TrainingConfig& training) {
  const TeacherConfig& config = plan.teacher.config();
  plan.max_tokens_per_batch = training.micro_batch_tokens();
  if (config.teacher_cache == "off" || config.teacher_dropout) return;
  const bool is_automatic = config.teacher_cache == "auto";
  plan.cache_dir = is_automatic ? user_cache_folder() / "teacher" : fs::path(config.teacher_cache);
  plan.cache_key = teacher_cache_key(plan.teacher.model(), plan.rows, plan.outputs);
  const train::ProcessGroup& group = train::process_group();
  const bool is_cached = group.main_first([&] {
    if (is_automatic && !TeacherCache::exists(plan.cache_dir, plan.cache_key, plan.outputs) &&
        !is_worth_keeping(plan.cache_dir, plan.rows, plan.outputs, training))
      return false;
    TeacherCache::check(plan.cache_dir, plan.cache_key, plan.rows, plan.outputs);
    return true;
  });
  plan.is_cached = group.all_reduce_max(is_cached ? 0 : 1) == 0;
}

bool gives_logits_per_token(model::Head head) {
  return head == model::Head::kQuestionAnswering || head == model::Head::kTokenClassification;
}

// The layout of a token's states in a cache: hidden states, then for each attention layer queries and keys (if scores
// are compared) and the context.
class StateLayout {
 public:
  StateLayout(const model::ModelConfig& config, const StateSelection& selection)
      : config_(config), selection_(selection) {}

  int64_t width() const {
    int64_t total = static_cast<int64_t>(selection_.hidden_layers.size()) * config_.hidden_size;
    for (const int64_t layer : selection_.attention_layers) total += scores_width(layer) + context_width(layer);
    return total;
  }

  std::string description() const {
    return fmt::format("hidden {} attention {} scores {} contexts {}", fmt::join(selection_.hidden_layers, ","),
                       fmt::join(selection_.attention_layers, ","), selection_.has_scores, selection_.has_contexts);
  }

  model::ForwardOptions options() const {
    const bool is_last_alone =
        selection_.hidden_layers.empty() || selection_.hidden_layers == std::vector{config_.num_hidden_layers - 1};
    return {.keep_hidden_states = !is_last_alone, .attention_layers = selection_.attention_layers};
  }

  // Returns [T, width()] from an output of these options.
  at::Tensor pack(const model::ModelOutput& output) const {
    std::vector<at::Tensor> parts;
    for (const int64_t layer : selection_.hidden_layers)
      parts.push_back(options().keep_hidden_states ? output.hidden_states.at(layer + 1) : output.hidden_states.back());
    for (size_t i = 0; i < output.attention.size(); ++i) {
      const int64_t layer = selection_.attention_layers[i];
      if (selection_.has_scores) parts.push_back(output.attention[i].qkv.narrow(1, 0, scores_width(layer)));
      if (selection_.has_contexts) parts.push_back(output.attention[i].context);
    }
    return at::cat(parts, 1);
  }

  model::ModelOutput unpack(const at::Tensor& packed) const {
    model::ModelOutput output;
    output.hidden_states.resize(config_.num_hidden_layers + 1);
    int64_t column = 0;
    const auto next = [&](int64_t width) { return packed.narrow(1, std::exchange(column, column + width), width); };
    for (const int64_t layer : selection_.hidden_layers)
      output.hidden_states[layer + 1] = next(config_.hidden_size).contiguous();
    for (const int64_t layer : selection_.attention_layers) {
      model::AttentionStates& states = output.attention.emplace_back();
      if (const int64_t width = scores_width(layer); width > 0) {
        states.qkv = at::empty({packed.size(0), width / 2 * 3}, packed.options());
        states.qkv.narrow(1, 0, width).copy_(next(width));
      }
      if (const int64_t width = context_width(layer); width > 0) states.context = next(width).contiguous();
    }
    return output;
  }

 private:
  int64_t heads_width(int64_t layer) const { return config_.heads_of_layer(layer) * config_.head_width(); }
  int64_t scores_width(int64_t layer) const { return selection_.has_scores ? 2 * heads_width(layer) : 0; }
  int64_t context_width(int64_t layer) const { return selection_.has_contexts ? heads_width(layer) : 0; }

  const model::ModelConfig& config_;
  StateSelection selection_;
};

}  // namespace

TargetPlan plan_logit_targets(const Teacher& teacher, const data::RowSet& rows, const train::TrainingConfig& training) {
  const bool is_per_token = gives_logits_per_token(teacher.model().head());
  TargetPlan plan{
      .teacher = teacher,
      .rows = rows,
      .outputs = {.kind = is_per_token ? "token-logits" : "row-logits",
                  .width = teacher.model().head() == model::Head::kQuestionAnswering
                               ? 2
                               : static_cast<int64_t>(teacher.model().config().labels.size()),
                  .per_token = is_per_token,
                  .precision = train::precision_of(training),
                  .compute = [&teacher](const data::Batch& batch) { return teacher.forward(batch, {}).logits; }},
      .compute = [&teacher](const data::Batch& batch, auto keys) { return teacher.forward(batch, keys); },
      .unpack =
          [](const at::Tensor& values) {
            model::ModelOutput output;
            output.logits = values.to(at::kFloat);
            return output;
          }};
  plan_cache(plan, training);
  return plan;
}

TargetPlan plan_state_targets(const Teacher& teacher, const StateSelection& selection, const data::RowSet& rows,
                              const train::TrainingConfig& training) {
  const StateLayout layout(teacher.model().config(), selection);
  TargetPlan plan{.teacher = teacher,
                  .rows = rows,
                  .outputs = {.kind = "states",
                              .detail = layout.description(),
                              .width = layout.width(),
                              .precision = train::precision_of(training),
                              .compute =
                                  [&teacher, layout](const data::Batch& batch) {
                                    return layout.pack(teacher.forward(batch, {}, layout.options()));
                                  }},
                  .compute = [&teacher, options = layout.options()](
                                 const data::Batch& batch, auto keys) { return teacher.forward(batch, keys, options); },
                  .unpack = [layout](const at::Tensor& values) { return layout.unpack(values); }};
  plan_cache(plan, training);
  return plan;
}

TeacherTargets make_targets(const TargetPlan& plan) {
  if (!plan.is_cached) return plan.compute;
  const auto cache = std::make_shared<const TeacherCache>(plan.cache_dir, plan.cache_key, plan.rows, plan.outputs,
                                                          plan.max_tokens_per_batch);
  return [cache, unpack = plan.unpack](const data::Batch& batch, auto) { return unpack(cache->gather(batch)); };
}

}  // namespace retort::distill
