// See tokenize.h. All threads encode a batch of lines; the output lines keep their order.
#include "retort/cli/tokenize.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>

#include "retort/base/error.h"
#include "retort/base/line_reader.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/data/table/text_damage.h"
#include "retort/pretrained/hub_folder.h"
#include "retort/store/remote_paths.h"
#include "retort/text/unicode.h"

namespace retort::cli {
namespace {

constexpr size_t kGroupBytes = 32 << 10;  // lines that one thread encodes as one work item

template <typename Items, typename Write>
void append_list(std::string& out, std::string_view name, const Items& items, Write&& write_item) {
  fmt::format_to(std::back_inserter(out), "\"{}\": [", name);
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) out += ", ";
    is_first = false;
    write_item(item);
  }
  out += ']';
}

// The work of one thread: reads lines and appends the output lines to a string.
class LineWriter {
 public:
  LineWriter(const TokenizeConfig& config, const text::Tokenizer& tokenizer) : config_(config), tokenizer_(tokenizer) {}

  void write(std::string_view line, int64_t line_number, std::string& out) {
    if (config_.decode) {
      out += tokenizer_.decode(parse_ids(line, line_number), config_.skip_special_tokens);
    } else {
      encode(line);
      config_.offsets ? write_json(line, out) : write_ids(out);
    }
    out += '\n';
  }

 private:
  // [CLS] and [SEP] have empty ranges at the beginning of the line.
  void encode(std::string_view line) {
    encoding_.clear();
    if (config_.add_special_tokens) push_special(tokenizer_.cls_id());
    tokenizer_.encode(line, encoding_);
    if (config_.add_special_tokens) push_special(tokenizer_.sep_id());
  }
  void push_special(int32_t id) {
    encoding_.ids.push_back(id);
    encoding_.offsets.push_back({});
  }

  void write_ids(std::string& out) const {
    for (size_t i = 0; i < encoding_.ids.size(); ++i) {
      char digits[12];
      if (i > 0) out += ' ';
      out.append(digits, std::to_chars(digits, digits + sizeof digits, encoding_.ids[i]).ptr);
    }
  }

  void write_json(std::string_view line, std::string& out) const {
    const std::vector<int32_t> characters = text::code_points_before(line);
    const auto write_range = [&](int32_t begin, int32_t end) { out += fmt::format("[{}, {}]", begin, end); };
    out += '{';
    append_list(out, "ids", encoding_.ids, [&](int32_t id) { out += fmt::format("{}", id); });
    out += ", ";
    append_list(out, "tokens", encoding_.ids, [&](int32_t id) { out += Json(tokenizer_.piece(id)).dump(); });
    out += ", ";
    append_list(out, "offsets", encoding_.offsets, [&](text::Range range) {
      write_range(characters[static_cast<size_t>(range.begin)], characters[static_cast<size_t>(range.end)]);
    });
    out += ", ";
    append_list(out, "byte_offsets", encoding_.offsets,
                [&](text::Range range) { write_range(range.begin, range.end); });
    out += '}';
  }

  std::vector<int32_t> parse_ids(std::string_view line, int64_t line_number) const {
    constexpr std::string_view kSpace = " \t\r";
    std::vector<int32_t> ids;
    for (size_t at = line.find_first_not_of(kSpace); at != line.npos; at = line.find_first_not_of(kSpace, at)) {
      const std::string_view word = line.substr(at, line.find_first_of(kSpace, at) - at);
      int32_t id = -1;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
      if (error != std::errc() || end != word.data() + word.size() || id < 0 || id >= tokenizer_.vocabulary_size()) {
        throw UserError(
            "`standard input` line {} must be ids in 0..{} separated by spaces, but has `{}`; without --decode lines "
            "are read as text",
            line_number, tokenizer_.vocabulary_size() - 1, word.substr(0, 40));
      }
      ids.push_back(id);
      at += word.size();
    }
    return ids;
  }

