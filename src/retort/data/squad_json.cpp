// The official form: {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text",
// "answer_start"}], "is_impossible"}]}]}]}. simdjson reads it; when it finds an error, the text is read again by the
// slower parser of base/json.h, whose messages know line and column.
#include <fmt/format.h>
#include <simdjson.h>

#include "retort/base/error.h"
#include "retort/base/json.h"
#include "retort/data/squad_collector.h"

namespace retort::data {
namespace {

namespace dom = simdjson::dom;

const char* kind_name(dom::element value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "a boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
    case dom::element_type::DOUBLE:
      return "a number with a fraction";
    default:
      return "an integer";
  }
}

[[noreturn]] void fail_type(const std::string& place, const char* key, const char* wanted, const char* found) {
  throw BadRecord{"malformed record",
                  fmt::format("`{}{}{}` must be {}, but is {}", place, place.empty() ? "" : ".", key, wanted, found)};
}

// The value of `key`, which must be there and a T; `place` names the object.
template <typename T>
T member(dom::object object, const char* key, const char* wanted, const PlaceName& place) {
  dom::element value;
  if (object[key].get(value)) fail_type(place(), key, wanted, "missing");
  T result;
  if (value.get(result)) fail_type(place(), key, wanted, kind_name(value));
  return result;
}

dom::object as_object(dom::element value, const PlaceName& place) {
  dom::object object;
  if (value.get(object)) fail_type(place(), "", "an object", kind_name(value));
  return object;
}

// An id is a string; annotation tools also write integers, whose digits are then the id.
std::string_view read_id(dom::object qa, std::string& digits, const PlaceName& place) {
  dom::element value;
  int64_t number;
  if (qa["id"].get(value) || value.get(number)) return member<std::string_view>(qa, "id", "a string", place);
  return digits = std::to_string(number);
}

void read_answers(dom::object qa, RawQuestion& raw, const PlaceName& place) {
  if (qa["answers"].error() == simdjson::NO_SUCH_FIELD && raw.is_impossible.value_or(false)) return;
  size_t index = 0;
  for (dom::element value : member<dom::array>(qa, "answers", "a list", place)) {
    const PlaceName here = [&] { return fmt::format("{}.answers[{}]", place(), index); };
    const dom::object answer = as_object(value, here);
    const auto text = member<std::string_view>(answer, "text", "a string", here);
    const bool has_start = answer["answer_start"].error() == simdjson::SUCCESS;
    raw.answers.emplace_back(text, has_start ? member<int64_t>(answer, "answer_start", "an integer", here) : -1);
    ++index;
  }
}

RawQuestion read_question(dom::element value, std::string& digits, const PlaceName& place) {
  const dom::object qa = as_object(value, place);
  RawQuestion raw;
  raw.id = read_id(qa, digits, place);
  raw.question = member<std::string_view>(qa, "question", "a string", place);
  if (qa["is_impossible"].error() == simdjson::SUCCESS)
    raw.is_impossible = member<bool>(qa, "is_impossible", "a boolean", place);
  read_answers(qa, raw, place);
  return raw;
}

void read_paragraph(dom::element value, SquadCollector& collector, const PlaceName& place) {
  const dom::object paragraph = as_object(value, place);
  collector.begin_context(member<std::string_view>(paragraph, "context", "a string", place));
  size_t index = 0;
  for (dom::element qa : member<dom::array>(paragraph, "qas", "a list", place)) {
    const PlaceName here = [&] { return fmt::format("{}.qas[{}]", place(), index); };
    std::string digits;
    collector.add([&] { return read_question(qa, digits, here); }, here);
    ++index;
  }
}

void read_document(dom::element root, SquadCollector& collector) {
  size_t entry_index = 0;
  const PlaceName top = [] { return std::string(); };
  for (dom::element entry : member<dom::array>(as_object(root, top), "data", "a list", top)) {
    const PlaceName entry_place = [&] { return fmt::format("data[{}]", entry_index); };
    size_t paragraph_index = 0;
    for (dom::element paragraph :
         member<dom::array>(as_object(entry, entry_place), "paragraphs", "a list", entry_place)) {
      read_paragraph(paragraph, collector,
                     [&] { return fmt::format("{}.paragraphs[{}]", entry_place(), paragraph_index); });
      ++paragraph_index;
    }
    ++entry_index;
  }
}

[[noreturn]] void explain_syntax_error(std::string_view text, const std::string& file_name,
                                       simdjson::error_code error) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    throw UserError("`{}` must be a SQuAD file, but is empty", file_name);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw UserError("`{}` must be UTF-8, but is UTF-16; convert it with iconv -f UTF-16 -t UTF-8", file_name);
  parse_json(text, file_name);
  throw UserError("`{}` must be JSON, but {}", file_name, simdjson::error_message(error));
}

}  // namespace

void read_squad_json(std::string& text, const std::string& file_name, SquadCollector& collector) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const size_t skipped = std::string_view(text).starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const size_t byte_count = text.size() - skipped;
  text.resize(text.size() + simdjson::SIMDJSON_PADDING);
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text.data() + skipped, byte_count, /*realloc_if_needed=*/false).get(root))
    explain_syntax_error(std::string_view(text).substr(skipped, byte_count), file_name, error);
  try {
    read_document(root, collector);
  } catch (const BadRecord& bad) {  // outside any question: nothing to skip
    throw UserError("`{}`: {}; see the SQuAD form in docs/data_formats", file_name, bad.message);
  }
}

}  // namespace retort::data
