#include "retort/pretrained/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/weights.h"
#include "retort/model/names.h"
#include "retort/model/presets.h"
#include "retort/pretrained/class_order.h"
#include "retort/pretrained/folder_config.h"
#include "retort/pretrained/hub_folder.h"
#include "retort/pretrained/input_files.h"
#include "retort/pretrained/model_weights.h"
#include "retort/pretrained/projection_file.h"
#include "retort/pretrained/student_heads.h"

namespace retort::pretrained {

namespace {

constexpr int64_t kLargestVocabularyGap = 128;  // padding of published vocabularies

// Whether `--vocab_file` may be a model folder or hub name. A missing path is reported as a file.
bool maybe_names_folder(const std::string& name) { return fs::is_directory(name) || !maybe_model_folder(name).empty(); }

std::shared_ptr<const text::Tokenizer> load_tokenizer(const ModelSource& source, const fs::path& folder) {
  if (source.vocab_file.empty())
    return std::make_shared<text::Tokenizer>(text::Tokenizer::load(folder, source.do_lower_case));
  if (!fs::is_regular_file(source.vocab_file) && maybe_names_folder(source.vocab_file))
    return std::make_shared<text::Tokenizer>(
        text::Tokenizer::load(resolve_model_folder(source.vocab_file), source.do_lower_case));
  text::TokenizerOptions options;
  options.do_lower_case = source.do_lower_case.value_or(true);
  return std::make_shared<text::Tokenizer>(text::Tokenizer::from_vocab_file(source.vocab_file, options));
}

void check_vocabulary(const text::Tokenizer& tokenizer, const model::ModelConfig& config, const std::string& subject) {
  const int64_t pieces = tokenizer.base_size(), rows = config.vocab_size;
  if (pieces <= rows && tokenizer.vocabulary_size() > rows)
    log_warning("`{}`: the model has {} embeddings, but the tokenizer knows {} tokens; texts with `{}` are errors",
                subject, rows, tokenizer.vocabulary_size(), tokenizer.piece(static_cast<int32_t>(rows)));
  if (pieces > rows || rows - pieces >= kLargestVocabularyGap)
    throw UserError(
        "`{}`: the vocabulary must have as many pieces as the model has embeddings, {}, but has {}; "
        "use the vocabulary that the model was trained with",
        subject, rows, pieces);
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<int64_t>(std::min(kShown, names.size())), ", "));
  return names.size() > kShown ? fmt::format("{}, ... ({} in all)", text, names.size()) : text;
}

// Returns the number in `encoder.layer.7.output.dense.weight`; nothing for parameters outside of layers.
std::optional<int64_t> maybe_layer(const std::string& name) {
  constexpr std::string_view kLayer = "layer.";
  const size_t at = name.find(kLayer);
  if (at == std::string::npos) return std::nullopt;
  return std::atoll(name.c_str() + at + kLayer.size());
}

// Returns the first layer from which on the files have no parameters. A student with more layers than the files gets
// random weights there.
int64_t first_random_layer(const LoadedModel& loaded) {
  const int64_t layers = loaded.model->config().num_hidden_layers;
  std::vector<size_t> missing(layers, 0), all(layers, 0);
  for (const std::string& name : loaded.missing)
    if (const auto layer = maybe_layer(name)) ++missing[*layer];
  for (const auto& slice : loaded.model->parameters().slices())
    if (const auto layer = maybe_layer(slice.name)) ++all[*layer];
  int64_t first = layers;
  while (first > 1 && missing[first - 1] == all[first - 1]) --first;
  return first;
}

// Returns the missing parameters of the encoder, which must not be random except in layers from `random_layer` on; a
// pooler belongs to the head that uses it.
std::vector<std::string> missing_in_encoder(const LoadedModel& loaded, int64_t random_layer) {
  const bool is_bare = loaded.model->head() == model::Head::kNone;
  const std::string prefix = is_bare ? "" : model::base_prefix(loaded.model->config().family);
  std::vector<std::string> names;
  for (const std::string& name : loaded.missing)
    if (name.starts_with(prefix) && !name.starts_with(prefix + "pooler.") &&
        maybe_layer(name).value_or(0) < random_layer)
      names.push_back(name);
  return names;
}

