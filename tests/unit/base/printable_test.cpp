// Foreign text in messages: valid UTF-8 that moves no cursor, of bounded length.
#include "retort/base/printable.h"

#include <gtest/gtest.h>

#include "base_testing.h"
#include "retort/base/json.h"
#include "retort/base/log.h"
#include "retort/base/random.h"

namespace retort {
namespace {

// The JSON library's own check, which refuses what is not UTF-8.
bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

TEST(Printable, PlainTextStays) {
  for (const char* text : {"", "step 3", "straße 日本 🙂 é", "`a b` must be \"c\"\\d"})
    EXPECT_EQ(printable_line(text), text);
}

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(printable_line("\x1b[2J\x1b]0;owned\x07"), "\\x1b[2J\\x1b]0;owned\\x07");
  EXPECT_EQ(printable_line("a\nb\rc\td\x7f"), "a\\nb\\rc\\td\\x7f");
  EXPECT_EQ(printable_line(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable_line("\xC2\x9B"
                           "2J"),
            "\\x9b2J")
      << "the control sequence introducer of C1";
  EXPECT_EQ(printable_line("a\xE2\x80\xAE"
                           "b"),
            "a\\u202eb")
      << "right-to-left override";
  EXPECT_EQ(printable_line("a\xE2\x81\xA6"
                           "b\xE2\x80\xA8"),
            "a\\u2066b\\u2028");
}

TEST(Printable, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(printable_line("caf\xE9"), "caf\\xe9");
  EXPECT_EQ(printable_line("\xC0\xAF"), "\\xc0\\xaf") << "an overlong form";
  EXPECT_EQ(printable_line("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable_line("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(printable_line("\xE2\x82"), "\\xe2\\x82") << "cut off";
}

TEST(Printable, AnyBytesGiveValidUtf8WithoutControls) {
  for (uint64_t round = 0; round < 300; ++round) {
    std::string bytes(random_below(make_key(1), round, 30000), '\0');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(random_below(make_key(2, round), i, 256));
    const std::string line = printable_line(bytes);
    ASSERT_TRUE(is_utf8(line)) << round;
    ASSERT_LE(line.size(), 9000u);
    for (const char c : line) ASSERT_GE(static_cast<unsigned char>(c), 0x20) << round;
  }
}

TEST(Printable, LongValuesLoseTheirMiddleAndTheRestStays) {
  const std::string huge = "é" + std::string(5'000'000, 'x');
  const std::string line = printable_line("`file.json` must be text, but is `" + huge + "`; look at it");
  EXPECT_LT(line.size(), 1000u);
  EXPECT_TRUE(line.starts_with("`file.json` must be text, but is `éxxx")) << line;
  EXPECT_TRUE(line.ends_with("xxx`; look at it")) << line;
  EXPECT_LT(printable_line(huge).size(), 9000u);
  EXPECT_TRUE(is_utf8(printable_line(std::string(9001, 'x') + "日本日本日本")));
}

TEST(Printable, EveryLogLineGoesThroughIt) {
  const TemporaryFolder folder;
  testing::internal::CaptureStderr();
  set_log_file((folder / "log.txt").string());
  write_log_line(LogLevel::kError, "`\x1b[2J\xE9` is bad");
  set_log_file("");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: `\\x1b[2J\\xe9` is bad\n");
  expect_contains(content_of(folder / "log.txt"), " error `\\x1b[2J\\xe9` is bad\n");
}

}  // namespace
}  // namespace retort
