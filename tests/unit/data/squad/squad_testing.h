// Shared by the SQuAD tests: fixtures of `tools/make_fixtures.py squad`, files for one test, error messages, and the
// real files if RETORT_DATA names a folder that contains them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/data/squad/squad_set.h"

namespace retort::testing {

inline fs::path squad_fixture(const std::string& name) { return fs::path(RETORT_FIXTURES) / "squad" / name; }

inline const text::Tokenizer& squad_tokenizer() {
  static const text::Tokenizer tokenizer = text::Tokenizer::from_vocab_file(squad_fixture("vocab.txt"));
  return tokenizer;
}

// A folder that is removed at the end of the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "retort-squad-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  fs::path write(const std::string& name, std::string_view content) const {
    write_file_atomically(path_ / name, content);
    return path_ / name;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Returns the message of the UserError that `action` throws; "" for none.
template <typename Action>
std::string user_error_of(Action&& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

// FNV-1a over 32-bit words, as in `tools/make_fixtures.py squad`.
constexpr uint64_t kDigestStart = 0xCBF29CE484222325ull;
inline uint64_t digest(uint64_t state, int64_t value) {
  return (state ^ static_cast<uint32_t>(static_cast<int32_t>(value))) * 0x100000001B3ull;
}

// Returns the digest of a feature in the fixtures: five numbers, ids, words, max-context bits.
inline uint64_t digest_of_feature(const data::SquadFeatures& features, int64_t index, uint64_t state = kDigestStart) {
  const data::SquadFeature feature = features.feature(index);
  const auto length = static_cast<int64_t>(feature.window_ids.size());
  for (const int64_t value : {feature.token_count(), feature.window_offset(), length, int64_t{feature.start_position},
                              int64_t{feature.end_position}})
    state = digest(state, value);
  state = digest(state, features.cls_id());
  for (const int32_t id : feature.question_ids) state = digest(state, id);
  state = digest(state, features.sep_id());
  for (const int32_t id : feature.window_ids) state = digest(state, id);
  state = digest(state, features.sep_id());
  for (const int32_t word : feature.window_words) state = digest(state, word);
  for (int64_t i = 0; i < length; ++i) state = digest(state, features.has_max_context(index, i));
  return state;
}

// Returns a file of RETORT_DATA, unpacked into `scratch` if it is compressed with xz; empty if it does not exist.
inline fs::path real_squad_file(const std::string& name, const ScratchFolder& scratch) {
  const char* folder = std::getenv("RETORT_DATA");
  if (folder == nullptr) return {};
  for (const fs::path& path : {fs::path(folder) / "squad" / name, fs::path(folder) / name})
    if (fs::exists(path)) return path;
  const fs::path packed = fs::path(folder) / "squad" / (name + ".xz"), unpacked = scratch.path() / name;
  if (!fs::exists(packed)) return {};
  const std::string command = fmt::format("xz -dc '{}' > '{}'", packed.string(), unpacked.string());
  return std::system(command.c_str()) == 0 ? unpacked : fs::path();
}

}  // namespace retort::testing
