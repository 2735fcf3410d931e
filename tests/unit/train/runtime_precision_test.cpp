// The precision that op lists give a run, and what the log says of them.
#include "retort/train/runtime_precision.h"

#include <fstream>

#include "retort/kernel/implementation.h"
#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

class RuntimePrecisionTest : public TrainSupportTest {
 protected:
  RuntimePrecisionTest() {
    std::ofstream(root_ / "fp32.txt") << "linear\naddmm\nmm\nmatmul\nbmm\n";
    std::ofstream(root_ / "bf16.txt") << "gelu\n";
  }
  RuntimeConfig with_lists(const std::string& precision) const {
    RuntimeConfig runtime;
    runtime.precision = precision;
    runtime.hmp_bf16 = (root_ / "bf16.txt").string(), runtime.hmp_fp32 = (root_ / "fp32.txt").string();
    return runtime;
  }
};

TEST_F(RuntimePrecisionTest, ListsMakeABf16RunOneInFloat32) {
  RuntimeConfig runtime = with_lists("bf16");
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kFloat32);
  report_precision(runtime);
  EXPECT_NE(log_text().find("the op lists make this a run in fp32"), std::string::npos) << log_text();
  runtime.hmp_opt_level = "O2";
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kBf16);
}

TEST_F(RuntimePrecisionTest, ListsGiveAttentionAPrecisionOfItsOwn) {
  RuntimeConfig runtime = with_lists("bf16");
  EXPECT_EQ(own_attention_precision(runtime), std::nullopt);
  std::ofstream(root_ / "bf16.txt") << "linear\n";
  std::ofstream(root_ / "fp32.txt") << "matmul\n";
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kBf16);
  EXPECT_EQ(own_attention_precision(runtime), kernel::Precision::kFloat32);
  report_precision(runtime);
  EXPECT_NE(log_text().find("the op lists put attention into fp32"), std::string::npos) << log_text();
  std::ofstream(root_ / "bf16.txt") << "matmul\n";
  std::ofstream(root_ / "fp32.txt") << "linear\n";
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kFloat32);
  EXPECT_EQ(own_attention_precision(runtime), kernel::Precision::kBf16);
  runtime.precision = "fp32";
  EXPECT_EQ(own_attention_precision(runtime), std::nullopt);
}

TEST_F(RuntimePrecisionTest, PublishedListsChangeAndSayNothing) {
  RuntimeConfig runtime;
  runtime.precision = "bf16";
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kBf16);
  report_precision(runtime);
  EXPECT_FALSE(fs::exists(root_ / "log.txt") && !log_text().empty()) << log_text();
}

TEST_F(RuntimePrecisionTest, InFloat32ListsHaveNoEffectAndTheTableIsStillThere) {
  RuntimeConfig runtime = with_lists("fp32");
  runtime.hmp_verbose = true;
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kFloat32);
  report_precision(runtime);
  EXPECT_NE(log_text().find("`hmp_bf16` and `hmp_fp32` have no effect: the run is in fp32"), std::string::npos);
  EXPECT_NE(log_text().find("add_norm              fp32 "), std::string::npos) << log_text();
}

TEST_F(RuntimePrecisionTest, HalfPrecisionIsRefusedByTheFusedLoopsOfTheProcessor) {
  RuntimeConfig runtime;
  runtime.precision = "fp16";
  EXPECT_EQ(user_error_of([&] { precision_of(runtime); }),
            "`precision` must be bf16 or fp32 on the processor, but is fp16; give --precision bf16");
  const kernel::ScopedImplementation reference(kernel::Implementation::kReference);
  EXPECT_EQ(precision_of(runtime), kernel::Precision::kFp16);
}

}  // namespace
}  // namespace retort::train
