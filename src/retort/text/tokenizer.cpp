// See tokenizer.h. Splits the text at special tokens, encodes the parts between them, decodes ids.
#include "retort/text/tokenizer.h"

#include <algorithm>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/hash.h"
#include "retort/text/added_tokens.h"
#include "retort/text/segment_encoder.h"
#include "retort/text/tokenizer_folder.h"
#include "retort/text/tokenizer_writer.h"
#include "retort/text/vocabulary_file.h"
#include "retort/text/wordpiece.h"

namespace retort::text {
namespace {

// The sink of a Normalizer: collects the whole normalized text with the source of each byte, to match added tokens of
// the normalized kind.
struct NormalizedText {
  std::string bytes;
  std::vector<Range> sources;

  void put(char32_t code_point, Range source) {
    char utf8[4];
    const auto byte_count = static_cast<size_t>(encode_utf8(code_point, utf8));
    bytes.append(utf8, byte_count);
    sources.insert(sources.end(), byte_count, source);
  }
  Range source_of(Range part) const {
    return {sources[static_cast<size_t>(part.begin)].begin, sources[static_cast<size_t>(part.end - 1)].end};
  }
};

AddedTokenFinder make_finder(const TokenizerDefinition& definition, bool normalized) {
  const Normalizer normalizer(definition.normalizer());
  std::vector<AddedToken> tokens;
  std::vector<std::string> patterns;
  for (const AddedToken& token : definition.added_tokens) {
    if (token.normalized != normalized) continue;
    NormalizedText pattern;
    MarkRun run;
    normalizer.normalize(token.content, {0, static_cast<int32_t>(token.content.size())}, run, pattern);
    tokens.push_back(token);
    patterns.push_back(normalized ? pattern.bytes : token.content);
  }
  return {std::move(tokens), patterns};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The English clean-up that the library's WordPiece decoder applies to each piece.
void clean_up(std::string& piece) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kRules) replace_all(piece, from, to);
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerDefinition all);

  void encode(std::string_view text, Encoding& out) const;
  void encode_segment(std::string_view text, Range segment, SegmentScratch& scratch, Encoding& out) const;
  int32_t find(std::string_view piece) const;
  int32_t require(const std::string& token) const;

  TokenizerDefinition definition;
  WordPiece wordpiece;
  SegmentEncoder segments;
  AddedTokenFinder raw_tokens, normalized_tokens;
  std::vector<bool> is_special;  // by id
};

Tokenizer::Impl::Impl(TokenizerDefinition all)
    : definition(std::move(all)),
      segments(definition.normalizer()),
      raw_tokens(make_finder(definition, false)),
      normalized_tokens(make_finder(definition, true)),
      is_special(definition.pieces.size(), false) {
  WordPieceOptions options{.continuation_prefix = definition.continuation_prefix,
                           .max_word_characters = definition.options.max_word_characters};
  const std::vector<std::string> searched = searched_pieces(definition);
  const auto unk = std::find(searched.begin(), searched.end(), definition.options.unk_token);
  options.unk_id = static_cast<int32_t>(unk - searched.begin());
  wordpiece = WordPiece(searched, std::move(options));
  for (const AddedToken& token : definition.added_tokens) is_special[static_cast<size_t>(token.id)] = token.special;
}

void Tokenizer::Impl::encode(std::string_view text, Encoding& out) const {
  if (text.size() > std::numeric_limits<int32_t>::max()) {
    throw UserError("`text` must be shorter than 2 GiB, but has {} bytes; split it", text.size());
  }
  SegmentScratch scratch;
  AddedTokenFinder::Found found;
  int32_t taken = 0;
  for (int32_t from = 0; raw_tokens.find(text, from, taken, found); from = found.next) {
    if (taken < found.range.begin) encode_segment(text, {taken, found.range.begin}, scratch, out);
    out.ids.push_back(found.id);
    out.offsets.push_back(found.range);
    taken = found.range.end;
  }
  encode_segment(text, {taken, static_cast<int32_t>(text.size())}, scratch, out);
}

void Tokenizer::Impl::encode_segment(std::string_view text, Range segment, SegmentScratch& scratch,
                                     Encoding& out) const {
  if (normalized_tokens.is_empty()) return segments.encode(wordpiece, text, segment, scratch, out);
  NormalizedText normalized;
  segments.normalizer().normalize(text, segment, scratch.run, normalized);
  WordCollector words(wordpiece, scratch.word, out);
  const auto put_words = [&](Range part) {
    for (const char *begin = normalized.bytes.data(), *at = begin + part.begin; at < begin + part.end;) {
      const DecodedCodePoint decoded = decode_utf8(at, begin + part.end);
      words.put(decoded.code_point, normalized.sources[static_cast<size_t>(at - begin)]);
      at += decoded.byte_count;
    }
    words.finish();
  };
  AddedTokenFinder::Found found;
  int32_t taken = 0;
  for (int32_t from = 0; normalized_tokens.find(normalized.bytes, from, taken, found); from = found.next) {
    put_words({taken, found.range.begin});
    out.ids.push_back(found.id);
    out.offsets.push_back(normalized.source_of(found.range));
    taken = found.range.end;
  }
  put_words({taken, static_cast<int32_t>(normalized.bytes.size())});
}

