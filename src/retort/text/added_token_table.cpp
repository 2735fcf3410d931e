#include "retort/text/added_token_table.h"

#include <algorithm>

namespace retort::text {

AddedTokenTable::AddedTokenTable(TokenizerDefinition& definition)
    : definition_(definition), ids_(ids_of_pieces(definition)), piece_count_(static_cast<int32_t>(ids_.size())) {}

const AddedToken* AddedTokenTable::find(const std::string& content) const {
  const auto found = std::find_if(tokens_.begin(), tokens_.end(), [&](const auto& t) { return t.content == content; });
  return found == tokens_.end() ? nullptr : &*found;
}

// If lines repeat, the number of different pieces is below the last id, and the token shares the id of a piece.
int32_t AddedTokenTable::next_id() const {
  int32_t next = piece_count_;
  for (const AddedToken& token : tokens_) next = std::max(next, token.id + 1 > piece_count_ ? token.id + 1 : 0);
  return next;
}

void AddedTokenTable::add(AddedToken token) {
  if (token.content.empty()) return;
  if (const AddedToken* known = find(token.content)) {
    token.id = known->id;
    tokens_[static_cast<size_t>(known - tokens_.data())] = std::move(token);
    return;
  }
  const auto piece = ids_.find(token.content);
  token.id = piece == ids_.end() ? next_id() : piece->second;
  tokens_.push_back(std::move(token));
}

void AddedTokenTable::finish() {
  const bool has_ids_beyond =
      std::any_of(tokens_.begin(), tokens_.end(), [&](const AddedToken& token) { return token.id >= piece_count_; });
  std::vector<bool> is_new;
  std::sort(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const AddedToken& token : tokens_) is_new.push_back(!ids_.contains(token.content));
  ids_.clear();  // its keys are views of strings that move below
  if (!has_ids_beyond) drop_blank_end(definition_);
  std::vector<std::string>& pieces = definition_.pieces;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const auto at = static_cast<size_t>(tokens_[i].id);
    if (at >= pieces.size()) pieces.resize(at + 1);
    if (is_new[i] && at < definition_.model_piece_count) definition_.covered_pieces[tokens_[i].id] = pieces[at];
    pieces[at] = tokens_[i].content;
  }
  definition_.added_tokens = std::move(tokens_);
}

}  // namespace retort::text
