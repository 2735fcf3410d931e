// See model_weights.h.
#include "retort/pretrained/model_weights.h"

#include <algorithm>
#include <cstring>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/dialects.h"
#include "retort/model/names.h"
#include "retort/pretrained/projection_file.h"

namespace retort::pretrained {

namespace {

std::string base_name(const model::ModelConfig& config) {
  std::string prefix = model::base_prefix(config.family);
  prefix.pop_back();  // the dot
  return prefix;
}

bool has_suffix(const std::string& name, std::string_view suffix) { return name.ends_with(suffix); }

// Returns whether the tensor's first dimension is the vocabulary, which may be padded in the file or in the model.
bool runs_over_vocabulary(const std::string& name) {
  return has_suffix(name, "word_embeddings.weight") || has_suffix(name, "predictions.bias") ||
         has_suffix(name, "vocab_projector.bias");
}

// Returns the shape of a file's tensor as a parameter.
std::vector<int64_t> shape_of(const checkpoint::NamedTensor& tensor, bool is_transposed) {
  std::vector<int64_t> shape = tensor.shape;
  if (is_transposed) std::reverse(shape.begin(), shape.end());
  return shape;
}

// Returns whether the tensor can be copied into the parameter: shapes are equal except for a padded vocabulary.
bool fits(const std::vector<int64_t>& shape, const kernel::NamedSlice& slice) {
  const bool is_padded = runs_over_vocabulary(slice.name) && shape.size() == slice.shape.size() && !shape.empty() &&
                         std::equal(shape.begin() + 1, shape.end(), slice.shape.begin() + 1) &&
                         std::abs(shape[0] - slice.shape[0]) < kVocabularyMultiple;
  return shape == slice.shape || is_padded;
}

// Copies a file's tensor into flat memory at the place of a parameter whose shape it fits.
void copy_tensor(const checkpoint::NamedTensor& from, bool is_transposed, const kernel::NamedSlice& slice, float* flat,
                 const std::string& subject) {
  float* out = flat + slice.offset;
  if (!is_transposed && from.element_count() == slice.element_count)
    return checkpoint::to_finite_float32(from, {out, static_cast<size_t>(slice.element_count)}, subject);
  std::vector<float> values(static_cast<size_t>(from.element_count()));
  checkpoint::to_finite_float32(from, values, subject);
  if (!is_transposed) {
    std::copy_n(values.begin(), std::min<int64_t>(slice.element_count, from.element_count()), out);
    return;
  }
  for (int64_t r = 0; r < slice.shape[0]; ++r)
    for (int64_t c = 0; c < slice.shape[1]; ++c) out[r * slice.shape[1] + c] = values[c * slice.shape[0] + r];
}

// Returns the number of values in the word and position embeddings and in the matmul weights of all layers, nearly all
// of the encoder.
double encoder_size(const model::ModelConfig& c) {
  const auto H = static_cast<double>(c.hidden_size), I = static_cast<double>(c.intermediate_size);
  const auto rows = static_cast<double>(c.vocab_size + c.max_position_embeddings);
  return rows * H + static_cast<double>(c.num_hidden_layers) * (4 * H * H + 2 * H * I);
}

bool have_equal_numbers(const checkpoint::NamedTensor& a, const checkpoint::NamedTensor& b,
                        const std::string& subject) {
  if (a.shape != b.shape) return false;
  if (a.dtype == b.dtype)
    return a.bytes.data() == b.bytes.data() || std::ranges::equal(a.bytes, b.bytes);  // PyTorch's files share storages
  std::vector<float> left(static_cast<size_t>(a.element_count())), right(left.size());
  checkpoint::to_float32(a, left, subject), checkpoint::to_float32(b, right, subject);
  return left == right;
}

// Throws UserError when two copies of one parameter differ. With `tie_word_embeddings`, tied parameters are one
// parameter here; without it, a head that reads both belongs to an unsupported model.
void check_copies(const checkpoint::NameMatches& matches, const model::Model& model,
                  const checkpoint::WeightFiles& files, const std::string& subject) {
  const auto differ = [&](const std::pair<size_t, size_t>& pair) {
    return !have_equal_numbers(files.tensors()[pair.first], files.tensors()[pair.second], subject);
  };
  for (const auto& pair : matches.prefix_duplicates)
    if (differ(pair))
      throw UserError(
          "`{}`: tensors `{}` and `{}` must be equal, because both are the same parameter, but differ; remove the "
          "wrong one",
          subject, files.tensors()[pair.first].name, files.tensors()[pair.second].name);
  const bool has_vocabulary = model.head() == model::Head::kMaskedLm || model.head() == model::Head::kPreTraining;
  for (const auto& pair : matches.tied_copies) {
    const std::string& name = files.tensors()[pair.first].name;
    if (!differ(pair)) continue;
    if (has_vocabulary && !model.config().tie_word_embeddings && name.ends_with(".weight"))
      throw UserError(
          "`{}` must share the word embeddings with its masked-LM head, but `{}` differs from them "
          "(`tie_word_embeddings` is false); such models are not supported",
          subject, name);
    log_warning(
        "`{}`: tensor `{}` differs from `{}`, to which it is tied, and is ignored (as in transformers 4; "
        "transformers 5 keeps both)",
        subject, name, files.tensors()[pair.second].name);
  }
}

[[noreturn]] void refuse_shape(const checkpoint::NamedTensor& tensor, const std::vector<int64_t>& shape,
                               const kernel::NamedSlice& slice, const model::Model& model, const std::string& subject) {
  throw UserError(
      "`{}`: tensor `{}` must have the shape {} of {}, but has {}; use the config.json that belongs to the "
      "weights",
      subject, tensor.name, checkpoint::shape_text(slice.shape), model.config().subject(),
      checkpoint::shape_text(shape));
}

bool is_of_head(const std::string& name, const model::Model& model) {
  return model.head() != model::Head::kNone && !name.starts_with(model::base_prefix(model.config().family));
}

}  // namespace

void check_encoder_size(const model::ModelConfig& config, const checkpoint::WeightFiles& files) {
  constexpr double kLargestRatio = 6;
  double found = 0;
  for (const auto& tensor : files.tensors()) found += static_cast<double>(tensor.element_count());
  if (encoder_size(config) > kLargestRatio * found)
    throw UserError(
        "{} must describe the weights in `{}`, but needs {:.0f} values while the file has {:.0f}; "
        "use the config.json that belongs to the weights",
        config.subject(), files.paths().front().string(), encoder_size(config), found);
}

bool holds_pooler(const checkpoint::WeightFiles& files) {
  return std::ranges::any_of(files.tensors(), [](const checkpoint::NamedTensor& tensor) {
    const auto canonical = checkpoint::maybe_canonical_name(tensor.name);
    return canonical && canonical->name.ends_with("pooler.dense.weight");
  });
}

// Files of pruned models contain the pruned tensors, so nothing is pruned here.
FilledNames fill_from_files(model::Model& model, const checkpoint::WeightFiles& files, const FillOptions& options) {
  std::vector<std::string> wanted, found;
  for (const auto& slice : model.parameters().slices())
    if (!is_projection_parameter(slice)) wanted.push_back(slice.name);
  for (const auto& tensor : files.tensors()) found.push_back(tensor.name);
  const std::string subject = files.paths().front().string();
  checkpoint::NameMatches matches = checkpoint::match_names(wanted, found, base_name(model.config()), subject);
  check_copies(matches, model, files, subject);
  FilledNames names{.missing = std::move(matches.missing), .unexpected = std::move(matches.unexpected)};
  kernel::ParameterStore& parameters = model.parameters();
  parameters.edit_values([&](float* values) {
    const auto initialize_at_random = [&](const kernel::NamedSlice& slice) {
      kernel::fill_initial_values(slice, options.seed, model.config().initializer_range, values + slice.offset);
    };
    for (const auto& match : matches.matches) {
      const kernel::NamedSlice& slice = *parameters.find(match.wanted);
      const checkpoint::NamedTensor& tensor = files.tensors()[match.file_index];
      const std::vector<int64_t> shape = shape_of(tensor, match.is_transposed);
      if (!fits(shape, slice)) {
        if (!options.may_replace_head || !is_of_head(slice.name, model))
          refuse_shape(tensor, shape, slice, model, subject);
        names.replaced.push_back(fmt::format("{} {}", tensor.name, checkpoint::shape_text(shape)));
        names.missing.push_back(match.wanted);
        continue;
      }
      if (tensor.element_count() < slice.element_count) initialize_at_random(slice);  // padding of the vocabulary
      copy_tensor(tensor, match.is_transposed, slice, values, subject);
    }
    for (const std::string& name : names.missing) initialize_at_random(*parameters.find(name));
  });
  parameters.refresh_operands();
  return names;
}

void fill_like_parameters(const model::Model& model, std::span<const checkpoint::NamedTensor> tensors,
                          std::span<float> flat, const std::string& subject) {
  std::vector<std::string> wanted, found;
  for (const auto& slice : model.parameters().slices())
    if (!is_projection_parameter(slice)) wanted.push_back(slice.name);
  for (const auto& tensor : tensors) found.push_back(tensor.name);
  for (const auto& match : checkpoint::match_names(wanted, found, base_name(model.config()), subject).matches) {
    const kernel::NamedSlice& slice = *model.parameters().find(match.wanted);
    const checkpoint::NamedTensor& tensor = tensors[match.file_index];
    const std::vector<int64_t> shape = shape_of(tensor, match.is_transposed);
    if (!fits(shape, slice)) refuse_shape(tensor, shape, slice, model, subject);
    copy_tensor(tensor, match.is_transposed, slice, flat.data(), subject);
  }
}

}  // namespace retort::pretrained
