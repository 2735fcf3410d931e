#include "retort/recipe/data_sentences.h"

#include <algorithm>
#include <functional>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/base/output_lock.h"
#include "retort/base/output_path.h"
#include "retort/base/thread.h"
#include "retort/corpus/partial_file.h"
#include "retort/corpus/sentences/article_reader.h"
#include "retort/corpus/sentences/punkt_splitter.h"
#include "retort/corpus/sentences/punkt_trainer.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

using corpus::ArticlePlace;
using corpus::ArticleReader;
using corpus::PunktParameters;

constexpr int64_t kSavedBytes = 256 << 20;  // of input between two saved places
constexpr const char* kContinues = "repeat the command to continue";

std::string key_of(const SentencesConfig& config, const std::vector<fs::path>& files) {
  ContentHash hash;
  hash.add("sentences 1").add(config.on_bad_record).add(config.punkt_file);
  for (const fs::path& file : files)
    hash.add(file.string())
        .add_number(static_cast<int64_t>(fs::file_size(file)))
        .add_number(fs::last_write_time(file).time_since_epoch().count());
  if (fs::is_regular_file(config.punkt_file)) hash.add(read_file(config.punkt_file));
  return hash.hex();
}

// The inputs that the flag names: one path, or several with commas between them.
std::vector<fs::path> split_inputs(const std::string& input) {
  if (fs::exists(input)) return {input};
  std::vector<fs::path> paths;
  std::istringstream parts(input);
  for (std::string part; std::getline(parts, part, ',');)
    if (!part.empty()) paths.emplace_back(part);
  return paths.empty() ? std::vector<fs::path>{input} : paths;
}

std::vector<fs::path> list_input_files(const std::string& input) {
  std::vector<fs::path> files;
  for (const fs::path& path : split_inputs(input))
    for (fs::path& file : corpus::list_text_files(path)) files.push_back(std::move(file));
  return files;
}

// Reads all articles; `visit` gets each batch.
void visit_articles(const std::string& title, ArticleReader& reader,
                    const std::function<void(const std::vector<std::string>&)>& visit) {
  train::Progress progress(
      {.title = title, .unit = "bytes", .total = reader.byte_count(), .start = {.done = reader.bytes_done()}});
  for (;;) {
    const std::vector<std::string>& articles = reader.next();
    if (articles.empty()) break;
    visit(articles);
    progress.update({.done = std::min(reader.bytes_done(), reader.byte_count())});
  }
  progress.update({.done = reader.byte_count()});
  progress.finish();
}

// Each article is a line; blank lines separate them.
PunktParameters train_punkt(const SentencesConfig& config, const std::vector<fs::path>& files) {
  corpus::PunktTrainer trainer;
  const auto read_all = [&](const char* title, auto visit_lines) {
    ArticleReader reader(files, data::parse_on_bad_record(config.on_bad_record));
    visit_articles(title, reader, [&](const std::vector<std::string>& articles) {
      std::vector<std::string_view> lines;
      for (const std::string& article : articles) lines.insert(lines.end(), {article, std::string_view()});
      visit_lines(lines);
      train::throw_if_stopped("training on the input begins again when the command is repeated");
    });
  };
  read_all("count words", [&](const auto& lines) { trainer.count(lines); });
  if (trainer.token_count() == 0)
    throw UserError("`{}` must hold text, but holds no word; check the path", config.input);
  read_all("see contexts", [&](const auto& lines) { trainer.observe(lines); });
  return trainer.finish();
}

struct SplitArticle {
  std::string lines;
  int64_t sentence_count = 0;
};

SplitArticle split_article(const corpus::PunktSplitter& splitter, std::string_view article) {
  std::vector<std::string_view> sentences;
  splitter.split(article, sentences);
  SplitArticle split{.sentence_count = static_cast<int64_t>(sentences.size())};
  split.lines.reserve(article.size() + sentences.size() + 1);
  for (const std::string_view sentence : sentences) split.lines.append(sentence).push_back('\n');
  split.lines.push_back('\n');
  return split;
}

std::vector<SplitArticle> split_articles(const corpus::PunktSplitter& splitter,
                                         const std::vector<std::string>& articles) {
  std::vector<SplitArticle> split(articles.size());
  parallel_for(static_cast<int64_t>(articles.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) split[i] = split_article(splitter, articles[i]);
  });
  return split;
}

struct Totals {
  int64_t articles = 0, sentences = 0, skipped = 0;

  Json to_json() const { return {{"articles", articles}, {"sentences", sentences}, {"skipped", skipped}}; }
  static Totals from_json(const Json& json) {
    if (!json.is_object()) return {};
    return {json.value("articles", int64_t{0}), json.value("sentences", int64_t{0}), json.value("skipped", int64_t{0})};
  }
};

void log_skipped(const data::SkippedRecords& skipped) {
  for (const std::string& message : skipped.messages) log_warning("left out: {}", message);
  if (skipped.count > 0) log_warning("{}", skipped.summary());
}

