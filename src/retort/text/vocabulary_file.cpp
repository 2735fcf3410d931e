// See vocabulary_file.h.
#include "retort/text/vocabulary_file.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/log.h"
#include "retort/text/unicode.h"

namespace retort::text {
namespace {

std::string_view without_space_at_end(std::string_view line) {
  const char *begin = line.data(), *end = begin + line.size();
  while (end != begin) {
    const char* last = previous_code_point(begin, end);
    if (!record_of(decode_utf8(last, end).code_point).is_whitespace()) break;
    end = last;
  }
  return line.substr(0, static_cast<size_t>(end - begin));
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(without_space_at_end(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// One warning for all lines that are blank or repeat an earlier line; blank lines at the end are ignored.
void report_odd_lines(const std::vector<std::string>& pieces, const std::string& subject) {
  std::unordered_map<std::string_view, size_t> seen;
  seen.reserve(pieces.size());
  size_t blank = 0, repeated = 0, first = 0, end = pieces.size();
  while (end > 0 && pieces[end - 1].empty()) --end;
  for (size_t i = 0; i < end; ++i) {
    const bool is_blank = pieces[i].empty(), is_new = is_blank || seen.emplace(pieces[i], i).second;
    if ((is_blank || !is_new) && blank + repeated == 0) first = i + 1;
    blank += is_blank, repeated += !is_new;
  }
  if (blank + repeated == 0) return;
  log_warning(
      "`{}`: {} blank and {} repeated lines, the first is line {}; they keep their ids, and of a repeated piece the "
      "last "
      "line counts, as in `transformers`",
      subject, blank, repeated, first);
}

}  // namespace

void check_pieces(const std::vector<std::string>& pieces, const PieceNaming& naming) {
  if (pieces.empty()) throw UserError("`{}` must hold one piece per entry, but is empty", naming.subject);
  if (pieces.size() > 100'000'000) {
    throw UserError("`{}` must hold at most 100000000 pieces, but has {}", naming.subject, pieces.size());
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto entry = [&] { return fmt::format("`{}` {} {}", naming.subject, naming.unit, i + naming.first); };
    if (!is_valid_utf8(pieces[i]))
      throw UserError("{} must be UTF-8, but has ill-formed bytes; convert the file to UTF-8", entry());
    if (pieces[i].find('\n') != std::string::npos)
      throw UserError("{} must be one line of text, but holds a line break", entry());
  }
}

std::vector<std::string> read_vocab_file(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  std::string_view lines = text;
  // `transformers` makes the mark a part of the first piece, which then never matches.
  if (lines.starts_with("\xEF\xBB\xBF")) lines.remove_prefix(3);
  std::vector<std::string> pieces = split_lines(lines);
  check_pieces(pieces, {file.string(), "line", 1});
  report_odd_lines(pieces, file.string());
  return pieces;
}

PieceIds ids_of_pieces(const TokenizerDefinition& definition) {
  PieceIds ids;
  ids.reserve(definition.model_piece_count);
  for (size_t id = 0; id < definition.model_piece_count; ++id)
    ids[definition.model_piece(static_cast<int32_t>(id))] = static_cast<int32_t>(id);
  return ids;
}

std::vector<std::string> searched_pieces(const TokenizerDefinition& definition) {
  std::vector<std::string> pieces(definition.model_piece_count);
  for (const auto& [piece, id] : ids_of_pieces(definition)) pieces[static_cast<size_t>(id)] = piece;
  return pieces;
}

void drop_blank_end(TokenizerDefinition& definition) {
  while (definition.pieces.size() > 1 && definition.pieces.back().empty()) definition.pieces.pop_back();
  definition.model_piece_count = std::min(definition.model_piece_count, definition.pieces.size());
}

void check_special_tokens(const TokenizerDefinition& definition) {
  const TokenizerOptions& options = definition.options;
  const std::pair<const char*, const std::string&> required[] = {
      {"unk_token", options.unk_token}, {"cls_token", options.cls_token}, {"sep_token", options.sep_token}};
  for (const auto& [field, token] : required) {
    if (std::find(definition.pieces.begin(), definition.pieces.end(), token) == definition.pieces.end()) {
      throw UserError(
          "`{}` must contain `{}`, but does not; use the original vocabulary, or name its token as `{}` in "
          "tokenizer_config.json",
          definition.subject, token, field);
    }
  }
}

TokenizerDefinition define_from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options,
                                           std::string subject) {
  TokenizerDefinition definition{
      .subject = std::move(subject), .pieces = std::move(pieces), .options = std::move(options)};
  definition.model_piece_count = definition.pieces.size();
  drop_blank_end(definition);
  check_special_tokens(definition);
  const TokenizerOptions& names = definition.options;
  const PieceIds ids = ids_of_pieces(definition);
  for (const std::string& name :
       {names.pad_token, names.unk_token, names.cls_token, names.sep_token, names.mask_token}) {
    const auto found = ids.find(name);
    if (found != ids.end() && !name.empty()) definition.added_tokens.push_back({.content = name, .id = found->second});
  }
  const auto by_id = [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; };
  std::sort(definition.added_tokens.begin(), definition.added_tokens.end(), by_id);
  const auto equal_id = [](const AddedToken& a, const AddedToken& b) { return a.id == b.id; };
  definition.added_tokens.erase(std::unique(definition.added_tokens.begin(), definition.added_tokens.end(), equal_id),
                                definition.added_tokens.end());
  return definition;
}

}  // namespace retort::text
