// How a run takes its folder and what it leaves there.
#include "retort/checkpoint/run_folder.h"

#include <fstream>

#include "retort/base/marked_folder.h"
#include "retort/checkpoint/manifest.h"
#include "unit/checkpoint/run_folder_testing.h"

namespace retort::checkpoint {
namespace {

std::vector<int64_t> steps_of(const RunFolder& run) {
  std::vector<int64_t> steps;
  for (const CheckpointFolder& checkpoint : list_checkpoints(run.path())) steps.push_back(checkpoint.step);
  return steps;
}

TEST_F(RunFolderTest, TheJourneyOfARunLeavesWhatTheFormatSays) {
  {
    RunFolder run({.output_dir = out()});
    run.write_config({{"learning_rate", 3e-5}});
    EXPECT_EQ(run.save(tiny_save(10)), out() / "checkpoint-10");
    run.publish_files([](const fs::path& folder) { write_file_atomically(folder / "model.safetensors", "final"); });
    run.write_results({{"f1", 88.5}});
    run.write_done();
  }
  EXPECT_TRUE(holds_step(out() / "checkpoint-10", 10));
  EXPECT_EQ(read_file(out() / "model.safetensors"), "final");
  EXPECT_EQ(read_json_file(out() / "results.json")["f1"], 88.5);
  EXPECT_EQ(read_json_file(out() / "retort_config.json")["learning_rate"], 3e-5);
  EXPECT_EQ(read_json_file(out() / "DONE")["format"], "retort-run");
  for (const auto& entry : fs::directory_iterator(out()))
    EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
}

TEST_F(RunFolderTest, RoomForTheFinalModelIsHeldFromTheStart) {
  constexpr int64_t kBytes = 1 << 20;
  {
    RunFolder run({.output_dir = out()});
    const auto room_bytes = [&] {
      int64_t bytes = 0;
      for (const auto& entry : fs::recursive_directory_iterator(out()))
        if (entry.path().filename() == "room") bytes += static_cast<int64_t>(entry.file_size());
      return bytes;
    };
    run.reserve_space(kBytes);
    if (room_bytes() == 0) GTEST_SKIP() << "this file system cannot set room aside";
    EXPECT_EQ(room_bytes(), kBytes);
    run.publish_files([&](const fs::path& folder) {
      EXPECT_EQ(room_bytes(), 0) << "the model takes its place";
      write_file_atomically(folder / "model.safetensors", "final");
    });
    EXPECT_NE(user_error_of([&] { run.reserve_space(int64_t{1} << 60); }).find("bytes free to save"),
              std::string::npos);
  }
  { RunFolder({.output_dir = out(), .start = RunStart::kOverwrite}).reserve_space(kBytes); }
  EXPECT_EQ(std::distance(fs::directory_iterator(out()), fs::directory_iterator()), 2)
      << ".lock and the model: a run that ends early gives its room back";
  write_file_atomically(out() / ".room", "of somebody else");
  allocate_file(out() / ".room.older", kBytes);
  { RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite}); }
  EXPECT_TRUE(fs::exists(out() / ".room")) << "it holds something";
  fs::rename(out() / ".room.older", out() / ".room");
  RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite});
  EXPECT_FALSE(fs::exists(out() / ".room")) << "allocated by an earlier version, never written to";
}

TEST_F(RunFolderTest, AUsedFolderIsRefusedWithTheRemedyThatFits) {
  const auto open = [&](RunStart start) {
    return user_error_of([&] { RunFolder run({.output_dir = out(), .start = start}); });
  };
  fs::create_directories(out());
  write_file_atomically(out() / "notes.txt", "mine");
  EXPECT_EQ(
      open(RunStart::kNew),
      fmt::format("`{}` must be empty, but holds `notes.txt`; choose another --output_dir, or --overwrite_output_dir "
                  "to write beside what is there",
                  out().string()));
  EXPECT_EQ(
      open(RunStart::kResume),
      fmt::format("`{}` must hold a run to --resume, but holds none, only `notes.txt`; give the --output_dir of that "
                  "run",
                  out().string()));
  EXPECT_FALSE(fs::exists(out() / ".lock")) << "a folder of somebody else's is left as it was";

  fs::remove(out() / "notes.txt");
  RunFolder({.output_dir = out()}).save(tiny_save(40));
  EXPECT_EQ(
      open(RunStart::kNew),
      fmt::format("`{}` must be empty, but holds an unfinished run at `checkpoint-40`; use --resume to continue it, "
                  "or --overwrite_output_dir to start again",
                  out().string()));
  EXPECT_EQ(open(RunStart::kResume), "no error");

  RunFolder({.output_dir = out(), .start = RunStart::kResume}).write_done();
  EXPECT_EQ(open(RunStart::kNew),
            fmt::format("`{}` must be empty, but holds a finished run (it has `DONE`); choose another --output_dir, or "
                        "--overwrite_output_dir to replace that run",
                        out().string()));
  EXPECT_EQ(open(RunStart::kResume), "no error") << "its results can be asked for";
  EXPECT_EQ(open(RunStart::kOverwrite), "no error");
}

