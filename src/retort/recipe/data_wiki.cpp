#include "retort/recipe/data_wiki.h"

#include <charconv>
#include <fstream>
#include <iostream>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/corpus/wiki/extraction.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

constexpr int64_t kPieceBytes = 4 << 20;          // of the dump, read at a time
constexpr int64_t kPieceBytesOfThread = 1 << 19;  // at least: two blocks of bz2
constexpr const char* kStandardInput = "-";

// "100M" -> 104857600: a number with K, M or G, as WikiExtractor has it; without one, bytes.
int64_t parse_file_size(const std::string& text) {
  constexpr std::string_view kUnits = "KMG";
  const bool has_unit = !text.empty() && kUnits.find(text.back()) != kUnits.npos;
  const std::string digits = text.substr(0, text.size() - has_unit);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number <= 0 || number > (int64_t{1} << 32))
    throw UserError("`file_size` must be a number of bytes, or one followed by K, M or G, but is `{}`; pass 100M",
                    text);
  return has_unit ? number << (10 * (kUnits.find(text.back()) + 1)) : number;
}

// What decides about the bytes that are written.
Json settings_of(const DataWikiConfig& config) {
  return {{"input", config.input},
          {"json", config.json},
          {"keep_sections", config.keep_sections},
          {"keep_lists", config.keep_lists},
          {"keep_tables", config.keep_tables},
          {"keep_links", config.keep_links},
          {"min_text_length", config.min_text_length},
          {"file_size", config.file_size},
          {"on_bad_record", config.on_bad_record}};
}

corpus::ExtractionFolderOptions folder_options(const DataWikiConfig& config) {
  if (config.resume && config.overwrite)
    throw UserError("`resume` must not be given with --overwrite, but both are; choose one");
  return {.folder = config.output_dir,
          .file_bytes = parse_file_size(config.file_size),
          .settings = settings_of(config),
          .when_there = config.resume      ? corpus::WhenThere::kResume
                        : config.overwrite ? corpus::WhenThere::kReplace
                                           : corpus::WhenThere::kRefuse};
}

corpus::ExtractionOptions extraction_options(const DataWikiConfig& config, int64_t first_page) {
  return {.cleaning = {.lines = {.keep_sections = config.keep_sections, .keep_lists = config.keep_lists},
                       .tags = {.keep_links = config.keep_links, .keep_tables = config.keep_tables}},
          .json = config.json,
          .min_text_length = config.min_text_length,
          .first_page = first_page};
}

// The input's bytes, and how many there are where that is known.
struct Input {
  std::ifstream file;
  std::unique_ptr<corpus::ByteSource> source;
  int64_t total_bytes = 0;
  std::string subject;

  explicit Input(const DataWikiConfig& config) : subject(config.input) {
    if (config.input == kStandardInput) {
      subject = "standard input";
      source = corpus::open_dump(std::cin, subject, piece_bytes());
      return;
    }
    if (fs::is_directory(config.input))
      throw UserError("`{}` must be a dump, but is a folder; name a file in it", config.input);
    file.open(config.input, std::ios::binary);
    if (!file) throw UserError("`{}` must be a dump, but cannot be read; check the path", config.input);
    if (fs::is_regular_file(config.input)) total_bytes = static_cast<int64_t>(fs::file_size(config.input));
    source = corpus::open_dump(file, subject, piece_bytes());
  }

  // A pipe must be read from its beginning.
  bool can_seek() const { return total_bytes > 0; }
  void seek(const corpus::ExtractionPlace& place) {
    file.clear();
    file.seekg(0);
    source = corpus::open_dump_at(file, subject, place.source, place.byte, piece_bytes());
  }

  static size_t piece_bytes() {
    return static_cast<size_t>(std::max(kPieceBytes, kPieceBytesOfThread * thread_count()));
  }
};

// Moves the input to where the folder continues; the dump's beginning where that is not known or cannot be reached.
corpus::DumpStart seek_start(Input& input, corpus::ExtractionFolder& folder) {
  if (!folder.place() || !input.can_seek()) {
    folder.forget_place();
    return {};
  }
  const corpus::ExtractionPlace& place = *folder.place();
  input.seek(place);
  log_info("continuing at byte {} of the XML, after {} pages", place.byte, place.counts.pages);
  return {.byte = place.byte,
          .url_prefix = place.url_prefix,
          .counts = place.counts,
          .article_ids = folder.read_article_ids()};
}

