#include "retort/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/kernel/zeros_on_demand.h"
#include "retort/train/continuation.h"
#include "retort/train/divergence.h"
#include "retort/train/optimizer_settings.h"
#include "retort/train/same_settings.h"
#include "retort/train/sharded_moments.h"
#include "retort/train/step_loss.h"

namespace retort::train {

Json TrainingSummary::to_json() const {
  Json json{{"train_steps", steps}, {"train_seconds", train_seconds}, {"train_loss", loss}};
  json["train_sequences_per_second"] = train_seconds > 0 ? static_cast<double>(sequences) / train_seconds : 0.0;
  json["train_tokens_per_second"] = train_seconds > 0 ? static_cast<double>(tokens) / train_seconds : 0.0;
  json["overhead_share"] = overhead_share;
  json["skipped_steps"] = skipped_steps;
  return json;
}

namespace {

constexpr const char* kGradientNorm = "gradient_norm";  // in a readout

ReducerOptions reducer_options(const TrainingConfig& config) {
  return {.bucket_bytes = config.bucket_cap_mb << 20,
          .after_backward = config.allreduce_post_accumulation,
          .in_bf16 = config.allreduce_post_accumulation_fp16};
}

}  // namespace

Trainer::Trainer(TrainUnit& unit, data::Source& source, const TrainingConfig& config, checkpoint::RunFolder* run)
    : group_(process_group()),
      unit_(unit),
      source_(source),
      config_(config),
      optimizer_(unit.parameters(), optimizer_options(config),
                 config.shard_optimizer_state ? shards_over(group_) : optim::Shards()),
      reducer_(group_, unit.parameters(), reducer_options(config)),
      memory_(group_, source, config_),
      schedule_(make_schedule(config, count_total_steps())),
      report_(config_, run == nullptr ? fs::path() : run->path(), clock_),
      checkpoints_(run, unit, optimizer_, config.save_steps),
      mode_(unit, config_, group_) {
  if (unit.parameters().precision() == kernel::Precision::kFp16)
    loss_scale_ = LossScale(config.loss_scale, config.init_loss_scale);
  if (schedule_.total_steps < 1)
    throw UserError("`num_train_epochs` must give at least one step, but is {}", config.num_train_epochs);
  state_.max_steps = schedule_.total_steps;
  state_.num_train_epochs = static_cast<int64_t>(std::ceil(config.num_train_epochs));
  state_.train_batch_size = config.per_device_train_batch_size;
  state_.logging_steps = config.logging_steps, state_.eval_steps = config.eval_steps,
  state_.save_steps = config.save_steps;
  state_.resume.seed = config.seed;
  state_.resume.sequences_per_epoch = source.sequences_per_epoch();
  state_.resume.sequences_per_step = source.sequences_per_step();
  if (run != nullptr) state_.resume.data_hash = source.content_hash();
}

// The steps done, and what is left of all epochs from the source's position, in steps of its size.
int64_t Trainer::count_total_steps() const {
  if (config_.max_steps > 0) return config_.max_steps;
  const int64_t per_epoch = source_.steps_per_epoch();
  const auto wanted = static_cast<int64_t>(std::ceil(config_.num_train_epochs * static_cast<double>(per_epoch)));
  return state_.global_step + std::max<int64_t>(0, wanted - source_.steps_before(source_.position()));
}

bool Trainer::resume() {
  auto checkpoint = checkpoints_.maybe_load_newest();
  if (!checkpoint) return false;
  has_loaded_moments_ = true;
  const ResumeState& before = checkpoint->state.resume;
  const int64_t total_before = checkpoint->state.max_steps, now = source_.sequences_per_step();
  check_continues(before, config_, source_, state_.resume.data_hash);
  if (before.sequences_per_step != now)
    log_warning("the run is continued with {} sequences in a step, but was begun with {}", now,
                before.sequences_per_step);
  continue_from(std::move(checkpoint->state));
  if (total_before != schedule_.total_steps)
    log_warning(
        "the run is continued with {} steps in all, but was begun with {}: the learning rate follows the new number",
        schedule_.total_steps, total_before);
  log_info("continuing from `{}` at step {} of {}", checkpoint->path.string(), state_.global_step,
           schedule_.total_steps);
  return true;
}

void Trainer::start_from(const fs::path& checkpoint) {
  checkpoints_.load_weights_and_moments(checkpoint);
  has_loaded_moments_ = true;
  log_info("starting from the weights and moments of `{}`", checkpoint.string());
}

void Trainer::start_with(const std::function<void(optim::Optimizer&)>& fill, int64_t step) {
  fill(optimizer_);
  has_loaded_moments_ = true;
  optimizer_.restore(step);
  if (step == 0) return;
  state_.global_step = step;
  const int64_t per_epoch = source_.steps_per_epoch();
  source_.seek({.epoch = step / per_epoch, .sequence = step % per_epoch * source_.sequences_per_step()});
  note_position();
  schedule_ = make_schedule(config_, count_total_steps());
  state_.max_steps = schedule_.total_steps;
  if (step >= schedule_.total_steps)
    throw UserError("`max_steps` must be above {}, the steps of the checkpoint that is continued, but is {}", step,
                    schedule_.total_steps);
}

void Trainer::continue_from(TrainerState state) {
  state_ = std::move(state);
  memory_.take_over(state_.resume);
  state_.resume.sequences_per_step = source_.sequences_per_step();
  source_.seek({.epoch = state_.resume.data_epoch, .sequence = state_.resume.data_sequence});
  schedule_ = make_schedule(config_, count_total_steps());
  state_.max_steps = schedule_.total_steps;
}

// All ranks continue from the state of rank 0.
void Trainer::synchronize_ranks() {
  if (group_.world_size() == 1) return;
  check_same_data(group_, source_);
  group_.broadcast(unit_.parameters().values());
  unit_.parameters().refresh_operands();
  if (group_.all_reduce_max(has_loaded_moments_) > 0) distribute_moments(group_, optimizer_);
  const Json state = Json::parse(
      group_.broadcast(Json({{"state", state_.to_json()}, {"optimizer_steps", optimizer_.step_count()}}).dump()));
  if (group_.is_main()) return;
  continue_from(TrainerState::from_json(state.at("state"), "rank 0"));
  optimizer_.restore(state.at("optimizer_steps"));
}

TrainingSummary Trainer::run() {
  StopSignal stop;
  synchronize_ranks();
  const bool has_smaller_micro_batches = memory_.fit(unit_, unit_.parameters(), estimate_inputs(), state_.resume);
  mode_.begin(state_.resume, loss_scale_.is_used());
  set_up_loss_scale();
  clock_.start(state_.resume.train_seconds);
  report_.open(state_);
  if (has_smaller_micro_batches) report_.add_micro_batch_tokens(state_);
  if (state_.resume.evaluation_is_due) {
    evaluate();
    save();  // with its scores
    stop_if_requested(stop, group_.all_reduce_max(stop.requested()));
  }
  train_steps(stop);
  report_.finish_progress();
  mode_.log_use();
  clock_.stop();
  state_.resume.train_seconds = clock_.train_seconds();
  if (is_paused()) {
    save();
    return summarize();
  }
  make_main_whole();
  if (config_.load_best_model_at_end) load_best();
  check_trained(unit_.parameters(), state_);
  const TrainingSummary summary = summarize();
  report_.add_summary(summary.to_json());
  return summary;
}

EstimateInputs Trainer::estimate_inputs() const {
  return {.shards = optimizer_.is_sharded() ? group_.world_size() : 1, .has_loaded_moments = has_loaded_moments_};
}

void Trainer::set_up_loss_scale() {
  if (!loss_scale_.is_used()) {
    if (config_.loss_scale > 0) log_info("`loss_scale` has no effect: it is for fp16, which this run is not in");
    return;
  }
  ResumeState& resume = state_.resume;
  if (!loss_scale_.is_dynamic()) resume.loss_scale = config_.loss_scale;
  if (!(resume.loss_scale > 0)) resume.loss_scale = config_.init_loss_scale;
  loss_scale_.restore(resume.loss_scale, resume.loss_scale_steps);
}

void Trainer::train_steps(StopSignal& stop) {
  const int64_t last = config_.steps_this_run > 0
                           ? std::min(schedule_.total_steps, state_.global_step + config_.steps_this_run)
                           : schedule_.total_steps;
  while (state_.global_step + std::ssize(issued_) < last) {
    int64_t signal_of_any_rank = 0;  // a signal that comes after this all-reduce is for the next step
    try {
      issue_step();
      if (must_flush() || state_.global_step + std::ssize(issued_) == last) flush();
      signal_of_any_rank = group_.all_reduce_max(stop.requested());
    } catch (const ProcessLostError& failure) {
      save_and_rethrow(failure);
    }
    stop_if_requested(stop, signal_of_any_rank);
  }
}

void Trainer::issue_step() {
  // 1 load the micro-batches
  IssuedStep issued{.batch = source_.next()};
  const data::StepBatch& batch = issued.batch;
  StepResult& result = issued.result;
  const double begin = clock_.now();
  result.sequences = batch.sequence_count, result.tokens = batch.token_count;
  // 2 forward to the loss terms, 3 backward of their sums, each divided by its count over the whole step
  at::Tensor loss;
  try {
    loss = compute_gradients(issued);
  } catch (const ProcessLostError&) {
    source_.seek(batch.position);  // the step is not taken
    throw;
  }
  // 5 clip and 6 update at 7 the scheduled learning rate, unless loss or gradient is not finite
  result.learning_rate = config_.learning_rate * schedule_.factor(state_.global_step + std::ssize(issued_) + 1);
  const at::Tensor unscale = loss_scale_.inverse(), raw = optimizer_.gradient_norm_tensor(),
                   norm = unscale.defined() ? raw * unscale : raw;
  issued.readout.add(kGradientNorm, norm);
  optimizer_.step_if_finite(result.learning_rate, norm, loss, config_.max_grad_norm, unscale);
  loss_scale_.update(norm, loss);
  loss_scale_.add_to(issued.readout);
  issued.next = source_.position();
  issued_.push_back(std::move(issued));
  clock_.add_work_since(begin);
}

// Gradients and losses of the step over all ranks; again, with smaller micro-batches, as long as memory runs out.
at::Tensor Trainer::compute_gradients(IssuedStep& issued) {
  while (true) {
    MemoryShortage shortage = memory_.shortage_in([&] {
      forward_backward(
          unit_, issued.batch, static_cast<uint64_t>(config_.seed), issued.readout,
          {.reducer = &reducer_, .graphs = mode_.graphs(), .loss_scale = loss_scale_.scale(), .before_each = [&] {
             memory_.check();
           }});
    });
    // 4 all-reduce gradients; most are on the way already. A rank that is short of memory sends what it has, and its
    // losses tell the others.
    const CommunicationTime communication = reducer_.finish();
    issued.result.communication_seconds = communication.total, issued.result.hidden_seconds = communication.hidden;
    at::Tensor loss = all_reduce_losses(group_, issued.readout, shortage);
    if (shortage == MemoryShortage::kNone) return loss;
    begin_again(issued, shortage);
  }
}

// All ranks repeat the step as if it had been cut smaller from its beginning.
void Trainer::begin_again(IssuedStep& issued, MemoryShortage shortage) {
  kernel::release_pages(unit_.parameters().gradients());
  issued.readout = StepReadout();
  reducer_.forget_order();
  mode_.forget_graphs();
  source_.seek(issued.batch.position);
  flush();
  const bool is_smaller = memory_.shrink(issued.batch, shortage, state_.resume);
  if (!is_smaller && shortage == MemoryShortage::kOut) save_and_refuse_sequence(issued.batch);
  if (is_smaller) {
    report_.clear_progress();
    log_warning("memory {} in step {}: it is repeated with at most {} tokens in a micro-batch, which changes no result",
                shortage == MemoryShortage::kOut ? "ran out" : "is nearly at the limit of the control group",
                state_.global_step + 1, state_.resume.micro_batch_tokens);
    report_.add_micro_batch_tokens(state_);
  }
  issued.batch = source_.next();
}

void Trainer::save_and_refuse_sequence(const data::StepBatch& batch) {
  int64_t longest = 0;
  for (const data::Batch& each : batch.micro_batches) longest = std::max(longest, each.tokens.longest());
  report_.clear_progress();
  const bool is_saved = state_.global_step > 0 && save();
  throw UserError(
      "`memory` must hold the model and one sequence, but runs out in step {}, whose longest sequence has {} tokens; "
      "give --checkpoint_activations, shorter sequences (--max_seq_length) or a smaller model{}",
      state_.global_step + 1, longest,
      is_saved ? fmt::format("; saved as `{}`, --resume continues", checkpoints_.path_of(state_.global_step)) : "");
}

// Whether the numbers of the issued steps are needed now: in lazy mode where something is logged, saved or evaluated.
bool Trainer::must_flush() const {
  const int64_t step = state_.global_step + std::ssize(issued_);
  return !mode_.is_lazy() || std::ssize(issued_) == config_.lazy_steps || step == schedule_.total_steps ||
         is_due(config_.logging_steps, step) || is_due(config_.save_steps, step) ||
         is_evaluation_due(step, issued_.back().next);
}

bool Trainer::is_evaluation_due(int64_t step, const data::SourcePosition& next) const {
  return config_.evaluate_during_training &&
         (is_due(config_.eval_steps, step) || next.sequence == 0 || step == schedule_.total_steps);
}

// Reads the numbers of all issued steps and takes them into the state, one after the other.
void Trainer::flush() {
  std::vector<IssuedStep> issued = std::exchange(issued_, {});
  const double begin = clock_.now();
  std::vector<const StepReadout*> readouts;
  for (const IssuedStep& step : issued) readouts.push_back(&step.readout);
  std::vector<std::map<std::string, double>> numbers = StepReadout::read_all(readouts);
  clock_.add_work_since(begin);
  for (size_t i = 0; i < issued.size(); ++i) account(issued[i], std::move(numbers[i]));
}

void Trainer::account(IssuedStep& issued, std::map<std::string, double> numbers) {
  StepResult& result = issued.result;
  result.gradient_norm = numbers.extract(kGradientNorm).mapped();
  const double loss_scale = note_loss_scale(numbers);
  StepLoss losses = take_losses(numbers);
  result.loss = losses.total, result.components = std::move(losses.components);
  result.is_finite = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.is_finite)
    skipped_in_a_row_ = 0;
  else
    note_skipped(issued.batch, result, loss_scale);
  ++state_.global_step;
  state_.resume.sequences_seen += result.sequences, state_.resume.tokens_seen += result.tokens;
  after_step(result, issued.next);
}