TEST_F(RunFolderTest, AFileOrALockedFolderCannotBeAnOutputFolder) {
  write_file_atomically(out(), "a file");
  EXPECT_EQ(user_error_of([&] { RunFolder run({.output_dir = out()}); }),
            fmt::format("`{}` must be a folder, but is a file; choose another --output_dir", out().string()));
}

TEST_F(RunFolderTest, ASecondProcessIsRefusedAndToldWhoHoldsTheFolder) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = start_child([&] {
    RunFolder run({.output_dir = out()});
    run.save(tiny_save(1));
    if (::write(ready[1], "x", 1) != 1) return 1;
    ::pause();
    return 0;
  });
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  for (const RunStart start : {RunStart::kNew, RunStart::kResume, RunStart::kOverwrite}) {
    const std::string message = user_error_of([&] { RunFolder run({.output_dir = out(), .start = start}); });
    EXPECT_NE(message.find(fmt::format("process {} on host {}", holder, host)), std::string::npos) << message;
  }
  EXPECT_FALSE(verify_checkpoint_folder(out() / "checkpoint-1")) << "the refused runs touched nothing";
  ::kill(holder, SIGKILL);
  wait_for(holder);
  EXPECT_EQ(user_error_of([&] { RunFolder run({.output_dir = out(), .start = RunStart::kResume}); }), "no error");
}

TEST_F(RunFolderTest, OverwritingKeepsTheEarlierRunUntilTheNewOneHasSaved) {
  {
    RunFolder run({.output_dir = out()});
    run.write_config({{"seed", 1}});
    run.save(tiny_save(5));
    run.publish_files([](const fs::path& folder) { write_file_atomically(folder / "model.safetensors", "old"); });
    run.write_done();
  }
  write_file_atomically(out() / "notes.txt", "mine");
  {
    RunFolder fails_before_saving({.output_dir = out(), .start = RunStart::kOverwrite});
    fails_before_saving.write_config({{"seed", 2}});
    EXPECT_FALSE(fs::exists(out() / "DONE"));
    EXPECT_TRUE(list_checkpoints(fails_before_saving.path()).empty());
    EXPECT_EQ(read_file(out() / "model.safetensors"), "old") << "the new run may start from this model";
  }
  RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite});
  EXPECT_TRUE(holds_step(out() / "previous_run" / "checkpoint-5", 5));
  EXPECT_EQ(read_json_file(out() / "previous_run" / "retort_config.json")["seed"], 1);
  run.write_config({{"seed", 3}});
  run.save(tiny_save(2));
  EXPECT_FALSE(fs::exists(out() / "previous_run"));
  EXPECT_EQ(steps_of(run), std::vector<int64_t>{2});
  EXPECT_EQ(read_file(out() / "notes.txt"), "mine");
}

TEST_F(RunFolderTest, RotationKeepsTheNewestAndTheBest) {
  RunFolder run({.output_dir = out(), .save_total_limit = 2});
  for (const int64_t step : {9, 10, 11}) run.save(tiny_save(step));
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{10, 11}));
  run.set_best_step(10);
  for (const int64_t step : {100, 101}) run.save(tiny_save(step));
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{10, 101}));
}

TEST_F(RunFolderTest, ALimitOfOneKeepsTheBestBesideTheNewest) {
  RunFolder run({.output_dir = out(), .save_total_limit = 1});
  run.set_best_step(1);
  for (const int64_t step : {1, 2, 3}) run.save(tiny_save(step));
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{1, 3}));
}

TEST_F(RunFolderTest, RotationDeletesDamagedCheckpointsBeforeWholeOnes) {
  {
    RunFolder run({.output_dir = out()});
    for (const int64_t step : {10, 20, 30}) run.save(tiny_save(step));
  }
  fs::resize_file(out() / "checkpoint-30" / "model.safetensors", 3);
  RunFolder run({.output_dir = out(), .start = RunStart::kResume, .save_total_limit = 3});
  EXPECT_EQ(run.newest_valid()->step, 20);
  run.save(tiny_save(25));
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{10, 20, 25}));
}

TEST_F(RunFolderTest, WithoutALimitEverythingStays) {
  RunFolder run({.output_dir = out()});
  for (int64_t step = 1; step <= 5; ++step) run.save(tiny_save(step));
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(RunFolderTest, StepsAreComparedAsNumbersAndOtherNamesIgnored) {
  RunFolder run({.output_dir = out()});
  for (const int64_t step : {9, 10}) run.save(tiny_save(step));
  for (const char* name : {"checkpoint-", "checkpoint-x", "checkpoint-7b", "checkpoint--3"})
    fs::create_directories(out() / name);
  write_file_atomically(out() / "checkpoint-99", "a file");
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{9, 10}));
  EXPECT_EQ(run.newest_valid()->step, 10);
}

