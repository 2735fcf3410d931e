// What a run folder holds that no run of this program wrote: folders, links and files of others. And a model that is
// published as one, whenever its writer is killed.
#include <csignal>

#include "retort/base/marked_folder.h"
#include "retort/base/random.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/publish_files.h"
#include "unit/checkpoint/run_folder_testing.h"

namespace retort::checkpoint {
namespace {

void make_run(const fs::path& out, int64_t step) {
  RunFolder run({.output_dir = out, .start = RunStart::kOverwrite});
  run.write_config({{"seed", step}});
  run.save(tiny_save(step));
  run.write_results({{"f1", 1}});
  run.write_done();
}

TEST_F(RunFolderTest, OverwritingTakesNothingOfOthers) {
  for (const char* name : {"runs", "checkpoint-7", "checkpoint-9", "previous"}) {
    fs::create_directories(out() / name);
    write_file_atomically(out() / name / "paper.tex", "mine");
  }
  write_file_atomically(out() / "checkpoint-9" / "trainer_state.json", "{\"global_step\": 9}");
  write_file_atomically(out() / "DONE", "");
  make_run(out(), 3);
  make_run(out(), 4);
  RunFolder run({.output_dir = out(), .start = RunStart::kResume, .save_total_limit = 1});
  run.save(tiny_save(5));
  EXPECT_FALSE(fs::exists(out() / "checkpoint-4"));
  for (const char* name : {"runs", "checkpoint-7", "checkpoint-9", "previous"})
    EXPECT_EQ(read_file(out() / name / "paper.tex"), "mine") << name;
  EXPECT_NE(log_text().find("checkpoint-7` does not belong to a run of retort"), std::string::npos);
}

TEST_F(RunFolderTest, ASaveInThePlaceOfAFolderOfOthersIsRefused) {
  fs::create_directories(out() / "checkpoint-7");
  write_file_atomically(out() / "checkpoint-7" / "paper.tex", "mine");
  RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite});
  EXPECT_TRUE(user_error_of([&] { run.save(tiny_save(7)); })
                  .starts_with(fmt::format("`{}` must not exist or be a checkpoint of retort, but is another folder",
                                           (out() / "checkpoint-7").string())));
  EXPECT_FALSE(run.maybe_save(tiny_save(7)).has_value());
  EXPECT_EQ(read_file(out() / "checkpoint-7" / "paper.tex"), "mine");
}

TEST_F(RunFolderTest, APreviousRunOfOthersIsRefused) {
  make_run(out(), 3);
  fs::create_directories(out() / "previous_run");
  write_file_atomically(out() / "previous_run" / "paper.tex", "mine");
  EXPECT_NE(user_error_of([&] { make_run(out(), 4); }).find("previous_run` must not exist or be a folder of retort"),
            std::string::npos);
  EXPECT_EQ(read_file(out() / "previous_run" / "paper.tex"), "mine");
  EXPECT_TRUE(holds_step(out() / "checkpoint-3", 3));
}

TEST_F(RunFolderTest, WhatIsPutIntoThePreviousRunStays) {
  make_run(out(), 3);
  RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite});
  write_file_atomically(out() / "previous_run" / "paper.tex", "mine");
  run.save(tiny_save(4));
  EXPECT_EQ(read_file(out() / "previous_run" / "paper.tex"), "mine");
  EXPECT_FALSE(fs::exists(out() / "previous_run" / "checkpoint-3"));
}

TEST_F(RunFolderTest, EventFilesOfTheRunGoAndOthersStay) {
  make_run(out(), 3);
  fs::create_directories(out() / "runs");
  write_file_atomically(out() / "runs" / "events.out.tfevents.1.host.1.0", "ours");
  write_file_atomically(out() / "runs" / kEventFileList, "events.out.tfevents.1.host.1.0\n../victim\n");
  write_file_atomically(out() / "runs" / "events.out.tfevents.2.host.1.0", "another program's");
  write_file_atomically(out() / "victim", "mine");
  make_run(out(), 4);
  EXPECT_FALSE(fs::exists(out() / "runs" / "events.out.tfevents.1.host.1.0"));
  EXPECT_EQ(read_file(out() / "runs" / "events.out.tfevents.2.host.1.0"), "another program's");
  EXPECT_EQ(read_file(out() / "victim"), "mine");
}

TEST_F(RunFolderTest, LinksAreReplacedAndWhatTheyLeadToStays) {
  make_run(out(), 3);
  fs::remove(out() / "DONE");
  fs::create_directories(root_ / "victims");
  write_file_atomically(root_ / "victims" / "paper.tex", "mine");
  fs::create_directory_symlink(root_ / "victims", out() / "checkpoint-4");
  fs::remove(out() / "results.json");
  fs::create_symlink(root_ / "victims" / "paper.tex", out() / "results.json");
  RunFolder run({.output_dir = out(), .start = RunStart::kResume, .save_total_limit = 1});
  EXPECT_EQ(run.newest_valid()->step, 3);
  run.save(tiny_save(4));
  EXPECT_TRUE(holds_step(out() / "checkpoint-4", 4));
  fs::create_directory_symlink(root_ / "victims", out() / "checkpoint-2");
  run.save(tiny_save(5));
  EXPECT_TRUE(fs::is_symlink(out() / "checkpoint-2")) << "rotation deletes no link";
  run.write_results({{"f1", 2}});
  EXPECT_EQ(read_json_file(out() / "results.json")["f1"], 2);
  fs::create_symlink(root_ / "victims" / "paper.tex", out() / "config.json");
  run.publish_files([](const fs::path& folder) { write_file_atomically(folder / "config.json", "{}"); });
  EXPECT_EQ(read_file(out() / "config.json"), "{}");
  EXPECT_EQ(read_file(root_ / "victims" / "paper.tex"), "mine");
}

