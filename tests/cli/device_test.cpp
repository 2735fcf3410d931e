// --device: what cannot be used is one sentence with the remedy, and the processor needs nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "cli/program.h"

namespace retort::program {
namespace {

using Variables = std::map<std::string, std::string>;

Outcome answer_on(const std::string& device, const Variables& environment = {}, const Words& more = {}) {
  Words words{"predict",    "qa",    "--model",   tiny::question_answering_folder(),
              "--question", "who ?", "--context", "ada kell ."};
  if (!device.empty()) words.insert(words.end(), {"--device", device});
  words.insert(words.end(), more.begin(), more.end());
  return run(words, "", {.environment = environment});
}

// Checks that the command ends with one sentence that contains `part`, and no result.
void expect_sentence(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
  EXPECT_NE(outcome.errors.find(part), std::string::npos) << outcome.errors;
}

bool has_nvidia_driver() { return fs::exists("/dev/nvidiactl") || fs::exists("/proc/driver/nvidia"); }

TEST(DeviceFlag, UnknownWordsAreRefused) {
  expect_sentence(answer_on("gpu"), "`device` must be auto, cpu, cuda or cuda:N, but is `gpu`");
  expect_sentence(answer_on("cuda:x"), "`device` must be auto, cpu, cuda or cuda:N, but is `cuda:x`");
  expect_sentence(answer_on("privateuseone"), "whose library `RETORT_DEVICE_LIBRARY` must name");
}

TEST(DeviceFlag, CudaWithoutADriver) {
  if (has_nvidia_driver()) GTEST_SKIP() << "this machine has a driver";
  for (const char* device : {"cuda", "cuda:3"})
    expect_sentence(answer_on(device),
                    "`device` must be cpu or auto on a machine without an NVIDIA driver, but is cuda (libcuda.so.1");
  const tiny::TemporaryFolder folder;
  expect_sentence(run(finetune_squad_words(folder / "out", {"--device", "cuda"})), "without an NVIDIA driver");
  EXPECT_FALSE(fs::exists(folder / "out")) << "nothing is written";
}

TEST(DeviceFlag, AutoIsTheProcessorAndSaysNothing) {
  if (has_nvidia_driver()) GTEST_SKIP() << "this machine has a driver";
  const Outcome cpu = answer_on("cpu"), automatic = answer_on("");
  EXPECT_EQ(automatic.exit_code, 0) << automatic.errors;
  EXPECT_EQ(automatic.output, cpu.output);
  EXPECT_EQ(automatic.errors.find("device"), std::string::npos) << automatic.errors;
  EXPECT_EQ(answer_on("auto").output, cpu.output);
}

TEST(DeviceFlag, Tf32ChangesNothingOnTheProcessor) {
  const Words fp32{"--precision", "fp32"}, tf32{"--precision", "fp32", "--tf32", "true"};
  const Outcome with = answer_on("cpu", {}, tf32);
  EXPECT_EQ(with.exit_code, 0) << with.errors;
  EXPECT_EQ(with.output, answer_on("cpu", {}, fp32).output);
}

TEST(DeviceFlag, NoCudaOfPublishedLinesIsTheProcessor) {
  const std::string model = tiny::question_answering_folder();
  const Outcome shown = run({"compat", "inference.py", "--bert_model", "b", "--init_checkpoint", model, "--vocab_file",
                             model + "/vocab.txt", "--config_file", model + "/config.json", "--question", "who ?",
                             "--context", "ada kell .", "--do_lower_case", "--no_cuda"});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  EXPECT_NE(shown.errors.find("--no_cuda is --device cpu"), std::string::npos) << shown.errors;
}

TEST(DeviceLibrary, FilesThatAreNoneAreNamed) {
  const std::string model = tiny::question_answering_folder();
  expect_sentence(answer_on("privateuseone", {{"RETORT_DEVICE_LIBRARY", model + "/config.json"}}),
                  "config.json` must be a loadable device library, but is not:");
  expect_sentence(answer_on("privateuseone", {{"RETORT_DEVICE_LIBRARY", "/no/such/library.so"}}),
                  "cannot open shared object file");
  expect_sentence(answer_on("privateuseone", {{"RETORT_DEVICE_LIBRARY", "libz.so.1"}}),
                  "`libz.so.1` must be a device library, but has no function `retort_device_library`");
}

TEST(DeviceLibrary, UnusableOnesAreRefused) {
  const auto with = [](const Variables& more, const std::string& device = "privateuseone") {
    Variables variables{{"RETORT_DEVICE_LIBRARY", RETORT_TEST_DEVICE_LIBRARY}};
    variables.insert(more.begin(), more.end());
    return answer_on(device, variables);
  };
  const Outcome other_version = with({{"TEST_TORCH_VERSION", "1.0.0"}});
  expect_sentence(other_version, "as this program is, but is for 1.0.0; build both again");
  EXPECT_TRUE(std::regex_search(other_version.errors, std::regex("must be built for LibTorch \\d+\\.\\d+\\.\\d+,")));
  expect_sentence(with({{"TEST_DEVICE_TYPE", "cuda"}}),
                  "must be the library of a device `privateuseone`, but is of `cuda`");
  expect_sentence(with({}), "`device` must be one that this machine has, but is privateuseone: there is none");
  expect_sentence(with({{"TEST_DEVICE_COUNT", "the cable is out"}}), "but is privateuseone: the cable is out;");
  expect_sentence(with({{"TEST_DEVICE_COUNT", "2"}}, "privateuseone:2"),
                  "`device` must have an index below 2, the number of devices here, but is privateuseone:2");
}

}  // namespace
}  // namespace retort::program
