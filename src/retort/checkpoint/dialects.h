// The names that different programs give to the same tensor. The canonical name is Hugging Face's. This file maps names
// in files to canonical names, and finds the tensor of a file for each parameter of a model.
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

// The canonical name of a tensor called `file_name`; an unknown name is returned unchanged. Removes wrapper prefixes
// (`module.`, `model.`, `_orig_mod.`), keeps the base model prefix (`bert.`). Empty for tensors that are no parameters:
// position ids, optimizer moments, step counts.
std::optional<CanonicalName> maybe_canonical_name(std::string_view file_name);

// The canonical name of every name of the file `subject`. Throws UserError when two tensors have the same canonical
// name
// (`x.gamma` and `x.weight`).
std::vector<std::optional<CanonicalName>> map_names(std::span<const std::string> file_names,
                                                    const std::string& subject);

// Whether the tensor `name` is tied to the parameter `kept` (both without the base model prefix), as the decoder of the
// masked-LM head is tied to `embeddings.word_embeddings.weight`.
bool is_tied_copy(std::string_view name, std::string_view kept);

// NVIDIA's name of the tensor with this canonical name.
std::string nvidia_name(std::string_view canonical_name);

// The tensor of a file that a parameter is loaded from.
struct NameMatch {
  std::string wanted;
  size_t file_index = 0;  // index in the list of file names
  bool is_transposed = false;
};

struct NameMatches {
  std::vector<NameMatch> matches;       // in the order of the wanted names
  std::vector<std::string> missing;     // wanted names without a tensor in the file
  std::vector<std::string> unexpected;  // names, as in the file, of tensors that no wanted name matches
  // Pairs of tensors of the file that must hold equal values; the second one is used.
  std::vector<std::pair<size_t, size_t>> prefix_duplicates;  // one parameter with and without the base model prefix
  std::vector<std::pair<size_t, size_t>> tied_copies;        // tied parameters
};

// Finds each wanted canonical name among a file's names, with or without `base_prefix` ("bert", "distilbert") in
// either. The second copy of a tied tensor (the decoder of the masked-LM head) is not unexpected, and is used when the
// first copy is missing. Throws like map_names. The caller decides whether missing and unexpected names are errors.
NameMatches match_names(std::span<const std::string> wanted, std::span<const std::string> file_names,
                        std::string_view base_prefix, const std::string& subject);

}  // namespace retort::checkpoint
