#include "retort/task/corpus.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/task/pickled_corpus.h"
#include "retort/train/process_group.h"

namespace retort::task {

std::shared_ptr<const data::TokenFile> open_corpus(const std::string& path, const pretrained::LoadedModel& loaded) {
  const fs::path token_file = train::process_group().main_first([&]() -> fs::path {
    return is_pickled_corpus(path) ? import_pickled_corpus(path, *loaded.tokenizer) : fs::path(path);
  });
  auto file = std::make_shared<const data::TokenFile>(token_file);
  if (file->vocabulary().hash != loaded.tokenizer->content_hash())
    throw UserError(
        "`{}` must be made with the model's vocabulary, but was made with another; make it again with `retort data "
        "binarize --model` with the model's folder",
        path);
  return file;
}

void check_positions(const pretrained::LoadedModel& loaded, int64_t max_seq_length) {
  const int64_t positions = loaded.model->config().max_position_embeddings;
  if (max_seq_length > positions)
    throw UserError("`max_seq_length` must be at most {}, the positions of the model, but is {}", positions,
                    max_seq_length);
}

data::TokenRowSet make_token_rows(std::shared_ptr<const data::TokenFile> file, const data::TokenRowOptions& options,
                                  const std::string& path) {
  data::TokenRowSet rows(std::move(file), options);
  log_info("{} sequences from `{}`; omitted: {} short, {} of unknown words", rows.row_count(), path, rows.short_count(),
           rows.unknown_count());
  return rows;
}

}  // namespace retort::task
