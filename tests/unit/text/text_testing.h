// What the tests of the text layer share: the fixtures of `tools/make_fixtures.py text`, tokenizers in the fixtures'
// configurations, and folders that vanish.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/text/tokenizer.h"
#include "retort/text/unicode.h"

namespace retort::text {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(RETORT_FIXTURES) / "text" / name;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "retort_text_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// The normalizer of each configuration of the fixtures, as tokenizer.json writes it.
inline Json normalizer_of(const std::string& configuration) {
  struct Row {
    const char* name;
    bool clean, chinese;
    Json strip;
    bool lower;
  };
  const Row rows[] = {{"uncased", true, true, nullptr, true},
                      {"uncased_accents", true, true, false, true},
                      {"uncased_no_chinese", true, false, nullptr, true},
                      {"cased", true, true, nullptr, false},
                      {"cased_stripped", true, true, true, false},
                      {"raw", false, false, false, false},
                      {"raw_stripped", false, true, true, true}};
  for (const Row& row : rows) {
    if (configuration != row.name) continue;
    return {{"type", "BertNormalizer"},
            {"clean_text", row.clean},
            {"handle_chinese_chars", row.chinese},
            {"strip_accents", row.strip},
            {"lowercase", row.lower}};
  }
  throw UserError("no configuration `{}`", configuration);
}

// A tokenizer of the fixture vocabulary that was written, changed as tokenizer.json by `change`, and loaded. Its class
// is the one for which that file is the whole definition.
template <typename Change>
Tokenizer changed_tokenizer(Change&& change) {
  const TemporaryFolder folder;
  // As the library was given it: white space that ends a line is a part of a piece here.
  std::vector<std::string> pieces;
  std::ifstream lines(fixture("vocab.txt"));
  for (std::string line; std::getline(lines, line);) pieces.push_back(line);
  Tokenizer::from_vocabulary(std::move(pieces)).save(folder.path());
  std::ifstream file(folder / "tokenizer.json");
  nlohmann::json content = nlohmann::json::parse(file);
  change(content);
  folder.write("tokenizer.json", content.dump());
  Json config = read_json_file(folder / "tokenizer_config.json");
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  config.erase("added_tokens_decoder");
  folder.write("tokenizer_config.json", config.dump());
  return Tokenizer::load(folder.path());
}

inline Tokenizer fixture_tokenizer(const std::string& configuration) {
  return changed_tokenizer([&](nlohmann::json& content) {
    content["normalizer"] = nlohmann::json::parse(normalizer_of(configuration).dump());
  });
}

// ids and offsets in code points, one after the other as the fixtures store them.
struct FlatEncoding {
  std::vector<int32_t> ids, offsets;
  bool operator==(const FlatEncoding&) const = default;
};

inline FlatEncoding encode_flat(const Tokenizer& tokenizer, std::string_view text) {
  Encoding encoding;
  tokenizer.encode(text, encoding);
  const std::vector<int32_t> before = code_points_before(text);
  FlatEncoding flat{encoding.ids, {}};
  for (const Range range : encoding.offsets) {
    flat.offsets.push_back(before.at(static_cast<size_t>(range.begin)));
    flat.offsets.push_back(before.at(static_cast<size_t>(range.end)));
  }
  return flat;
}

inline void expect_case(const Tokenizer& tokenizer, const Json& expected) {
  const auto text = expected["text"].get<std::string>();
  const FlatEncoding got = encode_flat(tokenizer, text);
  EXPECT_EQ(got.ids, expected["ids"].get<std::vector<int32_t>>()) << "text " << expected["text"].dump(-1, ' ', true);
  EXPECT_EQ(got.offsets, expected["offsets"].get<std::vector<int32_t>>())
      << "text " << expected["text"].dump(-1, ' ', true);
}

// The message of the UserError that `action` throws, "" when it throws none.
template <typename Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace retort::text