TEST_F(RunFolderTest, SavingTheSameStepAgainReplacesIt) {
  RunFolder run({.output_dir = out()});
  run.save(tiny_save(3));
  run.save(
      {.step = 3, .fill = [](const fs::path& folder) { write_file_atomically(folder / "model.safetensors", "new"); }});
  EXPECT_EQ(read_file(out() / "checkpoint-3" / "model.safetensors"), "new");
  EXPECT_FALSE(fs::exists(out() / "checkpoint-3" / "optimizer"));
  EXPECT_EQ(run.newest_valid()->step, 3);
}

TEST_F(RunFolderTest, LeftoversOfKilledSavesAreRemovedAndWholeOnesNamed) {
  { RunFolder({.output_dir = out()}).save(tiny_save(4)); }
  fs::copy(out() / "checkpoint-4", out() / "checkpoint-5.tmp.123.0", fs::copy_options::recursive);
  fs::copy(out() / "checkpoint-4", out() / "checkpoint-1.deleted", fs::copy_options::recursive);
  fs::remove(out() / "checkpoint-1.deleted" / "model.safetensors");
  const std::vector<std::string> others{"checkpoint-6.tmp.123.1", "unpublished", "thesis.tmp.2024.11",
                                        "checkpoint-best.deleted", ".retort-tmp.1.2"};
  for (const std::string& name : others) {
    fs::create_directories(out() / name);
    write_file_atomically(out() / name / "paper.tex", "mine");
  }
  write_file_atomically(out() / "notes.tmp", "mine");
  RunFolder run({.output_dir = out(), .start = RunStart::kResume});
  EXPECT_EQ(steps_of(run), (std::vector<int64_t>{4, 5})) << "5 lacked only its name";
  EXPECT_FALSE(fs::exists(out() / "checkpoint-1.deleted")) << "its manifest says whose it is";
  for (const std::string& name : others) EXPECT_EQ(read_file(out() / name / "paper.tex"), "mine") << name;
  EXPECT_EQ(read_file(out() / "notes.tmp"), "mine");
}

TEST_F(RunFolderTest, AFolderWithNothingButLeftoversIsEmpty) {
  for (const RunStart start : {RunStart::kNew, RunStart::kResume}) {
    fs::create_directories(out());
    const int status = wait_for(start_child([&] {
      const fs::path left = make_temporary_folder(out());
      fs::create_directories(left / "checkpoint-1");
      return 0;  // without removing it
    }));
    ASSERT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(std::distance(fs::directory_iterator(out()), fs::directory_iterator()), start == RunStart::kNew ? 1 : 2);
    EXPECT_FALSE(RunFolder({.output_dir = out(), .start = start}).newest_valid().has_value());
    EXPECT_EQ(std::distance(fs::directory_iterator(out()), fs::directory_iterator()), 1) << "only .lock";
  }
}

TEST_F(RunFolderTest, AFailingFillLeavesTheOlderCheckpointAndNoLeftover) {
  RunFolder run({.output_dir = out()});
  run.save(tiny_save(7));
  const SaveRequest broken = {.step = 7,
                              .fill =
                                  [](const fs::path& folder) {
                                    write_file_atomically(folder / "model.safetensors", "half");
                                    throw UserError("`disk` must be there, but is gone");
                                  },
                              .bytes_expected = 1234};
  const std::string message = user_error_of([&] { run.save(broken); });
  EXPECT_TRUE(message.starts_with(fmt::format("`disk` must be there, but is gone; saving `{}` needs 1234 bytes, ",
                                              (out() / "checkpoint-7").string())))
      << message;
  EXPECT_FALSE(run.maybe_save(broken).has_value());
  EXPECT_NE(log_text().find("training continues without this checkpoint"), std::string::npos);
  EXPECT_TRUE(holds_step(run.newest_valid()->path, 7));
  EXPECT_EQ(std::distance(fs::directory_iterator(out()), fs::directory_iterator()), 2) << "checkpoint-7 and .lock";
}

TEST_F(RunFolderTest, ASaveThatCannotFitIsRefusedBeforeItIsWritten) {
  RunFolder run({.output_dir = out()});
  bool was_filled = false;
  const std::string message = user_error_of([&] {
    run.save({.step = 1, .fill = [&](const fs::path&) { was_filled = true; }, .bytes_expected = int64_t{1} << 60});
  });
  EXPECT_TRUE(message.starts_with(
      fmt::format("`{}` must have 1152921504606846976 bytes free to save `checkpoint-1`, but has ", out().string())))
      << message;
  EXPECT_TRUE(message.ends_with("; free some space, lower --save_total_limit or choose another --output_dir"))
      << message;
  EXPECT_FALSE(was_filled);
}

TEST_F(RunFolderTest, AnEmptyFolderMayBeResumedAndHasNoCheckpoint) {
  RunFolder run({.output_dir = out() / "", .start = RunStart::kResume});
  EXPECT_EQ(run.path(), out());
  EXPECT_FALSE(run.newest_valid().has_value());
  EXPECT_FALSE(run.maybe_read_config().has_value());
}

}  // namespace
}  // namespace retort::checkpoint