  const TokenizeConfig& config_;
  const text::Tokenizer& tokenizer_;
  text::Encoding encoding_;
};

// Counts the lines that are not valid UTF-8; the tokenizer drops their ill-formed bytes.
struct BrokenLines {
  int64_t count = 0, first_line = 0;

  void look_at(const std::vector<std::string_view>& lines, int64_t line_number) {
    for (size_t i = 0; i < lines.size(); ++i) {
      if (data::is_utf8(lines[i])) continue;
      if (count++ == 0) first_line = line_number + static_cast<int64_t>(i);
    }
  }
  void warn() const {
    if (count > 0)
      log_warning(
          "`standard input` has lines that are not UTF-8, {} in all and line {} first: their ill-formed bytes give "
          "no "
          "tokens",
          count, first_line);
  }
};

// The begins of groups of lines of about kGroupBytes each, and the end of the last group.
std::vector<size_t> group_lines(const std::vector<std::string_view>& lines) {
  std::vector<size_t> begins = {0};
  size_t bytes = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    bytes += lines[i].size() + 1;
    if (bytes < kGroupBytes && i + 1 < lines.size()) continue;
    begins.push_back(i + 1);
    bytes = 0;
  }
  return begins;
}

}  // namespace

void TokenizeConfig::fields(FieldList& list) {
  list.add(
      "model", model,
      {.help = "Model folder with tokenizer.json or vocab.txt, or a hub name in the local cache.", .required = true});
  list.add("add_special_tokens", add_special_tokens, {.help = "Add [CLS] before and [SEP] after every line."});
  list.add("offsets", offsets,
           {.help = "Print one JSON object per line: ids, tokens, offsets in code points and in bytes."});
  list.add("decode", decode, {.help = "Decode: read ids and print text."});
  list.add("skip_special_tokens", skip_special_tokens, {.help = "With --decode: omit special tokens."});
  list.add("threads", threads,
           {.help = "Number of threads; 0 for all available CPUs.", .unit = "threads", .min = 0, .max = 1024});
}

void tokenize_lines(const TokenizeConfig& config, const text::Tokenizer& tokenizer, std::istream& in,
                    std::ostream& out) {
  LineReader reader(in, "standard input");
  int64_t line_number = 1;
  std::vector<std::string> outputs;
  BrokenLines broken;
  for (;;) {
    const std::vector<std::string_view>& lines = reader.next();
    if (lines.empty()) break;
    broken.look_at(lines, line_number);
    const std::vector<size_t> begins = group_lines(lines);
    const size_t group_count = begins.size() - 1;
    if (outputs.size() < group_count) outputs.resize(group_count);
    parallel_for(static_cast<int64_t>(group_count), 1, [&](int64_t first, int64_t last) {
      LineWriter writer(config, tokenizer);
      for (auto group = static_cast<size_t>(first); group < static_cast<size_t>(last); ++group) {
        outputs[group].clear();
        for (size_t i = begins[group]; i < begins[group + 1]; ++i) {
          writer.write(lines[i], line_number + static_cast<int64_t>(i), outputs[group]);
        }
      }
    });
    for (size_t group = 0; group < group_count; ++group) {
      out.write(outputs[group].data(), static_cast<std::streamsize>(outputs[group].size()));
    }
    if (!out)
      throw UserError(
          "`standard output` must be writable, but writing the result failed; redirect it to a file or to a pipe "
          "that "
          "stays open");
    line_number += static_cast<int64_t>(lines.size());
  }
  broken.warn();
}

int run_tokenize(const std::vector<std::string>& arguments) {
  TokenizeConfig config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  const store::RemotePaths remote_paths(list);
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const text::Tokenizer tokenizer = text::Tokenizer::load(pretrained::resolve_model_folder(config.model));
  std::ios::sync_with_stdio(false);
  tokenize_lines(config, tokenizer, std::cin, std::cout);
  std::cout.flush();
  return 0;
}

}  // namespace retort::cli
