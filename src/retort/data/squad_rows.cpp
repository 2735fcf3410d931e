// The hub's form: one row a question, with the columns id, context, question, answers.text and answers.answer_start
// (lists of equal length), as JSON lines or Parquet. An empty list means an impossible question.
#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/data/squad_collector.h"
#include "retort/data/table_reader.h"

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
  if (!column.is_null[row]) return column.texts[row];
  throw BadRecord{"malformed record", fmt::format("`{}.{}` must be a string, but is missing", place(), column.name)};
}

RawQuestion read_row(const SquadColumns& columns, size_t row, const PlaceName& place) {
  RawQuestion raw;
  raw.id = text_of(columns.id, row, place);
  raw.question = text_of(columns.question, row, place);
  if (columns.is_impossible != nullptr && !columns.is_impossible->is_null[row])
    raw.is_impossible = columns.is_impossible->integers[row] != 0;
  const auto& texts = columns.answer_texts;
  const auto& starts = columns.answer_starts;
  const auto first = static_cast<size_t>(texts.list_starts[row]),
             last = static_cast<size_t>(texts.list_starts[row + 1]);
  const auto first_start = static_cast<size_t>(starts.list_starts[row]);
  const size_t start_count = static_cast<size_t>(starts.list_starts[row + 1]) - first_start;
  if (start_count != last - first)
    throw BadRecord{"malformed record",
                    fmt::format("`{}.answers` must hold as many `answer_start` as `text`, but holds {} and {}", place(),
                                start_count, last - first)};
  for (size_t i = 0; i < start_count; ++i)
    raw.answers.emplace_back(texts.texts[first + i], starts.integers[first_start + i]);
  return raw;
}

}  // namespace

void read_squad_rows(const std::filesystem::path& path, SquadCollector& collector) {
  const Table table = read_table(path);
  const SquadColumns columns{table.need("id", Kind::kText),
                             table.need("context", Kind::kText),
                             table.need("question", Kind::kText),
                             table.need("answers.text", Kind::kText, /*is_list=*/true),
                             table.need("answers.answer_start", Kind::kInteger, /*is_list=*/true),
                             table.find("is_impossible") ? &table.need("is_impossible", Kind::kInteger) : nullptr};
  for (int64_t row = 0; row < table.row_count; ++row) {
    const auto index = static_cast<size_t>(row);
    const PlaceName place = [&] { return table.row_name(row); };
    collector.add(
        [&] {
          collector.begin_context(text_of(columns.context, index, place));
          return read_row(columns, index, place);
        },
        place);
  }
}

}  // namespace retort::data
