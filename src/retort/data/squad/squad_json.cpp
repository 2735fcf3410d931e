#include "retort/data/squad/squad_json.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/base/fast_json.h"

namespace retort::data {
namespace {

namespace dom = simdjson::dom;

[[noreturn]] void fail_type(const std::string& place, const char* key, const char* wanted, const char* found) {
  throw BadRecord{"malformed record",
                  fmt::format("`{}{}{}` must be {}, but is {}", place, place.empty() ? "" : ".", key, wanted, found)};
}

// Returns the value of `key`, which must exist and be a T; `place` names the object.
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

// Ids are strings; annotation tools also write integers, whose digits are then the id.
std::string_view read_id(dom::object qa, std::string& digits, const PlaceName& place) {
  dom::element value;
  int64_t number;
  if (qa["id"].get(value) || value.get(number)) return member<std::string_view>(qa, "id", "a string", place);
  return digits = std::to_string(number);
}

void read_answers(dom::object qa, RawQuestion& raw, const PlaceName& place) {
  if (qa["answers"].error() == simdjson::NO_SUCH_FIELD) return;  // impossible, or without gold answers
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

void check_is_text(std::string_view text, const std::string& file_name) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    throw UserError("`{}` must be a SQuAD file, but is empty", file_name);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw UserError("`{}` must be UTF-8, but is UTF-16; convert it with iconv -f UTF-16 -t UTF-8", file_name);
}

}  // namespace

void read_squad_json(std::string text, const std::string& file_name, SquadCollector& collector) {
  FastJson json(std::move(text));
  check_is_text(json.text(), file_name);
  try {
    read_document(json.parse(file_name), collector);
  } catch (const BadRecord& bad) {  // outside of any question, so it cannot be skipped
    throw UserError("`{}`: {}; the SQuAD format is {}", file_name, bad.message,
                    R"({"data": [{"paragraphs": [{"context": ..., "qas": [...]}]}]})");
  }
}

}  // namespace retort::data
