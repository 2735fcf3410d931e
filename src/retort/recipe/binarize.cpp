#include "retort/recipe/binarize.h"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/line_reader.h"
#include "retort/base/log.h"
#include "retort/base/output_lock.h"
#include "retort/base/output_path.h"
#include "retort/base/thread.h"
#include "retort/data/bad_records.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/table/text_damage.h"
#include "retort/pretrained/hub_folder.h"
#include "retort/pretrained/input_files.h"
#include "retort/task/pickled_corpus.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {

namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = line.find_first_not_of(kSpace);
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

// Distributes sequences to the token file and, by articles, to the file of held-out text.
class HeldOutSplitter {
 public:
  HeldOutSplitter(const BinarizeConfig& config, const text::Tokenizer& tokenizer)
      : every_(config.held_out_every), main_(linked_output(config.output_file), data::TokenVocabulary::of(tokenizer)) {
    if (!config.held_out_file.empty())
      held_out_.emplace(linked_output(config.held_out_file), data::TokenVocabulary::of(tokenizer));
  }

  // Marks the next sequence as the first of an article.
  void begin_article() { ++article_; }
  void add(std::span<const int32_t> ids) {
    const bool is_held_out = held_out_ && article_ % every_ == every_ - 1;
    (is_held_out ? *held_out_ : main_).add(ids);
  }
  void publish(uint64_t seed) {
    if (held_out_ && held_out_->sequence_count() == 0)
      throw UserError("`held_out_every` must be at most the number of articles, but is {} of {}; choose a smaller one",
                      every_, article_ + 1);
    if (held_out_) held_out_->publish(seed);
    main_.publish(seed);
  }
  Json describe() const {
    Json json{{"sequences", main_.sequence_count()}, {"tokens", main_.token_count()}};
    if (held_out_)
      json["held_out_sequences"] = held_out_->sequence_count(), json["held_out_tokens"] = held_out_->token_count();
    return json;
  }
  int64_t sequence_count() const { return main_.sequence_count() + (held_out_ ? held_out_->sequence_count() : 0); }

 private:
  int64_t every_, article_ = -1;
  data::TokenFileWriter main_;
  std::optional<data::TokenFileWriter> held_out_;
};

struct Line {
  bool begins_article = false;
  std::vector<int32_t> ids;           // empty for a line without text
  std::optional<std::string> damage;  // why the line is not text
};

// Applies the policy for invalid lines and sequences.
class BadRecords {
 public:
  explicit BadRecords(const BinarizeConfig& config)
      : path_(config.file_path), policy_(data::parse_on_bad_record(config.on_bad_record)) {}

  void reject_line(int64_t number, const std::string& damage, bool holds_zero) {
    if (policy_ == data::OnBadRecord::kSkip)
      return skipped_.add(holds_zero ? "with NUL bytes" : "not UTF-8", fmt::format("line {} {}", number, damage));
    // Texts of another encoding and binary files contain zero bytes.
    if (holds_zero)
      throw UserError(
          "`{}` must be UTF-8 text, but line {} has a NUL byte; convert UTF-16 with iconv -f UTF-16 -t UTF-8, "
          "and unpack archives first",
          path_, number);
    throw UserError(
        "`{}` line {} {}; convert the file with iconv -f LATIN1 -t UTF-8, or from its encoding, or pass "
        "--on_bad_record skip to skip such lines",
        path_, number, damage);
  }
  void reject_sequence(int64_t number, int32_t id, int64_t vocabulary_size) {
    const std::string problem =
        fmt::format("sequence {} must hold ids from 0 to {}, but holds {}", number, vocabulary_size - 1, id);
    if (policy_ == data::OnBadRecord::kSkip) return skipped_.add("of another vocabulary", problem);
    throw UserError("`{}`: {}; choose the --model that the file was made with", path_, problem);
  }
  // Logs and returns the number of skipped lines.
  int64_t finish() const {
    for (const std::string& message : skipped_.messages) log_warning("`{}`: skipped: {}", path_, message);
    if (skipped_.count > 0) log_warning("`{}`: {}", path_, skipped_.summary());
    return skipped_.count;
  }

 private:
  std::string path_;
  data::OnBadRecord policy_;
  data::SkippedRecords skipped_;
};

