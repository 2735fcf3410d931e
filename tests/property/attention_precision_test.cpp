// Op lists with the matmuls of attention in another precision than those of linear: a run follows them.
#include <gtest/gtest.h>

#include <fstream>

#include "property/tiny_run.h"
#include "retort/kernel/attention.h"

namespace retort::property {
namespace {

class AttentionPrecisionTest : public testing::Test {
 protected:
  ~AttentionPrecisionTest() override { kernel::set_attention_precision(std::nullopt); }

  RunResult run_in_bf16(const std::string& bf16, const std::string& fp32) const {
    std::ofstream(folder_ / "bf16.txt") << bf16;
    std::ofstream(folder_ / "fp32.txt") << fp32;
    recipe::FinetuneSquadConfig config = tiny::squad_settings("");
    config.training.precision = "bf16";
    config.training.max_steps = 4;
    config.training.hmp_bf16 = (folder_ / "bf16.txt").string(),
    config.training.hmp_fp32 = (folder_ / "fp32.txt").string();
    return train_tiny(config);
  }

  tiny::TemporaryFolder folder_;
};

TEST_F(AttentionPrecisionTest, FollowsTheListsOfARun) {
  const RunResult all = run_in_bf16("linear\nmatmul\n", ""), none = run_in_bf16("", "linear\nmatmul\n"),
                  wide_attention = run_in_bf16("linear\n", "matmul\n"),
                  narrow_attention = run_in_bf16("matmul\n", "linear\n");
  EXPECT_TRUE(run_in_bf16("linear\nmatmul\n", "").parameters == all.parameters) << "a setting of the run before stays";
  const double widest = relative_difference(all, none);
  for (const RunResult* const mixed : {&wide_attention, &narrow_attention}) {
    EXPECT_GT(relative_difference(*mixed, all), 0);
    EXPECT_GT(relative_difference(*mixed, none), 0);
    EXPECT_LT(relative_difference(*mixed, none), 2 * widest);
  }
}

}  // namespace
}  // namespace retort::property
