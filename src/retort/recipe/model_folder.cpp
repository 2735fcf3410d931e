#include "retort/recipe/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/dialects.h"
#include "retort/checkpoint/weights.h"
#include "retort/model/names.h"
#include "retort/model/presets.h"
#include "retort/recipe/projection_file.h"

namespace retort::recipe {

namespace {

constexpr int64_t kVocabularyMultiple = 8;
constexpr int64_t kLargestVocabularyGap = 128;  // rows that paddings of published models leave unused

std::string base_name(const model::ModelConfig& config) {
  std::string prefix = model::base_prefix(config.family);
  prefix.pop_back();  // the dot
  return prefix;
}

bool has_suffix(const std::string& name, std::string_view suffix) { return name.ends_with(suffix); }

// Tensors whose first dimension is the vocabulary, which may be padded in the file or in the model.
bool runs_over_vocabulary(const std::string& name) {
  return has_suffix(name, "word_embeddings.weight") || has_suffix(name, "predictions.bias") ||
         has_suffix(name, "vocab_projector.bias");
}

// Copies a file's tensor into a parameter; the shapes must agree, but for a padded vocabulary.
void copy_tensor(const checkpoint::NamedTensor& from, bool is_transposed, const kernel::NamedSlice& slice,
                 const kernel::ParameterStore& store, const std::string& subject) {
  std::vector<int64_t> shape = from.shape;
  if (is_transposed) std::reverse(shape.begin(), shape.end());
  const bool is_padded = runs_over_vocabulary(slice.name) && shape.size() == slice.shape.size() && !shape.empty() &&
                         std::equal(shape.begin() + 1, shape.end(), slice.shape.begin() + 1) &&
                         std::abs(shape[0] - slice.shape[0]) < kVocabularyMultiple;
  if (shape != slice.shape && !is_padded)
    throw UserError("`{}`: tensor `{}` must have the shape {} that config.json asks for, but has {}", subject,
                    from.name, checkpoint::shape_text(slice.shape), checkpoint::shape_text(shape));
  float* out = store.values().data_ptr<float>() + slice.offset;
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

// Numbers in the word and position embeddings and in the products of all layers, which is nearly all of a body.
double body_size(const model::ModelConfig& c) {
  const auto H = static_cast<double>(c.hidden_size), I = static_cast<double>(c.intermediate_size);
  const auto rows = static_cast<double>(c.vocab_size + c.max_position_embeddings);
  return rows * H + static_cast<double>(c.num_hidden_layers) * (4 * H * H + 2 * H * I);
}

// A config.json that asks for far more than the files hold is found out before memory is taken for it. What is smaller
// than that comes to light tensor by tensor.
void check_body_size(const model::ModelConfig& config, const checkpoint::WeightFiles& files, const fs::path& folder) {
  constexpr double kLargestRatio = 6;
  double found = 0;
  for (const auto& tensor : files.tensors()) found += static_cast<double>(tensor.element_count());
  if (body_size(config) > kLargestRatio * found)
    throw UserError(
        "`{}` must describe the weights in `{}`, but asks for {:.0f} numbers where that holds {:.0f}; "
        "use the config.json that belongs to them",
        (folder / "config.json").string(), files.paths().front().string(), body_size(config), found);
}

// Rows of pruned heads are cut from full-size tensors by nobody: files of pruned models hold the small tensors.
checkpoint::NameMatches fill_from_files(model::Model& model, const checkpoint::WeightFiles& files, uint64_t seed) {
  std::vector<std::string> wanted, found;
  for (const auto& slice : model.parameters().slices())
    if (!is_of_projection(slice)) wanted.push_back(slice.name);
  for (const auto& tensor : files.tensors()) found.push_back(tensor.name);
  checkpoint::NameMatches matches = checkpoint::match_names(wanted, found, base_name(model.config()));
  const std::string subject = files.paths().front().string();
  kernel::ParameterStore& parameters = model.parameters();
  const auto start_random = [&](const kernel::NamedSlice& slice) {
    parameters.initialize(slice, seed, model.config().initializer_range);
  };
  for (const auto& match : matches.matches) {
    const kernel::NamedSlice& slice = *parameters.find(match.wanted);
    const checkpoint::NamedTensor& tensor = files.tensors()[match.file_index];
    if (tensor.element_count() < slice.element_count) start_random(slice);  // rows of padding of the vocabulary
    copy_tensor(tensor, match.is_transposed, slice, parameters, subject);
  }
  for (const std::string& name : matches.missing) start_random(*parameters.find(name));
  parameters.refresh_operands();
  return matches;
}

std::shared_ptr<const text::Tokenizer> load_tokenizer(const ModelSource& source, const fs::path& folder) {
  if (source.vocab_file.empty())
    return std::make_shared<text::Tokenizer>(text::Tokenizer::load(folder, source.do_lower_case));
  text::TokenizerOptions options;
  options.do_lower_case = source.do_lower_case.value_or(true);
  return std::make_shared<text::Tokenizer>(text::Tokenizer::from_vocab_file(source.vocab_file, options));
}

void check_vocabulary(const text::Tokenizer& tokenizer, const model::ModelConfig& config, const std::string& subject) {
  const int64_t pieces = tokenizer.base_size(), rows = config.vocab_size;
  if (pieces <= rows && tokenizer.vocabulary_size() > rows)
    log_warning("`{}`: the model has {} embeddings, but the tokenizer knows {} tokens: texts with `{}` will be refused",
                subject, rows, tokenizer.vocabulary_size(), tokenizer.piece(static_cast<int32_t>(rows)));
  if (pieces > rows || rows - pieces >= kLargestVocabularyGap)
    throw UserError(
        "`{}`: the vocabulary must have as many pieces as the model has embeddings, {}, but has {}; "
        "use the vocabulary that the model was trained with",
        subject, rows, pieces);
}

model::ModelConfig read_config(const fs::path& folder) {
  for (const char* name : {"config.json", "bert_config.json"})
    if (fs::exists(folder / name))
      return model::config_from_json(read_json_file(folder / name), (folder / name).string());
  throw UserError("`{}` must be a model folder with config.json, but has none", folder.string());
}

model::Head head_of_folder(const fs::path& folder) {
  const Json config = read_json_file(folder / "config.json");
  const auto architectures = config.find("architectures");
  if (architectures != config.end() && architectures->is_array() && !architectures->empty() &&
      architectures->front().is_string())
    if (const auto head = model::head_of_architecture(architectures->front().get<std::string>())) return *head;
  return model::Head::kNone;
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<int64_t>(std::min(kShown, names.size())), ", "));
  return names.size() > kShown ? fmt::format("{}, ... ({} in all)", text, names.size()) : text;
}

// Of the missing parameters those of the body, which no training may start from random numbers; a pooler is part of the
// head that reads it.
std::vector<std::string> missing_in_body(const LoadedModel& loaded) {
  const bool is_bare = loaded.model->head() == model::Head::kNone;
  const std::string prefix = is_bare ? "" : model::base_prefix(loaded.model->config().family);
  std::vector<std::string> names;
  for (const std::string& name : loaded.missing)
    if (name.starts_with(prefix) && !name.starts_with(prefix + "pooler.")) names.push_back(name);
  return names;
}

void report_names(const LoadedModel& loaded, const LoadOptions& options, const std::string& subject) {
  const std::string architecture = model::architecture_name(loaded.model->config().family, loaded.model->head());
  if (const auto names = missing_in_body(loaded); !names.empty())
    throw UserError(
        "`{}` must hold every parameter of the encoder of {}, but lacks {}; use the config.json that "
        "belongs to the weights",
        subject, architecture, list_names(names));
  if (!loaded.missing.empty() && !options.may_start_head)
    throw UserError("`{}` must hold every parameter of {}, but lacks {}; fine-tune it for this task first", subject,
                    architecture, list_names(loaded.missing));
  if (!loaded.missing.empty()) log_info("`{}`: start from random values: {}", subject, list_names(loaded.missing));
  if (!loaded.unexpected.empty()) log_info("`{}`: not used here: {}", subject, list_names(loaded.unexpected));
}

// A masked-LM head is the table of word embeddings here; one with numbers of its own is another model.
void check_shared_table(const model::Model& model, const checkpoint::WeightFiles& files, const std::string& subject) {
  const bool has_vocabulary = model.head() == model::Head::kMaskedLm || model.head() == model::Head::kPreTraining;
  if (!has_vocabulary || model.config().tie_word_embeddings) return;
  const auto family = model.config().family;
  const std::string prefix = model::base_prefix(family), word = model::embedding_names(family, "").word;
  const kernel::NamedSlice& slice = *model.parameters().find(prefix + word);
  const float* table = model.parameters().values().data_ptr<float>() + slice.offset;
  for (const checkpoint::NamedTensor& tensor : files.tensors()) {
    const auto canonical = checkpoint::maybe_canonical_name(tensor.name);
    if (!canonical) continue;
    std::string_view name = canonical->name;
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    if (!checkpoint::is_tied_copy(name, word)) continue;
    std::vector<float> values(static_cast<size_t>(tensor.element_count()));
    checkpoint::to_float32(tensor, values);
    if (static_cast<int64_t>(values.size()) > slice.element_count ||
        !std::ranges::equal(values, std::span(table, values.size())))
      throw UserError(
          "`{}` must have the word embeddings as the table of its masked-LM head, but `{}` differs from them "
          "(`tie_word_embeddings` is false); such models are not supported",
          subject, tensor.name);
  }
}

// Where each of the wanted names stands among the found ones; empty unless they are the same, in another order.
std::vector<int64_t> find_class_order(const std::vector<std::string>& found, const std::vector<std::string>& wanted) {
  const auto lower = [](std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
  };
  std::vector<std::string> names;
  for (const std::string& name : found) names.push_back(lower(name));
  std::vector<int64_t> order;
  for (const std::string& name : wanted)
    order.push_back(std::find(names.begin(), names.end(), lower(name)) - names.begin());
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i)) return {};
  return found.size() == wanted.size() && sorted != order ? order : std::vector<int64_t>();
}

