#include "retort/recipe/teacher_targets.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/base/system.h"
#include "retort/recipe/teacher_cache.h"
#include "retort/recipe/training_run.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

namespace {

// Whether a run looks at rows more than once.
bool repeats_rows(const train::TrainingConfig& training, int64_t rows) {
  const double per_step = static_cast<double>(source_options(training).sequences_per_step());
  const double sequences = training.max_steps > 0 ? static_cast<double>(training.max_steps) * per_step
                                                  : training.num_train_epochs * static_cast<double>(rows);
  return sequences > static_cast<double>(rows);
}

// With auto, a cache takes no more of a user's disk.
constexpr int64_t kShareOfFreeRoom = 10;

bool is_worth_keeping(const fs::path& folder, const data::RowSet& rows, const TeacherOutputs& outputs,
                      const train::TrainingConfig& training) {
  if (!repeats_rows(training, rows.row_count())) return false;
  make_folder(folder);
  const std::optional<int64_t> available = maybe_free_bytes(folder);
  const int64_t bytes = teacher_cache_bytes(rows, outputs);
  if (!available || bytes <= *available / kShareOfFreeRoom) return true;
  log_info("the teacher's outputs would take {} MB and are computed in every step; --teacher_cache DIR keeps them",
           bytes >> 20);
  return false;
}

// Null where nothing is to be kept. The main process makes it for the others.
std::shared_ptr<const TeacherCache> open_cache(
    const Teacher& teacher, const data::RowSet& rows, const TeacherOutputs& outputs,
    const train::TrainingConfig& training, const std::function<void()>& before_making = [] {}) {
  const std::string& where = teacher.config().teacher_cache;
  if (where == "off" || teacher.config().teacher_dropout) {
    before_making();
    return nullptr;
  }
  const bool is_automatic = where == "auto";
  const fs::path folder = is_automatic ? user_cache_folder() / "teacher" : fs::path(where);
  const std::string key = teacher_cache_key(teacher.model(), rows, outputs);
  const bool is_kept = train::process_group().main_first([&] {
    if (is_automatic && !TeacherCache::exists(folder, key, outputs) &&
        !is_worth_keeping(folder, rows, outputs, training))
      return false;
    TeacherCache::check(folder, key, rows, outputs);
    return true;
  });
  before_making();
  return train::process_group().main_first([&]() -> std::shared_ptr<const TeacherCache> {
    if (!is_kept) return nullptr;
    return std::make_shared<const TeacherCache>(folder, key, rows, outputs, training.micro_batch_tokens());
  });
}

bool gives_logits_per_token(model::Head head) {
  return head == model::Head::kQuestionAnswering || head == model::Head::kTokenClassification;
}

// How the chosen states of a token lie side by side in a cache: hidden states, then for each attention layer queries
// and keys (where scores are learned) and the context.
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

  // [T, width()] from an output of these options.
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

TeacherTargets logit_targets(const Teacher& teacher, const data::RowSet& rows, const train::TrainingConfig& training,
                             const std::function<void()>& report) {
  const bool is_per_token = gives_logits_per_token(teacher.model().head());
  const TeacherOutputs outputs{
      .kind = is_per_token ? "token-logits" : "row-logits",
      .width = teacher.model().head() == model::Head::kQuestionAnswering
                   ? 2
                   : static_cast<int64_t>(teacher.model().config().labels.size()),
      .per_token = is_per_token,
      .precision = training.precision_kind(),
      .compute = [&teacher](const data::Batch& batch) { return teacher.forward(batch, {}).logits; }};
  const auto cache = open_cache(teacher, rows, outputs, training, report);
  if (cache == nullptr) return [&teacher](const data::Batch& batch, auto keys) { return teacher.forward(batch, keys); };
  return [cache](const data::Batch& batch, auto) {
    model::ModelOutput output;
    output.logits = cache->gather(batch).to(at::kFloat);
    return output;
  };
}

TeacherTargets state_targets(const Teacher& teacher, const StateSelection& selection, const data::RowSet& rows,
                             const train::TrainingConfig& training) {
  const StateLayout layout(teacher.model().config(), selection);
  const TeacherOutputs outputs{.kind = "states",
                               .detail = layout.description(),
                               .width = layout.width(),
                               .precision = training.precision_kind(),
                               .compute = [&teacher, layout](const data::Batch& batch) {
                                 return layout.pack(teacher.forward(batch, {}, layout.options()));
                               }};
  const auto cache = open_cache(teacher, rows, outputs, training);
  if (cache == nullptr)
    return [&teacher, options = layout.options()](const data::Batch& batch, auto keys) {
      return teacher.forward(batch, keys, options);
    };
  return [cache, layout](const data::Batch& batch, auto) { return layout.unpack(cache->gather(batch)); };
}

}  // namespace retort::recipe
