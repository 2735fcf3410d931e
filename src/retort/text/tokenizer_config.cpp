// tokenizer_config.json and special_tokens_map.json in; all four tokenizer files out.
#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/text/tokenizer_definition.h"

namespace retort::text {
namespace {

constexpr int64_t kUnlimitedTokens = int64_t{1} << 30;  // what a larger model_max_length (often 1e30) counts as

void read_bool(const Json& config, const char* key, const std::string& file, bool& value) {
  if (!config.contains(key) || config[key].is_null()) return;
  if (!config[key].is_boolean())
    throw UserError("`{}`: `{}` must be true or false, but is {}", file, key, config[key].dump());
  value = config[key].get<bool>();
}

// A name is a string, or an object whose `content` is one.
void read_token_name(const Json& config, const char* key, const std::string& file, std::string& name) {
  if (!config.contains(key) || config[key].is_null()) return;
  const Json& value = config[key].is_object() && config[key].contains("content") ? config[key]["content"] : config[key];
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    throw UserError("`{}`: `{}` must be the text of a token, but is {}", file, key, config[key].dump());
  }
  name = value.get<std::string>();
}

void read_token_names(const Json& config, const std::string& file, TokenizerOptions& options) {
  read_token_name(config, "unk_token", file, options.unk_token);
  read_token_name(config, "sep_token", file, options.sep_token);
  read_token_name(config, "pad_token", file, options.pad_token);
  read_token_name(config, "cls_token", file, options.cls_token);
  read_token_name(config, "mask_token", file, options.mask_token);
}

Json read_object(const std::filesystem::path& file) {
  Json config = read_json_file(file);
  if (!config.is_object()) throw UserError("`{}` must be a JSON object, but is {}", file.string(), config.type_name());
  return config;
}

void read_config(const std::filesystem::path& path, TokenizerOptions& options) {
  const Json config = read_object(path);
  const std::string file = path.string();
  read_token_names(config, file, options);
  read_bool(config, "do_lower_case", file, options.do_lower_case);
  read_bool(config, "tokenize_chinese_chars", file, options.tokenize_chinese_chars);
  if (config.contains("strip_accents") && !config["strip_accents"].is_null()) {
    bool strip_accents = false;
    read_bool(config, "strip_accents", file, strip_accents);
    options.strip_accents = strip_accents;
  }
  if (config.contains("model_max_length") && !config["model_max_length"].is_null()) {
    const Json& value = config["model_max_length"];
    if (!value.is_number() || !(value.get<double>() >= 1)) {
      throw UserError("`{}`: `model_max_length` must be at least 1, but is {}", file, value.dump());
    }
    options.model_max_length = static_cast<int64_t>(std::min<double>(value.get<double>(), kUnlimitedTokens));
  }
}

Json token_names(const TokenizerOptions& options) {
  return {{"unk_token", options.unk_token},
          {"sep_token", options.sep_token},
          {"pad_token", options.pad_token},
          {"cls_token", options.cls_token},
          {"mask_token", options.mask_token}};
}

Json strip_accents_value(const TokenizerOptions& options) {
  return options.strip_accents ? Json(*options.strip_accents) : Json(nullptr);
}

Json added_tokens_value(const TokenizerDefinition& definition) {
  Json list = Json::array();
  for (const AddedToken& token : definition.added_tokens) {
    list.push_back({{"id", token.id},
                    {"content", token.content},
                    {"single_word", token.single_word},
                    {"lstrip", token.lstrip},
                    {"rstrip", token.rstrip},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  }
  return list;
}

// [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with the second segment from B on.
Json post_processor_value(const TokenizerDefinition& definition) {
  const std::string &cls = definition.options.cls_token, &sep = definition.options.sep_token;
  const auto special = [](const std::string& token, int segment) {
    return Json{{"SpecialToken", {{"id", token}, {"type_id", segment}}}};
  };
  const auto sequence = [](const char* name, int segment) {
    return Json{{"Sequence", {{"id", name}, {"type_id", segment}}}};
  };
  const auto described = [&](const std::string& token) {
    const auto id = std::find(definition.pieces.begin(), definition.pieces.end(), token) - definition.pieces.begin();
    return Json{{"id", token}, {"ids", Json::array({id})}, {"tokens", Json::array({token})}};
  };
  const Json first = Json::array({special(cls, 0), sequence("A", 0), special(sep, 0)});
  Json pair = first;
  pair.push_back(sequence("B", 1));
  pair.push_back(special(sep, 1));
  Json tokens = Json::object();
  tokens[cls] = described(cls);
  tokens[sep] = described(sep);
  return {{"type", "TemplateProcessing"}, {"single", first}, {"pair", pair}, {"special_tokens", tokens}};
}

// Everything but the vocabulary, which `vocabulary_mark` stands for.
Json tokenizer_json_value(const TokenizerDefinition& definition, const std::string& vocabulary_mark) {
  const TokenizerOptions& options = definition.options;
  const Json decoder = {
      {"type", "WordPiece"}, {"prefix", definition.decoder_prefix}, {"cleanup", definition.decoder_cleanup}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens_value(definition)},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", definition.clean_text},
            {"handle_chinese_chars", options.tokenize_chinese_chars},
            {"strip_accents", strip_accents_value(options)},
            {"lowercase", options.do_lower_case}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", post_processor_value(definition)},
          {"decoder", definition.has_decoder ? decoder : Json(nullptr)},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", options.unk_token},
            {"continuing_subword_prefix", definition.continuation_prefix},
            {"max_input_chars_per_word", options.max_word_characters},
            {"vocab", vocabulary_mark}}}};
}

// The vocabulary is written as text: adding keys to a Json object takes quadratic time.
std::string tokenizer_json_text(const TokenizerDefinition& definition) {
  const std::string mark = "\x01vocabulary";
  std::string vocabulary = "{";
  for (size_t id = 0; id < definition.model_piece_count; ++id) {
    vocabulary += fmt::format("{}{}:{}", id == 0 ? "" : ",", Json(definition.pieces[id]).dump(), id);
  }
  std::string text = tokenizer_json_value(definition, mark).dump();
  const std::string quoted_mark = Json(mark).dump();
  text.replace(text.rfind(quoted_mark), quoted_mark.size(), vocabulary + "}");
  return text;
}

}  // namespace

TokenizerOptions read_tokenizer_options(const std::filesystem::path& folder) {
  TokenizerOptions options;
  const std::filesystem::path names = folder / "special_tokens_map.json", config = folder / "tokenizer_config.json";
  if (std::filesystem::exists(names)) read_token_names(read_object(names), names.string(), options);
  if (std::filesystem::exists(config)) read_config(config, options);
  return options;
}

void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder) {
  const TokenizerOptions& options = definition.options;
  std::string lines;
  for (size_t id = 0; id < definition.model_piece_count; ++id) lines += definition.pieces[id] + "\n";
  write_file_atomically(folder / "vocab.txt", lines);
  write_file_atomically(folder / "tokenizer.json", tokenizer_json_text(definition));
  write_json_file(folder / "special_tokens_map.json", token_names(options));
  Json config = {{"tokenizer_class", "BertTokenizer"},
                 {"do_lower_case", options.do_lower_case},
                 {"strip_accents", strip_accents_value(options)},
                 {"tokenize_chinese_chars", options.tokenize_chinese_chars},
                 {"model_max_length", options.model_max_length}};
  config.update(token_names(options));
  write_json_file(folder / "tokenizer_config.json", config);
}

}  // namespace retort::text
