#include "retort/augment/glove.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {
namespace {

void read_vectors(const fs::path& path, data::OnBadRecord on_bad_record) {
  const auto vectors = augment::GloveVectors::load(path, {.max_rows = 50, .on_bad_record = on_bad_record});
  RETORT_CHECK(std::ssize(vectors.values()) == vectors.word_count() * vectors.width(), "{} values of {} words",
               vectors.values().size(), vectors.word_count());
  for (int64_t i = 0; i < vectors.word_count(); ++i)
    RETORT_CHECK(vectors.maybe_find(vectors.word(i)) == i, "word {} is not found", i);
}

}  // namespace

bool glove(std::string_view input) {
  const MemoryFile file(input);
  takes([&] { read_vectors(file.path(), data::OnBadRecord::kSkip); });
  return takes([&] { read_vectors(file.path(), data::OnBadRecord::kFail); });
}

}  // namespace retort::fuzz
