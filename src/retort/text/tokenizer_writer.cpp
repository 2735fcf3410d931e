// See tokenizer_writer.h.
#include "retort/text/tokenizer_writer.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/text/vocabulary_file.h"

namespace retort::text {
namespace {

// The names of the tokens; keeps the object of `given` when it names the same token.
Json token_names(const Json& given, const TokenizerOptions& options) {
  const std::pair<const char*, const std::string&> names[] = {{"unk_token", options.unk_token},
                                                              {"sep_token", options.sep_token},
                                                              {"pad_token", options.pad_token},
                                                              {"cls_token", options.cls_token},
                                                              {"mask_token", options.mask_token}};
  Json values = Json::object();
  for (const auto& [key, name] : names) {
    const bool is_same = given.contains(key) && given[key].is_object() && given[key].value("content", "") == name;
    values[key] = is_same ? given[key] : name.empty() ? Json(nullptr) : Json(name);
  }
  return values;
}

Json strip_accents_value(const TokenizerOptions& options) {
  return options.strip_accents ? Json(*options.strip_accents) : Json(nullptr);
}

Json added_token_value(const AddedToken& token) {
  return {{"content", token.content}, {"single_word", token.single_word}, {"lstrip", token.lstrip},
          {"rstrip", token.rstrip},   {"normalized", token.normalized},   {"special", token.special}};
}

Json added_tokens_value(const TokenizerDefinition& definition) {
  Json list = Json::array();
  for (const AddedToken& token : definition.added_tokens) {
    Json value = {{"id", token.id}};
    value.update(added_token_value(token));
    list.push_back(std::move(value));
  }
  return list;
}

Json added_tokens_decoder_value(const TokenizerDefinition& definition) {
  Json values = Json::object();
  for (const AddedToken& token : definition.added_tokens) values[std::to_string(token.id)] = added_token_value(token);
  return values;
}

// [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with segment 1 for B and its [SEP].
Json post_processor_value(const TokenizerDefinition& definition) {
  const std::string &cls = definition.options.cls_token, &sep = definition.options.sep_token;
  const auto special = [](const std::string& token, int segment) {
    return Json{{"SpecialToken", {{"id", token}, {"type_id", segment}}}};
  };
  const auto sequence = [](const char* name, int segment) {
    return Json{{"Sequence", {{"id", name}, {"type_id", segment}}}};
  };
  const auto described = [&](const std::string& token) {
    const auto id =
        definition.pieces.rend() - std::find(definition.pieces.rbegin(), definition.pieces.rend(), token) - 1;
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

// Everything except for the vocabulary, which `vocabulary_mark` replaces.
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

// The vocabulary is written as text, because adding keys to a Json object takes quadratic time.
std::string tokenizer_json_text(const TokenizerDefinition& definition) {
  const std::string mark = "\x01vocabulary";
  const PieceIds ids = ids_of_pieces(definition);
  std::string vocabulary = "{";
  for (size_t at = 0; at < definition.model_piece_count; ++at) {
    const auto id = static_cast<int32_t>(at);
    const std::string& piece = definition.model_piece(id);
    if (ids.at(piece) != id) continue;  // a later line has the same piece
    vocabulary += fmt::format("{}{}:{}", vocabulary.size() == 1 ? "" : ",", Json(piece).dump(), id);
  }
  std::string text = tokenizer_json_value(definition, mark).dump();
  const std::string quoted_mark = Json(mark).dump();
  text.replace(text.rfind(quoted_mark), quoted_mark.size(), vocabulary + "}");
  return text;
}

}  // namespace

void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder) {
  const TokenizerOptions& options = definition.options;
  std::string lines;
  Json added = Json::object();
  for (size_t id = 0; id < definition.model_piece_count; ++id)
    lines += definition.model_piece(static_cast<int32_t>(id)) + "\n";
  const PieceIds ids = ids_of_pieces(definition);
  for (const AddedToken& token : definition.added_tokens)
    if (!ids.contains(token.content)) added[token.content] = token.id;
  write_file_atomically(folder / "vocab.txt", lines);
  if (added.empty())
    std::filesystem::remove(folder / "added_tokens.json");  // a leftover of an earlier tokenizer
  else
    write_json_file(folder / "added_tokens.json", added);
  write_file_atomically(folder / "tokenizer.json", tokenizer_json_text(definition));
  Json names = definition.names;
  names.update(token_names(definition.names, options));
  write_json_file(folder / "special_tokens_map.json", names);
  Json config = definition.config;
  if (!config.contains("tokenizer_class")) config["tokenizer_class"] = "BertTokenizer";
  if (!config.contains("model_max_length")) config["model_max_length"] = options.model_max_length;
  config["do_lower_case"] = options.do_lower_case;
  config["strip_accents"] = strip_accents_value(options);
  config["tokenize_chinese_chars"] = options.tokenize_chinese_chars;
  config["added_tokens_decoder"] = added_tokens_decoder_value(definition);
  config.update(token_names(definition.config, options));
  write_json_file(folder / "tokenizer_config.json", config);
}

}  // namespace retort::text
