// `retort inspect`: the lines and totals for files that PyTorch and safetensors wrote.
#include "retort/cli/inspect.h"

#include <gtest/gtest.h>

#include <sstream>

#include "retort/base/error.h"
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
