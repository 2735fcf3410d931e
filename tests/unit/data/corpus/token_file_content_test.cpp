// Token files with correct checksums and invalid content: the error names the file and the remedy.
#include <array>
#include <functional>

#include "retort/base/json.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/feature_cache.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;

fs::path write_sound_tokens(const fs::path& folder) {
  TokenFileWriter writer(folder / "sound.tok", {.size = 100, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4});
  writer.add(std::vector<int32_t>{2, 10, 11, 3});
  writer.add(std::vector<int32_t>{2, 12, 13, 14, 3});
  writer.publish(1);
  return folder / "sound.tok";
}

template <typename T>
std::vector<T> numbers_of(const ColumnStore& store, const std::string& name) {
  const auto values = store.get<T>(name);
  return {values.begin(), values.end()};
}

struct WrongTokens {
  std::string name, told;
  std::function<void(const ColumnStore& sound, ColumnStore& columns)> add;  // adds the column with a change
};

// The vocabulary with another value of one field.
WrongTokens wrong_vocabulary(const std::string& field, const Json& value, const std::string& told) {
  return {"vocabulary", told, [=](const ColumnStore& sound, ColumnStore& columns) {
            const std::vector<char> text = numbers_of<char>(sound, "vocabulary");
            Json json = Json::parse(text.begin(), text.end());
            json[field] = value;
            columns.add_text("vocabulary", json.dump());
          }};
}

template <typename T>
WrongTokens wrong_numbers(const std::string& name, const std::string& told,
                          const std::function<void(std::vector<T>&)>& change) {
  return {name, told, [=](const ColumnStore& sound, ColumnStore& columns) {
            std::vector<T> numbers = numbers_of<T>(sound, name);
            change(numbers);
            columns.add(name, std::move(numbers));
          }};
}

std::vector<WrongTokens> wrong_token_columns() {
  using Store = ColumnStore;
  return {
      {"ids", "it has no column `ids`", [](const Store&, Store&) {}},
      {"vocabulary", "it has no column `vocabulary`", [](const Store&, Store&) {}},
      {"vocabulary", "`vocabulary` must be valid JSON", [](const Store&, Store& to) { to.add_text("vocabulary", ""); }},
      {"vocabulary", "its vocabulary must be that of a retort token file",
       [](const Store&, Store& to) { to.add_text("vocabulary", "[]"); }},
      {"begins", "its column `begins` must have elements of 8 bytes, but has 4",
       [](const Store&, Store& to) {
         to.add("begins", std::vector<uint32_t>{0, 5});
       }},
      {"ids", "its column `ids` must have elements of 4 bytes, but has 3",
       [](const Store&, Store& to) { to.add("ids", std::vector<std::array<char, 3>>(12)); }},
      wrong_vocabulary("vocab_size", 1'000'000'000,
                       "the `vocab_size` of its vocabulary must be 0 to 4194304, but is 1000000000"),
      wrong_vocabulary("vocab_size", int64_t{1} << 62, "but is 4611686018427387904"),
      wrong_vocabulary("vocab_size", "488", "the `vocab_size` of its vocabulary must be a whole number, but is not"),
      wrong_vocabulary("vocab_size", 0, "the `vocab_size` of its vocabulary must be 1 or more, but is 0"),
      wrong_vocabulary("vocab_size", -1, "the `vocab_size` of its vocabulary must be 0 to 4194304, but is -1"),
      wrong_vocabulary("cls", 1 << 21, "the `cls` of its vocabulary must be 0 to "),
      wrong_vocabulary("mask", 1.5, "the `mask` of its vocabulary must be a whole number, but is not"),
      wrong_vocabulary("hash", 7, "the `hash` of its vocabulary must be a string, but is not"),
      wrong_numbers<uint16_t>("ids", "its column `ids` must hold numbers from 0 to ",
                              [](std::vector<uint16_t>& ids) { ids[1] = 65535; }),
      wrong_numbers<uint64_t>("begins", "its sequence 0 lies outside of the ids",
                              [](std::vector<uint64_t>& begins) { begins[0] = ~uint64_t{0}; }),
      wrong_numbers<uint64_t>("begins", "its column `begins` must hold 2 elements, but holds 3",
                              [](std::vector<uint64_t>& begins) { begins.push_back(0); }),
      wrong_numbers<uint32_t>("lengths", "its sequence 1 lies outside of the ids",
                              [](std::vector<uint32_t>& lengths) { lengths[1] = 0; }),
      wrong_numbers<uint32_t>("lengths", "its sequences hold ", [](std::vector<uint32_t>& lengths) { --lengths[0]; }),
  };
}

// Copies every column except one.
ColumnStore other_columns(const ColumnStore& all, const std::string& name) {
  ColumnStore others;
  for (const ColumnStore::Column& column : all.columns())
    if (column.name != name) {
      auto bytes = std::make_shared<const std::vector<std::byte>>(column.bytes.begin(), column.bytes.end());
      others.add_column({column.name, column.element_bytes, *bytes}, bytes);
    }
  return others;
}

std::string refusal_of_tokens(const fs::path& file, const ColumnStore& columns) {
  write_column_file(file, std::string(32, 'a'), columns);
  return retort::testing::user_error_of([&] { const TokenFile tokens(file); });
}

TEST(TokenFileContent, ThatCannotBeIsRefused) {
  const ScratchFolder scratch;
  const ColumnStore sound = read_column_file(write_sound_tokens(scratch.path()), "");
  const fs::path file = scratch.path() / "wrong.tok";
  for (const WrongTokens& wrong : wrong_token_columns()) {
    ColumnStore columns = other_columns(sound, wrong.name);
    wrong.add(sound, columns);
    const std::string message = refusal_of_tokens(file, columns);
    EXPECT_TRUE(message.starts_with(fmt::format("`{}` must be a complete token file, but ", file.string()))) << message;
    EXPECT_NE(message.find(wrong.told), std::string::npos) << message << " lacks " << wrong.told;
    EXPECT_TRUE(message.ends_with("; make it again with `retort data binarize`")) << message;
  }
  EXPECT_EQ(refusal_of_tokens(file, sound), "") << "a valid file is read";
}

TEST(TokenFileContent, WithoutSequencesIsRefused) {
  const ScratchFolder scratch;
  const ColumnStore sound = read_column_file(write_sound_tokens(scratch.path()), "");
  const fs::path file = scratch.path() / "wrong.tok";
  ColumnStore columns;
  columns.add("vocabulary", numbers_of<char>(sound, "vocabulary"));
  columns.add("begins", std::vector<uint64_t>{});
  columns.add("lengths", std::vector<uint32_t>{});
  columns.add("ids", std::vector<uint16_t>{});
  EXPECT_EQ(refusal_of_tokens(file, columns),
            fmt::format("`{}` must be a complete token file, but it has no sequences; make it again with `retort data "
                        "binarize`",
                        file.string()));
}

}  // namespace
}  // namespace retort::data
