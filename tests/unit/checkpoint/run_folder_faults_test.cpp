// What may happen to a run folder from outside: kill -9 at any instant, flipped bytes, lost files, a disk that is full.
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "retort/base/hash.h"
#include "retort/base/random.h"
#include "retort/checkpoint/manifest.h"
#include "unit/checkpoint/run_folder_testing.h"

namespace retort::checkpoint {
namespace {

constexpr int kKills = 220;
constexpr size_t kBytes = 4096;

// Resumes and saves step after step until it is killed; tells each step that it believes saved.
int save_until_killed(const fs::path& out, int report) {
  RunFolder run({.output_dir = out, .start = RunStart::kResume, .save_total_limit = 2});
  const auto newest = run.newest_valid();
  for (int64_t step = newest ? newest->step + 1 : 1;; ++step) {
    run.save(tiny_save(step, kBytes));
    if (::write(report, &step, sizeof step) != sizeof step) return 1;
  }
}

int64_t last_reported(int report, int64_t before) {
  int64_t step = 0;
  while (::read(report, &step, sizeof step) == sizeof step) before = step;
  return before;
}

TEST_F(RunFolderTest, KillAtAnyInstantOfASaveLosesNothingThatWasSaved) {
  int64_t reported = 0;
  for (int kill_index = 0; kill_index < kKills; ++kill_index) {
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t child = start_child([&] { return save_until_killed(out(), report[1]); });
    ::close(report[1]);
    ::usleep(static_cast<useconds_t>(random_below(make_key(7), static_cast<uint64_t>(kill_index), 12000)));
    ::kill(child, SIGKILL);
    const int status = wait_for(child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    reported = last_reported(report[0], reported);
    ::close(report[0]);

    RunFolder run({.output_dir = out(), .start = RunStart::kResume, .save_total_limit = 2});
    const auto newest = run.newest_valid();
    ASSERT_TRUE(newest || reported == 0);
    if (!newest) continue;
    ASSERT_GE(newest->step, reported);
    ASSERT_TRUE(holds_step(newest->path, newest->step, kBytes));
    for (const auto& entry : fs::directory_iterator(out()))
      ASSERT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
    ASSERT_TRUE(holds_step(run.save(tiny_save(newest->step + 1, kBytes)), newest->step + 1, kBytes));
    reported = newest->step + 1;
  }
  EXPECT_GT(reported, kKills / 2) << "too few saves to have met one at work";
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

void overwrite(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

class DamagedCheckpointTest : public RunFolderTest {
 protected:
  DamagedCheckpointTest() : run_({.output_dir = out()}) {
    run_.save(tiny_save(10));
    run_.save(tiny_save(20));
  }

  // With the damage in place: the checkpoint before is chosen and the log names the file.
  void expect_fallback(const fs::path& damaged) {
    const auto newest = run_.newest_valid();
    ASSERT_TRUE(newest.has_value());
    ASSERT_EQ(newest->step, 10) << damaged;
    const auto problem = verify_checkpoint_folder(out() / "checkpoint-20");
    ASSERT_TRUE(problem.has_value());
    ASSERT_NE(problem->find(fmt::format("`{}`", damaged.string())), std::string::npos) << *problem;
  }

  RunFolder run_;
};

TEST_F(DamagedCheckpointTest, EveryFlippedByteIsFoundAndTheOneBeforeUsed) {
  size_t flips = 0;
  for (const fs::path& file : files_of(out() / "checkpoint-20")) {
    const std::string content = read_file(file);
    for (size_t i = 0; i < content.size(); ++i, ++flips) {
      for (const int mask : {1, 0x80, 0xFF}) {
        std::string flipped = content;
        flipped[i] = static_cast<char>(flipped[i] ^ mask);
        overwrite(file, flipped);
        expect_fallback(file);
      }
    }
    overwrite(file, content);
  }
  EXPECT_GT(flips, 500u);
  EXPECT_EQ(run_.newest_valid()->step, 20) << "as good as new once the bytes are back";
  const std::string warning = fmt::format(
      "`{0}` is skipped, because it is incomplete or damaged: `{0}/model.safetensors` must have the checksum ",
      (out() / "checkpoint-20").string());
  EXPECT_NE(log_text().find(warning), std::string::npos);
}

TEST_F(DamagedCheckpointTest, EveryTruncationOfAnyFileIsFound) {
  for (const fs::path& file : files_of(out() / "checkpoint-20")) {
    const std::string content = read_file(file);
    for (size_t kept = 0; kept < content.size(); ++kept) {
      overwrite(file, content.substr(0, kept));
      expect_fallback(file);
    }
    overwrite(file, content + "x");
    expect_fallback(file);
    overwrite(file, content);
  }
}

TEST_F(DamagedCheckpointTest, AMissingFileIsNamed) {
  for (const fs::path& file : files_of(out() / "checkpoint-20")) {
    const std::string content = read_file(file);
    fs::remove(file);
    expect_fallback(file);
    overwrite(file, content);
  }
}

TEST_F(DamagedCheckpointTest, ManifestsThatAreNoneAreRefused) {
  const fs::path manifest = out() / "checkpoint-20" / kManifestFile;
  for (const char* text :
       {"", "{}", "[]", "null", "\"files\"", "{\"files\": 3}", "{\"files\": [{\"path\": 3}]}", "{\"files\": []}"}) {
    overwrite(manifest, text);
    expect_fallback(manifest);
  }
}

// Its own checksum right: XXH3 with 64 bits of the list as compact JSON, as docs/data_formats.md has it.
TEST_F(DamagedCheckpointTest, ForgedByteCountsAreRefusedAndAddUpToNoMoreThanThereCanBe) {
  const fs::path folder = out() / "checkpoint-20";
  const auto forge = [&](const Json& bytes) {
    Json files = Json::array();
    for (const char* name : {"a", "b"})
      files.push_back({{"path", name}, {"bytes", bytes}, {"xxh3_64", "0000000000000000"}});
    const std::string text = files.dump();
    const uint64_t checksum = hash_bytes(std::as_bytes(std::span(text.data(), text.size())));
    const Json manifest = {{"format", "retort-checkpoint"},
                           {"version", 1},
                           {"checksum", fmt::format("{:016x}", checksum)},
                           {"files", files}};
    overwrite(folder / kManifestFile, manifest.dump(2) + "\n");
    return manifest_byte_count(folder);
  };
  EXPECT_EQ(forge(7), 14);
  EXPECT_EQ(forge(INT64_MAX), INT64_MAX);
  for (const Json& lie : {Json(-1), Json(uint64_t{1} << 63), Json(1e300), Json("7")}) EXPECT_EQ(forge(lie), 0) << lie;
}

TEST_F(DamagedCheckpointTest, FilesBesideTheListedOnesDoNotMatter) {
  overwrite(out() / "checkpoint-20" / "notes.txt", "mine");
  EXPECT_EQ(run_.newest_valid()->step, 20);
}

TEST_F(DamagedCheckpointTest, NothingIsChosenWhenAllAreDamaged) {
  for (const int step : {10, 20}) fs::remove(out() / fmt::format("checkpoint-{}", step) / kManifestFile);
  EXPECT_FALSE(run_.newest_valid().has_value());
}

TEST_F(RunFolderTest, AFileSizeLimitFailsTheSaveAndSparesTheRest) {
  RunFolder({.output_dir = out()}).save(tiny_save(1));
  const int status = wait_for(start_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 100000, .rlim_max = 100000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    RunFolder run({.output_dir = out(), .start = RunStart::kResume});
    SaveRequest large = tiny_save(2, 300000);
    large.bytes_expected = 600000;
    if (run.maybe_save(large)) return 1;
    const std::string message = user_error_of([&] { run.save(large); });
    if (message.find("File too large") == std::string::npos) return 2;
    if (message.find("needs 600000 bytes") == std::string::npos) return 3;
    return run.maybe_save(tiny_save(3)) ? 0 : 4;  // training went on, and a smaller save works
  }));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  RunFolder run({.output_dir = out(), .start = RunStart::kResume});
  EXPECT_EQ(run.newest_valid()->step, 3);
  EXPECT_TRUE(holds_step(out() / "checkpoint-1", 1));
  EXPECT_FALSE(fs::exists(out() / "checkpoint-2"));
}

TEST_F(RunFolderTest, AFullDiskIsFoundBeforeAndDuringASave) {
  fs::create_directories(root_ / "small");
  if (::mount("tmpfs", (root_ / "small").c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root";
  }
  {
    RunFolder run({.output_dir = root_ / "small" / "out"});
    run.save(tiny_save(1, 20000));
    SaveRequest large = tiny_save(2, 150000);
    EXPECT_NE(user_error_of([&] { run.save(large); }).find("No space left on device"), std::string::npos);
    large.bytes_expected = 300000;
    EXPECT_NE(user_error_of([&] { run.save(large); }).find("must have 300000 bytes free to save `checkpoint-2`"),
              std::string::npos);
    EXPECT_FALSE(run.maybe_save(large).has_value());
    EXPECT_TRUE(holds_step(run.newest_valid()->path, 1, 20000));
    EXPECT_TRUE(run.maybe_save(tiny_save(3, 20000)).has_value()) << "the failed saves gave their room back";
  }
  EXPECT_EQ(::umount((root_ / "small").c_str()), 0);
}

}  // namespace
}  // namespace retort::checkpoint
