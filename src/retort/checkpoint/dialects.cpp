// See dialects.h. The tables at the top define the dialects; the functions below apply them.
// Sources: transformers (convert_bert_original_tf_checkpoint_to_pytorch, modeling_bert), NVIDIA DeepLearningExamples
// (LanguageModeling/BERT, modeling.py), google-research/bert (modeling.py, run_squad.py, run_classifier.py).
#include "retort/checkpoint/dialects.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "retort/base/error.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Prefixes that model wrappers add (DistributedDataParallel, Lightning, torch.compile), in any order and number.
constexpr std::array<std::string_view, 3> kWrapperPrefixes = {"module.", "model.", "_orig_mod."};

// Suffixes of names: in a file, and in the canonical name.
constexpr std::array<Pair, 4> kEndings = {{{".gamma", ".weight"},
                                           {".beta", ".bias"},
                                           {".dense_act.weight", ".dense.weight"},
                                           {".dense_act.bias", ".dense.bias"}}};

// Suffixes of tensors that are no parameters.
constexpr std::array<std::string_view, 2> kNotParameters = {"embeddings.position_ids", "embeddings.token_type_ids"};

// A tied tensor that some files contain again, and the tensor that it equals (without the base model prefix).
constexpr std::array<Pair, 3> kTied = {{{"cls.predictions.decoder.weight", "embeddings.word_embeddings.weight"},
                                        {"vocab_projector.weight", "embeddings.word_embeddings.weight"},
                                        {"cls.predictions.decoder.bias", "cls.predictions.bias"}}};

// Layers with an activation, which NVIDIA calls `dense_act` instead of `dense`.
constexpr std::array<std::string_view, 3> kNvidiaDenseAct = {"intermediate.dense.", "pooler.dense.",
                                                             "cls.predictions.transform.dense."};

// Google's names that cannot be translated part by part.
constexpr std::array<Pair, 7> kGoogleHeads = {{{"cls/predictions/output_bias", "cls.predictions.bias"},
                                               {"cls/seq_relationship/output_weights", "cls.seq_relationship.weight"},
                                               {"cls/seq_relationship/output_bias", "cls.seq_relationship.bias"},
                                               {"cls/squad/output_weights", "qa_outputs.weight"},
                                               {"cls/squad/output_bias", "qa_outputs.bias"},
                                               {"output_weights", "classifier.weight"},
                                               {"output_bias", "classifier.bias"}}};

// The last component of a Google name, and its canonical form.
constexpr std::array<Pair, 6> kGoogleLastParts = {{{"kernel", "weight"},
                                                   {"gamma", "weight"},
                                                   {"beta", "bias"},
                                                   {"word_embeddings", "word_embeddings.weight"},
                                                   {"position_embeddings", "position_embeddings.weight"},
                                                   {"token_type_embeddings", "token_type_embeddings.weight"}}};

// Google's optimizer state: the last component.
constexpr std::array<std::string_view, 5> kGoogleState = {"adam_m", "adam_v", "lamb_m", "lamb_v", "global_step"};

const Pair* maybe_row(std::span<const Pair> table, std::string_view key) {
  const auto row = std::ranges::find(table, key, &Pair::first);
  return row == table.end() ? nullptr : &*row;
}

bool is_google_name(std::string_view name) {
  return name.find('/') != std::string_view::npos || name == "global_step" || maybe_row(kGoogleHeads, name) != nullptr;
}

// Translates one component between slashes: `layer_7` becomes `layer.7`.
std::string google_part(std::string_view part) {
  constexpr std::string_view kLayer = "layer_";
  if (!part.starts_with(kLayer)) return std::string(part);
  return "layer." + std::string(part.substr(kLayer.size()));
}

std::optional<CanonicalName> maybe_google_name(std::string_view name) {
  if (name.ends_with(":0")) name.remove_suffix(2);  // output 0 of the graph's node
  if (const Pair* head = maybe_row(kGoogleHeads, name)) return CanonicalName{std::string(head->second)};
  const size_t last_begin = name.rfind('/') + 1;  // 0 when there is no slash
  const std::string_view last = name.substr(last_begin);
  if (std::ranges::find(kGoogleState, last) != kGoogleState.end()) return std::nullopt;
  CanonicalName canonical{.name = {}, .is_transposed = last == "kernel"};
  for (size_t begin = 0; begin < last_begin;) {
    const size_t end = name.find('/', begin);
    canonical.name += google_part(name.substr(begin, end - begin)) + ".";
    begin = end + 1;
  }
  const Pair* row = maybe_row(kGoogleLastParts, last);
  canonical.name += row != nullptr ? row->second : last;
  return canonical;
}

std::string_view without_wrappers(std::string_view name) {
  const auto is_prefix = [&](std::string_view prefix) { return name.starts_with(prefix); };
  for (auto found = std::ranges::find_if(kWrapperPrefixes, is_prefix); found != kWrapperPrefixes.end();
       found = std::ranges::find_if(kWrapperPrefixes, is_prefix)) {
    name.remove_prefix(found->size());
  }
  return name;
}

// The equivalent names for a model with this base prefix: unchanged, with the prefix, without it.
std::vector<std::string> equal_names(std::string_view name, std::string_view base_prefix) {
  const std::string prefix = std::string(base_prefix) + ".";
  if (base_prefix.empty()) return {std::string(name)};
  if (name.starts_with(prefix)) return {std::string(name), std::string(name.substr(prefix.size()))};
  return {std::string(name), prefix + std::string(name)};
}

