// A ragged batch: bounds, positions and token types of the sequences that are appended.
#include "retort/kernel/ragged.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"

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
}

TEST(Ragged, RefusesUnequalTypes) {
  Ragged batch;
  EXPECT_THROW(batch.append(std::vector<int32_t>{5, 6}, std::vector<int32_t>{0}), InternalError);
}

}  // namespace
}  // namespace retort::kernel
