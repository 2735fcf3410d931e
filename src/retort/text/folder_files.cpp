// See folder_files.h. Source for names, flags and order of the tokens: PreTrainedTokenizerBase._from_pretrained and
// TokenizersBackend.__init__ of `transformers` 5.
#include "retort/text/folder_files.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::text {
namespace {

// In the order of `transformers`.
constexpr const char* kNamedTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                        "pad_token", "cls_token", "mask_token"};

bool is_named_token(const std::string& key) {
  return std::find(std::begin(kNamedTokens), std::end(kNamedTokens), key) != std::end(kNamedTokens);
}

Json read_object(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return Json::object();
  Json object = read_json_file(file);
  if (!object.is_object()) throw UserError("`{}` must be a JSON object, but is {}", file.string(), object.type_name());
  return object;
}

bool read_flag(const Json& value, const char* key, bool standard, const std::string& place) {
  if (!value.contains(key) || value[key].is_null()) return standard;
  if (!value[key].is_boolean())
    throw UserError("{}: `{}` must be true or false, but is {}", place, key, value[key].dump());
  return value[key].get<bool>();
}

// A token is a string, or an object with the string as `content`. `place`: file and field, for messages.
AddedToken parse_token(const Json& value, bool is_special, const std::string& place) {
  const Json& content = value.is_object() && value.contains("content") ? value["content"] : value;
  if (!content.is_string() || content.get_ref<const std::string&>().empty())
    throw UserError("{} must be a token string, but is {}", place, value.dump());
  AddedToken token{.content = content.get<std::string>(), .special = is_special};
  if (value.is_object()) {
    token.special = is_special || read_flag(value, "special", false, place);
    token.single_word = read_flag(value, "single_word", false, place);
    token.lstrip = read_flag(value, "lstrip", false, place);
    token.rstrip = read_flag(value, "rstrip", false, place);
    token.normalized = read_flag(value, "normalized", !token.special, place);
  }
  return token;
}

std::string place_of(const std::string& file, const std::string& key) { return fmt::format("`{}`: `{}`", file, key); }

int64_t parse_id(const std::string& text, const std::string& place) {
  int64_t id = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0)
    throw UserError("{} must have integers as keys, but has `{}`", place, text);
  return id;
}

using TokensById = std::map<int64_t, AddedToken>;

// When two files give one token different ids, or one id to two tokens, the later file counts.
TokensById collect_tokens(const FolderFiles& files, const std::vector<AddedToken>& listed,
                          const std::vector<std::string>& special) {
  TokensById tokens;
  if (files.has_decoder()) {
    const std::string place = place_of(files.config_file(), "added_tokens_decoder");
    for (const auto& [id, value] : files.config["added_tokens_decoder"].items())
      tokens[parse_id(id, place)] = parse_token(value, false, place + fmt::format(" `{}`", id));
    return tokens;
  }
  for (const auto& [content, id] : files.added.items()) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0)
      throw UserError("`{}`: the id of `{}` must be a non-negative integer, but is {}", files.added_file(), content,
                      id.dump());
    const bool is_special = std::find(special.begin(), special.end(), content) != special.end();
    tokens[id.get<int64_t>()] = {.content = content, .special = is_special, .normalized = !is_special};
  }
  for (const AddedToken& token : listed) tokens[token.id] = token;
  return tokens;
}

// Lists and mappings of additional special tokens.
void append_extra(const Json& object, const char* key, const std::string& file, std::vector<AddedToken>& tokens) {
  if (!object.contains(key) || object[key].is_null()) return;
  if (!object[key].is_array() && !object[key].is_object())
    throw UserError("`{}`: `{}` must be a list of tokens, but is {}", file, key, object[key].dump());
  for (const auto& [name, value] : object[key].items())
    tokens.push_back(parse_token(value, true, place_of(file, fmt::format("{}[{}]", key, name))));
}

bool has_content(const Json& object, const char* key) { return object.contains(key) && !object[key].empty(); }

struct SpecialTokens {
  std::vector<AddedToken> named, extra;
};

SpecialTokens collect_special(const FolderFiles& files, bool has_defaults, const TokenizerOptions& options) {
  Json values = files.config;
  if (!files.has_decoder()) values.update(files.names);
  const std::pair<const char*, std::string> names[] = {{"unk_token", options.unk_token},
                                                       {"sep_token", options.sep_token},
                                                       {"pad_token", options.pad_token},
                                                       {"cls_token", options.cls_token},
                                                       {"mask_token", options.mask_token}};
  for (const auto& [key, name] : names)
    if (has_defaults && !values.contains(key)) values[key] = name;
  const auto file_of = [&](const std::string& key) {
    return !files.has_decoder() && files.names.contains(key) ? files.names_file() : files.config_file();
  };
  SpecialTokens tokens;
  const auto add_named = [&](const std::string& key) {
    if (values.contains(key) && !values[key].is_null())
      tokens.named.push_back(parse_token(values[key], true, place_of(file_of(key), key)));
  };
  for (const char* key : kNamedTokens) add_named(key);
  for (const auto& [key, value] : values.items())
    if (key.ends_with("_token") && !is_named_token(key) && (value.is_string() || value.is_object())) add_named(key);
  const char* key = has_content(values, "extra_special_tokens") ? "extra_special_tokens" : "additional_special_tokens";
  append_extra(values, key, file_of(key),
               values.contains(key) && values[key].is_object() ? tokens.named : tokens.extra);
  return tokens;
}