Totals write_sentences(const PunktParameters& parameters, ArticleReader& reader, corpus::PartialFile& out) {
  const corpus::PunktSplitter splitter(parameters);
  Totals totals = Totals::from_json(out.saved());
  const int64_t skipped_before = totals.skipped;
  int64_t saved_at = reader.bytes_done();
  const auto save = [&] {
    Json state = totals.to_json();
    state["place"] = reader.place().to_json();
    out.save(state);
    saved_at = reader.bytes_done();
  };
  const train::StopSignal stop;
  visit_articles("sentences", reader, [&](const std::vector<std::string>& articles) {
    for (const SplitArticle& split : split_articles(splitter, articles)) {
      out.write(split.lines);
      totals.articles += 1;
      totals.sentences += split.sentence_count;
    }
    totals.skipped = skipped_before + reader.skipped().count;
    if (stop.requested() != 0 || reader.bytes_done() - saved_at >= kSavedBytes) save();
    train::throw_if_stopped(kContinues);
  });
  totals.skipped = skipped_before + reader.skipped().count;
  log_skipped(reader.skipped());
  return totals;
}

void check_is_outside(const std::string& output_file, const fs::path& input) {
  const fs::path inside = fs::weakly_canonical(output_file).lexically_relative(fs::weakly_canonical(input));
  if (fs::is_directory(input) && !inside.empty() && *inside.begin() != "..")
    throw UserError("`output_file` must lie outside of the folder `input`, but `{}` is in it; name another folder",
                    output_file);
}

void check_outputs(const SentencesConfig& config) {
  NamedInputs inputs{{"punkt_file", config.punkt_file}};
  for (const fs::path& input : split_inputs(config.input)) {
    inputs.emplace_back("input", input);
    check_is_outside(config.output_file, input);
  }
  check_is_no_input("output_file", config.output_file, inputs);
  check_is_no_input("save_punkt_file", config.save_punkt_file, inputs);
  if (!config.save_punkt_file.empty() && fs::path(config.save_punkt_file) == config.output_file)
    throw UserError("`save_punkt_file` must be another file than `output_file`, but both are `{}`", config.output_file);
  if (fs::is_directory(config.output_file))
    throw UserError("`{}` must be a file to write, but is a folder; name a file in it", config.output_file);
  if (!config.overwrite && fs::exists(config.output_file))
    throw UserError("`{}` must not exist yet, but does; choose another name, or --overwrite to replace it",
                    config.output_file);
}

}  // namespace

void SentencesConfig::fields(FieldList& list) {
  list.add(
      "input", input,
      {.help = "WikiExtractor's folder or file, or plain text with blank lines between articles; several with commas "
               "between them.",
       .required = true});
  list.add("output_file", output_file,
           {.help = "One sentence a line, an empty line after each article.", .required = true});
  list.add("punkt_file", punkt_file,
           {.help = "Parameters of Punkt: a file of --save_punkt_file or NLTK's folder punkt_tab/<language>; empty: "
                    "learned from the input."});
  list.add("save_punkt_file", save_punkt_file, {.help = "Where to write the parameters; empty: nowhere."});
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with a line that is not UTF-8: stop, or leave it out and count it.",
            .choices = {"fail", "skip"}});
  list.add("overwrite", overwrite, {.help = "Replace an output file that is there."});
  list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
}

Json make_sentences(const SentencesConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  check_outputs(config);
  const std::vector<fs::path> files = list_input_files(config.input);
  make_output_folder(config.output_file);
  const OutputLock lock(config.output_file);
  const fs::path output = linked_output(config.output_file);
  const fs::path learned = fs::path(output) += ".partial.punkt";  // until the sentences are there
  const train::StopSignal stop;
  corpus::PartialFile out(output, key_of(config, files));
  PunktParameters parameters;
  if (!config.punkt_file.empty()) {
    parameters = PunktParameters::load(config.punkt_file);
  } else if (!out.saved().is_null() && fs::exists(learned)) {
    log_info("continuing with the parameters in `{}`", learned.string());
    parameters = PunktParameters::load(learned);
  } else {
    parameters = train_punkt(config, files);
    parameters.save(learned);
    out.save(Totals{}.to_json());
  }
  const Json place = out.saved().is_object() ? out.saved().value("place", Json()) : Json();
  ArticleReader reader(files, data::parse_on_bad_record(config.on_bad_record), ArticlePlace::from_json(place));
  const Totals totals = write_sentences(parameters, reader, out);
  if (totals.articles == 0) throw UserError("`{}` must hold text, but holds no article; check the path", config.input);
  if (!config.save_punkt_file.empty()) parameters.save(linked_output(config.save_punkt_file));
  out.publish();
  std::error_code ignored;
  fs::remove(learned, ignored);
  Json result{{"output_file", config.output_file}};
  result.update(totals.to_json());
  result["abbreviations"] = parameters.abbreviations.size();
  result["collocations"] = parameters.collocations.size();
  result["starters"] = parameters.starters.size();
  result["types"] = parameters.orthography.size();
  return result;
}

}  // namespace retort::recipe
