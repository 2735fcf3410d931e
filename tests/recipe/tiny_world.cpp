// See tiny_world.h.
#include "recipe/tiny_world.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <set>

#include "retort/base/error.h"
#include "retort/data/question_world/question_world.h"
#include "retort/pretrained/model_folder.h"

namespace retort::tiny {
namespace {

constexpr int64_t kTrainPassages = 40, kDevPassages = 8;

Json make_world(data::WorldSplit split, int64_t passages) {
  return data::make_question_world({.seed = 3, .split = split, .passages = passages, .questions_per_passage = 1});
}

void for_each_question(Json& world, const std::function<void(int64_t number, Json& paragraph, Json& qa)>& visit) {
  int64_t number = 0;
  for (Json& article : world["data"])
    for (Json& paragraph : article["paragraphs"])
      for (Json& qa : paragraph["qas"]) visit(number++, paragraph, qa);
}

Json with_impossible_questions(Json world) {
  world["version"] = "v2.0";
  for_each_question(world, [](int64_t number, Json&, Json& qa) {
    qa["is_impossible"] = number % 3 == 2;
    if (number % 3 == 2) qa["answers"] = Json::array();
  });
  return world;
}

void add_words(const std::string& text, std::set<std::string>& words) {
  std::string word;
  for (const char c : text + " ") {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) {
      word += static_cast<char>(std::tolower(byte));
      continue;
    }
    if (!word.empty()) words.insert(word);
    if (std::ispunct(byte)) words.insert(std::string(1, c));
    word.clear();
  }
}

// The words of the training passages, and single letters for all other words.
std::string vocabulary_text(Json world) {
  std::set<std::string> words;
  for_each_question(world, [&](int64_t, Json& paragraph, Json& qa) {
    add_words(paragraph["context"].get<std::string>(), words);
    add_words(qa["question"].get<std::string>(), words);
  });
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const char c : std::string("abcdefghijklmnopqrstuvwxyz0123456789")) {
    words.erase(std::string(1, c));
    text += fmt::format("{0}\n##{0}\n", c);
  }
  for (const std::string& word : words) text += word + "\n";
  return text;
}

model::ModelConfig model_config(model::Family family, int64_t vocabulary_size) {
  model::ModelConfig config;
  config.family = family;
  config.vocab_size = vocabulary_size;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 64;
  config.initializer_range = 0.1;  // with the usual 0.02 a small model hardly changes in the few steps of a test
  if (family == model::Family::kDistilBert) config.type_vocab_size = 0;
  return config;
}

fs::path save_random_model(const std::string& name, model::Family family, model::Head head) {
  const fs::path folder = shared_folder() / name;
  if (fs::exists(folder)) return folder;
  fs::create_directory(folder);
  const text::Tokenizer tokenizer = text::Tokenizer::from_vocab_file(shared_folder() / "vocab.txt");
  model::Model model(model_config(family, tokenizer.vocabulary_size()), head, {});
  model.parameters().initialize(11, model.config().initializer_range);
  pretrained::save_model_folder(folder, model, tokenizer);
  return folder;
}

void fill_shared_folder(const fs::path& folder) {
  const Json train = make_world(data::WorldSplit::kTrain, kTrainPassages),
             dev = make_world(data::WorldSplit::kDev, kDevPassages);
  write_json_file(folder / "train.json", train);
  write_json_file(folder / "dev.json", dev);
  write_json_file(folder / "train-v2.json", with_impossible_questions(train));
  write_json_file(folder / "dev-v2.json", with_impossible_questions(dev));
  write_file_atomically(folder / "vocab.txt", vocabulary_text(train));
}

void shorten(train::TrainingConfig& training) {
  training.per_device_train_batch_size = 4;
  training.precision = "fp32";
  training.threads = 1;  // more threads are slow when other programs use the cores
  training.tensorboard = false;
  training.logging_steps = 1;
  training.save_steps = 0;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  static std::atomic<int> count = 0;
  path_ = fs::temp_directory_path() / fmt::format("retort-test-{}-{}", ::getpid(), count++);
  fs::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

const fs::path& shared_folder() {
  static const TemporaryFolder folder;
  static const bool is_filled = (fill_shared_folder(folder.path()), true);
  static_cast<void>(is_filled);
  return folder.path();
}

fs::path train_file() { return shared_folder() / "train.json"; }
fs::path dev_file() { return shared_folder() / "dev.json"; }
fs::path train_file_v2() { return shared_folder() / "train-v2.json"; }
fs::path dev_file_v2() { return shared_folder() / "dev-v2.json"; }

fs::path bert_folder() { return save_random_model("bert", model::Family::kBert, model::Head::kNone); }
fs::path distilbert_folder() { return save_random_model("distilbert", model::Family::kDistilBert, model::Head::kNone); }
fs::path question_answering_folder() {
  return save_random_model("bert-qa", model::Family::kBert, model::Head::kQuestionAnswering);
}
fs::path classification_folder() {
  return save_random_model("bert-classes", model::Family::kBert, model::Head::kSequenceClassification);
}

std::string sentence_shard(size_t first, size_t step) {
  std::string shard;
  size_t document = 0;
  const Json file = read_json_file(train_file());
  for (const Json& article : file["data"])
    for (const Json& paragraph : article["paragraphs"]) {
      if (document++ % step != first) continue;
      std::string text = paragraph["context"];
      for (size_t at = text.find(". "); at != text.npos; at = text.find(". ", at)) text.replace(at, 2, ".\n");
      shard += text + "\n\n";
    }
  return shard;
}

fs::path copy_model(const fs::path& folder, const fs::path& target) {
  fs::copy(folder, target, fs::copy_options::recursive);
  return target;
}

void set_config_field(const fs::path& folder, const std::string& field, const Json& value) {
  Json config = read_json_file(folder / "config.json");
  config.erase(field);
  if (!value.is_null()) config[field] = value;
  write_json_file(folder / "config.json", config);
}

recipe::FinetuneSquadConfig squad_settings(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config;
  config.model.model = bert_folder();
  config.data.train_file = train_file();
  config.data.features.max_seq_length = 64;
  config.data.features.doc_stride = 32;
  config.data.features.max_query_length = 24;
  config.data.cache.use_cache = false;
  shorten(config.training);
  config.training.max_steps = 6;
  config.output.output_dir = output_dir;
  return config;
}

recipe::FinetuneGlueConfig glue_settings(const std::string& task, const fs::path& output_dir) {
  recipe::FinetuneGlueConfig config;
  config.model.model = bert_folder();
  config.data.task_name = task;
  config.data.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  config.data.features.max_seq_length = 64;
  config.data.cache.use_cache = false;
  shorten(config.training);
  config.training.num_train_epochs = 1;
  config.output.output_dir = output_dir;
  return config;
}

pretrained::LoadedModel load(const fs::path& folder) { return pretrained::load_model({.model = folder}, {}); }

at::Tensor parameter_of(const fs::path& folder, const std::string& name) {
  const pretrained::LoadedModel loaded = load(folder);
  const kernel::ParameterStore& store = loaded.model->parameters();
  return store.tensor(*store.find(name)).clone();
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace retort::tiny