void encode_line(std::string_view raw, const text::Tokenizer& tokenizer, text::Encoding& encoding, Line& out) {
  const std::string_view line = trimmed(raw);
  out.ids.clear();
  out.damage = data::maybe_text_damage(raw);
  out.begins_article = !out.damage && line.starts_with("<doc ");
  if (out.damage || line.empty() || out.begins_article || line == "</doc>") return;
  encoding.clear();
  tokenizer.encode(line, encoding);
  out.ids.push_back(tokenizer.cls_id());
  out.ids.insert(out.ids.end(), encoding.ids.begin(), encoding.ids.end());
  out.ids.push_back(tokenizer.sep_id());
}

std::string_view without_byte_order_mark(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return line;
}

void deal_text(const std::string& path, const text::Tokenizer& tokenizer, HeldOutSplitter& splitter, BadRecords& bad) {
  constexpr int64_t kGrain = 64;  // lines per thread between two checks of the clock
  std::ifstream in(path, std::ios::binary);
  if (!in) throw UserError("`{}` must be a readable text file, but is not; check its permissions", path);
  const train::StopSignal stop;
  LineReader reader(in, path);
  const auto total = static_cast<int64_t>(fs::file_size(path));
  train::Progress progress({.title = "binarize", .unit = "bytes", .total = total});
  std::vector<Line> encoded;
  int64_t bytes = 0, line_number = 0;
  bool has_articles = false;
  for (;;) {
    const std::vector<std::string_view>& lines = reader.next();
    if (lines.empty()) break;
    const auto count = static_cast<int64_t>(lines.size());
    encoded.resize(lines.size());
    parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
      text::Encoding encoding;
      for (int64_t i = begin; i < end; ++i)
        encode_line(line_number + i == 0 ? without_byte_order_mark(lines[i]) : lines[i], tokenizer, encoding,
                    encoded[i]);
    });
    for (int64_t i = 0; i < count; ++i) {
      const Line& line = encoded[i];
      ++line_number;
      bytes += static_cast<int64_t>(lines[i].size()) + 1;
      if (line.damage) {
        bad.reject_line(line_number, *line.damage, lines[i].find('\0') != lines[i].npos);
        continue;
      }
      has_articles = has_articles || line.begins_article;
      // Without article marks, every line is an article.
      if (line.begins_article || (!has_articles && !line.ids.empty())) splitter.begin_article();
      splitter.add(line.ids);
    }
    bytes = std::min(bytes, total);  // the last line may have no line end
    progress.update({.done = bytes, .sequences = splitter.sequence_count()});
    train::throw_if_stopped();
  }
  progress.finish();
}

void deal_pickle(const std::string& path, int64_t vocabulary_size, HeldOutSplitter& splitter, BadRecords& bad) {
  task::visit_pickled_corpus(
      path, vocabulary_size,
      [&](std::span<const int32_t> ids) {
        splitter.begin_article();
        splitter.add(ids);
      },
      [&](int64_t sequence, int32_t id) { bad.reject_sequence(sequence, id, vocabulary_size); });
}

// Checks the file before opening it, because opening a pipe may block.
void check_input(const std::string& path) {
  std::error_code failure;
  const fs::file_type type = fs::status(path, failure).type();
  if (type == fs::file_type::regular) return;
  throw UserError("`{}` must be a text file, but {}", path,
                  type == fs::file_type::not_found   ? "does not exist; check the path"
                  : type == fs::file_type::directory ? "is a folder; concatenate its files with cat"
                  : type == fs::file_type::none      ? failure.message()
                                                     : "is a pipe or device; write its output to a file first");
}

void check_output(const std::string& path, bool overwrite) {
  if (fs::is_directory(path)) throw UserError("`{}` must be a file, but is a folder; name a file in it", path);
  if (!path.empty() && !overwrite && fs::exists(path))
    throw UserError("`{}` must not exist yet, but does; choose another name, or --overwrite to replace it", path);
}

// Throws UserError when an output would overwrite an input.
void check_outputs(const BinarizeConfig& config) {
  NamedInputs inputs{{"file_path", config.file_path}, {"model", pretrained::maybe_model_folder(config.model)}};
  check_is_no_input("output_file", config.output_file, inputs);
  inputs.emplace_back("output_file", config.output_file);
  check_is_no_input("held_out_file", config.held_out_file, inputs);
}

