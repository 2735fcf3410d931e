// vocab.txt, and the rules every vocabulary has to obey.
#include <algorithm>
#include <unordered_map>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/text/tokenizer_definition.h"
#include "retort/text/unicode.h"

namespace retort::text {
namespace {

std::vector<std::string> split_lines(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

void check_pieces(const std::vector<std::string>& pieces, const PieceNaming& naming) {
  if (pieces.empty()) throw UserError("`{}` must hold one piece per entry, but is empty", naming.subject);
  if (pieces.size() > 100'000'000) {
    throw UserError("`{}` must hold at most 100000000 pieces, but has {}", naming.subject, pieces.size());
  }
  std::unordered_map<std::string_view, size_t> first_at;
  first_at.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string& piece = pieces[i];
    const std::string entry = piece.empty() || !is_valid_utf8(piece) || piece.find_first_of("\r\n") != piece.npos
                                  ? fmt::format("`{}` {} {}", naming.subject, naming.unit, i + naming.first)
                                  : "";
    if (piece.empty()) {
      throw UserError(
          "{} must hold a piece, but is blank; the number of a {} is the id of its piece, so take the original file",
          entry, naming.unit);
    }
    if (!entry.empty() && !is_valid_utf8(piece)) {
      throw UserError("{} must be UTF-8, but has ill-formed bytes; convert the file to UTF-8", entry);
    }
    if (!entry.empty()) throw UserError("{} must be one line of text, but holds a line break", entry);
    const auto [earlier, is_new] = first_at.emplace(piece, i);
    if (!is_new) {
      throw UserError("`{}` {} {} must differ from all others, but `{}` is in {} {} too; take the original file",
                      naming.subject, naming.unit, i + naming.first, piece, naming.unit,
                      earlier->second + naming.first);
    }
  }
}

std::vector<std::string> read_vocab_file(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  std::vector<std::string> pieces = split_lines(text);
  check_pieces(pieces, {file.string(), "line", 1});
  return pieces;
}

void check_special_tokens(const TokenizerDefinition& definition) {
  const TokenizerOptions& options = definition.options;
  const std::pair<const char*, const std::string&> required[] = {
      {"unk_token", options.unk_token}, {"cls_token", options.cls_token}, {"sep_token", options.sep_token}};
  for (const auto& [field, token] : required) {
    if (std::find(definition.pieces.begin(), definition.pieces.end(), token) == definition.pieces.end()) {
      throw UserError(
          "`{}` must contain `{}`, but does not; take the original vocabulary, or name its token as `{}` in "
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
  check_special_tokens(definition);
  const TokenizerOptions& names = definition.options;
  for (size_t id = 0; id < definition.pieces.size(); ++id) {
    const std::string& piece = definition.pieces[id];
    if (piece == names.pad_token || piece == names.unk_token || piece == names.cls_token || piece == names.sep_token ||
        piece == names.mask_token) {
      definition.added_tokens.push_back({.content = piece, .id = static_cast<int32_t>(id)});
    }
  }
  return definition;
}

}  // namespace retort::text
