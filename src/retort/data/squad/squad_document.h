// A SQuAD v1.1 file with its articles and paragraphs, for commands that write a changed copy. For questions only, use
// squad_reader.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/data/squad/squad_data.h"

namespace retort::data {

struct SquadParagraph {
  std::string json;  // the whole paragraph of the file, without white space
  std::string context;
  std::vector<SquadExample> questions;  // valid training questions; context_index has no meaning here
};

struct SquadArticle {
  std::string members;  // of the JSON object, except `paragraphs`: `"title":"Normans"`; may be empty
  std::vector<SquadParagraph> paragraphs;
};

struct SquadDocument {
  std::string members;  // of the JSON object, except `data`: `"version":"1.1"`; may be empty
  std::vector<SquadArticle> articles;
  SkippedRecords skipped;

  int64_t paragraph_count() const;
};

// Reads the official format and checks every question as read_squad does for training. Throws UserError for SQuAD v2.0
// (its version, or an impossible question), for the hub's tables, and as read_squad does.
SquadDocument read_squad_document(const std::filesystem::path& path, OnBadRecord on_bad_record);

// Keeps a random sample of `count` paragraphs, in order, and the articles that have one; -1 keeps all.
void keep_random_paragraphs(SquadDocument& document, int64_t count, uint64_t seed);

// Writes such a file incrementally; without `publish` it is removed.
class SquadDocumentFile {
 public:
  SquadDocumentFile(const std::filesystem::path& path, const std::string& members);
  void begin_article(const std::string& members);
  void add_paragraph(const std::string& json);
  void end_article() { file_.write("\n]}"); }
  void publish();

 private:
  AtomicFile file_;
  bool has_articles_ = false, has_paragraphs_ = false;
};

}  // namespace retort::data
