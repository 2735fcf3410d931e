#include "retort/compat/step.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/fields.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/data_all.h"
#include "retort/recipe/data_books.h"
#include "retort/recipe/data_instances.h"
#include "retort/recipe/data_sentences.h"
#include "retort/recipe/data_shard.h"
#include "retort/recipe/data_wiki.h"
#include "retort/recipe/distill_backbone.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/distill_prediction.h"
#include "retort/recipe/distill_squad.h"
#include "retort/recipe/evaluate_glue.h"
#include "retort/recipe/evaluate_squad.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/finetune_glue.h"
#include "retort/recipe/finetune_squad.h"
#include "retort/recipe/predict_qa.h"
#include "retort/recipe/pretrain_config.h"

namespace retort::compat {

namespace {

template <typename Config>
Json defaults() {
  Config config;
  FieldList list;
  config.fields(list);
  return fields_to_json(list);
}

std::optional<double> maybe_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.is_null() ? "" : value.dump();
  std::string text;
  for (const Json& item : value) text += (text.empty() ? "" : ",") + text_of(item);
  return text;
}

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("_./:=,+@%-").find(c) != std::string_view::npos;
}

}  // namespace

void Step::set(const std::string& flag, const std::string& value) {
  for (auto& [name, old] : flags)
    if (name == flag) return void(old = value);
  flags.emplace_back(flag, value);
}

void Step::drop(const std::string& flag) {
  std::erase_if(flags, [&](const auto& pair) { return pair.first == flag; });
}

std::string Step::get(const std::string& flag) const {
  for (const auto& [name, value] : flags)
    if (name == flag) return value;
  return "";
}

std::vector<std::string> Step::words() const {
  std::istringstream name(command);
  std::vector<std::string> words{std::istream_iterator<std::string>(name), {}};
  for (const auto& [flag, value] : flags) {
    words.push_back("--" + flag);
    if (value != "true") words.push_back(value);
  }
  return words;
}

const Json& flags_of(const std::string& command) {
  static const std::map<std::string, Json> all{{"data all", defaults<recipe::DataAllConfig>()},
                                               {"data augment glue", defaults<recipe::AugmentGlueConfig>()},
                                               {"data augment squad", defaults<recipe::AugmentSquadConfig>()},
                                               {"data binarize", defaults<recipe::BinarizeConfig>()},
                                               {"data books", defaults<recipe::DataBooksConfig>()},
                                               {"data count", defaults<recipe::CountTokensConfig>()},
                                               {"data instances", defaults<recipe::InstancesConfig>()},
                                               {"data sentences", defaults<recipe::SentencesConfig>()},
                                               {"data shard", defaults<recipe::ShardConfig>()},
                                               {"data wiki", defaults<recipe::DataWikiConfig>()},
                                               {"distill backbone", defaults<recipe::DistillBackboneConfig>()},
                                               {"distill mlm", defaults<recipe::DistillMlmConfig>()},
                                               {"distill prediction", defaults<recipe::DistillPredictionConfig>()},
                                               {"distill squad", defaults<recipe::DistillSquadConfig>()},
                                               {"evaluate glue", defaults<recipe::EvaluateGlueConfig>()},
                                               {"evaluate squad", defaults<recipe::EvaluateSquadConfig>()},
                                               {"extract", defaults<recipe::ExtractConfig>()},
                                               {"finetune glue", defaults<recipe::FinetuneGlueConfig>()},
                                               {"finetune squad", defaults<recipe::FinetuneSquadConfig>()},
                                               {"predict qa", defaults<recipe::PredictQaConfig>()},
                                               {"pretrain", defaults<recipe::PretrainConfig>()}};
  const auto found = all.find(command);
  RETORT_CHECK(found != all.end(), "`{}` is no command that published programs become", command);
  return found->second;
}

bool has_flag(const std::string& command, const std::string& flag) { return flags_of(command).contains(flag); }

bool is_default(const std::string& command, const std::string& flag, const std::string& value) {
  const std::string ours = text_of(flags_of(command).at(flag));
  const auto a = maybe_number(ours), b = maybe_number(value);
  return a && b ? *a == *b : ours == value;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace retort::compat