Json describe(const DataWikiConfig& config, const corpus::PageCounts& pages, const corpus::ExtractionCounts& counts) {
  return {{"output_dir", config.output_dir},
          {"pages", pages.pages},
          {"articles", counts.articles},
          {"redirects", pages.redirects},
          {"files", counts.files},
          {"bytes", counts.bytes},
          {"skipped",
           {{"redirects", pages.redirects},
            {"other namespaces", pages.other_namespaces},
            {"repeated ids", pages.repeated},
            {"without an id", pages.without_id},
            {"empty", counts.empty},
            {"shorter than min_text_length", counts.too_short},
            {"not UTF-8", counts.not_utf8}}}};
}

void run_extraction(corpus::Extraction& extraction, const Input& input, const corpus::ExtractionFolder& folder) {
  const train::StopSignal stop;
  train::Progress progress({.title = "data wiki", .unit = "bytes", .total = input.total_bytes});
  try {
    while (extraction.advance()) {
      progress.update({.done = input.source->consumed_bytes()});
      train::throw_if_stopped(fmt::format("{} files are finished, --resume continues after them", folder.counts.files));
    }
  } catch (...) {
    extraction.keep_finished();
    throw;
  }
  progress.finish();
}

}  // namespace

void DataWikiConfig::fields(FieldList& list) {
  list.add(
      "input", input,
      {.help = "pages-articles XML, plain or bz2, of any MediaWiki site; `-` reads standard input.", .required = true});
  list.add("output_dir", output_dir,
           {.help = "Folder for the files AA/wiki_00, AA/wiki_01, ...", .aliases = {"output"}, .required = true});
  list.add("json", json,
           {.help = "Write an article as a line of JSON (id, url, title, text) instead of a <doc> block."});
  list.add("min_text_length", min_text_length,
           {.help = "Articles whose title and text are shorter are left out.", .unit = "characters", .min = 0});
  list.add("keep_sections", keep_sections,
           {.help = "Write the headings of sections that hold text, each as a line with a full stop.",
            .aliases = {"sections"}});
  list.add("keep_lists", keep_lists, {.help = "Write the items of lists, each as a line.", .aliases = {"lists"}});
  list.add("keep_tables", keep_tables, {.help = "Write the text of the cells of tables."});
  list.add("keep_links", keep_links, {.help = "Write links as <a href=\"...\">.", .aliases = {"links"}});
  list.add("file_size", file_size,
           {.help = "A file is closed before it gets longer: a number with K, M or G.", .aliases = {"bytes"}});
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with bytes that are not UTF-8: stop, or leave out their pages and count them.",
            .choices = {"fail", "skip"}});
  list.add(
      "threads", threads,
      {.help = "Threads; 0: one for each core. The files do not depend on it.", .min = 0, .aliases = {"processes"}});
  list.add("resume", resume, {.help = "Continue an extraction after its finished files."});
  list.add("overwrite", overwrite, {.help = "Replace the articles that are in the folder."});
  list.accept({"no_templates", false, "templates are always deleted"});
}

Json data_wiki(const DataWikiConfig& config) {
  if (config.threads > 0) set_thread_count(static_cast<int>(config.threads));
  const corpus::ExtractionFolderOptions into = folder_options(config);
  Input input(config);
  corpus::ExtractionFolder folder(into);
  if (folder.is_finished()) {
    log_info("`{}` holds the finished extraction", config.output_dir);
    return describe(config, folder.pages(), folder.counts);
  }
  const corpus::DumpStart start = seek_start(input, folder);
  corpus::DumpParser parser({.subject = input.subject, .replace_broken_utf8 = config.on_bad_record == "skip"}, start);
  corpus::Extraction extraction(*input.source, parser, folder,
                                extraction_options(config, start.byte > 0 ? folder.first_page() : 0));
  run_extraction(extraction, input, folder);
  return describe(config, parser.counts(), folder.counts);
}

}  // namespace retort::recipe
