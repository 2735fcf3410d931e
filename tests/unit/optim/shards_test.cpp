// An optimizer in several shards computes the bits of one in one shard. The processes are threads here.
#include "retort/optim/shards.h"

#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "retort/base/random.h"
#include "retort/optim/optimizer.h"

namespace retort::optim {
namespace {

// Tensors of several pieces, of one, frozen ones, and a table of which some rows never have a gradient.
struct Model {
  kernel::ParameterStore store;
  Model() {
    store.add({.names = {"embeddings.weight"}, .shape = {3000, 48}, .is_table = true});
    store.add({.names = {"frozen.weight"}, .shape = {100, 100}});
    store.add({.names = {"a.weight", "b.weight"}, .shape = {300, 400}});
    store.add({.names = {"a.bias"}, .shape = {33}});
    store.add({.names = {"c.weight"}, .shape = {50, 70}});
    store.freeze("frozen.weight");
    store.allocate(kernel::Precision::kBf16, kernel::GradientMemory::kAllocated);
    store.initialize(7, 0.5);
  }
  void make_gradients(uint64_t step) {
    for (const kernel::NamedSlice& slice : store.slices()) {
      if (!slice.weight->trainable) continue;
      float* const gradients = store.gradient(slice).data_ptr<float>();
      for (int64_t i = 0; i < slice.element_count; ++i)
        if (!slice.is_table || i / 48 % 5 == 0)
          gradients[i] = static_cast<float>(random_normal(make_key(step, slice.offset), static_cast<uint64_t>(i)));
    }
  }
};

// Sums and copies between threads, in lockstep.
class Threads {
 public:
  explicit Threads(int64_t count) : count_(count), barrier_(count), tensors_(count) {}

  Shards shards(int64_t own) {
    return {.count = count_,
            .own = own,
            .all_reduce_sum = [this, own](at::Tensor values) { sum(own, values); },
            .broadcast_each = [this, own](const std::vector<at::Tensor>& parts) { share(own, parts); }};
  }

 private:
  void sum(int64_t own, at::Tensor& values) {
    tensors_[own] = {values.clone()};
    barrier_.arrive_and_wait();
    values.zero_();
    for (const auto& each : tensors_) values.add_(each[0]);
    barrier_.arrive_and_wait();
  }
  void share(int64_t own, const std::vector<at::Tensor>& parts) {
    tensors_[own] = parts;
    barrier_.arrive_and_wait();
    for (int64_t i = 0; i < count_; ++i)
      if (i != own) at::Tensor(parts[i]).copy_(tensors_[i][i]);
    barrier_.arrive_and_wait();
  }

  int64_t count_;
  std::barrier<> barrier_;
  std::vector<std::vector<at::Tensor>> tensors_;
};

struct Trained {
  at::Tensor values, copies;
  std::vector<at::Tensor> moments;  // of the own shard; the rest is zero
  std::vector<double> norms;
};

Trained train(const OptimizerOptions& options, const Shards& shards) {
  Model model;
  Optimizer optimizer(model.store, options, shards);
  Trained result;
  for (uint64_t step = 1; step <= 3; ++step) {
    model.make_gradients(step);
    result.norms.push_back(optimizer.gradient_norm());
    optimizer.step(0.01, optimizer.clip_scale(result.norms.back(), 1));
    EXPECT_EQ(model.store.gradients().count_nonzero().item<int64_t>(), 0);
  }
  result.values = model.store.values().clone(), result.copies = model.store.copies().clone();
  for (const Moment& moment : optimizer.moments()) result.moments.push_back(moment.values.clone());
  return result;
}

class ShardsTest : public testing::TestWithParam<std::tuple<OptimizerKind, int>> {};

TEST_P(ShardsTest, GiveTheBitsOfOneShard) {
  const auto [kind, count] = GetParam();
  const OptimizerOptions options{.kind = kind, .weight_decay = 0.01};
  const Trained whole = train(options, {});
  Threads threads(count);
  std::vector<Trained> parts(count);
  std::vector<std::thread> running;
  for (int own = 0; own < count; ++own)
    running.emplace_back([&, own] { parts[own] = train(options, threads.shards(own)); });
  for (std::thread& each : running) each.join();
  std::vector<at::Tensor> sums;
  for (const at::Tensor& moment : whole.moments) sums.push_back(at::zeros_like(moment));
  for (const Trained& part : parts) {
    EXPECT_TRUE(part.values.equal(whole.values));
    EXPECT_TRUE(part.copies.equal(whole.copies));
    EXPECT_EQ(part.norms, whole.norms);
    for (size_t i = 0; i < sums.size(); ++i) sums[i].add_(part.moments[i]);
  }
  for (size_t i = 0; i < sums.size(); ++i) EXPECT_TRUE(sums[i].equal(whole.moments[i])) << "moment " << i;
}

INSTANTIATE_TEST_SUITE_P(Kinds, ShardsTest,
                         testing::Combine(testing::Values(OptimizerKind::kAdamW, OptimizerKind::kBertAdam,
                                                          OptimizerKind::kLamb),
                                          testing::Values(2, 3, 7)));

TEST(Shards, AreOfEqualSizeAndCoverTheBuffers) {
  Model model;
  for (const int64_t count : {1, 2, 3, 40}) {
    const Optimizer optimizer(model.store, {}, {.count = count, .own = 0});
    int64_t next = 0, largest = 0;
    for (int64_t i = 0; i < count; ++i) {
      const ElementRange range = optimizer.shard(i);
      EXPECT_EQ(range.begin, next);
      EXPECT_LE(range.begin, range.end);
      next = range.end, largest = std::max(largest, range.end - range.begin);
    }
    EXPECT_EQ(next, model.store.values().numel());
    EXPECT_LE(largest, next / count + 2 * 65536);
  }
}

TEST(Shards, OtherMomentsTakeNoMemoryWhenForgotten) {
  Model model;
  Optimizer optimizer(model.store, {}, {.count = 2, .own = 1});
  for (const Moment& moment : optimizer.moments()) moment.values.fill_(1);
  optimizer.forget_other_shards();
  const ElementRange own = optimizer.shard(1);
  int64_t kept = 0;
  for (const Moment& moment : optimizer.moments()) kept += moment.values.sum().item<int64_t>();
  EXPECT_GT(kept, 0);
  EXPECT_LE(kept, 2 * (own.end - own.begin));
  EXPECT_EQ(optimizer.moments().back().values.sum().item<int64_t>(), 50 * 70) << "the last tensor is its own";
}

}  // namespace
}  // namespace retort::optim
