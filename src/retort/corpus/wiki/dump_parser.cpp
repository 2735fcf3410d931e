#include "retort/corpus/wiki/dump_parser.h"

#include <expat.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "retort/base/error.h"
#include "retort/corpus/wiki/page_ids.h"
#include "retort/corpus/wiki/utf8_repair.h"
#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

// Elements by their depth: mediawiki 1, siteinfo and page 2, what describes a page 3, what belongs to a revision 4.
constexpr int kRootDepth = 1, kPageDepth = 2, kFieldDepth = 3, kRevisionFieldDepth = 4;

bool begins_as_redirect(std::string_view wikitext) {
  constexpr std::string_view kRedirect = "#redirect";
  wikitext = wikitext.substr(0, 200);
  const std::string_view start = trim_space(wikitext);
  return start.size() > kRedirect.size() &&
         std::equal(kRedirect.begin(), kRedirect.end(), start.begin(),
                    [](char wanted, char c) { return wanted == ascii_lower(c); }) &&
         start.find("[[") != start.npos;
}

}  // namespace

class DumpParser::State {
 public:
  State(DumpParserOptions options, const DumpStart& start)
      : counts(start.counts),
        url_prefix(start.url_prefix),
        options_(std::move(options)),
        repair_(options_.subject, options_.replace_broken_utf8, start.byte) {
    parser_ = XML_ParserCreate("UTF-8");
    RETORT_CHECK(parser_ != nullptr, "expat gives no parser");
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_start, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    for (const int64_t id : start.article_ids) ids_.insert(static_cast<uint64_t>(id));
    if (start.byte > 0) open_root(start.byte);
  }
  ~State() { XML_ParserFree(parser_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void feed(std::string_view bytes, bool is_last) {
    constexpr size_t kMostBytes = 64 << 20;  // expat counts in int
    const std::string_view whole = repair_.check(bytes, is_last);
    for (size_t at = 0; at < whole.size(); at += kMostBytes) parse(whole.substr(at, kMostBytes), false);
    repair_.throw_if_broken();
    if (is_last) parse({}, true);
  }

  PageCounts counts;
  std::vector<Page> pages;
  int64_t waiting_bytes = 0;
  std::string url_prefix;

 private:
  // Gives the parser a root element first when the dump is read from a page in its middle.
  void open_root(int64_t first_byte) {
    constexpr std::string_view kRoot = "<mediawiki>";
    parse(kRoot, false);
    parsed_offset_ = first_byte - std::ssize(kRoot);
  }

  // The byte of the XML at which the parser is.
  int64_t current_byte() const { return repair_.original_byte(XML_GetCurrentByteIndex(parser_) + parsed_offset_); }

  void parse(std::string_view bytes, bool is_last) {
    const XML_Status status = XML_Parse(parser_, bytes.data(), static_cast<int>(bytes.size()), is_last);
    if (!problem_.empty()) throw UserError("{}", problem_);
    if (status == XML_STATUS_ERROR) throw_malformed(is_last);
  }

  [[noreturn]] void throw_malformed(bool is_last) const {
    const int64_t byte = current_byte();
    const std::string reason = XML_ErrorString(XML_GetErrorCode(parser_));
    if (is_last && depth_ > 0)
      throw UserError(
          "`{}` must be a whole dump, but ends at byte {} of the XML{}; download it again (finished pages are kept)",
          options_.subject, byte, place());
    if (depth_ == 0 && counts.pages == 0)
      throw UserError(
          "`{}` must be XML of MediaWiki's export, but is not XML at byte {} ({}); name a pages-articles dump",
          options_.subject, byte, reason);
    throw UserError(
        "`{}` must be well-formed XML, but is not at byte {}{} ({}); download it again (finished pages are kept)",
        options_.subject, byte, place(), reason);
  }
  // ", in page `Title`" while a page is open.
  std::string place() const {
    if (depth_ < kPageDepth || !is_in_page_) return "";
    return page_.title.empty() ? ", in a page" : fmt::format(", in page `{}`", page_.title);
  }

  static void on_start(void* self, const XML_Char* name, const XML_Char**) { static_cast<State*>(self)->start(name); }
  static void on_end(void* self, const XML_Char*) { static_cast<State*>(self)->end(); }
  static void on_text(void* self, const XML_Char* text, int byte_count) {
    State& state = *static_cast<State*>(self);
    if (state.field_ != nullptr) state.field_->append(text, static_cast<size_t>(byte_count));
  }

  void start(std::string_view name) {
    ++depth_;
    if (depth_ == kRootDepth && name != "mediawiki") {
      problem_ =
          fmt::format("`{}` must be MediaWiki's export, but its first element is <{}>; name a pages-articles dump",
                      options_.subject, name);
      XML_StopParser(parser_, XML_FALSE);
    }
    if (depth_ == kPageDepth && name == "page") begin_page();
    field_ = is_in_page_ ? page_field(name) : depth_ == kFieldDepth && name == "base" ? &base_ : nullptr;
    if (field_ != nullptr) field_->clear();
  }

  // Where the text of this element of a page goes.
  std::string* page_field(std::string_view name) {
    if (depth_ == kFieldDepth) {
      if (name == "redirect") is_redirect_ = true;
      return name == "title" ? &page_.title : name == "ns" ? &namespace_ : name == "id" ? &id_ : nullptr;
    }
    return depth_ == kRevisionFieldDepth && name == "text" ? &page_.wikitext : nullptr;
  }

  void end() {
    if (depth_ == kPageDepth && is_in_page_) end_page();
    if (depth_ == kFieldDepth && field_ == &base_) url_prefix = base_.substr(0, std::max<size_t>(base_.rfind('/'), 0));
    --depth_;
    field_ = nullptr;
  }

  void begin_page() {
    is_in_page_ = true;
    is_redirect_ = false;
    page_ = Page{.byte = current_byte(), .counts = counts};
    id_.clear();
    namespace_ = "0";
  }

  void end_page() {
    is_in_page_ = false;
    ++counts.pages;
    if (namespace_ != "0") return void(++counts.other_namespaces);
    if (is_redirect_ || begins_as_redirect(page_.wikitext)) return void(++counts.redirects);
    const auto [end, error] = std::from_chars(id_.data(), id_.data() + id_.size(), page_.id);
    if (error != std::errc() || end != id_.data() + id_.size() || page_.id < 0) return void(++counts.without_id);
    if (!ids_.insert(static_cast<uint64_t>(page_.id))) return void(++counts.repeated);
    page_.is_broken = repair_.has_replaced() && (holds_repair_mark(page_.wikitext) || holds_repair_mark(page_.title));
    waiting_bytes += static_cast<int64_t>(page_.wikitext.size());
    pages.push_back(std::move(page_));
  }

  DumpParserOptions options_;
  Utf8Repair repair_;
  XML_Parser parser_ = nullptr;
  int64_t parsed_offset_ = 0;  // of the repaired XML and what the parser counts
  PageIds ids_;
  int depth_ = 0;
  bool is_in_page_ = false, is_redirect_ = false;
  Page page_;
  std::string id_, namespace_, base_, problem_;
  std::string* field_ = nullptr;  // where the text of the open element goes; null: nowhere
};

DumpParser::DumpParser(DumpParserOptions options, const DumpStart& start)
    : state_(std::make_unique<State>(std::move(options), start)) {}
DumpParser::~DumpParser() = default;

void DumpParser::feed(std::string_view bytes) { state_->feed(bytes, false); }
void DumpParser::finish() { state_->feed({}, true); }

std::vector<Page> DumpParser::take_pages() {
  state_->waiting_bytes = 0;
  return std::exchange(state_->pages, {});
}
int64_t DumpParser::waiting_bytes() const { return state_->waiting_bytes; }
const PageCounts& DumpParser::counts() const { return state_->counts; }
const std::string& DumpParser::url_prefix() const { return state_->url_prefix; }

}  // namespace retort::corpus
