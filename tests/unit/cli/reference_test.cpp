// The reference pages: one per command that is listed, and an index that links them.
#include "retort/cli/reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "retort/base/file.h"
#include "retort/cli/command.h"

namespace retort::cli {
namespace {

TEST(Reference, OnePagePerListedCommandAndAnIndex) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("retort_reference_{}", ::getpid());
  const Json result = write_reference({.output_dir = folder.string()});
  const auto listed = std::ranges::count_if(commands(), [](const Command& command) { return !command.hidden; });
  EXPECT_EQ(result["pages"], listed + 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), listed + 1);

  const std::string index = read_file(folder / "README.md");
  EXPECT_NE(index.find("- [retort version](version.md): print the version\n"), index.npos);
  EXPECT_EQ(index.find("reference.md"), index.npos) << "hidden commands have no page";
  EXPECT_EQ(read_file(folder / "version.md"), "# retort version\n\nprint the version\n");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace retort::cli
