#include "retort/data/squad/squad_rows.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/data/table/table_reader.h"

namespace retort::data {
namespace {

using Kind = TableColumn::Kind;

struct SquadColumns {
  const TableColumn& id;
  const TableColumn& context;
  const TableColumn& question;
  const TableColumn& answer_texts;
  const TableColumn& answer_starts;
  const TableColumn* is_impossible;
};

std::string_view text_of(const TableColumn& column, size_t row, const PlaceName& place) {
  if (const auto text = column.maybe_text(row)) return *text;
  throw BadRecord{"malformed record", fmt::format("`{}.{}` must be a string, but is missing", place(), column.name)};
}

// Ids are strings; some data sets have numbers, whose digits are then the id.
std::string_view read_id(const TableColumn& column, size_t row, std::string& digits, const PlaceName& place) {
  if (column.kind != Kind::kInteger || column.is_null[row]) return text_of(column, row, place);
  return digits = std::to_string(column.integers[row]);
}

// `digits` must live as long as the question.
RawQuestion read_row(const SquadColumns& columns, size_t row, std::string& digits, const PlaceName& place) {
  RawQuestion raw;
  raw.id = read_id(columns.id, row, digits, place);
  raw.question = text_of(columns.question, row, place);
  if (columns.is_impossible != nullptr)
    if (const auto number = columns.is_impossible->maybe_integer(row)) raw.is_impossible = *number != 0;
  const auto& texts = columns.answer_texts;
  const auto& starts = columns.answer_starts;
  const auto first = static_cast<size_t>(texts.list_starts[row]),
             last = static_cast<size_t>(texts.list_starts[row + 1]);
  const auto first_start = static_cast<size_t>(starts.list_starts[row]);
  const size_t start_count = static_cast<size_t>(starts.list_starts[row + 1]) - first_start;
  if (start_count != last - first)
    throw BadRecord{"malformed record",
                    fmt::format("`{}.answers` must have equal numbers of `answer_start` and `text`, but has {} and {}",
                                place(), start_count, last - first)};
  for (size_t i = 0; i < start_count; ++i)
    raw.answers.emplace_back(texts.texts[first + i], starts.integers[first_start + i]);
  return raw;
}

}  // namespace

void read_squad_rows(const std::filesystem::path& path, SquadCollector& collector) {
  constexpr std::string_view kWanted[] = {"id",           "context", "question", "answers.text", "answers.answer_start",
                                          "is_impossible"};
  const Table table = read_table(path, kWanted);
  const TableColumn* id = table.find("id");
  const SquadColumns columns{
      id != nullptr && id->kind == Kind::kInteger ? table.need("id", Kind::kInteger) : table.need("id", Kind::kText),
      table.need("context", Kind::kText),
      table.need("question", Kind::kText),
      table.need("answers.text", Kind::kText, /*is_list=*/true),
      table.need("answers.answer_start", Kind::kInteger, /*is_list=*/true),
      table.find("is_impossible") ? &table.need("is_impossible", Kind::kInteger) : nullptr};
  for (int64_t row = 0; row < table.row_count; ++row) {
    const auto index = static_cast<size_t>(row);
    const PlaceName place = [&] { return table.row_name(row); };
    std::string digits;
    collector.add(
        [&] {
          collector.begin_context(text_of(columns.context, index, place));
          return read_row(columns, index, digits, place);
        },
        place);
  }
}

}  // namespace retort::data
