#include "retort/train/execution_mode.h"

#include "retort/base/log.h"
#include "retort/kernel/engine.h"

namespace retort::train {

ExecutionMode::ExecutionMode(TrainUnit& unit, const TrainingConfig& config, const ProcessGroup& group)
    : unit_(unit),
      config_(config),
      has_several_processes_(group.world_size() > 1),
      is_lazy_(config.mode != "eager" && !kernel::engine().is_fused() && !has_several_processes_) {}

void ExecutionMode::begin(const ResumeState& resume, bool has_loss_scale) {
  if (config_.mode == "eager") return;
  if (kernel::engine().is_fused())
    return log_info("`mode` {}: on the processor an operation has run when its call returns, so this changes no speed",
                    config_.mode);
  if (has_several_processes_)
    log_info("`mode` {}: the losses of several processes are brought together after every step, as in eager mode",
             config_.mode);
  if (config_.mode != "graph") return;
  if (has_loss_scale)
    return log_info("`mode` graph: steps with a loss scale are not recorded; the run goes on as in lazy mode");
  if (unit_.recordable() == nullptr)
    return log_info("`mode` graph: the losses of this command are not recorded; the run goes on as in lazy mode");
  record_in(buckets_from_json(resume.graph_buckets, "the run's state"));
}

void ExecutionMode::record_in(std::vector<GraphShape> buckets) {
  graphs_ = std::make_unique<GraphRunner>(unit_, std::move(buckets), config_.graph_observed);
}

void ExecutionMode::forget_graphs() {
  if (graphs_) record_in({});
}

void ExecutionMode::note_buckets(ResumeState& resume) const {
  if (graphs_) resume.graph_buckets = buckets_to_json(graphs_->buckets()).get<std::vector<Json>>();
}

void ExecutionMode::log_use() const {
  if (!graphs_ || graphs_->use().recorded == 0) return;
  const GraphRunner::Use& use = graphs_->use();
  log_info("graphs: {} of {} micro-batches ran recorded, in {} shapes, with {:.1f} % filler tokens", use.recorded,
           use.recorded + use.unrecorded, graphs_->buckets().size(),
           100.0 * static_cast<double>(use.filler_tokens) / static_cast<double>(use.tokens + use.filler_tokens));
}

}  // namespace retort::train
