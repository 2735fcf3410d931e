// The cache of teacher outputs in `retort distill squad`: a student trained from it equals one trained from the
// teacher, and a damaged, foreign, truncated or unfinished cache is found.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "recipe/distill_squad_settings.h"
#include "retort/base/error.h"
#include "retort/base/folder_lock.h"

namespace retort::recipe {
namespace {

fs::path file_in(const fs::path& cache_dir, const std::string& name) {
  return fs::directory_iterator(cache_dir)->path() / name;
}

// A student trained from the cache equals one trained from the teacher, also when a later run completes the cache.
TEST(DistillSquadCache, TeachesTheSame) {
  const tiny::TemporaryFolder folder;
  distill_squad(tiny::distill_squad_settings(folder / "plain"));
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "cached");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  EXPECT_EQ(tiny::weights_of(folder / "cached"), tiny::weights_of(folder / "plain"));

  const std::string whole = read_file(file_in(folder / "cache", "values"));
  fs::remove(file_in(folder / "cache", "cache.json"));
  fs::resize_file(file_in(folder / "cache", "checksums"), 8 * 7);
  fs::resize_file(file_in(folder / "cache", "values"), whole.size() / 2);
  config.output.output_dir = folder / "finished";
  distill_squad(config);
  EXPECT_EQ(tiny::weights_of(folder / "finished"), tiny::weights_of(folder / "plain"));
  EXPECT_EQ(read_file(file_in(folder / "cache", "values")), whole);
}

TEST(DistillSquadCache, TeachesTheSameInBf16) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "plain");
  config.training.precision = "bf16";
  distill_squad(config);
  config.output.output_dir = folder / "cached";
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  EXPECT_EQ(tiny::weights_of(folder / "cached"), tiny::weights_of(folder / "plain"));
}

TEST(DistillSquadCache, DamagedAndForeignOnesAreFound) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  std::string values = read_file(file_in(folder / "cache", "values"));
  const std::string whole = values;
  for (char& value : values) value ^= 1;  // training reads only some of them
  write_file_atomically(file_in(folder / "cache", "values"), values);
  config.output.output_dir = folder / "damaged";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("are damaged; the teacher computes them now"), std::string::npos) << log;
  EXPECT_EQ(tiny::weights_of(folder / "damaged"), tiny::weights_of(folder / "first"));
  config.output.output_dir = folder / "again";
  distill_squad(config);
  EXPECT_EQ(tiny::weights_of(folder / "again"), tiny::weights_of(folder / "first"));
  EXPECT_EQ(read_file(file_in(folder / "cache", "values")), whole);

  for (const char* text : {"", "[]", "{\"key\": 5}", "{\"key\""}) {
    write_file_atomically(file_in(folder / "cache", "cache.json"), text);
    config.output.output_dir = folder / fmt::format("described {}", std::string(text).size());
    distill_squad(config);
    EXPECT_EQ(tiny::weights_of(config.output.output_dir), tiny::weights_of(folder / "first")) << text;
  }
  Json description = read_json_file(file_in(folder / "cache", "cache.json"));
  description["width"] = 7;  // the right key and another width: the cache is filled again
  write_json_file(file_in(folder / "cache", "cache.json"), description);
  config.output.output_dir = folder / "another width";
  distill_squad(config);
  EXPECT_EQ(tiny::weights_of(config.output.output_dir), tiny::weights_of(folder / "first"));
  description = read_json_file(file_in(folder / "cache", "cache.json"));
  EXPECT_NE(description["width"], 7);
  description["key"] = "0123";
  write_json_file(file_in(folder / "cache", "cache.json"), description);
  const auto message_before_scores = [&] {
    testing::internal::CaptureStderr();
    const std::string message = tiny::message_of([&] { distill_squad(config); });
    EXPECT_EQ(testing::internal::GetCapturedStderr().find("scores of the teacher:"), std::string::npos);
    return message;
  };
  config.data.dev_file = tiny::dev_file();
  config.output.output_dir = folder / "foreign";
  EXPECT_NE(message_before_scores().find("must hold the teacher's outputs for this data set"), std::string::npos);
  config.output.output_dir = folder / "nowhere";
  config.teacher.teacher_cache = "/proc/nowhere";
  EXPECT_NE(message_before_scores().find("/proc/nowhere"), std::string::npos);
}

// What a crash of the machine may leave: cache.json on disk, and only a part of the values.
TEST(DistillSquadCache, TruncatedOneIsCompleted) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  const fs::path values = file_in(folder / "cache", "values");
  const std::string whole = read_file(values);
  const auto again = [&](const char* name) {
    config.output.output_dir = folder / name;
    testing::internal::CaptureStderr();
    distill_squad(config);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("is incomplete"), std::string::npos);
    EXPECT_EQ(read_file(values), whole);
    EXPECT_EQ(tiny::weights_of(folder / name), tiny::weights_of(folder / "first"));
  };
  fs::resize_file(values, whole.size() / 2);
  again("short");
  fs::remove(values);
  again("gone");
  std::string holes = whole.substr(0, whole.size() - 8);
  std::fill(holes.begin() + 64, holes.begin() + 128, '\0');
  write_file_atomically(values, holes);
  again("holes");
}

// Waits until /proc/locks shows a process that waits for the lock of this file, at most half a minute.
void wait_for_waiter(const fs::path& file) {
  struct stat status = {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  const std::string inode = fmt::format(":{} ", status.st_ino);
  for (int i = 0; i < 3000; ++i) {
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);)
      if (line.find("->") != std::string::npos && line.find(inode) != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// Two runs with one teacher and the same questions: the second waits for the cache that the first fills.
TEST(DistillSquadCache, WaitsForTheProcessThatFillsIt) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  const fs::path cache = file_in(folder / "cache", "").parent_path();
  fs::rename(cache / "cache.json", folder / "cache.json");
  auto lock = std::make_unique<FolderLock>(cache);
  std::thread other([&] {
    wait_for_waiter(cache / ".lock");
    fs::rename(folder / "cache.json", cache / "cache.json");
    lock.reset();
  });
  config.output.output_dir = folder / "second";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  other.join();
  EXPECT_NE(log.find("waiting for process"), std::string::npos) << log;
  EXPECT_EQ(log.find("the teacher's outputs take"), std::string::npos) << log;
  EXPECT_EQ(tiny::weights_of(folder / "second"), tiny::weights_of(folder / "first"));
}

// `auto` caches outputs that are read more than once, in the user's cache folder, and logs the size before it does.
TEST(DistillSquadCache, AutoKeepsWhatIsReadMoreThanOnce) {
  const tiny::TemporaryFolder folder;
  ::setenv("RETORT_CACHE", (folder / "user").c_str(), 1);
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "once");
  config.teacher.teacher_cache = "auto";
  config.training.max_steps = -1, config.training.num_train_epochs = 1;
  distill_squad(config);
  EXPECT_FALSE(fs::exists(folder / "user/teacher"));
  config.training.num_train_epochs = 1.5;
  config.output.output_dir = folder / "again";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  ::unsetenv("RETORT_CACHE");
  EXPECT_NE(log.find("the teacher's outputs take 0.0 MB in `" + (folder / "user/teacher").string()), std::string::npos)
      << log;
  EXPECT_TRUE(fs::exists(file_in(folder / "user/teacher", "cache.json")));
}

}  // namespace
}  // namespace retort::recipe
