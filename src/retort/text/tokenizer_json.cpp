// See tokenizer_json.h. The vocabulary is a JSON object of tens of thousands of keys, so this file uses nlohmann::json
// with its sorted map instead of the order-preserving Json, whose key lookup is linear.
#include "retort/text/tokenizer_json.h"

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/text/vocabulary_file.h"

namespace retort::text {
namespace {

using Value = nlohmann::json;

constexpr int64_t kLargestId = 100'000'000;
constexpr int kDeepestNesting = 256;  // messages print values recursively

// A value of the file and its name, for messages.
class Section {
 public:
  Section(std::string file, std::string place, Value value)
      : file_(std::move(file)), place_(std::move(place)), value_(std::move(value)) {}

  bool has(const char* key) const { return value_.is_object() && value_.contains(key) && !value_[key].is_null(); }
  // Null when the key is absent.
  Section section(const char* key) { return {file_, name_of(key), has(key) ? std::move(value_[key]) : Value()}; }
  bool is_null() const { return value_.is_null(); }
  Value& value() { return value_; }
  std::string type() const { return get<std::string>("type", ""); }

  // The value of a key, or the fallback when the key is absent or null.
  template <typename T>
  T get(const char* key, T fallback) const {
    return has(key) ? require<T>(key) : fallback;
  }
  template <typename T>
  T require(const char* key) const {
    if (!has(key)) throw UserError("`{}`: `{}` must be given, but is absent", file_, name_of(key));
    const Value& found = value_[key];
    const bool fits = std::is_same_v<T, bool>          ? found.is_boolean()
                      : std::is_same_v<T, std::string> ? found.is_string()
                                                       : found.is_number_integer();
    if (!fits) throw UserError("`{}`: `{}` must be {}, but is {}", file_, name_of(key), type_name<T>(), found.dump());
    return found.get<T>();
  }
  void require_type(const char* wanted) const {
    if (type() != wanted) {
      throw UserError("`{}`: `{}` must be of type {}, but is {}; only the BERT tokenizer is supported", file_, place_,
                      wanted, is_null() ? "absent" : "`" + type() + "`");
    }
  }
  std::string name_of(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }
  const std::string& file() const { return file_; }

 private:
  template <typename T>
  static const char* type_name() {
    return std::is_same_v<T, bool> ? "true or false" : std::is_same_v<T, std::string> ? "a string" : "an integer";
  }
  std::string file_, place_;
  Value value_;
};

Section parse_file(const std::filesystem::path& file) {
  try {
    const auto check_depth = [&](int depth, Value::parse_event_t, Value&) {
      if (depth > kDeepestNesting)
        throw UserError("`{}` must be nested at most {} deep, but is deeper", file.string(), kDeepestNesting);
      return true;
    };
    return {file.string(), "", Value::parse(read_file(file), check_depth)};
  } catch (const Value::exception& error) {
    throw UserError("`{}` must be valid JSON, but is not: {}", file.string(), error.what());
  }
}

void read_normalizer(Section normalizer, TokenizerDefinition& definition) {
  TokenizerOptions& options = definition.options;
  if (normalizer.is_null()) {  // the library then does not normalize
    definition.clean_text = options.tokenize_chinese_chars = options.do_lower_case = false;
    options.strip_accents = false;
    return;
  }
  normalizer.require_type("BertNormalizer");
  definition.clean_text = normalizer.get("clean_text", true);
  options.tokenize_chinese_chars = normalizer.get("handle_chinese_chars", true);
  options.do_lower_case = normalizer.get("lowercase", true);
  options.strip_accents =
      normalizer.has("strip_accents") ? std::optional(normalizer.require<bool>("strip_accents")) : std::nullopt;
}

void read_added_tokens(Section list, TokenizerDefinition& definition) {
  if (list.is_null()) return;
  if (!list.value().is_array()) throw UserError("`{}`: `added_tokens` must be a list, but is not", list.file());
  for (size_t i = 0; i < list.value().size(); ++i) {
    const Section token(list.file(), fmt::format("added_tokens[{}]", i), list.value()[i]);
    const auto id = token.require<int64_t>("id");
    if (id < 0 || id > kLargestId) {
      throw UserError("`{}`: `{}` must be in 0..{}, but is {}", list.file(), token.name_of("id"), kLargestId, id);
    }
    definition.added_tokens.push_back({.content = token.require<std::string>("content"),
                                       .id = static_cast<int32_t>(id),
                                       .special = token.get("special", false),
                                       .single_word = token.get("single_word", false),
                                       .lstrip = token.get("lstrip", false),
                                       .rstrip = token.get("rstrip", false),
                                       .normalized = token.get("normalized", false)});
  }
}

// Ids may have gaps, as after repeated lines of a vocab.txt, but an arbitrary id must not allocate memory.
constexpr size_t kLargestGap = 1 << 16;

void read_pieces(Section vocabulary, TokenizerDefinition& definition) {
  if (!vocabulary.value().is_object())
    throw UserError("`{}`: `model.vocab` must be an object, but is not", vocabulary.file());
  const auto largest_id = static_cast<int64_t>(vocabulary.value().size() + kLargestGap);
  std::vector<std::string>& pieces = definition.pieces;
  std::vector<bool> is_taken;
  for (const auto& [piece, id] : vocabulary.value().items()) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > largest_id) {
      throw UserError("`{}`: the id of `{}` in `model.vocab` must be in 0..{}, but is {}", vocabulary.file(), piece,
                      largest_id, id.dump());
    }
    const auto at = static_cast<size_t>(id.get<int64_t>());
    if (at >= pieces.size()) pieces.resize(at + 1), is_taken.resize(at + 1);
    if (is_taken[at])
      throw UserError("`{}`: ids must differ, but `{}` and `{}` both have {}", vocabulary.file(), pieces[at], piece,
                      at);
    pieces[at] = piece, is_taken[at] = true;
  }
  // A gap becomes a repetition of the last piece, which is found only at its last id.
  for (size_t id = 0; id < pieces.size(); ++id)
    if (!is_taken[id]) pieces[id] = pieces.back();
  definition.model_piece_count = pieces.size();
}

