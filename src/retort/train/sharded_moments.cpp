#include "retort/train/sharded_moments.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "retort/base/error.h"

namespace retort::train {

namespace {

constexpr int64_t kChunkElements = 1 << 22;  // 16 MiB: what a process needs for values that it does not keep

// Calls body(begin, end) with elements of the flat buffers: the chunks of a moment, cut at the boundaries of shards
// too.
template <typename Body>
void for_each_chunk(const optim::Optimizer& optimizer, int64_t shard_count, const optim::Moment& moment, Body&& body) {
  const int64_t first = moment.offset, last = first + moment.values.numel();
  for (int64_t rank = 0; rank < shard_count; ++rank) {
    const optim::ElementRange shard = optimizer.shard(rank);
    for (int64_t begin = std::max(first, shard.begin); begin < std::min(last, shard.end); begin += kChunkElements)
      body(rank, begin, std::min({begin + kChunkElements, last, shard.end}));
  }
}

at::Tensor part_of(const at::Tensor& values, int64_t begin, int64_t end) {
  return values.view({-1}).narrow(0, begin, end - begin);
}

}  // namespace

optim::Shards shards_over(const ProcessGroup& group) {
  return {.count = group.world_size(),
          .own = group.rank(),
          .all_reduce_sum = [&group](at::Tensor values) { group.all_reduce_sum(std::move(values)); },
          .broadcast_each = [&group](const std::vector<at::Tensor>& parts) { group.broadcast_each(parts); }};
}

void distribute_moments(const ProcessGroup& group, optim::Optimizer& optimizer) {
  const int64_t shard_count = optimizer.is_sharded() ? group.world_size() : 1;
  const at::Tensor scratch = at::empty({kChunkElements}, at::kFloat);
  for (const optim::Moment& moment : optimizer.moments())
    for_each_chunk(optimizer, shard_count, moment, [&](int64_t rank, int64_t begin, int64_t end) {
      const bool has_room = group.is_main() || !optimizer.is_sharded() || rank == group.rank();
      group.broadcast(has_room ? part_of(moment.values, begin - moment.offset, end - moment.offset)
                               : part_of(scratch, 0, end - begin));
    });
  if (optimizer.is_sharded()) optimizer.forget_other_shards();
}

MomentCollector::MomentCollector(const ProcessGroup& group, const optim::Optimizer& optimizer)
    : group_(group), optimizer_(optimizer), moments_(optimizer.moments()) {
  std::ranges::sort(moments_, {}, &optim::Moment::name);
  int64_t largest = 0;
  for (const optim::Moment& moment : moments_) largest = std::max(largest, moment.values.numel());
  whole_ = at::empty({group.is_main() ? largest : std::min(largest, kChunkElements)}, at::kFloat);
}

at::Tensor MomentCollector::next(const std::string& name) {
  RETORT_CHECK(next_ < moments_.size() && moments_[next_].name == name, "moment `{}` is collected out of order", name);
  return collect(moments_[next_++]);
}

void MomentCollector::finish() {
  while (next_ < moments_.size()) collect(moments_[next_++]);
}

at::Tensor MomentCollector::collect(const optim::Moment& moment) {
  for_each_chunk(optimizer_, group_.world_size(), moment, [&](int64_t rank, int64_t begin, int64_t end) {
    const at::Tensor own = part_of(moment.values, begin - moment.offset, end - moment.offset);
    const at::Tensor target = group_.is_main() ? part_of(whole_, begin - moment.offset, end - moment.offset)
                                               : part_of(whole_, 0, end - begin);
    if (rank == 0) {  // rank 0 has them
      if (group_.is_main()) target.copy_(own);
    } else {
      group_.broadcast(rank == group_.rank() ? own : target, rank);
    }
  });
  return group_.is_main() ? part_of(whole_, 0, moment.values.numel()) : at::Tensor();
}

void gather_moments(const ProcessGroup& group, optim::Optimizer& optimizer) {
  MomentCollector collector(group, optimizer);
  std::vector<optim::Moment> moments = optimizer.moments();
  std::ranges::sort(moments, {}, &optim::Moment::name);
  if (group.is_main())
    for (const optim::Moment& moment : moments) moment.values.view({-1}).copy_(collector.next(moment.name));
  collector.finish();
}

}  // namespace retort::train
