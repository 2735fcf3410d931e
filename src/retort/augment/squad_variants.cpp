#include "retort/augment/squad_variants.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/data/squad/squad_words.h"

namespace retort::augment {
namespace {

constexpr std::string_view kIdMark = "-aug";

// Returns the context's word that begins at `byte`; -1 for none.
int64_t word_that_begins(const std::vector<text::BasicWord>& words, int64_t byte) {
  const auto found = std::lower_bound(words.begin(), words.end(), byte, [](const text::BasicWord& word, int64_t value) {
    return word.source.begin < value;
  });
  return found != words.end() && found->source.begin == byte ? found - words.begin() : -1;
}

bool stand_at(const std::vector<text::BasicWord>& words, int64_t first, const std::vector<text::BasicWord>& wanted) {
  if (first < 0 || first + static_cast<int64_t>(wanted.size()) > static_cast<int64_t>(words.size())) return false;
  return std::equal(wanted.begin(), wanted.end(), words.begin() + first,
                    [](const text::BasicWord& a, const text::BasicWord& b) { return a.text == b.text; });
}

// Returns the byte of the variant where the answer begins; npos for none.
size_t find_answer(const AnswerWords& answer, const Variant& variant, bool at_first_occurrence) {
  if (answer.text.empty()) return std::string::npos;
  if (answer.first_word >= 0 && !at_first_occurrence) {
    const auto begin = static_cast<size_t>(variant.word_begins[static_cast<size_t>(answer.first_word)]);
    const size_t end = begin + answer.text.size();
    if (std::string_view(variant.text).substr(begin).starts_with(answer.text) &&
        (end == variant.text.size() || variant.text[end] == ' '))
      return begin;
  }
  return variant.text.find(answer.text);
}

std::string json_text(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::vector<std::vector<AnswerWords>> find_answer_words(const data::SquadParagraph& paragraph,
                                                        const std::vector<text::BasicWord>& words,
                                                        const text::TokenizerOptions& options) {
  const data::CodePointIndex code_points(paragraph.context);
  std::vector<std::vector<AnswerWords>> found;
  for (const data::SquadExample& question : paragraph.questions) {
    std::vector<AnswerWords>& answers = found.emplace_back();
    for (const data::SquadAnswer& answer : question.answers) {
      const std::vector<text::BasicWord> answer_words = text::basic_words(answer.text, options);
      const bool is_inside = answer.start >= 0 && answer.start < code_points.code_points();
      // The first character of the answer's first word; spaces may precede it.
      const int64_t byte = is_inside && !answer_words.empty()
                               ? code_points.byte_of(answer.start) + answer_words.front().source.begin
                               : -1;
      const int64_t first = word_that_begins(words, byte);
      answers.push_back(
          {.text = text::join_words(answer_words), .first_word = stand_at(words, first, answer_words) ? first : -1});
    }
  }
  return found;
}

std::set<std::string> answer_black_list(const data::SquadParagraph& paragraph, const text::TokenizerOptions& options) {
  std::set<std::string> words;
  for (const data::SquadExample& question : paragraph.questions)
    if (!question.answers.empty())
      for (text::BasicWord& word : text::basic_words(question.answers.front().text, options))
        words.insert(std::move(word.text));
  return words;
}

std::optional<std::string> maybe_variant_json(const data::SquadParagraph& paragraph,
                                              const std::vector<std::vector<AnswerWords>>& answers,
                                              const Variant& variant, int64_t number, bool at_first_occurrence) {
  std::string json = fmt::format("{{\"context\":{},\"qas\":[", json_text(variant.text));
  for (size_t q = 0; q < paragraph.questions.size(); ++q) {
    const data::SquadExample& question = paragraph.questions[q];
    json += fmt::format("{}{{\"id\":{},\"question\":{},\"answers\":[", q > 0 ? "," : "",
                        json_text(fmt::format("{}{}{}", question.id, kIdMark, number)), json_text(question.question));
    for (size_t a = 0; a < answers[q].size(); ++a) {
      const size_t byte = find_answer(answers[q][a], variant, at_first_occurrence);
      if (byte == std::string::npos) return std::nullopt;
      json += fmt::format("{}{{\"text\":{},\"answer_start\":{}}}", a > 0 ? "," : "", json_text(answers[q][a].text),
                          data::count_code_points(std::string_view(variant.text).substr(0, byte)));
    }
    json += "]}";
  }
  return json + "]}";
}

void check_not_augmented(const data::SquadDocument& document, const std::string& file_name) {
  for (const data::SquadArticle& article : document.articles)
    for (const data::SquadParagraph& paragraph : article.paragraphs)
      for (const data::SquadExample& question : paragraph.questions) {
        const size_t mark = question.id.rfind(kIdMark);
        const std::string_view number =
            mark == std::string::npos ? "" : std::string_view(question.id).substr(mark + kIdMark.size());
        if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) continue;
        throw UserError("`{}` must not be augmented already, but has the id `{}`; pass the original file", file_name,
                        question.id);
      }
}

}  // namespace retort::augment