// `sets_layers`: the student's number of layers is set by a flag and may differ from that of the files.
void report_names(const LoadedModel& loaded, const FilledNames& names, const LoadOptions& options, bool sets_layers,
                  const std::string& subject) {
  const std::string architecture = model::architecture_name(loaded.model->config().family, loaded.model->head());
  const int64_t layers = loaded.model->config().num_hidden_layers;
  const int64_t random_layer = sets_layers ? first_random_layer(loaded) : layers;
  if (random_layer < layers)
    log_info("`{}` has {} layers; the layers after them get random weights", subject, random_layer);
  if (const auto body = missing_in_encoder(loaded, random_layer); !body.empty())
    throw UserError(
        "`{}` must hold every parameter of the encoder of {}, but lacks {}; use the config.json that "
        "belongs to the weights",
        subject, architecture, list_names(body));
  if (!loaded.missing.empty() && !options.may_initialize_head)
    throw UserError("`{}` must hold every parameter of {}, but lacks {}; {}", subject, architecture,
                    list_names(loaded.missing),
                    options.head ? "fine-tune it for this task first"
                                 : "name another model in `architectures` of its config.json, for hidden states only " +
                                       model::architecture_name(loaded.model->config().family, model::Head::kNone));
  if (!names.replaced.empty())
    log_warning("`{}`: its head is for another task and is replaced by one with random weights: {}", subject,
                list_names(names.replaced));
  if (!loaded.missing.empty())
    log_info("`{}`: parameters with random weights: {}", subject, list_names(loaded.missing));
  if (!loaded.unexpected.empty()) log_info("`{}`: unused tensors: {}", subject, list_names(loaded.unexpected));
}

// Returns whether two heads have the same parameter names, so that only `architectures` distinguishes them.
bool have_equal_parameter_names(model::Head a, model::Head b) {
  const auto is_classifier = [](model::Head head) {
    return head == model::Head::kSequenceClassification || head == model::Head::kTokenClassification ||
           head == model::Head::kMultipleChoice;
  };
  return a != b && is_classifier(a) && is_classifier(b);
}

// Warns when a classifier of another task fits the model.
void warn_of_another_head(const LoadedModel& loaded, const model::ModelConfig& config) {
  const model::Head named = head_of_config(config), head = loaded.model->head();
  if (!have_equal_parameter_names(named, head) || !loaded.missing.empty()) return;
  log_warning("{}: `architectures` names {}, whose classifier is used for {}; it was trained for another task",
              config.subject(), model::architecture_name(config.family, named),
              model::architecture_name(config.family, head));
}

void report_unknown_head(const model::ModelConfig& config) {
  const std::string name = architecture_of_config(config);
  if (!name.empty() && !model::head_of_architecture(name))
    log_info("{}: `architectures` names {}, whose head is unknown and not loaded", config.subject(), name);
}

LoadedModel make_random(LoadedModel loaded, const model::ModelConfig& config, model::Head head,
                        const LoadOptions& options) {
  loaded.model = std::make_unique<model::Model>(config, head, options.model);
  loaded.model->parameters().initialize(options.seed, config.initializer_range);
  for (const auto& slice : loaded.model->parameters().slices()) loaded.missing.push_back(slice.name);
  return loaded;
}

// Disables the pooler of a bare model whose files have none, unless random weights are allowed.
model::ModelOptions without_missing_pooler(const LoadOptions& options, const model::ModelConfig& config,
                                           model::Head head, const checkpoint::WeightFiles& files) {
  model::ModelOptions model = options.model;
  model.without_pooler = head == model::Head::kNone && config.family == model::Family::kBert &&
                         !options.may_initialize_head && !holds_pooler(files);
  if (model.without_pooler)
    log_info("{} and its weights have no pooler, so there is no pooled output", config.subject());
  return model;
}

