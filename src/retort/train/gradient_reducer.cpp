#include "retort/train/gradient_reducer.h"

#include <algorithm>

#include "retort/base/json.h"
#include "retort/kernel/out_of_memory.h"
#include "retort/train/wall_clock.h"

namespace retort::train {

namespace {

// The time that `intervals` cover.
double covered(std::vector<std::pair<double, double>> intervals) {
  std::ranges::sort(intervals);
  double total = 0, end = 0;
  for (const auto& [from, to] : intervals) {
    total += std::max(0.0, to - std::max(from, end));
    end = std::max(end, to);
  }
  return total;
}

}  // namespace

GradientReducer::GradientReducer(const ProcessGroup& group, const kernel::ParameterStore& parameters,
                                 const ReducerOptions& options)
    : group_(group), parameters_(parameters), options_(options) {}

GradientReducer::~GradientReducer() {
  if (!started_.empty()) group_.abandon();
}

void GradientReducer::expect(const float* begin, const float* end) {
  const float* const first = parameters_.gradients().data_ptr<float>();
  const optim::ElementRange range{begin - first, end - first};
  if (range.begin < 0 || range.end > parameters_.gradients().numel()) return;  // of another model
  if (++uses_left_[range.begin] == 1) announced_.push_back(range);
}

void GradientReducer::complete(const float* begin, const float*) noexcept {
  const auto found = uses_left_.find(begin - parameters_.gradients().data_ptr<float>());
  if (found == uses_left_.end() || found->second == 0) return;
  --found->second;
  try {
    start_complete_buckets();
  } catch (const std::bad_alloc&) {
    is_backward_ = false;  // `finish` starts the rest, when the backward pass has given its memory back
  } catch (...) {          // thrown again by `finish`: autograd is in between
    failure_ = std::current_exception();
  }
}

void GradientReducer::begin_backward() {
  if (!observes()) return;
  make_plan();
  is_backward_ = true;
}

// A rank without a micro-batch knows no layers, so all take the plan of the first rank that has one.
void GradientReducer::make_plan() {
  if (!plan_.empty()) return;
  const int64_t all = parameters_.gradients().numel();
  if (options_.after_backward) {
    plan_ = {{.range = {0, all}}};
    return;
  }
  Json own = Json::array();
  for (auto range = announced_.rbegin(); range != announced_.rend(); ++range) own.push_back({range->begin, range->end});
  Json ranges = Json::array();
  for (const std::string& text : group_.all_gather(own.dump()))
    if (ranges.empty()) ranges = Json::parse(text);
  const int64_t most = std::max<int64_t>(1, options_.bucket_bytes / static_cast<int64_t>(sizeof(float)));
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (const Json& each : ranges) {
    const optim::ElementRange range{each[0], each[1]};
    taken.emplace_back(range.begin, range.end);
    const bool continues = !plan_.empty() && plan_.back().range.begin == range.end &&
                           plan_.back().range.end - plan_.back().range.begin < most;
    if (!continues) plan_.push_back({.range = range});
    plan_.back().range.begin = range.begin;
    plan_.back().parts.push_back(range.begin);
  }
  // The rest: embeddings, and what no layer announces.
  std::ranges::sort(taken);
  taken.emplace_back(all, all);
  int64_t next = 0;
  for (const auto& [begin, end] : taken) {
    for (; next < begin; next = std::min(begin, next + most))
      plan_.push_back({.range = {next, std::min(begin, next + most)}});
    next = end;
  }
}

// In the order of the plan, which is that of all ranks.
void GradientReducer::start_complete_buckets() {
  if (!is_backward_ || failure_) return;
  const auto is_complete = [&](int64_t part) {
    const auto found = uses_left_.find(part);
    return found != uses_left_.end() && found->second == 0;
  };
  while (next_bucket_ < plan_.size() && !plan_[next_bucket_].parts.empty() &&
         std::ranges::all_of(plan_[next_bucket_].parts, is_complete))
    start_next();
}

// A bucket that cannot be started remains the next.
void GradientReducer::start_next() {
  start(plan_[next_bucket_]);
  ++next_bucket_;
}

void GradientReducer::start(const Bucket& bucket) {
  const at::Tensor gradients =
      parameters_.gradients().narrow(0, bucket.range.begin, bucket.range.end - bucket.range.begin);
  const at::Tensor sent = options_.in_bf16 ? gradients.to(at::kBFloat16) : gradients;
  started_.push_back({bucket.range, sent, group_.start_all_reduce_sum(sent)});
}

CommunicationTime GradientReducer::finish() {
  if (group_.world_size() == 1) return {};
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  const double backward_end = steady_seconds_now();
  make_plan();
  while (next_bucket_ < plan_.size()) start_next();
  for (const Started& each : started_) {
    group_.wait(each.collective);
    if (options_.in_bf16)
      parameters_.gradients().narrow(0, each.range.begin, each.range.end - each.range.begin).copy_(each.sent);
  }
  const CommunicationTime time = time_of(backward_end);
  started_.clear(), announced_.clear(), uses_left_.clear();
  next_bucket_ = 0, is_backward_ = false;
  return time;
}

CommunicationTime GradientReducer::time_of(double backward_end) const {
  std::vector<std::pair<double, double>> all, hidden;
  for (const Started& each : started_) {
    const double begin = each.collective->start_seconds(), end = each.collective->end_seconds();
    all.emplace_back(begin, end);
    hidden.emplace_back(begin, std::min(end, backward_end));
  }
  return {.total = covered(std::move(all)), .hidden = covered(std::move(hidden))};
}

}  // namespace retort::train
