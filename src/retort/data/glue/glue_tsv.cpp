#include "retort/data/glue/glue_tsv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "retort/base/error.h"
#include "retort/data/table/tsv_reader.h"

namespace retort::data {
namespace {

using Fields = std::span<const std::string_view>;

// Indexes of the columns of a file, from 0; kAbsent for missing ones.
struct Layout {
  int64_t column_count = 0;
  int64_t text_a = 0, text_b = GlueColumn::kAbsent, label = GlueColumn::kAbsent, index = GlueColumn::kAbsent;
};

std::string line_name(const TsvReader& reader) { return fmt::format("line {}", reader.line_number()); }

bool is_whole_number(std::string_view word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && number >= 0;
}

int64_t place_of(const GlueColumn& column, Fields header, bool by_name) {
  if (!column.exists()) return GlueColumn::kAbsent;
  const auto found = by_name ? std::find(header.begin(), header.end(), column.name) : header.end();
  if (found != header.end()) return found - header.begin();
  return column.index == GlueColumn::kLast ? static_cast<int64_t>(header.size()) - 1 : column.index;
}

// Returns whether the line looks like a record: its label is one of the task's or, in test files, it begins with a
// number.
bool looks_like_a_row(const GlueCollector& collector, Fields line, const Layout& layout) {
  GlueExample ignored;
  if (!collector.options().has_labels) return is_whole_number(line[0]);
  return layout.label < static_cast<int64_t>(line.size()) && collector.set_label(line[layout.label], ignored).empty();
}

// Test files have the record's number and the texts; the columns of others are those of GlueTask.
Layout find_layout(const GlueCollector& collector, Fields header) {
  const bool has_labels = collector.options().has_labels;
  const GlueColumns& columns = has_labels ? collector.task().columns : collector.task().test_columns;
  const auto has_name = [&](const GlueColumn& column) {
    return !column.exists() || std::find(header.begin(), header.end(), column.name) != header.end();
  };
  const bool by_name =
      columns.count == 0 && has_name(columns.text_a) && has_name(columns.text_b) && has_name(columns.label);
  Layout layout{.column_count = static_cast<int64_t>(header.size()),
                .text_a = place_of(columns.text_a, header, by_name),
                .text_b = place_of(columns.text_b, header, by_name),
                .label = place_of(columns.label, header, by_name)};
  if (!has_labels && (header[0] == "index" || header[0] == "id")) layout.index = 0;
  if (!by_name && columns.count == 0 && looks_like_a_row(collector, header, layout))
    throw UserError("`{}` line 1 must be a header with the column `{}`, but looks like a record of {}; add the header",
                    collector.file_name(), columns.text_a.name, collector.task().name);
  return layout;
}

void check_columns(const GlueCollector& collector, const Layout& layout, int64_t line) {
  const int64_t last = std::max({layout.text_a, layout.text_b, layout.label});
  if (last < layout.column_count) return;
  throw UserError(
      "`{}` line {} must have at least {} columns ({} of {}), but has {}; check --task_name and that columns are "
      "separated by tabs",
      collector.file_name(), line, last + 1, collector.options().has_labels ? "training and dev files" : "test files",
      collector.task().name, layout.column_count);
}

int64_t row_number(const Layout& layout, Fields fields, int64_t counted) {
  if (layout.index == GlueColumn::kAbsent || !is_whole_number(fields[layout.index])) return counted;
  int64_t number = 0;
  const std::string_view word = fields[layout.index];
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

void add_row(GlueCollector& collector, const Layout& layout, const TsvReader& reader, int64_t counted) {
  const Fields fields = reader.fields();
  const auto column_count = static_cast<int64_t>(fields.size());
  if (column_count != layout.column_count) {
    const std::string problem = fmt::format("must have {} columns, but has {}", layout.column_count, column_count);
    const bool is_known = collector.task().has_short_rows && column_count < layout.column_count;
    return is_known ? collector.pass_over("short records", line_name(reader), problem)
                    : collector.reject("ragged records", line_name(reader), problem);
  }
  if (const auto damage = reader.maybe_damage()) return collector.reject("damaged records", line_name(reader), *damage);
  GlueExample example{
      .text_a = fields[layout.text_a], .index = row_number(layout, fields, counted), .line = reader.line()};
  if (layout.text_b != GlueColumn::kAbsent) example.text_b = fields[layout.text_b];
  if (layout.label != GlueColumn::kAbsent)
    if (const std::string problem = collector.set_label(fields[layout.label], example); !problem.empty())
      return collector.reject("unknown labels", line_name(reader),
                              fmt::format("{} {}", column_name(layout.label), problem));
  collector.add(example);
}

}  // namespace

void read_glue_tsv(const std::filesystem::path& path, GlueCollector& collector) {
  TsvReader reader(path);
  collector.keep_alive(reader.file());
  if (!reader.next())
    throw UserError("`{}` must have records of {}, but is empty; choose another file", path.string(),
                    collector.task().name);
  const int64_t known_count =
      (collector.options().has_labels ? collector.task().columns : collector.task().test_columns).count;
  if (const auto damage = reader.maybe_damage(); damage && known_count == 0)
    throw UserError("`{}` line {}: {}; convert the file to UTF-8, or fix the header", path.string(),
                    reader.line_number(), *damage);
  Layout layout = find_layout(collector, reader.fields());
  if (known_count == 0) {
    check_columns(collector, layout, reader.line_number());
    collector.set_header(reader.line());
  } else {
    layout.column_count = known_count;
  }
  int64_t counted = 0;
  for (bool more = known_count > 0 || reader.next(); more; more = reader.next())
    add_row(collector, layout, reader, counted++);
}

}  // namespace retort::data
