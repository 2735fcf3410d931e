// See tokenizer_folder.h. When files contradict each other, the choices are those of `transformers` 5:
// docs/decisions/0018-tokenizer-files.md.
#include "retort/text/tokenizer_folder.h"

#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/text/folder_files.h"
#include "retort/text/tokenizer_json.h"
#include "retort/text/vocabulary_file.h"

namespace retort::text {
namespace {

constexpr int64_t kUnlimitedTokens = int64_t{1} << 30;  // replaces a larger model_max_length (often 1e30)

std::optional<bool> read_bool(const FolderFiles& files, const char* key) {
  if (!files.config.contains(key) || files.config[key].is_null()) return {};
  if (!files.config[key].is_boolean())
    throw UserError("`{}`: `{}` must be true or false, but is {}", files.config_file(), key, files.config[key].dump());
  return files.config[key].get<bool>();
}

void read_model_max_length(const FolderFiles& files, TokenizerOptions& options) {
  if (!files.config.contains("model_max_length") || files.config["model_max_length"].is_null()) return;
  const Json& value = files.config["model_max_length"];
  if (!value.is_number() || !(value.get<double>() >= 1))
    throw UserError("`{}`: `model_max_length` must be at least 1, but is {}", files.config_file(), value.dump());
  options.model_max_length = static_cast<int64_t>(std::min<double>(value.get<double>(), kUnlimitedTokens));
}

std::string tokenizer_class(const FolderFiles& files) {
  const auto found = files.config.find("tokenizer_class");
  return found != files.config.end() && found->is_string() ? found->get<std::string>() : "";
}

// Tokenizer classes for which tokenizer.json is the whole definition. For BERT's own classes it defines the vocabulary
// and the tokens, and tokenizer_config.json the normalizer.
bool takes_whole_file(const FolderFiles& files) {
  std::string name = tokenizer_class(files);
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  constexpr const char* kOfBert[] = {
      "",         "Bert",   "DistilBert", "Electra",   "MobileBert",         "ConvBert",          "SqueezeBert",
      "LayoutLM", "Lxmert", "RetriBert",  "DPRReader", "DPRQuestionEncoder", "DPRContextEncoder", "RealM",
      "Funnel"};
  return std::none_of(std::begin(kOfBert), std::end(kOfBert),
                      [&](const std::string& kind) { return name == (kind.empty() ? "" : kind + "Tokenizer"); });
}

// Warns when `key` of tokenizer_config.json, or its default, differs from tokenizer.json.
void report_difference(const FolderFiles& files, const char* key, const std::string& in_json,
                       const std::string& json_value, const std::string& value) {
  const bool is_given = *key != 0 && files.config.contains(key) && !files.config[key].is_null();
  log_warning("`{}` says `{}` {}, but `{}` {} {}; {} is used, as in `transformers`",
              (files.folder / "tokenizer.json").string(), in_json, json_value, files.config_file(),
              is_given ? fmt::format("says `{}`", key) : "asks for a BERT tokenizer, whose default is", value, value);
}

std::string text_of(bool value) { return value ? "true" : "false"; }

// The options that BERT's own class reads from tokenizer_config.json; `from_json`: compare them with tokenizer.json.
void read_bert_options(const FolderFiles& files, bool from_json, std::optional<bool> do_lower_case,
                       TokenizerDefinition& definition) {
  const TokenizerDefinition before =
      std::exchange(definition, TokenizerDefinition{.subject = definition.subject, .pieces = definition.pieces});
  definition.model_piece_count = before.model_piece_count;
  definition.added_tokens = before.added_tokens;
  TokenizerOptions& options = definition.options;
  options.do_lower_case = do_lower_case.value_or(read_bool(files, "do_lower_case").value_or(true));
  options.tokenize_chinese_chars = read_bool(files, "tokenize_chinese_chars").value_or(true);
  options.strip_accents = read_bool(files, "strip_accents");
  if (!from_json) return;
  const NormalizerOptions then = before.normalizer(), now = definition.normalizer();
  const auto compare = [&](const char* key, const char* in_json, bool json_value, bool value) {
    if (json_value != value) report_difference(files, key, in_json, text_of(json_value), text_of(value));
  };
  if (!do_lower_case) compare("do_lower_case", "lowercase", then.lowercase, now.lowercase);
  if (then.strip_accents || now.strip_accents)  // otherwise it follows the letter case
    compare("strip_accents", "strip_accents", then.strips_accents(), now.strips_accents());
  compare("tokenize_chinese_chars", "handle_chinese_chars", then.handle_chinese_chars, now.handle_chinese_chars);
  compare("", "clean_text", then.clean_text, now.clean_text);
  if (before.continuation_prefix != "##")
    report_difference(files, "", "continuing_subword_prefix", before.continuation_prefix, "##");
  if (before.options.max_word_characters != options.max_word_characters)
    report_difference(files, "", "max_input_chars_per_word", std::to_string(before.options.max_word_characters),
                      std::to_string(options.max_word_characters));
  definition.has_decoder = before.has_decoder;  // the decoder affects text, not ids
  definition.decoder_prefix = before.decoder_prefix;
  definition.decoder_cleanup = before.decoder_cleanup;
}

void report_other_vocabulary(const FolderFiles& files, const TokenizerDefinition& definition) {
  const std::filesystem::path vocab = files.folder / "vocab.txt";
  if (!std::filesystem::exists(vocab)) return;
  TokenizerDefinition other{.subject = vocab.string(), .pieces = read_vocab_file(vocab)};
  other.model_piece_count = other.pieces.size();
  drop_blank_end(other);
  if (searched_pieces(other) != searched_pieces(definition))
    log_warning("`{}` has other pieces than `{}`; the latter are used, as in `transformers`", vocab.string(),
                definition.subject);
}

void check_post_processor(const FolderFiles& files, const TokenizerJson& json, const TokenizerOptions& options) {
  const std::string file = (files.folder / "tokenizer.json").string();
  if (!json.has_post_processor) {
    log_warning("`{}` has no `post_processor`, but {} and {} are added around texts here", file, options.cls_token,
                options.sep_token);
  } else if (json.framing_tokens != std::vector{options.cls_token, options.sep_token}) {
    throw UserError(
        "`{}`: `post_processor` must put `{}` before and `{}` after a text, but puts {}; name its tokens as "
        "`cls_token` "
        "and `sep_token` in tokenizer_config.json",
        file, options.cls_token, options.sep_token, Json(json.framing_tokens).dump());
  }
}

void require_known_class(const FolderFiles& files) {
  throw UserError(
      "`{}`: `tokenizer_class` must be BertTokenizer or another class that reads vocab.txt, but is `{}`; add the "
      "folder's "
      "tokenizer.json, if it has one",
      files.config_file(), tokenizer_class(files));
}

// special_tokens_map.json without the tokens that were ignored, so that a saved folder is consistent.
Json names_that_count(const FolderFiles& files, const TokenizerDefinition& definition) {
  Json names = files.names;
  if (!names.contains("additional_special_tokens") || !names["additional_special_tokens"].is_array()) return names;
  Json kept = Json::array();
  for (const Json& token : names["additional_special_tokens"]) {
    const Json& content = token.is_object() && token.contains("content") ? token["content"] : token;
    if (std::any_of(definition.added_tokens.begin(), definition.added_tokens.end(),
                    [&](const AddedToken& added) { return content == added.content; }))
      kept.push_back(token);
  }
  names["additional_special_tokens"] = std::move(kept);
  return names;
}

TokenizerDefinition read_vocabulary(const FolderFiles& files, TokenizerJson& json, bool& from_json) {
  const std::filesystem::path json_file = files.folder / "tokenizer.json", vocab = files.folder / "vocab.txt";
  from_json = std::filesystem::exists(json_file) && read_tokenizer_json(json_file, json);
  if (from_json) return std::move(json.definition);
  if (!std::filesystem::exists(vocab))
    throw UserError(
        "`{}` must hold the tokenizer of a BERT model (a tokenizer.json of type WordPiece, or vocab.txt), but has "
        "neither; copy vocab.txt from the folder that the model came from",
        files.folder.string());
  TokenizerDefinition definition{.subject = vocab.string(), .pieces = read_vocab_file(vocab)};
  definition.model_piece_count = definition.pieces.size();
  return definition;
}

}  // namespace

TokenizerDefinition read_tokenizer_folder(const std::filesystem::path& folder, std::optional<bool> do_lower_case) {
  const FolderFiles files = read_folder_files(folder);
  TokenizerJson json;
  bool from_json = false;
  TokenizerDefinition definition = read_vocabulary(files, json, from_json);
  const bool is_whole = from_json && takes_whole_file(files);
  if (!from_json && takes_whole_file(files) && !tokenizer_class(files).starts_with("PreTrainedTokenizer"))
    require_known_class(files);
  const std::vector<AddedToken> listed = std::exchange(definition.added_tokens, {});
  const std::string unk_of_json = definition.options.unk_token;
  if (!is_whole) read_bert_options(files, from_json, do_lower_case, definition);
  if (is_whole && do_lower_case) definition.options.do_lower_case = *do_lower_case;
  if (from_json) report_other_vocabulary(files, definition);
  read_model_max_length(files, definition.options);
  read_token_names(files, definition.options);
  if (from_json && definition.options.unk_token != unk_of_json) {
    report_difference(files, "unk_token", "unk_token", unk_of_json,
                      is_whole ? unk_of_json : definition.options.unk_token);
    if (is_whole) definition.options.unk_token = unk_of_json;
  }
  check_special_tokens(definition);
  if (is_whole) check_post_processor(files, json, definition.options);
  AddedTokenTable table(definition);
  if (is_whole)
    for (const AddedToken& token : listed) table.add(token);
  add_folder_tokens(files, listed, !is_whole, definition.options, table);
  table.finish();
  definition.config = files.config, definition.names = names_that_count(files, definition);
  return definition;
}

}  // namespace retort::text
