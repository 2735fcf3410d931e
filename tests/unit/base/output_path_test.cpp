// Outputs that users name: links are followed, inputs are spared.
#include "retort/base/output_path.h"

#include "base_testing.h"

namespace retort {
namespace {

TEST(OutputPath, ALinkIsFollowedToItsFile) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_symlink("real/a", folder / "link");
  EXPECT_EQ(linked_output(folder / "link"), folder / "real/a") << "which is not there yet";
  write_file_atomically(linked_output(folder / "link"), "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(content_of(folder / "real/a"), "new");
  EXPECT_EQ(linked_output(folder / "plain"), folder / "plain");
  fs::create_symlink("/dev/null", folder / "device");
  EXPECT_EQ(linked_output(folder / "device"), folder / "device");
  write_file_atomically(linked_output(folder / "device"), "gone");
  EXPECT_TRUE(fs::is_symlink(folder / "device"));
}

TEST(OutputPath, AnInputIsRefusedUnderEveryName) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "data");
  put_content(folder / "data/in", "precious");
  fs::create_symlink("data/in", folder / "link");
  fs::create_hard_link(folder / "data/in", folder / "hard");
  for (const fs::path& output : {folder / "data/in", folder / "link", folder / "hard", folder / "data/../data/in"}) {
    const std::string path = output.string();
    EXPECT_EQ(user_error([&] {
                check_is_no_input("output", output, {{"input", folder / "data/in"}});
              }),
              "`output` must be another file than `input`, which is read, but `" + path +
                  "` is in the way; name another file");
    EXPECT_NE(user_error([&] { check_is_no_input("output", output, {{"data_dir", folder / "data"}}); }), "");
  }
  put_content(folder / "copy", "precious");
  EXPECT_NO_THROW(check_is_no_input("output", folder / "copy", {{"input", folder / "data/in"}, {"model", ""}}));
  EXPECT_NO_THROW(check_is_no_input("output", folder / "new", {{"input", folder / "data/in"}}));
  EXPECT_NO_THROW(check_is_no_input("output", "/dev/null", {{"input", "/dev/null"}}));
}

}  // namespace
}  // namespace retort
