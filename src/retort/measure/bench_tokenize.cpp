#include "retort/measure/bench_tokenize.h"

#include <algorithm>
#include <atomic>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/thread.h"
#include "retort/data/squad/squad_reader.h"
#include "retort/data/table/table_reader.h"
#include "retort/measure/bench_measure.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::measure {
namespace {

constexpr int64_t kMinPasses = 3;      // the first one has cold caches
constexpr int64_t kTextsAtATime = 16;  // chunk of the parallel loop, for short sentences

// Decides by content: a JSON object or a table of the hub.
bool is_squad_file(const fs::path& file) {
  if (data::find_table_form(file) != data::TableForm::kNone) return true;
  const MappedFile mapped(file);
  std::string_view text = mapped.text();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{';
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

// Encodes every text once and returns the number of tokens. Each thread reuses one encoding, as feature computation
// does.
int64_t encode_all(const text::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  std::atomic<int64_t> tokens{0};
  parallel_for(static_cast<int64_t>(texts.size()), kTextsAtATime, [&](int64_t begin, int64_t end) {
    text::Encoding encoding;
    int64_t own_tokens = 0;
    for (int64_t i = begin; i < end; ++i) {
      encoding.clear();
      tokenizer.encode(texts[static_cast<size_t>(i)], encoding);
      own_tokens += static_cast<int64_t>(encoding.ids.size());
    }
    tokens += own_tokens;
  });
  return tokens;
}

}  // namespace

std::vector<std::string> read_bench_texts(const fs::path& file) {
  std::vector<std::string> texts;
  if (is_squad_file(file)) {
    texts =
        data::read_squad(file, {.version_2_with_negative = true, .on_bad_record = data::OnBadRecord::kSkip}).contexts;
  } else {
    texts = split_lines(MappedFile(file).text());
  }
  if (texts.empty()) throw UserError("`{}` must contain texts, but is empty", file.string());
  return texts;
}

Json bench_tokenize(const BenchTokenizeConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const text::Tokenizer tokenizer = text::Tokenizer::load(pretrained::resolve_model_folder(config.model));
  const std::vector<std::string> texts = read_bench_texts(config.train_file);
  int64_t bytes = 0, tokens = 0;
  for (const std::string& text : texts) bytes += static_cast<int64_t>(text.size());

  std::vector<double> passes;
  for (double spent = 0; spent < config.seconds || static_cast<int64_t>(passes.size()) < kMinPasses;) {
    const double before = seconds_now();
    tokens = encode_all(tokenizer, texts);
    passes.push_back(seconds_now() - before);
    spent += passes.back();
  }
  const double best = *std::min_element(passes.begin(), passes.end());
  return {{"mb_s", 1e-6 * static_cast<double>(bytes) / best},
          {"tok_s", static_cast<double>(tokens) / best},
          {"texts_s", static_cast<double>(texts.size()) / best},
          {"texts", texts.size()},
          {"tokens", tokens},
          {"bytes", bytes},
          {"pass_ms", 1000 * best},
          {"median_pass_ms", 1000 * percentile(passes, 0.5)},
          {"passes", passes.size()},
          {"threads", thread_count()}};
}

}  // namespace retort::measure