TEST_F(RunFolderTest, AnOutputFolderBehindALinkIsUsed) {
  fs::create_directories(root_ / "scratch");
  fs::create_directory_symlink(root_ / "scratch", out());
  make_run(out(), 3);
  EXPECT_TRUE(fs::is_symlink(out()));
  EXPECT_TRUE(holds_step(root_ / "scratch" / "checkpoint-3", 3));
}

TEST_F(RunFolderTest, AFinishedRunHasItsResultsAndDamagedRecordsAreNamed) {
  make_run(out(), 3);
  const auto resume = [&] { return RunFolder({.output_dir = out(), .start = RunStart::kResume}).maybe_results(); };
  EXPECT_EQ(resume()->at("f1"), 1);
  write_file_atomically(out() / "results.json", "[1]");
  EXPECT_NE(user_error_of(resume).find("results.json` must hold the results of the run, a JSON object, but holds a "
                                       "list"),
            std::string::npos);
  fs::remove(out() / "results.json");
  EXPECT_NE(user_error_of(resume).find("results.json` must hold the results of the finished run, but is missing"),
            std::string::npos);
  fs::remove(out() / "DONE");
  EXPECT_FALSE(resume().has_value());
  for (const char* text : {"[]", "null", "3", "\"a\""}) {
    write_file_atomically(out() / "retort_config.json", text);
    EXPECT_NE(user_error_of([&] {
                RunFolder({.output_dir = out(), .start = RunStart::kResume}).maybe_read_config();
              }).find("retort_config.json` must hold the settings of the run, a JSON object"),
              std::string::npos)
        << text;
  }
}

TEST_F(RunFolderTest, OneFileOfACheckpointIsVerifiedAlone) {
  RunFolder({.output_dir = out()}).save(tiny_save(3));
  const fs::path checkpoint = out() / "checkpoint-3";
  fs::resize_file(checkpoint / "empty", 1);
  EXPECT_FALSE(verify_checkpoint_file(checkpoint, "model.safetensors").has_value());
  EXPECT_NE(verify_checkpoint_file(checkpoint, "empty")->find("must have 0 bytes, but has 1"), std::string::npos);
  EXPECT_NE(verify_checkpoint_file(checkpoint, "other")->find("is not listed"), std::string::npos);
}

const std::vector<std::string> kModelFiles{"config.json", "model.safetensors", "tokenizer.json", "vocab.txt"};

void publish_version(RunFolder& run, int version) {
  run.publish_files([&](const fs::path& folder) {
    for (const std::string& name : kModelFiles)
      write_file_atomically(folder / name, fmt::format("version {}", version));
  });
}

// The version of all files; empty where they are of different ones or one is missing.
std::string version_of(const fs::path& folder) {
  std::set<std::string> versions;
  for (const std::string& name : kModelFiles)
    versions.insert(fs::exists(folder / name) ? read_file(folder / name) : "missing");
  return versions.size() == 1 ? *versions.begin() : "";
}

TEST_F(RunFolderTest, KilledAtAnyInstantAPublishedModelIsOfOnePiece) {
  {
    RunFolder run({.output_dir = out()});
    publish_version(run, 0);
  }
  int halves = 0;
  for (uint64_t round = 0; round < 150; ++round) {
    const pid_t child = start_child([&] {
      RunFolder run({.output_dir = out(), .start = RunStart::kOverwrite});
      for (int version = 1;; ++version) publish_version(run, version);
      return 0;
    });
    ::usleep(static_cast<useconds_t>(random_below(make_key(9), round, 6000)));
    ::kill(child, SIGKILL);
    ASSERT_TRUE(WIFSIGNALED(wait_for(child)));
    const std::string before = version_of(out());
    ASSERT_TRUE(!before.empty() || !fs::exists(out() / "config.json"))
        << "others would read two versions, round " << round;
    halves += before.empty();
    finish_publication(out());
    ASSERT_TRUE(version_of(out()).starts_with("version ")) << "round " << round;
    ASSERT_FALSE(fs::exists(out() / ".retort-publishing"));
  }
  EXPECT_GT(halves, 0) << "no kill met a publication between its first and its last file";
}

TEST_F(RunFolderTest, APublicationWaitsForNoFolderInItsWay) {
  RunFolder run({.output_dir = out()});
  fs::create_directories(out() / "vocab.txt");
  write_file_atomically(out() / "vocab.txt" / "paper.tex", "mine");
  EXPECT_NE(
      user_error_of([&] { publish_version(run, 1); }).find("vocab.txt` must be a file or not exist, but is a folder"),
      std::string::npos);
  EXPECT_EQ(read_file(out() / "vocab.txt" / "paper.tex"), "mine");
  EXPECT_FALSE(fs::exists(out() / "config.json"));
}

TEST_F(RunFolderTest, AFolderThatIsNoPublicationStays) {
  fs::create_directories(out() / ".retort-publishing" / "files");
  write_file_atomically(out() / ".retort-publishing" / "files" / "config.json", "mine");
  finish_publication(out());
  { RunFolder run({.output_dir = out()}); }
  EXPECT_EQ(read_file(out() / ".retort-publishing" / "files" / "config.json"), "mine");
  EXPECT_FALSE(fs::exists(out() / "config.json"));
}

}  // namespace
}  // namespace retort::checkpoint
