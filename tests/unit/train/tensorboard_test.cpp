// The bytes are compared with those of TensorBoard's own writer; `tools/make_fixtures.py train` made them.
#include "retort/train/tensorboard.h"

#include <limits>
#include <regex>

#include "retort/checkpoint/run_folder.h"
#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

TensorBoardOptions fixed_options(const fs::path& folder) {
  return {.folder = folder, .unix_seconds = [] { return 1700000000.25; }, .host_name = "host", .process_id = 77};
}

TEST_F(TrainSupportTest, EventFilesAreThoseOfTensorBoardByteForByte) {
  TensorBoardOptions options = fixed_options(root_ / "runs");
  options.resumed_step = 40;
  TensorBoardWriter writer(options);
  writer.add_text("config", "seed: 42, straße");
  writer.add_scalar("train/loss", 2.5, 50);
  writer.add_scalar("train/learning_rate", 3e-5, 50);
  writer.add_scalar("train/loss", std::numeric_limits<double>::quiet_NaN(), 60);
  writer.add_scalar("train/loss", -std::numeric_limits<double>::infinity(), int64_t{1} << 40);
  writer.add_scalar(std::string(300, 't'), 0, 300);
  EXPECT_EQ(read_file(writer.path()), read_file(fs::path(RETORT_FIXTURES) / "train" / "scalars.tfevents"));
}

TEST_F(TrainSupportTest, EventFilesHaveTheNameThatTensorBoardLooksFor) {
  const TensorBoardWriter first(fixed_options(root_ / "runs")), second(fixed_options(root_ / "runs"));
  EXPECT_TRUE(std::regex_match(first.path().filename().string(),
                               std::regex(R"(events\.out\.tfevents\.1700000000\.host\.77\.\d+)")))
      << first.path();
  EXPECT_NE(first.path(), second.path());
}

TEST_F(TrainSupportTest, EventFilesAreListedAsOwn) {
  const TensorBoardWriter first(fixed_options(root_ / "runs")), second(fixed_options(root_ / "runs"));
  EXPECT_EQ(read_file(root_ / "runs" / checkpoint::kEventFileList),
            first.path().filename().string() + "\n" + second.path().filename().string() + "\n");
}

TEST_F(TrainSupportTest, AnEventFolderThatCannotBeMadeIsAUserError) {
  write_file_atomically(root_ / "runs", "a file");
  EXPECT_NE(user_error_of([&] { TensorBoardWriter writer(fixed_options(root_ / "runs")); }).find("must be a folder"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::train