void order_classes(model::Model& model, const std::vector<int64_t>& order) {
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const kernel::NamedSlice* slice = model.parameters().find(name);
    if (slice == nullptr) continue;
    const at::Tensor values = model.parameters().tensor(*slice);
    const at::Tensor before = values.clone();
    for (size_t i = 0; i < order.size(); ++i) values[static_cast<int64_t>(i)].copy_(before[order[i]]);
  }
  model.parameters().refresh_operands();
}

LoadedModel make_random(LoadedModel loaded, const model::ModelConfig& config, model::Head head,
                        const LoadOptions& options) {
  loaded.model = std::make_unique<model::Model>(config, head, options.model);
  loaded.model->parameters().initialize(options.seed, config.initializer_range);
  for (const auto& slice : loaded.model->parameters().slices()) loaded.missing.push_back(slice.name);
  return loaded;
}

// Throws UserError when what comes of it makes no model.
void apply_changes(const ModelSource& source, model::ModelConfig& config) {
  const auto change = [](const char* name, double wanted, std::initializer_list<double*> values) {
    if (wanted == -1) return;
    if (wanted < 0) throw UserError("`{}` must be 0 or more, or -1, but is {}", name, wanted);
    for (double* const value : values) *value = wanted;
  };
  change("dropout", source.dropout, {&config.hidden_dropout_prob});
  change("attention_dropout", source.attention_dropout, {&config.attention_probs_dropout_prob});
  change("head_dropout", source.head_dropout,
         {&config.qa_dropout, &config.seq_classif_dropout, &config.classifier_dropout});
  change("initializer_range", source.initializer_range, {&config.initializer_range});
  model::check_config(config, source.model);
}

