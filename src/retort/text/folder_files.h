// The small JSON files beside a vocabulary, and the tokens that they define.
#pragma once

#include <filesystem>
#include <string>

#include "retort/base/json.h"
#include "retort/text/added_token_table.h"
#include "retort/text/tokenizer_definition.h"

namespace retort::text {

struct FolderFiles {
  std::filesystem::path folder;
  Json config = Json::object(), names = Json::object(), added = Json::object();  // empty when the file is missing

  std::string config_file() const { return (folder / "tokenizer_config.json").string(); }
  std::string names_file() const { return (folder / "special_tokens_map.json").string(); }
  std::string added_file() const { return (folder / "added_tokens.json").string(); }
  // tokenizer_config.json lists every added token; special_tokens_map.json and added_tokens.json are then ignored.
  bool has_decoder() const {
    return config.contains("added_tokens_decoder") && config["added_tokens_decoder"].is_object();
  }
};

// Throws UserError when a file is no JSON object.
FolderFiles read_folder_files(const std::filesystem::path& folder);

// Reads unk_token, sep_token, pad_token, cls_token and mask_token; null for a mask or padding token becomes "".
void read_token_names(const FolderFiles& files, TokenizerOptions& options);

// Adds the tokens of all files to the table, in the order of `transformers`. `listed` are the tokens of tokenizer.json;
// `has_defaults`: also adds named tokens that no file gives, with their default names.
void add_folder_tokens(const FolderFiles& files, const std::vector<AddedToken>& listed, bool has_defaults,
                       const TokenizerOptions& options, AddedTokenTable& table);

}  // namespace retort::text
