#include "retort/data/squad/squad_document.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "retort/base/error.h"
#include "retort/base/fast_json.h"
#include "retort/base/random.h"
#include "retort/data/squad/squad_reader.h"
#include "retort/data/table/table_reader.h"

namespace retort::data {
namespace {

namespace dom = simdjson::dom;

// Calls visit for each element of a list; none when it is missing or has another type, which read_squad reports.
template <typename Visit>
void for_each_element(dom::element object, const char* key, const Visit& visit) {
  dom::array list;
  if (object[key].get(list)) return;
  for (dom::element element : list) visit(element);
}

bool holds_impossible_questions(dom::element root) {
  bool found = false;
  for_each_element(root, "data", [&](dom::element article) {
    for_each_element(article, "paragraphs", [&](dom::element paragraph) {
      for_each_element(paragraph, "qas", [&](dom::element qa) {
        bool impossible = false;
        found = found || (!qa["is_impossible"].get(impossible) && impossible);
      });
    });
  });
  return found;
}

void check_version(dom::element root, const std::string& file_name) {
  std::string_view version;
  const bool says_2 = !root["version"].get(version) && (version.starts_with("v2") || version.starts_with("2"));
  if (says_2 || holds_impossible_questions(root))
    throw UserError(
        "`{}` must be SQuAD v1.1, but is SQuAD v2.0; augmentation is defined for questions that have answers, so pass "
        "train-v1.1.json",
        file_name);
}

std::string members_but(dom::element value, std::string_view left_out) {
  std::string members;
  dom::object object;
  if (value.get(object)) return members;
  for (const dom::key_value_pair& member : object) {
    if (member.key == left_out) continue;
    members += fmt::format("{}{}:{}", members.empty() ? "" : ",", Json(member.key).dump(),
                           std::string(simdjson::minify(member.value)));
  }
  return members;
}

// Questions by id, each returned once.
class GoodQuestions {
 public:
  explicit GoodQuestions(SquadData& data) {
    for (SquadExample& example : data.examples) by_id_.emplace(example.id, &example);
  }
  void take(dom::element qa, std::vector<SquadExample>& questions) {
    std::string_view word;
    int64_t number = 0;
    std::string id;
    if (!qa["id"].get(word)) {
      id = word;
    } else if (!qa["id"].get(number)) {
      id = std::to_string(number);
    }
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    questions.push_back(std::move(*found->second));
    by_id_.erase(found);
  }

 private:
  std::unordered_map<std::string, SquadExample*> by_id_;
};

SquadParagraph read_paragraph(dom::element value, GoodQuestions& good) {
  SquadParagraph paragraph{.json = std::string(simdjson::minify(value))};
  std::string_view context;
  if (!value["context"].get(context)) paragraph.context = context;
  for_each_element(value, "qas", [&](dom::element qa) { good.take(qa, paragraph.questions); });
  return paragraph;
}

}  // namespace

void keep_random_paragraphs(SquadDocument& document, int64_t count, uint64_t seed) {
  const int64_t all = document.paragraph_count();
  if (count < 0 || count >= all) return;
  const std::vector<int64_t> order = random_permutation(make_key(seed, 0x70617261), all);
  const std::set<int64_t> kept(order.begin(), order.begin() + count);
  int64_t number = 0;
  for (SquadArticle& article : document.articles)
    std::erase_if(article.paragraphs, [&](const SquadParagraph&) { return !kept.contains(number++); });
  std::erase_if(document.articles, [](const SquadArticle& article) { return article.paragraphs.empty(); });
}

int64_t SquadDocument::paragraph_count() const {
  int64_t count = 0;
  for (const SquadArticle& article : articles) count += static_cast<int64_t>(article.paragraphs.size());
  return count;
}

SquadDocument read_squad_document(const std::filesystem::path& path, OnBadRecord on_bad_record) {
  const std::string file_name = path.string();
  if (find_table_form(path) != TableForm::kNone)
    throw UserError(
        "`{}` must be the official SQuAD JSON with articles and paragraphs, but is a table of the hub; pass "
        "train-v1.1.json",
        file_name);
  const SquadReadOptions options{.is_training = true, .on_bad_record = on_bad_record};
  FastJson json(read_file(path));
  if (json.parse_part(json.text()).error()) read_squad(path, options);  // throws with the reason
  const dom::element root = json.parse(file_name);
  check_version(root, file_name);
  SquadData data = read_squad(path, options);
  GoodQuestions good(data);
  SquadDocument document{.members = members_but(root, "data")};
  for_each_element(root, "data", [&](dom::element entry) {
    SquadArticle article{.members = members_but(entry, "paragraphs")};
    for_each_element(entry, "paragraphs",
                     [&](dom::element paragraph) { article.paragraphs.push_back(read_paragraph(paragraph, good)); });
    document.articles.push_back(std::move(article));
  });
  document.skipped = std::move(data.skipped);
  return document;
}

SquadDocumentFile::SquadDocumentFile(const std::filesystem::path& path, const std::string& members) : file_(path) {
  // A line end here shows readers that this is not a JSON lines file.
  file_.write(fmt::format("{{{}{}\"data\":[", members, members.empty() ? "" : ","));
}

void SquadDocumentFile::begin_article(const std::string& members) {
  file_.write(fmt::format("{}\n{{{}{}\"paragraphs\":[", has_articles_ ? "," : "", members, members.empty() ? "" : ","));
  has_articles_ = true, has_paragraphs_ = false;
}

void SquadDocumentFile::add_paragraph(const std::string& json) {
  file_.write(has_paragraphs_ ? ",\n" : "\n");
  file_.write(json);
  has_paragraphs_ = true;
}

void SquadDocumentFile::publish() {
  file_.write("\n]}\n");
  file_.publish();
}

}  // namespace retort::data
