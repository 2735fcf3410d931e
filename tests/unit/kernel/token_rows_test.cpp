// A ragged batch as tensors: the first token of each sequence, and dropout keys that do not depend on the rest of the
// batch.
#include "retort/kernel/token_rows.h"

#include <gtest/gtest.h>

namespace retort::kernel {
namespace {

TEST(TokenRows, FirstRowsAreTheStartsOfTheSequences) {
  Ragged batch;
  batch.append(std::vector<int32_t>{5, 6, 7}, 2);
  batch.append(std::vector<int32_t>{8}, std::vector<int32_t>{1});
  const at::Tensor first_rows = make_token_rows(batch).first_rows;
  EXPECT_EQ(first_rows.sizes(), at::IntArrayRef({2}));
  EXPECT_EQ(first_rows.sum().item<int64_t>(), 3);
}

TEST(TokenRows, KeysBelongToTheSequence) {
  Ragged one, two;
  one.append(std::vector<int32_t>{5, 6}, 2);
  two.append(std::vector<int32_t>{9, 9, 9}, 3);
  two.append(std::vector<int32_t>{5, 6}, 2);
  const uint64_t key = 42;
  const TokenRows single = make_token_rows(one, std::vector<uint64_t>{key}),
                  batched = make_token_rows(two, std::vector<uint64_t>{7, key});
  EXPECT_EQ(single.keys[1].item<int64_t>(), batched.keys[4].item<int64_t>());
  EXPECT_NE(batched.keys[0].item<int64_t>(), batched.keys[1].item<int64_t>());
}

}  // namespace
}  // namespace retort::kernel
