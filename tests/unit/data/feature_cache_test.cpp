// Cache files: hit, miss, every kind of damage, folders that are not writable.
#include "retort/data/feature_cache.h"

#include <thread>

#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::user_error_of;

const std::string kKey(32, 'a');

ColumnStore make_columns(int32_t first = 1) {
  ColumnStore store;
  store.add("numbers", std::vector<int32_t>{first, 2, 3});
  store.add("nothing", std::vector<int64_t>{});
  store.add_text("text", "abc");
  return store;
}

// Loads the columns and returns whether they were built.
struct Loaded {
  bool was_built = false;
  int32_t first = 0;
};
Loaded load(const CacheOptions& options, const std::string& key = kKey) {
  Loaded loaded;
  const auto build = [&] {
    loaded.was_built = true;
    return make_columns();
  };
  const auto check = [](const ColumnStore& columns) {
    if (columns.need<int32_t>("numbers").size() != 3) throw UserError("there are other numbers");
  };
  const ColumnStore store = load_or_build_columns(options, "test", key, build, check);
  loaded.first = store.get<int32_t>("numbers")[0];
  EXPECT_EQ(store.text("text"), "abc");
  EXPECT_EQ(store.get<int64_t>("nothing").size(), 0u);
  return loaded;
}

TEST(FeatureCache, IsBuiltOnceAndReadAfterwards) {
  const ScratchFolder scratch;
  const CacheOptions options{.cache_dir = scratch.path() / "deep" / "er"};
  EXPECT_TRUE(load(options).was_built);
  EXPECT_FALSE(load(options).was_built);
  EXPECT_TRUE(load({.cache_dir = options.cache_dir, .overwrite_cache = true}).was_built);
  EXPECT_TRUE(load({.cache_dir = options.cache_dir, .use_cache = false}).was_built);
  EXPECT_TRUE(load(options, std::string(32, 'b')).was_built);
}

struct Damage {
  const char* name;
  void (*apply)(std::string& bytes);
  const char* told;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class DamagedCache : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedCache, IsBuiltAnew) {
  const ScratchFolder scratch;
  const CacheOptions options{.cache_dir = scratch.path()};
  load(options);
  const fs::path path = cache_file(options, "test", kKey);
  std::string bytes = read_file(path);
  GetParam().apply(bytes);
  write_file_atomically(path, bytes);
  const std::string message = user_error_of([&] { read_column_file(path, kKey); });
  EXPECT_NE(message.find(GetParam().told), std::string::npos) << message;
  EXPECT_TRUE(load(options).was_built);
  EXPECT_FALSE(load(options).was_built);
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedCache,
    ::testing::Values(
        Damage{"Empty", [](std::string& b) { b.clear(); }, "it is truncated"},
        Damage{"HalfHeader", [](std::string& b) { b.resize(40); }, "it is truncated"},
        Damage{"HalfTable", [](std::string& b) { b.resize(100); }, "it is truncated"},
        Damage{"HalfColumns", [](std::string& b) { b.resize(b.size() - 2); }, "it is truncated in the column `text`"},
        Damage{"Foreign", [](std::string& b) { b[0] = 'X'; }, "it is not a column file"},
        Damage{"OtherByteOrder", [](std::string& b) { std::swap(b[8], b[11]); }, "byte order of another machine"},
        Damage{"OtherVersion", [](std::string& b) { b[12] = 9; }, "format version 9, but this program reads 1"},
        Damage{"OtherKey", [](std::string& b) { b[20] = 'f'; }, "its header is damaged"},
        Damage{"FlippedBitInTable", [](std::string& b) { b[70] ^= 1; }, "its header is damaged"},
        Damage{"FlippedBitInColumn", [](std::string& b) { b.back() ^= 1; }, "the column `text` is damaged"}),
    [](const auto& test) { return test.param.name; });

TEST(FeatureCache, AFileOfAnotherKeyIsNotUsed) {
  const ScratchFolder scratch;
  write_column_file(scratch.path() / "a", kKey, make_columns());
  EXPECT_NE(user_error_of([&] {
              read_column_file(scratch.path() / "a", std::string(32, 'b'));
            }).find("it belongs to other data"),
            std::string::npos);
  EXPECT_EQ(read_column_file(scratch.path() / "a", "").get<int32_t>("numbers").size(), 3u);
}

TEST(FeatureCache, GoesOnWhereNothingCanBeWritten) {
  const ScratchFolder scratch;
  const fs::path file = scratch.write("file", "in the way");
  EXPECT_TRUE(load({.cache_dir = file / "folder"}).was_built);
}

TEST(FeatureCache, ManyAtOnce) {
  const ScratchFolder scratch;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        EXPECT_EQ(load({.cache_dir = scratch.path(), .overwrite_cache = round % 3 == 0}).first, 1);
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(FeatureCache, ColumnsAreAskedByNameAndType) {
  EXPECT_THROW(make_columns().get<int32_t>("missing"), InternalError);
  EXPECT_THROW(make_columns().get<int64_t>("numbers"), InternalError);
}

}  // namespace
}  // namespace retort::data
