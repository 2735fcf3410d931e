#include "retort/corpus/document_reader.h"

#include <algorithm>
#include <fstream>

#include "retort/base/error.h"
#include "retort/base/line_reader.h"
#include "retort/base/thread.h"
#include "retort/data/table/text_damage.h"

namespace retort::corpus {

namespace {

constexpr int64_t kLinesPerThread = 64;  // that one thread tokenizes as one work item

bool has_no_text(std::string_view line) { return line.find_first_not_of(" \t\r\v\f") == line.npos; }

void check_lines(const std::vector<std::string_view>& lines, int64_t lines_before, const fs::path& path) {
  for (size_t i = 0; i < lines.size(); ++i)
    if (const std::optional<std::string> damage = data::maybe_text_damage(lines[i]))
      throw UserError("`{}` line {} {}; make it again by `retort data sentences`", path.string(),
                      lines_before + static_cast<int64_t>(i) + 1, *damage);
}

}  // namespace

DocumentStore read_documents(const fs::path& path, const text::Tokenizer& tokenizer,
                             const std::function<void()>& between_groups) {
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path))
    throw UserError("`{}` must be a text file with one sentence a line, but cannot be read as one; check the path",
                    path.string());
  LineReader reader(in, path.string());
  DocumentStore documents;
  std::vector<text::Encoding> encoded;
  int64_t line_count = 0;
  for (;;) {
    const std::vector<std::string_view>& lines = reader.next();
    if (lines.empty()) break;
    check_lines(lines, line_count, path);
    line_count += static_cast<int64_t>(lines.size());
    encoded.resize(std::max(encoded.size(), lines.size()));
    parallel_for(static_cast<int64_t>(lines.size()), kLinesPerThread, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        encoded[i].clear();
        tokenizer.encode(lines[i], encoded[i]);
      }
    });
    for (size_t i = 0; i < lines.size(); ++i) {
      if (has_no_text(lines[i]))
        documents.end_document();
      else
        documents.add_sentence(encoded[i].ids);
    }
    between_groups();
  }
  documents.end_document();
  if (documents.view().document_count() == 0)
    throw UserError("`{}` must hold sentences, one a line, but holds none; make it by `retort data shard`",
                    path.string());
  return documents;
}

}  // namespace retort::corpus