text::Tokenizer load_tokenizer(const std::string& model) {
  if (fs::is_regular_file(model)) return text::Tokenizer::from_vocab_file(model);
  return text::Tokenizer::load(pretrained::resolve_model_folder(model));
}

}  // namespace

void BinarizeConfig::fields(FieldList& list) {
  list.add("file_path", file_path,
           {.help = "Text with one sequence per line, or the pickle file of the published `binarized_data`.",
            .required = true});
  list.add("model", model,
           {.help = "Model folder with the tokenizer, or a vocab.txt (lower-casing).", .required = true});
  list.add("output_file", output_file, {.help = "The token file.", .required = true});
  list.add("held_out_file", held_out_file, {.help = "Token file for held-out articles; empty: none."});
  list.add("held_out_every", held_out_every,
           {.help = "Hold out every N-th article; an article is a <doc> of WikiExtractor, else a line.",
            .unit = "articles",
            .min = 2});
  list.add(
      "on_bad_record", on_bad_record,
      {.help = "What to do with a line that is not UTF-8: fail, or skip and count it.", .choices = {"fail", "skip"}});
  list.add("seed", seed, {.help = "Seed of the random order of sequences.", .min = 0});
  list.add("overwrite", overwrite, {.help = "Replace existing token files."});
}

Json binarize(const BinarizeConfig& config) {
  check_input(config.file_path);
  check_outputs(config);
  BadRecords bad(config);
  const OutputLock lock(config.output_file);
  std::optional<OutputLock> held_out_lock;
  if (!config.held_out_file.empty()) held_out_lock.emplace(config.held_out_file);
  check_output(config.output_file, config.overwrite);
  check_output(config.held_out_file, config.overwrite);
  const text::Tokenizer tokenizer = load_tokenizer(config.model);
  HeldOutSplitter splitter(config, tokenizer);
  if (task::is_pickled_corpus(config.file_path)) {
    deal_pickle(config.file_path, tokenizer.vocabulary_size(), splitter, bad);
  } else {
    deal_text(config.file_path, tokenizer, splitter, bad);
  }
  const int64_t skipped = bad.finish();
  splitter.publish(static_cast<uint64_t>(config.seed));
  Json result{{"output_file", config.output_file}};
  result.update(splitter.describe());
  result["skipped"] = skipped;
  result["id_bytes"] = data::TokenFile(config.output_file).id_bytes();
  return result;
}

void CountTokensConfig::fields(FieldList& list) {
  list.add("data_file", data_file,
           {.help = "Token file, see `retort data binarize`; or the pickled corpus of the published program.",
            .required = true});
  list.add("output_file", output_file, {.help = "JSON array with the count of every token id.", .required = true});
  list.add(
      "vocab_size", vocab_size,
      {.help = "Number of token ids, for a pickled corpus; a token file states its own.", .min = 1, .max = 1 << 22});
  list.add("overwrite", overwrite, {.help = "Replace an existing file."});
}

namespace {

std::vector<int64_t> count_ids(const CountTokensConfig& config) {
  if (!task::is_pickled_corpus(config.data_file)) return data::TokenFile(config.data_file).count_ids();
  std::vector<int64_t> counts(static_cast<size_t>(config.vocab_size));
  task::visit_pickled_corpus(config.data_file, config.vocab_size, [&](std::span<const int32_t> ids) {
    for (const int32_t id : ids) ++counts[id];
  });
  return counts;
}

}  // namespace

Json count_tokens(const CountTokensConfig& config) {
  check_is_no_input("output_file", config.output_file, {{"data_file", config.data_file}});
  const OutputLock lock(config.output_file);
  check_output(config.output_file, config.overwrite);
  const std::vector<int64_t> counts = count_ids(config);
  write_file_atomically(linked_output(config.output_file), Json(counts).dump() + "\n");
  return {{"output_file", config.output_file},
          {"tokens", std::accumulate(counts.begin(), counts.end(), int64_t{0})},
          {"distinct", counts.size() - static_cast<size_t>(std::count(counts.begin(), counts.end(), 0))},
          {"vocab_size", counts.size()}};
}

}  // namespace retort::recipe
