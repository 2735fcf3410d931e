// Every file in configs/ is accepted by the command that its first lines name, and every command accepts its own JSON.
// Those in configs/tune are search spaces, which tests/tune/space_test.py reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/cli/commands.h"
#include "retort/cli/dispatch.h"

namespace retort::cli {
namespace {

std::vector<fs::path> config_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RETORT_SOURCE_DIR) / "configs"))
    if (entry.path().extension() == ".json" && entry.path().parent_path().filename() != "tune")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The words of the line `//   retort finetune squad --config ...` in the file's comment.
std::vector<std::string> command_line(const fs::path& file) {
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
    if (all.size() > 2 && all[0] == "//" && all[1] == "retort") return {all.begin() + 2, all.end()};
  }
  return {};
}

TEST(Configs, AreAcceptedByTheirCommands) {
  ASSERT_FALSE(config_files().empty());
  for (const fs::path& file : config_files()) {
    SCOPED_TRACE(file.string());
    std::vector<std::string> words = command_line(file);
    ASSERT_FALSE(words.empty()) << "the file must hold the line of its command";
    const Command* const command = find_command(words);
    ASSERT_NE(command, nullptr);
    // Files in the published form are given with --distill_config.
    auto flag = std::find(words.begin(), words.end(), "--distill_config");
    if (flag == words.end()) {
      FieldList list;
      command->describe(list);
      EXPECT_NO_THROW(set_fields_from_json(list, read_json_file(file, JsonComments::kSkip), file.string()));
      flag = std::find(words.begin(), words.end(), "--config");
    }
    ASSERT_LT(flag + 1, words.end()) << "the line must name the file";
    EXPECT_TRUE(fs::equivalent(fs::path(RETORT_SOURCE_DIR) / flag[1], file)) << flag[1];
    flag[1] = file;
    FieldList flags;
    command->describe(flags);
    EXPECT_NO_THROW(parse_flags(flags, {words.begin() + 2, words.end()})) << "the line's other flags must be known too";
  }
}

TEST(Configs, OfEveryCommandAreEqualAfterWritingAndReading) {
  for (const Command& command : commands()) {
    if (command.describe == nullptr) continue;
    FieldList list;
    command.describe(list);
    const Json values = fields_to_json(list);
    EXPECT_NO_THROW(set_fields_from_json(list, values, command.name)) << command.name;
    EXPECT_EQ(fields_to_json(list), values) << command.name;
  }
}

}  // namespace
}  // namespace retort::cli