// Looks up a file's parameters by canonical name.
class FileNames {
 public:
  FileNames(std::span<const std::string> file_names, std::string_view base_prefix, const std::string& subject)
      : base_prefix_(base_prefix), canonical_(map_names(file_names, subject)) {
    for (size_t i = 0; i < canonical_.size(); ++i) {
      if (canonical_[i]) positions_.emplace(canonical_[i]->name, i);
    }
  }

  const std::vector<std::optional<CanonicalName>>& canonical() const { return canonical_; }

  std::optional<size_t> maybe_position(std::string_view name) const {
    for (const std::string& equal : equal_names(name, base_prefix_)) {
      if (const auto found = positions_.find(equal); found != positions_.end()) return found->second;
    }
    return std::nullopt;
  }

  // The index of the tensor itself, else of a tensor that is tied to it.
  std::optional<size_t> maybe_source(std::string_view wanted) const {
    if (const auto position = maybe_position(wanted)) return position;
    for (const auto& [twin, kept] : kTied) {
      if (!is_same(wanted, kept)) continue;
      if (const auto position = maybe_position(twin)) return position;
    }
    return std::nullopt;
  }

  // For a tied copy, the index of the original if the file contains it.
  std::optional<size_t> maybe_original(std::string_view name) const {
    for (const auto& [twin, kept] : kTied)
      if (is_same(name, twin)) return maybe_position(kept);
    return std::nullopt;
  }

  // For a name with the base model prefix, the index of the tensor without it.
  std::optional<size_t> maybe_bare(std::string_view name) const {
    const std::string prefix = std::string(base_prefix_) + ".";
    if (base_prefix_.empty() || !name.starts_with(prefix)) return std::nullopt;
    const auto found = positions_.find(std::string(name.substr(prefix.size())));
    return found == positions_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  bool is_same(std::string_view left, std::string_view right) const {
    const auto names = equal_names(left, base_prefix_);
    return std::ranges::find(names, right) != names.end();
  }

  const std::string_view base_prefix_;
  const std::vector<std::optional<CanonicalName>> canonical_;
  std::unordered_map<std::string, size_t> positions_;
};

}  // namespace

std::optional<CanonicalName> maybe_canonical_name(std::string_view file_name) {
  if (is_google_name(file_name)) return maybe_google_name(file_name);
  const std::string_view name = without_wrappers(file_name);
  const auto ends_name = [&](std::string_view ending) { return name.ends_with(ending); };
  if (std::ranges::any_of(kNotParameters, ends_name)) return std::nullopt;
  for (const auto& [ending, replacement] : kEndings) {
    if (!name.ends_with(ending)) continue;
    return CanonicalName{std::string(name.substr(0, name.size() - ending.size())) + std::string(replacement)};
  }
  return CanonicalName{std::string(name)};
}

std::vector<std::optional<CanonicalName>> map_names(std::span<const std::string> file_names,
                                                    const std::string& subject) {
  std::vector<std::optional<CanonicalName>> canonical;
  std::unordered_map<std::string, std::string_view> origins;
  for (const std::string& file_name : file_names) {
    canonical.push_back(maybe_canonical_name(file_name));
    if (!canonical.back()) continue;
    const auto [other, is_new] = origins.emplace(canonical.back()->name, file_name);
    if (is_new) continue;
    throw UserError(
        "`{}`: tensors `{}` and `{}` must be different parameters, but both are named `{}` in Hugging Face's form; "
        "remove one of them from the "
        "weights",
        subject, shown_name(other->second), shown_name(file_name), shown_name(canonical.back()->name));
  }
  return canonical;
}

bool is_tied_copy(std::string_view name, std::string_view kept) {
  return std::ranges::find(kTied, Pair(name, kept)) != kTied.end();
}

std::string nvidia_name(std::string_view canonical_name) {
  for (const std::string_view layer : kNvidiaDenseAct) {
    const size_t begin = canonical_name.rfind(layer);
    if (begin == std::string_view::npos || (begin != 0 && canonical_name[begin - 1] != '.')) continue;
    std::string name(canonical_name);
    return name.insert(begin + layer.size() - 1, "_act");
  }
  return std::string(canonical_name);
}

NameMatches match_names(std::span<const std::string> wanted, std::span<const std::string> file_names,
                        std::string_view base_prefix, const std::string& subject) {
  const FileNames file(file_names, base_prefix, subject);
  NameMatches result;
  std::unordered_set<size_t> used;
  for (const std::string& name : wanted) {
    if (const auto position = file.maybe_source(name)) {
      result.matches.push_back({name, *position, file.canonical()[*position]->is_transposed});
      used.insert(*position);
    } else {
      result.missing.push_back(name);
    }
  }
  for (size_t i = 0; i < file_names.size(); ++i) {
    const auto& canonical = file.canonical()[i];
    if (!canonical) continue;
    const auto bare = file.maybe_bare(canonical->name), original = file.maybe_original(canonical->name);
    if (bare) result.prefix_duplicates.emplace_back(i, *bare);
    if (original) result.tied_copies.emplace_back(i, *original);
    if (!used.contains(i) && !original) result.unexpected.push_back(file_names[i]);
  }
  return result;
}

}  // namespace retort::checkpoint