// Takes the scale of the next step into the state, and returns that of this one; 0: there is none.
double Trainer::note_loss_scale(std::map<std::string, double>& numbers) {
  if (!loss_scale_.is_used()) return 0;
  state_.resume.loss_scale_steps = static_cast<int64_t>(numbers.extract(kLossScaleSteps).mapped());
  return std::exchange(state_.resume.loss_scale, numbers.extract(kLossScale).mapped());
}

void Trainer::note_skipped(const data::StepBatch& batch, const StepResult& result, double loss_scale) {
  ++state_.resume.skipped_steps;
  if (loss_scale_.is_dynamic() && loss_scale > 1 && std::isfinite(result.loss)) {
    report_.clear_progress();
    return log_info("step {} is skipped: its gradients overflow at the loss scale {}, which is {} from now on",
                    state_.global_step + 1, loss_scale, state_.resume.loss_scale);
  }
  if (++skipped_in_a_row_ > config_.max_skipped_steps)
    throw_diverged(unit_.parameters(), batch, state_.global_step + 1, skipped_in_a_row_);
  report_.clear_progress();
  log_warning("step {} is skipped: its loss is {} and its gradient norm {}", state_.global_step + 1, result.loss,
              result.gradient_norm);
}

// Once in a while: log, evaluate, save.
void Trainer::after_step(const StepResult& result, const data::SourcePosition& next) {
  state_.epoch = static_cast<double>(source_.steps_before(next)) / static_cast<double>(source_.steps_per_epoch());
  report_.add_step(result, state_);
  if (is_evaluation_due(state_.global_step, next)) evaluate();
  if (checkpoints_.is_due(state_)) save();
}

