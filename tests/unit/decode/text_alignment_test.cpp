// The alignment of predictions with their original, against get_final_text of transformers 4.46.3, and Python's texts.
#include "retort/decode/text_alignment.h"

#include "retort/decode/python_text.h"
#include "retort/decode/squad_files.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::decode {
namespace {

const Json& fixture() {
  static const Json json = read_json_file(retort::testing::squad_fixture("alignments.json"));
  return json;
}

TEST(TextAlignment, EqualsTheReference) {
  for (const Json& line : fixture()["final_text"]) {
    const std::u32string predicted = to_code_points(line[0].get<std::string>()),
                         original = to_code_points(line[1].get<std::string>());
    const CodePointRange range = OriginalText(original, line[2]).align(predicted);
    const auto length = static_cast<size_t>(range.end - range.begin);
    EXPECT_EQ(to_utf8(original.substr(static_cast<size_t>(range.begin), length)), line[3]) << line.dump();
  }
}

TEST(TextAlignment, KeepsTheOriginalOfAnEmptyPrediction) {
  EXPECT_EQ(OriginalText(U"Some text", true).align(U""), (CodePointRange{0, 9}));
}

TEST(PythonText, LowersAsPythonDoes) {
  EXPECT_EQ(lower_text(U"ΣΊΣΥΦΟΣ ΟΣ. Σ"), U"σίσυφος ος. σ");
  EXPECT_EQ(lower_text(U"İ"), U"i\u0307");
  EXPECT_EQ(lower_text(U"ΑΣ'Α"), U"ασ'α");  // an apostrophe does not end a word
}

TEST(PythonJson, FloatsAndStrings) {
  for (const Json& line : fixture()["floats"]) {
    std::string out;
    append_python_float(line[0], out);
    EXPECT_EQ(out, line[1]);
  }
  for (const Json& line : fixture()["strings"]) {
    std::string out;
    append_python_string(line[0].get<std::string>(), out);
    EXPECT_EQ(out, line[1]);
  }
}

}  // namespace
}  // namespace retort::decode
