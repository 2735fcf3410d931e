// Corpora pickled by NumPy itself (`tools/make_fixtures.py corpus_pickle`), and what is no such corpus.
#include "retort/checkpoint/array_list_pickle.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::checkpoint {
namespace {

using Arrays = std::vector<std::vector<int32_t>>;

Arrays read(const std::string& bytes) {
  Arrays arrays;
  read_array_list(std::as_bytes(std::span(bytes)), "corpus.pickle",
                  [&](std::span<const int32_t> ids) { arrays.emplace_back(ids.begin(), ids.end()); });
  return arrays;
}

std::string fixture(const std::string& name) { return read_file(RETORT_FIXTURES "/corpus_pickle/" + name); }

std::string message_of(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ArrayListPickle, ReadsWhatNumpyWrites) {
  const Arrays expected{{2, 7, 9, 3}, {2, 60, 3}, {2, 5, 6, 7, 8, 63, 3}};
  for (const char* protocol : {"3", "4", "5"})
    EXPECT_EQ(read(fixture(std::string("arrays-protocol") + protocol + ".pickle")), expected) << protocol;
}

TEST(ArrayListPickle, EveryCutIsAnError) {
  const std::string whole = fixture("arrays-protocol4.pickle");
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_NE(message_of(whole.substr(0, size)), "no error") << size;
}

TEST(ArrayListPickle, RefusesWhatIsNoListOfArrays) {
  EXPECT_NE(message_of(fixture("counts.pickle")).find("has an item that is no array"), std::string::npos);
  EXPECT_NE(message_of("\x80\x04K\x01.").find("is no list"), std::string::npos);
  // os.system("x")
  EXPECT_NE(message_of("cos\nsystem\n(S'x'\ntR.").find("must be a pickled list of NumPy integer arrays"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::checkpoint
