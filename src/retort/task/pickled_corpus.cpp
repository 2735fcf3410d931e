#include "retort/task/pickled_corpus.h"

#include <algorithm>
#include <fstream>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/checkpoint/array_list_pickle.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/feature_cache.h"

namespace retort::task {

bool is_pickled_corpus(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  std::ifstream in(path, std::ios::binary);
  return in.get() == 0x80;
}

void visit_pickled_corpus(const fs::path& path, int64_t vocabulary_size,
                          const std::function<void(std::span<const int32_t> ids)>& visit, const OnUnknownId& reject) {
  const MappedFile file(path);
  int64_t number = 0;
  checkpoint::read_array_list(file.bytes(), path.string(), [&](std::span<const int32_t> ids) {
    const auto wrong =
        std::find_if(ids.begin(), ids.end(), [&](int32_t id) { return id < 0 || id >= vocabulary_size; });
    const int64_t sequence = number++;
    if (wrong == ids.end()) return visit(ids);
    if (reject) return reject(sequence, *wrong);
    throw UserError("`{}` must hold ids from 0 to {}, but sequence {} holds {}; pass the vocabulary it was made with",
                    path.string(), vocabulary_size - 1, sequence, *wrong);
  });
}

fs::path import_pickled_corpus(const fs::path& path, const text::Tokenizer& tokenizer) {
  ContentHash key;
  key.add("pickled corpus 1").add(data::hash_file_content(path)).add(tokenizer.content_hash());
  const fs::path folder = user_cache_folder() / "corpus", imported = folder / (key.hex() + ".tokens");
  if (fs::exists(imported)) return imported;
  log_info("`{}` is a pickled corpus: writing it once as the token file `{}`", path.string(), imported.string());
  make_folder(folder);
  data::TokenFileWriter writer(imported, data::TokenVocabulary::of(tokenizer));
  visit_pickled_corpus(path, tokenizer.vocabulary_size(), [&](std::span<const int32_t> ids) { writer.add(ids); });
  writer.publish(/*seed=*/0);
  return imported;
}

}  // namespace retort::task
