// The names that different programs give to the same tensor. The canonical name is Hugging Face's; this file says
// which canonical name a name from a file means, and which file tensor a model's parameter should be taken from.
// Dialects: Hugging Face (old: gamma, beta), NVIDIA (dense_act, module.), Google TensorFlow (slashes, kernels).
// DistilBERT's own names are canonical too.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retort::checkpoint {

struct CanonicalName {
  std::string name;
  bool is_transposed = false;  // stored as [in, out], the transpose of a Linear weight (Google's kernels)
};

// The canonical name of a tensor called `file_name`; an unknown name means itself. Wrapper prefixes (`module.`,
// `model.`, `_orig_mod.`) are taken off, the base model's prefix (`bert.`) stays. Empty for what is no parameter:
// position ids, optimizer moments, step counts.
std::optional<CanonicalName> maybe_canonical_name(std::string_view file_name);

// The same for every name of a file, `subject`. Throws UserError when two tensors mean the same parameter (`x.gamma`
// beside `x.weight`).
std::vector<std::optional<CanonicalName>> map_names(std::span<const std::string> file_names,
                                                    const std::string& subject);

// Whether a tensor of this canonical name is a second copy of the parameter `kept` (both without the base model's
// prefix), as the decoder of the masked-LM head is of `embeddings.word_embeddings.weight`.
bool is_tied_copy(std::string_view name, std::string_view kept);

// What NVIDIA's programs call the tensor with this canonical name.
std::string nvidia_name(std::string_view canonical_name);

// Where the value of a parameter is found.
struct NameMatch {
  std::string wanted;
  size_t file_index = 0;  // place in the list of file names
  bool is_transposed = false;
};

struct NameMatches {
  std::vector<NameMatch> matches;       // in the order of the wanted names
  std::vector<std::string> missing;     // wanted names that no tensor of the file means
  std::vector<std::string> unexpected;  // names, as in the file, of parameters that nobody wants
  // Tensors of the file that should hold the same numbers as another of its tensors, which is the second.
  std::vector<std::pair<size_t, size_t>> doubles;  // one parameter with and without the base model's prefix
  std::vector<std::pair<size_t, size_t>> copies;   // tied parameters
};

// Finds each wanted canonical name among a file's names, with or without `base_prefix` ("bert", "distilbert") in
// either. Tied tensors that a file holds twice (the decoder of the masked LM head) are not unexpected, and stand in for
// their partner when it is missing. Throws as map_names does. Which lists may be non-empty is for the caller to judge.
NameMatches match_names(std::span<const std::string> wanted, std::span<const std::string> file_names,
                        std::string_view base_prefix, const std::string& subject);

}  // namespace retort::checkpoint
