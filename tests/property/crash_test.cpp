// The program is stopped at arbitrary moments by signals that it handles and by SIGKILL. After each, --resume ends with
// the model of an uninterrupted run, byte for byte.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "cli/program.h"
#include "retort/base/random.h"

namespace retort::program {
namespace {

const Words kLongRun{"--max_steps", "40", "--save_steps", "1", "--save_total_limit", "2", "--learning_rate", "1e-3"};

Words words_for(const fs::path& output_dir, const Words& more = {}) {
  Words all = kLongRun;
  all.insert(all.end(), more.begin(), more.end());
  return finetune_squad_words(output_dir, all);
}

void sleep_ms(uint64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

// Waits until the process ends or the folder holds a checkpoint.
void wait_for_checkpoint(Process& process, const fs::path& output_dir) {
  const auto has_one = [&] {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(output_dir, ignored))
      if (entry.path().filename().string().starts_with("checkpoint-")) return true;
    return false;
  };
  while (process.is_running() && !has_one()) sleep_ms(2);
}

const std::string& undisturbed_model() {
  static const std::string bytes = [] {
    const tiny::TemporaryFolder folder;
    const Outcome outcome = run(words_for(folder / "out"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return read_file(folder / "out/model.safetensors");
  }();
  return bytes;
}

TEST(Crash, KilledAtAnyMomentContinuesToTheSameModel) {
  undisturbed_model();
  const tiny::TemporaryFolder folder;
  int kills = 0;
  for (uint64_t attempt = 0; kills < 6; ++attempt) {
    Process process(words_for(folder / "out", {"--resume"}));
    wait_for_checkpoint(process, folder / "out");
    sleep_ms(make_key(17, attempt) % 40);
    process.send(SIGKILL);
    if (process.wait().exit_code != 128 + SIGKILL) break;  // the run ended before the signal
    ++kills;
  }
  if (!fs::exists(folder / "out/DONE")) {
    const Outcome outcome = run(words_for(folder / "out", {"--resume"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  }
  EXPECT_TRUE(read_file(folder / "out/model.safetensors") == undisturbed_model()) << kills << " kills";
  for (const auto& entry : fs::directory_iterator(folder / "out"))
    EXPECT_EQ(entry.path().filename().string().find(".tmp."), std::string::npos) << entry.path();
}

TEST(Crash, SignalsSaveAndGiveTheirExitCode) {
  for (const int signal_number : {SIGTERM, SIGINT, SIGUSR1}) {
    const tiny::TemporaryFolder folder;
    Process process(words_for(folder / "out", {"--save_total_limit", "1"}));
    wait_for_checkpoint(process, folder / "out");
    process.send(signal_number);
    const Outcome stopped = process.wait();
    ASSERT_EQ(stopped.exit_code, 128 + signal_number) << stopped.errors;
    EXPECT_EQ(stopped.output, "");
    EXPECT_NE(stopped.errors.find("--resume continues from there"), std::string::npos) << stopped.errors;
    EXPECT_FALSE(fs::exists(folder / "out/DONE"));
    const Outcome resumed = run(words_for(folder / "out", {"--resume"}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.errors;
    EXPECT_TRUE(read_file(folder / "out/model.safetensors") == undisturbed_model()) << "signal " << signal_number;
  }
}

}  // namespace
}  // namespace retort::program
