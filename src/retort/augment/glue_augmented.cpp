#include "retort/augment/glue_augmented.h"

#include <fmt/format.h>

#include <algorithm>

namespace retort::augment {
namespace {

std::string on_one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return line;
}

std::string label_of(const data::GlueTask& task, const data::GlueExample& example) {
  return task.is_regression() ? fmt::format("{}", example.target)
                              : std::string(task.labels[static_cast<size_t>(example.label)]);
}

// Returns a header with the column names that readers expect; rows_without_line has the same order.
std::string header_without_file(const data::GlueTask& task) {
  const data::GlueColumns& columns = task.columns;
  return task.is_pair() ? fmt::format("{}\t{}\t{}", columns.text_a.name, columns.text_b.name, columns.label.name)
                        : fmt::format("{}\t{}", columns.text_a.name, columns.label.name);
}

std::string row_without_line(const data::GlueTask& task, const data::GlueExample& example, const std::string& text_a,
                             const std::string& text_b) {
  const std::string label = label_of(task, example);
  if (task.columns.count > 0) {  // without a header, every column has its index
    std::vector<std::string> fields(static_cast<size_t>(task.columns.count), "-");
    fields[static_cast<size_t>(task.columns.text_a.index)] = text_a;
    fields[static_cast<size_t>(task.columns.label.index)] = label;
    return fmt::format("{}", fmt::join(fields, "\t"));
  }
  return task.is_pair() ? fmt::format("{}\t{}\t{}", text_a, text_b, label) : fmt::format("{}\t{}", text_a, label);
}

// Returns `line` with its substrings `old_first` and `old_second`, in either order, replaced.
std::string spliced(std::string_view line, std::string_view old_first, std::string_view new_first,
                    std::string_view old_second, std::string_view new_second) {
  if (old_second.data() != nullptr && old_second.data() < old_first.data())
    return spliced(line, old_second, new_second, old_first, new_first);
  const auto part = [&](const char* begin, const char* end) {
    return std::string_view(begin, static_cast<size_t>(end - begin));
  };
  std::string result(part(line.data(), old_first.data()));
  result += new_first;
  const char* rest = old_first.data() + old_first.size();
  if (old_second.data() != nullptr) {
    result += part(rest, old_second.data());
    result += new_second;
    rest = old_second.data() + old_second.size();
  }
  return result += part(rest, line.data() + line.size());
}

}  // namespace

GlueAugmentedFile::GlueAugmentedFile(const std::filesystem::path& path, const data::GlueTask& task,
                                     const data::GlueData& data)
    : task_(task), file_(path) {
  if (task.columns.count > 0) return;
  file_.write(data.header.empty() ? header_without_file(task) : std::string(data.header));
  file_.write("\n");
}

void GlueAugmentedFile::write(const data::GlueExample& example, std::string_view text_a, std::string_view text_b) {
  const std::string first = on_one_line(text_a), second = on_one_line(text_b);
  if (example.line.empty()) {
    file_.write(row_without_line(task_, example, first, second));
  } else {
    const std::string_view old_second = task_.is_pair() ? example.text_b : std::string_view();
    file_.write(spliced(example.line, example.text_a, first, old_second, second));
  }
  file_.write("\n");
  ++row_count_;
}

}  // namespace retort::augment