// The names of the tokens that the config marks as special; added_tokens.json has no flags. As in `transformers`,
// special_tokens_map.json is not used for this.
std::vector<std::string> special_names(const FolderFiles& files, bool has_defaults, const TokenizerOptions& options) {
  FolderFiles config_only = files;
  config_only.names = Json::object();
  for (const char* key : kNamedTokens)
    if (files.names.contains(key)) config_only.names[key] = files.names[key];
  std::vector<std::string> names;
  const SpecialTokens special = collect_special(config_only, has_defaults, options);
  for (const auto* list : {&special.named, &special.extra})
    for (const AddedToken& token : *list) names.push_back(token.content);
  return names;
}

void report_ids(const FolderFiles& files, const TokensById& wanted, const AddedTokenTable& table,
                const std::vector<AddedToken>& listed) {
  for (const auto& [id, token] : wanted) {
    const AddedToken* found = table.find(token.content);
    if (found == nullptr || found->id == id) continue;
    const bool is_listed = std::any_of(listed.begin(), listed.end(), [&](const auto& t) { return t == token; });
    const std::string file = files.has_decoder() ? files.config_file()
                             : is_listed         ? (files.folder / "tokenizer.json").string()
                                                 : files.added_file();
    log_warning("`{}` gives `{}` the id {}, but with this vocabulary it has {}, as in `transformers`", file,
                token.content, id, found->id);
  }
}

// Warns about tokens of a file that are ignored because another file decides.
void report_lost(const FolderFiles& files, const AddedTokenTable& table, const std::vector<AddedToken>& listed) {
  const auto report = [&](const std::string& file, const std::string& content) {
    if (table.find(content) == nullptr)
      log_warning(
          "`{}` adds the token `{}`, but `{}` has `added_tokens_decoder` without it, which is used, as in "
          "`transformers`",
          file, content, files.config_file());
  };
  if (!files.has_decoder()) return;
  for (const auto& [content, id] : files.added.items()) report(files.added_file(), content);
  for (const AddedToken& token : listed) report((files.folder / "tokenizer.json").string(), token.content);
  std::vector<AddedToken> extra;
  append_extra(files.names, "additional_special_tokens", files.names_file(), extra);
  for (const AddedToken& token : extra) report(files.names_file(), token.content);
}

}  // namespace

FolderFiles read_folder_files(const std::filesystem::path& folder) {
  return {.folder = folder,
          .config = read_object(folder / "tokenizer_config.json"),
          .names = read_object(folder / "special_tokens_map.json"),
          .added = read_object(folder / "added_tokens.json")};
}

void read_token_names(const FolderFiles& files, TokenizerOptions& options) {
  const std::pair<const char*, std::string*> names[] = {{"unk_token", &options.unk_token},
                                                        {"sep_token", &options.sep_token},
                                                        {"pad_token", &options.pad_token},
                                                        {"cls_token", &options.cls_token},
                                                        {"mask_token", &options.mask_token}};
  for (const auto& [key, name] : names) {
    std::vector<std::pair<std::string, std::string>> given;  // file, token; the last one counts
    const auto read = [&](const Json& object, const std::string& file) {
      if (!object.contains(key)) return;
      const bool is_absent = object[key].is_null();
      if (is_absent && name != &options.pad_token && name != &options.mask_token) return;
      given.emplace_back(file, is_absent ? "" : parse_token(object[key], true, place_of(file, key)).content);
    };
    if (files.has_decoder()) read(files.names, files.names_file());
    read(files.config, files.config_file());
    if (!files.has_decoder()) read(files.names, files.names_file());
    if (given.size() == 2 && given[0].second != given[1].second)
      log_warning("`{}` says that `{}` is `{}`, but `{}` says `{}`, which is used, as in `transformers`",
                  given[0].first, key, given[0].second, given[1].first, given[1].second);
    if (given.size() == 1 && files.has_decoder() && !files.config.contains(key) && given[0].second != *name) {
      log_warning(
          "`{}` says that `{}` is `{}`, but `{}` has `added_tokens_decoder`, so that `{}` is used, as in "
          "`transformers`",
          given[0].first, key, given[0].second, files.config_file(), *name);
    } else if (!given.empty()) {
      *name = given.back().second;
    }
  }
}

void add_folder_tokens(const FolderFiles& files, const std::vector<AddedToken>& listed, bool has_defaults,
                       const TokenizerOptions& options, AddedTokenTable& table) {
  const TokensById wanted = collect_tokens(files, listed, special_names(files, has_defaults, options));
  const SpecialTokens special = collect_special(files, has_defaults, options);
  const auto is_named = [&](const std::string& content) {
    return std::any_of(special.named.begin(), special.named.end(), [&](const auto& t) { return t.content == content; });
  };
  for (const auto& [id, token] : wanted) {
    AddedToken added = token;
    added.special = token.special || is_named(token.content);
    table.add(std::move(added));
  }
  for (const auto* list : {&special.named, &special.extra})
    for (const AddedToken& token : *list)
      if (table.find(token.content) == nullptr) table.add(token);
  report_ids(files, wanted, table, listed);
  report_lost(files, table, listed);
}

}  // namespace retort::text