// Puts the sizes of a student into its configuration. The number of layers may change with weights; heads are then
// pruned after loading; other sizes change only without weights. Throws UserError where weights rule out a size.
void apply_shape(const StudentShape& shape, bool starts_random, model::ModelConfig& config) {
  const auto set = [&](const char* name, int64_t wanted, int64_t& size, bool may_change) {
    if (wanted == 0 || wanted == size) return;
    if (!may_change)
      throw UserError(
          "`{}` must be {}, the size of the weights, but is {}; --from_scratch starts with random weights of any size",
          name, size, wanted);
    size = wanted;
  };
  set("n_layers", shape.n_layers, config.num_hidden_layers, true);
  std::erase_if(config.pruned_heads, [&](const auto& layer) { return layer.first >= config.num_hidden_layers; });
  if (starts_random) set("n_heads", shape.n_heads, config.num_attention_heads, true);
  set("dim", shape.dim, config.hidden_size, starts_random);
  set("hidden_dim", shape.hidden_dim, config.intermediate_size, starts_random);
  set("max_position_embeddings", shape.max_position_embeddings, config.max_position_embeddings, starts_random);
  if (!shape.activation.empty()) config.hidden_act = shape.activation;
  if (!shape.sinusoidal_pos_embds) return;
  if (config.family != model::Family::kDistilBert && *shape.sinusoidal_pos_embds)
    throw UserError(
        "`sinusoidal_pos_embds` must be false for a BERT student, but is true; only DistilBERT has sinusoidal "
        "positions");
  config.sinusoidal_pos_embds = *shape.sinusoidal_pos_embds;
}

// Replaces the model by one with fewer heads in every layer.
void prune_student(const StudentShape& shape, const LoadOptions& options, LoadedModel& loaded) {
  const model::ModelConfig& whole = loaded.model->config();
  model::ModelConfig config = whole;
  prune_heads(config, shape.n_heads, shape.pruning_seed, "n_heads");
  if (config.pruned_heads == whole.pruned_heads) return;
  std::vector<int64_t> layers(static_cast<size_t>(whole.num_hidden_layers));
  std::iota(layers.begin(), layers.end(), 0);
  const std::string prefix = loaded.model->head() == model::Head::kNone ? "" : model::base_prefix(config.family);
  const auto cuts = map_head_cuts(config, whole, prefix, layers);
  auto pruned = std::make_unique<model::Model>(config, loaded.model->head(), options.model);
  const kernel::ParameterStore& from = loaded.model->parameters();
  for (const kernel::NamedSlice& slice : pruned->parameters().slices()) {
    const at::Tensor tensor = from.tensor(*from.find(slice.name));
    const auto cut = cuts.find(slice.name);
    pruned->parameters().tensor(slice).copy_(cut == cuts.end() ? tensor : cut_tensor(tensor, cut->second));
  }
  pruned->parameters().refresh_operands();
  loaded.model = std::move(pruned);
}

// Throws UserError when the changed configuration is invalid.
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
  model::ModelConfig config = read_model_config(source);
  apply_shape(source.student, /*starts_random=*/true, config);
  apply_changes(source, config);
  LoadedModel loaded;
  if (!source.vocab_file.empty()) {
    loaded.tokenizer = load_tokenizer(source, "");
    config.vocab_size = loaded.tokenizer->vocabulary_size();
  } else if (options.needs_tokenizer) {
    throw UserError("`--vocab_file` must be given with `{}`, because a preset has no vocabulary", source.model);
  } else if (source.do_lower_case) {
    log_warning("`--do_lower_case` has no effect without `--vocab_file`; `{}` needs no tokenizer here", source.model);
  }
  if (source.pad_vocabulary)
    config.vocab_size = (config.vocab_size + kVocabularyMultiple - 1) / kVocabularyMultiple * kVocabularyMultiple;
  if (!options.labels.empty()) config.set_labels(options.labels);
  return make_random(std::move(loaded), config, options.head.value_or(model::Head::kNone), options);
}

}  // namespace