LoadedModel make_preset(const ModelSource& source, const LoadOptions& options) {
  model::ModelConfig config = model::preset_config(source.model.substr(7));
  apply_changes(source, config);
  LoadedModel loaded;
  if (!source.vocab_file.empty()) {
    loaded.tokenizer = load_tokenizer(source, "");
    config.vocab_size = loaded.tokenizer->vocabulary_size();
  } else if (options.needs_tokenizer) {
    throw UserError("`--vocab_file` must be given with `{}`, because a preset has no vocabulary", source.model);
  } else if (source.do_lower_case) {
    log_warning("`--do_lower_case` has no effect without `--vocab_file`: `{}` has no tokenizer here", source.model);
  }
  if (source.pad_vocabulary)
    config.vocab_size = (config.vocab_size + kVocabularyMultiple - 1) / kVocabularyMultiple * kVocabularyMultiple;
  if (!options.labels.empty()) config.labels = options.labels;
  return make_random(std::move(loaded), config, options.head.value_or(model::Head::kNone), options);
}

}  // namespace

fs::path resolve_model_folder(const std::string& name) {
  if (fs::is_directory(name)) return name;
  std::string cache;
  const auto variable = [](const char* key) {
    const char* value = std::getenv(key);
    return std::string(value ? value : "");
  };
  if (!variable("HF_HUB_CACHE").empty())
    cache = variable("HF_HUB_CACHE");
  else if (!variable("HF_HOME").empty())
    cache = variable("HF_HOME") + "/hub";
  else
    cache = variable("HOME") + "/.cache/huggingface/hub";
  std::string folder = "models--" + name;
  for (size_t slash; (slash = folder.find('/')) != std::string::npos;) folder.replace(slash, 1, "--");
  const fs::path root = fs::path(cache) / folder;
  std::error_code ignored;
  if (fs::exists(root / "refs" / "main", ignored)) {
    std::string revision = read_file(root / "refs" / "main");
    while (!revision.empty() && std::isspace(static_cast<unsigned char>(revision.back()))) revision.pop_back();
    if (fs::is_directory(root / "snapshots" / revision, ignored)) return root / "snapshots" / revision;
  }
  throw UserError("`{}` must be a model folder or the name of one in the hub cache, but there is neither `{}` nor `{}`",
                  name, name, root.string());
}

