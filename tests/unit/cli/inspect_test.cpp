// `retort inspect`: the lines and totals for files that PyTorch and safetensors wrote.
#include "retort/cli/inspect.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/data/corpus/token_file.h"
#include "retort/recipe/inspect.h"

namespace retort::cli {
namespace {

std::string fixture(const std::string& name) { return std::string(RETORT_FIXTURES) + "/checkpoint/" + name; }

TEST(Inspect, ListsTensorsAndAddsThemUp) {
  std::ostringstream out;
  const Json result = recipe::inspect({.path = fixture("sharded/good")}, out);
  EXPECT_EQ(out.str(), "a  F32   [1]\nb  F32   [1]\nc  F32   [1]\n");
  EXPECT_EQ(result["tensors"], 3);
  EXPECT_EQ(result["elements"], 3);
  EXPECT_EQ(result["bytes"], 12);
  EXPECT_EQ(result["files"].size(), 2u);
  EXPECT_EQ(result["dtypes"]["F32"], 3);
  EXPECT_EQ(result["metadata"]["format"], "pt");
}

TEST(Inspect, SaysWhatATokenFileHolds) {
  const fs::path path = fs::temp_directory_path() / fmt::format("retort-inspect-{}.tokens", ::getpid());
  data::TokenFileWriter writer(path, {.size = 9, .pad_id = 0, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4});
  writer.add(std::vector<int32_t>{2, 7, 8, 3});
  writer.add(std::vector<int32_t>{2, 5, 3});
  writer.publish(1);
  std::ostringstream out;
  const Json result = recipe::inspect({.path = path}, out);
  fs::remove(path);
  EXPECT_NE(out.str().find("ids                   2  [7]\n"), std::string::npos) << out.str();
  EXPECT_EQ(result["sequences"], 2);
  EXPECT_EQ(result["tokens"], 7);
  EXPECT_EQ(result["vocab_size"], 9);
}

TEST(Inspect, KeepsControlCharactersOfNamesFromTheTerminal) {
  std::ostringstream out;
  recipe::inspect({.path = fixture("all_types.safetensors")}, out);
  EXPECT_NE(out.str().find("é \\x01"), std::string::npos);
  EXPECT_EQ(out.str().find('\x01'), std::string::npos);
}

TEST(Inspect, TakesThePathAsAWordOrAFlag) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{fixture("plain.bin")}, {"--path", fixture("plain.bin")}}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_inspect(arguments), 0);
    const std::string printed = testing::internal::GetCapturedStdout();
    EXPECT_NE(printed.find("bert.turned       F32   [3, 2]\n"), std::string::npos) << printed;
    EXPECT_NE(printed.find("\"tensors\":11,"), std::string::npos) << printed;
  }
  EXPECT_THROW(run_inspect({}), UserError);
  EXPECT_THROW(run_inspect({fixture("hostile/run_reduce.pt")}), UserError);
}

}  // namespace
}  // namespace retort::cli