// All ranks evaluate together, and rank 0 has the scores. With a sharded optimizer they also write the checkpoint of a
// better model together.
void Trainer::evaluate() {
  const Json scores = evaluate_unit();
  const std::optional<double> better = group_.is_main() ? maybe_better_score(scores) : std::nullopt;
  const bool is_better = optimizer_.is_sharded() ? group_.all_reduce_max(better.has_value()) > 0 : better.has_value();
  if (!is_better) return;
  note_position();
  if (better)
    checkpoints_.keep_best(*better, state_);
  else
    checkpoints_.save(state_);
}

// Empty when a signal stops it.
Json Trainer::evaluate_unit() {
  const double begin = clock_.now();
  report_.clear_progress();
  Json scores;
  state_.resume.evaluation_is_due = true;  // for a checkpoint that a signal causes
  try {
    scores = unit_.evaluate();
    state_.resume.evaluation_is_due = false;
  } catch (const Interrupted&) {
  }
  clock_.exclude_since(begin);
  return scores;
}

// The score of the model, if it is better than those before.
std::optional<double> Trainer::maybe_better_score(const Json& scores) {
  if (scores.empty()) return std::nullopt;
  report_.add_evaluation(scores, state_);
  const std::string metric = unit_.best_metric();
  if (metric.empty() || !scores.contains(metric)) return std::nullopt;
  const double score = scores[metric].get<double>();
  if (!std::isfinite(score) || (state_.best_metric && score <= *state_.best_metric)) return std::nullopt;
  return score;
}