void check_is_not_read(const std::string& flag, const std::string& model, const fs::path& output_dir) {
  if (model.starts_with("preset:") || !fs::exists(output_dir)) return;
  if (fs::equivalent(resolve_model_folder(model), output_dir))
    throw UserError("`output_dir` must be another folder than `--{}`, which is read, but both are `{}`", flag,
                    output_dir.string());
}

model::ModelConfig read_model_config(const ModelSource& source) {
  if (source.model.starts_with("preset:")) return model::preset_config(source.model.substr(7));
  return read_config(resolve_model_folder(source.model));
}

LoadedModel load_model(const ModelSource& source, const LoadOptions& options) {
  if (source.model.starts_with("preset:")) return make_preset(source, options);
  const fs::path folder = resolve_model_folder(source.model);
  model::ModelConfig config = read_config(folder);
  apply_changes(source, config);
  LoadedModel loaded;
  loaded.tokenizer = load_tokenizer(source, folder);
  check_vocabulary(*loaded.tokenizer, config, folder.string());
  if (source.pad_vocabulary)
    config.vocab_size = (config.vocab_size + kVocabularyMultiple - 1) / kVocabularyMultiple * kVocabularyMultiple;
  const std::vector<int64_t> class_order = find_class_order(config.labels, options.class_order);
  if (!options.labels.empty()) config.labels = options.labels;
  if (!class_order.empty()) config.labels = options.class_order;
  const model::Head head = options.head.value_or(head_of_folder(folder));
  if (options.may_start_body && !checkpoint::has_weights(folder)) {
    log_info("`{}` holds no weights: the model starts from random values", folder.string());
    return make_random(std::move(loaded), config, head, options);
  }
  const checkpoint::WeightFiles files = checkpoint::open_weights(folder);
  check_body_size(config, files, folder);
  loaded.model = std::make_unique<model::Model>(config, head, options.model);
  checkpoint::NameMatches matches = fill_from_files(*loaded.model, files, options.seed);
  loaded.missing = std::move(matches.missing), loaded.unexpected = std::move(matches.unexpected);
  report_names(loaded, options, folder.string());
  check_shared_table(*loaded.model, files, folder.string());
  if (!class_order.empty()) {
    log_info("`{}`: its classes are put in the order {}", folder.string(), fmt::join(config.labels, ", "));
    order_classes(*loaded.model, class_order);
  }
  load_projection(*loaded.model, folder, options.seed);
  return loaded;
}

void load_weights_exactly(model::Model& model, const fs::path& folder) {
  const auto matches = fill_from_files(model, checkpoint::open_weights(folder), /*seed=*/0);
  if (!matches.missing.empty())
    throw UserError("`{}` must hold every parameter of the model, but lacks {}", folder.string(),
                    list_names(matches.missing));
  load_projection(model, folder, std::nullopt);
}

void save_model_folder(const fs::path& folder, const model::Model& model, const text::Tokenizer& tokenizer) {
  write_json_file(folder / "config.json",
                  model::config_to_json(model.config(), model::architecture_name(model.config().family, model.head())));
  std::vector<checkpoint::NamedTensor> tensors;
  for (const auto& slice : model.parameters().slices())
    if (!is_of_projection(slice)) tensors.push_back(tensor_for_file(model.parameters(), slice));
  checkpoint::write_safetensors(folder / "model.safetensors", tensors);
  save_projection(folder, model);
  tokenizer.save(folder);
}

}  // namespace retort::recipe