int32_t Tokenizer::Impl::find(std::string_view piece) const {
  const int32_t id = wordpiece.find(piece);
  if (id >= 0) return id;
  const auto found = std::find_if(definition.added_tokens.begin(), definition.added_tokens.end(),
                                  [&](const AddedToken& token) { return token.content == piece; });
  return found == definition.added_tokens.end() ? -1 : found->id;
}

int32_t Tokenizer::Impl::require(const std::string& token) const {
  const int32_t id = find(token);
  if (id < 0)
    throw UserError("`{}` must contain `{}` for this, but does not; use a vocabulary that has it", definition.subject,
                    token);
  return id;
}

Tokenizer Tokenizer::load(const std::filesystem::path& folder, std::optional<bool> do_lower_case) {
  return Tokenizer(std::make_unique<Impl>(read_tokenizer_folder(folder, do_lower_case)));
}

Tokenizer Tokenizer::from_vocab_file(const std::filesystem::path& vocab_file, TokenizerOptions options) {
  return Tokenizer(std::make_unique<Impl>(
      define_from_vocabulary(read_vocab_file(vocab_file), std::move(options), vocab_file.string())));
}

Tokenizer Tokenizer::from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options) {
  check_pieces(pieces, {"vocabulary", "entry", 0});
  return Tokenizer(std::make_unique<Impl>(define_from_vocabulary(std::move(pieces), std::move(options), "vocabulary")));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

void Tokenizer::encode(std::string_view text, Encoding& out) const { impl_->encode(text, out); }

std::vector<int32_t> Tokenizer::encode_ids(std::string_view text) const {
  Encoding encoding;
  impl_->encode(text, encoding);
  return std::move(encoding.ids);
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special_tokens) const {
  const TokenizerDefinition& definition = impl_->definition;
  std::string text;
  bool is_first = true;
  for (const int32_t id : ids) {
    if (id < 0 || id >= vocabulary_size() || (skip_special_tokens && impl_->is_special[static_cast<size_t>(id)]))
      continue;
    std::string piece = definition.pieces[static_cast<size_t>(id)];
    if (!is_first) {
      const bool is_glued = definition.has_decoder && piece.starts_with(definition.decoder_prefix);
      is_glued ? piece.erase(0, definition.decoder_prefix.size()) : piece.insert(0, 1, ' ');
    }
    if (definition.has_decoder && definition.decoder_cleanup) clean_up(piece);
    text += piece;
    is_first = false;
  }
  return text;
}

int32_t Tokenizer::base_size() const { return static_cast<int32_t>(impl_->definition.model_piece_count); }

int32_t Tokenizer::vocabulary_size() const { return static_cast<int32_t>(impl_->definition.pieces.size()); }

std::string_view Tokenizer::piece(int32_t id) const {
  RETORT_CHECK(id >= 0 && id < vocabulary_size(), "token id {} must be in 0..{}", id, vocabulary_size() - 1);
  return impl_->definition.pieces[static_cast<size_t>(id)];
}

std::optional<int32_t> Tokenizer::find(std::string_view piece) const {
  const int32_t id = impl_->find(piece);
  return id < 0 ? std::nullopt : std::optional(id);
}

int32_t Tokenizer::unk_id() const { return impl_->require(options().unk_token); }
int32_t Tokenizer::sep_id() const { return impl_->require(options().sep_token); }
int32_t Tokenizer::pad_id() const { return impl_->require(options().pad_token); }
int32_t Tokenizer::cls_id() const { return impl_->require(options().cls_token); }
int32_t Tokenizer::mask_id() const { return impl_->require(options().mask_token); }
const TokenizerOptions& Tokenizer::options() const { return impl_->definition.options; }

void Tokenizer::save(const std::filesystem::path& folder) const {
  make_folder(folder);
  write_tokenizer_files(impl_->definition, folder);
}

std::string Tokenizer::content_hash() const {
  constexpr int64_t kAlgorithm = 1;  // increment when the same definition gives other ids
  const TokenizerDefinition& definition = impl_->definition;
  const NormalizerOptions normalizer = definition.normalizer();
  ContentHash hash;
  hash.add_number(kAlgorithm);
  for (const bool option :
       {normalizer.clean_text, normalizer.handle_chinese_chars, normalizer.lowercase, normalizer.strips_accents()}) {
    hash.add_number(option);
  }
  hash.add_number(definition.options.max_word_characters).add(definition.continuation_prefix);
  hash.add_number(unk_id()).add_number(cls_id()).add_number(sep_id());
  hash.add_number(static_cast<int64_t>(definition.model_piece_count));
  for (const std::string& piece : searched_pieces(definition)) hash.add(piece);
  for (size_t id = definition.model_piece_count; id < definition.pieces.size(); ++id) hash.add(definition.pieces[id]);
  for (const AddedToken& token : definition.added_tokens) {
    hash.add(token.content).add_number(token.id);
    hash.add_number(token.single_word | token.lstrip << 1 | token.rstrip << 2 | token.normalized << 3);
  }
  return hash.hex();
}

}  // namespace retort::text
