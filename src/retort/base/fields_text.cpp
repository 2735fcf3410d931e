// Formats fields for --help and the reference pages, and finds the nearest name to a misspelled one.
#include "retort/base/fields_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "retort/base/field_value.h"

namespace retort {
namespace {

constexpr size_t kLineColumns = 100;
constexpr size_t kHelpColumn = 34;  // where the help text begins

// Damerau-Levenshtein distance: a swap of two adjacent characters counts as one edit.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, row);
  }
  return last.back();
}

std::string flag_text(const Field& field) {
  if (is_bool(field)) return fmt::format("--{0}, --no_{0}", field.name);
  return fmt::format("--{} {}", field.name, field_kind(field));
}

std::string with_dashes(const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format("--{}", fmt::join(names, ", --"));
}

// "Peak learning rate, in 1/step. Default 3e-05; at least 0; also --lr."
std::string explanation(const Field& field) {
  const FieldSpec& spec = field.spec;
  std::vector<std::string> facts;
  const std::string value = field_to_text(field);
  if (spec.required) facts.emplace_back("required");
  if (!spec.required && !value.empty()) facts.push_back(fmt::format("default {}", value));
  if (const std::string limits = field_limits(spec); !limits.empty()) facts.push_back(limits);
  if (!spec.unit.empty()) facts.push_back(fmt::format("in {}", spec.unit));
  if (!spec.aliases.empty()) facts.push_back(fmt::format("also {}", with_dashes(spec.aliases)));
  return facts.empty() ? spec.help : fmt::format("{} [{}]", spec.help, fmt::join(facts, "; "));
}

// Takes at most `columns` bytes off `text` at a word boundary; cuts a longer word between characters.
std::string_view take_line(std::string_view& text, size_t columns) {
  size_t end = text.size();
  size_t next = end;
  if (end > columns) {
    end = text.rfind(' ', columns);
    next = end + 1;
    if (end == text.npos || end == 0) {
      for (end = columns; end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80;) --end;
      next = end;
    }
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(next);
  return line;
}

std::string help_entry(const Field& field) {
  std::string entry = "  " + flag_text(field);
  const std::string explained = explanation(field);
  std::string_view rest = explained;
  if (entry.size() + 2 > kHelpColumn)
    entry += "\n" + std::string(kHelpColumn, ' ');
  else
    entry.resize(kHelpColumn, ' ');
  entry += take_line(rest, kLineColumns - kHelpColumn);
  while (!rest.empty()) {
    entry += "\n" + std::string(kHelpColumn, ' ');
    entry += take_line(rest, kLineColumns - kHelpColumn);
  }
  return entry + "\n";
}

// Escapes text for a Markdown table cell: `|` and a line break would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string code_cell(const std::string& text) { return text.empty() ? "" : fmt::format("`{}`", cell(text)); }

std::string table_row(const Field& field) {
  const FieldSpec& spec = field.spec;
  std::string flag = code_cell("--" + field.name);
  for (const std::string& alias : spec.aliases) flag += ", " + code_cell("--" + alias);
  const std::string kind = is_bool(field) ? "true or false" : field_kind(field);
  const std::string standard = spec.required ? "required" : code_cell(field_to_text(field));
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", flag, cell(kind), standard, cell(field_limits(spec)),
                     cell(spec.unit), cell(spec.help));
}

std::string title_of(const Field& field) { return field.group.empty() ? "Options" : field.group; }

// Calls `write_title` before the first field of each group and `write_field` for every field, in order of groups.
template <typename WriteTitle, typename WriteField>
void for_each_group(const FieldList& list, const WriteTitle& write_title, const WriteField& write_field) {
  std::vector<std::string> titles;
  for (const Field& field : list.all())
    if (std::find(titles.begin(), titles.end(), title_of(field)) == titles.end()) titles.push_back(title_of(field));
  for (const std::string& title : titles) {
    write_title(title);
    for (const Field& field : list.all())
      if (title_of(field) == title) write_field(field);
  }
}

}  // namespace

std::string fields_help(const FieldList& list) {
  std::string text;
  for_each_group(
      list, [&](const std::string& title) { text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", title); },
      [&](const Field& field) { text += help_entry(field); });
  if (list.accepted().empty()) return text;
  std::vector<std::string> names;
  for (const AcceptedFlag& flag : list.accepted()) names.push_back(flag.name);
  const std::string all = with_dashes(names);
  text += "\nAccepted for other programs, without effect:\n";
  for (std::string_view rest = all; !rest.empty();) text += fmt::format("  {}\n", take_line(rest, kLineColumns - 2));
  return text;
}

std::string fields_markdown(const FieldList& list) {
  std::string text;
  for_each_group(
      list,
      [&](const std::string& title) {
        text +=
            fmt::format("{}## {}\n\n| flag | value | default | limits | unit | meaning |\n|---|---|---|---|---|---|\n",
                        text.empty() ? "" : "\n", title);
      },
      [&](const Field& field) { text += table_row(field); });
  if (list.accepted().empty()) return text;
  text += "\n## Accepted for other programs, without effect\n\n| flag | reason |\n|---|---|\n";
  for (const AcceptedFlag& flag : list.accepted())
    text += fmt::format("| {} | {} |\n", code_cell("--" + flag.name), cell(flag.reason));
  return text;
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  size_t smallest = 2 + word.size() / 3;  // one more than the largest distance that counts as near
  std::string nearest;
  for (const std::string& candidate : candidates) {
    if (const size_t distance = edit_distance(word, candidate); distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace retort