// After training rank 0 goes on alone, and may have to save the last step.
void Trainer::make_main_whole() {
  if (!optimizer_.is_sharded()) return;
  if (group_.all_reduce_max(group_.is_main() && !checkpoints_.has_saved(state_.global_step)) > 0)
    gather_moments(group_, optimizer_);
  optimizer_.end_sharding();
}

// The best model is in the checkpoints of rank 0.
void Trainer::load_best() {
  checkpoints_.load_best(state_);
  if (group_.world_size() == 1) return;
  group_.broadcast(unit_.parameters().values());
  unit_.parameters().refresh_operands();
}

bool Trainer::save() {
  note_position();
  return checkpoints_.save(state_);
}

// Brings the parts of the state up to date that stand elsewhere.
void Trainer::note_position() {
  const data::SourcePosition position = source_.position();
  state_.resume.data_epoch = position.epoch, state_.resume.data_sequence = position.sequence;
  state_.resume.train_seconds = clock_.train_seconds();
  mode_.note_buckets(state_.resume);
}

// All ranks stop after the same step when a signal came to any of them.
void Trainer::stop_if_requested(StopSignal& stop, int64_t signal_of_any_rank) {
  if (signal_of_any_rank == 0) return;
  flush();
  stop.adopt(static_cast<int>(signal_of_any_rank));
  report_.clear_progress();
  const bool is_saved = save();
  group_.barrier();  // launchers end all processes as soon as one has ended
  stop.throw_if_requested(fmt::format("step {}", state_.global_step),
                          is_saved ? checkpoints_.path_of(state_.global_step) : "");
}

// Another rank failed: rank 0 saves the last step, and the error goes on with what is to be done.
void Trainer::save_and_rethrow(const ProcessLostError& failure) {
  report_.clear_progress();
  if (!group_.is_main()) throw failure;
  if (optimizer_.is_sharded())
    throw ProcessLostError(
        "{}; its part of the optimizer state is lost, so start all processes again with --resume: they continue from "
        "the newest checkpoint",
        failure.what());
  const std::string path = save() ? checkpoints_.path_of(state_.global_step) : "";
  throw ProcessLostError("{}; {}", failure.what(),
                         path.empty() ? "start all processes again"
                                      : fmt::format("saved as `{}`; start all processes again with --resume", path));
}

TrainingSummary Trainer::summarize() const {
  return {.steps = state_.global_step,
          .train_seconds = state_.resume.train_seconds,
          .sequences = state_.resume.sequences_seen,
          .tokens = state_.resume.tokens_seen,
          .loss = report_.last_loss(),
          .overhead_share = clock_.overhead_share(),
          .skipped_steps = state_.resume.skipped_steps};
}

}  // namespace retort::train
