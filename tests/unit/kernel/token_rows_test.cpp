// A ragged batch as tensors: the first token of each sequence, and dropout keys that do not depend on the rest of the
// batch.
#include "retort/kernel/token_rows.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"

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

TEST(TokenRows, ABufferTakesBatchesOfOneShape) {
  Ragged first, second;
  first.append(std::vector<int32_t>{5, 6, 7}, 2);
  first.append(std::vector<int32_t>{8}, 1);
  second.append(std::vector<int32_t>{1, 2, 3, 4}, 4);
  second.starts.push_back(4);  // a sequence without tokens
  const std::vector<int32_t> labels{2, 0}, others{1, -100};
  TokenRowBuffer buffer({.tokens = 4, .sequences = 2, .has_keys = true, .list_sizes = {2}});
  const void* address = buffer.rows().ids.data_ptr();
  buffer.send(first, std::vector<uint64_t>{1, 2}, {labels});
  const TokenRows alone = make_token_rows(first, std::vector<uint64_t>{1, 2}, {labels});
  EXPECT_TRUE(buffer.rows().ids.equal(alone.ids));
  EXPECT_TRUE(buffer.rows().keys.equal(alone.keys));
  EXPECT_TRUE(buffer.rows().lists[0].tensor().equal(alone.lists[0].tensor()));
  buffer.send(second, std::vector<uint64_t>{1, 0}, {others});
  EXPECT_EQ(buffer.rows().ids.data_ptr(), address);
  EXPECT_EQ(buffer.rows().ids[3].item<int64_t>(), 4);
  EXPECT_EQ(buffer.rows().first_rows[1].item<int64_t>(), 3) << "the last row stands for an empty sequence";
  EXPECT_EQ(buffer.rows().lists[0].tensor()[1].item<int64_t>(), -100);
  EXPECT_THROW(buffer.send(first, std::vector<uint64_t>{1, 2}, {}), InternalError);
}

TEST(TokenRows, BitsOfFloatsComeBack) {
  const std::vector<float> values{1.5f, -0.0f, 3e-39f};
  const std::vector<int32_t> bits = bits_of(values);
  const at::Tensor back = IndexList(bits).float_tensor();
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(back[i].item<float>(), values[static_cast<size_t>(i)]);
}

}  // namespace
}  // namespace retort::kernel