void check_is_not_read(const std::string& flag, const std::string& model, const fs::path& output_dir) {
  if (model.starts_with("preset:") || !fs::exists(output_dir)) return;
  if (fs::equivalent(resolve_model_folder(model), output_dir))
    throw UserError("`output_dir` must be another folder than the input `--{}`, but both are `{}`", flag,
                    output_dir.string());
}

model::ModelConfig read_model_config(const ModelSource& source) {
  if (!source.config_file.empty()) return read_named_config(source.config_file);
  if (source.model.starts_with("preset:")) return model::preset_config(source.model.substr(7));
  return read_folder_config(resolve_model_folder(source.model));
}

LoadedModel load_model(const ModelSource& source, const LoadOptions& options) {
  if (source.model.starts_with("preset:")) return make_preset(source, options);
  const fs::path folder = resolve_model_folder(source.model);
  const bool is_file = fs::is_regular_file(source.model);
  const bool starts_random =
      options.may_initialize_encoder && (source.student.from_scratch || !(is_file || checkpoint::has_weights(folder)));
  model::ModelConfig config = read_model_config(source);
  for (const std::string& remark : config.remarks) log_warning("{}", remark);
  apply_shape(source.student, starts_random, config);
  apply_changes(source, config);
  LoadedModel loaded;
  if (options.needs_tokenizer || !source.vocab_file.empty()) {
    loaded.tokenizer = load_tokenizer(source, folder);
    check_vocabulary(*loaded.tokenizer, config, folder.string());
  }
  if (source.pad_vocabulary)
    config.vocab_size = (config.vocab_size + kVocabularyMultiple - 1) / kVocabularyMultiple * kVocabularyMultiple;
  const model::Head head = options.head ? *options.head : head_of_config(config);
  if (!options.head) report_unknown_head(config);
  const std::vector<int64_t> class_order = find_class_order(config, options.classes, !options.labels.empty());
  if (!options.labels.empty()) config.set_labels(options.labels);
  if (!class_order.empty()) config.labels = options.classes.names;
  if (starts_random) {
    if (!source.student.from_scratch) log_info("`{}` has no weights; the model gets random weights", folder.string());
    return make_random(std::move(loaded), config, head, options);
  }
  const checkpoint::WeightFiles files = checkpoint::open_weights(is_file ? fs::path(source.model) : folder);
  if (source.student.n_layers == 0) check_encoder_size(config, files);
  loaded.model = std::make_unique<model::Model>(config, head, without_missing_pooler(options, config, head, files));
  FilledNames names = fill_from_files(
      *loaded.model, files,
      {.seed = options.seed, .may_replace_head = options.may_initialize_head && options.may_replace_head});
  loaded.missing = names.missing, loaded.unexpected = names.unexpected;
  report_names(loaded, names, options, source.student.n_layers > 0, folder.string());
  if (source.student.n_heads > 0) prune_student(source.student, options, loaded);
  if (options.head) warn_of_another_head(loaded, config);
  if (!class_order.empty()) reorder_classes(*loaded.model, class_order);
  load_projection(*loaded.model, folder, options.seed);
  return loaded;
}

void load_weights_exactly(model::Model& model, const fs::path& folder) {
  const FilledNames names = fill_from_files(model, checkpoint::open_weights(folder), {});
  if (!names.missing.empty())
    throw UserError("`{}` must hold every parameter of the model, but lacks {}", folder.string(),
                    list_names(names.missing));
  load_projection(model, folder, std::nullopt);
}

void save_model_folder(const fs::path& folder, const model::Model& model, const text::Tokenizer& tokenizer) {
  write_json_file(folder / "config.json",
                  model::config_to_json(model.config(), model::architecture_name(model.config().family, model.head())));
  const at::Tensor values = model.parameters().host_values();
  std::vector<checkpoint::NamedTensor> tensors;
  for (const auto& slice : model.parameters().slices())
    if (!is_projection_parameter(slice)) tensors.push_back(tensor_for_file(values, slice));
  checkpoint::write_safetensors(folder / "model.safetensors", tensors);
  save_projection(folder, model);
  tokenizer.save(folder);
}

}  // namespace retort::pretrained
