// Shared by the tests of GLUE and of RowSets: fixtures of `tools/make_fixtures.py glue`, temporary folders.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/json.h"
#include "retort/data/glue/glue_set.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

inline std::filesystem::path glue_fixture(const std::string& name) {
  return std::filesystem::path(RETORT_FIXTURES) / "glue" / name;
}

inline text::Tokenizer glue_tokenizer() { return text::Tokenizer::from_vocab_file(glue_fixture("vocab.txt")); }

class GlueFolder {
 public:
  GlueFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "retort_glue_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~GlueFolder() { std::filesystem::remove_all(path_); }
  GlueFolder(const GlueFolder&) = delete;
  GlueFolder& operator=(const GlueFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// Returns the message of the UserError that `action` throws, "" for none.
template <typename Action>
std::string glue_error_of(Action&& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

inline std::string replace_all(std::string text, const std::string& old_part, const std::string& new_part) {
  for (size_t at = 0; (at = text.find(old_part, at)) != std::string::npos; at += new_part.size())
    text.replace(at, old_part.size(), new_part);
  return text;
}

}  // namespace retort::data
