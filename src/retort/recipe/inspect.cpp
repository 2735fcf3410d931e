// See inspect.h.
#include "retort/recipe/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "retort/checkpoint/weights.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/feature_cache.h"
#include "retort/distill/teacher_cache.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::recipe {
namespace {

using checkpoint::NamedTensor;

void write_tensor_lines(const std::vector<NamedTensor>& tensors, std::ostream& out) {
  constexpr size_t kMaxNameColumns = 72;
  size_t columns = 0;
  for (const NamedTensor& tensor : tensors) {
    columns = std::max(columns, checkpoint::shown_name(tensor.name).size());
  }
  columns = std::min(columns, kMaxNameColumns);
  for (const NamedTensor& tensor : tensors) {
    out << fmt::format("{:<{}}  {:<4}  {}\n", checkpoint::shown_name(tensor.name), columns, dtype_name(tensor.dtype),
                       checkpoint::shape_text(tensor.shape));
  }
}

Json add_up(const std::vector<NamedTensor>& tensors) {
  int64_t elements = 0, bytes = 0;
  Json dtypes = Json::object();
  for (const NamedTensor& tensor : tensors) {
    elements += tensor.element_count();
    bytes += static_cast<int64_t>(tensor.bytes.size());
    Json& count = dtypes[dtype_name(tensor.dtype)];
    count = count.is_null() ? 1 : count.get<int64_t>() + 1;
  }
  return {{"tensors", tensors.size()}, {"elements", elements}, {"bytes", bytes}, {"dtypes", dtypes}};
}

Json inspect_columns(const fs::path& path, std::ostream& out) {
  const data::ColumnStore store = data::read_column_file(path, "");
  int64_t bytes = 0;
  bool holds_tokens = false;
  for (const auto& column : store.columns()) {
    out << fmt::format("{:<20}  {}  [{}]\n", checkpoint::shown_name(column.name), column.element_bytes,
                       column.bytes.size() / column.element_bytes);
    bytes += static_cast<int64_t>(column.bytes.size());
    holds_tokens |= column.name == "vocabulary";
  }
  Json result{{"path", path.string()}, {"columns", store.columns().size()}, {"bytes", bytes}};
  if (!holds_tokens) return result;
  const data::TokenFile tokens(path);
  result.update({{"sequences", tokens.sequence_count()},
                 {"tokens", tokens.token_count()},
                 {"vocab_size", tokens.vocabulary().size},
                 {"id_bytes", tokens.id_bytes()}});
  return result;
}

}  // namespace

void InspectConfig::fields(FieldList& list) {
  list.add("path", path,
           {.help = "Weight file, model folder or its name in the hub cache, token file, feature cache or teacher "
                    "cache; also the first argument without a flag.",
            .required = true});
}

Json inspect(const InspectConfig& config, std::ostream& out) {
  if (fs::is_regular_file(config.path) && data::is_column_file(config.path)) return inspect_columns(config.path, out);
  if (fs::exists(fs::path(config.path) / distill::kTeacherCacheFile)) {
    Json description = read_json_file(fs::path(config.path) / distill::kTeacherCacheFile);
    if (description.is_object() && description.value("format", Json()) == distill::kTeacherCacheFormat) {
      description["path"] = config.path;
      return description;
    }
  }
  const bool is_path = fs::exists(config.path) || fs::path(config.path).is_absolute();
  const checkpoint::WeightFiles weights =
      checkpoint::open_weights(is_path ? fs::path(config.path) : pretrained::resolve_model_folder(config.path));
  write_tensor_lines(weights.tensors(), out);
  Json result = {{"path", config.path}, {"files", Json::array()}};
  for (const auto& path : weights.paths()) result["files"].push_back(path.filename().string());
  result.update(add_up(weights.tensors()));
  result["metadata"] = weights.metadata();
  return result;
}

}  // namespace retort::recipe
