#include "retort/corpus/partial_file.h"

#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

using PartialFileTest = FolderTest;

TEST_F(PartialFileTest, GoesOnFromWhatWasSaved) {
  const fs::path path = folder_ / "out.txt";
  {
    PartialFile file(path, "key");
    EXPECT_TRUE(file.saved().is_null());
    file.write("one\n");
    file.save({{"at", 1}});
    file.write("lost\n");
  }
  EXPECT_FALSE(fs::exists(path));
  PartialFile file(path, "key");
  EXPECT_EQ(file.saved()["at"], 1);
  file.write("two\n");
  file.publish();
  EXPECT_EQ(read_file(path), "one\ntwo\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(PartialFileTest, BeginsAnewForAnotherKeyOrADamagedState) {
  const fs::path path = folder_ / "out.txt";
  const auto leave = [&] {
    PartialFile file(path, "key");
    file.write("old\n");
    file.save({{"at", 1}});
  };
  leave();
  EXPECT_TRUE(PartialFile(path, "other").saved().is_null());
  leave();
  write("out.txt.partial.json", "{");
  EXPECT_TRUE(PartialFile(path, "key").saved().is_null());
  leave();
  write("out.txt.partial", "o");  // shorter than what was saved
  PartialFile file(path, "key");
  EXPECT_TRUE(file.saved().is_null());
  file.write("new\n");
  file.publish();
  EXPECT_EQ(read_file(path), "new\n");
}

}  // namespace
}  // namespace retort::corpus
