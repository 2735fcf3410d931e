#include "retort/kernel/ragged.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/kernel/rows.h"

namespace retort::kernel {
namespace {

TEST(Ragged, AppendsSequences) {
  Ragged batch;
  batch.append(std::vector<int32_t>{5, 6, 7}, 2);
  batch.append(std::vector<int32_t>{8}, std::vector<int32_t>{1});
  EXPECT_EQ(batch.starts, (std::vector<int32_t>{0, 3, 4}));
  EXPECT_EQ(batch.segments, (std::vector<int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(batch.positions, (std::vector<int32_t>{0, 1, 2, 0}));
  EXPECT_EQ(batch.longest(), 3);
  EXPECT_EQ(make_rows(batch).first_rows().sum().item<int64_t>(), 3);
}

TEST(Ragged, KeysBelongToTheSequence) {
  Ragged one, two;
  one.append(std::vector<int32_t>{5, 6}, 2);
  two.append(std::vector<int32_t>{9, 9, 9}, 3);
  two.append(std::vector<int32_t>{5, 6}, 2);
  const uint64_t key = 42;
  const Rows alone = make_rows(one, std::vector<uint64_t>{key}),
             together = make_rows(two, std::vector<uint64_t>{7, key});
  EXPECT_EQ(alone.keys[1].item<int64_t>(), together.keys[4].item<int64_t>());
  EXPECT_NE(together.keys[0].item<int64_t>(), together.keys[1].item<int64_t>());
}

TEST(Ragged, RefusesUnequalTypes) {
  Ragged batch;
  EXPECT_THROW(batch.append(std::vector<int32_t>{5, 6}, std::vector<int32_t>{0}), InternalError);
}

}  // namespace
}  // namespace retort::kernel