// Replaces a `Sequence` with one element by the element.
Section unwrap(Section section, const char* list) {
  Value& value = section.value();
  if (section.type() != "Sequence" || !value.contains(list) || !value[list].is_array() || value[list].size() != 1)
    return section;
  return {section.file(), section.name_of(std::string(list) + "[0]"), std::move(value[list][0])};
}

[[noreturn]] void refuse_post_processor(const Section& section) {
  throw UserError(
      "`{}`: `post_processor` must put [CLS] before and [SEP] after a text, but is of type `{}`; only the BERT "
      "tokenizer "
      "is supported",
      section.file(), section.type());
}

void read_post_processor(const Section& processor, Value& value, TokenizerJson& content) {
  content.has_post_processor = !value.is_null();
  if (!content.has_post_processor) return;
  try {
    if (processor.type() == "BertProcessing") {
      for (const char* key : {"cls", "sep"}) content.framing_tokens.push_back(value.at(key).at(0).get<std::string>());
    } else if (processor.type() == "TemplateProcessing") {
      for (const Value& part : value.at("single")) {
        if (part.contains("SpecialToken"))
          content.framing_tokens.push_back(part["SpecialToken"].at("id").get<std::string>());
      }
    } else {
      refuse_post_processor(processor);
    }
  } catch (const Value::exception&) {
    refuse_post_processor(processor);
  }
}

void read_decoder(const Section& decoder, TokenizerDefinition& definition) {
  definition.has_decoder = !decoder.is_null();
  if (!definition.has_decoder) return;
  decoder.require_type("WordPiece");
  definition.decoder_prefix = decoder.get("prefix", definition.decoder_prefix);
  definition.decoder_cleanup = decoder.get("cleanup", true);
}

}  // namespace

// Ignores the sections `truncation` and `padding`: every command defines its own input length, and `transformers`
// applies them only on request.
bool read_tokenizer_json(const std::filesystem::path& file, TokenizerJson& content) {
  Section top = parse_file(file);
  Section model = top.section("model");
  // Files from before the field `type` existed are recognized by their other fields.
  if (model.type() != "WordPiece" && !(model.type().empty() && model.has("max_input_chars_per_word"))) return false;
  content.definition = {.subject = file.string()};
  TokenizerDefinition& definition = content.definition;
  read_normalizer(unwrap(top.section("normalizer"), "normalizers"), definition);
  unwrap(top.section("pre_tokenizer"), "pretokenizers").require_type("BertPreTokenizer");
  definition.options.unk_token = model.get("unk_token", definition.options.unk_token);
  definition.options.max_word_characters =
      model.get("max_input_chars_per_word", definition.options.max_word_characters);
  definition.continuation_prefix = model.get("continuing_subword_prefix", definition.continuation_prefix);
  read_pieces(model.section("vocab"), definition);
  check_pieces(definition.pieces, {file.string(), "id", 0});
  read_added_tokens(top.section("added_tokens"), definition);
  read_decoder(top.section("decoder"), definition);
  Section processor = top.section("post_processor");
  read_post_processor(processor, processor.value(), content);
  return true;
}

}  // namespace retort::text
