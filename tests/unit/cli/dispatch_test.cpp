// The table of commands and the way from words to a command.
#include "retort/cli/dispatch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "retort/base/error.h"
#include "retort/cli/commands.h"
#include "retort/cli/late_module.h"

namespace retort::cli {
namespace {

std::string dispatch_error(const std::vector<std::string>& words) {
  try {
    dispatch(words);
  } catch (const UserError& failure) {
    return failure.what();
  }
  return "no error";
}

// Standard output of `dispatch`.
std::string output_of(const std::vector<std::string>& words) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(dispatch(words), 0);
  std::fflush(stdout);
  return testing::internal::GetCapturedStdout();
}

TEST(Dispatch, NoCommandListsAFlagTwice) {
  for (const Command& command : commands()) {
    if (command.describe == nullptr) continue;
    FieldList list;
    command.describe(list);
    std::set<std::string> names;
    for (const Field& field : list.all())
      EXPECT_TRUE(names.insert(field.name).second) << command.name << " --" << field.name;
  }
}

TEST(Commands, AreCompleteUniqueAndInGroups) {
  std::set<std::string> names, closed_groups;
  std::string group;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name << " is listed twice";
    const int bodies = (command.run != nullptr) + (retort_find_tensor_command(command.name) != nullptr) +
                       (retort_find_instance_command(command.name) != nullptr);
    EXPECT_EQ(bodies, 1) << command.name << " must have one body, in the program or in a module";
    if (command.module == &kInstanceModule)
      EXPECT_NE(retort_find_instance_command(command.name), nullptr) << command.name;
    EXPECT_STRNE(command.summary, "") << command.name;
    if (group != command.group) {
      EXPECT_TRUE(closed_groups.insert(command.group).second) << "group " << command.group << " is torn apart";
      group = command.group;
    }
  }
}

TEST(Commands, FlagsOfACommandAreUniqueExplainedAndTheirDefaultsAllowed) {
  for (const Command& command : commands()) {
    FieldList list;
    if (command.describe != nullptr) command.describe(list);
    std::set<std::string> names = {"config", "help"};
    for (const Field& field : list.all()) {
      std::vector<std::string> spellings = field.spec.aliases;
      spellings.push_back(field.name);
      for (const std::string& spelling : spellings)
        EXPECT_TRUE(names.insert(spelling).second) << command.name << " has two flags --" << spelling;
      EXPECT_NE(field.spec.help, "") << command.name << " --" << field.name;
    }
    // Required texts are empty by default; everything else that a command would run with must pass its own checks.
    Json defaults = fields_to_json(list);
    for (const Field& field : list.all())
      if (field.spec.required) defaults.erase(field.name);
    EXPECT_NO_THROW(set_fields_from_json(list, defaults, command.name));
  }
}

TEST(Dispatch, FindsTheLongestName) {
  ASSERT_NE(find_command({"version"}), nullptr);
  EXPECT_STREQ(find_command({"version", "more", "--x"})->name, "version");
  EXPECT_EQ(find_command({"--version"}), nullptr);
  EXPECT_EQ(find_command({}), nullptr);
  for (const Command& command : commands()) {
    std::istringstream name(command.name);
    std::vector<std::string> words{std::istream_iterator<std::string>(name), {}};
    EXPECT_LE(words.size(), 3u);
    words.emplace_back("--flag");
    EXPECT_EQ(find_command(words), &command);
  }
}

TEST(Dispatch, UnknownCommandsShowTheNearest) {
  EXPECT_EQ(dispatch_error({"verison"}), "unknown command `verison`, did you mean `version`?");
  EXPECT_EQ(dispatch_error({"verison", "squad", "--x"}), "unknown command `verison`, did you mean `version`?");
  EXPECT_EQ(dispatch_error({"xyzxyzxyz"}), "unknown command `xyzxyzxyz`; `retort --help` lists all");
  EXPECT_EQ(dispatch_error({"xyzxyzxyz", "--help"}), "unknown command `xyzxyzxyz`; `retort --help` lists all");
  EXPECT_EQ(dispatch_error({"--versoin"}), "unknown command `--versoin`, did you mean `version`?");
}

TEST(Dispatch, WrongFlagsAreTheUsersError) {
  EXPECT_EQ(dispatch_error({"version", "now"}), "`retort version` must have no arguments, but has `now`");
  EXPECT_EQ(dispatch_error({"reference", "--output_dri", "x"}),
            "unknown flag `--output_dri`, did you mean `--output_dir`?\n"
            "`--output_dir` must be given, but is missing: Folder for the pages; existing pages are overwritten.");
}

TEST(Dispatch, OverviewListsEveryCommandOnOneLine) {
  const std::string text = output_of({"--help"});
  EXPECT_EQ(text, output_of({"help"}));
  EXPECT_EQ(text, output_of({"-h"}));
  for (const Command& command : commands()) {
    const bool listed = text.find("\n  " + std::string(command.name) + " ") != text.npos;
    EXPECT_EQ(listed, !command.hidden) << command.name;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Dispatch, HelpOfACommand) {
  const std::string text = output_of({"reference", "--help"});
  EXPECT_EQ(text, output_of({"help", "reference"}));
  EXPECT_EQ(text, output_of({"reference", "--output_dir", "x", "-h"}));
  EXPECT_TRUE(
      text.starts_with("retort reference: command table -> Markdown reference pages\n\nusage: retort reference "));
  EXPECT_NE(text.find("--output_dir TEXT"), text.npos);
  for (const Command& command : commands()) {
    std::istringstream lines(command_help(command));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Dispatch, HelpAsJson) {
  const Json one = Json::parse(output_of({"help", "reference", "--json"}));
  EXPECT_EQ(one["command"], "reference");
  EXPECT_EQ(one["flags"][0]["name"], "output_dir");
  EXPECT_EQ(one["flags"][0]["required"], true);
  const Json all = Json::parse(output_of({"help", "--json"}));
  EXPECT_EQ(all["version"], version_text());
  std::vector<std::string> names, listed;
  for (const Json& command : all["commands"]) names.push_back(command["command"]);
  for (const Command& command : commands())
    if (!command.hidden) listed.emplace_back(command.name);
  EXPECT_EQ(names, listed);
  EXPECT_EQ(dispatch_error({"help", "verison", "--json"}), "unknown command `verison`, did you mean `version`?");
}

TEST(Dispatch, Version) {
  EXPECT_EQ(output_of({"--version"}), "retort " + std::string(version_text()) + "\n");
  EXPECT_EQ(output_of({"version"}), "{\"version\":\"" + std::string(version_text()) + "\"}\n");
}

}  // namespace
}  // namespace retort::cli
